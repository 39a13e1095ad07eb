//! The state machine of a verification: begin, update, finish.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest as _, Sha256};

use super::clock::Clock;
use super::explain::Explain;
use super::verified::{SignedId, Verified};
use crate::algorithm::{Run, Verify};
use crate::error::{BodyFlaw, Exceeded, Reject};
use crate::key_ring::{Entry, KeyId};
use crate::scheme::{Claims, Content, JsonTime, Layout, Part, TimeIn, twilio};
use crate::{HmacSha256, UnixMillis};

/// A verification under way ([`Verifier::begin`](super::Verifier::begin)): hand it the body as it
/// arrives, in pieces of any size. It holds at most 512 bytes, whatever the size of the body, as long
/// as at most two keys are active and the sender lists at most two signatures. Only a scheme that signs the parameters
/// of a form (Twilio) keeps the body, up to [`Limits::max_body`](crate::Limits::max_body).
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
pub struct Pending<'a, K: Verify = HmacSha256> {
    layout: &'static Layout,
    identity: Identity<'a>,
    /// The signed time as text, which is smaller than with what it stands for.
    time: Option<&'a [u8]>,
    url: Option<&'a str>,
    garbled: u16,
    foreign: u16,
    run: K::Run<'a>,
    /// What few schemes need.
    extra: Option<Box<Extra>>,
    body: usize,
    max_body: usize,
}

/// What will tell this event from others.
enum Identity<'a> {
    Id(&'a [u8]),
    /// Where no id is signed, the digest of the body.
    Body(Sha256),
    /// The same, taken when the rest is right, as the body is there in full.
    Later,
}

/// A verification that came out well.
struct Matched<'a> {
    event: Event<'a>,
    at: Option<UnixMillis>,
    key: &'a KeyId,
}

/// Which event it was.
enum Event<'a> {
    Id(&'a [u8]),
    Body([u8; 32]),
}

impl Matched<'_> {
    #[inline]
    fn verified<B>(self, body: B) -> Result<Verified<B>, Reject> {
        let key = self.key.clone();
        match self.event {
            Event::Id(id) => SignedId::new(id)
                .map(|id| Verified::by_id(body, id, self.at, key))
                // Never: `scheme::read` holds ids to this length.
                .ok_or(Reject::Limit(Exceeded::Id { max: SignedId::MAX_LEN })),
            Event::Body(digest) => Ok(Verified::by_body(body, digest, self.at, key)),
        }
    }
}

/// What a scheme needs of the body beside its bytes in passing.
enum Extra {
    /// All of it.
    Kept(Vec<u8>),
    /// The time in it.
    Time(JsonTime, Clock),
}

impl<'a, K: Verify> Pending<'a, K> {
    /// For a body that is still to come.
    pub(super) fn streaming(
        layout: &'static Layout,
        claims: Claims<'a, K::Signature>,
        keys: impl Iterator<Item = &'a Entry<K>>,
        url: Option<&'a str>,
        max_body: usize,
        clock: Clock,
    ) -> Self {
        let mut pending = Self::new(layout, claims, keys, url, max_body);
        match (layout.content, layout.time) {
            (Content::Twilio, _) => pending.extra = Some(Box::new(Extra::Kept(Vec::new()))),
            (Content::Bytes, Some(TimeIn::Json(member))) => {
                pending.extra = Some(Box::new(Extra::Time(JsonTime::new(member), clock)));
            }
            (Content::Bytes, _) => {}
        }
        if matches!(pending.identity, Identity::Later) && layout.content == Content::Bytes {
            pending.identity = Identity::Body(Sha256::new());
        }
        pending
    }

