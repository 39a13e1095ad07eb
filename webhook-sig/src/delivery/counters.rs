//! The books of a dispatcher.

/// What was done since the dispatcher was made. At any time `created + restored` equals `delivered + purged + forgotten + dropped`, the
/// [`pending`](super::Dispatcher::pending) deliveries and the [`dead_letters`](super::Dispatcher::dead_letters).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Events taken in.
    pub events: u64,
    /// Deliveries made, by events and replays.
    pub created: u64,
    /// Deliveries taken over from the store at a restart.
    pub restored: u64,
    /// Attempts handed out.
    pub attempts: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// Deliveries that succeeded.
    pub delivered: u64,
    /// Deliveries that became dead letters.
    pub dead_lettered: u64,
    /// Dead letters put back.
    pub requeued: u64,
    /// Dead letters deleted.
    pub purged: u64,
    /// Dead letters forgotten to make room.
    pub forgotten: u64,
    /// Deliveries dropped: their endpoint was removed, or the store refused them.
    pub dropped: u64,
    /// Store operations that failed and were, or will be, issued again.
    pub store_failures: u64,
    /// Reports lost because nobody polled them.
    pub unread_events: u64,
}
