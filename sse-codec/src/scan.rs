//! Where lines end. The one loop that touches every byte.

const LF: u64 = u64::from_ne_bytes([b'\n'; 8]);
const CR: u64 = u64::from_ne_bytes([b'\r'; 8]);
const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// How many bytes are looked at before `memchr2` is called: most lines of a short event end here, and the call costs more
/// than the words do.
const PROBE: usize = 16;

/// The offset of the first CR or LF.
#[inline]
pub(crate) fn line_end(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let mut at = 0;
    while at < PROBE {
        let Some((word, tail)) = rest.split_first_chunk::<8>() else {
            return rest.iter().position(|&byte| byte == b'\n' || byte == b'\r').map(|i| at + i);
        };
        let word = u64::from_le_bytes(*word);
        let hits = zero_bytes(word ^ LF) | zero_bytes(word ^ CR);
        if hits != 0 {
            return Some(at + (hits.trailing_zeros() / 8) as usize);
        }
        rest = tail;
        at += 8;
    }
    memchr::memchr2(b'\n', b'\r', rest).map(|i| at + i)
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
            assert_eq!(line_end(&clean), None);
            for at in 0..length {
                for end in [b'\r', b'\n'] {
                    let mut bytes = clean.clone();
                    bytes[at] = end;
                    assert_eq!(line_end(&bytes), Some(at), "{end} at {at} of {length}");
                    bytes[length - 1] = b'\n';
                    assert_eq!(line_end(&bytes), Some(at), "{end} at {at} of {length}, LF last");
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
