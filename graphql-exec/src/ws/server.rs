//! The server's side of a connection.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::message::{ClientMessage, write};
use super::{Close, CloseCode, WsLimits};
use crate::error::GraphqlError;
use crate::request::Request;
use crate::value::{Object, Value};

/// An operation that is under way. The client may use an id again once it is done, and this tells the two apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    id: Arc<str>,
    serial: u64,
}

impl Operation {
    /// The id that the client chose.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What whoever executes has to do.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The client wants to begin: answer with [`Server::accept`] or [`Server::refuse`]. The payload is the client's, for example
    /// with a token.
    Init(Object),
    /// Execute this. Give each result to [`Server::next`], and say [`Server::complete`] or [`Server::error`] in the end. Do it
    /// before the next message is handed in, and open the source of a subscription at once: then a client that hears the
    /// answer to a ping knows that its subscription listens.
    Start {
        /// What the results belong to.
        operation: Operation,
        /// What to execute.
        request: Request,
    },
    /// The client wants no more of it: stop, and close its source.
    Stop(Operation),
}

/// What is to be sent.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A text message.
    Text(String),
    /// The Close frame; nothing follows. Every operation is to be stopped.
    Close(Close),
}

/// The server's side of one socket.
///
/// After each input ([`handle_text`](Self::handle_text), [`handle_timeout`](Self::handle_timeout), and each answer to an event)
/// take events until there is none, then outputs until there is none; then wait for a message, a result, or
/// [`poll_timeout`](Self::poll_timeout). While [`is_writable`](Self::is_writable) is false, wait only for the transport to take
/// what is queued.
///
/// ```
/// use std::time::Instant;
/// use graphql_exec::ws::{Event, Output, Server, WsLimits};
///
/// let now = Instant::now();
/// let mut server = Server::new(WsLimits::DEFAULT, now);
/// server.handle_text(r#"{"type":"connection_init","payload":{"authorization":"Bearer abc123"}}"#, now);
/// let Some(Event::Init(payload)) = server.poll_event() else { unreachable!() };
/// assert_eq!(payload.get("authorization").and_then(|token| token.as_str()), Some("Bearer abc123"));
/// server.accept(now);
/// assert_eq!(server.poll_output(), Some(Output::Text(r#"{"type":"connection_ack"}"#.into())));
///
/// server.handle_text(r#"{"id":"1","type":"subscribe","payload":{"query":"{ one }"}}"#, now);
/// let Some(Event::Start { operation, request }) = server.poll_event() else { unreachable!() };
/// assert_eq!(request.query, "{ one }");
/// server.next(&operation, r#"{"data":{"one":1}}"#);
/// server.complete(&operation);
/// assert_eq!(server.poll_output(), Some(Output::Text(r#"{"id":"1","type":"next","payload":{"data":{"one":1}}}"#.into())));
/// assert_eq!(server.poll_output(), Some(Output::Text(r#"{"id":"1","type":"complete"}"#.into())));
/// assert_eq!(server.poll_output(), None);
/// ```
#[derive(Debug)]
pub struct Server {
    limits: WsLimits,
    phase: Phase,
    /// Each operation under way by its id.
    operations: HashMap<Arc<str>, u64>,
    next_serial: u64,
    events: VecDeque<Event>,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No `connection_init` yet.
    Opened {
        /// When it is late; `None` if no clock reaches that far.
        deadline: Option<Instant>,
    },
    /// The `connection_init` is being looked at.
    Beginning,
    Ready {
        ping_at: Option<Instant>,
    },
    Closed,
}

impl Server {
    /// A socket that was opened now.
    #[must_use]
    pub fn new(limits: WsLimits, now: Instant) -> Self {
        Self {
            phase: Phase::Opened { deadline: now.checked_add(limits.init_timeout) },
            limits,
            operations: HashMap::new(),
            next_serial: 0,
            events: VecDeque::new(),
            outputs: VecDeque::new(),
        }
    }

    /// A text message came. After the end it is passed over.
    pub fn handle_text(&mut self, text: &str, now: Instant) {
        if self.is_closed() {
            return;
        }
        if text.len() > self.limits.max_message {
            let reason =
                format!("the message exceeds the limit max_message of {} bytes", self.limits.max_message);
            return self.close(CloseCode::InvalidMessage, &reason);
        }
        match ClientMessage::read(text, self.limits.max_id) {
            Ok(message) => self.handle(message, now),
            Err(reason) => self.close(CloseCode::InvalidMessage, &reason),
        }
    }

    /// A binary message came, which the protocol does not have.
    pub fn handle_binary(&mut self) {
        self.close(CloseCode::InvalidMessage, "messages are text");
    }

