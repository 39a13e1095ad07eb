//! One connection for each attempt: how it is made, and the request on it.

use std::{error::Error, fmt, future::Future, io, pin::Pin, sync::Arc};

use ::tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::{JoinHandle, spawn},
};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::client::Disconnect;

/// A byte stream to speak HTTP on.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

type Opening = Pin<Box<dyn Future<Output = io::Result<Box<dyn Io>>> + Send>>;

/// How an [`EventSource`](super::EventSource) reaches a server, and which HTTP it speaks there.
///
/// TLS is the connector's: return the encrypted stream for `https` URLs. An error of kind
/// [`Unsupported`](io::ErrorKind::Unsupported) ends the event source; any other makes it try again.
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
    open: Arc<dyn Fn(Uri) -> Opening + Send + Sync>,
    http2: bool,
}

impl Connector {
    /// TCP to the host of an `http` URL.
    #[must_use]
    pub fn tcp() -> Self {
        Self::new(|uri| async move {
            if uri.scheme_str() != Some("http") {
                let why = "only http urls without a connector of your own";
                return Err(io::Error::new(io::ErrorKind::Unsupported, why));
            }
            let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
            let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Io>)
        })
    }

    /// Whatever `open` gives for a URI.
    #[must_use]
    pub fn new<F>(open: impl Fn(Uri) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Box<dyn Io>>> + Send + 'static,
    {
        Self { open: Arc::new(move |uri| Box::pin(open(uri))), http2: false }
    }

    /// Speaks HTTP/2 from the first byte (RFC 9113 §3.3, prior knowledge); over TLS, the connector has to negotiate `h2`.
    #[must_use]
    pub fn http2(mut self) -> Self {
        self.http2 = true;
        self
    }

    pub(super) fn connect(&self, request: Request<Bytes>) -> Connecting {
        let opening = (self.open)(request.uri().clone());
        let is_http2 = self.http2;
        Box::pin(async move {
            let io = opening.await.map_err(|error| match error.kind() {
                io::ErrorKind::Unsupported => Disconnect::Futile,
                _ => Disconnect::Error,
            })?;
            let sent = if is_http2 { send_http2(io, request).await } else { send_http1(io, request).await };
            sent.map_err(|_| Disconnect::Error)
        })
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("http2", &self.http2).finish_non_exhaustive()
    }
}

pub(super) type Connecting = Pin<Box<dyn Future<Output = Result<Connected, Disconnect>> + Send>>;

/// A response on a connection that ends with it.
pub(super) struct Connected {
    pub(super) response: Response<Incoming>,
    _driver: Driver,
}

/// The task that moves a connection's bytes; it ends with the connection's only response.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn drive(connection: impl Future<Output = Result<(), hyper::Error>> + Send + 'static) -> Driver {
    // Its errors are those of the response, which reports them.
    Driver(spawn(async move { drop(connection.await) }))
}

async fn send_http1(
    io: Box<dyn Io>,
    request: Request<Bytes>,
) -> Result<Connected, Box<dyn Error + Send + Sync>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await?;
    let driver = drive(connection);
    let mut request = request.map(Full::new);
    if let Some(authority) = request.uri().authority()
        && !request.headers().contains_key(header::HOST)
    {
        let host = HeaderValue::from_str(authority.as_str())?;
        request.headers_mut().insert(header::HOST, host);
    }
    // RFC 9112 §3.2.1: to an origin server goes the path alone.
    *request.uri_mut() = request.uri().path_and_query().map_or("/", |path| path.as_str()).parse()?;
    let response = sender.send_request(request).await?;
    Ok(Connected { response, _driver: driver })
}

async fn send_http2(
    io: Box<dyn Io>,
    request: Request<Bytes>,
) -> Result<Connected, Box<dyn Error + Send + Sync>> {
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await?;
    let driver = drive(connection);
    let response = sender.send_request(request.map(Full::new)).await?;
    Ok(Connected { response, _driver: driver })
}
