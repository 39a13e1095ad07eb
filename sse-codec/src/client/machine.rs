//! The states of an event source. Everything that moves the state is in this file.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};

use super::{
    ClientConfig, Disconnect, Ended, Mark, ResumeBy, Resumed, backoff, mime,
    redirect::{self, Hop},
    sequence::Recent,
};
use crate::{Event, EventId, EventName, EventRef, Item, Overflow, Parser, draw::Draw};

/// What the driver has to do next. There is never more than one connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Send this request, on a new connection or any other way, without following redirects. Then report with
    /// [`Client::on_response`], or with [`Client::on_eof`] if it fails.
    Connect(Box<Request<Bytes>>),
    /// Nothing is open. Poll again at `until`.
    Wait {
        /// Always later than the `now` of the poll.
        until: Instant,
    },
    /// Something is under way: report the response head, bytes or end as they come, and poll again at `until` if
    /// nothing does.
    Read {
        /// Always later than the `now` of the poll. `None`: wait for the peer alone.
        until: Option<Instant>,
    },
    /// Drop the connection, or the attempt at one, then poll again.
    Close,
    /// It is over. Said at every poll from here on.
    Done(Ended),
}

/// What to do with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The stream is open: give its bytes to [`Client::on_bytes`].
    Open,
    /// The response is refused. Give its body to [`Client::on_bytes`] all the same: a prefix is kept for [`Ended`].
    Refused,
    /// Drop the response, body and all, then poll.
    Drop,
}

/// `EventSource.readyState` (HTML Standard §9.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the standard has these three")]
pub enum ReadyState {
    /// Connecting, or waiting to.
    Connecting,
    /// Events arrive.
    Open,
    /// Closed for good.
    Closed,
}

/// The event source. See the [module](super) for how to drive it.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    parser: Parser,
    draw: Draw,
    /// Where redirects have led, if any did.
    hop: Option<Box<Hop>>,
    /// The end of the permanent redirects of this attempt; worth remembering once a stream opens behind them, lest a
    /// login page or a captive portal sends the client away for good.
    moved: Option<Box<Hop>>,
    /// Where each attempt begins, if permanent redirects have led away from the URL of the configuration.
    home: Option<Box<Hop>>,
    recent: Recent,
    /// The configuration asks for gaps or duplicates.
    is_marking: bool,
    /// Of the last item, but for what `settle` has still to find out.
    mark: Mark,
    /// How many ids the parser had committed when they were last looked at.
    settled: u32,
    resumed: Resumed,
    state: State,
    /// Failed in a row.
    attempts: u32,
    /// The end of the time for connecting, over the redirects of one attempt.
    deadline: Option<Instant>,
    disconnect: Option<Disconnect>,
}

#[derive(Debug)]
enum State {
    /// To connect at the next poll; `is_fresh` unless a redirect leads here.
    Idle {
        is_fresh: bool,
    },
    Waiting {
        until: Instant,
    },
    Connecting,
    Open {
        since: Instant,
        heard: Instant,
    },
    /// Keeps the beginning of a body that is no stream.
    Refused {
        why: Ended,
        body: Vec<u8>,
    },
    /// The connection is to be dropped; then this.
    Closing(Box<State>),
    Done(Ended),
}

impl Client {
    /// An event source that connects at the first [`poll`](Self::poll). `entropy` spreads its waits: give each client a
    /// number of its own.
    #[must_use]
    pub fn new(config: ClientConfig, entropy: u64) -> Self {
        let mut parser = Parser::with_limits(config.parser.clone());
        parser.set_last_event_id(&config.last_event_id);
        Self {
            hop: None,
            moved: None,
            home: None,
            recent: Recent::default(),
            is_marking: config.reset.is_some() || config.remember_ids > 0,
            mark: Mark::New,
            settled: 0,
            resumed: Resumed::Fresh,
            parser,
            draw: Draw::new(entropy),
            state: State::Idle { is_fresh: true },
            attempts: 0,
            deadline: None,
            disconnect: None,
            config,
        }
    }

