//! The log that all subscribers share: one copy of each encoded event, in order, trimmed topic by topic.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Instant,
};

use bytes::Bytes;

use super::{HubLimits, TopicKey};
use crate::{EventId, EventName};

/// Where an event stands among all events of the hub. `minor` counts the events without an id behind a numbered one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) number: u64,
    pub(super) minor: u64,
}

impl Position {
    /// The first position behind every event with this number.
    pub(super) const fn after_number(number: u64) -> Self {
        Self { number, minor: u64::MAX }
    }

    pub(super) const fn next(self) -> Self {
        Self { number: self.number, minor: self.minor.saturating_add(1) }
    }

    pub(super) const fn is_transient(self) -> bool {
        self.minor != 0
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) topic: u32,
    pub(super) at: Instant,
    pub(super) id: Option<EventId>,
    pub(super) event: EventName,
    pub(super) bytes: Bytes,
    pub(super) key: Option<Box<str>>,
    /// The latest event of the same topic and key, when there is one behind this.
    pub(super) superseded: Option<Position>,
}

#[derive(Debug)]
pub(super) struct Topic<K> {
    pub(super) key: K,
    order: VecDeque<Position>,
    bytes: usize,
    /// The highest number that was trimmed.
    trimmed: u64,
    latest: HashMap<Box<str>, Position>,
    /// The slots of the subscribers that named this topic.
    pub(super) members: Vec<u32>,
}

impl<K> Topic<K> {
    pub(super) fn first_from(&self, from: Position) -> Option<Position> {
        // A subscriber is most often at the end.
        if self.order.back().is_none_or(|last| *last < from) {
            return None;
        }
        self.order.get(self.order.partition_point(|position| *position < from)).copied()
    }
}

/// What an entry costs beside its bytes, in `max_log`.
const ENTRY_COST: usize = 256;

#[derive(Debug)]
pub(super) struct Log<K> {
    entries: BTreeMap<Position, Entry>,
    topics: Vec<Option<Topic<K>>>,
    free: Vec<u32>,
    by_key: HashMap<K, u32>,
    /// Topics that hold events, for `max_topics`.
    filled: usize,
    /// Only for opaque ids.
    by_id: HashMap<EventId, u64>,
    cost: usize,
    head: Position,
    /// The highest trimmed number of all topics, and of the topics that are no longer known.
    trimmed: u64,
    forgotten: u64,
}

impl<K: TopicKey> Log<K> {
    pub(super) fn new() -> Self {
        Self {
            entries: BTreeMap::new(),
            topics: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::new(),
            filled: 0,
            by_id: HashMap::new(),
            cost: 0,
            head: Position::default(),
            trimmed: 0,
            forgotten: 0,
        }
    }

