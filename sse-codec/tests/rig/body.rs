//! A response body that stays open.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame};

/// Says its text, and then nothing until it is dropped. It is counted for as long as it lives.
pub(crate) struct Stays {
    text: Bytes,
    alive: Arc<AtomicUsize>,
}

impl Stays {
    pub(crate) fn new(text: impl Into<Bytes>, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self { text: text.into(), alive: Arc::clone(alive) }
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Body for Stays {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() { Poll::Pending } else { Poll::Ready(Some(Ok(Frame::data(text)))) }
    }
}
