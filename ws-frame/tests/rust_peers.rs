//! Rust implementations that none of us wrote, as server and as client, over HTTP/1.1 and HTTP/2.
#![cfg(all(feature = "tower", feature = "h2"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests of the adapter run tasks and wait")]

mod common;

use std::convert::Infallible;

use bytes::Bytes;
use common::http::{echo, serve};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use http::{Method, Request, Response, Version};
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::protocol::Role;
use ws_frame::handshake::{PROTOCOL, Policy};
use ws_frame::tokio::{Connector, Http2, Transport, WebSocket, accept, connect, request};
use ws_frame::tower::{Upgraded, upgrade};
use ws_frame::{CloseCode, Config, Message};

/// Around every form of a length, and text of characters of every width.
fn messages() -> Vec<Message> {
    let mut all = vec![Message::from("aé€😀"), Message::from("")];
    for size in [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000] {
        all.push(Message::from(vec![size as u8; size]));
        all.push(Message::from("x".repeat(size)));
    }
    all
}

/// Our client, against who echoes.
async fn ours<IO: AsyncRead + AsyncWrite + Unpin>(mut ws: WebSocket<IO>) {
    for message in messages() {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap().unwrap(), message);
    }
    ws.ping(b"are you there").await.unwrap();
    let info = ws.close(CloseCode::try_from(4321).unwrap(), "done ✓").await.unwrap();
    assert!(info.clean, "{info:?}");
    assert_eq!(info.code.as_u16(), 4321);
}

async fn tungstenite_echo<IO: AsyncRead + AsyncWrite + Unpin>(mut ws: WebSocketStream<IO>) {
    while let Some(Ok(message)) = ws.next().await {
        if (message.is_text() || message.is_binary()) && ws.send(message).await.is_err() {
            break;
        }
    }
}

async fn tungstenite_talk<IO: AsyncRead + AsyncWrite + Unpin>(mut ws: WebSocketStream<IO>) {
    use tungstenite::Message as Theirs;
    for message in messages() {
        let message = match message {
            Message::Text(text) => Theirs::text(text.as_str()),
            Message::Binary(data) => Theirs::binary(data),
        };
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.next().await.unwrap().unwrap(), message);
    }
    ws.send(Theirs::Ping(Bytes::from_static(b"p"))).await.unwrap();
    assert_eq!(ws.next().await.unwrap().unwrap(), Theirs::Pong(Bytes::from_static(b"p")));
    ws.close(Some(tungstenite::protocol::CloseFrame { code: 4321.into(), reason: "done".into() }))
        .await
        .unwrap();
    let Some(Ok(Theirs::Close(Some(frame)))) = ws.next().await else { panic!("no close") };
    assert_eq!(u16::from(frame.code), 4321);
    assert!(ws.next().await.is_none());
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    (listener, uri)
}

#[tokio::test]
async fn our_client_and_a_tokio_tungstenite_server() {
    let (listener, uri) = listen().await;
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        tungstenite_echo(tokio_tungstenite::accept_async(socket).await.unwrap()).await;
    });
    ours(connect(&uri, Config::default()).await.unwrap().0).await;
    server.await.unwrap();
}

#[tokio::test]
async fn a_tokio_tungstenite_client_and_our_server() {
    let (listener, uri) = listen().await;
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        echo(accept(socket, &Policy::new(), Config::default()).await.unwrap().0).await;
    });
    let socket = TcpStream::connect(address).await.unwrap();
    tungstenite_talk(tokio_tungstenite::client_async(uri, socket).await.unwrap().0).await;
    server.await.unwrap();
}

type Theirs = tokio_websockets::Message;

async fn tokio_websockets_echo<S>(mut ws: S)
where
    S: Stream<Item = Result<Theirs, tokio_websockets::Error>> + Sink<Theirs> + Unpin,
{
    while let Some(Ok(message)) = ws.next().await {
        if (message.is_text() || message.is_binary()) && ws.send(message).await.is_err() {
            break;
        }
    }
}

