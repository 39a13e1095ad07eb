//! What stands around every call of a server.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::cx::Cx;
use crate::status::Status;

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the handler.
    Request,
    /// From the handler to the client.
    Response,
}

/// Code around the handlers of a server, of all four kinds: it may refuse a call, wait, see each message and the status.
///
/// ```
/// use grpc_wire::{Cx, Intercept, Next, Status};
///
/// struct Token(&'static str);
///
/// impl Intercept for Token {
///     async fn around(&self, cx: &Cx, next: Next<'_>) -> Result<(), Status> {
///         if cx.metadata().get("authorization") != Some(self.0) {
///             return Err(Status::unauthenticated("a token is needed"));
///         }
///         next.run().await
///     }
/// }
/// ```
pub trait Intercept: Send + Sync + 'static {
    /// Runs the rest of the call, or answers it. What [`Next::run`] gives is what the handler gave.
    ///
    /// It is not called for a method that is not there.
    fn around(&self, cx: &Cx, next: Next<'_>) -> impl Future<Output = Result<(), Status>> + Send {
        let _ = cx;
        next.run()
    }

    /// Sees each message as it is on the wire, without its prefix, and may replace it.
    ///
    /// # Errors
    /// A status, which is what the handler's `next` or `send` then gives.
    fn message(&self, cx: &Cx, direction: Direction, message: Bytes) -> Result<Bytes, Status> {
        let _ = (cx, direction);
        Ok(message)
    }
}

/// The rest of a call: further interceptors, then the handler.
pub struct Next<'a> {
    chain: &'a [Arc<dyn Erased>],
    cx: &'a Cx,
    handler: BoxFuture<'static, Result<(), Status>>,
}

impl<'a> Next<'a> {
    pub(crate) fn new(
        chain: &'a [Arc<dyn Erased>],
        cx: &'a Cx,
        handler: BoxFuture<'static, Result<(), Status>>,
    ) -> Self {
        Self { chain, cx, handler }
    }

    /// Runs it.
    ///
    /// # Errors
    /// The status with which the call is to end.
    pub async fn run(self) -> Result<(), Status> {
        match self.chain.split_first() {
            None => self.handler.await,
            Some((first, rest)) => {
                first.around(self.cx, Next { chain: rest, cx: self.cx, handler: self.handler }).await
            }
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("interceptors", &self.chain.len()).finish_non_exhaustive()
    }
}

/// [`Intercept`] behind a pointer.
pub(crate) trait Erased: Send + Sync {
    fn around<'a>(&'a self, cx: &'a Cx, next: Next<'a>) -> BoxFuture<'a, Result<(), Status>>;
    fn message(&self, cx: &Cx, direction: Direction, message: Bytes) -> Result<Bytes, Status>;
}

impl<I: Intercept> Erased for I {
    fn around<'a>(&'a self, cx: &'a Cx, next: Next<'a>) -> BoxFuture<'a, Result<(), Status>> {
        Box::pin(Intercept::around(self, cx, next))
    }

    fn message(&self, cx: &Cx, direction: Direction, message: Bytes) -> Result<Bytes, Status> {
        Intercept::message(self, cx, direction, message)
    }
}
