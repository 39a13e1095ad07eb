//! Whether a signed time is near enough to the present.

use core::time::Duration;

use crate::error::Reject;
use crate::{Limits, UnixMillis};

/// The present time, and how far from it a signed time may lie.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    now: UnixMillis,
    past: Duration,
    future: Duration,
}

impl Clock {
    pub(crate) fn new(now: UnixMillis, limits: &Limits) -> Self {
        Self { now, past: limits.tolerance_past, future: limits.tolerance_future }
    }

    pub(crate) fn check(&self, at: UnixMillis) -> Result<(), Reject> {
        let (past, future) = (self.now.saturating_since(at), at.saturating_since(self.now));
        if past > self.past {
            Err(Reject::Stale { by: past })
        } else if future > self.future {
            Err(Reject::Future { by: future })
        } else {
            Ok(())
        }
    }
}
