//! HTTP message signatures (RFC 9421), bound to the body by Content-Digest (RFC 9530) in one verification
//! (feature `rfc9421`).
//!
//! A signature covers a list of components of a message: fields, and what is derived from its target, method or
//! status. A [`Verifier`] says which it wants to see covered, and which keys count; by default `content-digest` has
//! to be among them, and the body has to have that digest, so what comes out is a [`Verified`](crate::Verified) body.
//!
//! ```
//! use webhook_sig::digest::DigestAlgorithm;
//! use webhook_sig::rfc9421::{Component, Message, Signing, Verifier};
//! use webhook_sig::{KeyRing, Secret, UnixMillis};
//!
//! let now = UnixMillis::from_secs(1_618_884_473);
//! let secret = Secret::raw("a secret of both sides, of 32 bytes or more")?;
//!
//! // The sender.
//! let body = br#"{"hello": "world"}"#;
//! let mut headers = vec![
//!     ("host".to_owned(), "example.com".to_owned()),
//!     ("content-digest".to_owned(), DigestAlgorithm::Sha256.field(body)),
//! ];
//! let covered = [Component::parse("@method")?, Component::parse("@target-uri")?, Component::parse("content-digest")?];
//! let fields = Signing::new("sig1", covered)?
//!     .created(now)
//!     .keyid("k1")?
//!     .sign(&Message::request("POST", "/foo", &headers), &secret.clone().into())?;
//! headers.extend(fields);
//!
//! // The receiver.
//! let ring = KeyRing::messages().key("k1", secret)?;
//! let verifier = Verifier::new(&ring).require([Component::parse("@method")?, Component::parse("@target-uri")?]);
//! let accepted = verifier.verify(&Message::request("POST", "/foo", &headers), body, now)?;
//! assert_eq!(accepted.label(), "sig1");
//! assert_eq!(accepted.into_verified().body(), &body);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accept;
mod accepted;
mod base;
mod component;
mod error;
mod key;
mod limits;
mod message;
mod params;
mod pending;
mod sign;
mod verify;

pub use accept::{Accept, Request};
pub use accepted::{Accepted, SignedHead};
pub use base::{StructuredType, signature_base};
pub use component::{Component, ComponentError};
pub use error::{Exceeded, Reject, SignError};
pub use key::{MessageKey, MessageSigningKey};
pub use limits::Limits;
pub use message::Message;
pub use params::Params;
pub use pending::{Collecting, Pending};
pub use sign::{SignatureFields, Signing};
pub use verify::{Binding, Verifier};
