//! Bytes that are known to be UTF-8, because they were unmasked and checked here.
#![expect(
    unsafe_code,
    reason = "text was checked when it was made; checking it at each look would cost as much again"
)]

use alloc::string::String;

use bytes::{Bytes, BytesMut};

use super::in_place;
#[cfg(feature = "std")]
use super::scalar;
use crate::utf8;

/// The longest text that is held in place, without memory of its own.
pub(crate) const INLINE: usize = size_of::<Bytes>() - size_of::<usize>() - 1;

/// What is read at once to make a text in place.
#[cfg(feature = "std")]
pub(crate) const WINDOW: usize = 24;

#[cfg(feature = "std")]
const _: () = assert!(INLINE <= WINDOW);

/// UTF-8, checked. The field is private to this file: each constructor takes a `str`, checks what it takes, or says what its caller
/// has checked.
#[derive(Clone)]
pub(crate) struct Checked(Repr);

#[derive(Clone)]
enum Repr {
    Short { len: u8, bytes: [u8; INLINE] },
    Shared(Bytes),
}

impl Checked {
    pub(crate) const EMPTY: Checked = Checked(Repr::Short { len: 0, bytes: [0; INLINE] });

    pub(crate) const fn from_static(text: &'static str) -> Checked {
        Checked(Repr::Shared(Bytes::from_static(text.as_bytes())))
    }

    /// A copy.
    #[inline]
    pub(crate) fn copy(text: &str) -> Checked {
        let mut bytes = [0; INLINE];
        match bytes.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                Checked(Repr::Short { len: text.len() as u8, bytes })
            }
            None => Checked(Repr::Shared(Bytes::copy_from_slice(text.as_bytes()))),
        }
    }

    pub(crate) fn from_string(text: String) -> Checked {
        Checked(Repr::Shared(text.into()))
    }

    /// Checks the bytes; no copy. `Err` is the offset of the first byte that belongs to no valid character.
    #[inline]
    pub(crate) fn check(bytes: Bytes) -> Result<Checked, usize> {
        utf8::check(&bytes)?;
        Ok(Checked(Repr::Shared(bytes)))
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Shared(bytes) => bytes,
        }
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        // SAFETY: every constructor above holds a `str`, or bytes that are ASCII or that `utf8::check` or a `Utf8Validator` found to be
        // UTF-8, whole; nothing changes them: `Repr` is private to this file, and `Bytes` never changes.
        unsafe { core::str::from_utf8_unchecked(self.as_bytes()) }
    }

    /// The bytes, without a copy unless they are held in place.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self.0 {
            Repr::Short { len, bytes } => {
                Bytes::copy_from_slice(bytes.get(..usize::from(len)).unwrap_or_default())
            }
            Repr::Shared(bytes) => bytes,
        }
    }
}

/// What is read from the wire, by the machine.
#[cfg(feature = "std")]
impl Checked {
    /// Unmasks and checks a text of `len` bytes, [`INLINE`] at most, at the front of `window`.
    #[inline]
    pub(crate) fn unmask_short(window: &[u8; WINDOW], len: usize, key: [u8; 4]) -> Result<Checked, usize> {
        let word = scalar::twice(u32::from_le_bytes(key));
        let keep = &KEEP[len.min(INLINE)];
        let mut bytes = [0; WINDOW];
        let mut seen = 0;
        for ((from, to), keep) in window.as_chunks::<8>().0.iter().zip(bytes.as_chunks_mut::<8>().0).zip(keep)
        {
            let out = (u64::from_le_bytes(*from) ^ word) & keep;
            seen |= out;
            *to = out.to_le_bytes();
        }
        let (bytes, _) = bytes.split_first_chunk::<INLINE>().unwrap_or((&[0; INLINE], &[]));
        if !scalar::is_ascii(seen) {
            utf8::check(&bytes[..len.min(INLINE)])?;
        }
        Ok(Checked(Repr::Short { len: len.min(INLINE) as u8, bytes: *bytes }))
    }

