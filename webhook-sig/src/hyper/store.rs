//! The store that a [`Deliverer`](super::Deliverer) keeps up to date.

use crate::delivery::{MemoryStore, StoreOp, StoreResult};
use std::future::Future;
use std::vec::Vec;

/// Makes the dispatcher's changes durable. Any `FnMut(Vec<StoreOp>) -> impl Future<Output = Vec<StoreResult>>` is one.
///
/// ```
/// use webhook_sig::delivery::{Change, StoreOp, StoreResult};
/// use webhook_sig::hyper::Store;
///
/// fn log_only() -> impl Store {
///     |ops: Vec<StoreOp>| async move {
///         ops.iter()
///             .map(|op| match &op.change {
///                 Change::Find(_) => StoreResult::Found(Vec::new()),
///                 _ => StoreResult::Stored,
///             })
///             .collect()
///     }
/// }
/// # let _ = log_only();
/// ```
pub trait Store: Send {
    /// Executes the operations in this order, best in one transaction, and gives one result for each. An operation without a result counts as
    /// failed, and comes again.
    fn apply(&mut self, ops: Vec<StoreOp>) -> impl Future<Output = Vec<StoreResult>> + Send;
}

impl<F, R> Store for F
where
    F: FnMut(Vec<StoreOp>) -> R + Send,
    R: Future<Output = Vec<StoreResult>> + Send,
{
    fn apply(&mut self, ops: Vec<StoreOp>) -> impl Future<Output = Vec<StoreResult>> + Send {
        self(ops)
    }
}

impl Store for MemoryStore {
    async fn apply(&mut self, ops: Vec<StoreOp>) -> Vec<StoreResult> {
        ops.iter().map(|op| Self::apply(self, &op.change)).collect()
    }
}
