//! One subscriber: a cursor into the shared log, what waits for it in numbers, and its deadlines.
//!
//! A subscriber holds no event. What waits for it are the visible entries from its cursor on; `pending` and
//! `pending_bytes` count those behind `replay_end`, which are the ones its queue bounds apply to.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    End, HubLimits, Published, Slow, TopicKey,
    filter::Filter,
    ring::{Entry, Log, Position},
};

#[derive(Debug)]
pub(super) struct Subscriber<K> {
    /// Where it is listed: (topic, place among its members); `None` when it wants every topic.
    pub(super) topics: Option<Box<[(u32, u32)]>>,
    /// Its place among the subscribers of every topic.
    pub(super) place: u32,
    filter: Option<Filter<K>>,
    slow: Slow,
    cursor: Position,
    replay_end: Position,
    pending: usize,
    pending_bytes: usize,
    dropped: u64,
    /// Stretches of the log given up: ascending, both ends included.
    holes: VecDeque<(Position, Position)>,
    /// The last visible entry is in the last hole.
    tail_is_hole: bool,
    /// A reconnection time to announce before the next event.
    pub(super) announce: Option<Duration>,
    closing: Option<Closing>,
    pub(super) ended: Option<End>,
    pub(super) beat_at: Option<Instant>,
    pub(super) age_at: Option<Instant>,
    /// The last time it read, or was given a reason to.
    active_since: Instant,
    parked: bool,
    /// The entry in the hub's table of deadlines.
    pub(super) timer_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Closing {
    end: End,
    retry: Option<Duration>,
}

impl<K: TopicKey> Subscriber<K> {
    pub(super) fn new(now: Instant, filter: Option<Filter<K>>, slow: Slow, head: Position) -> Self {
        Self {
            topics: None,
            place: 0,
            filter,
            slow,
            cursor: head.next(),
            replay_end: head.next(),
            pending: 0,
            pending_bytes: 0,
            dropped: 0,
            holes: VecDeque::new(),
            tail_is_hole: false,
            announce: None,
            closing: None,
            ended: None,
            beat_at: None,
            age_at: None,
            active_since: now,
            parked: false,
            timer_at: None,
        }
    }

    /// Sets it back to replay from `cursor`; returns how many entries that brings, and the first.
    pub(super) fn replay_from(&mut self, cursor: Position, log: &Log<K>) -> (usize, Option<Position>) {
        // Behind the last number, transient events may still come.
        self.cursor = cursor.min(self.replay_end);
        let (mut count, mut first, mut at) = (0, None, self.cursor);
        while let Some((position, _)) = self.next(log, at) {
            first = first.or(Some(position));
            count += 1;
            at = position.next();
        }
        (count, first)
    }

    /// An entry was published to one of its topics. `superseded` is the one that it replaces for coalescing readers.
    pub(super) fn offer(
        &mut self,
        log: &Log<K>,
        limits: &HubLimits,
        (position, entry): (Position, &Entry),
        superseded: Option<Position>,
    ) -> bool {
        if self.ended.is_some() || self.closing.is_some() || !self.wants(log, entry) {
            return false;
        }
        if self.slow == Slow::Coalesce
            && let Some(old) = superseded.filter(|old| *old >= self.cursor && *old >= self.replay_end)
            && let Some(replaced) = log.entry(old)
            && !self.is_hole(old)
            && self.wants(log, replaced)
        {
            self.uncount(replaced.bytes.len());
        }
        let length = entry.bytes.len();
        let is_over = |pending: usize, bytes: usize| {
            pending > 0
                && (pending >= limits.max_queue_events || bytes.saturating_add(length) > limits.max_queue)
        };
        if is_over(self.pending, self.pending_bytes) {
            match self.slow {
                Slow::Disconnect => {
                    self.end(End::Slow);
                    return true;
                }
                Slow::DropNewest => {
                    match self.holes.back_mut().filter(|_| self.tail_is_hole) {
                        Some(hole) => hole.1 = position,
                        None => self.holes.push_back((position, position)),
                    }
                    self.tail_is_hole = true;
                    self.dropped += 1;
                    return true;
                }
                Slow::DropOldest | Slow::Coalesce => {
                    // The new entry is already in the log, but behind everything that is counted.
                    while is_over(self.pending, self.pending_bytes) && self.give_up_oldest(log) {}
                }
            }
        }
        self.tail_is_hole = false;
        self.pending += 1;
        self.pending_bytes = self.pending_bytes.saturating_add(length);
        true
    }

    fn give_up_oldest(&mut self, log: &Log<K>) -> bool {
        let Some((position, entry)) = self.next(log, self.cursor.max(self.replay_end)) else { return false };
        self.uncount(entry.bytes.len());
        self.dropped += 1;
        if self.cursor >= self.replay_end {
            self.cursor = position.next();
        } else {
            // Replay is still under way: it stays, and the live events behind it make room.
            match self.holes.front_mut() {
                Some(hole) => hole.1 = position,
                None => self.holes.push_back((self.replay_end, position)),
            }
        }
        true
    }

