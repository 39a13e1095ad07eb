//! How a server is reached, and which HTTP is spoken there.

use std::{error::Error, fmt, future::Future, io, pin::Pin, sync::Arc};

use ::tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use bytes::Bytes;
use http::{Request, Uri};

use super::{
    exchange::{Connected, send_http1},
    http2::Pool,
};
use crate::client::Disconnect;

/// A byte stream to speak HTTP on.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(super) type Failure = Box<dyn Error + Send + Sync>;
type Opening = Pin<Box<dyn Future<Output = io::Result<Box<dyn Io>>> + Send>>;
type Open = Arc<dyn Fn(Uri) -> Opening + Send + Sync>;

/// How an [`EventSource`](super::EventSource) reaches a server, and which HTTP it speaks there.
///
/// HTTP/1.1 takes one connection for each source. After [`http2`](Self::http2) the sources that were opened with clones of
/// the same connector share connections.
///
/// An error of kind [`Unsupported`](io::ErrorKind::Unsupported) ends the event source; any other makes it try again.
///
/// ```
/// use sse_codec::tokio::{Connector, Io};
///
/// let unix = Connector::new(|_uri| async {
///     let stream = tokio::net::UnixStream::connect("/run/events.sock").await?;
///     Ok(Box::new(stream) as Box<dyn Io>)
/// });
/// let h2 = Connector::tcp().http2();
/// ```
#[derive(Clone)]
pub struct Connector {
    open: Open,
    secure: Secure,
    http2: Option<Arc<Pool>>,
}

/// What becomes of an `https` URL.
#[derive(Clone)]
enum Secure {
    /// There is nothing that speaks TLS.
    Refused,
    /// Whoever opens the stream has seen to it.
    Done,
    #[cfg(feature = "rustls")]
    Tls(super::tls::Tls),
}

impl Connector {
    /// TCP to the host of an `http` URL.
    #[must_use]
    pub fn tcp() -> Self {
        let dialled = Self::new(|uri| async move {
            let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
            let port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
            let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(port))).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Io>)
        });
        Self { secure: Secure::Refused, ..dialled }
    }

    /// TCP, and TLS by rustls for `https` URLs, with the certificate authorities of Mozilla's list.
    ///
    /// # Errors
    /// None with the provider that is built in; they are rustls's to name.
    #[cfg(feature = "rustls")]
    pub fn tls() -> Result<Self, rustls::Error> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(Self::tcp().rustls(config.with_root_certificates(roots).with_no_client_auth()))
    }

    /// Whatever `open` gives for a URI. TLS is then yours: return the encrypted stream for `https`, or add
    /// `rustls`.
    #[must_use]
    pub fn new<F>(open: impl Fn(Uri) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Box<dyn Io>>> + Send + 'static,
    {
        Self { open: Arc::new(move |uri| Box::pin(open(uri))), secure: Secure::Done, http2: None }
    }

    /// TLS as `config` says for `https` URLs, on whatever this connector opens. The application protocol (ALPN) is set here.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn rustls(mut self, config: rustls::ClientConfig) -> Self {
        self.secure = Secure::Tls(super::tls::Tls::new(config));
        self
    }

    /// Speaks HTTP/2 from the first byte (RFC 9113 §3.3, prior knowledge); a connector of yours has to negotiate `h2` over TLS.
    ///
    /// Sources that share this connector and an origin share a connection, up to as many as the server allows on one
    /// (`SETTINGS_MAX_CONCURRENT_STREAMS`); then another is opened. A source that is not read holds up to 64 KiB and holds no other
    /// up. A connection ends with its last source; one that did not answer is not used for new attempts.
    #[must_use]
    pub fn http2(mut self) -> Self {
        self.http2 = Some(Arc::default());
        self
    }

    pub(super) fn connect(&self, request: Request<Bytes>) -> Connecting {
        let (this, uri) = (self.clone(), request.uri().clone());
        Box::pin(async move {
            let sent = match &this.http2 {
                Some(pool) => pool.send(|| this.open(uri, true), request).await,
                None => match this.open(uri, false).await {
                    Ok(io) => send_http1(io, request).await,
                    Err(error) => Err(error.into()),
                },
            };
            sent.map_err(|error| match error.downcast_ref::<io::Error>().map(io::Error::kind) {
                Some(io::ErrorKind::Unsupported) => Disconnect::Futile,
                _ => Disconnect::Error,
            })
        })
    }

    #[cfg_attr(
        not(feature = "rustls"),
        expect(unused_variables, reason = "only TLS has to say which version is spoken")
    )]
    async fn open(&self, uri: Uri, is_http2: bool) -> io::Result<Box<dyn Io>> {
        if uri.scheme_str() != Some("https") {
            return (self.open)(uri).await;
        }
        match &self.secure {
            Secure::Refused => {
                let why = "only http urls without a connector that speaks TLS";
                Err(io::Error::new(io::ErrorKind::Unsupported, why))
            }
            Secure::Done => (self.open)(uri).await,
            #[cfg(feature = "rustls")]
            Secure::Tls(tls) => {
                let name = super::tls::server_name(&uri)?;
                tls.encrypt((self.open)(uri).await?, name, is_http2).await
            }
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("http2", &self.http2.is_some()).finish_non_exhaustive()
    }
}

pub(super) type Connecting = Pin<Box<dyn Future<Output = Result<Connected, Disconnect>> + Send>>;
