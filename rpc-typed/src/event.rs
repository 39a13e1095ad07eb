//! Events of a subscription, plain and tracked.

use std::error::Error;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Code, RpcError};

/// An event with an id that a client which lost its connection gives back, to be sent what it missed.
///
/// ```
/// use rpc_typed::{EventId, Tracked};
///
/// let event = Tracked::new(EventId::from(7), "hello");
/// assert_eq!(event.id.as_str(), "7");
/// assert!(EventId::parse("a\nb").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked<T> {
    /// Where to resume behind.
    pub id: EventId,
    /// The event.
    pub data: T,
}

impl<T> Tracked<T> {
    /// An event with its id.
    pub fn new(id: EventId, data: T) -> Tracked<T> {
        Tracked { id, data }
    }
}

/// The id of an event: 1 to 1024 bytes without NUL, CR and LF, none of which an `id` field can carry (HTML Standard
/// §9.2.6), so it cannot forge another field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventId(String);

impl EventId {
    /// The longest id, in bytes.
    pub const MAX: usize = 1024;

    /// Checks an id.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(id: impl Into<String>) -> Result<EventId, EventIdError> {
        let id = id.into();
        if id.is_empty() {
            return Err(EventIdError::Empty);
        }
        if id.len() > EventId::MAX {
            return Err(EventIdError::TooLong);
        }
        match id.bytes().position(|b| matches!(b, 0 | b'\r' | b'\n')) {
            Some(offset) => Err(EventIdError::Byte { offset }),
            None => Ok(EventId(id)),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<u64> for EventId {
    fn from(number: u64) -> EventId {
        EventId(number.to_string())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What no id of an event can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventIdError {
    /// An empty id makes a client forget its last one.
    Empty,
    /// It is longer than [`EventId::MAX`].
    TooLong,
    /// It holds NUL, CR or LF.
    Byte {
        /// Where, in bytes.
        offset: usize,
    },
}

impl fmt::Display for EventIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventIdError::Empty => f.write_str("an event id is empty: leave the event untracked instead"),
            EventIdError::TooLong => write!(f, "an event id is longer than {} bytes", EventId::MAX),
            EventIdError::Byte { offset } => {
                write!(f, "an event id holds NUL, CR or LF at byte {offset}: encode it before sending")
            }
        }
    }
}

impl Error for EventIdError {}

/// Why a stream of events stops before its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stop {
    /// It failed. The client hears the error; it reconnects if the number is −32603, and gives up otherwise.
    Error(RpcError),
    /// The client is to reconnect behind its last event: the body ends without a word.
    Reconnect,
}

impl From<RpcError> for Stop {
    fn from(error: RpcError) -> Stop {
        Stop::Error(error)
    }
}

impl From<Code> for Stop {
    fn from(code: Code) -> Stop {
        Stop::Error(code.into())
    }
}

/// One event of a subscription: any value that serialises, or a [`Tracked`] one.
pub trait Item: Send + 'static {
    /// What the client gets as `data`.
    type Data: Serialize + JsonSchema;
    /// Whether events carry ids.
    const TRACKED: bool;
    /// The id, and the rest.
    fn into_parts(self) -> (Option<EventId>, Self::Data);
}

impl<T: Serialize + JsonSchema + Send + 'static> Item for T {
    type Data = T;
    const TRACKED: bool = false;
    fn into_parts(self) -> (Option<EventId>, T) {
        (None, self)
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> Item for Tracked<T> {
    type Data = T;
    const TRACKED: bool = true;
    fn into_parts(self) -> (Option<EventId>, T) {
        (Some(self.id), self.data)
    }
}

/// An event as it goes onto a wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// The id of a tracked event.
    pub id: Option<EventId>,
    /// The data, as JSON text.
    pub json: String,
}
