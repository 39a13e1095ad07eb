//! `/graphql`: queries and mutations over HTTP, subscriptions as event streams and over WebSocket.
#![allow(
    clippy::disallowed_methods,
    reason = "a WebSocket lives in a task of its own, and a silent stream is kept alive"
)]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use graphql_exec::Object;
use graphql_exec::http::HttpLimits;
use graphql_exec::tokio::{Refused, serve};
use graphql_exec::tower::Graphql;
use graphql_exec::ws::{SUBPROTOCOL, WsLimits};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, header};
use rest_core::auth::authenticate;
use rest_core::tower::{Body, IntoResponse};
use tower_service::Service;
use ws_frame::handshake::Policy;
use ws_frame::tower::{Opening, accept};

use crate::app::{App, refuse_handshake};
use crate::server::Seat;
use crate::stats::count;

mod events;
mod resolvers;
mod schema;
#[cfg(test)]
mod tests;

pub(crate) use resolvers::Caller;
pub(crate) use schema::build;

/// The door as a service.
#[derive(Clone)]
pub(crate) struct Door {
    app: Arc<App>,
    over_http: Graphql<Caller>,
}

impl Door {
    pub(crate) fn new(app: &Arc<App>) -> Door {
        let mut limits = HttpLimits::default();
        limits.max_body = app.config.max_body;
        let caller = {
            let app = Arc::clone(app);
            move |request: &Parts| Caller::new(&app, authenticate(&request.headers, &app.token).is_ok())
        };
        let heartbeat = app.config.heartbeat;
        let over_http = Graphql::new(app.graphql.clone(), caller)
            .limits(limits)
            .keep_alive(move || tokio::time::sleep(heartbeat));
        Door { app: Arc::clone(app), over_http }
    }

    /// Decides over a handshake, and serves the connection.
    fn join(&self, mut request: Request<Body>) -> Response<Body> {
        // The subprotocol is asked about once the connection is open, as the protocol has it: with 4406.
        let policy = match Policy::new().subprotocols([SUBPROTOCOL]) {
            Ok(policy) => policy,
            // The name is our own, and a token.
            Err(_) => Policy::new(),
        };
        let (response, opening) = match accept(&policy, &mut request) {
            Ok(accepted) => accepted,
            Err(rejection) => return refuse_handshake(request.method(), &rejection),
        };
        let seat = request.extensions().get::<Seat>().cloned();
        let app = Arc::clone(&self.app);
        tokio::spawn(async move {
            converse(app, opening).await;
            // The connection counts among the open ones until here.
            drop(seat);
        });
        response.map(|()| Body::empty())
    }
}

impl Service<Request<Body>> for Door {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        count(&self.app.counters.graphql);
        let upgrade = request.headers().get(header::UPGRADE).map_or(&[][..], HeaderValue::as_bytes);
        if upgrade.eq_ignore_ascii_case(b"websocket") || *request.method() == Method::CONNECT {
            let response = self.join(request);
            return Box::pin(async move { Ok(response) });
        }
        let answer = self.over_http.call(request);
        Box::pin(async move { answer.await.map(IntoResponse::into_response) })
    }
}

async fn converse(app: Arc<App>, opening: Opening) {
    let limits = WsLimits::default();
    let mut config = ws_frame::Config::default();
    config.limits.max_message = limits.max_message;
    config.limits.max_frame = limits.max_message;
    config.limits.close_timeout = app.config.drain / 2;
    let socket = match opening.open(config).await {
        Ok(socket) => socket,
        Err(cause) => {
            tracing::debug!(%cause, "a connection ended before it was a WebSocket");
            return;
        }
    };
    let connect = {
        let app = Arc::clone(&app);
        async move |payload: Object| identify(&app, &payload)
    };
    let mut stopped = app.stopped.clone();
    let stopped = async move { drop(stopped.wait_for(|stopped| *stopped).await) };
    if let Err(cause) = serve(socket, app.graphql.clone(), limits, connect, stopped).await {
        tracing::debug!(%cause, "a connection of graphql ended early");
    }
}

/// Whoever cannot send headers, as a browser, gives the token here. Without one the client may read.
fn identify(app: &Arc<App>, payload: &Object) -> Result<Caller, Refused> {
    let Some(authorization) = payload.get("authorization") else { return Ok(Caller::new(app, false)) };
    let token = authorization.as_str().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    match token {
        Some(token) if app.token.matches(token) => Ok(Caller::new(app, true)),
        _ => Err(Refused::new("the authorization is not a Bearer token that is known here")),
    }
}
