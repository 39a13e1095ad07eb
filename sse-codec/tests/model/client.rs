//! The client against a driver that checks its promises: never two connections, never two attempts at once, every deadline ahead,
//! credentials for one origin alone, the last event id as the stream committed it, duplicates and gaps for what they are. What
//! the network does is read from bytes, so that property tests and the fuzzer share this file.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sse_codec::{
    Item,
    client::{
        Action, Client, ClientConfig, Disconnect, Ended, Mark, ReadyState, ResumeBy, Resumed, Verdict,
        transient,
    },
};

const STATUSES: [u16; 16] = [200, 200, 200, 200, 200, 204, 301, 302, 303, 307, 308, 404, 429, 500, 503, 206];
/// How many ids are kept to mark what comes again.
const REMEMBERED: usize = 64;
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
const PIECES: [&[u8]; 18] = [
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
    b"id: \x07\n",
    b"id: 3\0\n",
    b"id: \xFF\n",
    b"event: reset\ndata\n\n",
    b"id: 4\r\ndata: y\r\n\r\n",
    b"id: 1\ndata\n\nid: 4\ndata\n\n",
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

/// The ids of one stream, by a reading of its lines that knows nothing of the parser.
#[derive(Default)]
struct Ids {
    line: Vec<u8>,
    lines: u32,
    after_cr: bool,
    staged: Option<String>,
    committed: String,
    commits: u32,
}

impl Ids {
    fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' if self.after_cr => {}
                b'\n' | b'\r' => self.end_line(),
                _ => self.line.push(byte),
            }
            self.after_cr = byte == b'\r';
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = if self.lines == 0 { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line) } else { &line };
        self.lines += 1;
        if line.is_empty() {
            if let Some(id) = self.staged.take() {
                self.committed = id;
                self.commits += 1;
            }
        } else if line == b"id" {
            self.staged = Some(String::new());
        } else if let Some(value) = line.strip_prefix(b"id:")
            && !value.contains(&0)
        {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            self.staged = Some(String::from_utf8_lossy(value).into_owned());
        }
    }

    /// The stream is over: what it left unfinished never was.
    fn next_stream(&mut self) {
        *self = Self { committed: std::mem::take(&mut self.committed), ..Self::default() };
    }
}

struct Driver {
    client: Client,
    now: Instant,
    /// There is a connection, and whether its response head has come.
    live: Option<bool>,
    ids: Ids,
    /// The ids that are remembered, of earlier connections and of this one.
    earlier: VecDeque<String>,
    current: VecDeque<String>,
    redirects: u32,
    /// When the last attempt began that neither a redirect nor the caller asked for.
    attempted: Option<Instant>,
    resumes_by_get: bool,
}

