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
//! | signing | [`Signer`], [`SignatureHeaders`] |
//! | where webhooks may be sent | [`ssrf`] |
//! | delivering: schedule, retries, dead letters, replay | [`delivery`] |
//! | bounds | [`Limits`], [`delivery::Limits`] |
//! | time | [`UnixMillis`] |
//! | answers to a provider that asks whether an endpoint is there | [`challenge`] |
#![cfg_attr(feature = "tower", doc = "| a `tower` layer that lets verified requests through | [`tower`] |")]
#![cfg_attr(feature = "json", doc = "| JSON out of verified bytes | [`json`] |")]
#![cfg_attr(feature = "hyper", doc = "| sending over hyper and tokio | [`hyper`] |")]
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod algorithm;
pub mod challenge;
mod constant_time;
pub mod delivery;
mod error;
mod few;
mod form;
mod headers;
mod hmac;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "json")]
pub mod json;
mod key_ring;
mod limits;
mod scheme;
mod secret;
mod sign;
pub mod ssrf;
mod time;
#[cfg(feature = "tower")]
pub mod tower;
mod verify;

pub use algorithm::{Algorithm, Sign, Verify};
pub use error::{BodyFlaw, Exceeded, Flaw, KeyRingError, Reject, SignError};
pub use headers::HeaderSource;
pub use hmac::{HmacSha1, HmacSha256};
pub use key_ring::{KeyId, KeyRing, Window};
pub use limits::Limits;
pub use scheme::{
    Encoding, Layout, Part, Scheme, Schemes, Sha1Scheme, TimeIn, TimeUnit, UnknownScheme, twilio_json_url,
};
pub use secret::{Secret, SecretError};
pub use sign::{SignatureHeaders, Signer};
pub use time::UnixMillis;
pub use verify::{
    BodyChange, Collecting, DedupeKey, Diagnosis, Explain, Pending, SignedId, Verified, Verifier,
};

/// The README's example runs as a test.
#[cfg(all(doctest, feature = "hyper", feature = "json"))]
#[doc = include_str!("../README.md")]
mod readme {}
