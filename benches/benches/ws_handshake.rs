//! The opening handshake, in memory: a server turns the head of a browser's request into the bytes of its answer, a client makes its
//! request and checks the answer, and both do the same by extended CONNECT over the types of `http`.
//!
//! The floor is what nobody can do without: httparse over the head, SHA-1 and base64 of the key, the answer put together by hand, and
//! nothing checked. What each contender looks at beyond that differs, and its name says so: `Origin` and `Host`, the subprotocol, the
//! grammar of the extensions.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench fails by panicking")]
#![allow(clippy::print_stdout, reason = "the ratios are printed")]

mod ws_peers;

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Duration;

use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use http::{HeaderMap, Method, Request, Response, Version};
use sha1::{Digest as _, Sha1};
use sockudo_ws::extended_connect::{
    ExtendedConnectConfig, ExtendedConnectRequest, build_extended_connect_response,
};
use sockudo_ws::handshake as sockudo;
use ws_frame::handshake::{
    ClientHandshake, Handshake, Limits, Origins, Policy, RequestDecoder, ResponseDecoder, WebSocketUri,
    accept_key, encode_request, encode_response,
};
use ws_peers::{Contender, Memory, READ, alternate, report, runtime};

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(300));
    targets = handshake
}

fn main() {
    benches();
    summary();
}

/// What a browser sends.
const REQUEST: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\nHost: server.example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\n\
    Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\nOrigin: https://server.example.com\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n";

/// What a server answers, behind a proxy that adds two fields of its own.
const RESPONSE: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nDate: Thu, 26 Nov 2026 05:00:00 GMT\r\nServer: nginx\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    Sec-WebSocket-Protocol: chat.v1\r\n\r\n";

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const NONCE: [u8; 16] = *b"the sample nonce";
const URI: &str = "ws://server.example.com/chat?room=1";

/// Handshakes in a run.
const RUN: usize = 1000;

const OURS: &str = "ws-frame: all checks";
const FLOOR: &str = "httparse + SHA-1";

type Runtime = RefCell<tokio::runtime::Runtime>;

fn policy() -> Policy {
    Policy::new().origins(Origins::same()).subprotocols(["chat.v2", "chat.v1"]).unwrap()
}

/// A contender that does a run of handshakes.
fn run<'a>(name: &'static str, mut handshake: impl FnMut() + 'a) -> Contender<'a> {
    let run = move || {
        for _ in 0..RUN {
            handshake();
        }
    };
    (name, Box::new(run))
}

fn floor(out: &mut Vec<u8>) {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(black_box(REQUEST)).unwrap();
    let is_key = |header: &&mut httparse::Header<'_>| header.name.eq_ignore_ascii_case("sec-websocket-key");
    let key = request.headers.iter_mut().find(is_key).unwrap().value;
    let digest =
        Sha1::new().chain_update(key).chain_update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    out.clear();
    out.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
    );
    out.extend_from_slice(base64::engine::general_purpose::STANDARD.encode(digest).as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
}

fn ours(policy: &Policy, out: &mut BytesMut) {
    let mut buf = BytesMut::from(black_box(REQUEST));
    let request = RequestDecoder::new(policy.request_limits()).decode(&mut buf).unwrap().unwrap();
    let Handshake::Upgrade(accepted) = policy.respond(&request) else { panic!("refused") };
    out.clear();
    encode_response(&accepted.response.map(|()| Bytes::new()), out);
}

/// Its parts that do no I/O; the subprotocol is the application's affair.
fn tungstenite(out: &mut Vec<u8>) {
    use ::tungstenite::handshake::machine::TryParse as _;
    use ::tungstenite::handshake::server::{self, create_response, write_response};
    let (_, request) = server::Request::try_parse(black_box(REQUEST)).unwrap().unwrap();
    let mut response = create_response(&request).unwrap();
    let chosen = request.headers()["sec-websocket-protocol"].clone();
    response.headers_mut().insert("sec-websocket-protocol", chosen);
    out.clear();
    write_response(out, &response).unwrap();
}

fn sockudo_server(out: &mut Vec<u8>) {
    let (request, _) = sockudo::parse_request(black_box(REQUEST)).unwrap().unwrap();
    let accept = sockudo::generate_accept_key(request.key);
    out.clear();
    out.extend_from_slice(&sockudo::build_response(&accept, request.protocol, None));
}

