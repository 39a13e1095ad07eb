//! The vector loops of x86-64.
#![expect(
    unsafe_code,
    reason = "vector loads and stores take pointers; benches/ws_decode shows what they are worth"
)]

use core::arch::x86_64::{
    __m128i, __m256i, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi32, _mm_storeu_si128,
    _mm_xor_si128, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi32,
    _mm256_storeu_si256, _mm256_xor_si256,
};

/// The least that [`avx2`] masks.
pub(super) const AVX2: usize = 32;

/// The least that [`sse2`] masks.
pub(super) const SSE2: usize = 16;

/// From this length on it pays that vectors are written where they cross no line of the cache.
const ALIGNED: usize = 512;

/// Masks `buf`, of [`AVX2`] bytes or more, and says whether what came out is ASCII. The CPU must have AVX2.
pub(super) fn avx2(buf: &mut [u8], key: u32) -> bool {
    assert!(buf.len() >= AVX2 && super::has_avx2());
    // SAFETY: the CPU has AVX2; source and target are the same `buf.len()` bytes, that we own; they are 32 or more.
    unsafe { avx2_to(buf.as_mut_ptr(), buf.as_ptr(), buf.len(), key) }
}

/// Masks `buf`, of [`SSE2`] bytes or more, and says whether what came out is ASCII.
pub(super) fn sse2(buf: &mut [u8], key: u32) -> bool {
    assert!(buf.len() >= SSE2);
    // SAFETY: x86-64 has SSE2; source and target are the same `buf.len()` bytes, that we own; they are 16 or more.
    unsafe { sse2_to(buf.as_mut_ptr(), buf.as_ptr(), buf.len(), key) }
}

macro_rules! masked_copy {
    ($name:ident, $feature:literal, $vector:ty, $width:expr, $set:ident, $load:ident, $store:ident, $xor:ident, $or:ident, $high:ident) => {
        /// Writes `len` bytes from `from`, masked, to `to`.
        ///
        /// # Safety
        /// The CPU has the feature; `len` is one vector or more; `from` can be read and `to` written for `len` bytes; they are the same
        /// place or do not overlap.
        #[target_feature(enable = $feature)]
        pub(super) unsafe fn $name(to: *mut u8, from: *const u8, len: usize, key: u32) -> bool {
            const WIDTH: usize = $width;
            let last = len - WIDTH;
            // How far the first place is that a whole vector may be written to.
            let first = if len < ALIGNED { 0 } else { to.addr().wrapping_neg() % WIDTH };
            let key_at = |at: usize| $set(key.rotate_right((at % 4) as u32 * 8) as i32);
            // SAFETY: one vector from 0, and one from `last`, end at `len` or before. Both are read before anything is written and written
            // after: what they share with the vectors between them is masked once.
            let (head, tail) = unsafe {
                (
                    $xor($load(from.cast()), key_at(0)),
                    $xor($load(from.add(last).cast::<$vector>()), key_at(last)),
                )
            };
            let key = key_at(first);
            let mut seen = $or(head, tail);
            let mut at = first;
            while at + 4 * WIDTH <= len {
                // SAFETY: four vectors from `at` end at `len` or before.
                unsafe {
                    let a = $xor($load(from.add(at).cast()), key);
                    let b = $xor($load(from.add(at + WIDTH).cast()), key);
                    let c = $xor($load(from.add(at + 2 * WIDTH).cast()), key);
                    let d = $xor($load(from.add(at + 3 * WIDTH).cast()), key);
                    $store(to.add(at).cast(), a);
                    $store(to.add(at + WIDTH).cast(), b);
                    $store(to.add(at + 2 * WIDTH).cast(), c);
                    $store(to.add(at + 3 * WIDTH).cast(), d);
                    seen = $or(seen, $or($or(a, b), $or(c, d)));
                }
                at += 4 * WIDTH;
            }
            while at + WIDTH <= len {
                // SAFETY: one vector from `at` ends at `len` or before.
                unsafe {
                    let a = $xor($load(from.add(at).cast()), key);
                    $store(to.add(at).cast(), a);
                    seen = $or(seen, a);
                }
                at += WIDTH;
            }
            // SAFETY: as above.
            unsafe {
                if first > 0 {
                    $store(to.cast(), head);
                }
                $store(to.add(last).cast(), tail);
            }
            $high(seen) == 0
        }
    };
}

masked_copy!(
    avx2_to,
    "avx2",
    __m256i,
    AVX2,
    _mm256_set1_epi32,
    _mm256_loadu_si256,
    _mm256_storeu_si256,
    _mm256_xor_si256,
    _mm256_or_si256,
    _mm256_movemask_epi8
);
masked_copy!(
    sse2_to,
    "sse2",
    __m128i,
    SSE2,
    _mm_set1_epi32,
    _mm_loadu_si128,
    _mm_storeu_si128,
    _mm_xor_si128,
    _mm_or_si128,
    _mm_movemask_epi8
);
