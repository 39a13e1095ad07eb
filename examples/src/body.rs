//! The body of a request on its way in, with a deadline and an end.
#![allow(clippy::disallowed_methods, reason = "a body has a deadline")]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Sleep, sleep, timeout};

/// A body that fails when it takes too long. What is left of it when it is dropped is read on for a moment: a client
/// that is still sending would otherwise lose the answer together with the connection.
pub(crate) struct Upload {
    body: Option<Incoming>,
    /// For all of it; `None` for one that may stay open.
    time: Option<Duration>,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Whether nothing more comes unless it is asked for.
    awaits: bool,
}

impl Upload {
    /// `awaits`: the client sends the body only when it is asked for (RFC 9110 §10.1.1), so what nobody reads does not
    /// come.
    pub(crate) fn new(body: Incoming, time: Duration, awaits: bool) -> Upload {
        Upload { body: Some(body), time: Some(time), deadline: None, awaits }
    }

    /// A stream that its client may leave open and end when it likes. Nobody reads on once it is dropped: it comes by
    /// HTTP/2, where the answer does not hang on what is still to come.
    pub(crate) fn open_ended(body: Incoming) -> Upload {
        Upload { body: Some(body), time: None, deadline: None, awaits: true }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        match Pin::new(body).poll_frame(cx) {
            Poll::Ready(None) => {
                self.body = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some(frame)) => Poll::Ready(Some(frame.map_err(Into::into))),
            Poll::Pending => {
                let Some(time) = self.time else { return Poll::Pending };
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(time)));
                deadline.as_mut().poll(cx).map(|()| {
                    self.body = None;
                    Some(Err(io::Error::from(io::ErrorKind::TimedOut).into()))
                })
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream() && !self.awaits) else {
            return;
        };
        // Outside a runtime there is no connection to keep either.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(discard(body));
        }
    }
}

async fn discard(mut body: Incoming) {
    let mut left = DISCARDED;
    let rest = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    // Who takes longer is cut off.
    let _ = timeout(PATIENCE, rest).await;
}

const DISCARDED: usize = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(2);
