//! What the tests share: a service on a free port, a plain HTTP client, a receiver of webhooks.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests open sockets and wait")]

pub(crate) mod grpc;
pub(crate) mod mutants;
pub(crate) mod soap;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use showcase::{Config, Running, Showcase};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

pub(crate) const TOKEN: (&str, &str) = ("authorization", "Bearer abc123");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// A configuration on a free port, in memory, that does not wait long for anything.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.addr = SocketAddr::from(([127, 0, 0, 1], 0));
    config.data = None;
    config.schedule = [0, 50, 100].map(Duration::from_millis).to_vec();
    config.drain = Duration::from_secs(2);
    config
}

pub(crate) async fn start() -> Running {
    Showcase::start(config()).await.expect("starts")
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// Asserts that this is a problem document (RFC 9457) of this status.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let value = self.json();
        assert_eq!(value["status"], status, "{value}");
        assert!(value["title"].as_str().is_some_and(|t| !t.is_empty()), "{value}");
        value
    }
}

/// One request on a connection of its own.
pub(crate) async fn send(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Reply {
    let mut request = Request::builder().method(method).uri(path).header("host", addr.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).unwrap();
    let socket = TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.unwrap();
    let driver = tokio::spawn(connection);
    let response = timeout(PATIENCE, sender.send_request(request)).await.expect("an answer in time").unwrap();
    let (parts, body) = response.into_parts();
    let body = timeout(PATIENCE, body.collect()).await.expect("a body in time").unwrap().to_bytes();
    driver.abort();
    Reply { status: parts.status, headers: parts.headers, body }
}

pub(crate) async fn get(addr: SocketAddr, path: &str) -> Reply {
    send(addr, "GET", path, &[], "").await
}

pub(crate) async fn post(addr: SocketAddr, path: &str, body: &Value) -> Reply {
    send(addr, "POST", path, &[TOKEN, JSON], body.to_string()).await
}

/// Creates a user by REST; gives its id.
pub(crate) async fn create_user(addr: SocketAddr, name: &str, email: &str) -> i64 {
    let reply = post(addr, "/users", &json!({ "name": name, "email": email })).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{reply:?}");
    reply.json()["id"].as_i64().unwrap()
}

/// Waits until a condition holds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not come true in 10 s");
}

/// A server that takes webhooks down and answers with the statuses it was told, 204 when it was told none.
pub(crate) struct Sink {
    pub(crate) addr: SocketAddr,
    answers: Arc<Mutex<VecDeque<u16>>>,
    taken: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
}

impl Sink {
    pub(crate) async fn start() -> Sink {
        Sink::start_on(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub(crate) async fn start_on(addr: SocketAddr) -> Sink {
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let (take, taken) = mpsc::unbounded_channel();
        let plan = Arc::clone(&answers);
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (take, plan) = (take.clone(), Arc::clone(&plan));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (take, plan) = (take.clone(), Arc::clone(&plan));
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body.collect().await.unwrap().to_bytes();
                        let status = plan.lock().unwrap().pop_front().unwrap_or(204);
                        let _ = take.send((parts.headers, body));
                        let mut response = Response::new(Full::new(Bytes::new()));
                        *response.status_mut() = StatusCode::from_u16(status).unwrap();
                        Ok::<_, Infallible>(response)
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(socket), service),
                );
            }
        });
        Sink { addr, answers, taken }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.addr)
    }

    /// The next statuses it answers with.
    pub(crate) fn answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.answers.lock().unwrap().extend(statuses);
    }

    /// The next request.
    pub(crate) async fn take(&mut self) -> (HeaderMap, Bytes) {
        timeout(PATIENCE, self.taken.recv()).await.expect("a webhook in time").unwrap()
    }

    /// Asserts that none comes for a while.
    pub(crate) async fn quiet(&mut self, wait: Duration) {
        if let Ok(Some((headers, body))) = timeout(wait, self.taken.recv()).await {
            panic!("one too many: {headers:?} {body:?}");
        }
    }
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// An open event stream, read with the crate's own parser.
pub(crate) struct Events {
    body: Incoming,
    parser: sse_codec::Parser,
    buffer: bytes::BytesMut,
    driver: tokio::task::JoinHandle<hyper::Result<()>>,
}

