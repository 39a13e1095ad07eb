//! What comes out of the verification of a message.

use std::string::{String, ToString as _};
use std::vec::Vec;

use super::params::Params;
use crate::structured_fields::{self, Bounds, Member};
use crate::verify::Verified;
use crate::{KeyId, UnixMillis};

/// What a signature that holds says, and of what: a message without its body ([`Verifier::verify_head`](super::Verifier::verify_head)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    label: String,
    /// The value of `@signature-params`.
    covered: String,
    params: Params,
    key: KeyId,
}

impl SignedHead {
    pub(super) const fn new(label: String, covered: String, params: Params, key: KeyId) -> Self {
        Self { label, covered, params, key }
    }

    /// The label of the signature that holds.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The identifiers of the components that are covered, in their order. What is not among them may have been
    /// changed on the way.
    #[must_use]
    pub fn covered(&self) -> Vec<String> {
        // What the base had, so it is a list again.
        let bounds = Bounds { members: 1, items: usize::MAX, parameters: usize::MAX, unique: true };
        match structured_fields::list(&self.covered, &bounds).as_deref() {
            Ok([Member::InnerList(covered)]) => covered.items.iter().map(|item| item.to_string()).collect(),
            _ => Vec::new(),
        }
    }

    /// What the signature says of itself.
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// When it was signed, where it says so.
    #[must_use]
    pub const fn at(&self) -> Option<UnixMillis> {
        self.params.created
    }

    /// The key that matched.
    #[must_use]
    pub const fn key(&self) -> &KeyId {
        &self.key
    }
}

/// A message that was accepted: the verified body, and what its signature covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted<B> {
    verified: Verified<B>,
    head: SignedHead,
}

impl<B> Accepted<B> {
    /// Of a body that has the digest which the head covers; `identity` is its SHA-256.
    pub(super) fn new(head: SignedHead, identity: [u8; 32], body: B) -> Self {
        let verified = Verified::by_body(body, identity, head.at(), head.key.clone());
        Self { verified, head }
    }

    /// The body.
    pub const fn verified(&self) -> &Verified<B> {
        &self.verified
    }

    /// The body, without what its signature covers.
    pub fn into_verified(self) -> Verified<B> {
        self.verified
    }

    /// The signature, and what it covers.
    pub const fn head(&self) -> &SignedHead {
        &self.head
    }

    /// As [`SignedHead::label`].
    pub fn label(&self) -> &str {
        self.head.label()
    }

    /// As [`SignedHead::covered`].
    pub fn covered(&self) -> Vec<String> {
        self.head.covered()
    }

    /// As [`SignedHead::params`].
    pub const fn params(&self) -> &Params {
        self.head.params()
    }
}
