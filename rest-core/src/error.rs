//! The errors that several modules share. An error of one module is defined beside what returns it.

use crate::problem::{Problem, ToProblem};
use core::fmt;
use http::StatusCode;

/// A bound of [`Limits`](crate::Limits) was crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// The name of the field of [`Limits`](crate::Limits).
    pub limit: &'static str,
    /// The bound that was in force.
    pub max: usize,
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} allows ({})", self.limit, self.max)
    }
}

impl core::error::Error for LimitExceeded {}

impl ToProblem for LimitExceeded {
    /// 431 Request Header Fields Too Large (RFC 6585 §5).
    fn to_problem(&self) -> Problem {
        Problem::of(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    }
}

/// A field value that does not match its grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidField {
    /// What was being read, as the specification names it, such as `entity-tag`.
    pub what: &'static str,
    /// Offset in bytes of the first octet that cannot be part of it.
    pub offset: usize,
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a valid {}: unexpected input at byte {}", self.what, self.offset)
    }
}

impl core::error::Error for InvalidField {}

/// A field that could not be read: it breaks its grammar or crosses a limit.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldError {
    /// The value does not match its grammar.
    Invalid(InvalidField),
    /// The value is longer, or has more members, than allowed.
    Limit(LimitExceeded),
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldError::Invalid(e) => e.fmt(f),
            FieldError::Limit(e) => e.fmt(f),
        }
    }
}

impl core::error::Error for FieldError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            FieldError::Invalid(e) => Some(e),
            FieldError::Limit(e) => Some(e),
        }
    }
}

impl From<InvalidField> for FieldError {
    fn from(e: InvalidField) -> Self {
        FieldError::Invalid(e)
    }
}

impl From<LimitExceeded> for FieldError {
    fn from(e: LimitExceeded) -> Self {
        FieldError::Limit(e)
    }
}

impl ToProblem for FieldError {
    /// 400 for a grammar error, 431 for a limit.
    fn to_problem(&self) -> Problem {
        match self {
            FieldError::Invalid(e) => Problem::of(StatusCode::BAD_REQUEST).detail(e.to_string()),
            FieldError::Limit(e) => e.to_problem(),
        }
    }
}
