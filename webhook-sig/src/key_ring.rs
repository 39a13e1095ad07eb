//! Keys, when they count, and what is cached of them.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::algorithm::Algorithm;
use crate::error::KeyRingError;
use crate::{HmacSha256, Secret, UnixMillis};

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

/// When a key counts: from one moment on and before another.
///
/// ```
/// use webhook_sig::{UnixMillis, Window};
///
/// let cutoff = UnixMillis::from_secs(1_800_000_000);
/// assert!(Window::ALWAYS.contains(cutoff));
/// assert!(Window::from(cutoff).contains(cutoff));
/// assert!(!Window::until(cutoff).contains(cutoff));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    from: UnixMillis,
    until: Option<UnixMillis>,
}

impl Window {
    /// At all times.
    pub const ALWAYS: Self = Self { from: UnixMillis::EPOCH, until: None };

    /// From `from` on.
    #[must_use]
    pub const fn from(from: UnixMillis) -> Self {
        Self { from, until: None }
    }

    /// Before `until`.
    #[must_use]
    pub const fn until(until: UnixMillis) -> Self {
        Self { from: UnixMillis::EPOCH, until: Some(until) }
    }

    /// From `from` on and before `until`.
    #[must_use]
    pub const fn between(from: UnixMillis, until: UnixMillis) -> Self {
        Self { from, until: Some(until) }
    }

    /// Whether `at` lies in it. The window is half open, so that one key can end at the moment where the next
    /// begins.
    #[must_use]
    pub fn contains(&self, at: UnixMillis) -> bool {
        self.from <= at && !self.is_over(at)
    }

    fn is_over(&self, at: UnixMillis) -> bool {
        self.until.is_some_and(|until| until <= at)
    }

    fn is_empty(&self) -> bool {
        self.is_over(self.from)
    }

    fn end(&mut self, at: UnixMillis) {
        self.until = Some(self.until.map_or(at, |until| until.min(at)));
    }
}

/// One key with its name and when it counts.
#[derive(Clone, Debug)]
pub struct Entry<K> {
    id: KeyId,
    window: Window,
    key: K,
}

impl<K> Entry<K> {
    pub(crate) fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) fn key(&self) -> &K {
        &self.key
    }

    pub(crate) fn is_active(&self, now: UnixMillis) -> bool {
        self.window.contains(now)
    }
}

/// The keys of one endpoint, or of one provider, with the time in which each counts.
///
/// A verification accepts any key that is active at its `now`. Signing uses the active keys too: all of
/// them where the scheme allows a list (Standard Webhooks, Stripe), else the first. The first is the one
/// added first, or last by [`KeyRing::rotate`].
///
/// `K` is the kind of key and with it the algorithm: [`HmacSha256`] unless another is asked for. It belongs to the ring,
/// never to the message, so a request cannot choose a weaker one; and [`KeyRing::scheme`] takes
/// the schemes of that kind alone, so a mismatch does not compile. Keys print as `[redacted]` and are zeroed when
/// dropped.
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
pub struct KeyRing<K = HmacSha256> {
    entries: Vec<Entry<K>>,
    max_active: usize,
}

impl<K: Algorithm> KeyRing<K> {
    /// The default of [`KeyRing::with_max_active`].
    pub const MAX_ACTIVE: usize = 8;

    /// A ring without a key, in which at most `max_active` keys can be active at a time. Each active
    /// key costs one pass over the body of every request, forged ones included.
    #[must_use]
    pub const fn with_max_active(max_active: usize) -> Self {
        Self { entries: Vec::new(), max_active }
    }

    /// Adds a key that counts at all times. For a ring of HMAC keys it is made of a [`Secret`].
    ///
    /// # Errors
    /// As [`KeyRing::key_within`].
    pub fn key(self, id: impl Into<KeyId>, key: impl Into<K>) -> Result<Self, KeyRingError> {
        self.key_within(id, key, Window::ALWAYS)
    }

    /// Adds a key that counts within `window`.
    ///
    /// # Errors
    /// [`KeyRingError::DuplicateId`], [`KeyRingError::EmptyWindow`], or [`KeyRingError::TooManyActive`]
    /// if there were a time with more active keys than the ring allows. The ring is then dropped.
    pub fn key_within(
        mut self,
        id: impl Into<KeyId>,
        key: impl Into<K>,
        window: Window,
    ) -> Result<Self, KeyRingError> {
        let id = id.into();
        if window.is_empty() {
            return Err(KeyRingError::EmptyWindow(id));
        }
        self.entries.push(Entry { id, window, key: key.into() });
        self.check()?;
        Ok(self)
    }

    /// Brings in a new key: it counts from `now` on and signs first, while every other
    /// key ends after `overlap` (or earlier, if that was already set). Keys that ended are dropped.
    ///
    /// # Errors
    /// [`KeyRingError::DuplicateId`], [`KeyRingError::TooManyActive`]; the ring is then as it was.
    pub fn rotate(
        &mut self,
        id: impl Into<KeyId>,
        key: impl Into<K>,
        now: UnixMillis,
        overlap: Duration,
    ) -> Result<(), KeyRingError> {
        let new = Entry { id: id.into(), window: Window::from(now), key: key.into() };
        let rest = self.entries.iter().cloned().map(|mut entry| {
            entry.window.end(now + overlap);
            entry
        });
        let entries = core::iter::once(new).chain(rest).filter(|entry| !entry.window.is_over(now)).collect();
        let rotated = Self { entries, max_active: self.max_active };
        rotated.check()?;
        *self = rotated;
        Ok(())
    }

