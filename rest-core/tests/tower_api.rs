//! The tower adapter end to end: a small service of users, called as a server would.
#![cfg(feature = "tower")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
use bytes::Bytes;
use core::convert::Infallible;
use http::{Method, Request, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use rest_core::auth::{Token, authenticate};
use rest_core::field::{CacheControl, ETag, HttpDate};
use rest_core::hypermedia::{Hal, Link};
use rest_core::route::Pattern;
use rest_core::semantics::Validators;
use rest_core::semantics::outcome::{Created, NoContent};
use rest_core::tower::{Api, ApiService, Body, BoxError, Context, PathParams, Resource, Response};
use rest_core::{Limits, Problem, Reply, ToProblem};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::{Duration, UNIX_EPOCH};
use tower_service::Service;

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct NewUser {
    name: String,
    email: Option<String>,
}

#[derive(Clone)]
struct User {
    id: u64,
    version: u64,
    data: NewUser,
}

#[derive(Default)]
struct Users(Mutex<BTreeMap<u64, User>>);

enum AppError {
    Told(Problem),
    Secret,
}

impl From<Problem> for AppError {
    fn from(problem: Problem) -> Self {
        AppError::Told(problem)
    }
}

impl ToProblem for AppError {
    fn to_problem(&self) -> Problem {
        match self {
            AppError::Told(problem) => problem.clone(),
            AppError::Secret => Problem::internal(),
        }
    }
}

fn validators(user: Option<&User>) -> Validators {
    user.map_or(Validators::absent(), |u| Validators::present().etag(ETag::from_version(u.version)))
}

fn document(user: &User) -> Result<Reply, Problem> {
    let hal = Hal::new(json!({"id": user.id, "name": user.data.name, "email": user.data.email}))
        .link("self", Link::new(format!("/users/{}", user.id)));
    let changed = HttpDate::from_unix(1_700_000_000 + user.version as i64);
    Ok(Reply::ok().hal(&hal)?.etag(&ETag::from_version(user.version)).last_modified(changed))
}

async fn show(cx: Context<Users>) -> Result<Reply, AppError> {
    let id: u64 = cx.parse("id")?;
    if id == 500 {
        return Err(AppError::Secret);
    }
    let users = cx.state().0.lock().unwrap();
    Ok(document(users.get(&id).ok_or_else(Problem::not_found)?)?)
}

async fn create(mut cx: Context<Users>) -> Result<Reply, Problem> {
    let data: NewUser = cx.json().await?;
    let mut users = cx.state().0.lock().unwrap();
    let user = User { id: users.len() as u64 + 1, version: 1, data };
    users.insert(user.id, user.clone());
    let path = Pattern::parse("/users/{id}").unwrap().reverse(&[("id", &user.id)])?;
    Reply::from(Created { location: path.into() }).etag(&ETag::from_version(1)).json(&user.data)
}

async fn replace(mut cx: Context<Users>) -> Result<Reply, Problem> {
    let (id, data) = (cx.parse("id")?, cx.json().await?);
    let mut users = cx.state().0.lock().unwrap();
    cx.check(&validators(users.get(&id)))?;
    let version = users.get(&id).map_or(1, |u| u.version + 1);
    let user = User { id, version, data };
    users.insert(id, user.clone());
    document(&user)
}

async fn change(mut cx: Context<Users>) -> Result<Reply, Problem> {
    let id: u64 = cx.parse("id")?;
    let current = cx.state().0.lock().unwrap().get(&id).cloned().ok_or_else(Problem::not_found)?;
    cx.check(&validators(Some(&current)))?;
    let data = cx.merge_patch(&current.data).await?;
    let user = User { data, version: current.version + 1, ..current };
    cx.state().0.lock().unwrap().insert(id, user.clone());
    document(&user)
}

async fn remove(cx: Context<Users>) -> Result<NoContent, Problem> {
    let id: u64 = cx.parse("id")?;
    let mut users = cx.state().0.lock().unwrap();
    cx.check(&validators(users.get(&id)))?;
    users.remove(&id).map(|_| NoContent).ok_or_else(Problem::not_found)
}

async fn list(cx: Context<Users>) -> Result<Reply, Problem> {
    let limit = cx.query::<usize>("limit")?.unwrap_or(10);
    let chosen = ["application/hal+json", "application/json"]
        [cx.negotiate(&["application/hal+json", "application/json"])?];
    let q = cx.query_pairs().find(|(n, _)| n == "q").map(|(_, v)| v.into_owned());
    Ok(Reply::ok().content(chosen, json!({"limit": limit, "q": q}).to_string()))
}

/// A body whose length nobody knows before its end.
async fn stream(_: Context<Users>) -> Result<http::Response<StreamBody<Ticks>>, Problem> {
    Ok(http::Response::new(StreamBody::new(Ticks(3))))
}

struct Ticks(u8);

impl futures_core::Stream for Ticks {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Option<Self::Item>> {
        if self.0 == 0 {
            return Poll::Ready(None);
        }
        self.0 -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"tick\n")))))
    }
}

