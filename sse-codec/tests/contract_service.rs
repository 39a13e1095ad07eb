//! The example `contract-service`, route by route over loopback, with a scripted stream and a receiver of callbacks.

#![cfg(all(feature = "serde", feature = "tokio"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "a test has sockets, tasks and a clock")]

#[path = "../examples/contract-service/service/mod.rs"]
mod service;

#[path = "rig/body.rs"]
mod body;

use std::{
    collections::VecDeque,
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
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, client::conn::http1 as client, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::timeout,
};

/// However busy the machine is.
const TOO_LONG: Duration = Duration::from_secs(60);

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Serves on a free port until it is dropped.
struct Server {
    address: SocketAddr,
    _accepting: JoinSet<()>,
}

impl Server {
    async fn start<F>(answer: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static) -> Self
    where
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let answer = answer.clone();
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                connections.spawn(async move {
                    // The other side may go when it likes.
                    drop(http1::Builder::new().serve_connection(TokioIo::new(socket), service).await);
                });
            }
        });
        Self { address, _accepting: accepting }
    }
}

/// What the streams' server was asked.
struct Asked {
    method: Method,
    headers: HeaderMap,
    body: Bytes,
}

/// What it answers with, in turn.
struct Script {
    status: u16,
    text: &'static str,
    stays: bool,
}

const fn ends(text: &'static str) -> Script {
    Script { status: 200, text, stays: false }
}

const fn stays(text: &'static str) -> Script {
    Script { status: 200, text, stays: true }
}

struct Rig {
    service: String,
    running: JoinHandle<std::io::Result<()>>,
    stream: Server,
    callbacks: Server,
    asked: mpsc::UnboundedReceiver<Asked>,
    told: mpsc::UnboundedReceiver<(String, Value)>,
    /// How many streams of those that stay are still held open by the client.
    held: Arc<AtomicUsize>,
}

impl Rig {
    async fn start(script: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = format!("http://{}", listener.local_addr().unwrap());
        let running = tokio::spawn(service::serve(listener));

        let (asking, asked) = mpsc::unbounded_channel();
        let held = Arc::new(AtomicUsize::new(0));
        let (script, holding) = (Arc::new(Mutex::new(VecDeque::from_iter(script))), Arc::clone(&held));
        let stream = Server::start(move |request: Request<Incoming>| {
            let (asking, script, holding) = (asking.clone(), Arc::clone(&script), Arc::clone(&holding));
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                asking.send(Asked { method: head.method, headers: head.headers, body }).unwrap();
                let next = script.lock().unwrap().pop_front().expect("no more requests than scripted");
                let body = if next.stays {
                    Stays::new(next.text, &holding).boxed_unsync()
                } else {
                    Full::from(next.text).boxed_unsync()
                };
                Response::builder()
                    .status(next.status)
                    .header("content-type", "text/event-stream")
                    .body(body)
                    .unwrap()
            }
        });

