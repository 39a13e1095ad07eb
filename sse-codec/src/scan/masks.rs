//! Which bytes of a block are line ends, and which are not ASCII: with vectors where the machine has them, else in machine words.

#[cfg(all(target_arch = "x86_64", feature = "std"))]
pub(super) use avx2::{Found, first_of_blocks};
#[cfg(target_arch = "x86_64")]
pub(super) use sse2::{masks, plain};
#[cfg(not(target_arch = "x86_64"))]
pub(super) use words::{masks, plain};

/// Which of up to 64 bytes are line ends, and which are not ASCII; the lowest bit is the first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Masks {
    pub(super) ends: u64,
    pub(super) high: u64,
}

impl Masks {
    /// Where the first end is, and whether all before it is ASCII. There is an end.
    #[inline(always)]
    pub(super) const fn at(self) -> (usize, bool) {
        let before = (self.ends & self.ends.wrapping_neg()).wrapping_sub(1);
        (self.ends.trailing_zeros() as usize, self.high & before == 0)
    }
}

/// Of 64 bytes.
#[inline(always)]
pub(super) fn all_masks(block: &[u8; 64]) -> Masks {
    let (parts, _) = block.as_chunks::<16>();
    let mut all = Masks { ends: 0, high: 0 };
    for (number, part) in parts.iter().enumerate() {
        let found = masks(part);
        all.ends |= found.ends << (number * 16);
        all.high |= found.high << (number * 16);
    }
    all
}

/// Sixteen bytes at a time, with the instructions that each x86-64 has.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128,
        _mm_set1_epi8,
    };

    use super::Masks;

    #[inline(always)]
    pub(in super::super) fn masks(block: &[u8; 16]) -> Masks {
        // SAFETY: SSE2 is part of x86-64. The load needs no alignment and reads the sixteen bytes of `block`.
        unsafe {
            let block = _mm_loadu_si128(block.as_ptr().cast::<__m128i>());
            let ends = _mm_or_si128(
                _mm_cmpeq_epi8(block, _mm_set1_epi8(b'\n' as i8)),
                _mm_cmpeq_epi8(block, _mm_set1_epi8(b'\r' as i8)),
            );
            Masks {
                ends: u64::from(_mm_movemask_epi8(ends) as u32),
                high: u64::from(_mm_movemask_epi8(block) as u32),
            }
        }
    }

    /// No line end and nothing but ASCII in the block, and no other control character up to CR: one signed comparison tells.
    #[inline]
    pub(in super::super) fn plain(block: &[u8; 64]) -> bool {
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
        __m256i, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8,
    };

    use super::Masks;

    /// What was found in whole blocks of 64 bytes, and whether all that was passed is ASCII.
    #[derive(Clone, Copy, Debug)]
    pub(in super::super) enum Found {
        /// A line end, right behind what was passed.
        End(bool),
        /// None.
        None(bool),
    }

    /// How many bytes come before the first line end in blocks of 64 bytes. `None` where the machine lacks the instructions.
    #[inline]
    pub(in super::super) fn first_of_blocks(bytes: &[u8]) -> Option<(usize, Found)> {
        if !std::is_x86_feature_detected!("avx2") {
            return None;
        }
        // SAFETY: the machine has AVX2.
        Some(unsafe { search(bytes) })
    }

    #[target_feature(enable = "avx2")]
    fn search(bytes: &[u8]) -> (usize, Found) {
        let limit = _mm256_set1_epi8(b'\r' as i8 + 1);
        let (mut passed, mut high) = (0, 0);
        let (pairs, rest) = bytes.as_chunks::<128>();
        for pair in pairs {
            let (parts, _) = pair.as_chunks::<32>();
            let [a, b, c, d] = parts else { break };
            let below = |part| _mm256_cmpgt_epi8(limit, load(part));
            let any =
                _mm256_or_si256(_mm256_or_si256(below(a), below(b)), _mm256_or_si256(below(c), below(d)));
            if _mm256_movemask_epi8(any) == 0 {
                passed += 128;
                continue;
            }
            for [a, b] in [[a, b], [c, d]] {
                let found = masks(a, b);
                if found.ends != 0 {
                    let (at, before) = found.at();
                    return (passed + at, Found::End(before && high == 0));
                }
                high |= found.high;
                passed += 64;
            }
        }
        if let Some(block) = rest.first_chunk::<64>() {
            let (parts, _) = block.as_chunks::<32>();
            if let [a, b] = parts {
                let found = masks(a, b);
                if found.ends != 0 {
                    let (at, before) = found.at();
                    return (passed + at, Found::End(before && high == 0));
                }
                high |= found.high;
                passed += 64;
            }
        }
        (passed, Found::None(high == 0))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn masks(low: &[u8; 32], high: &[u8; 32]) -> Masks {
        let (low, high) = (load(low), load(high));
        let bits = |low, high| {
            u64::from(_mm256_movemask_epi8(low) as u32) | u64::from(_mm256_movemask_epi8(high) as u32) << 32
        };
        let ends = |part| {
            _mm256_or_si256(
                _mm256_cmpeq_epi8(part, _mm256_set1_epi8(b'\n' as i8)),
                _mm256_cmpeq_epi8(part, _mm256_set1_epi8(b'\r' as i8)),
            )
        };
        Masks { ends: bits(ends(low), ends(high)), high: bits(low, high) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(part: &[u8; 32]) -> __m256i {
        // SAFETY: the load needs no alignment and reads the thirty-two bytes of `part`.
        unsafe { _mm256_loadu_si256(part.as_ptr().cast::<__m256i>()) }
    }
}

/// Eight bytes at a time in a machine word, for other machines and for what is shorter than a vector.
pub(super) mod words {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    pub(in super::super) const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    const LF: u64 = u64::from_ne_bytes([b'\n'; 8]);
    const CR: u64 = u64::from_ne_bytes([b'\r'; 8]);

    /// The high bit of each byte that is a line end; marks above the lowest one may be wrong.
    #[inline]
    pub(in super::super) const fn ends(word: u64) -> u64 {
        zero_bytes(word ^ LF) | zero_bytes(word ^ CR)
    }

    /// The high bit of each zero byte. A borrow can mark bytes above a true one, never below, so the lowest mark is right.
    #[inline]
    const fn zero_bytes(word: u64) -> u64 {
        word.wrapping_sub(LOW) & !word & HIGH
    }

    #[cfg(any(test, not(target_arch = "x86_64")))]
    pub(in super::super) fn masks(block: &[u8; 16]) -> super::Masks {
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
    const fn bits(marks: u64) -> u64 {
        (marks >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }

    #[cfg(any(test, not(target_arch = "x86_64")))]
    pub(in super::super) fn plain(block: &[u8; 64]) -> bool {
        const LIMIT: u64 = u64::from_ne_bytes([b'\r' + 1; 8]);
        let (words, _) = block.as_chunks::<8>();
        let mark = |all, word: &[u8; 8]| {
            let word = u64::from_le_bytes(*word);
            all | word.wrapping_sub(LIMIT) | word
        };
        words.iter().fold(0, mark) & HIGH == 0
    }
}
