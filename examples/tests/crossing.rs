//! One change, seen through every door: each door that creates a user, against each that listens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests wait")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::grpc::{self, GrpcCall};
use common::{Events, JSON, Room, Sink, TOKEN, post, send, signed, soap, start};
use serde_json::{Value, json};

/// The doors through which a user can be made.
#[derive(Clone, Copy, Debug)]
enum Creator {
    RestPost,
    RestPut,
    GraphQl,
    Grpc,
    Soap,
    Room,
    Webhook,
    Trpc,
}

const CREATORS: [Creator; 8] = [
    Creator::RestPost,
    Creator::RestPut,
    Creator::GraphQl,
    Creator::Grpc,
    Creator::Soap,
    Creator::Room,
    Creator::Webhook,
    Creator::Trpc,
];

/// The doors through which one is told of it.
#[derive(Clone, Copy, Debug)]
enum Listener {
    GraphQl,
    Grpc,
    Room,
    Sse,
    Webhook,
    Trpc,
}

const LISTENERS: [Listener; 6] =
    [Listener::GraphQl, Listener::Grpc, Listener::Room, Listener::Sse, Listener::Webhook, Listener::Trpc];

/// Long enough for a second arrival, were there one: all is local, and an arrival takes milliseconds.
const A_SECOND_ONE: Duration = Duration::from_millis(400);

