//! Certificates that the caller supplies (feature `rsa-verify`).

use alloc::vec::Vec;
use core::fmt;

use x509_cert::der::{Decode as _, Encode as _};

use crate::algorithm::{Algorithm, sealed};
use crate::public_key::PublicKeyError;
use crate::rsa::RsaPublicKey;
use crate::scheme::NoScheme;
use crate::{KeyRing, SignatureAlgorithm, UnixMillis};

/// The most bytes of a certificate: those of the providers have about 2 KiB. Stops a file that is long to parse.
pub const MAX_CERTIFICATE: usize = 16 * 1024;

/// An X.509 certificate of an RSA key (RFC 5280), as AWS SNS and PayPal name one in each message.
///
/// It is the caller who fetched it over TLS from an address that was checked first
/// ([`sns::CertUrl`](crate::sns::CertUrl), [`paypal::CertUrl`](crate::paypal::CertUrl)) and who trusts it: neither its
/// issuer nor its revocation is looked at here. Outside its own validity it verifies nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    spki: Vec<u8>,
    from: UnixMillis,
    until: UnixMillis,
}

impl Certificate {
    /// From DER.
    ///
    /// # Errors
    /// [`PublicKeyError::Length`] beyond [`MAX_CERTIFICATE`], [`PublicKeyError::Encoding`] if it is none,
    /// else as [`RsaPublicKey::from_spki_der`].
    pub fn from_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        if der.len() > MAX_CERTIFICATE {
            return Err(PublicKeyError::Length);
        }
        let certificate = x509_cert::Certificate::from_der(der).map_err(|_| PublicKeyError::Encoding)?;
        let tbs = certificate.tbs_certificate();
        let spki = tbs.subject_public_key_info().to_der().map_err(|_| PublicKeyError::Encoding)?;
        // It has to be one of RSA, of a size that will verify.
        RsaPublicKey::from_spki_der(SignatureAlgorithm::RsaV15Sha256, &spki)?;
        let time = |time: x509_cert::time::Time| UnixMillis::EPOCH + time.to_unix_duration();
        let (from, until) = (time(tbs.validity().not_before), time(tbs.validity().not_after));
        // `notAfter` is the last second in which it is valid (RFC 5280 §4.1.2.5).
        Ok(Self { spki, from, until: until + core::time::Duration::from_secs(1) })
    }

    /// From PEM: the first `BEGIN CERTIFICATE`, which is that of the signer where a chain is given.
    ///
    /// # Errors
    /// As [`Certificate::from_der`].
    pub fn from_pem(pem: &str) -> Result<Self, PublicKeyError> {
        // Four characters of text for three bytes, and as much again for what may stand around the block.
        if pem.len() > 4 * MAX_CERTIFICATE {
            return Err(PublicKeyError::Length);
        }
        Self::from_der(&crate::pem::decode(pem, "CERTIFICATE").ok_or(PublicKeyError::Encoding)?)
    }

    /// When it begins to be valid.
    #[must_use]
    pub const fn valid_from(&self) -> UnixMillis {
        self.from
    }

    /// When it is no longer valid.
    #[must_use]
    pub const fn valid_until(&self) -> UnixMillis {
        self.until
    }

    /// Whether it is valid at `now`.
    #[must_use]
    pub fn is_valid(&self, now: UnixMillis) -> bool {
        self.from <= now && now < self.until
    }

    /// Its key, for one way of signing.
    ///
    /// # Errors
    /// [`PublicKeyError::Algorithm`] if the algorithm is none of RSA.
    pub fn public_key(&self, algorithm: SignatureAlgorithm) -> Result<RsaPublicKey, PublicKeyError> {
        RsaPublicKey::from_spki_der(algorithm, &self.spki)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("from", &self.from)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

impl sealed::Sealed for Certificate {}

/// In a ring for [`sns::Verifier`](crate::sns::Verifier) and [`paypal::Verifier`](crate::paypal::Verifier).
impl Algorithm for Certificate {
    type Scheme = NoScheme;
}

impl KeyRing<Certificate> {
    /// A ring of certificates, for SNS and PayPal. Name each as its URL, and only the one that a message names is tried.
    #[must_use]
    pub const fn certificates() -> Self {
        Self::with_max_active(Self::MAX_ACTIVE)
    }
}
