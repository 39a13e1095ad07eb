//! Subscriptions (§6.2.3): a source is opened, then each of its events is executed.

use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use std::sync::Arc;

use futures_core::Stream;

use super::{BoxFuture, BoxStream, Call, Resolver, builder::Inner, driver::Driver};
use crate::{
    error::{GraphqlError, code},
    exec::{Engine, Resolved, Response, Step},
};

type Opened = Result<BoxStream<Resolved>, GraphqlError>;

/// A subscription, once it is awaited: its source is open then, so that no later event is missed. Or the response that
/// says why not.
pub struct Subscribing<C>(State<C>);

enum State<C> {
    Refused(Option<Response>),
    Opening(Option<Box<Driver<C>>>, BoxFuture<Opened>),
}

impl<C: Send + Sync + 'static> Subscribing<C> {
    pub(super) fn refused(response: Response) -> Self {
        Self(State::Refused(Some(response)))
    }

    pub(super) fn open(mut engine: Engine, app: Arc<Inner<C>>, context: Arc<C>) -> Self {
        let opening = match engine.poll() {
            Step::Subscribe(batch) => {
                let call = Call {
                    args: Arc::clone(batch.arguments()),
                    context: Arc::clone(&context),
                    info: batch.info(),
                };
                match app.resolvers.get(batch.field().index()) {
                    Some(Some(Resolver::Subscribe(open))) => open(Arc::new(call)),
                    _ => {
                        let error = GraphqlError::new("the field is no subscription");
                        return Self::refused(error.with_code(code::INTERNAL_SERVER_ERROR).into());
                    }
                }
            }
            Step::Emit(response) => return Self::refused(response),
            _ => {
                let error = GraphqlError::new("the operation is no subscription");
                return Self::refused(error.with_code(code::OPERATION_RESOLUTION_FAILURE).into());
            }
        };
        Self(State::Opening(Some(Box::new(Driver::new(engine, app, context))), opening))
    }
}

impl<C: Send + Sync + 'static> Future for Subscribing<C> {
    type Output = Result<Subscription<C>, Response>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let over =
            || GraphqlError::new("the subscription is over").with_code(code::INTERNAL_SERVER_ERROR).into();
        match &mut self.0 {
            State::Refused(response) => Poll::Ready(Err(response.take().unwrap_or_else(over))),
            State::Opening(driver, opening) => {
                let Some(source) = ready(opening.as_mut().poll(cx)) else { return Poll::Pending };
                let Some(mut driver) = driver.take() else { return Poll::Ready(Err(over())) };
                let answer = match source {
                    Ok(source) => Ok(Subscription { driver, source: Some(source), running: false }),
                    Err(error) => Err(driver.engine.source_failed(error)),
                };
                self.0 = State::Refused(None);
                Poll::Ready(answer)
            }
        }
    }
}

fn ready<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

impl<C> fmt::Debug for Subscribing<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscribing")
    }
}

/// A response for each event, in order; it ends with its source. An event is taken only once the one before it was answered.
pub struct Subscription<C> {
    driver: Box<Driver<C>>,
    source: Option<BoxStream<Resolved>>,
    running: bool,
}

impl<C: Send + Sync + 'static> Stream for Subscription<C> {
    type Item = Response;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Response>> {
        let this = &mut *self;
        loop {
            if this.running {
                let Some(response) = ready(this.driver.poll(cx)) else { return Poll::Pending };
                this.running = false;
                if response.is_some() {
                    return Poll::Ready(response);
                }
            }
            let Some(source) = &mut this.source else { return Poll::Ready(None) };
            match ready(source.as_mut().poll_next(cx)) {
                None => return Poll::Pending,
                Some(Some(event)) => {
                    this.driver.forget();
                    this.driver.engine.event(event);
                    this.running = true;
                }
                Some(None) => {
                    this.source = None;
                    this.driver.engine.source_ended();
                }
            }
        }
    }
}

impl<C> fmt::Debug for Subscription<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscription")
    }
}
