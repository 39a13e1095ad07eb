//! What can go wrong on a model stream.

use alloc::{
    boxed::Box,
    string::{String, ToString as _},
};
use core::{error, fmt};

use serde_json::{Map, Value};

use crate::Overflow;

/// Why a model stream gave no delta, or no message.
#[non_exhaustive]
#[derive(Debug)]
pub enum AiError {
    /// The data of an event is not JSON, or not of the shape that its type has.
    Data {
        /// The type of the event, as [`EventRef::event`](crate::EventRef::event).
        event: String,
        /// The data as it was received.
        raw: String,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// The service reported an error within the stream.
    Api(Box<ApiError>),
    /// The event does not fit what came before it: a delta for a block that was not begun, a second start.
    Order {
        /// What is wrong.
        what: &'static str,
        /// The data as it was received.
        raw: String,
    },
    /// The stream crossed a limit of [`AiLimits`](super::AiLimits).
    TooLarge {
        /// The name of the field.
        limit: &'static str,
        /// Its value.
        max: usize,
    },
    /// The stream crossed a limit of the parser, and an event was dropped.
    Dropped(Overflow),
    /// The stream ended before the event that completes the message (`[DONE]`, `response.completed`, `message_stop`).
    /// What came is no success; ask again.
    Truncated,
    /// An event came after the one that completes the message.
    AfterEnd,
    /// An earlier event was an error, which was reported then.
    Failed,
}

impl AiError {
    /// The error that the service reported, if that is what happened.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Api(error) => Some(error),
            _ => None,
        }
    }

    /// The data of the event at fault, as it was received.
    #[must_use]
    pub fn raw(&self) -> Option<&str> {
        match self {
            Self::Data { raw, .. } | Self::Order { raw, .. } => Some(raw),
            Self::Api(error) => Some(&error.raw),
            _ => None,
        }
    }
}

impl fmt::Display for AiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { event, raw, source } => {
                write!(f, "{} bytes of data do not fit the event {event:?}: {source}", raw.len())
            }
            Self::Api(error) => write!(f, "the service reported {error}"),
            Self::Order { what, .. } => write!(f, "the events are out of order: {what}"),
            Self::TooLarge { limit, max } => {
                write!(f, "the message crosses {limit} of {max}; raise it if the service is trusted")
            }
            Self::Dropped(overflow) => write!(f, "an event was lost: {overflow}"),
            Self::Truncated => f.write_str("the stream ended before the message was complete; ask again"),
            Self::AfterEnd => f.write_str("an event came after the end of the message"),
            Self::Failed => f.write_str("the stream failed at an earlier event"),
        }
    }
}

impl error::Error for AiError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Data { source, .. } => Some(source),
            Self::Api(error) => Some(&**error),
            Self::Dropped(overflow) => Some(overflow),
            _ => None,
        }
    }
}

/// An error object as the services put it into a stream.
///
/// ```
/// use sse_codec::ai::anthropic;
///
/// let data = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
/// let error = anthropic::Reader::new().read_data("error", data).unwrap_err();
/// let error = error.api().expect("an error of the service");
/// assert_eq!((error.kind.as_deref(), &*error.message), (Some("overloaded_error"), "Overloaded"));
/// assert!(error.is_transient());
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    /// The `type`, such as `overloaded_error`, `rate_limit_error`, `server_error`.
    pub kind: Option<String>,
    /// The `code`, such as `rate_limit_exceeded`; a number is given as text.
    pub code: Option<String>,
    /// The `message`; the whole data where there is none.
    pub message: String,
    /// The `param` at fault.
    pub param: Option<String>,
    /// The data as it was received.
    pub raw: String,
}

impl ApiError {
    /// An error to send, with a `type` and a message.
    #[must_use]
    pub fn new(kind: &str, message: &str) -> Self {
        Self { kind: Some(kind.into()), message: message.into(), ..Self::default() }
    }

    /// Reads any data as an error: an object with `error`, an error object itself, or text.
    pub(super) fn read(raw: &str) -> Self {
        let value = serde_json::from_str(raw).unwrap_or(Value::Null);
        let error = match &value {
            Value::Object(map) => match map.get("error") {
                None | Some(Value::Null) => Some(map),
                Some(Value::Object(error)) => Some(error),
                Some(Value::String(message)) => return Self::plain(message, raw),
                Some(_) => None,
            },
            Value::String(message) => return Self::plain(message, raw),
            _ => None,
        };
        error.map_or_else(|| Self::plain(raw, raw), |error| Self::from_object(error, raw))
    }

    pub(super) fn from_object(error: &Map<String, Value>, raw: &str) -> Self {
        let text = |name| match error.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        Self {
            // An error that is an event of its own says that, and not what kind of error it is.
            kind: text("type").filter(|kind| kind != "error"),
            code: text("code"),
            message: text("message").unwrap_or_else(|| raw.into()),
            param: text("param"),
            raw: raw.into(),
        }
    }

    fn plain(message: &str, raw: &str) -> Self {
        Self { message: message.into(), raw: raw.into(), ..Self::default() }
    }

    /// The HTTP status that the service would have answered with, had the error come before the stream; `None` for a type
    /// that is not documented.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        [&self.kind, &self.code].into_iter().flatten().find_map(|name| {
            Some(match name.as_str() {
                "invalid_request_error" => 400,
                "authentication_error" => 401,
                "billing_error" => 402,
                "permission_error" => 403,
                "not_found_error" => 404,
                "request_too_large" => 413,
                "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" => 429,
                "api_error" | "server_error" => 500,
                "timeout_error" => 504,
                "overloaded_error" => 529,
                _ => return None,
            })
        })
    }

    /// Whether the same request may succeed later: the service was overloaded, limited the rate, timed out or failed
    /// (429 without an exhausted quota, 5xx).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let exhausted = self.code.as_deref() == Some("insufficient_quota")
            || self.kind.as_deref() == Some("insufficient_quota");
        !exhausted && self.http_status().is_some_and(|status| status == 429 || status >= 500)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.kind.as_ref().or(self.code.as_ref());
        write!(f, "{}: {}", name.map_or("an error", String::as_str), self.message)
    }
}

impl error::Error for ApiError {}
