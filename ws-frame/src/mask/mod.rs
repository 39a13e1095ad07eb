//! Masking (RFC 6455 §5.3): each byte XOR the key byte at its position modulo 4.
//!
//! The pass that masks also tells whether all bytes that come out are ASCII, so that most text is checked for free. Which loop runs
//! is chosen by length and by what the CPU can do ([`Implementation`]). This is the one module of the crate that holds
//! `unsafe`: for the vector instructions, and for text that was checked once and is read many times.

mod checked;
#[cfg(feature = "std")]
mod gather;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(all(test, feature = "std"))]
mod tests;

pub(crate) use checked::{Checked, copy_masked};
#[cfg(feature = "std")]
pub(crate) use checked::{INLINE, WINDOW, take_all};
#[cfg(feature = "std")]
pub(crate) use gather::{Gather, look};

/// Masks or unmasks `buf` in place. `position` is where `buf` begins in the payload, in bytes.
///
/// ```
/// use ws_frame::mask;
///
/// // RFC 6455 §5.7: a masked "Hello", in two parts.
/// let mut payload = *b"\x7f\x9f\x4d\x51\x58";
/// mask::apply(&mut payload[..3], [0x37, 0xfa, 0x21, 0x3d], 0);
/// mask::apply(&mut payload[3..], [0x37, 0xfa, 0x21, 0x3d], 3);
/// assert_eq!(&payload, b"Hello");
/// ```
#[inline]
pub fn apply(buf: &mut [u8], key: [u8; 4], position: usize) {
    in_place(buf, rotated(key, position));
}

/// A loop that masks. All of them do the same; [`apply`] chooses by length and CPU.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implementation {
    /// Eight bytes at a time, on any CPU.
    Scalar,
    /// 16 bytes at a time, on each x86-64 CPU.
    Sse2,
    /// 32 bytes at a time, on x86-64 CPUs that have it. Asked of the CPU with feature `std`, of the compiler's target without.
    Avx2,
}

impl Implementation {
    /// Those that this CPU can run.
    pub fn all() -> impl Iterator<Item = Implementation> {
        let avx2 = has_avx2().then_some(Implementation::Avx2);
        let sse2 = cfg!(target_arch = "x86_64").then_some(Implementation::Sse2);
        [Some(Implementation::Scalar), sse2, avx2].into_iter().flatten()
    }

    /// The one that [`apply`] takes for a payload of `len` bytes.
    #[inline]
    pub fn chosen(len: usize) -> Implementation {
        if len < LONG || cfg!(not(target_arch = "x86_64")) {
            Implementation::Scalar
        } else if has_avx2() {
            Implementation::Avx2
        } else {
            Implementation::Sse2
        }
    }

    /// What [`apply`](fn@apply) does, by this loop, or by the scalar one where the CPU cannot run it. Says whether all bytes that came
    /// out are ASCII.
    ///
    /// ```
    /// use ws_frame::mask::Implementation;
    ///
    /// for implementation in Implementation::all() {
    ///     let mut payload = *b"\x7f\x9f\x4d\x51\x58";
    ///     assert!(implementation.apply(&mut payload, [0x37, 0xfa, 0x21, 0x3d], 0));
    ///     assert_eq!(&payload, b"Hello");
    /// }
    /// ```
    pub fn apply(self, buf: &mut [u8], key: [u8; 4], position: usize) -> bool {
        self.in_place(buf, rotated(key, position))
    }

    fn in_place(self, buf: &mut [u8], key: u32) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Implementation::Avx2 if has_avx2() && buf.len() >= x86::AVX2 => x86::avx2(buf, key),
            #[cfg(target_arch = "x86_64")]
            Implementation::Sse2 if buf.len() >= x86::SSE2 => x86::sse2(buf, key),
            _ => scalar::apply(buf, key),
        }
    }
}

/// From this length on a call of the vector loop pays.
const LONG: usize = 64;

/// A long text is unmasked in blocks of this size, so that the first one that is not ASCII is known. A multiple of 4.
#[cfg(feature = "std")]
const BLOCK: usize = 4096;

/// Unmasks in place, and says how many bytes at the front are known to be ASCII.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn apply_to_text(buf: &mut [u8], key: [u8; 4], position: usize) -> usize {
    let key = rotated(key, position);
    if buf.len() <= BLOCK {
        return if in_place(buf, key) { buf.len() } else { 0 };
    }
    let mut ascii = 0;
    let mut all = true;
    for block in buf.chunks_mut(BLOCK) {
        all &= in_place(block, key);
        ascii += if all { block.len() } else { 0 };
    }
    ascii
}

/// Masks in place and says whether what came out is ASCII.
#[inline]
fn in_place(buf: &mut [u8], key: u32) -> bool {
    if buf.len() < LONG { scalar::apply(buf, key) } else { in_place_long(buf, key) }
}

#[inline(never)]
fn in_place_long(buf: &mut [u8], key: u32) -> bool {
    Implementation::chosen(buf.len()).in_place(buf, key)
}

/// Whether the CPU has AVX2; asked once, by the standard library.
#[inline]
fn has_avx2() -> bool {
    #[cfg(all(target_arch = "x86_64", feature = "std"))]
    {
        std::is_x86_feature_detected!("avx2")
    }
    #[cfg(not(all(target_arch = "x86_64", feature = "std")))]
    {
        cfg!(target_feature = "avx2")
    }
}

/// The key as it stands `position` bytes into the payload, its first byte lowest.
#[inline]
fn rotated(key: [u8; 4], position: usize) -> u32 {
    u32::from_le_bytes(key).rotate_right((position % 4) as u32 * 8)
}
