//! The adapter: bodies in pieces, deadlines, cancelled calls, panics.
#![cfg(feature = "tower")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests wait")]

mod common;

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use common::{Ctx, app};
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use rpc_typed::tower::{ContextRequest, RpcBody, RpcService};
use rpc_typed::{Code, Config, Query, Router, Rpc, RpcError, query};
use serde_json::{Value, json};
use tower_service::Service;

async fn ask<B>(config: Config, request: Request<B>) -> Response<RpcBody<Ctx>>
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
{
    let context = |request: ContextRequest| async move {
        match request.parts.headers.get("x-context").map(|value| value.as_bytes()) {
            Some(b"refuse") => return Err(RpcError::from(Code::Forbidden)),
            Some(b"panic") => panic!("secret"),
            Some(b"hang") => std::future::pending().await,
            _ => {}
        }
        let token =
            request.parts.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        Ok(Ctx { token })
    };
    RpcService::new(app(), context).at("/trpc/").config(config).call(request).await.unwrap()
}

async fn json(response: Response<RpcBody<Ctx>>) -> Value {
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path).body(Full::default()).unwrap()
}

#[tokio::test]
async fn a_request_below_the_mount_is_answered_with_its_length() {
    let response = ask(Config::default(), get("/trpc/hello?input=%22you%22")).await;
    assert_eq!(response.status(), 200);
    assert!(http_body::Body::size_hint(response.body()).exact().is_some());
    assert_eq!(json(response).await, json!({ "result": { "data": { "greeting": "hello you" } } }));
    assert_eq!(ask(Config::default(), get("/other/hello")).await.status(), 404);
}

#[tokio::test]
async fn a_body_comes_in_pieces_and_may_break_off() {
    let post = |pieces: Vec<Result<&'static str, &'static str>>| {
        let frames =
            stream::iter(pieces).map(|piece| piece.map(|p| Frame::data(Bytes::from_static(p.as_bytes()))));
        Request::post("/trpc/user.create")
            .header("content-type", "application/json")
            .header("authorization", "Bearer t")
            .body(StreamBody::new(frames))
            .unwrap()
    };
    let made = ask(Config::default(), post(vec![Ok("{\"na"), Ok("me\":"), Ok("\"x\"}")])).await;
    assert_eq!(json(made).await["result"]["data"]["name"], "x");
    let broken = ask(Config::default(), post(vec![Ok("{\"na"), Err("gone")])).await;
    assert_eq!((broken.status().as_u16(), &json(broken).await["error"]["code"]), (400, &json!(-32600)));
}

#[tokio::test]
async fn a_context_that_refuses_panics_or_hangs_fails_the_calls() {
    let mut config = Config::default();
    config.limits.call_deadline = Some(Duration::from_millis(50));
    for (context, status, code) in [("refuse", 403, -32003), ("panic", 500, -32603), ("hang", 408, -32008)] {
        let mut request = get("/trpc/hello");
        request.headers_mut().insert("x-context", context.parse().unwrap());
        let response = ask(config.clone(), request).await;
        assert_eq!(response.status(), status, "{context}");
        let body = json(response).await;
        assert_eq!(body["error"]["code"], code);
        assert!(!body.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn a_handler_or_a_body_that_hangs_meets_the_deadline() {
    let mut config = Config::default();
    config.limits.call_deadline = Some(Duration::from_millis(50));
    assert_eq!(ask(config.clone(), get("/trpc/hang")).await.status(), 408);
    let endless = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let request =
        Request::post("/trpc/user.create").header("content-type", "application/json").body(endless).unwrap();
    assert_eq!(ask(config, request).await.status(), 408);
}

#[tokio::test]
async fn an_event_stream_begins_at_once_and_pings() {
    let mut config = Config::default();
    config.sse.ping = Some(Duration::from_millis(20));
    let mut body = ask(config, get("/trpc/silent")).await.into_body();
    let mut next = async || body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(next().await, "event: connected\ndata: {}\n\n");
    assert_eq!(next().await, "event: ping\ndata: \n\n");
    assert_eq!(next().await, "event: ping\ndata: \n\n");
}

#[tokio::test]
async fn lines_come_as_calls_end() {
    let mut config = Config::default();
    config.limits.call_deadline = Some(Duration::from_millis(50));
    let mut request = get("/trpc/hang,hello?batch=1");
    request.headers_mut().insert("trpc-accept", "application/jsonl".parse().unwrap());
    let mut body = ask(config, request).await.into_body();
    let head = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(head.starts_with(b"{\"0\":[[0],[null,0,0]],\"1\":[[{\"result\"") && head.ends_with(b"}\n"));
    let chunk = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(chunk.starts_with(b"[0,0,[[{\"error\":"));
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn dropping_the_answer_cancels_its_calls() {
    const WAIT: Query<(), ()> = query("wait");
    let live = Arc::new(AtomicUsize::new(0));
    let counted = live.clone();
    let handler = Rpc::<()>::new().run(move |(), ()| {
        struct Live(Arc<AtomicUsize>);
        impl Drop for Live {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        counted.fetch_add(1, Ordering::SeqCst);
        let held = Live(counted.clone());
        async move {
            let _held = held;
            std::future::pending::<Result<(), RpcError>>().await
        }
    });
    let app = Router::new().handle(WAIT, handler).build().unwrap();
    let mut service = RpcService::new(app, |_: ContextRequest| async { Ok(()) });
    let answer = tokio::time::timeout(Duration::from_millis(50), service.call(get("/wait"))).await;
    assert!(answer.is_err(), "the client has gone, and its request is dropped");
    assert_eq!(live.load(Ordering::SeqCst), 0);
    let mut request = get("/wait?batch=1");
    request.headers_mut().insert("trpc-accept", "application/jsonl".parse().unwrap());
    let answer = service.call(request).await.unwrap();
    assert_eq!(live.load(Ordering::SeqCst), 1);
    drop(answer);
    assert_eq!(live.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn failures_are_told_to_the_log_with_their_cause() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = told.clone();
    let mut service = RpcService::new(app(), |_: ContextRequest| async { Ok(Ctx::default()) }).on_error(
        move |error: &RpcError, path: &str| {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            log.lock().unwrap().push((path.to_owned(), error.code(), cause));
        },
    );
    service.call(get("/boom")).await.unwrap();
    service.call(get("/breaks")).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(
        *told.lock().unwrap(),
        [
            ("boom".to_owned(), Code::InternalServerError, Some("the secret cause".to_owned())),
            ("breaks".to_owned(), Code::Forbidden, None),
        ]
    );
}
