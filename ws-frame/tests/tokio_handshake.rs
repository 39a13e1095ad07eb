//! The tokio adapter's handshakes over loopback TCP, over hyper, and against peers that misbehave.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests of the adapter run tasks and wait")]

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpListener;
use ws_frame::handshake::{
    ClientError, ClientHandshake, Handshake, HeadError, Limits, Origins, Policy, Rejection, UriError,
    WebSocketUri,
};
use ws_frame::tokio::{
    HandshakeError, Incoming, WebSocket, accept, connect, connect_with, handshake, request,
};
use ws_frame::{CloseCode, Config, Message};

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";

fn client_handshake() -> ClientHandshake {
    ClientHandshake::new(&WebSocketUri::parse("ws://a/chat").unwrap(), *b"the sample nonce")
}

/// What a server answers to these bytes, and how its call ends.
async fn answer(bytes: &[u8], policy: Policy) -> (String, HandshakeError) {
    let (io, mut client) = tokio::io::duplex(1 << 16);
    let server = tokio::spawn(async move { accept(io, &policy, Config::default()).await.map(|_| ()) });
    client.write_all(bytes).await.unwrap();
    let mut wire = String::new();
    client.read_to_string(&mut wire).await.unwrap();
    drop(client);
    (wire, server.await.unwrap().unwrap_err())
}

#[tokio::test]
async fn connect_and_accept_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/chat?room=1", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let policy = Policy::new().subprotocols(["v2", "v1"]).unwrap();
        let (mut ws, request) = accept(socket, &policy, Config::default()).await.unwrap();
        assert_eq!(request.uri(), "/chat?room=1");
        assert_eq!(request.headers()["authorization"], "Bearer abc123");
        assert_eq!(ws.subprotocol().unwrap().as_str(), "v1");
        while let Some(message) = ws.recv().await {
            ws.send(message.unwrap()).await.unwrap();
        }
        ws.close_info().unwrap().clone()
    });
    let handshake = request(&uri)
        .unwrap()
        .subprotocols(["v1"])
        .unwrap()
        .header(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer abc123"))
        .unwrap();
    let (mut ws, response) = connect_with(handshake, Config::default()).await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(ws.subprotocol().unwrap().as_str(), "v1");
    assert!(ws.io().nodelay().unwrap());
    let message = Message::from(vec![5; 1_000_000]);
    ws.send(message.clone()).await.unwrap();
    assert_eq!(ws.recv().await.unwrap().unwrap(), message);
    assert!(ws.close(CloseCode::NORMAL, "done").await.unwrap().clean);
    assert!(server.await.unwrap().clean);
}

#[tokio::test]
async fn a_request_and_frames_in_one_piece_lose_nothing() {
    let (io, mut client) = tokio::io::duplex(1 << 16);
    client.write_all(&[REQUEST, HELLO, HELLO].concat()).await.unwrap();
    let (mut ws, _) = accept(io, &Policy::new(), Config::default()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(ws.recv().await.unwrap().unwrap(), Message::from("Hello"));
    }
}

#[tokio::test]
async fn a_response_and_frames_in_one_piece_lose_nothing() {
    let (io, mut server) = tokio::io::duplex(1 << 16);
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x05Hello";
    server.write_all(answer).await.unwrap();
    let (mut ws, _) = handshake(io, &client_handshake(), Config::default()).await.unwrap();
    assert_eq!(ws.recv().await.unwrap().unwrap(), Message::from("Hello"));
}

