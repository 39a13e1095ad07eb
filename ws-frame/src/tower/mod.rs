//! A server's endpoint behind hyper, over HTTP/1.1 (RFC 6455) and HTTP/2 (RFC 8441) alike.
//!
//! - [`upgrade`] makes a [`tower_service::Service`] of a function that is given each open connection: mount it where requests come in.
//! - [`accept`] is the same for who has the request in a handler of its own.
//!
//! Over HTTP/2 the server has to say that it takes extended CONNECT: hyper's builder has `enable_connect_protocol()`. Serve HTTP/1.1 with
//! upgrades: `serve_connection(…).with_upgrades()`, or hyper-util's `serve_connection_with_upgrades`.
#![allow(clippy::disallowed_methods, reason = "the adapter is where tasks live")]

mod accept;
mod service;

pub use accept::{Opening, Upgraded, accept};
pub use service::{ResponseFuture, Upgrade, upgrade};
