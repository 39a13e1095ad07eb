//! Echo over loopback: each connection sends a message of 64 bytes, waits for it, and sends the next one. Client and server share one
//! thread, so that a time is what both of them cost. Over HTTP/1.1 the client is bytes made beforehand, the same for every server; where
//! HTTP/1.1 and HTTP/2 are compared, both clients are ours.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench fails by panicking, and runs servers"
)]
#![allow(clippy::print_stdout, reason = "the ratios are printed")]

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;
use ws_frame::h2::Session;
use ws_frame::handshake::Policy;
use ws_frame::tokio::{WebSocket, accept, connect, request};
use ws_frame::tower::{Upgraded, upgrade};
use ws_frame::{Config, Message};

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(600));
    targets = echo
}

fn main() {
    benches();
    summary();
}

const SIZE: usize = 64;
const OURS: &str = "ws-frame tokio";
const THEIRS: &str = "tokio-tungstenite";

/// How many messages each of so many connections sends in a run.
const CASES: [(usize, usize); 2] = [(1, 2000), (64, 50)];

/// Starts a server that handles each connection by `serve`.
async fn listen<F, Fut>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> Fut + 'static,
    Fut: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        while let Ok((socket, _)) = listener.accept().await {
            socket.set_nodelay(true).unwrap();
            tokio::task::spawn_local(serve(socket));
        }
    });
    address
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
        if ws.send(message).await.is_err() {
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

/// Our endpoint behind hyper, over either version.
async fn hyper(socket: TcpStream) {
    let service = TowerToHyperService::new(upgrade(|ws: WebSocket<Upgraded>, _| echo_all(ws)));
    let mut server = Builder::new(TokioExecutor::new());
    server.http2().enable_connect_protocol();
    let _ = server.serve_connection_with_upgrades(TokioIo::new(socket), service).await;
}

async fn sockudo(socket: TcpStream) {
    let server = sockudo_ws::WebSocketServer::<sockudo_ws::Http2>::new(sockudo_ws::Config::default());
    let _ = server
        .serve(socket, |mut ws, _| async move {
            while let Some(Ok(message)) = ws.next().await {
                if ws.send(message).await.is_err() {
                    break;
                }
            }
        })
        .await;
}

/// A client that knows its bytes: masked by zeroes, it costs nothing but the system calls.
struct Raw(TcpStream);

impl Raw {
    async fn open(address: SocketAddr) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.set_nodelay(true).unwrap();
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
        Self(socket)
    }

    async fn exchange(&mut self, count: usize) {
        let mut frame = [0; SIZE + 6];
        frame[..2].copy_from_slice(&[0x82, 0x80 | SIZE as u8]);
        let mut reply = [0; SIZE + 2];
        for _ in 0..count {
            self.0.write_all(&frame).await.unwrap();
            self.0.read_exact(&mut reply).await.unwrap();
            assert_eq!(reply[..2], [0x82, SIZE as u8]);
        }
    }
}

async fn exchange<IO: AsyncRead + AsyncWrite + Unpin>(ws: &mut WebSocket<IO>, count: usize) {
    let message = Message::from(vec![0; SIZE]);
    for _ in 0..count {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap().unwrap().len(), SIZE);
    }
}

/// Connections that are open, of which each does its part of a run.
enum Clients {
    Raw(Vec<Raw>),
    Tcp(Vec<WebSocket<TcpStream>>),
    H2(Vec<WebSocket<ws_frame::h2::Stream>>),
}

impl Clients {
    async fn run(&mut self, count: usize) {
        match self {
            Self::Raw(all) => {
                drop(futures_util::future::join_all(all.iter_mut().map(|one| one.exchange(count))).await)
            }
            Self::Tcp(all) => {
                drop(futures_util::future::join_all(all.iter_mut().map(|one| exchange(one, count))).await)
            }
            Self::H2(all) => {
                drop(futures_util::future::join_all(all.iter_mut().map(|one| exchange(one, count))).await)
            }
        }
    }
}

async fn raw(address: SocketAddr, connections: usize) -> Clients {
    let mut all = Vec::new();
    for _ in 0..connections {
        all.push(Raw::open(address).await);
    }
    Clients::Raw(all)
}

