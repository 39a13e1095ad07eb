//! A client over one HTTP/2 connection, by hyper.
//!
//! ```no_run
//! use grpc_wire::{Client, Kind, MethodDesc, Raw, hyper::Channel};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! static ECHO: MethodDesc = MethodDesc::new("/echo.Echo/Echo", Kind::Unary);
//!
//! let client = Client::new(Channel::connect("127.0.0.1:50051").await?);
//! let answer: Raw = client.unary(&ECHO, Raw("hello".into())).await?;
//! # let _ = answer;
//! # Ok(())
//! # }
//! ```

#![allow(clippy::disallowed_methods, reason = "the adapter opens the connection, reads the clock and waits")]

mod carry;

use std::error;
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use http::uri::{Authority, Scheme};
use http::{Request, Uri, request};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use self::carry::{Carry, RequestBody};
use crate::client::{RequestSide, ResponseSide, Transport};

/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One HTTP/2 connection for any number of calls at once. Clones share it; it closes with the last of them.
///
/// When the connection breaks, its calls and all later ones are UNAVAILABLE: connect again then.
#[derive(Clone, Debug)]
pub struct Channel {
    sender: SendRequest<RequestBody>,
    authority: Authority,
    scheme: Scheme,
}

/// Why there is no connection.
#[non_exhaustive]
#[derive(Debug)]
pub enum ConnectError {
    /// The address is no `host:port`.
    Address,
    /// Nobody answers there.
    Io(io::Error),
    /// It is no HTTP/2 server.
    Http(hyper::Error),
    /// It took more than 10 seconds.
    Timeout,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("the address is no host:port, with or without http:// before it"),
            Self::Io(_) => f.write_str("the server cannot be reached"),
            Self::Http(_) => f.write_str("the server does not speak HTTP/2"),
            Self::Timeout => f.write_str("the server took more than 10 s to answer"),
        }
    }
}

impl error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io(cause) => Some(cause),
            Self::Http(cause) => Some(cause),
            Self::Address | Self::Timeout => None,
        }
    }
}

impl Channel {
    /// Connects in clear text, with prior knowledge of HTTP/2 (RFC 9113 §3.3): `host:port`, with `http://` before it or not.
    ///
    /// # Errors
    /// A [`ConnectError`]; after 10 seconds at most.
    pub async fn connect(address: &str) -> Result<Self, ConnectError> {
        let address = address.strip_prefix("http://").unwrap_or(address).trim_end_matches('/');
        let authority: Authority = address.parse().map_err(|_| ConnectError::Address)?;
        if authority.port().is_none() {
            return Err(ConnectError::Address);
        }
        let connect = async {
            let socket = TcpStream::connect(authority.as_str()).await.map_err(ConnectError::Io)?;
            // Small messages are to leave at once.
            socket.set_nodelay(true).map_err(ConnectError::Io)?;
            Self::over(socket, Scheme::HTTP, authority.clone()).await
        };
        timeout(CONNECT_TIMEOUT, connect).await.map_err(|_| ConnectError::Timeout)?
    }

    /// Speaks HTTP/2 over a stream that is connected, with TLS say; scheme and authority are those of the requests.
    ///
    /// # Errors
    /// [`ConnectError::Http`].
    pub async fn over<IO>(io: IO, scheme: Scheme, authority: Authority) -> Result<Self, ConnectError>
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.map_err(ConnectError::Http)?;
        tokio::spawn(async move {
            // Each call learns by itself that the connection broke.
            let _ = connection.await;
        });
        Ok(Self { sender, authority, scheme })
    }

    /// Whether the connection is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

impl Transport for Channel {
    fn carry(
        mut self,
        mut head: request::Parts,
        up: RequestSide,
        down: ResponseSide,
    ) -> impl Future<Output = ()> + Send + 'static {
        let mut uri = head.uri.into_parts();
        uri.scheme = Some(self.scheme);
        uri.authority = Some(self.authority);
        // A path with scheme and authority is a URI.
        head.uri = Uri::from_parts(uri).unwrap_or_default();
        let request = Request::from_parts(head, RequestBody(up));
        Carry::new(self.sender.send_request(request), down)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn now(&self) -> Instant {
        carry::now()
    }
}
