//! Why an HTTP request is no request of GraphQL, or not one that can be answered.

use core::fmt;

use http::StatusCode;

use crate::request::RequestError;

/// A refusal that is met before anything is executed. It has a status and a code, and becomes an answer through
/// [`refuse`](super::refuse).
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// The method is neither GET nor POST: 405.
    Method,
    /// A mutation by GET, which would bypass the protection of safe methods ("GET"): 405.
    MutationByGet,
    /// None of the forms of an answer is acceptable ("Body"): 406.
    NotAcceptable,
    /// A subscription from a client that does not accept `text/event-stream`: 406.
    StreamNotAccepted,
    /// A POST without `Content-Type` ("POST"): 415.
    ContentTypeMissing,
    /// A `Content-Type` that is not `application/json`: 415. The types that a browser sends to a stranger without asking
    /// first (forms, plain text) are among those, so a page elsewhere cannot make a user's browser post here.
    ContentType,
    /// A charset other than UTF-8: 415.
    Charset,
    /// The body is longer than [`HttpLimits::max_body`](super::HttpLimits::max_body): 413.
    BodyTooLarge {
        /// The limit in bytes.
        max: usize,
    },
    /// The query component is longer than [`HttpLimits::max_query`](super::HttpLimits::max_query): 414.
    QueryTooLong {
        /// The limit in bytes.
        max: usize,
    },
    /// More ranges in `Accept` than [`HttpLimits::max_accept_ranges`](super::HttpLimits::max_accept_ranges): 400.
    TooManyRanges {
        /// The limit.
        max: usize,
    },
    /// The body ended early or came too slowly: 400.
    BodyIncomplete,
    /// The query component has a broken escape, or is not UTF-8 once decoded: 400.
    QueryEncoding {
        /// Where in the query component, in bytes.
        offset: usize,
    },
    /// What was sent is no request: 400.
    Request(RequestError),
}

impl HttpError {
    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Method | Self::MutationByGet => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable | Self::StreamNotAccepted => StatusCode::NOT_ACCEPTABLE,
            Self::ContentTypeMissing | Self::ContentType | Self::Charset => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::QueryTooLong { .. } => StatusCode::URI_TOO_LONG,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The methods that would be allowed, for the `Allow` field of a 405 (RFC 9110 §10.2.1).
    #[must_use]
    pub const fn allow(&self) -> Option<&'static str> {
        match self {
            Self::Method => Some("GET, POST"),
            Self::MutationByGet => Some("POST"),
            _ => None,
        }
    }

    /// The machine code, in `extensions.code` of the answer.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Method | Self::MutationByGet => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable | Self::StreamNotAccepted => "NOT_ACCEPTABLE",
            Self::ContentTypeMissing | Self::ContentType | Self::Charset => "UNSUPPORTED_MEDIA_TYPE",
            Self::BodyTooLarge { .. } => "BODY_TOO_LARGE",
            Self::QueryTooLong { .. } => "QUERY_TOO_LONG",
            Self::Request(error) => error.code(),
            _ => "BAD_REQUEST",
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("use POST, or GET for queries"),
            Self::MutationByGet => f.write_str("a mutation needs POST"),
            Self::NotAcceptable => {
                f.write_str("accept application/graphql-response+json, application/json or text/event-stream")
            }
            Self::StreamNotAccepted => f.write_str("a subscription needs accept: text/event-stream"),
            Self::ContentTypeMissing => {
                f.write_str("the content type is missing; it must be application/json")
            }
            Self::ContentType => f.write_str("the content type must be application/json"),
            Self::Charset => f.write_str("the charset must be utf-8"),
            Self::BodyTooLarge { max } => write!(f, "the body exceeds the limit max_body of {max} bytes"),
            Self::QueryTooLong { max } => {
                write!(f, "the query component exceeds the limit max_query of {max} bytes")
            }
            Self::TooManyRanges { max } => {
                write!(f, "the accept field exceeds the limit max_accept_ranges of {max}")
            }
            Self::BodyIncomplete => f.write_str("the body ended early or came too slowly"),
            Self::QueryEncoding { offset } => {
                write!(f, "the query component has a broken escape or is no utf-8 at byte {offset}")
            }
            Self::Request(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for HttpError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        if let Self::Request(error) = self { Some(error) } else { None }
    }
}

impl From<RequestError> for HttpError {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}
