//! What the adapter adds to the machine over HTTP/1.1: one connection at a time, tokens, comments, marks.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test has sockets, tasks and a clock")]

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use sse_codec::{
    OnOverflow,
    client::{ClientConfig, Disconnect, Ended, Mark, ResumeBy, Resumed},
    tokio::{Connector, EventSource, Io, Signal},
};
use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
        ReadBuf,
    },
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::timeout,
};

/// However busy the machine is.
const TOO_LONG: Duration = Duration::from_secs(60);

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

/// Answers each connection with the next text of its script, by hand: a text that ends in `…` keeps the connection open.
struct Server {
    url: String,
    requests: mpsc::UnboundedReceiver<String>,
    open: Arc<AtomicUsize>,
    _accepting: JoinSet<()>,
}

impl Server {
    async fn start(script: impl IntoIterator<Item = String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (asking, requests) = mpsc::unbounded_channel();
        let script = Arc::new(Mutex::new(VecDeque::from_iter(script)));
        let open = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&open);
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (asking, script, counted) = (asking.clone(), Arc::clone(&script), Arc::clone(&counted));
                connections.spawn(async move {
                    counted.fetch_add(1, Ordering::SeqCst);
                    // A client may hang up in the middle of anything.
                    drop(answer(socket, &asking, &script).await);
                    counted.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { url, requests, open, _accepting: accepting }
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new(&self.url).unwrap();
        config.backoff.base = Duration::from_millis(1);
        config.limits.min_retry = Duration::from_millis(1);
        config
    }

    /// The head and body of the next request, in small letters.
    async fn request(&mut self) -> String {
        timeout(TOO_LONG, self.requests.recv()).await.expect("a request in time").unwrap()
    }
}

async fn answer(
    socket: TcpStream,
    asking: &mpsc::UnboundedSender<String>,
    script: &Mutex<VecDeque<String>>,
) -> io::Result<()> {
    let mut socket = BufReader::new(socket);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if socket.read_line(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let mut request = request.to_lowercase();
    if let Some((_, length)) = request.split_once("content-length: ") {
        let mut body = vec![0; length.split_once("\r\n").unwrap().0.parse().unwrap()];
        socket.read_exact(&mut body).await?;
        request.push_str(str::from_utf8(&body).unwrap());
    }
    asking.send(request).unwrap();
    let text = script.lock().unwrap().pop_front().expect("no more requests than scripted");
    let stays = text.strip_suffix('…');
    socket.write_all(stays.unwrap_or(&text).as_bytes()).await?;
    if stays.is_some() {
        socket.read_to_end(&mut Vec::new()).await?;
    }
    Ok(())
}

fn streams<const N: usize>(texts: [&str; N]) -> [String; N] {
    texts.map(|text| format!("{HEAD}{text}"))
}

async fn signal(source: &mut EventSource) -> Signal {
    let next = timeout(TOO_LONG, source.next()).await;
    next.expect("a signal in time").expect("the stream goes on").expect("no failure")
}

/// The next signal that is neither an opening nor a wait.
async fn news(source: &mut EventSource) -> Signal {
    loop {
        match signal(source).await {
            Signal::Open { .. } | Signal::Waiting { .. } => {}
            other => return other,
        }
    }
}

fn mark(signal: &Signal) -> (&str, Mark) {
    match signal {
        Signal::Event(event) => (event.data(), Mark::New),
        Signal::Duplicate(event) => (event.data(), Mark::Duplicate),
        Signal::Gap(event) => (event.data(), Mark::Gap),
        other => panic!("{other:?} where an event was due"),
    }
}

#[tokio::test]
async fn gaps_and_duplicates_are_signals_of_their_own() {
    let texts = [
        "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n",
        "event: reset\ndata: gap\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\n…",
    ];
    let server = Server::start(streams(texts)).await;
    let mut config = server.config().reset_event("reset").unwrap();
    config.remember_ids = 16;
    let mut source = EventSource::open(config);
    assert_eq!(signal(&mut source).await, Signal::Open { resumed: Resumed::Fresh });
    for expected in [("1", Mark::New), ("2", Mark::New)] {
        assert_eq!(mark(&news(&mut source).await), expected);
    }
    assert!(matches!(signal(&mut source).await, Signal::Waiting { why: Disconnect::End, .. }));
    assert_eq!(signal(&mut source).await, Signal::Open { resumed: Resumed::Asked });
    for expected in [("gap", Mark::Gap), ("2", Mark::Duplicate), ("3", Mark::New)] {
        assert_eq!(mark(&news(&mut source).await), expected);
    }
}

#[tokio::test]
async fn comments_are_given_out_when_asked_for() {
    let text = ": one\n\ndata: x\n\n:two\n\ndata: y\n\n…";
    let server = Server::start(streams([text, text])).await;
    let mut source = EventSource::open(server.config()).with_comments();
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(match news(&mut source).await {
            Signal::Comment(text) => format!("# {text}"),
            Signal::Event(event) => event.into_data(),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen, ["# one", "x", "# two", "y"]);
    let mut source = EventSource::open(server.config());
    for expected in ["x", "y"] {
        assert_eq!(mark(&news(&mut source).await), (expected, Mark::New));
    }
}

#[tokio::test]
async fn a_token_is_asked_for_before_each_attempt() {
    let mut server = Server::start(streams(["data: 1\n\n", "data: 2\n\n…"])).await;
    let mut number = 0;
    let mut source = EventSource::open(server.config()).token(move || {
        number += 1;
        async move {
            tokio::task::yield_now().await;
            format!("Bearer {number}").parse().map_err(io::Error::other)
        }
    });
    for expected in ["1", "2"] {
        assert_eq!(mark(&news(&mut source).await), (expected, Mark::New));
        assert!(server.request().await.contains(&format!("\r\nauthorization: bearer {expected}\r\n")));
    }
}

#[tokio::test]
async fn no_token_is_a_failed_attempt() {
    let mut server = Server::start(streams(["data: x\n\n…"])).await;
    let mut attempts = 0;
    let mut source = EventSource::open(server.config()).token(move || {
        attempts += 1;
        let token =
            if attempts < 3 { Err(io::Error::other("not yet")) } else { Ok("Bearer t".parse().unwrap()) };
        async { token }
    });
    for _ in 0..2 {
        assert!(matches!(signal(&mut source).await, Signal::Waiting { why: Disconnect::Error, .. }));
    }
    assert_eq!(mark(&news(&mut source).await), ("x", Mark::New));
    assert!(server.request().await.contains("authorization: bearer t"));
}

#[tokio::test]
async fn the_time_for_a_response_includes_the_token() {
    let server = Server::start(streams([])).await;
    let mut config = server.config();
    config.limits.response_timeout = Some(Duration::from_millis(20));
    config.limits.max_attempts = Some(2);
    let mut source = EventSource::open(config).token(std::future::pending);
    assert!(matches!(signal(&mut source).await, Signal::Waiting { why: Disconnect::Timeout, .. }));
    let ended = timeout(TOO_LONG, source.next()).await.expect("an end in time");
    assert_eq!(ended, Some(Err(Ended::Attempts { max: 2 })));
}

#[tokio::test]
async fn neither_token_nor_hook_reaches_another_origin() {
    let mut target = Server::start(streams(["data: x\n\n…"])).await;
    let moved = format!("HTTP/1.1 308 Moved\r\nlocation: {}there\r\ncontent-length: 0\r\n\r\n", target.url);
    let mut server = Server::start([moved]).await;
    let mut source = EventSource::open(server.config())
        .token(|| async { Ok("Bearer secret".parse().unwrap()) })
        .before_attempt(|headers| drop(headers.insert("x-key", "secret".parse().unwrap())));
    assert_eq!(mark(&news(&mut source).await), ("x", Mark::New));
    let home = server.request().await;
    assert!(home.contains("authorization: bearer secret") && home.contains("x-key: secret"));
    let away = target.request().await;
    assert!(away.starts_with("get /there http/1.1\r\n") && !away.contains("secret"), "{away}");
}

#[tokio::test]
async fn restarting_again_and_again_leaves_one_connection() {
    const RESTARTS: usize = 30;
    let server = Server::start(vec![format!("{HEAD}data: x\n\n…"); RESTARTS + 1]).await;
    let mut source = EventSource::open(server.config());
    for _ in 0..RESTARTS {
        assert_eq!(mark(&news(&mut source).await), ("x", Mark::New));
        source.restart();
    }
    assert_eq!(mark(&news(&mut source).await), ("x", Mark::New));
    let one = async {
        while server.open.load(Ordering::SeqCst) != 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TOO_LONG, one).await.expect("the others are gone");
    drop(source);
    let none = async {
        while server.open.load(Ordering::SeqCst) != 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TOO_LONG, none).await.expect("dropping it closes the last one");
}

#[tokio::test]
async fn mcp_a_posted_stream_is_resumed_by_get() {
    let mut server = Server::start(streams([
        "id: a/0\nretry: 1\n\n",
        "id: a/1\ndata: result\n\n",
        "id: a/2\ndata: last\n\n…",
    ]))
    .await;
    let mut config = server.config();
    config.method = http::Method::POST;
    config.body = "{\"call\":1}".into();
    config.resume_by = ResumeBy::Get;
    let mut source = EventSource::open(config);
    for expected in ["result", "last"] {
        assert_eq!(mark(&news(&mut source).await), (expected, Mark::New));
    }
    let first = server.request().await;
    assert!(
        first.starts_with("post / ")
            && first.ends_with("\r\n\r\n{\"call\":1}")
            && !first.contains("last-event-id")
    );
    for id in ["a/0", "a/1"] {
        let next = server.request().await;
        assert!(next.starts_with("get / ") && next.contains(&format!("last-event-id: {id}\r\n")), "{next}");
        assert!(next.ends_with("\r\n\r\n"), "no body");
    }
}

#[tokio::test]
async fn a_huge_id_and_one_beyond_ascii_come_back_whole() {
    let id = format!("é{}", "9".repeat(4000));
    let texts = [format!("{HEAD}id: {id}\ndata: 1\n\n"), format!("{HEAD}data: 2\n\n…")];
    let mut server = Server::start(texts).await;
    let mut config = server.config();
    config.parser.max_id = 1 << 20;
    let mut source = EventSource::open(config);
    for expected in ["1", "2"] {
        assert_eq!(mark(&news(&mut source).await), (expected, Mark::New));
    }
    server.request().await;
    assert!(server.request().await.contains(&format!("last-event-id: {id}\r\n")));
}

#[tokio::test]
async fn a_restart_may_begin_elsewhere() {
    let mut server = Server::start(streams(["id: 9\ndata: 9\n\n…", "data: 4\n\n…"])).await;
    let mut source = EventSource::open(server.config());
    assert_eq!(mark(&news(&mut source).await), ("9", Mark::New));
    assert_eq!(source.last_event_id(), "9");
    source.set_last_event_id(&"3".parse().unwrap());
    source.restart();
    assert_eq!(mark(&news(&mut source).await), ("4", Mark::New));
    server.request().await;
    assert!(server.request().await.contains("last-event-id: 3\r\n"));
}

/// A source on a pipe, whose other end has been asked and has answered with a stream's head.
async fn piped(config: ClientConfig) -> (EventSource, tokio::io::DuplexStream) {
    let (near, mut far) = tokio::io::duplex(1024);
    let near = Mutex::new(Some(near));
    let connector = Connector::new(move |_| {
        let near = near.lock().unwrap().take().expect("one connection");
        async move { Ok(Box::new(near) as Box<dyn Io>) }
    });
    let mut source = EventSource::open_with(config, connector);
    let serve = async {
        let mut request = vec![0; 1024];
        let length = far.read(&mut request).await.unwrap();
        assert!(request[..length].ends_with(b"\r\n\r\n"));
        far.write_all(HEAD.as_bytes()).await.unwrap();
    };
    let (opened, ()) = tokio::join!(source.next(), serve);
    assert!(matches!(opened, Some(Ok(Signal::Open { .. }))));
    (source, far)
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_its_time_is_no_silent_server() {
    let mut config = ClientConfig::new("http://home.example/").unwrap();
    config.idle_timeout = Some(Duration::from_secs(45));
    let (mut source, mut far) = piped(config).await;
    far.write_all(b"data: 1\n\n").await.unwrap();
    assert_eq!(mark(&signal(&mut source).await), ("1", Mark::New));
    far.write_all(b"data: 2\n\n").await.unwrap();
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(mark(&signal(&mut source).await), ("2", Mark::New));
    let silence = timeout(Duration::from_secs(46), source.next()).await.expect("45 s of silence");
    assert!(matches!(silence, Some(Ok(Signal::Waiting { why: Disconnect::Idle, .. }))));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_over_at_once_is_told_too() {
    let mut config = ClientConfig::new("http://home.example/").unwrap();
    config.backoff.base = Duration::ZERO;
    config.limits.min_retry = Duration::ZERO;
    let (mut source, far) = piped(config).await;
    drop(far);
    let told = Signal::Waiting { wait: Duration::ZERO, why: Disconnect::End };
    assert_eq!(signal(&mut source).await, told);
}

/// A server that has always more to say, once it was asked.
struct Endless {
    head: &'static [u8],
    block: &'static [u8],
    reads: usize,
    is_asked: bool,
    waiting: Option<Waker>,
}

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.is_asked {
            self.waiting = Some(context.waker().clone());
            return Poll::Pending;
        }
        self.reads += 1;
        assert!(self.reads < 1000, "what a limit has ended is read on and on");
        let head = std::mem::take(&mut self.head);
        buffer.put_slice(if head.is_empty() { self.block } else { head });
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.is_asked = true;
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_a_limit_ended_is_left_however_much_is_sent() {
    let mut config = ClientConfig::new("http://home.example/").unwrap();
    config.parser.max_data = 4;
    config.parser.on_overflow = OnOverflow::Terminate;
    let connector = Connector::new(|_| async {
        let (head, block) = (HEAD.as_bytes(), b"data: too much\n\n");
        let endless = Endless { head, block, reads: 0, is_asked: false, waiting: None };
        Ok(Box::new(endless) as Box<dyn Io>)
    });
    let mut source = EventSource::open_with(config, connector);
    for _ in 0..2 {
        assert!(matches!(signal(&mut source).await, Signal::Open { .. }));
        assert!(matches!(signal(&mut source).await, Signal::Dropped(_)));
        assert!(matches!(signal(&mut source).await, Signal::Waiting { why: Disconnect::Limit, .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_source_ends_however_much_is_sent() {
    let (mut source, mut far) = piped(ClientConfig::new("http://home.example/").unwrap()).await;
    let flood = async {
        // It ends with the source's side of the pipe.
        while far.write_all(b"data: x\n\n").await.is_ok() {}
    };
    let read = async {
        for _ in 0..500 {
            assert_eq!(mark(&signal(&mut source).await), ("x", Mark::New));
        }
        source.close();
        assert_eq!(source.next().await, None);
        drop(source);
    };
    tokio::join!(flood, read);
}
