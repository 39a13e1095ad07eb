//! What an event is in the sequence over all connections: new, seen before, or the first behind a hole.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// Whether an open stream goes on where the last one ended, as far as the client can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Resumed {
    /// There was no id to go on from: the stream begins wherever the server likes.
    #[default]
    Fresh,
    /// The server was asked to go on behind the last event id.
    Asked,
    /// There is an id, but no header can carry it (control characters, or longer than `max_last_event_id`): the stream
    /// begins anew, and what came in between is lost.
    Unsendable,
}

/// What the last item is in the sequence of all events. [`Client::mark`](super::Client::mark) tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mark {
    /// Nothing is known against it.
    #[default]
    New,
    /// It has an id of its own, which was given out on an earlier connection ([`ClientConfig::remember_ids`]).
    ///
    /// [`ClientConfig::remember_ids`]: super::ClientConfig::remember_ids
    Duplicate,
    /// It is the event by which the server says that events were lost ([`ClientConfig::reset`]): fetch the state anew.
    ///
    /// [`ClientConfig::reset`]: super::ClientConfig::reset
    Gap,
}

/// The ids given out lately, oldest first, as hashes: an id may be long, and a wrong match in 2⁶⁴ shows one event as a
/// duplicate that is none.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// On earlier connections. A server that replays all it has pushes none of them out.
    earlier: VecDeque<u64>,
    /// On this one.
    current: VecDeque<u64>,
}

impl Recent {
    /// Another connection is open: all that came so far came on earlier ones.
    pub(super) fn on_open(&mut self, max: usize) {
        self.earlier.append(&mut self.current);
        let excess = self.earlier.len().saturating_sub(max);
        self.earlier.drain(..excess);
    }

    /// Whether the id came on an earlier connection; a new one is kept, with the last `max` of them.
    pub(super) fn is_repeated(&mut self, id: &str, max: usize) -> bool {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let hash = hasher.finish();
        if self.earlier.contains(&hash) {
            return true;
        }
        if self.current.back() != Some(&hash) {
            if self.current.len() >= max {
                self.current.pop_front();
            }
            self.current.push_back(hash);
        }
        false
    }
}
