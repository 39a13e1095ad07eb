//! Ed25519 (RFC 8032), verified strictly while the message streams (feature `ed25519`).

use alloc::string::String;
use core::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign_byupdate};
use ed25519_dalek::{Signature, SigningKey, StreamVerifier, VerifyingKey};
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

use crate::KeyRing;
use crate::algorithm::{Algorithm, Run, Sign, Verify, sealed};
use crate::few::Few;
use crate::key_ring::{Entry, KeyId};
use crate::public_key::PublicKeyError;
use crate::scheme::{Encoding, Layout, Part, Schemes, TimeIn, decode_exact};

/// The prefix of a Standard Webhooks public key in text form.
const WHPK: &str = "whpk_";
/// The prefix of a Standard Webhooks private key in text form.
const WHSK: &str = "whsk_";

/// What stands before the 32 bytes in a DER `SubjectPublicKeyInfo` (RFC 8410 §4): it never varies.
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The canonical encodings of the eight points of small order. A signature with one of them as R would hold
/// for more messages than the signer saw. Other encodings of these points need no place here: R is compared
/// as bytes with a canonical encoding, so they never match.
const SMALL_ORDER: [[u8; 32]; 8] = {
    const A: [u8; 32] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    const B: [u8; 32] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    const fn negative(mut point: [u8; 32]) -> [u8; 32] {
        point[31] |= 0x80;
        point
    }
    let zero = [0; 32];
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    [one, minus_one, zero, negative(zero), A, negative(A), B, negative(B)]
};

/// A public key of Ed25519. One of small order, which would verify forgeries, is refused when it is made.
///
/// ```
/// use webhook_sig::Ed25519PublicKey;
///
/// let key = Ed25519PublicKey::whpk("whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")?;
/// // What Discord's developer portal shows.
/// let same = Ed25519PublicKey::hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")?;
/// assert_eq!(key, same);
/// # Ok::<(), webhook_sig::PublicKeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Ed25519PublicKey(VerifyingKey);

impl Ed25519PublicKey {
    /// From the 32 bytes of RFC 8032 §5.1.5.
    ///
    /// # Errors
    /// [`PublicKeyError::Length`], [`PublicKeyError::Point`] if they are no point of the curve,
    /// [`PublicKeyError::Weak`] for a point of small order.
    pub fn new(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let bytes = bytes.try_into().map_err(|_| PublicKeyError::Length)?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::Point)?;
        if key.is_weak() { Err(PublicKeyError::Weak) } else { Ok(Self(key)) }
    }

    /// From the text form of Standard Webhooks: `whpk_` and base64.
    ///
    /// # Errors
    /// [`PublicKeyError::Prefix`] (so a private `whsk_` key is never taken for a public one),
    /// [`PublicKeyError::Encoding`], else as [`Ed25519PublicKey::new`].
    pub fn whpk(text: &str) -> Result<Self, PublicKeyError> {
        let encoded = text.strip_prefix(WHPK).ok_or(PublicKeyError::Prefix)?;
        Self::new(&BASE64_STANDARD.decode(encoded).map_err(|_| PublicKeyError::Encoding)?)
    }

    /// From 64 hexadecimal digits, as Discord's developer portal shows it.
    ///
    /// # Errors
    /// [`PublicKeyError::Encoding`], else as [`Ed25519PublicKey::new`].
    pub fn hex(text: &str) -> Result<Self, PublicKeyError> {
        let mut bytes = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return Err(PublicKeyError::Length);
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                return Err(PublicKeyError::Encoding);
            };
            *byte = high << 4 | low;
        }
        Self::new(&bytes)
    }

    /// From a `SubjectPublicKeyInfo` in DER (RFC 8410 §4).
    ///
    /// # Errors
    /// [`PublicKeyError::Encoding`], else as [`Ed25519PublicKey::new`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        Self::new(der.strip_prefix(&SPKI).ok_or(PublicKeyError::Encoding)?)
    }

    /// From a `SubjectPublicKeyInfo` in PEM (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    /// As [`Ed25519PublicKey::from_spki_der`].
    pub fn from_spki_pem(pem: &str) -> Result<Self, PublicKeyError> {
        Self::from_spki_der(&crate::pem::decode(pem, "PUBLIC KEY").ok_or(PublicKeyError::Encoding)?)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The text form of Standard Webhooks, to give to receivers.
    #[must_use]
    pub fn to_whpk(&self) -> String {
        let mut text = String::from(WHPK);
        BASE64_STANDARD.encode_string(self.as_bytes(), &mut text);
        text
    }

    /// Begins to verify a message of which the signature is known. `None` if no message has this signature:
    /// S is not reduced (RFC 8032 §5.1.7), or R is of small order.
    pub(crate) fn begin(&self, signature: &[u8; 64]) -> Option<StreamVerifier> {
        let (r, _) = signature.split_first_chunk::<32>()?;
        if SMALL_ORDER.contains(r) {
            return None;
        }
        self.0.verify_stream(&Signature::from_bytes(signature)).ok()
    }

    /// Verifies the concatenation of `parts`, as strictly as `verify_strict` of ed25519-dalek.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        let Some(mut verifier) = signature.try_into().ok().and_then(|signature| self.begin(signature)) else {
            return false;
        };
        parts.iter().for_each(|part| verifier.update(part));
        verifier.finalize_and_verify().is_ok()
    }
}

