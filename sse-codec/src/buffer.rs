//! Buffers that live as long as the parser: filled, lent, filled again.

use alloc::{string::String, vec::Vec};

/// A buffer larger than this is let go when its last use needed less than a quarter of it.
const KEEP: usize = 64 << 10;

/// Empties a buffer, and lets go of what a rare large event made of it.
#[inline]
pub(crate) fn restart(buffer: &mut Vec<u8>) {
    let used = buffer.len();
    buffer.clear();
    if buffer.capacity() > KEEP && used < buffer.capacity() / 4 {
        buffer.shrink_to(KEEP);
    }
}

/// The bytes as text: as they are, or from `buffer` with what is invalid replaced.
#[inline]
pub(crate) fn valid_or_replaced<'s>(bytes: &'s [u8], buffer: &'s mut String) -> &'s str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => {
            replace_invalid(buffer, bytes);
            buffer
        }
    }
}

/// Makes `buffer` hold the bytes as text.
#[inline]
pub(crate) fn store(buffer: &mut String, bytes: &[u8]) {
    match core::str::from_utf8(bytes) {
        Ok(text) => {
            buffer.clear();
            buffer.push_str(text);
        }
        Err(_) => replace_invalid(buffer, bytes),
    }
}

/// U+FFFD for each maximal subpart of an ill-formed sequence (Encoding Standard, "UTF-8 decoder").
#[cold]
fn replace_invalid(buffer: &mut String, bytes: &[u8]) {
    buffer.clear();
    if buffer.capacity() > KEEP {
        buffer.shrink_to(bytes.len());
    }
    for chunk in bytes.utf8_chunks() {
        buffer.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            buffer.push(char::REPLACEMENT_CHARACTER);
        }
    }
}