#[tokio::test]
async fn our_client_and_a_tokio_websockets_server() {
    let (listener, uri) = listen().await;
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let (_request, ws) = tokio_websockets::ServerBuilder::new().accept(socket).await.unwrap();
        tokio_websockets_echo(ws).await;
    });
    ours(connect(&uri, Config::default()).await.unwrap().0).await;
    server.await.unwrap();
}

#[tokio::test]
async fn a_tokio_websockets_client_and_our_server() {
    let (listener, uri) = listen().await;
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        echo(accept(socket, &Policy::new(), Config::default()).await.unwrap().0).await;
    });
    let socket = TcpStream::connect(address).await.unwrap();
    let client = tokio_websockets::ClientBuilder::from_uri(uri.parse().unwrap());
    let (mut ws, _) = client.connect_on(socket).await.unwrap();
    for message in messages() {
        let theirs = match &message {
            Message::Text(text) => Theirs::text(text.as_str().to_owned()),
            Message::Binary(data) => Theirs::binary(data.clone()),
        };
        ws.send(theirs).await.unwrap();
        let reply = ws.next().await.unwrap().unwrap();
        assert_eq!(
            (reply.is_text(), &reply.as_payload()[..]),
            (message.as_text().is_some(), message.as_bytes())
        );
    }
    ws.send(Theirs::close(Some(tokio_websockets::CloseCode::NORMAL_CLOSURE), "done")).await.unwrap();
    let reply = ws.next().await.unwrap().unwrap();
    assert_eq!(reply.as_close().unwrap().0, tokio_websockets::CloseCode::NORMAL_CLOSURE);
    drop(ws);
    server.await.unwrap();
}

/// hyper, with tungstenite on what it upgrades: nothing of ours.
async fn hyper_and_tungstenite(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    assert_eq!((request.method(), request.version()), (&Method::CONNECT, Version::HTTP_2));
    assert_eq!(request.extensions().get::<Protocol>().unwrap().as_str(), "websocket");
    assert_eq!(request.headers()["sec-websocket-version"], "13");
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let io = TokioIo::new(upgraded.await.unwrap());
        tungstenite_echo(WebSocketStream::from_raw_socket(io, Role::Server, None).await).await;
    });
    Ok(Response::new(Full::default()))
}

#[tokio::test]
async fn our_client_and_a_hyper_server_over_http2() {
    let (listener, uri) = listen().await;
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let service = hyper::service::service_fn(hyper_and_tungstenite);
        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .enable_connect_protocol()
            .serve_connection(TokioIo::new(socket), service)
            .await
    });
    let connector = Connector::new().http2(Http2::PriorKnowledge);
    let handshake = request(&uri).unwrap();
    let (one, _) = connector.connect(&handshake, Config::default()).await.unwrap();
    let (two, _) = connector.connect(&handshake, Config::default()).await.unwrap();
    assert!(matches!((one.io(), two.io()), (Transport::H2(_), Transport::H2(_))));
    tokio::join!(ours(one), ours(two));
    drop(connector);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_hyper_client_with_tungstenite_and_our_server_over_http2() {
    let server = serve(upgrade(|ws: WebSocket<Upgraded>, _| echo(ws))).await;
    let io = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let (mut client, connection) =
        hyper::client::conn::http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::CONNECT)
        .uri(format!("http://{}/", server.address))
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13")
        .body(Empty::new())
        .unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let io = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    tungstenite_talk(WebSocketStream::from_raw_socket(io, Role::Client, None).await).await;
}

/// Who has a connection of hyper's already needs no session of ours.
#[tokio::test]
async fn our_client_on_hypers_own_connection() {
    let server = serve(upgrade(|ws: WebSocket<Upgraded>, _| echo(ws))).await;
    let io = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
    let (mut client, connection) =
        hyper::client::conn::http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let handshake = request(&format!("ws://{}/", server.address)).unwrap();
    let mut request = handshake.connect_request(Version::HTTP_2).map(|()| Empty::new());
    request.extensions_mut().insert(Protocol::from_static(PROTOCOL));
    let response = client.send_request(request).await.unwrap();
    let opened = handshake.verify_connect(&response).unwrap();
    let io = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    ours(WebSocket::opened(io, Config::default(), &opened).unwrap()).await;
}
