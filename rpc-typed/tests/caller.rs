//! Calls from Rust.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{ById, COUNT, CREATE, CountTo, Ctx, GET, Greeting, HELLO, MINE, Named, PANIC, PANICS, app};
use futures_util::{FutureExt, StreamExt};
use rpc_typed::{Code, Query, Stop, Subscription, query, subscription};

#[test]
fn a_call_is_typed_and_needs_no_wire() {
    let caller = app().caller(Ctx::default());
    let greeting = caller.call(HELLO, Some("you".into())).now_or_never().unwrap().unwrap();
    assert_eq!(greeting, Greeting { greeting: "hello you".into() });
}

#[test]
fn steps_run_as_for_the_wire() {
    let named = || Named { name: "x".into() };
    let create = CREATE.below("user");
    let refused = app().caller(Ctx::default()).call(create, named()).now_or_never().unwrap().unwrap_err();
    assert_eq!(refused.code(), Code::Unauthorized);
    let known = app().caller(Ctx { token: Some("Bearer t".into()) });
    assert_eq!(known.call(create, named()).now_or_never().unwrap().unwrap().by, "ada");
}

#[test]
fn errors_keep_their_code_and_panics_are_errors() {
    let caller = app().caller(Ctx::default());
    let missing =
        caller.call(GET.below("user"), ById { id: "2".into() }).now_or_never().unwrap().unwrap_err();
    assert_eq!((missing.code(), missing.message()), (Code::NotFound, "No such user"));
    let panicked = caller.call(PANIC, ()).now_or_never().unwrap().unwrap_err();
    assert_eq!((panicked.code(), panicked.message()), (Code::InternalServerError, "Internal server error"));
}

#[test]
fn a_constant_of_another_path_kind_or_type_is_an_error_and_no_panic() {
    const ELSEWHERE: Query<(), ()> = query("elsewhere");
    const AS_STREAM: Subscription<Option<String>, u8> = subscription("hello");
    const OTHER_INPUT: Query<u8, Greeting> = query("hello");
    const OTHER_OUTPUT: Query<Option<String>, u8> = query("hello");
    let caller = app().caller(Ctx::default());
    let code = |error: rpc_typed::RpcError| error.code();
    assert_eq!(code(caller.call(ELSEWHERE, ()).now_or_never().unwrap().unwrap_err()), Code::NotFound);
    let error = caller.subscribe(AS_STREAM, None).now_or_never().unwrap().unwrap_err();
    assert_eq!(error.message(), "No \"subscription\"-procedure on path \"hello\"");
    assert_eq!(
        code(caller.call(OTHER_INPUT, 1).now_or_never().unwrap().unwrap_err()),
        Code::InternalServerError
    );
    assert_eq!(
        code(caller.call(OTHER_OUTPUT, None).now_or_never().unwrap().unwrap_err()),
        Code::InternalServerError
    );
}

#[test]
fn a_subscription_is_a_stream_of_its_type() {
    let caller = app().caller(Ctx::default());
    let input = CountTo { to: 3, last_event_id: Some("1".into()) };
    let stream = caller.subscribe(COUNT, input).now_or_never().unwrap().unwrap();
    let events: Vec<_> = stream
        .map(|event| event.unwrap())
        .map(|e| (e.id.to_string(), e.data.n))
        .collect()
        .now_or_never()
        .unwrap();
    assert_eq!(events, [("2".to_owned(), 2), ("3".to_owned(), 3)]);
    let refused = caller.subscribe(MINE, ()).now_or_never().unwrap().unwrap_err();
    assert_eq!(refused.code(), Code::Unauthorized);
    let mut panics = caller.subscribe(PANICS, ()).now_or_never().unwrap().unwrap();
    assert_eq!(panics.next().now_or_never().unwrap().unwrap().unwrap(), 1);
    assert!(matches!(panics.next().now_or_never().unwrap(), Some(Err(Stop::Error(_)))));
    assert!(panics.next().now_or_never().unwrap().is_none());
}
