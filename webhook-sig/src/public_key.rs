//! Public keys of any kind, and why bytes are none.

use core::fmt;

use crate::SignatureAlgorithm;

/// A public key of any kind that the features turned on can verify with. It has one algorithm.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Feature `ed25519`.
    #[cfg(feature = "ed25519")]
    Ed25519(crate::Ed25519PublicKey),
    /// Feature `p256`.
    #[cfg(feature = "p256")]
    Ecdsa(crate::EcdsaPublicKey),
    /// Feature `rsa-verify`.
    #[cfg(feature = "rsa-verify")]
    Rsa(crate::RsaPublicKey),
}

impl PublicKey {
    /// The algorithm, which belongs to the key.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            #[cfg(feature = "ed25519")]
            Self::Ed25519(_) => SignatureAlgorithm::Ed25519,
            #[cfg(feature = "p256")]
            Self::Ecdsa(key) => key.algorithm(),
            #[cfg(feature = "rsa-verify")]
            Self::Rsa(key) => key.algorithm(),
        }
    }

    /// Verifies `message`.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            #[cfg(feature = "ed25519")]
            Self::Ed25519(key) => key.verify(&[message], signature),
            #[cfg(feature = "p256")]
            Self::Ecdsa(key) => key.verify(&[message], signature),
            #[cfg(feature = "rsa-verify")]
            Self::Rsa(key) => key.verify(message, signature),
        }
    }
}

#[cfg(feature = "ed25519")]
impl From<crate::Ed25519PublicKey> for PublicKey {
    fn from(key: crate::Ed25519PublicKey) -> Self {
        Self::Ed25519(key)
    }
}

#[cfg(feature = "p256")]
impl From<crate::EcdsaPublicKey> for PublicKey {
    fn from(key: crate::EcdsaPublicKey) -> Self {
        Self::Ecdsa(key)
    }
}

#[cfg(feature = "rsa-verify")]
impl From<crate::RsaPublicKey> for PublicKey {
    fn from(key: crate::RsaPublicKey) -> Self {
        Self::Rsa(key)
    }
}

/// Why bytes or a text are not a key. Says nothing of them, as they may be private.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKeyError {
    /// The prefix of its text form (`whpk_`, `whsk_`) is not there.
    Prefix,
    /// Not base64, hexadecimal, DER or PEM of such a key.
    Encoding,
    /// Too short or too long.
    Length,
    /// Of the right form, and not a key: no point of the curve, a scalar that is zero, an even modulus, a
    /// public half that belongs to another private one.
    Point,
    /// A point of small order, under which forgeries verify (RUSTSEC-2022-0093 is of this family).
    Weak,
    /// The key cannot be used with this algorithm.
    Algorithm,
}

impl fmt::Display for PublicKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "the key does not start with its prefix",
            Self::Encoding => "the key is not encoded as expected",
            Self::Length => "the key has another length",
            Self::Point => "the bytes are not a key",
            Self::Weak => "the key is of small order and would verify forgeries",
            Self::Algorithm => "the key cannot be used with this algorithm",
        })
    }
}

impl core::error::Error for PublicKeyError {}
