//! WebSockets over HTTP/2 (RFC 8441): many of them share one connection.
//!
//! - [`Session`] is a client's end of such a connection, over any stream of bytes. [`Connector`](crate::tokio::Connector) opens and
//!   shares them by itself.
//! - [`Server`] is a server's end that serves nothing but WebSockets. Beside other requests, use [`tower`](mod@crate::tower).
#![allow(clippy::disallowed_methods, reason = "the adapter is where clocks, sockets and tasks live")]

mod cork;
mod server;
mod session;
mod stream;

pub use server::{Incoming, Server};
pub use session::Session;
pub(crate) use session::{Place, WeakSession};
pub use stream::Stream;
pub(crate) use stream::is_unprocessed;