impl fmt::Debug for Ed25519PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ed25519PublicKey").field(&self.to_whpk()).finish()
    }
}

/// A private key of Ed25519: zeroed when dropped, printed as `[redacted]`.
///
/// ```
/// use webhook_sig::Ed25519SigningKey;
///
/// let key = Ed25519SigningKey::from_seed(&[7; 32])?;
/// let signature = key.sign(&[b"hello, ", b"world"]);
/// assert!(key.public_key().verify(&[b"hello, world"], &signature));
/// assert_eq!(format!("{key:?}"), "Ed25519SigningKey([redacted])");
/// # Ok::<(), webhook_sig::PublicKeyError>(())
/// ```
#[derive(Clone)]
pub struct Ed25519SigningKey(SigningKey);

impl Ed25519SigningKey {
    /// From the 32 bytes of RFC 8032 §5.1.5, which have to come from a cryptographic generator.
    ///
    /// # Errors
    /// [`PublicKeyError::Length`].
    pub fn from_seed(seed: &[u8]) -> Result<Self, PublicKeyError> {
        Ok(Self(SigningKey::from_bytes(seed.try_into().map_err(|_| PublicKeyError::Length)?)))
    }

    /// From the text form of Standard Webhooks: `whsk_` and base64 of the 32 bytes, or of the 64 that also
    /// hold the public key, which is then compared.
    ///
    /// # Errors
    /// [`PublicKeyError::Prefix`], [`PublicKeyError::Encoding`], [`PublicKeyError::Length`],
    /// [`PublicKeyError::Point`] if the public half belongs to another key.
    pub fn whsk(text: &str) -> Result<Self, PublicKeyError> {
        let encoded = text.strip_prefix(WHSK).ok_or(PublicKeyError::Prefix)?;
        let mut bytes = Zeroizing::new(alloc::vec::Vec::with_capacity(encoded.len()));
        BASE64_STANDARD.decode_vec(encoded, &mut bytes).map_err(|_| PublicKeyError::Encoding)?;
        match bytes.split_first_chunk::<32>() {
            Some((seed, [])) => Self::from_seed(seed),
            Some((seed, public)) if public.len() == 32 => {
                let key = Self::from_seed(seed)?;
                if key.0.verifying_key().as_bytes() == public { Ok(key) } else { Err(PublicKeyError::Point) }
            }
            _ => Err(PublicKeyError::Length),
        }
    }

