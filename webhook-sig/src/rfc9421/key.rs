//! Keys for messages: each has one of the six algorithms of RFC 9421 §3.3.

use std::fmt;
use std::vec::Vec;

use crate::algorithm::{Algorithm, Sign as _, sealed};
use crate::scheme::NoScheme;
use crate::{HmacSha256, KeyRing, Secret, SignatureAlgorithm, constant_time};

/// A key that verifies messages. Its algorithm belongs to it: `alg` in a message can only agree.
///
/// ```
/// use webhook_sig::rfc9421::MessageKey;
/// use webhook_sig::{Secret, SignatureAlgorithm};
///
/// let key = MessageKey::from(Secret::raw("a secret of both sides, of 32 bytes or more")?);
/// assert_eq!(key.algorithm(), SignatureAlgorithm::HmacSha256);
/// # Ok::<(), webhook_sig::SecretError>(())
/// ```
#[derive(Clone)]
pub struct MessageKey(Verifying);

#[derive(Clone)]
enum Verifying {
    Hmac(HmacSha256),
    #[cfg(any(feature = "ed25519", feature = "p256", feature = "rsa-verify"))]
    Public(crate::PublicKey),
}

impl MessageKey {
    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match &self.0 {
            Verifying::Hmac(_) => SignatureAlgorithm::HmacSha256,
            #[cfg(any(feature = "ed25519", feature = "p256", feature = "rsa-verify"))]
            Verifying::Public(key) => key.algorithm(),
        }
    }

    pub(super) fn verify(&self, base: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Verifying::Hmac(hmac) => constant_time::equal(&hmac.sign(&[base]), signature).into(),
            #[cfg(any(feature = "ed25519", feature = "p256", feature = "rsa-verify"))]
            Verifying::Public(key) => {
                // SHA-1 is there for one provider's old messages, and has no name in RFC 9421.
                key.algorithm() != SignatureAlgorithm::RsaV15Sha1 && key.verify(base, signature)
            }
        }
    }
}

impl fmt::Debug for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MessageKey").field(&self.algorithm()).finish()
    }
}

impl From<Secret> for MessageKey {
    fn from(secret: Secret) -> Self {
        Self(Verifying::Hmac(secret.into()))
    }
}

#[cfg(any(feature = "ed25519", feature = "p256", feature = "rsa-verify"))]
impl<K: Into<crate::PublicKey>> From<K> for MessageKey {
    fn from(key: K) -> Self {
        Self(Verifying::Public(key.into()))
    }
}

/// A key that signs messages: `hmac-sha256`, and where the features are on `ed25519`, `ecdsa-p256-sha256` and
/// `ecdsa-p384-sha384`. RSA signs through [`ExternalSigner`](crate::ExternalSigner).
#[derive(Clone)]
pub struct MessageSigningKey(Private);

#[derive(Clone)]
enum Private {
    Hmac(HmacSha256),
    #[cfg(feature = "ed25519")]
    Ed25519(crate::Ed25519SigningKey),
    #[cfg(feature = "p256")]
    Ecdsa(crate::EcdsaSigningKey),
}

impl MessageSigningKey {
    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match &self.0 {
            Private::Hmac(_) => SignatureAlgorithm::HmacSha256,
            #[cfg(feature = "ed25519")]
            Private::Ed25519(_) => SignatureAlgorithm::Ed25519,
            #[cfg(feature = "p256")]
            Private::Ecdsa(key) => key.algorithm(),
        }
    }

    pub(super) fn sign(&self, base: &[u8]) -> Vec<u8> {
        match &self.0 {
            Private::Hmac(hmac) => hmac.sign(&[base]).to_vec(),
            #[cfg(feature = "ed25519")]
            Private::Ed25519(key) => key.sign(&[base]).to_vec(),
            #[cfg(feature = "p256")]
            Private::Ecdsa(key) => key.sign(&[base]),
        }
    }
}

impl fmt::Debug for MessageSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageSigningKey({}, [redacted])", self.algorithm())
    }
}

impl From<Secret> for MessageSigningKey {
    fn from(secret: Secret) -> Self {
        Self(Private::Hmac(secret.into()))
    }
}

#[cfg(feature = "ed25519")]
impl From<crate::Ed25519SigningKey> for MessageSigningKey {
    fn from(key: crate::Ed25519SigningKey) -> Self {
        Self(Private::Ed25519(key))
    }
}

#[cfg(feature = "p256")]
impl From<crate::EcdsaSigningKey> for MessageSigningKey {
    fn from(key: crate::EcdsaSigningKey) -> Self {
        Self(Private::Ecdsa(key))
    }
}

impl sealed::Sealed for MessageKey {}

/// In a ring for a [`Verifier`](super::Verifier).
impl Algorithm for MessageKey {
    type Scheme = NoScheme;
}

impl KeyRing<MessageKey> {
    /// A ring of keys for messages, of any algorithm each; a key's name is its `keyid`.
    #[must_use]
    pub const fn messages() -> Self {
        Self::with_max_active(Self::MAX_ACTIVE)
    }
}
