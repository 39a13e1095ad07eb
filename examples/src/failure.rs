//! Why a request was refused, before any door has given it that door's shape.

use std::fmt;

use rest_core::problem::{Problem, ToProblem};
use rest_core::semantics::outcome::ServiceUnavailable;

/// A refusal that every door can say in its own words: problem+json, an error message, a close code.
#[derive(Clone, Debug)]
pub(crate) struct Failure(Problem);

/// One member of the input that broke a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Where, as a JSON Pointer (RFC 6901).
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

impl Failure {
    pub(crate) fn bad_request(detail: impl Into<String>) -> Failure {
        Failure(Problem::bad_request().detail(detail))
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Failure {
        Failure(Problem::not_found().detail(detail))
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Failure {
        Failure(Problem::conflict().detail(detail))
    }

    pub(crate) fn unprocessable(detail: impl Into<String>) -> Failure {
        Failure(Problem::unprocessable().detail(detail))
    }

    pub(crate) fn invalid(violations: Vec<Violation>) -> Failure {
        let detail = match violations.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.detail),
            many => format!("{} members break a rule", many.len()),
        };
        let problem = Problem::unprocessable().detail(detail);
        Failure(violations.into_iter().fold(problem, |problem, v| problem.error(v.pointer, v.detail)))
    }

    /// The store could not be used. The cause goes to the log, never to the caller.
    pub(crate) fn unavailable(cause: &dyn fmt::Display) -> Failure {
        tracing::error!(%cause, "the store failed");
        let problem = ServiceUnavailable { retry_after: 1.into() }.to_problem();
        Failure(problem.detail("the store cannot be used right now; try again"))
    }

    /// The same for a value that stands further inside: its pointers begin with that place.
    pub(crate) fn below(self, place: &str) -> Failure {
        let moved: Vec<Violation> =
            self.violations().map(|v| Violation { pointer: format!("{place}{}", v.pointer), ..v }).collect();
        if moved.is_empty() { self } else { Failure::invalid(moved) }
    }

    pub(crate) fn violations(&self) -> impl Iterator<Item = Violation> {
        self.0.errors().iter().map(|e| Violation { pointer: e.pointer.clone(), detail: e.detail.clone() })
    }

    pub(crate) fn problem(&self) -> &Problem {
        &self.0
    }
}

impl ToProblem for Failure {
    fn to_problem(&self) -> Problem {
        self.0.clone()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure(problem)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::unavailable(&error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.detail_text().or(self.0.title()).unwrap_or_default())
    }
}

impl std::error::Error for Failure {}
