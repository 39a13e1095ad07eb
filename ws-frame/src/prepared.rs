//! A message that is framed once and sent many times.

use alloc::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::frame;
use crate::header::{Header, Opcode};
use crate::message::Message;

/// A message framed once, for any number of server connections: each queues a reference, and copies nothing.
///
/// A client has to mask each frame with a key of its own (RFC 6455 §5.3), so on a client connection it is worth no more than the message.
///
/// ```
/// use ws_frame::Prepared;
///
/// let news = Prepared::new("Hello");
/// let same = news.clone(); // a reference
/// assert_eq!(&same.frame()[..], b"\x81\x05Hello");
/// ```
#[derive(Clone, Debug)]
pub struct Prepared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    opcode: Opcode,
    frame: Bytes,
    /// The size of the header in `frame`.
    header: usize,
}

impl Prepared {
    /// Frames the message.
    pub fn new(message: impl Into<Message>) -> Prepared {
        let message = message.into();
        let opcode = message.opcode();
        let mut out = BytesMut::new();
        frame::encode(&Header::new(true, opcode, None, message.len() as u64), message.as_bytes(), &mut out);
        let header = out.len() - message.len();
        Prepared(Arc::new(Inner { opcode, frame: out.freeze(), header }))
    }

    /// The frame as a server sends it.
    pub fn frame(&self) -> &Bytes {
        &self.0.frame
    }

    /// The size of the header in the frame.
    #[cfg(feature = "std")]
    pub(crate) fn header_size(&self) -> usize {
        self.0.header
    }

    /// [`Opcode::Text`] or [`Opcode::Binary`].
    pub fn opcode(&self) -> Opcode {
        self.0.opcode
    }

    /// The payload: a slice of the frame.
    pub fn payload(&self) -> Bytes {
        self.0.frame.slice(self.0.header..)
    }
}
