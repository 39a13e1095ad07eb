//! Conditional requests in the order of RFC 9110 §13.2.2.

use crate::field::conditional::{Listed, listed};
use crate::field::{ETag, ETagRef, HttpDate};
use crate::limits::Limits;
use crate::problem::Problem;
use http::header::{ETAG, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, Method};

/// The state of the selected representation, as far as conditions look at it.
///
/// ```
/// use rest_core::{field::ETag, semantics::Validators};
/// let current = Validators::present().etag(ETag::from_version(7));
/// let nothing = Validators::absent();
/// # let _ = (current, nothing);
/// ```
#[derive(Clone, Debug)]
pub struct Validators {
    exists: bool,
    etag: Option<ETag>,
    last_modified: Option<HttpDate>,
}

impl Validators {
    /// There is no representation: a PUT would create it.
    pub const fn absent() -> Validators {
        Validators { exists: false, etag: None, last_modified: None }
    }

    /// There is a representation, without validators so far.
    pub const fn present() -> Validators {
        Validators { exists: true, etag: None, last_modified: None }
    }

    /// The validators that a response to GET carries. One that cannot be read counts as none.
    pub fn from_headers(response: &HeaderMap, now: HttpDate) -> Validators {
        Validators {
            exists: true,
            etag: response.get(ETAG).and_then(|v| ETag::from_header_value(v).ok()),
            last_modified: response.get(LAST_MODIFIED).and_then(|v| HttpDate::parse(v, now).ok()),
        }
    }

    /// Sets the current entity tag.
    #[must_use]
    pub fn etag(mut self, etag: ETag) -> Self {
        self.etag = Some(etag);
        self
    }

    /// Sets the date of the last modification.
    #[must_use]
    pub fn last_modified(mut self, date: impl Into<HttpDate>) -> Self {
        self.last_modified = Some(date.into());
        self
    }
}

/// What the server adds to the conditions of the request.
///
/// ```
/// use rest_core::{field::HttpDate, semantics::Rules};
/// let rules = Rules::at(HttpDate::from_unix(1_790_000_000)).require_if_match();
/// # let _ = rules;
/// ```
#[derive(Clone, Debug)]
pub struct Rules {
    now: HttpDate,
    require_if_match: bool,
    limits: Limits,
}

impl Rules {
    /// Nothing is required. `now` is the wall clock; it decides the century of two-digit years and nothing else.
    pub fn at(now: impl Into<HttpDate>) -> Rules {
        Rules { now: now.into(), require_if_match: false, limits: Limits::DEFAULT }
    }

    /// PUT, PATCH and DELETE of a representation that exists need If-Match, against lost updates (RFC 6585 §3).
    #[must_use]
    pub fn require_if_match(mut self) -> Self {
        self.require_if_match = true;
        self
    }

    /// Other bounds than the default ones.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// The decision about a conditional request.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Precondition {
    /// Perform the method. If-Range is not looked at: it changes only how much of a 200 is sent.
    Proceed,
    /// Answer 304 without content (RFC 9110 §15.4.5).
    NotModified,
    /// Answer 412 and change nothing (RFC 9110 §15.5.13).
    Failed,
    /// Answer 428 and change nothing: the request has to be conditional (RFC 6585 §3).
    Required,
}

impl Precondition {
    /// The problem of [`Failed`](Precondition::Failed) and [`Required`](Precondition::Required), with the current entity
    /// tag in its ETag field so that the client can fetch and try again.
    ///
    /// # Errors
    /// That problem. The other two are `Ok`.
    pub fn into_result(self, current: &Validators) -> Result<(), Problem> {
        let problem = match self {
            Precondition::Proceed | Precondition::NotModified => return Ok(()),
            Precondition::Failed => Problem::precondition_failed()
                .detail("the resource is not in the state that the request expects; fetch it and try again"),
            Precondition::Required => Problem::precondition_required()
                .detail("send If-Match with the ETag of the version that this request changes"),
        };
        Err(match &current.etag {
            Some(etag) => problem.header(ETAG, etag.to_header_value()),
            None => problem,
        })
    }
}

