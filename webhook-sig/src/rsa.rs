//! RSA, for verifying only (feature `rsa-verify`): ring does the arithmetic.

use alloc::vec::Vec;
use core::fmt;

use ring::signature::{self, RsaParameters, RsaPublicKeyComponents};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Reader as _, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::SignatureAlgorithm;
use crate::public_key::PublicKeyError;

/// `rsaEncryption` (RFC 3279 §2.3.1).
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-RSASSA-PSS` (RFC 4055 §3.1): a key that signs in no other way.
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// A public key of RSA with the one way of signing that it is used for: a signature made in another way does
/// not verify, whatever a message says.
///
/// The modulus has 2048 to 8192 bits. Private keys are not handled: RSA signing goes through
/// [`ExternalSigner`](crate::ExternalSigner).
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublicKey {
    scheme: Scheme,
    n: Vec<u8>,
    e: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    PssSha512,
    V15Sha256,
    V15Sha1,
}

impl Scheme {
    fn new(algorithm: SignatureAlgorithm) -> Result<Self, PublicKeyError> {
        match algorithm {
            SignatureAlgorithm::RsaPssSha512 => Ok(Self::PssSha512),
            SignatureAlgorithm::RsaV15Sha256 => Ok(Self::V15Sha256),
            SignatureAlgorithm::RsaV15Sha1 => Ok(Self::V15Sha1),
            _ => Err(PublicKeyError::Algorithm),
        }
    }

    fn parameters(self) -> &'static RsaParameters {
        match self {
            Self::PssSha512 => &signature::RSA_PSS_2048_8192_SHA512,
            Self::V15Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::V15Sha1 => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        }
    }
}

impl RsaPublicKey {
    /// From modulus and exponent, unsigned and in big-endian order.
    ///
    /// # Errors
    /// [`PublicKeyError::Algorithm`] if the algorithm is none of RSA, [`PublicKeyError::Length`] if the
    /// modulus is not of 2048 to 8192 bits or the exponent longer than 5 bytes, [`PublicKeyError::Point`] if
    /// one of them is even, or the exponent below 3.
    pub fn new(algorithm: SignatureAlgorithm, n: &[u8], e: &[u8]) -> Result<Self, PublicKeyError> {
        let scheme = Scheme::new(algorithm)?;
        let (n, e) = (without_zeros(n), without_zeros(e));
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        if !(2048..=8192).contains(&bits) || !(1..=5).contains(&e.len()) {
            return Err(PublicKeyError::Length);
        }
        let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
        if !odd(n) || !odd(e) || e == [1] {
            return Err(PublicKeyError::Point);
        }
        Ok(Self { scheme, n: n.to_vec(), e: e.to_vec() })
    }

    /// From an `RSAPublicKey` in DER (RFC 8017 §A.1.1).
    ///
    /// # Errors
    /// [`PublicKeyError::Encoding`], else as [`RsaPublicKey::new`].
    pub fn from_pkcs1_der(algorithm: SignatureAlgorithm, der: &[u8]) -> Result<Self, PublicKeyError> {
        let read = || {
            let mut reader = SliceReader::new(der)?;
            let (n, e) = reader.sequence(|reader| {
                Ok::<_, x509_cert::der::Error>((UintRef::decode(reader)?, UintRef::decode(reader)?))
            })?;
            reader.finish()?;
            Ok::<_, x509_cert::der::Error>((n, e))
        };
        let (n, e) = read().map_err(|_| PublicKeyError::Encoding)?;
        Self::new(algorithm, n.as_bytes(), e.as_bytes())
    }

    /// From a `SubjectPublicKeyInfo` in DER (RFC 4055 §1.2).
    ///
    /// # Errors
    /// [`PublicKeyError::Encoding`], [`PublicKeyError::Algorithm`] if the key itself says that it signs in another
    /// way, else as [`RsaPublicKey::new`].
    pub fn from_spki_der(algorithm: SignatureAlgorithm, der: &[u8]) -> Result<Self, PublicKeyError> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| PublicKeyError::Encoding)?;
        let oid = spki.algorithm.oid;
        if oid != RSA_ENCRYPTION && !(oid == RSASSA_PSS && algorithm == SignatureAlgorithm::RsaPssSha512) {
            return Err(PublicKeyError::Algorithm);
        }
        Self::from_pkcs1_der(algorithm, spki.subject_public_key.as_bytes().ok_or(PublicKeyError::Encoding)?)
    }

    /// From PEM: `BEGIN PUBLIC KEY` or `BEGIN RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// As [`RsaPublicKey::from_spki_der`].
    pub fn from_pem(algorithm: SignatureAlgorithm, pem: &str) -> Result<Self, PublicKeyError> {
        if let Some(der) = crate::pem::decode(pem, "PUBLIC KEY") {
            return Self::from_spki_der(algorithm, &der);
        }
        let der = crate::pem::decode(pem, "RSA PUBLIC KEY").ok_or(PublicKeyError::Encoding)?;
        Self::from_pkcs1_der(algorithm, &der)
    }

    /// The way of signing.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match self.scheme {
            Scheme::PssSha512 => SignatureAlgorithm::RsaPssSha512,
            Scheme::V15Sha256 => SignatureAlgorithm::RsaV15Sha256,
            Scheme::V15Sha1 => SignatureAlgorithm::RsaV15Sha1,
        }
    }

    /// Verifies `message`.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        RsaPublicKeyComponents { n: &self.n, e: &self.e }
            .verify(self.scheme.parameters(), message, signature)
            .is_ok()
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaPublicKey")
            .field("algorithm", &self.algorithm())
            .field("bytes", &self.n.len())
            .finish_non_exhaustive()
    }
}

fn without_zeros(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}
