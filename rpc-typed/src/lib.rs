//! Typed RPC that unmodified tRPC clients call: the router, the wire and the TypeScript types come from one set of Rust
//! definitions.
//!
//! The protocol is that of tRPC 11.25.2 over HTTP: queries and mutations, single and in batches, subscriptions over
//! Server-Sent Events, batches streamed as JSON Lines.
//!
//! ```
//! use rpc_typed::{Code, Query, Router, Rpc, RpcError, query};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct ById {
//!     id: String,
//! }
//! #[derive(Debug, PartialEq, Serialize, JsonSchema)]
//! struct User {
//!     name: String,
//! }
//! // Shared by the server and by Rust callers: the path and the types are said once.
//! const GET: Query<ById, User> = query("users.getById");
//!
//! #[derive(Clone)]
//! struct Context {
//!     token: Option<&'static str>,
//! }
//! struct Authed; // a handler that takes it cannot be reached without the token: the types say so
//!
//! let public = Rpc::<Context>::new();
//! let authed = public.use_ctx(|c: Context| async move {
//!     c.token.map(|_| Authed).ok_or(RpcError::from(Code::Unauthorized))
//! });
//! let app = Router::new()
//!     .handle(GET, authed.run(|_: Authed, input: ById| async move { Ok(User { name: input.id }) }))
//!     .build()?;
//!
//! // The server's own caller. The wire is `HttpExchange`, `Session` drives it, and feature `tower` serves it.
//! let caller = app.caller(Context { token: Some("t") });
//! # futures_util::FutureExt::now_or_never(async {
//! assert_eq!(caller.call(GET, ById { id: "ada".into() }).await?.name, "ada");
//! # Ok::<(), RpcError>(()) }).unwrap()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//!
//! | where | what |
//! |---|---|
//! | [`Proc`], [`query`], [`mutation`], [`subscription`] | a procedure's path and types, as a constant |
//! | [`Rpc`], [`Layer`] | steps that change the context's type, and the handler behind them |
//! | [`Router`], [`App`] | procedures by path: nested, merged, checked when built |
//! | [`Caller`], [`Subscribed`] | calls from Rust, without a wire |
//! | [`Code`], [`RpcError`], [`Issue`] | what a call can fail with, and how the wire says it |
//! | [`Tracked`], [`EventId`], [`Stop`] | events of a subscription that a client can resume behind |
//! | [`HttpExchange`] | one request and its response as a machine without I/O, time or tasks |
//! | [`Session`] | the machine and the running calls together, polled by any executor |
//! | [`wire`] | the codecs: paths, queries, batches, responses, SSE, JSON Lines |
//! | [`Ts`] | the `AppRouter` type for TypeScript |
//! | `tower` | feature `tower`: an application as a `tower_service::Service` |
#![forbid(unsafe_code)]

mod builder;
mod call;
mod config;
mod erased;
mod error;
mod event;
mod input;
mod limits;
mod proc;
mod proto;
mod router;
mod schema;
mod session;
#[cfg(feature = "tower")]
pub mod tower;
pub mod wire;

pub use builder::{Identity, Layer, Resolver, Rpc, Then};
pub use call::{Caller, Subscribed};
pub use config::{Config, Sse};
pub use erased::{Answer, BoxFuture, Events};
pub use error::{BuildError, Code, Issue, PathSegment, Problem, RpcError};
pub use event::{EventId, EventIdError, Item, Stop, Tracked, Wire};
pub use input::RawInput;
pub use limits::Limits;
pub use proc::{Kind, Mutation, Proc, Query, Subscription, kind, mutation, query, subscription};
pub use proto::{End, Event, Head, HttpExchange, Outcome, Slot, Transmit};
pub use router::{App, ProcId, Procedures, Router};
pub use schema::{BigIntegers, Ts, TsError};
pub use session::{Observer, Session};

#[cfg(doctest)]
#[cfg(feature = "tower")]
#[doc = include_str!("../README.md")]
struct Readme;
