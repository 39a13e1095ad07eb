//! Verifying: cheap checks of the headers first, then one HMAC for each key, then a comparison in
//! constant time.

mod clock;
mod diagnose;
mod explain;
mod pending;
mod verified;
#[cfg(test)]
mod work;

use sha2::{Digest as _, Sha256};

use crate::algorithm::Verify;
use crate::error::{Exceeded, Reject};
use crate::key_ring::Entry;
use crate::scheme::{self, Claims, Layout, Part, Schemes as _};
use crate::{HeaderSource, HmacSha256, KeyRing, Limits, UnixMillis};

pub(crate) use clock::Clock;
pub use diagnose::{BodyChange, Diagnosis};
pub use explain::Explain;
pub use pending::{Collecting, Pending};
pub use verified::{DedupeKey, SignedId, Verified};

impl<K: Verify> KeyRing<K> {
    /// Verifies requests of a scheme with the keys of this ring, within [`Limits::for_scheme`]. The schemes are those of the
    /// ring's kind of key.
    #[must_use]
    pub fn scheme(&self, scheme: K::Scheme) -> Verifier<'_, K> {
        let layout = scheme.layout();
        Verifier {
            ring: self,
            layout,
            limits: layout.limits(),
            keys: Keys::Active,
            url: None,
            encoded: false,
        }
    }
}

/// Verifies requests of one scheme with the keys of a ring ([`KeyRing::scheme`]). Cheap to make: one for
/// each request will do.
///
/// `headers` are those of the request, `body` its bytes as they arrived: not parsed and written again,
/// not decoded as text, not decompressed. Any bytes are a body, none at all included. `now` is the
/// present time, which decides on the timestamp's tolerance and on which keys are active.
///
/// ```
/// use webhook_sig::{KeyRing, Reject, Scheme, Secret, UnixMillis};
///
/// let ring = KeyRing::new().hmac("k", Secret::raw("It's a Secret to Everybody")?)?;
/// let verifier = ring.scheme(Scheme::GitHub);
/// let headers = [(
///     "X-Hub-Signature-256",
///     "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
/// )];
/// let now = UnixMillis::from_secs(1_700_000_000);
/// assert_eq!(verifier.verify(&headers, "Hello, World!", now)?.into_body(), "Hello, World!");
///
/// let reject = verifier.verify(&headers, "Hello, world!", now).unwrap_err();
/// assert!(matches!(reject, Reject::NoMatch(_)));
/// assert_eq!(reject.http_status(), 401);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier<'r, K: Verify = HmacSha256> {
    ring: &'r KeyRing<K>,
    layout: &'static Layout,
    limits: Limits,
    keys: Keys,
    url: Option<&'r str>,
    encoded: bool,
}

impl<'r, K: Verify> Verifier<'r, K> {
    /// The same verifier within other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Says the URL that the request was sent to, with scheme, host and query, for the schemes that sign it: as it was registered for
    /// Square, as it was requested for Twilio. A proxy in front changes what the program sees of it; the sender signs what it knows.
    /// The other schemes ignore it.
    #[must_use]
    pub fn with_url(self, url: &'r str) -> Self {
        Self { url: Some(url), ..self }
    }

    /// Takes bodies under a `Content-Encoding` too. What is verified are the encoded bytes, as they arrived; to decode them afterwards,
    /// within a limit, is the caller's. Without this such a request is refused with 415.
    #[must_use]
    pub fn allow_content_encoding(self) -> Self {
        Self { encoded: true, ..self }
    }

