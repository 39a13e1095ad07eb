//! The queue: what is held, what is due, whose turn it is.

use super::attempt::{Attempt, Failure};
use super::dispatcher::{Delivery, Dispatcher, Held, State};
use super::endpoint::{Endpoint, EndpointState};
use super::event::DeliveryEvent;
use super::filter::EventType;
use super::id::{DeliveryId, EndpointId, EventId};
use super::outbound::OutboundEvent;
use super::request;
use super::store_op::{Change, DeliveryRow, DeliveryStatus};
use crate::UnixMillis;
use alloc::collections::VecDeque;
use alloc::sync::Arc;

/// An endpoint and what is queued for it.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) endpoint: Endpoint,
    pub(super) state: EndpointState,
    /// Deliveries that are neither delivered nor dead.
    pub(super) queued: usize,
    pub(super) in_flight: usize,
    /// Due deliveries, the earliest first.
    pub(super) ready: VecDeque<DeliveryId>,
    /// True while the endpoint stands in the round of those that have a turn.
    runnable: bool,
}

impl Slot {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            state: EndpointState::Enabled,
            queued: 0,
            in_flight: 0,
            ready: VecDeque::new(),
            runnable: false,
        }
    }

    pub(super) fn is_enabled(&self) -> bool {
        self.state == EndpointState::Enabled
    }

    /// True where a new event of this type makes a delivery.
    pub(super) fn takes(&self, event_type: &EventType) -> bool {
        self.is_enabled() && self.endpoint.filter().matches(event_type)
    }

    fn has_a_turn(&self, limit: usize) -> bool {
        self.is_enabled() && !self.ready.is_empty() && self.in_flight < limit
    }
}

/// SplitMix64: spreads the seed that was handed in. Jitter needs no secrecy.
#[derive(Debug)]
pub(super) struct Entropy(pub(super) u64);

impl Entropy {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

/// What an event costs in memory beside its payload, roughly; it keeps a flood of empty payloads under the limit too.
const EVENT_OVERHEAD: usize = 512;

fn weight(event: &OutboundEvent) -> usize {
    event.payload.len().saturating_add(EVENT_OVERHEAD)
}

impl Dispatcher {
    /// True where the event fits under `max_held_bytes`, if need be after the oldest dead letters are forgotten.
    pub(super) fn make_room(&mut self, event: &OutboundEvent) -> bool {
        let limit = self.config.limits.max_held_bytes;
        while self.held_bytes.saturating_add(weight(event)) > limit {
            let Some((_, id)) = self.dead.first().copied() else { return false };
            self.forget(id);
        }
        true
    }

    /// Counts one more holder of the event, and gives the one copy in memory.
    pub(super) fn hold(&mut self, event: Arc<OutboundEvent>) -> Arc<OutboundEvent> {
        let bytes = &mut self.held_bytes;
        let held = self.held.entry(event.id.clone()).or_insert_with(|| {
            *bytes = bytes.saturating_add(weight(&event));
            Held { event, holders: 0 }
        });
        held.holders += 1;
        held.event.clone()
    }

    pub(super) fn release(&mut self, id: &EventId) {
        let Some(held) = self.held.get_mut(id) else { return };
        held.holders -= 1;
        if held.holders == 0 {
            self.held_bytes = self.held_bytes.saturating_sub(weight(&held.event));
            self.held.remove(id);
        }
    }

    /// A row with a new id: waiting for the schedule's first step, or dead where the endpoint's queue is full.
    pub(super) fn new_row(&mut self, event: &EventId, endpoint: EndpointId, now: UnixMillis) -> DeliveryRow {
        let id = DeliveryId::new(self.next_delivery);
        self.next_delivery = self.next_delivery.saturating_add(1);
        let limit = self.config.limits.max_queue_per_endpoint;
        let full = self.endpoints.get(&endpoint).is_some_and(|slot| slot.queued >= limit);
        let wait = self.config.retry.wait(0, None, self.entropy.next()).unwrap_or_default();
        DeliveryRow {
            id,
            event: event.clone(),
            endpoint,
            status: if full { DeliveryStatus::Dead } else { DeliveryStatus::Waiting },
            at: if full { now } else { now.saturating_add(wait) },
            step: 0,
            attempts: 0,
            last_failure: full.then_some(Failure::Overflow),
        }
    }

    /// Takes a delivery into memory. False where its endpoint is not registered or the delivery is known.
    pub(super) fn adopt(&mut self, event: &Arc<OutboundEvent>, row: &DeliveryRow, state: State) -> bool {
        if self.deliveries.contains_key(&row.id) {
            return false;
        }
        let Some(slot) = self.endpoints.get_mut(&row.endpoint) else { return false };
        slot.queued += 1;
        let event = self.hold(event.clone());
        self.deliveries.insert(
            row.id,
            Delivery {
                event,
                endpoint: row.endpoint,
                step: row.step,
                attempts: row.attempts,
                last_failure: row.last_failure,
                state,
            },
        );
        true
    }

    /// Starts a delivery whose new row is durable.
    pub(super) fn begin(&mut self, row: &DeliveryRow) {
        if row.status != DeliveryStatus::Dead {
            return self.schedule(row.id, row.at);
        }
        if self.deliveries.contains_key(&row.id) {
            self.events_push(DeliveryEvent::DeadLettered {
                delivery: row.id,
                event: row.event.clone(),
                endpoint: row.endpoint,
                attempts: row.attempts,
                failure: row.last_failure.unwrap_or(Failure::Overflow),
            });
            self.counters.dead_lettered += 1;
            self.bury(row.id, row.at);
        }
    }

