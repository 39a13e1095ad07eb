//! A server as a `tower_service::Service`, for any HTTP server that speaks `http_body`: hyper, axum, tonic's own router.
//!
//! It answers all four kinds of methods in gRPC over HTTP/2, and in gRPC-Web over any version. The handler runs inside of
//! the response: no task is spawned, and a client that goes away drops it. The deadline bounds both streams.
//!
//! ```
//! use std::sync::Arc;
//! use grpc_wire::{Cx, Kind, MethodDesc, Raw, Routes, Server, Service as _, tower::GrpcService};
//! use tower_service::Service;
//!
//! struct Echo;
//!
//! impl grpc_wire::Service for Echo {
//!     fn register(self, routes: &mut Routes) {
//!         let method = MethodDesc::new("/echo.Echo/Echo", Kind::Unary);
//!         routes.unary(&method, &Arc::new(self), |_, _cx: Cx, request: Raw| async move { Ok(request) });
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let mut service: GrpcService = Server::new().add(Echo).into_service();
//! let request = http::Request::post("/echo.Echo/Echo")
//!     .header("content-type", "application/grpc-web")
//!     .body(http_body_util::Full::new(bytes::Bytes::from_static(b"\0\0\0\0\x02hi")))
//!     .unwrap();
//! let response = service.call(request).await.unwrap();
//! let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
//! assert_eq!(&body[..], b"\0\0\0\0\x02hi\x80\0\0\0\x10grpc-status: 0\r\n");
//! # }
//! ```

#![allow(clippy::disallowed_methods, reason = "the adapter reads the clock and waits for deadlines")]

mod drive;

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};

use self::drive::{Drive, now};
use crate::call::Transmit;
use crate::service::{Dispatch, Server};

impl Server {
    /// The server as a `tower_service::Service`.
    #[must_use]
    pub fn into_service(self) -> GrpcService {
        GrpcService { dispatch: self.build(), began: now() }
    }
}

/// A [`Server`] that answers HTTP requests. Clones share everything.
///
/// A request that is no call is answered by HTTP alone: 405, 415, 505 or 400 (see [`Rejection`](crate::Rejection)).
#[derive(Clone, Debug)]
pub struct GrpcService {
    dispatch: Dispatch,
    /// The time for calls to which it does not matter.
    began: Instant,
}

impl<B> tower_service::Service<Request<B>> for GrpcService
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<GrpcBody<B>>;
    type Error = Infallible;
    type Future = Respond<B>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Respond<B> {
        let (head, body) = request.into_parts();
        let now = if self.dispatch.has_deadline(&head.headers) { now() } else { self.began };
        Respond(Some(match self.dispatch.accept(head, now) {
            Ok(io) => State::Call(Box::pin(Drive::new(io, body, now))),
            Err(rejection) => State::Rejected(rejection.response()),
        }))
    }
}

/// The head of the answer to come: with the first message, when the handler asks for it, or with the status.
pub struct Respond<B>(Option<State<B>>);

enum State<B> {
    Call(Pin<Box<Drive<B>>>),
    Rejected(Response<()>),
}

impl<B: Body> Future for Respond<B> {
    type Output = Result<Response<GrpcBody<B>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let transmit = match &mut self.0 {
            Some(State::Call(drive)) => ready!(drive.as_mut().poll_transmit(context)),
            Some(State::Rejected(_)) | None => None,
        };
        let response = match (self.0.take(), transmit) {
            (Some(State::Call(drive)), Some(Transmit::Head { head, end })) => {
                Response::from_parts(head, GrpcBody((!end).then_some(drive)))
            }
            (Some(State::Rejected(response)), _) => response.map(|()| GrpcBody(None)),
            // A machine begins with its head, and a future is not polled when it is ready.
            _ => return Poll::Pending,
        };
        Poll::Ready(Ok(response))
    }
}

impl<B> fmt::Debug for Respond<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Respond").finish_non_exhaustive()
    }
}

/// The messages and the trailers of the answer. It never fails. Dropping it before its end cancels the call.
pub struct GrpcBody<B>(Option<Pin<Box<Drive<B>>>>);

impl<B: Body> Body for GrpcBody<B> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(drive) = &mut self.0 else { return Poll::Ready(None) };
        let frame = match ready!(drive.as_mut().poll_transmit(context)) {
            Some(Transmit::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Transmit::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            // The head has been taken; a server ends its stream and does not reset it.
            Some(Transmit::End | Transmit::Reset(_) | Transmit::Head { .. }) | None => None,
        };
        self.0 = None;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.0.is_none() { SizeHint::with_exact(0) } else { SizeHint::default() }
    }
}

impl<B> fmt::Debug for GrpcBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrpcBody").field("is_ended", &self.0.is_none()).finish()
    }
}
