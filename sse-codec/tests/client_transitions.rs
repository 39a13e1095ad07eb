//! The states of the event source under a simulated clock: HTML Standard §9.2.2, §9.2.3.

#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "an `Instant` has to come from somewhere")]

#[path = "model/client.rs"]
mod model;
#[path = "rig/client.rs"]
mod rig;

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use proptest::prelude::*;
use rig::{SECOND, config, connect, ended, feed, headers, open, stream_head, wait};
use sse_codec::client::{Action, Client, ClientConfig, Disconnect, Ended, ReadyState, UrlError, Verdict};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn keeps_its_promises_whatever_the_network_does(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        model::run(&data);
    }
}

#[test]
fn the_request_is_the_standards() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    assert_eq!(client.state(), ReadyState::Connecting);
    let request = connect(&mut client, now);
    assert_eq!(
        (request.method(), request.uri().to_string()),
        (&Method::GET, "http://home.example/events?a=b".into())
    );
    assert_eq!(
        request.headers(),
        &headers(&[("accept", "text/event-stream"), ("cache-control", "no-store")])
    );
}

#[test]
fn a_post_is_sent_again_with_its_body_and_its_own_accept() {
    let now = Instant::now();
    let mut config = config();
    config.method = Method::POST;
    config.body = "{}".into();
    config.headers =
        headers(&[("accept", "application/json, text/event-stream"), ("last-event-id", "forged")]);
    let mut client = Client::new(config, 0);
    for at in [now, now + 60 * SECOND] {
        let request = connect(&mut client, at);
        assert_eq!((request.method(), &request.body()[..]), (&Method::POST, &b"{}"[..]));
        assert_eq!(request.headers()["accept"], "application/json, text/event-stream");
        assert!(!request.headers().contains_key("last-event-id"));
        client.on_eof(at, Disconnect::Error);
    }
}

#[test]
fn status_204_stops_for_good() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    connect(&mut client, now);
    assert_eq!(client.on_response(now, StatusCode::NO_CONTENT, &stream_head()), Verdict::Drop);
    assert_eq!(ended(&mut client, now + 3600 * SECOND), Ended::NoContent);
    assert!(!Ended::NoContent.is_failure());
}

#[test]
fn another_status_fails_with_a_prefix_of_the_body() {
    let now = Instant::now();
    for status in [201, 206, 304, 400, 401, 429, 500, 503] {
        let status = StatusCode::from_u16(status).unwrap();
        let mut config = config();
        config.limits.max_error_body = 8;
        let mut client = Client::new(config, 0);
        connect(&mut client, now);
        assert_eq!(client.on_response(now, status, &stream_head()), Verdict::Refused);
        assert_eq!(client.state(), ReadyState::Closed);
        assert!(feed(&mut client, now, b"data: 1").is_empty());
        assert!(matches!(client.poll(now), Action::Read { .. }));
        feed(&mut client, now, b"\n\nand a long page");
        assert!(matches!(client.poll(now), Action::Close));
        assert_eq!(ended(&mut client, now), Ended::Status { status, body: "data: 1\n".into() });
    }
}

#[test]
fn another_type_fails_with_what_was_found() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    connect(&mut client, now);
    let html = headers(&[("content-type", "text/html")]);
    assert_eq!(client.on_response(now, StatusCode::OK, &html), Verdict::Refused);
    feed(&mut client, now, b"<html>");
    client.on_eof(now, Disconnect::End);
    let Ended::ContentType { found, body } = ended(&mut client, now) else { panic!() };
    assert_eq!((found.as_deref(), &body[..]), (Some("text/html"), &b"<html>"[..]));

    let mut client = Client::new(config(), 0);
    connect(&mut client, now);
    client.on_response(now, StatusCode::OK, &HeaderMap::new());
    assert!(matches!(client.poll(now + 30 * SECOND), Action::Close), "a body without end is not waited for");
    assert!(matches!(ended(&mut client, now), Ended::ContentType { found: None, .. }));
}

