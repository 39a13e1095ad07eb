//! Keys, when they count, and what is cached of them.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use hmac::KeyInit as _;
use hmac::block_api::HmacCore;
use hmac::digest::block_api::{Buffer, FixedOutputCore as _, UpdateCore as _};
use sha2::Sha256;

use crate::error::KeyRingError;
use crate::{Secret, UnixMillis};

/// The state of one HMAC-SHA256: the two compressions of the key are done, the message is not begun.
pub(crate) type HmacState = HmacCore<Sha256>;

/// The bytes of a message that do not fill a block yet. They are the same for every key.
pub(crate) type BlockBuffer = Buffer<HmacState>;

/// An HMAC-SHA256 value.
pub(crate) type Mac = [u8; 32];

/// The name that an operator gave a key: it tells in logs which key matched, and is no secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Arc<str>);

impl KeyId {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for KeyId {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<alloc::string::String> for KeyId {
    fn from(name: alloc::string::String) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// One key: its name, when it counts, and its HMAC midstates. The secret itself is not kept.
#[derive(Clone)]
pub(crate) struct Key {
    id: KeyId,
    from: UnixMillis,
    until: Option<UnixMillis>,
    hmac: HmacState,
}

impl Key {
    pub(crate) fn id(&self) -> &KeyId {
        &self.id
    }

    /// The window is half open, so that one key can end at the moment where the next begins.
    pub(crate) fn is_active(&self, now: UnixMillis) -> bool {
        self.from <= now && !self.is_over(now)
    }

    fn is_over(&self, now: UnixMillis) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// A copy of the midstates, to begin a message with.
    pub(crate) fn hmac(&self) -> HmacState {
        self.hmac.clone()
    }

    /// The MAC of the concatenation of `parts`.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Mac {
        let mut state = self.hmac();
        let mut buffer = BlockBuffer::default();
        for part in parts {
            buffer.digest_blocks(part, |blocks| state.update_blocks(blocks));
        }
        finalize(&mut state, buffer)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("from", &self.from)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// Ends a message: `buffer` holds what follows the last whole block.
pub(crate) fn finalize(state: &mut HmacState, mut buffer: BlockBuffer) -> Mac {
    let mut mac = Mac::default();
    state.finalize_fixed_core(&mut buffer, (&mut mac).into());
    mac
}

/// The keys of one endpoint, or of one provider, with the time in which each counts.
///
/// A verification accepts any key that is active at its `now`. Signing uses the active keys too: all of
/// them where the scheme allows a list (Standard Webhooks, Stripe), else the first. The first is the one
/// added first, or last by [`KeyRing::rotate`].
///
/// The algorithm belongs to the key, never to the message: a request cannot choose a weaker one.
///
/// ```
/// use webhook_sig::{KeyRing, Secret, UnixMillis};
///
/// let cutoff = UnixMillis::from_secs(1_800_000_000);
/// let ring = KeyRing::new()
///     .hmac("2026-11", Secret::raw("the new secret")?)?
///     .hmac_until("2026-05", Secret::raw("the old secret")?, cutoff)?;
/// assert_eq!(ring.active(cutoff).count(), 1);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyRing {
    keys: Vec<Key>,
    max_active: usize,
}

impl KeyRing {
    /// The default of [`KeyRing::with_max_active`].
    pub const MAX_ACTIVE: usize = 8;

    /// A ring without a key: it verifies nothing and signs nothing. At most
    /// [`KeyRing::MAX_ACTIVE`] keys can be active at a time.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_max_active(Self::MAX_ACTIVE)
    }

    /// A ring without a key, in which at most `max_active` keys can be active at a time. Each active
    /// key costs one HMAC over the body of every request, forged ones included.
    #[must_use]
    pub const fn with_max_active(max_active: usize) -> Self {
        Self { keys: Vec::new(), max_active }
    }

    /// Adds a key for HMAC-SHA256 that counts at all times.
    ///
    /// # Errors
    /// As [`KeyRing::hmac_between`].
    pub fn hmac(self, id: impl Into<KeyId>, secret: Secret) -> Result<Self, KeyRingError> {
        self.with(id.into(), secret, UnixMillis::EPOCH, None)
    }

    /// Adds a key for HMAC-SHA256 that counts from `from` on.
    ///
    /// # Errors
    /// As [`KeyRing::hmac_between`].
    pub fn hmac_from(
        self,
        id: impl Into<KeyId>,
        secret: Secret,
        from: UnixMillis,
    ) -> Result<Self, KeyRingError> {
        self.with(id.into(), secret, from, None)
    }

