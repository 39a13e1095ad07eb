//! What a handler or a caller shares with the adapter that moves the bytes: a call machine under a lock, and wakers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use crate::codec::Encode;
use crate::meta::Metadata;
use crate::status::Status;

/// The side of a call that streams of messages are on, whichever machine stands behind it.
pub(crate) trait Port: Send + Sync {
    fn poll_head(&self, context: &mut Context<'_>) -> Poll<Result<Metadata, Status>>;
    fn poll_message(&self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>>;
    fn trailers(&self) -> Option<Metadata>;
    /// Nobody takes messages any more.
    fn stop_receiving(&self);
    /// Sends the message once there is room.
    fn poll_send(&self, context: &mut Context<'_>, message: &dyn Encode) -> Poll<Result<(), Status>>;
    /// Nobody sends messages any more.
    fn stop_sending(&self);
}

/// A waiting task, at most one for each thing to wait for.
#[derive(Debug, Default)]
pub(crate) struct Slot(Option<Waker>);

impl Slot {
    pub(crate) fn set(&mut self, context: &Context<'_>) {
        match &self.0 {
            Some(waker) if waker.will_wake(context.waker()) => {}
            _ => self.0 = Some(context.waker().clone()),
        }
    }

    pub(crate) fn wake(&mut self) {
        if let Some(waker) = self.0.take() {
            waker.wake();
        }
    }

    /// Wakes, unless it is the task that is running and will look by itself.
    pub(crate) fn wake_other(&mut self, running: Option<&Waker>) {
        if let Some(waker) = self.0.take()
            && !running.is_some_and(|running| running.will_wake(&waker))
        {
            waker.wake();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }
}

/// A lock that a panic elsewhere does not close: each change of a machine is complete when it returns.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
