//! Rooms over WebSocket, as a client sees them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests wait")]

mod common;

use std::time::Duration;

use common::{PATIENCE, Reply, Room, get, send, start};
use serde_json::json;
use ws_frame::Message;

const UPGRADE: [(&str, &str); 4] = [
    ("connection", "upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

#[tokio::test]
async fn who_joins_is_told_how_many_are_there() {
    let service = start().await;
    let mut one = Room::connect(service.addr(), "/ws/lobby", &[]).await;
    assert_eq!(one.next().await, json!({ "type": "joined", "room": "lobby", "members": 1 }));
    let mut two = Room::connect(service.addr(), "/ws/lobby", &[]).await;
    assert_eq!(two.next().await["members"], 2);
    drop(one);
    common::until("the seat is free", || async {
        Room::connect(service.addr(), "/ws/lobby", &[]).await.next().await["members"] == 2
    })
    .await;
}

/// Several sockets on one HTTP/2 connection, beside one over HTTP/1.1.
#[tokio::test]
async fn a_room_is_joined_over_http2_too() {
    let service = start().await;
    let addr = service.addr();
    let socket = tokio::net::TcpStream::connect(addr).await.unwrap();
    let session = ws_frame::h2::Session::open(socket).await.unwrap();
    let handshake = || ws_frame::tokio::request(&format!("ws://{addr}/ws/lobby?token=abc123")).unwrap();
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(session.connect(&handshake(), ws_frame::Config::default()).await.unwrap().0);
    }
    let mut one = Room::join(addr, "/ws/lobby?token=abc123").await;
    one.say(&json!({ "type": "message", "from": "h1", "body": "to all" })).await;
    sockets[0].send(json!({ "type": "message", "from": "h2", "body": "to all" }).to_string()).await.unwrap();
    for ws in &mut sockets {
        let mut heard = 0;
        while heard < 2 {
            let message = tokio::time::timeout(PATIENCE, ws.recv()).await.unwrap().unwrap().unwrap();
            heard += usize::from(message.as_text().unwrap().contains("to all"));
        }
    }
    let refused = ws_frame::tokio::request(&format!("ws://{addr}/ws/lobby?token=wrong")).unwrap();
    let error = session.connect(&refused, ws_frame::Config::default()).await.unwrap_err();
    let ws_frame::tokio::HandshakeError::Response { response, .. } = error else { panic!("{error:?}") };
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (401, &"application/problem+json".parse().unwrap())
    );

    let stopping = tokio::spawn(service.shutdown());
    for mut ws in sockets {
        while let Some(Ok(_)) = tokio::time::timeout(PATIENCE, ws.recv()).await.unwrap() {}
        assert_eq!(ws.close_info().unwrap().code.as_u16(), 1001);
    }
    tokio::time::timeout(PATIENCE, stopping).await.expect("it ends").unwrap();
}

#[tokio::test]
async fn who_writes_needs_the_token_by_any_of_three_ways() {
    let service = start().await;
    let addr = service.addr();
    let message = json!({ "type": "message", "body": "hi" });
    let mut late = Room::join(addr, "/ws/lobby").await;
    late.say(&message).await;
    let refused = late.next_of("error").await;
    assert_eq!((&refused["status"], &refused["title"]), (&json!(401), &json!("Unauthorized")));
    late.say(&json!({ "type": "create_user", "name": "A", "email": "a@example.net", "ref": 7 })).await;
    let refused = late.next_of("error").await;
    assert_eq!((&refused["status"], &refused["ref"]), (&json!(401), &json!(7)));
    late.say(&json!({ "type": "auth", "token": "wrong" })).await;
    assert_eq!(late.next_of("error").await["status"], 401);
    late.say(&json!({ "type": "auth", "token": "abc123" })).await;
    late.next_of("authenticated").await;
    late.say(&message).await;
    assert_eq!(late.next_of("message").await["from"], "guest");

    for mut room in [
        Room::join(addr, "/ws/lobby?token=abc123").await,
        Room::join_with(addr, "/ws/lobby", &[("authorization", "Bearer abc123")]).await,
    ] {
        room.say(&message).await;
        room.next_of("message").await;
    }
    for (path, header) in
        [("/ws/lobby?token=wrong", ("x-none", "")), ("/ws/lobby", ("authorization", "Bearer wrong"))]
    {
        let headers = [&UPGRADE[..], &[header]].concat();
        send(addr, "GET", path, &headers, "").await.problem(401);
    }
}

