//! Delivery: events to endpoints, at least once, with retries, dead letters and replay.
//!
//! The [`Dispatcher`] decides everything and does nothing itself: it hands out signed [`Attempt`]s, [`StoreOp`]s to be made durable, and
//! [`DeliveryEvent`]s to be told of. The adapter in the module `hyper` sends and waits; a [`MemoryStore`] or your database stores.
//!
//! Sources: Standard Webhooks 1.0.0 ("Delivery"), CloudEvents HTTP web-hook 1.0.2 §2, RFC 9110 §10.2.3 and §15.

mod attempt;
mod config;
mod counters;
mod dead_letters;
mod dispatcher;
mod endpoint;
mod event;
mod filter;
mod id;
mod limits;
mod memory;
mod outbound;
mod queue;
mod replay;
mod request;
mod retry;
mod retry_after;
mod settle;
mod store_op;
mod storing;

pub use attempt::{Attempt, AttemptRecord, Failure, FailureError, Outcome, Response};
pub use config::Config;
pub use counters::Counters;
pub use dead_letters::{DeadLetter, RequeueError};
pub use dispatcher::{Dispatcher, EnqueueError, Prepared, RegisterError, UnknownEndpoint};
pub use endpoint::{DisabledReason, Endpoint, EndpointState, HeaderError};
pub use event::DeliveryEvent;
pub use filter::{EventType, FilterError, TypeFilter, TypePattern};
pub use id::{AttemptId, AttemptNumber, DeliveryId, EndpointId, EventId, EventIdError, ReplayId, Ticket};
pub use limits::Limits;
pub use memory::MemoryStore;
pub use outbound::OutboundEvent;
pub use replay::{Selector, TooManyReplays};
pub use retry::{Jitter, RetryPolicy, Schedule, ScheduleError};
pub use retry_after::RetryAfter;
pub use settle::UnknownAttempt;
pub use store_op::{
    Change, DeliveryRow, DeliveryStatus, DeliveryStatusError, Found, Query, StoreOp, StoreResult,
};
