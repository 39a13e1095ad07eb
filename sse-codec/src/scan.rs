//! Where lines end, and which of them are ASCII: the one loop that touches every byte, and the one module with `unsafe`.
//!
//! Two things are known after a pass over a line: where it ends, and whether all of it is ASCII. ASCII needs no second pass to be
//! UTF-8, which is half of the work on an event. `Span` and `Text` carry that knowledge; only this module can claim it.
//!
//! What the `unsafe` is worth, on the streams of the bench `sse_parse`: with the text checked all the same, tokens of a language model are
//! read at 0.7 to 0.8 of the speed, keepalives and 40 KiB at 0.6; with machine words instead of vectors, at 0.7 to 0.8 and 0.4.

use alloc::{string::String, vec::Vec};

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
    let (end, ascii) = line_end(bytes);
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
    let (end, ascii) = found.at();
    touch(end + 1);
    let (line, tail) = bytes.split_at(end);
    Some((Span { bytes: line, ascii: usize::from(ascii) }, tail))
}

/// What follows the CR, LF or CRLF that `bytes` begins with.
#[inline]
pub(crate) fn after_line_end(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
        [] => bytes,
    }
}

/// Where the first CR or LF is, or the length, and whether all before it is ASCII.
#[inline(always)]
fn line_end(bytes: &[u8]) -> (usize, bool) {
    if let Some(first) = bytes.first_chunk::<16>() {
        let found = masks(first);
        if found.ends != 0 {
            return found.at();
        }
        if bytes.len() == 16 {
            return (16, found.high == 0);
        }
    }
    not_near(bytes)
}

