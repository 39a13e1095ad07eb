//! Replay: events of the past, delivered again under their old identity.

use super::dispatcher::{Dispatcher, State};
use super::event::DeliveryEvent;
use super::id::{DeliveryId, EndpointId, EventId, ReplayId, Ticket};
use super::store_op::{Change, DeliveryRow, Found, Query};
use crate::UnixMillis;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// Which events to replay. The store finds them ([`Change::Find`]), so they may be older than the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// One event, to every endpoint that wants its type now.
    Event(EventId),
    /// The event of this delivery, to its endpoint only.
    Delivery(DeliveryId),
    /// The events created in a span of time, each to every endpoint that wants its type now.
    Range {
        /// The first moment.
        from: UnixMillis,
        /// The first moment behind the span.
        to: UnixMillis,
    },
}

/// [`Limits::max_replays`](super::Limits::max_replays) are under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyReplays;

/// A replay between two pages.
#[derive(Debug)]
pub(super) struct ReplayState {
    id: ReplayId,
    endpoint: Option<EndpointId>,
    made: usize,
}

impl Dispatcher {
    /// Delivers past events again, to one endpoint where that is given: new deliveries, the old event ids, so that a receiver who has an event can tell.
    /// Disabled endpoints are passed over. A large range is read in pages, and ends early where a queue is full;
    /// [`DeliveryEvent::Replayed`] says how it went.
    ///
    /// # Errors
    /// [`TooManyReplays`] at the limit.
    pub fn replay(
        &mut self,
        selector: Selector,
        endpoint: Option<EndpointId>,
    ) -> Result<ReplayId, TooManyReplays> {
        if self.replays.len() >= self.config.limits.max_replays {
            return Err(TooManyReplays);
        }
        let id = ReplayId::new(self.next_replay);
        self.next_replay = self.next_replay.saturating_add(1);
        let limit = self.config.limits.max_replay_page.max(1);
        let ticket = self.push_op(Change::Find(Query { selector, after: None, limit }));
        self.replays.insert(ticket, ReplayState { id, endpoint, made: 0 });
        Ok(id)
    }

    /// Queues a page of found events, and asks for the next.
    pub(super) fn found(&mut self, ticket: Ticket, change: Change, found: Vec<Found>, now: UnixMillis) {
        let Some(mut replay) = self.replays.remove(&ticket) else { return };
        let Change::Find(query) = change else { return };
        let full_page = found.len() >= query.limit;
        let last = found.last().map(|found| (found.event.created_at, found.event.id.clone()));
        let mut room = true;
        for one in found.into_iter().take(query.limit) {
            room = self.replay_one(&mut replay, one, now);
            if !room {
                break;
            }
        }
        let paged = matches!(query.selector, Selector::Range { .. });
        // A store that ignores `after` must not make the replay go round for ever.
        if room && paged && full_page && last > query.after {
            let ticket = self.push_op(Change::Find(Query { after: last, ..query }));
            self.replays.insert(ticket, replay);
            return;
        }
        self.finish(&replay, room);
    }

    /// False where a queue is full.
    fn replay_one(&mut self, replay: &mut ReplayState, found: Found, now: UnixMillis) -> bool {
        let Found { event, endpoint: only } = found;
        let wanted = |id: EndpointId| replay.endpoint.is_none_or(|endpoint| endpoint == id);
        let targets: Vec<EndpointId> = match only {
            Some(id) => {
                self.endpoints.get(&id).filter(|slot| slot.is_enabled()).map(|_| id).into_iter().collect()
            }
            None => self
                .endpoints
                .iter()
                .filter(|(_, slot)| slot.takes(&event.event_type))
                .map(|(id, _)| *id)
                .collect(),
        };
        let targets: Vec<EndpointId> = targets.into_iter().filter(|id| wanted(*id)).collect();
        let limit = self.config.limits.max_queue_per_endpoint;
        let full = targets.iter().any(|id| self.endpoints.get(id).is_some_and(|slot| slot.queued >= limit));
        if targets.is_empty() {
            return true;
        }
        if full || (!self.held.contains_key(&event.id) && !self.make_room(&event)) {
            return false;
        }
        let event = self.hold(Arc::new(event));
        let rows: Vec<DeliveryRow> =
            targets.into_iter().map(|endpoint| self.new_row(&event.id, endpoint, now)).collect();
        for row in &rows {
            self.adopt(&event, row, State::Storing);
        }
        self.release(&event.id);
        replay.made += rows.len();
        self.counters.created += rows.len() as u64;
        self.push_op(Change::Add(rows));
        true
    }

    pub(super) fn replay_refused(&mut self, ticket: Ticket) {
        if let Some(replay) = self.replays.remove(&ticket) {
            self.finish(&replay, false);
        }
    }

    fn finish(&mut self, replay: &ReplayState, complete: bool) {
        self.events_push(DeliveryEvent::Replayed { replay: replay.id, deliveries: replay.made, complete });
    }
}

impl fmt::Display for TooManyReplays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the limit on replays under way is reached")
    }
}

impl core::error::Error for TooManyReplays {}
