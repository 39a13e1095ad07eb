//! What a subscriber wants to see.

use std::{fmt, sync::Arc};

use bytes::Bytes;

/// An event as a filter sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Published<'a, K> {
    /// The topic it was published to.
    pub topic: &'a K,
    /// Its type; `message` when it names none.
    pub event: &'a str,
    /// Its id; empty when it has none.
    pub id: &'a str,
    /// The whole block as it goes on the wire.
    pub block: &'a Bytes,
}

type Predicate<K> = dyn Fn(&Published<'_, K>) -> bool + Send + Sync;

/// A predicate over events: what it refuses is neither queued nor replayed. Clones share the predicate.
pub(super) struct Filter<K>(Arc<Predicate<K>>);

impl<K> Filter<K> {
    pub(super) fn new(predicate: impl Fn(&Published<'_, K>) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(predicate))
    }

    pub(super) fn accepts(&self, event: &Published<'_, K>) -> bool {
        (self.0)(event)
    }
}

impl<K> Clone for Filter<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> fmt::Debug for Filter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter")
    }
}
