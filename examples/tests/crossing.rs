//! One change, seen through every door: each door that creates a user, against each that listens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{Events, JSON, Room, Sink, TOKEN, post, send, signed, start};
use serde_json::{Value, json};

/// The doors through which a user can be made.
#[derive(Clone, Copy, Debug)]
enum Creator {
    RestPost,
    RestPut,
    Room,
    Webhook,
}

const CREATORS: [Creator; 4] = [Creator::RestPost, Creator::RestPut, Creator::Room, Creator::Webhook];

/// Long enough for a second arrival, were there one: all is local, and an arrival takes milliseconds.
const A_SECOND_ONE: Duration = Duration::from_millis(400);

async fn create(addr: SocketAddr, by: Creator, email: &str) {
    let user = json!({ "name": "Crosser", "email": email });
    match by {
        Creator::RestPost => assert_eq!(post(addr, "/users", &user).await.status, 201),
        Creator::RestPut => {
            assert_eq!(send(addr, "PUT", "/users/700", &[TOKEN, JSON], user.to_string()).await.status, 201);
        }
        Creator::Room => {
            let mut room = Room::join(addr, "/ws/lobby?token=abc123").await;
            room.say(&json!({ "type": "create_user", "name": "Crosser", "email": email, "ref": "r" })).await;
            let created = room.next_of("created").await;
            assert_eq!((&created["ref"], &created["user"]["email"]), (&json!("r"), &json!(email)));
        }
        Creator::Webhook => {
            let message = signed(json!({ "type": "user.create", "data": user }).to_string().as_bytes());
            assert_eq!(message.send(addr).await.status, 202);
        }
    }
}

#[tokio::test]
async fn whoever_creates_a_user_the_event_stream_tells_of_it_once() {
    for by in CREATORS {
        let service = start().await;
        let mut events = Events::open(service.addr(), "/events?topic=users", &[]).await;
        create(service.addr(), by, "sse@example.net").await;
        let event = events.next().await.unwrap();
        let data: Value = serde_json::from_str(event.data()).unwrap();
        assert_eq!(
            (event.event(), &data["data"]["email"]),
            ("user.created", &json!("sse@example.net")),
            "{by:?}"
        );
        assert_eq!(
            (data["type"].as_str(), data["id"].to_string().as_str()),
            (Some("user.created"), event.id()),
            "{by:?}"
        );
        events.quiet(A_SECOND_ONE).await;
        service.shutdown().await;
    }
}

#[tokio::test]
async fn whoever_creates_a_user_the_room_users_hears_of_it_once() {
    for by in CREATORS {
        let service = start().await;
        let mut room = Room::join(service.addr(), "/ws/users").await;
        let mut other = Room::join(service.addr(), "/ws/support").await;
        create(service.addr(), by, "room@example.net").await;
        let event = room.next().await;
        assert_eq!(
            (&event["type"], &event["user"]["email"]),
            (&json!("user.created"), &json!("room@example.net")),
            "{by:?}"
        );
        assert!(event["id"].is_u64(), "{by:?}");
        room.quiet(A_SECOND_ONE).await;
        other.quiet(Duration::from_millis(1)).await;
        service.shutdown().await;
    }
}

#[tokio::test]
async fn whoever_creates_a_user_a_registered_endpoint_is_told_once() {
    for by in CREATORS {
        let service = start().await;
        let mut sink = Sink::start().await;
        let endpoint = json!({ "url": sink.url(), "types": ["user.*"], "scheme": "standard" });
        assert_eq!(post(service.addr(), "/webhooks/endpoints", &endpoint).await.status, 201);
        create(service.addr(), by, "hook@example.net").await;
        let (_, body) = sink.take().await;
        let event: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&event["type"], &event["data"]["email"]),
            (&json!("user.created"), &json!("hook@example.net")),
            "{by:?}"
        );
        sink.quiet(A_SECOND_ONE).await;
        service.shutdown().await;
    }
}

#[tokio::test]
async fn the_doors_tell_of_one_event_under_one_id() {
    let service = start().await;
    let addr = service.addr();
    let mut sink = Sink::start().await;
    let endpoint = json!({ "url": sink.url(), "types": ["user.created"], "scheme": "generic" });
    assert_eq!(post(addr, "/webhooks/endpoints", &endpoint).await.status, 201);
    let mut events = Events::open(addr, "/events", &[]).await;
    let mut room = Room::join(addr, "/ws/users").await;
    for n in 0..5 {
        create(addr, Creator::RestPost, &format!("same{n}@example.net")).await;
        let streamed = events.next().await.unwrap();
        let heard = room.next().await;
        let (_, body) = sink.take().await;
        assert_eq!(streamed.id(), heard["id"].to_string());
        // The stream and the webhook carry the same bytes.
        assert_eq!(streamed.data().as_bytes(), body);
    }
}

#[tokio::test]
async fn a_message_in_a_room_crosses_too() {
    let service = start().await;
    let addr = service.addr();
    let mut events = Events::open(addr, "/events?topic=messages", &[]).await;
    let mut one = Room::join(addr, "/ws/lobby?token=abc123").await;
    let mut two = Room::join(addr, "/ws/lobby").await;
    one.say(&json!({ "type": "message", "body": "hello", "from": "One" })).await;
    for room in [&mut one, &mut two] {
        let message = room.next_of("message").await;
        assert_eq!(
            (&message["room"], &message["from"], &message["body"]),
            (&json!("lobby"), &json!("One"), &json!("hello"))
        );
    }
    let event = events.next().await.unwrap();
    assert_eq!(event.event(), "message.created");
    // The stream was asked for messages alone.
    create(addr, Creator::RestPost, "silent@example.net").await;
    events.quiet(A_SECOND_ONE).await;
    let said = common::get(addr, "/rooms/lobby/messages?limit=1").await.json();
    assert_eq!(said["_embedded"]["messages"][0]["body"], "hello");
}
