//! A schema with its resolvers: what a service makes once, and asks for each request.

mod builder;
mod call;
mod driver;
mod load;
mod request;
mod slab;
mod subscription;

pub use builder::{AppBuilder, BuildError, Problem};
pub use call::Call;
pub use driver::Execution;
pub use load::Loader;
pub use request::{App, Prepared};
pub use subscription::{Subscribing, Subscription};

use core::{future::Future, pin::Pin};
use std::sync::Arc;

use futures_core::Stream;

use crate::{
    error::GraphqlError,
    exec::{ObjectRef, ResolveBatch, Resolved},
};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send>>;

type Resolve<C> = dyn Fn(ResolveBatch<'_>, &Call<C>) + Send + Sync;
type ResolveAsync<C> = dyn Fn(ObjectRef, Arc<Call<C>>) -> BoxFuture<Resolved> + Send + Sync;
type ResolveAll<C> = dyn Fn(Arc<[ObjectRef]>, Arc<Call<C>>) -> BoxFuture<Vec<Resolved>> + Send + Sync;
type Open<C> = dyn Fn(Arc<Call<C>>) -> BoxFuture<Result<BoxStream<Resolved>, GraphqlError>> + Send + Sync;

/// What resolves one field.
enum Resolver<C> {
    /// At once, for all parents.
    Sync(Box<Resolve<C>>),
    /// A future for each parent.
    Async(Box<ResolveAsync<C>>),
    /// A future for all parents.
    Batch(Box<ResolveAll<C>>),
    /// A key for each parent, and a loader.
    Load(Box<dyn load::LoadField<C>>),
    /// The source of a subscription.
    Subscribe(Box<Open<C>>),
}
