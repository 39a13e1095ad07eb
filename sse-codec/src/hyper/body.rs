//! A subscriber as a response body.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, header};
use http_body::{Body, Frame as BodyFrame, SizeHint};

use super::{Shared, now};
use crate::{
    EventName, Frame,
    hub::{Delivery, Resume, SubId, TopicKey},
};

/// The stream of one subscriber. It ends when the hub ends it; dropping it unsubscribes.
///
/// Each data frame is one whole block of the stream. It never fails.
pub struct EventBody<K: TopicKey> {
    /// `None`: the answer to a HEAD or a refusal, or a stream that has ended.
    stream: Option<Stream<K>>,
    resume: Resume,
}

struct Stream<K: TopicKey> {
    shared: Arc<Shared<K>>,
    id: SubId,
    /// Said before anything else.
    first: Option<Bytes>,
}

impl<K: TopicKey> EventBody<K> {
    pub(super) fn new(shared: Arc<Shared<K>>, id: SubId, resume: Resume) -> Self {
        let why = match &resume {
            Resume::Gap { .. } => Some("gap"),
            Resume::UnknownId => Some("unknown-id"),
            Resume::Live | Resume::Resumed { .. } => None,
        };
        let first = why.and_then(|why| reset(shared.reset.as_ref(), why));
        Self { stream: Some(Stream { shared, id, first }), resume }
    }

    pub(super) const fn empty() -> Self {
        Self { stream: None, resume: Resume::Live }
    }

    /// Where the stream begins.
    #[must_use]
    pub const fn resume(&self) -> &Resume {
        &self.resume
    }

    /// The 200 response with this body: `Content-Type: text/event-stream`, `Cache-Control: no-store`, and
    /// `X-Accel-Buffering: no`, which keeps nginx and others from collecting events before they pass them on.
    pub fn into_response(self) -> http::Response<Self> {
        let mut response = http::Response::new(self);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}

fn reset(name: Option<&EventName>, why: &'static str) -> Option<Bytes> {
    Some(Frame::data(why).event(name?).ok()?.encode())
}

impl<K: TopicKey + Send + 'static> Body for EventBody<K> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        let next =
            stream.first.take().map_or_else(|| stream.poll_next(context), |first| Poll::Ready(Some(first)));
        if let Poll::Ready(None) = next {
            self.stream = None;
        }
        next.map(|bytes| bytes.map(|bytes| Ok(BodyFrame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.stream.is_none() { SizeHint::with_exact(0) } else { SizeHint::default() }
    }
}

impl<K: TopicKey + Send + 'static> Stream<K> {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut guard = self.shared.lock();
        let state = &mut *guard;
        let next = loop {
            match state.hub.poll_next(now(), self.id) {
                Delivery::Frame(bytes) => break Poll::Ready(Some(bytes)),
                Delivery::Lagged { .. } => {
                    if let Some(reset) = reset(self.shared.reset.as_ref(), "lagged") {
                        break Poll::Ready(Some(reset));
                    }
                }
                Delivery::Ended(_) => break Poll::Ready(None),
                Delivery::Pending => {
                    let place = self.id.index();
                    if state.wakers.len() <= place {
                        state.wakers.resize(place + 1, None);
                    }
                    state.wakers[place] = Some(context.waker().clone());
                    break Poll::Pending;
                }
            }
        };
        let is_earlier = state.is_timer_late();
        drop(guard);
        if is_earlier {
            self.shared.ensure_timer();
            self.shared.rearm.notify_one();
        }
        next
    }
}

impl<K: TopicKey> Drop for Stream<K> {
    fn drop(&mut self) {
        self.shared.unsubscribe(self.id);
    }
}

impl<K: TopicKey> fmt::Debug for EventBody<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.stream.as_ref().map(|stream| stream.id);
        f.debug_struct("EventBody").field("id", &id).field("resume", &self.resume).finish()
    }
}
