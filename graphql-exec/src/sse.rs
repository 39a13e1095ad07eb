//! GraphQL over Server-Sent Events, distinct connections mode: one stream an operation, `next` for each result, then
//! `complete` (<https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>).
//!
//! ```
//! use graphql_exec::sse;
//! assert_eq!(&sse::next(r#"{"data":{"a":1}}"#)[..], b"event: next\ndata: {\"data\":{\"a\":1}}\n\n");
//! assert_eq!(&sse::complete()[..], b"event: complete\ndata: \n\n");
//! ```

use bytes::Bytes;
use sse_codec::Frame;

/// The event that carries a result, a JSON text.
///
/// Errors that are met before the execution are a result too: a status other than 200 would tell the client nothing.
#[must_use]
pub fn next(result: &str) -> Bytes {
    event("next", result)
}

/// The event that ends the stream. Its data is empty and there all the same, because an event without data is none
/// (HTML Standard §9.2.6).
#[must_use]
pub fn complete() -> Bytes {
    event("complete", "")
}

/// A comment: no event, but bytes, so that proxies keep the connection open and a peer that is gone is noticed.
#[must_use]
pub fn keep_alive() -> Bytes {
    Frame::comment("").encode()
}

fn event(name: &'static str, data: &str) -> Bytes {
    // The names are our own and hold no line break, so the frame is never refused.
    Frame::data(data).event(name).unwrap_or_default().encode()
}