#[tokio::test]
async fn a_message_is_kept_and_a_new_room_lasts() {
    let service = start().await;
    let addr = service.addr();
    let mut room = Room::join(addr, "/ws/new-room?token=abc123").await;
    get(addr, "/rooms/new-room/messages").await.problem(404);
    room.say(&json!({ "type": "message", "body": "first \u{1f600}", "from": "Ada" })).await;
    let message = room.next_of("message").await;
    assert_eq!((&message["room"], &message["body"]), (&json!("new-room"), &json!("first \u{1f600}")));
    let kept = get(addr, "/rooms/new-room/messages").await.json();
    assert_eq!(kept["_embedded"]["messages"][0]["id"], message["id"]);
}

#[tokio::test]
async fn what_cannot_be_understood_is_answered_and_the_connection_stays() {
    let service = start().await;
    let mut room = Room::join(service.addr(), "/ws/lobby?token=abc123").await;
    for (text, status) in [
        ("", 400),
        ("{", 400),
        ("nonsense", 400),
        ("[1]", 422),
        ("{}", 400),
        (r#"{"type":"shout","body":"x"}"#, 400),
        (r#"{"type":"message"}"#, 422),
        (r#"{"type":"message","body":7}"#, 422),
        (r#"{"type":"message","body":""}"#, 422),
        (r#"{"type":"create_user","name":"A","email":"alice@example.com"}"#, 409),
        (r#"{"type":"create_user","name":"","email":"x"}"#, 422),
    ] {
        room.say_text(text).await;
        let error = room.next_of("error").await;
        assert_eq!(error["status"], status, "{text} {error}");
        assert!(error["detail"].as_str().is_some_and(|d| !d.is_empty()), "{error}");
    }
    let long = json!({ "type": "message", "body": "x".repeat(16_001) });
    room.say(&long).await;
    assert_eq!(room.next_of("error").await["errors"][0]["pointer"], "/body");
    room.say(&json!({ "type": "message", "body": "still here" })).await;
    room.next_of("message").await;
}

#[tokio::test]
async fn what_breaks_the_protocol_closes_with_its_code() {
    let service = start().await;
    let addr = service.addr();
    let mut binary = Room::join(addr, "/ws/lobby?token=abc123").await;
    binary.ws.send(Message::from(&b"\x00\x01"[..])).await.unwrap();
    assert_eq!(binary.closed().await, 1003);
    let mut big = Room::join(addr, "/ws/lobby?token=abc123").await;
    // It may be closed before all of it is sent.
    let _ = big.ws.send("x".repeat((1 << 20) + 1)).await;
    assert_eq!(big.closed().await, 1009);
    // A masked text frame with bytes that are no UTF-8; an unmasked one; a reserved bit; an unknown opcode.
    for (frame, code) in [
        (&b"\x81\x82\x00\x00\x00\x00\xff\xfe"[..], 1007),
        (b"\x81\x02hi", 1002),
        (b"\xc1\x82\x00\x00\x00\x00hi", 1002),
        (b"\x83\x82\x00\x00\x00\x00hi", 1002),
        (b"\x80\x82\x00\x00\x00\x00hi", 1002),
        (b"\x88\x81\x00\x00\x00\x00x", 1002),
    ] {
        assert_eq!(common::raw_frames(addr, frame).await, Some(code), "{frame:?}");
    }
    get(addr, "/health").await;
}

#[tokio::test]
async fn a_handshake_that_is_none_is_a_problem() {
    let service = start().await;
    let addr = service.addr();
    let plain = get(addr, "/ws/lobby").await;
    plain.problem(426);
    assert_eq!(plain.header("upgrade"), "websocket");
    let with = |change: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        let kept = UPGRADE.iter().filter(|(n, _)| !change.iter().any(|(c, _)| c == n));
        kept.chain(change.iter().filter(|(_, v)| !v.is_empty())).copied().collect()
    };
    for (change, status) in [
        (("sec-websocket-version", "12"), 426),
        (("sec-websocket-key", "short"), 400),
        (("sec-websocket-key", ""), 400),
        (("origin", "http://evil.example"), 403),
    ] {
        let reply: Reply = send(addr, "GET", "/ws/lobby", &with(&[change]), "").await;
        reply.problem(status);
    }
    for path in ["/ws/", "/ws/UPPER", "/ws/a%20b", "/ws/a/b"] {
        send(addr, "GET", path, &UPGRADE, "").await.problem(404);
    }
    send(addr, "GET", "/ws/lobby?tok=abc123", &UPGRADE, "").await.problem(400);
    send(addr, "POST", "/ws/lobby", &UPGRADE, "").await.problem(405);
}

#[tokio::test]
async fn a_stop_closes_with_1001() {
    let service = start().await;
    let mut room = Room::join(service.addr(), "/ws/lobby").await;
    let stopping = tokio::spawn(service.shutdown());
    assert_eq!(room.closed().await, 1001);
    tokio::time::timeout(Duration::from_secs(5), stopping).await.expect("it ends").unwrap();
}
