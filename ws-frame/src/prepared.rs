//! A message that is framed once and sent many times.

use alloc::sync::Arc;
#[cfg(feature = "deflate")]
use std::sync::OnceLock;

use bytes::{Bytes, BytesMut};

#[cfg(feature = "deflate")]
use crate::deflate::{Agreement, Deflater, pays};
use crate::frame;
use crate::header::{Header, Opcode};
use crate::message::{Compress, Message};

/// A message framed once, for any number of server connections: each queues a reference, and copies nothing.
///
/// For connections with permessage-deflate it is compressed once for each size of window among them, when the first of these connections
/// sends it. The compressed form refers to nothing before it, so a connection with context takeover takes it too; its context
/// begins anew after it.
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
    compress: Compress,
    plain: Framed,
    /// By window bits less 9; `None` where it does not pay.
    #[cfg(feature = "deflate")]
    deflated: [OnceLock<Option<Framed>>; 7],
}

/// A frame as a server sends it.
#[derive(Clone, Debug)]
pub(crate) struct Framed {
    header: Header,
    bytes: Bytes,
}

impl Framed {
    fn new(opcode: Opcode, rsv1: bool, payload: &[u8]) -> Framed {
        let header = Header { rsv1, ..Header::new(true, opcode, None, payload.len() as u64) };
        let mut out = BytesMut::new();
        frame::encode(&header, payload, &mut out);
        Framed { header, bytes: out.freeze() }
    }

    fn payload(&self) -> Bytes {
        self.bytes.slice(self.header.size()..)
    }
}

#[cfg(feature = "std")]
impl Framed {
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The header and the payload.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn to_message(&self) -> Message {
        Message::Binary(self.payload())
    }
}

impl Prepared {
    /// Frames the message.
    pub fn new(message: impl Into<Message>) -> Prepared {
        Prepared::with(message, Compress::Auto)
    }

    /// Frames the message, with a choice about its compression.
    pub fn with(message: impl Into<Message>, compress: Compress) -> Prepared {
        let message = message.into();
        let opcode = message.opcode();
        let plain = Framed::new(opcode, false, message.as_bytes());
        Prepared(Arc::new(Inner {
            opcode,
            compress,
            plain,
            #[cfg(feature = "deflate")]
            deflated: Default::default(),
        }))
    }

    /// The frame as a server sends it, not compressed.
    pub fn frame(&self) -> &Bytes {
        &self.0.plain.bytes
    }

    /// [`Opcode::Text`] or [`Opcode::Binary`].
    pub fn opcode(&self) -> Opcode {
        self.0.opcode
    }

    /// The choice about its compression.
    pub fn compress(&self) -> Compress {
        self.0.compress
    }

    /// The payload: a slice of the frame.
    pub fn payload(&self) -> Bytes {
        self.0.plain.payload()
    }

    /// The frame, not compressed.
    #[cfg(feature = "std")]
    pub(crate) fn plain(&self) -> &Framed {
        &self.0.plain
    }

    /// The frame for a connection with this agreement: compressed once for all that share a size of window. `None` where it does not
    /// pay; whether the message is long enough is the connection's to say.
    #[cfg(feature = "deflate")]
    pub(crate) fn deflated(&self, agreement: &Agreement) -> Option<&Framed> {
        let inner = &*self.0;
        let slot = inner.deflated.get(usize::from(agreement.compressor_bits()).wrapping_sub(9))?;
        slot.get_or_init(|| {
            let payload = inner.plain.payload();
            if inner.compress == Compress::Auto && inner.opcode == Opcode::Binary && !pays(&payload) {
                return None;
            }
            let mut out = Vec::new();
            Deflater::alone(agreement).deflate(&payload, true, &mut out);
            let pays = inner.compress == Compress::Always || out.len() < payload.len();
            pays.then(|| Framed::new(inner.opcode, true, &out))
        })
        .as_ref()
    }
}
