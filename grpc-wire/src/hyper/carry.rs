//! One call over the connection.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use crate::call::{PeerEvent, Transmit};
use crate::client::{RequestSide, ResponseSide, Want};

/// The clock of the runtime's timer, so that both can be stopped in a test.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The messages of the caller as the body of a request.
#[derive(Debug)]
pub(super) struct RequestBody(pub(super) RequestSide);

impl Body for RequestBody {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        Poll::Ready(match ready!(self.0.poll_transmit(context)) {
            Some(Transmit::Data(data)) => Some(Ok(Frame::data(data))),
            // hyper resets the stream with the code that it finds in the error of a body.
            Some(Transmit::Reset(code)) => Some(Err(h2::Reason::from(code).into())),
            // The head is the request's own, and a client has no trailers.
            Some(Transmit::End | Transmit::Head { .. } | Transmit::Trailers(_)) | None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_sent()
    }
}

pin_project! {
    pub(super) struct Carry<F> {
        #[pin]
        response: F,
        body: Option<Incoming>,
        down: ResponseSide,
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl<F> Carry<F> {
    pub(super) fn new(response: F, down: ResponseSide) -> Self {
        let sleep = down.poll_timeout().map(|deadline| sleep_until(deadline.into()));
        Self { response, body: None, down, sleep }
    }
}

impl<F: Future<Output = Result<Response<Incoming>, hyper::Error>>> Future for Carry<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if let Some(mut sleep) = this.sleep.as_mut().as_pin_mut()
            && sleep.as_mut().poll(context).is_ready()
        {
            // The timer has said that it is so, whatever the clock says.
            this.down.handle_timeout(sleep.deadline().into_std());
            this.sleep.set(None);
        }
        while ready!(this.down.poll(context)) == Want::Data {
            let event = match this.body {
                None => match ready!(this.response.as_mut().poll(context)) {
                    Ok(response) => {
                        let (head, body) = response.into_parts();
                        *this.body = Some(body);
                        PeerEvent::Head(head)
                    }
                    Err(error) => lost(&error),
                },
                Some(body) => match ready!(Pin::new(body).poll_frame(context)) {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => PeerEvent::Data(data),
                        Err(frame) => PeerEvent::End(frame.into_trailers().ok()),
                    },
                    Some(Err(error)) => lost(&error),
                    None => PeerEvent::End(None),
                },
            };
            this.down.receive(event, now());
        }
        Poll::Ready(())
    }
}

/// What hyper knows of the end of a stream or of the connection.
fn lost<H>(error: &hyper::Error) -> PeerEvent<H> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>()
            && error.is_reset()
            && let Some(reason) = error.reason()
        {
            return PeerEvent::Reset(reason.into());
        }
        cause = error.source();
    }
    PeerEvent::Lost(format!("the connection failed: {error}"))
}
