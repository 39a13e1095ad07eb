//! GraphQL without I/O: parser, schema, validation, breadth-first execution with batched loading.
#![forbid(unsafe_code)]

pub mod error;
mod limits;
mod name;
mod span;
pub mod syntax;
pub mod value;

pub use error::{GraphqlError, PathSegment};
pub use limits::Limits;
pub use name::Name;
pub use span::{Location, Span};
pub use value::{Object, Value};
