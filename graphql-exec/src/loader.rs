//! Batched loading: keys that many parents want are collected, each once, and asked for together.
//!
//! [`Batcher`] decides and calls nobody. When a batch is due is the engine's to say: as soon as no other work can go on, and
//! by no timer ([`Step::Load`](crate::exec::Step::Load)).

use core::hash::Hash;
use std::collections::HashMap;

use crate::exec::Resolved;

/// The keys of one loader in one request. A key is asked for once; its value stays for the rest of the request.
///
/// ```
/// use graphql_exec::{Resolved, loader::Batcher};
///
/// let mut batcher = Batcher::new();
/// let wanted: Vec<usize> = [7, 8, 7].into_iter().map(|key| batcher.want(key)).collect();
/// let (first, keys) = batcher.take(1_000).unwrap();
/// assert_eq!(keys, [7, 8]);
/// batcher.fill(first, keys.iter().map(|key| Resolved::Int(key * 10)).collect());
/// assert!(matches!(batcher.value(wanted[2]), Some(Resolved::Int(70))));
/// assert!(batcher.take(1_000).is_none());
/// ```
#[derive(Debug)]
pub struct Batcher<K> {
    slots: HashMap<K, usize>,
    /// Keys that were not taken yet; the first has the slot `taken`.
    waiting: Vec<K>,
    taken: usize,
    values: Vec<Option<Resolved>>,
}

impl<K: Clone + Eq + Hash> Batcher<K> {
    /// No keys.
    #[must_use]
    pub fn new() -> Self {
        Self { slots: HashMap::new(), waiting: Vec::new(), taken: 0, values: Vec::new() }
    }

    /// Asks for a key and gives the slot in which its value will be.
    pub fn want(&mut self, key: K) -> usize {
        let next = self.values.len();
        let slot = *self.slots.entry(key.clone()).or_insert(next);
        if slot == next {
            self.values.push(None);
            self.waiting.push(key);
        }
        slot
    }

    /// How many keys were asked for and not taken.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// At most so many keys, at least one where there is one, in the order in which they were asked for, and the slot of
    /// the first. `None` where none waits.
    pub fn take(&mut self, max: usize) -> Option<(usize, Vec<K>)> {
        if self.waiting.is_empty() {
            return None;
        }
        let rest = self.waiting.split_off(self.waiting.len().min(max.max(1)));
        let keys = core::mem::replace(&mut self.waiting, rest);
        let first = self.taken;
        self.taken += keys.len();
        Some((first, keys))
    }

    /// The values of keys that were taken, in their order.
    pub fn fill(&mut self, first: usize, values: Vec<Resolved>) {
        for (slot, value) in self.values.iter_mut().skip(first).zip(values) {
            *slot = Some(value);
        }
    }

    /// The value of a slot, once it is there.
    #[must_use]
    pub fn value(&self, slot: usize) -> Option<&Resolved> {
        self.values.get(slot)?.as_ref()
    }
}

impl<K: Clone + Eq + Hash> Default for Batcher<K> {
    fn default() -> Self {
        Self::new()
    }
}
