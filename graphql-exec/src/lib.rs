//! GraphQL without I/O: parser, schema, validation, breadth-first execution with batched loading.
#![forbid(unsafe_code)]

pub mod error;
pub mod http;
mod limits;
mod name;
mod request;
mod span;
pub mod sse;
pub mod syntax;
pub mod value;
pub mod ws;

pub use error::{GraphqlError, PathSegment};
pub use limits::Limits;
pub use name::Name;
pub use request::{Request, RequestError};
pub use span::{Location, Span};
pub use value::{Object, Value};
