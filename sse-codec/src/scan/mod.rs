//! Where lines end, and which of them are ASCII: the one loop that touches every byte, and the one module with `unsafe`.
//!
//! Two things are known after a pass over a line: where it ends, and whether all of it is ASCII. ASCII needs no second pass to be
//! UTF-8, which is half of the work on an event. `Span` and `Text` carry that knowledge; only this module can claim it.
//!
//! What the `unsafe` was worth when it was measured, with an earlier search, on the streams of the bench `sse_parse`: with the text checked
//! all the same, tokens of a language model were read at 0.7 to 0.8 of the speed, keepalives and 40 KiB at 0.6; with machine words instead of
//! vectors, at 0.7 to 0.8 and 0.4.

mod masks;

use alloc::{string::String, vec::Vec};

#[cfg(all(target_arch = "x86_64", feature = "std"))]
use masks::Found;
use masks::{all_masks, masks, plain, words};

#[cfg(test)]
extern crate std;

#[cfg(test)]
std::thread_local! {
    /// How many bytes were looked at or copied, for the test that this is linear.
    pub(crate) static TOUCHED: core::cell::Cell<u64> = const { core::cell::Cell::new(0) };
}

/// Counts, in the tests of the crate.
#[inline(always)]
fn touch(_bytes: usize) {
    #[cfg(test)]
    TOUCHED.with(|touched| touched.set(touched.get() + _bytes as u64));
}

/// Adds bytes to a buffer.
#[inline]
pub(crate) fn collect(buffer: &mut Vec<u8>, bytes: &[u8]) {
    touch(bytes.len());
    buffer.extend_from_slice(bytes);
}

/// Bytes, and whether they are known to be ASCII.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span<'a> {
    bytes: &'a [u8],
    /// One only if each of `bytes` is below 0x80, else zero. A word, since a byte and its padding are copied in pieces, which stalls.
    ascii: usize,
}

impl<'a> Span<'a> {
    /// Bytes of which nothing is known.
    pub(crate) const fn unknown(bytes: &'a [u8]) -> Self {
        Self { bytes, ascii: 0 }
    }

    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) const fn len(self) -> usize {
        self.bytes.len()
    }

    /// Without one space at the front.
    #[inline]
    pub(crate) fn without_space(self) -> Self {
        Self { bytes: self.bytes.strip_prefix(b" ").unwrap_or(self.bytes), ..self }
    }

    /// A part of these bytes, which is ASCII if they are.
    pub(crate) fn part(self, part: core::ops::Range<usize>) -> Self {
        Self { bytes: self.bytes.get(part).unwrap_or_default(), ..self }
    }

    /// As text: as they are, or from `replaced` with what is invalid replaced.
    #[inline]
    pub(crate) fn text<'s>(self, replaced: &'s mut String) -> &'s str
    where
        'a: 's,
    {
        if self.ascii != 0 {
            debug_assert!(self.bytes.is_ascii());
            // SAFETY: `ascii` is set by `split` alone, for bytes that it found to be below 0x80, and kept for parts of them.
            // ASCII is UTF-8.
            return unsafe { core::str::from_utf8_unchecked(self.bytes) };
        }
        touch(self.bytes.len());
        match core::str::from_utf8(self.bytes) {
            Ok(text) => text,
            Err(_) => {
                replace_invalid(replaced, self.bytes);
                replaced
            }
        }
    }

    /// Makes `buffer` hold the text.
    #[inline]
    pub(crate) fn store(self, buffer: &mut String) {
        if self.ascii != 0 || core::str::from_utf8(self.bytes).is_ok() {
            buffer.clear();
            buffer.push_str(self.text(&mut String::new()));
        } else {
            replace_invalid(buffer, self.bytes);
        }
    }
}

/// A buffer of text in the making: filled, lent, filled again.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    bytes: Vec<u8>,
    /// True only if each of `bytes` is below 0x80.
    ascii: bool,
    /// How long the text was that was given away last.
    given: u32,
}

/// A buffer larger than this is let go when its last use needed less than a quarter of it.
const KEEP: usize = 64 << 10;