async fn over_tcp(address: SocketAddr, connections: usize) -> Clients {
    let mut all = Vec::new();
    for _ in 0..connections {
        all.push(connect(&format!("ws://{address}/"), Config::default()).await.unwrap().0);
    }
    Clients::Tcp(all)
}

async fn over_http2(address: SocketAddr, connections: usize) -> Clients {
    let socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let session = Session::open(socket).await.unwrap();
    let mut all = Vec::new();
    for _ in 0..connections {
        all.push(
            session
                .connect(&request(&format!("ws://{address}/")).unwrap(), Config::default())
                .await
                .unwrap()
                .0,
        );
    }
    Clients::H2(all)
}

/// One thread for all.
struct Machine {
    runtime: Runtime,
    local: LocalSet,
}

impl Machine {
    fn new() -> Rc<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Rc::new(Self { runtime, local: LocalSet::new() })
    }

    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.local.block_on(&self.runtime, future)
    }
}

type Contender = (&'static str, Box<dyn FnMut()>);

/// Servers over HTTP/1.1 with the same client.
fn servers(connections: usize, count: usize) -> Vec<Contender> {
    let machine = Machine::new();
    let clients = machine.run(async {
        [
            (OURS, raw(listen(ours).await, connections).await),
            (THEIRS, raw(listen(tungstenite).await, connections).await),
            ("tokio-websockets", raw(listen(tokio_websockets).await, connections).await),
            ("ws-frame behind hyper", raw(listen(hyper).await, connections).await),
        ]
    });
    contenders(&machine, clients, count)
}

/// Our endpoint over both versions, and the peer's over HTTP/2, with our client.
fn versions(connections: usize, count: usize) -> Vec<Contender> {
    let machine = Machine::new();
    let clients = machine.run(async {
        [
            ("ws-frame h1", over_tcp(listen(hyper).await, connections).await),
            ("ws-frame h2", over_http2(listen(hyper).await, connections).await),
            ("sockudo-ws h2", over_http2(listen(sockudo).await, connections).await),
        ]
    });
    contenders(&machine, clients, count)
}

fn contenders<const N: usize>(
    machine: &Rc<Machine>,
    clients: [(&'static str, Clients); N],
    count: usize,
) -> Vec<Contender> {
    clients
        .into_iter()
        .map(|(name, mut clients)| {
            let machine = Rc::clone(machine);
            (name, Box::new(move || machine.run(clients.run(count))) as Box<dyn FnMut()>)
        })
        .collect()
}

fn echo(criterion: &mut Criterion) {
    for (connections, count) in CASES {
        for (what, contenders) in
            [("servers", servers(connections, count)), ("versions", versions(connections, count))]
        {
            let mut group = criterion.benchmark_group(format!("ws_echo/{connections} connections/{what}"));
            group.throughput(Throughput::Elements((connections * count) as u64));
            for (name, mut run) in contenders {
                group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(&mut run));
            }
            group.finish();
        }
    }
}

/// The best of many runs that alternate, in seconds an echo.
fn best(contenders: &mut [Contender], echoes: usize) -> Vec<f64> {
    let mut best = vec![f64::MAX; contenders.len()];
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        for ((_, run), best) in contenders.iter_mut().zip(&mut best) {
            let from = Instant::now();
            run();
            *best = best.min(from.elapsed().as_secs_f64() / echoes as f64);
        }
    }
    for ((name, _), time) in contenders.iter().zip(&best) {
        println!("  {name}: {:.0} echoes a second ({:.2} us each)", 1.0 / time, time * 1e6);
    }
    best
}

fn summary() {
    for (connections, count) in CASES {
        println!("\n{connections} connections, {SIZE} B");
        let times = best(&mut servers(connections, count), connections * count);
        println!(
            "  ratio to tokio-tungstenite {:.2}, to tokio-websockets {:.2} (no target)",
            times[1] / times[0],
            times[2] / times[0]
        );
    }
    println!("\n64 streams of one HTTP/2 connection beside 64 connections, {SIZE} B, our client");
    let times = best(&mut versions(64, 50), 64 * 50);
    println!("  ratio h2 to our h1 {:.2} (target >= 0.7)", times[0] / times[1]);
    println!("  ratio to sockudo-ws h2 {:.2} (target >= 1.1)", times[2] / times[1]);
}