#[tokio::test]
async fn heads_byte_by_byte_open_too() {
    let (io, mut client) = tokio::io::duplex(1);
    let server = tokio::spawn(async move { accept(io, &Policy::new(), Config::default()).await.unwrap() });
    for byte in REQUEST {
        client.write_all(&[*byte]).await.unwrap();
    }
    let mut response = [0; 34];
    client.read_exact(&mut response).await.unwrap();
    assert_eq!(&response, b"HTTP/1.1 101 Switching Protocols\r\n");
    let mut rest = [0; 128];
    while !server.is_finished() {
        let _ = tokio::time::timeout(Duration::from_millis(10), client.read(&mut rest)).await;
    }
    server.await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_answered_and_reported() {
    let policy = || Policy::new().origins(Origins::list(["https://app.example"]).unwrap());
    let request = String::from_utf8(REQUEST.to_vec()).unwrap();

    let evil = request.replace("Host: a\r\n", "Host: a\r\nOrigin: https://evil.example\r\n");
    let (wire, error) = answer(evil.as_bytes(), policy()).await;
    assert!(
        wire.starts_with("HTTP/1.1 403 Forbidden\r\n") && wire.contains("connection: close\r\n"),
        "{wire}"
    );
    assert!(wire.ends_with("\r\n\r\norigin not allowed\n"), "{wire}");
    assert!(matches!(error, HandshakeError::Rejected(Rejection::Origin)));

    let (wire, error) = answer(request.replace("13", "12").as_bytes(), policy()).await;
    assert!(wire.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{wire}");
    assert!(wire.contains("sec-websocket-version: 13\r\n"), "{wire}");
    assert!(matches!(error, HandshakeError::Rejected(Rejection::Version)));

    let (wire, error) = answer(b"nonsense\r\n\r\n", policy()).await;
    assert!(wire.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{wire}");
    assert!(matches!(error, HandshakeError::Head(HeadError::Malformed)));

    let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(16 * 1024));
    let (wire, error) = answer(long.as_bytes(), policy()).await;
    assert!(wire.starts_with("HTTP/1.1 431 "), "{wire}");
    assert!(matches!(error, HandshakeError::Head(HeadError::TooLarge { max: 16_384 })));
}

#[tokio::test]
async fn the_application_may_answer_before_101() {
    let (io, mut client) = tokio::io::duplex(1 << 16);
    client.write_all(REQUEST).await.unwrap();
    let incoming = Incoming::read(io, &Policy::new()).await.unwrap();
    assert!(!incoming.request().headers().contains_key("authorization"));
    let response = Response::builder()
        .status(StatusCode::UNAUTHORIZED)
        .header("www-authenticate", "Bearer")
        .body(Bytes::from_static(b"who are you?"))
        .unwrap();
    incoming.respond(response).await.unwrap();
    let mut wire = String::new();
    client.read_to_string(&mut wire).await.unwrap();
    assert!(wire.starts_with("HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\n"), "{wire}");
    assert!(wire.ends_with("content-length: 12\r\n\r\nwho are you?"), "{wire}");
}

#[tokio::test]
async fn the_application_may_add_to_the_101() {
    let (io, mut client) = tokio::io::duplex(1 << 16);
    client.write_all(REQUEST).await.unwrap();
    let policy = Policy::new();
    let incoming = Incoming::read(io, &policy).await.unwrap();
    let mut accepted = policy.accept(incoming.request()).unwrap();
    accepted.response.headers_mut().insert("set-cookie", HeaderValue::from_static("a=b"));
    drop(incoming.upgrade(accepted, Config::default()).await.unwrap());
    let mut wire = String::new();
    client.read_to_string(&mut wire).await.unwrap();
    assert!(wire.starts_with("HTTP/1.1 101 ") && wire.contains("set-cookie: a=b\r\n"), "{wire}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_meets_the_deadline_of_the_whole_handshake() {
    let (io, mut client) = tokio::io::duplex(1 << 16);
    let start = tokio::time::Instant::now();
    let server = tokio::spawn(async move {
        let mut limits = Limits::default();
        assert_eq!(limits.timeout, Duration::from_secs(10));
        limits.timeout = Duration::from_secs(4);
        accept(io, &Policy::new().limits(limits), Config::default()).await.map(|_| ())
    });
    for byte in REQUEST.iter().take(100) {
        if client.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(matches!(server.await.unwrap().unwrap_err(), HandshakeError::Timeout));
    assert!(start.elapsed() < Duration::from_secs(7));
    let mut wire = String::new();
    client.read_to_string(&mut wire).await.unwrap();
    assert!(wire.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{wire}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_meets_the_deadline() {
    let (io, server) = tokio::io::duplex(1 << 16);
    let error = handshake(io, &client_handshake(), Config::default()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Timeout));
    drop(server);
}

#[tokio::test]
async fn peers_that_leave_early_are_told_apart() {
    let (io, client) = tokio::io::duplex(64);
    drop(client);
    let error = accept(io, &Policy::new(), Config::default()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Closed));
    let (io, mut server) = tokio::io::duplex(1 << 16);
    server.write_all(b"HTTP/1.1 101").await.unwrap();
    server.shutdown().await.unwrap();
    let error = handshake(io, &client_handshake(), Config::default()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_whose_body_never_ends_comes_with_what_came_when_time_is_up() {
    let (io, mut server) = tokio::io::duplex(1 << 16);
    server
        .write_all(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 100\r\n\r\nwho ")
        .await
        .unwrap();
    let start = tokio::time::Instant::now();
    let error = handshake(io, &client_handshake(), Config::default()).await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 10);
    let HandshakeError::Response { error, response } = error else { panic!("{error:?}") };
    assert_eq!(error, ClientError::Status(StatusCode::UNAUTHORIZED));
    assert_eq!(
        (&response.headers()["www-authenticate"], &response.body()[..]),
        (&HeaderValue::from_static("Basic"), &b"who "[..])
    );
}

#[tokio::test]
async fn the_limit_max_body_cuts_a_refusal_that_never_ends() {
    let (io, mut server) = tokio::io::duplex(1 << 10);
    let flood = tokio::spawn(async move {
        let _ = server.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
        while server.write_all(&[b'x'; 1000]).await.is_ok() {}
    });
    let mut limits = Limits::default();
    limits.max_body = 5000;
    let error = handshake(io, &client_handshake().limits(limits), Config::default()).await.unwrap_err();
    let HandshakeError::Response { response, .. } = error else { panic!("{error:?}") };
    assert_eq!(response.body().len(), 5000);
    flood.await.unwrap();
}

async fn client_error(answer: &str) -> (ClientError, Response<Bytes>) {
    let (io, mut server): (DuplexStream, _) = tokio::io::duplex(1 << 16);
    server.write_all(answer.as_bytes()).await.unwrap();
    match handshake(io, &client_handshake(), Config::default()).await {
        Err(HandshakeError::Response { error, response }) => (error, *response),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_response_that_does_not_open_is_reported_with_its_head_and_body() {
    let (error, response) =
        client_error("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno").await;
    assert_eq!(error, ClientError::Status(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(
        (&response.headers()["retry-after"], &response.body()[..]),
        (&HeaderValue::from_static("7"), &b"no"[..])
    );
    let (error, response) = client_error(
        "HTTP/1.1 302 Found\r\nLocation: wss://b.example/\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nover\r\n7\r\n there\n\r\n0\r\n\r\n",
    )
    .await;
    assert_eq!(error, ClientError::Status(StatusCode::FOUND));
    assert_eq!(response.headers()["location"], "wss://b.example/");
    assert_eq!(response.body(), "over there\n");
    let (error, _) = client_error(
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
    )
    .await;
    assert_eq!(error, ClientError::Accept);
}

#[tokio::test]
async fn uris_that_cannot_be_connected_to_are_refused() {
    let error = |uri: &'static str| async move { connect(uri, Config::default()).await.unwrap_err() };
    assert!(matches!(error("http://a/").await, HandshakeError::Uri(UriError::Scheme)));
    assert!(matches!(error("ws://a/#b").await, HandshakeError::Uri(UriError::Fragment)));
    assert!(matches!(error("wss://127.0.0.1/").await, HandshakeError::NeedsTls));
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = connect(&format!("ws://{free}/"), Config::default()).await.unwrap_err();
    assert!(matches!(refused, HandshakeError::Io(_)));
}

#[tokio::test]
async fn each_request_has_a_key_of_its_own() {
    let key = || request("ws://a/").unwrap().request().headers()["sec-websocket-key"].clone();
    assert_ne!(key(), key());
}

#[tokio::test]
async fn an_ipv6_uri_connects_without_its_brackets() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
    let uri = format!("ws://[::1]:{}/", listener.local_addr().unwrap().port());
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        accept(socket, &Policy::new(), Config::default()).await.map(|(_, request)| request).unwrap()
    });
    drop(connect(&uri, Config::default()).await.unwrap());
    assert_eq!(
        server.await.unwrap().headers()["host"],
        uri.trim_start_matches("ws://").trim_end_matches('/')
    );
}

/// Echo behind a hyper server, as the showcase does it.
async fn hyper_echo(
    mut request: Request<hyper::body::Incoming>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let accepted = match Policy::new().respond(&request) {
        Handshake::Upgrade(accepted) => accepted,
        Handshake::Reject(response) => return Ok(response.map(Full::new)),
    };
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut ws = WebSocket::server(TokioIo::new(upgraded.await.unwrap()), Config::default());
        while let Some(message) = ws.recv().await {
            ws.send(message.unwrap()).await.unwrap();
        }
        assert!(ws.close_info().unwrap().clean);
    });
    Ok(accepted.response.map(|()| Full::default()))
}

#[tokio::test]
async fn an_upgraded_hyper_connection_carries_it_with_what_hyper_had_read() {
    let (io, mut client) = tokio::io::duplex(1 << 16);
    let server = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(io), hyper::service::service_fn(hyper_echo))
        .with_upgrades();
    let server = tokio::spawn(server);
    client.write_all(&[REQUEST, HELLO].concat()).await.unwrap();
    let mut wire = Vec::new();
    while !wire.ends_with(b"\x81\x05Hello") {
        assert_ne!(client.read_buf(&mut wire).await.unwrap(), 0);
    }
    client.write_all(b"\x88\x80\x00\x00\x00\x00").await.unwrap();
    client.read_to_end(&mut wire).await.unwrap();
    assert!(wire.starts_with(b"HTTP/1.1 101 ") && wire.ends_with(b"\x81\x05Hello\x88\x00"), "{wire:x?}");
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_refusal_goes_through_hyper() {
    let (io, mut client) = tokio::io::duplex(1 << 16);
    let server = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(io), hyper::service::service_fn(hyper_echo))
        .with_upgrades();
    let server = tokio::spawn(server);
    client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut wire = String::new();
    client.read_to_string(&mut wire).await.unwrap();
    assert!(wire.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{wire}");
    assert!(wire.contains("upgrade: websocket\r\n"), "{wire}");
    server.await.unwrap().unwrap();
}
