//! One sleep that follows the deadline of a machine.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::time::Instant;

use ::tokio::time::{self, Sleep};

#[derive(Debug, Default)]
pub(super) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    /// Ready when `deadline` has passed.
    ///
    /// A deadline that moved later does not touch the sleep: it is armed anew when it fires, so that a deadline which each
    /// message moves costs nothing per message.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let deadline = time::Instant::from_std(deadline);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(time::sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

pub(super) fn now() -> Instant {
    time::Instant::now().into_std()
}
