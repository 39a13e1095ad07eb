//! The machine and the running calls together: what a transport drives.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures_core::Stream;

use crate::config::Config;
use crate::erased::{Answer, BoxFuture, Events};
use crate::error::RpcError;
use crate::event::Stop;
use crate::proto::{End, Event, Head, HttpExchange, Outcome, Slot, Transmit};
use crate::router::App;

/// One request to an application. It is an [`HttpExchange`] that also polls the calls, on any executor: time comes in as
/// an argument, and the deadline goes out. Dropping it cancels all its calls.
///
/// ```
/// # use std::{future::poll_fn, time::Instant};
/// # use rpc_typed::{Config, Head, Query, Router, Rpc, Session, Transmit, query};
/// const HELLO: Query<(), &'static str> = query("hello");
/// let app = Router::new().handle(HELLO, Rpc::<()>::new().run(|(), ()| async { Ok("there") })).build()?;
///
/// let (method, headers) = (http::Method::GET, http::HeaderMap::new());
/// let head = Head { method: &method, path: "hello", query: None, headers: &headers };
/// let mut session = Session::new(app, &Config::default(), head, Instant::now());
/// session.context((), Instant::now());
/// # futures_util::FutureExt::now_or_never(async {
/// while let Some(transmit) = poll_fn(|cx| session.poll_transmit(cx, Instant::now())).await {
///     if let Transmit::Body(bytes) = transmit {
///         assert_eq!(bytes, r#"{"result":{"data":"there"}}"#);
///     }
/// }
/// # }).unwrap();
/// # Ok::<(), rpc_typed::BuildError>(())
/// ```
pub struct Session<C> {
    app: App<C>,
    exchange: HttpExchange,
    ctx: Option<C>,
    calls: Vec<(Slot, BoxFuture<Answer>)>,
    events: Option<Events>,
    ended: bool,
    observer: Option<Observer>,
}

/// Told of each call that failed: the error with its cause, and the path of the procedure.
pub type Observer = Arc<dyn Fn(&RpcError, &str) + Send + Sync>;

impl<C: Clone + Send + 'static> Session<C> {
    /// Begins with the head of a request.
    #[must_use]
    pub fn new(app: App<C>, config: &Config, head: Head<'_>, now: Instant) -> Session<C> {
        let exchange = HttpExchange::new(app.procedures(), config, head, now);
        Session { app, exchange, ctx: None, calls: Vec::new(), events: None, ended: false, observer: None }
    }

    /// Has failures told to a log. The causes in them go nowhere else.
    pub fn observe(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }

    /// Whether the context is still to be made.
    #[must_use]
    pub fn wants_context(&self) -> bool {
        self.exchange.wants_context()
    }

    /// The `connectionParams` of the query.
    #[must_use]
    pub fn connection_params(&self) -> Option<&BTreeMap<String, String>> {
        self.exchange.connection_params()
    }

    /// Gives the context that every call of the request gets a clone of.
    pub fn context(&mut self, ctx: C, now: Instant) {
        self.ctx = Some(ctx);
        self.exchange.context_ready(now);
    }

    /// There is no context: no call is made, and each fails by this error.
    pub fn context_failed(&mut self, error: &RpcError, now: Instant) {
        // Once for all of them.
        self.tell(error, Slot::FIRST);
        self.exchange.context_failed(error, now);
    }

    /// Whether more of the body is needed.
    #[must_use]
    pub fn wants_body(&self) -> bool {
        self.exchange.wants_body()
    }

    /// Takes a piece of the body.
    pub fn receive(&mut self, bytes: Bytes, now: Instant) {
        self.exchange.receive(bytes, now);
    }

    /// The body has ended.
    pub fn end_of_input(&mut self, now: Instant) {
        self.exchange.end_of_input(now);
    }

    /// The body has broken off.
    pub fn input_failed(&mut self) {
        self.exchange.input_failed();
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.exchange.poll_timeout()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.exchange.handle_timeout(now);
    }

    /// Runs the calls as far as they go, and gives what is to be sent next; `None` behind the end. When it is pending, it
    /// is to be polled again after a wake-up, an input or the deadline.
    pub fn poll_transmit(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Option<Transmit>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.take_events();
        self.poll_calls(cx, now);
        self.poll_items(cx, now);
        let Some(transmit) = self.exchange.poll_transmit() else { return Poll::Pending };
        if transmit == Transmit::End {
            self.ended = true;
            self.calls.clear();
            self.events = None;
        }
        Poll::Ready(Some(transmit))
    }

    fn tell(&self, error: &RpcError, slot: Slot) {
        if let Some(observer) = &self.observer {
            observer(error, self.exchange.path(slot));
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.exchange.poll_event() {
            match event {
                Event::Call { slot, procedure, input } => {
                    if let Some(ctx) = &self.ctx {
                        self.calls.push((slot, self.app.call(procedure, ctx.clone(), input)));
                    }
                }
                Event::Cancel { slot } => {
                    self.calls.retain(|(running, _)| *running != slot);
                    self.events = None;
                }
            }
        }
    }

    /// All that run are asked: a batch is small, so it does without a queue of those that woke.
    fn poll_calls(&mut self, cx: &mut Context<'_>, now: Instant) {
        let mut next = 0;
        while let Some((slot, call)) = self.calls.get_mut(next) {
            let (slot, polled) = (*slot, call.as_mut().poll(cx));
            let Poll::Ready(answer) = polled else {
                next += 1;
                continue;
            };
            drop(self.calls.swap_remove(next));
            let outcome = match answer {
                Answer::Data(envelope) => Outcome::Data(envelope),
                Answer::Failed(error) => {
                    self.tell(&error, slot);
                    Outcome::Failed(error)
                }
                Answer::Events(events) => {
                    self.events = Some(events);
                    Outcome::Open
                }
            };
            self.exchange.complete(slot, outcome, now);
        }
    }

    fn poll_items(&mut self, cx: &mut Context<'_>, now: Instant) {
        while self.exchange.wants_item() {
            let Some(events) = &mut self.events else { return };
            let Poll::Ready(item) = Pin::new(events).poll_next(cx) else { return };
            let end = match item {
                Some(Ok(event)) => {
                    self.exchange.item(&event, now);
                    continue;
                }
                None => End::Return,
                Some(Err(Stop::Error(error))) => {
                    self.tell(&error, Slot::FIRST);
                    End::Error(error)
                }
                Some(Err(Stop::Reconnect)) => End::Reconnect,
            };
            self.exchange.finish(end);
            self.events = None;
        }
    }
}

impl<C> fmt::Debug for Session<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}
