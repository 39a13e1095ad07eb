//! Routers that are put together, and what is wrong with them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use rpc_typed::{Code, Problem, Query, Router, Rpc, RpcError, query};

fn one(path: &'static str) -> Router<()> {
    let procedure: Query<(), ()> = query(path);
    Router::new().handle(procedure, Rpc::new().run(|(), ()| async { Ok(()) }))
}

fn problems(router: Router<()>) -> Vec<Problem> {
    router.build().map_err(|error| error.problems().to_vec()).unwrap_err()
}

#[test]
fn nested_routers_prefix_and_merged_ones_do_not() {
    let app = Router::new().nest("a", one("x").nest("b", one("y"))).merge(one("z")).build().unwrap();
    assert_eq!(app.paths().collect::<Vec<_>>(), ["a.b.y", "a.x", "z"]);
    assert!(app.procedures().find("a.b.y").is_some());
    assert!(app.procedures().find("a.b").is_none());
}

#[test]
fn a_path_that_stands_twice_is_refused() {
    assert_eq!(problems(one("x").merge(one("x"))), [Problem::Duplicate("x".into())]);
    assert_eq!(problems(one("a.x").nest("a", one("x"))), [Problem::Duplicate("a.x".into())]);
}

#[test]
fn a_path_that_is_a_router_too_is_refused() {
    assert_eq!(problems(one("a").nest("a", one("x"))), [Problem::Overlap("a".into())]);
    // A name between them in the order of bytes does not hide it.
    assert_eq!(problems(one("a").merge(one("a-b")).merge(one("a.x"))), [Problem::Overlap("a".into())]);
}

#[test]
fn words_that_javascript_needs_are_refused_anywhere_in_a_path() {
    for word in ["then", "call", "apply", "__proto__"] {
        assert_eq!(problems(one("x").nest(word, one("y"))), [Problem::Reserved(format!("{word}.y"))]);
    }
    assert!(one("thens").merge(one("calls.x")).build().is_ok());
}

#[test]
fn names_that_an_address_cannot_carry_are_refused() {
    for bad in ["", "a..b", ".a", "a.", "a,b", "a b", "ä", "a/b", "a%"] {
        assert_eq!(problems(one(bad)), [Problem::Name(bad.into())], "{bad:?}");
    }
    let long: &'static str = "x".repeat(257).leak();
    assert_eq!(problems(one(long)), [Problem::TooLong(long.into())]);
}

#[test]
fn all_problems_are_told_at_once() {
    let error = one("a b").merge(one("then")).merge(one("x")).merge(one("x")).build().unwrap_err();
    assert_eq!(error.problems().len(), 3);
    assert_eq!(error.to_string().matches("; ").count(), 2);
}

#[test]
fn steps_follow_each_other_and_stop_at_the_first_refusal() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;

    const LEN: Query<String, usize> = query("len");
    let steps = Arc::new(AtomicUsize::new(0));
    let seen = steps.clone();
    // u8 → String → usize: each step sees what the last one made.
    let rpc = Rpc::<u8>::new()
        .use_ctx(|n: u8| async move { Ok("x".repeat(n.into())) })
        .use_ctx(|s: String| async move {
            if s.is_empty() { Err(RpcError::from(Code::Forbidden)) } else { Ok(s.len()) }
        })
        .use_ctx(move |n: usize| {
            seen.fetch_add(1, Ordering::SeqCst);
            async move { Ok(n) }
        });
    let app = Router::new()
        .handle(LEN, rpc.run(|n: usize, s: String| async move { Ok(n + s.len()) }))
        .build()
        .unwrap();
    let len = |ctx: u8| app.caller(ctx).call(LEN, "abc".into()).now_or_never().unwrap();
    assert_eq!(len(2).unwrap(), 5);
    assert_eq!(len(0).unwrap_err().code(), Code::Forbidden);
    assert_eq!(steps.load(Ordering::SeqCst), 1);
}
