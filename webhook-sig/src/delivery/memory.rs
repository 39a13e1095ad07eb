//! A store in memory: for use without durability, for tests, and as the reference of what a store does.

use super::dispatcher::Dispatcher;
use super::id::{DeliveryId, EventId};
use super::outbound::OutboundEvent;
use super::replay::Selector;
use super::store_op::{Change, DeliveryRow, DeliveryStatus, Found, Query, StoreResult};
use crate::UnixMillis;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Bound;

/// Keeps events and delivery rows in memory, and answers every operation at once.
///
/// Events whose deliveries have all arrived stay for replay, up to a number of events; the oldest go first. Dead letters
/// stay until they are purged, or forgotten by count with the events.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    max_events: usize,
    events: BTreeMap<EventId, Kept>,
    by_time: BTreeSet<(UnixMillis, EventId)>,
    /// Events that nothing is under way for, which may be let go.
    finished: BTreeSet<(UnixMillis, EventId)>,
    rows: BTreeMap<DeliveryId, DeliveryRow>,
}

#[derive(Clone, Debug)]
struct Kept {
    event: Arc<OutboundEvent>,
    rows: Vec<DeliveryId>,
    /// Rows that are waiting or leased.
    live: usize,
}

impl MemoryStore {
    /// A store that keeps at most so many events beside those that have deliveries under way.
    #[must_use]
    pub fn new(max_events: usize) -> Self {
        Self {
            max_events,
            events: BTreeMap::new(),
            by_time: BTreeSet::new(),
            finished: BTreeSet::new(),
            rows: BTreeMap::new(),
        }
    }

    /// Executes all operations that the dispatcher has, until it has none.
    pub fn settle(&mut self, dispatcher: &mut Dispatcher, now: UnixMillis) {
        while let Some(op) = dispatcher.poll_store() {
            let result = self.apply(&op.change);
            dispatcher.on_stored(op.ticket, result, now);
        }
    }

    /// Executes one operation.
    pub fn apply(&mut self, change: &Change) -> StoreResult {
        match change {
            Change::Insert { event, deliveries } => {
                if self.events.contains_key(&event.id) {
                    return StoreResult::Refused;
                }
                self.by_time.insert((event.created_at, event.id.clone()));
                self.finished.insert((event.created_at, event.id.clone()));
                self.events
                    .insert(event.id.clone(), Kept { event: event.clone(), rows: Vec::new(), live: 0 });
                self.add(deliveries);
                self.evict();
            }
            Change::Add(deliveries) => {
                if deliveries.iter().any(|row| !self.events.contains_key(&row.event)) {
                    return StoreResult::Refused;
                }
                self.add(deliveries);
            }
            Change::Lease(row) | Change::Settle(row, _) | Change::Requeue(row) => {
                if !self.rows.contains_key(&row.id) {
                    return StoreResult::Refused;
                }
                self.put(row);
                self.evict();
            }
            Change::Purge(ids) => ids.iter().for_each(|id| self.delete(*id)),
            Change::Forget(endpoint) => {
                let gone: Vec<DeliveryId> =
                    self.rows.values().filter(|row| row.endpoint == *endpoint).map(|row| row.id).collect();
                gone.into_iter().for_each(|id| self.delete(id));
                self.evict();
            }
            Change::Endpoint(..) => {}
            Change::Find(query) => return StoreResult::Found(self.find(query)),
        }
        StoreResult::Stored
    }

    /// Hands everything to a new dispatcher, as after a restart. Endpoints must be registered.
    pub fn restore_into(&self, dispatcher: &mut Dispatcher, now: UnixMillis) {
        for kept in self.events.values() {
            let rows: Vec<DeliveryRow> =
                kept.rows.iter().filter_map(|id| self.rows.get(id)).cloned().collect();
            dispatcher.restore((*kept.event).clone(), &rows, now);
        }
        if let Some(last) = self.rows.keys().next_back() {
            dispatcher.skip_ids_through(*last);
        }
    }

    /// The rows, by delivery.
    pub fn rows(&self) -> impl Iterator<Item = &DeliveryRow> {
        self.rows.values()
    }

    /// One row.
    #[must_use]
    pub fn row(&self, id: DeliveryId) -> Option<&DeliveryRow> {
        self.rows.get(&id)
    }

    /// One event.
    #[must_use]
    pub fn event(&self, id: &EventId) -> Option<&OutboundEvent> {
        self.events.get(id).map(|kept| &*kept.event)
    }

    fn add(&mut self, rows: &[DeliveryRow]) {
        for row in rows {
            if let Some(kept) = self.events.get_mut(&row.event) {
                kept.rows.push(row.id);
            }
            self.put(row);
        }
    }

    fn put(&mut self, row: &DeliveryRow) {
        let before = self.rows.insert(row.id, row.clone()).is_some_and(|before| is_live(&before));
        self.count(&row.event, before, is_live(row));
    }

    fn delete(&mut self, id: DeliveryId) {
        let Some(row) = self.rows.remove(&id) else { return };
        self.count(&row.event, is_live(&row), false);
        if let Some(kept) = self.events.get_mut(&row.event) {
            kept.rows.retain(|other| *other != id);
        }
    }

    fn count(&mut self, event: &EventId, before: bool, after: bool) {
        let Some(kept) = self.events.get_mut(event) else { return };
        kept.live = kept.live + usize::from(after) - usize::from(before);
        let key = (kept.event.created_at, event.clone());
        if kept.live == 0 {
            self.finished.insert(key);
        } else {
            self.finished.remove(&key);
        }
    }

    fn evict(&mut self) {
        while self.events.len() > self.max_events
            && let Some(oldest) = self.finished.pop_first()
        {
            self.by_time.remove(&oldest);
            for id in self.events.remove(&oldest.1).map(|kept| kept.rows).unwrap_or_default() {
                self.rows.remove(&id);
            }
        }
    }

    fn find(&self, query: &Query) -> Vec<Found> {
        let found = |id: &EventId, endpoint| {
            self.events.get(id).map(|kept| Found { event: (*kept.event).clone(), endpoint })
        };
        match &query.selector {
            Selector::Event(id) => found(id, None).into_iter().collect(),
            Selector::Delivery(id) => {
                self.rows.get(id).and_then(|row| found(&row.event, Some(row.endpoint))).into_iter().collect()
            }
            Selector::Range { from, to } => self
                .by_time
                .range((first(query.after.as_ref(), *from), Bound::Unbounded))
                .take_while(|(at, _)| at < to)
                .filter_map(|(_, id)| found(id, None))
                .take(query.limit)
                .collect(),
        }
    }
}

fn is_live(row: &DeliveryRow) -> bool {
    matches!(row.status, DeliveryStatus::Waiting | DeliveryStatus::Leased)
}

/// Where a page begins: behind the last one's end, or at the first event of the time.
fn first(after: Option<&(UnixMillis, EventId)>, from: UnixMillis) -> Bound<(UnixMillis, EventId)> {
    match after {
        Some(after) => Bound::Excluded(after.clone()),
        None => Bound::Included((from, EventId::lowest())),
    }
}
