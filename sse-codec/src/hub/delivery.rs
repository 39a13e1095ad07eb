//! What goes into a hub and what comes out.

use bytes::Bytes;

use crate::Frame;

/// A handle to a subscriber. Handles are not used again while the hub lives (until 2^32 subscribers had the same place).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubId {
    pub(super) index: u32,
    pub(super) generation: u32,
}

impl SubId {
    /// Its place in a table of subscribers: below the highest number of subscribers there ever was at one time.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }
}

/// What [`Hub::poll_next`](super::Hub::poll_next) has for a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// Bytes to write as they are: an event, a heartbeat or a reconnection time.
    Frame(Bytes),
    /// Events were lost to the queue's bounds or to trimming since the last report. Said once, before what follows.
    Lagged {
        /// How many.
        dropped: u64,
    },
    /// Nothing for now; [`Hub::poll_woken`](super::Hub::poll_woken) will name the subscriber.
    Pending,
    /// Nothing more: end the stream and [`unsubscribe`](super::Hub::unsubscribe).
    Ended(End),
}

/// Why a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Its queue was full, under [`Slow::Disconnect`](super::Slow::Disconnect).
    Slow,
    /// It left something unread for longer than `write_stall`.
    Stalled,
    /// It reached the maximum age.
    MaxAge,
    /// The hub drains.
    Drained,
    /// [`Hub::close`](super::Hub::close) asked for it.
    Closed,
    /// There is no such subscriber (any more).
    Unknown,
}

/// A frame to publish, and what a hub needs to know about it beside its text. A [`Frame`] alone converts into one.
#[derive(Clone, Debug)]
#[must_use = "hand it to a hub"]
pub struct Publish<'f> {
    pub(super) frame: Frame<'f>,
    pub(super) key: Option<Box<str>>,
    pub(super) transient: bool,
}

impl<'f> Publish<'f> {
    /// An event for replay, without a key.
    pub const fn new(frame: Frame<'f>) -> Self {
        Self { frame, key: None, transient: false }
    }

    /// What the event is the latest state of, for subscribers that coalesce ([`Slow::Coalesce`](super::Slow::Coalesce)).
    pub fn key(mut self, key: impl Into<Box<str>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Only for those subscribed now: the event has no id and is not replayed.
    pub const fn transient(mut self) -> Self {
        self.transient = true;
        self
    }
}

impl<'f> From<Frame<'f>> for Publish<'f> {
    fn from(frame: Frame<'f>) -> Self {
        Self::new(frame)
    }
}