    pub(super) const fn head(&self) -> Position {
        self.head
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entry(&self, position: Position) -> Option<&Entry> {
        self.entries.get(&position)
    }

    pub(super) fn topic(&self, slot: u32) -> Option<&Topic<K>> {
        self.topics.get(slot as usize)?.as_ref()
    }

    pub(super) fn topic_mut(&mut self, slot: u32) -> Option<&mut Topic<K>> {
        self.topics.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn slot(&self, key: &K) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    pub(super) fn number_of(&self, id: &str) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    /// Whether another topic may hold events, under `max_topics`.
    pub(super) fn has_room_for(&self, key: &K, max_topics: usize) -> bool {
        let holds = |slot| self.topic(slot).is_some_and(|topic| !topic.order.is_empty());
        self.filled < max_topics || self.slot(key).is_some_and(holds)
    }

    pub(super) fn first_from(&self, from: Position) -> Option<Position> {
        if self.head < from {
            return None;
        }
        self.entries.range(from..).next().map(|(position, _)| *position)
    }

    /// The highest number that a subscriber of this topic can no longer be given; of all topics for `None`.
    pub(super) fn trimmed(&self, key: Option<&K>) -> u64 {
        let Some(key) = key else { return self.trimmed };
        self.slot(key).and_then(|slot| self.topic(slot)).map_or(self.forgotten, |topic| topic.trimmed)
    }

    /// Declares that events up to `number` existed and cannot be replayed.
    pub(super) fn set_floor(&mut self, number: u64) {
        self.trimmed = self.trimmed.max(number);
        self.forgotten = self.forgotten.max(number);
        for topic in self.topics.iter_mut().flatten() {
            topic.trimmed = topic.trimmed.max(number);
        }
        self.head = self.head.max(Position { number, minor: 0 });
    }

    pub(super) fn intern(&mut self, key: &K) -> u32 {
        if let Some(slot) = self.slot(key) {
            return slot;
        }
        let topic = Topic {
            key: key.clone(),
            order: VecDeque::new(),
            bytes: 0,
            trimmed: self.forgotten,
            latest: HashMap::new(),
            members: Vec::new(),
        };
        let slot = if let Some(slot) = self.free.pop() {
            self.topics[slot as usize] = Some(topic);
            slot
        } else {
            self.topics.push(Some(topic));
            // Topics exist only while they hold events or members, and both are bounded far below 2^32.
            u32::try_from(self.topics.len() - 1).unwrap_or(u32::MAX)
        };
        self.by_key.insert(key.clone(), slot);
        slot
    }

    /// Forgets a topic that nobody needs, so that names cannot pile up.
    pub(super) fn release(&mut self, slot: u32) {
        let Some(topic) = self.topic(slot) else { return };
        if !topic.order.is_empty() || !topic.members.is_empty() {
            return;
        }
        if let Some(topic) = self.topics[slot as usize].take() {
            self.forgotten = self.forgotten.max(topic.trimmed);
            self.by_key.remove(&topic.key);
            self.free.push(slot);
        }
    }

    /// Adds an entry behind all others; returns the one that it supersedes.
    pub(super) fn append(&mut self, position: Position, entry: Entry) -> Option<Position> {
        debug_assert!(position > self.head || self.entries.is_empty(), "positions grow");
        self.head = position;
        self.cost = self.cost.saturating_add(entry.bytes.len() + ENTRY_COST);
        if let Some(id) = &entry.id {
            self.by_id.insert(id.clone(), position.number);
        }
        let mut superseded = None;
        if let Some(topic) = self.topics.get_mut(entry.topic as usize).and_then(Option::as_mut) {
            self.filled += usize::from(topic.order.is_empty());
            topic.order.push_back(position);
            topic.bytes = topic.bytes.saturating_add(entry.bytes.len());
            superseded = entry.key.as_ref().and_then(|key| topic.latest.insert(key.clone(), position));
        }
        self.entries.insert(position, entry);
        if let Some(old) = superseded.and_then(|old| self.entries.get_mut(&old)) {
            old.superseded = Some(position);
        }
        superseded
    }

    /// Takes one event that is over a bound, when `incoming` bytes are about to be added to `topic`; call until `None`.
    pub(super) fn trim(
        &mut self,
        now: Instant,
        incoming: Option<(u32, usize)>,
        limits: &HubLimits,
    ) -> Option<(Position, Entry)> {
        if let Some((slot, length)) = incoming {
            let max_events = limits.max_replay_events.max(limits.max_queue_events).max(1);
            let max_bytes = limits.max_replay.max(limits.max_queue);
            let over = |topic: &&Topic<K>| {
                topic.order.len() >= max_events || topic.bytes.saturating_add(length) > max_bytes
            };
            let oldest = self.topic(slot).filter(over).and_then(|topic| topic.order.front().copied());
            if let Some(oldest) = oldest {
                return self.remove(oldest);
            }
        }
        let (position, entry) = self.entries.first_key_value()?;
        let too_old = now.saturating_duration_since(entry.at) > limits.max_replay_age;
        let incoming = incoming.map_or(0, |(_, length)| length + ENTRY_COST);
        let position = *position;
        (too_old || self.cost.saturating_add(incoming) > limits.max_log).then(|| self.remove(position))?
    }

    fn remove(&mut self, position: Position) -> Option<(Position, Entry)> {
        let entry = self.entries.remove(&position)?;
        self.cost = self.cost.saturating_sub(entry.bytes.len() + ENTRY_COST);
        if let Some(id) = &entry.id
            && self.by_id.get(id) == Some(&position.number)
        {
            self.by_id.remove(id);
        }
        if !position.is_transient() {
            self.trimmed = self.trimmed.max(position.number);
        }
        if let Some(topic) = self.topics.get_mut(entry.topic as usize).and_then(Option::as_mut) {
            // Trimming takes the oldest of the topic, or the oldest of all, which is the oldest of its topic.
            topic.order.pop_front();
            topic.bytes = topic.bytes.saturating_sub(entry.bytes.len());
            self.filled -= usize::from(topic.order.is_empty());
            if !position.is_transient() {
                topic.trimmed = topic.trimmed.max(position.number);
            }
            if let Some(key) = &entry.key
                && topic.latest.get(key) == Some(&position)
            {
                topic.latest.remove(key);
            }
        }
        Some((position, entry))
    }
}