    /// Copies a masked text behind what `arena` holds, unmasks and checks it, and takes it out, so that many texts share one piece of
    /// memory.
    #[inline]
    pub(crate) fn unmask_into(arena: &mut BytesMut, masked: &[u8], key: [u8; 4]) -> Result<Checked, usize> {
        let ascii = copy_masked(arena, masked, key);
        let bytes = take_all(arena);
        if !ascii {
            utf8::check(&bytes)?;
        }
        Ok(Checked(Repr::Shared(bytes)))
    }

    /// Unmasks and checks the first `len` bytes of `buf` in place, and takes them out, without a copy.
    #[inline]
    pub(crate) fn unmask_front(buf: &mut BytesMut, len: usize, key: [u8; 4]) -> Result<Checked, usize> {
        let ascii = super::apply_to_text(&mut buf[..len], key, 0);
        let bytes = buf.split_to(len).freeze();
        utf8::check(&bytes[ascii..]).map_err(|at| at + ascii)?;
        Ok(Checked(Repr::Shared(bytes)))
    }

    /// Checks and copies a text that is not masked, in place of its own or behind what `arena` holds.
    #[inline]
    pub(crate) fn copy_into(arena: &mut BytesMut, plain: &[u8]) -> Result<Checked, usize> {
        let text = utf8::check(plain)?;
        if plain.len() <= INLINE {
            return Ok(Checked::copy(text));
        }
        arena.extend_from_slice(plain);
        Ok(Checked(Repr::Shared(take_all(arena))))
    }

    /// Checks the first `len` bytes of `buf`, which are not masked, and takes them out, without a copy.
    #[inline]
    pub(crate) fn take_front(buf: &mut BytesMut, len: usize) -> Result<Checked, usize> {
        utf8::check(&buf[..len])?;
        Ok(Checked(Repr::Shared(buf.split_to(len).freeze())))
    }

    /// Checks bytes, and copies them: in place where they fit.
    pub(crate) fn check_copy(bytes: &[u8]) -> Result<Checked, usize> {
        utf8::check(bytes).map(Checked::copy)
    }

    /// Bytes that the caller, in this module, has checked.
    pub(super) fn trusted(bytes: Bytes) -> Checked {
        Checked(Repr::Shared(bytes))
    }
}

/// Which bits of a window belong to a text of so many bytes.
#[cfg(feature = "std")]
static KEEP: [[u64; WINDOW / 8]; INLINE + 1] = {
    let mut keep = [[0; WINDOW / 8]; INLINE + 1];
    let mut len = 0;
    while len <= INLINE {
        let mut byte = 0;
        while byte < len {
            keep[len][byte / 8] |= 0xFF << (8 * (byte % 8));
            byte += 1;
        }
        len += 1;
    }
    keep
};

/// Appends `from`, masked by `key`, and says whether what came out is ASCII. One pass.
#[inline]
pub(crate) fn copy_masked(to: &mut BytesMut, from: &[u8], key: [u8; 4]) -> bool {
    let start = to.len();
    #[cfg(target_arch = "x86_64")]
    if from.len() >= super::x86::SSE2 {
        to.reserve(from.len());
        let room = to.spare_capacity_mut().as_mut_ptr().cast::<u8>();
        let key = u32::from_le_bytes(key);
        // SAFETY: `room` is `from.len()` bytes or more, that nobody else has; `from` is another place, as it is borrowed while `to` is
        // borrowed for change; it is a vector or more; the CPU has what is called. After it the new bytes are written.
        let ascii = unsafe {
            let ascii = if from.len() >= super::x86::AVX2 && super::has_avx2() {
                super::x86::avx2_to(room, from.as_ptr(), from.len(), key)
            } else {
                super::x86::sse2_to(room, from.as_ptr(), from.len(), key)
            };
            to.set_len(start + from.len());
            ascii
        };
        return ascii;
    }
    to.extend_from_slice(from);
    in_place(&mut to[start..], u32::from_le_bytes(key))
}

/// Takes what `arena` holds. The last one takes its memory too, and costs no reference count.
#[cfg(feature = "std")]
#[inline]
pub(crate) fn take_all(arena: &mut BytesMut) -> Bytes {
    if arena.len() == arena.capacity() {
        return core::mem::take(arena).freeze();
    }
    arena.split().freeze()
}
