//! Bounds on what a peer may make a verification of a message do.

use core::time::Duration;

/// Every bound of a verification by RFC 9421. Crossing a size is [`Reject::Limit`](super::Reject::Limit).
///
/// ```
/// let mut limits = webhook_sig::rfc9421::Limits::default();
/// limits.max_components = 16;
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of `Signature-Input` and of `Signature`, each with all its lines together, 8192. Stops fields that are
    /// long to parse.
    pub max_signature_field: usize,
    /// Signatures on a message, by label, 8. Stops a list that is long to go through.
    pub max_labels: usize,
    /// Components that one signature covers, 64. Stops a signature base that repeats a large header in many ways.
    pub max_components: usize,
    /// Bytes of a signature base, 64 KiB. Stops it from growing with every component.
    pub max_base: usize,
    /// Parameters of a component, a signature or a member of a structured field, 64.
    pub max_parameters: usize,
    /// Signatures that are computed for a message, 4. One costs tens to hundreds of microseconds, and is due for
    /// each key that a label may be of: one key where it names a `keyid`, each active key where it does not.
    pub max_verifications: usize,
    /// Bytes of body, 1 MiB. Stops a sender without a key from keeping the receiver hashing.
    pub max_body: usize,
    /// How far in the past `created` may lie, 300 s. Stops the replay of a message recorded earlier.
    pub tolerance_past: Duration,
    /// How far in the future `created` may lie, 300 s. Stops a message signed ahead of time.
    pub tolerance_future: Duration,
}

impl Limits {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        max_signature_field: 8192,
        max_labels: 8,
        max_components: 64,
        max_base: 64 * 1024,
        max_parameters: 64,
        max_verifications: 4,
        max_body: 1024 * 1024,
        tolerance_past: Duration::from_secs(300),
        tolerance_future: Duration::from_secs(300),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
