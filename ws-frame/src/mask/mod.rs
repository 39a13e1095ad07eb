//! Masking (RFC 6455 §5.3): each byte XOR the key byte at its position modulo 4.

mod scalar;

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
    scalar::apply(buf, rotated(key, position));
}

/// The key as it stands `position` bytes into the payload.
#[inline]
fn rotated(key: [u8; 4], position: usize) -> [u8; 4] {
    let bits = (position % 4) as u32 * 8;
    u32::from_le_bytes(key).rotate_right(bits).to_le_bytes()
}
