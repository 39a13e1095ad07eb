//! Why a request was refused, before any door has given it that door's shape.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, StatusCode, header};

/// One member of the input that broke a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Where, as a JSON Pointer (RFC 6901).
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

/// A refusal that every door can say in its own words: problem+json, an error message, a close code.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) detail: Cow<'static, str>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Failure {
        Failure { status, detail: detail.into(), violations: Vec::new(), headers: Vec::new() }
    }

    pub(crate) fn bad_request(detail: impl Into<Cow<'static, str>>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn not_found(detail: impl Into<Cow<'static, str>>) -> Failure {
        Failure::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn conflict(detail: impl Into<Cow<'static, str>>) -> Failure {
        Failure::new(StatusCode::CONFLICT, detail)
    }

    pub(crate) fn invalid(violations: Vec<Violation>) -> Failure {
        let detail = match violations.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.detail),
            many => format!("{} members break a rule", many.len()),
        };
        Failure { violations, ..Failure::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// The store could not be used. The cause goes to the log, never to the caller.
    pub(crate) fn unavailable(cause: &dyn std::fmt::Display) -> Failure {
        tracing::error!(%cause, "the store failed");
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be used right now; try again")
            .with(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    #[must_use]
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Failure {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn title(&self) -> &'static str {
        self.status.canonical_reason().unwrap_or("Error")
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::unavailable(&error)
    }
}
