//! gRPC and gRPC-Web without I/O: framing, status, metadata, deadlines, call machines; adapters move the bytes.
//!
//! The protocols are [PROTOCOL-HTTP2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md) and
//! [PROTOCOL-WEB](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md), the codes those of
//! [statuscodes.md](https://github.com/grpc/grpc/blob/master/doc/statuscodes.md).
//!
//! ```
//! use std::sync::Arc;
//! use std::task::{Context, Poll, Waker};
//! use std::time::Instant;
//! use grpc_wire::call::{PeerEvent, Transmit};
//! use grpc_wire::{Cx, Kind, MethodDesc, Raw, Routes, Server, Service};
//!
//! struct Echo;
//!
//! impl Service for Echo {
//!     fn register(self, routes: &mut Routes) {
//!         let method = MethodDesc::new("/echo.Echo/Echo", Kind::Unary);
//!         routes.unary(&method, &Arc::new(self), |_, _cx: Cx, request: Raw| async move { Ok(request) });
//!     }
//! }
//!
//! // What an adapter does with a request of gRPC-Web, here without any.
//! let server = Server::new().add(Echo).build();
//! let request = http::Request::post("/echo.Echo/Echo").header("content-type", "application/grpc-web").body(())?;
//! let now = Instant::now();
//! let mut call = server.accept(request.into_parts().0, now)?;
//! call.receive(PeerEvent::Data((&b"\0\0\0\0\x02hi"[..]).into()), now);
//! call.receive(PeerEvent::End(None), now);
//!
//! let mut body = Vec::new();
//! while let Poll::Ready(Some(transmit)) = call.poll_transmit(&mut Context::from_waker(Waker::noop())) {
//!     match transmit {
//!         Transmit::Head { head, .. } => assert_eq!(head.status, 200),
//!         Transmit::Data(data) => body.extend_from_slice(&data),
//!         _ => {}
//!     }
//! }
//! assert_eq!(&body[..], b"\0\0\0\0\x02hi\x80\0\0\0\x10grpc-status: 0\r\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules and features
//!
//! | where | what | feature |
//! |---|---|---|
//! | [`frame`], [`percent`], [`timeout`] | bytes and header values | none |
//! | [`Status`], [`Code`], [`Metadata`] | how a call ended, and what travels beside its messages | none |
//! | [`Deadline`], [`DeadlinePolicy`], [`HopBudget`] | until when it may take | none |
//! | [`proto`] | gRPC and gRPC-Web in HTTP | none |
//! | [`call`] | one call as a machine, for servers and for clients | none |
//! | [`Server`], [`Service`], [`Cx`], [`Inbound`], [`Outbound`] | handlers as futures | none |
//! | [`Intercept`], [`Next`] | what stands around them | none |
//! | [`Client`], [`client`], [`Transport`] | calls over anything | none |
//! | [`Encode`], [`Decode`], [`Raw`] | messages and bytes | none |
//! | every `prost::Message` | as a message | `prost` (default) |
//! | `tower` | a server in any HTTP server | `tower` |
//! | `hyper` | a client over one HTTP/2 connection | `hyper` |
//!
//! Code for `.proto` files is made by the crate `grpc-wire-build`, and taken in by [`include_proto!`].
#![forbid(unsafe_code)]

pub mod call;
pub mod client;
mod codec;
mod cx;
mod deadline;
mod error;
pub mod frame;
#[cfg(feature = "hyper")]
pub mod hyper;
mod intercept;
mod limits;
mod link;
mod meta;
pub mod percent;
pub mod proto;
mod serve;
mod service;
mod status;
mod stream;
pub mod timeout;
#[cfg(feature = "tower")]
pub mod tower;

pub use client::{Client, Transport};
pub use codec::{Decode, Encode, Raw};
pub use cx::Cx;
pub use deadline::{Deadline, DeadlinePolicy, HopBudget};
pub use error::{CodecError, FrameError, MetadataError, Rejection};
pub use intercept::{Direction, Intercept, Next};
pub use limits::Limits;
pub use meta::{AsciiKey, BinKey, Metadata};
pub use serve::ServerIo;
pub use service::{Dispatch, Kind, MethodDesc, Routes, Server, Service};
pub use status::{Code, Status};
pub use stream::{Inbound, Outbound};

#[cfg(feature = "prost")]
#[doc(hidden)]
pub use prost;

/// The code that a build script generated for a protobuf package.
///
/// `include_proto!("octavo.users.v1")` is `include!` of `octavo.users.v1.rs` in `OUT_DIR`.
#[macro_export]
macro_rules! include_proto {
    ($package:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $package, ".rs"));
    };
}

#[cfg(doctest)]
#[cfg(all(feature = "prost", feature = "tower", feature = "hyper"))]
#[doc = include_str!("../README.md")]
struct Readme;
