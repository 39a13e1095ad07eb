//! WebSocket without I/O (RFC 6455).
//!
//! The crate turns bytes, and the present time, into bytes, events and the next deadline. It opens no socket, reads no clock, and
//! draws no randomness that it was not handed. Feature `tokio` adds a connection over any `AsyncRead + AsyncWrite`.
//!
#![cfg_attr(feature = "std", doc = "```")]
#![cfg_attr(not(feature = "std"), doc = "```ignore")]
//! use std::time::Instant;
//! use bytes::BytesMut;
//! use ws_frame::{Config, Connection, Event, Message};
//!
//! # let now = Instant::now();
//! let mut server = Connection::server(Config::default(), now);
//! // What the transport read: a masked "Hello" (RFC 6455 §5.7).
//! let mut buf = BytesMut::from(&b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"[..]);
//! server.receive(&mut buf, now);
//! while let Some(event) = server.poll_event() {
//!     if let Event::Message(message) = event {
//!         assert_eq!(message, Message::from("Hello"));
//!         server.send(message).unwrap();
//!     }
//! }
//! // What the transport writes.
//! let mut out = BytesMut::new();
//! while server.poll_transmit(&mut out) {}
//! assert_eq!(&out[..], b"\x81\x05Hello");
//! ```
//!
//! # Map
//! - [`Connection`] is the machine of an open connection: messages, pings, the closing handshake, deadlines, queues.
//!   [`Config`], [`Event`], [`Heartbeat`] and [`Limits`] belong to it.
//! - [`Message`], [`Text`], [`Outgoing`], [`Prepared`] and [`Chunk`] are what goes in and out.
//! - [`CloseCode`], [`CloseFrame`] and [`CloseInfo`] say why a connection ends; [`Error`] says which rule was broken.
//! - [`Frame`], [`FrameDecoder`], [`Header`], [`mask`](mod@mask) and [`Utf8Validator`] are the codec under it.
#![cfg_attr(
    feature = "std",
    doc = "- [`handshake`] opens a connection, over `http` types or HTTP/1.1 bytes."
)]
#![cfg_attr(feature = "deflate", doc = "- [`deflate`] is permessage-deflate.")]
#![cfg_attr(
    feature = "std",
    doc = "- [`reconnect`] says when a client connects again; [`DrainSchedule`] spreads the end of a server's connections."
)]
#![cfg_attr(feature = "tokio", doc = "- [`tokio`](mod@tokio) puts a connection on a stream of bytes.")]
#![cfg_attr(
    feature = "tower",
    doc = "- [`tower`](mod@tower) is a server's endpoint behind hyper, over HTTP/1.1 and HTTP/2."
)]
#![cfg_attr(
    feature = "h2",
    doc = "- [`h2`](mod@h2) carries many WebSockets over one HTTP/2 connection, as a client and as a server of nothing else."
)]
//!
//! Without default features the crate is `no_std` with `alloc`, and holds what stands on no clock: all of the above but the machine.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "std")]
mod budget;
mod close;
mod error;
mod frame;
mod header;
mod limits;
pub mod mask;
mod message;
#[cfg(feature = "std")]
mod observe;
mod prepared;
mod text;
mod utf8;

#[cfg(feature = "std")]
mod conn;
#[cfg(feature = "deflate")]
pub mod deflate;
#[cfg(feature = "std")]
mod drain;
#[cfg(feature = "h2")]
pub mod h2;
#[cfg(feature = "std")]
pub mod handshake;
#[cfg(feature = "std")]
mod mask_key;
#[cfg(feature = "std")]
pub mod reconnect;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tower")]
pub mod tower;

#[cfg(feature = "std")]
pub use budget::MemoryBudget;
pub use close::{CloseCode, CloseFrame, CloseInfo, InvalidCloseCode, MAX_REASON};
#[cfg(feature = "std")]
pub use conn::{Config, Connection, Delivery, Event, Heartbeat};
#[cfg(feature = "std")]
pub use drain::{Drain, DrainSchedule};
pub use error::{Error, ErrorKind, SendError};
pub use frame::{Frame, FrameDecoder};
pub use header::{Header, MAX_HEADER, Opcode, Role};
pub use limits::Limits;
pub use message::{Chunk, Compress, Message, Outgoing, Part};
#[cfg(feature = "std")]
pub use observe::{Counters, Direction, Observer, Traffic};
pub use prepared::Prepared;
pub use text::{InvalidText, Text};
pub use utf8::Utf8Validator;

/// The README's example runs as a test.
#[cfg(all(doctest, feature = "h2", feature = "tower"))]
#[doc = include_str!("../README.md")]
struct Readme;
