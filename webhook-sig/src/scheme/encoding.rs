//! The text forms of a signature: one text for each, so that nobody is tempted to key on variants of it.

use alloc::string::String;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// How a signature is written.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Lower-case hexadecimal. Upper case is refused: every provider writes lower case, and GitHub's own library accepts
    /// nothing else.
    Hex,
    /// Standard base64 with its padding (RFC 4648 §4), in the canonical form.
    Base64,
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

impl Encoding {
    /// Appends the text of a signature.
    pub(crate) fn write(self, bytes: &[u8], out: &mut String) {
        match self {
            Self::Hex => hex(bytes, out),
            Self::Base64 => BASE64_STANDARD.encode_string(bytes, out),
        }
    }
}

/// Appends lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(DIGITS[usize::from(nibble)]));
        }
    }
}

/// Decodes a text of exactly `out.len()` bytes. Tells whether it was one.
#[inline]
pub(crate) fn decode_exact(encoding: Encoding, text: &[u8], out: &mut [u8]) -> bool {
    match encoding {
        Encoding::Hex => unhex(text, out),
        Encoding::Base64 => unbase64(text, out),
    }
}

/// The value of each digit (RFC 4648 §4); over 63 where it is none.
const SEXTETS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [0xFF; 256];
    let mut value = 0;
    while value < 64 {
        table[alphabet[value as usize] as usize] = value;
        value += 1;
    }
    table
};

#[inline]
fn unbase64(text: &[u8], out: &mut [u8]) -> bool {
    let ((fours, []), (threes, rest)) = (text.as_chunks::<4>(), out.as_chunks_mut::<3>()) else {
        return false;
    };
    if fours.len() != threes.len() + usize::from(!rest.is_empty()) {
        return false;
    }
    // All digits are looked at before one decision.
    let mut bad = 0;
    let mut decode = |[a, b, c, d]: [u8; 4]| {
        let [a, b, c, d] = [a, b, c, d].map(|digit| SEXTETS[usize::from(digit)]);
        bad |= a | b | c | d;
        let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
        let [_, bytes @ ..] = bits.to_be_bytes();
        bytes
    };
    for (three, four) in threes.iter_mut().zip(fours) {
        *three = decode(*four);
    }
    // RFC 4648 §3.5: what the last digit has beyond the last byte is zero, or two texts had one meaning.
    let canonical = match (rest, fours) {
        ([], _) => true,
        ([first], [.., [a, b, b'=', b'=']]) => {
            let [byte, beyond, _] = decode([*a, *b, b'A', b'A']);
            *first = byte;
            beyond == 0
        }
        ([first, second], [.., [a, b, c, b'=']]) => {
            let [byte, next, beyond] = decode([*a, *b, *c, b'A']);
            (*first, *second) = (byte, next);
            beyond == 0
        }
        _ => false,
    };
    bad < 64 && canonical
}

/// Decodes base64 with its padding, in the canonical form, of any length.
#[cfg(feature = "rfc9421")]
pub(crate) fn decode_base64(text: &[u8]) -> Option<alloc::vec::Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let mut bytes = alloc::vec![0; (text.len().div_ceil(4) * 3).checked_sub(padding)?];
    unbase64(text, &mut bytes).then_some(bytes)
}

fn unhex(text: &[u8], out: &mut [u8]) -> bool {
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != out.len() || !rest.is_empty() {
        return false;
    }
    // A value over 15 marks what is no digit; all are looked at before one decision.
    let mut bad = 0;
    for (byte, [high, low]) in out.iter_mut().zip(pairs) {
        let (high, low) = (nibble(*high), nibble(*low));
        bad |= high | low;
        *byte = high << 4 | low & 15;
    }
    bad < 16
}

#[inline]
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of an ed25519 signature, the longest that is decoded.
    const MAX: usize = 64;

    #[test]
    fn every_length_comes_back_and_no_other_text_does() {
        let bytes: [u8; MAX] = core::array::from_fn(|index| u8::try_from(index * 3).unwrap());
        for encoding in [Encoding::Hex, Encoding::Base64] {
            for len in 1..=MAX {
                let mut text = String::new();
                encoding.write(&bytes[..len], &mut text);
                let mut out = [0; MAX];
                assert!(decode_exact(encoding, text.as_bytes(), &mut out[..len]));
                assert_eq!(out[..len], bytes[..len]);
                for wrong in
                    [&text[..text.len() - 1], &alloc::format!("{text}A"), &alloc::format!("{text}00"), ""]
                {
                    assert!(!decode_exact(encoding, wrong.as_bytes(), &mut out[..len]), "{wrong}");
                }
            }
        }
        let mut byte = [0];
        for digit in 0..=255_u8 {
            // By the decoder of the crate `base64`, which is as strict.
            for text in [[digit, b'A', b'A', b'A'], [b'A', b'A', b'A', digit], [b'A', digit, b'=', b'=']] {
                let mut ours = [0; 3];
                let expected = BASE64_STANDARD.decode(text).ok();
                let len = if text.ends_with(b"==") { 1 } else { 3 - usize::from(text.ends_with(b"=")) };
                let ours = decode_exact(Encoding::Base64, &text, &mut ours[..len]).then_some(&ours[..len]);
                assert_eq!(ours, expected.as_deref(), "{text:?}");
            }
            let lower = matches!(digit, b'0'..=b'9' | b'a'..=b'f');
            assert_eq!(decode_exact(Encoding::Hex, &[b'0', digit], &mut byte), lower);
            assert_eq!(decode_exact(Encoding::Hex, &[digit, b'0'], &mut byte), lower);
        }
    }
}
