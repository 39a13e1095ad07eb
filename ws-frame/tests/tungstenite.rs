//! Against tungstenite over loopback TCP, in both roles.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the peer is synchronous and runs in a thread of its own")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use tungstenite::handshake::server::{Request, Response};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{CloseCode as PeerCode, Data, OpCode};
use tungstenite::{Message as PeerMessage, Utf8Bytes};
use ws_frame::handshake::{Origins, Policy};
use ws_frame::tokio::{Error, HandshakeError, WebSocket, accept, connect, connect_with, request};
use ws_frame::{CloseCode, CloseInfo, Config, ErrorKind, Event, Message, Prepared};

type Peer = tungstenite::WebSocket<TcpStream>;

fn timed(stream: TcpStream) -> TcpStream {
    // A bug must end the test, not hang it.
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// tungstenite as the server: `serve` has it after the handshake.
fn peer_server<T: Send + 'static>(serve: impl FnOnce(Peer) -> T + Send + 'static) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("ws://{}/chat", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let stream = timed(listener.accept().unwrap().0);
        serve(tungstenite::accept(stream).unwrap())
    });
    (uri, thread)
}

/// tungstenite as the client.
fn peer_client<T: Send + 'static>(
    addr: SocketAddr,
    drive: impl FnOnce(Peer) -> T + Send + 'static,
) -> JoinHandle<T> {
    thread::spawn(move || {
        let stream = timed(TcpStream::connect(addr).unwrap());
        let (peer, _) = tungstenite::client(format!("ws://{addr}/chat"), stream).unwrap();
        drive(peer)
    })
}

/// Echoes until the end, fragments included.
fn peer_echo(mut peer: Peer) -> Vec<PeerMessage> {
    let mut others = Vec::new();
    loop {
        match peer.read() {
            Ok(message) if message.is_text() || message.is_binary() => peer.send(message).unwrap(),
            Ok(message) => others.push(message),
            Err(tungstenite::Error::ConnectionClosed) => return others,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn our_server() -> (SocketAddr, tokio::task::JoinHandle<CloseInfo>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let (mut ws, _) = accept(socket, &Policy::new(), Config::default()).await.unwrap();
        while let Some(Ok(message)) = ws.recv().await {
            ws.send(message).await.unwrap();
        }
        ws.close_info().unwrap().clone()
    });
    (addr, server)
}

/// Around the sizes where the header changes, and where buffers do.
const SIZES: [usize; 10] = [0, 1, 125, 126, 1024, 1025, 65_535, 65_536, 70_000, 2_000_000];

#[tokio::test]
async fn our_client_echoes_text_and_binary_of_all_sizes() {
    let (uri, peer) = peer_server(peer_echo);
    let (mut ws, _) = connect(&uri, Config::default()).await.unwrap();
    for size in SIZES {
        let text = Message::from("é".repeat(size / 2));
        ws.send(text.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap().unwrap(), text, "{size}");
        let binary = Message::from(vec![0xa5; size]);
        ws.send(Prepared::new(binary.clone())).await.unwrap();
        assert_eq!(ws.recv().await.unwrap().unwrap(), binary, "{size}");
    }
    assert!(ws.close(CloseCode::try_from(4001).unwrap(), "bye").await.unwrap().clean);
    let others = tokio::task::spawn_blocking(|| peer.join().unwrap()).await.unwrap();
    let close = CloseFrame { code: PeerCode::Library(4001), reason: Utf8Bytes::from_static("bye") };
    assert_eq!(others, [PeerMessage::Close(Some(close))]);
}

#[tokio::test]
async fn our_server_echoes_text_and_binary_of_all_sizes() {
    let (addr, server) = our_server().await;
    let peer = peer_client(addr, |mut peer| {
        for size in SIZES {
            for message in [PeerMessage::text("é".repeat(size / 2)), PeerMessage::binary(vec![0xa5; size])] {
                peer.send(message.clone()).unwrap();
                assert_eq!(peer.read().unwrap(), message);
            }
        }
        peer.close(Some(CloseFrame { code: PeerCode::Normal, reason: "bye".into() })).unwrap();
        let answer = peer.read().unwrap();
        assert!(
            matches!(&answer, PeerMessage::Close(Some(frame)) if frame.code == PeerCode::Normal),
            "{answer}"
        );
        assert!(matches!(peer.read(), Err(tungstenite::Error::ConnectionClosed)));
    });
    let info = server.await.unwrap();
    assert_eq!((info.clean, info.code, &*info.reason), (true, CloseCode::NORMAL, "bye"));
    peer.join().unwrap();
}

#[tokio::test]
async fn our_server_answers_pings_between_fragments() {
    let (addr, server) = our_server().await;
    let peer = peer_client(addr, |mut peer| {
        let part = |data: &'static [u8], kind, last| {
            PeerMessage::Frame(Frame::message(Bytes::from_static(data), OpCode::Data(kind), last))
        };
        // A character split over two fragments.
        peer.send(part(b"gr\xc3", Data::Text, false)).unwrap();
        peer.send(PeerMessage::Ping("one".into())).unwrap();
        peer.send(part(b"\xbc", Data::Continue, false)).unwrap();
        peer.send(part(b"", Data::Continue, false)).unwrap();
        peer.send(part(b"\xc3\x9f", Data::Continue, true)).unwrap();
        assert_eq!(peer.read().unwrap(), PeerMessage::Pong("one".into()));
        assert_eq!(peer.read().unwrap(), PeerMessage::text("grüß"));
        peer.close(None).unwrap();
        assert_eq!(peer.read().unwrap(), PeerMessage::Close(None));
        assert!(matches!(peer.read(), Err(tungstenite::Error::ConnectionClosed)));
    });
    let info = server.await.unwrap();
    assert_eq!((info.clean, info.code, info.sent), (true, CloseCode::NO_STATUS, Some(CloseCode::NO_STATUS)));
    peer.join().unwrap();
}

