//! Identities: an event, its delivery to one endpoint, and one attempt at that are three things.

use alloc::sync::Arc;
use core::fmt;
use core::num::NonZeroU32;

/// The identity of an event, sent as `webhook-id`: the same in every attempt at every endpoint, so that a receiver can tell a repetition.
///
/// 1 to 128 characters of `A-Z a-z 0-9 - _`. Standard Webhooks signs `id.timestamp.payload`: a dot inside would move the boundary.
///
/// ```
/// use webhook_sig::delivery::EventId;
/// assert_eq!(EventId::parse("evt_1")?.as_str(), "evt_1");
/// assert!(EventId::parse("evt.1").is_err());
/// # Ok::<(), webhook_sig::delivery::EventIdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Arc<str>);

/// A text is no [`EventId`]: empty, longer than 128 characters, or with a character outside `A-Z a-z 0-9 - _`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventIdError;

impl EventId {
    /// The longest id, in characters.
    pub const MAX_LEN: usize = 128;

    /// Reads an id.
    ///
    /// # Errors
    /// [`EventIdError`] outside the grammar.
    pub fn parse(text: &str) -> Result<Self, EventIdError> {
        let clean = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if text.is_empty() || text.len() > Self::MAX_LEN || !clean {
            return Err(EventIdError);
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Before all ids in order, and none itself.
    pub(super) fn lowest() -> Self {
        Self("".into())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventId({})", self.0)
    }
}

impl fmt::Display for EventIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event id is 1 to 128 characters of A-Z a-z 0-9 - _")
    }
}

impl core::error::Error for EventIdError {}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The identity with this number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// An endpoint. The caller chooses the number, as it keeps the registry: URL, secret and filter outlive the process.
    EndpointId
}
number! {
    /// One event on its way to one endpoint, through all attempts. The dispatcher counts it up, also across restarts.
    DeliveryId
}
number! {
    /// A replay under way.
    ReplayId
}
number! {
    /// A store operation under way: what [`on_stored`](super::Dispatcher::on_stored) answers to.
    Ticket
}

/// Which attempt of its delivery this is: 1 for the first. It counts attempts really made, so it goes on after a requeue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptNumber(NonZeroU32);

impl AttemptNumber {
    /// The first attempt.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The attempt with this number; none for 0.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number, from 1.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for AttemptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One attempt: unique over all deliveries and restarts, so that a late outcome is never taken for another attempt's. Printed as
/// `delivery.number`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId {
    /// The delivery that it belongs to.
    pub delivery: DeliveryId,
    /// Its number within the delivery.
    pub number: AttemptNumber,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.delivery, self.number)
    }
}
