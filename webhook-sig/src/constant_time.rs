//! Comparing without telling where a difference is.

use subtle::{Choice, ConstantTimeEq as _};

/// Whether two MACs are equal. The differences of all bytes are gathered before any decision is taken, and
/// `subtle` keeps the compiler from taking one earlier. The lengths are no secret.
#[inline]
pub(crate) fn equal(a: &[u8], b: &[u8]) -> Choice {
    // A word at a time, as the bytes at hand come out of words.
    let ((a_words, a_rest), (b_words, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let words = a_words
        .iter()
        .zip(b_words)
        .fold(0, |difference, (a, b)| difference | (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b)));
    let rest = a_rest.iter().zip(b_rest).fold(0, |difference, (a, b)| difference | (a ^ b));
    (words | u64::from(rest) | u64::from(a.len() != b.len())).ct_eq(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_counts() {
        let mac: [u8; 32] = core::array::from_fn(|index| u8::try_from(index * 7).unwrap());
        // Those of SHA-256 and of SHA-1, which is not a multiple of a word.
        for mac in [&mac[..], &mac[..20]] {
            assert!(bool::from(equal(mac, mac)));
            for bit in 0..mac.len() * 8 {
                let mut other = mac.to_vec();
                other[bit / 8] ^= 1 << (bit % 8);
                assert!(!bool::from(equal(mac, &other)), "bit {bit}");
            }
        }
    }

    #[test]
    fn a_prefix_is_not_equal() {
        for len in 0..32 {
            assert!(!bool::from(equal(&[7; 32], &[7; 32][..len])), "{len}");
            assert!(bool::from(equal(&[7; 32][..len], &[7; 32][..len])), "{len}");
        }
    }
}
