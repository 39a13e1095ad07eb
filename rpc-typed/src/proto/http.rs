//! One request and its response.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::head::{Call, Done, Form, Head, Plan};
use super::stream::{End, Stream};
use crate::config::Config;
use crate::error::{Code, RpcError};
use crate::event::Wire;
use crate::input::RawInput;
use crate::router::{ProcId, Procedures};
use crate::wire::{batch, jsonl, response};

/// The number of a call in its request, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(u32);

impl Slot {
    /// The only call of a subscription.
    pub(crate) const FIRST: Slot = Slot(0);
}

/// What the driver is to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// Make this call, and report by [`HttpExchange::complete`].
    Call {
        /// Which call it is.
        slot: Slot,
        /// The procedure.
        procedure: ProcId,
        /// Its input, not yet read.
        input: RawInput,
    },
    /// Drop this call or its stream: nobody waits for it any more.
    Cancel {
        /// Which call it is.
        slot: Slot,
    },
}

/// How a call ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// A value, as the whole `{"result":…}`.
    Data(Vec<u8>),
    /// It failed.
    Failed(RpcError),
    /// A subscription listens; events follow by [`HttpExchange::item`].
    Open,
}

/// What goes out.
#[derive(Debug, PartialEq, Eq)]
pub enum Transmit {
    /// The head of the response; it comes once and first.
    Head(StatusCode, HeaderMap),
    /// A piece of the body.
    Body(Bytes),
    /// The end of the body; it comes once and last.
    End,
}

/// One request and its response as a machine: it gets the head, the body and the outcomes of calls, and gives calls to be
/// made and bytes to be sent. It does no I/O and reads no clock. After each input, drain [`poll_event`](Self::poll_event)
/// and [`poll_transmit`](Self::poll_transmit), then wait for more input or for [`poll_timeout`](Self::poll_timeout).
///
/// What a request is refused for is a response like any other: drive on, and it comes out.
///
/// ```
/// use std::time::Instant;
/// use rpc_typed::{Config, Event, Head, HttpExchange, Outcome, Query, Router, Rpc, Transmit, query};
///
/// const HELLO: Query<String, String> = query("hello");
/// let app = Router::new().handle(HELLO, Rpc::<()>::new().run(|(), s: String| async { Ok(s) })).build()?;
///
/// let now = Instant::now();
/// let (method, headers) = (http::Method::GET, http::HeaderMap::new());
/// let head = Head { method: &method, path: "hello", query: Some("input=%22you%22"), headers: &headers };
/// let mut exchange = HttpExchange::new(app.procedures(), &Config::default(), head, now);
/// exchange.context_ready(now);
///
/// let Some(Event::Call { slot, input, .. }) = exchange.poll_event() else { panic!() };
/// let answer = format!(r#"{{"result":{{"data":"hello, {}"}}}}"#, input.parse::<String>()?);
/// exchange.complete(slot, Outcome::Data(answer.into()), now);
///
/// assert!(matches!(exchange.poll_transmit(), Some(Transmit::Head(http::StatusCode::OK, _))));
/// let body = bytes::Bytes::from_static(br#"{"result":{"data":"hello, you"}}"#);
/// assert_eq!(exchange.poll_transmit(), Some(Transmit::Body(body)));
/// assert_eq!(exchange.poll_transmit(), Some(Transmit::End));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HttpExchange {
    config: Config,
    plan: Plan,
    phase: Phase,
    body: Body,
    events: VecDeque<Event>,
    out: VecDeque<Transmit>,
    deadline: Option<Instant>,
    stream: Option<Stream>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The context or the body is still to come.
    Preparing { context: bool, body: bool },
    /// Calls are under way; `begun` when lines have been sent.
    Calling { begun: bool },
    /// A subscription is open.
    Streaming,
    /// All that is to be sent is in the queue.
    Over,
}

/// The body as it comes. One that comes in one piece is not copied.
#[derive(Debug, Default)]
struct Body {
    first: Bytes,
    rest: BytesMut,
    too_large: bool,
}

impl Body {
    fn push(&mut self, bytes: Bytes, max: usize) {
        let len = if self.rest.is_empty() { self.first.len() } else { self.rest.len() };
        if len.saturating_add(bytes.len()) > max {
            *self = Body { too_large: true, ..Body::default() };
        } else if len == 0 {
            self.first = bytes;
        } else {
            if self.rest.is_empty() {
                self.rest.extend_from_slice(&mem::take(&mut self.first));
            }
            self.rest.extend_from_slice(&bytes);
        }
    }

