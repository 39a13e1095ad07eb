//! Bounds on what a peer may make a verification do.

use core::time::Duration;

use crate::Schemes;

/// Every bound of a verification. Crossing a size is [`Reject::Limit`](crate::Reject::Limit); leaving the
/// tolerance is [`Reject::Stale`](crate::Reject::Stale) or [`Reject::Future`](crate::Reject::Future).
///
/// How many keys can be active at once is bounded by the ring:
/// [`KeyRing::with_max_active`](crate::KeyRing::with_max_active).
///
/// ```
/// let mut limits = webhook_sig::Limits::default();
/// limits.max_body = 65_536;
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of body, 1 MiB (25 MiB for GitHub, which sends that much). Stops a sender without a
    /// secret from keeping the receiver hashing, or collecting, for as long as it likes.
    pub max_body: usize,
    /// Bytes of the signature header, all its lines together, 4096. Stops a list that is long to read.
    pub max_signature_header: usize,
    /// Signatures in that header, of any kind, 16 (4 under ed25519, where each costs a hash of the body and 40 µs). Stops
    /// a list that is long to decode and compare.
    pub max_signatures: usize,
    /// Bytes of the signed id, 128, which is also the most that counts: a higher number acts as 128.
    /// Stops ids that fill the table of ids already seen.
    pub max_id: usize,
    /// How far in the past a signed timestamp may lie, 300 s (60 s for Linear). Stops the replay of a request recorded
    /// earlier; the ids seen need to be remembered for this long and the next field together.
    pub tolerance_past: Duration,
    /// How far in the future a signed timestamp may lie, 300 s (60 s for Linear). Stops a request signed ahead of time
    /// from being replayed for long.
    pub tolerance_future: Duration,
}

impl Limits {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        max_body: 1024 * 1024,
        max_signature_header: 4096,
        max_signatures: 16,
        max_id: 128,
        tolerance_past: Duration::from_secs(300),
        tolerance_future: Duration::from_secs(300),
    };

    /// The defaults for a scheme: [`Limits::DEFAULT`], and what its provider documents otherwise.
    ///
    /// ```
    /// use webhook_sig::{Limits, Scheme};
    /// assert_eq!(Limits::for_scheme(Scheme::GitHub).max_body, 25 * 1024 * 1024);
    /// assert_eq!(Limits::for_scheme(Scheme::Linear).tolerance_past.as_secs(), 60);
    /// ```
    #[must_use]
    pub fn for_scheme(scheme: impl Schemes) -> Self {
        scheme.layout().limits()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
