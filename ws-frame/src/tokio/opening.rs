//! The opening handshake over a socket that speaks no HTTP by itself, within the deadline of its limits.

use core::fmt;
use core::time::Duration;
use std::boxed::Box;
use std::io;
use std::sync::Arc;

use ::tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use ::tokio::net::TcpStream;
use ::tokio::time::{Instant, timeout, timeout_at};
use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};

use super::WebSocket;
use crate::Config;
use crate::handshake::{
    Accepted, BodyDecoder, ClientError, ClientHandshake, HeadError, Policy, Rejection, RequestDecoder,
    ResponseDecoder, UriError, WebSocketUri, encode_request, encode_response,
};

/// Accepts a WebSocket on a socket that a client has just connected to: reads the request, lets `policy` decide, and
/// answers. A refusal is answered too and comes back as [`HandshakeError::Rejected`].
///
/// To look at the request before it is answered, for example to authenticate, use [`Incoming`].
///
/// # Errors
/// [`HandshakeError`]. The socket is closed then.
///
/// # Examples
/// ```
/// use ws_frame::Config;
/// use ws_frame::handshake::Policy;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let (socket, _) = listener.accept().await?;
/// let (mut ws, request) = ws_frame::tokio::accept(socket, &Policy::new(), Config::default()).await?;
/// println!("{} connected", request.uri().path());
/// while let Some(message) = ws.recv().await {
///     ws.send(message?).await?;
/// }
/// # Ok(()) }
/// ```
pub async fn accept<IO>(
    io: IO,
    policy: &Policy,
    config: impl Into<Arc<Config>>,
) -> Result<(WebSocket<IO>, Request<()>), HandshakeError>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let incoming = Incoming::read(io, policy).await?;
    let request = incoming.request().clone();
    Ok((incoming.accept(policy, config).await?, request))
}

/// A request that was read and not answered yet.
///
/// # Examples
/// ```
/// use bytes::Bytes;
/// use ws_frame::Config;
/// use ws_frame::handshake::Policy;
/// use ws_frame::tokio::{HandshakeError, Incoming};
///
/// # async fn run(socket: tokio::net::TcpStream) -> Result<(), HandshakeError> {
/// let policy = Policy::new();
/// let incoming = Incoming::read(socket, &policy).await?;
/// if incoming.request().headers().get("authorization").is_none() {
///     let mut response = http::Response::new(Bytes::new());
///     *response.status_mut() = http::StatusCode::UNAUTHORIZED;
///     return incoming.respond(response).await;
/// }
/// let ws = incoming.accept(&policy, Config::default()).await?;
/// # drop(ws);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Incoming<IO> {
    io: IO,
    request: Request<()>,
    leftover: BytesMut,
    deadline: Instant,
}

