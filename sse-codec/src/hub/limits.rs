//! The bounds of a hub.

use core::time::Duration;

/// Every bound of a [`Hub`](super::Hub), each with a default that is safe to serve the internet with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubLimits {
    /// Subscribers at one time. Default 100,000. Stops memory exhaustion by opening connections.
    pub max_subscribers: usize,
    /// Topics named by one subscription. Default 64. Stops a request from making the hub index without end.
    pub max_topics_per_subscriber: usize,
    /// Topics that hold events at one time. Default 10,000. Stops topic names taken from user input from
    /// growing the hub without end; at the bound, publishing to a new topic is an error.
    pub max_topics: usize,
    /// Encoded bytes of one event. Default 1 MiB. Stops one event from filling every queue.
    pub max_event: usize,
    /// Events that one subscriber may have waiting. Default 256. Stops slow readers.
    pub max_queue_events: usize,
    /// Encoded bytes that one subscriber may have waiting. Default 1 MiB. Stops slow readers of big events,
    /// which a count alone lets through.
    pub max_queue: usize,
    /// Events kept for replay in each topic. Default 1024. A topic keeps at least `max_queue_events`.
    pub max_replay_events: usize,
    /// Encoded bytes kept for replay in each topic. Default 16 MiB. A topic keeps at least `max_queue`.
    pub max_replay: usize,
    /// Age of the events kept for replay. Default 10 min.
    pub max_replay_age: Duration,
    /// Encoded bytes kept by the whole hub, each event counted with 256 bytes for its bookkeeping. Default 256 MiB.
    /// Stops many topics, each within its own bound, from exhausting memory together.
    pub max_log: usize,
    /// How long a subscriber that has something to read may leave it unread. Default 30 s, then it is ended.
    /// Stops clients that keep a connection open and never read.
    pub write_stall: Duration,
}

impl HubLimits {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        max_subscribers: 100_000,
        max_topics_per_subscriber: 64,
        max_topics: 10_000,
        max_event: 1024 * 1024,
        max_queue_events: 256,
        max_queue: 1024 * 1024,
        max_replay_events: 1024,
        max_replay: 16 * 1024 * 1024,
        max_replay_age: Duration::from_secs(600),
        max_log: 256 * 1024 * 1024,
        write_stall: Duration::from_secs(30),
    };
}

impl Default for HubLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
