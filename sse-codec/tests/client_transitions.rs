//! The event source under a simulated clock: HTML Standard §9.2.2, §9.2.3; Fetch Standard, HTTP-redirect fetch.

#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "an `Instant` has to come from somewhere")]

#[path = "model/client.rs"]
mod model;

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use proptest::prelude::*;
use sse_codec::{
    Item,
    client::{
        Action, Client, ClientConfig, Disconnect, Ended, ReadyState, RedirectError, UrlError, Verdict,
        transient,
    },
};

const SECOND: Duration = Duration::from_secs(1);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn keeps_its_promises_whatever_the_network_does(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        model::run(&data);
    }
}

fn config() -> ClientConfig {
    ClientConfig::new("http://home.example/events?a=b#fragment").unwrap()
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

fn stream_head() -> HeaderMap {
    headers(&[("content-type", "text/event-stream")])
}

fn connect(client: &mut Client, now: Instant) -> Request<Bytes> {
    match client.poll(now) {
        Action::Connect(request) => *request,
        other => panic!("{other:?} where a request was due"),
    }
}

fn wait(client: &mut Client, now: Instant) -> Duration {
    match client.poll(now) {
        Action::Wait { until } => until - now,
        other => panic!("{other:?} where a wait was due"),
    }
}

fn ended(client: &mut Client, now: Instant) -> Ended {
    match client.poll(now) {
        Action::Done(ended) => ended,
        other => panic!("{other:?} where the end was due"),
    }
}

fn open(client: &mut Client, now: Instant) -> Request<Bytes> {
    let request = connect(client, now);
    assert_eq!(client.on_response(now, StatusCode::OK, &stream_head()), Verdict::Open);
    request
}

fn feed(client: &mut Client, now: Instant, mut input: &[u8]) -> Vec<String> {
    let mut data = Vec::new();
    while let Some(item) = client.on_bytes(now, &mut input) {
        if let Item::Event(event) = item {
            data.push(event.data().to_owned());
        }
    }
    data
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
fn opens_parses_and_resumes_with_the_id_as_utf8_bytes() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    assert_eq!(client.state(), ReadyState::Open);
    assert_eq!(feed(&mut client, now, "id: é\ndata: 1\n\nid: never\ndata: 2".as_bytes()), ["1"]);
    client.on_eof(now, Disconnect::End);
    assert_eq!(client.state(), ReadyState::Connecting);
    let waited = wait(&mut client, now);
    assert!((SECOND..=2 * SECOND).contains(&waited));
    assert_eq!(client.disconnect(), Some(Disconnect::End));
    let request = open(&mut client, now + waited);
    assert_eq!(request.headers()["last-event-id"].as_bytes(), "é".as_bytes());
    assert_eq!(feed(&mut client, now, b": the half block is gone\ndata: 3\n\n"), ["3"]);
}

#[test]
fn an_id_is_committed_only_with_what_was_given_out() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    let mut input = &b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n"[..];
    assert!(matches!(client.on_bytes(now, &mut input), Some(Item::Event(_))));
    assert_eq!(client.last_event_id(), "1", "the second event is still in the input");
    client.on_eof(now, Disconnect::Error);
    let waited = wait(&mut client, now);
    assert_eq!(connect(&mut client, now + waited).headers()["last-event-id"], "1");
}

