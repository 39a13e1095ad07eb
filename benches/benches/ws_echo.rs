//! Echo over loopback: each WebSocket sends a message, waits until it is back, and sends the next one. Client and server share one thread,
//! each socket in a task of its own, so a time is what both of them cost.
//!
//! Where servers over HTTP/1.1 are compared, the client is bytes made beforehand, the same for all. Where HTTP/1.1 and HTTP/2 are
//! compared, and over HTTP/2, the client is ours; the peer's client is measured with the peer's server too.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a bench fails by panicking, and runs servers"
)]
#![allow(clippy::print_stdout, reason = "the ratios are printed")]

mod ws_peers;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use ws_frame::h2::{Server, Session};
use ws_frame::handshake::Policy;
use ws_frame::tokio::{WebSocket, accept, connect, request};
use ws_frame::tower::{Upgraded, upgrade};
use ws_frame::{Config, Message};
use ws_peers::{Contender, alternate, ratio, report, runtime};

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(300));
    targets = echo
}

fn main() {
    benches();
    summary();
}

/// Bytes of a message.
const SIZES: [usize; 2] = [64, 4096];

/// WebSockets, and how many messages each of them sends in a run.
const CASES: [(usize, usize); 2] = [(1, 1000), (64, 25)];

const OURS: &str = "ws-frame";

/// Starts a server that handles each connection by `serve`.
async fn listen<F, Fut>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            socket.set_nodelay(true).unwrap();
            tokio::spawn(serve(socket));
        }
    });
    address
}

async fn open(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

async fn echo_all<IO: AsyncRead + AsyncWrite + Unpin>(mut ws: WebSocket<IO>) {
    while let Some(Ok(message)) = ws.recv().await {
        if ws.send(message).await.is_err() {
            break;
        }
    }
}

async fn ours(socket: TcpStream) {
    echo_all(accept(socket, &Policy::new(), Config::default()).await.unwrap().0).await;
}

async fn tungstenite(socket: TcpStream) {
    let mut ws = tokio_tungstenite::accept_async(socket).await.unwrap();
    while let Some(Ok(message)) = ws.next().await {
        if message.is_close() || ws.send(message).await.is_err() {
            break;
        }
    }
}

async fn tokio_websockets(socket: TcpStream) {
    let (_, mut ws) = tokio_websockets::ServerBuilder::new().accept(socket).await.unwrap();
    while let Some(Ok(message)) = ws.next().await {
        if message.is_close() || ws.send(message).await.is_err() {
            break;
        }
    }
}

/// Echoes by a peer's socket, over either version.
async fn sockudo_echo<IO: AsyncRead + AsyncWrite + Unpin + Send>(mut ws: sockudo_ws::WebSocketStream<IO>) {
    while let Some(Ok(message)) = ws.next().await {
        if matches!(message, sockudo_ws::Message::Close(_)) || ws.send(message).await.is_err() {
            break;
        }
    }
}

async fn sockudo(socket: TcpStream) {
    let server = sockudo_ws::WebSocketServer::<sockudo_ws::Http1>::new(sockudo_ws::Config::default());
    sockudo_echo(server.accept(socket).await.unwrap().0).await;
}

async fn sockudo_h2(socket: TcpStream) {
    let server = sockudo_ws::WebSocketServer::<sockudo_ws::Http2>::new(sockudo_ws::Config::default());
    let _ = server.serve(socket, |ws, _| sockudo_echo(ws)).await;
}

/// Our server of HTTP/2.
async fn ours_h2(socket: TcpStream) {
    let policy = Policy::new();
    let mut server = Server::open(socket).await.unwrap();
    while let Some(Ok(incoming)) = server.accept().await {
        let accepted = incoming.decide(&policy).unwrap();
        tokio::spawn(echo_all(incoming.open(&accepted, Config::default()).unwrap()));
    }
}

/// Our endpoint behind hyper, over either version.
async fn hyper(socket: TcpStream) {
    let service = TowerToHyperService::new(upgrade(|ws: WebSocket<Upgraded>, _| echo_all(ws)));
    let mut server = Builder::new(TokioExecutor::new());
    server.http2().enable_connect_protocol();
    let _ = server.serve_connection_with_upgrades(TokioIo::new(socket), service).await;
}

/// A client that knows its bytes: masked by zeroes, it costs nothing but the system calls.
struct Raw {
    socket: TcpStream,
    frame: Vec<u8>,
    reply: Vec<u8>,
}

impl Raw {
    async fn open(address: SocketAddr, size: usize) -> Raw {
        let mut socket = open(address).await;
        socket
            .write_all(
                b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            )
            .await
            .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        let header = |mask: u8| match u8::try_from(size) {
            Ok(size) if size < 126 => vec![0x82, mask | size],
            _ => [&[0x82, mask | 126][..], &u16::try_from(size).unwrap().to_be_bytes()].concat(),
        };
        let (mut frame, mut reply) = (header(0x80), header(0));
        frame.resize(frame.len() + 4 + size, 0);
        reply.resize(reply.len() + size, 0);
        Raw { socket, frame, reply }
    }

    async fn exchange(mut self, count: usize) -> Raw {
        for _ in 0..count {
            self.socket.write_all(&self.frame).await.unwrap();
            self.socket.read_exact(&mut self.reply).await.unwrap();
            assert_eq!(self.reply[0], 0x82);
        }
        self
    }
}

async fn exchange<IO>(mut ws: WebSocket<IO>, message: Message, count: usize) -> WebSocket<IO>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    for _ in 0..count {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap().unwrap().len(), message.len());
    }
    ws
}