    fn take(&mut self) -> Bytes {
        if self.rest.is_empty() { mem::take(&mut self.first) } else { self.rest.split().freeze() }
    }
}

impl HttpExchange {
    /// Begins with the head of a request. `now` counts for the deadline of its calls.
    #[must_use]
    pub fn new(procedures: &Procedures, config: &Config, head: Head<'_>, now: Instant) -> HttpExchange {
        let mut exchange = HttpExchange {
            config: config.clone(),
            plan: Plan::default(),
            phase: Phase::Over,
            body: Body::default(),
            events: VecDeque::new(),
            out: VecDeque::new(),
            deadline: config.limits.call_deadline.and_then(|time| now.checked_add(time)),
            stream: None,
        };
        if head.method == Method::HEAD {
            exchange.out.push_back(Transmit::Head(StatusCode::NO_CONTENT, HeaderMap::new()));
            exchange.out.push_back(Transmit::End);
            return exchange;
        }
        match head.plan(procedures, config) {
            Ok(plan) => {
                let body = head.method == Method::GET || plan.calls.iter().all(|call| call.refused.is_some());
                exchange.plan = plan;
                exchange.phase = Phase::Preparing { context: false, body };
            }
            Err(error) => exchange.refuse(&error),
        }
        exchange
    }

    /// Whether the context of the request is still to be made. If so, make it and say
    /// [`context_ready`](Self::context_ready) or [`context_failed`](Self::context_failed).
    #[must_use]
    pub fn wants_context(&self) -> bool {
        matches!(self.phase, Phase::Preparing { context: false, .. })
    }

    /// The `connectionParams` of the query: what a client that cannot set header fields gives for them.
    #[must_use]
    pub fn connection_params(&self) -> Option<&BTreeMap<String, String>> {
        self.plan.params.as_ref()
    }

    /// The context is there, so calls can be made.
    pub fn context_ready(&mut self, now: Instant) {
        if let Phase::Preparing { body, .. } = self.phase {
            self.phase = Phase::Preparing { context: true, body };
            self.begin(now);
        }
    }

    /// The context could not be made: every call fails by it that would have been made.
    pub fn context_failed(&mut self, error: &RpcError, now: Instant) {
        if !self.wants_context() {
            return;
        }
        self.phase = Phase::Calling { begun: false };
        for slot in (0..).map(Slot).take(self.plan.calls.len()) {
            let refused = self.plan.calls.get_mut(slot.0 as usize).and_then(|call| call.refused.take());
            self.complete(slot, Outcome::Failed(refused.unwrap_or_else(|| error.duplicate())), now);
        }
    }

    /// Whether more of the body is needed. What nobody needs need not be read.
    #[must_use]
    pub fn wants_body(&self) -> bool {
        matches!(self.phase, Phase::Preparing { body: false, .. })
    }

    /// Takes a piece of the body.
    pub fn receive(&mut self, bytes: Bytes, now: Instant) {
        if self.wants_body() {
            self.body.push(bytes, self.config.limits.max_body);
            if self.body.too_large {
                self.end_of_input(now);
            }
        }
    }

    /// The body has ended.
    pub fn end_of_input(&mut self, now: Instant) {
        if let Phase::Preparing { context, .. } = self.phase {
            self.phase = Phase::Preparing { context, body: true };
            self.begin(now);
        }
    }

    /// The body has broken off: the request is refused, if anybody still listens.
    pub fn input_failed(&mut self) {
        if self.wants_body() {
            self.refuse(&RpcError::new(Code::BadRequest, "the body of the request broke off"));
        }
    }

    /// The path of a call, as the client gave it.
    #[must_use]
    pub fn path(&self, slot: Slot) -> &str {
        path_of(&self.plan, slot.0 as usize)
    }

    /// What to do next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Reports how a call ended. One that was cancelled, or ended before, is passed over.
    pub fn complete(&mut self, slot: Slot, outcome: Outcome, now: Instant) {
        let (Phase::Calling { begun }, Some(call)) = (self.phase, self.plan.calls.get(slot.0 as usize))
        else {
            return;
        };
        if call.done.is_some() {
            return;
        }
        if self.plan.form == Form::Stream {
            return self.open(outcome, now);
        }
        let done = match outcome {
            Outcome::Data(envelope) => Done { envelope, status: 200 },
            Outcome::Failed(error) => self.failure(slot, &error),
            // Only a subscription opens, and none is called in these forms.
            Outcome::Open => self.failure(slot, &Code::UnsupportedMediaType.into()),
        };
        if begun {
            let mut line = Vec::with_capacity(done.envelope.len() + 16);
            jsonl::chunk(&mut line, slot.0 as usize, &done.envelope);
            self.out.push_back(Transmit::Body(line.into()));
        }
        if let Some(call) = self.plan.calls.get_mut(slot.0 as usize) {
            call.done = Some(done);
        }
        self.settle();
    }