#[test]
fn the_first_id_can_be_given_and_an_empty_one_forgets_it() {
    let now = Instant::now();
    let mut config = config();
    config.last_event_id = "41".parse().unwrap();
    let mut client = Client::new(config, 0);
    assert_eq!(open(&mut client, now).headers()["last-event-id"], "41");
    feed(&mut client, now, b"id\n\n");
    client.on_eof(now, Disconnect::End);
    let waited = wait(&mut client, now);
    assert!(!connect(&mut client, now + waited).headers().contains_key("last-event-id"));
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
fn a_policy_makes_statuses_retryable_and_retry_after_is_capped() {
    let now = Instant::now();
    let mut config = config();
    config.retryable = transient;
    for (value, range) in [("7", 7..=7), ("86400", 300..=300), ("0", 1..=2), ("soon", 1..=2)] {
        let mut client = Client::new(config.clone(), 3);
        connect(&mut client, now);
        let head = headers(&[("retry-after", value)]);
        assert_eq!(client.on_response(now, StatusCode::TOO_MANY_REQUESTS, &head), Verdict::Drop);
        let waited = wait(&mut client, now);
        assert!(range.contains(&waited.as_secs()), "{value}: {waited:?}");
        assert_eq!(client.disconnect(), Some(Disconnect::Status(StatusCode::TOO_MANY_REQUESTS)));
    }
    let mut client = Client::new(config, 3);
    connect(&mut client, now);
    assert_eq!(client.on_response(now, StatusCode::NOT_FOUND, &HeaderMap::new()), Verdict::Refused);
}

#[test]
fn each_kind_of_redirect_is_followed_with_its_method() {
    let now = Instant::now();
    for (status, sent, then) in [
        (301, Method::POST, Method::GET),
        (302, Method::POST, Method::GET),
        (301, Method::PUT, Method::PUT),
        (303, Method::PUT, Method::GET),
        (307, Method::POST, Method::POST),
        (308, Method::POST, Method::POST),
    ] {
        let mut config = config();
        config.method = sent;
        config.body = "body".into();
        config.headers = headers(&[("content-type", "text/plain"), ("authorization", "Bearer t")]);
        let mut client = Client::new(config, 0);
        connect(&mut client, now);
        let head = headers(&[("location", "../moved#here")]);
        assert_eq!(client.on_response(now, StatusCode::from_u16(status).unwrap(), &head), Verdict::Drop);
        let request = connect(&mut client, now);
        assert_eq!(request.uri(), "http://home.example/moved");
        assert_eq!(request.method(), then);
        let keeps_body = then != Method::GET;
        assert_eq!(!request.body().is_empty(), keeps_body);
        assert_eq!(request.headers().contains_key("content-type"), keeps_body);
        assert!(request.headers().contains_key("authorization"), "the origin is the same");
    }
}

#[test]
fn credentials_do_not_follow_to_another_origin_nor_come_back() {
    let now = Instant::now();
    let mut secret = HeaderValue::from_static("k");
    secret.set_sensitive(true);
    let mut config = config().bearer("t").unwrap().header(HeaderName::from_static("x-api-key"), secret);
    config.headers.insert("cookie", HeaderValue::from_static("a=b"));
    config.headers.insert("x-trace", HeaderValue::from_static("1"));
    for elsewhere in ["http://evil.example/", "https://home.example/", "http://home.example:8080/"] {
        let mut client = Client::new(config.clone(), 0);
        connect(&mut client, now);
        for location in [elsewhere, "http://home.example/back"] {
            let mut head = HeaderMap::new();
            head.insert("location", HeaderValue::from_str(location).unwrap());
            client.on_response(now, StatusCode::FOUND, &head);
            let request = connect(&mut client, now);
            for name in ["authorization", "cookie", "x-api-key"] {
                assert!(!request.headers().contains_key(name), "{name} at {location}");
            }
            assert!(request.headers().contains_key("x-trace"));
        }
        client.on_eof(now, Disconnect::Error);
        let waited = wait(&mut client, now);
        let request = connect(&mut client, now + waited);
        assert_eq!(request.uri().host(), Some("home.example"), "a reconnection starts from the first url");
        assert!(request.headers().contains_key("authorization"));
    }
}

#[test]
fn redirects_that_lead_nowhere_are_failures() {
    let now = Instant::now();
    for (location, error) in [
        (None, RedirectError::NoLocation),
        (Some(" "), RedirectError::NoLocation),
        (Some("http://["), RedirectError::Location),
        (Some("ftp://home.example/"), RedirectError::Scheme),
        (Some("data:text/event-stream,x"), RedirectError::Scheme),
        (Some("//user:pass@home.example/"), RedirectError::Credentials),
    ] {
        let mut client = Client::new(config(), 0);
        connect(&mut client, now);
        let head = location.map(|location| headers(&[("location", location)])).unwrap_or_default();
        client.on_response(now, StatusCode::MOVED_PERMANENTLY, &head);
        assert_eq!(ended(&mut client, now), Ended::Redirect(error), "{location:?}");
    }
}

#[test]
fn ten_redirects_are_followed_and_the_eleventh_is_not() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    let head = headers(&[("location", "/round")]);
    for _ in 0..=10 {
        connect(&mut client, now);
        client.on_response(now, StatusCode::MOVED_PERMANENTLY, &head);
    }
    assert_eq!(ended(&mut client, now), Ended::Redirect(RedirectError::TooMany { max: 10 }));
}

#[test]
fn a_server_retry_replaces_the_base_and_zero_does_not_hammer() {
    let now = Instant::now();
    for (retry, least, most) in
        [("0", 100, 200), ("5000", 5_000, 10_000), ("18446744073709551616", 3_600_000, 3_600_000)]
    {
        let mut client = Client::new(config(), 9);
        open(&mut client, now);
        feed(&mut client, now, format!("retry: {retry}\n").as_bytes());
        client.on_eof(now, Disconnect::End);
        let waited = wait(&mut client, now).as_millis();
        assert!((least..=most).contains(&waited), "{retry}: {waited} ms");
    }
}

#[test]
fn waits_grow_and_start_anew_after_a_healthy_connection() {
    let mut now = Instant::now();
    let mut client = Client::new(config(), 5);
    let mut longest = Duration::ZERO;
    for _ in 0..40 {
        connect(&mut client, now);
        client.on_eof(now, Disconnect::Error);
        let waited = wait(&mut client, now);
        assert!((SECOND..=30 * SECOND).contains(&waited));
        longest = longest.max(waited);
        now += waited;
    }
    assert!(longest > 20 * SECOND);
    open(&mut client, now);
    now += 59 * SECOND;
    client.on_eof(now, Disconnect::End);
    let waited = wait(&mut client, now);
    now += waited;
    open(&mut client, now);
    now += 60 * SECOND;
    client.on_eof(now, Disconnect::End);
    assert!(wait(&mut client, now) <= 2 * SECOND);
}

#[test]
fn an_attempt_bound_ends_it() {
    let now = Instant::now();
    let mut config = config();
    config.limits.max_attempts = Some(2);
    let mut client = Client::new(config, 0);
    connect(&mut client, now);
    client.on_eof(now, Disconnect::Error);
    let waited = wait(&mut client, now);
    connect(&mut client, now + waited);
    client.on_eof(now, Disconnect::Error);
    assert_eq!(ended(&mut client, now), Ended::Attempts { max: 2 });
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
fn redirects_share_the_time_of_their_attempt() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    connect(&mut client, now);
    client.on_response(now + 20 * SECOND, StatusCode::FOUND, &headers(&[("location", "/slow")]));
    connect(&mut client, now + 20 * SECOND);
    assert!(matches!(client.poll(now + 30 * SECOND), Action::Close));
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
