//! The table of methods (RFC 9110 §9.2, RFC 5789, RFC 10008).

use http::Method;

/// When a cache may keep the response to a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cacheable {
    /// Never: the method is not cacheable.
    No,
    /// By the rules of RFC 9111, heuristics included.
    Yes,
    /// Only with explicit freshness and a Content-Location that says what the content is of (RFC 9110 §9.3.3,
    /// RFC 5789 §2).
    WithExplicitFreshness,
    /// Yes, with the request content as part of the key (RFC 10008).
    KeyedByContent,
}

/// What is promised of a method whatever the resource.
///
/// ```
/// use http::Method;
/// use rest_core::semantics::MethodSemantics;
/// let query = MethodSemantics::of(&Method::QUERY).ok_or("registered")?;
/// assert!(query.safe && query.idempotent);
/// assert!(MethodSemantics::of(&Method::from_bytes(b"BREW")?).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodSemantics {
    /// The client asks for no change of state and is not answerable for any (§9.2.1).
    pub safe: bool,
    /// Several identical requests are meant as one, so that a client may try again (§9.2.2).
    pub idempotent: bool,
    /// When its response may be kept (§9.2.3).
    pub cacheable: Cacheable,
}

impl MethodSemantics {
    /// The semantics of a method that this crate knows: those of RFC 9110 §9.3, PATCH and QUERY. `None` for any other,
    /// of which nothing may be assumed.
    pub fn of(method: &Method) -> Option<MethodSemantics> {
        TABLE.iter().find(|(known, _)| known == method).map(|&(_, semantics)| semantics)
    }
}

const fn row(safe: bool, idempotent: bool, cacheable: Cacheable) -> MethodSemantics {
    MethodSemantics { safe, idempotent, cacheable }
}

static TABLE: [(Method, MethodSemantics); 10] = [
    (Method::GET, row(true, true, Cacheable::Yes)),
    (Method::HEAD, row(true, true, Cacheable::Yes)),
    (Method::POST, row(false, false, Cacheable::WithExplicitFreshness)),
    (Method::PUT, row(false, true, Cacheable::No)),
    (Method::DELETE, row(false, true, Cacheable::No)),
    (Method::CONNECT, row(false, false, Cacheable::No)),
    (Method::OPTIONS, row(true, true, Cacheable::No)),
    (Method::TRACE, row(true, true, Cacheable::No)),
    (Method::PATCH, row(false, false, Cacheable::WithExplicitFreshness)),
    (Method::QUERY, row(true, true, Cacheable::KeyedByContent)),
];
