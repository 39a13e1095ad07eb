//! Where a subscription begins: the request for one, and what it was given.

use http::HeaderMap;

use super::{Ids, Published, Slow, filter::Filter};
use crate::EventId;

/// A wish to subscribe: to which topics, from where on, under which filter.
///
/// The server chooses the topics and the filter, so it decides what a client may see; replay obeys both. The client
/// chooses only the id to resume from.
///
/// ```
/// use sse_codec::hub::{Slow, Subscribe};
///
/// let subscribe = Subscribe::topic("orders")
///     .last_event_id("41")
///     .filter(|event| event.event != "order.internal")
///     .slow(Slow::DropOldest);
/// ```
#[derive(Clone, Debug)]
#[must_use = "hand it to a hub"]
pub struct Subscribe<K> {
    /// `None`: all.
    pub(super) topics: Option<Vec<K>>,
    pub(super) filter: Option<Filter<K>>,
    pub(super) from: From,
    pub(super) slow: Option<Slow>,
}

#[derive(Clone, Debug)]
pub(super) enum From {
    Now,
    Start,
    Id(Box<str>),
}

impl<K> Subscribe<K> {
    fn with(topics: Option<Vec<K>>) -> Self {
        Self { topics, filter: None, from: From::Now, slow: None }
    }

    /// Every topic of the hub, those to come included.
    pub fn all() -> Self {
        Self::with(None)
    }

    /// One topic.
    pub fn topic(topic: K) -> Self {
        Self::with(Some(vec![topic]))
    }

    /// Several topics, in one stream, in the order of publication. A topic named twice counts once.
    pub fn topics(topics: impl IntoIterator<Item = K>) -> Self {
        Self::with(Some(topics.into_iter().collect()))
    }

    /// Only events that `predicate` accepts. It runs inside the hub: keep it short, and do not call the hub from it.
    pub fn filter(mut self, predicate: impl Fn(&Published<'_, K>) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(Filter::new(predicate));
        self
    }

    /// Resumes behind the event with this id. The empty id resumes nothing.
    pub fn last_event_id(mut self, id: impl Into<Box<str>>) -> Self {
        let id = id.into();
        self.from = if id.is_empty() { From::Now } else { From::Id(id) };
        self
    }

    /// Resumes from the `Last-Event-ID` header, if the request has one (HTML Standard §9.2.4). Bytes that are not UTF-8
    /// make an id that no event has.
    pub fn resume_from(self, headers: &HeaderMap) -> Self {
        match headers.get("last-event-id") {
            Some(id) => self.last_event_id(String::from_utf8_lossy(id.as_bytes()).as_ref()),
            None => self,
        }
    }

    /// Begins with everything that replay still holds.
    pub fn from_start(mut self) -> Self {
        self.from = From::Start;
        self
    }

    /// Another policy than the hub's for when this subscriber is too slow.
    pub fn slow(mut self, slow: Slow) -> Self {
        self.slow = Some(slow);
        self
    }

    /// Whether it says where to begin.
    #[cfg(feature = "hyper")]
    pub(crate) const fn resumes(&self) -> bool {
        !matches!(self.from, From::Now)
    }
}

/// What a subscription begins with. Whatever it says, live events follow without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resume {
    /// Nothing to resume: events from now on.
    Live,
    /// The id is known and nothing behind it is missing: that many events are replayed first.
    Resumed {
        /// How many.
        replayed: usize,
    },
    /// Events behind the id, or before the start that was asked for, are no longer held. What is held is replayed;
    /// the client should fetch its state anew.
    Gap {
        /// The id of the first event replayed; `None` if there is none.
        oldest: Option<EventId>,
    },
    /// The id was never given out by this hub, or (with opaque ids) is no longer held. Nothing is replayed; the client
    /// should fetch its state anew.
    UnknownId,
}

impl Resume {
    /// Whether the client may have missed events that this subscription does not bring.
    #[must_use]
    pub const fn is_lossy(&self) -> bool {
        matches!(self, Self::Gap { .. } | Self::UnknownId)
    }
}

impl Ids {
    pub(super) fn format(&self, number: u64) -> String {
        match self {
            Self::Numbered { prefix } => format!("{prefix}{number}"),
            Self::Opaque => String::new(),
        }
    }

    /// The number in an id, if it is exactly as [`Ids::format`] writes it.
    pub(super) fn number(&self, id: &str) -> Option<u64> {
        let Self::Numbered { prefix } = self else { return None };
        let digits = id.strip_prefix(prefix.as_str())?;
        let canonical =
            digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        if canonical { digits.parse().ok() } else { None }
    }
}
