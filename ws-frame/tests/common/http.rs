//! A hyper server for the tests of the adapters, and clients that say anything.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower_service::Service;
use ws_frame::tokio::WebSocket;

pub(crate) async fn echo<IO: AsyncRead + AsyncWrite + Unpin>(mut ws: WebSocket<IO>) {
    while let Some(Ok(message)) = ws.recv().await {
        if ws.send(message).await.is_err() {
            break;
        }
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Connections accepted, and ended.
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) closed: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Waits until so many connections have ended.
    pub(crate) async fn wait_closed(&self, count: usize) {
        let start = Instant::now();
        while self.closed.load(Ordering::SeqCst) < count {
            assert!(start.elapsed() < Duration::from_secs(60), "the connection stays open");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Serves both versions of HTTP, with extended CONNECT.
pub(crate) async fn serve<S>(service: S) -> Server
where
    S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    serve_with(service, |builder| {
        builder.http2().enable_connect_protocol();
    })
    .await
}

pub(crate) async fn serve_with<S>(
    service: S,
    settings: impl Fn(&mut Builder<TokioExecutor>) + Send + 'static,
) -> Server
where
    S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    serve_over(service, settings, |socket| std::future::ready(Ok(socket))).await
}

/// Serves what `wrap` makes of each socket.
pub(crate) async fn serve_over<S, IO, Wrapping>(
    service: S,
    settings: impl Fn(&mut Builder<TokioExecutor>) + Send + 'static,
    wrap: impl Fn(TcpStream) -> Wrapping + Send + 'static,
) -> Server
where
    Wrapping: Future<Output = std::io::Result<IO>> + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (connections, closed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    let (count, ended) = (Arc::clone(&connections), Arc::clone(&closed));
    tasks.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut builder = Builder::new(TokioExecutor::new());
            settings(&mut builder);
            let service = TowerToHyperService::new(service.clone());
            let ended = Arc::clone(&ended);
            let wrapped = wrap(socket);
            open.spawn(async move {
                if let Ok(io) = wrapped.await {
                    let _ = builder.serve_connection_with_upgrades(TokioIo::new(io), service).await;
                }
                ended.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    Server { address, connections, closed, _tasks: tasks }
}

/// What a server answers to these bytes, up to the end of the head.
pub(crate) async fn h1_raw(address: SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// A client that looks at nothing before it sends.
pub(crate) async fn http2_client(address: SocketAddr) -> h2::client::SendRequest<Bytes> {
    let socket = TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(socket).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    client
}
