//! A hostile HTTP/2 peer before a server of WebSockets: whatever it sends, the server says only what is well formed, refuses in the form of
//! HTTP/2, holds a bounded amount of memory, and every task of it ends once the peer is gone.
#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use ws_frame::Config;
use ws_frame::deflate::Deflate;
use ws_frame::h2::{Incoming, Server, Stream};
use ws_frame::handshake::{Origins, Policy};
use ws_frame::tokio::WebSocket;

/// Counts the bytes that are held.
struct Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);
static MOST: AtomicIsize = AtomicIsize::new(0);

// SAFETY: each call is passed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() as isize;
        MOST.fetch_max(HELD.fetch_add(size, Ordering::Relaxed) + size, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What an input of 4 KiB makes the server hold at most, with what it says to it: messages are cut short at 16 KiB, and no more than some
/// forty sockets can be given one.
const MAX_HELD: isize = 16 << 20;

/// Of virtual time, which passes only while nothing else can be done: whoever waits so long waits for ever.
const FOR_EVER: Duration = Duration::from_secs(3600);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Arbitrary, Debug)]
struct Peer {
    /// Whether it begins as RFC 9113 §3.4 says.
    greets: bool,
    /// Whether it reads what is said to it.
    reads: bool,
    deflate: bool,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    /// Opens a stream: a good request but for what the bits say.
    Open { stream: u8, wrong: u8, end: bool },
    /// A frame of a WebSocket in a DATA frame, cut anywhere.
    Message { stream: u8, first: u8, masked: bool, payload: Vec<u8>, cut: u8, end: bool },
    Data { stream: u8, payload: Vec<u8>, end: bool },
    Reset { stream: u8, code: u8 },
    Window { stream: u8, by: u32 },
    Setting { id: u8, value: u32 },
    Ping([u8; 8]),
    GoAway { last: u8, code: u8 },
    /// Any frame at all.
    Frame { kind: u8, flags: u8, stream: u32, payload: Vec<u8> },
    /// Bytes that are no frame.
    Raw(Vec<u8>),
    /// Says nothing for so many seconds.
    Wait(u8),
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// Streams of a client are odd.
fn id(stream: u8) -> u32 {
    u32::from(stream % 64) * 2 + 1
}

/// A field as RFC 7541 §6.2.2 writes it, neither indexed nor compressed.
fn field(name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(0);
    for text in [name, value] {
        out.push(text.len() as u8 & 0x7f);
        out.extend_from_slice(text.as_bytes());
    }
}

fn request(wrong: u8) -> Vec<u8> {
    let mut block = Vec::new();
    field(":method", if wrong & 1 == 0 { "CONNECT" } else { "GET" }, &mut block);
    field(":scheme", "https", &mut block);
    if wrong & 2 == 0 {
        field(":path", "/chat", &mut block);
    }
    field(":authority", "a.example", &mut block);
    if wrong & 1 == 0 {
        field(":protocol", if wrong & 4 == 0 { "websocket" } else { "webtransport" }, &mut block);
    }
    field("sec-websocket-version", if wrong & 8 == 0 { "13" } else { "8" }, &mut block);
    field("origin", if wrong & 16 == 0 { "https://a.example" } else { "https://b.example" }, &mut block);
    if wrong & 32 == 0 {
        field("sec-websocket-extensions", "permessage-deflate", &mut block);
    }
    if wrong & 64 != 0 {
        field("sec-websocket-protocol", "a,,a", &mut block);
    }
    if wrong & 128 != 0 {
        field("content-length", "5", &mut block);
    }
    block
}

impl Step {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Step::Open { stream, wrong, end } => frame(1, 4 | u8::from(*end), id(*stream), &request(*wrong), out),
            Step::Message { stream, first, masked, payload, cut, end } => {
                let payload = &payload[..payload.len().min(125)];
                let mut message = vec![*first, (u8::from(*masked) << 7) | payload.len() as u8];
                let key = if *masked { [1, 2, 3, 4] } else { [0; 4] };
                if *masked {
                    message.extend_from_slice(&key);
                }
                message.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
                let (front, back) = message.split_at(usize::from(*cut).min(message.len()));
                frame(0, 0, id(*stream), front, out);
                frame(0, u8::from(*end), id(*stream), back, out);
            }
            Step::Data { stream, payload, end } => frame(0, u8::from(*end), id(*stream), payload, out),
            Step::Reset { stream, code } => frame(3, 0, id(*stream), &u32::from(*code).to_be_bytes(), out),
            Step::Window { stream, by } => {
                let stream = if *stream == 0 { 0 } else { id(*stream) };
                frame(8, 0, stream, &by.to_be_bytes(), out);
            }
            Step::Setting { id, value } => {
                let mut setting = vec![0, *id];
                setting.extend_from_slice(&value.to_be_bytes());
                frame(4, 0, 0, &setting, out);
            }
            Step::Ping(body) => frame(6, 0, 0, body, out),
            Step::GoAway { last, code } => {
                let body = [u32::from(*last).to_be_bytes(), u32::from(*code).to_be_bytes()].concat();
                frame(7, 0, 0, &body, out);
            }
            Step::Frame { kind, flags, stream, payload } => frame(*kind, *flags, *stream, payload, out),
            Step::Raw(bytes) => out.extend_from_slice(bytes),
            Step::Wait(_) => {}
        }
    }
}

