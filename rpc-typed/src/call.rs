//! Calls from Rust: typed, and without a wire in between.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::erased::{Items, mistyped};
use crate::error::{Code, RpcError};
use crate::event::Stop;
use crate::proc::{Proc, Subscription, kind};
use crate::router::App;

/// Calls procedures of an application with one context. Steps run as they do for the wire; inputs and outputs are moved,
/// not serialised.
///
/// ```
/// # use rpc_typed::{Query, Router, Rpc, query};
/// const DOUBLE: Query<i32, i32> = query("double");
/// let app = Router::new()
///     .handle(DOUBLE, Rpc::<()>::new().run(|(), n: i32| async move { Ok(n * 2) }))
///     .build()?;
/// # futures_util::FutureExt::now_or_never(async {
/// assert_eq!(app.caller(()).call(DOUBLE, 21).await?, 42);
/// # Ok::<(), rpc_typed::RpcError>(()) }).unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Caller<C> {
    app: App<C>,
    ctx: C,
}

impl<C: Clone + Send + 'static> Caller<C> {
    pub(crate) fn new(app: App<C>, ctx: C) -> Caller<C> {
        Caller { app, ctx }
    }

    /// Calls a query or a mutation.
    ///
    /// # Errors
    /// What the steps or the handler say; `NOT_FOUND` if nothing is served at the path, and an internal error if what is
    /// served there has other types.
    pub async fn call<K, I, O>(&self, procedure: Proc<K, I, O>, input: I) -> Result<O, RpcError>
    where
        K: kind::Marker<Shape = kind::Once>,
        I: Send + 'static,
        O: Send + 'static,
    {
        let output = self.run(procedure, input).await?;
        output.downcast::<O>().map(|output| *output).map_err(|_| mistyped())
    }

    /// Opens a subscription. It listens when this returns.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn subscribe<I, O>(
        &self,
        procedure: Subscription<I, O>,
        input: I,
    ) -> Result<Subscribed<O>, RpcError>
    where
        I: Send + 'static,
        O: Send + 'static,
    {
        let items = self.run(procedure, input).await?;
        items.downcast::<Items<O>>().map(|items| Subscribed(*items)).map_err(|_| mistyped())
    }

    async fn run<K, I, O>(&self, procedure: Proc<K, I, O>, input: I) -> Result<Box<dyn Any + Send>, RpcError>
    where
        K: kind::Marker,
        I: Send + 'static,
    {
        let path = procedure.to_string();
        match self.app.erased(&path) {
            Some((kind, erased)) if kind == K::KIND => {
                erased.call_typed(self.ctx.clone(), Box::new(input)).await
            }
            _ => {
                Err(RpcError::new(Code::NotFound, format!("No \"{}\"-procedure on path \"{path}\"", K::KIND)))
            }
        }
    }
}

impl<C> fmt::Debug for Caller<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Caller")
    }
}

/// The events of a subscription that was opened from Rust.
pub struct Subscribed<O>(Items<O>);

impl<O> Stream for Subscribed<O> {
    type Item = Result<O, Stop>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl<O> fmt::Debug for Subscribed<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscribed")
    }
}