type Sockudo = sockudo_ws::WebSocketStream<sockudo_ws::Stream<sockudo_ws::Http2>>;

async fn sockudo_exchange(mut ws: Sockudo, message: Message, count: usize) -> Sockudo {
    let bytes = message.into_bytes();
    for _ in 0..count {
        ws.send(sockudo_ws::Message::Binary(bytes.clone())).await.unwrap();
        let Some(Ok(sockudo_ws::Message::Binary(reply))) = ws.next().await else { panic!("no reply") };
        assert_eq!(reply.len(), bytes.len());
    }
    ws
}

/// WebSockets that are open, of which each does its part of a run.
enum Clients {
    Raw(Vec<Raw>),
    Tcp(Vec<WebSocket<TcpStream>>),
    H2(Vec<WebSocket<ws_frame::h2::Stream>>),
    Sockudo(Vec<Sockudo>),
}

impl Clients {
    async fn run(&mut self, message: &Message, count: usize) {
        match self {
            Clients::Raw(sockets) => all(sockets, |one| one.exchange(count)).await,
            Clients::Tcp(sockets) => all(sockets, |one| exchange(one, message.clone(), count)).await,
            Clients::H2(sockets) => all(sockets, |one| exchange(one, message.clone(), count)).await,
            Clients::Sockudo(sockets) => {
                all(sockets, |one| sockudo_exchange(one, message.clone(), count)).await;
            }
        }
    }
}

/// Runs each socket in a task of its own, and takes them back.
async fn all<T, Fut>(sockets: &mut Vec<T>, each: impl Fn(T) -> Fut)
where
    T: Send + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = sockets.drain(..).map(|one| tokio::spawn(each(one))).collect();
    for task in tasks {
        sockets.push(task.await.unwrap());
    }
}

async fn raw(address: SocketAddr, sockets: usize, size: usize) -> Clients {
    let mut all = Vec::new();
    for _ in 0..sockets {
        all.push(Raw::open(address, size).await);
    }
    Clients::Raw(all)
}

async fn over_tcp(address: SocketAddr, sockets: usize) -> Clients {
    let mut all = Vec::new();
    for _ in 0..sockets {
        all.push(connect(&format!("ws://{address}/"), Config::default()).await.unwrap().0);
    }
    Clients::Tcp(all)
}

async fn over_http2(address: SocketAddr, sockets: usize) -> Clients {
    let session = Session::open(open(address).await).await.unwrap();
    let handshake = || request(&format!("ws://{address}/")).unwrap();
    let mut all = Vec::new();
    for _ in 0..sockets {
        all.push(session.connect(&handshake(), Config::default()).await.unwrap().0);
    }
    Clients::H2(all)
}