    /// What to do next. Call it first, and after every report and deadline.
    pub fn poll(&mut self, now: Instant) -> Action {
        loop {
            match &mut self.state {
                State::Idle { is_fresh } => {
                    if std::mem::take(is_fresh) {
                        self.hop = self.home.clone();
                        self.moved = None;
                        self.deadline = self.response_deadline(now);
                    }
                    let request = self.request();
                    self.state = State::Connecting;
                    return Action::Connect(Box::new(request));
                }
                State::Waiting { until } if *until > now => return Action::Wait { until: *until },
                State::Waiting { .. } => self.state = State::Idle { is_fresh: true },
                State::Connecting | State::Refused { .. } => match self.deadline {
                    Some(deadline) if deadline <= now => self.give_up(now, Disconnect::Timeout),
                    until => return Action::Read { until },
                },
                State::Open { .. } if self.parser.is_terminated() => self.give_up(now, Disconnect::Limit),
                State::Open { heard, .. } => {
                    let until = self.config.idle_timeout.and_then(|idle| heard.checked_add(idle));
                    if until.is_none_or(|until| until > now) {
                        return Action::Read { until };
                    }
                    self.give_up(now, Disconnect::Idle);
                }
                State::Closing(next) => {
                    self.state = std::mem::replace(next, State::Connecting);
                    return Action::Close;
                }
                State::Done(ended) => return Action::Done(ended.clone()),
            }
        }
    }

    /// The head of the response to the last request. Anything but an answer to a request is refused with
    /// [`Verdict::Drop`].
    pub fn on_response(&mut self, now: Instant, status: StatusCode, headers: &HeaderMap) -> Verdict {
        if !matches!(self.state, State::Connecting) {
            return Verdict::Drop;
        }
        if redirect::is_redirect(status) {
            self.follow(status, headers.get(header::LOCATION));
            return Verdict::Drop;
        }
        if status == StatusCode::NO_CONTENT {
            self.state = State::Done(Ended::NoContent);
            return Verdict::Drop;
        }
        let why = if status != StatusCode::OK {
            if (self.config.retryable)(status) {
                self.retry(now, Disconnect::Status(status), backoff::retry_after(headers));
                return Verdict::Drop;
            }
            Ended::Status { status, body: Bytes::new() }
        } else if mime::is_event_stream(headers) {
            self.state = State::Open { since: now, heard: now };
            if let Some(moved) = self.moved.take() {
                self.home = Some(Box::new(moved.remembered()));
            }
            self.recent.on_open(self.config.remember_ids);
            return Verdict::Open;
        } else {
            let found = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            Ended::ContentType { found: found.map(str::to_owned), body: Bytes::new() }
        };
        self.deadline = self.response_deadline(now);
        self.state = State::Refused { why, body: Vec::new() };
        Verdict::Refused
    }

    /// Bytes of the body, as they come. Call it until `None`; `input` is then used up. The last event id is that of the
    /// items given out, never of one still to come.
    #[inline]
    pub fn on_bytes<'s, 'i: 's>(&'s mut self, now: Instant, input: &mut &'i [u8]) -> Option<Item<'s>> {
        if self.is_marking {
            return self.on_marked_bytes(now, input);
        }
        match &mut self.state {
            State::Open { heard, .. } => {
                *heard = now;
                self.parser.next(input)
            }
            _ => self.on_other_bytes(now, input),
        }
    }