    /// The log has given up an entry of one of its topics. True when that makes a difference to it.
    pub(super) fn lose(&mut self, log: &Log<K>, position: Position, entry: &Entry) -> bool {
        let is_behind = self.pending > 0 || self.cursor < self.replay_end;
        if self.ended.is_some() || !is_behind || position < self.cursor || !self.sees(log, position, entry) {
            return false;
        }
        if position >= self.replay_end {
            self.uncount(entry.bytes.len());
        }
        self.dropped += 1;
        if self.slow == Slow::Disconnect {
            self.end(End::Slow);
        }
        true
    }

    /// The next event, if any waits.
    pub(super) fn deliver(&mut self, log: &Log<K>) -> Option<Bytes> {
        if self.pending > 0 || self.cursor < self.replay_end {
            if let Some((position, entry)) = self.next(log, self.cursor) {
                let bytes = entry.bytes.clone();
                self.cursor = position.next();
                while self.holes.front().is_some_and(|hole| hole.1 < self.cursor) {
                    self.holes.pop_front();
                }
                if position >= self.replay_end {
                    self.uncount(bytes.len());
                }
                return Some(bytes);
            }
            debug_assert_eq!(self.pending, 0, "what is counted is found");
        }
        self.cursor = self.cursor.max(log.head().next());
        self.holes = VecDeque::new();
        self.tail_is_hole = false;
        None
    }

    pub(super) const fn take_dropped(&mut self) -> Option<u64> {
        match std::mem::replace(&mut self.dropped, 0) {
            0 => None,
            dropped => Some(dropped),
        }
    }

    pub(super) fn close(&mut self, end: End, retry: Option<Duration>) {
        if self.closing.is_none() {
            self.closing = Some(Closing { end, retry });
        }
    }

    /// Everything was delivered: a last reconnection time, then the end.
    pub(super) fn farewell(&mut self) -> Option<Option<Duration>> {
        let closing = self.closing.as_mut()?;
        let retry = closing.retry.take();
        if retry.is_none() {
            self.ended = Some(closing.end);
        }
        Some(retry)
    }

    pub(super) fn end(&mut self, end: End) {
        self.ended = Some(end);
        self.pending = 0;
        self.pending_bytes = 0;
        self.holes = VecDeque::new();
    }

    pub(super) const fn touch(&mut self, now: Instant) {
        self.active_since = now;
        self.parked = false;
    }

    pub(super) const fn park(&mut self) {
        self.parked = true;
    }

    /// Gives it a reason to read; true if it was waiting for one.
    pub(super) const fn unpark(&mut self, now: Instant) -> bool {
        if self.parked {
            self.touch(now);
            return true;
        }
        false
    }

    pub(super) fn has_aged(&self, now: Instant) -> bool {
        self.closing.is_none() && self.age_at.is_some_and(|at| at <= now)
    }

    pub(super) fn has_stalled(&self, now: Instant, stall: Duration) -> bool {
        !self.parked && now.saturating_duration_since(self.active_since) >= stall
    }

    pub(super) fn deadline(&self, stall: Duration) -> Option<Instant> {
        if self.ended.is_some() {
            return None;
        }
        let own = if self.parked { self.beat_at } else { self.active_since.checked_add(stall) };
        let age = self.age_at.filter(|_| self.closing.is_none());
        own.into_iter().chain(age).min()
    }

    /// The first entry from `from` on that it is to see.
    fn next<'l>(&self, log: &'l Log<K>, mut from: Position) -> Option<(Position, &'l Entry)> {
        loop {
            let position = match &self.topics {
                None => log.first_from(from),
                Some(topics) => {
                    let first = |(slot, _): &(u32, u32)| log.topic(*slot)?.first_from(from);
                    topics.iter().filter_map(first).min()
                }
            }?;
            let entry = log.entry(position)?;
            if self.sees(log, position, entry) {
                return Some((position, entry));
            }
            from = position.next();
        }
    }

    fn sees(&self, log: &Log<K>, position: Position, entry: &Entry) -> bool {
        // A transient event is for those who were there.
        let replays_transient = |position: Position| position.is_transient() && position < self.replay_end;
        if replays_transient(position) || self.is_hole(position) || !self.wants(log, entry) {
            return false;
        }
        let is_replaced = |by: Position| {
            !replays_transient(by) && log.entry(by).is_some_and(|replacing| self.wants(log, replacing))
        };
        self.slow != Slow::Coalesce || !entry.superseded.is_some_and(is_replaced)
    }

    fn wants(&self, log: &Log<K>, entry: &Entry) -> bool {
        let Some(filter) = &self.filter else { return true };
        let Some(topic) = log.topic(entry.topic) else { return false };
        let id = entry.id.as_ref().map_or("", |id| id.as_str());
        filter.accepts(&Published { topic: &topic.key, event: entry.event.as_str(), id, block: &entry.bytes })
    }

    fn is_hole(&self, position: Position) -> bool {
        let at = self.holes.partition_point(|hole| hole.1 < position);
        self.holes.get(at).is_some_and(|hole| hole.0 <= position)
    }

    fn uncount(&mut self, length: usize) {
        self.pending = self.pending.saturating_sub(1);
        self.pending_bytes = self.pending_bytes.saturating_sub(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_subscriber_is_small() {
        assert!(size_of::<Subscriber<String>>() <= 256, "{} bytes", size_of::<Subscriber<String>>());
    }
}
