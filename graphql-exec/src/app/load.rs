//! Loaders, and the fields that use them.

use core::{any::Any, fmt, future::Future, hash::Hash};
use std::sync::Arc;

use super::{BoxFuture, Call};
use crate::{
    error::{GraphqlError, code},
    exec::{ObjectRef, Output, Resolved, Typed},
    loader::Batcher,
};

type Fetch<C, K> = dyn Fn(Arc<C>, Vec<K>) -> BoxFuture<Vec<Resolved>> + Send + Sync;

/// Reads the values of many keys at once. Fields that share a loader share its batches and what it has read in a request.
///
/// The function is handed the context and keys, each once, at most [`Limits::max_batch`](crate::Limits::max_batch). It
/// gives one value for each key, in their order.
pub struct Loader<C, K>(Arc<Fetch<C, K>>);

impl<C, K> Loader<C, K>
where
    C: Send + Sync + 'static,
    K: Clone + Eq + Hash + Send + Sync + 'static,
{
    /// A loader that reads by `fetch`.
    pub fn new<F, T, E>(fetch: impl Fn(Arc<C>, Vec<K>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<T>, E>> + Send + 'static,
        T: Output,
        E: Into<GraphqlError>,
    {
        Self(Arc::new(move |context, keys| {
            let count = keys.len();
            let future = fetch(context, keys);
            Box::pin(async move {
                match future.await {
                    Ok(values) if values.len() == count => values.into_iter().map(T::into_resolved).collect(),
                    Ok(values) => {
                        let message = format!("the loader gave {} values for {count} keys", values.len());
                        let error = GraphqlError::new(message).with_code(code::INTERNAL_SERVER_ERROR);
                        vec![Resolved::Error(error); count]
                    }
                    Err(error) => vec![Resolved::Error(error.into()); count],
                }
            })
        }))
    }
}

impl<C, K> Clone for Loader<C, K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C, K> fmt::Debug for Loader<C, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Loader")
    }
}

/// What a field wants of its loader for one parent.
pub(super) type Wanted = Result<usize, GraphqlError>;

/// A field that is answered by a loader, whatever its types.
pub(super) trait LoadField<C>: Send + Sync {
    /// What tells loaders apart.
    fn identity(&self) -> usize;

    /// An empty queue of the loader.
    fn queue(&self) -> Box<dyn Queue<C>>;

    /// Asks the queue, which is one of [`queue`](Self::queue), for the keys of all parents.
    fn want(&self, queue: &mut dyn Queue<C>, parents: &[ObjectRef], call: &Call<C>) -> Vec<Wanted>;

    /// Reads the key of one parent alone.
    fn single(&self, parent: &ObjectRef, call: &Call<C>) -> BoxFuture<Resolved>;
}

/// The keys of one loader in one request.
pub(super) trait Queue<C>: Send {
    fn as_any(&mut self) -> &mut dyn Any;

    /// The next batch: the slot of its first key, and the future of its values.
    fn start(&mut self, context: &Arc<C>, max: usize) -> Option<(usize, BoxFuture<Vec<Resolved>>)>;

    fn fill(&mut self, first: usize, values: Vec<Resolved>);

    fn value(&self, slot: usize) -> Option<&Resolved>;
}

pub(super) struct Field<C, K, P, F> {
    pub(super) loader: Loader<C, K>,
    pub(super) key: F,
    pub(super) of: core::marker::PhantomData<fn(P)>,
}

struct Keys<C, K> {
    loader: Loader<C, K>,
    batcher: Batcher<K>,
}

impl<C, K, P, F> Field<C, K, P, F>
where
    F: Fn(&P, &Call<C>) -> K,
    P: Typed,
{
    fn key(&self, parent: &ObjectRef, call: &Call<C>) -> Result<K, GraphqlError> {
        parent
            .get::<P>()
            .map(|parent| (self.key)(parent, call))
            .ok_or_else(|| super::builder::wrong_parent(parent))
    }
}

impl<C, K, P, F> LoadField<C> for Field<C, K, P, F>
where
    C: Send + Sync + 'static,
    K: Clone + Eq + Hash + Send + Sync + 'static,
    P: Typed,
    F: Fn(&P, &Call<C>) -> K + Send + Sync,
{
    fn identity(&self) -> usize {
        Arc::as_ptr(&self.loader.0).cast::<()>().addr()
    }

    fn queue(&self) -> Box<dyn Queue<C>> {
        Box::new(Keys { loader: self.loader.clone(), batcher: Batcher::new() })
    }

    fn want(&self, queue: &mut dyn Queue<C>, parents: &[ObjectRef], call: &Call<C>) -> Vec<Wanted> {
        let Some(keys) = queue.as_any().downcast_mut::<Keys<C, K>>() else { return Vec::new() };
        parents.iter().map(|parent| Ok(keys.batcher.want(self.key(parent, call)?))).collect()
    }

    fn single(&self, parent: &ObjectRef, call: &Call<C>) -> BoxFuture<Resolved> {
        match self.key(parent, call) {
            Ok(key) => {
                let values = (self.loader.0)(Arc::clone(&call.context), vec![key]);
                Box::pin(async move { values.await.pop().unwrap_or(Resolved::Null) })
            }
            Err(error) => Box::pin(core::future::ready(Resolved::Error(error))),
        }
    }
}

impl<C, K> Queue<C> for Keys<C, K>
where
    C: Send + Sync + 'static,
    K: Clone + Eq + Hash + Send + Sync + 'static,
{
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn start(&mut self, context: &Arc<C>, max: usize) -> Option<(usize, BoxFuture<Vec<Resolved>>)> {
        let (first, keys) = self.batcher.take(max)?;
        Some((first, (self.loader.0)(Arc::clone(context), keys)))
    }

    fn fill(&mut self, first: usize, values: Vec<Resolved>) {
        self.batcher.fill(first, values);
    }

    fn value(&self, slot: usize) -> Option<&Resolved> {
        self.batcher.value(slot)
    }
}
