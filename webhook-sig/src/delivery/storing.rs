//! Store operations on their way: issued, answered, issued again.

use super::dispatcher::{Dispatcher, State};
use super::endpoint::EndpointState;
use super::event::DeliveryEvent;
use super::id::{DeliveryId, EventId, Ticket};
use super::store_op::{Change, DeliveryRow, DeliveryStatus, StoreOp, StoreResult};
use crate::UnixMillis;

/// An operation without an answer yet.
#[derive(Debug)]
pub(super) struct Outstanding {
    pub(super) change: Change,
    /// False while it waits to be polled, the first time or again.
    issued: bool,
}

impl Dispatcher {
    /// The next change to be made durable. Execute changes in this order; several may share a transaction. Answer each with
    /// [`on_stored`](Self::on_stored).
    pub fn poll_store(&mut self) -> Option<StoreOp> {
        while let Some(ticket) = self.to_store.pop_front() {
            if let Some(outstanding) = self.outstanding.get_mut(&ticket) {
                outstanding.issued = true;
                return Some(StoreOp { ticket, change: outstanding.change.clone() });
            }
        }
        None
    }

    /// Says how a store operation went. A ticket that is not waiting for an answer is passed over.
    pub fn on_stored(&mut self, ticket: Ticket, result: StoreResult, now: UnixMillis) {
        let Some(outstanding) = self.outstanding.get_mut(&ticket).filter(|outstanding| outstanding.issued)
        else {
            return;
        };
        if let StoreResult::Failed = result {
            outstanding.issued = false;
            let retry_at = now.saturating_add(self.config.limits.store_retry);
            self.redo.insert((retry_at, ticket));
            self.counters.store_failures += 1;
            self.events_push(DeliveryEvent::StoreFailing { retry_at });
            return;
        }
        let Some(Outstanding { change, .. }) = self.outstanding.remove(&ticket) else { return };
        match result {
            StoreResult::Refused => self.refused(ticket, change),
            StoreResult::Found(found) => self.found(ticket, change, found, now),
            StoreResult::Stored | StoreResult::Failed => self.stored(ticket, change, now),
        }
        self.pump(now);
    }

    pub(super) fn push_op(&mut self, change: Change) -> Ticket {
        let ticket = Ticket::new(self.next_ticket);
        self.next_ticket = self.next_ticket.saturating_add(1);
        self.outstanding.insert(ticket, Outstanding { change, issued: false });
        self.to_store.push_back(ticket);
        ticket
    }

    /// Issues a failed operation again, brought up to date with what happened meanwhile.
    pub(super) fn reissue(&mut self, ticket: Ticket) {
        let Some(outstanding) = self.outstanding.get_mut(&ticket) else { return };
        let known = &self.deliveries;
        let still_meant = match &mut outstanding.change {
            Change::Insert { deliveries, .. } => {
                deliveries.retain(|row| known.contains_key(&row.id));
                true
            }
            Change::Add(deliveries) => {
                deliveries.retain(|row| known.contains_key(&row.id));
                !deliveries.is_empty()
            }
            // A row that comes behind `Forget` would bring a removed endpoint's delivery back.
            Change::Lease(row) | Change::Settle(row, _) | Change::Requeue(row) => known.contains_key(&row.id),
            Change::Endpoint(id, state) => match self.endpoints.get(id) {
                Some(slot) => {
                    *state = slot.state;
                    true
                }
                None => false,
            },
            Change::Purge(_) | Change::Forget(_) | Change::Find(_) => true,
        };
        if still_meant {
            self.to_store.push_back(ticket);
        } else {
            self.outstanding.remove(&ticket);
        }
    }

