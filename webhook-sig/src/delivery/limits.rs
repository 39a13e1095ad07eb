//! The bounds of delivery.

use core::time::Duration;

/// Every bound of a [`Dispatcher`](super::Dispatcher), its default, and what it stops. Sizes are in bytes unless the name says otherwise.
///
/// ```
/// use webhook_sig::delivery::Limits;
/// let mut limits = Limits::default();
/// limits.max_in_flight_per_endpoint = 1;
/// assert_eq!(limits.max_in_flight, 1024);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One event's payload. Default 256 KiB. Standard Webhooks advises 20 kB; a fan-out multiplies what one event sends.
    pub max_payload: usize,
    /// Payloads of all events in memory, dead letters included; to make room the oldest dead letters are forgotten first. Default
    /// 256 MiB. Stops endpoints that are down from filling the memory.
    pub max_held_bytes: usize,
    /// Endpoints. Default 10 000. Each event is matched against each.
    pub max_endpoints: usize,
    /// Deliveries of one endpoint that are not settled. Default 100 000; a delivery beyond it becomes a dead letter at
    /// once, so that one endpoint that is down does not stop the others.
    pub max_queue_per_endpoint: usize,
    /// Attempts in flight, all endpoints together. Default 1024: sockets and buffers of the sender.
    pub max_in_flight: usize,
    /// Attempts in flight to one endpoint. Default 4: a slow endpoint holds no more than this, and one that recovers is not flooded.
    pub max_in_flight_per_endpoint: usize,
    /// Dead letters in memory. Default 10 000; beyond it the oldest are forgotten, with an event. The store keeps its rows.
    pub max_dead_letters: usize,
    /// Replays at work at once. Default 16.
    pub max_replays: usize,
    /// Events asked from the store per page of a replay. Default 256.
    pub max_replay_page: usize,
    /// [`DeliveryEvent`](super::DeliveryEvent)s waiting to be polled. Default 65 536; beyond it the oldest are lost, and counted.
    pub max_unread_events: usize,
    /// Time for one attempt, from the look-up of the name to the last byte of the answer. Default 15 s (Standard Webhooks: 15 to 30 s).
    /// Stops an endpoint that drips from holding a place for ever.
    pub attempt_timeout: Duration,
    /// How long after an attempt's deadline its outcome may still come before the attempt counts as lost. Default 15 s.
    pub lease_grace: Duration,
    /// The longest wait that a `Retry-After` can ask for. Default 10 h; never less than the schedule's own step.
    pub max_retry_after: Duration,
    /// How long after a failure a store operation is issued again. Default 1 s.
    pub store_retry: Duration,
}

impl Limits {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        max_payload: 256 * 1024,
        max_held_bytes: 256 * 1024 * 1024,
        max_endpoints: 10_000,
        max_queue_per_endpoint: 100_000,
        max_in_flight: 1024,
        max_in_flight_per_endpoint: 4,
        max_dead_letters: 10_000,
        max_replays: 16,
        max_replay_page: 256,
        max_unread_events: 65_536,
        attempt_timeout: Duration::from_secs(15),
        lease_grace: Duration::from_secs(15),
        max_retry_after: Duration::from_secs(10 * 60 * 60),
        store_retry: Duration::from_secs(1),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
