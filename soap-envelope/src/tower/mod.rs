//! A service as a `tower_service::Service` over any request body: it mounts in hyper, in axum, or in a router of your own.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower_service::Service;

use crate::exchange::{Exchange, Input, Transmit};
use crate::server::{Answer, BoxFuture, Dispatcher, Event, Server};

/// Drives one exchange for each request. Cloning is cheap and shares the service.
///
/// The body is read as far as the limits allow; a deadline for it is the caller's.
pub struct SoapService<S>(Arc<Dispatcher<S>>);

impl<S> SoapService<S> {
    /// Serves a dispatcher.
    #[must_use]
    pub fn new(dispatcher: Dispatcher<S>) -> Self {
        SoapService(Arc::new(dispatcher))
    }
}

impl<S> Clone for SoapService<S> {
    fn clone(&self) -> Self {
        SoapService(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for SoapService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SoapService").field(&self.0).finish()
    }
}

impl<S, B> Service<Request<B>> for SoapService<S>
where
    S: Send + Sync + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        ResponseFuture(Box::pin(answer(Arc::clone(&self.0), request)))
    }
}

/// The response to come. It names no runtime and may be polled by any.
pub struct ResponseFuture(BoxFuture<Response<Full<Bytes>>>);

impl Future for ResponseFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}

async fn answer<S, B>(service: Arc<Dispatcher<S>>, request: Request<B>) -> Response<Full<Bytes>>
where
    S: Send + Sync + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    let (parts, body) = request.into_parts();
    let mut exchange = Exchange::<Server>::new(Arc::clone(service.description()));
    exchange.head(&parts.method, &parts.uri, &parts.headers);
    let mut body = Box::pin(body);
    while exchange.wants_body() {
        exchange.receive(match body.frame().await {
            None => Input::End,
            Some(Err(_)) => Input::Interrupted,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(mut data) => Input::Chunk(data.copy_to_bytes(data.remaining())),
                // Trailers; a message has none.
                Err(_) => continue,
            },
        });
    }
    if let Some(Event::Call(call)) = exchange.poll_event() {
        match service.call(*call).await {
            Ok(Answer::Message(message)) => exchange.reply_message(message),
            Ok(Answer::Accepted) => exchange.accept(),
            Err(fault) => exchange.refuse(&fault),
        }
    }
    let mut response = Response::new(Full::default());
    while let Some(piece) = exchange.poll_transmit() {
        match piece {
            Transmit::Head(head) => {
                *response.status_mut() = head.status;
                *response.headers_mut() = head.headers;
            }
            Transmit::Data(data) => *response.body_mut() = Full::new(data),
        }
    }
    response
}
