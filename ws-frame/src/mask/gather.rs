//! The payload of one message as its bytes come: each byte is unmasked once, and checked once where it is text.

use bytes::{Buf as _, Bytes, BytesMut};

use super::{Checked, INLINE, apply, apply_to_text, copy_masked, scalar};
use crate::utf8::Utf8Validator;

/// Room for so many bytes is made, at most, for each byte that came: a header alone makes us hold nothing.
const ROOM_PER_BYTE: usize = 64;

/// A frame of this size is big: it is read where it stays, into memory of its own.
const BIG: usize = 32 * 1024;

/// Room behind a big frame for the header of the next one and what is read with it: the frame after it gets memory of its own before
/// much of it came, and little of it has to be moved there.
const AHEAD: usize = 512;

/// Text that stays masked is checked in blocks of this size. A multiple of 4.
const LOOK: usize = 512;

/// What came of a message. The bytes are private: nothing can change those that were checked.
#[derive(Debug)]
pub(crate) struct Gather {
    data: BytesMut,
    /// Checks what is text.
    text: Option<Utf8Validator>,
}

impl Gather {
    /// The start of a message; `text` says that it has to be UTF-8.
    pub(crate) fn new(text: bool) -> Gather {
        Gather { data: BytesMut::new(), text: text.then(Utf8Validator::new) }
    }

    /// Takes `len` bytes of a frame off the front of `buf`; `rest` bytes of it are still to come.
    ///
    /// # Errors
    /// The offset in the message of the first byte that no text can hold.
    pub(crate) fn take(
        &mut self,
        buf: &mut BytesMut,
        len: usize,
        key: Option<[u8; 4]>,
        position: usize,
        rest: usize,
    ) -> Result<(), u64> {
        let start = self.data.len();
        let follows = start > 0 && self.data.as_ptr_range().end == buf.as_ptr();
        if follows {
            // Read where it stays: no copy.
            self.data.unsplit(buf.split_to(len));
        } else if start == 0 && position + len + rest >= BIG && has_room(buf, len, rest) {
            self.data = buf.split_to(len);
        } else {
            self.make_room(len, rest, position + len + rest >= BIG);
            let ascii = match key {
                Some(key) => copy_masked(&mut self.data, &buf[..len], turned(key, position)),
                None => {
                    self.data.extend_from_slice(&buf[..len]);
                    false
                }
            };
            buf.advance(len);
            return self.check(start, if ascii { len } else { 0 });
        }
        let ascii = match (key, &self.text) {
            (Some(key), Some(_)) => apply_to_text(&mut self.data[start..], key, position),
            (Some(key), None) => {
                apply(&mut self.data[start..], key, position);
                0
            }
            (None, _) => 0,
        };
        self.check(start, ascii)
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    #[cfg(any(test, feature = "deflate"))]
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), u64> {
        let start = self.data.len();
        self.data.extend_from_slice(bytes);
        self.check(start, 0)
    }

    /// Lends `buf`, when it is empty, the room behind what came of a big frame: what is read into it need not be copied.
    pub(crate) fn lend_room(&mut self, buf: &mut BytesMut) {
        let len = self.data.len();
        if buf.is_empty() && self.data.capacity() - len >= AHEAD {
            *buf = self.data.split_off(len);
        }
    }

    /// Whether the first `len` bytes of a frame of `whole` may stay where they are until more comes: few of many.
    pub(crate) fn may_wait(len: usize, whole: usize) -> bool {
        whole >= BIG && len <= 2 * AHEAD
    }

    /// Checks text that stays, masked, in the reader's buffer. It is checked once more when it is taken.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(crate) fn look(&self, bytes: &[u8], key: Option<[u8; 4]>) -> Result<(), u64> {
        let Some(text) = &self.text else { return Ok(()) };
        let mut copy = BytesMut::from(bytes);
        if let Some(key) = key {
            apply(&mut copy, key, 0);
        }
        text.clone().push(&copy)
    }

    /// How many bytes to read at most, when `rest` bytes of a frame of `len` are to come: where it is big, those and a little of what
    /// is behind them.
    pub(crate) fn wanted(len: usize, rest: usize) -> Option<usize> {
        (len >= BIG).then(|| rest.saturating_add(AHEAD))
    }

    /// Ends the message, as text.
    ///
    /// # Errors
    /// The offset of a character that was begun and not ended.
    pub(crate) fn into_text(self) -> Result<Checked, u64> {
        match &self.text {
            Some(text) => text.finish()?,
            None => return Checked::check(self.data.freeze()).map_err(|at| at as u64),
        }
        if self.data.len() <= INLINE {
            // A short text needs no memory of its own; looking at it again is nothing.
            return Checked::check_copy(&self.data).map_err(|at| at as u64);
        }
        Ok(Checked::trusted(self.data.freeze()))
    }

    /// Ends the message, as bytes.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.data.freeze()
    }

    /// Checks the bytes from `start` on, of which the first `ascii` are ASCII.
    fn check(&mut self, start: usize, ascii: usize) -> Result<(), u64> {
        match &mut self.text {
            Some(text) => text.push_after_ascii(&self.data[start..], ascii),
            None => Ok(()),
        }
    }

    fn make_room(&mut self, len: usize, rest: usize, big: bool) {
        let came = (self.data.len() + len).saturating_mul(ROOM_PER_BYTE);
        let ahead = if big { AHEAD } else { 0 };
        self.data.reserve(len + rest.saturating_add(ahead).min(came));
    }
}

/// Whether the rest of a big frame fits behind the bytes that came, where they are or, when nobody holds the memory in front of them
/// any more, at its beginning.
fn has_room(buf: &mut BytesMut, len: usize, rest: usize) -> bool {
    rest <= buf.capacity() - len || buf.try_reclaim(rest.saturating_add(AHEAD))
}

/// Checks masked text that stays where it is, from the byte `checked` on, with which a character begins; says where the character begins
/// that is not all there, or the next one.
///
/// # Errors
/// The offset of the first byte that belongs to no valid character.
pub(crate) fn look(masked: &[u8], key: [u8; 4], checked: usize) -> Result<usize, usize> {
    let new = masked.get(checked..).unwrap_or_default();
    let key = super::rotated(key, checked);
    if scalar::is_masked_ascii(new, key) {
        return Ok(masked.len());
    }
    let mut text = Utf8Validator::new();
    let mut copy = [0; LOOK];
    for block in new.chunks(LOOK) {
        let copy = &mut copy[..block.len()];
        copy.copy_from_slice(block);
        super::in_place(copy, key);
        text.push(copy).map_err(|at| checked + at as usize)?;
    }
    Ok(checked + text.whole() as usize)
}

/// The key as it stands `position` bytes into the payload.
fn turned(key: [u8; 4], position: usize) -> [u8; 4] {
    super::rotated(key, position).to_le_bytes()
}