    /// Verifies a request whose body is there in full. The body is lent or moved through and comes out in
    /// the [`Verified`]: `&[u8]`, `Vec<u8>`, `Bytes` and others.
    ///
    /// # Errors
    /// [`Reject`].
    #[inline]
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        headers: &(impl HeaderSource + ?Sized),
        body: B,
        now: UnixMillis,
    ) -> Result<Verified<B>, Reject> {
        let clock = Clock::new(now, &self.limits);
        let claims = self.claims(headers, now, &clock)?;
        if self.layout.streams() {
            return self.passing(&claims, body, now);
        }
        let mut pending = Pending::new(self.layout, claims, self.keys(now), self.url, self.limits.max_body);
        pending.whole(body, &clock)
    }

    /// Verifies a body of which nothing is needed but its bytes in passing: without the state that waits for them in
    /// [`Pending`].
    #[inline]
    fn passing<B: AsRef<[u8]>>(
        &self,
        claims: &Claims<'_, K::Signature>,
        body: B,
        now: UnixMillis,
    ) -> Result<Verified<B>, Reject> {
        let bytes = body.as_ref();
        let max = self.limits.max_body;
        if bytes.len() > max {
            return Err(Reject::Limit(Exceeded::Body { max }));
        }
        let part = |part| match part {
            &Part::Text(text) => text.as_bytes(),
            Part::Id => claims.id.unwrap_or_default(),
            Part::Time => claims.time.map(|time| time.text).unwrap_or_default(),
            Part::Url => self.url.unwrap_or_default().as_bytes(),
        };
        let Layout { before, after, .. } = self.layout;
        let message = before.iter().map(part).chain(core::iter::once(bytes)).chain(after.iter().map(part));
        let Some(key) = K::matching(self.keys(now), &claims.signatures, message) else {
            return Err(Reject::NoMatch(Explain {
                keys: self.keys(now).count(),
                signatures: claims.signatures.len(),
                garbled: claims.garbled,
                foreign: claims.foreign,
                body: bytes.len(),
            }));
        };
        let at = claims.time.map(|time| time.at);
        let Some(id) = claims.id else {
            let digest = Sha256::digest(bytes).into();
            return Ok(Verified::by_body(body, digest, at, key.clone()));
        };
        // Always: `scheme::read` holds ids to this length.
        let Some(id) = SignedId::new(id) else {
            return Err(Reject::Limit(Exceeded::Id { max: SignedId::MAX_LEN }));
        };
        Ok(Verified::by_id(body, id, at, key.clone()))
    }

    /// Begins to verify a request whose body is still to come: checks the headers, the limits on them and
    /// the timestamp. A request without a chance is refused here, before its body is read.
    ///
    /// # Errors
    /// [`Reject`].
    pub fn begin<'a, H: HeaderSource + ?Sized>(
        &self,
        headers: &'a H,
        now: UnixMillis,
    ) -> Result<Pending<'a, K>, Reject>
    where
        'r: 'a,
    {
        let clock = Clock::new(now, &self.limits);
        let claims = self.claims(headers, now, &clock)?;
        let (layout, max_body) = (self.layout, self.limits.max_body);
        Ok(Pending::streaming(layout, claims, self.keys(now), self.url, max_body, clock))
    }

    /// Everything that can be refused before the body is read.
    #[inline]
    fn claims<'h, H: HeaderSource + ?Sized>(
        &self,
        headers: &'h H,
        now: UnixMillis,
        clock: &Clock,
    ) -> Result<Claims<'h, K::Signature>, Reject> {
        if self.url.is_none() && self.layout.needs_url() {
            return Err(Reject::Url);
        }
        let mut claims = scheme::read::<K, H>(self.layout, headers, &self.limits, self.encoded)?;
        if let Some(time) = &claims.time {
            clock.check(time.at)?;
        }
        if !self.layout.signs_time {
            claims.time = None;
        }
        if self.keys(now).next().is_none() {
            return Err(Reject::NoMatch(Explain::default()));
        }
        Ok(claims)
    }

    #[inline]
    fn keys(&self, now: UnixMillis) -> impl Iterator<Item = &'r Entry<K>> + use<'r, K> {
        let tried = self.keys;
        self.ring.entries().iter().filter(move |entry| match tried {
            Keys::Active => entry.is_active(now),
            Keys::All => true,
        })
    }
}

/// Which keys of the ring are tried.
#[derive(Clone, Copy, Debug)]
enum Keys {
    Active,
    /// Only to find out why a request was refused.
    All,
}