impl Driver {
    fn poll(&mut self) {
        for _ in 0..4 {
            match self.client.poll(self.now) {
                Action::Connect(request) => {
                    assert_eq!(self.live, None, "a second connection");
                    self.live = Some(false);
                    self.check_request(&request);
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
                Action::Close => {
                    assert!(self.live.take().is_some(), "closes nothing");
                    self.ids.next_stream();
                }
                Action::Done(ended) => {
                    assert_eq!(self.live, None);
                    assert_eq!(self.client.state(), ReadyState::Closed);
                    let id = &self.ids.committed;
                    assert!(
                        ended != Ended::NotResumable
                            || self.resumes_by_get && (id.is_empty() || !is_sendable(id))
                    );
                    return;
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("the machine does not come to rest");
    }

    fn check_request(&mut self, request: &http::Request<bytes::Bytes>) {
        let id = &self.ids.committed;
        let (sent, resumed) = match id.as_str() {
            "" => (None, Resumed::Fresh),
            id if is_sendable(id) => (Some(id.as_bytes()), Resumed::Asked),
            _ => (None, Resumed::Unsendable),
        };
        assert_eq!(request.headers().get("last-event-id").map(HeaderValue::as_bytes), sent);
        assert_eq!(self.client.resumed(), resumed);
        let uri = request.uri();
        let is_home = uri.scheme_str() == Some("http") && uri.host() == Some("home.example");
        let has_token = request.headers().contains_key(header::AUTHORIZATION);
        assert_eq!(has_token, self.client.is_at_home());
        assert!(is_home || !has_token);
        assert_eq!(request.method() == Method::POST, !request.body().is_empty());
        assert!(!self.resumes_by_get || id.is_empty() || request.method() == Method::GET);
        assert!(self.redirects <= 10);
        if self.redirects == 0 {
            let is_apart = |at: Instant| self.now - at >= Duration::from_millis(100);
            assert!(self.attempted.is_none_or(is_apart), "a tight loop");
            self.attempted = Some(self.now);
        }
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
                self.earlier.append(&mut self.current);
                self.earlier.drain(..self.earlier.len().saturating_sub(REMEMBERED));
            }
            Verdict::Refused => self.live = Some(true),
            Verdict::Drop => self.live = None,
            other => panic!("{other:?}"),
        }
        self.redirects = if status.is_redirection() { self.redirects + 1 } else { 0 };
    }

    fn receive(&mut self, mut input: &[u8]) {
        let is_open = self.client.state() == ReadyState::Open;
        loop {
            let before = input;
            let commits = self.ids.commits;
            let item = self.client.on_bytes(self.now, &mut input);
            if is_open {
                self.ids.read(&before[..before.len() - input.len()]);
            }
            let has_id = self.ids.commits != commits;
            let id = self.ids.committed.clone();
            let expected = match item {
                None => break,
                Some(Item::Event(event)) => {
                    assert_eq!(event.id(), id);
                    match event.event() {
                        "reset" => Mark::Gap,
                        _ if has_id && self.earlier.contains(&id) => Mark::Duplicate,
                        _ => Mark::New,
                    }
                }
                Some(Item::IdOnly(found)) => {
                    assert!(has_id && found == id);
                    if self.earlier.contains(&id) { Mark::Duplicate } else { Mark::New }
                }
                Some(_) => Mark::New,
            };
            assert_eq!(self.client.mark(), expected);
            // The empty id is none.
            if has_id && !id.is_empty() && !self.earlier.contains(&id) && self.current.back() != Some(&id) {
                self.current.push_back(id);
                self.current.drain(..self.current.len().saturating_sub(REMEMBERED));
            }
        }
        assert!(input.is_empty(), "what is given is taken");
        assert_eq!(self.client.last_event_id(), self.ids.committed);
    }
}

fn is_sendable(id: &str) -> bool {
    !id.bytes().any(|byte| byte < 0x20 && byte != b'\t' || byte == 0x7f)
}

/// Plays what `data` says and panics where the client breaks a promise.
pub(crate) fn run(data: &[u8]) {
    let mut config =
        ClientConfig::new("http://home.example/events").expect("a url").bearer("t").expect("ascii");
    config.idle_timeout = Some(Duration::from_secs(45));
    config.retryable = transient;
    config.limits.max_error_body = 5;
    config.remember_ids = REMEMBERED;
    config = config.reset_event("reset").expect("a name");
    let mut bytes = data.iter().copied();
    let mut byte = || bytes.next();
    let first = byte().unwrap_or(0);
    config.limits.max_attempts = (first & 1 == 1).then_some(5);
    let resumes_by_get = first & 2 != 0;
    if resumes_by_get {
        config.resume_by = ResumeBy::Get;
    }
    if first & 4 != 0 {
        config.method = Method::POST;
        config.body = "body".into();
    }
    let client = Client::new(config, u64::from(first));
    let mut driver = Driver {
        client,
        now: Instant::now(),
        live: None,
        ids: Ids::default(),
        earlier: VecDeque::new(),
        current: VecDeque::new(),
        redirects: 0,
        attempted: None,
        resumes_by_get,
    };
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
                driver.ids.next_stream();
            }
            (5 | 6, _) => driver.now += Duration::from_millis(u64::from(argument) * u64::from(argument) * 10),
            (7, _) if argument == 0 => driver.client.close(),
            (7, _) if argument < 16 => {
                driver.client.restart();
                driver.redirects = 0;
                driver.attempted = None;
            }
            _ => {}
        }
        driver.poll();
        if driver.live.is_none() {
            driver.redirects = 0;
        }
    }
}