impl<IO> Incoming<IO>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    /// Reads a request head within the policy's limits. A head that cannot be read is answered with its status.
    ///
    /// # Errors
    /// [`HandshakeError`]: the head is malformed, too big, late, or ends early.
    pub async fn read(mut io: IO, policy: &Policy) -> Result<Self, HandshakeError> {
        let limits = policy.request_limits();
        let deadline = deadline(limits.timeout);
        let mut decoder = RequestDecoder::new(limits);
        let mut leftover = BytesMut::new();
        let decoded = read_head(&mut io, &mut leftover, deadline, |buf| decoder.decode(buf)).await;
        match decoded {
            Ok(request) => Ok(Self { io, request, leftover, deadline }),
            Err(error) => {
                let response = match &error {
                    HandshakeError::Head(error) => Some(error.to_response()),
                    HandshakeError::Timeout => Some(request_timeout()),
                    _ => None,
                };
                if let Some(response) = response {
                    // Whether the answer arrives or not, what went wrong first is what is reported.
                    let _ = write_refusal(&mut io, &response, grace(deadline)).await;
                }
                Err(error)
            }
        }
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &Request<()> {
        &self.request
    }

    /// Lets the policy decide, and answers what it says.
    ///
    /// # Errors
    /// [`HandshakeError::Rejected`] once the refusal is answered; or the socket failed or was too slow.
    pub async fn accept(
        self,
        policy: &Policy,
        config: impl Into<Arc<Config>>,
    ) -> Result<WebSocket<IO>, HandshakeError> {
        match policy.accept(&self.request) {
            Ok(accepted) => self.upgrade(accepted, config).await,
            Err(rejection) => {
                self.respond(rejection.to_response()).await?;
                Err(HandshakeError::Rejected(rejection))
            }
        }
    }

    /// Answers a decision that [`Policy::accept`] gave for [`request`](Self::request), for example with a cookie added.
    ///
    /// # Errors
    /// The socket failed or was too slow.
    pub async fn upgrade(
        mut self,
        accepted: Accepted,
        config: impl Into<Arc<Config>>,
    ) -> Result<WebSocket<IO>, HandshakeError> {
        let mut out = BytesMut::new();
        encode_response(&accepted.response.clone().map(|()| Bytes::new()), &mut out);
        within(self.deadline, write(&mut self.io, &out)).await?;
        Ok(WebSocket::accepted(self.io, config, &accepted).with_leftover(self.leftover))
    }

    /// Answers without an upgrade and closes the socket.
    ///
    /// # Errors
    /// The socket failed or was too slow.
    pub async fn respond(mut self, response: Response<Bytes>) -> Result<(), HandshakeError> {
        write_refusal(&mut self.io, &response, grace(self.deadline)).await
    }
}

/// A client's handshake for a `ws` or `wss` URI, with a key from the operating system's random source.
///
/// # Errors
/// [`HandshakeError::Uri`], or [`HandshakeError::Random`] where the system gives no random bytes.
pub fn request(uri: &str) -> Result<ClientHandshake, HandshakeError> {
    let uri = WebSocketUri::parse(uri).map_err(HandshakeError::Uri)?;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(HandshakeError::Random)?;
    Ok(ClientHandshake::new(&uri, nonce))
}

/// Opens a WebSocket to a `ws` URI over TCP. Gives the connection and the head of the server's response.
///
/// # Errors
/// [`HandshakeError`]: the URI is wrong or asks for TLS, the server cannot be reached within
/// [`Limits::timeout`](crate::handshake::Limits::timeout), or it does not answer as RFC 6455 §4.1 wants.
///
/// # Examples
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let (mut ws, _response) = ws_frame::tokio::connect("ws://127.0.0.1:8080/chat", ws_frame::Config::default()).await?;
/// ws.send("hello").await?;
/// # Ok(()) }
/// ```
pub async fn connect(
    uri: &str,
    config: impl Into<Arc<Config>>,
) -> Result<(WebSocket<TcpStream>, Response<()>), HandshakeError> {
    connect_with(request(uri)?, config).await
}

/// [`connect`] with a handshake that offers subprotocols or carries headers.
///
/// # Errors
/// As [`connect`].
///
/// # Examples
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let handshake = ws_frame::tokio::request("ws://127.0.0.1:8080/chat")?
///     .subprotocols(["chat.v1"])?
///     .header(http::header::AUTHORIZATION, http::HeaderValue::from_static("Bearer abc123"))?;
/// let (ws, _response) = ws_frame::tokio::connect_with(handshake, ws_frame::Config::default()).await?;
/// assert!(ws.subprotocol().is_none_or(|name| name.as_str() == "chat.v1"));
/// # Ok(()) }
/// ```
pub async fn connect_with(
    handshake: ClientHandshake,
    config: impl Into<Arc<Config>>,
) -> Result<(WebSocket<TcpStream>, Response<()>), HandshakeError> {
    let uri = handshake.uri();
    if uri.is_secure() {
        return Err(HandshakeError::NeedsTls);
    }
    let deadline = deadline(handshake.response_limits().timeout);
    let io = dial(uri, deadline).await?;
    open(io, &handshake, config, deadline).await
}

