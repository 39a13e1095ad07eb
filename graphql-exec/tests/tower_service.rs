//! The service: any body in, results and event streams out.
#![cfg(feature = "tower")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use graphql_exec::http::HttpLimits;
use graphql_exec::tower::{Body, Graphql};
use graphql_exec::{App, GraphqlError, Root, Schema};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use tower_service::Service;

/// Numbers that are handed in from outside; it ends when told so.
#[derive(Clone, Default)]
struct Numbers(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    numbers: VecDeque<i32>,
    is_over: bool,
    waker: Option<Waker>,
}

impl Numbers {
    fn push(&self, number: i32) {
        let mut waiting = self.0.lock().unwrap();
        waiting.numbers.push_back(number);
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
    }

    fn end(&self) {
        self.0.lock().unwrap().is_over = true;
    }
}

impl Stream for Numbers {
    type Item = i32;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<i32>> {
        let mut waiting = self.0.lock().unwrap();
        if let Some(number) = waiting.numbers.pop_front() {
            return Poll::Ready(Some(number));
        }
        waiting.waker = Some(cx.waker().clone());
        if waiting.is_over { Poll::Ready(None) } else { Poll::Pending }
    }
}

fn service(numbers: &Numbers) -> Graphql<Option<String>> {
    let schema = Schema::parse(
        "type Query { who: String fails: Int! } type Mutation { set: Int } type Subscription { number: Int refused: Int }",
    )
    .unwrap();
    let numbers = numbers.clone();
    let app = App::<Option<String>>::builder(schema)
        .field("Query.who", |_: &Root, call| call.context.as_ref().clone())
        .field("Query.fails", |_: &Root, _| Err::<i32, _>(GraphqlError::new("no")))
        .field("Mutation.set", |_: &Root, _| 1)
        .subscribe("Subscription.number", move |_| {
            let numbers = numbers.clone();
            async move { Ok::<_, GraphqlError>(numbers) }
        })
        .subscribe("Subscription.refused", |_| async { Err::<Numbers, _>(GraphqlError::new("not for you")) })
        .build()
        .unwrap();
    Graphql::new(app, |parts| parts.headers.get("x-who").map(|who| who.to_str().unwrap().to_owned()))
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
    panic!("it does not get on");
}

fn post() -> http::request::Builder {
    Request::post("/graphql").header("content-type", "application/json")
}

fn body(query: &str) -> Full<Bytes> {
    Full::new(serde_json::json!({ "query": query }).to_string().into())
}

fn call<B>(service: &mut Graphql<Option<String>>, request: Request<B>) -> Response<Body>
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<graphql_exec::tower::BoxError>,
{
    block_on(service.call(request)).unwrap()
}

fn text(response: Response<Body>) -> String {
    String::from_utf8(block_on(response.into_body().collect()).unwrap().to_bytes().to_vec()).unwrap()
}

/// What the body gives next, if anything is there.
fn next(body: &mut Body) -> Option<Option<String>> {
    let frame = Pin::new(body);
    match http_body::Body::poll_frame(frame, &mut Context::from_waker(Waker::noop())) {
        Poll::Pending => None,
        Poll::Ready(None) => Some(None),
        Poll::Ready(Some(frame)) => {
            Some(Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap()))
        }
    }
}

#[test]
fn the_context_is_made_of_the_head_for_each_request() {
    let mut service = service(&Numbers::default());
    let request = post().header("x-who", "ada").body(body("{ who }")).unwrap();
    assert_eq!(text(call(&mut service, request)), r#"{"data":{"who":"ada"}}"#);
    let request = Request::get("/graphql?query=%7Bwho%7D").body(Empty::<Bytes>::new()).unwrap();
    assert_eq!(text(call(&mut service, request)), r#"{"data":{"who":null}}"#);
}

#[test]
fn a_body_in_pieces_is_read_and_one_that_fails_is_refused() {
    let mut service = service(&Numbers::default());
    let pieces = |parts: Vec<Result<Frame<Bytes>, std::io::Error>>| {
        post().body(StreamBody::new(Pieces(parts.into_iter()))).unwrap()
    };
    let data = |text: &'static str| Ok(Frame::data(Bytes::from_static(text.as_bytes())));
    let request = pieces(vec![
        data("{\"query\":\"{ w"),
        data(""),
        data("ho }\"}"),
        Ok(Frame::trailers(http::HeaderMap::new())),
    ]);
    assert_eq!(text(call(&mut service, request)), r#"{"data":{"who":null}}"#);
    let request = pieces(vec![data("{\"query\":"), Err(std::io::ErrorKind::TimedOut.into())]);
    let response = call(&mut service, request);
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(text(response).contains("ended early"));
}

struct Pieces<I>(I);

impl<I: Iterator + Unpin> Stream for Pieces<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

#[test]
fn a_body_beyond_the_limit_is_refused_by_its_length_or_as_it_comes() {
    let mut limits = HttpLimits::default();
    limits.max_body = 20;
    let mut service = service(&Numbers::default()).limits(limits);
    let response = call(&mut service, post().body(Full::new(Bytes::from(vec![b' '; 21]))).unwrap());
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let polled = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&polled);
    let endless = std::iter::repeat_with(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"       ")))
    });
    let response = call(&mut service, post().body(StreamBody::new(Pieces(endless))).unwrap());
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(polled.load(Ordering::Relaxed), 3, "no more is read than is needed to know");
}

