//! An endpoint: where events go, signed how, which types, and whether it takes any at present.

use super::filter::TypeFilter;
use super::id::EndpointId;
use crate::ssrf::EndpointUrl;
use crate::{KeyRing, Scheme};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A receiver of events, as registered.
///
/// ```
/// use webhook_sig::delivery::{Endpoint, EndpointId, TypeFilter};
/// use webhook_sig::ssrf::EndpointUrl;
/// use webhook_sig::{KeyRing, Scheme, Secret};
///
/// let ring = KeyRing::new().hmac("2026-11", Secret::whsec("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?)?;
/// let endpoint = Endpoint::new(EndpointId::new(1), EndpointUrl::parse("https://example.com/hooks")?, Scheme::StandardWebhooks, ring)
///     .types(TypeFilter::parse(["user.*"])?)
///     .header("x-tenant", "7")?;
/// assert_eq!(endpoint.id().get(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Endpoint {
    id: EndpointId,
    url: EndpointUrl,
    scheme: Scheme,
    ring: KeyRing,
    types: TypeFilter,
    headers: Vec<(String, String)>,
}

/// A header field cannot be added to an [`Endpoint`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// The name is no token (RFC 9110 §5.6.2).
    Name,
    /// The value holds something other than visible ASCII, spaces and tabs, or begins or ends with a space.
    Value,
    /// The field belongs to the message framing, the signature, or the dispatcher (`content-length`, `host`, `webhook-*`, …).
    Reserved,
    /// More than [`Endpoint::MAX_HEADERS`] fields, or one longer than [`Endpoint::MAX_HEADER_LEN`] bytes.
    TooMany,
}

impl Endpoint {
    /// The most header fields of one's own.
    pub const MAX_HEADERS: usize = 16;
    /// The longest header field of one's own, name and value together, in bytes.
    pub const MAX_HEADER_LEN: usize = 1024;

    /// An endpoint that takes every type of event. The caller chooses the id, and keeps the registry.
    #[must_use]
    pub fn new(id: EndpointId, url: EndpointUrl, scheme: Scheme, ring: KeyRing) -> Self {
        Self { id, url, scheme, ring, types: TypeFilter::all(), headers: Vec::new() }
    }

    /// With the types that it wants.
    #[must_use]
    pub fn types(mut self, types: TypeFilter) -> Self {
        self.types = types;
        self
    }

    /// With a header field of its own in each request, for instance for the receiver's gateway. It is not signed.
    ///
    /// # Errors
    /// [`HeaderError`] for what is no header field, or one that the request sets itself.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, HeaderError> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(HeaderError::Name);
        }
        let name = name.to_ascii_lowercase();
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) || value.trim() != value {
            return Err(HeaderError::Value);
        }
        let reserved = RESERVED_FIELDS.contains(&name.as_str())
            || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if reserved {
            return Err(HeaderError::Reserved);
        }
        if self.headers.len() == Self::MAX_HEADERS || name.len() + value.len() > Self::MAX_HEADER_LEN {
            return Err(HeaderError::TooMany);
        }
        self.headers.push((name, value.into()));
        Ok(self)
    }

    /// Its identity.
    #[must_use]
    pub fn id(&self) -> EndpointId {
        self.id
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &EndpointUrl {
        &self.url
    }

    /// How requests to it are signed.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// With which keys.
    #[must_use]
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// The types that it wants.
    #[must_use]
    pub fn filter(&self) -> &TypeFilter {
        &self.types
    }

    /// The header fields of its own, names in lower case.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }
}

/// What frames the message, or the dispatcher and the sender set.
const RESERVED_FIELDS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "stripe-signature",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-signature-256",
];
/// What carries a signature or an identity.
const RESERVED_PREFIXES: &[&str] = &["webhook-", "svix-", "x-hub-signature", "x-github-"];

/// Whether an endpoint takes deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointState {
    /// It does.
    Enabled,
    /// It does not: no delivery is made for new events, and those under way wait until it is enabled again or removed.
    Disabled(DisabledReason),
}

/// Why an endpoint is disabled.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// It answered 410 (Standard Webhooks: "the sender should disable the endpoint").
    Gone,
    /// By [`Dispatcher::disable`](super::Dispatcher::disable).
    Manual,
}

impl DisabledReason {
    /// The reason as one word: `gone`, `manual`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Manual => "manual",
        }
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "the name is no header field name",
            Self::Value => "the value holds characters that a header field cannot carry",
            Self::Reserved => "this header field is set by the request itself",
            Self::TooMany => "at most 16 header fields of 1024 bytes each",
        })
    }
}

impl core::error::Error for HeaderError {}
