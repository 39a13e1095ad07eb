//! GraphQL without I/O: parser, schema, validation, breadth-first execution with batched loading.
//!
//! The specification is [GraphQL, September 2025](https://spec.graphql.org/September2025/); its sections are cited as `§6.4.1`.
//!
//! ```
//! use graphql_exec::{App, Call, Request, Root, Schema, Typed};
//!
//! struct User(String);
//!
//! impl Typed for User {
//!     const NAME: &'static str = "User";
//! }
//!
//! let schema = Schema::parse("type Query { user(id: ID!): User } type User { name: String! }").unwrap();
//! let app = App::builder(schema)
//!     .field("Query.user", |_: &Root, call: &Call<()>| call.arg("id").map(|id: String| User(format!("user {id}"))))
//!     .property("User.name", |user: &User| &user.0)
//!     .build()?;
//!
//! // A future that any executor can poll. Nothing here waits, so once is enough.
//! let mut execution = app.execute(&Request::new("{ user(id: 7) { name } }"), ());
//! let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
//! let std::task::Poll::Ready(response) = std::pin::Pin::new(&mut execution).poll(&mut cx) else { panic!() };
//! assert_eq!(response.json(), br#"{"data":{"user":{"name":"user 7"}}}"#);
//! # Ok::<(), graphql_exec::app::BuildError>(())
//! ```
//!
//! # Modules and features
//!
//! | where | what | feature |
//! |---|---|---|
//! | [`App`], [`app`] | resolvers, loaders, the future of a response, the stream of a subscription | none |
//! | [`exec`] | the engine that calls nobody, what resolvers give, responses | none |
//! | [`loader`] | keys in batches, as data | none |
//! | [`plan`] | an operation with its variables, and what it would cost | none |
//! | [`validate`] | the rules of §5 | none |
//! | [`schema`], [`Coordinate`] | the type system, introspection | none |
//! | [`syntax`] | documents: lexer, parsers, trees, printer | none |
//! | [`value`] | inputs and their coercion | none |
//! | [`Limits`], [`GraphqlError`] | what a request is held to, and what it is told | none |
//! | [`Request`], [`http`], [`sse`] | GraphQL over HTTP, results as events | none |
//! | [`ws`] | `graphql-transport-ws` as a machine | none |
//! | `tower` | a `tower_service::Service` | `tower` |
//! | `tokio` | a connection of `graphql-transport-ws` over `ws-frame` | `tokio` |
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

#[cfg(doctest)]
#[cfg(all(feature = "tower", feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct Readme;
