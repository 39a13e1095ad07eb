//! Client and server joined in one thread without a runtime: any pieces, any dialect, the same outcome.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/memory.rs"]
mod memory;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use common::{CHAT, ECHO, Echo, FAIL, HANG, JOIN, META, NOWHERE, PANIC, SPLIT, WATCH, raw};
use grpc_wire::proto::Dialect;
use grpc_wire::{
    Code, Cx, Direction, HopBudget, Inbound, Intercept, Kind, Limits, Metadata, MethodDesc, Next, Outbound,
    Raw, Routes, Server, Service, Status,
};
use memory::{Memory, memory};

fn echo() -> Memory {
    memory(Server::new().add(Echo::default()).build(), usize::MAX)
}

#[test]
fn every_kind_of_method_works_in_every_dialect_and_in_any_pieces() {
    for piece in [1, 2, 3, 5, 7, 64, 4096] {
        for dialect in [Dialect::Grpc, Dialect::Web] {
            let memory = memory(Server::new().add(Echo::default()).build(), piece);
            let client = memory.client().dialect(dialect);
            memory.block_on(async {
                assert_eq!(client.unary::<_, Raw>(&ECHO, raw(b"hello")).await, Ok(raw(b"hello")));
                let mut stream = client.server_streaming::<_, Raw>(&SPLIT, raw(b"ab")).await.unwrap();
                assert_eq!(stream.next().await, Ok(Some(raw(b"a"))));
                assert_eq!(stream.next().await, Ok(Some(raw(b"b"))));
                assert_eq!(stream.next().await, Ok(None));
                let (tx, answer) = client.client_streaming::<Raw, Raw>(&JOIN).start().unwrap();
                tx.send(raw(b"x")).await.unwrap();
                tx.send(raw(b"yz")).await.unwrap();
                tx.finish();
                assert_eq!(answer.await, Ok(raw(b"xyz")));
                let (tx, mut rx) = client.bidi::<Raw, Raw>(&CHAT).start().unwrap();
                for word in [raw(b"one"), raw(b"two")] {
                    tx.send(word.clone()).await.unwrap();
                    assert_eq!(rx.next().await, Ok(Some(word)));
                }
                drop(tx);
                assert_eq!(rx.next().await, Ok(None));
                assert_eq!(rx.next().await, Ok(None), "the end stays the end");
                let status = client.unary::<_, Raw>(&FAIL, raw(b"6:there")).await.unwrap_err();
                assert_eq!((status.code(), status.message()), (Code::AlreadyExists, "there"));
            });
        }
    }
}

#[test]
fn an_unknown_method_is_unimplemented() {
    let memory = echo();
    let status =
        memory.block_on(memory.client().unary::<_, Raw>(&NOWHERE, raw(b"")).into_future()).unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unimplemented, "there is no method /test.Echo/Nowhere")
    );
}

#[test]
fn a_handler_that_panics_is_internal_and_tells_nothing() {
    let memory = echo();
    let status =
        memory.block_on(memory.client().unary::<_, Raw>(&PANIC, raw(b"x")).into_future()).unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Internal, "the handler failed"));
}

#[test]
fn metadata_reach_the_handler_and_come_back_in_head_and_trailers() {
    let memory = echo();
    let mut metadata = Metadata::new();
    metadata.insert("x-in", "seen").unwrap();
    let reply = memory.client().unary::<_, Raw>(&META, raw(b"")).metadata(metadata).reply();
    let reply = memory.block_on(reply).unwrap();
    assert_eq!((reply.message, reply.head.get("x-head")), (raw(b"seen"), Some("h")));
    assert_eq!(&reply.trailers.get_bin("x-trailer-bin").unwrap().unwrap()[..], [0, 255]);
}

#[test]
fn a_stream_begins_when_the_handler_sends_its_head() {
    let memory = echo();
    memory.block_on(async {
        let (tx, mut rx) = memory.client().bidi::<Raw, Raw>(&WATCH).start().unwrap();
        assert!(rx.head().await.is_ok());
        assert!(rx.head().await.is_ok(), "asked again, the head is still there");
        tx.send(raw(b"now")).await.unwrap();
        assert_eq!(rx.next().await, Ok(Some(raw(b"now"))));
    });
}

