//! Events that wait to be taken.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Event;
use crate::message::{Chunk, Message};

/// Events that may wait before input does: as many as the fast memory of a CPU holds.
const MAX: usize = 512;

/// What an event costs beside its payload.
const COST: usize = 64;

/// What waits: all events but those of the end, which wait for the others.
#[derive(Debug)]
pub(super) enum Waiting {
    Message(Message),
    Chunk(Chunk),
    Ping(Bytes),
    Pong(Bytes),
    HighWater,
    LowWater,
}

impl Waiting {
    fn cost(&self) -> usize {
        COST + match self {
            Waiting::Message(message) => message.len(),
            Waiting::Chunk(chunk) => chunk.data.len(),
            Waiting::Ping(body) | Waiting::Pong(body) => body.len(),
            Waiting::HighWater | Waiting::LowWater => 0,
        }
    }
}

impl From<Waiting> for Event {
    #[inline]
    fn from(waiting: Waiting) -> Event {
        match waiting {
            Waiting::Message(message) => Event::Message(message),
            Waiting::Chunk(chunk) => Event::Chunk(chunk),
            Waiting::Ping(body) => Event::Ping(body),
            Waiting::Pong(body) => Event::Pong(body),
            Waiting::HighWater => Event::HighWater,
            Waiting::LowWater => Event::LowWater,
        }
    }
}

/// First come, first taken. One that is alone needs no memory of its own.
#[derive(Debug, Default)]
pub(super) struct Events {
    first: Option<Waiting>,
    rest: VecDeque<Waiting>,
    cost: usize,
}

impl Events {
    #[inline]
    pub(super) fn push(&mut self, event: Waiting) {
        self.cost += event.cost();
        if self.first.is_none() && self.rest.is_empty() {
            self.first = Some(event);
        } else {
            self.rest.push_back(event);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        if let Some(first) = self.first.take() {
            self.cost -= first.cost();
            return Some(first);
        }
        let event = self.rest.pop_front()?;
        self.cost -= event.cost();
        if self.rest.is_empty() {
            self.rest = VecDeque::new();
        }
        Some(event)
    }

    /// How many more may be added, when no more than `max` bytes may wait.
    #[inline]
    pub(super) fn room(&self, max: usize) -> usize {
        if self.cost > max { 0 } else { MAX.saturating_sub(self.rest.len()) }
    }

    /// Makes room for `more` events at once, of those that may be added.
    pub(super) fn expect(&mut self, more: usize) {
        self.rest.reserve(more.min(MAX));
    }
}
