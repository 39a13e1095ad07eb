//! Subscriptions as Server-Sent Events: what the client of tRPC 11.25.2 listens to, over time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "time begins somewhere")]

mod common;

use std::time::Instant;

use common::{Answer, Request, app, ms};
use http::{HeaderMap, Method};
use rpc_typed::{Config, Event, EventId, Head, HttpExchange, Outcome, Transmit, Wire};

#[test]
fn sse_begins_with_connected_and_ends_with_return() {
    let answer = Request::get("letters").send();
    assert_eq!(
        answer.text(),
        "event: connected\ndata: {}\n\ndata: \"a\"\n\ndata: \"b\\nc\"\n\nevent: return\ndata: \n\n"
    );
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/event-stream"));
    assert_eq!(answer.header("cache-control"), "no-cache, no-transform");
    assert_eq!(answer.header("x-accel-buffering"), "no");
    assert!(answer.ended);
}

#[test]
fn sse_connected_carries_the_options_of_the_client() {
    let mut config = Config::default();
    config.sse.reconnect_after_inactivity = Some(ms(3000));
    let answer = Request::get("letters").send_with(&config);
    assert_eq!(answer.events()[0].2, r#"{"reconnectAfterInactivityMs":3000}"#);
}

#[test]
fn sse_tracked_events_have_ids() {
    let answer = Request::get("count?input=%7B%22to%22:2%7D").send();
    let events: Vec<_> =
        answer.events().into_iter().map(|(event, id, data)| format!("{event} {id} {data}")).collect();
    assert_eq!(events, ["connected  {}", r#"message 1 {"n":1}"#, r#"message 2 {"n":2}"#, "return 2 "]);
}

#[test]
fn sse_resumes_by_header_then_by_query_then_by_input() {
    let to_3 = "%7B%22to%22:3%7D";
    let first = |request: Request| request.send().events()[1].1.clone();
    assert_eq!(first(Request::get(&format!("count?input={to_3}"))), "1");
    assert_eq!(
        first(Request::get(&format!("count?input={to_3}&lastEventId=1")).header("last-event-id", "2")),
        "3"
    );
    assert_eq!(first(Request::get(&format!("count?input={to_3}&Last-Event-Id=1"))), "2");
    assert_eq!(first(Request::get(&format!("count?input={to_3}&lastEventId=1&Last-Event-Id=2"))), "2");
    let given = "%7B%22lastEventId%22:%221%22,%22to%22:3%7D";
    assert_eq!(first(Request::get(&format!("count?input={given}"))), "2");
    assert_eq!(first(Request::get(&format!("count?input={given}")).header("last-event-id", "2")), "3");
    // The empty id is none.
    assert_eq!(first(Request::get(&format!("count?input={given}")).header("last-event-id", "")), "2");
}

#[test]
fn sse_last_event_id_makes_the_input_of_who_sent_none() {
    let data = |target: &str| Request::get(target).send().events()[1].2.clone();
    assert_eq!(data("resumed"), "null");
    assert_eq!(data("resumed?lastEventId=x%20y"), "\"x y\"");
    assert_eq!(data("resumed?input=null&lastEventId=%22%5C"), r#""\"\\""#);
    // A scalar stays what it is, so here it is wrong.
    assert_eq!(Request::get("resumed?input=5&lastEventId=9").send().events()[1].0, "serialized-error");
}

#[test]
fn sse_untracked_event_behind_a_tracked_one_restores_the_id() {
    let answer = Request::get("mixed").send();
    assert_eq!(
        answer.text(),
        "event: connected\ndata: {}\n\nid: 7\ndata: 1\n\nid: \ndata: 2\n\nevent: restore-id\nid: 7\ndata: \n\n\
         id: 8\ndata: 3\n\nid: \ndata: 4\n\nevent: restore-id\nid: 8\ndata: \n\nevent: return\ndata: \n\n"
    );
}

#[test]
fn sse_error_of_the_running_stream_is_an_event_and_the_end() {
    let answer = Request::get("breaks").send();
    let events = answer.events();
    assert_eq!((events[1].2.as_str(), events[2].0.as_str(), events.len()), ("1", "serialized-error", 3));
    assert_eq!(
        events[2].2,
        r#"{"message":"no more","code":-32003,"data":{"code":"FORBIDDEN","httpStatus":403,"path":"breaks"}}"#
    );
    assert!(answer.ended);
}

#[test]
fn sse_error_before_the_stream_is_an_event_too_and_the_status_200() {
    for (request, code) in [
        (Request::get("mine"), "UNAUTHORIZED"),
        (Request::get("count"), "BAD_REQUEST"),
        (Request::post("letters", ""), "METHOD_NOT_SUPPORTED"),
    ] {
        let answer = request.send();
        let events = answer.events();
        assert_eq!((answer.status.as_u16(), events[0].0.as_str(), events.len()), (200, "connected", 2));
        let error: serde_json::Value = serde_json::from_str(&events[1].2).unwrap();
        assert_eq!((events[1].0.as_str(), &error["data"]["code"]), ("serialized-error", &code.into()));
    }
    assert_eq!(Request::get("mine").token().send().events()[1].2, "1");
}

#[test]
fn sse_panic_in_the_stream_is_an_internal_error() {
    let answer = Request::get("panics").send();
    assert_eq!(answer.events()[2].0, "serialized-error");
    assert!(answer.text().contains(r#""message":"Internal server error","code":-32603"#));
    assert!(!answer.text().contains("secret") && answer.ended);
}

#[test]
fn sse_reconnect_ends_the_body_without_a_word() {
    let answer = Request::get("again").send();
    assert_eq!(answer.text(), "event: connected\ndata: {}\n\ndata: 1\n\n");
    assert!(answer.ended);
}

#[test]
fn sse_ping_comes_after_silence_and_only_then() {
    let mut config = Config::default();
    config.sse.ping = Some(ms(1000));
    let start = Instant::now();
    let mut session = Request::get("silent").session(app(), &config, start);
    let mut answer = Answer::of(&mut session, start);
    let head = answer.body.len();
    assert_eq!(session.poll_timeout(), Some(start + ms(1000)));
    session.handle_timeout(start + ms(999));
    answer.go_on(&mut session, start + ms(999));
    assert_eq!(answer.body.len(), head);
    for n in 1..=2 {
        session.handle_timeout(start + ms(1000 * n));
        answer.go_on(&mut session, start + ms(1000 * n));
    }
    assert_eq!(&answer.text()[head..], "event: ping\ndata: \n\nevent: ping\ndata: \n\n");
    config.sse.ping = None;
    assert_eq!(
        Request::get("silent").session(app(), &config, start).poll_timeout(),
        Some(start + ms(30_000))
    );
}

#[test]
fn sse_ping_waits_behind_a_client_that_reads_nothing() {
    let mut config = Config::default();
    config.sse.ping = Some(ms(1000));
    let (mut exchange, now) = open(&config);
    for n in 1..1000 {
        exchange.handle_timeout(now + ms(1000 * n));
    }
    let Some(Transmit::Body(bytes)) = exchange.poll_transmit() else { panic!("connected") };
    assert_eq!(&bytes[..], b"event: connected\ndata: {}\n\n");
}

#[test]
fn sse_max_duration_ends_the_body_and_cancels_the_source() {
    let mut config = Config::default();
    config.sse.max_duration = Some(ms(5000));
    config.sse.ping = None;
    let (mut exchange, now) = open(&config);
    assert!(matches!(exchange.poll_transmit(), Some(Transmit::Body(_))));
    assert_eq!(exchange.poll_timeout(), Some(now + ms(5000)));
    exchange.handle_timeout(now + ms(5000));
    assert_eq!(exchange.poll_transmit(), Some(Transmit::End));
    assert!(matches!(exchange.poll_event(), Some(Event::Cancel { .. })));
    assert_eq!((exchange.poll_transmit(), exchange.poll_timeout()), (None, None));
}

#[test]
fn sse_a_slow_client_holds_the_source_back() {
    let (mut exchange, now) = open(&Config::default());
    let event = Wire { id: None, json: "1".repeat(1000) };
    let mut taken = 0;
    while exchange.wants_item() {
        exchange.item(&event, now);
        taken += 1;
    }
    assert_eq!(taken, 17, "16 KiB and what goes over");
    assert!(matches!(exchange.poll_transmit(), Some(Transmit::Body(_))));
    assert!(exchange.wants_item());
}

#[test]
fn sse_an_id_or_a_value_cannot_forge_a_field() {
    let (mut exchange, now) = open(&Config::default());
    assert!(EventId::parse("1\ndata: forged").is_err());
    exchange
        .item(&Wire { id: None, json: serde_json::to_string("x\n\nevent: return\ndata: ").unwrap() }, now);
    let Some(Transmit::Body(bytes)) = exchange.poll_transmit() else { panic!("connected") };
    assert!(!String::from_utf8_lossy(&bytes).contains("\nevent: return"));
    // One that a client claims to have is never written back with its line ends.
    let answer = Request::get("letters?lastEventId=1%0Aevent:%20return").send();
    assert_eq!(answer.events()[1], ("message".into(), String::new(), "\"a\"".into()));
}

/// An exchange whose subscription is open, behind its head.
fn open(config: &Config) -> (HttpExchange, Instant) {
    let (method, headers, now) = (Method::GET, HeaderMap::new(), Instant::now());
    let head = Head { method: &method, path: "silent", query: None, headers: &headers };
    let mut exchange = HttpExchange::new(app().procedures(), config, head, now);
    exchange.context_ready(now);
    let Some(Event::Call { slot, .. }) = exchange.poll_event() else { panic!("a call") };
    assert_eq!(exchange.poll_transmit(), None, "nothing is said before the source listens");
    exchange.complete(slot, Outcome::Open, now);
    assert!(matches!(exchange.poll_transmit(), Some(Transmit::Head(..))));
    (exchange, now)
}
