//! Procedures without their types: what the table of a router holds.

use std::any::{Any, TypeId};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::builder::Layer;
use crate::error::RpcError;
use crate::event::{Item, Stop, Wire};
use crate::input::RawInput;
use crate::wire::response;

/// A future that is owned and can be sent.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// The events of a subscription on their way to a wire.
pub type Events = Pin<Box<dyn Stream<Item = Result<Wire, Stop>> + Send>>;

/// What a call came to.
pub enum Answer {
    /// A value, as the whole `{"result":…}` of the response.
    Data(Vec<u8>),
    /// A subscription that listens; its events follow.
    Events(Events),
    /// It failed.
    Failed(RpcError),
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Answer::Data(data) => f.debug_tuple("Data").field(&String::from_utf8_lossy(data)).finish(),
            Answer::Events(_) => f.write_str("Events"),
            Answer::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
        }
    }
}

/// A procedure whose types are known inside only.
pub(crate) trait Erased<Ctx>: Send + Sync {
    /// A call from the wire. One box a call; a panic is an internal error.
    fn call(self: Arc<Self>, ctx: Ctx, input: RawInput) -> BoxFuture<Answer>;
    /// A call from Rust: `input` is the procedure's input type, the answer its output type or, of a subscription, a boxed
    /// stream of its items.
    fn call_typed(
        self: Arc<Self>,
        ctx: Ctx,
        input: Box<dyn Any + Send>,
    ) -> BoxFuture<Result<Box<dyn Any + Send>, RpcError>>;
}

pub(crate) struct Once<L, F> {
    pub(crate) layer: Arc<L>,
    pub(crate) handler: F,
}

/// `Once` with the types that its handler is fixed to.
pub(crate) struct Typed<P, C0, I, O>(pub(crate) P, pub(crate) std::marker::PhantomData<fn(C0, I) -> O>);

impl<C0, L, F, I, O, Fut> Erased<C0> for Typed<Once<L, F>, C0, I, O>
where
    C0: Send + 'static,
    L: Layer<C0>,
    F: Fn(L::Out, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, RpcError>> + Send + 'static,
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
{
    fn call(self: Arc<Self>, ctx: C0, input: RawInput) -> BoxFuture<Answer> {
        Box::pin(async move {
            let answer = async move {
                let ctx = self.0.layer.map(ctx).await?;
                // Only now: whom a layer has refused learns nothing about the input.
                let input = input.parse::<I>()?;
                (self.0.handler)(ctx, input).await.map(|value| encode(&value))
            };
            guard(answer).await.flatten().unwrap_or_else(Answer::Failed)
        })
    }

    fn call_typed(
        self: Arc<Self>,
        ctx: C0,
        input: Box<dyn Any + Send>,
    ) -> BoxFuture<Result<Box<dyn Any + Send>, RpcError>> {
        let value = async move {
            let ctx = self.0.layer.map(ctx).await?;
            let input = input.downcast::<I>().map_err(|_| mistyped())?;
            let value = (self.0.handler)(ctx, *input).await?;
            Ok(Box::new(value) as Box<dyn Any + Send>)
        };
        Box::pin(async move { guard(value).await.flatten() })
    }
}

fn encode<O: Serialize + 'static>(value: &O) -> Answer {
    if TypeId::of::<O>() == TypeId::of::<()>() {
        return Answer::Data(response::UNDEFINED.to_vec());
    }
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(response::DATA);
    match serde_json::to_writer(&mut out, value) {
        Ok(()) => {
            out.extend_from_slice(response::DATA_END);
            Answer::Data(out)
        }
        Err(error) => Answer::Failed(RpcError::internal(error)),
    }
}

pub(crate) struct Many<L, F> {
    pub(crate) layer: Arc<L>,
    pub(crate) handler: F,
}

/// The events of a subscription with their type.
pub(crate) type Items<O> = Pin<Box<dyn Stream<Item = Result<O, Stop>> + Send>>;

impl<C0, L, F, I, O, Fut, S> Erased<C0> for Typed<Many<L, F>, C0, I, O>
where
    C0: Send + 'static,
    L: Layer<C0>,
    F: Fn(L::Out, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<S, RpcError>> + Send + 'static,
    S: Stream<Item = Result<O, Stop>> + Send + 'static,
    I: DeserializeOwned + Send + 'static,
    O: Item,
{
    fn call(self: Arc<Self>, ctx: C0, input: RawInput) -> BoxFuture<Answer> {
        Box::pin(async move {
            let answer = async move {
                let ctx = self.0.layer.map(ctx).await?;
                let input = input.parse::<I>()?;
                let items = (self.0.handler)(ctx, input).await?;
                Ok(Answer::Events(Box::pin(ToWire(Guarded(Some(Box::pin(items)))))))
            };
            guard(answer).await.flatten().unwrap_or_else(Answer::Failed)
        })
    }

    fn call_typed(
        self: Arc<Self>,
        ctx: C0,
        input: Box<dyn Any + Send>,
    ) -> BoxFuture<Result<Box<dyn Any + Send>, RpcError>> {
        let value = async move {
            let ctx = self.0.layer.map(ctx).await?;
            let input = input.downcast::<I>().map_err(|_| mistyped())?;
            let items = (self.0.handler)(ctx, *input).await?;
            let items: Items<O> = Box::pin(Guarded(Some(Box::pin(items))));
            Ok(Box::new(items) as Box<dyn Any + Send>)
        };
        Box::pin(async move { guard(value).await.flatten() })
    }
}

pub(crate) fn mistyped() -> RpcError {
    RpcError::internal("the constant that was called has other types than the one that is served at its path")
}

/// What a caller is told after a panic. The panic itself has been told to the panic hook.
fn panicked() -> RpcError {
    RpcError::internal("the handler panicked")
}

/// Polls a future whose panic is an error of its call and not the end of its connection.
pub(crate) async fn guard<T>(future: impl Future<Output = T>) -> Result<T, RpcError> {
    let mut future = pin!(future);
    // After a panic the future is not polled again, so nobody sees what it left half done.
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => Poll::Ready(Err(panicked())),
    })
    .await
}

/// The items of a handler's stream: a panic is its last one.
struct Guarded<S>(Option<Pin<Box<S>>>);

impl<S: Stream<Item = Result<O, Stop>>, O> Stream for Guarded<S> {
    type Item = Result<O, Stop>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(items) = &mut self.0 else { return Poll::Ready(None) };
        let polled = catch_unwind(AssertUnwindSafe(|| items.as_mut().poll_next(cx)))
            .unwrap_or_else(|_| Poll::Ready(Some(Err(panicked().into()))));
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.0 = None;
        }
        polled
    }
}

/// Items as a wire takes them.
struct ToWire<S>(Guarded<S>);

impl<S: Stream<Item = Result<O, Stop>>, O: Item> Stream for ToWire<S> {
    type Item = Result<Wire, Stop>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx).map(|item| {
            item.map(|item| {
                let (id, data) = item?.into_parts();
                let json = serde_json::to_string(&data).map_err(RpcError::internal)?;
                Ok(Wire { id, json })
            })
        })
    }
}
