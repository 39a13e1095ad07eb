//! The connector: when it speaks HTTP/2, when it does not, and how it shares a connection.
#![cfg(all(feature = "tower", feature = "h2"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests of the adapter run tasks and wait")]

mod common;

use std::sync::atomic::Ordering;

use bytes::Bytes;
use common::http::{Server, echo, serve, serve_with};
use http::request::Parts;
use http::{Response, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use ws_frame::handshake::{ClientError, Policy};
use ws_frame::tokio::{Connector, HandshakeError, Http2, Transport, WebSocket, request};
use ws_frame::tower::{Upgraded, upgrade};
use ws_frame::{CloseCode, Config, Message};

fn over_http2() -> Connector {
    Connector::new().http2(Http2::PriorKnowledge)
}

async fn open(connector: &Connector, server: &Server) -> WebSocket<Transport> {
    let handshake = request(&format!("ws://{}/", server.address)).unwrap();
    connector.connect(&handshake, Config::default()).await.unwrap().0
}

async fn works(ws: &mut WebSocket<Transport>) {
    ws.send("hello").await.unwrap();
    assert_eq!(ws.recv().await.unwrap().unwrap(), Message::from("hello"));
}

/// Echoes, and says first which version it was opened by.
async fn echo_endpoint(ws: WebSocket<Upgraded>, _: Parts) {
    echo(ws).await;
}

#[tokio::test]
async fn sockets_to_one_server_share_one_http2_connection() {
    let server = serve(upgrade(echo_endpoint)).await;
    let connector = over_http2();
    let handshake = request(&format!("ws://{}/", server.address)).unwrap();
    let (a, b, c) = tokio::join!(
        connector.connect(&handshake, Config::default()),
        connector.connect(&handshake, Config::default()),
        connector.connect(&handshake, Config::default()),
    );
    let mut sockets = [a.unwrap().0, b.unwrap().0, c.unwrap().0];
    for ws in &mut sockets {
        assert!(matches!(ws.io(), Transport::H2(_)));
        works(ws).await;
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    // The connection ends with its last socket, whatever the connector remembers; the next one opens another.
    for mut ws in sockets {
        assert!(ws.close(CloseCode::NORMAL, "").await.unwrap().clean);
    }
    server.wait_closed(1).await;
    works(&mut open(&connector, &server).await).await;
    assert_eq!(server.connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn without_the_setting_the_connector_speaks_http1() {
    let server = serve_with(upgrade(echo_endpoint), |builder| {
        builder.http1();
    })
    .await;
    let connector = over_http2();
    for _ in 0..2 {
        let mut ws = open(&connector, &server).await;
        assert!(matches!(ws.io(), Transport::Tcp(_)));
        works(&mut ws).await;
    }
    // One that was asked, and one for each socket.
    assert_eq!(server.connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn http2_is_off_unless_asked_for() {
    let server = serve(upgrade(echo_endpoint)).await;
    for connector in [Connector::new(), Connector::new().http2(Http2::Negotiated)] {
        let mut ws = open(&connector, &server).await;
        assert!(matches!(ws.io(), Transport::Tcp(_)), "ws has no ALPN to choose h2 by");
        works(&mut ws).await;
    }
}

#[tokio::test]
async fn a_full_connection_is_followed_by_another() {
    let server = serve_with(upgrade(echo_endpoint), |builder| {
        builder.http2().enable_connect_protocol().max_concurrent_streams(2);
    })
    .await;
    let connector = over_http2();
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(open(&connector, &server).await);
    }
    for ws in &mut sockets {
        works(ws).await;
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn after_goaway_open_sockets_go_on_and_new_ones_find_another_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let serve = tokio::spawn(async move {
        let mut connections = Vec::new();
        for n in 0..2 {
            let (socket, _) = listener.accept().await.unwrap();
            let mut builder = h2::server::Builder::new();
            builder.enable_connect_protocol();
            let mut connection: h2::server::Connection<_, Bytes> = builder.handshake(socket).await.unwrap();
            connections.push(tokio::spawn(async move {
                let mut open = Vec::new();
                while let Some(request) = connection.accept().await {
                    let (request, mut respond) = request.unwrap();
                    assert_eq!(
                        request.extensions().get::<h2::ext::Protocol>().unwrap().as_str(),
                        "websocket"
                    );
                    let mut send = respond.send_response(Response::new(()), false).unwrap();
                    // "hi", unmasked.
                    send.send_data(Bytes::from_static(b"\x81\x02hi"), false).unwrap();
                    open.push((send, request.into_body()));
                    if n == 0 {
                        connection.graceful_shutdown();
                    }
                }
            }));
        }
        for connection in connections {
            connection.await.unwrap();
        }
    });
    let connector = over_http2();
    let handshake = request(&uri).unwrap();
    let (mut first, _) = connector.connect(&handshake, Config::default()).await.unwrap();
    assert_eq!(first.recv().await.unwrap().unwrap(), Message::from("hi"));
    let (mut second, _) = connector.connect(&handshake, Config::default()).await.unwrap();
    assert_eq!(second.recv().await.unwrap().unwrap(), Message::from("hi"));
    first.send("still here").await.unwrap();
    drop((first, second));
    serve.await.unwrap();
}

#[tokio::test]
async fn a_refused_stream_is_asked_again_once_elsewhere() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let serve = tokio::spawn(async move {
        let mut asked = 0;
        let mut kept = Vec::new();
        for refuse in [true, false] {
            let (socket, _) = listener.accept().await.unwrap();
            let mut builder = h2::server::Builder::new();
            builder.enable_connect_protocol();
            let mut connection: h2::server::Connection<_, Bytes> = builder.handshake(socket).await.unwrap();
            let (_, mut respond) = connection.accept().await.unwrap().unwrap();
            asked += 1;
            if refuse {
                respond.send_reset(h2::Reason::REFUSED_STREAM);
                connection.graceful_shutdown();
                while connection.accept().await.is_some() {}
            } else {
                kept.push(respond.send_response(Response::new(()), false).unwrap());
                while connection.accept().await.is_some() {}
            }
        }
        asked
    });
    let (ws, _) = over_http2().connect(&request(&uri).unwrap(), Config::default()).await.unwrap();
    drop(ws);
    assert_eq!(serve.await.unwrap(), 2);
}

#[tokio::test]
async fn a_refusal_over_http2_comes_with_its_body_up_to_max_body() {
    let service = upgrade(echo_endpoint).policy(Policy::new()).authorize(|_| async move {
        let mut response = Response::new(Bytes::from(vec![b'n'; 100_000]));
        *response.status_mut() = StatusCode::FOUND;
        response.headers_mut().insert("location", http::HeaderValue::from_static("wss://elsewhere.example/"));
        Err(response)
    });
    let server = serve(service).await;
    let handshake = request(&format!("ws://{}/", server.address)).unwrap();
    for connector in [over_http2(), Connector::new()] {
        let error = connector.connect(&handshake, Config::default()).await.unwrap_err();
        let HandshakeError::Response { error, response } = error else { panic!("{error:?}") };
        assert_eq!(error, ClientError::Status(StatusCode::FOUND));
        assert_eq!(response.headers()["location"], "wss://elsewhere.example/");
        assert_eq!(response.body().len(), 64 * 1024);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up_at_the_limit_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        let _ = socket.read_to_end(&mut all).await;
    });
    let start = tokio::time::Instant::now();
    let error = over_http2().connect(&request(&uri).unwrap(), Config::default()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Timeout), "{error:?}");
    assert_eq!(start.elapsed().as_secs(), 10);
    silent.await.unwrap();
}

#[tokio::test]
async fn a_server_that_speaks_no_http2_is_an_error_and_no_panic() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut all = Vec::new();
        let _ = socket.read_to_end(&mut all).await;
    });
    let error = over_http2().connect(&request(&uri).unwrap(), Config::default()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Io(_)), "{error:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn wss_without_a_certificate_that_is_trusted_is_refused_and_ws_is_not_tls() {
    let server = serve(upgrade(echo_endpoint)).await;
    // A server that does not speak TLS at all.
    let handshake = request(&format!("wss://{}/", server.address)).unwrap();
    let error = Connector::new().connect(&handshake, Config::default()).await.unwrap_err();
    if cfg!(feature = "rustls") {
        assert!(matches!(error, HandshakeError::Tls(_)), "{error:?}");
    } else {
        assert!(matches!(error, HandshakeError::NeedsTls), "{error:?}");
    }
}