async fn soketto_server(wire: &Bytes) {
    use soketto::handshake::{Server, server::Response};
    let mut server = Server::new(Memory::new(wire, READ));
    server.add_protocol("chat.v1");
    let request = server.receive_request().await.unwrap();
    let (key, protocol) = (request.key(), request.protocols().next().map(|_| "chat.v1"));
    server.send_response(&Response::Accept { key, protocol }).await.unwrap();
    black_box(server);
}

async fn tokio_websockets_server(wire: &Bytes) {
    let accepted = tokio_websockets::ServerBuilder::new().accept(Memory::new(wire, READ)).await;
    black_box(accepted.unwrap());
}

/// From the bytes of the request to the bytes of the answer.
fn servers<'a>(policy: &'a Policy, wire: &'a Bytes, runtime: &'a Runtime) -> Vec<Contender<'a>> {
    let accept = accept_key(KEY);
    let holds = |out: &[u8]| {
        let out = std::str::from_utf8(out).unwrap();
        assert!(
            out.starts_with("HTTP/1.1 101 ") && out.ends_with("\r\n\r\n") && out.contains(&accept),
            "{out}"
        );
    };
    let (mut mine, mut theirs, mut third, mut bare) = (BytesMut::new(), Vec::new(), Vec::new(), Vec::new());
    ours(policy, &mut mine);
    tungstenite(&mut theirs);
    sockudo_server(&mut third);
    floor(&mut bare);
    for out in [&mine[..], &theirs, &third, &bare] {
        holds(out);
    }
    vec![
        run(OURS, move || ours(policy, &mut mine)),
        run("tungstenite: no Origin, no Host, no extensions", move || tungstenite(&mut theirs)),
        run("sockudo-ws: no Origin", move || sockudo_server(&mut third)),
        run("soketto on a stream: no Origin", move || runtime.borrow_mut().block_on(soketto_server(wire))),
        run("tokio-websockets on a stream: no Origin, no subprotocol", move || {
            runtime.borrow_mut().block_on(tokio_websockets_server(wire));
        }),
        run(FLOOR, move || floor(&mut bare)),
    ]
}

fn our_client(limits: &Limits, out: &mut BytesMut) {
    let uri = WebSocketUri::parse(black_box(URI)).unwrap();
    let handshake = ClientHandshake::new(&uri, NONCE).subprotocols(["chat.v1"]).unwrap();
    out.clear();
    encode_request(handshake.request(), out);
    let mut buf = BytesMut::from(black_box(RESPONSE));
    let response = ResponseDecoder::new(limits).decode(&mut buf).unwrap().unwrap();
    assert!(handshake.verify(&response).unwrap().subprotocol.is_some());
}

/// It draws a key by itself unless a whole request is given.
fn tungstenite_client(wire: &Bytes) {
    let request = Request::get(black_box(URI))
        .header("host", "server.example.com")
        .header("upgrade", "websocket")
        .header("connection", "Upgrade")
        .header("sec-websocket-key", KEY)
        .header("sec-websocket-version", "13")
        .header("sec-websocket-protocol", "chat.v1")
        .body(())
        .unwrap();
    let Ok(opened) = ::tungstenite::client(request, Memory::new(wire, READ)) else { panic!("refused") };
    black_box(opened);
}

fn sockudo_client() {
    let request =
        sockudo::build_request(black_box("server.example.com"), "/chat?room=1", KEY, Some("chat.v1"), None);
    black_box(request);
    let (response, _) = sockudo::parse_response(black_box(RESPONSE)).unwrap().unwrap();
    assert!(sockudo::validate_accept_key(KEY, response.accept.unwrap()));
    assert_eq!(response.protocol, Some("chat.v1"));
}

/// The request made, and the answer to it read and checked.
fn clients<'a>(limits: &'a Limits, wire: &'a Bytes) -> Vec<Contender<'a>> {
    let mut out = BytesMut::new();
    vec![
        run(OURS, move || our_client(limits, &mut out)),
        run("tungstenite on a stream", || tungstenite_client(wire)),
        run("sockudo-ws: host and path come apart", sockudo_client),
    ]
}