    /// [`on_bytes`](Self::on_bytes), for whoever keeps the events: the next one, owned, as [`Parser::next_event`] makes them. What is no
    /// event is passed over. `input` is used up on `Ok(None)`.
    ///
    /// # Errors
    /// [`Overflow`] when the stream crossed a limit of the parser. The stream goes on behind it: call again.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use sse_codec::client::{Action, Client, ClientConfig};
    /// # let now = Instant::now();
    /// # let mut client = Client::new(ClientConfig::new("http://example.com/prices")?, 0);
    /// # let Action::Connect(_) = client.poll(now) else { panic!("it begins by connecting") };
    /// # let mut head = http::HeaderMap::new();
    /// # head.insert("content-type", http::HeaderValue::from_static("text/event-stream"));
    /// # client.on_response(now, http::StatusCode::OK, &head);
    /// let mut chunk = &b"id: 7\ndata: 12\n\n: idle\n\ndata: 13\n\n"[..];
    /// let mut kept = Vec::new();
    /// while let Some(event) = client.next_event(now, &mut chunk)? {
    ///     kept.push(event.into_data());
    /// }
    /// assert_eq!((kept, client.last_event_id()), (vec!["12".into(), "13".into()], "7"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn next_event(&mut self, now: Instant, input: &mut &[u8]) -> Result<Option<Event>, Overflow> {
        match &mut self.state {
            State::Open { heard, .. } if !self.is_marking => {
                *heard = now;
                self.parser.next_event(input)
            }
            _ => self.next_marked_event(now, input),
        }
    }

    /// [`next_event`](Self::next_event) within the code of the adapter, which looks for no marks.
    #[cfg(feature = "tokio")]
    #[inline(always)]
    pub(crate) fn next_event_inline(
        &mut self,
        now: Instant,
        input: &mut &[u8],
    ) -> Result<Option<Event>, Overflow> {
        let State::Open { heard, .. } = &mut self.state else {
            self.on_other_bytes(now, input);
            return Ok(None);
        };
        *heard = now;
        self.parser.next_event_inline(input)
    }

    /// [`on_bytes`](Self::on_bytes) where gaps and duplicates are looked for.
    #[inline(never)]
    fn on_marked_bytes<'s, 'i: 's>(&'s mut self, now: Instant, input: &mut &'i [u8]) -> Option<Item<'s>> {
        self.settle();
        self.mark = Mark::New;
        let State::Open { heard, .. } = &mut self.state else { return self.on_other_bytes(now, input) };
        *heard = now;
        let item = self.parser.next(input)?;
        if let Item::Event(event) = &item
            && names(self.config.reset.as_ref(), event)
        {
            self.mark = Mark::Gap;
        }
        Some(item)
    }

    /// [`next_event`](Self::next_event) item by item: each id has to be looked at before the next one comes.
    #[inline(never)]
    fn next_marked_event(&mut self, now: Instant, input: &mut &[u8]) -> Result<Option<Event>, Overflow> {
        loop {
            match self.on_bytes(now, input) {
                None => return Ok(None),
                Some(Item::Event(event)) => return Ok(Some(event.to_owned())),
                Some(Item::Dropped(overflow)) => return Err(overflow),
                Some(_) => {}
            }
        }
    }

    /// Bytes that are no stream's.
    #[cold]
    fn on_other_bytes(&mut self, now: Instant, input: &mut &[u8]) -> Option<Item<'static>> {
        if let State::Refused { body, .. } = &mut self.state {
            let room = self.config.limits.max_error_body.saturating_sub(body.len());
            body.extend_from_slice(&input[..room.min(input.len())]);
            if input.len() >= room {
                self.give_up(now, Disconnect::End);
            }
        }
        *input = &[];
        None
    }

    /// What the item that [`on_bytes`](Self::on_bytes) or [`next_event`](Self::next_event) gave last is in the sequence of all events.
    #[inline]
    pub fn mark(&mut self) -> Mark {
        if self.is_marking {
            self.settle();
        }
        self.mark
    }

    /// Looks at the id of the last item, which [`on_bytes`](Self::on_bytes) cannot do while it lends that item.
    fn settle(&mut self) {
        if self.settled == self.parser.commits() {
            return;
        }
        self.settled = self.parser.commits();
        let (id, max) = (self.parser.last_event_id(), self.config.remember_ids);
        // The empty id takes back the one before, and names nothing.
        let is_repeated = max > 0 && !id.is_empty() && self.recent.is_repeated(id, max);
        if is_repeated && self.mark == Mark::New {
            self.mark = Mark::Duplicate;
        }
    }

    /// The body or the connection has ended, or could not be had. Ignored when nothing is open.
    pub fn on_eof(&mut self, now: Instant, why: Disconnect) {
        match std::mem::replace(&mut self.state, State::Connecting) {
            State::Refused { why, body } => self.state = State::Done(with_body(why, body)),
            State::Connecting | State::Open { .. } if why == Disconnect::Futile => {
                self.disconnect = Some(why);
                self.state = State::Done(Ended::Futile);
            }
            state @ (State::Connecting | State::Open { .. }) => {
                self.state = state;
                self.retry(now, why, None);
            }
            // The connection that was to be dropped is gone.
            State::Closing(next) => self.state = *next,
            state => self.state = state,
        }
    }

    /// Closes for good. A connection that is open is dropped at the next poll.
    pub fn close(&mut self) {
        if !matches!(self.state, State::Done(_)) {
            self.leave(State::Done(Ended::Closed));
        }
    }

    /// Connects anew and at once, whatever the state, closed included; the last event id is kept. For a token that has
    /// changed, or a network that is known to be back.
    ///
    /// A client that had failed begins at the URL of its configuration, permanent redirects forgotten.
    pub fn restart(&mut self) {
        self.attempts = 0;
        if self.state() == ReadyState::Closed {
            self.home = None;
        }
        self.leave(State::Idle { is_fresh: true });
    }

    /// `readyState`.
    #[must_use]
    pub fn state(&self) -> ReadyState {
        match &self.state {
            State::Open { .. } => ReadyState::Open,
            State::Done(_) | State::Refused { .. } => ReadyState::Closed,
            State::Closing(next) if matches!(**next, State::Done(_)) => ReadyState::Closed,
            _ => ReadyState::Connecting,
        }
    }

    /// Until when the next attempt waits, behind one that failed or a stream that ended. [`poll`](Self::poll) connects without
    /// a word of it once that time has come.
    #[must_use]
    pub const fn waiting_until(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            _ => None,
        }
    }

    /// Whether bytes of a stream are wanted: one is open, and no limit has ended it.
    #[cfg(feature = "tokio")]
    pub(crate) const fn is_reading(&self) -> bool {
        matches!(self.state, State::Open { .. }) && !self.parser.is_terminated()
    }

    /// The id that the next request resumes from; empty if there is none.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.parser.last_event_id()
    }

    /// Why the last connection or attempt ended, when another follows it.
    #[must_use]
    pub const fn disconnect(&self) -> Option<Disconnect> {
        self.disconnect
    }

    /// Whether the open stream goes on where the last one ended.
    #[must_use]
    pub const fn resumed(&self) -> Resumed {
        self.resumed
    }

    /// Whether comments are items; they are unless this is called. They count against the idle timeout in any case.
    pub const fn show_comments(&mut self, show: bool) {
        self.parser.show_comments(show);
    }

    /// Sets the id that the next request resumes from; an empty one begins anew.
    pub fn set_last_event_id(&mut self, id: &EventId) {
        self.parser.set_last_event_id(id);
    }

    /// The headers of the requests to come.
    pub const fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.config.headers
    }

    /// The body of the requests to come.
    pub const fn body_mut(&mut self) -> &mut Bytes {
        &mut self.config.body
    }

    /// Whether the last request went to the origin of the configuration's URL, with no other on the way. Credentials that
    /// the caller adds to a request belong there alone.
    #[must_use]
    pub fn is_at_home(&self) -> bool {
        self.hop.as_ref().is_none_or(|hop| !hop.is_foreign)
    }

    /// Whether the next request is a GET without a body in place of the configured one.
    fn is_reduced(&self) -> bool {
        let resumes_by_get =
            self.config.resume_by == ResumeBy::Get && !self.parser.last_event_id().is_empty();
        resumes_by_get || self.hop.as_ref().is_some_and(|hop| hop.is_get)
    }

    fn follow(&mut self, status: StatusCode, location: Option<&HeaderValue>) {
        let method = if self.is_reduced() { Method::GET } else { self.config.method.clone() };
        let hop = self.hop.get_or_insert_with(|| Box::new(Hop::first(self.config.url.clone())));
        match hop.follow(status, location, &method, self.config.limits.max_redirects) {
            Ok(()) => {
                if hop.is_permanent {
                    self.moved = Some(hop.clone());
                }
                self.state = State::Idle { is_fresh: false };
            }
            Err(error) => self.state = State::Done(Ended::Redirect(error)),
        }
    }

    fn request(&mut self) -> Request<Bytes> {
        let config = &self.config;
        let is_reduced = self.is_reduced();
        let url = self.hop.as_ref().map_or(&config.url, |hop| &hop.url);
        let mut request = Request::new(if is_reduced { Bytes::new() } else { config.body.clone() });
        *request.method_mut() = if is_reduced { Method::GET } else { config.method.clone() };
        // Every URL that comes here was turned into a URI once.
        *request.uri_mut() = redirect::uri(url).unwrap_or_default();
        let headers = request.headers_mut();
        *headers = config.headers.clone();
        if is_reduced {
            redirect::drop_body_headers(headers);
        }
        if !self.is_at_home() {
            redirect::drop_credentials(headers);
        }
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("text/event-stream"));
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.remove("last-event-id");
        let id = self.parser.last_event_id();
        self.resumed = if id.is_empty() {
            Resumed::Fresh
        } else if let Some(id) = sendable(id, config.limits.max_last_event_id) {
            headers.insert("last-event-id", id);
            Resumed::Asked
        } else {
            Resumed::Unsendable
        };
        request
    }

    fn response_deadline(&self, now: Instant) -> Option<Instant> {
        self.config.limits.response_timeout.and_then(|timeout| now.checked_add(timeout))
    }

    /// Ends what is under way from this side.
    fn give_up(&mut self, now: Instant, why: Disconnect) {
        self.on_eof(now, why);
        let next = std::mem::replace(&mut self.state, State::Connecting);
        self.state = State::Closing(Box::new(next));
    }

    /// Goes to `next`, by way of dropping the connection if there is one.
    fn leave(&mut self, next: State) {
        self.settle();
        self.parser.finish();
        let is_live = matches!(
            self.state,
            State::Connecting | State::Open { .. } | State::Refused { .. } | State::Closing(_)
        );
        self.state = if is_live { State::Closing(Box::new(next)) } else { next };
    }

    fn retry(&mut self, now: Instant, why: Disconnect, retry_after: Option<Duration>) {
        self.settle();
        let is_timed = self.parser.is_timed();
        self.parser.finish();
        self.disconnect = Some(why);
        if let State::Open { since, .. } = self.state {
            let id = self.parser.last_event_id();
            let is_known = !id.is_empty() && sendable(id, self.config.limits.max_last_event_id).is_some();
            if self.config.resume_by == ResumeBy::Get && !is_known {
                self.state = State::Done(Ended::NotResumable);
                return;
            }
            let is_healthy = now.saturating_duration_since(since) >= self.config.backoff.healthy;
            // The server set the time to come back at, and ended the stream in good order: it wants to be polled.
            let is_polled = is_timed && why == Disconnect::End;
            if is_healthy || is_polled {
                self.attempts = 0;
            }
        }
        self.attempts = self.attempts.saturating_add(1);
        let limits = &self.config.limits;
        if let Some(max) = limits.max_attempts
            && self.attempts >= max
        {
            self.state = State::Done(Ended::Attempts { max });
            return;
        }
        let backoff = &self.config.backoff;
        let wait = backoff.wait(self.attempts, self.parser.reconnection_time(), limits, &mut self.draw);
        let asked = retry_after.unwrap_or_default().min(limits.max_retry_after);
        let wait = wait.max(asked);
        // A clock tells years ahead; only a base set to more than that cannot be told, and then a day must do.
        let until = now.checked_add(wait).or_else(|| now.checked_add(Duration::from_secs(86_400)));
        let until = until.unwrap_or(now);
        self.state = State::Waiting { until };
    }
}

/// Whether the event is of this type.
fn names(event_type: Option<&EventName>, event: &EventRef<'_>) -> bool {
    event_type.is_some_and(|name| name.as_str() == event.event())
}

/// The id as a header value (HTML Standard §9.2.4, UTF-8). It may hold control characters that no header may.
fn sendable(id: &str, max: usize) -> Option<HeaderValue> {
    (id.len() <= max).then(|| HeaderValue::from_bytes(id.as_bytes()).ok()).flatten()
}

fn with_body(ended: Ended, prefix: Vec<u8>) -> Ended {
    match ended {
        Ended::Status { status, .. } => Ended::Status { status, body: prefix.into() },
        Ended::ContentType { found, .. } => Ended::ContentType { found, body: prefix.into() },
        other => other,
    }
}