#[test]
fn the_head_of_a_failed_call_is_its_status() {
    let memory = echo();
    memory.block_on(async {
        let (_tx, mut rx) = memory.client().bidi::<Raw, Raw>(&NOWHERE).start().unwrap();
        assert_eq!(rx.head().await.unwrap_err().code(), Code::Unimplemented);
        let status = memory.client().server_streaming::<_, Raw>(&NOWHERE, raw(b"")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    });
}

#[test]
fn a_deadline_ends_the_stream_and_the_handler() {
    let service = Echo::default();
    let hanging = Arc::clone(&service.hanging);
    let memory = memory(Server::new().add(service).build(), 1);
    memory.block_on(async {
        let call = memory.client().server_streaming::<_, Raw>(&HANG, raw(b"first"));
        let mut stream = call.timeout(Duration::from_secs(5)).await.unwrap();
        assert_eq!(stream.next().await, Ok(Some(raw(b"first"))));
        memory.advance(Duration::from_secs(5));
        assert_eq!(stream.next().await.unwrap_err().code(), Code::DeadlineExceeded);
    });
    assert_eq!(Arc::strong_count(&hanging), 2);
}

#[test]
fn dropping_a_stream_cancels_the_handler() {
    let service = Echo::default();
    let hanging = Arc::clone(&service.hanging);
    let memory = memory(Server::new().add(service).build(), usize::MAX);
    memory.block_on(async {
        let mut stream = memory.client().server_streaming::<_, Raw>(&HANG, raw(b"first")).await.unwrap();
        stream.next().await.unwrap();
        assert_eq!(Arc::strong_count(&hanging), 3);
        drop(stream);
        // Something else to do, so that the transport runs.
        memory.client().unary::<_, Raw>(&ECHO, raw(b"")).await.unwrap();
    });
    assert_eq!(Arc::strong_count(&hanging), 2);
}

#[test]
fn a_request_above_the_limit_of_the_server_is_resource_exhausted() {
    let mut limits = Limits::default();
    limits.max_recv_message = 8;
    let memory = memory(Server::new().add(Echo::default()).limits(limits).build(), 3);
    memory.block_on(async {
        let client = memory.client();
        assert_eq!(client.unary::<_, Raw>(&ECHO, raw(b"12345678")).await, Ok(raw(b"12345678")));
        let status = client.unary::<_, Raw>(&ECHO, raw(b"123456789")).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert!(status.message().contains("9 bytes"), "{status}");
    });
}

#[test]
fn a_sender_waits_for_room_in_both_directions() {
    let mut limits = Limits::default();
    limits.max_send_buffer = 16;
    let memory = memory(Server::new().add(Echo::default()).limits(limits.clone()).build(), 5);
    let client = memory.client().limits(limits);
    memory.block_on(async {
        let mut stream =
            client.server_streaming::<_, Raw>(&SPLIT, Raw(vec![b'x'; 500].into())).await.unwrap();
        let mut count = 0;
        while stream.next().await.unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, 500);
        let (tx, answer) = client.client_streaming::<Raw, Raw>(&JOIN).start().unwrap();
        for _ in 0..100 {
            tx.send(raw(b"0123456789")).await.unwrap();
        }
        tx.finish();
        assert_eq!(answer.await.unwrap().0.len(), 1000);
    });
}

/// Writes down what it sees.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

struct Logging {
    name: &'static str,
    log: Log,
}

impl Log {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Intercept for Logging {
    async fn around(&self, cx: &Cx, next: Next<'_>) -> Result<(), Status> {
        self.log.add(format!("{} > {}", self.name, cx.method()));
        let outcome = next.run().await;
        let code = outcome.as_ref().map_or_else(Status::code, |()| Code::Ok);
        self.log.add(format!("{} < {code}", self.name));
        outcome
    }

    fn message(&self, _cx: &Cx, direction: Direction, message: Bytes) -> Result<Bytes, Status> {
        self.log.add(format!("{} {direction:?} {}", self.name, String::from_utf8_lossy(&message)));
        Ok(message)
    }
}

#[test]
fn interceptors_stand_around_every_kind_of_call_and_see_its_messages() {
    let log = Log::default();
    let server = Server::new()
        .with(Logging { name: "outer", log: log.clone() })
        .with(Logging { name: "inner", log: log.clone() })
        .add(Echo::default());
    let memory = memory(server.build(), 1);
    memory.block_on(async {
        let mut stream = memory.client().server_streaming::<_, Raw>(&SPLIT, raw(b"ab")).await.unwrap();
        while stream.next().await.unwrap().is_some() {}
        memory.client().unary::<_, Raw>(&FAIL, raw(b"5:")).await.unwrap_err();
    });
    let log = log.0.lock().unwrap();
    assert_eq!(
        log[..],
        [
            "outer > /test.Echo/Split",
            "inner > /test.Echo/Split",
            "outer Request ab",
            "inner Request ab",
            "inner Response a",
            "outer Response a",
            "inner Response b",
            "outer Response b",
            "inner < OK",
            "outer < OK",
            "outer > /test.Echo/Fail",
            "inner > /test.Echo/Fail",
            "outer Request 5:",
            "inner Request 5:",
            "inner < NOT_FOUND",
            "outer < NOT_FOUND",
        ]
    );
}

/// Lets in who has a token, and tells the handler who that is.
struct Auth;

#[derive(Clone)]
struct User(String);

impl Intercept for Auth {
    async fn around(&self, cx: &Cx, next: Next<'_>) -> Result<(), Status> {
        let Some(user) = cx.metadata().get("authorization") else {
            return Err(Status::unauthenticated("who are you?"));
        };
        cx.insert(User(user.to_owned()));
        next.run().await
    }

