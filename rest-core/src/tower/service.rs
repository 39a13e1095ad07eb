//! The service: route, check, call, and finish the answer.

use crate::field::HttpDate;
use crate::limits::Limits;
use crate::problem::Problem;
use crate::route::{Allow, Found, Params, Table};
use crate::semantics::{Precondition, Rules, Validators, evaluate, status};
use crate::tower::api::{Clock, Mount, Target};
use crate::tower::body::{Body, BoxError};
use crate::tower::context::{ACCEPT_PATCH, Context, PathParams};
use crate::tower::resource::{BoxFuture, Policy};
use crate::tower::respond::{IntoResponse, Response};
use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{self, Poll};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body::Body as HttpBody;
use std::sync::Arc;
use std::time::SystemTime;
use tower_service::Service;

/// A set of resources as a service over any request body. Cloning is cheap and shares the state.
pub struct ApiService<S>(Arc<Shared<S>>);

pub(crate) struct Shared<S> {
    pub(crate) state: Arc<S>,
    pub(crate) table: Table<Target<S>>,
    pub(crate) fallback: Option<Mount>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) clock: Clock,
}

impl<S> ApiService<S> {
    pub(crate) fn new(shared: Shared<S>) -> ApiService<S> {
        ApiService(Arc::new(shared))
    }
}

impl<S> Clone for ApiService<S> {
    fn clone(&self) -> Self {
        ApiService(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for ApiService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for (pattern, allow) in self.0.table.routes() {
            list.entry(&format_args!("{pattern} ({allow})"));
        }
        list.finish()
    }
}

impl<S, B> Service<Request<B>> for ApiService<S>
where
    S: Send + Sync + 'static,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        ResponseFuture(self.0.answer(request.map(Body::new)))
    }
}

/// The answer to come. It names no runtime and may be polled by any.
pub struct ResponseFuture(BoxFuture<Response>);

impl Future for ResponseFuture {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}

impl<S: Send + Sync + 'static> Shared<S> {
    fn answer(&self, request: Request<Body>) -> BoxFuture<Response> {
        let found = self.table.find(request.method(), request.uri().path());
        let (target, params) = match found {
            Found::Route(route) => (route.value, owned(&route.params)),
            Found::Options(allow) => return ready(options(allow, self.accept_patch(&request))),
            Found::ServerOptions(allow) => return ready(options(&allow, None)),
            Found::NotFound if self.fallback.is_some() => {
                return self
                    .fallback
                    .as_ref()
                    .map_or_else(|| ready(Response::default()), |mount| mount(request));
            }
            other => {
                let problem = other.to_problem().unwrap_or_else(Problem::not_found).into_response();
                return ready(finish_head(request.method(), problem.map(Body::from)));
            }
        };
        match target {
            Target::Mount(mount) => {
                let mut request = request;
                request.extensions_mut().insert(params);
                mount(request)
            }
            Target::Handler(handler, policy) => {
                let (parts, body) = request.into_parts();
                let now = (self.clock)();
                if let Some(problem) = policy.guards.iter().find_map(|guard| guard(&parts).err()) {
                    return ready(finish_head(&parts.method, IntoResponse::into_response(problem)));
                }
                let finish = Finish::of(&parts.method, &parts.headers, policy, now, &self.limits);
                let answer = handler(Context {
                    state: Arc::clone(&self.state),
                    parts,
                    body,
                    params,
                    limits: Arc::clone(&self.limits),
                    now,
                    require_if_match: policy.require_if_match,
                });
                Box::pin(async move { finish.apply(answer.await) })
            }
        }
    }

    /// The Accept-Patch of the resource at this path.
    fn accept_patch(&self, request: &Request<Body>) -> Option<HeaderValue> {
        match self.table.find(&Method::PATCH, request.uri().path()) {
            Found::Route(route) => match route.value {
                Target::Handler(_, policy) => policy.accept_patch.clone(),
                Target::Mount(_) => None,
            },
            _ => None,
        }
    }
}

/// What is still to be done to the answer of a handler. Only what the request calls for is kept.
struct Finish {
    method: Method,
    conditions: Option<(HeaderMap, Rules)>,
    policy: Arc<Policy>,
    now: HttpDate,
}

impl Finish {
    fn of(
        method: &Method,
        headers: &HeaderMap,
        policy: &Arc<Policy>,
        now: SystemTime,
        limits: &Limits,
    ) -> Finish {
        let now = HttpDate::from(now);
        let conditional = matches!(*method, Method::GET | Method::HEAD | Method::QUERY)
            && CONDITIONAL.iter().any(|name| headers.contains_key(name));
        let conditions = conditional.then(|| (headers.clone(), Rules::at(now).limits(limits.clone())));
        Finish { method: method.clone(), conditions, policy: Arc::clone(policy), now }
    }

    fn apply(self, mut response: Response) -> Response {
        let retrieval = matches!(self.method, Method::GET | Method::HEAD | Method::QUERY);
        if retrieval && response.status().is_success() {
            if let Some(cache) = &self.policy.cache {
                response.headers_mut().entry(header::CACHE_CONTROL).or_insert_with(|| cache.clone());
            }
            if let Some((headers, rules)) = &self.conditions {
                let current = Validators::from_headers(response.headers(), self.now);
                response = match evaluate(&self.method, headers, &current, rules) {
                    Precondition::NotModified => not_modified(response),
                    decision => match decision.into_result(&current) {
                        Ok(()) => response,
                        Err(problem) => IntoResponse::into_response(problem),
                    },
                };
            }
        }
        finish_head(&self.method, response)
    }
}

/// Turns a 200 into the 304 in its place: what describes the content goes, what a cache needs stays
/// (RFC 9110 §15.4.5).
fn not_modified(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = Body::empty();
    let headers = response.headers_mut();
    let gone = [
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_RANGE,
        header::TRANSFER_ENCODING,
    ];
    for name in gone {
        headers.remove(name);
    }
    if headers.contains_key(header::ETAG) {
        headers.remove(header::LAST_MODIFIED);
    }
    response
}

/// For HEAD: drops the content and keeps its length (RFC 9110 §9.3.2).
fn finish_head(method: &Method, mut response: Response) -> Response {
    if *method == Method::HEAD {
        if status::has_content(response.status())
            && !response.headers().contains_key(header::CONTENT_LENGTH)
            && let Some(length) = response.body().size_hint().exact()
        {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        *response.body_mut() = Body::empty();
    }
    response
}

fn options(allow: &Allow, accept_patch: Option<HeaderValue>) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, allow.to_header_value());
    if let Some(value) = accept_patch {
        response.headers_mut().insert(ACCEPT_PATCH, value);
    }
    response
}

fn owned(params: &Params<'_, '_>) -> PathParams {
    PathParams(params.iter().map(|(name, value)| (name.to_owned(), value.into_owned())).collect())
}

fn ready(response: Response) -> BoxFuture<Response> {
    Box::pin(core::future::ready(response))
}

const CONDITIONAL: [header::HeaderName; 4] =
    [header::IF_MATCH, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE];
