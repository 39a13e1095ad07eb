//! `graphql-transport-ws`, the protocol of npm `graphql-ws`
//! (<https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>): the server's side as a machine.
//!
//! [`Server`] takes the text messages of a socket and the results of operations, and gives [`Event`]s for whoever executes and
//! [`Output`]s for whoever writes. It executes nothing and opens no socket: see the feature `tokio` for a connection that does.

mod close;
mod limits;
mod message;
mod server;

pub use close::{Close, CloseCode};
pub use limits::WsLimits;
pub use server::{Event, Operation, Output, Server};

/// The name of the subprotocol, for the handshake (RFC 6455 §1.9).
pub const SUBPROTOCOL: &str = "graphql-transport-ws";
