//! What a hub refuses.

use core::{error, fmt};

/// An event that was not published; nobody has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// The encoded event is longer than `max_event`.
    TooLarge {
        /// Its length in bytes.
        length: usize,
        /// The bound.
        max: usize,
    },
    /// The hub already holds events of `max_topics` topics.
    TooManyTopics {
        /// The bound.
        max: usize,
    },
    /// The id is not what the hub's [`Ids`](super::Ids) write: not the prefix and a number, or, with opaque ids,
    /// missing or empty.
    Id,
    /// The number is not above that of the last event: ids must be published in order.
    NotIncreasing {
        /// The last number.
        last: u64,
    },
    /// The event is transient and has an id: a client would resume from an id that nobody can replay.
    TransientId,
    /// The frame has no data: clients would show no event.
    NoData,
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { length, max } => {
                write!(
                    f,
                    "event of {length} bytes crosses max_event of {max}: send a reference to the data instead"
                )
            }
            Self::TooManyTopics { max } => {
                write!(f, "the hub holds events of {max} topics (max_topics): use fewer names, or a filter")
            }
            Self::Id => f.write_str("the event id does not follow the hub's id scheme"),
            Self::NotIncreasing { last } => {
                write!(f, "the event id is not above the last one, {last}: publish in the order of ids")
            }
            Self::TransientId => f.write_str("a transient event has an id: leave one of them out"),
            Self::NoData => f.write_str("the frame has no data, so clients would show no event"),
        }
    }
}

impl error::Error for PublishError {}

/// A subscription that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The hub has `max_subscribers`.
    Full {
        /// The bound.
        max: usize,
    },
    /// More topics than `max_topics_per_subscriber`.
    TooManyTopics {
        /// The bound.
        max: usize,
    },
    /// The hub is draining: it ends its streams and takes no new ones.
    Draining,
}

impl SubscribeError {
    /// The status code for it: 503, or 400 when the request asks for too many topics.
    #[must_use]
    pub const fn http_status(&self) -> http::StatusCode {
        match self {
            Self::Full { .. } | Self::Draining => http::StatusCode::SERVICE_UNAVAILABLE,
            Self::TooManyTopics { .. } => http::StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for SubscribeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { max } => {
                write!(f, "the hub has {max} subscribers (max_subscribers): try again later")
            }
            Self::TooManyTopics { max } => {
                write!(
                    f,
                    "more than {max} topics (max_topics_per_subscriber): name fewer, or subscribe to all with a filter"
                )
            }
            Self::Draining => f.write_str("the hub is ending its streams: try again on another server"),
        }
    }
}

impl error::Error for SubscribeError {}