    /// Whether an event of the open subscription can be taken now: false while enough is waiting to be sent, so that a
    /// slow client holds its source back.
    #[must_use]
    pub fn wants_item(&self) -> bool {
        self.stream.as_ref().is_some_and(Stream::wants_item)
    }

    /// Sends an event of the open subscription.
    pub fn item(&mut self, event: &Wire, now: Instant) {
        if let Some(stream) = &mut self.stream {
            stream.event(event, now);
        }
    }

    /// Ends the open subscription.
    pub fn finish(&mut self, end: End) {
        let path = path_of(&self.plan, 0);
        if let Some(stream) = &mut self.stream {
            stream.end(end, path);
        }
    }

    /// What to send next.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        if self.plan.form == Form::Lines && self.phase == (Phase::Calling { begun: false }) {
            self.begin_lines();
        }
        if let Some(next) = self.out.pop_front() {
            return Some(next);
        }
        let stream = self.stream.as_mut()?;
        if let Some(bytes) = stream.take() {
            return Some(Transmit::Body(bytes));
        }
        if !stream.ended() {
            return None;
        }
        self.stream = None;
        self.phase = Phase::Over;
        // Whatever still feeds it feeds nobody.
        self.events.push_back(Event::Cancel { slot: Slot(0) });
        Some(Transmit::End)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Preparing { .. } | Phase::Calling { .. } => self.deadline,
            Phase::Streaming => self.stream.as_ref().and_then(Stream::timeout),
            Phase::Over => None,
        }
    }

    /// Does what is due: calls that take too long fail, a stream gets its ping or its end.
    pub fn handle_timeout(&mut self, now: Instant) {
        let due = self.deadline.is_some_and(|at| at <= now);
        match self.phase {
            Phase::Preparing { .. } if due => self.refuse(&Code::Timeout.into()),
            Phase::Calling { .. } if due => {
                for slot in (0..).map(Slot).take(self.plan.calls.len()) {
                    if self.plan.calls.get(slot.0 as usize).is_some_and(|call| call.done.is_none()) {
                        self.events.push_back(Event::Cancel { slot });
                        self.complete(slot, Outcome::Failed(Code::Timeout.into()), now);
                    }
                }
            }
            _ => {
                if let Some(stream) = &mut self.stream {
                    stream.handle_timeout(now);
                }
            }
        }
    }

    /// Makes the calls, once the context and the body are there.
    fn begin(&mut self, now: Instant) {
        if self.phase != (Phase::Preparing { context: true, body: true }) {
            return;
        }
        self.phase = Phase::Calling { begun: false };
        let body = match self.plan.input.take() {
            Some(input) => input.into(),
            None => self.body.take(),
        };
        match self.plan.form {
            Form::Single | Form::Stream => {
                let input = self.only_input(body);
                self.make(Slot::FIRST, input, now);
            }
            Form::Batch | Form::Lines => {
                let inputs = self.inputs(&body);
                for (input, slot) in inputs.into_iter().zip((0..).map(Slot)) {
                    self.make(slot, input, now);
                }
            }
        }
    }

    /// Makes one call, or ends it by what refuses it.
    fn make(&mut self, slot: Slot, input: RawInput, now: Instant) {
        let Some(call) = self.plan.calls.get_mut(slot.0 as usize) else { return };
        match (call.refused.take(), call.found) {
            (None, Some((procedure, _))) => self.events.push_back(Event::Call { slot, procedure, input }),
            // What was not found has been refused with the head.
            (refused, _) => {
                let error = refused.unwrap_or_else(|| Code::NotFound.into());
                self.complete(slot, Outcome::Failed(error), now);
            }
        }
    }

    /// The input of a call that is alone, unread.
    fn only_input(&self, body: Bytes) -> RawInput {
        if self.body.too_large {
            return RawInput::refused(Code::PayloadTooLarge.into());
        }
        let input = if body.is_empty() { RawInput::absent() } else { RawInput::json(body) };
        match (self.plan.form, self.plan.last_event_id.as_deref()) {
            (Form::Stream, Some(id)) if !id.is_empty() => input.resume_behind(id),
            _ => input,
        }
    }

    /// The inputs of the calls of a batch, unread. What is wrong with all is told to each.
    fn inputs(&self, body: &Bytes) -> Vec<RawInput> {
        let calls = self.plan.calls.len();
        let split = match self.body.too_large {
            true => Err(Code::PayloadTooLarge.into()),
            false => batch::split(body, calls),
        };
        split.unwrap_or_else(|error: RpcError| {
            std::iter::repeat_with(|| RawInput::refused(error.duplicate())).take(calls).collect()
        })
    }

    fn failure(&self, slot: Slot, error: &RpcError) -> Done {
        let mut envelope = Vec::with_capacity(192);
        response::write_error(&mut envelope, error, Some(path_of(&self.plan, slot.0 as usize)));
        Done { envelope, status: error.code().http_status() }
    }

    /// Sends the response when every call has ended.
    fn settle(&mut self) {
        if self.plan.calls.iter().any(|call| call.done.is_none()) {
            return;
        }
        match (self.plan.form, self.phase) {
            (Form::Lines, Phase::Calling { begun: false }) => return,
            (Form::Lines, _) => self.out.push_back(Transmit::End),
            _ => {
                let (body, status) = match (self.plan.form, self.plan.calls.first_mut()) {
                    (Form::Batch, _) => join(&self.plan.calls),
                    (_, first) => first
                        .and_then(|call| call.done.take())
                        .map_or((Vec::new(), 500), |done| (done.envelope, done.status)),
                };
                self.respond(status, body.into());
            }
        }
        self.phase = Phase::Over;
    }

    fn begin_lines(&mut self) {
        self.phase = Phase::Calling { begun: true };
        let ready = self.plan.calls.iter().map(|call| call.done.as_ref().map(|done| &*done.envelope));
        let mut line = Vec::new();
        jsonl::head(&mut line, ready);
        let headers = self.headers();
        self.out.push_back(Transmit::Head(StatusCode::OK, headers));
        self.out.push_back(Transmit::Body(line.into()));
        self.settle();
    }

    /// Opens the event stream; an error is an event too, so that the client can read it.
    fn open(&mut self, outcome: Outcome, now: Instant) {
        let mut stream = Stream::open(&self.config.sse, self.plan.last_event_id.as_deref(), now);
        let path = path_of(&self.plan, 0);
        match outcome {
            Outcome::Open => {}
            Outcome::Failed(error) => stream.end(End::Error(error), path),
            Outcome::Data(_) => {
                let error = RpcError::internal("a subscription was answered with a value");
                stream.end(End::Error(error), path);
            }
        }
        let mut headers = self.headers();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/event-stream"),
            (header::CACHE_CONTROL, "no-cache, no-transform"),
            (header::HeaderName::from_static("x-accel-buffering"), "no"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        self.out.push_back(Transmit::Head(StatusCode::OK, headers));
        self.stream = Some(stream);
        self.phase = Phase::Streaming;
    }

    /// Refuses the request as a whole: one object, also in place of a batch, and without a path.
    fn refuse(&mut self, error: &RpcError) {
        let mut body = Vec::new();
        response::write_error(&mut body, error, None);
        self.respond(error.code().http_status(), body.into());
        self.phase = Phase::Over;
    }

    fn respond(&mut self, status: u16, body: Bytes) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = self.headers();
        self.out.extend([Transmit::Head(status, headers), Transmit::Body(body), Transmit::End]);
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // What a cache must look at: the same address gives JSON, lines or events.
        headers.insert(header::VARY, HeaderValue::from_static("trpc-accept, accept"));
        if let Some(methods) = self.plan.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        headers
    }
}

fn path_of(plan: &Plan, call: usize) -> &str {
    plan.calls.get(call).and_then(|call| plan.paths.get(call.path.clone())).unwrap_or_default()
}

/// The envelopes as one array, and their common status, or 207.
fn join(calls: &[Call]) -> (Vec<u8>, u16) {
    let done = || calls.iter().filter_map(|call| call.done.as_ref());
    let mut body = Vec::with_capacity(done().map(|done| done.envelope.len() + 1).sum::<usize>() + 1);
    let mut status = None;
    for done in done() {
        body.push(if status.is_none() { b'[' } else { b',' });
        body.extend_from_slice(&done.envelope);
        status = Some(status.map_or(done.status, |common| if common == done.status { common } else { 207 }));
    }
    body.push(b']');
    (body, status.unwrap_or(200))
}
