//! The body of an answer: a result, or the events of a subscription.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Frame, SizeHint};

use crate::exec::Response;
use crate::sse;

/// Makes the time that passes between two comments.
pub(super) type Pause = Arc<dyn Fn() -> Timer + Send + Sync>;
pub(super) type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;
type Results = Pin<Box<dyn Stream<Item = Response> + Send>>;

/// The body of an answer. It never fails.
pub struct Body(Inner);

enum Inner {
    Full(Bytes),
    Events(Events),
}

struct Events {
    results: Option<Results>,
    pause: Option<Pause>,
    timer: Option<Timer>,
}

impl Body {
    pub(super) fn events(
        results: impl Stream<Item = Response> + Send + 'static,
        pause: Option<Pause>,
    ) -> Self {
        let timer = pause.as_ref().map(|pause| pause());
        Self(Inner::Events(Events { results: Some(Box::pin(results)), pause, timer }))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Full(bytes))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Inner::Events(_) => f.write_str("Body(events)"),
        }
    }
}

impl Events {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some(results) = &mut self.results else { return Poll::Ready(None) };
        let event = match results.as_mut().poll_next(cx) {
            // A response is written by this crate, as JSON in UTF-8.
            Poll::Ready(Some(result)) => sse::next(&String::from_utf8_lossy(result.json())),
            Poll::Ready(None) => {
                self.results = None;
                self.timer = None;
                return Poll::Ready(Some(sse::complete()));
            }
            Poll::Pending => {
                let Some(timer) = &mut self.timer else { return Poll::Pending };
                core::task::ready!(timer.as_mut().poll(cx));
                sse::keep_alive()
            }
        };
        // The silence begins anew.
        self.timer = self.pause.as_ref().map(|pause| pause());
        Poll::Ready(Some(event))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match &mut self.0 {
            Inner::Full(bytes) => Poll::Ready(Some(core::mem::take(bytes)).filter(|bytes| !bytes.is_empty())),
            Inner::Events(events) => events.poll(cx),
        };
        bytes.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Full(bytes) => bytes.is_empty(),
            Inner::Events(events) => events.results.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Events(_) => SizeHint::default(),
        }
    }
}
