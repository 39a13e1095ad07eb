//! Typed streams of messages, the same for handlers and for callers.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::codec::{Decode, Encode};
use crate::link::Port;
use crate::meta::Metadata;
use crate::status::Status;

/// The messages that the peer sends.
///
/// A caller that drops it gives the call up. A handler that drops it takes no more messages.
pub struct Inbound<T> {
    port: Arc<dyn Port>,
    message: PhantomData<fn() -> T>,
}

impl<T: Decode> Inbound<T> {
    pub(crate) fn new(port: Arc<dyn Port>) -> Self {
        Self { port, message: PhantomData }
    }

    /// The next message; `None` when the peer has sent all of them, and on a client when the call has succeeded.
    ///
    /// May be dropped before it is ready and called again: nothing is lost.
    ///
    /// # Errors
    /// The status of the call where it is over otherwise, and INTERNAL for a message that cannot be decoded.
    pub async fn next(&mut self) -> Result<Option<T>, Status> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// [`next`](Self::next) for those who poll.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<T>, Status>> {
        self.port.poll_message(context).map(|message| Ok(message?.map(T::decode).transpose()?))
    }

    /// The metadata of the peer's head. A caller waits for it, and so knows that the server has taken the call.
    ///
    /// # Errors
    /// The status of a call that was over before a head came.
    pub async fn head(&mut self) -> Result<Metadata, Status> {
        poll_fn(|context| self.port.poll_head(context)).await
    }

    /// The trailers that the server sent, once [`next`](Self::next) has said that the call is over.
    #[must_use]
    pub fn trailers(&self) -> Option<Metadata> {
        self.port.trailers()
    }
}

impl<T> Drop for Inbound<T> {
    fn drop(&mut self) {
        self.port.stop_receiving();
    }
}

impl<T> fmt::Debug for Inbound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").finish_non_exhaustive()
    }
}

/// Where messages are sent to the peer.
///
/// A caller that drops it, or calls [`finish`](Self::finish), says that it has sent all. A handler's stream ends when the
/// handler returns.
pub struct Outbound<T> {
    port: Arc<dyn Port>,
    message: PhantomData<fn(T)>,
}

impl<T: Encode> Outbound<T> {
    pub(crate) fn new(port: Arc<dyn Port>) -> Self {
        Self { port, message: PhantomData }
    }

    /// Sends a message; waits while more than [`max_send_buffer`](crate::Limits::max_send_buffer) is on its way.
    ///
    /// A handler's messages leave when it waits, so that several can share one HTTP/2 frame.
    ///
    /// # Errors
    /// The status of a call that is over, INTERNAL for a message that cannot be encoded, RESOURCE_EXHAUSTED for one that is
    /// too long.
    pub async fn send(&self, message: T) -> Result<(), Status> {
        poll_fn(|context| self.port.poll_send(context, &message)).await
    }

    /// Says that all has been sent.
    pub fn finish(self) {
        drop(self);
    }
}

impl<T> Drop for Outbound<T> {
    fn drop(&mut self) {
        self.port.stop_sending();
    }
}

impl<T> fmt::Debug for Outbound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").finish_non_exhaustive()
    }
}
