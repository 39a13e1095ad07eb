//! Redirects of the event source: Fetch Standard, HTTP-redirect fetch; RFC 9110 §15.4.

#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "an `Instant` has to come from somewhere")]

#[path = "rig/client.rs"]
mod rig;

use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use rig::{SECOND, config, connect, ended, headers, open, stream_head, wait};
use sse_codec::client::{Action, Client, Disconnect, Ended, RedirectError, Verdict};

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
fn redirects_share_the_time_of_their_attempt() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    connect(&mut client, now);
    client.on_response(now + 20 * SECOND, StatusCode::FOUND, &headers(&[("location", "/slow")]));
    connect(&mut client, now + 20 * SECOND);
    assert!(matches!(client.poll(now + 30 * SECOND), Action::Close));
}

fn redirect(client: &mut Client, now: Instant, status: u16, location: &str) {
    let mut head = HeaderMap::new();
    head.insert("location", HeaderValue::from_str(location).unwrap());
    assert_eq!(client.on_response(now, StatusCode::from_u16(status).unwrap(), &head), Verdict::Drop);
}

/// The URI of the request that follows an open stream's end.
fn after_the_stream(client: &mut Client, now: Instant) -> String {
    assert_eq!(client.on_response(now, StatusCode::OK, &stream_head()), Verdict::Open);
    client.on_eof(now, Disconnect::End);
    let waited = wait(client, now);
    connect(client, now + waited).uri().to_string()
}

#[test]
fn a_permanent_redirect_is_remembered_and_a_temporary_one_is_not() {
    let now = Instant::now();
    for (status, then) in [
        (301, "http://home.example/there"),
        (308, "http://home.example/there"),
        (302, "http://home.example/events?a=b"),
        (303, "http://home.example/events?a=b"),
        (307, "http://home.example/events?a=b"),
    ] {
        let mut client = Client::new(config(), 0);
        connect(&mut client, now);
        redirect(&mut client, now, status, "/there");
        connect(&mut client, now);
        assert_eq!(after_the_stream(&mut client, now), then, "{status}");
    }
}

#[test]
fn of_a_chain_the_permanent_beginning_is_remembered() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    for (status, location) in [(301, "/a"), (308, "/b"), (302, "/c"), (301, "/d")] {
        connect(&mut client, now);
        redirect(&mut client, now, status, location);
    }
    assert_eq!(connect(&mut client, now).uri().path(), "/d");
    assert_eq!(after_the_stream(&mut client, now), "http://home.example/b");
}

#[test]
fn a_permanent_redirect_to_no_stream_is_not_remembered() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    connect(&mut client, now);
    redirect(&mut client, now, 301, "http://portal.example/login");
    connect(&mut client, now);
    client.on_eof(now, Disconnect::Error);
    let waited = wait(&mut client, now);
    assert_eq!(connect(&mut client, now + waited).uri(), "http://home.example/events?a=b");
}

#[test]
fn what_is_remembered_keeps_its_method_and_stays_without_credentials() {
    let now = Instant::now();
    let mut config = config().bearer("t").unwrap();
    config.method = Method::POST;
    config.body = "body".into();
    let mut client = Client::new(config, 0);
    connect(&mut client, now);
    redirect(&mut client, now, 301, "http://new.example/events");
    connect(&mut client, now);
    assert!(!client.is_at_home());
    client.on_response(now, StatusCode::OK, &stream_head());
    client.headers_mut().insert("authorization", HeaderValue::from_static("Bearer renewed"));
    client.on_eof(now, Disconnect::End);
    let waited = wait(&mut client, now);
    let request = connect(&mut client, now + waited);
    assert_eq!((request.uri().host(), request.method()), (Some("new.example"), &Method::GET));
    assert!(request.body().is_empty() && !request.headers().contains_key("authorization"));
}

#[test]
fn a_client_that_failed_forgets_where_it_was_sent() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    connect(&mut client, now);
    redirect(&mut client, now, 301, "/there");
    connect(&mut client, now);
    assert_eq!(after_the_stream(&mut client, now), "http://home.example/there");
    client.on_response(now, StatusCode::GONE, &HeaderMap::new());
    client.on_eof(now, Disconnect::End);
    assert!(ended(&mut client, now).is_failure());
    client.restart();
    assert_eq!(open(&mut client, now).uri(), "http://home.example/events?a=b");
}

#[test]
fn a_remembered_place_does_not_use_up_the_redirects_of_the_next_attempt() {
    let mut now = Instant::now();
    let mut client = Client::new(config(), 0);
    for _ in 0..3 {
        for _ in 0..10 {
            connect(&mut client, now);
            redirect(&mut client, now, 301, "/round");
        }
        connect(&mut client, now);
        assert_eq!(client.on_response(now, StatusCode::OK, &stream_head()), Verdict::Open);
        client.on_eof(now, Disconnect::End);
        now += wait(&mut client, now);
    }
}