/// What the server said about one stream.
#[derive(Default)]
struct Said {
    refused: bool,
    ended: bool,
    data: Vec<u8>,
}

/// Reads what the server said, whole frames of it, and holds it to RFC 9113.
fn check(mut said: &[u8], deflate: bool) {
    let mut streams: HashMap<u32, Said> = HashMap::new();
    let mut first = true;
    while let Some((head, rest)) = said.split_first_chunk::<9>() {
        let &[a, b, c, kind, flags, ref stream @ ..] = head;
        let stream = u32::from_be_bytes(*stream);
        let Some(payload) = rest.get(..u32::from_be_bytes([0, a, b, c]) as usize) else { break };
        said = &rest[payload.len()..];
        // §3.4: its SETTINGS come first, or the refusal of a peer that does not speak HTTP/2.
        assert!(!first || (kind == 4 && flags & 1 == 0) || kind == 7, "begins with frame {kind}");
        first = false;
        assert_eq!(stream >> 31, 0);
        match kind {
            0 | 1 => {
                assert_eq!(stream % 2, 1, "a stream that no client opens");
                let known = streams.contains_key(&stream);
                assert_eq!(known, kind == 0, "one head, before any data");
                let told = streams.entry(stream).or_default();
                assert!(!told.ended, "more after the end");
                told.ended = flags & 1 != 0;
                if kind == 0 {
                    told.data.extend_from_slice(payload);
                } else {
                    // RFC 7541 §6.3: sizes of the table come first. Then `:status`, for 200 an index.
                    let mut block = payload;
                    while let [0x20..=0x3f, rest @ ..] = block {
                        let long = if block[0] == 0x3f { rest.iter().take_while(|byte| **byte >= 0x80).count() + 1 } else { 0 };
                        block = &rest[long..];
                    }
                    told.refused = block.first() != Some(&0x88);
                }
            }
            4 => assert!(stream == 0 && payload.len() % 6 == 0),
            6 => assert!(stream == 0 && payload.len() == 8),
            7 => assert!(stream == 0 && payload.len() >= 8),
            3 | 8 => assert_eq!(payload.len(), 4),
            other => panic!("the server sends frame {other}"),
        }
    }
    for told in streams.values() {
        if told.refused {
            assert!(told.data.is_empty() || std::str::from_utf8(&told.data).is_ok(), "a refusal says why, in text");
        } else {
            frames_of_a_server(&told.data, deflate);
        }
    }
}