/// Connects to the host of a URI.
pub(super) async fn dial(uri: &WebSocketUri, deadline: Instant) -> Result<TcpStream, HandshakeError> {
    // The resolver takes an IPv6 address without its brackets.
    let host = uri.host().trim_start_matches('[').trim_end_matches(']');
    within(deadline, async {
        let io = TcpStream::connect((host, uri.port())).await?;
        // Messages are coalesced before they are written; a delay on top only adds latency.
        io.set_nodelay(true)?;
        Ok(io)
    })
    .await
}

/// Opens a WebSocket over a stream that is connected to the server already, for example through TLS or a proxy.
///
/// # Errors
/// [`HandshakeError`], as for [`connect`].
pub async fn handshake<IO>(
    io: IO,
    handshake: &ClientHandshake,
    config: impl Into<Arc<Config>>,
) -> Result<(WebSocket<IO>, Response<()>), HandshakeError>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let deadline = deadline(handshake.response_limits().timeout);
    open(io, handshake, config, deadline).await
}

pub(super) async fn open<IO>(
    mut io: IO,
    handshake: &ClientHandshake,
    config: impl Into<Arc<Config>>,
    deadline: Instant,
) -> Result<(WebSocket<IO>, Response<()>), HandshakeError>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let mut out = BytesMut::new();
    encode_request(handshake.request(), &mut out);
    within(deadline, write(&mut io, &out)).await?;
    let mut decoder = ResponseDecoder::new(handshake.response_limits());
    let mut leftover = BytesMut::new();
    let response = read_head(&mut io, &mut leftover, deadline, |buf| decoder.decode(buf)).await?;
    match handshake.verify(&response) {
        Ok(opened) => {
            let ws = WebSocket::opened(io, config, &opened).map_err(HandshakeError::Random)?;
            Ok((ws.with_leftover(leftover), response))
        }
        Err(error) => {
            let mut body = BodyDecoder::new(&response, handshake.response_limits());
            // As much of it as comes: what went wrong first is what is reported.
            let _ = within(deadline, read_body(&mut io, &mut leftover, &mut body)).await;
            Err(HandshakeError::response(error, response.map(|()| body.finish())))
        }
    }
}

async fn read_body<IO>(io: &mut IO, buf: &mut BytesMut, body: &mut BodyDecoder) -> io::Result<()>
where
    IO: AsyncRead + Unpin,
{
    while !body.decode(buf) {
        if io.read_buf(buf).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Reads until `decode` has a head; what follows it stays in `buf`.
async fn read_head<IO, T>(
    io: &mut IO,
    buf: &mut BytesMut,
    deadline: Instant,
    mut decode: impl FnMut(&mut BytesMut) -> Result<Option<T>, HeadError>,
) -> Result<T, HandshakeError>
where
    IO: AsyncRead + Unpin,
{
    loop {
        buf.reserve(READ);
        let mut limited = (&mut *io).take(READ as u64);
        if within(deadline, limited.read_buf(buf)).await? == 0 {
            return Err(HandshakeError::Closed);
        }
        if let Some(head) = decode(buf).map_err(HandshakeError::Head)? {
            return Ok(head);
        }
    }
}

/// Bytes asked of the socket at a time. A usual head fits.
const READ: usize = 2048;

async fn write<IO: AsyncWrite + Unpin>(io: &mut IO, bytes: &[u8]) -> io::Result<()> {
    io.write_all(bytes).await?;
    io.flush().await
}

async fn write_refusal<IO: AsyncRead + AsyncWrite + Unpin>(
    io: &mut IO,
    response: &Response<Bytes>,
    deadline: Instant,
) -> Result<(), HandshakeError> {
    let mut out = BytesMut::new();
    encode_response(response, &mut out);
    within(deadline, async {
        write(io, &out).await?;
        io.shutdown().await
    })
    .await?;
    linger(io).await;
    Ok(())
}

/// Takes away what the client still sends, for a moment: bytes that nobody read would reset the connection, and the answer
/// with it (RFC 9112 §9.6).
async fn linger<IO: AsyncRead + Unpin>(io: &mut IO) {
    let mut sink = [0; 1024];
    let _ = timeout(GRACE, async {
        for _ in 0..256 {
            if !io.read(&mut sink).await.is_ok_and(|read| read > 0) {
                break;
            }
        }
    })
    .await;
}

/// What a refusal may take where the deadline of the handshake is near or past: the client should learn why.
const GRACE: Duration = Duration::from_secs(1);

fn request_timeout() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"the request took too long\n"));
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    response
}