    /// Brings the ring to a set of keys that is published anew from time to time, such as a key set in JSON
    /// (`Jwks`). A key that is not in the set any more ends after `overlap`; one that is new counts from `now` on;
    /// one whose name stays takes the key that the set has now. Keys that ended are dropped.
    ///
    /// # Errors
    /// [`KeyRingError::DuplicateId`], [`KeyRingError::TooManyActive`]; the ring is then as it was.
    pub fn replace(
        &mut self,
        keys: impl IntoIterator<Item = (impl Into<KeyId>, impl Into<K>)>,
        now: UnixMillis,
        overlap: Duration,
    ) -> Result<(), KeyRingError> {
        let mut entries: Vec<Entry<K>> = Vec::new();
        for (id, key) in keys {
            let id = id.into();
            let known = self.entries.iter().find(|entry| entry.id == id && entry.is_active(now));
            let window = known.map_or(Window::from(now), |entry| Window::from(entry.window.from));
            entries.push(Entry { id, window, key: key.into() });
        }
        for entry in &self.entries {
            if entries.iter().all(|new| new.id != entry.id) {
                let mut entry = entry.clone();
                entry.window.end(now + overlap);
                entries.push(entry);
            }
        }
        entries.retain(|entry| !entry.window.is_over(now));
        let replaced = Self { entries, max_active: self.max_active };
        replaced.check()?;
        *self = replaced;
        Ok(())
    }

    /// Ends a key at `at`, or leaves it if it ends earlier. Tells whether the ring has such a key.
    pub fn expire(&mut self, id: &str, at: UnixMillis) -> bool {
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.id.as_str() == id) else { return false };
        entry.window.end(at);
        true
    }

    /// Takes a key out of the ring. Tells whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.id.as_str() != id);
        self.entries.len() < before
    }

    /// The names of all keys, active or not, in their order.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.entries.iter().map(Entry::id)
    }

    /// The names of the keys that count at `now`, in their order: the first one signs.
    pub fn active(&self, now: UnixMillis) -> impl Iterator<Item = &KeyId> {
        self.active_entries(now).map(Entry::id)
    }

    pub(crate) fn entries(&self) -> &[Entry<K>] {
        &self.entries
    }

    pub(crate) fn active_entries(&self, now: UnixMillis) -> impl Iterator<Item = &Entry<K>> {
        self.entries.iter().filter(move |entry| entry.is_active(now))
    }

    fn check(&self) -> Result<(), KeyRingError> {
        for (index, entry) in self.entries.iter().enumerate() {
            if self.entries.iter().take(index).any(|earlier| earlier.id == entry.id) {
                return Err(KeyRingError::DuplicateId(entry.id.clone()));
            }
            // The number of active keys only rises where a window begins.
            if self.active_entries(entry.window.from).count() > self.max_active {
                return Err(KeyRingError::TooManyActive { max: self.max_active });
            }
        }
        Ok(())
    }
}

impl<K: Algorithm> Default for KeyRing<K> {
    /// Without a key.
    fn default() -> Self {
        Self::with_max_active(Self::MAX_ACTIVE)
    }
}

/// The names of `key` and `key_within` for the kind of key that nearly every scheme has.
impl KeyRing {
    /// Adds a key for HMAC-SHA256 that counts at all times.
    ///
    /// # Errors
    /// As [`KeyRing::key_within`].
    pub fn hmac(self, id: impl Into<KeyId>, secret: Secret) -> Result<Self, KeyRingError> {
        self.key(id, secret)
    }

    /// Adds a key for HMAC-SHA256 that counts from `from` on.
    ///
    /// # Errors
    /// As [`KeyRing::key_within`].
    pub fn hmac_from(
        self,
        id: impl Into<KeyId>,
        secret: Secret,
        from: UnixMillis,
    ) -> Result<Self, KeyRingError> {
        self.key_within(id, secret, Window::from(from))
    }

    /// Adds a key for HMAC-SHA256 that counts before `until`.
    ///
    /// # Errors
    /// As [`KeyRing::key_within`].
    pub fn hmac_until(
        self,
        id: impl Into<KeyId>,
        secret: Secret,
        until: UnixMillis,
    ) -> Result<Self, KeyRingError> {
        self.key_within(id, secret, Window::until(until))
    }

    /// Adds a key for HMAC-SHA256 that counts from `from` on and before `until`.
    ///
    /// # Errors
    /// As [`KeyRing::key_within`].
    pub fn hmac_between(
        self,
        id: impl Into<KeyId>,
        secret: Secret,
        from: UnixMillis,
        until: UnixMillis,
    ) -> Result<Self, KeyRingError> {
        self.key_within(id, secret, Window::between(from, until))
    }
}
