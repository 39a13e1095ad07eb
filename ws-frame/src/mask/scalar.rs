//! The portable loop. Blocks of a fixed size let the compiler use the vector registers of the target.

const BLOCK: usize = 64;

/// The bits that no ASCII byte has.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Masks by `key`, its first byte lowest, and says whether what came out is ASCII.
#[inline]
pub(super) fn apply(buf: &mut [u8], key: u32) -> bool {
    // The last bytes are read before any is written, and written last: the places they share with what comes before get the same bytes.
    let (at, last) = match buf.last_chunk::<8>() {
        Some(last) => (buf.len() - 8, u64::from_le_bytes(*last)),
        None => return short(buf, key),
    };
    let last = last ^ twice(key.rotate_right((at % 4) as u32 * 8));
    let word = twice(key);
    let mut seen = last;
    let (blocks, rest) = buf.as_chunks_mut::<BLOCK>();
    for block in blocks {
        for lane in block.as_chunks_mut::<8>().0 {
            let out = u64::from_le_bytes(*lane) ^ word;
            seen |= out;
            *lane = out.to_le_bytes();
        }
    }
    for lane in rest.as_chunks_mut::<8>().0 {
        let out = u64::from_le_bytes(*lane) ^ word;
        seen |= out;
        *lane = out.to_le_bytes();
    }
    buf[at..].copy_from_slice(&last.to_le_bytes());
    is_ascii(seen)
}

/// Below eight bytes.
#[inline]
fn short(buf: &mut [u8], key: u32) -> bool {
    let mut seen = 0;
    for (byte, key) in buf.iter_mut().zip(key.to_le_bytes().into_iter().cycle()) {
        *byte ^= key;
        seen |= *byte;
    }
    seen < 0x80
}

/// Whether what is masked by `key`, its first byte lowest, is ASCII.
#[cfg(feature = "std")]
#[inline]
pub(super) fn is_masked_ascii(masked: &[u8], key: u32) -> bool {
    let word = twice(key);
    let (lanes, rest) = masked.as_chunks::<8>();
    let mut seen = lanes.iter().fold(0, |seen, lane| seen | (u64::from_le_bytes(*lane) ^ word));
    for (byte, key) in rest.iter().zip(word.to_le_bytes()) {
        seen |= u64::from(byte ^ key);
    }
    is_ascii(seen)
}

/// The key for eight bytes.
#[inline]
pub(super) const fn twice(key: u32) -> u64 {
    (key as u64) << 32 | key as u64
}

/// Whether none of eight bytes is above ASCII.
#[inline]
pub(super) const fn is_ascii(word: u64) -> bool {
    word & HIGH == 0
}
