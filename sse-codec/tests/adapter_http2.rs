//! Many sources on few HTTP/2 connections: sharing, limits, windows, and connections that go away.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test has sockets, tasks and a clock")]

#[path = "rig/body.rs"]
mod body;

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use body::Stays;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Channel, channel::Sender, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sse_codec::{
    Event,
    client::{ClientConfig, Disconnect},
    tokio::{Connector, EventSource, Signal},
};
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpListener,
    task::{AbortHandle, JoinSet},
    time::timeout,
};

/// However busy the machine is.
const TOO_LONG: Duration = Duration::from_secs(60);

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Speaks HTTP/2 only. Counts its connections, and can cut each of them.
struct Server {
    address: SocketAddr,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
    _accepting: JoinSet<()>,
}

impl Server {
    async fn start(
        max_streams: u32,
        answer: impl Fn(Request<Incoming>) -> Answer + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::<Mutex<Vec<AbortHandle>>>::default();
        let kept = Arc::clone(&connections);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut serving = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let answer = answer.clone();
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer) }
                });
                let mut builder = http2::Builder::new(TokioExecutor::new());
                builder.max_concurrent_streams(max_streams);
                let connection = builder.serve_connection(TokioIo::new(stream), service);
                kept.lock().unwrap().push(serving.spawn(async move { drop(connection.await) }));
            }
        });
        Self { address, connections, _accepting: accepting }
    }

    fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }

    fn cut(&self, connection: usize) {
        self.connections.lock().unwrap()[connection].abort();
    }

    fn config(&self, path: &str) -> ClientConfig {
        let mut config = ClientConfig::new(&format!("http://{}{path}", self.address)).unwrap();
        config.backoff.base = Duration::from_millis(1);
        config.backoff.max = Duration::from_millis(10);
        config.limits.min_retry = Duration::from_millis(1);
        config
    }
}

fn stream(body: UnsyncBoxBody<Bytes, Infallible>) -> Answer {
    Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
}

/// One event with the request's path, and then nothing for good.
fn quiet(request: &Request<Incoming>) -> Answer {
    stream(Stays::new(format!("data: {}\n\n", request.uri().path()), &Arc::default()).boxed_unsync())
}

async fn signal(source: &mut EventSource) -> Signal {
    let next = timeout(TOO_LONG, source.next()).await;
    next.expect("a signal in time").expect("the stream goes on").expect("no failure")
}

/// The next event, whatever came before it.
async fn event(source: &mut EventSource) -> Event {
    loop {
        if let Signal::Event(event) = signal(source).await {
            return event;
        }
    }
}

