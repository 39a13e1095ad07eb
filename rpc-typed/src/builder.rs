//! From the request's context to a handler: layers that change the context's type, and the handler behind them.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_core::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::erased::{Erased, Many, Once, Typed};
use crate::error::RpcError;
use crate::event::{Item, Stop};
use crate::proc::kind;
use crate::schema::{Describe, describe_many, describe_once};

/// A step before a handler: it takes the context as far as it has come, and gives another of any type, or refuses the
/// call. So what a handler's context holds has been checked, and the compiler knows it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot follow a context of type `{C0}`",
    note = "a step is an async closure `|c: {C0}| async move {{ Ok::<_, RpcError>(next) }}` whose future is `Send`"
)]
pub trait Layer<C0>: Send + Sync + 'static {
    /// The context behind this step.
    type Out: Send + 'static;
    /// Takes the step.
    fn map(&self, ctx: C0) -> impl Future<Output = Result<Self::Out, RpcError>> + Send;
}

/// The layer that changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Identity;

impl<C: Send + 'static> Layer<C> for Identity {
    type Out = C;
    async fn map(&self, ctx: C) -> Result<C, RpcError> {
        Ok(ctx)
    }
}

/// A layer behind another; made by [`Rpc::use_ctx`].
pub struct Then<L, F> {
    first: Arc<L>,
    next: F,
}

impl<C0, L, F, Fut, C2> Layer<C0> for Then<L, F>
where
    C0: Send + 'static,
    L: Layer<C0>,
    F: Fn(L::Out) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<C2, RpcError>> + Send,
    C2: Send + 'static,
{
    type Out = C2;
    async fn map(&self, ctx: C0) -> Result<C2, RpcError> {
        (self.next)(self.first.map(ctx).await?).await
    }
}

impl<L, F> fmt::Debug for Then<L, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Then")
    }
}

/// Where procedures begin: `C` is the context of a request, `L` the steps so far. It is cloned for free, so one beginning
/// serves many procedures.
///
/// ```
/// use rpc_typed::{Code, Rpc, RpcError};
///
/// struct Context {
///     user: Option<String>,
/// }
/// struct Authed {
///     user: String,
/// }
///
/// let public = Rpc::<Context>::new();
/// let authed = public.use_ctx(|c: Context| async move {
///     let user = c.user.ok_or(RpcError::from(Code::Unauthorized))?;
///     Ok(Authed { user })
/// });
/// let whoami = authed.run(|c: Authed, (): ()| async move { Ok(c.user) });
/// ```
///
/// A handler whose context is of another type does not compile:
///
/// ```compile_fail,E0631
/// # use rpc_typed::Rpc;
/// struct Context;
/// struct Authed;
/// let open = Rpc::<Context>::new().run(|_: Authed, (): ()| async move { Ok(()) });
/// ```
pub struct Rpc<C, L = Identity> {
    layer: Arc<L>,
    ctx: PhantomData<fn(C)>,
}

impl<C> Rpc<C> {
    /// No steps: handlers get the context of the request.
    #[must_use]
    pub fn new() -> Rpc<C> {
        Rpc { layer: Arc::new(Identity), ctx: PhantomData }
    }
}

impl<C> Default for Rpc<C> {
    fn default() -> Rpc<C> {
        Rpc::new()
    }
}

impl<C: Send + 'static, L: Layer<C>> Rpc<C, L> {
    /// Adds a step: an async function from the context so far to the next one. What it refuses never reaches the handler,
    /// and its input is not read.
    #[must_use]
    pub fn use_ctx<F, Fut, C2>(&self, next: F) -> Rpc<C, Then<L, F>>
    where
        F: Fn(L::Out) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<C2, RpcError>> + Send,
        C2: Send + 'static,
    {
        Rpc { layer: Arc::new(Then { first: Arc::clone(&self.layer), next }), ctx: PhantomData }
    }

    /// Ends in a handler of a query or a mutation: an async function from the context and the input to the output.
    #[must_use]
    pub fn run<F, Fut, I, O>(&self, handler: F) -> Resolver<C, kind::Once, I, O>
    where
        F: Fn(L::Out, I) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O, RpcError>> + Send + 'static,
        I: DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + Send + 'static,
    {
        let once = Once { layer: Arc::clone(&self.layer), handler };
        Resolver {
            erased: Arc::new(Typed::<_, C, I, O>(once, PhantomData)),
            describe: describe_once::<I, O>,
            types: PhantomData,
        }
    }

    /// Ends in a handler of a subscription: an async function from the context and the input to a stream. The client is
    /// told that it is connected when the function returns, so subscribe to the source before that.
    #[must_use]
    pub fn stream<F, Fut, S, I, O>(&self, handler: F) -> Resolver<C, kind::Many, I, O>
    where
        F: Fn(L::Out, I) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, RpcError>> + Send + 'static,
        S: Stream<Item = Result<O, Stop>> + Send + 'static,
        I: DeserializeOwned + JsonSchema + Send + 'static,
        O: Item,
    {
        let many = Many { layer: Arc::clone(&self.layer), handler };
        Resolver {
            erased: Arc::new(Typed::<_, C, I, O>(many, PhantomData)),
            describe: describe_many::<I, O>,
            types: PhantomData,
        }
    }
}

impl<C, L> Clone for Rpc<C, L> {
    fn clone(&self) -> Self {
        Rpc { layer: Arc::clone(&self.layer), ctx: PhantomData }
    }
}

impl<C, L> fmt::Debug for Rpc<C, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rpc")
    }
}

/// A handler with its steps, for [`Router::handle`](crate::Router::handle). Its types must be those of the procedure.
pub struct Resolver<C, Shape, I, O> {
    pub(crate) erased: Arc<dyn Erased<C>>,
    pub(crate) describe: Describe,
    types: PhantomData<fn(I) -> (Shape, O)>,
}

impl<C, Shape, I, O> fmt::Debug for Resolver<C, Shape, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}