async fn by_sockudo(address: SocketAddr, sockets: usize) -> Clients {
    let client = sockudo_ws::WebSocketClient::<sockudo_ws::Http2>::new(sockudo_ws::Config::default());
    let mut session = client.connect_multiplexed(open(address).await).await.unwrap();
    let mut all = Vec::new();
    while all.len() < sockets {
        match session.open_websocket(&format!("http://{address}/"), None).await {
            Ok(ws) => all.push(ws),
            // It does not wait for the server's SETTINGS, without which h2 sends no extended CONNECT.
            Err(_) => tokio::task::yield_now().await,
        }
    }
    Clients::Sockudo(all)
}

/// What does its runs on one thread with all that it talks to.
fn contender(
    runtime: &Rc<Runtime>,
    name: &'static str,
    mut clients: Clients,
    size: usize,
    count: usize,
) -> Contender<'static> {
    let runtime = Rc::clone(runtime);
    let message = Message::from(vec![0; size]);
    (name, Box::new(move || runtime.block_on(clients.run(&message, count))))
}

/// Servers over HTTP/1.1 with the same client.
fn servers(sockets: usize, count: usize, size: usize) -> Vec<Contender<'static>> {
    let runtime = Rc::new(runtime());
    let clients = runtime.block_on(async {
        [
            (OURS, raw(listen(ours).await, sockets, size).await),
            ("ws-frame behind hyper", raw(listen(hyper).await, sockets, size).await),
            ("tokio-tungstenite", raw(listen(tungstenite).await, sockets, size).await),
            ("tokio-websockets", raw(listen(tokio_websockets).await, sockets, size).await),
            ("sockudo-ws", raw(listen(sockudo).await, sockets, size).await),
        ]
    });
    clients.map(|(name, clients)| contender(&runtime, name, clients, size, count)).into()
}

/// Our endpoint over both versions, and the peer's over HTTP/2.
fn versions(sockets: usize, count: usize, size: usize) -> Vec<Contender<'static>> {
    let runtime = Rc::new(runtime());
    let clients = runtime.block_on(async {
        [
            ("ws-frame h2", over_http2(listen(ours_h2).await, sockets).await),
            ("ws-frame h1", over_tcp(listen(ours).await, sockets).await),
            ("ws-frame h2 behind hyper", over_http2(listen(hyper).await, sockets).await),
            ("sockudo-ws h2", by_sockudo(listen(sockudo_h2).await, sockets).await),
            ("sockudo-ws h2, our client", over_http2(listen(sockudo_h2).await, sockets).await),
        ]
    });
    clients.map(|(name, clients)| contender(&runtime, name, clients, size, count)).into()
}

fn echo(criterion: &mut Criterion) {
    for size in SIZES {
        for (sockets, count) in CASES {
            for (what, contenders) in
                [("servers", servers(sockets, count, size)), ("versions", versions(sockets, count, size))]
            {
                let mut group =
                    criterion.benchmark_group(format!("ws_echo/{size} B/{sockets} sockets/{what}"));
                group.throughput(Throughput::Elements((sockets * count) as u64));
                for (name, mut run) in contenders {
                    group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(&mut run));
                }
                group.finish();
            }
        }
    }
}

/// The ratios, from runs that alternate.
fn summary() {
    let time = Duration::from_secs(3);
    for size in SIZES {
        for (sockets, count) in CASES {
            let mut contenders = servers(sockets, count, size);
            let times = alternate(&mut contenders, time);
            report(
                &format!("{sockets} connections, {size} B"),
                &contenders,
                &times,
                (sockets * count) as f64,
            );
            let best = times[2..].iter().copied().fold(f64::MAX, f64::min);
            println!("  ratio to the best of the others: {:.2} (no target)", best / times[0]);

            let mut contenders = versions(sockets, count, size);
            let times = alternate(&mut contenders, time);
            let title = format!("{sockets} streams of one connection beside {sockets} connections, {size} B");
            report(&title, &contenders, &times, (sockets * count) as f64);
            // With one stream nothing is shared: the targets are for many.
            if sockets > 1 {
                ratio("of h2 to our h1", times[1] / times[0], 0.7, false);
                ratio("to sockudo-ws h2", times[3] / times[0], 1.1, false);
                ratio("to the server of sockudo-ws h2 with our client", times[4] / times[0], 1.1, false);
                ratio("behind hyper to sockudo-ws h2", times[3] / times[2], 1.1, false);
            }
        }
    }
}