    /// The text form of Standard Webhooks, `whsk_` and base64 of the 32 bytes, for the sender's own store.
    #[must_use]
    pub fn to_whsk(&self) -> Zeroizing<String> {
        // With the capacity known beforehand nothing is reallocated, so no copy is left unzeroed.
        let mut text = Zeroizing::new(String::with_capacity(WHSK.len() + 44));
        text.push_str(WHSK);
        BASE64_STANDARD.encode_string(self.0.as_bytes(), &mut text);
        text
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> Ed25519PublicKey {
        // Never weak: the private scalar is clamped to a multiple of the cofactor and not zero modulo the order.
        Ed25519PublicKey(self.0.verifying_key())
    }

    /// Signs the concatenation of `parts`.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 64] {
        let expanded = ExpandedSecretKey::from(self.0.as_bytes());
        let message = |hash: &mut Sha512| {
            parts.iter().for_each(|part| hash.update(part));
            Ok(())
        };
        #[expect(clippy::expect_used, reason = "it passes on an error of the closure, which makes none")]
        let signature =
            raw_sign_byupdate::<Sha512, _>(&expanded, message, &self.0.verifying_key()).expect("a signature");
        signature.to_bytes()
    }
}

impl fmt::Debug for Ed25519SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519SigningKey([redacted])")
    }
}

/// How a provider signs its webhooks, with Ed25519.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ed25519Scheme {
    /// Standard Webhooks 1.0.0 with asymmetric keys: `webhook-id`, `webhook-timestamp` and
    /// `webhook-signature: v1a,BASE64`, of `id.timestamp.body`. `v1` beside it is skipped: where `v1a` is demanded, a
    /// shared secret is no way down.
    StandardWebhooks,
    /// Svix: as Standard Webhooks, under `svix-id`, `svix-timestamp` and `svix-signature`.
    Svix,
    /// Discord: `X-Signature-Ed25519: HEX` and `X-Signature-Timestamp`, of the timestamp and the body ("Overview of
    /// interactions", "Webhook events").
    Discord,
    /// Any other scheme with Ed25519, as data.
    Custom(&'static Layout),
}

impl Ed25519Scheme {
    /// Every provider's scheme.
    pub const ALL: [Self; 3] = [Self::StandardWebhooks, Self::Svix, Self::Discord];

    /// The name for logs: `standard-v1a`, `svix-v1a`, `discord`, `custom`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StandardWebhooks => "standard-v1a",
            Self::Svix => "svix-v1a",
            Self::Discord => "discord",
            Self::Custom(_) => "custom",
        }
    }
}

impl fmt::Display for Ed25519Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Each signature costs a hash of the body and a multiplication of points for each key, so fewer are looked at.
const MAX_SIGNATURES: usize = 4;

static STANDARD_WEBHOOKS: Layout = Layout::new("webhook-signature", Encoding::Base64)
    .label("v1a,")
    .list(b' ')
    .id("webhook-id")
    .time(TimeIn::Header("webhook-timestamp"))
    .before(&[Part::Id, Part::Text("."), Part::Time, Part::Text(".")])
    .max_signatures(MAX_SIGNATURES);

static SVIX: Layout = Layout::new("svix-signature", Encoding::Base64)
    .label("v1a,")
    .list(b' ')
    .id("svix-id")
    .time(TimeIn::Header("svix-timestamp"))
    .before(&[Part::Id, Part::Text("."), Part::Time, Part::Text(".")])
    .max_signatures(MAX_SIGNATURES);

static DISCORD: Layout = Layout::new("x-signature-ed25519", Encoding::Hex)
    .time(TimeIn::Header("x-signature-timestamp"))
    .before(&[Part::Time])
    .max_signatures(1);

impl Schemes for Ed25519Scheme {
    fn layout(self) -> &'static Layout {
        match self {
            Self::StandardWebhooks => &STANDARD_WEBHOOKS,
            Self::Svix => &SVIX,
            Self::Discord => &DISCORD,
            Self::Custom(layout) => layout,
        }
    }
}

impl sealed::Sealed for Ed25519PublicKey {}

impl Algorithm for Ed25519PublicKey {
    type Scheme = Ed25519Scheme;
}

impl sealed::Sealed for Ed25519SigningKey {}

impl Algorithm for Ed25519SigningKey {
    type Scheme = Ed25519Scheme;
}

impl Verify for Ed25519PublicKey {
    type Signature = [u8; 64];
    type Run<'a> = Ed25519Run<'a>;

