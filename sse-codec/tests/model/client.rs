//! The client against a driver that checks its promises: never two connections, every deadline ahead, credentials for one
//! origin alone, the last event id of what was given out. What the network does is read from bytes, so that property tests
//! and the fuzzer share this file.

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use sse_codec::{
    Item,
    client::{Action, Client, ClientConfig, Disconnect, ReadyState, Verdict, transient},
};

const STATUSES: [u16; 16] = [200, 200, 200, 200, 200, 204, 301, 302, 303, 307, 308, 404, 429, 500, 503, 206];
const LOCATIONS: [&str; 8] = [
    "/other",
    "",
    "http://elsewhere.example/x",
    "https://home.example/",
    "ftp://home.example/",
    "//u:p@home.example/",
    "?q#f",
    "http://home.example:80/",
];
const PIECES: [&[u8]; 12] = [
    b"id: 1\n",
    b"id: \xC3\xA9\n",
    b"data: x\n",
    b"\n",
    b"\r",
    b"retry: 0\n",
    b"retry: 99999999999999999999\n",
    b": c\n",
    b"id\n",
    b"event: e\n\n",
    b"\xEF\xBB\xBF",
    b"data\n\nid: 2",
];
const ENDS: [Disconnect; 8] = [
    Disconnect::End,
    Disconnect::Error,
    Disconnect::End,
    Disconnect::Error,
    Disconnect::Timeout,
    Disconnect::Idle,
    Disconnect::End,
    Disconnect::Futile,
];

struct Driver {
    client: Client,
    now: Instant,
    /// There is a connection, and whether its response head has come.
    live: Option<bool>,
    last_id: String,
    redirects: u32,
}

impl Driver {
    fn poll(&mut self) {
        for _ in 0..4 {
            match self.client.poll(self.now) {
                Action::Connect(request) => {
                    assert_eq!(self.live, None, "a second connection");
                    self.live = Some(false);
                    let sent = request.headers().get("last-event-id").map(HeaderValue::as_bytes);
                    assert_eq!(sent.unwrap_or_default(), self.last_id.as_bytes());
                    let uri = request.uri();
                    let is_home = uri.scheme_str() == Some("http") && uri.host() == Some("home.example");
                    assert!(is_home || !request.headers().contains_key(header::AUTHORIZATION));
                    assert!(self.redirects <= 10);
                }
                Action::Wait { until } => {
                    assert_eq!(self.live, None);
                    assert!(until > self.now && until - self.now <= Duration::from_secs(3600));
                    return;
                }
                Action::Read { until } => {
                    assert!(self.live.is_some());
                    assert!(until.is_none_or(|until| until > self.now));
                    return;
                }
                Action::Close => assert!(self.live.take().is_some(), "closes nothing"),
                Action::Done(_) => {
                    assert_eq!(self.live, None);
                    assert_eq!(self.client.state(), ReadyState::Closed);
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("the machine does not come to rest");
    }

    fn respond(&mut self, status: u8, headers: u8) {
        let status = StatusCode::from_u16(STATUSES[usize::from(status % 16)]).expect("a status");
        let mut map = HeaderMap::new();
        map.insert(header::LOCATION, HeaderValue::from_static(LOCATIONS[usize::from(headers % 8)]));
        let kind = if headers & 0x40 == 0 { "text/event-stream; x" } else { "text/html" };
        map.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if headers & 0x80 != 0 {
            map.insert(header::RETRY_AFTER, HeaderValue::from_static("100000000"));
        }
        match self.client.on_response(self.now, status, &map) {
            Verdict::Open => {
                assert_eq!((status, self.client.state()), (StatusCode::OK, ReadyState::Open));
                self.live = Some(true);
            }
            Verdict::Refused => self.live = Some(true),
            Verdict::Drop => self.live = None,
            other => panic!("{other:?}"),
        }
        self.redirects = if status.is_redirection() { self.redirects + 1 } else { 0 };
    }

    fn receive(&mut self, mut input: &[u8]) {
        while let Some(item) = self.client.on_bytes(self.now, &mut input) {
            match item {
                Item::Event(event) => self.last_id = event.id().to_owned(),
                Item::IdOnly(id) => self.last_id = id.to_owned(),
                _ => {}
            }
        }
        assert!(input.is_empty(), "what is given is taken");
        assert_eq!(self.client.last_event_id(), self.last_id);
    }
}

/// Plays what `data` says and panics where the client breaks a promise.
pub(crate) fn run(data: &[u8]) {
    let mut config =
        ClientConfig::new("http://home.example/events").expect("a url").bearer("t").expect("ascii");
    config.idle_timeout = Some(Duration::from_secs(45));
    config.retryable = transient;
    config.limits.max_error_body = 5;
    let mut bytes = data.iter().copied();
    let mut byte = || bytes.next();
    let first = byte().unwrap_or(0);
    config.limits.max_attempts = (first & 1 == 1).then_some(5);
    let client = Client::new(config, u64::from(first));
    let mut driver = Driver { client, now: Instant::now(), live: None, last_id: String::new(), redirects: 0 };
    driver.poll();

    while let Some(operation) = byte() {
        let argument = byte().unwrap_or(0);
        match (operation % 8, driver.live) {
            (0 | 1, Some(false)) => driver.respond(argument, byte().unwrap_or(0)),
            (0..=3, Some(true)) => driver.receive(PIECES[usize::from(argument) % PIECES.len()]),
            (4, Some(_)) => {
                driver.live = None;
                driver.redirects = 0;
                driver.client.on_eof(driver.now, ENDS[usize::from(argument % 8)]);
            }
            (5 | 6, _) => driver.now += Duration::from_millis(u64::from(argument) * u64::from(argument) * 10),
            (7, _) if argument == 0 => driver.client.close(),
            (7, _) if argument < 16 => {
                driver.client.restart();
                driver.redirects = 0;
            }
            _ => {}
        }
        driver.poll();
        if driver.live.is_none() {
            driver.redirects = 0;
        }
    }
}
