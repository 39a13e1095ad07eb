//! An HTTP/2 connection that many WebSockets share.

use core::fmt;
use core::future::{Future as _, poll_fn};
use core::pin::Pin;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use ::h2::client::{Builder, SendRequest};
use ::h2::ext::Protocol;
use ::h2::{Ping, RecvStream};
use ::tokio::io::{AsyncRead, AsyncWrite};
use ::tokio::time::Instant;
use bytes::{Bytes, BytesMut};
use http::{Response, Version};

use super::cork::Corked;
use super::stream::{Stream, into_io};
use crate::Config;
use crate::handshake::{ClientHandshake, Limits, PROTOCOL};
use crate::tokio::{HandshakeError, WebSocket, deadline, within};

/// A client's end of an HTTP/2 connection, on which each WebSocket is one stream. Clones share the connection; it ends with the
/// last of them and of their WebSockets.
///
/// # Examples
/// ```
/// use ws_frame::Config;
/// use ws_frame::h2::Session;
/// use ws_frame::tokio::request;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// // A server that speaks HTTP/2 without TLS; through TLS, ALPN has to choose `h2`.
/// let socket = tokio::net::TcpStream::connect("127.0.0.1:8080").await?;
/// let session = Session::open(socket).await?;
/// if session.allows_websocket() {
///     let (mut one, _) = session.connect(&request("ws://127.0.0.1:8080/chat")?, Config::default()).await?;
///     let (mut two, _) = session.connect(&request("ws://127.0.0.1:8080/news")?, Config::default()).await?;
///     one.send("hello").await?;
///     println!("{:?}", two.recv().await);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Session(Arc<Shared>);

pub(super) struct Shared {
    send: SendRequest<Bytes>,
    /// Streams in use.
    streams: Arc<AtomicUsize>,
}

/// Counts a stream while it is in use.
pub(crate) struct Place(Arc<AtomicUsize>);

impl Place {
    fn new(streams: &Arc<AtomicUsize>) -> Self {
        streams.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(streams))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a peer may send on a stream before somebody reads it.
pub(super) const STREAM_WINDOW: u32 = 256 * 1024;

/// The same on all streams together. A WebSocket that nobody reads holds up to [`STREAM_WINDOW`] of it, so there is room for the others.
pub(super) const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

impl Session {
    /// The client's settings that [`open`](Self::open) uses: 256 KiB of window a stream, which is what a WebSocket that is not read
    /// holds in memory; 16 MiB a connection; response heads up to [`Limits::max_head`](crate::handshake::Limits::max_head); no push.
    #[must_use]
    pub fn builder() -> Builder {
        let mut builder = Builder::new();
        builder
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(u32::try_from(Limits::DEFAULT.max_head).unwrap_or(u32::MAX))
            .enable_push(false);
        builder
    }

    /// Opens HTTP/2 on a stream of bytes, and waits for the server's SETTINGS. A task moves its frames until it ends.
    ///
    /// # Errors
    /// [`HandshakeError`]: the stream failed, the peer does not speak HTTP/2, or it says nothing within
    /// [`Limits::timeout`](crate::handshake::Limits::timeout).
    pub async fn open<IO>(io: IO) -> Result<Self, HandshakeError>
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self::open_with(io, &Self::builder(), deadline(Limits::DEFAULT.timeout)).await
    }

