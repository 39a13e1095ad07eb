//! A server's endpoint behind hyper: HTTP/1.1 and HTTP/2 alike, refusals, the hook, flow control, and peers that misbehave.
#![cfg(all(feature = "tower", feature = "h2"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests of the adapter run tasks and wait")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use common::http::{Server, echo, h1_raw, http2_client, serve, serve_with};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use ws_frame::h2::Session;
use ws_frame::handshake::{ClientError, Origins, Policy};
use ws_frame::tokio::{Error, HandshakeError, WebSocket, connect_with, request};
use ws_frame::tower::{Upgraded, upgrade};
use ws_frame::{CloseCode, Config, ErrorKind, Message};

async fn session(server: &Server) -> Session {
    Session::open(TcpStream::connect(server.address).await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn both_versions_open_the_same_endpoint() {
    let service = upgrade(|ws: WebSocket<Upgraded>, head: Parts| async move {
        assert_eq!((head.uri.path(), head.uri.query()), ("/chat", Some("room=1")));
        assert_eq!(ws.subprotocol().unwrap().as_str(), "v1");
        echo(ws).await;
    })
    .subprotocols(["v2", "v1"])
    .unwrap();
    let server = serve(service).await;
    let handshake =
        request(&format!("ws://{}/chat?room=1", server.address)).unwrap().subprotocols(["v1"]).unwrap();

    let (mut ws, response) = connect_with(handshake.clone(), Config::default()).await.unwrap();
    assert_eq!(response.status(), 101);
    for message in [Message::from("h1"), Message::from(vec![7; 300_000])] {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap().unwrap(), message);
    }
    assert!(ws.close(CloseCode::NORMAL, "").await.unwrap().clean);

    let session = session(&server).await;
    assert!(session.allows_websocket());
    let (mut ws, response) = session.connect(&handshake, Config::default()).await.unwrap();
    assert_eq!((response.status(), ws.subprotocol().unwrap().as_str()), (StatusCode::OK, "v1"));
    for message in [Message::from("h2"), Message::from(""), Message::from(vec![7; 3_000_000])] {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap().unwrap(), message);
    }
    let info = ws.close(CloseCode::GOING_AWAY, "bye").await.unwrap();
    assert_eq!((info.clean, info.code), (true, CloseCode::GOING_AWAY));
}