        let (telling, told) = mpsc::unbounded_channel();
        let running_now = Arc::new(AtomicUsize::new(0));
        let callbacks = Server::start(move |request: Request<Incoming>| {
            let (telling, running_now) = (telling.clone(), Arc::clone(&running_now));
            async move {
                assert_eq!(running_now.fetch_add(1, Ordering::SeqCst), 0, "callbacks go one at a time");
                assert_eq!(request.method(), Method::POST);
                assert_eq!(request.headers()["content-type"], "application/json");
                let path = request.uri().path().to_owned();
                let body = request.into_body().collect().await.unwrap().to_bytes();
                tokio::task::yield_now().await;
                running_now.fetch_sub(1, Ordering::SeqCst);
                telling.send((path, serde_json::from_slice(&body).unwrap())).unwrap();
                Response::new(Full::default().boxed_unsync())
            }
        });
        let (stream, callbacks) = (stream.await, callbacks.await);
        Self { service, running, stream, callbacks, asked, told, held }
    }

    fn order(&self, more: &Value) -> Value {
        let mut order = json!({
            "streamUrl": format!("http://{}/stream", self.stream.address),
            "callbackUrl": format!("http://{}/calls", self.callbacks.address),
            "tag": "unknown fields do not matter",
        });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    }

    /// Opens a client: its path.
    async fn open(&self, more: &Value) -> String {
        let (status, headers, _) = self.call(Method::POST, "/", &self.order(more).to_string()).await;
        assert_eq!(status, 201);
        headers["location"].to_str().unwrap().to_owned()
    }

    async fn call(&self, method: Method, path: &str, body: &str) -> (u16, HeaderMap, Bytes) {
        let authority = self.service.strip_prefix("http://").unwrap();
        let socket = TcpStream::connect(authority).await.unwrap();
        let (mut sender, connection) = client::handshake(TokioIo::new(socket)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(path).header("host", authority);
        let request = request.body(Full::<Bytes>::from(body.to_owned())).unwrap();
        let answer =
            timeout(TOO_LONG, sender.send_request(request)).await.expect("an answer in time").unwrap();
        let (head, body) = answer.into_parts();
        (head.status.as_u16(), head.headers, body.collect().await.unwrap().to_bytes())
    }

    async fn told(&mut self) -> (String, Value) {
        timeout(TOO_LONG, self.told.recv()).await.expect("a callback in time").unwrap()
    }

    async fn asked(&mut self) -> Asked {
        timeout(TOO_LONG, self.asked.recv()).await.expect("a request in time").unwrap()
    }

    async fn nothing_is_held(&self) {
        let gone = async {
            while self.held.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(TOO_LONG, gone).await.expect("the stream's connection is dropped");
    }
}

fn event(kind: &str, data: &str, id: &str) -> Value {
    json!({ "kind": "event", "event": { "type": kind, "data": data, "id": id } })
}

#[tokio::test]
async fn the_root_lists_the_capabilities() {
    let rig = Rig::start([]).await;
    let (status, headers, body) = rig.call(Method::GET, "/", "").await;
    assert_eq!((status, &headers["content-type"]), (200, &"application/json".parse().unwrap()));
    let capabilities =
        ["bom", "comments", "headers", "last-event-id", "post", "read-timeout", "report", "restart"];
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), json!({ "capabilities": capabilities }));
}

