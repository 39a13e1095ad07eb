//! The reconnecting client over hyper: an [`EventSource`] is a `Stream` of [`Signal`]s.
//!
//! ```no_run
//! use sse_codec::{client::ClientConfig, tokio::{EventSource, Signal}};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = ClientConfig::new("http://127.0.0.1:8080/events")?.bearer("abc123")?;
//! let mut source = EventSource::open(config);
//! while let Some(signal) = source.next().await {
//!     match signal? {
//!         Signal::Open { resumed } => println!("open {resumed:?}"),
//!         Signal::Event(event) => println!("{}: {}", event.event(), event.data()),
//!         Signal::Waiting { wait, why } => println!("{why}; again in {wait:?}"),
//!         other => println!("{other:?}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! It reads from its connection only when it is polled, so a slow reader slows the server down and holds no more than one
//! chunk. Dropping it closes the connection.

#![allow(
    clippy::disallowed_methods,
    reason = "the adapter reads the clock, sleeps, connects and draws entropy"
)]

mod connect;
mod exchange;
mod http2;
#[cfg(feature = "rustls")]
mod tls;

use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use ::tokio::time::{self, Sleep};
use bytes::{Buf as _, Bytes};
use futures_core::Stream;
use http::{HeaderMap, HeaderValue, Request, header};

pub use self::connect::{Connector, Io};
use self::{connect::Connecting, exchange::Connected};
use crate::{
    Event, EventId, Item, Overflow,
    client::{Action, Client, ClientConfig, Disconnect, Ended, Mark, ReadyState, Resumed, Verdict},
};

/// What an [`EventSource`] has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// A stream is open; said again after each reconnection.
    Open {
        /// Whether it goes on where the last one ended.
        resumed: Resumed,
    },
    /// An event.
    Event(Event),
    /// An event whose id was given out on an earlier connection; only if [`ClientConfig::remember_ids`] asks for it.
    Duplicate(Event),
    /// The event by which the server says that events were lost; only if [`ClientConfig::reset`] names one.
    Gap(Event),
    /// A comment; only after [`EventSource::with_comments`].
    Comment(String),
    /// The stream crossed a limit of the parser, and something of it was dropped.
    Dropped(Overflow),
    /// The connection, or the attempt at one, ended; another follows.
    Waiting {
        /// After how long.
        wait: Duration,
        /// Why it ended.
        why: Disconnect,
    },
}

/// A server-sent event source that reconnects by itself. A `Stream` of `Result<Signal, Ended>`, which ends after an error,
/// after 204 from the server, and after [`close`](Self::close).
pub struct EventSource {
    client: Client,
    connector: Connector,
    before_attempt: Option<ChangeHeaders>,
    token: Option<AskToken>,
    link: Link,
    chunk: Bytes,
    /// When the chunk came. The clock is not read for each of its events.
    chunk_at: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
    /// The wait that the user was told of.
    told: Option<Instant>,
    /// Neither comments are asked for, nor what an event is in the sequence of all.
    events_alone: bool,
    has_ended: bool,
}

type ChangeHeaders = Box<dyn FnMut(&mut HeaderMap) + Send>;
type AskToken = Box<dyn FnMut() -> Token + Send>;
type Token = Pin<Box<dyn Future<Output = io::Result<HeaderValue>> + Send>>;

enum Link {
    None,
    /// The request waits for its token.
    Authorizing(Token, Box<Request<Bytes>>),
    Connecting(Connecting),
    Reading(Box<Connected>),
}

impl EventSource {
    /// Opens on this machine's network: TCP and HTTP/1.1, `http` URLs only. Nothing happens until it is polled, which must
    /// be inside a tokio runtime.
    #[must_use]
    pub fn open(config: ClientConfig) -> Self {
        Self::open_with(config, Connector::tcp())
    }

    /// Opens by way of a connector of yours: HTTP/2, TLS, a proxy, a Unix socket.
    #[must_use]
    pub fn open_with(config: ClientConfig, connector: Connector) -> Self {
        let mut seed = [0; 8];
        // Without entropy the waits are spread by the clock alone, which serves the purpose.
        let entropy = match getrandom::fill(&mut seed) {
            Ok(()) => u64::from_ne_bytes(seed),
            Err(_) => u64::from(std::process::id()),
        };
        let events_alone = config.reset.is_none() && config.remember_ids == 0;
        let mut client = Client::new(config, entropy);
        client.show_comments(false);
        Self {
            client,
            connector,
            before_attempt: None,
            token: None,
            link: Link::None,
            chunk: Bytes::new(),
            chunk_at: now(),
            sleep: None,
            told: None,
            events_alone,
            has_ended: false,
        }
    }

    /// Calls `change` with the headers of each request, but those that a redirect has led to another origin: the place for
    /// what is made anew each time.
    #[must_use]
    pub fn before_attempt(mut self, change: impl FnMut(&mut HeaderMap) + Send + 'static) -> Self {
        self.before_attempt = Some(Box::new(change));
        self
    }