/// Creates the user, and checks what the creator itself is told.
async fn create(addr: SocketAddr, by: Creator, email: &str) {
    let user = json!({ "name": "Crosser", "email": email });
    match by {
        Creator::RestPost => assert_eq!(post(addr, "/users", &user).await.status, 201),
        Creator::RestPut => {
            assert_eq!(send(addr, "PUT", "/users/700", &[TOKEN, JSON], user.to_string()).await.status, 201);
        }
        Creator::GraphQl => {
            let query = "mutation($input: CreateUserInput!) { createUser(input: $input) { email } }";
            let reply =
                post(addr, "/graphql", &json!({ "query": query, "variables": { "input": user } })).await;
            assert_eq!(reply.json(), json!({ "data": { "createUser": { "email": email } } }));
        }
        Creator::Grpc => {
            let message = grpc::message(&[(1, "Crosser"), (2, email)]);
            let call = grpc::open(addr, "CreateUsersBulk", &[TOKEN], message).await;
            let (messages, code, text) = call.finish().await;
            assert_eq!((messages.len(), code), (1, 0), "{text}");
            assert_eq!(grpc::text(&grpc::field(&messages[0], 1).unwrap(), 3), email);
        }
        Creator::Soap => {
            let reply = soap::call(addr, soap::create_user("abc123", "Crosser", email)).await;
            assert_eq!((reply.status.as_u16(), soap::text(&reply, "Email").as_deref()), (200, Some(email)));
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
        Creator::Trpc => {
            let reply = post(addr, "/trpc/users.create", &user).await;
            assert_eq!(reply.json()["result"]["data"]["email"], email);
        }
    }
}

/// A listener at its door.
enum Ear {
    GraphQl(Events),
    Grpc(GrpcCall),
    Room(Box<Room>),
    Sse(Events),
    Webhook(Sink),
    Trpc(Events),
}

impl Ear {
    /// Listens: what is created after this returns is heard.
    async fn open(addr: SocketAddr, at: Listener) -> Ear {
        match at {
            Listener::GraphQl => {
                let query = "/graphql?query=subscription%7BuserCreated%7Bid%20email%7D%7D";
                Ear::GraphQl(Events::open(addr, query, &[]).await)
            }
            Listener::Grpc => {
                let call = grpc::open(addr, "WatchUsers", &[], grpc::message(&[])).await;
                assert_eq!(call.http_status, 200);
                Ear::Grpc(call)
            }
            Listener::Room => Ear::Room(Box::new(Room::join(addr, "/ws/users").await)),
            Listener::Sse => Ear::Sse(Events::open(addr, "/events?topic=users", &[]).await),
            Listener::Webhook => {
                let sink = Sink::start().await;
                let endpoint = json!({ "url": sink.url(), "types": ["user.*"], "scheme": "standard" });
                assert_eq!(post(addr, "/webhooks/endpoints", &endpoint).await.status, 201);
                Ear::Webhook(sink)
            }
            Listener::Trpc => {
                let mut events = Events::open(addr, "/trpc/users.created", &[]).await;
                assert_eq!(events.next().await.unwrap().event(), "connected");
                Ear::Trpc(events)
            }
        }
    }

    /// The next arrival: the id of the user, and its address.
    async fn hear(&mut self) -> (String, String) {
        let json_of = |event: sse_codec::Event| -> Value { serde_json::from_str(event.data()).unwrap() };
        let user = match self {
            Ear::GraphQl(events) => json_of(events.next_of("next").await)["data"]["userCreated"].clone(),
            Ear::Grpc(call) => {
                let user = call.next().await.expect("the stream goes on");
                return (grpc::text(&user, 1), grpc::text(&user, 3));
            }
            Ear::Room(room) => {
                let event = room.next().await;
                assert_eq!(event["type"], "user.created");
                event["user"].clone()
            }
            Ear::Sse(events) => {
                let event = json_of(events.next().await.expect("the stream goes on"));
                assert_eq!(event["type"], "user.created");
                event["data"].clone()
            }
            Ear::Webhook(sink) => {
                let event: Value = serde_json::from_slice(&sink.take().await.1).unwrap();
                assert_eq!(event["type"], "user.created");
                event["data"].clone()
            }
            Ear::Trpc(events) => json_of(events.next_of("message").await),
        };
        let id = user["id"].as_str().map_or_else(|| user["id"].to_string(), str::to_owned);
        (id, user["email"].as_str().unwrap().to_owned())
    }

    async fn quiet(&mut self, wait: Duration) {
        match self {
            Ear::GraphQl(events) | Ear::Sse(events) | Ear::Trpc(events) => events.quiet(wait).await,
            Ear::Grpc(call) => call.quiet(wait).await,
            Ear::Room(room) => room.quiet(wait).await,
            Ear::Webhook(sink) => sink.quiet(wait).await,
        }
    }
}

#[tokio::test]
async fn whoever_creates_a_user_each_listener_hears_of_it_exactly_once() {
    let mut pairs = 0;
    for by in CREATORS {
        let service = start().await;
        let addr = service.addr();
        let mut ears = Vec::new();
        for at in LISTENERS {
            ears.push((at, Ear::open(addr, at).await));
        }
        create(addr, by, "crosser@example.net").await;
        let mut ids = Vec::new();
        for (at, ear) in &mut ears {
            let (id, email) = ear.hear().await;
            assert_eq!(email, "crosser@example.net", "{by:?} to {at:?}");
            ids.push(id);
        }
        assert!(ids.iter().all(|id| *id == ids[0]), "{by:?}: {ids:?}");
        // The time is over for all of them at once.
        tokio::time::sleep(A_SECOND_ONE).await;
        for (_, ear) in &mut ears {
            ear.quiet(Duration::from_millis(20)).await;
            pairs += 1;
        }
        // The doors that do not tell are asked.
        let read = common::get(addr, &format!("/users/{}", ids[0])).await;
        assert_eq!(read.json()["email"], "crosser@example.net", "{by:?}");
        let read = soap::call(addr, soap::get_user(&ids[0])).await;
        assert_eq!(soap::text(&read, "Email").as_deref(), Some("crosser@example.net"), "{by:?}");
        drop(ears);
        service.shutdown().await;
    }
    assert_eq!(pairs, 48);
}

#[tokio::test]
async fn a_listener_that_asked_for_other_things_hears_nothing() {
    let service = start().await;
    let mut other = Room::join(service.addr(), "/ws/support").await;
    let mut orders = Events::open(service.addr(), "/events?topic=orders", &[]).await;
    create(service.addr(), Creator::RestPost, "elsewhere@example.net").await;
    other.quiet(A_SECOND_ONE).await;
    orders.quiet(Duration::from_millis(1)).await;
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
