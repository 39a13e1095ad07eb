//! What a caller and the transport of its call share, and the two sides of it that the transport holds.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::{request, response};

use super::Reply;
use crate::call::{ClientCall, ClientEvent, PeerEvent, Transmit};
use crate::codec::{Decode, Encode};
use crate::link::{Port, Slot, lock};
use crate::meta::Metadata;
use crate::status::Status;
use crate::stream::Inbound;

/// The caller's side of a call, and the two of the transport.
pub(super) fn share(call: ClientCall) -> (Arc<CallLink>, RequestSide, ResponseSide) {
    let link = Arc::new(CallLink {
        state: Mutex::new(State {
            call,
            head: None,
            done: None,
            receiver: Slot::default(),
            sender: Slot::default(),
            up: Slot::default(),
            down: Slot::default(),
        }),
    });
    (Arc::clone(&link), RequestSide(Arc::clone(&link)), ResponseSide(link))
}

/// What a caller and the transport share.
pub(super) struct CallLink {
    state: Mutex<State>,
}

struct State {
    call: ClientCall,
    head: Option<Metadata>,
    done: Option<(Status, Metadata)>,
    /// Who waits for a message.
    receiver: Slot,
    /// Who waits for room to send.
    sender: Slot,
    /// Who waits for something to send.
    up: Slot,
    /// Who waits for more to be wanted, or for the call to be over.
    down: Slot,
}

impl State {
    /// The next message, with the other events put away.
    fn next(&mut self) -> Option<Bytes> {
        loop {
            match self.call.poll_event()? {
                ClientEvent::Head(metadata) => self.head = Some(metadata),
                ClientEvent::Message(message) => return Some(message),
                ClientEvent::Done { status, trailers } => self.done = Some((status, trailers)),
            }
        }
    }

    fn wake_all(&mut self) {
        self.receiver.wake();
        self.sender.wake();
        self.up.wake();
        self.down.wake();
    }
}

impl CallLink {
    /// Sends the only message.
    pub(super) fn send(&self, message: &dyn Encode) -> Result<(), Status> {
        let mut state = lock(&self.state);
        state.call.send_message(message)?;
        state.up.wake();
        Ok(())
    }

    /// The one message, and only then the status.
    pub(super) fn poll_reply<Res: Decode>(
        &self,
        inbound: &mut Inbound<Res>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Reply<Res>, Status>> {
        let Poll::Ready(message) = inbound.poll_next(context)? else { return Poll::Pending };
        // The machine gives a message only where there is exactly one and the call has succeeded.
        let Some(message) = message else {
            return Poll::Ready(Err(Status::internal("the call succeeded without a message")));
        };
        let mut state = lock(&self.state);
        let _ = state.next();
        let head = state.head.take().unwrap_or_default();
        let trailers = state.done.as_ref().map(|(_, trailers)| trailers.clone()).unwrap_or_default();
        Poll::Ready(Ok(Reply { head, message, trailers }))
    }
}

impl Port for CallLink {
    fn poll_head(&self, context: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        let mut state = lock(&self.state);
        if state.head.is_none()
            && let Some(event) = state.call.poll_event()
        {
            match event {
                ClientEvent::Head(metadata) => state.head = Some(metadata),
                ClientEvent::Done { status, trailers } => state.done = Some((status, trailers)),
                // A message comes behind its head.
                ClientEvent::Message(_) => {}
            }
        }
        match (&state.head, &state.done) {
            (Some(head), _) => Poll::Ready(Ok(head.clone())),
            // A stream without a message may have its status in the head.
            (None, Some((status, trailers))) => {
                Poll::Ready(status.clone().into_result().map(|()| trailers.clone()))
            }
            (None, None) => {
                state.receiver.set(context);
                Poll::Pending
            }
        }
    }

    fn poll_message(&self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let mut state = lock(&self.state);
        if let Some(message) = state.next() {
            return Poll::Ready(Ok(Some(message)));
        }
        if let Some((status, _)) = &state.done {
            return Poll::Ready(status.clone().into_result().map(|()| None));
        }
        state.receiver.set(context);
        if state.call.wants_data() {
            state.down.wake();
        }
        Poll::Pending
    }

    fn trailers(&self) -> Option<Metadata> {
        lock(&self.state).done.as_ref().map(|(_, trailers)| trailers.clone())
    }

    fn stop_receiving(&self) {
        let mut state = lock(&self.state);
        state.call.cancel();
        state.wake_all();
    }

    fn poll_send(&self, context: &mut Context<'_>, message: &dyn Encode) -> Poll<Result<(), Status>> {
        let mut state = lock(&self.state);
        if !state.call.has_room() {
            state.sender.set(context);
            return Poll::Pending;
        }
        state.call.send_message(message)?;
        state.up.wake();
        Poll::Ready(Ok(()))
    }

    fn stop_sending(&self) {
        let mut state = lock(&self.state);
        state.call.finish_sending();
        state.up.wake();
    }
}

/// The request as the transport sends it, behind its head.
pub struct RequestSide(Arc<CallLink>);

impl RequestSide {
    /// What is to be sent next: data, the end, or a reset. `Ready(None)` behind those two.
    pub fn poll_transmit(&mut self, context: &mut Context<'_>) -> Poll<Option<Transmit<request::Parts>>> {
        let mut state = lock(&self.0.state);
        if let Some(transmit) = state.call.poll_transmit() {
            state.sender.wake();
            return Poll::Ready(Some(transmit));
        }
        if state.call.is_sent() {
            return Poll::Ready(None);
        }
        state.up.set(context);
        Poll::Pending
    }

    /// Whether nothing but the end is left to be sent.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        lock(&self.0.state).call.is_sent()
    }
}

impl fmt::Debug for RequestSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestSide").finish_non_exhaustive()
    }
}

/// What a transport is to do about the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Read on and hand it to [`ResponseSide::receive`].
    Data,
    /// Nothing any more: end, and reset the stream where it is still open.
    Nothing,
}

/// The response as the transport receives it. Dropped before the call is over, it makes the call UNAVAILABLE.
pub struct ResponseSide(Arc<CallLink>);

impl ResponseSide {
    /// What is wanted; pending while the caller does not take the messages that are here.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Want> {
        let mut state = lock(&self.0.state);
        if state.call.is_over() {
            return Poll::Ready(Want::Nothing);
        }
        // Also while data are wanted: the call may be given up meanwhile.
        state.down.set(context);
        if state.call.wants_data() { Poll::Ready(Want::Data) } else { Poll::Pending }
    }

    /// Takes what came from the server, or what became of the connection.
    pub fn receive(&mut self, event: PeerEvent<response::Parts>, now: Instant) {
        let mut state = lock(&self.0.state);
        state.call.receive(event, now);
        state.receiver.wake();
        if state.call.is_over() {
            state.sender.wake();
            state.up.wake();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        lock(&self.0.state).call.poll_timeout()
    }

    /// Ends the call where its deadline has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let mut state = lock(&self.0.state);
        state.call.handle_timeout(now);
        if state.call.is_over() {
            state.wake_all();
        }
    }
}

impl Drop for ResponseSide {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if !state.call.is_over() {
            state.call.fail(Status::unavailable("the connection is gone"));
            state.wake_all();
        }
    }
}

impl fmt::Debug for ResponseSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseSide").finish_non_exhaustive()
    }
}