/// A line up to this long is copied as that many bytes.
const NEAR: usize = 64;

impl Text {
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new(), ascii: true, given: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Empties it.
    #[inline]
    pub(crate) fn restart(&mut self) {
        self.ascii = true;
        restart(&mut self.bytes);
    }

    #[inline]
    pub(crate) fn push(&mut self, span: Span<'_>) {
        self.ascii &= span.ascii != 0;
        if self.bytes.capacity() - self.bytes.len() < span.len() {
            self.grow(span.len());
        }
        collect(&mut self.bytes, span.bytes);
    }

    /// Makes room as large as the last text that was given away needed, once this one is no small one: in one step, where doubling would
    /// copy it in each.
    #[cold]
    fn grow(&mut self, more: usize) {
        let (held, given) = (self.bytes.len() + more, self.given as usize);
        if (KEEP..given).contains(&held) {
            self.bytes.reserve_exact(given - self.bytes.len());
        }
    }

    /// A line feed, and what `from` begins with: a line, and behind it what follows on the wire.
    #[inline(always)]
    pub(crate) fn push_line(&mut self, line: Span<'_>, from: &[u8]) {
        match from.first_chunk::<NEAR>() {
            // A copy of a fixed length needs no call; what is too much of it goes again.
            Some(near) if line.len() <= NEAR && self.bytes.capacity() - self.bytes.len() > NEAR => {
                touch(line.len());
                self.ascii &= line.ascii != 0;
                let end = self.bytes.len() + 1 + line.len();
                self.bytes.push(b'\n');
                self.bytes.extend_from_slice(near);
                self.bytes.truncate(end);
            }
            _ => {
                self.push_line_feed();
                self.push(line);
            }
        }
    }

    #[inline]
    pub(crate) fn push_line_feed(&mut self) {
        self.bytes.push(b'\n');
    }

    /// All of it.
    #[inline]
    pub(crate) fn span(&self) -> Span<'_> {
        Span { bytes: &self.bytes, ascii: usize::from(self.ascii) }
    }

    /// Gives the buffer away as text, and begins with one as large, within reason.
    pub(crate) fn give(&mut self) -> String {
        let bytes = core::mem::take(&mut self.bytes);
        self.given = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.bytes.reserve(bytes.capacity().min(KEEP));
        if core::mem::replace(&mut self.ascii, true) {
            debug_assert!(bytes.is_ascii());
            // SAFETY: `ascii` says that all pieces were ASCII, as did the span of each, and line feeds are. ASCII is UTF-8.
            return unsafe { String::from_utf8_unchecked(bytes) };
        }
        String::from_utf8(bytes).unwrap_or_else(|error| {
            let mut text = String::new();
            replace_invalid(&mut text, error.as_bytes());
            text
        })
    }
}