    /// Adds a key for HMAC-SHA256 that counts before `until`.
    ///
    /// # Errors
    /// As [`KeyRing::hmac_between`].
    pub fn hmac_until(
        self,
        id: impl Into<KeyId>,
        secret: Secret,
        until: UnixMillis,
    ) -> Result<Self, KeyRingError> {
        self.with(id.into(), secret, UnixMillis::EPOCH, Some(until))
    }

    /// Adds a key for HMAC-SHA256 that counts from `from` on and before `until`.
    ///
    /// # Errors
    /// [`KeyRingError::DuplicateId`], [`KeyRingError::EmptyWindow`], or [`KeyRingError::TooManyActive`]
    /// if there were a time with more active keys than the ring allows. The ring is then dropped.
    pub fn hmac_between(
        self,
        id: impl Into<KeyId>,
        secret: Secret,
        from: UnixMillis,
        until: UnixMillis,
    ) -> Result<Self, KeyRingError> {
        self.with(id.into(), secret, from, Some(until))
    }

    fn with(
        mut self,
        id: KeyId,
        secret: Secret,
        from: UnixMillis,
        until: Option<UnixMillis>,
    ) -> Result<Self, KeyRingError> {
        if until.is_some_and(|until| until <= from) {
            return Err(KeyRingError::EmptyWindow(id));
        }
        self.keys.push(Key { id, from, until, hmac: midstates(secret) });
        self.check()?;
        Ok(self)
    }

    /// Brings in a new key for HMAC-SHA256: it counts from `now` on and signs first, while every other
    /// key ends after `overlap` (or earlier, if that was already set). Keys that ended are dropped.
    ///
    /// # Errors
    /// [`KeyRingError::DuplicateId`], [`KeyRingError::TooManyActive`]; the ring is then as it was.
    pub fn rotate(
        &mut self,
        id: impl Into<KeyId>,
        secret: Secret,
        now: UnixMillis,
        overlap: Duration,
    ) -> Result<(), KeyRingError> {
        let end = now + overlap;
        let new = Key { id: id.into(), from: now, until: None, hmac: midstates(secret) };
        let rest = self.keys.iter().cloned().map(|mut key| {
            key.until = Some(key.until.map_or(end, |until| until.min(end)));
            key
        });
        let keys = core::iter::once(new).chain(rest).filter(|key| !key.is_over(now)).collect();
        let rotated = Self { keys, max_active: self.max_active };
        rotated.check()?;
        *self = rotated;
        Ok(())
    }

    /// Ends a key at `at`, or leaves it if it ends earlier. Tells whether the ring has such a key.
    pub fn expire(&mut self, id: &str, at: UnixMillis) -> bool {
        let Some(key) = self.keys.iter_mut().find(|key| key.id.as_str() == id) else { return false };
        key.until = Some(key.until.map_or(at, |until| until.min(at)));
        true
    }

    /// Takes a key out of the ring. Tells whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.keys.len();
        self.keys.retain(|key| key.id.as_str() != id);
        self.keys.len() < before
    }

    /// The names of all keys, active or not, in their order.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.iter().map(Key::id)
    }

    /// The names of the keys that count at `now`, in their order: the first one signs.
    pub fn active(&self, now: UnixMillis) -> impl Iterator<Item = &KeyId> {
        self.active_keys(now).map(Key::id)
    }

    pub(crate) fn keys(&self) -> &[Key] {
        &self.keys
    }

    pub(crate) fn active_keys(&self, now: UnixMillis) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(move |key| key.is_active(now))
    }

    fn check(&self) -> Result<(), KeyRingError> {
        for (index, key) in self.keys.iter().enumerate() {
            if self.keys.iter().take(index).any(|earlier| earlier.id == key.id) {
                return Err(KeyRingError::DuplicateId(key.id.clone()));
            }
            // The number of active keys only rises where a window begins.
            if self.active_keys(key.from).count() > self.max_active {
                return Err(KeyRingError::TooManyActive { max: self.max_active });
            }
        }
        Ok(())
    }
}

impl Default for KeyRing {
    fn default() -> Self {
        Self::new()
    }
}

fn midstates(secret: Secret) -> HmacState {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104 §2)")]
    let hmac = HmacState::new_from_slice(secret.expose()).expect("a key of any length");
    // What the ring keeps is enough to sign and verify, but not to show the secret again.
    drop(secret);
    hmac
}