#[tokio::test]
async fn our_client_pings_and_gets_the_pong_and_fragments() {
    let (uri, peer) = peer_server(|mut peer| {
        let part = |data: &'static str, kind, last| {
            PeerMessage::Frame(Frame::message(data, OpCode::Data(kind), last))
        };
        peer.send(part("frag", Data::Text, false)).unwrap();
        peer.send(PeerMessage::Ping("from the server".into())).unwrap();
        peer.send(part("ments", Data::Continue, true)).unwrap();
        peer_echo(peer)
    });
    let (mut ws, _) = connect(&uri, Config::default()).await.unwrap();
    assert_eq!(ws.next_event().await, Some(Event::Ping("from the server".into())));
    assert_eq!(ws.recv().await.unwrap().unwrap(), Message::from("fragments"));
    ws.ping(b"from the client").await.unwrap();
    assert_eq!(ws.next_event().await, Some(Event::Pong("from the client".into())));
    assert!(ws.close(CloseCode::NORMAL, "").await.unwrap().clean);
    let others = tokio::task::spawn_blocking(|| peer.join().unwrap()).await.unwrap();
    assert_eq!(
        others[..2],
        [PeerMessage::Pong("from the server".into()), PeerMessage::Ping("from the client".into()),]
    );
}

#[tokio::test]
async fn a_close_of_the_server_reaches_our_client() {
    let (uri, peer) = peer_server(|mut peer| {
        peer.send(PeerMessage::text("last")).unwrap();
        peer.close(Some(CloseFrame { code: PeerCode::Away, reason: "drain".into() })).unwrap();
        peer_echo(peer)
    });
    let (mut ws, _) = connect(&uri, Config::default()).await.unwrap();
    assert_eq!(ws.recv().await.unwrap().unwrap(), Message::from("last"));
    assert!(ws.recv().await.is_none());
    let info = ws.close_info().unwrap();
    assert_eq!((info.clean, info.code, &*info.reason), (true, CloseCode::GOING_AWAY, "drain"));
    tokio::task::spawn_blocking(|| peer.join().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_close_of_our_server_reaches_the_client() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = peer_client(listener.local_addr().unwrap(), |mut peer| {
        assert_eq!(peer.read().unwrap(), PeerMessage::text("last"));
        let close = peer.read().unwrap();
        assert!(matches!(peer.read(), Err(tungstenite::Error::ConnectionClosed)));
        close
    });
    let (socket, _) = listener.accept().await.unwrap();
    let (mut ws, _) = accept(socket, &Policy::new(), Config::default()).await.unwrap();
    ws.queue("last").unwrap();
    assert!(ws.close(CloseCode::GOING_AWAY, "drain").await.unwrap().clean);
    let close = CloseFrame { code: PeerCode::Away, reason: "drain".into() };
    assert_eq!(peer.join().unwrap(), PeerMessage::Close(Some(close)));
}

#[tokio::test]
async fn a_client_that_breaks_a_rule_reads_why_after_its_echo() {
    let (addr, server) = our_server().await;
    let peer = peer_client(addr, |mut peer| {
        peer.send(PeerMessage::text("good")).unwrap();
        let bad = Frame::message(Bytes::from_static(b"\xff"), OpCode::Data(Data::Text), true);
        peer.send(PeerMessage::Frame(bad)).unwrap();
        assert_eq!(peer.read().unwrap(), PeerMessage::text("good"));
        peer.read().unwrap()
    });
    let info = server.await.unwrap();
    assert_eq!(info.error.unwrap().kind(), ErrorKind::InvalidUtf8 { at: 0 });
    let PeerMessage::Close(Some(frame)) = peer.join().unwrap() else { panic!("no close") };
    assert_eq!(frame.code, PeerCode::Invalid);
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009_that_the_client_can_read() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = peer_client(listener.local_addr().unwrap(), |mut peer| {
        // More than the sockets hold: it is still being written when the server has said no.
        let _ = peer.send(PeerMessage::binary(vec![0; 8 << 20]));
        peer.read().unwrap()
    });
    let (socket, _) = listener.accept().await.unwrap();
    let mut config = Config::default();
    config.limits.max_message = 1024;
    let (mut ws, _) = accept(socket, &Policy::new(), config).await.unwrap();
    let Some(Err(Error::Protocol(error))) = ws.recv().await else { panic!("no error") };
    assert_eq!(error.close_code(), CloseCode::TOO_BIG);
    drop(ws);
    let PeerMessage::Close(Some(frame)) = peer.join().unwrap() else { panic!("no close") };
    assert_eq!(frame.code, PeerCode::Size);
}

#[tokio::test]
#[allow(clippy::result_large_err, reason = "the peer's callback has this type")]
async fn subprotocols_are_chosen_by_either_server() {
    let (uri, peer) = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("ws://{}/", listener.local_addr().unwrap());
        let thread = thread::spawn(move || {
            let choose = |request: &Request, mut response: Response| {
                assert_eq!(request.headers()["sec-websocket-protocol"], "v1, v2");
                response.headers_mut().insert("sec-websocket-protocol", "v2".parse().unwrap());
                Ok(response)
            };
            let stream = timed(listener.accept().unwrap().0);
            peer_echo(tungstenite::accept_hdr(stream, choose).unwrap())
        });
        (uri, thread)
    };
    let handshake = request(&uri).unwrap().subprotocols(["v1", "v2"]).unwrap();
    let (mut ws, _): (WebSocket<_>, _) = connect_with(handshake, Config::default()).await.unwrap();
    assert_eq!(ws.subprotocol().unwrap().as_str(), "v2");
    ws.close(CloseCode::NORMAL, "").await.unwrap();
    tokio::task::spawn_blocking(|| peer.join().unwrap()).await.unwrap();
}

#[tokio::test]
async fn our_refusal_is_an_http_response_to_the_client() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let peer = thread::spawn(move || {
        let stream = timed(TcpStream::connect(addr).unwrap());
        match tungstenite::client(format!("ws://{addr}/"), stream) {
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                response.status().as_u16()
            }
            other => panic!("{other:?}"),
        }
    });
    let (socket, _) = listener.accept().await.unwrap();
    let policy = Policy::new().origins(Origins::any().require_header());
    let error = accept(socket, &policy, Config::default()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Rejected(_)));
    assert_eq!(peer.join().unwrap(), 403);
}
