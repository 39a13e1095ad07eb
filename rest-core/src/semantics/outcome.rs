//! Outcomes that cannot be said wrongly: each status that needs a field has a type that demands it.
//!
//! The successful ones turn into a [`Reply`], the others into a [`Problem`]:
//!
//! ```
//! use rest_core::semantics::outcome::{Created, Location, TooManyRequests};
//! use rest_core::{Problem, Reply, field::ETag};
//! let created = Reply::from(Created { location: Location::parse("/users/42")? }).etag(&ETag::from_version(1));
//! let later = Problem::from(TooManyRequests { retry_after: 30.into() });
//! assert_eq!((created.status().as_u16(), later.status().as_u16()), (201, 429));
//! # Ok::<(), rest_core::error::InvalidField>(())
//! ```

use crate::auth::Challenge;
use crate::error::InvalidField;
use crate::field::{DeltaSeconds, HttpDate};
use crate::problem::{Problem, ToProblem, into_problem};
use crate::reply::Reply;
use crate::route::{Allow, RoutePath};
use http::{HeaderValue, StatusCode, Uri, header};

/// A URI reference for a Location field (RFC 9110 §10.2.2).
///
/// [`RoutePath`], which a reverse route gives, converts into it without failing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location(HeaderValue);

impl Location {
    /// Takes an absolute URI or an absolute path with an optional query.
    ///
    /// # Errors
    /// [`InvalidField`] when it is neither, or has characters that must be percent-encoded.
    pub fn parse(reference: impl AsRef<str>) -> Result<Location, InvalidField> {
        let reference = reference.as_ref();
        let invalid = InvalidField { what: "URI reference", offset: 0 };
        let uri: Uri = reference.parse().map_err(|_| invalid)?;
        // A path of two slashes would be read as an authority by whoever follows it (RFC 3986 §4.2).
        let absolute = uri.scheme().is_some() || (reference.starts_with('/') && !reference.starts_with("//"));
        if !absolute || !reference.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(invalid);
        }
        HeaderValue::from_str(reference).map(Location).map_err(|_| invalid)
    }

    /// The field value.
    pub fn to_header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl From<RoutePath> for Location {
    fn from(path: RoutePath) -> Location {
        Location(path.to_header_value())
    }
}

/// 201: a resource was made, and this is where (RFC 9110 §15.3.2).
#[derive(Clone, Debug)]
pub struct Created {
    /// The URI of the resource.
    pub location: Location,
}

/// 202: the request will be worked on; the outcome is to be asked for here (RFC 9110 §15.3.3).
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The URI of the status monitor, sent as Location.
    pub monitor: Location,
}

/// 204: done, and there is nothing to say (RFC 9110 §15.3.5).
#[derive(Clone, Copy, Debug)]
pub struct NoContent;

/// 301: the resource has another URI for good (RFC 9110 §15.4.2).
#[derive(Clone, Debug)]
pub struct MovedPermanently {
    /// The new URI.
    pub location: Location,
}

/// 303: the answer is at another URI, to be fetched with GET (RFC 9110 §15.4.4).
#[derive(Clone, Debug)]
pub struct SeeOther {
    /// The URI of the answer.
    pub location: Location,
}

/// 307: for now, send the same request to another URI (RFC 9110 §15.4.8).
#[derive(Clone, Debug)]
pub struct TemporaryRedirect {
    /// The other URI.
    pub location: Location,
}

/// 308: from now on, send the same request to another URI (RFC 9110 §15.4.9).
#[derive(Clone, Debug)]
pub struct PermanentRedirect {
    /// The other URI.
    pub location: Location,
}

/// 401: credentials are missing or not valid, and this is how to give them (RFC 9110 §15.5.2). Where they are valid and
/// not enough, the answer is 403.
#[derive(Clone, Debug)]
pub struct Unauthorized {
    /// The content of WWW-Authenticate.
    pub challenge: Challenge,
}

/// 405: the resource exists and does not take this method; these it takes (RFC 9110 §15.5.6).
#[derive(Clone, Debug)]
pub struct MethodNotAllowed {
    /// The content of Allow.
    pub allow: Allow,
}

/// 429: too much in too short a time (RFC 6585 §4).
#[derive(Clone, Copy, Debug)]
pub struct TooManyRequests {
    /// When to come back.
    pub retry_after: RetryAfter,
}

/// 503: not now (RFC 9110 §15.6.4).
#[derive(Clone, Copy, Debug)]
pub struct ServiceUnavailable {
    /// When to come back.
    pub retry_after: RetryAfter,
}

/// When to try again (RFC 9110 §10.2.3). A number converts into seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// After this many seconds.
    Seconds(DeltaSeconds),
    /// At this moment.
    At(HttpDate),
}

impl RetryAfter {
    /// The field value.
    pub fn to_header_value(self) -> HeaderValue {
        match self {
            RetryAfter::Seconds(seconds) => HeaderValue::from(seconds.as_secs()),
            RetryAfter::At(date) => date.to_header_value(),
        }
    }
}

impl From<u32> for RetryAfter {
    fn from(seconds: u32) -> RetryAfter {
        RetryAfter::Seconds(seconds.into())
    }
}

impl From<HttpDate> for RetryAfter {
    fn from(date: HttpDate) -> RetryAfter {
        RetryAfter::At(date)
    }
}

macro_rules! located {
    ($($outcome:ident, $field:ident, $status:ident;)*) => {$(
        impl From<$outcome> for Reply {
            fn from(outcome: $outcome) -> Reply {
                Reply::with_status(StatusCode::$status).header(header::LOCATION, outcome.$field.0)
            }
        }
    )*};
}

located! {
    Created, location, CREATED;
    Accepted, monitor, ACCEPTED;
    MovedPermanently, location, MOVED_PERMANENTLY;
    SeeOther, location, SEE_OTHER;
    TemporaryRedirect, location, TEMPORARY_REDIRECT;
    PermanentRedirect, location, PERMANENT_REDIRECT;
}

impl From<NoContent> for Reply {
    fn from(_: NoContent) -> Reply {
        Reply::with_status(StatusCode::NO_CONTENT)
    }
}

impl ToProblem for Unauthorized {
    fn to_problem(&self) -> Problem {
        Problem::of(StatusCode::UNAUTHORIZED)
            .header(header::WWW_AUTHENTICATE, self.challenge.to_header_value())
    }
}

impl ToProblem for MethodNotAllowed {
    fn to_problem(&self) -> Problem {
        Problem::of(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, self.allow.to_header_value())
    }
}

impl ToProblem for TooManyRequests {
    fn to_problem(&self) -> Problem {
        Problem::of(StatusCode::TOO_MANY_REQUESTS)
            .header(header::RETRY_AFTER, self.retry_after.to_header_value())
    }
}

impl ToProblem for ServiceUnavailable {
    fn to_problem(&self) -> Problem {
        Problem::of(StatusCode::SERVICE_UNAVAILABLE)
            .header(header::RETRY_AFTER, self.retry_after.to_header_value())
    }
}

into_problem!(Unauthorized, MethodNotAllowed, TooManyRequests, ServiceUnavailable);
