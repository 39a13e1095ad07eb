//! What comes out of a successful verification.

use core::fmt;

use crate::{KeyId, UnixMillis};

/// A body that was verified, with what else is known to come from the holder of the key.
///
/// Only a verification makes one, so a function that takes `Verified<Bytes>` cannot be given bytes of
/// unknown origin. `Verified<()>` is the outcome for a body that was streamed and not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<B> {
    body: B,
    identity: Identity,
    at: Option<UnixMillis>,
    key: KeyId,
}

/// What tells two events apart: signed material only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Identity {
    Id(SignedId),
    Body([u8; 32]),
}

impl<B> Verified<B> {
    /// The body.
    pub const fn body(&self) -> &B {
        &self.body
    }

    /// The body, leaving its origin behind.
    pub fn into_body(self) -> B {
        self.body
    }

    /// The id of the event, where the scheme signs one (Standard Webhooks, Svix).
    pub const fn id(&self) -> Option<&SignedId> {
        match &self.identity {
            Identity::Id(id) => Some(id),
            Identity::Body(_) => None,
        }
    }

    /// When this attempt was signed, where the scheme signs a time (not GitHub, Shopify, Square, Twilio, Twitter).
    pub const fn at(&self) -> Option<UnixMillis> {
        self.at
    }

    /// The key that matched. During a rotation it tells whether the old one is still in use.
    pub const fn key(&self) -> &KeyId {
        &self.key
    }

    /// What to remember in order to process an event once.
    pub fn dedupe(&self) -> DedupeKey {
        DedupeKey(self.identity.clone())
    }

    pub(super) fn into_key(self) -> KeyId {
        self.key
    }

    /// For an event with a signed id.
    #[inline]
    pub(crate) fn by_id(body: B, id: SignedId, at: Option<UnixMillis>, key: KeyId) -> Self {
        Self { body, identity: Identity::Id(id), at, key }
    }

    /// For an event that its body tells apart, by the SHA-256 of that.
    pub(crate) fn by_body(body: B, digest: [u8; 32], at: Option<UnixMillis>, key: KeyId) -> Self {
        Self { body, identity: Identity::Body(digest), at, key }
    }

    /// The same event with what its body holds.
    #[cfg(any(feature = "json", feature = "tower"))]
    pub(crate) fn with_body<N>(self, body: N) -> Verified<N> {
        Verified { body, identity: self.identity, at: self.at, key: self.key }
    }
}

/// An id that is covered by the signature: 1 to 128 of visible ASCII, without a full stop.
#[derive(Clone, Copy)]
pub struct SignedId {
    // Inline, as a verification does not allocate.
    bytes: [u8; Self::MAX_LEN],
    len: u8,
}

impl SignedId {
    /// The most bytes that an id has.
    pub const MAX_LEN: usize = 128;

    /// `None` for a text that is too long. The caller has checked the grammar.
    #[inline]
    pub(crate) fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::MAX_LEN];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { bytes, len: u8::try_from(text.len()).ok()? })
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The bytes are ASCII, as the caller of `new` has checked, so the default is never taken.
        self.bytes
            .get(..usize::from(self.len))
            .and_then(|bytes| core::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl PartialEq for SignedId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for SignedId {}

impl PartialOrd for SignedId {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SignedId {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl core::hash::Hash for SignedId {
    fn hash<S: core::hash::Hasher>(&self, state: &mut S) {
        self.as_str().hash(state);
    }
}

impl AsRef<str> for SignedId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for SignedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for SignedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// What tells an event from another, made of signed material alone: an attacker who replays a request
/// with other headers arrives at the same key.
///
/// It is the signed id where the scheme has one, else the SHA-256 of the body (for Twilio of the URL and the sorted parameters, as
/// a form's order and escapes are not signed). The signed time is left
/// out, as it changes from attempt to attempt. So under a scheme without an id, two events with the same
/// bytes are one: put an id into the body (Stripe does).
///
/// Its text, `id:ID` or `sha256:HEX`, is stable and suits a unique column. Keys of different senders can
/// be equal: keep them apart by endpoint.
///
/// ```
/// use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};
///
/// let ring = KeyRing::new().hmac("k", Secret::raw("secret")?)?;
/// let now = UnixMillis::from_secs(1_700_000_000);
/// let headers = ring.signer(Scheme::StandardWebhooks).sign("msg_1", now, b"")?;
/// let verified = ring.scheme(Scheme::StandardWebhooks).verify(&headers, b"", now)?;
/// assert_eq!(verified.dedupe().to_string(), "id:msg_1");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DedupeKey(Identity);

impl fmt::Display for DedupeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Identity::Id(id) => write!(f, "id:{id}"),
            Identity::Body(digest) => {
                f.write_str("sha256:")?;
                digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

impl fmt::Debug for DedupeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DedupeKey({self})")
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "id:{id}"),
            Self::Body(_) => f.write_str("sha256 of the body"),
        }
    }
}
