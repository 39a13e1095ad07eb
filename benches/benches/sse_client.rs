//! The client of `sse-codec` beside its bare parser, both on a hyper body from a server on loopback that is a process of its own.
//!
//! The bare parser and the machine are handed the frames of the same kind of hyper connection, which a task drives; `EventSource`
//! brings its own. The floor takes the frames and looks at none. After criterion's report the contenders run in turn, and the least
//! time of each gives the ratios that are printed beside their targets, and allocations an event, those of the connection counted; then
//! come bytes held (`-- ratios` for these alone).
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a bench stops by panicking and exports nothing"
)]
#![allow(clippy::print_stdout, reason = "a bench reports on the terminal")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock, has sockets and a process")]

use std::{
    convert::Infallible,
    hint::black_box,
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    pin::Pin,
    process::{Child, Command, Stdio},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use benches::{Counting, allocations, live};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Empty};
use hyper::{body::Incoming, client::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustix::time::{ClockId, clock_gettime};
use sse_codec::{
    Item, Parser,
    client::{Action, Client, ClientConfig, Verdict},
    tokio::{Connector, EventSource, Signal},
};
use tokio::{net::TcpListener, runtime::Runtime};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many times each contender runs for a ratio.
const ROUNDS: usize = 40;

/// Bytes of one response, and of each frame of it.
const STREAM: usize = 8 << 20;
const FRAME: usize = 16 << 10;

/// Set for the process that serves.
const SERVE: &str = "OCTAVO_BENCH_SERVE";

/// A name, and what gives event number n.
type Corpus = (&'static str, fn(usize) -> String);

const CORPORA: [Corpus; 3] = [
    ("openai_240B", |number| {
        let mut event = format!(
            "data: {{\"id\":\"chatcmpl-8f2a6c1d90\",\"object\":\"chat.completion.chunk\",\"created\":17{number:08},\"model\":\"gpt-4o\",\
             \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" token\"}},\"logprobs\":null,\"finish_reason\":null}}]"
        );
        while event.len() < 237 {
            event.push(' ');
        }
        event + "}\n\n"
    }),
    ("id_event_data", |number| format!("id: {number}\nevent: tick\ndata: {{\"px\":{number}}}\n\n")),
    ("data_9B", |_| "data: x\n\n".into()),
];

fn stream(corpus: &str) -> Bytes {
    let (_, event) = CORPORA.iter().find(|(name, _)| *name == corpus).expect("a corpus");
    let mut stream = Vec::new();
    while stream.len() < STREAM {
        stream.extend_from_slice(event(stream.len()).as_bytes());
    }
    stream.into()
}

/// Gives the stream out in frames; an event and then nothing, when `stays`.
struct Frames {
    rest: Bytes,
    stays: bool,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = self.rest.len().min(FRAME);
        match (length, self.stays) {
            (0, true) => Poll::Pending,
            (0, false) => Poll::Ready(None),
            _ => Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length))))),
        }
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The other process: serves until its input ends.
fn serve() -> ! {
    std::thread::spawn(|| {
        // Its end is all that it says.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let streams: Vec<(String, Bytes)> =
        CORPORA.iter().map(|(name, _)| (format!("/{name}"), stream(name))).collect();
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let mut connections = 0;
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            socket.set_nodelay(true).unwrap();
            connections += 1;
            let streams = streams.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let known = streams.iter().find(|(path, _)| path == request.uri().path());
                let body = match known {
                    Some((_, stream)) => Frames { rest: stream.clone(), stays: false },
                    None => {
                        Frames { rest: Bytes::from(format!("id: {connections}\ndata: x\n\n")), stays: true }
                    }
                };
                let answer =
                    Response::builder().header("content-type", "text/event-stream").body(body).unwrap();
                async move { Ok::<_, Infallible>(answer) }
            });
            tokio::spawn(async move {
                let mut builder = auto::Builder::new(TokioExecutor::new());
                builder.http2().max_concurrent_streams(2000);
                // A client may go when it likes.
                let _ = builder.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    })
}

struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(SERVE, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { address: line.trim().parse().unwrap(), process }
    }

    fn config(&self, path: &str) -> ClientConfig {
        ClientConfig::new(&format!("http://{}/{path}", self.address)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It ends with its input.
        let _ = self.process.wait();
    }
}

/// A response in the usual way: a task drives the connection.
async fn request(address: SocketAddr, path: &str) -> Response<Incoming> {
    let socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(format!("/{path}")).header("host", "bench").body(Empty::<Bytes>::new());
    sender.send_request(request.unwrap()).await.unwrap()
}

async fn chunk(response: &mut Response<Incoming>) -> Option<Bytes> {
    Some(response.frame().await?.unwrap().into_data().unwrap_or_default())
}

async fn floor(server: &Server, path: &str) -> usize {
    let mut response = request(server.address, path).await;
    let mut bytes = 0;
    while let Some(chunk) = chunk(&mut response).await {
        bytes += black_box(chunk).len();
    }
    bytes
}