#[derive(Clone)]
struct Upgrade(&'static str);

/// What a server attaches so that a handler can take over the connection.
#[derive(Clone)]
struct OnUpgrade;

impl Service<Request<Body>> for Upgrade {
    type Response = http::Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let room =
            request.extensions().get::<PathParams>().and_then(|p| p.get("room")).unwrap_or("-").to_owned();
        let upgradable = request.extensions().get::<OnUpgrade>().is_some();
        let response = http::Response::builder()
            .status(101)
            .header("x-room", room)
            .header("x-up", upgradable.to_string());
        std::future::ready(Ok(response
            .header("x-by", self.0)
            .extension(OnUpgrade)
            .body(Empty::new())
            .unwrap()))
    }
}

fn service() -> ApiService<Users> {
    let token = Token::new("abc123");
    let mut limits = Limits::default();
    limits.max_body = 100;
    Api::new(Users::default())
        .limits(limits)
        .clock(|| UNIX_EPOCH + Duration::from_secs(1_790_000_000))
        .guard(
            move |parts| if parts.method.is_safe() { Ok(()) } else { authenticate(&parts.headers, &token) },
        )
        .resource("/users", Resource::new().get(list).post(create))
        .resource(
            "/users/{id}",
            Resource::new()
                .get(show)
                .put(replace)
                .patch(change)
                .delete(remove)
                .requires_if_match()
                .accept_patch("application/merge-patch+json")
                .cache(&CacheControl::new().private().max_age(0).must_revalidate()),
        )
        .resource("/stream", Resource::new().get(stream))
        .service("/ws/{room}", Upgrade("ws"))
        .into_service()
        .unwrap()
}

struct Answer {
    status: u16,
    response: Response,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |v| v.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

async fn send<B>(service: &ApiService<Users>, request: Request<B>) -> Answer
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let (parts, body) = service.clone().call(request).await.unwrap().into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answer { status: parts.status.as_u16(), response: Response::from_parts(parts, Body::empty()), text }
}

