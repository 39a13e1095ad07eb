//! GraphQL without I/O: parser, schema, validation, breadth-first execution with batched loading.
#![forbid(unsafe_code)]

pub mod error;
pub mod exec;
pub mod http;
mod limits;
mod name;
pub mod plan;
mod request;
pub mod schema;
mod span;
pub mod sse;
pub mod syntax;
pub mod validate;
pub mod value;
pub mod ws;

pub use error::{GraphqlError, PathSegment};
pub use exec::{ObjectRef, Objects, Output, Parent, Property, Resolved, Response, Root, Typed};
pub use limits::Limits;
pub use name::Name;
pub use request::{Request, RequestError};
pub use schema::Schema;
pub use span::{Location, Span};
pub use value::{Object, Value};
