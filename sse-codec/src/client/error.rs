//! Why a client stopped, waits, or could not be made.

use core::{error, fmt};

use bytes::Bytes;
use http::StatusCode;

/// Why a client is closed for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// [`Client::close`](super::Client::close) was called.
    Closed,
    /// The server answered 204: it asks the client not to come back (HTML Standard §9.2.3).
    NoContent,
    /// The server answered with a status that opens no stream.
    Status {
        /// The status.
        status: StatusCode,
        /// The beginning of the body, up to `max_error_body` bytes.
        body: Bytes,
    },
    /// The server answered 200 with another content type.
    ContentType {
        /// The type it sent, as far as it is text.
        found: Option<String>,
        /// The beginning of the body, up to `max_error_body` bytes.
        body: Bytes,
    },
    /// A redirect that cannot be followed.
    Redirect(RedirectError),
    /// `max_attempts` failed one after another.
    Attempts {
        /// How many.
        max: u32,
    },
    /// The transport knows that no attempt can succeed ([`Disconnect::Futile`]).
    Futile,
    /// A stream that is to be resumed by GET ended before it gave an id ([`ResumeBy::Get`](super::ResumeBy::Get)).
    NotResumable,
}

impl Ended {
    /// Whether something went wrong, as opposed to an end that either side asked for.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::Closed | Self::NoContent)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the event source was closed"),
            Self::NoContent => f.write_str("the server answered 204 and asks the client not to reconnect"),
            Self::Status { status, .. } => {
                write!(
                    f,
                    "the server answered {status} where an event stream needs 200; see the body for its reason"
                )
            }
            Self::ContentType { found, .. } => {
                let found = found.as_deref().unwrap_or("none");
                write!(
                    f,
                    "the content type is {found:?} where an event stream needs text/event-stream; check the url"
                )
            }
            Self::Redirect(error) => error.fmt(f),
            Self::Attempts { max } => write!(f, "{max} attempts in a row failed (max_attempts)"),
            Self::Futile => f.write_str("the transport cannot reach this url at all"),
            Self::NotResumable => {
                f.write_str("the stream ended before it gave an id, and its request must not be sent twice")
            }
        }
    }
}

impl error::Error for Ended {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Redirect(error) => Some(error),
            _ => None,
        }
    }
}

/// A redirect that cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectError {
    /// There is no `Location`, or it is empty.
    NoLocation,
    /// `Location` is not a URL.
    Location,
    /// `Location` is neither http nor https.
    Scheme,
    /// `Location` holds a user name or password.
    Credentials,
    /// More than `max_redirects` in one attempt.
    TooMany {
        /// The bound.
        max: u32,
    },
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLocation => f.write_str("redirect without a location"),
            Self::Location => f.write_str("redirect to something that is no url"),
            Self::Scheme => f.write_str("redirect to a scheme other than http and https"),
            Self::Credentials => f.write_str("redirect to a url with a user name or password"),
            Self::TooMany { max } => {
                write!(f, "more than {max} redirects (max_redirects): the server may be looping")
            }
        }
    }
}

impl error::Error for RedirectError {}

/// A URL that no event source can be opened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// It is no absolute URL.
    Syntax,
    /// It is neither http nor https.
    Scheme,
    /// It holds a user name or password: send them in `Authorization` instead.
    Credentials,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "not an absolute url",
            Self::Scheme => "the scheme of the url is neither http nor https",
            Self::Credentials => {
                "the url holds a user name or password: send an authorization header instead"
            }
        })
    }
}

impl error::Error for UrlError {}

/// Why a connection, or the attempt at one, came to an end and another attempt follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disconnect {
    /// The response body ended.
    End,
    /// The transport failed: no connection, a reset, a protocol error.
    Error,
    /// The transport failed in a way that will be the same at every attempt: the client gives up
    /// (HTML Standard §9.2.3, "knows that to be futile").
    Futile,
    /// No response head came within `response_timeout`.
    Timeout,
    /// Nothing was received for the idle timeout.
    Idle,
    /// The stream crossed a limit of the parser, which was to end it ([`OnOverflow::Terminate`](crate::OnOverflow::Terminate)).
    Limit,
    /// A status that the policy takes for passing.
    Status(StatusCode),
}

impl fmt::Display for Disconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("the stream ended"),
            Self::Error => f.write_str("the connection failed"),
            Self::Futile => f.write_str("no connection is possible"),
            Self::Timeout => f.write_str("no response came in time"),
            Self::Idle => f.write_str("nothing was received in time"),
            Self::Limit => f.write_str("the stream crossed a limit of the parser"),
            Self::Status(status) => write!(f, "the server answered {status}"),
        }
    }
}
