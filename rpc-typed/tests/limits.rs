//! Each bound of `Limits`: what stays below is answered, what crosses it is refused by its code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "time begins somewhere")]

mod common;

use std::time::{Duration, Instant};

use common::{Answer, Request, app};
use rpc_typed::{Config, EventId, EventIdError, Limits};
use serde_json::{Value, json};

fn with(change: impl FnOnce(&mut Limits)) -> Config {
    let mut config = Config::default();
    change(&mut config.limits);
    config
}

fn code(answer: &Answer) -> Value {
    assert!(answer.ended);
    let body = answer.json();
    let first = if body.is_array() { &body[0] } else { &body };
    first["error"]["data"]["code"].clone()
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let Limits {
        max_body,
        max_url,
        max_batch,
        max_path,
        max_connection_params,
        max_last_event_id,
        call_deadline,
        ..
    } = Limits::DEFAULT;
    assert_eq!((max_body, max_url, max_batch, max_path), (1 << 20, 16 << 10, 64, 256));
    assert_eq!((max_connection_params, max_last_event_id), (8 << 10, 1 << 10));
    assert_eq!((call_deadline, Limits::default()), (Some(Duration::from_secs(30)), Limits::DEFAULT));
}

#[test]
fn max_body_counts_all_pieces() {
    let config = with(|l| l.max_body = 14);
    let body = r#"{"name":"bob"}"#;
    assert_eq!(Request::post("user.create", body).token().send_with(&config).status, 200);
    let mut longer = Request::post("user.create", "").token();
    longer.body = vec![body.into(), " ".into()];
    let answer = longer.send_with(&config);
    assert_eq!((answer.status.as_u16(), code(&answer)), (413, json!("PAYLOAD_TOO_LARGE")));
    let now = Instant::now();
    let mut unread = Request::post("user.create", "").token();
    unread.body = vec![];
    let mut session = unread.session(app(), &with(|l| l.max_body = 0), now);
    assert!(!session.wants_body(), "nothing more is read");
    assert!(Answer::of(&mut session, now).ended);
}

#[test]
fn max_body_is_told_to_who_may_call_only() {
    let config = with(|l| l.max_body = 4);
    let answer = Request::post("user.create", r#"{"name":"bob"}"#).send_with(&config);
    assert_eq!(code(&answer), "UNAUTHORIZED");
}

#[test]
fn max_url_counts_path_and_query() {
    let config = with(|l| l.max_url = 20);
    assert_eq!(Request::get("hello?input=%22abc%22").send_with(&config).status, 200);
    let answer = Request::get("hello?input=%22abc%22&").send_with(&config);
    assert_eq!((answer.status.as_u16(), code(&answer)), (413, json!("PAYLOAD_TOO_LARGE")));
}

#[test]
fn max_batch_is_counted_before_anything_is_looked_up() {
    let config = with(|l| l.max_batch = 3);
    assert_eq!(Request::get(",,?batch=1").send_with(&config).json().as_array().unwrap().len(), 3);
    assert_eq!(code(&Request::get(",,,?batch=1").send_with(&config)), "BAD_REQUEST");
    // Without `batch=1` a comma is a letter like others.
    assert_eq!(Request::get(",,,").send_with(&config).status, 404);
}

#[test]
fn max_path_is_that_of_one_procedure() {
    let config = with(|l| l.max_path = 5);
    assert_eq!(Request::get("hello,none?batch=1").send_with(&config).status, 200);
    let answer = Request::get("hello,none12?batch=1").send_with(&config);
    assert_eq!((code(&answer), &answer.json()["error"]["data"].get("path")), (json!("BAD_REQUEST"), &None));
}

#[test]
fn max_connection_params_counts_what_was_decoded() {
    let config = with(|l| l.max_connection_params = 9);
    assert_eq!(Request::get("hello?connectionParams=%7B%22a%22:%22b%22%7D").send_with(&config).status, 200);
    let answer = Request::get("hello?connectionParams=%7B%22a%22:%22bc%22%7D").send_with(&config);
    assert_eq!(code(&answer), "PARSE_ERROR");
}

#[test]
fn max_last_event_id_holds_for_the_field_and_for_the_query() {
    let config = with(|l| l.max_last_event_id = 3);
    assert_eq!(Request::get("resumed?lastEventId=abc").send_with(&config).events()[1].2, "\"abc\"");
    assert_eq!(code(&Request::get("resumed?lastEventId=abcd").send_with(&config)), "BAD_REQUEST");
    assert_eq!(
        code(&Request::get("resumed").header("last-event-id", "abcd").send_with(&config)),
        "BAD_REQUEST"
    );
}

#[test]
fn call_deadline_fails_the_calls_that_hang_and_keeps_the_others() {
    let config = with(|l| l.call_deadline = Some(Duration::from_secs(1)));
    let now = Instant::now();
    let mut session = Request::get("hello,hang?batch=1").session(app(), &config, now);
    let mut answer = Answer::of(&mut session, now);
    assert!(!answer.ended);
    let at = session.poll_timeout().unwrap();
    assert_eq!(at, now + Duration::from_secs(1));
    session.handle_timeout(at - Duration::from_millis(1));
    answer.go_on(&mut session, at);
    assert!(!answer.ended, "not yet");
    session.handle_timeout(at);
    answer.go_on(&mut session, at);
    assert_eq!(answer.status, 207);
    let body = answer.json();
    assert_eq!(
        (&body[0]["result"]["data"]["greeting"], &body[1]["error"]["code"]),
        (&json!("hello world"), &json!(-32008))
    );
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn call_deadline_holds_while_the_body_is_still_coming() {
    let now = Instant::now();
    let mut waiting = Request::post("user.create", "").token();
    waiting.body.clear();
    let (method, headers) = (waiting.method.clone(), waiting.headers.clone());
    let head = rpc_typed::Head { method: &method, path: "user.create", query: None, headers: &headers };
    let mut session = rpc_typed::Session::new(app(), &Config::default(), head, now);
    session.context(common::Ctx::default(), now);
    assert!(session.wants_body());
    let late = now + Duration::from_secs(31);
    session.handle_timeout(late);
    let answer = Answer::of(&mut session, late);
    assert_eq!((answer.status.as_u16(), code(&answer)), (408, json!("TIMEOUT")));
}

#[test]
fn call_deadline_none_waits_for_ever() {
    let now = Instant::now();
    let session = Request::get("hang").session(app(), &with(|l| l.call_deadline = None), now);
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn nesting_is_held_to_128_where_a_type_is_recursive_and_is_a_scan_where_nobody_looks() {
    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Nested(Vec<Nested>);
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(rpc_typed::RawInput::json(deep(120)).parse::<Nested>().is_ok());
    assert!(rpc_typed::RawInput::json(deep(200)).parse::<Nested>().is_err());
    let ignored = format!(r#"{{"name":"x","more":{}}}"#, deep(100_000));
    let answer = Request::post("user.create", ignored).token().send();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn an_event_id_has_1_to_1024_bytes_and_no_line_end() {
    assert_eq!(EventId::parse("x".repeat(1024)).unwrap().as_str().len(), 1024);
    assert_eq!(EventId::parse("x".repeat(1025)), Err(EventIdError::TooLong));
    assert_eq!(EventId::parse(""), Err(EventIdError::Empty));
    for (id, offset) in [("a\0", 1), ("\nb", 0), ("ab\r", 2)] {
        assert_eq!(EventId::parse(id), Err(EventIdError::Byte { offset }));
    }
}