#[tokio::test]
async fn the_hook_refuses_with_status_headers_and_body_or_adds_what_it_found_out() {
    #[derive(Clone)]
    struct User(String);
    let service = upgrade(|mut ws: WebSocket<Upgraded>, head: Parts| async move {
        let User(name) = head.extensions.get().unwrap();
        ws.send(name.clone()).await.unwrap();
        while let Some(Ok(_)) = ws.recv().await {}
    })
    .authorize(|mut head| async move {
        tokio::task::yield_now().await;
        let Some(token) = head.headers.get("authorization") else {
            let mut response = Response::new(Bytes::from_static(b"who are you?"));
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            response.headers_mut().insert("www-authenticate", HeaderValue::from_static("Bearer"));
            return Err(response);
        };
        let user = User(token.to_str().unwrap().to_owned());
        head.extensions.insert(user);
        Ok(head)
    });
    let server = serve(service).await;
    let uri = format!("ws://{}/", server.address);
    let stranger = request(&uri).unwrap();
    let known =
        request(&uri).unwrap().header(http::header::AUTHORIZATION, HeaderValue::from_static("ann")).unwrap();
    let session = session(&server).await;

    let refused = |error: HandshakeError| {
        let HandshakeError::Response { error, response } = error else { panic!("{error:?}") };
        assert_eq!(error, ClientError::Status(StatusCode::UNAUTHORIZED));
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert_eq!(response.body(), "who are you?");
    };
    refused(connect_with(stranger.clone(), Config::default()).await.unwrap_err());
    refused(session.connect(&stranger, Config::default()).await.unwrap_err());

    let (mut ws, _) = connect_with(known.clone(), Config::default()).await.unwrap();
    assert_eq!(ws.recv().await.unwrap().unwrap(), Message::from("ann"));
    let (mut ws, _) = session.connect(&known, Config::default()).await.unwrap();
    assert_eq!(ws.recv().await.unwrap().unwrap(), Message::from("ann"));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_answered_over_either_version() {
    let policy = Policy::new().origins(Origins::list(["https://app.example"]).unwrap());
    let server = serve(upgrade(|ws: WebSocket<Upgraded>, _| echo(ws)).policy(policy)).await;
    let good = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: https://app.example\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    for (change, status) in [
        (("GET", "POST"), 405),
        (("Version: 13", "Version: 8"), 426),
        (("dGhl", "d"), 400),
        (("app.example", "evil.example"), 403),
        (("Upgrade: websocket\r\n", ""), 426),
    ] {
        let head = h1_raw(server.address, &good.replacen(change.0, change.1, 1)).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(status == 426, head.contains("sec-websocket-version: 13"), "{head}");
    }

    let mut client = http2_client(server.address).await;
    let mut status =
        async |method: Method, protocol: Option<&'static str>, change: fn(&mut http::HeaderMap)| {
            let mut request = Request::builder()
                .method(method)
                .uri("http://a/")
                .header("sec-websocket-version", "13")
                .body(())
                .unwrap();
            if let Some(protocol) = protocol {
                request.extensions_mut().insert(h2::ext::Protocol::from_static(protocol));
            }
            change(request.headers_mut());
            let (response, _stream) = client.send_request(request, false).unwrap();
            response.await.unwrap().status().as_u16()
        };
    assert_eq!(status(Method::CONNECT, Some("websocket"), |_| {}).await, 200);
    assert_eq!(status(Method::CONNECT, Some("connect-udp"), |_| {}).await, 501);
    assert_eq!(status(Method::GET, None, |_| {}).await, 400);
    assert_eq!(status(Method::POST, None, |_| {}).await, 405);
    let version = |headers: &mut http::HeaderMap| drop(headers.remove("sec-websocket-version"));
    assert_eq!(status(Method::CONNECT, Some("websocket"), version).await, 426);
    let origin = |headers: &mut http::HeaderMap| {
        headers.insert("origin", HeaderValue::from_static("https://evil.example"));
    };
    assert_eq!(status(Method::CONNECT, Some("websocket"), origin).await, 403);
}

#[tokio::test]
async fn sixty_four_sockets_share_one_connection() {
    let server = serve(upgrade(|ws: WebSocket<Upgraded>, _| echo(ws))).await;
    let session = session(&server).await;
    let handshake = request(&format!("ws://{}/", server.address)).unwrap();
    let mut tasks = Vec::new();
    for n in 0..64_usize {
        let (session, handshake) = (session.clone(), handshake.clone());
        tasks.push(tokio::spawn(async move {
            let (mut ws, _) = session.connect(&handshake, Config::default()).await.unwrap();
            for size in [n, 1000 * n] {
                ws.send(vec![n as u8; size]).await.unwrap();
                assert_eq!(ws.recv().await.unwrap().unwrap(), Message::from(vec![n as u8; size]));
            }
            ws
        }));
    }
    let mut sockets = Vec::new();
    for task in tasks {
        sockets.push(task.await.unwrap());
    }
    assert_eq!((session.streams(), server.connections.load(Ordering::SeqCst)), (64, 1));
    drop(sockets);
    assert_eq!(session.streams(), 0);
    // The last owner ends the connection.
    drop(session);
    server.wait_closed(1).await;
}

