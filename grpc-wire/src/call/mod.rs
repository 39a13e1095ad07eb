//! One call as a machine, on either side, in any dialect.
//!
//! Feed it what the peer sent and the present time; after each input take its events and what is to be sent, until both
//! are empty, then wait for the peer or for [`poll_timeout`](ServerCall::poll_timeout).

mod client;
mod server;

use bytes::Bytes;
use http::HeaderMap;

pub use self::client::{ClientCall, ClientEvent, Spec};
pub use self::server::{Cancelled, ServerCall, ServerEvent};

/// HTTP/2's error code CANCEL (RFC 9113 §7).
pub const CANCEL: u32 = 8;

/// What came from the peer. `H` is the head that this side receives: nothing on the server, which has it from the start.
#[derive(Debug)]
pub enum PeerEvent<H> {
    /// The head of the response.
    Head(H),
    /// Bytes of the body, cut anywhere.
    Data(Bytes),
    /// The body has ended, with trailers or without.
    End(Option<HeaderMap>),
    /// The stream was reset with this HTTP/2 error code.
    Reset(u32),
    /// The connection is gone or was never there; the text says what is known of it.
    Lost(String),
}

/// What is to be sent to the peer. `H` is the head that this side sends.
#[derive(Debug)]
pub enum Transmit<H> {
    /// The head; where `end` is set, nothing follows.
    Head {
        /// The head.
        head: H,
        /// Whether the stream ends with it.
        end: bool,
    },
    /// Bytes of the body.
    Data(Bytes),
    /// The trailers, with which the stream ends.
    Trailers(HeaderMap),
    /// The stream ends without trailers.
    End,
    /// The stream is to be reset with this HTTP/2 error code.
    Reset(u32),
}
