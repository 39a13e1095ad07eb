//! What must be made durable, as data: the dispatcher says it, the caller's database does it and reports back.

use super::attempt::{AttemptRecord, Failure};
use super::endpoint::EndpointState;
use super::id::{DeliveryId, EndpointId, EventId, Ticket};
use super::outbound::OutboundEvent;
use super::replay::Selector;
use crate::UnixMillis;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// A change to be made durable. Operations are executed in the order in which they were polled; several may share one transaction.
/// The change's effect begins with [`on_stored`](super::Dispatcher::on_stored) for its ticket.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreOp {
    /// What to answer to.
    pub ticket: Ticket,
    /// What to store.
    pub change: Change,
}

/// The content of a [`StoreOp`]. Each must be atomic. A row is identified by its delivery's id.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// A new event and its deliveries (none where no endpoint wants it). Answer [`StoreResult::Refused`] where the event's id is taken.
    Insert {
        /// The event.
        event: Arc<OutboundEvent>,
        /// One row for each endpoint.
        deliveries: Vec<DeliveryRow>,
    },
    /// More deliveries of an event that is stored already: a replay.
    Add(Vec<DeliveryRow>),
    /// The row of a delivery that is about to be attempted. Until it is stored the request does not go out.
    Lease(DeliveryRow),
    /// The row after an attempt, and the attempt for the log.
    Settle(DeliveryRow, AttemptRecord),
    /// The row of a dead letter that starts again.
    Requeue(DeliveryRow),
    /// Dead letters to be deleted.
    Purge(Vec<DeliveryId>),
    /// An endpoint was enabled or disabled.
    Endpoint(EndpointId, EndpointState),
    /// An endpoint was removed: delete its deliveries.
    Forget(EndpointId),
    /// A question, answered by [`StoreResult::Found`].
    Find(Query),
}

/// Which events a replay needs, in pages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Which events.
    pub selector: Selector,
    /// Only events behind this one, in the order of time, then id.
    pub after: Option<(UnixMillis, EventId)>,
    /// At most so many. Fewer in the answer mean that there are no more.
    pub limit: usize,
}

/// An event found for a replay.
#[derive(Clone, Debug)]
pub struct Found {
    /// The event, as stored.
    pub event: OutboundEvent,
    /// Set where the selector named a delivery: the endpoint of it, to which alone it is replayed.
    pub endpoint: Option<EndpointId>,
}

/// How a [`StoreOp`] went.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StoreResult {
    /// It is durable.
    Stored,
    /// The answer to [`Change::Find`], in the order of time, then id.
    Found(Vec<Found>),
    /// It will never be stored (the id is taken, the row is gone): what it was about is dropped.
    Refused,
    /// Not this time. It is issued again after [`Limits::store_retry`](super::Limits::store_retry).
    Failed,
}

/// The durable state of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its identity.
    pub id: DeliveryId,
    /// The event.
    pub event: EventId,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// What it waits for.
    pub status: DeliveryStatus,
    /// Waiting: when it is due. Leased: when the attempt counts as lost. Delivered and dead: since when.
    pub at: UnixMillis,
    /// How many steps of the schedule are used up.
    pub step: u32,
    /// How many attempts were made, the leased one included.
    pub attempts: u32,
    /// How the last failed attempt failed.
    pub last_failure: Option<Failure>,
}

/// What a delivery waits for.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryStatus {
    /// Its next attempt.
    Waiting,
    /// The outcome of an attempt.
    Leased,
    /// Nothing: it arrived.
    Delivered,
    /// Somebody to look at it: the schedule has ended.
    Dead,
}

impl DeliveryStatus {
    const ALL: [Self; 4] = [Self::Waiting, Self::Leased, Self::Delivered, Self::Dead];

    /// The status as one word: `waiting`, `leased`, `delivered`, `dead`. [`FromStr`] reads it back.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Leased => "leased",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// A text is no [`DeliveryStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryStatusError;

impl FromStr for DeliveryStatus {
    type Err = DeliveryStatusError;

    fn from_str(text: &str) -> Result<Self, DeliveryStatusError> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(DeliveryStatusError)
    }
}

impl fmt::Display for DeliveryStatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a delivery is waiting, leased, delivered or dead")
    }
}

impl core::error::Error for DeliveryStatusError {}