/// The peer's window stops who sends, and only on that stream.
#[tokio::test]
async fn a_socket_that_is_not_read_stops_its_sender_and_no_other() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let service = upgrade(move |mut ws: WebSocket<Upgraded>, head: Parts| {
        let counter = Arc::clone(&counter);
        async move {
            if head.uri.path() == "/echo" {
                return echo(ws).await;
            }
            while ws.send(vec![1; 100_000]).await.is_ok() {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let server = serve(service).await;
    let session = session(&server).await;
    let at = |path: &str| request(&format!("ws://{}{path}", server.address)).unwrap();
    let (mut flood, _) = session.connect(&at("/flood"), Config::default()).await.unwrap();
    let (mut other, _) = session.connect(&at("/echo"), Config::default()).await.unwrap();
    // The flood stands still while the other socket moves far more than a window.
    let mut stood = 0;
    let mut before = usize::MAX;
    while stood < 20 {
        other.send(vec![2; 50_000]).await.unwrap();
        assert_eq!(other.recv().await.unwrap().unwrap().len(), 50_000);
        let now = sent.load(Ordering::SeqCst);
        stood = if now == before { stood + 1 } else { 0 };
        before = now;
    }
    assert!(before < 30, "{before} messages of 100 kB are on the way");
    // What is read makes room.
    for _ in 0..100 {
        assert_eq!(flood.recv().await.unwrap().unwrap().len(), 100_000);
    }
}

#[tokio::test]
async fn a_server_that_does_not_read_stops_our_sender() {
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let service = upgrade(move |ws: WebSocket<Upgraded>, _| {
        let gate = Arc::clone(&opened);
        async move {
            drop(gate.acquire().await);
            echo(ws).await;
        }
    });
    let server = serve(service).await;
    let session = session(&server).await;
    let (mut ws, _) = session
        .connect(&request(&format!("ws://{}/", server.address)).unwrap(), Config::default())
        .await
        .unwrap();
    let mut sent = 0;
    while tokio::time::timeout(Duration::from_millis(200), ws.send(vec![3; 100_000])).await.is_ok() {
        sent += 1;
        assert!(sent < 100, "nothing stopped the sender");
    }
    assert!(ws.buffered_amount() > 0);
    gate.add_permits(1);
    for _ in 0..=sent {
        assert_eq!(ws.recv().await.unwrap().unwrap().len(), 100_000);
    }
}

/// How the server's end ends.
async fn ends(service_end: &mut mpsc::Receiver<Result<(), Error>>) -> Error {
    tokio::time::timeout(Duration::from_secs(60), service_end.recv()).await.unwrap().unwrap().unwrap_err()
}

#[tokio::test]
async fn a_reset_in_mid_frame_is_1006_over_either_version() {
    let (tell, mut told) = mpsc::channel(4);
    let service = upgrade(move |mut ws: WebSocket<Upgraded>, _| {
        let tell = tell.clone();
        async move {
            let end = ws.recv().await.unwrap().map(|_| ());
            assert_eq!(ws.close_info().unwrap().code, CloseCode::ABNORMAL);
            assert!(!ws.close_info().unwrap().clean);
            tell.send(end).await.unwrap();
        }
    });
    let server = serve(service).await;

    let mut client = http2_client(server.address).await;
    let open = || {
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri("http://a/")
            .header("sec-websocket-version", "13")
            .body(())
            .unwrap();
        request.extensions_mut().insert(h2::ext::Protocol::from_static("websocket"));
        request
    };
    let half = || Bytes::from_static(b"\x82\xfe\x10\x00abcdhalf of");
    for reason in [h2::Reason::CANCEL, h2::Reason::INTERNAL_ERROR] {
        let (response, mut stream) = client.send_request(open(), false).unwrap();
        assert_eq!(response.await.unwrap().status(), 200);
        stream.send_data(half(), false).unwrap();
        // The DATA goes out before the reset drops what waits.
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.send_reset(reason);
        let error = ends(&mut told).await;
        assert!(matches!(error, Error::Io(_) | Error::Protocol(_)), "{error:?}");
    }
    // END_STREAM in mid-frame is an end without a Close.
    let (response, mut stream) = client.send_request(open(), false).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    stream.send_data(half(), true).unwrap();
    let error = ends(&mut told).await;
    assert!(matches!(error, Error::Protocol(error) if error.kind() == ErrorKind::UnexpectedEof), "{error:?}");

    // The whole connection goes, in mid-frame, over HTTP/1.1.
    let (ws, _) = connect_with(request(&format!("ws://{}/", server.address)).unwrap(), Config::default())
        .await
        .unwrap();
    ws.io().set_zero_linger().unwrap();
    assert_eq!(ws.io().try_write(b"\x82\xfe\x10\x00abcdhalf of").unwrap(), 15);
    drop(ws);
    let error = ends(&mut told).await;
    assert!(matches!(error, Error::Io(_) | Error::Protocol(_)), "{error:?}");
}

#[tokio::test]
async fn a_reset_from_the_server_is_1006_for_the_client() {
    // Dropped without a Close, the stream is reset.
    let server = serve(upgrade(|ws: WebSocket<Upgraded>, _| async move { drop(ws) })).await;
    let session = session(&server).await;
    let handshake = request(&format!("ws://{}/", server.address)).unwrap();
    let (mut ws, _) = session.connect(&handshake, Config::default()).await.unwrap();
    let error = ws.recv().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Io(_) | Error::Protocol(_)), "{error:?}");
    assert_eq!(ws.close_info().unwrap().code, CloseCode::ABNORMAL);
    // The connection carries others.
    assert!(session.connect(&handshake, Config::default()).await.is_ok());
}

#[tokio::test]
async fn extended_connect_without_the_setting_reaches_no_service() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let service = upgrade(|ws: WebSocket<Upgraded>, _| echo(ws)).authorize(move |head| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move { Ok(head) }
    });
    let server = serve_with(service, |builder| {
        builder.http1();
    })
    .await;
    let session = session(&server).await;
    assert!(!session.allows_websocket());
    let handshake = request(&format!("ws://{}/", server.address)).unwrap();
    let error = session.connect(&handshake, Config::default()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::ExtendedConnect), "{error:?}");

    // A client that does not look at SETTINGS.
    let mut client = http2_client(server.address).await;
    let mut request = Request::builder().method(Method::CONNECT).uri("http://a/").body(()).unwrap();
    request.extensions_mut().insert(h2::ext::Protocol::from_static("websocket"));
    let (response, _stream) = client.send_request(request, false).unwrap();
    assert_eq!(response.await.unwrap_err().reason(), Some(h2::Reason::PROTOCOL_ERROR));
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_flood_of_opened_and_reset_streams_ends_the_connection() {
    let (running, opened) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counter, total) = (Arc::clone(&running), Arc::clone(&opened));
    let service = upgrade(move |ws: WebSocket<Upgraded>, _| {
        let counter = Arc::clone(&counter);
        total.fetch_add(1, Ordering::SeqCst);
        async move {
            counter.fetch_add(1, Ordering::SeqCst);
            echo(ws).await;
            counter.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let server = serve(service).await;
    let socket = TcpStream::connect(server.address).await.unwrap();
    let (mut reading, mut writing) = socket.into_split();
    let answer = tokio::spawn(async move {
        let mut answer = Vec::new();
        // A reset in place of an end is as good.
        let _ = reading.read_to_end(&mut answer).await;
        answer
    });
    let mut block = vec![0x86, 0x84]; // :scheme http, :path /
    for (name, value) in [(&[0x02][..], "CONNECT"), (&[0x01], "a"), (b"\x00\x09:protocol", "websocket")] {
        block.extend_from_slice(name);
        block.push(value.len() as u8);
        block.extend_from_slice(value.as_bytes());
    }
    block.extend_from_slice(b"\x00\x15sec-websocket-version\x0213");
    let mut wire = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec();
    for stream in (1..20_000_u32).step_by(2) {
        // HEADERS with END_HEADERS, RST_STREAM with CANCEL.
        wire.extend_from_slice(&[0, 0, block.len() as u8, 1, 4]);
        wire.extend_from_slice(&stream.to_be_bytes());
        wire.extend_from_slice(&block);
        wire.extend_from_slice(&[0, 0, 4, 3, 0]);
        wire.extend_from_slice(&stream.to_be_bytes());
        wire.extend_from_slice(&8_u32.to_be_bytes());
    }
    // The server hangs up before it has taken them all, or after.
    let _ = writing.write_all(&wire).await;
    // Our half is open still: it is the server that ends the connection.
    answer.await.unwrap();
    assert!(opened.load(Ordering::SeqCst) < 200, "{opened:?} of 10,000 streams were opened");
    // Nothing of it stays behind.
    server.wait_closed(1).await;
    let start = std::time::Instant::now();
    while running.load(Ordering::SeqCst) > 0 {
        assert!(start.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
