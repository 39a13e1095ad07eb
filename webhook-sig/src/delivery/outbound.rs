//! What is sent: one event, its payload shared by all deliveries.

use super::filter::EventType;
use super::id::EventId;
use crate::UnixMillis;
use alloc::string::String;
use bytes::Bytes;
use core::fmt;

/// An event to be delivered. The payload is one allocation, however many endpoints receive it.
///
/// ```
/// use webhook_sig::UnixMillis;
/// use webhook_sig::delivery::{EventId, EventType, OutboundEvent};
///
/// let event = OutboundEvent::new(
///     EventId::parse("evt_1")?,
///     EventType::parse("user.created")?,
///     r#"{"id":42}"#,
///     UnixMillis::from_secs(1_700_000_000),
/// );
/// assert_eq!(event.content_type, "application/json");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundEvent {
    /// Its identity, `webhook-id` on the wire.
    pub id: EventId,
    /// Its type, by which endpoints choose.
    pub event_type: EventType,
    /// The body, sent as it is, to the byte.
    pub payload: Bytes,
    /// The `Content-Type` of the payload. Default `application/json`.
    pub content_type: String,
    /// When it happened. Replays by time range go by it.
    pub created_at: UnixMillis,
}

impl OutboundEvent {
    /// An event with a JSON payload.
    #[must_use]
    pub fn new(
        id: EventId,
        event_type: EventType,
        payload: impl Into<Bytes>,
        created_at: UnixMillis,
    ) -> Self {
        Self { id, event_type, payload: payload.into(), content_type: "application/json".into(), created_at }
    }
}

impl fmt::Debug for OutboundEvent {
    /// Without the payload, which may be large and private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundEvent")
            .field("id", &self.id)
            .field("event_type", &self.event_type)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .field("content_type", &self.content_type)
            .field("created_at", &self.created_at)
            .finish()
    }
}