/// Empties a buffer, and lets go of what a rare large event made of it.
#[inline]
pub(crate) fn restart(buffer: &mut Vec<u8>) {
    let used = buffer.len();
    buffer.clear();
    if buffer.capacity() > KEEP && used < buffer.capacity() / 4 {
        buffer.shrink_to(KEEP);
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

/// What comes before the first CR or LF, and the rest from there on: empty if there is none.
#[inline(always)]
pub(crate) fn split(bytes: &[u8]) -> (Span<'_>, &[u8]) {
    split_at(bytes, line_end(bytes, not_near))
}

/// [`split`] with more of it in the caller's own code, where lines of some length are the rule.
#[inline(always)]
pub(crate) fn split_here(bytes: &[u8]) -> (Span<'_>, &[u8]) {
    split_at(bytes, line_end(bytes, not_near_here))
}

#[inline(always)]
fn split_at(bytes: &[u8], (end, ascii): (usize, bool)) -> (Span<'_>, &[u8]) {
    touch(end + 1);
    let (line, tail) = bytes.split_at(end);
    (Span { bytes: line, ascii: usize::from(ascii) }, tail)
}

/// [`split`], if there is a line end in the first sixteen bytes.
#[inline(always)]
pub(crate) fn split_near(bytes: &[u8]) -> Option<(Span<'_>, &[u8])> {
    let found = masks(bytes.first_chunk::<16>()?);
    if found.ends == 0 {
        return None;
    }
    Some(split_at(bytes, found.at()))
}

/// What follows the CR, LF or CRLF that `bytes` begins with.
#[inline]
pub(crate) fn after_line_end(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
        [] => bytes,
    }
}

/// Where the first CR or LF is, or the length, and whether all before it is ASCII; `farther` looks where it is not in the first sixteen bytes,
/// or there are not as many.
#[inline(always)]
fn line_end(bytes: &[u8], farther: impl FnOnce(&[u8]) -> (usize, bool)) -> (usize, bool) {
    if let Some(first) = bytes.first_chunk::<16>() {
        let found = masks(first);
        if found.ends != 0 {
            return found.at();
        }
        if bytes.len() == 16 {
            return (16, found.high == 0);
        }
    }
    farther(bytes)
}

#[inline(never)]
fn not_near(bytes: &[u8]) -> (usize, bool) {
    if bytes.len() < 16 { short(bytes) } else { not_near_here(bytes) }
}

/// The block of 64 bytes at once: where in it a line ends differs from line to line, and a wrong guess costs more than the look.
#[inline(always)]
fn not_near_here(bytes: &[u8]) -> (usize, bool) {
    let Some(block) = bytes.first_chunk::<64>() else { return few(bytes) };
    let found = all_masks(block);
    if found.ends != 0 { found.at() } else { far(bytes, found.high == 0) }
}

/// Less than 64 bytes.
#[inline(never)]
fn few(bytes: &[u8]) -> (usize, bool) {
    if bytes.len() < 16 { short(bytes) } else { beyond(bytes, 0, true) }
}

/// Less than sixteen bytes.
#[inline]
fn short(bytes: &[u8]) -> (usize, bool) {
    let (Some(head), Some(tail)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) else {
        let end = bytes.iter().position(|&byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
        return (end, bytes.iter().fold(0, |all, byte| all | byte) < 0x80);
    };
    let (head, tail) = (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
    let (ends, more) = (words::ends(head), words::ends(tail));
    let end = if ends != 0 {
        ends.trailing_zeros() / 8
    } else if more != 0 {
        // No end lies in the first eight bytes, so the overlap of the two words holds none.
        more.trailing_zeros() / 8 + (bytes.len() as u32 - 8)
    } else {
        bytes.len() as u32
    };
    // Bytes behind the end may make this false for ASCII, which costs a check and nothing else.
    (end as usize, (head | tail) & words::HIGH == 0)
}

/// [`line_end`] behind the first 64 bytes, which hold none.
#[inline(never)]
fn far(bytes: &[u8], ascii: bool) -> (usize, bool) {
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    if bytes.len() >= 128
        && let Some((passed, found)) = masks::first_of_blocks(&bytes[64..])
    {
        return match found {
            Found::End(before) => (64 + passed, ascii && before),
            Found::None(all) => beyond(bytes, 64 + passed, ascii && all),
        };
    }
    beyond(bytes, 64, ascii)
}

/// [`line_end`] from `start` on, before which there is none; `ascii` tells of what is before it. There are at least sixteen bytes.
#[inline]
fn beyond(bytes: &[u8], mut start: usize, mut ascii: bool) -> (usize, bool) {
    let (blocks, _) = bytes[start..].as_chunks::<64>();
    for block in blocks {
        if !plain(block) {
            let found = all_masks(block);
            if found.ends != 0 {
                let (at, before) = found.at();
                return (start + at, ascii && before);
            }
            ascii &= found.high == 0;
        }
        start += 64;
    }
    let (parts, rest) = bytes[start..].as_chunks::<16>();
    for part in parts {
        let found = masks(part);
        if found.ends != 0 {
            let (at, before) = found.at();
            return (start + at, ascii && before);
        }
        ascii &= found.high == 0;
        start += 16;
    }
    match bytes.last_chunk::<16>() {
        Some(last) if !rest.is_empty() => {
            // It begins before `start`, where no end is; what is not ASCII there counts already.
            let found = masks(last);
            let (at, before) = if found.ends == 0 { (16, found.high == 0) } else { found.at() };
            (bytes.len() - 16 + at, ascii && before)
        }
        _ => (bytes.len(), ascii),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader would write.
    fn plainly(bytes: &[u8]) -> usize {
        bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len())
    }

    #[track_caller]
    fn check(bytes: &[u8]) {
        let (line, tail) = split(bytes);
        assert_eq!(line.bytes, &bytes[..plainly(bytes)], "{bytes:?}");
        assert_eq!(line.bytes.len() + tail.len(), bytes.len());
        assert!(line.ascii == 0 || line.bytes.is_ascii(), "{bytes:?}");
        assert!(line.ascii == 1 || !bytes.is_ascii(), "ASCII is known as such: {bytes:?}");
        if bytes.len() >= 16 {
            let (end, ascii) = beyond(bytes, 0, true);
            assert_eq!(end, line.len(), "without AVX2 as with it: {bytes:?}");
            assert!(!ascii || line.bytes.is_ascii(), "{bytes:?}");
        }
        let mut replaced = String::new();
        assert_eq!(line.text(&mut replaced), String::from_utf8_lossy(line.bytes));
    }

    #[test]
    fn finds_each_end_at_each_place_of_each_length() {
        for length in (0..40).chain([
            63, 64, 65, 79, 80, 81, 96, 97, 127, 128, 129, 143, 144, 191, 192, 193, 255, 256, 257, 320, 401,
        ]) {
            for fill in [b'x', 0x0B, 0xC3] {
                let clean = alloc::vec![fill; length];
                check(&clean);
                for at in 0..length {
                    for byte in [b'\r', b'\n', 0x8A, 0x8D] {
                        let mut bytes = clean.clone();
                        bytes[at] = byte;
                        check(&bytes);
                        bytes[length - 1] = b'\n';
                        check(&bytes);
                    }
                }
            }
        }
    }

    #[test]
    fn bytes_near_line_ends_are_not_line_ends() {
        for byte in (0..=u8::MAX).filter(|byte| !matches!(byte, b'\r' | b'\n')) {
            for length in [7, 8, 15, 16, 40, 200] {
                assert_eq!(split(&alloc::vec![byte; length]).0.len(), length, "{byte}");
            }
        }
    }

    /// The machine words say what the vectors say, but for marks above the first line end.
    #[test]
    fn words_and_vectors_agree() {
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        let mut block = [0; 64];
        for _ in 0..20_000 {
            for byte in &mut block {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let draw = (seed >> 56) as u8;
                *byte = match draw % 24 {
                    0 => b'\n',
                    1 => b'\r',
                    2 => 0x0E,
                    3 => 0x0B,
                    4 => draw | 0x80,
                    _ => draw & 0x7F | 0x20,
                };
            }
            let (parts, _) = block.as_chunks::<16>();
            for part in parts {
                let (vector, word) = (masks(part), words::masks(part));
                assert_eq!(vector.high, word.high, "{part:?}");
                assert_eq!(vector.ends.trailing_zeros(), word.ends.trailing_zeros(), "{part:?}");
            }
            assert!(!words::plain(&block) || plain(&block), "words are no less careful: {block:?}");
            assert_eq!(plain(&block), block.iter().all(|byte| (0x0E..0x80).contains(byte)));
        }
        assert!(words::plain(&[b'x'; 64]), "and see plain text as plain");
    }

    #[test]
    fn text_that_is_given_away_is_replaced_where_it_must_be() {
        let mut text = Text::new();
        for (pieces, whole) in
            [(&[&b"ab"[..], b"c"][..], "abc"), (&[b"\xC3", b"\xA9"], "é"), (&[b"a\xFF", b"b"], "a\u{FFFD}b")]
        {
            for piece in pieces {
                text.push(split(piece).0);
            }
            assert_eq!(text.give(), whole);
            assert_eq!((text.len(), text.span().ascii), (0, 1));
        }
    }
}
