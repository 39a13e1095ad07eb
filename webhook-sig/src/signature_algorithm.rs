//! The algorithms of signatures, by name.

use core::fmt;

/// What a key signs or verifies with. A key has exactly one, which no message can change.
///
/// The names are those of RFC 9421 §6.2.2.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureAlgorithm {
    /// `hmac-sha256` (RFC 9421 §3.3.3).
    HmacSha256,
    /// `ed25519` (RFC 9421 §3.3.6).
    Ed25519,
    /// `ecdsa-p256-sha256` (RFC 9421 §3.3.4); the signature is r and s, 32 bytes each.
    EcdsaP256Sha256,
    /// `ecdsa-p384-sha384` (RFC 9421 §3.3.5); the signature is r and s, 48 bytes each.
    EcdsaP384Sha384,
    /// `rsa-pss-sha512` (RFC 9421 §3.3.1), with a salt of 64 bytes.
    RsaPssSha512,
    /// `rsa-v1_5-sha256` (RFC 9421 §3.3.2).
    RsaV15Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-1: `SignatureVersion` 1 of AWS SNS, and nothing else. It has no name in
    /// RFC 9421 and verifies no message there.
    RsaV15Sha1,
}

impl SignatureAlgorithm {
    /// The name in RFC 9421's registry; `rsa-v1_5-sha1`, which is not in it, for the last.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::RsaPssSha512 => "rsa-pss-sha512",
            Self::RsaV15Sha256 => "rsa-v1_5-sha256",
            Self::RsaV15Sha1 => "rsa-v1_5-sha1",
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