/// What an implementation of HTTP/2 hands over for the request above.
fn connect_request() -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = "https://server.example.com/chat?room=1".parse().unwrap();
    *request.version_mut() = Version::HTTP_2;
    let headers = request.headers_mut();
    let mut field = |name: &'static str, value: &'static str| headers.insert(name, value.parse().unwrap());
    field("origin", "https://server.example.com");
    field("sec-websocket-version", "13");
    field("sec-websocket-protocol", "chat.v1");
    field("sec-websocket-extensions", "permessage-deflate; client_max_window_bits");
    field("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)");
    field("accept-encoding", "gzip, deflate, br, zstd");
    field("accept-language", "en-US,en;q=0.9");
    field("cookie", "session=0123456789abcdef0123456789abcdef");
    request
}

fn ours_by_connect(policy: &Policy, request: &Request<()>) -> Response<()> {
    policy.accept_connect(black_box(request), Some("websocket")).unwrap().response
}

/// Its `:protocol` is looked for among the fields, where `http` has no place for it: as in its own server, it is set by hand.
fn sockudo_by_connect(config: &ExtendedConnectConfig, request: &Request<()>) -> Response<()> {
    let mut connect = ExtendedConnectRequest::from_request(black_box(request)).unwrap();
    connect.protocol = Some("websocket".to_owned());
    config.validate(&connect).unwrap();
    build_extended_connect_response(connect.subprotocols.as_deref(), None)
}

/// Extended CONNECT (RFC 8441) decided over, from the request to the response.
fn connects<'a>(
    policy: &'a Policy,
    config: &'a ExtendedConnectConfig,
    request: &'a Request<()>,
) -> Vec<Contender<'a>> {
    for response in [ours_by_connect(policy, request), sockudo_by_connect(config, request)] {
        assert_eq!(
            (response.status().as_u16(), &response.headers()["sec-websocket-protocol"]),
            (200, &"chat.v1".parse().unwrap())
        );
    }
    vec![
        run(OURS, || drop(black_box(ours_by_connect(policy, request)))),
        run("sockudo-ws: no Host, no extensions", || drop(black_box(sockudo_by_connect(config, request)))),
    ]
}

/// A client's request by extended CONNECT, and the check of the answer. No peer has these without a connection.
fn connecting<'a>(answer: &'a Response<()>) -> Vec<Contender<'a>> {
    let ours = move || {
        let uri = WebSocketUri::parse(black_box(URI)).unwrap();
        let handshake = ClientHandshake::new(&uri, NONCE).subprotocols(["chat.v1"]).unwrap();
        black_box(handshake.connect_request(Version::HTTP_2));
        assert!(handshake.verify_connect(black_box(answer)).unwrap().subprotocol.is_some());
    };
    vec![run(OURS, ours)]
}

fn answer() -> Response<()> {
    let mut response = Response::new(());
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert("sec-websocket-protocol", "chat.v1".parse().unwrap());
    response
}

/// All that is compared, by what it is.
fn everything(mut each: impl FnMut(&str, Vec<Contender<'_>>)) {
    let (policy, runtime, limits) = (policy(), RefCell::new(runtime()), Limits::default());
    let (request, response) = (Bytes::from_static(REQUEST), Bytes::from_static(RESPONSE));
    each("a server's, over HTTP/1.1", servers(&policy, &request, &runtime));
    each("a client's, over HTTP/1.1", clients(&limits, &response));
    let config =
        ExtendedConnectConfig::default().allowed_origins(vec!["https://server.example.com".to_owned()]);
    let connect = connect_request();
    each("a server's, over HTTP/2", connects(&policy, &config, &connect));
    let answer = answer();
    each("a client's, over HTTP/2", connecting(&answer));
}

fn handshake(criterion: &mut Criterion) {
    everything(|what, contenders| {
        let mut group = criterion.benchmark_group(format!("ws_handshake/{what}"));
        group.throughput(Throughput::Elements(RUN as u64));
        for (name, mut run) in contenders {
            group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(&mut run));
        }
        group.finish();
    });
}

/// The ratios, from runs that alternate.
fn summary() {
    everything(|what, mut contenders| {
        let times = alternate(&mut contenders, Duration::from_secs(2));
        report(&format!("a handshake, {what}"), &contenders, &times, RUN as f64);
        for ((name, _), time) in contenders.iter().zip(&times).skip(1) {
            println!("  ratio to {name}: {:.2} (no target)", time / times[0]);
        }
    });
}