    /// [`open`](Self::open) with other settings, and another time for it to be done.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with<IO>(io: IO, settings: &Builder, deadline: Instant) -> Result<Self, HandshakeError>
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        within(deadline, async {
            let cork = Corked::new(io);
            let (send, mut connection) = settings.handshake(cork.clone()).await.map_err(into_io)?;
            let ping = connection.ping_pong();
            // Its error comes out of every stream.
            ::tokio::spawn(async move {
                poll_fn(|cx| cork.poll(cx, |cx| Pin::new(&mut connection).poll(cx))).await
            });
            // The server's first frame is its SETTINGS (RFC 9113 §3.4), so they are in force once anything else has come back.
            let mut ping = ping.ok_or(io::ErrorKind::Unsupported)?;
            ping.ping(Ping::opaque()).await.map_err(into_io)?;
            Ok(Self(Arc::new(Shared { send, streams: Arc::default() })))
        })
        .await
    }

    /// Whether the server's SETTINGS allow extended CONNECT (RFC 8441 §3).
    #[must_use]
    pub fn allows_websocket(&self) -> bool {
        self.0.send.is_extended_connect_protocol_enabled()
    }

    /// WebSockets that are open, or about to be.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.0.streams.load(Ordering::Relaxed)
    }

    /// A place for one more stream, if the server's SETTINGS leave room for it (`SETTINGS_MAX_CONCURRENT_STREAMS`).
    pub(crate) fn place(&self) -> Option<Place> {
        let place = Place::new(&self.0.streams);
        (self.streams() <= self.0.send.current_max_send_streams()).then_some(place)
    }

    /// Waits until the connection takes a request; an error when it has ended, or is ending.
    pub(crate) async fn ready(&self) -> io::Result<()> {
        self.0.send.clone().ready().await.map(drop).map_err(into_io)
    }

    pub(crate) fn downgrade(&self) -> WeakSession {
        WeakSession(Arc::downgrade(&self.0))
    }

    /// Opens a WebSocket on a stream of its own. Gives it and the head of the server's response.
    ///
    /// # Errors
    /// [`HandshakeError::ExtendedConnect`] when the server's SETTINGS do not allow it: nothing was sent.
    /// [`HandshakeError::Response`] with the response's body when it does not open. Others as for
    /// [`connect`](crate::tokio::connect()).
    pub async fn connect(
        &self,
        handshake: &ClientHandshake,
        config: impl Into<Arc<Config>>,
    ) -> Result<(WebSocket<Stream>, Response<()>), HandshakeError> {
        let place = Place::new(&self.0.streams);
        self.connect_by(handshake, place, config, deadline(handshake.response_limits().timeout)).await
    }

    pub(crate) async fn connect_by(
        &self,
        handshake: &ClientHandshake,
        place: Place,
        config: impl Into<Arc<Config>>,
        deadline: Instant,
    ) -> Result<(WebSocket<Stream>, Response<()>), HandshakeError> {
        if !self.allows_websocket() {
            return Err(HandshakeError::ExtendedConnect);
        }
        let mut request = handshake.connect_request(Version::HTTP_2);
        request.extensions_mut().insert(Protocol::from_static(PROTOCOL));
        let (response, send) = within(deadline, async {
            let mut sender = self.0.send.clone().ready().await.map_err(into_io)?;
            let (response, send) = sender.send_request(request, false).map_err(into_io)?;
            Ok((response.await.map_err(into_io)?, send))
        })
        .await?;
        let (head, mut recv) = response.into_parts();
        match handshake.verify_connect_parts(&head) {
            Ok(opened) => {
                let stream = Stream::of_client(send, recv, place, Arc::clone(&self.0));
                let ws = WebSocket::opened(stream, config, &opened).map_err(HandshakeError::Random)?;
                Ok((ws, Response::from_parts(head, ())))
            }
            Err(error) => {
                let mut body = BytesMut::new();
                if !head.status.is_success() {
                    let max = handshake.response_limits().max_body;
                    // As much of it as comes: what went wrong first is what is reported.
                    let _ = within(deadline, read_body(&mut recv, &mut body, max)).await;
                }
                Err(HandshakeError::response(error, Response::from_parts(head, body.freeze())))
            }
        }
    }
}

async fn read_body(recv: &mut RecvStream, body: &mut BytesMut, max: usize) -> io::Result<()> {
    while body.len() < max
        && let Some(data) = recv.data().await
    {
        let data = data.map_err(into_io)?;
        recv.flow_control().release_capacity(data.len()).map_err(into_io)?;
        let room = max - body.len();
        body.extend_from_slice(data.get(..room).unwrap_or(&data));
    }
    Ok(())
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("allows_websocket", &self.allows_websocket())
            .field("streams", &self.streams())
            .finish_non_exhaustive()
    }
}

/// A session that is not kept open.
#[derive(Clone, Debug, Default)]
pub(crate) struct WeakSession(Weak<Shared>);

impl WeakSession {
    pub(crate) fn upgrade(&self) -> Option<Session> {
        self.0.upgrade().map(Session)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}