/// [`line_end`] where it is not in the first sixteen bytes, or there are not as many.
#[inline(never)]
fn not_near(bytes: &[u8]) -> (usize, bool) {
    match bytes.first_chunk::<16>() {
        Some(first) => far(bytes, masks(first).high == 0),
        None => short(bytes),
    }
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

/// [`line_end`] behind the first sixteen bytes, which hold none.
#[inline]
fn far(bytes: &[u8], mut ascii: bool) -> (usize, bool) {
    let mut start = 16;
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    {
        start += avx2::plain_prefix(&bytes[start..]);
    }
    let (blocks, _) = bytes[start..].as_chunks::<64>();
    for block in blocks {
        if !plain(block) {
            let (parts, _) = block.as_chunks::<16>();
            for (number, part) in parts.iter().enumerate() {
                let found = masks(part);
                if found.ends != 0 {
                    let (at, before) = found.at();
                    return (start + number * 16 + at, ascii && before);
                }
                ascii &= found.high == 0;
            }
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

/// Which of sixteen bytes are line ends, and which are not ASCII; the lowest bit is the first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Masks {
    ends: u32,
    high: u32,
}

impl Masks {
    /// Where the first end is, and whether all before it is ASCII. There is an end.
    #[inline]
    const fn at(self) -> (usize, bool) {
        let before = (self.ends & self.ends.wrapping_neg()).wrapping_sub(1);
        (self.ends.trailing_zeros() as usize, self.high & before == 0)
    }
}

#[cfg(target_arch = "x86_64")]
use sse2::{masks, plain};
#[cfg(not(target_arch = "x86_64"))]
use words::{masks, plain};

/// Sixteen bytes at a time, with the instructions that each x86-64 has.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };

    use super::Masks;

    #[inline]
    pub(super) fn masks(block: &[u8; 16]) -> Masks {
        // SAFETY: SSE2 is part of x86-64. The load needs no alignment and reads the sixteen bytes of `block`.
        unsafe {
            let block = _mm_loadu_si128(block.as_ptr().cast::<__m128i>());
            let ends = _mm_or_si128(
                _mm_cmpeq_epi8(block, _mm_set1_epi8(b'\n' as i8)),
                _mm_cmpeq_epi8(block, _mm_set1_epi8(b'\r' as i8)),
            );
            Masks { ends: _mm_movemask_epi8(ends) as u32, high: _mm_movemask_epi8(block) as u32 }
        }
    }

    /// No line end and nothing but ASCII in the block, and no other control character up to CR: one signed comparison tells.
    #[inline]
    pub(super) fn plain(block: &[u8; 64]) -> bool {
        let (parts, _) = block.as_chunks::<16>();
        let [a, b, c, d] = parts else { return false };
        // SAFETY: SSE2 is part of x86-64. Each load needs no alignment and reads sixteen bytes of `block`.
        unsafe {
            let limit = _mm_set1_epi8(b'\r' as i8 + 1);
            let below =
                |part: &[u8; 16]| _mm_cmplt_epi8(_mm_loadu_si128(part.as_ptr().cast::<__m128i>()), limit);
            let any = _mm_or_si128(_mm_or_si128(below(a), below(b)), _mm_or_si128(below(c), below(d)));
            _mm_movemask_epi8(any) == 0
        }
    }
}

/// Thirty-two bytes at a time, where the machine has the instructions.
#[cfg(all(target_arch = "x86_64", feature = "std"))]
mod avx2 {
    use core::arch::x86_64::{
        __m256i, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8,
    };

    /// How many bytes at the front are in blocks of 128 that are [`plain`](super::sse2::plain).
    #[inline]
    pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
        if bytes.len() < 256 || !std::is_x86_feature_detected!("avx2") {
            return 0;
        }
        // SAFETY: the machine has AVX2.
        unsafe { found(bytes) }
    }

    #[target_feature(enable = "avx2")]
    fn found(bytes: &[u8]) -> usize {
        let limit = _mm256_set1_epi8(b'\r' as i8 + 1);
        let below = |part: &[u8; 32]| {
            // SAFETY: the load needs no alignment and reads the thirty-two bytes of `part`.
            let part = unsafe { _mm256_loadu_si256(part.as_ptr().cast::<__m256i>()) };
            _mm256_cmpgt_epi8(limit, part)
        };
        let (blocks, _) = bytes.as_chunks::<128>();
        let mut plain = 0;
        for block in blocks {
            let (parts, _) = block.as_chunks::<32>();
            let [a, b, c, d] = parts else { break };
            let any =
                _mm256_or_si256(_mm256_or_si256(below(a), below(b)), _mm256_or_si256(below(c), below(d)));
            if _mm256_movemask_epi8(any) != 0 {
                break;
            }
            plain += 128;
        }
        plain
    }
}

/// Eight bytes at a time in a machine word, for other machines and for what is shorter than a vector.
mod words {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    pub(super) const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    const LF: u64 = u64::from_ne_bytes([b'\n'; 8]);
    const CR: u64 = u64::from_ne_bytes([b'\r'; 8]);

    /// The high bit of each byte that is a line end; marks above the lowest one may be wrong.
    #[inline]
    pub(super) const fn ends(word: u64) -> u64 {
        zero_bytes(word ^ LF) | zero_bytes(word ^ CR)
    }

    /// The high bit of each zero byte. A borrow can mark bytes above a true one, never below, so the lowest mark is right.
    #[inline]
    const fn zero_bytes(word: u64) -> u64 {
        word.wrapping_sub(LOW) & !word & HIGH
    }

    #[cfg(any(test, not(target_arch = "x86_64")))]
    pub(super) fn masks(block: &[u8; 16]) -> super::Masks {
        let mut masks = super::Masks { ends: 0, high: 0 };
        let (halves, _) = block.as_chunks::<8>();
        for (number, half) in halves.iter().enumerate() {
            let word = u64::from_le_bytes(*half);
            masks.ends |= bits(ends(word)) << (number * 8);
            masks.high |= bits(word & HIGH) << (number * 8);
        }
        masks
    }

    /// The high bits, side by side: each is moved to its place in the top byte.
    #[cfg(any(test, not(target_arch = "x86_64")))]
    const fn bits(marks: u64) -> u32 {
        ((marks >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
    }

    #[cfg(any(test, not(target_arch = "x86_64")))]
    pub(super) fn plain(block: &[u8; 64]) -> bool {
        const LIMIT: u64 = u64::from_ne_bytes([b'\r' + 1; 8]);
        let (words, _) = block.as_chunks::<8>();
        let mark = |all, word: &[u8; 8]| {
            let word = u64::from_le_bytes(*word);
            all | word.wrapping_sub(LIMIT) | word
        };
        words.iter().fold(0, mark) & HIGH == 0
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
        let mut replaced = String::new();
        assert_eq!(line.text(&mut replaced), String::from_utf8_lossy(line.bytes));
    }

    #[test]
    fn finds_each_end_at_each_place_of_each_length() {
        for length in (0..40).chain([63, 64, 65, 79, 80, 81, 96, 97, 143, 144, 271, 272, 273, 401]) {
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