/// What goes out on an open socket is frames that are not masked, with lengths as short as they can be (RFC 6455 §5.2).
fn frames_of_a_server(mut data: &[u8], deflate: bool) {
    while let [first, second, rest @ ..] = data {
        assert!(matches!(first & 0x0f, 0 | 1 | 2 | 8 | 9 | 10), "opcode of {first:x}");
        assert_eq!(first & if deflate { 0x30 } else { 0x70 }, 0);
        let (len, rest) = match (*second, rest) {
            (len @ ..=125, rest) => (u64::from(len), rest),
            (126, [a, b, rest @ ..]) => {
                let len = u16::from_be_bytes([*a, *b]);
                assert!(len > 125);
                (u64::from(len), rest)
            }
            (126, _) => return,
            (127, rest) => match rest.split_first_chunk() {
                Some((len, rest)) => {
                    let len = u64::from_be_bytes(*len);
                    assert!(len > 0xffff);
                    (len, rest)
                }
                None => return,
            },
            (128.., _) => panic!("masked"),
        };
        match rest.get(len as usize..) {
            Some(rest) => data = rest,
            None => return,
        }
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config.limits.max_frame = 16 * 1024;
    config.limits.max_message = 16 * 1024;
    config.limits.max_buffered = 64 * 1024;
    config
}

async fn echo(mut ws: WebSocket<Stream>) {
    while let Some(Ok(message)) = ws.recv().await {
        assert!(message.len() <= 16 * 1024);
        if ws.send(message).await.is_err() {
            break;
        }
    }
}

/// Opens what the policy accepts, and refuses the rest.
fn answer(incoming: Incoming, policy: &Policy, sockets: &mut JoinSet<()>) {
    match incoming.decide(policy) {
        Ok(accepted) => {
            assert_eq!((incoming.request().method(), accepted.response.status().as_u16()), (&http::Method::CONNECT, 200));
            if let Ok(ws) = incoming.open(&accepted, config()) {
                sockets.spawn(echo(ws));
            }
        }
        Err(rejection) => {
            let response = rejection.to_connect_response();
            assert!(response.status().is_client_error() || response.status() == 501);
            assert!(!response.headers().contains_key("upgrade") && !response.headers().contains_key("connection"));
            assert!(!response.body().is_empty());
            let _ = incoming.respond(response);
        }
    }
}

async fn serve(io: DuplexStream, policy: Policy) {
    let mut sockets = JoinSet::new();
    if let Ok(mut server) = Server::open(io).await {
        while let Some(Ok(incoming)) = server.accept().await {
            answer(incoming, &policy, &mut sockets);
            while let Some(ended) = sockets.try_join_next() {
                ended.expect("no socket panics");
            }
        }
    }
    while let Some(ended) = sockets.join_next().await {
        ended.expect("no socket panics");
    }
}

async fn run(peer: Peer) {
    let (ours, theirs) = tokio::io::duplex(4096);
    let (mut from, mut to) = tokio::io::split(ours);
    let mut policy = Policy::new().origins(Origins::same()).subprotocols(["a"]).expect("a token");
    if peer.deflate {
        policy = policy.deflate(Deflate::default());
    }
    let serving = tokio::spawn(serve(theirs, policy));
    let reads = peer.reads;
    let (done, mut over) = tokio::sync::oneshot::channel::<()>();
    let reading = tokio::spawn(async move {
        let mut said = Vec::new();
        if reads {
            // Until the server has ended, or the peer goes.
            tokio::select! {
                _ = from.read_to_end(&mut said) => {}
                _ = &mut over => {}
            }
        } else {
            let _ = (&mut over).await;
        }
        said
    });
    let mut out = Vec::new();
    if peer.greets {
        out.extend_from_slice(PREFACE);
        frame(4, 0, 0, &[], &mut out);
    }
    for step in &peer.steps {
        step.write(&mut out);
        let gone = match timeout(FOR_EVER, to.write_all(&out)).await {
            Ok(written) => written.is_err(),
            Err(_) if reads => panic!("the server reads no more from a peer that reads"),
            Err(_) => true,
        };
        if gone {
            break;
        }
        out.clear();
        if let Step::Wait(seconds) = step {
            sleep(Duration::from_secs(u64::from(*seconds))).await;
        }
    }
    // What it has to say to all that, it says while nothing else comes.
    sleep(Duration::from_millis(1)).await;
    drop(done);
    let said = reading.await.expect("the reader does not panic");
    drop(to);
    timeout(FOR_EVER, serving).await.expect("the server ends after its peer").expect("the server does not panic");
    check(&said, peer.deflate);
}

static RUNTIME: LazyLock<std::sync::Mutex<Runtime>> = LazyLock::new(|| {
    std::sync::Mutex::new(Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime"))
});

fuzz_target!(|peer: Peer| {
    let runtime = RUNTIME.lock().expect("a panic ends the run");
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    runtime.block_on(run(peer));
    let held = MOST.load(Ordering::Relaxed) - before;
    assert!(held < MAX_HELD, "{held} bytes were held");
});
