//! The body of a message whose signature holds, on its way.

use std::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::accepted::{Accepted, SignedHead};
use super::error::{Exceeded, Reject};
use super::params::Params;
use crate::digest::{Check, Digests};

/// The SHA-256 of a body, which tells it from others.
pub(super) fn sha256(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// A message whose signature holds and whose body is on its way ([`Verifier::begin`](super::Verifier::begin)): hand it the
/// body in pieces of any size. Nothing of it may be acted upon before [`Pending::finish`].
#[derive(Clone, Debug)]
pub struct Pending {
    head: SignedHead,
    /// None where nothing but an empty body is let through.
    digest: Option<Check>,
    /// The SHA-256 of the body, for the dedupe key, where the message does not give it.
    identity: Option<Sha256>,
    body: usize,
    max_body: usize,
}

impl Pending {
    pub(super) fn new(head: SignedHead, digests: Option<&Digests>, max_body: usize) -> Self {
        let given = digests.is_some_and(|digests| digests.sha256().is_some());
        Self {
            head,
            digest: digests.map(Digests::begin),
            identity: (!given).then(Sha256::new),
            body: 0,
            max_body,
        }
    }

    /// What the signature says of itself: a nonce can be looked up while the body arrives.
    #[must_use]
    pub const fn params(&self) -> &Params {
        self.head.params()
    }

    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// [`Reject::Limit`] once the body is longer than [`Limits::max_body`](super::Limits::max_body); then, and whenever
    /// called after that.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Reject> {
        self.body = self.body.saturating_add(chunk.len());
        self.check_size()?;
        if let Some(digest) = &mut self.digest {
            digest.update(chunk);
        }
        if let Some(identity) = &mut self.identity {
            identity.update(chunk);
        }
        Ok(())
    }

    /// Ends the body and compares its digests.
    ///
    /// # Errors
    /// [`Reject::Digest`], or again what [`Pending::update`] said.
    pub fn finish(self) -> Result<Accepted<()>, Reject> {
        self.finish_with(())
    }

    /// Keeps the body while it is verified, to get it out as `Verified<Vec<u8>>`.
    #[must_use]
    pub fn collect(self) -> Collecting {
        Collecting { pending: self, body: Vec::new() }
    }

    fn finish_with<B>(self, body: B) -> Result<Accepted<B>, Reject> {
        self.check_size()?;
        let given = match self.digest {
            Some(digest) => {
                let given = digest.expected_sha256();
                digest.finish().map_err(Reject::Digest)?;
                given
            }
            None if self.body == 0 => None,
            None => return Err(Reject::body_not_covered()),
        };
        // The digest that was compared is that of the body.
        let identity = given.unwrap_or_else(|| self.identity.unwrap_or_default().finalize().into());
        Ok(Accepted::new(self.head, identity, body))
    }

    fn check_size(&self) -> Result<(), Reject> {
        let max = self.max_body;
        if self.body > max { Err(Reject::Limit(Exceeded::Body { max })) } else { Ok(()) }
    }
}

/// A message under way that keeps the body ([`Pending::collect`]).
#[derive(Clone, Debug)]
pub struct Collecting {
    pending: Pending,
    body: Vec<u8>,
}

impl Collecting {
    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// As [`Pending::update`].
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Reject> {
        self.pending.update(chunk)?;
        self.body.extend_from_slice(chunk);
        Ok(())
    }

    /// Ends the body and compares its digests.
    ///
    /// # Errors
    /// As [`Pending::finish`].
    pub fn finish(self) -> Result<Accepted<Vec<u8>>, Reject> {
        self.pending.finish_with(self.body)
    }
}
