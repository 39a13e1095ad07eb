//! GraphQL without I/O: parser, schema, validation, breadth-first execution with batched loading.
#![forbid(unsafe_code)]

pub mod app;
mod coord;
pub mod error;
pub mod exec;
pub mod http;
mod limits;
pub mod loader;
mod name;
pub mod plan;
mod request;
pub mod schema;
mod span;
pub mod sse;
pub mod syntax;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tower")]
pub mod tower;
pub mod validate;
pub mod value;
pub mod ws;

pub use app::{App, AppBuilder, Call, Loader, Prepared, Subscription};
pub use coord::Coordinate;
pub use error::{GraphqlError, PathSegment};
pub use exec::{ObjectRef, Objects, Output, Parent, Property, Resolved, Response, Root, Typed};
pub use limits::Limits;
pub use name::Name;
pub use request::{Request, RequestError};
pub use schema::Schema;
pub use span::{Location, Span};
pub use value::{Object, Value};
