//! Server-Sent Events without I/O: the parser, the encoder, the hub and the reconnecting client decide; adapters move the bytes.
//!
//! The standard is the [WHATWG HTML Living Standard, section 9.2](https://html.spec.whatwg.org/multipage/server-sent-events.html).
//!
//! ```
//! use sse_codec::{Frame, Item, Parser};
//!
//! let wire = Frame::data("12.5\n12.6").event("price")?.id("7")?.encode();
//! assert_eq!(&wire[..], b"event: price\nid: 7\ndata: 12.5\ndata: 12.6\n\n");
//!
//! let mut parser = Parser::new();
//! let mut chunk = &wire[..];
//! while let Some(item) = parser.next(&mut chunk) {
//!     let Item::Event(event) = item else { continue };
//!     assert_eq!((event.event(), event.data(), event.id()), ("price", "12.5\n12.6", "7"));
//! }
//! # Ok::<(), sse_codec::FieldError>(())
//! ```
//!
//! # Modules and features
//!
//! | where | what | feature |
//! |---|---|---|
//! | [`Parser`], [`Item`], [`EventRef`], [`Event`] | bytes to events, lent or owned | none |
//! | [`Frame`], [`EventId`], [`EventName`] | events to bytes | none |
//! | [`Limits`], [`Overflow`] | what a hostile stream is held to | none |
//! | `EventRef::json`, `Frame::json`, `JsonError` | JSON in the data of an event | `serde` |
//! | `ai` | model streams of OpenAI and Anthropic, read and written | `ai` |
//! | `client` | the reconnecting `EventSource` as a machine | `client` (default) |
//! | `hub` | broadcast with replay | `hub` (default) |
//! | `tokio` | the client over hyper | `tokio` |
//! | `hyper` | a hub subscriber as a response body | `hyper` |
//!
//! Without default features the crate is the parser and the encoder on `core` and `alloc`, with `bytes` and `memchr` as
//! its only dependencies.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "ai")]
pub mod ai;
#[cfg(feature = "client")]
pub mod client;
#[cfg(any(feature = "client", feature = "hub"))]
mod draw;
mod encoder;
mod error;
mod event;
#[cfg(feature = "hub")]
pub mod hub;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "serde")]
mod json;
mod limits;
mod line;
mod parser;
#[allow(
    unsafe_code,
    reason = "ASCII that was found to be ASCII is text; the bench `sse_parse` shows what that is worth"
)]
mod scan;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use encoder::Frame;
pub use error::{FieldError, LimitKind, Overflow};
pub use event::{Event, EventId, EventName, EventRef, Ignored, Item};
#[cfg(feature = "serde")]
pub use json::JsonError;
pub use limits::{Limits, OnOverflow};
pub use parser::Parser;

#[cfg(doctest)]
#[cfg(all(feature = "ai", feature = "tokio", feature = "hyper"))]
#[doc = include_str!("../README.md")]
struct Readme;