pub(crate) async fn within<T>(
    deadline: Instant,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, HandshakeError> {
    match timeout_at(deadline, step).await {
        Ok(outcome) => outcome.map_err(HandshakeError::Io),
        Err(_) => Err(HandshakeError::Timeout),
    }
}

pub(crate) fn deadline(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout)
        // A time limit that is out of range is one that is off; thirty years are as good.
        .unwrap_or_else(|| now + Duration::from_secs(86_400 * 365 * 30))
}

fn grace(deadline: Instant) -> Instant {
    deadline.max(Instant::now() + GRACE)
}

/// Why a connection did not open.
#[non_exhaustive]
#[derive(Debug)]
pub enum HandshakeError {
    /// The socket failed.
    Io(io::Error),
    /// The handshake took longer than [`Limits::timeout`](crate::handshake::Limits::timeout).
    Timeout,
    /// The peer ended the connection before its head was whole.
    Closed,
    /// The peer's head cannot be read. A server has answered it.
    Head(HeadError),
    /// The request was refused and answered.
    Rejected(Rejection),
    /// The response does not open the connection: a redirect, a demand for authentication, an error, or a 101 that is wrong.
    Response {
        /// What is wrong with it.
        error: ClientError,
        /// The response, with its `Location` or `Retry-After`, and its body up to
        /// [`Limits::max_body`](crate::handshake::Limits::max_body).
        response: Box<Response<Bytes>>,
    },
    /// The URI is not one of a WebSocket.
    Uri(UriError),
    /// The URI is `wss`: use a [`Connector`](crate::tokio::Connector) with feature `rustls`, or connect through TLS first, then use
    /// [`handshake`](crate::tokio::handshake()).
    NeedsTls,
    /// TLS failed: the server's certificate is not trusted, has expired or is another host's, or there is no version in common.
    Tls(io::Error),
    /// The SETTINGS of an HTTP/2 server do not allow extended CONNECT (RFC 8441 §3). Nothing was sent: use HTTP/1.1.
    ExtendedConnect,
    /// The system gives no random bytes for keys and masks.
    Random(getrandom::Error),
}

impl HandshakeError {
    pub(crate) fn response(error: ClientError, response: Response<Bytes>) -> Self {
        Self::Response { error, response: Box::new(response) }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "handshake: {error}"),
            Self::Timeout => f.write_str("handshake exceeds the limit timeout"),
            Self::Closed => f.write_str("the peer closed before the handshake was done"),
            Self::Head(error) => write!(f, "handshake: {error}"),
            Self::Rejected(rejection) => write!(f, "handshake refused: {rejection}"),
            Self::Response { error, .. } => write!(f, "handshake: {error}"),
            Self::Uri(error) => error.fmt(f),
            Self::NeedsTls => {
                f.write_str("a wss uri needs tls: a connector with it, or handshake() over a tls stream")
            }
            Self::Tls(error) => write!(f, "tls: {error}"),
            Self::ExtendedConnect => f.write_str("the http/2 server does not allow extended connect"),
            Self::Random(error) => write!(f, "no random bytes: {error}"),
        }
    }
}

impl std::error::Error for HandshakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) | Self::Tls(error) => Some(error),
            Self::Head(error) => Some(error),
            Self::Rejected(rejection) => Some(rejection),
            Self::Response { error, .. } => Some(error),
            Self::Uri(error) => Some(error),
            Self::Random(error) => Some(error),
            Self::Timeout | Self::Closed | Self::NeedsTls | Self::ExtendedConnect => None,
        }
    }
}
