//! Lower-case hexadecimal of a MAC.
//!
//! Upper case is refused: every provider writes lower case, GitHub's own library accepts nothing else,
//! and with one text for each signature nobody is tempted to key on variants of it.

use alloc::string::String;

use crate::key_ring::Mac;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

pub(crate) fn encode(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(DIGITS[usize::from(nibble)]));
        }
    }
}

pub(super) fn decode(text: &[u8]) -> Option<Mac> {
    let mut mac = Mac::default();
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != mac.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in mac.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(mac)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
