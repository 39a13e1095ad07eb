//! The percent coding of `grpc-message` (PROTOCOL-HTTP2, "Responses").

use std::borrow::Cow;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// True for a byte that stands for itself: printable ASCII but the percent sign.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'%'
}

/// The text with every byte outside of printable ASCII, and the percent sign, as `%XX`.
///
/// ```
/// assert_eq!(grpc_wire::percent::encode("100% müde"), "100%25 m%C3%BCde");
/// ```
#[must_use]
pub fn encode(text: &str) -> Cow<'_, str> {
    encode_within(text, usize::MAX)
}

/// As [`encode`], cut before the first character whose encoding would not fit into `max` bytes.
#[must_use]
pub fn encode_within(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max && text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().saturating_mul(2).min(max));
    let mut room = max;
    for character in text.chars() {
        let mut utf8 = [0; 4];
        let bytes = character.encode_utf8(&mut utf8).as_bytes();
        let plain = bytes.iter().all(|byte| is_plain(*byte));
        let cost = if plain { 1 } else { bytes.len() * 3 };
        let Some(left) = room.checked_sub(cost) else { break };
        room = left;
        if plain {
            out.push(character);
            continue;
        }
        for byte in bytes {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    Cow::Owned(out)
}

/// The text again. Never fails: what is no escape stays as it is, and bytes that are no UTF-8 become U+FFFD.
///
/// ```
/// assert_eq!(grpc_wire::percent::decode(b"100%25 m%C3%BCde, 5%"), "100% müde, 5%");
/// ```
#[must_use]
pub fn decode(encoded: &[u8]) -> Cow<'_, str> {
    if !encoded.contains(&b'%') {
        return String::from_utf8_lossy(encoded);
    }
    let mut out = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match after {
            [high, low, ..] if byte == b'%' => nibble(*high).zip(nibble(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            out.push(high << 4 | low);
            rest = &after[2..];
        } else {
            out.push(byte);
            rest = after;
        }
    }
    Cow::Owned(match String::from_utf8(out) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
