//! A service over HTTP: queries and mutations by POST, queries by GET, subscriptions as event streams.
//!
//! ```
//! use graphql_exec::tower::Graphql;
//! use graphql_exec::{App, Root, Schema};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! struct Caller {
//!     token: Option<String>,
//! }
//! let schema = Schema::parse("type Query { one: Int }").unwrap();
//! let app: App<Caller> = App::builder(schema).field("Query.one", |_: &Root, _| 1).build().unwrap();
//! let service = Graphql::new(app, |request| Caller {
//!     token: request.headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned),
//! });
//! # let _ = service;
//! # Ok(())
//! # }
//! ```
//!
//! It is a `tower_service::Service` for requests with any body, and can be mounted in hyper, axum and the like. A WebSocket needs
//! the connection itself: see the feature `tokio`.

mod body;
mod service;

pub use body::Body;
pub use service::Graphql;

/// What a body fails with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
