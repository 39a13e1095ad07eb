//! Verifying: cheap checks of the headers first, then one HMAC for each key, then a comparison in
//! constant time.

mod diagnose;
mod explain;
mod pending;
mod verified;

use crate::error::Reject;
use crate::key_ring::Key;
use crate::scheme::{self, Claims};
use crate::{HeaderSource, KeyRing, Limits, Scheme, UnixMillis};

pub use diagnose::{BodyChange, Diagnosis};
pub use explain::Explain;
pub use pending::{Collecting, Pending};
pub use verified::{DedupeKey, SignedId, Verified};

impl KeyRing {
    /// Verifies requests of a scheme with the keys of this ring, within [`Limits::for_scheme`].
    #[must_use]
    pub const fn scheme(&self, scheme: Scheme) -> Verifier<'_> {
        Verifier { ring: self, scheme, limits: Limits::for_scheme(scheme), keys: Keys::Active }
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
pub struct Verifier<'r> {
    ring: &'r KeyRing,
    scheme: Scheme,
    limits: Limits,
    keys: Keys,
}

/// Which keys of the ring are tried.
#[derive(Clone, Copy, Debug)]
enum Keys {
    Active,
    /// Only to find out why a request was refused.
    All,
}

impl<'r> Verifier<'r> {
    /// The same verifier within other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Verifies a request whose body is there in full. The body is lent or moved through and comes out in
    /// the [`Verified`]: `&[u8]`, `Vec<u8>`, `Bytes` and others.
    ///
    /// # Errors
    /// [`Reject`].
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        headers: &(impl HeaderSource + ?Sized),
        body: B,
        now: UnixMillis,
    ) -> Result<Verified<B>, Reject> {
        // Not by way of `begin`: the state is large enough for a move to show.
        let claims = self.claims(headers, now)?;
        let mut pending = Pending::new(claims, self.keys(now), self.limits.max_body);
        pending.update(body.as_ref())?;
        pending.finish_with(body)
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
    ) -> Result<Pending<'a>, Reject>
    where
        'r: 'a,
    {
        let claims = self.claims(headers, now)?;
        Ok(Pending::new(claims, self.keys(now), self.limits.max_body))
    }

    /// Everything that can be refused before the body is read.
    fn claims<'h, H: HeaderSource + ?Sized>(
        &self,
        headers: &'h H,
        now: UnixMillis,
    ) -> Result<Claims<'h>, Reject> {
        let claims = scheme::read(self.scheme, headers, &self.limits)?;
        if let Some(timestamp) = &claims.timestamp {
            self.check_time(timestamp.at, now)?;
        }
        if self.keys(now).next().is_none() {
            return Err(Reject::NoMatch(Explain::default()));
        }
        Ok(claims)
    }

    fn keys(&self, now: UnixMillis) -> impl Iterator<Item = &'r Key> {
        let tried = self.keys;
        self.ring.keys().iter().filter(move |key| match tried {
            Keys::Active => key.is_active(now),
            Keys::All => true,
        })
    }

    fn check_time(&self, at: UnixMillis, now: UnixMillis) -> Result<(), Reject> {
        let (past, future) = (now.saturating_since(at), at.saturating_since(now));
        if past > self.limits.tolerance_past {
            Err(Reject::Stale { by: past })
        } else if future > self.limits.tolerance_future {
            Err(Reject::Future { by: future })
        } else {
            Ok(())
        }
    }
}
