//! What an outcome does to its delivery.

use super::attempt::{AttemptRecord, Failure, Outcome, Response};
use super::dispatcher::{Dispatcher, State};
use super::endpoint::{DisabledReason, EndpointState};
use super::id::{AttemptId, DeliveryId};
use super::retry_after::RetryAfter;
use super::store_op::{Change, DeliveryStatus};
use crate::UnixMillis;
use core::fmt;
use core::time::Duration;

/// No attempt with this id is in flight: it was answered for already, counted as lost, or its endpoint was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAttempt;

impl Dispatcher {
    /// Says what became of an attempt. 2xx delivers. 410 disables the endpoint; the delivery waits with it. Anything else fails: the next attempt
    /// is due after the schedule's wait, or later where 429, 502, 503 or 504 came with a `Retry-After`; with the schedule at its end it becomes a dead letter.
    ///
    /// # Errors
    /// [`UnknownAttempt`] where nobody waits for this outcome; nothing changes.
    pub fn on_outcome(
        &mut self,
        id: AttemptId,
        outcome: Outcome,
        now: UnixMillis,
    ) -> Result<(), UnknownAttempt> {
        let delivery = self.deliveries.get(&id.delivery).ok_or(UnknownAttempt)?;
        let State::InFlight { started, .. } = delivery.state else { return Err(UnknownAttempt) };
        if delivery.attempts != id.number.get() {
            return Err(UnknownAttempt);
        }
        let failure = outcome.failure();
        let response = match outcome {
            Outcome::Response(response) => Some(response),
            _ => None,
        };
        self.settle(id.delivery, failure, response, started, now);
        self.pump(now);
        Ok(())
    }

    /// An attempt whose outcome never came.
    pub(super) fn lose(&mut self, id: DeliveryId, now: UnixMillis) {
        if let Some(delivery) = self.deliveries.get(&id)
            && let State::InFlight { started, .. } = delivery.state
        {
            self.settle(id, Some(Failure::Lost), None, started, now);
        }
    }

    /// Ends an attempt: frees its place, decides what comes next, and sends both to the store.
    pub(super) fn settle(
        &mut self,
        id: DeliveryId,
        failure: Option<Failure>,
        response: Option<Response>,
        started_at: UnixMillis,
        now: UnixMillis,
    ) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        if let State::InFlight { lost_at, .. } = delivery.state {
            self.leases.remove(&(lost_at, id));
        }
        delivery.state = State::Settling;
        let endpoint = delivery.endpoint;
        let (status, at) = match failure {
            None => (DeliveryStatus::Delivered, now),
            Some(Failure::Status(410)) => {
                delivery.last_failure = failure;
                // Whoever enables the endpoint again vouches for it: the schedule starts afresh.
                delivery.step = 0;
                (DeliveryStatus::Waiting, now)
            }
            Some(_) => {
                delivery.last_failure = failure;
                delivery.step = delivery.step.saturating_add(1);
                let asked = asked_wait(response.as_ref(), self.config.limits.max_retry_after, now);
                let step = usize::try_from(delivery.step).unwrap_or(usize::MAX);
                match self.config.retry.wait(step, asked, self.entropy.next()) {
                    Some(wait) => (DeliveryStatus::Waiting, now.saturating_add(wait)),
                    None => (DeliveryStatus::Dead, now),
                }
            }
        };
        let record = AttemptRecord {
            id: delivery.attempt(id),
            event: delivery.event.id.clone(),
            endpoint,
            started_at,
            ended_at: now,
            failure,
            response,
        };
        let row = delivery.row(id, status, at);
        self.counters.failures += u64::from(failure.is_some());
        self.push_op(Change::Settle(row, record));
        if failure == Some(Failure::Status(410))
            && self.endpoints.get(&endpoint).is_some_and(super::queue::Slot::is_enabled)
        {
            // The endpoint of a delivery in memory is registered: this cannot fail.
            let _ = self.set_state(endpoint, EndpointState::Disabled(DisabledReason::Gone));
        }
        self.free_place(endpoint);
    }
}

/// What the answer asks for, where its status gives `Retry-After` a meaning for us, under the cap.
fn asked_wait(response: Option<&Response>, cap: Duration, now: UnixMillis) -> Option<Duration> {
    let response = response?;
    if !matches!(response.status, 429 | 502 | 503 | 504) {
        return None;
    }
    let after = RetryAfter::parse(response.retry_after.as_deref()?, now)?;
    Some(after.delay(now).min(cap))
}

impl fmt::Display for UnknownAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no attempt with this id is in flight")
    }
}

impl core::error::Error for UnknownAttempt {}
