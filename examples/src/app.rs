//! The service behind the port: its state, and how it answers a request.
#![allow(clippy::disallowed_methods, reason = "requests are timed for the log")]

use std::sync::Arc;
use std::time::Instant;

use grpc_wire::tower::GrpcService;
use http::{HeaderValue, Method, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use rest_core::auth::Token;
use rest_core::tower::{ApiService, Body};
use serde_json::json;
use tokio::sync::watch;
use tower_service::Service;
use ws_frame::handshake::Rejection;

use crate::body::Upload;
use crate::bus::Bus;
use crate::config::Config;
use crate::doors::{console, graphql, grpc, inbound, trpc};
use crate::event::EventType;
use crate::feed::Follower;
use crate::server;
use crate::stats::{Counters, count};
use crate::store::Store;

/// What every handler can reach.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) token: Token,
    pub(crate) store: Store,
    pub(crate) bus: Arc<Bus>,
    pub(crate) receiver: inbound::Receiver,
    pub(crate) counters: Arc<Counters>,
    pub(crate) stopped: watch::Receiver<bool>,
    pub(crate) page: console::Page,
    pub(crate) graphql: graphql_exec::App<graphql::Caller>,
}

impl App {
    /// The events of one kind from here on, until the service stops.
    pub(crate) fn follow(&self, kind: EventType) -> Follower {
        self.bus.feed.follow(kind, self.stopped.clone())
    }
}

/// Answers any request: routes, then the fields that every answer has.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) app: Arc<App>,
    pub(crate) api: ApiService<Arc<App>>,
    pub(crate) grpc: GrpcService,
    pub(crate) rpc: trpc::Door,
}

impl Front {
    pub(crate) async fn respond(mut self, request: Request<Incoming>) -> Response<server::Body> {
        let body_timeout = self.app.config.body_timeout;
        // Without the query: a token may stand there.
        let (method, path, since) =
            (request.method().clone(), request.uri().path().to_owned(), Instant::now());
        let awaits = request.headers().contains_key(header::EXPECT);
        let mut response = if grpc::is_for(&request) {
            count(&self.app.counters.grpc);
            let open_ended = grpc::is_open_ended(&request);
            let request = request.map(|body| match open_ended {
                true => Upload::open_ended(body),
                false => Upload::new(body, body_timeout, awaits),
            });
            let Ok(response) = self.grpc.call(request).await;
            match grpc::rejection(response.status()) {
                Some(rejection) => as_problem(response, &rejection.to_string()).map(BodyExt::boxed_unsync),
                None => response.map(|body| body.map_err(Into::into).boxed_unsync()),
            }
        } else if path.starts_with("/trpc/") {
            count(&self.app.counters.rpc);
            let request = request.map(|body| Upload::new(body, body_timeout, awaits));
            let Ok(response) = self.rpc.call(request).await;
            response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
        } else {
            let request = request.map(|body| Upload::new(body, body_timeout, awaits));
            let Ok(response) = self.api.call(request).await;
            response.map(BodyExt::boxed_unsync)
        };
        let headers = response.headers_mut();
        headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
        let status = response.status().as_u16();
        tracing::info!(%method, path, status, took = ?since.elapsed(), "request");
        response
    }
}

/// The refusal of a handshake, in the form that all of ours have, and in the words of the version of HTTP that was spoken.
pub(crate) fn refuse_handshake(method: &Method, rejection: &Rejection) -> Response<Body> {
    let response =
        if *method == Method::CONNECT { rejection.to_connect_response() } else { rejection.to_response() };
    as_problem(response, &rejection.to_string())
}

/// A refusal that one of the crates has decided on, with its own status and fields, in the form that all of ours have.
pub(crate) fn as_problem<B>(refusal: Response<B>, detail: &str) -> Response<Body> {
    let (mut parts, _) = refusal.into_parts();
    let text = json!({
        "type": "about:blank",
        "title": parts.status.canonical_reason(),
        "status": parts.status.as_u16(),
        "detail": detail,
    });
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(rest_core::problem::PROBLEM_JSON));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(text.to_string()))
}
