//! Batches as JSON Lines: the head, then a line a call as it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "time begins somewhere")]

mod common;

use std::time::{Duration, Instant};

use common::{Answer, Request, app};
use rpc_typed::Config;

fn lines(target: &str) -> Request {
    Request::get(target).header("trpc-accept", "application/jsonl")
}

#[test]
fn calls_that_are_ready_stand_in_the_head() {
    let answer = lines("hello,none,nope?batch=1").send();
    assert_eq!(
        answer.text(),
        concat!(
            r#"{"0":[[{"result":{"data":{"greeting":"hello world"}}}]],"1":[[{"result":{"data":null}}]],"#,
            r#""2":[[{"error":{"message":"No procedure found on path \"nope\"","code":-32004,"#,
            r#""data":{"code":"NOT_FOUND","httpStatus":404,"path":"nope"}}}]]}"#,
            "\n"
        )
    );
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    assert!(answer.ended);
}

#[test]
fn calls_that_run_are_promised_and_follow() {
    let mut config = Config::default();
    config.limits.call_deadline = Some(Duration::from_secs(1));
    let now = Instant::now();
    let mut session = lines("hang,hello?batch=1").session(app(), &config, now);
    let mut answer = Answer::of(&mut session, now);
    assert_eq!(
        answer.text(),
        "{\"0\":[[0],[null,0,0]],\"1\":[[{\"result\":{\"data\":{\"greeting\":\"hello world\"}}}]]}\n"
    );
    assert!(!answer.ended);
    let head = answer.body.len();
    session.handle_timeout(now + Duration::from_secs(1));
    answer.go_on(&mut session, now + Duration::from_secs(1));
    let chunk = &answer.text()[head..];
    assert!(
        chunk.starts_with("[0,0,[[{\"error\":{\"message\":\"TIMEOUT\"") && chunk.ends_with("]]]\n"),
        "{chunk}"
    );
    assert!(answer.ended);
}

#[test]
fn the_own_header_decides_before_accept() {
    let asked = |accept: &str| Request::get("hello?batch=1").header("accept", accept);
    assert!(asked("text/html, application/jsonl").send().text().starts_with("{\"0\""));
    assert!(asked("application/jsonl;q=1").send().text().starts_with('['), "exactly");
    let other = asked("application/jsonl").header("trpc-accept", "application/json").send();
    assert!(other.text().starts_with('['));
}

#[test]
fn every_line_is_json() {
    let answer = lines("hello,boom,user.get,none?batch=1&input=%7B").send();
    assert!(answer.ended);
    for line in answer.text().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}
