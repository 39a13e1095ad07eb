//! Messages: what an application sends and receives.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::header::Opcode;
use crate::prepared::Prepared;
use crate::text::Text;

/// A whole message (RFC 6455 §5.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// UTF-8 text.
    Text(Text),
    /// Arbitrary bytes.
    Binary(Bytes),
}

impl Message {
    /// The payload length in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The payload.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }

    /// The text, or `None` for a binary message.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Message::Text(text) => Some(text),
            Message::Binary(_) => None,
        }
    }

    /// The payload: without a copy, but for a short text.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Message::Text(text) => text.into_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }

    /// [`Opcode::Text`] or [`Opcode::Binary`].
    pub fn opcode(&self) -> Opcode {
        match self {
            Message::Text(_) => Opcode::Text,
            Message::Binary(_) => Opcode::Binary,
        }
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Message::Text(text)
    }
}
impl From<String> for Message {
    fn from(text: String) -> Self {
        Message::Text(text.into())
    }
}
impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Message::Text(text.into())
    }
}
impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Message::Binary(bytes)
    }
}
impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Message::Binary(bytes.into())
    }
}
impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Message::Binary(Bytes::copy_from_slice(bytes))
    }
}

/// Whether to compress one message, on a connection with permessage-deflate; on others it has no effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compress {
    /// Where it pays: the message is long enough, and its bytes do not look like noise.
    #[default]
    Auto,
    /// Whatever it looks like, also where that makes it longer; an empty message is sent as it is.
    Always,
    /// Not at all, and out of the context of what follows: for secrets, and for what is compressed already.
    Never,
}

impl Message {
    /// The message with a choice about its compression.
    ///
    /// ```
    /// use ws_frame::{Compress, Message};
    ///
    /// let secret = Message::from("token=...").compress(Compress::Never);
    /// # drop(secret);
    /// ```
    #[must_use]
    pub fn compress(self, choice: Compress) -> Outgoing {
        Outgoing::Chosen(self, choice)
    }
}

/// A part of a message, for a connection that delivers parts as they come instead of whole messages.
///
/// Text is checked up to the last byte of the part, but a character may be split between two parts.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// [`Opcode::Text`] or [`Opcode::Binary`]: the kind of the whole message.
    pub opcode: Opcode,
    /// The bytes, unmasked; empty only for the end of a message that ends without one.
    pub data: Bytes,
    /// Whether this is the first part of its message.
    pub first: bool,
    /// Whether this is the last part of its message.
    pub last: bool,
}

/// What can be sent.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// A message that is framed for this connection.
    Message(Message),
    /// A message with a choice about its compression.
    Chosen(Message, Compress),
    /// A message that was framed once for many connections.
    Prepared(Prepared),
    /// The next part of a message that is sent before all of it is known.
    Streamed(Part),
}

impl Outgoing {
    /// Bytes to queue, but for a header, and before compression.
    #[cfg(feature = "std")]
    pub(crate) fn len(&self) -> usize {
        match self {
            Outgoing::Message(message) | Outgoing::Chosen(message, _) => message.len(),
            Outgoing::Prepared(prepared) => prepared.frame().len(),
            Outgoing::Streamed(part) => part.payload.len(),
        }
    }
}

/// A part of a message to send: one fragment on the wire (RFC 6455 §5.4). All parts of a message are of one kind, and only parts of
/// it, and control frames, may be sent until its last one.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use std::time::Instant;
/// use bytes::BytesMut;
/// use ws_frame::{Config, Connection, Part};
///
/// let mut server = Connection::server(Config::default(), Instant::now());
/// server.send(Part::new("Hel", false)).unwrap();
/// server.send(Part::new("lo", true)).unwrap();
/// let mut out = BytesMut::new();
/// while server.poll_transmit(&mut out) {}
/// assert_eq!(&out[..], b"\x01\x03Hel\x80\x02lo"); // RFC 6455 §5.7
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub(crate) payload: Message,
    pub(crate) last: bool,
}

impl Part {
    /// A part; `last` ends the message. A part that is empty and not the last sends nothing.
    pub fn new(payload: impl Into<Message>, last: bool) -> Part {
        Part { payload: payload.into(), last }
    }
}

impl<T: Into<Message>> From<T> for Outgoing {
    fn from(message: T) -> Self {
        Outgoing::Message(message.into())
    }
}
impl From<Prepared> for Outgoing {
    fn from(prepared: Prepared) -> Self {
        Outgoing::Prepared(prepared)
    }
}
impl From<&Prepared> for Outgoing {
    fn from(prepared: &Prepared) -> Self {
        Outgoing::Prepared(prepared.clone())
    }
}
impl From<Part> for Outgoing {
    fn from(part: Part) -> Self {
        Outgoing::Streamed(part)
    }
}