    /// Asks for an `Authorization` value before each request, but those that a redirect has led to another origin. The time
    /// that it takes counts towards `response_timeout`; an error counts as a failed attempt.
    ///
    /// ```
    /// use sse_codec::{client::ClientConfig, tokio::EventSource};
    ///
    /// let config = ClientConfig::new("http://127.0.0.1:8080/events")?;
    /// let source = EventSource::open(config).token(|| async {
    ///     // From a cache, a file or a service of yours.
    ///     "Bearer abc123".parse().map_err(std::io::Error::other)
    /// });
    /// # Ok::<(), sse_codec::client::UrlError>(())
    /// ```
    #[must_use]
    pub fn token<F>(mut self, mut ask: impl FnMut() -> F + Send + 'static) -> Self
    where
        F: Future<Output = io::Result<HeaderValue>> + Send + 'static,
    {
        self.token = Some(Box::new(move || Box::pin(ask())));
        self
    }

    /// Gives comments out too.
    #[must_use]
    pub const fn with_comments(mut self) -> Self {
        self.client.show_comments(true);
        self.events_alone = false;
        self
    }

    /// The next signal; `None` when there is none any more. As `StreamExt::next`, and safe to drop at any time.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "it is the `next` of a stream, which is awaited")]
    pub fn next(&mut self) -> impl Future<Output = Option<Result<Signal, Ended>>> + Send {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context))
    }

    /// Closes for good; the stream then ends.
    pub fn close(&mut self) {
        self.client.close();
    }

    /// Connects anew and at once; the last event id is kept.
    pub fn restart(&mut self) {
        self.has_ended = false;
        self.client.restart();
    }

    /// `readyState`.
    #[must_use]
    pub fn state(&self) -> ReadyState {
        self.client.state()
    }

    /// The id of the last event that was given out, to resume from.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.client.last_event_id()
    }

    /// Sets the id that the next attempt resumes from; an empty one begins anew. For a [`restart`](Self::restart) from
    /// elsewhere.
    pub fn set_last_event_id(&mut self, id: &EventId) {
        self.client.set_last_event_id(id);
    }

    fn drop_link(&mut self) {
        self.link = Link::None;
        self.chunk = Bytes::new();
    }

    fn connect(&mut self, mut request: Box<Request<Bytes>>) {
        self.told = None;
        self.link = if self.client.is_at_home() {
            if let Some(change) = &mut self.before_attempt {
                change(request.headers_mut());
            }
            match &mut self.token {
                Some(ask) => Link::Authorizing(ask(), request),
                None => Link::Connecting(self.connector.connect(*request)),
            }
        } else {
            Link::Connecting(self.connector.connect(*request))
        };
    }

    /// The next event of the chunk at hand, where events alone are looked for.
    #[inline(always)]
    fn next_event(&mut self) -> Result<Option<Event>, Overflow> {
        let mut rest = &self.chunk[..];
        let found = self.client.next_event_inline(self.chunk_at, &mut rest);
        let used = self.chunk.len() - rest.len();
        self.chunk.advance(used);
        found
    }

    /// The next item of the chunk at hand that is worth a signal, where comments or the place in the sequence are asked for.
    #[inline(never)]
    fn next_signal(&mut self) -> Option<Signal> {
        /// An item that has let go of the chunk.
        enum Kept {
            Event(Event),
            Signal(Signal),
            Nothing,
        }
        loop {
            let mut rest = &self.chunk[..];
            let kept = match self.client.on_bytes(self.chunk_at, &mut rest) {
                None => None,
                Some(Item::Event(event)) => Some(Kept::Event(event.to_owned())),
                Some(Item::Dropped(overflow)) => Some(Kept::Signal(Signal::Dropped(overflow))),
                Some(Item::Comment(text)) => Some(Kept::Signal(Signal::Comment(text.to_owned()))),
                // The machine has taken note of ids and times.
                Some(_) => Some(Kept::Nothing),
            };
            let used = self.chunk.len() - rest.len();
            self.chunk.advance(used);
            match kept? {
                Kept::Nothing => {}
                Kept::Signal(signal) => return Some(signal),
                Kept::Event(event) => {
                    return Some(match self.client.mark() {
                        Mark::New => Signal::Event(event),
                        Mark::Duplicate => Signal::Duplicate(event),
                        Mark::Gap => Signal::Gap(event),
                    });
                }
            }
        }
    }

    /// Drives the connection one step: a token, a response, a chunk or an end. Ready means that the machine has news.
    fn poll_link(&mut self, context: &mut Context<'_>) -> Poll<Option<Signal>> {
        match &mut self.link {
            Link::None => {
                // The machine waits for a connection that is not there: it was lost.
                self.client.on_eof(now(), Disconnect::Error);
                Poll::Ready(None)
            }
            Link::Authorizing(token, request) => {
                let token = ready!(token.as_mut().poll(context));
                let mut request = std::mem::take(&mut **request);
                match token {
                    Ok(mut token) => {
                        token.set_sensitive(true);
                        request.headers_mut().insert(header::AUTHORIZATION, token);
                        self.link = Link::Connecting(self.connector.connect(request));
                    }
                    Err(_) => {
                        self.drop_link();
                        self.client.on_eof(now(), Disconnect::Error);
                    }
                }
                Poll::Ready(None)
            }
            Link::Connecting(connecting) => {
                let connected = match ready!(connecting.as_mut().poll(context)) {
                    Ok(connected) => connected,
                    Err(why) => {
                        self.drop_link();
                        self.client.on_eof(now(), why);
                        return Poll::Ready(None);
                    }
                };
                let head = connected.head();
                match self.client.on_response(now(), head.status(), head.headers()) {
                    Verdict::Open => {
                        self.link = Link::Reading(Box::new(connected));
                        Poll::Ready(Some(Signal::Open { resumed: self.client.resumed() }))
                    }
                    Verdict::Refused => {
                        self.link = Link::Reading(Box::new(connected));
                        Poll::Ready(None)
                    }
                    Verdict::Drop => {
                        self.drop_link();
                        Poll::Ready(None)
                    }
                }
            }
            Link::Reading(connected) => {
                let why = match ready!(connected.poll_frame(context)) {
                    Some(Ok(frame)) => {
                        // Trailers mean nothing here.
                        self.chunk = frame.into_data().unwrap_or_default();
                        self.chunk_at = now();
                        return Poll::Ready(None);
                    }
                    Some(Err(_)) => Disconnect::Error,
                    None => Disconnect::End,
                };
                self.drop_link();
                self.client.on_eof(now(), why);
                Poll::Ready(None)
            }
        }
    }

    /// Ready when `until` has come, or before: the timer is not set anew each time that a deadline moves ahead, as it does with each
    /// chunk. When it goes off too early, the machine says how long there is still to wait.
    fn poll_sleep(&mut self, until: Instant, context: &mut Context<'_>) -> Poll<()> {
        let until = time::Instant::from_std(until);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(time::sleep_until(until)));
        if sleep.is_elapsed() || sleep.deadline() > until {
            sleep.as_mut().reset(until);
        }
        sleep.as_mut().poll(context)
    }

    /// All but the events of a chunk. `None`: there is a chunk to read.
    #[inline(never)]
    fn step(&mut self, context: &mut Context<'_>) -> Option<Poll<Option<Result<Signal, Ended>>>> {
        if self.has_ended {
            return Some(Poll::Ready(None));
        }
        while self.chunk.is_empty() {
            // Before the deadlines: what has come while nobody polled is no silence.
            let mut is_pending = false;
            if self.client.is_reading() {
                match self.poll_link(context) {
                    Poll::Ready(Some(signal)) => return Some(Poll::Ready(Some(Ok(signal)))),
                    Poll::Ready(None) if !self.chunk.is_empty() => return None,
                    Poll::Ready(None) => {}
                    Poll::Pending => is_pending = true,
                }
            }
            let at = now();
            // Each wait is told of, also one that is over by now.
            if let Some(until) = self.client.waiting_until()
                && self.told != Some(until)
            {
                self.told = Some(until);
                let why = self.client.disconnect().unwrap_or(Disconnect::Error);
                let wait = until.saturating_duration_since(at);
                return Some(Poll::Ready(Some(Ok(Signal::Waiting { wait, why }))));
            }
            let until = match self.client.poll(at) {
                Action::Connect(request) => {
                    self.connect(request);
                    continue;
                }
                Action::Wait { until } => until,
                Action::Read { until } => {
                    if !is_pending {
                        match self.poll_link(context) {
                            Poll::Ready(Some(signal)) => return Some(Poll::Ready(Some(Ok(signal)))),
                            Poll::Ready(None) => continue,
                            Poll::Pending => {}
                        }
                    }
                    let Some(until) = until else { return Some(Poll::Pending) };
                    until
                }
                Action::Close => {
                    if self.client.disconnect() == Some(Disconnect::Idle)
                        && let Link::Reading(connected) = &self.link
                    {
                        connected.distrust();
                    }
                    self.drop_link();
                    continue;
                }
                Action::Done(ended) => {
                    self.drop_link();
                    self.sleep = None;
                    self.has_ended = true;
                    return Some(Poll::Ready(ended.is_failure().then_some(Err(ended))));
                }
            };
            if self.poll_sleep(until, context).is_pending() {
                return Some(Poll::Pending);
            }
        }
        None
    }
}

impl Stream for EventSource {
    type Item = Result<Signal, Ended>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            // Nothing is left of a chunk when the source has ended.
            if !this.chunk.is_empty() {
                if !this.events_alone {
                    if let Some(signal) = this.next_signal() {
                        return Poll::Ready(Some(Ok(signal)));
                    }
                } else {
                    // Each returns from here, so that an event is moved but once.
                    match this.next_event() {
                        Ok(Some(event)) => return Poll::Ready(Some(Ok(Signal::Event(event)))),
                        Ok(None) => {}
                        Err(overflow) => return Poll::Ready(Some(Ok(Signal::Dropped(overflow)))),
                    }
                }
            }
            if let Some(step) = this.step(context) {
                return step;
            }
        }
    }
}

impl fmt::Debug for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSource").field("client", &self.client).finish_non_exhaustive()
    }
}

/// The runtime's clock, which tests can stop.
fn now() -> Instant {
    time::Instant::now().into_std()
}
