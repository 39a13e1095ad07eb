//! The tower service without a socket: what HTTP sees of it.
#![cfg(feature = "tower")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads the stopped clock"
)]

mod common;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use common::{Echo, HANG};
use grpc_wire::tower::{GrpcBody, GrpcService};
use grpc_wire::{Code, DeadlinePolicy, Server, Status};
use http::{HeaderMap, Request, Response, Version};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use tokio::sync::mpsc;
use tower_service::Service as _;

fn service() -> GrpcService {
    Server::new().add(Echo::default()).into_service()
}

fn request<B>(path: &str, content_type: &str, body: B) -> Request<B> {
    Request::post(path)
        .version(Version::HTTP_2)
        .header("content-type", content_type)
        .header("te", "trailers")
        .body(body)
        .unwrap()
}

fn full(bytes: &'static [u8]) -> Full<Bytes> {
    Full::new(Bytes::from_static(bytes))
}

type Feed = mpsc::UnboundedSender<Result<Frame<Bytes>, io::Error>>;

/// A body that a test feeds.
struct Fed(mpsc::UnboundedReceiver<Result<Frame<Bytes>, io::Error>>);

fn fed() -> (Feed, Fed) {
    let (feed, frames) = mpsc::unbounded_channel();
    (feed, Fed(frames))
}

impl Body for Fed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context)
    }
}

async fn end<B: Body + Send>(response: Response<GrpcBody<B>>) -> (Bytes, HeaderMap) {
    let head = response.headers().clone();
    let collected = response.into_body().collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or(head);
    (collected.to_bytes(), trailers)
}

fn code(trailers: &HeaderMap) -> Code {
    Status::read(trailers).unwrap().code()
}

#[tokio::test]
async fn a_request_that_is_no_call_is_answered_by_http_alone() {
    let mut service = service();
    let cases = [
        (Request::post("/test.Echo/Echo"), 415),
        (Request::post("/test.Echo/Echo").header("content-type", "application/json"), 415),
        (Request::get("/test.Echo/Echo").header("content-type", "application/grpc"), 405),
        (Request::post("/test.Echo/Echo").header("content-type", "application/grpc"), 505),
        (
            Request::post("/test.Echo/Echo")
                .version(Version::HTTP_2)
                .header("content-type", "application/grpc"),
            400,
        ),
    ];
    for (request, status) in cases {
        let response = service.call(request.body(full(b"")).unwrap()).await.unwrap();
        assert_eq!(response.status(), status);
        assert!(!response.headers().contains_key("grpc-status"));
        assert!(response.into_body().is_end_stream());
    }
}

#[tokio::test]
async fn a_call_is_answered_with_trailers_in_grpc_and_with_a_last_frame_in_grpc_web() {
    let message = b"\0\0\0\0\x02hi";
    let response =
        service().call(request("/test.Echo/Echo", "application/grpc", full(message))).await.unwrap();
    let (body, trailers) = end(response).await;
    assert_eq!((&body[..], code(&trailers)), (&message[..], Code::Ok));
    let mut web = request("/test.Echo/Echo", "application/grpc-web+proto", full(message));
    *web.version_mut() = Version::HTTP_11;
    let response = service().call(web).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/grpc-web+proto");
    let collected = response.into_body().collect().await.unwrap();
    assert!(collected.trailers().is_none());
    assert_eq!(&collected.to_bytes()[..], b"\0\0\0\0\x02hi\x80\0\0\0\x10grpc-status: 0\r\n");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_cancelled_and_not_left_without_an_answer() {
    let (feed, body) = fed();
    feed.send(Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\x05hel")))).unwrap();
    feed.send(Err(io::ErrorKind::FileTooLarge.into())).unwrap();
    let response = service().call(request("/test.Echo/Echo", "application/grpc", body)).await.unwrap();
    assert_eq!(code(&end(response).await.1), Code::Cancelled);
}

#[tokio::test]
async fn trailers_of_a_request_mean_nothing() {
    let (feed, body) = fed();
    feed.send(Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\x02hi")))).unwrap();
    feed.send(Ok(Frame::trailers(HeaderMap::new()))).unwrap();
    drop(feed);
    let response = service().call(request("/test.Echo/Echo", "application/grpc", body)).await.unwrap();
    assert_eq!(code(&end(response).await.1), Code::Ok);
}

#[tokio::test(start_paused = true)]
async fn the_server_ends_a_stream_at_its_deadline_by_itself() {
    let mut call = request(HANG.path(), "application/grpc", full(b"\0\0\0\0\x01x"));
    call.headers_mut().insert("grpc-timeout", "5S".parse().unwrap());
    let begin = tokio::time::Instant::now();
    let (body, trailers) = end(service().call(call).await.unwrap()).await;
    assert_eq!((&body[..], code(&trailers)), (&b"\0\0\0\0\x01x"[..], Code::DeadlineExceeded));
    assert!((Duration::from_secs(5)..Duration::from_secs(6)).contains(&begin.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn the_policy_of_the_server_bounds_a_call_without_a_timeout_and_one_whose_request_never_ends() {
    let mut policy = DeadlinePolicy::default();
    policy.max = Some(Duration::from_secs(30));
    let mut service = Server::new().add(Echo::default()).deadlines(policy).into_service();
    let (_feed, body) = fed();
    let begin = tokio::time::Instant::now();
    let response = service.call(request("/test.Echo/Echo", "application/grpc", body)).await.unwrap();
    assert_eq!(code(&end(response).await.1), Code::DeadlineExceeded);
    assert!((Duration::from_secs(30)..Duration::from_secs(31)).contains(&begin.elapsed()));
}

#[tokio::test]
async fn dropping_the_answer_drops_the_handler() {
    let echo = Echo::default();
    let hanging = Arc::clone(&echo.hanging);
    let mut service = Server::new().add(echo).into_service();
    let response =
        service.call(request(HANG.path(), "application/grpc", full(b"\0\0\0\0\x01x"))).await.unwrap();
    assert_eq!(Arc::strong_count(&hanging), 3);
    drop(response);
    assert_eq!(Arc::strong_count(&hanging), 2);
}
