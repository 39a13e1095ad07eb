//! A server's end of an HTTP/2 connection that carries nothing but WebSockets.

use core::fmt;
use core::future::{Future as _, poll_fn};
use core::pin::pin;
use std::io;
use std::sync::Arc;

use ::h2::RecvStream;
use ::h2::ext::Protocol;
use ::h2::server::{Builder, Connection, SendResponse};
use ::tokio::io::{AsyncRead, AsyncWrite};
use ::tokio::time::Instant;
use bytes::Bytes;
use http::{Request, Response};

use super::cork::Corked;
use super::session::{CONNECTION_WINDOW, STREAM_WINDOW};
use super::stream::{Stream, into_io};
use crate::Config;
use crate::handshake::{Accepted, Limits, Policy, Rejection};
use crate::tokio::{HandshakeError, WebSocket, deadline, within};

/// A server's end of an HTTP/2 connection whose requests are for WebSockets (RFC 8441). Where the connection serves other requests too,
/// mount [`tower::upgrade`](crate::tower::upgrade) behind hyper instead; this one spares what lies between.
///
/// # Examples
/// ```
/// use ws_frame::Config;
/// use ws_frame::h2::Server;
/// use ws_frame::handshake::Policy;
///
/// async fn serve(socket: tokio::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
///     let policy = Policy::new();
///     let mut server = Server::open(socket).await?;
///     while let Some(incoming) = server.accept().await {
///         let incoming = incoming?;
///         let accepted = match incoming.decide(&policy) {
///             Ok(accepted) => accepted,
///             Err(rejection) => {
///                 incoming.respond(rejection.to_connect_response())?;
///                 continue;
///             }
///         };
///         let mut ws = incoming.open(&accepted, Config::default())?;
///         tokio::spawn(async move {
///             while let Some(Ok(message)) = ws.recv().await {
///                 if ws.send(message).await.is_err() {
///                     break;
///                 }
///             }
///         });
///     }
///     Ok(())
/// }
/// ```
pub struct Server<IO> {
    connection: Connection<Corked<IO>, Bytes>,
    cork: Corked<IO>,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Server<IO> {
    /// The settings that [`open`](Self::open) uses: extended CONNECT; 256 KiB of window a stream, which is what a WebSocket that is not read
    /// holds in memory; 16 MiB a connection; 256 streams at a time; heads up to [`Limits::max_head`](crate::handshake::Limits::max_head).
    #[must_use]
    pub fn builder() -> Builder {
        let mut builder = Builder::new();
        builder
            .enable_connect_protocol()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(u32::try_from(Limits::DEFAULT.max_head).unwrap_or(u32::MAX));
        builder
    }

    /// Opens HTTP/2 on a stream of bytes: behind TLS where ALPN chose `h2`, or where the client knows that it is spoken here.
    ///
    /// # Errors
    /// [`HandshakeError`]: the stream failed, the peer does not speak HTTP/2, or it says nothing within
    /// [`Limits::timeout`](crate::handshake::Limits::timeout).
    pub async fn open(io: IO) -> Result<Self, HandshakeError> {
        Self::open_with(io, &Self::builder(), deadline(Limits::DEFAULT.timeout)).await
    }

    /// [`open`](Self::open) with other settings, and another time for it to be done.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(io: IO, settings: &Builder, deadline: Instant) -> Result<Self, HandshakeError> {
        let cork = Corked::new(io);
        let mut opening = pin!(settings.handshake(cork.clone()));
        let opened = poll_fn(|cx| cork.poll(cx, |cx| opening.as_mut().poll(cx)));
        let connection = within(deadline, async { opened.await.map_err(into_io) }).await?;
        Ok(Self { connection, cork })
    }

    /// The next request; `None` when the connection has ended. It moves the bytes of all streams, so the task that has the connection
    /// spends its time here. Dropped while it waits, it has taken nothing.
    ///
    /// # Errors
    /// The stream of bytes failed, or the peer broke the rules of HTTP/2: all WebSockets of the connection end.
    pub async fn accept(&mut self) -> Option<io::Result<Incoming>> {
        let Self { connection, cork } = self;
        let accepted = poll_fn(|cx| cork.poll(cx, |cx| pin!(connection.accept()).poll(cx))).await?;
        Some(accepted.map(|(request, respond)| Incoming { request, respond }).map_err(into_io))
    }

    /// Tells the client to send no more requests (GOAWAY, RFC 9113 §6.8); the connection ends with its last stream. Go on with
    /// [`accept`](Self::accept) until it gives `None`.
    pub fn graceful_shutdown(&mut self) {
        self.connection.graceful_shutdown();
    }
}

/// Streams that a client may have open on one connection.
const MAX_STREAMS: u32 = 256;

impl<IO> fmt::Debug for Server<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

/// A request that waits for its answer, on a stream of its own.
pub struct Incoming {
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
}

impl Incoming {
    /// The request, for whoever looks at more than the policy does.
    #[must_use]
    pub const fn request(&self) -> &Request<RecvStream> {
        &self.request
    }

    /// What the policy says to it: [`Policy::accept_connect`].
    ///
    /// # Errors
    /// [`Rejection`]: answer its [`to_connect_response`](Rejection::to_connect_response).
    pub fn decide(&self, policy: &Policy) -> Result<Accepted, Rejection> {
        let protocol = self.request.extensions().get::<Protocol>().map(Protocol::as_str);
        policy.accept_connect(&self.request, protocol)
    }

    /// Sends the response that opens, and gives the connection.
    ///
    /// # Errors
    /// The client has gone away, or has reset the stream.
    pub fn open(
        mut self,
        accepted: &Accepted,
        config: impl Into<Arc<Config>>,
    ) -> io::Result<WebSocket<Stream>> {
        let send = self.respond.send_response(accepted.response.clone(), false).map_err(into_io)?;
        let stream = Stream::of_server(send, self.request.into_body());
        Ok(WebSocket::accepted(stream, config, accepted))
    }

    /// Answers with another response.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn respond(mut self, response: Response<Bytes>) -> io::Result<()> {
        let (head, body) = response.into_parts();
        let mut send =
            self.respond.send_response(Response::from_parts(head, ()), body.is_empty()).map_err(into_io)?;
        if !body.is_empty() {
            send.send_data(body, true).map_err(into_io)?;
        }
        // Dropped, `respond` tells the client that what it sends meanwhile is not read (RFC 9113 §8.1).
        Ok(())
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("uri", self.request.uri()).finish_non_exhaustive()
    }
}
