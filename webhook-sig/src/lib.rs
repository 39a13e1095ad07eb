//! Webhooks without I/O: sign and verify them, deliver them with retries, dead letters and replay.
//!
//! A webhook is an HTTP request that its sender signs, because anyone can reach the URL. This crate
//! holds the two halves: a receiver that lets only verified bytes through, and a sender that keeps
//! trying. Both are plain data and functions: bytes, headers and the present time go in; decisions come
//! out. No socket, clock or source of randomness is touched outside the adapter features.
//!
//! ```
//! use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};
//!
//! let ring = KeyRing::new()
//!     .hmac("2026-11", Secret::whsec("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?)?;
//! let now = UnixMillis::from_secs(1_614_265_330);
//!
//! // The sender:
//! let headers = ring.signer(Scheme::StandardWebhooks).sign("msg_1", now, b"{}")?;
//!
//! // The receiver: `headers` would be an `http::HeaderMap`, `body` the bytes as they arrived.
//! let verified = ring.scheme(Scheme::StandardWebhooks).verify(&headers, b"{}", now)?;
//! assert_eq!(verified.id().map(|id| id.as_str()), Some("msg_1"));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Map
//! | what | where |
//! |---|---|
//! | secrets, keys and their rotation | [`Secret`], [`KeyRing`], [`HmacSha256`], [`HmacSha1`], [`Window`], [`KeyId`] |
//! | what is on the wire | [`Scheme`], [`Sha1Scheme`], [`Layout`], [`HeaderSource`] |
//! | verifying, in one go or while the body arrives | [`Verifier`], [`Pending`], [`Collecting`] |
//! | what a verification yields | [`Verified`], [`SignedId`], [`DedupeKey`] |
//! | why it was refused | [`Reject`], [`Explain`], [`Diagnosis`] |
//! | signing, here or elsewhere | [`Signer`], [`SignatureHeaders`], [`ExternalSigner`] |
//! | where webhooks may be sent | [`ssrf`] |
//! | delivering: schedule, retries, dead letters, replay | [`delivery`] |
//! | bounds | [`Limits`], [`delivery::Limits`] |
//! | time | [`UnixMillis`] |
//! | answers to a provider that asks whether an endpoint is there | [`challenge`] |
#![cfg_attr(feature = "tower", doc = "| a `tower` layer that lets verified requests through | [`tower`] |")]
#![cfg_attr(
    feature = "ed25519",
    doc = "| keys of Ed25519 | [`Ed25519PublicKey`], [`Ed25519SigningKey`], [`Ed25519Scheme`] |"
)]
#![cfg_attr(feature = "p256", doc = "| keys of ECDSA | [`EcdsaPublicKey`], [`EcdsaSigningKey`] |")]
#![cfg_attr(
    feature = "rsa-verify",
    doc = "| keys of RSA, certificates | [`RsaPublicKey`], [`Certificate`] |"
)]
#![cfg_attr(feature = "rsa-verify", doc = "| PayPal and AWS SNS | [`paypal`], [`sns`] |")]
#![cfg_attr(feature = "rfc9421", doc = "| message signatures, digests | [`rfc9421`], [`digest`] |")]
#![cfg_attr(feature = "json", doc = "| JSON out of verified bytes | [`json`] |")]
#![cfg_attr(feature = "hyper", doc = "| sending over hyper and tokio | [`hyper`] |")]
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod algorithm;
#[cfg(feature = "rsa-verify")]
mod certificate;
pub mod challenge;
mod constant_time;
#[cfg(feature = "rsa-verify")]
mod date;
pub mod delivery;
#[cfg(feature = "rfc9421")]
pub mod digest;
#[cfg(feature = "p256")]
mod ecdsa;
#[cfg(feature = "ed25519")]
mod ed25519;
mod error;
mod external;
mod few;
mod form;
mod headers;
mod hmac;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "json")]
pub mod json;
#[cfg(all(feature = "json", any(feature = "ed25519", feature = "p256", feature = "rsa-verify")))]
mod jwks;
mod key_ring;
mod limits;
mod midstate;
#[cfg(feature = "rsa-verify")]
pub mod paypal;
#[cfg(any(feature = "ed25519", feature = "p256", feature = "rsa-verify"))]
mod pem;
#[cfg(any(feature = "ed25519", feature = "p256", feature = "rsa-verify"))]
mod public_key;
#[cfg(feature = "rfc9421")]
pub mod rfc9421;
#[cfg(feature = "rsa-verify")]
mod rsa;
mod scheme;
mod secret;
mod sign;
mod signature_algorithm;
#[cfg(feature = "rsa-verify")]
pub mod sns;
pub mod ssrf;
#[cfg(feature = "rfc9421")]
mod structured_fields;
mod time;
#[cfg(feature = "tower")]
pub mod tower;
mod verify;

pub use algorithm::{Algorithm, Sign, Verify};
#[cfg(feature = "rsa-verify")]
pub use certificate::{Certificate, MAX_CERTIFICATE};
#[cfg(feature = "p256")]
pub use ecdsa::{EcdsaPublicKey, EcdsaSigningKey, ecdsa_signature_from_der};
#[cfg(feature = "ed25519")]
pub use ed25519::{Ed25519PublicKey, Ed25519Scheme, Ed25519SigningKey};
pub use error::{BodyFlaw, Exceeded, Flaw, KeyRingError, Reject, SignError};
pub use external::{ExternalError, ExternalSigner, PreHash, ToSign};
pub use headers::HeaderSource;
pub use hmac::{HmacSha1, HmacSha256};
#[cfg(all(feature = "json", any(feature = "ed25519", feature = "p256", feature = "rsa-verify")))]
pub use jwks::{JwkFlaw, Jwks, JwksError, JwksLimits};
pub use key_ring::{KeyId, KeyRing, Window};
pub use limits::Limits;
#[cfg(any(feature = "ed25519", feature = "p256", feature = "rsa-verify"))]
pub use public_key::{PublicKey, PublicKeyError};
#[cfg(feature = "rsa-verify")]
pub use rsa::RsaPublicKey;
pub use scheme::{
    Encoding, Layout, NoScheme, Part, Scheme, Schemes, Sha1Scheme, TimeIn, TimeUnit, UnknownScheme,
    twilio_json_url,
};
pub use secret::{Secret, SecretError};
pub use sign::{SignatureHeaders, Signer};
pub use signature_algorithm::SignatureAlgorithm;
pub use time::UnixMillis;
pub use verify::{
    BodyChange, Collecting, DedupeKey, Diagnosis, Explain, Pending, SignedId, Verified, Verifier,
};

/// The README's example runs as a test.
#[cfg(all(doctest, feature = "ed25519", feature = "hyper", feature = "json", feature = "rfc9421"))]
#[doc = include_str!("../README.md")]
mod readme {}
