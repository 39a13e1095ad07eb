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

/// The most bytes that [`decode_exact`] decodes: an ed25519 signature.
const MAX: usize = 64;

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

/// Decodes a text of exactly `out.len()` bytes, at most 64. Tells whether it was one.
#[inline]
pub(crate) fn decode_exact(encoding: Encoding, text: &[u8], out: &mut [u8]) -> bool {
    match encoding {
        Encoding::Hex => unhex(text, out),
        Encoding::Base64 => {
            // The decoder wants room for three bytes per four characters before it looks at the padding.
            let mut bytes = [0; MAX + 2];
            let Some(bytes) = bytes.get_mut(..out.len().div_ceil(3) * 3) else { return false };
            if text.len() != bytes.len() / 3 * 4 {
                return false;
            }
            match BASE64_STANDARD.decode_slice(text, bytes) {
                Ok(decoded) if decoded == out.len() => {
                    for (out, byte) in out.iter_mut().zip(bytes) {
                        *out = *byte;
                    }
                    true
                }
                _ => false,
            }
        }
    }
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
            let lower = matches!(digit, b'0'..=b'9' | b'a'..=b'f');
            assert_eq!(decode_exact(Encoding::Hex, &[b'0', digit], &mut byte), lower);
            assert_eq!(decode_exact(Encoding::Hex, &[digit, b'0'], &mut byte), lower);
        }
    }
}
