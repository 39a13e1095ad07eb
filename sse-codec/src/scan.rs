//! Where lines end. The one loop that touches every byte.

const LF: u64 = u64::from_ne_bytes([b'\n'; 8]);
const CR: u64 = u64::from_ne_bytes([b'\r'; 8]);
const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// The offset of the first CR or LF.
#[inline]
pub(crate) fn line_end(bytes: &[u8]) -> Option<usize> {
    line_end_near::<16>(bytes)
}

/// [`line_end`], with `PROBE` bytes looked at word by word before `memchr2` is called. The call costs as much as several words, so
/// short lines are better found without it.
#[inline]
pub(crate) fn line_end_near<const PROBE: usize>(bytes: &[u8]) -> Option<usize> {
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().position(|&byte| byte == b'\n' || byte == b'\r');
    };
    let mut rest = bytes;
    let mut start = 0;
    while start < PROBE {
        let Some((word, tail)) = rest.split_first_chunk::<8>() else {
            // The last eight bytes begin before `start`, where no line end is.
            return in_word(last).map(|at| bytes.len() - 8 + at);
        };
        if let Some(at) = in_word(word) {
            return Some(start + at);
        }
        rest = tail;
        start += 8;
    }
    if rest.is_empty() { None } else { memchr::memchr2(b'\n', b'\r', rest).map(|at| PROBE + at) }
}

#[inline]
fn in_word(word: &[u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(*word);
    let hits = zero_bytes(word ^ LF) | zero_bytes(word ^ CR);
    (hits != 0).then(|| (hits.trailing_zeros() / 8) as usize)
}

/// What follows the CR, LF or CRLF that `bytes` begins with.
#[inline]
pub(crate) fn after_line_end(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
        [] => bytes,
    }
}

/// The high bit of each zero byte. A borrow can mark bytes above a true one, never below, so the lowest mark is right.
#[inline]
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_end_at_each_place_of_each_length() {
        for length in 0..80 {
            let clean = alloc::vec![b'\x0b'; length];
            assert_eq!((line_end(&clean), line_end_near::<32>(&clean)), (None, None));
            for at in 0..length {
                for end in [b'\r', b'\n'] {
                    let mut bytes = clean.clone();
                    bytes[at] = end;
                    assert_eq!(line_end(&bytes), Some(at), "{end} at {at} of {length}");
                    bytes[length - 1] = b'\n';
                    assert_eq!(line_end(&bytes), Some(at), "{end} at {at} of {length}, LF last");
                    assert_eq!(
                        line_end_near::<32>(&bytes),
                        Some(at),
                        "{end} at {at} of {length}, four words"
                    );
                }
            }
        }
    }

    #[test]
    fn bytes_near_line_ends_are_not_line_ends() {
        for byte in (0..=u8::MAX).filter(|byte| !matches!(byte, b'\r' | b'\n')) {
            assert_eq!(line_end(&[byte; 40]), None, "{byte}");
        }
    }
}