async fn bare(server: &Server, path: &str) -> usize {
    let mut response = request(server.address, path).await;
    let mut parser = Parser::new();
    parser.show_comments(false);
    let mut events = 0;
    while let Some(chunk) = chunk(&mut response).await {
        let mut rest = &chunk[..];
        while let Some(item) = parser.next(&mut rest) {
            if let Item::Event(event) = item {
                black_box((event.data(), event.event(), event.id()));
                events += 1;
            }
        }
    }
    events
}

async fn bare_owned(server: &Server, path: &str) -> usize {
    let mut response = request(server.address, path).await;
    let mut parser = Parser::new();
    parser.show_comments(false);
    let mut events = 0;
    while let Some(chunk) = chunk(&mut response).await {
        let mut rest = &chunk[..];
        while let Some(event) = parser.next_event(&mut rest).expect("within the limits") {
            black_box(event);
            events += 1;
        }
    }
    events
}

/// A machine and the response that it has opened.
async fn opened(server: &Server, path: &str) -> (Client, Response<Incoming>) {
    let mut config = server.config(path);
    config.idle_timeout = Some(Duration::from_secs(45));
    let mut client = Client::new(config, 0);
    client.show_comments(false);
    let Action::Connect(_) = client.poll(Instant::now()) else { panic!("it begins by connecting") };
    let response = request(server.address, path).await;
    let verdict = client.on_response(Instant::now(), response.status(), response.headers());
    assert_eq!(verdict, Verdict::Open);
    (client, response)
}

/// The machine by itself, with its deadlines looked at after each chunk.
async fn machine(server: &Server, path: &str) -> usize {
    let (mut client, mut response) = opened(server, path).await;
    let mut events = 0;
    while let Some(chunk) = chunk(&mut response).await {
        let now = Instant::now();
        let mut rest = &chunk[..];
        while let Some(item) = client.on_bytes(now, &mut rest) {
            if let Item::Event(event) = item {
                black_box((event.data(), event.event(), event.id()));
                events += 1;
            }
        }
        assert!(matches!(client.poll(now), Action::Read { .. }));
    }
    events
}

/// The machine, for whoever keeps the events.
async fn machine_owned(server: &Server, path: &str) -> usize {
    let (mut client, mut response) = opened(server, path).await;
    let mut events = 0;
    while let Some(chunk) = chunk(&mut response).await {
        let now = Instant::now();
        let mut rest = &chunk[..];
        while let Some(event) = client.next_event(now, &mut rest).expect("within the limits") {
            black_box(event);
            events += 1;
        }
        assert!(matches!(client.poll(now), Action::Read { .. }));
    }
    events
}

async fn source(server: &Server, path: &str) -> usize {
    let mut config = server.config(path);
    config.idle_timeout = Some(Duration::from_secs(45));
    let mut source = EventSource::open(config);
    let mut events = 0;
    while let Some(signal) = source.next().await {
        match signal.unwrap() {
            Signal::Event(event) => {
                black_box(event);
                events += 1;
            }
            Signal::Waiting { .. } => break,
            _ => {}
        }
    }
    events
}

#[derive(Clone, Copy)]
enum Contender {
    Floor,
    Bare,
    Machine,
    BareOwned,
    MachineOwned,
    Source,
}

const CONTENDERS: [(&str, Contender); 6] = [
    ("frames alone", Contender::Floor),
    ("bare parser, lent", Contender::Bare),
    ("machine, lent", Contender::Machine),
    ("bare parser, owned", Contender::BareOwned),
    ("machine, owned", Contender::MachineOwned),
    ("EventSource, owned", Contender::Source),
];

fn run(runtime: &Runtime, server: &Server, path: &str, contender: Contender) -> usize {
    runtime.block_on(async {
        match contender {
            Contender::Floor => floor(server, path).await,
            Contender::Bare => bare(server, path).await,
            Contender::Machine => machine(server, path).await,
            Contender::BareOwned => bare_owned(server, path).await,
            Contender::MachineOwned => machine_owned(server, path).await,
            Contender::Source => source(server, path).await,
        }
    })
}

fn throughput(criterion: &mut Criterion) {
    let (runtime, server) = (runtime(), Server::start());
    let mut group = criterion.benchmark_group("sse_client");
    group.sample_size(20).throughput(Throughput::Bytes(STREAM as u64));
    for (path, _) in CORPORA {
        for (name, contender) in CONTENDERS {
            group.bench_function(BenchmarkId::new(name, path), |b| {
                b.iter(|| run(&runtime, &server, path, contender));
            });
        }
    }
    group.finish();
}

