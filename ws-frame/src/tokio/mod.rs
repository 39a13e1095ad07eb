//! A connection over any `AsyncRead + AsyncWrite` of tokio.
//!
//! - [`WebSocket`] is an open connection: [`WebSocket::server`] and [`WebSocket::client`] take a stream whose handshake is done.
//! - [`accept`] and [`Incoming`] do a server's handshake on a socket that no HTTP server sits on.
//! - [`connect`], [`connect_with`] and [`handshake()`] do a client's.
//! - [`Connector`] is a client that chooses the transport: TCP, TLS, a stream of a shared HTTP/2 connection. [`Client`] comes back when
//!   its connection is lost.
//! - [`WebSocket::into_split`] gives a half that sends, from any number of tasks, and a half that receives.
//!
//! Behind hyper, a server uses feature `tower`. Behind another HTTP server the handshake is
//! [`Policy::respond`](crate::handshake::Policy::respond) on its request, and the stream is what the server gives after it has written
//! the response: hand it to [`WebSocket::accepted`].
#![allow(clippy::disallowed_methods, reason = "the adapter is where clocks, sockets and entropy live")]

mod client;
mod connector;
mod error;
mod opening;
#[cfg(feature = "h2")]
mod sessions;
mod socket;
mod split;
mod timer;
#[cfg(feature = "rustls")]
mod tls;
mod transport;
mod wakers;

pub use client::{Client, ClientEvent};
pub use connector::Connector;
#[cfg(feature = "h2")]
pub use connector::Http2;
pub use error::Error;
pub use opening::{HandshakeError, Incoming, accept, connect, connect_with, handshake, request};
#[cfg(feature = "h2")]
pub(crate) use opening::{deadline, within};
pub use socket::WebSocket;
pub use split::{Receiver, Sender};
pub use transport::Transport;
