//! The state machine of a verification: begin, update, finish.

use alloc::vec::Vec;
use core::fmt;

use hmac::digest::block_api::UpdateCore as _;
use sha2::{Digest as _, Sha256};
use subtle::Choice;

use super::explain::Explain;
use super::verified::{SignedId, Verified};
use crate::UnixMillis;
use crate::constant_time;
use crate::error::{Exceeded, Reject};
use crate::few::Few;
use crate::key_ring::{BlockBuffer, HmacState, Key, Mac, finalize};
use crate::scheme::Claims;

/// Keys whose state is held inline. A rotation has two; from the third on they go to the heap.
const INLINE_KEYS: usize = 2;

/// A verification under way ([`Verifier::begin`](super::Verifier::begin)): hand it the body as it
/// arrives, in pieces of any size. It holds at most 512 bytes, whatever the size of the body, as long
/// as at most two keys are active and the sender lists at most two signatures.
///
/// Nothing of the body may be acted upon before [`Pending::finish`]. To get the body itself out of the
/// verification, use [`Pending::collect`].
///
/// ```
/// use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};
///
/// let ring = KeyRing::new().hmac("k", Secret::raw("It's a Secret to Everybody")?)?;
/// let headers = [(
///     "X-Hub-Signature-256",
///     "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
/// )];
/// let mut pending = ring.scheme(Scheme::GitHub).begin(&headers, UnixMillis::EPOCH)?;
/// pending.update(b"Hello, ")?;
/// pending.update(b"World!")?;
/// assert_eq!(pending.finish()?.key().as_str(), "k");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Pending<'a> {
    identity: Identity<'a>,
    at: Option<UnixMillis>,
    signatures: Few<Mac, 2>,
    garbled: u16,
    foreign: u16,
    lanes: Few<Lane<'a>, INLINE_KEYS>,
    buffer: BlockBuffer,
    body: usize,
    max_body: usize,
}

/// What will tell this event from others.
enum Identity<'a> {
    Id(&'a str),
    /// Where no id is signed, the digest of the body.
    Body(Sha256),
}

/// The HMAC of one key; all of them run over the same bytes.
struct Lane<'a> {
    key: &'a Key,
    hmac: HmacState,
}

impl<'a> Pending<'a> {
    #[inline]
    pub(super) fn new(claims: Claims<'a>, keys: impl Iterator<Item = &'a Key>, max_body: usize) -> Self {
        let mut pending = Self {
            identity: claims.id.map_or_else(|| Identity::Body(Sha256::new()), Identity::Id),
            at: claims.timestamp.as_ref().map(|timestamp| timestamp.at),
            signatures: claims.list.signatures,
            // Counts for a log.
            garbled: claims.list.garbled.try_into().unwrap_or(u16::MAX),
            foreign: claims.list.foreign.try_into().unwrap_or(u16::MAX),
            lanes: Few::new(),
            buffer: BlockBuffer::default(),
            body: 0,
            max_body,
        };
        for key in keys {
            pending.lanes.push(Lane { key, hmac: key.hmac() });
        }
        if let Some(id) = claims.id {
            pending.absorb(id.as_bytes());
            pending.absorb(b".");
        }
        if let Some(timestamp) = &claims.timestamp {
            pending.absorb(timestamp.digits);
            pending.absorb(b".");
        }
        pending
    }

    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// [`Reject::Limit`] once the body is longer than
    /// [`Limits::max_body`](crate::Limits::max_body); then, and whenever called after that.
    #[inline]
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Reject> {
        self.body = self.body.saturating_add(chunk.len());
        self.check_size()?;
        self.absorb(chunk);
        if let Identity::Body(digest) = &mut self.identity {
            digest.update(chunk);
        }
        Ok(())
    }

    /// Ends the body and compares, in constant time.
    ///
    /// # Errors
    /// [`Reject::NoMatch`], or again what [`Pending::update`] said.
    pub fn finish(self) -> Result<Verified<()>, Reject> {
        self.finish_with(())
    }

    /// As [`Pending::finish`]; what is verified is `body`, which the caller has handed in by pieces.
    #[inline]
    pub(super) fn finish_with<B>(mut self, body: B) -> Result<Verified<B>, Reject> {
        self.check_size()?;
        for lane in self.lanes.iter_mut() {
            let expected = finalize(&mut lane.hmac, self.buffer.clone());
            // Every signature is compared, so the time taken does not tell at which one it ended.
            let matched = self.signatures.iter().fold(Choice::from(0), |matched, signature| {
                matched | constant_time::equal(&expected, signature)
            });
            if matched.into() {
                let key = lane.key.id().clone();
                return match self.identity {
                    Identity::Body(digest) => {
                        Ok(Verified::by_body(body, digest.finalize().into(), self.at, key))
                    }
                    Identity::Id(id) => SignedId::new(id)
                        .map(|id| Verified::by_id(body, id, self.at, key))
                        // Never: `scheme::read` holds ids to this length.
                        .ok_or(Reject::Limit(Exceeded::Id { max: SignedId::MAX_LEN })),
                };
            }
        }
        Err(Reject::NoMatch(Explain {
            keys: self.lanes.len(),
            signatures: self.signatures.len(),
            garbled: self.garbled.into(),
            foreign: self.foreign.into(),
            body: self.body,
        }))
    }

    /// Keeps the body while it is verified, to get it out as `Verified<Vec<u8>>`.
    #[must_use]
    pub fn collect(self) -> Collecting<'a> {
        Collecting { pending: self, body: Vec::new() }
    }

    fn check_size(&self) -> Result<(), Reject> {
        let max = self.max_body;
        if self.body > max { Err(Reject::Limit(Exceeded::Body { max })) } else { Ok(()) }
    }

    fn absorb(&mut self, bytes: &[u8]) {
        let lanes = &mut self.lanes;
        self.buffer.digest_blocks(bytes, |blocks| {
            for lane in lanes.iter_mut() {
                lane.hmac.update_blocks(blocks);
            }
        });
    }
}

impl fmt::Debug for Pending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("at", &self.at).field("body", &self.body).finish_non_exhaustive()
    }
}

/// A verification that keeps the body ([`Pending::collect`]). It holds what has arrived and was within
/// [`Limits::max_body`](crate::Limits::max_body), and never trusts an announced length.
///
/// ```
/// use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};
///
/// let ring = KeyRing::new().hmac("k", Secret::raw("secret")?)?;
/// let now = UnixMillis::from_secs(1_700_000_000);
/// let headers = ring.signer(Scheme::Stripe).sign("", now, b"Hello, World!")?;
///
/// let mut body = ring.scheme(Scheme::Stripe).begin(&headers, now)?.collect();
/// for chunk in [&b"Hello, "[..], b"World!"] {
///     body.update(chunk)?;
/// }
/// assert_eq!(body.finish()?.body(), b"Hello, World!");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Collecting<'a> {
    pending: Pending<'a>,
    body: Vec<u8>,
}

impl Collecting<'_> {
    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// As [`Pending::update`].
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Reject> {
        self.pending.update(chunk)?;
        self.body.extend_from_slice(chunk);
        Ok(())
    }

    /// Ends the body and compares, in constant time.
    ///
    /// # Errors
    /// As [`Pending::finish`].
    pub fn finish(self) -> Result<Verified<Vec<u8>>, Reject> {
        self.pending.finish_with(self.body)
    }
}
