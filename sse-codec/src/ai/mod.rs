//! Model streams: the events of OpenAI's chat completions and responses and of Anthropic's messages, typed, in both directions.
//!
//! A language model answers in pieces, as an event stream, and each service has its own format. This module reads the three that
//! nearly all services speak, puts their pieces together to the message that the service would have sent whole, and writes them
//! for services of your own.
//!
//! | | |
//! |---|---|
//! | [`openai_chat`], [`openai_responses`], [`anthropic`] | one format each: its events, its message, its [`Writer`](anthropic::Writer) |
//! | [`Reader`], [`ByteReader`] | events or bytes in, typed events out, and the message as it grows |
//! | [`Delta`] | what an event adds, in words common to the three |
//! | [`JsonText`], [`partial_json`] | the arguments of a tool, readable before they are complete |
//! | [`AiLimits`], [`AiError`], [`ApiError`] | what a stream is held to, and what can go wrong |
//! | `Stream` | the same over any `http_body::Body` (feature `tokio`) |
//!
//! Of any JSON there is a typed event, an `Other` with its type and data, or an error with the data in it; an event of a type that
//! is not known here is no error. An error that the service reports within its stream is [`AiError::Api`]. A stream that ends
//! before the event that completes its message is [`AiError::Truncated`], not a success.
//!
//! ```
//! use sse_codec::ai::{Delta, anthropic, openai_chat};
//!
//! // The loop is the same for all three.
//! fn show<'a>(deltas: impl Iterator<Item = Delta<'a>>, shown: &mut String) {
//!     for delta in deltas {
//!         match delta {
//!             Delta::Text(text) => shown.push_str(text),
//!             Delta::ToolCall { name, .. } => shown.push_str(name),
//!             Delta::Stop(reason) => shown.push_str(reason),
//!             _ => {}
//!         }
//!     }
//! }
//!
//! let mut stream = bytes::BytesMut::new();
//! let mut writer = openai_chat::Writer::new("c1", "m", 0);
//! writer.text("Hello. ", &mut stream);
//! writer.finish("stop", None, &mut stream);
//! let mut shown = String::new();
//! let mut reader = openai_chat::ByteReader::new();
//! reader.read(&stream, |event| show(event.deltas(), &mut shown))?;
//! reader.finish()?;
//!
//! let mut stream = bytes::BytesMut::new();
//! let mut writer = anthropic::Writer::new("m1", "m", 3);
//! writer.text(" Hello. ", &mut stream);
//! writer.finish("end_turn", 2, &mut stream);
//! let mut reader = anthropic::ByteReader::new();
//! reader.read(&stream, |event| show(event.deltas(), &mut shown))?;
//! reader.finish()?;
//! assert_eq!(shown, "Hello. stop Hello. end_turn");
//! # Ok::<(), sse_codec::ai::AiError>(())
//! ```

mod accumulate;
pub mod anthropic;
mod delta;
mod error;
mod format;
mod json;
mod json_text;
mod limits;
pub mod openai_chat;
pub mod openai_responses;
pub mod partial_json;
#[cfg(feature = "tokio")]
mod stream;

use self::accumulate::{
    Budget,
    sealed::{self, Flow},
};
#[cfg(feature = "tokio")]
pub use self::stream::{Stream, StreamError};
pub use self::{
    accumulate::{ByteReader, Dialect, Reader},
    delta::{Delta, TokenUsage},
    error::{AiError, ApiError},
    json_text::JsonText,
    limits::AiLimits,
};
