//! A client's WebSockets over HTTP/2 (RFC 8441): many of them share one connection.
//!
//! [`Session`] is such a connection, over any stream of bytes. [`Connector`](crate::tokio::Connector) opens and shares them by itself.
//! A server needs nothing of this: see [`tower`](mod@crate::tower).
#![allow(clippy::disallowed_methods, reason = "the adapter is where clocks, sockets and tasks live")]

mod session;
mod stream;

pub use session::Session;
pub(crate) use session::{Place, WeakSession};
pub use stream::Stream;
pub(crate) use stream::is_unprocessed;