    /// Takes a delivery out of memory, wherever it stands.
    pub(super) fn drop_delivery(&mut self, id: DeliveryId) {
        let Some(delivery) = self.deliveries.remove(&id) else { return };
        match delivery.state {
            State::Waiting(at) => drop(self.due.remove(&(at, id))),
            State::InFlight { lost_at, .. } => drop(self.leases.remove(&(lost_at, id))),
            State::Dead(at) => drop(self.dead.remove(&(at, id))),
            // A place in `ready` or `outgoing` is passed over when its turn comes.
            State::Storing
            | State::Ready
            | State::Leasing
            | State::Leased
            | State::Settling
            | State::Purging => {}
        }
        if delivery.state.takes_a_place() {
            self.free_place(delivery.endpoint);
        }
        if let Some(slot) = self.endpoints.get_mut(&delivery.endpoint)
            && delivery.state.is_queued()
        {
            slot.queued -= 1;
        }
        self.release(&delivery.event.id);
    }

    pub(super) fn schedule(&mut self, id: DeliveryId, at: UnixMillis) {
        if let Some(delivery) = self.deliveries.get_mut(&id) {
            delivery.state = State::Waiting(at);
            self.due.insert((at, id));
        }
    }

    pub(super) fn free_place(&mut self, endpoint: EndpointId) {
        self.in_flight -= 1;
        if let Some(slot) = self.endpoints.get_mut(&endpoint) {
            slot.in_flight -= 1;
        }
        self.mark_runnable(endpoint);
    }

    /// Gives the endpoint a turn, if it can use one and has none.
    pub(super) fn mark_runnable(&mut self, id: EndpointId) {
        let limit = self.config.limits.max_in_flight_per_endpoint;
        if let Some(slot) = self.endpoints.get_mut(&id)
            && !slot.runnable
            && slot.has_a_turn(limit)
        {
            slot.runnable = true;
            self.runnable.push_back(id);
        }
    }

    /// Moves all that time has brought about, then leases what has a turn and a place.
    pub(super) fn pump(&mut self, now: UnixMillis) {
        while let Some((at, id)) = self.leases.first().copied()
            && at <= now
        {
            self.lose(id, now);
        }
        while let Some((at, ticket)) = self.redo.first().copied()
            && at <= now
        {
            self.redo.remove(&(at, ticket));
            self.reissue(ticket);
        }
        while let Some((at, id)) = self.due.first().copied()
            && at <= now
        {
            self.due.remove(&(at, id));
            self.make_ready(id);
        }
        self.lease_ready(now);
    }

    fn make_ready(&mut self, id: DeliveryId) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        delivery.state = State::Ready;
        let endpoint = delivery.endpoint;
        if let Some(slot) = self.endpoints.get_mut(&endpoint) {
            slot.ready.push_back(id);
        }
        self.mark_runnable(endpoint);
    }

    fn lease_ready(&mut self, now: UnixMillis) {
        while !self.paused
            && self.in_flight < self.config.limits.max_in_flight
            && let Some(endpoint) = self.runnable.pop_front()
        {
            let Some(slot) = self.endpoints.get_mut(&endpoint) else { continue };
            slot.runnable = false;
            if slot.has_a_turn(self.config.limits.max_in_flight_per_endpoint)
                && let Some(id) = slot.ready.pop_front()
            {
                self.lease(id, now);
            }
            // To the end of the round: one busy endpoint does not starve the others.
            self.mark_runnable(endpoint);
        }
    }

    fn lease(&mut self, id: DeliveryId, now: UnixMillis) {
        let Some(delivery) = self.deliveries.get_mut(&id) else { return };
        delivery.state = State::Leasing;
        delivery.attempts = delivery.attempts.saturating_add(1);
        let limits = &self.config.limits;
        let lost_at = now.saturating_add(limits.attempt_timeout).saturating_add(limits.lease_grace);
        let row = delivery.row(id, DeliveryStatus::Leased, lost_at);
        if let Some(slot) = self.endpoints.get_mut(&delivery.endpoint) {
            slot.in_flight += 1;
        }
        self.in_flight += 1;
        self.push_op(Change::Lease(row));
    }

    /// Signs a leased delivery and lets it go. None where it is gone, where its endpoint was disabled meanwhile, or where it cannot be signed.
    pub(super) fn hand_out(&mut self, id: DeliveryId, now: UnixMillis) -> Option<Attempt> {
        let delivery = self.deliveries.get_mut(&id)?;
        let slot = self.endpoints.get_mut(&delivery.endpoint)?;
        if !slot.is_enabled() {
            // Nothing went out under this number: the next lease takes it again.
            delivery.attempts = delivery.attempts.saturating_sub(1);
            delivery.state = State::Ready;
            slot.ready.push_front(id);
            let endpoint = delivery.endpoint;
            self.free_place(endpoint);
            return None;
        }
        let Ok(headers) = request::headers(&slot.endpoint, &delivery.event, &self.config.user_agent, now)
        else {
            self.settle(id, Some(Failure::Unsigned), None, now, now);
            return None;
        };
        let limits = &self.config.limits;
        let deadline = now.saturating_add(limits.attempt_timeout);
        let lost_at = deadline.saturating_add(limits.lease_grace);
        delivery.state = State::InFlight { started: now, lost_at };
        self.leases.insert((lost_at, id));
        self.counters.attempts += 1;
        Some(Attempt {
            id: delivery.attempt(id),
            event: delivery.event.id.clone(),
            event_type: delivery.event.event_type.clone(),
            endpoint: delivery.endpoint,
            url: slot.endpoint.url().clone(),
            policy: self.policy.clone(),
            headers,
            payload: delivery.event.payload.clone(),
            started_at: now,
            deadline,
        })
    }
}
