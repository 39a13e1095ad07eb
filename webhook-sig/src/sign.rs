//! Signing: from id, time and body to header fields.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::error::SignError;
use crate::scheme::Signed;
use crate::verify::SignedId;
use crate::{HeaderSource, KeyRing, Scheme, UnixMillis};

impl KeyRing {
    /// Signs by a scheme with the keys of this ring.
    #[must_use]
    pub const fn signer(&self, scheme: Scheme) -> Signer<'_> {
        Signer { ring: self, scheme }
    }
}

/// Signs requests by one scheme with the active keys of a ring ([`KeyRing::signer`]).
///
/// ```
/// use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};
///
/// let ring = KeyRing::new().hmac("k", Secret::raw("It's a Secret to Everybody")?)?;
/// let headers = ring.signer(Scheme::GitHub).sign("", UnixMillis::EPOCH, b"Hello, World!")?;
/// let mut pairs = headers.iter();
/// assert_eq!(pairs.next(), Some((
///     "x-hub-signature-256",
///     "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
/// )));
/// assert_eq!(pairs.next(), None);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Signer<'r> {
    ring: &'r KeyRing,
    scheme: Scheme,
}

impl Signer<'_> {
    /// Signs `body`, which has to go out byte for byte as given.
    ///
    /// `id` names the event and stays the same when it is sent again; only Standard Webhooks signs it,
    /// the others ignore it. `at` is the time of this attempt: it selects the keys and, in Standard
    /// Webhooks and Stripe, is signed in whole seconds. Where the scheme has a list of signatures there
    /// is one for each active key, else the first active key signs.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, id: &str, at: UnixMillis, body: &[u8]) -> Result<SignatureHeaders, SignError> {
        let wire = self.scheme.wire();
        let timestamp = at.as_secs().to_string();
        let mut fields = Vec::with_capacity(3);
        let mut value = String::new();
        let signed: &[&[u8]] = match wire.signed {
            Signed::Body => &[body],
            Signed::TimestampBody => {
                value.push_str("t=");
                value.push_str(&timestamp);
                &[timestamp.as_bytes(), b".", body]
            }
            Signed::IdTimestampBody { id: id_header, timestamp: timestamp_header } => {
                check_id(id)?;
                fields.push((id_header, String::from(id)));
                fields.push((timestamp_header, timestamp.clone()));
                &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]
            }
        };
        let keys = if wire.list { usize::MAX } else { 1 };
        let mut signatures = 0_usize;
        for key in self.ring.active_keys(at).take(keys) {
            if !value.is_empty() {
                value.push(char::from(wire.separator));
            }
            (wire.write)(&key.mac(signed), &mut value);
            signatures += 1;
        }
        if signatures == 0 {
            return Err(SignError::NoActiveKey);
        }
        fields.push((wire.signature, value));
        Ok(SignatureHeaders(fields))
    }
}

/// Narrower than what a verifier takes: what stands here has one meaning in every receiver.
fn check_id(id: &str) -> Result<(), SignError> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain && (1..=SignedId::MAX_LEN).contains(&id.len()) { Ok(()) } else { Err(SignError::Id) }
}

/// The header fields to send with a signed body: names in lower case, values in ASCII.
///
/// It is a [`HeaderSource`] itself, so a test can verify what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHeaders(Vec<(&'static str, String)>);

impl SignatureHeaders {
    /// The fields as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

impl IntoIterator for SignatureHeaders {
    type Item = (&'static str, String);
    type IntoIter = alloc::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl HeaderSource for SignatureHeaders {
    fn values<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h [u8]> {
        self.0.values(name)
    }
}
