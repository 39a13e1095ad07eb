//! The tower adapter: an [`Api`] of resources becomes one `tower_service::Service`.
//!
//! Handlers are async functions of a [`Context`] that give a [`Reply`](crate::Reply), an outcome, or any response, or an
//! error that is [`ToProblem`](crate::ToProblem). The adapter adds what follows from the routes and the answers:
//!
//! - HEAD from GET, without the content and with its Content-Length; OPTIONS with Allow, and Accept-Patch beside PATCH;
//! - 404, 405 with Allow, 501, 400 and 414 as problem documents;
//! - 304 and 412 for GET and HEAD, from the ETag and Last-Modified that the handler set;
//! - the Cache-Control of the resource where the answer has none.
//!
//! No runtime is named: the future of a request is plain. The one clock that is read, the system's, can be replaced
//! ([`Api::clock`]).

mod api;
mod body;
mod context;
mod resource;
mod respond;
mod service;

pub use api::Api;
pub use body::{Body, BoxError};
pub use context::{Context, PathParams};
pub use resource::Resource;
pub use respond::{IntoResponse, Response};
pub use service::{ApiService, ResponseFuture};
/// The trait of the service, to call it without a dependency of one's own.
pub use tower_service::Service;
