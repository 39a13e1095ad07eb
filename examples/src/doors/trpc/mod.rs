//! `/trpc/*`: typed RPC that tRPC clients call.

use std::future::{Ready, ready};
use std::sync::Arc;

use rest_core::auth::authenticate;
use rpc_typed::tower::{ContextRequest, RpcService};
use rpc_typed::{App, BuildError, Code, Config, PathSegment, Router, Rpc, RpcError, Ts};

use crate::app::App as Showcase;
use crate::failure::Failure;

mod procedures;
mod streams;
mod types;

/// What every procedure gets.
#[derive(Clone)]
pub(crate) struct Context {
    app: Arc<Showcase>,
    /// Whether the request came with the token.
    authorized: bool,
}

/// What a procedure gets that only a caller with the token reaches.
pub(crate) struct Authorized {
    app: Arc<Showcase>,
}

/// The door as a service.
pub(crate) type Door = RpcService<Context, MakeContext>;
type MakeContext = Box<dyn Fn(ContextRequest) -> Ready<Result<Context, RpcError>> + Send + Sync>;

/// The procedures behind their paths.
fn router() -> Result<App<Context>, BuildError> {
    let open = Rpc::<Context>::new();
    let authorized = open.use_ctx(|c: Context| async move {
        match c.authorized {
            true => Ok(Authorized { app: c.app }),
            false => Err(RpcError::new(Code::Unauthorized, "send `Authorization: Bearer` with the token")),
        }
    });
    let users = Router::new()
        .handle(types::GET_BY_ID, open.run(procedures::get_by_id))
        .handle(types::CREATE, authorized.run(procedures::create))
        .handle(types::CREATED, open.stream(streams::created));
    Router::new()
        .nest("users", users)
        .handle(types::POSTS, open.run(procedures::posts))
        .handle(types::TICKS, open.stream(streams::ticks))
        .build()
}

/// The type of the router, for TypeScript.
pub(crate) fn app_router() -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    Ok(router()?.emit_ts(&Ts::default())?)
}

/// The door of a service.
pub(crate) fn door(app: &Arc<Showcase>) -> Result<Door, BuildError> {
    let mut config = Config::default();
    config.limits.max_body = app.config.max_body;
    config.sse.ping = Some(app.config.heartbeat);
    let state = Arc::clone(app);
    let context: MakeContext = Box::new(move |request: ContextRequest| {
        let authorized = authenticate(&request.parts.headers, &state.token).is_ok();
        ready(Ok(Context { app: Arc::clone(&state), authorized }))
    });
    let log = |error: &RpcError, path: &str| {
        if error.code() == Code::InternalServerError {
            let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(path, cause, "a procedure failed");
        }
    };
    Ok(RpcService::new(router()?, context).at("/trpc").config(config).on_error(log))
}

/// A refusal in tRPC's words.
fn refused(failure: &Failure) -> RpcError {
    let code = match failure.problem().status().as_u16() {
        400 | 422 => Code::BadRequest,
        404 => Code::NotFound,
        409 => Code::Conflict,
        413 => Code::PayloadTooLarge,
        503 => Code::ServiceUnavailable,
        _ => Code::InternalServerError,
    };
    let refused = RpcError::new(code, failure.to_string());
    failure.violations().fold(refused, |refused, violation| {
        let segment = |segment: &str| match segment.parse() {
            Ok(index) => PathSegment::Index(index),
            Err(_) => segment.replace("~1", "/").replace("~0", "~").into(),
        };
        refused.issue(violation.pointer.split('/').skip(1).map(segment), violation.detail)
    })
}
