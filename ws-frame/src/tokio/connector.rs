//! A client that chooses the transport: TCP, TLS, and a stream of a shared HTTP/2 connection.

use std::sync::Arc;

use ::tokio::net::TcpStream;
use ::tokio::time::Instant;
use http::Response;

use super::opening::{HandshakeError, deadline, dial, open};
use super::{Transport, WebSocket};
use crate::Config;
use crate::handshake::{ClientHandshake, WebSocketUri};

/// Opens connections to `ws` and, with feature `rustls`, `wss` URIs; with feature `h2` over HTTP/2 where the server can.
/// Clones share settings and HTTP/2 connections.
///
/// # Examples
/// ```
/// use ws_frame::Config;
/// use ws_frame::tokio::{Connector, request};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let connector = Connector::new();
/// let (mut ws, _response) = connector.connect(&request("ws://127.0.0.1:8080/chat")?, Config::default()).await?;
/// ws.send("hello").await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Connector {
    #[cfg(feature = "rustls")]
    tls: Option<super::tls::Tls>,
    #[cfg(feature = "h2")]
    http2: Http2,
    #[cfg(feature = "h2")]
    sessions: Arc<super::sessions::Sessions>,
}

/// When to open WebSockets over HTTP/2 (RFC 8441).
#[cfg(feature = "h2")]
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http2 {
    /// Never: each WebSocket has a connection of its own, over HTTP/1.1.
    #[default]
    Off,
    /// For `wss`, where the server chooses `h2` by ALPN and its SETTINGS allow it; over HTTP/1.1 otherwise.
    Negotiated,
    /// As [`Negotiated`](Self::Negotiated) for `wss`; and each `ws` server is known to speak HTTP/2 without asking. Where its SETTINGS
    /// do not allow it, HTTP/1.1 on another connection.
    PriorKnowledge,
}

/// A connection on which nothing was said yet.
pub(super) struct Dialed {
    pub(super) io: Transport,
    /// The server chose HTTP/2 by ALPN.
    #[cfg(feature = "h2")]
    pub(super) h2: bool,
}

impl Connector {
    /// A connector over HTTP/1.1. With feature `rustls` it trusts the roots of Mozilla's programme (crate `webpki-roots`).
    #[must_use]
    pub fn new() -> Self {
        Self {
            #[cfg(feature = "rustls")]
            tls: super::tls::Tls::public_roots(),
            #[cfg(feature = "h2")]
            http2: Http2::Off,
            #[cfg(feature = "h2")]
            sessions: Arc::default(),
        }
    }

    /// Sets the TLS configuration: own roots, client certificates, a provider. Its ALPN protocols are set by the connector.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn tls(mut self, config: rustls::ClientConfig) -> Self {
        self.tls = Some(super::tls::Tls::new(config));
        self
    }

    /// Sets when to use HTTP/2; [`Http2::Off`] by default.
    #[cfg(feature = "h2")]
    #[must_use]
    pub fn http2(mut self, http2: Http2) -> Self {
        self.http2 = http2;
        self
    }

    /// Opens a WebSocket. Gives it and the head of the server's response.
    ///
    /// # Errors
    /// [`HandshakeError`], as for [`connect`](super::connect()); [`HandshakeError::Tls`] where the server's certificate is not
    /// trusted, has expired or is another host's.
    pub async fn connect(
        &self,
        handshake: &ClientHandshake,
        config: impl Into<Arc<Config>>,
    ) -> Result<(WebSocket<Transport>, Response<()>), HandshakeError> {
        let deadline = deadline(handshake.response_limits().timeout);
        let config = config.into();
        #[cfg(feature = "h2")]
        let io = match self.connect_over_http2(handshake, &config, deadline).await? {
            Over::Opened(opened) => return Ok(*opened),
            Over::Http1(io) => io,
        };
        #[cfg(not(feature = "h2"))]
        let io = self.dial(handshake.uri(), false, deadline).await?.io;
        open(io, handshake, config, deadline).await
    }

    /// Connects, through TLS for `wss`. `offer_h2` offers HTTP/2 by ALPN.
    pub(super) async fn dial(
        &self,
        uri: &WebSocketUri,
        offer_h2: bool,
        deadline: Instant,
    ) -> Result<Dialed, HandshakeError> {
        let tcp = dial(uri, deadline).await?;
        if uri.is_secure() {
            return self.secure(uri, tcp, offer_h2, deadline).await;
        }
        Ok(Dialed {
            io: Transport::Tcp(tcp),
            #[cfg(feature = "h2")]
            h2: offer_h2,
        })
    }

    #[cfg(feature = "rustls")]
    async fn secure(
        &self,
        uri: &WebSocketUri,
        tcp: TcpStream,
        offer_h2: bool,
        deadline: Instant,
    ) -> Result<Dialed, HandshakeError> {
        let tls = self.tls.as_ref().ok_or(HandshakeError::NeedsTls)?;
        let io = tls.connect(uri, tcp, offer_h2, deadline).await?;
        Ok(Dialed {
            #[cfg(feature = "h2")]
            h2: io.get_ref().1.alpn_protocol() == Some(super::tls::H2),
            io: Transport::Tls(io.into()),
        })
    }

    /// Without feature `rustls` nothing speaks TLS.
    #[cfg(not(feature = "rustls"))]
    async fn secure(
        &self,
        _: &WebSocketUri,
        _: TcpStream,
        _: bool,
        _: Instant,
    ) -> Result<Dialed, HandshakeError> {
        Err(HandshakeError::NeedsTls)
    }
}

impl Default for Connector {
    fn default() -> Self {
        Self::new()
    }
}

/// How far HTTP/2 came.
#[cfg(feature = "h2")]
enum Over {
    Opened(Box<(WebSocket<Transport>, Response<()>)>),
    /// HTTP/1.1 is spoken, on this connection.
    Http1(Transport),
}

#[cfg(feature = "h2")]
impl Connector {
    async fn connect_over_http2(
        &self,
        handshake: &ClientHandshake,
        config: &Arc<Config>,
        deadline: Instant,
    ) -> Result<Over, HandshakeError> {
        use super::sessions::Found;

        let uri = handshake.uri();
        let wanted = match self.http2 {
            Http2::Off => false,
            Http2::Negotiated => uri.is_secure(),
            Http2::PriorKnowledge => true,
        };
        let mut tries = if wanted { 2 } else { 0 };
        while tries > 0 {
            tries -= 1;
            let (session, place) = match self.sessions.find(self, uri, deadline).await? {
                Found::Session(session, place) => (session, place),
                Found::Http1(Some(io)) => return Ok(Over::Http1(io)),
                Found::Http1(None) => break,
            };
            match session.connect_by(handshake, place, Arc::clone(config), deadline).await {
                Ok((ws, response)) => {
                    return Ok(Over::Opened(Box::new((ws.map_io(Transport::H2), response))));
                }
                // The server goes away, and has not looked at the request.
                Err(HandshakeError::Io(error)) if tries > 0 && crate::h2::is_unprocessed(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Over::Http1(self.dial(uri, false, deadline).await?.io))
    }
}
