//! Where the payload of a whole frame lies, and how it becomes a value to keep.

use bytes::{Buf, Bytes, BytesMut};

use crate::frame::take;

/// Copies up to this size share an allocation; above it, sharing saves less than it holds.
const SHARE_UP_TO: usize = 512;

/// The most that one shared allocation of small copies holds, and so what one kept small message holds alive.
const SHARED: usize = 4096;

/// The payload of a whole frame, unmasked.
pub(super) enum Payload<'a> {
    /// A small one amid others, that the caller skips.
    Amid(&'a [u8], &'a mut SmallCopies),
    /// So many bytes at the front of the buffer, to be taken away.
    Front(&'a mut BytesMut, usize),
}

impl Payload<'_> {
    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Payload::Amid(bytes, _) => bytes,
            Payload::Front(buf, len) => &buf[..*len],
        }
    }

    /// The payload as a value: a copy when small, a slice of the buffer when big.
    #[inline(always)]
    pub(super) fn take(self) -> Bytes {
        match self {
            Payload::Amid(bytes, copies) => copies.copy(bytes),
            Payload::Front(buf, len) => take(buf, len),
        }
    }

    /// Moves the payload behind what is in `out`.
    pub(super) fn append_to(self, out: &mut BytesMut) {
        out.extend_from_slice(self.as_slice());
        if let Payload::Front(buf, len) = self {
            buf.advance(len);
        }
    }
}

/// Copies of the small payloads of one read: those that come together share an allocation.
#[derive(Default)]
pub(super) struct SmallCopies {
    /// The part of the allocation that is free: always empty, with room.
    free: BytesMut,
    /// Bytes that are still to be read, an upper bound for what is to be copied.
    pub(super) upcoming: usize,
}

impl SmallCopies {
    #[inline(always)]
    fn copy(&mut self, bytes: &[u8]) -> Bytes {
        let len = bytes.len();
        if len > SHARE_UP_TO || self.upcoming < 2 * len {
            return Bytes::copy_from_slice(bytes);
        }
        if self.free.capacity() < len {
            self.free = BytesMut::with_capacity(self.upcoming.min(SHARED));
        }
        self.free.extend_from_slice(bytes);
        self.free.split().freeze()
    }
}
