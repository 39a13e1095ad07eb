//! What an adapter drives for one call of a server: the machine and the handler's future, with no runtime named.

use std::convert::Infallible;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use http::response;

use crate::call::{Cancelled, PeerEvent, Transmit};
use crate::cx::Link;
use crate::intercept::BoxFuture;
use crate::link::lock;
use crate::status::Status;

/// One call and its handler.
///
/// An adapter hands it what comes from the client while [`wants_data`](Self::wants_data), then takes what
/// [`poll_transmit`](Self::poll_transmit) gives, and calls [`handle_timeout`](Self::handle_timeout) at
/// [`poll_timeout`](Self::poll_timeout). Dropping it before [`is_done`](Self::is_done) cancels the call and drops the
/// handler.
pub struct ServerIo {
    link: Arc<Link>,
    handler: Option<BoxFuture<'static, Result<(), Status>>>,
    /// The adapter's task as of the last poll.
    task: Option<Waker>,
}

impl ServerIo {
    pub(crate) fn new(link: Arc<Link>, handler: Option<BoxFuture<'static, Result<(), Status>>>) -> Self {
        Self { link, handler, task: None }
    }

    /// Whether the next piece of the body is useful now.
    #[must_use]
    pub fn wants_data(&self) -> bool {
        lock(&self.link.state).call.wants_data()
    }

    /// Takes what came from the client, and says whether the next piece is useful too. Poll again afterwards.
    pub fn receive(&mut self, event: PeerEvent<Infallible>, now: Instant) -> bool {
        let mut state = lock(&self.link.state);
        state.call.receive(event, now);
        state.receiver.wake_other(self.task.as_ref());
        state.call.wants_data()
    }

    /// Runs the handler as far as it goes, and gives what is to be sent next; `Ready(None)` when the call is done.
    ///
    /// A handler that panics is INTERNAL.
    pub fn poll_transmit(&mut self, context: &mut Context<'_>) -> Poll<Option<Transmit<response::Parts>>> {
        if !self.task.as_ref().is_some_and(|task| task.will_wake(context.waker())) {
            self.task = Some(context.waker().clone());
        }
        let outcome = self.run_handler(context);
        let mut state = lock(&self.link.state);
        if let Some(outcome) = outcome {
            state.is_finished = true;
            state.call.finish(outcome.err().unwrap_or(Status::OK));
            // Tasks that the handler spawned learn that it is over.
            state.receiver.wake();
            state.sender.wake();
        }
        let transmit = state.call.poll_transmit();
        if state.call.is_done() && transmit.is_none() {
            return Poll::Ready(None);
        }
        if transmit.is_none() {
            state.adapter.set(context);
            return Poll::Pending;
        }
        state.sender.wake_other(self.task.as_ref());
        Poll::Ready(transmit)
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        lock(&self.link.state).call.poll_timeout()
    }

    /// Ends the call where its deadline has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        lock(&self.link.state).call.handle_timeout(now);
    }

    /// Whether everything has been sent.
    #[must_use]
    pub fn is_done(&self) -> bool {
        lock(&self.link.state).call.is_done()
    }

    /// What the handler returned, when it does.
    fn run_handler(&mut self, context: &mut Context<'_>) -> Option<Result<(), Status>> {
        let handler = self.handler.as_mut()?;
        {
            let mut guard = lock(&self.link.state);
            let state = &mut *guard;
            // What the handler sends in this poll is taken right after it.
            state.adapter.clear();
            if let Some(why) = state.call.cancelled().cloned() {
                Link::tell_cancelled(state, &why);
                drop(guard);
                // Its destructors may use the call.
                self.handler = None;
                return None;
            }
        }
        let outcome = match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(context))) {
            Ok(Poll::Pending) => return None,
            Ok(Poll::Ready(outcome)) => outcome,
            Err(_) => Err(Status::internal("the handler failed")),
        };
        self.handler = None;
        Some(outcome)
    }
}

impl Drop for ServerIo {
    fn drop(&mut self) {
        let mut guard = lock(&self.link.state);
        let state = &mut *guard;
        if !state.call.is_done() {
            state.call.lose();
        } else if state.call.cancelled().is_none() {
            return;
        }
        let why = state.call.cancelled().cloned().unwrap_or(Cancelled::Lost);
        Link::tell_cancelled(state, &why);
    }
}

impl fmt::Debug for ServerIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIo").field("method", &self.link.method.path()).finish_non_exhaustive()
    }
}