#[test]
fn a_futile_transport_ends_it() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    connect(&mut client, now);
    client.on_eof(now, Disconnect::Futile);
    assert_eq!(ended(&mut client, now), Ended::Futile);
}

#[test]
fn silence_is_noticed_before_and_after_the_head() {
    let now = Instant::now();
    let mut config = config();
    config.idle_timeout = Some(45 * SECOND);
    let mut client = Client::new(config, 0);
    connect(&mut client, now);
    let Action::Read { until: Some(until) } = client.poll(now) else { panic!() };
    assert_eq!(until, now + 30 * SECOND);
    assert!(matches!(client.poll(until), Action::Close));
    assert_eq!(client.disconnect(), Some(Disconnect::Timeout));

    let waited = wait(&mut client, until);
    let now = until + waited;
    open(&mut client, now);
    let heard = now + 40 * SECOND;
    feed(&mut client, heard, b":\n\n");
    let Action::Read { until: Some(until) } = client.poll(heard) else { panic!() };
    assert_eq!(until, heard + 45 * SECOND, "a heartbeat counts");
    assert!(matches!(client.poll(until), Action::Close));
    assert_eq!(client.disconnect(), Some(Disconnect::Idle));
    wait(&mut client, until);
}

#[test]
fn close_drops_the_connection_once_and_late_news_is_ignored() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    client.close();
    assert_eq!(client.state(), ReadyState::Closed);
    assert!(feed(&mut client, now, b"data: late\n\n").is_empty());
    assert!(matches!(client.poll(now), Action::Close));
    client.on_eof(now, Disconnect::Error);
    assert_eq!(client.on_response(now, StatusCode::OK, &stream_head()), Verdict::Drop);
    assert_eq!(ended(&mut client, now), Ended::Closed);
}

#[test]
fn restart_connects_at_once_with_new_headers_and_the_old_id() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    feed(&mut client, now, b"id: 5\ndata: x\n\n");
    client.headers_mut().insert("authorization", HeaderValue::from_static("Bearer new"));
    client.restart();
    assert!(matches!(client.poll(now), Action::Close));
    let request = connect(&mut client, now);
    assert_eq!(request.headers()["authorization"], "Bearer new");
    assert_eq!(request.headers()["last-event-id"], "5");
    client.on_eof(now, Disconnect::Error);
    wait(&mut client, now);
    client.restart();
    connect(&mut client, now);
    client.close();
    client.poll(now);
    assert_eq!(ended(&mut client, now), Ended::Closed);
    client.restart();
    connect(&mut client, now);
}

#[test]
fn urls_are_checked_at_the_door() {
    for (url, error) in [
        ("/relative", UrlError::Syntax),
        ("ws://home.example/", UrlError::Scheme),
        ("http://user@home.example/", UrlError::Credentials),
    ] {
        assert_eq!(ClientConfig::new(url).err(), Some(error), "{url}");
    }
    assert_eq!(ClientConfig::new("HTTP://Home.Example/a b").unwrap().url(), "http://home.example/a%20b");
}

#[test]
fn an_idle_client_is_small() {
    assert!(size_of::<Client>() <= 1024, "{} bytes", size_of::<Client>());
}

#[test]
fn close_works_in_every_state_and_a_second_close_changes_nothing() {
    let now = Instant::now();
    type Bring = fn(&mut Client, Instant);
    let states: [(&str, bool, Bring); 6] = [
        ("fresh", false, |_, _| {}),
        ("connecting", true, |client, now| drop(connect(client, now))),
        ("open", true, |client, now| drop(open(client, now))),
        ("waiting", false, |client, now| {
            connect(client, now);
            client.on_eof(now, Disconnect::Error);
            wait(client, now);
        }),
        ("refused", true, |client, now| {
            connect(client, now);
            client.on_response(now, StatusCode::NOT_FOUND, &HeaderMap::new());
        }),
        ("redirected", false, |client, now| {
            connect(client, now);
            client.on_response(now, StatusCode::FOUND, &headers(&[("location", "/x")]));
        }),
    ];
    for (name, is_live, bring) in states {
        let mut client = Client::new(config(), 0);
        bring(&mut client, now);
        client.close();
        client.close();
        assert_eq!(client.state(), ReadyState::Closed, "{name}");
        if is_live {
            assert!(matches!(client.poll(now), Action::Close), "{name}: its connection is to be dropped");
        }
        assert_eq!(ended(&mut client, now), Ended::Closed, "{name}");
        assert_eq!(ended(&mut client, now + 3600 * SECOND), Ended::Closed, "{name}: for good");
    }
}