    fn decode(encoding: Encoding, text: &[u8]) -> Option<[u8; 64]> {
        let mut signature = [0; 64];
        decode_exact(encoding, text, &mut signature).then_some(signature)
    }

    fn run<'a>(keys: impl Iterator<Item = &'a Entry<Self>>, signatures: Few<[u8; 64], 2>) -> Ed25519Run<'a> {
        let mut run = Ed25519Run { lanes: Few::new(), keys: 0, signatures: signatures.len() };
        for entry in keys {
            run.keys += 1;
            // What is hashed begins with R and the key, so no two of these share their work.
            for verifier in signatures.iter().filter_map(|signature| entry.key().begin(signature)) {
                run.lanes.push((entry, verifier));
            }
        }
        run
    }
}

impl Sign for Ed25519SigningKey {
    type Signed = [u8; 64];

    fn sign(&self, parts: &[&[u8]]) -> [u8; 64] {
        Self::sign(self, parts)
    }
}

/// One message under way, for all pairs of a key and a signature.
#[doc(hidden)]
pub struct Ed25519Run<'a> {
    lanes: Few<(&'a Entry<Ed25519PublicKey>, StreamVerifier), 1>,
    keys: usize,
    signatures: usize,
}

impl<'a> Run<'a> for Ed25519Run<'a> {
    fn fork(&self) -> Option<Self> {
        None
    }

    fn update(&mut self, bytes: &[u8]) {
        for (_, verifier) in self.lanes.iter_mut() {
            verifier.update(bytes);
        }
    }

    fn finish(&mut self) -> Option<&'a KeyId> {
        // Signatures are public, so the first that matches ends it.
        let lanes = core::mem::replace(&mut self.lanes, Few::new());
        let mut matching = lanes
            .into_iter()
            .filter_map(|(entry, verifier)| verifier.finalize_and_verify().is_ok().then(|| entry.id()));
        matching.next()
    }

    fn keys(&self) -> usize {
        self.keys
    }

    fn signatures(&self) -> usize {
        self.signatures
    }
}

impl KeyRing<Ed25519PublicKey> {
    /// A ring of public keys for Ed25519, which verifies. At most [`KeyRing::MAX_ACTIVE`](KeyRing::MAX_ACTIVE) of them
    /// can be active at a time.
    ///
    /// ```
    /// use webhook_sig::{Ed25519PublicKey, Ed25519Scheme, Ed25519SigningKey, KeyRing, UnixMillis};
    ///
    /// let now = UnixMillis::from_secs(1_700_000_000);
    /// let private = Ed25519SigningKey::from_seed(&[7; 32])?;
    /// let public = Ed25519PublicKey::whpk(&private.public_key().to_whpk())?;
    ///
    /// let sender = KeyRing::ed25519_signing().key("2026-11", private)?;
    /// let headers = sender.signer(Ed25519Scheme::StandardWebhooks).sign("msg_1", now, b"{}")?;
    ///
    /// let receiver = KeyRing::ed25519().key("2026-11", public)?;
    /// let verified = receiver.scheme(Ed25519Scheme::StandardWebhooks).verify(&headers, b"{}", now)?;
    /// assert_eq!(verified.key().as_str(), "2026-11");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn ed25519() -> Self {
        Self::with_max_active(Self::MAX_ACTIVE)
    }
}

impl KeyRing<Ed25519SigningKey> {
    /// A ring of private keys for Ed25519, which signs ([`KeyRing::ed25519`]).
    #[must_use]
    pub const fn ed25519_signing() -> Self {
        Self::with_max_active(Self::MAX_ACTIVE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_points_of_small_order() {
        let mut distinct = SMALL_ORDER.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 8);
        for point in SMALL_ORDER {
            assert!(VerifyingKey::from_bytes(&point).unwrap().is_weak());
            assert_eq!(Ed25519PublicKey::new(&point), Err(PublicKeyError::Weak));
        }
    }

    #[test]
    fn an_r_of_small_order_is_refused_before_anything_is_hashed() {
        let key = Ed25519SigningKey::from_seed(&[1; 32]).unwrap().public_key();
        for point in SMALL_ORDER {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&point);
            assert!(key.begin(&signature).is_none());
        }
    }
}
