//! ECDSA over P-256 with SHA-256 and over P-384 with SHA-384 (feature `p256`).
//!
//! Signatures are r and s side by side, each as long as the curve's order (RFC 9421 §3.3.4, §3.3.5), not DER.

use alloc::vec::Vec;
use core::fmt;

use p256::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use p256::pkcs8::DecodePublicKey as _;
use sha2::{Digest, Sha256, Sha384};

use crate::SignatureAlgorithm;
use crate::public_key::PublicKeyError;

/// A public key of ECDSA.
///
/// ```
/// use webhook_sig::{EcdsaSigningKey, SignatureAlgorithm};
///
/// let key = EcdsaSigningKey::p256(&[7; 32])?;
/// let signature = key.sign(&[b"hello"]);
/// assert!(key.public_key().verify(&[b"hello"], &signature));
/// assert_eq!(key.public_key().algorithm(), SignatureAlgorithm::EcdsaP256Sha256);
/// # Ok::<(), webhook_sig::PublicKeyError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EcdsaPublicKey(Public);

#[derive(Clone, PartialEq, Eq)]
enum Public {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
}

impl EcdsaPublicKey {
    /// A key for P-256 from a point in the form of SEC 1 §2.3.3, compressed or not.
    ///
    /// # Errors
    /// [`PublicKeyError::Point`].
    pub fn p256(sec1: &[u8]) -> Result<Self, PublicKeyError> {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(sec1).map_err(|_| PublicKeyError::Point)?;
        Ok(Self(Public::P256(key)))
    }

    /// A key for P-384 from a point in the form of SEC 1 §2.3.3, compressed or not.
    ///
    /// # Errors
    /// [`PublicKeyError::Point`].
    pub fn p384(sec1: &[u8]) -> Result<Self, PublicKeyError> {
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(sec1).map_err(|_| PublicKeyError::Point)?;
        Ok(Self(Public::P384(key)))
    }

    /// From a `SubjectPublicKeyInfo` in DER (RFC 5480 §2), which names the curve.
    ///
    /// # Errors
    /// [`PublicKeyError::Encoding`] if it is none, or of neither curve.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        if let Ok(key) = p256::ecdsa::VerifyingKey::from_public_key_der(der) {
            return Ok(Self(Public::P256(key)));
        }
        let key =
            p384::ecdsa::VerifyingKey::from_public_key_der(der).map_err(|_| PublicKeyError::Encoding)?;
        Ok(Self(Public::P384(key)))
    }

    /// From a `SubjectPublicKeyInfo` in PEM (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    /// As [`EcdsaPublicKey::from_spki_der`].
    pub fn from_spki_pem(pem: &str) -> Result<Self, PublicKeyError> {
        Self::from_spki_der(&crate::pem::decode(pem, "PUBLIC KEY").ok_or(PublicKeyError::Encoding)?)
    }

    /// The algorithm, which follows from the curve.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self.0 {
            Public::P256(_) => SignatureAlgorithm::EcdsaP256Sha256,
            Public::P384(_) => SignatureAlgorithm::EcdsaP384Sha384,
        }
    }

    /// Verifies the concatenation of `parts`.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        match &self.0 {
            Public::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest::<Sha256>(parts), &signature).is_ok()),
            Public::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_prehash(&digest::<Sha384>(parts), &signature).is_ok()),
        }
    }
}

impl fmt::Debug for EcdsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EcdsaPublicKey").field(&self.algorithm()).finish()
    }
}

/// A private key of ECDSA: zeroed when dropped, printed as `[redacted]`. Signatures are deterministic
/// (RFC 6979), so none needs randomness.
#[derive(Clone)]
pub struct EcdsaSigningKey(Private);

#[derive(Clone)]
enum Private {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl EcdsaSigningKey {
    /// A key for P-256 from its scalar, 32 bytes in big-endian order.
    ///
    /// # Errors
    /// [`PublicKeyError::Length`], [`PublicKeyError::Point`] if it is zero or too large.
    pub fn p256(scalar: &[u8]) -> Result<Self, PublicKeyError> {
        let scalar: &[u8; 32] = scalar.try_into().map_err(|_| PublicKeyError::Length)?;
        let key = p256::ecdsa::SigningKey::from_slice(scalar).map_err(|_| PublicKeyError::Point)?;
        Ok(Self(Private::P256(key)))
    }

    /// A key for P-384 from its scalar, 48 bytes in big-endian order.
    ///
    /// # Errors
    /// [`PublicKeyError::Length`], [`PublicKeyError::Point`] if it is zero or too large.
    pub fn p384(scalar: &[u8]) -> Result<Self, PublicKeyError> {
        let scalar: &[u8; 48] = scalar.try_into().map_err(|_| PublicKeyError::Length)?;
        let key = p384::ecdsa::SigningKey::from_slice(scalar).map_err(|_| PublicKeyError::Point)?;
        Ok(Self(Private::P384(key)))
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> EcdsaPublicKey {
        EcdsaPublicKey(match &self.0 {
            Private::P256(key) => Public::P256(*key.verifying_key()),
            Private::P384(key) => Public::P384(*key.verifying_key()),
        })
    }

    /// The algorithm, which follows from the curve.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self.0 {
            Private::P256(_) => SignatureAlgorithm::EcdsaP256Sha256,
            Private::P384(_) => SignatureAlgorithm::EcdsaP384Sha384,
        }
    }

    /// Signs the concatenation of `parts`.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]]) -> Vec<u8> {
        #[expect(
            clippy::expect_used,
            reason = "it fails for a digest shorter than half the order, and these are as long as it"
        )]
        match &self.0 {
            Private::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash(&digest::<Sha256>(parts)).expect("a signature");
                signature.to_bytes().to_vec()
            }
            Private::P384(key) => {
                let signature: p384::ecdsa::Signature =
                    key.sign_prehash(&digest::<Sha384>(parts)).expect("a signature");
                signature.to_bytes().to_vec()
            }
        }
    }
}

impl fmt::Debug for EcdsaSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EcdsaSigningKey([redacted])")
    }
}

/// The signature in the form that goes on the wire, from the DER that key services give (`ECDSA-Sig-Value`,
/// RFC 3279 §2.2.3). `None` if it is none of this algorithm.
///
/// ```
/// use webhook_sig::{SignatureAlgorithm, ecdsa_signature_from_der};
///
/// let der = [0x30, 6, 2, 1, 5, 2, 1, 6];
/// let fixed = ecdsa_signature_from_der(SignatureAlgorithm::EcdsaP256Sha256, &der).unwrap();
/// assert_eq!((fixed.len(), fixed[31], fixed[63]), (64, 5, 6));
/// ```
#[must_use]
pub fn ecdsa_signature_from_der(algorithm: SignatureAlgorithm, der: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => {
            p256::ecdsa::Signature::from_der(der).ok().map(|signature| signature.to_bytes().to_vec())
        }
        SignatureAlgorithm::EcdsaP384Sha384 => {
            p384::ecdsa::Signature::from_der(der).ok().map(|signature| signature.to_bytes().to_vec())
        }
        _ => None,
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut digest = D::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize()
}
