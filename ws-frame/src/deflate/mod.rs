//! permessage-deflate (RFC 7692): messages compressed one by one, or with what earlier messages said.
//!
//! [`Deflate`] says what an endpoint wants, and is handed to [`Policy::deflate`](crate::handshake::Policy::deflate) or
//! [`ClientHandshake::deflate`](crate::handshake::ClientHandshake::deflate). The handshake gives an [`Agreement`], and
//! [`Connection::with_deflate`](crate::Connection::with_deflate) takes it; the adapters do both. From then on the application need not know.
//!
//! ```
//! use std::time::Instant;
//! use bytes::BytesMut;
//! use ws_frame::deflate::Deflate;
//! use ws_frame::handshake::{Extension, Limits};
//! use ws_frame::{Config, Connection, Event, Message};
//!
//! # let now = Instant::now();
//! // What the handshakes do: the client offers, the server chooses, the client checks.
//! let (client, server) = (Deflate::default(), Deflate::default());
//! let offers = [client.offer()];
//! let (at_server, answer) = server.choose(&offers).unwrap();
//! let at_client = client.check(&[answer])?;
//!
//! let mut client = Connection::client(Config::default(), [7; 32], now).with_deflate(at_client);
//! let mut server = Connection::server(Config::default(), now).with_deflate(Some(at_server));
//! let text = "all work and no play makes jack a dull boy. ".repeat(50);
//! server.send(text.as_str())?;
//! let mut wire = BytesMut::new();
//! while server.poll_transmit(&mut wire) {}
//! assert!(wire.len() < 100 && text.len() == 2200);
//! client.receive(&mut wire, now);
//! assert_eq!(client.poll_event(), Some(Event::Message(Message::from(text))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Memory
//! A compressor is big: measured, 371 KiB with a window of 15 bits and 245 KiB with one of 9 bits; a decompressor is 46 KiB whatever
//! its window. So the default is no context takeover in either direction: a connection takes its state from a pool for the
//! time of one message or of one read, and an idle connection holds none. [`Deflate::with_takeover`] gives each connection a state of its own, for
//! small messages that repeat each other.
//!
//! # Secrets
//! Who can make us send text of their choice beside a secret, compressed together, and sees how long the frames are, can guess the secret
//! (RFC 7692 §8, CRIME and BREACH). Send such messages with [`Compress::Never`](crate::Compress::Never): they stay out of the
//! context too.

mod deflater;
mod inflater;
mod negotiate;
mod pool;
mod session;

pub use deflater::{Deflater, pays};
pub use inflater::{Inflater, InvalidDeflate};
pub use negotiate::{Agreement, InvalidWindowBits, NegotiationError, WindowBits};
pub(crate) use pool::Pooled;
pub(crate) use session::{STEP, Session};

use std::sync::Arc;

use pool::Pool;

/// What ends each compressed message, and is left out on the wire (RFC 7692 §7.2.1).
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// What one endpoint wants of permessage-deflate. Clones share their pool of compressors: make one, and hand it to each handshake.
///
/// ```
/// use ws_frame::deflate::{Deflate, WindowBits};
///
/// let mut deflate = Deflate::with_takeover();
/// deflate.send_window = WindowBits::try_from(12)?;
/// assert_eq!(deflate.offer().to_string(), "permessage-deflate; client_max_window_bits=12");
/// # Ok::<(), ws_frame::deflate::InvalidWindowBits>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Deflate {
    /// How hard to try, 0 to 9: 6. More counts as 9.
    pub level: u8,
    /// Messages shorter than this many bytes are sent as they are: 256 without takeover, 32 with it.
    pub min_size: usize,
    /// Whether our compressor remembers earlier messages, if the peer allows it: `false`. Costs a compressor a connection.
    pub send_takeover: bool,
    /// Whether the peer's compressor may remember earlier messages: `false`. Costs a decompressor a connection.
    pub receive_takeover: bool,
    /// The window of our compressor at most: 15 bits. The peer can ask for less.
    pub send_window: WindowBits,
    /// The window that the peer is asked to keep to: 15 bits. A client that does not offer to be asked keeps to 15, and so is taken
    /// with 15. Our decompressor takes back references of 15 bits from any peer.
    pub receive_window: WindowBits,
    pool: Arc<Pool>,
}

impl Deflate {
    /// Each message by itself, with states from a pool: the default.
    #[must_use]
    pub fn without_takeover() -> Deflate {
        Deflate {
            level: 6,
            min_size: 256,
            send_takeover: false,
            receive_takeover: false,
            send_window: WindowBits::MAX,
            receive_window: WindowBits::MAX,
            pool: Arc::default(),
        }
    }

    /// Messages that refer to earlier ones, with a compressor and a decompressor for each connection.
    #[must_use]
    pub fn with_takeover() -> Deflate {
        Deflate { min_size: 32, send_takeover: true, receive_takeover: true, ..Deflate::without_takeover() }
    }
}

impl Default for Deflate {
    fn default() -> Self {
        Deflate::without_takeover()
    }
}

/// Two are equal when they want the same; the pool does not count.
impl PartialEq for Deflate {
    fn eq(&self, other: &Self) -> bool {
        self.level == other.level
            && self.min_size == other.min_size
            && self.send_takeover == other.send_takeover
            && self.receive_takeover == other.receive_takeover
            && self.send_window == other.send_window
            && self.receive_window == other.receive_window
    }
}

impl Eq for Deflate {}
