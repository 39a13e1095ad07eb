//! Frames as a codec (RFC 6455 §5): any split of the input gives the same frames.

use bytes::{Buf, Bytes, BytesMut};

use crate::error::{Error, ErrorKind};
use crate::header::{Header, Opcode, Role};
use crate::mask;

/// A payload up to this size is copied out of the read buffer: a kept message of a few bytes must not hold 64 KiB alive.
pub(crate) const COPY_UP_TO: usize = 512;

/// One frame, unmasked.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// Whether RSV1 is set: the first frame of a compressed message (RFC 7692 §6).
    pub rsv1: bool,
    /// What the frame is for.
    pub opcode: Opcode,
    /// The payload, unmasked, and compressed where it was.
    pub payload: Bytes,
}

impl Frame {
    /// A frame to encode, without RSV1.
    pub const fn new(fin: bool, opcode: Opcode, payload: Bytes) -> Frame {
        Frame { fin, rsv1: false, opcode, payload }
    }

    /// Writes the frame; a client hands a fresh key for each one (RFC 6455 §5.3), a server `None`.
    ///
    /// ```
    /// use bytes::{Bytes, BytesMut};
    /// use ws_frame::{Frame, Opcode};
    ///
    /// let mut wire = BytesMut::new();
    /// Frame::new(true, Opcode::Text, Bytes::from_static(b"Hello")).encode(None, &mut wire);
    /// assert_eq!(&wire[..], b"\x81\x05Hello"); // §5.7
    /// ```
    pub fn encode(&self, mask: Option<[u8; 4]>, out: &mut BytesMut) {
        let header = Header::new(self.fin, self.opcode, mask, self.payload.len() as u64);
        encode(&Header { rsv1: self.rsv1, ..header }, &self.payload, out);
    }
}

/// Writes one frame, its payload masked when there is a key. `header.len` is the length of `payload`.
#[inline]
pub(crate) fn encode(header: &Header, payload: &[u8], out: &mut BytesMut) {
    out.reserve(header.size() + payload.len());
    header.write(out);
    match header.mask {
        Some(key) => {
            mask::copy_masked(out, payload, key);
        }
        None => out.extend_from_slice(payload),
    }
}

/// Reads frames from a buffer that grows at its end.
///
/// It checks what one frame can break. What a sequence of frames can break (fragmentation, UTF-8, Close) is the
/// connection's part.
///
/// ```
/// use bytes::BytesMut;
/// use ws_frame::{FrameDecoder, Limits, Role};
///
/// let mut decoder = FrameDecoder::new(Role::Server, Limits::DEFAULT.max_frame);
/// let mut buf = BytesMut::from(&b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f"[..]);
/// assert_eq!(decoder.decode(&mut buf).unwrap(), None);
/// buf.extend_from_slice(b"\x4d\x51\x58");
/// assert_eq!(&decoder.decode(&mut buf).unwrap().unwrap().payload[..], b"Hello"); // RFC 6455 §5.7
/// ```
#[derive(Clone, Debug)]
pub struct FrameDecoder {
    role: Role,
    max_frame: usize,
    compression: bool,
    /// Where the frame that is read, or was read last, begins in the stream.
    start: u64,
    /// Where the frame after it begins.
    next: u64,
    partial: Option<Partial>,
}

/// A frame whose header was read and whose payload is not all there.
#[derive(Clone, Copy, Debug)]
struct Partial {
    header: Header,
    /// Payload bytes at the front of the buffer that are unmasked already.
    ready: usize,
}

impl FrameDecoder {
    /// A decoder for the endpoint in `role`, that refuses a payload over `max_frame` bytes.
    pub const fn new(role: Role, max_frame: usize) -> FrameDecoder {
        FrameDecoder { role, max_frame, compression: false, start: 0, next: 0, partial: None }
    }

    /// Lets the first frame of a message have RSV1 set, as permessage-deflate does (RFC 7692 §6). Payloads stay as they are.
    #[must_use]
    pub const fn with_compression(mut self) -> FrameDecoder {
        self.compression = true;
        self
    }

    /// Takes the next frame out of `buf`; `None` when more bytes are needed. Bytes that stay in `buf` may be unmasked already:
    /// append to them, and change nothing else.
    ///
    /// # Errors
    /// What a header can break, and [`ErrorKind::FrameTooBig`]. The stream cannot be read past an error.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Option<Frame>, Error> {
        let Some(header) = self.advance(buf)? else { return Ok(None) };
        let Header { fin, rsv1, opcode, len, .. } = header;
        let payload = take(buf, len as usize);
        Ok(Some(Frame { fin, rsv1, opcode, payload }))
    }

    /// Bytes of the stream before the frame that is read, or was read last.
    pub const fn offset(&self) -> u64 {
        self.start
    }

    /// Reads on. With `Some`, the payload is unmasked at the front of `buf`, and the caller takes it away before the next call.
    #[inline]
    fn advance(&mut self, buf: &mut BytesMut) -> Result<Option<Header>, Error> {
        let Some(mut partial) = self.partial.take() else { return self.advance_header(buf) };
        let header = partial.header;
        let there = (header.len as usize).min(buf.len());
        if let Some(key) = header.mask {
            mask::apply(&mut buf[partial.ready..there], key, partial.ready);
        }
        partial.ready = there;
        if there < header.len as usize {
            self.partial = Some(partial);
            return Ok(None);
        }
        Ok(Some(header))
    }

    #[inline]
    fn advance_header(&mut self, buf: &mut BytesMut) -> Result<Option<Header>, Error> {
        self.start = self.next;
        let parsed = Header::parse_with(buf, self.role, self.compression);
        let Some((header, size)) = parsed.map_err(|kind| self.error(kind))? else { return Ok(None) };
        if header.len > self.max_frame as u64 {
            return Err(self.error(ErrorKind::FrameTooBig));
        }
        self.next = self.next.saturating_add(size as u64).saturating_add(header.len);
        buf.advance(size);
        self.partial = Some(Partial { header, ready: 0 });
        self.advance(buf)
    }

    /// An error in the frame that is read, or was read last.
    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.start)
    }
}

/// Takes `len` bytes off the front: a copy when small, a slice of the buffer when big.
#[inline]
pub(crate) fn take(buf: &mut BytesMut, len: usize) -> Bytes {
    if len > COPY_UP_TO {
        return buf.split_to(len).freeze();
    }
    let copy = Bytes::copy_from_slice(&buf[..len]);
    buf.advance(len);
    copy
}