    fn handle(&mut self, message: ClientMessage, now: Instant) {
        match message {
            ClientMessage::Init(payload) => match self.phase {
                Phase::Opened { deadline } if deadline.is_none_or(|deadline| now < deadline) => {
                    self.phase = Phase::Beginning;
                    self.events.push_back(Event::Init(payload));
                }
                Phase::Opened { .. } => self.handle_timeout(now),
                _ => self.close(CloseCode::TooManyInits, "Too many initialisation requests"),
            },
            ClientMessage::Ping(payload) => {
                let payload = payload.as_ref().map(Value::to_json);
                self.send("pong", None, payload.as_deref());
            }
            ClientMessage::Pong => {}
            ClientMessage::Subscribe { id, request } => self.subscribe(id, request),
            ClientMessage::Complete { id } => {
                // One that is done already: the two messages have crossed.
                if let Some((id, serial)) = self.operations.remove_entry(&*id) {
                    self.events.push_back(Event::Stop(Operation { id, serial }));
                }
            }
        }
    }

    fn subscribe(&mut self, id: String, request: Request) {
        if !matches!(self.phase, Phase::Ready { .. }) {
            return self.close(CloseCode::Unauthorized, "Unauthorized");
        }
        if self.operations.contains_key(&*id) {
            return self.close(CloseCode::SubscriberExists, &format!("Subscriber for {id} already exists"));
        }
        if self.operations.len() >= self.limits.max_operations {
            let max = self.limits.max_operations;
            let error = GraphqlError::new(format!("the connection crosses max_operations of {max}"))
                .with_code(crate::error::code::LIMIT_EXCEEDED);
            return self.send("error", Some(&id), Some(&format!("[{}]", error.to_json())));
        }
        let operation = Operation { id: id.into(), serial: self.next_serial };
        self.next_serial = self.next_serial.wrapping_add(1);
        self.operations.insert(Arc::clone(&operation.id), operation.serial);
        self.events.push_back(Event::Start { operation, request });
    }

    /// Answers [`Event::Init`]: the client may execute operations.
    pub fn accept(&mut self, now: Instant) {
        if self.phase == Phase::Beginning {
            self.phase =
                Phase::Ready { ping_at: self.limits.ping_interval.and_then(|time| now.checked_add(time)) };
            self.send("connection_ack", None, None);
        }
    }

    /// Answers [`Event::Init`] otherwise: 4403. The reason is for the client.
    pub fn refuse(&mut self, reason: &str) {
        self.close(CloseCode::Forbidden, reason);
    }

    /// Sends a result, a JSON text. `false` when the operation is no longer under way: stop it.
    pub fn next(&mut self, operation: &Operation, result: &str) -> bool {
        let goes_on = self.is_under_way(operation);
        if goes_on {
            self.send("next", Some(&operation.id), Some(result));
        }
        goes_on
    }

    /// Ends an operation whose results were all sent.
    pub fn complete(&mut self, operation: &Operation) {
        if self.finish(operation) {
            self.send("complete", Some(&operation.id), None);
        }
    }

    /// Ends an operation that could not be executed, or whose source failed.
    pub fn error(&mut self, operation: &Operation, errors: &[GraphqlError]) {
        if self.finish(operation) {
            let errors: Vec<String> = errors.iter().map(GraphqlError::to_json).collect();
            self.send("error", Some(&operation.id), Some(&format!("[{}]", errors.join(","))));
        }
    }

    /// Whether results of this operation are still wanted.
    #[must_use]
    pub fn is_under_way(&self, operation: &Operation) -> bool {
        self.operations.get(&operation.id) == Some(&operation.serial)
    }

    fn finish(&mut self, operation: &Operation) -> bool {
        self.is_under_way(operation) && self.operations.remove(&operation.id).is_some()
    }

    /// Ends the connection, behind what is queued. Every operation is over.
    pub fn close(&mut self, code: CloseCode, reason: &str) {
        if self.is_closed() {
            return;
        }
        self.phase = Phase::Closed;
        self.operations.clear();
        self.events.clear();
        self.outputs.push_back(Output::Close(Close::new(code, reason)));
    }

    fn send(&mut self, kind: &'static str, id: Option<&str>, payload: Option<&str>) {
        if !self.is_closed() {
            self.outputs.push_back(Output::Text(write(kind, id, payload)));
        }
    }

    /// The next event, if there is one.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next thing to send, if there is one.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether more may be queued. While it is false, hand in no message and no result: neither then can a client that does not
    /// read make the server hold more than [`WsLimits::max_outbound`] messages.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.outputs.len() < self.limits.max_outbound
    }

    /// Whether the connection is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// When to call [`handle_timeout`](Self::handle_timeout); `None` when nothing waits for time.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match self.phase {
            Phase::Opened { deadline } => deadline,
            Phase::Ready { ping_at } => ping_at,
            Phase::Beginning | Phase::Closed => None,
        }
    }

    /// Does what is due at `now`. Early calls do nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.phase {
            Phase::Opened { deadline: Some(deadline) } if deadline <= now => {
                self.close(CloseCode::InitTimeout, "Connection initialisation timeout");
            }
            Phase::Ready { ping_at: Some(at) } if at <= now => {
                self.send("ping", None, None);
                // From now, so that one that is late is not followed by a burst.
                self.phase = Phase::Ready {
                    ping_at: self.limits.ping_interval.and_then(|time| now.checked_add(time)),
                };
            }
            _ => {}
        }
    }
}
