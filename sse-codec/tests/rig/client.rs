//! What the tests of the event source share: a configuration, heads, and the steps of a driver that panic where another was due.
#![allow(dead_code, reason = "no test file uses all of it")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use sse_codec::{
    Item,
    client::{Action, Client, ClientConfig, Ended, Verdict},
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn config() -> ClientConfig {
    ClientConfig::new("http://home.example/events?a=b#fragment").unwrap()
}

pub(crate) fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

pub(crate) fn stream_head() -> HeaderMap {
    headers(&[("content-type", "text/event-stream")])
}

pub(crate) fn connect(client: &mut Client, now: Instant) -> Request<Bytes> {
    match client.poll(now) {
        Action::Connect(request) => *request,
        other => panic!("{other:?} where a request was due"),
    }
}

pub(crate) fn wait(client: &mut Client, now: Instant) -> Duration {
    match client.poll(now) {
        Action::Wait { until } => until - now,
        other => panic!("{other:?} where a wait was due"),
    }
}

pub(crate) fn ended(client: &mut Client, now: Instant) -> Ended {
    match client.poll(now) {
        Action::Done(ended) => ended,
        other => panic!("{other:?} where the end was due"),
    }
}

pub(crate) fn open(client: &mut Client, now: Instant) -> Request<Bytes> {
    let request = connect(client, now);
    assert_eq!(client.on_response(now, StatusCode::OK, &stream_head()), Verdict::Open);
    request
}

pub(crate) fn feed(client: &mut Client, now: Instant, mut input: &[u8]) -> Vec<String> {
    let mut data = Vec::new();
    while let Some(item) = client.on_bytes(now, &mut input) {
        if let Item::Event(event) = item {
            data.push(event.data().to_owned());
        }
    }
    data
}
