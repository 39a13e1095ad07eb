//! A list that needs the heap only when it is longer than usual.

use alloc::vec::Vec;

/// The first `INLINE` items are held in place.
#[derive(Clone, Debug)]
pub struct Few<T, const INLINE: usize> {
    inline: [Option<T>; INLINE],
    more: Vec<T>,
}

impl<T, const INLINE: usize> Few<T, INLINE> {
    pub(crate) const fn new() -> Self {
        Self { inline: [const { None }; INLINE], more: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        match self.inline.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => *slot = Some(item),
            None => self.more.push(item),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.inline.iter().flatten().count() + self.more.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.inline.iter().flatten().chain(&self.more)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.inline.iter_mut().flatten().chain(&mut self.more)
    }

    #[cfg(feature = "ed25519")]
    pub(crate) fn into_iter(self) -> impl Iterator<Item = T> {
        self.inline.into_iter().flatten().chain(self.more)
    }
}
