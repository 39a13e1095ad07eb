//! The layer lets verified requests through and no others, and reads no more than it must.
#![cfg(feature = "tower")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod kit;

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use kit::{body_for, hmac_ring, sha1_ring};
use tower_layer::Layer as _;
use tower_service::Service;
use webhook_sig::tower::{VerifyLayer, VerifyService};
use webhook_sig::{Limits, Reject, Scheme, Schemes as _, Sha1Scheme, UnixMillis, Verified};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);
const ORIGIN: &str = "https://hooks.example.com";
const PATH: &str = "/in?tenant=1";

/// Echoes a verified body, and counts.
#[derive(Clone, Default)]
struct Handler {
    calls: Arc<AtomicUsize>,
}

impl Service<Request<Verified<Bytes>>> for Handler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Verified<Bytes>>) -> Self::Future {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let verified = request.into_body();
        let mut response = Response::new(Full::new(verified.body().clone()));
        response.headers_mut().insert("x-dedupe", verified.dedupe().to_string().parse().unwrap());
        ready(Ok(response))
    }
}

/// A body that comes in pieces, and says how many were taken.
struct Pieces {
    pieces: std::vec::IntoIter<Result<Frame<Bytes>, &'static str>>,
    taken: Arc<AtomicUsize>,
    announced: u64,
}

impl Pieces {
    fn new(pieces: Vec<Result<Frame<Bytes>, &'static str>>) -> (Self, Arc<AtomicUsize>) {
        let taken = Arc::new(AtomicUsize::new(0));
        (Self { pieces: pieces.into_iter(), taken: Arc::clone(&taken), announced: 0 }, taken)
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let piece = self.pieces.next();
        self.taken.fetch_add(usize::from(piece.is_some()), Ordering::Relaxed);
        Poll::Ready(piece)
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.announced);
        hint
    }
}

fn data(bytes: &[u8]) -> Result<Frame<Bytes>, &'static str> {
    Ok(Frame::data(Bytes::copy_from_slice(bytes)))
}

/// Nothing here waits, so one poll is enough.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn layer(scheme: Scheme) -> VerifyLayer {
    VerifyLayer::new(hmac_ring(1), scheme).clock(|| NOW).origin(ORIGIN)
}

fn signed(scheme: Scheme, body: &[u8]) -> HeaderMap {
    let url = format!("{ORIGIN}{PATH}");
    let headers = hmac_ring(1).signer(scheme).with_url(&url).sign("msg_1", NOW, body).unwrap();
    headers
        .into_iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect::<HeaderMap>()
}

fn request<B>(headers: HeaderMap, body: B) -> Request<B> {
    let mut request = Request::post(PATH).body(body).unwrap();
    *request.headers_mut() = headers;
    request
}

fn full(body: &'static str) -> Full<Bytes> {
    Full::from(body)
}

fn text(response: Response<Full<Bytes>>) -> String {
    let mut body = pin!(response.into_body());
    let mut all = Vec::new();
    while let Some(frame) = now(std::future::poll_fn(|cx| body.as_mut().poll_frame(cx))) {
        all.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
    String::from_utf8(all).unwrap()
}

#[test]
fn verified_requests_of_every_scheme_reach_the_handler_in_pieces_of_any_size() {
    for scheme in Scheme::ALL {
        let body = body_for(scheme.layout(), b"{\"a\":[1,2,3]}", NOW);
        for size in [1, 3, body.len()] {
            let handler = Handler::default();
            let mut service = layer(scheme).layer(handler.clone());
            let (pieces, _) = Pieces::new(body.chunks(size).map(data).collect());
            let response = now(service.call(request(signed(scheme, &body), pieces))).unwrap();
            assert_eq!(response.status(), 200, "{scheme}");
            assert_eq!(text(response).into_bytes(), body);
            assert_eq!(handler.calls.load(Ordering::Relaxed), 1);
        }
    }
}

#[test]
fn a_forgery_does_not_reach_the_handler_and_learns_nothing() {
    let handler = Handler::default();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let layer =
        layer(Scheme::StandardWebhooks).on_reject(move |reject| log.lock().unwrap().push(reject.clone()));
    let mut service = layer.layer(handler.clone());
    let response = now(service.call(request(signed(Scheme::StandardWebhooks, b"{}"), full("{ }")))).unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["www-authenticate"], "Signature realm=\"webhooks\"");
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(text(response), "no signature matches");
    let response = now(service.call(request(HeaderMap::new(), full("{}")))).unwrap();
    assert_eq!(
        (response.status().as_u16(), text(response).as_str()),
        (400, "the header webhook-id is missing")
    );
    assert_eq!(handler.calls.load(Ordering::Relaxed), 0);
    let seen = seen.lock().unwrap();
    assert!(
        matches!(seen.as_slice(), [Reject::NoMatch(explain), Reject::Missing { .. }] if explain.body == 3),
        "{seen:?}"
    );
}

