//! The loop between an HTTP body and a call.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Buf as _;
use http::response;
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep_until};

use crate::call::{PeerEvent, Transmit};
use crate::serve::ServerIo;

/// The clock of the runtime's timer, so that both can be stopped in a test.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

pin_project! {
    pub(super) struct Drive<B> {
        io: ServerIo,
        #[pin]
        body: B,
        #[pin]
        sleep: Option<Sleep>,
        began: Instant,
    }
}

impl<B: Body> Drive<B> {
    pub(super) fn new(io: ServerIo, body: B, began: Instant) -> Self {
        let sleep = io.poll_timeout().map(|deadline| sleep_until(deadline.into()));
        Self { io, body, sleep, began }
    }

    pub(super) fn poll_transmit(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Transmit<response::Parts>>> {
        let mut this = self.project();
        if let Some(mut sleep) = this.sleep.as_mut().as_pin_mut()
            && sleep.as_mut().poll(context).is_ready()
        {
            // The timer has said that it is so, whatever the clock says.
            this.io.handle_timeout(sleep.deadline().into_std());
            this.sleep.set(None);
        }
        // Without a deadline the time does not matter, and a clock is not free.
        let now = if this.sleep.is_some() { now() } else { *this.began };
        loop {
            let mut is_starved = false;
            let mut wants_data = this.io.wants_data();
            while wants_data {
                let Poll::Ready(frame) = this.body.as_mut().poll_frame(context) else {
                    is_starved = true;
                    break;
                };
                let event = match frame.map(|frame| frame.map(http_body::Frame::into_data)) {
                    Some(Ok(Ok(mut data))) => PeerEvent::Data(data.copy_to_bytes(data.remaining())),
                    // Trailers of a request mean nothing; the end follows.
                    Some(Ok(Err(_trailers))) => continue,
                    Some(Err(_)) => PeerEvent::Lost(String::new()),
                    None => PeerEvent::End(None),
                };
                let is_last = matches!(event, PeerEvent::Data(_)) && this.body.is_end_stream();
                wants_data = this.io.receive(event, now);
                if is_last {
                    wants_data = this.io.receive(PeerEvent::End(None), now);
                }
            }
            if let Poll::Ready(transmit) = this.io.poll_transmit(context) {
                return Poll::Ready(transmit);
            }
            // The handler may have taken what held the body back.
            if is_starved || !this.io.wants_data() {
                return Poll::Pending;
            }
        }
    }
}