    fn message(&self, _cx: &Cx, direction: Direction, message: Bytes) -> Result<Bytes, Status> {
        if &message[..] == b"forbidden" {
            return Err(Status::permission_denied("not this"));
        }
        Ok(if direction == Direction::Response { [&message[..], b"!"].concat().into() } else { message })
    }
}

static WHO: MethodDesc = MethodDesc::new("/test.Who/Who", Kind::Unary);

struct Who;

impl Service for Who {
    fn register(self, routes: &mut Routes) {
        routes.unary(&WHO, &Arc::new(self), |_, cx: Cx, _request: Raw| async move {
            Ok(Raw(cx.get::<User>().unwrap().0.into()))
        });
    }
}

#[test]
fn an_interceptor_refuses_tells_the_handler_and_changes_messages() {
    let memory = memory(Server::new().with(Auth).add(Who).build(), usize::MAX);
    memory.block_on(async {
        let client = memory.client();
        let status = client.unary::<_, Raw>(&WHO, raw(b"")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        let mut metadata = Metadata::new();
        metadata.insert("authorization", "ada").unwrap();
        let call = |request| client.unary::<_, Raw>(&WHO, request).metadata(metadata.clone());
        assert_eq!(call(raw(b"")).await, Ok(raw(b"ada!")));
        assert_eq!(call(raw(b"forbidden")).await.unwrap_err().code(), Code::PermissionDenied);
    });
}

/// Calls another server for each call, under its deadline.
struct Relay(Memory);

static RELAY: MethodDesc = MethodDesc::new("/test.Relay/Relay", Kind::Unary);
static LEFT: MethodDesc = MethodDesc::new("/test.Left/Left", Kind::Unary);

impl Service for Relay {
    fn register(self, routes: &mut Routes) {
        routes.unary(&RELAY, &Arc::new(self), |relay, cx: Cx, request: Raw| async move {
            let budget = HopBudget::new(Duration::from_millis(100));
            relay.0.client().unary::<_, Raw>(&LEFT, request).under(&cx, budget).await
        });
    }
}

/// Answers with its `grpc-timeout`.
struct Left;

impl Service for Left {
    fn register(self, routes: &mut Routes) {
        routes.unary(&LEFT, &Arc::new(self), |_, cx: Cx, _request: Raw| async move {
            Ok(Raw(cx.metadata().get("grpc-timeout").unwrap_or("none").to_owned().into()))
        });
    }
}

#[test]
fn a_deadline_is_passed_on_less_the_budget_of_the_hop() {
    let inner = memory(Server::new().add(Left).build(), usize::MAX);
    let outer = memory(Server::new().add(Relay(inner)).build(), usize::MAX);
    let skew = outer.client();
    outer.block_on(async {
        let left = skew.unary::<_, Raw>(&RELAY, raw(b"")).timeout(Duration::from_secs(2)).await.unwrap();
        let nanos = grpc_wire::timeout::parse(&left.0).unwrap();
        // The two clocks were read a moment apart.
        assert!(nanos > Duration::from_millis(1800) && nanos < Duration::from_millis(2000), "{nanos:?}");
        assert_eq!(skew.unary::<_, Raw>(&RELAY, raw(b"")).await, Ok(raw(b"none")));
    });
}

/// Gives its streams to tasks, and says what they saw.
#[derive(Clone, Default)]
struct Detached(Arc<Mutex<Option<Streams>>>);

type Streams = (Cx, Inbound<Raw>, Outbound<Raw>);

static DETACH: MethodDesc = MethodDesc::new("/test.Detached/Detach", Kind::Bidi);

impl Service for Detached {
    fn register(self, routes: &mut Routes) {
        routes.bidi(
            &DETACH,
            &Arc::new(self),
            |this, cx: Cx, rx: Inbound<Raw>, tx: Outbound<Raw>| async move {
                cx.send_head();
                *this.0.lock().unwrap() = Some((cx, rx, tx));
                std::future::pending().await
            },
        );
    }
}

#[test]
fn what_a_handler_has_given_away_learns_that_the_call_is_cancelled() {
    let service = Detached::default();
    let memory = memory(Server::new().add(service.clone()).build(), usize::MAX);
    memory.block_on(async {
        let (tx, mut rx) = memory.client().bidi::<Raw, Raw>(&DETACH).start().unwrap();
        rx.head().await.unwrap();
        let (cx, mut server_rx, server_tx) = service.0.lock().unwrap().take().unwrap();
        tx.send(raw(b"ping")).await.unwrap();
        assert_eq!(server_rx.next().await, Ok(Some(raw(b"ping"))));
        server_tx.send(raw(b"pong")).await.unwrap();
        assert_eq!(rx.next().await, Ok(Some(raw(b"pong"))));
        drop(rx);
        let _ = cx.cancelled().await;
        assert_eq!(server_rx.next().await.unwrap_err().code(), Code::Cancelled);
        assert_eq!(server_tx.send(raw(b"late")).await.unwrap_err().code(), Code::Cancelled);
    });
}
