//! Frames as a codec (RFC 6455 §5): any split of the input gives the same frames.

#[cfg(feature = "std")]
use core::ops::RangeInclusive;

use bytes::{Buf, Bytes, BytesMut};

use crate::error::{Error, ErrorKind};
use crate::header::{Header, MAX_HEADER, Opcode, Role};
use crate::mask;

/// A payload up to this size is copied out of the read buffer: a kept message of a few bytes must not hold 64 KiB alive.
pub(crate) const COPY_UP_TO: usize = 512;

/// One frame, unmasked.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// What the frame is for.
    pub opcode: Opcode,
    /// The payload, unmasked.
    pub payload: Bytes,
}

impl Frame {
    /// A frame to encode.
    pub const fn new(fin: bool, opcode: Opcode, payload: Bytes) -> Frame {
        Frame { fin, opcode, payload }
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
        encode(self.fin, self.opcode, &self.payload, mask, out);
    }
}

/// Writes one frame, its payload masked when there is a key.
#[inline]
pub(crate) fn encode(fin: bool, opcode: Opcode, payload: &[u8], key: Option<[u8; 4]>, out: &mut BytesMut) {
    out.reserve(MAX_HEADER + payload.len());
    Header::new(fin, opcode, key, payload.len() as u64).write(out);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = key {
        mask::apply(&mut out[start..], key, 0);
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
    /// Payload bytes that were taken out of the buffer before the frame was whole.
    taken: usize,
    /// Payload bytes at the front of the buffer that are unmasked already.
    ready: usize,
}

impl FrameDecoder {
    /// A decoder for the endpoint in `role`, that refuses a payload over `max_frame` bytes.
    pub const fn new(role: Role, max_frame: usize) -> FrameDecoder {
        FrameDecoder { role, max_frame, start: 0, next: 0, partial: None }
    }

    /// Takes the next frame out of `buf`; `None` when more bytes are needed. Bytes that stay in `buf` may be unmasked already:
    /// append to them, and change nothing else.
    ///
    /// # Errors
    /// What a header can break, and [`ErrorKind::FrameTooBig`]. The stream cannot be read past an error.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Option<Frame>, Error> {
        let Some(header) = self.advance(buf)? else { return Ok(None) };
        let payload = take(buf, header.len as usize);
        Ok(Some(Frame { fin: header.fin, opcode: header.opcode, payload }))
    }

    /// Bytes of the stream before the frame that is read, or was read last.
    pub const fn offset(&self) -> u64 {
        self.start
    }

    /// Reads on. With `Some`, the (rest of the) payload is unmasked at the front of `buf`, `header.len` less what `take_partial` took,
    /// and the caller takes it away before the next call.
    #[inline]
    pub(crate) fn advance(&mut self, buf: &mut BytesMut) -> Result<Option<Header>, Error> {
        let Some(mut partial) = self.partial.take() else { return self.advance_header(buf) };
        let header = partial.header;
        let rest = header.len as usize - partial.taken;
        let there = rest.min(buf.len());
        if let Some(key) = header.mask {
            mask::apply(&mut buf[partial.ready..there], key, partial.taken + partial.ready);
        }
        partial.ready = there;
        if there < rest {
            self.partial = Some(partial);
            return Ok(None);
        }
        Ok(Some(header))
    }

    #[inline]
    fn advance_header(&mut self, buf: &mut BytesMut) -> Result<Option<Header>, Error> {
        self.start = self.next;
        let parsed = Header::parse(buf, self.role).map_err(|kind| self.error(kind))?;
        let Some((header, size)) = parsed else { return Ok(None) };
        // After this a length fits in memory, and sums of a few of them in a u64.
        if header.len > self.max_frame as u64 {
            return Err(self.error(ErrorKind::FrameTooBig));
        }
        self.next = self.next.saturating_add(size as u64).saturating_add(header.len);
        buf.advance(size);
        let len = header.len as usize;
        if buf.len() < len {
            self.partial = Some(Partial { header, taken: 0, ready: 0 });
            return self.advance(buf);
        }
        if let Some(key) = header.mask {
            mask::apply(&mut buf[..len], key, 0);
        }
        Ok(Some(header))
    }

    /// An error in the frame that is read, or was read last.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.start)
    }
}

/// What the machine asks of a frame that is not whole.
#[cfg(feature = "std")]
impl FrameDecoder {
    /// Reads the frame at the front of `bytes` if it is right, whole, and its payload of a length in `lengths`; unmasks that in place.
    /// Gives the header and its size. With `None` nothing was done, and `advance` reads the frame.
    #[inline]
    pub(crate) fn next_whole(
        &mut self,
        bytes: &mut [u8],
        lengths: RangeInclusive<usize>,
    ) -> Option<(Header, usize)> {
        let (header, size) = Header::parse(bytes, self.role).ok()??;
        let len = usize::try_from(header.len).ok()?;
        if !lengths.contains(&len) || len > self.max_frame {
            return None;
        }
        let payload = bytes[size..].get_mut(..len)?;
        if let Some(key) = header.mask {
            mask::apply(payload, key, 0);
        }
        self.start = self.next;
        self.next = self.next.saturating_add(size as u64).saturating_add(header.len);
        Some((header, size))
    }

    /// Bytes of the stream before the frame that is read next.
    pub(crate) const fn next_offset(&self) -> u64 {
        self.next
    }

    /// Says that errors are in the frame that begins at `start`.
    pub(crate) const fn point_at(&mut self, start: u64) {
        self.start = start;
    }

    /// The header of the frame that is not whole, and how many payload bytes at the front of the buffer are unmasked.
    pub(crate) fn partial(&self) -> Option<(Header, usize)> {
        self.partial.map(|p| (p.header, p.ready))
    }

    /// Takes the unmasked bytes of the frame that is not whole.
    pub(crate) fn take_partial(&mut self, buf: &mut BytesMut) -> Bytes {
        let Some(partial) = &mut self.partial else { return Bytes::new() };
        let ready = core::mem::take(&mut partial.ready);
        partial.taken += ready;
        take(buf, ready)
    }

    /// Whether a frame was begun and not ended.
    pub(crate) fn in_frame(&self) -> bool {
        self.partial.is_some()
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
