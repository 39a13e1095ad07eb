//! A connection over any `AsyncRead + AsyncWrite` of tokio.
//!
//! - [`WebSocket`] is an open connection: [`WebSocket::server`] and [`WebSocket::client`] take a stream whose handshake is done.
//! - [`accept`] and [`Incoming`] do a server's handshake on a socket that no HTTP server sits on.
//! - [`connect`], [`connect_with`] and [`handshake()`] do a client's.
//!
//! Behind an HTTP server the handshake is [`Policy::respond`](crate::handshake::Policy::respond) on its request, and the stream is what the
//! server gives after it has written the 101 response. With hyper:
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use hyper::body::Incoming;
//! use hyper_util::rt::TokioIo;
//! use ws_frame::Config;
//! use ws_frame::handshake::{Handshake, Policy};
//! use ws_frame::tokio::WebSocket;
//!
//! fn upgrade(policy: &Policy, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
//!     let accepted = match policy.respond(&request) {
//!         Handshake::Upgrade(accepted) => accepted,
//!         Handshake::Reject(response) => return response.map(Full::new),
//!     };
//!     let upgraded = hyper::upgrade::on(&mut request);
//!     tokio::spawn(async move {
//!         let Ok(io) = upgraded.await else { return };
//!         let mut ws = WebSocket::server(TokioIo::new(io), Config::default());
//!         while let Some(Ok(message)) = ws.recv().await {
//!             if ws.send(message).await.is_err() {
//!                 break;
//!             }
//!         }
//!     });
//!     accepted.response.map(|()| Full::default())
//! }
//! ```
#![allow(clippy::disallowed_methods, reason = "the adapter is where clocks, sockets and entropy live")]

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