    fn stored(&mut self, ticket: Ticket, change: Change, now: UnixMillis) {
        match change {
            Change::Insert { event, deliveries } => {
                self.events_push(DeliveryEvent::Enqueued {
                    event: event.id.clone(),
                    deliveries: deliveries.len(),
                });
                deliveries.iter().for_each(|row| self.begin(row));
                self.release(&event.id);
            }
            Change::Add(deliveries) => deliveries.iter().for_each(|row| self.begin(row)),
            Change::Lease(row) => self.leased(row.id),
            Change::Settle(row, record) => self.settled(&row, record.failure.is_none(), record.id),
            Change::Requeue(row) => {
                if self.deliveries.contains_key(&row.id) {
                    self.schedule(row.id, row.at);
                    self.counters.requeued += 1;
                    self.events_push(DeliveryEvent::Requeued { delivery: row.id });
                }
            }
            Change::Purge(ids) => {
                let before = self.deliveries.len();
                ids.iter().for_each(|id| self.drop_delivery(*id));
                let deliveries = before - self.deliveries.len();
                self.counters.purged += deliveries as u64;
                self.events_push(DeliveryEvent::Purged { deliveries });
            }
            Change::Endpoint(endpoint, EndpointState::Enabled) => {
                self.events_push(DeliveryEvent::EndpointEnabled { endpoint });
            }
            Change::Endpoint(endpoint, EndpointState::Disabled(reason)) => {
                self.events_push(DeliveryEvent::EndpointDisabled { endpoint, reason });
            }
            Change::Forget(endpoint) => self.events_push(DeliveryEvent::EndpointRemoved { endpoint }),
            // No list is an empty list.
            Change::Find(query) => self.found(ticket, Change::Find(query), alloc::vec::Vec::new(), now),
        }
    }

    fn refused(&mut self, ticket: Ticket, change: Change) {
        match change {
            Change::Insert { event, deliveries } => {
                deliveries.iter().for_each(|row| self.drop_refused(row.id));
                self.events_push(DeliveryEvent::Refused { event: event.id.clone(), delivery: None });
                self.release(&event.id);
            }
            Change::Add(deliveries) => {
                for row in deliveries {
                    self.drop_refused(row.id);
                    self.events_push(DeliveryEvent::Refused { event: row.event, delivery: Some(row.id) });
                }
            }
            Change::Lease(row) | Change::Settle(row, _) | Change::Requeue(row) => {
                self.drop_refused(row.id);
                self.events_push(DeliveryEvent::Refused { event: row.event, delivery: Some(row.id) });
            }
            // What the store no longer has is gone either way.
            Change::Purge(ids) => {
                let before = self.deliveries.len();
                ids.iter().for_each(|id| self.drop_delivery(*id));
                self.counters.purged += (before - self.deliveries.len()) as u64;
            }
            Change::Endpoint(..) | Change::Forget(_) => {}
            Change::Find(_) => self.replay_refused(ticket),
        }
    }

    fn drop_refused(&mut self, id: DeliveryId) {
        if self.deliveries.contains_key(&id) {
            self.drop_delivery(id);
            self.counters.dropped += 1;
        }
    }

    fn leased(&mut self, id: DeliveryId) {
        if let Some(delivery) = self.deliveries.get_mut(&id) {
            delivery.state = State::Leased;
            self.outgoing.push_back(id);
        }
    }

    fn settled(&mut self, row: &DeliveryRow, delivered: bool, attempt: super::id::AttemptId) {
        if !self.deliveries.contains_key(&row.id) {
            return;
        }
        let (event, endpoint): (EventId, _) = (row.event.clone(), row.endpoint);
        if delivered {
            self.events_push(DeliveryEvent::Delivered { attempt, event, endpoint });
            self.counters.delivered += 1;
            self.drop_delivery(row.id);
            return;
        }
        // A settled failure always carries its reason.
        let failure = row.last_failure.unwrap_or(super::attempt::Failure::Lost);
        if row.status == DeliveryStatus::Dead {
            let attempts = row.attempts;
            self.events_push(DeliveryEvent::DeadLettered {
                delivery: row.id,
                event,
                endpoint,
                attempts,
                failure,
            });
            self.counters.dead_lettered += 1;
            self.bury(row.id, row.at);
        } else {
            self.events_push(DeliveryEvent::Retrying { attempt, event, endpoint, failure, at: row.at });
            self.schedule(row.id, row.at);
        }
    }
}