#[test]
fn restart_works_in_every_state_with_one_connection_at_a_time() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    client.restart();
    connect(&mut client, now);
    client.restart();
    client.restart();
    assert!(matches!(client.poll(now), Action::Close), "once for one connection");
    open(&mut client, now);
    client.restart();
    assert_eq!(client.state(), ReadyState::Connecting);
    assert!(matches!(client.poll(now), Action::Close));
    connect(&mut client, now);
    client.on_response(now, StatusCode::GONE, &HeaderMap::new());
    client.on_eof(now, Disconnect::End);
    assert!(ended(&mut client, now).is_failure());
    client.restart();
    open(&mut client, now);
}

#[test]
fn ready_states_follow_the_standard() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    assert_eq!(client.state(), ReadyState::Connecting);
    connect(&mut client, now);
    assert_eq!(client.state(), ReadyState::Connecting);
    client.on_response(now, StatusCode::OK, &stream_head());
    assert_eq!(client.state(), ReadyState::Open);
    client.on_eof(now, Disconnect::End);
    assert_eq!(client.state(), ReadyState::Connecting, "it waits to come back");
    let waited = wait(&mut client, now);
    connect(&mut client, now + waited);
    client.on_response(now + waited, StatusCode::NO_CONTENT, &stream_head());
    assert_eq!(client.state(), ReadyState::Closed);
}

#[test]
fn the_time_for_a_response_can_be_set_and_turned_off() {
    let now = Instant::now();
    let mut config = config();
    config.limits.response_timeout = Some(2 * SECOND);
    let mut client = Client::new(config.clone(), 0);
    connect(&mut client, now);
    assert!(matches!(client.poll(now + Duration::from_millis(1999)), Action::Read { .. }));
    assert!(matches!(client.poll(now + 2 * SECOND), Action::Close));
    config.limits.response_timeout = None;
    let mut client = Client::new(config, 0);
    connect(&mut client, now);
    assert!(matches!(client.poll(now + 86_400 * SECOND), Action::Read { until: None }));
}

#[test]
fn a_stream_that_a_limit_ends_is_left_and_made_anew() {
    let now = Instant::now();
    let mut config = config();
    config.parser.max_data = 4;
    config.parser.on_overflow = sse_codec::OnOverflow::Terminate;
    let mut client = Client::new(config, 0);
    open(&mut client, now);
    assert_eq!(feed(&mut client, now, b"id: 1\ndata: a\n\ndata: too much\n\ndata: b\n\n"), ["a"]);
    assert!(matches!(client.poll(now), Action::Close));
    assert_eq!(client.disconnect(), Some(Disconnect::Limit));
    let waited = wait(&mut client, now);
    assert_eq!(open(&mut client, now + waited).headers()["last-event-id"], "1");
    assert_eq!(feed(&mut client, now, b"data: c\n\n"), ["c"]);
}

#[test]
fn comments_are_items_unless_they_are_turned_off() {
    let now = Instant::now();
    let mut config = config();
    config.idle_timeout = Some(SECOND);
    for is_shown in [true, false] {
        let mut client = Client::new(config.clone(), 0);
        client.show_comments(is_shown);
        open(&mut client, now);
        let mut input = &b": x\n\n"[..];
        let item = client.on_bytes(now + SECOND / 2, &mut input);
        assert_eq!(item.is_some(), is_shown);
        while client.on_bytes(now + SECOND / 2, &mut input).is_some() {}
        let Action::Read { until: Some(until) } = client.poll(now + SECOND / 2) else { panic!() };
        assert_eq!(until, now + SECOND + SECOND / 2, "it was heard all the same");
    }
}