#[test]
fn a_result_with_a_null_root_is_200_and_a_request_error_is_400() {
    let mut service = service(&Numbers::default());
    let accept =
        |query| post().header("accept", "application/graphql-response+json").body(body(query)).unwrap();
    let response = call(&mut service, accept("{ fails }"));
    assert_eq!(response.status(), StatusCode::OK);
    assert!(text(response).ends_with(r#""data":null}"#));
    for query in
        ["{ nope }", "{", "query A { who } query B { who }", "query ($a: Int!) { who @include(if: true) }"]
    {
        assert_eq!(call(&mut service, accept(query)).status(), StatusCode::BAD_REQUEST, "{query}");
    }
}

#[test]
fn a_mutation_runs_by_post_and_not_by_get() {
    let mut service = service(&Numbers::default());
    assert_eq!(
        text(call(&mut service, post().body(body("mutation { set }")).unwrap())),
        r#"{"data":{"set":1}}"#
    );
    let request = Request::get("/graphql?query=mutation%7Bset%7D").body(Empty::<Bytes>::new()).unwrap();
    let response = call(&mut service, request);
    assert_eq!(
        (response.status(), &response.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
    );
}

fn subscribe(query: &str) -> Request<Full<Bytes>> {
    post().header("accept", "text/event-stream").body(body(query)).unwrap()
}

#[test]
fn each_event_is_a_next_and_the_end_of_the_source_a_complete() {
    let numbers = Numbers::default();
    let mut service = service(&numbers);
    let response = call(&mut service, subscribe("subscription { number }"));
    assert_eq!(
        (response.status(), &response.headers()["content-type"]),
        (StatusCode::OK, &"text/event-stream".parse().unwrap())
    );
    let mut body = response.into_body();
    assert_eq!(next(&mut body), None, "nothing happened yet");
    numbers.push(1);
    numbers.push(2);
    for n in [1, 2] {
        assert_eq!(
            next(&mut body),
            Some(Some(format!("event: next\ndata: {{\"data\":{{\"number\":{n}}}}}\n\n")))
        );
    }
    assert_eq!(next(&mut body), None);
    numbers.end();
    assert_eq!(next(&mut body), Some(Some("event: complete\ndata: \n\n".to_owned())));
    assert_eq!(next(&mut body), Some(None));
    assert!(http_body::Body::is_end_stream(&body));
}

#[test]
fn a_source_that_does_not_open_tells_so_in_the_stream() {
    let mut service = service(&Numbers::default());
    let response = call(&mut service, subscribe("subscription { refused }"));
    assert_eq!(response.status(), StatusCode::OK);
    let text = text(response);
    assert!(text.starts_with("event: next\ndata: {\"errors\":[{\"message\":\"not for you\""), "{text}");
    assert!(text.ends_with("event: complete\ndata: \n\n"), "{text}");
}

#[test]
fn a_stream_is_kept_alive_by_comments_while_it_is_silent() {
    let numbers = Numbers::default();
    let pauses = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&pauses);
    // Every second look finds that the time is over.
    let mut service = service(&numbers).keep_alive(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let mut looks = 0;
        std::future::poll_fn(move |_| {
            looks += 1;
            if looks > 1 { Poll::Ready(()) } else { Poll::Pending }
        })
    });
    let mut body = call(&mut service, subscribe("subscription { number }")).into_body();
    assert_eq!(next(&mut body), None);
    assert_eq!(next(&mut body), Some(Some(": \n\n".to_owned())));
    assert_eq!(next(&mut body), None);
    numbers.push(7);
    assert!(next(&mut body).unwrap().unwrap().starts_with("event: next"));
    assert_eq!(next(&mut body), None, "the silence begins anew");
    assert_eq!(pauses.load(Ordering::Relaxed), 3);
}