/// That many sources, each with its first event read; they are opened at the same time.
async fn open(server: &Server, connector: &Connector, count: usize) -> Vec<EventSource> {
    let mut opening = JoinSet::new();
    for number in 0..count {
        let mut source = EventSource::open_with(server.config(&format!("/{number}")), connector.clone());
        opening.spawn(async move {
            assert_eq!(event(&mut source).await.data(), format!("/{number}"));
            source
        });
    }
    opening.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_sources_share_one_connection() {
    let server = Server::start(1000, |request| quiet(&request)).await;
    let sources = open(&server, &Connector::tcp().http2(), 300).await;
    assert_eq!((sources.len(), server.connections()), (300, 1));
}

#[tokio::test]
async fn another_connection_is_opened_where_the_server_allows_no_more_streams() {
    let server = Server::start(10, |request| quiet(&request)).await;
    let connector = Connector::tcp().http2();
    let mut sources = open(&server, &connector, 25).await;
    assert_eq!(server.connections(), 3);
    // A place that is given up is taken again.
    sources.truncate(5);
    sources.extend(open(&server, &connector, 5).await);
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn connectors_and_origins_do_not_share() {
    let server = Server::start(100, |request| quiet(&request)).await;
    let other = Server::start(100, |request| quiet(&request)).await;
    let connector = Connector::tcp().http2();
    let _one = open(&server, &connector, 3).await;
    let _two = open(&server, &Connector::tcp().http2(), 3).await;
    let _three = open(&other, &connector, 3).await;
    assert_eq!((server.connections(), other.connections()), (2, 1));
}

#[tokio::test]
async fn a_connection_ends_with_its_last_source() {
    let server = Server::start(100, |request| quiet(&request)).await;
    let connector = Connector::tcp().http2();
    let sources = open(&server, &connector, 3).await;
    drop(sources);
    let ended = async {
        while !server.connections.lock().unwrap()[0].is_finished() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TOO_LONG, ended).await.expect("the connection ends");
    let _sources = open(&server, &connector, 3).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn all_sources_of_a_lost_connection_come_back_on_one_new_one() {
    let server = Server::start(100, |request| quiet(&request)).await;
    let mut sources = open(&server, &Connector::tcp().http2(), 20).await;
    server.cut(0);
    for source in &mut sources {
        assert!(matches!(signal(source).await, Signal::Waiting { why: Disconnect::Error, .. }));
    }
    let mut reopening = JoinSet::new();
    for mut source in sources {
        reopening.spawn(async move {
            event(&mut source).await;
            source
        });
    }
    let sources = timeout(TOO_LONG, reopening.join_all()).await.expect("all come back");
    assert_eq!((sources.len(), server.connections()), (20, 2));
}

/// Sends events of 1 KiB for as long as they are taken, and counts them.
async fn flood(mut to: Sender<Bytes, Infallible>, sent: Arc<AtomicUsize>) {
    let event = Bytes::from(format!("data: {}\n\n", "x".repeat(1016)));
    while to.send(Frame::data(event.clone())).await.is_ok() {
        sent.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn sources_that_are_not_read_hold_up_neither_the_others_nor_much_memory() {
    const UNREAD: usize = 64;
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let server = Server::start(1000, move |request| {
        if request.uri().path() != "/flood" {
            return quiet(&request);
        }
        let (sender, body) = Channel::<Bytes, Infallible>::new(1);
        tokio::spawn(flood(sender, Arc::clone(&counted)));
        stream(body.boxed_unsync())
    });
    let server = server.await;
    let connector = Connector::tcp().http2();
    let mut unread = Vec::new();
    for _ in 0..UNREAD {
        let mut source = EventSource::open_with(server.config("/flood"), connector.clone());
        assert!(matches!(signal(&mut source).await, Signal::Open { .. }));
        unread.push(source);
    }
    // All of their windows are full when no more is taken from the server; 64 of them are more than the connection's first
    // window of 64 KiB, and more than the 5 MiB that hyper gives by default would be with windows of 2 MiB.
    let (mut before, mut still) = (0, 0);
    while still < 3 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = sent.load(Ordering::SeqCst);
        still = if now == before && now >= UNREAD * 50 { still + 1 } else { 0 };
        before = now;
    }
    // A window of 64 KiB each, and what waits in the server: one send buffer, one frame and one in the channel.
    assert!(before <= UNREAD * 600, "{before} events of 1 KiB");

    let mut others = open(&server, &connector, 10).await;
    for source in &mut others {
        source.restart();
        event(source).await;
    }
    assert_eq!(server.connections(), 1);
    // And those that were not read have lost nothing: they go on.
    for source in &mut unread {
        for _ in 0..100 {
            assert_eq!(event(source).await.data().len(), 1016);
        }
    }
}

#[tokio::test]
async fn a_connection_that_does_not_answer_is_not_used_again() {
    // The first connection says its settings and then nothing at all.
    let server = Server::start(100, |request| quiet(&request)).await;
    let target = server.address;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut accepting = JoinSet::new();
    accepting.spawn(async move {
        let (mut mute, _) = listener.accept().await.unwrap();
        mute.write_all(b"\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let mut others = JoinSet::new();
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            others.spawn(async move {
                let mut real = tokio::net::TcpStream::connect(target).await.unwrap();
                // Whichever side ends first ends both.
                drop(tokio::io::copy_bidirectional(&mut client, &mut real).await);
            });
        }
    });
    let mut config = server.config("/found");
    let mut url = ClientConfig::new(&format!("http://{address}/found")).unwrap();
    std::mem::swap(&mut config, &mut url);
    config.backoff = url.backoff;
    config.limits.min_retry = Duration::from_millis(1);
    config.limits.response_timeout = Some(Duration::from_millis(500));
    let mut source = EventSource::open_with(config, Connector::tcp().http2());
    assert!(matches!(signal(&mut source).await, Signal::Waiting { why: Disconnect::Timeout, .. }));
    assert_eq!(event(&mut source).await.data(), "/found");
}

#[tokio::test]
async fn a_server_that_speaks_no_http2_is_an_error_and_not_a_hang() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut accepting = JoinSet::new();
    accepting.spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await.unwrap();
        }
    });
    let config = ClientConfig::new(&format!("http://{address}/")).unwrap();
    let mut source = EventSource::open_with(config, Connector::tcp().http2());
    assert!(matches!(signal(&mut source).await, Signal::Waiting { why: Disconnect::Error, .. }));
}
