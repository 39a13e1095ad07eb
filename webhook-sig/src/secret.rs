//! Key material as it is configured, stored and generated.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The prefix of a Standard Webhooks symmetric secret in text form.
const WHSEC: &str = "whsec_";

/// Secrets are pasted by hand and some consoles strip the padding, so it is optional here.
/// Signatures, which peers control, are held to the canonical form.
const BASE64_SECRET: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A symmetric secret: at least one byte, zeroed when dropped, printed as `[redacted]`, compared in
/// constant time.
///
/// How the text that a provider shows becomes key bytes differs: Standard Webhooks decodes base64
/// after `whsec_` ([`Secret::whsec`]), while GitHub, Stripe and most others use the text itself
/// ([`Secret::raw`]), even where it looks like base64 or starts with `whsec_`, as Stripe's does.
///
/// ```
/// use webhook_sig::Secret;
///
/// let standard = Secret::whsec("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// assert_eq!(standard.expose().len(), 24);
/// let github = Secret::raw("It's a Secret to Everybody")?;
/// assert_eq!(format!("{github:?}"), "[redacted]");
/// # Ok::<(), webhook_sig::SecretError>(())
/// ```
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The fewest bytes of entropy that [`Secret::generate`] takes (Standard Webhooks 1.0.0,
    /// "Signature scheme": 24 to 64 bytes).
    pub const MIN_ENTROPY: usize = 24;
    /// The most bytes of entropy that [`Secret::generate`] takes; also the block size of SHA-256,
    /// beyond which HMAC hashes the key first.
    pub const MAX_ENTROPY: usize = 64;

    /// Takes the bytes of `secret` as they are.
    ///
    /// # Errors
    /// [`SecretError::Empty`].
    pub fn raw(secret: impl AsRef<[u8]>) -> Result<Self, SecretError> {
        Self::from_vec(Zeroizing::new(secret.as_ref().to_vec()))
    }

    /// Decodes standard base64, padded or not, without surrounding white space.
    ///
    /// # Errors
    /// [`SecretError::Base64`], [`SecretError::Empty`].
    pub fn base64(text: &str) -> Result<Self, SecretError> {
        // Decoded into a buffer that is zeroed in every case, as a failure may leave a part behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(base64::decoded_len_estimate(text.len())));
        BASE64_SECRET.decode_vec(text, &mut bytes).map_err(|_| SecretError::Base64)?;
        Self::from_vec(bytes)
    }

    /// Decodes the text form of Standard Webhooks: `whsec_` and base64.
    ///
    /// # Errors
    /// [`SecretError::Prefix`] without `whsec_` (so a private `whsk_` or public `whpk_` key is never
    /// taken for a secret), else as [`Secret::base64`].
    pub fn whsec(text: &str) -> Result<Self, SecretError> {
        Self::base64(text.strip_prefix(WHSEC).ok_or(SecretError::Prefix)?)
    }

    /// A new secret from entropy that the caller drew from a cryptographic generator, 24 to 64
    /// bytes; the bytes are the secret. Zero the source afterwards if it outlives the call.
    ///
    /// # Errors
    /// [`SecretError::Entropy`] for any other length.
    pub fn generate(entropy: &[u8]) -> Result<Self, SecretError> {
        if !(Self::MIN_ENTROPY..=Self::MAX_ENTROPY).contains(&entropy.len()) {
            return Err(SecretError::Entropy);
        }
        Self::raw(entropy)
    }

    fn from_vec(bytes: Zeroizing<Vec<u8>>) -> Result<Self, SecretError> {
        if bytes.is_empty() { Err(SecretError::Empty) } else { Ok(Self(bytes)) }
    }

    /// The key bytes, for a store or another library. Keep them out of logs.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The text form of Standard Webhooks, `whsec_` and padded base64, to show to its owner once.
    #[must_use]
    pub fn to_whsec(&self) -> Zeroizing<String> {
        // With the capacity known beforehand nothing is reallocated, so no copy is left unzeroed.
        let capacity = WHSEC.len() + self.0.len().div_ceil(3) * 4;
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        text.push_str(WHSEC);
        BASE64_STANDARD.encode_string(&*self.0, &mut text);
        text
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl TryFrom<Vec<u8>> for Secret {
    type Error = SecretError;

    /// As [`Secret::raw`], without a copy.
    fn try_from(bytes: Vec<u8>) -> Result<Self, SecretError> {
        Self::from_vec(Zeroizing::new(bytes))
    }
}

/// Why a text is not a [`Secret`]. Says nothing of the text.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// No byte at all: HMAC would accept it, and so would anyone.
    Empty,
    /// Not standard base64; look for white space, a missing character or the URL-safe alphabet.
    Base64,
    /// `whsec_` does not stand in front; use [`Secret::base64`] or [`Secret::raw`] if none is meant to.
    Prefix,
    /// Entropy shorter than [`Secret::MIN_ENTROPY`] or longer than [`Secret::MAX_ENTROPY`].
    Entropy,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the secret is empty",
            Self::Base64 => "the secret is not standard base64",
            Self::Prefix => "the secret does not start with whsec_",
            Self::Entropy => "a new secret takes 24 to 64 bytes of entropy",
        })
    }
}

impl core::error::Error for SecretError {}
