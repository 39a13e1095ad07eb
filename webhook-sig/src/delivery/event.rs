//! What the dispatcher reports.

use super::attempt::Failure;
use super::endpoint::DisabledReason;
use super::id::{AttemptId, DeliveryId, EndpointId, EventId, ReplayId};
use crate::UnixMillis;

/// Something that happened, and is durable. From [`Dispatcher::poll_event`](super::Dispatcher::poll_event).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryEvent {
    /// An event is stored, with so many deliveries.
    Enqueued {
        /// The event.
        event: EventId,
        /// How many endpoints want it.
        deliveries: usize,
    },
    /// The store refused an event or a delivery for good; it was dropped.
    Refused {
        /// The event.
        event: EventId,
        /// The delivery, where it was not the whole event.
        delivery: Option<DeliveryId>,
    },
    /// An endpoint answered 2xx.
    Delivered {
        /// The attempt that succeeded.
        attempt: AttemptId,
        /// The event.
        event: EventId,
        /// The endpoint.
        endpoint: EndpointId,
    },
    /// An attempt failed, and there will be another.
    Retrying {
        /// The attempt that failed.
        attempt: AttemptId,
        /// The event.
        event: EventId,
        /// The endpoint. While it is disabled the next attempt waits.
        endpoint: EndpointId,
        /// How it failed.
        failure: Failure,
        /// When the next attempt is due.
        at: UnixMillis,
    },
    /// A delivery is a dead letter: the last attempt of the schedule failed, or the endpoint's queue was full.
    DeadLettered {
        /// The delivery.
        delivery: DeliveryId,
        /// The event.
        event: EventId,
        /// The endpoint.
        endpoint: EndpointId,
        /// How many attempts were made.
        attempts: u32,
        /// How the last of them failed.
        failure: Failure,
    },
    /// A dead letter is back in the queue.
    Requeued {
        /// The delivery.
        delivery: DeliveryId,
    },
    /// Dead letters were deleted.
    Purged {
        /// How many.
        deliveries: usize,
    },
    /// A dead letter left the memory to make room. The store still has its row.
    DeadLetterForgotten {
        /// The delivery.
        delivery: DeliveryId,
        /// The event.
        event: EventId,
    },
    /// An endpoint takes no deliveries any more. Those under way wait.
    EndpointDisabled {
        /// The endpoint.
        endpoint: EndpointId,
        /// Why.
        reason: DisabledReason,
    },
    /// An endpoint takes deliveries again.
    EndpointEnabled {
        /// The endpoint.
        endpoint: EndpointId,
    },
    /// An endpoint and its deliveries are gone.
    EndpointRemoved {
        /// The endpoint.
        endpoint: EndpointId,
    },
    /// A replay has queued all that it will.
    Replayed {
        /// The replay.
        replay: ReplayId,
        /// How many deliveries it made.
        deliveries: usize,
        /// False where it stopped at a full queue or the store refused to answer.
        complete: bool,
    },
    /// The store failed at an operation, which will be issued again.
    StoreFailing {
        /// When.
        retry_at: UnixMillis,
    },
}
