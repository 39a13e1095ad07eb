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
    /// What came since nothing waited costs.
    cost: usize,
}

impl Events {
    #[inline]
    pub(super) fn push(&mut self, event: Waiting) {
        let alone = self.is_empty();
        self.cost = event.cost() + if alone { 0 } else { self.cost };
        if alone {
            self.first = Some(event);
        } else {
            self.rest.push_back(event);
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        if self.first.is_some() {
            return self.first.take();
        }
        let event = self.rest.pop_front();
        if event.is_none() && self.rest.capacity() > 0 {
            self.rest = VecDeque::new();
        }
        event
    }

    /// The next event, when it is a message.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(super) fn pop_message(&mut self) -> Option<Message> {
        match self.first.as_ref().or_else(|| self.rest.front()) {
            Some(Waiting::Message(_)) => match self.pop() {
                Some(Waiting::Message(message)) => Some(message),
                _ => None,
            },
            _ => None,
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.first.is_none() && self.rest.is_empty()
    }

    /// How many more may be added, when what waits may cost no more than `max`.
    #[inline]
    pub(super) fn room(&self, max: usize) -> usize {
        if self.cost > max && !self.is_empty() { 0 } else { MAX.saturating_sub(self.rest.len()) }
    }

    /// Makes room for `more` events at once.
    pub(super) fn expect(&mut self, more: usize) {
        if more > 1 {
            self.rest.reserve(more);
        }
    }
}