#[tokio::test]
async fn each_signal_is_called_back_in_order_and_numbers_run_on() {
    let mut rig = Rig::start([
        ends("\u{FEFF}: hi\n\nid: 1\nevent: tick\ndata: a\ndata: b\n\ndata: c\n\nid: lost\ndata: half"),
        stays("id: 2\ndata: d\n\n"),
        stays("data: e\n\n"),
    ])
    .await;
    let path = rig.open(&json!({ "initialDelayMs": 1 })).await;
    for (number, expected) in [
        json!({ "kind": "comment", "comment": "hi" }),
        event("tick", "a\nb", "1"),
        event("message", "c", "1"),
        json!({ "kind": "error", "comment": "the stream ended" }),
        event("message", "d", "2"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(rig.told().await, (format!("/calls/{}", number + 1), expected));
    }
    let first = rig.asked().await;
    assert_eq!((first.method, first.headers["accept"].as_bytes()), (Method::GET, &b"text/event-stream"[..]));
    assert!(!first.headers.contains_key("last-event-id"));
    assert_eq!(rig.asked().await.headers["last-event-id"], "1");

    assert_eq!(rig.call(Method::POST, &path, r#"{"command": "restart"}"#).await.0, 202);
    assert_eq!(rig.told().await, ("/calls/6".to_owned(), event("message", "e", "2")));
    assert_eq!(rig.asked().await.headers["last-event-id"], "2");

    assert_eq!(rig.call(Method::DELETE, &path, "").await.0, 204);
    rig.nothing_is_held().await;
    assert_eq!(rig.call(Method::DELETE, &path, "").await.0, 404);
    assert_eq!(rig.call(Method::POST, &path, r#"{"command": "restart"}"#).await.0, 404);
    assert!(rig.told.is_empty() && rig.asked.is_empty());
}

#[tokio::test]
async fn method_body_headers_and_last_event_id_are_sent() {
    let mut rig = Rig::start([ends("data: x\n\n"), stays("data: y\n\n"), stays("data: z\n\n")]).await;
    let order = json!({
        "method": "REPORT", "body": "{\"q\":1}", "initialDelayMs": 1, "lastEventId": "caf\u{e9}",
        "headers": { "Content-Type": "application/json", "X-One": "1" },
    });
    let path = rig.open(&order).await;
    for _ in 0..2 {
        let asked = rig.asked().await;
        assert_eq!((asked.method.as_str(), &asked.body[..]), ("REPORT", &b"{\"q\":1}"[..]));
        assert_eq!(asked.headers["content-type"], "application/json");
        assert_eq!(asked.headers["x-one"], "1");
        assert_eq!(asked.headers["last-event-id"].as_bytes(), "caf\u{e9}".as_bytes());
    }
    assert_eq!(rig.call(Method::DELETE, &path, "").await.0, 204);
    rig.open(&json!({ "method": "POST", "body": "b" })).await;
    let asked = rig.asked().await;
    assert_eq!((asked.method, &asked.body[..]), (Method::POST, &b"b"[..]));
}

#[tokio::test]
async fn a_refused_stream_is_an_error_and_can_be_restarted() {
    let refused = Script { status: 503, text: "not now", stays: false };
    let mut rig = Rig::start([refused, stays("data: back\n\n")]).await;
    let path = rig.open(&json!({})).await;
    let (number, told) = rig.told().await;
    assert_eq!((number.as_str(), &told["kind"]), ("/calls/1", &json!("error")));
    assert!(told["comment"].as_str().unwrap().contains("503"), "{told}");
    assert_eq!(rig.call(Method::POST, &path, r#"{"command": "restart"}"#).await.0, 202);
    assert_eq!(rig.told().await, ("/calls/2".to_owned(), event("message", "back", "")));
}

#[tokio::test]
async fn a_silent_stream_is_an_error_after_the_read_timeout() {
    let mut rig =
        Rig::start([stays(": hello\n\n"), stays("data: again\n\n"), stays(""), stays(""), stays("")]).await;
    let path = rig.open(&json!({ "readTimeoutMs": 50, "initialDelayMs": 1 })).await;
    assert_eq!(rig.told().await.1, json!({ "kind": "comment", "comment": "hello" }));
    assert_eq!(rig.told().await.1, json!({ "kind": "error", "comment": "nothing was received in time" }));
    assert_eq!(rig.told().await, ("/calls/3".to_owned(), event("message", "again", "")));
    rig.call(Method::DELETE, &path, "").await;
    rig.nothing_is_held().await;
}

#[tokio::test]
async fn clients_have_their_own_callbacks() {
    let mut rig = Rig::start([stays("data: one\n\n"), stays("data: two\n\n")]).await;
    let one = rig.open(&json!({})).await;
    assert_eq!(rig.told().await, ("/calls/1".to_owned(), event("message", "one", "")));
    let other = rig.open(&json!({})).await;
    assert_ne!(one, other);
    assert_eq!(rig.told().await, ("/calls/1".to_owned(), event("message", "two", "")));
}

#[tokio::test]
async fn what_cannot_be_done_is_refused() {
    let rig = Rig::start([]).await;
    let bad_url = rig.order(&json!({ "streamUrl": "ftp://x/" })).to_string();
    let bad_callback = rig.order(&json!({ "callbackUrl": "/calls" })).to_string();
    let bad_method = rig.order(&json!({ "method": "PUT" })).to_string();
    let bad_header = rig.order(&json!({ "headers": { "a b": "c" } })).to_string();
    let bad_value = rig.order(&json!({ "headers": { "a": "c\nd" } })).to_string();
    let bad_id = rig.order(&json!({ "lastEventId": "1\n2" })).to_string();
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"streamUrl": 1}"#,
        &bad_url,
        &bad_callback,
        &bad_method,
        &bad_header,
        &bad_value,
        &bad_id,
    ] {
        assert_eq!(rig.call(Method::POST, "/", body).await.0, 400, "{body}");
    }
    for (method, path, status) in [
        (Method::POST, "/7", 404),
        (Method::DELETE, "/7", 404),
        (Method::GET, "/nothing/here", 404),
        (Method::PUT, "/", 405),
    ] {
        let body = r#"{"command": "restart"}"#;
        assert_eq!(rig.call(method.clone(), path, body).await.0, status, "{method} {path}");
    }
}

#[tokio::test]
async fn an_unknown_command_is_refused_and_changes_nothing() {
    let mut rig = Rig::start([stays("data: x\n\n")]).await;
    let path = rig.open(&json!({})).await;
    rig.told().await;
    for body in ["", "{}", r#"{"command": "dance"}"#] {
        assert_eq!(rig.call(Method::POST, &path, body).await.0, 400, "{body}");
    }
    assert_eq!(rig.call(Method::GET, &path, "").await.0, 405);
    assert_eq!(rig.held.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn deleting_the_root_ends_the_program() {
    let rig = Rig::start([stays("data: x\n\n")]).await;
    rig.open(&json!({})).await;
    assert_eq!(rig.call(Method::DELETE, "/", "").await.0, 204);
    timeout(TOO_LONG, rig.running).await.expect("it ends").unwrap().unwrap();
    assert!(TcpStream::connect(rig.service.strip_prefix("http://").unwrap()).await.is_err());
}
