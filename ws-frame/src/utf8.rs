//! UTF-8 that arrives in pieces (RFC 6455 §8.1), refused at the first byte that no valid text can hold.

/// Below this many bytes the standard library's check is faster than the vector one, which pays for its start.
const SHORT: usize = 128;

/// Checks a whole text. `Err` is the offset of the first byte that belongs to no valid character.
#[inline]
pub(crate) fn check(bytes: &[u8]) -> Result<&str, usize> {
    if bytes.len() < SHORT {
        return core::str::from_utf8(bytes).map_err(|e| e.valid_up_to());
    }
    // The fast check does not say where: a failed text is looked at once more.
    simdutf8::basic::from_utf8(bytes)
        .map_err(|_| core::str::from_utf8(bytes).err().map_or(bytes.len(), |e| e.valid_up_to()))
}

/// Checks a text that comes in pieces, cut anywhere.
///
/// ```
/// use ws_frame::Utf8Validator;
///
/// let mut text = Utf8Validator::new();
/// text.push(b"\xe2\x82").unwrap(); // two thirds of a euro sign
/// text.push(b"\xac").unwrap();
/// text.finish().unwrap();
///
/// // No character begins with f4 90: that is known before the other two bytes come.
/// assert_eq!(Utf8Validator::new().push(b"ok\xf4\x90"), Err(2));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Utf8Validator {
    /// Bytes that were taken, those in `carry` included.
    taken: u64,
    /// The beginning of a character whose end has not come.
    carry: [u8; 3],
    carried: u8,
}

impl Utf8Validator {
    /// A validator at the start of a text.
    pub const fn new() -> Self {
        Utf8Validator { taken: 0, carry: [0; 3], carried: 0 }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// The offset in the text of the first byte that belongs to no valid character. It is the same however the text was cut. After an
    /// error the validator is of no further use.
    pub fn push(&mut self, mut piece: &[u8]) -> Result<(), u64> {
        while self.carried > 0 {
            let Some((&byte, rest)) = piece.split_first() else { return Ok(()) };
            let start = self.taken - u64::from(self.carried);
            let held = usize::from(self.carried);
            let mut character = [0; 4];
            character[..held].copy_from_slice(&self.carry[..held]);
            character[held] = byte;
            match core::str::from_utf8(&character[..=held]) {
                Ok(_) => self.carried = 0,
                Err(e) if e.error_len().is_none() && held < 3 => {
                    self.carry[held] = byte;
                    self.carried += 1;
                }
                Err(_) => return Err(start),
            }
            self.taken += 1;
            piece = rest;
        }
        let (whole, tail) = piece.split_at(piece.len() - unfinished(piece));
        check(whole).map_err(|at| self.taken + at as u64)?;
        self.taken += whole.len() as u64;
        if core::str::from_utf8(tail).is_err_and(|e| e.error_len().is_some()) {
            return Err(self.taken);
        }
        self.carry[..tail.len()].copy_from_slice(tail);
        self.carried = tail.len() as u8;
        self.taken += tail.len() as u64;
        Ok(())
    }

    /// Takes the next piece, of which the first `ascii` bytes are known to be ASCII.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn push_after_ascii(&mut self, piece: &[u8], ascii: usize) -> Result<(), u64> {
        if self.carried > 0 {
            return self.push(piece);
        }
        self.taken += ascii as u64;
        self.push(piece.get(ascii..).unwrap_or_default())
    }

    /// Ends the text.
    ///
    /// # Errors
    /// The offset of a character that was begun and not ended.
    pub fn finish(&self) -> Result<(), u64> {
        if self.carried == 0 { Ok(()) } else { Err(self.whole()) }
    }

    /// Bytes that were taken and are whole characters.
    pub(crate) const fn whole(&self) -> u64 {
        self.taken - self.carried as u64
    }
}

/// How many bytes at the end, three at most, begin a character that the piece does not end.
fn unfinished(piece: &[u8]) -> usize {
    for (back, &byte) in piece.iter().rev().take(3).enumerate() {
        let size = match byte {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xFF => 4,
            0x80..=0xBF => continue,
            0x00..=0x7F => return 0,
        };
        return if size > back + 1 { back + 1 } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const SEEDS: [&str; 4] = ["x", "é", "€", "😀"];

    /// Texts of each length around where the checks change over, with the same character all through.
    fn texts() -> impl Iterator<Item = Vec<u8>> {
        SEEDS.iter().flat_map(|seed| (0..300).step_by(7).map(|n| seed.repeat(n).into_bytes()))
    }

    fn expected(bytes: &[u8]) -> Result<&str, usize> {
        core::str::from_utf8(bytes).map_err(|e| e.valid_up_to())
    }

    #[test]
    fn each_length_is_checked_as_the_standard_library_does() {
        for text in texts() {
            assert_eq!(check(&text), expected(&text));
            for cut in text.len().saturating_sub(4)..text.len() {
                assert_eq!(check(&text[..cut]), expected(&text[..cut]));
            }
        }
    }

    #[test]
    fn a_bad_byte_is_found_wherever_it_is() {
        for text in texts() {
            for at in (0..text.len()).step_by(3) {
                for bad in [0xff, 0x80, 0xc0, 0xed, 0xf4] {
                    let mut text = text.clone();
                    text[at] = bad;
                    assert_eq!(check(&text), expected(&text), "{bad:x} at {at} of {}", text.len());
                }
            }
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn what_is_known_to_be_ascii_is_passed_over() {
        let text = b"abcd\xe2\x82\xacef";
        for ascii in 0..=4 {
            let mut validator = Utf8Validator::new();
            assert_eq!(validator.push_after_ascii(text, ascii), Ok(()));
            assert_eq!(validator.push_after_ascii(b"\xff", 0), Err(text.len() as u64));
        }
        // A character that is open is not ended by ASCII.
        let mut validator = Utf8Validator::new();
        assert_eq!(validator.push(b"a\xe2"), Ok(()));
        assert_eq!(validator.push_after_ascii(b"bcd", 3), Err(1));
    }
}
