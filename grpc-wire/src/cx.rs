//! What a handler knows of its call.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::Extensions;

use crate::call::{Cancelled, ServerCall, ServerEvent};
use crate::codec::{Encode, Raw};
use crate::deadline::Deadline;
use crate::intercept::{Direction, Erased};
use crate::link::{Port, Slot, lock};
use crate::meta::Metadata;
use crate::service::MethodDesc;
use crate::status::Status;

/// The call that a handler serves. Clones are the same call.
#[derive(Clone)]
pub struct Cx(pub(crate) Arc<Link>);

/// What handler and adapter share.
pub(crate) struct Link {
    pub(crate) this: Weak<Self>,
    pub(crate) method: MethodDesc,
    pub(crate) metadata: Metadata,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) interceptors: Option<Arc<[Arc<dyn Erased>]>>,
    pub(crate) state: Mutex<State>,
}

pub(crate) struct State {
    pub(crate) call: ServerCall,
    pub(crate) extensions: Extensions,
    pub(crate) cancelled: Option<Cancelled>,
    pub(crate) is_half_closed: bool,
    /// The handler has returned.
    pub(crate) is_finished: bool,
    /// Who waits for a message.
    pub(crate) receiver: Slot,
    /// Who waits for room to send.
    pub(crate) sender: Slot,
    /// Who waits for something to transmit: the adapter's task, while it is not running.
    pub(crate) adapter: Slot,
    /// Who waits for the call to be over.
    pub(crate) watchers: Vec<Waker>,
}

impl Cx {
    /// The path of the method: `/package.Service/Method`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.0.method.path()
    }

    /// What came with the head of the request.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// When the call ends by itself. Pass it on to the calls that are made for this one.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        self.0.deadline
    }

    /// Waits until the call is over before it was finished, and says why. The handler itself is dropped then; this is for
    /// what it has spawned. It waits for ever where the call is finished.
    pub async fn cancelled(&self) -> Cancelled {
        poll_fn(|context| {
            let mut state = lock(&self.0.state);
            if let Some(why) = &state.cancelled {
                return Poll::Ready(why.clone());
            }
            if !state.watchers.iter().any(|waker| waker.will_wake(context.waker())) {
                state.watchers.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    /// A value of this type that was put there: by an interceptor, or as an extension of the HTTP request.
    #[must_use]
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        lock(&self.0.state).extensions.get::<T>().cloned()
    }

    /// Puts a value there for the handler and for further interceptors; one value of each type.
    pub fn insert<T: Clone + Send + Sync + 'static>(&self, value: T) {
        lock(&self.0.state).extensions.insert(value);
    }

    /// Changes the metadata of the answer's head. Does nothing once the head is sent, with the first message at the latest.
    pub fn with_head(&self, change: impl FnOnce(&mut Metadata)) {
        if let Some(metadata) = lock(&self.0.state).call.head_mut() {
            change(metadata);
        }
    }

    /// Changes the metadata of the trailers.
    pub fn with_trailers(&self, change: impl FnOnce(&mut Metadata)) {
        change(lock(&self.0.state).call.trailers_mut());
    }

    /// Sends the head of the answer now, and not with the first message: so the client learns that, say, its subscription
    /// stands.
    pub fn send_head(&self) {
        let mut state = lock(&self.0.state);
        state.call.send_head();
        state.adapter.wake();
    }
}

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx").field("method", &self.method()).finish_non_exhaustive()
    }
}

impl Link {
    fn intercept(&self, direction: Direction, mut message: Bytes) -> Result<Bytes, Status> {
        let Some(interceptors) = &self.interceptors else { return Ok(message) };
        let Some(link) = self.this.upgrade() else { return Ok(message) };
        let cx = Cx(link);
        // The outermost is the first to see a request, and the last to see a response.
        let last = interceptors.len() - 1;
        for index in 0..=last {
            let index = if direction == Direction::Request { index } else { last - index };
            message = interceptors[index].message(&cx, direction, message)?;
        }
        Ok(message)
    }

    /// Sends a message, whether there is room or not.
    pub(crate) fn send(&self, message: &dyn Encode) -> Result<(), Status> {
        if self.interceptors.is_none() {
            return Self::send_locked(&mut lock(&self.state), message);
        }
        let mut encoded = BytesMut::new();
        message.encode(&mut encoded)?;
        // Not under the lock: an interceptor may use the call.
        let message = self.intercept(Direction::Response, encoded.freeze())?;
        Self::send_locked(&mut lock(&self.state), &Raw(message))
    }

    fn send_locked(state: &mut State, message: &dyn Encode) -> Result<(), Status> {
        state.call.send_message(message)?;
        state.adapter.wake();
        Ok(())
    }

    /// Wakes everybody who waits for the call to be over.
    pub(crate) fn tell_cancelled(state: &mut State, why: &Cancelled) {
        if state.cancelled.is_none() {
            state.cancelled = Some(why.clone());
            state.receiver.wake();
            state.sender.wake();
            state.watchers.drain(..).for_each(Waker::wake);
        }
    }
}

impl Port for Link {
    fn poll_head(&self, _context: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        Poll::Ready(Ok(self.metadata.clone()))
    }

    fn poll_message(&self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let mut state = lock(&self.state);
        match state.call.poll_event() {
            Some(ServerEvent::Message(message)) => {
                // The adapter stopped reading when the last message was not taken.
                state.adapter.wake();
                drop(state);
                Poll::Ready(self.intercept(Direction::Request, message).map(Some))
            }
            Some(ServerEvent::HalfClosed) => {
                state.is_half_closed = true;
                Poll::Ready(Ok(None))
            }
            Some(ServerEvent::Cancelled(why)) => {
                Self::tell_cancelled(&mut state, &why);
                state.adapter.wake();
                Poll::Ready(Err(why.status()))
            }
            None => {
                if let Some(why) = &state.cancelled {
                    return Poll::Ready(Err(why.status()));
                }
                if state.is_half_closed || state.is_finished {
                    return Poll::Ready(Ok(None));
                }
                state.receiver.set(context);
                Poll::Pending
            }
        }
    }

    fn trailers(&self) -> Option<Metadata> {
        None
    }

    fn stop_receiving(&self) {}

    fn poll_send(&self, context: &mut Context<'_>, message: &dyn Encode) -> Poll<Result<(), Status>> {
        let mut state = lock(&self.state);
        if !state.call.has_room() {
            state.sender.set(context);
            return Poll::Pending;
        }
        if self.interceptors.is_none() {
            return Poll::Ready(Self::send_locked(&mut state, message));
        }
        drop(state);
        Poll::Ready(self.send(message))
    }

    fn stop_sending(&self) {}
}