async fn call(
    service: &ApiService<Users>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = Request::builder().method(&method).uri(path);
    if !method.is_safe() {
        request = request.header("authorization", "Bearer abc123");
    }
    if !body.is_empty() && !headers.iter().any(|(n, _)| *n == "content-type") {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(service, request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()).await
}

const ANN: &str = r#"{"name":"Ann","email":"ann@example.com"}"#;

#[tokio::test]
async fn create_answers_201_with_location_and_tag() {
    let s = service();
    let made = call(&s, Method::POST, "/users", &[], ANN).await;
    assert_eq!((made.status, made.header("location"), made.header("etag")), (201, "/users/1", "\"v1\""));
    let shown = call(&s, Method::GET, made.header("location"), &[], "").await;
    assert_eq!((shown.status, shown.header("content-type")), (200, "application/hal+json"));
    assert_eq!(shown.header("cache-control"), "private, max-age=0, must-revalidate");
    assert_eq!(shown.json()["_links"]["self"]["href"], "/users/1");
}

#[tokio::test]
async fn head_has_the_length_of_get_and_no_content() {
    let s = service();
    call(&s, Method::POST, "/users", &[], ANN).await;
    let get = call(&s, Method::GET, "/users/1", &[], "").await;
    let head = call(&s, Method::HEAD, "/users/1", &[], "").await;
    assert_eq!((head.status, &head.text[..], head.header("etag")), (200, "", get.header("etag")));
    assert_eq!(head.header("content-length"), get.text.len().to_string());
    let missing = call(&s, Method::HEAD, "/nothing", &[], "").await;
    assert_eq!((missing.status, &missing.text[..]), (404, ""));
    assert_eq!(call(&s, Method::HEAD, "/stream", &[], "").await.header("content-length"), "");
}

#[tokio::test]
async fn get_with_a_fresh_tag_is_304_without_content() {
    let s = service();
    call(&s, Method::POST, "/users", &[], ANN).await;
    for method in [Method::GET, Method::HEAD] {
        let same = call(&s, method, "/users/1", &[("if-none-match", "W/\"v1\"")], "").await;
        assert_eq!((same.status, &same.text[..], same.header("etag")), (304, "", "\"v1\""));
        assert_eq!((same.header("content-type"), same.header("content-length")), ("", ""));
        assert_eq!(same.header("cache-control"), "private, max-age=0, must-revalidate");
    }
    let date = HttpDate::from_unix(1_700_000_001).to_string();
    assert_eq!(call(&s, Method::GET, "/users/1", &[("if-modified-since", &date)], "").await.status, 304);
    assert_eq!(call(&s, Method::GET, "/users/1", &[("if-none-match", "\"v2\"")], "").await.status, 200);
    assert_eq!(call(&s, Method::GET, "/users/1", &[("if-match", "\"v2\"")], "").await.status, 412);
    // RFC 9110 §13.2.1: no condition counts where the answer is an error anyway.
    assert_eq!(call(&s, Method::GET, "/users/9", &[("if-match", "\"v2\"")], "").await.status, 404);
}

#[tokio::test]
async fn changes_need_the_current_tag() {
    let s = service();
    assert_eq!(call(&s, Method::PUT, "/users/7", &[("if-match", "*")], ANN).await.status, 412);
    assert_eq!(call(&s, Method::PUT, "/users/7", &[("if-none-match", "*")], ANN).await.status, 200);
    let without = call(&s, Method::PUT, "/users/7", &[], ANN).await;
    assert_eq!((without.status, without.header("etag")), (428, "\"v1\""));
    let stale = call(&s, Method::DELETE, "/users/7", &[("if-match", "\"v0\"")], "").await;
    assert_eq!((stale.status, stale.header("etag")), (412, "\"v1\""));
    assert_eq!(
        call(&s, Method::PUT, "/users/7", &[("if-match", "\"v1\"")], ANN).await.header("etag"),
        "\"v2\""
    );
    let gone = call(&s, Method::DELETE, "/users/7", &[("if-match", "\"v2\"")], "").await;
    assert_eq!((gone.status, &gone.text[..], gone.header("content-type")), (204, "", ""));
    assert_eq!(call(&s, Method::GET, "/users/7", &[], "").await.status, 404);
}

#[tokio::test]
async fn patch_merges_and_points_at_what_is_wrong() {
    let s = service();
    call(&s, Method::POST, "/users", &[], ANN).await;
    let merge = ("content-type", "application/merge-patch+json");
    let tag = ("if-match", "\"v1\"");
    let wrong = call(&s, Method::PATCH, "/users/1", &[merge, tag], r#"{"name":5}"#).await;
    assert_eq!((wrong.status, &wrong.json()["errors"][0]["pointer"]), (422, &json!("/name")));
    let required = call(&s, Method::PATCH, "/users/1", &[merge, tag], r#"{"name":null}"#).await;
    assert_eq!(required.json()["errors"], json!([{"pointer": "/name", "detail": "is required"}]));
    let changed = call(&s, Method::PATCH, "/users/1", &[merge, tag], r#"{"email":null}"#).await;
    assert_eq!(
        (changed.status, changed.header("etag"), &changed.json()["email"]),
        (200, "\"v2\"", &Value::Null)
    );
    assert_eq!(changed.json()["name"], "Ann");
    let text =
        call(&s, Method::PATCH, "/users/1", &[("content-type", "text/plain"), ("if-match", "*")], "x").await;
    assert_eq!((text.status, text.header("accept-patch")), (415, "application/merge-patch+json"));
}

#[tokio::test]
async fn content_that_cannot_be_used_is_400_413_415_or_422() {
    let s = service();
    let post =
        async |headers: &[(&str, &str)], body: &str| call(&s, Method::POST, "/users", headers, body).await;
    let malformed = post(&[], "{\"name\":\n").await;
    assert_eq!((malformed.status, &malformed.json()["line"]), (400, &json!(2)));
    assert_eq!(post(&[], &format!("{{\"name\":\"{}\"}}", "x".repeat(100))).await.status, 413);
    let other = post(&[("content-type", "text/plain")], "hello").await;
    assert_eq!((other.status, other.header("accept")), (415, "application/json"));
    let shape = post(&[], "{}").await;
    assert_eq!((shape.status, shape.header("content-type")), (422, "application/problem+json"));
    assert_eq!(shape.json()["errors"], json!([{"pointer": "/name", "detail": "is required"}]));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_also_without_a_length() {
    let s = service();
    let body = StreamBody::new(Ticks(200));
    let request = Request::post("/users").header("authorization", "Bearer abc123");
    let request = request.header("content-type", "application/json").body(body).unwrap();
    assert_eq!(send(&s, request).await.status, 413);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400() {
    struct Broken;
    impl http_body::Body for Broken {
        type Data = Bytes;
        type Error = std::io::Error;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
            Poll::Ready(Some(Err(std::io::Error::other("peer 10.0.0.7 went away"))))
        }
    }
    let request = Request::post("/users").header("authorization", "Bearer abc123");
    let request = request.header("content-type", "application/json").body(Broken).unwrap();
    let answer = send(&service(), request).await;
    assert_eq!(answer.status, 400);
    assert!(!answer.text.contains("10.0.0.7"));
}

#[tokio::test]
async fn routes_answer_404_405_options_and_501() {
    let s = service();
    let refused = call(&s, Method::DELETE, "/users", &[], "").await;
    assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD, OPTIONS, POST"));
    assert_eq!(
        (refused.header("content-type"), &refused.json()["status"]),
        ("application/problem+json", &json!(405))
    );
    let options = call(&s, Method::OPTIONS, "/users/1", &[], "").await;
    assert_eq!((options.status, options.header("allow")), (204, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"));
    assert_eq!(options.header("accept-patch"), "application/merge-patch+json");
    assert_eq!(call(&s, Method::OPTIONS, "/users", &[], "").await.header("accept-patch"), "");
    assert_eq!(
        call(&s, Method::OPTIONS, "*", &[], "").await.header("allow"),
        "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    );
    assert_eq!(call(&s, Method::from_bytes(b"BREW").unwrap(), "/users", &[], "").await.status, 501);
    assert_eq!(call(&s, Method::GET, "/users/none", &[], "").await.status, 404);
    assert_eq!(call(&s, Method::GET, "/users/%ff", &[], "").await.status, 400);
}

#[tokio::test]
async fn an_error_shows_nothing_from_inside() {
    let answer = call(&service(), Method::GET, "/users/500", &[], "").await;
    assert_eq!(
        answer.json(),
        json!({"type": "about:blank", "title": "Internal Server Error", "status": 500})
    );
}

#[tokio::test]
async fn a_guard_stands_before_the_handlers() {
    let request = Request::post("/users")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(ANN)))
        .unwrap();
    let s = service();
    let refused = send(&s, request).await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
    assert!(
        s.clone()
            .call(Request::get("/users").body(Empty::<Bytes>::new()).unwrap())
            .await
            .unwrap()
            .status()
            .is_success()
    );
}

#[tokio::test]
async fn query_and_negotiation() {
    let s = service();
    let found = call(&s, Method::GET, "/users?limit=3&q=a+b%26c", &[], "").await;
    assert_eq!(found.json(), json!({"limit": 3, "q": "a b&c"}));
    assert_eq!(call(&s, Method::GET, "/users?limit=x", &[], "").await.status, 400);
    let json = call(&s, Method::GET, "/users", &[("accept", "application/json")], "").await;
    assert_eq!(json.header("content-type"), "application/json");
    assert_eq!(call(&s, Method::GET, "/users", &[("accept", "text/html")], "").await.status, 406);
}

#[tokio::test]
async fn streams_pass_and_mounted_services_keep_extensions() {
    let s = service();
    assert_eq!(call(&s, Method::GET, "/stream", &[], "").await.text, "tick\ntick\ntick\n");
    for method in [Method::GET, Method::CONNECT] {
        let mut request =
            Request::builder().method(method).uri("/ws/caf%C3%A9").body(Empty::<Bytes>::new()).unwrap();
        request.extensions_mut().insert(OnUpgrade);
        let answer = send(&s, request).await;
        assert_eq!(answer.status, StatusCode::SWITCHING_PROTOCOLS.as_u16());
        assert_eq!(answer.response.headers()["x-room"].as_bytes(), "café".as_bytes());
        assert_eq!((answer.header("x-up"), answer.header("x-by")), ("true", "ws"));
        assert!(answer.response.extensions().get::<OnUpgrade>().is_some());
    }
}

#[tokio::test]
async fn a_fallback_takes_what_no_pattern_matches() {
    let mut s = Api::new(Users::default())
        .resource("/users", Resource::new().get(list))
        .fallback(Upgrade("fallback"))
        .into_service()
        .unwrap();
    let mut answer = |path: &str| s.call(Request::get(path).body(Empty::<Bytes>::new()).unwrap());
    assert_eq!(answer("/else").await.unwrap().headers()["x-by"], "fallback");
    let mut other = s.clone();
    assert_eq!(
        other.call(Request::delete("/users").body(Body::empty()).unwrap()).await.unwrap().status(),
        405
    );
}

#[test]
fn the_service_is_send_sync_and_clone() {
    fn check<T: Clone + Send + Sync + 'static>(_: &T) {}
    check(&service());
    assert!(format!("{:?}", service()).contains("/users/{id} (DELETE, GET, HEAD, OPTIONS, PATCH, PUT)"));
}

#[test]
fn a_wrong_pattern_is_told_when_the_service_is_made() {
    let api = || Api::new(Users::default()).resource("/users/{id}", Resource::new().get(show));
    assert!(api().resource("/users/{name}", Resource::new().get(show)).into_service().is_err());
    assert!(api().resource("/users/{id}", Resource::new().get(show)).into_service().is_err());
    assert!(api().service("no", Upgrade("x")).into_service().is_err());
}