#[test]
fn a_request_without_a_chance_is_refused_before_its_body_is_read() {
    let mut service = layer(Scheme::Stripe).layer(Handler::default());
    let (pieces, taken) = Pieces::new(vec![data(b"{}")]);
    assert_eq!(now(service.call(request(HeaderMap::new(), pieces))).unwrap().status(), 400);
    assert_eq!(taken.load(Ordering::Relaxed), 0);

    let mut headers = signed(Scheme::Stripe, b"{}");
    headers.insert("content-encoding", "gzip".parse().unwrap());
    let (pieces, taken) = Pieces::new(vec![data(b"{}")]);
    let response = now(service.call(request(headers.clone(), pieces))).unwrap();
    assert_eq!((response.status().as_u16(), taken.load(Ordering::Relaxed)), (415, 0));
    assert_eq!(response.headers()["accept-encoding"], "identity");
    let mut service = layer(Scheme::Stripe).allow_content_encoding().layer(Handler::default());
    assert_eq!(now(service.call(request(headers, full("{}")))).unwrap().status(), 200);
}

#[test]
fn a_body_is_read_up_to_the_limit() {
    let mut limits = Limits::default();
    limits.max_body = 10;
    let mut service = layer(Scheme::GitHub).limits(limits).layer(Handler::default());
    let (pieces, taken) = Pieces::new((0..100).map(|_| data(b"123")).collect());
    let response = now(service.call(request(signed(Scheme::GitHub, b""), pieces))).unwrap();
    assert_eq!((response.status().as_u16(), taken.load(Ordering::Relaxed)), (413, 4));
    let (mut pieces, taken) = Pieces::new(vec![data(b"123")]);
    pieces.announced = 11;
    let response = now(service.call(request(signed(Scheme::GitHub, b""), pieces))).unwrap();
    assert_eq!((response.status().as_u16(), taken.load(Ordering::Relaxed)), (413, 0), "as it says itself");
    let response = now(service.call(request(signed(Scheme::GitHub, b"1234567890"), full("1234567890"))));
    assert_eq!(response.unwrap().status(), 200);
}

#[test]
fn a_body_that_breaks_off_is_a_bad_request_and_trailers_are_passed_over() {
    let mut service = layer(Scheme::GitHub).layer(Handler::default());
    let (pieces, _) = Pieces::new(vec![data(b"{"), Err("reset"), data(b"}")]);
    let response = now(service.call(request(signed(Scheme::GitHub, b"{}"), pieces))).unwrap();
    assert_eq!((response.status().as_u16(), text(response).as_str()), (400, "the body broke off"));
    let (pieces, _) = Pieces::new(vec![data(b"{"), data(b"}"), Ok(Frame::trailers(HeaderMap::new()))]);
    assert_eq!(now(service.call(request(signed(Scheme::GitHub, b"{}"), pieces))).unwrap().status(), 200);
}

#[test]
fn without_an_origin_the_schemes_that_sign_the_url_say_so() {
    let mut service: VerifyService<_> =
        VerifyLayer::new(hmac_ring(1), Scheme::Square).clock(|| NOW).layer(Handler::default());
    let response = now(service.call(request(signed(Scheme::Square, b"{}"), full("{}")))).unwrap();
    assert_eq!(response.status(), 500);
}

#[test]
fn twilio_is_told_the_url_of_each_request() {
    let url = format!("{ORIGIN}{PATH}");
    let signed = sha1_ring(1).signer(Sha1Scheme::Twilio).with_url(&url).sign("", NOW, b"a=1&b=2").unwrap();
    let headers: HeaderMap =
        signed.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    let mut service = VerifyLayer::new(sha1_ring(1), Sha1Scheme::Twilio)
        .origin(format!("{ORIGIN}/"))
        .layer(Handler::default());
    assert_eq!(now(service.call(request(headers.clone(), full("b=2&a=1")))).unwrap().status(), 200);
    let mut elsewhere = request(headers, full("a=1&b=2"));
    *elsewhere.uri_mut() = "/in?tenant=2".parse().unwrap();
    assert_eq!(now(service.call(elsewhere)).unwrap().status(), 401);
}

#[test]
fn keys_can_change_while_the_layer_stands() {
    let ring = Arc::new(Mutex::new(Arc::new(hmac_ring(1))));
    let current = Arc::clone(&ring);
    let layer =
        VerifyLayer::with_keys(move || Arc::clone(&current.lock().unwrap()), Scheme::GitHub).clock(|| NOW);
    let mut service = layer.layer(Handler::default());
    let ask = |service: &mut VerifyService<Handler>| {
        now(service.call(request(signed(Scheme::GitHub, b"{}"), full("{}")))).unwrap().status().as_u16()
    };
    assert_eq!(ask(&mut service), 200);
    *ring.lock().unwrap() = Arc::new(webhook_sig::KeyRing::new());
    assert_eq!(ask(&mut service), 401);
}

#[test]
fn the_system_clock_is_used_unless_another_is_given() {
    let mut service = VerifyLayer::new(hmac_ring(1), Scheme::Stripe).layer(Handler::default());
    // Signed in 2023.
    assert_eq!(now(service.call(request(signed(Scheme::Stripe, b"{}"), full("{}")))).unwrap().status(), 401);
}