/// Decides a request by its method, its fields and the current state, in the order of RFC 9110 §13.2.2.
///
/// Call it once all other checks have passed (§13.2.1): where the answer without conditions is not 2xx, they do not
/// count. A condition is ignored where the specification says so: on CONNECT, OPTIONS and TRACE; dates beside a list of
/// tags; dates that cannot be read, occur twice, or meet no modification date; If-Modified-Since on any method but GET
/// and HEAD. QUERY counts as GET (RFC 10008: its representation is that of an equivalent resource).
///
/// A list that cannot be read never answers 304 and never lets a change through: If-Match fails, If-None-Match fails
/// on methods other than GET, HEAD and QUERY and is ignored on those. Reading stops at a match.
///
/// ```
/// use http::{HeaderMap, HeaderValue, Method, header::IF_NONE_MATCH};
/// use rest_core::field::{ETag, HttpDate};
/// use rest_core::semantics::{Precondition, Rules, Validators, evaluate};
/// let mut headers = HeaderMap::new();
/// headers.insert(IF_NONE_MATCH, HeaderValue::from_static("W/\"v7\", \"v8\""));
/// let current = Validators::present().etag(ETag::from_version(7));
/// let rules = Rules::at(HttpDate::from_unix(1_790_000_000));
/// assert_eq!(evaluate(&Method::GET, &headers, &current, &rules), Precondition::NotModified);
/// assert_eq!(evaluate(&Method::PUT, &headers, &current, &rules), Precondition::Failed);
/// ```
pub fn evaluate(method: &Method, headers: &HeaderMap, current: &Validators, rules: &Rules) -> Precondition {
    if matches!(*method, Method::CONNECT | Method::OPTIONS | Method::TRACE) {
        return Precondition::Proceed;
    }
    let retrieval = matches!(*method, Method::GET | Method::HEAD | Method::QUERY);

    // Steps 1 and 2.
    let if_match = list(headers, IF_MATCH, current, |a, b| a.strong_eq(b), rules);
    let may_change = match if_match {
        Some(Listed::Yes | Listed::Any) => current.exists,
        Some(Listed::No | Listed::Unreadable) => false,
        None => unchanged_since(headers, IF_UNMODIFIED_SINCE, current, rules) != Some(false),
    };
    if !may_change {
        return Precondition::Failed;
    }

    // Steps 3 and 4.
    let none_match = match list(headers, IF_NONE_MATCH, current, |a, b| a.weak_eq(b), rules) {
        Some(Listed::Yes | Listed::Any) => !current.exists,
        Some(Listed::No) => true,
        Some(Listed::Unreadable) => retrieval,
        None => {
            let dated = matches!(*method, Method::GET | Method::HEAD);
            !dated || unchanged_since(headers, IF_MODIFIED_SINCE, current, rules) != Some(true)
        }
    };
    match (none_match, retrieval) {
        (true, _) => {}
        (false, true) => return Precondition::NotModified,
        (false, false) => return Precondition::Failed,
    }

    let changes = matches!(*method, Method::PUT | Method::PATCH | Method::DELETE);
    if rules.require_if_match && changes && current.exists && if_match.is_none() {
        return Precondition::Required;
    }
    Precondition::Proceed
}

/// What a list of tags says; `None` without the field.
fn list(
    headers: &HeaderMap,
    name: HeaderName,
    current: &Validators,
    equal: impl Fn(ETagRef<'_>, ETagRef<'_>) -> bool,
    rules: &Rules,
) -> Option<Listed> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    let etag = current.etag.as_ref().filter(|_| current.exists).map(ETag::borrow);
    Some(listed(lines, etag, equal, &rules.limits))
}

/// Whether the representation is as old as a date field says, or older. `None` where the field does not count: it is not
/// there, is no date, occurs twice (§13.1.3, §13.1.4), or there is no modification date to compare with.
fn unchanged_since(
    headers: &HeaderMap,
    name: HeaderName,
    current: &Validators,
    rules: &Rules,
) -> Option<bool> {
    let modified = current.last_modified.filter(|_| current.exists)?;
    let mut lines = headers.get_all(name).iter();
    let (only, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    HttpDate::parse(only, rules.now).ok().map(|since| modified <= since)
}

/// The conditions of one request, kept apart from it: for code that has to look at the state and change it in one
/// transaction, where the request is no longer at hand.
///
/// ```
/// use http::{HeaderMap, Method};
/// use rest_core::field::{ETag, HttpDate};
/// use rest_core::semantics::{Conditions, Rules, Validators};
/// let rules = Rules::at(HttpDate::from_unix(1_790_000_000)).require_if_match();
/// let conditions = Conditions::of(&Method::DELETE, &HeaderMap::new(), rules);
/// let current = Validators::present().etag(ETag::from_version(3));
/// let refused = conditions.check(&current).map_err(|problem| problem.status());
/// assert_eq!(refused, Err(http::StatusCode::PRECONDITION_REQUIRED));
/// assert_eq!(conditions.check(&Validators::absent()), Ok(()));
/// ```
#[derive(Clone, Debug)]
pub struct Conditions {
    method: Method,
    headers: HeaderMap,
    rules: Rules,
}

impl Conditions {
    /// Takes the conditional fields of a request.
    pub fn of(method: &Method, headers: &HeaderMap, rules: Rules) -> Conditions {
        let mut kept = HeaderMap::new();
        for name in [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE] {
            for value in headers.get_all(&name) {
                // Fails only where the request itself could not have been built.
                let _ = kept.try_append(name.clone(), value.clone());
            }
        }
        Conditions { method: method.clone(), headers: kept, rules }
    }

    /// The decision; see [`evaluate`].
    pub fn evaluate(&self, current: &Validators) -> Precondition {
        evaluate(&self.method, &self.headers, current, &self.rules)
    }

    /// `Ok` when the method may be performed, or the answer is a 304.
    ///
    /// # Errors
    /// The problem of a 412 or 428, with the current entity tag.
    pub fn check(&self, current: &Validators) -> Result<(), Problem> {
        self.evaluate(current).into_result(current)
    }
}