    /// For a body that is there in full ([`Pending::whole`]).
    #[inline]
    pub(super) fn new(
        layout: &'static Layout,
        claims: Claims<'a, K::Signature>,
        keys: impl Iterator<Item = &'a Entry<K>>,
        url: Option<&'a str>,
        max_body: usize,
    ) -> Self {
        let mut pending = Self {
            layout,
            identity: claims.id.map_or(Identity::Later, Identity::Id),
            time: claims.time.map(|time| time.text),
            url,
            // Counts for a log.
            garbled: claims.garbled.try_into().unwrap_or(u16::MAX),
            foreign: claims.foreign.try_into().unwrap_or(u16::MAX),
            run: K::run(keys, claims.signatures),
            extra: None,
            body: 0,
            max_body,
        };
        pending.absorb(layout.before);
        pending
    }

    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// [`Reject::Limit`] once the body is longer than
    /// [`Limits::max_body`](crate::Limits::max_body); then, and whenever called after that.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Reject> {
        self.body = self.body.saturating_add(chunk.len());
        self.check_size()?;
        match self.extra.as_deref_mut() {
            Some(Extra::Kept(body)) => {
                body.extend_from_slice(chunk);
                return Ok(());
            }
            Some(Extra::Time(time, _)) => time.update(chunk),
            None => {}
        }
        self.run.update(chunk);
        if let Identity::Body(digest) = &mut self.identity {
            digest.update(chunk);
        }
        Ok(())
    }

    /// Ends the body and compares, in constant time.
    ///
    /// # Errors
    /// [`Reject::NoMatch`], or again what [`Pending::update`] said. Where the time is in the body, what is wrong with it.
    pub fn finish(self) -> Result<Verified<()>, Reject> {
        self.finish_with(())
    }

    /// As [`Pending::finish`]; what is verified is `body`, which the caller has handed in by pieces.
    fn finish_with<B>(mut self, body: B) -> Result<Verified<B>, Reject> {
        self.check_size()?;
        let matched = match self.extra.take().as_deref() {
            Some(Extra::Kept(kept)) => self.conclude(kept, None),
            Some(Extra::Time(time, clock)) => self.conclude(&[], Some((time, clock))),
            None => self.conclude(&[], None),
        };
        matched?.verified(body)
    }

    /// Takes a body that is there in full, and ends.
    #[inline]
    pub(super) fn whole<B: AsRef<[u8]>>(&mut self, body: B, clock: &Clock) -> Result<Verified<B>, Reject> {
        let bytes = body.as_ref();
        self.body = bytes.len();
        self.check_size()?;
        if self.layout.content == Content::Bytes {
            self.run.update(bytes);
        }
        let matched = match self.layout.time {
            Some(TimeIn::Json(member)) => {
                let mut time = JsonTime::new(member);
                time.update(bytes);
                self.conclude(bytes, Some((&time, clock)))
            }
            _ => self.conclude(bytes, None),
        };
        matched?.verified(body)
    }

    /// Compares, and says who it was. `bytes` are those of the body where they are all there.
    #[inline]
    fn conclude(&mut self, bytes: &[u8], time: Option<(&JsonTime, &Clock)>) -> Result<Matched<'a>, Reject> {
        let (key, digest) = match self.layout.content {
            Content::Bytes => {
                self.absorb(self.layout.after);
                (self.run.finish(), None)
            }
            Content::Twilio => self.twilio(bytes),
        };
        let Some(key) = key else { return Err(Reject::NoMatch(self.explain())) };
        let at = match (time, self.layout.time) {
            (Some((time, clock)), Some(TimeIn::Json(member))) => {
                let number = time.finish().ok_or(Reject::Body(BodyFlaw::Time { member }))?;
                let at = self.layout.unit.instant(number);
                clock.check(at)?;
                Some(at)
            }
            _ => self.at(),
        };
        let event = match &self.identity {
            Identity::Id(id) => Event::Id(id),
            Identity::Body(digest) => Event::Body(digest.clone().finalize().into()),
            Identity::Later => Event::Body(digest.unwrap_or_else(|| Sha256::digest(bytes).into())),
        };
        Ok(Matched { event, at, key })
    }

    /// Twilio signs one of two forms of the URL, and of a form the parameters; what is signed is also what tells the event
    /// from others, for the order and the escapes of a form are not.
    fn twilio(&self, body: &[u8]) -> (Option<&'a KeyId>, Option<[u8; 32]>) {
        let url = self.url.unwrap_or_default();
        let Some(signed) = twilio::signed_of(url, body) else { return (None, None) };
        let other = twilio::other_port(url);
        let key = core::iter::once(url).chain(other.as_deref()).find_map(|url| {
            let mut run = self.run.fork()?;
            run.update(url.as_bytes());
            run.update(&signed);
            run.finish()
        });
        let digest = Sha256::new().chain_update(url).chain_update(&signed).finalize();
        (key, Some(digest.into()))
    }

    /// Keeps the body while it is verified, to get it out as `Verified<Vec<u8>>`.
    #[must_use]
    pub fn collect(self) -> Collecting<'a, K> {
        Collecting { pending: self, body: Vec::new() }
    }

    fn at(&self) -> Option<UnixMillis> {
        self.time.and_then(|text| self.layout.unit.read(text))
    }

    fn explain(&self) -> Explain {
        Explain {
            keys: self.run.keys(),
            signatures: self.run.signatures(),
            garbled: self.garbled.into(),
            foreign: self.foreign.into(),
            body: self.body,
        }
    }

    fn check_size(&self) -> Result<(), Reject> {
        let max = self.max_body;
        if self.body > max { Err(Reject::Limit(Exceeded::Body { max })) } else { Ok(()) }
    }

    /// What is signed beside the body. What a part names is there, or the request was refused.
    #[inline]
    fn absorb(&mut self, parts: &[Part]) {
        for part in parts {
            match part {
                Part::Text(text) => self.run.update(text.as_bytes()),
                Part::Id => {
                    if let Identity::Id(id) = self.identity {
                        self.run.update(id);
                    }
                }
                Part::Time => self.run.update(self.time.unwrap_or_default()),
                Part::Url => self.run.update(self.url.unwrap_or_default().as_bytes()),
            }
        }
    }
}

impl<K: Verify> fmt::Debug for Pending<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at();
        f.debug_struct("Pending").field("at", &at).field("body", &self.body).finish_non_exhaustive()
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
pub struct Collecting<'a, K: Verify = HmacSha256> {
    pending: Pending<'a, K>,
    body: Vec<u8>,
}

impl<K: Verify> Collecting<'_, K> {
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