/// The seconds that this thread was on a processor, which do not grow when others are.
fn busy() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn ratios(runtime: &Runtime, server: &Server) {
    println!(
        "\nMB/s by the clock, then by this thread's processor time, the best of {ROUNDS} runs in turn; allocations an event"
    );
    let mut lines = Vec::new();
    for (path, _) in CORPORA {
        let counts = CONTENDERS.map(|(_, contender)| run(runtime, server, path, contender));
        assert!(counts[1..].iter().all(|&count| count == counts[1]), "{path}: {counts:?}");
        let mut least = [[f64::INFINITY; 2]; CONTENDERS.len()];
        for _ in 0..ROUNDS {
            for ((_, contender), least) in CONTENDERS.iter().zip(&mut least) {
                let (begun, was_busy) = (Instant::now(), busy());
                black_box(run(runtime, server, path, *contender));
                let took = [begun.elapsed().as_secs_f64(), busy() - was_busy];
                *least = [least[0].min(took[0]), least[1].min(took[1])];
            }
        }
        for ((name, contender), least) in CONTENDERS.iter().zip(&least) {
            let [clock, processor] = least.map(|time| STREAM as f64 / time / 1e6);
            let (_, allocated) = allocations(|| run(runtime, server, path, *contender));
            let an_event = allocated as f64 / counts[1] as f64;
            println!("{path:15} {name:20} {clock:8.0} {processor:8.0} {an_event:8.3}");
        }
        for (ours, beside) in [(2, 1), (4, 3), (5, 3)] {
            let by = |which: usize| least[ours][which] / least[beside][which];
            let verdict = if by(1) <= 1.10 { "" } else { "  ABOVE" };
            lines.push(format!(
                "ratio {path:15} {:20} over {:20} {:5.2} by the clock {:5.2} by processor time  target <= 1.10{verdict}",
                CONTENDERS[ours].0,
                CONTENDERS[beside].0,
                by(0),
                by(1),
            ));
        }
    }
    lines.iter().for_each(|line| println!("{line}"));
}

/// That many sources, each with its first event read; and how many connections they are on.
async fn open(server: &Server, connector: &Connector, count: usize) -> (Vec<EventSource>, usize) {
    let opening: Vec<_> = (0..count)
        .map(|_| {
            let mut source = EventSource::open_with(server.config("quiet"), connector.clone());
            tokio::spawn(async move {
                loop {
                    if let Signal::Event(event) = source.next().await.unwrap().unwrap() {
                        return (source, event.into_data());
                    }
                }
            })
        })
        .collect();
    let mut sources = Vec::with_capacity(count);
    let mut connections = std::collections::HashSet::new();
    for opening in opening {
        let (source, data) = opening.await.unwrap();
        assert_eq!(data, "x");
        // The id is the number of the connection.
        connections.insert(source.last_event_id().to_owned());
        sources.push(source);
    }
    (sources, connections.len())
}

fn memory(runtime: &Runtime, server: &Server) {
    const COUNT: usize = 1000;
    let line = |what: &str, bytes: usize, target: Option<usize>| {
        let verdict = target.map_or(String::new(), |target| {
            let verdict = if bytes <= target { "" } else { "  ABOVE" };
            format!("  target <= {target}{verdict}")
        });
        println!("bytes {what:60} {bytes:6}{verdict}");
    };
    println!();
    line("EventSource, on the stack", size_of::<EventSource>(), None);
    line("Client, on the stack", size_of::<Client>(), None);
    let mut clients = Vec::with_capacity(COUNT);
    let before = live();
    for _ in 0..COUNT {
        let now = Instant::now();
        let mut client = Client::new(server.config("quiet"), 0);
        drop(client.poll(now));
        let mut head = http::HeaderMap::new();
        head.insert("content-type", http::HeaderValue::from_static("text/event-stream"));
        assert_eq!(client.on_response(now, http::StatusCode::OK, &head), Verdict::Open);
        let mut rest = &b"id: 4711\nevent: tick\ndata: {}\n\n"[..];
        while client.on_bytes(now, &mut rest).is_some() {}
        clients.push(client);
    }
    let heap = (live() - before) / COUNT;
    line("Client, open, one event read: stack and heap", size_of::<Client>() + heap, Some(1024));
    drop(clients);
    runtime.block_on(async {
        for (name, connector, target) in [
            (
                "a source of 1000 on h2, one event read: stack and heap",
                Connector::tcp().http2(),
                Some(16 << 10),
            ),
            ("a source on a connection of its own (h1): stack and heap", Connector::tcp(), None),
        ] {
            let before = live();
            let (sources, connections) = open(server, &connector, COUNT).await;
            let held = (live() - before) / COUNT;
            line(name, held, target);
            println!("      on {connections} connection(s)");
            drop(sources);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

criterion_group!(group, throughput);

fn main() {
    if std::env::var_os(SERVE).is_some() {
        serve();
    }
    if !std::env::args().any(|argument| argument == "ratios") {
        group();
        Criterion::default().configure_from_args().final_summary();
    }
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let (runtime, server) = (runtime(), Server::start());
    ratios(&runtime, &server);
    memory(&runtime, &server);
}