impl Events {
    /// Opens `path`; the answer has to be a stream.
    pub(crate) async fn open(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Events {
        let mut request = Request::builder()
            .uri(path)
            .header("host", addr.to_string())
            .header("accept", "text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::new())).unwrap();
        let socket = TcpStream::connect(addr).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.unwrap();
        let driver = tokio::spawn(connection);
        let response =
            timeout(PATIENCE, sender.send_request(request)).await.expect("an answer in time").unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{response:?}");
        let media_type = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(media_type.split(';').next(), Some("text/event-stream"));
        Events {
            body: response.into_body(),
            parser: sse_codec::Parser::new(),
            buffer: bytes::BytesMut::new(),
            driver,
        }
    }

    /// The next event; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<sse_codec::Event> {
        loop {
            if let Some(event) = self.parser.decode(&mut self.buffer).expect("within the limits") {
                return Some(event);
            }
            match timeout(PATIENCE, self.body.frame()).await.expect("an event in time") {
                Some(Ok(frame)) => self.buffer.extend_from_slice(frame.data_ref().map_or(&[][..], |d| d)),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next event of a type.
    pub(crate) async fn next_of(&mut self, kind: &str) -> sse_codec::Event {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.event() == kind {
                return event;
            }
        }
    }

    /// Asserts that no event comes for a while.
    pub(crate) async fn quiet(&mut self, wait: Duration) {
        if let Ok(event) = timeout(wait, self.next()).await {
            panic!("one too many: {event:?}");
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A folder of its own, removed at the end.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let n = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path =
            std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{n}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Sends bytes as they are and gives what comes back until the end or the time is over.
pub(crate) async fn raw(addr: SocketAddr, bytes: &[u8], wait: Duration) -> Vec<u8> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = TcpStream::connect(addr).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(wait, async { while socket.read_buf(&mut answer).await.is_ok_and(|n| n > 0) {} }).await;
    answer
}

/// The default of `--inbound-secret`.
pub(crate) const INBOUND_SECRET: &str = "whsec_b2N0YXZvLWRlbW8taW5ib3VuZC1zZWNyZXQtMDAwMDE=";

/// A message with its signature.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) scheme: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

/// Signs by Standard Webhooks.
pub(crate) fn signed(body: &[u8]) -> Signed {
    signed_by("standard", body)
}

/// Signs by any scheme, with the default secret and an id of its own.
pub(crate) fn signed_by(scheme: &str, body: &[u8]) -> Signed {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let id = format!("msg_{}", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let ring = ring(scheme, INBOUND_SECRET);
    let headers = ring.signer(scheme.parse().unwrap()).sign(&id, now(), body).unwrap();
    let headers = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Signed { scheme: scheme.to_owned(), headers, body: Bytes::copy_from_slice(body) }
}

/// Whether a request that we got is signed with a secret.
pub(crate) fn verifies(scheme: &str, secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    ring(scheme, secret).scheme(scheme.parse().unwrap()).verify(headers, body, now()).is_ok()
}

fn ring(scheme: &str, secret: &str) -> webhook_sig::KeyRing {
    let secret = match scheme {
        "standard" | "svix" => webhook_sig::Secret::whsec(secret),
        _ => webhook_sig::Secret::raw(secret),
    };
    webhook_sig::KeyRing::new().hmac("test", secret.unwrap()).unwrap()
}

fn now() -> webhook_sig::UnixMillis {
    webhook_sig::UnixMillis::from(std::time::SystemTime::now())
}

impl Signed {
    pub(crate) async fn send(&self, addr: SocketAddr) -> Reply {
        let mut headers = vec![JSON];
        headers.extend(self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        send(addr, "POST", &format!("/webhooks/inbound/{}", self.scheme), &headers, self.body.clone()).await
    }
}

/// A client in a room.
pub(crate) struct Room {
    pub(crate) ws: ws_frame::tokio::WebSocket<TcpStream>,
}

impl Room {
    /// Connects, and takes the greeting.
    pub(crate) async fn join(addr: SocketAddr, path: &str) -> Room {
        Room::join_with(addr, path, &[]).await
    }

    pub(crate) async fn join_with(addr: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> Room {
        let mut room = Room::connect(addr, path, headers).await;
        room.next_of("joined").await;
        room
    }

    /// Connects; the greeting is still to come.
    pub(crate) async fn connect(addr: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> Room {
        let mut handshake = ws_frame::tokio::request(&format!("ws://{addr}{path}")).unwrap();
        for (name, value) in headers {
            handshake =
                handshake.header(http::HeaderName::from_static(name), value.parse().unwrap()).unwrap();
        }
        let connecting = ws_frame::tokio::connect_with(handshake, ws_frame::Config::default());
        let (ws, _) = timeout(PATIENCE, connecting).await.expect("a handshake in time").unwrap();
        Room { ws }
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.ws.send(text).await.unwrap();
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Value {
        let message = timeout(PATIENCE, self.ws.recv())
            .await
            .expect("a message in time")
            .expect("an open connection")
            .unwrap();
        serde_json::from_str(message.as_text().expect("text")).unwrap()
    }

    /// The next message of a type.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// Asserts that no message comes for a while.
    pub(crate) async fn quiet(&mut self, wait: Duration) {
        if let Ok(message) = timeout(wait, self.ws.recv()).await {
            panic!("one too many: {message:?}");
        }
    }

    /// Waits for the end and gives the code that the service closed with.
    pub(crate) async fn closed(&mut self) -> u16 {
        while let Some(Ok(_)) = timeout(PATIENCE, self.ws.recv()).await.expect("an end in time") {}
        self.ws.close_info().expect("it is closed").code.as_u16()
    }
}

/// Opens a WebSocket by hand, sends these bytes as frames, ends its side, and gives the code of the Close that comes,
/// if one comes.
pub(crate) async fn raw_frames(addr: SocketAddr, frames: &[u8]) -> Option<u16> {
    let answer = raw_exchange(addr, frames).await;
    close_code(&answer)
}

/// Likewise; gives the frames that come, as opcode and payload.
pub(crate) async fn raw_exchange(addr: SocketAddr, frames: &[u8]) -> Vec<(u8, Vec<u8>)> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "GET /ws/lobby?token=abc123 HTTP/1.1\r\nhost: {addr}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(4).any(|w| w == b"\r\n\r\n") {
        let n = timeout(PATIENCE, socket.read_buf(&mut answer)).await.expect("a head in time").unwrap();
        assert_ne!(n, 0, "the handshake was cut");
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    let _ = socket.write_all(frames).await;
    let _ = socket.shutdown().await;
    let _ =
        timeout(PATIENCE, async { while socket.read_buf(&mut answer).await.is_ok_and(|n| n > 0) {} }).await;
    let start = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    server_frames(&answer[start..])
}

fn server_frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert_eq!(second & 0x80, 0, "a server masks nothing");
        let (length, rest) = match second {
            126 => (u64::from(u16::from_be_bytes(rest[..2].try_into().unwrap())), &rest[2..]),
            127 => (u64::from_be_bytes(rest[..8].try_into().unwrap()), &rest[8..]),
            short => (u64::from(*short), rest),
        };
        let length = usize::try_from(length).unwrap();
        if rest.len() < length {
            break;
        }
        frames.push((first & 0x0f, rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    frames
}

/// The code of the Close among frames.
pub(crate) fn close_code(frames: &[(u8, Vec<u8>)]) -> Option<u16> {
    let (_, body) = frames.iter().find(|(opcode, _)| *opcode == 8)?;
    Some(u16::from_be_bytes(body.get(..2)?.try_into().unwrap()))
}

/// The head of an answer whose body may go on for ever.
pub(crate) async fn head_of(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().uri(path).header("host", addr.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::new())).unwrap();
    let socket = TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.unwrap();
    let driver = tokio::spawn(connection);
    let response = timeout(PATIENCE, sender.send_request(request)).await.expect("an answer in time").unwrap();
    driver.abort();
    let (parts, _) = response.into_parts();
    Reply { status: parts.status, headers: parts.headers, body: Bytes::new() }
}
