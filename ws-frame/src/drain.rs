//! The end of a server: its connections are closed one after another, so that their clients do not all come back at once.

use std::time::{Duration, Instant};

use crate::close::CloseCode;

/// How a server that goes away closes its connections.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drain {
    /// The code they are told: [`CloseCode::GOING_AWAY`], or [`CloseCode::SERVICE_RESTART`] for a server that comes back, at which clients
    /// wait longer.
    pub code: CloseCode,
    /// The reason they are told, 123 bytes at most; empty by default.
    pub reason: String,
    /// Time over which the closes are spread: 10 s. Stops all clients from connecting to the servers that are left in the same moment.
    pub window: Duration,
}

impl Drain {
    /// A drain with 1001, over 10 s.
    #[must_use]
    pub fn going_away() -> Drain {
        Drain { code: CloseCode::GOING_AWAY, reason: String::new(), window: Duration::from_secs(10) }
    }

    /// A drain with 1012, over 10 s.
    #[must_use]
    pub fn restart() -> Drain {
        Drain { code: CloseCode::SERVICE_RESTART, ..Drain::going_away() }
    }
}

/// Which connection to close when: a machine over the keys by which a server knows its connections.
///
/// The order is the one in which they were handed in; the times are evenly spread over the window, the first now and the last at its end.
/// It decides only when a close begins: [`Connection::close`](crate::Connection::close) and its `close_timeout` do the rest, so a
/// server is empty at the latest `window` and `close_timeout` after the start.
///
/// ```
/// use std::time::{Duration, Instant};
/// use ws_frame::{Drain, DrainSchedule};
///
/// # let now = Instant::now();
/// let mut drain = Drain::restart();
/// drain.window = Duration::from_secs(4);
/// let mut schedule = DrainSchedule::new(&drain, ["ann", "bob", "eve"], now);
/// assert_eq!(schedule.poll_close(now), Some("ann"));
/// // close(drain.code, &drain.reason, now) on the connection of ann
/// assert_eq!(schedule.poll_close(now), None);
/// let next = schedule.poll_timeout().unwrap();
/// assert_eq!(next, now + Duration::from_secs(2));
/// schedule.gone(&"bob"); // closed by itself
/// assert_eq!(schedule.poll_close(now + Duration::from_secs(4)), Some("eve"));
/// assert_eq!(schedule.poll_timeout(), None);
/// ```
#[derive(Clone, Debug)]
pub struct DrainSchedule<K> {
    /// In reverse order: the next is the last. A key that is gone keeps its place, so that the others keep their time.
    waiting: Vec<Option<K>>,
    start: Instant,
    window: Duration,
    /// How many were handed in.
    count: u32,
    /// Places that are behind us.
    done: u32,
}

impl<K> DrainSchedule<K> {
    /// A drain of these connections that begins at `now`.
    pub fn new(drain: &Drain, connections: impl IntoIterator<Item = K>, now: Instant) -> DrainSchedule<K> {
        let mut waiting: Vec<Option<K>> = connections.into_iter().map(Some).collect();
        waiting.reverse();
        let count = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
        DrainSchedule { waiting, start: now, window: drain.window, count, done: 0 }
    }

    /// The next connection whose time has come; ask until `None`.
    pub fn poll_close(&mut self, now: Instant) -> Option<K> {
        while self.poll_timeout().is_some_and(|at| at <= now) {
            self.done += 1;
            if let Some(key) = self.waiting.pop().flatten() {
                return Some(key);
            }
        }
        None
    }

    /// When to ask [`poll_close`](Self::poll_close) again; `None` when all were named.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.waiting.is_empty() {
            return None;
        }
        let gaps = self.count.saturating_sub(1).max(1);
        // The division last, so that the last place is the end of the window. Half a year times four billion fits 128 bits.
        let nanos = self.window.as_nanos() * u128::from(self.done) / u128::from(gaps);
        let after = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        Some(self.start.checked_add(after).unwrap_or(self.start))
    }

    /// How many are not named yet, those that are gone included.
    pub fn remaining(&self) -> usize {
        self.waiting.len()
    }

    /// Takes out a connection that ended by itself. The others keep their time.
    pub fn gone(&mut self, key: &K) -> bool
    where
        K: PartialEq,
    {
        let found = self.waiting.iter_mut().find(|slot| slot.as_ref() == Some(key));
        let was = found.is_some_and(|slot| slot.take().is_some());
        // Nobody has to wake for places at the end that nobody holds.
        while let Some(None) = self.waiting.first() {
            let held = self.waiting.iter().position(Option::is_some).unwrap_or(self.waiting.len());
            self.waiting.drain(..held);
        }
        was
    }
}
