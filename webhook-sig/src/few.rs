//! A list that needs the heap only when it is longer than usual.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// The first `INLINE` items are held in place.
#[derive(Clone, Debug)]
pub struct Few<T, const INLINE: usize> {
    inline: [Option<T>; INLINE],
    /// One word while it is empty.
    more: Option<Box<More<T>>>,
}

#[derive(Clone, Debug)]
struct More<T> {
    items: Vec<T>,
}

impl<T, const INLINE: usize> Few<T, INLINE> {
    pub(crate) const fn new() -> Self {
        Self { inline: [const { None }; INLINE], more: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        match self.inline.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => *slot = Some(item),
            None => self.more.get_or_insert_with(|| Box::new(More { items: Vec::new() })).items.push(item),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.iter().count()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.inline.iter().flatten().chain(self.more.iter().flat_map(|more| &more.items))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.inline.iter_mut().flatten().chain(self.more.iter_mut().flat_map(|more| &mut more.items))
    }

    #[cfg(feature = "ed25519")]
    pub(crate) fn into_iter(self) -> impl Iterator<Item = T> {
        self.inline.into_iter().flatten().chain(self.more.into_iter().flat_map(|more| more.items))
    }
}
