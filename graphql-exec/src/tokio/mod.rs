//! A connection of `graphql-transport-ws` over the WebSocket of the sibling crate `ws-frame`.
//!
//! ```no_run
//! use graphql_exec::tokio::{Refused, serve};
//! use graphql_exec::ws::{SUBPROTOCOL, WsLimits};
//! use graphql_exec::{App, Object};
//! use ws_frame::{Config, handshake::Policy};
//!
//! # async fn run(app: App<()>) -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::new().subprotocols([SUBPROTOCOL])?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! let (socket, _) = listener.accept().await?;
//! let (socket, _request) = ws_frame::tokio::accept(socket, &policy, Config::default()).await?;
//! // Who may connect is decided by the payload of `connection_init`.
//! let connect = async |payload: Object| match payload.get("token").and_then(|token| token.as_str()) {
//!     Some("abc123") => Ok(()),
//!     _ => Err(Refused::new("the token is wrong")),
//! };
//! serve(socket, app, WsLimits::DEFAULT, connect, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```
#![allow(clippy::disallowed_methods, reason = "the adapter is where the clock is")]

mod connection;

pub use connection::{Refused, serve};
