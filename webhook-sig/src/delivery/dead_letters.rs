//! The dead-letter queue: deliveries whose schedule has ended, kept until somebody decides.

use super::attempt::Failure;
use super::dispatcher::{Dispatcher, State};
use super::event::DeliveryEvent;
use super::id::{DeliveryId, EndpointId};
use super::outbound::OutboundEvent;
use super::store_op::{Change, DeliveryStatus};
use crate::UnixMillis;
use alloc::vec::Vec;
use core::fmt;

/// A delivery that was given up.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DeadLetter<'a> {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The event, payload included.
    pub event: &'a OutboundEvent,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// How many attempts were made.
    pub attempts: u32,
    /// How the last one failed.
    pub last_failure: Option<Failure>,
    /// Since when it is here.
    pub since: UnixMillis,
}

/// A delivery cannot be put back.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequeueError {
    /// No dead letter in memory has this id. One that was forgotten can be replayed by its id.
    Unknown,
    /// The endpoint's queue is full.
    Full,
}

impl Dispatcher {
    /// The dead letters in memory, the oldest first; of one endpoint, or of all.
    pub fn dead_letters(&self, endpoint: Option<EndpointId>) -> impl Iterator<Item = DeadLetter<'_>> {
        self.dead.iter().filter_map(move |(since, id)| {
            let delivery = self.deliveries.get(id)?;
            endpoint.is_none_or(|wanted| wanted == delivery.endpoint).then(|| DeadLetter {
                delivery: *id,
                event: &delivery.event,
                endpoint: delivery.endpoint,
                attempts: delivery.attempts,
                last_failure: delivery.last_failure,
                since: *since,
            })
        })
    }

    /// Puts a dead letter back: due at once, with the whole schedule before it. Attempt numbers go on.
    ///
    /// # Errors
    /// [`RequeueError`] for an id that is no dead letter, or a full queue.
    pub fn requeue(&mut self, id: DeliveryId, now: UnixMillis) -> Result<(), RequeueError> {
        let delivery = self.deliveries.get_mut(&id).ok_or(RequeueError::Unknown)?;
        let State::Dead(since) = delivery.state else { return Err(RequeueError::Unknown) };
        let slot = self.endpoints.get_mut(&delivery.endpoint).ok_or(RequeueError::Unknown)?;
        if slot.queued >= self.config.limits.max_queue_per_endpoint {
            return Err(RequeueError::Full);
        }
        slot.queued += 1;
        delivery.state = State::Storing;
        delivery.step = 0;
        let row = delivery.row(id, DeliveryStatus::Waiting, now);
        self.dead.remove(&(since, id));
        self.push_op(Change::Requeue(row));
        Ok(())
    }

    /// Puts back all dead letters, of one endpoint or of all, as far as the queues take them. Returns how many.
    pub fn requeue_all(&mut self, endpoint: Option<EndpointId>, now: UnixMillis) -> usize {
        let ids: Vec<DeliveryId> = self.dead_letters(endpoint).map(|letter| letter.delivery).collect();
        ids.into_iter().filter(|id| self.requeue(*id, now).is_ok()).count()
    }

    /// Deletes one dead letter. False where there is none with this id.
    pub fn purge(&mut self, id: DeliveryId) -> bool {
        self.purge_these([id].into()) == 1
    }

    /// Deletes all dead letters, of one endpoint or of all. Returns how many.
    pub fn purge_all(&mut self, endpoint: Option<EndpointId>) -> usize {
        self.purge_these(self.dead_letters(endpoint).map(|letter| letter.delivery).collect())
    }

    fn purge_these(&mut self, mut ids: Vec<DeliveryId>) -> usize {
        ids.retain(|id| {
            let Some(delivery) = self.deliveries.get_mut(id) else { return false };
            let State::Dead(since) = delivery.state else { return false };
            self.dead.remove(&(since, *id));
            delivery.state = State::Purging;
            true
        });
        let count = ids.len();
        if count > 0 {
            self.push_op(Change::Purge(ids));
        }
        count
    }

    /// Makes a delivery in memory a dead letter; its row says so already.
    pub(super) fn bury(&mut self, id: DeliveryId, since: UnixMillis) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        if let Some(slot) = self.endpoints.get_mut(&delivery.endpoint) {
            slot.queued -= 1;
        }
        delivery.state = State::Dead(since);
        self.dead.insert((since, id));
        while self.dead.len() > self.config.limits.max_dead_letters
            && let Some((_, oldest)) = self.dead.first().copied()
        {
            self.forget(oldest);
        }
    }

    /// Lets a dead letter go from memory, not from the store.
    pub(super) fn forget(&mut self, id: DeliveryId) {
        if let Some(delivery) = self.deliveries.get(&id) {
            let event = delivery.event.id.clone();
            self.drop_delivery(id);
            self.counters.forgotten += 1;
            self.events_push(DeliveryEvent::DeadLetterForgotten { delivery: id, event });
        }
    }
}

impl fmt::Display for RequeueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "no dead letter in memory has this id",
            Self::Full => "the endpoint's queue is full",
        })
    }
}

impl core::error::Error for RequeueError {}
