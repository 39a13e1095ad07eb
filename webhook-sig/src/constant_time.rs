//! Comparing without telling where a difference is.

use subtle::{Choice, ConstantTimeEq as _};

/// Whether two MACs are equal. The differences of all bytes are gathered before any decision is taken, and
/// `subtle` keeps the compiler from taking one earlier. The lengths are no secret.
#[inline]
pub(crate) fn equal(a: &[u8], b: &[u8]) -> Choice {
    let difference = a.iter().zip(b).fold(0_u8, |difference, (a, b)| difference | (a ^ b));
    let length = u8::from(a.len() != b.len());
    (difference | length).ct_eq(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_counts() {
        let mac: [u8; 32] = core::array::from_fn(|index| u8::try_from(index * 7).unwrap());
        assert!(bool::from(equal(&mac, &mac)));
        for bit in 0..256 {
            let mut other = mac;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!bool::from(equal(&mac, &other)), "bit {bit}");
        }
    }

    #[test]
    fn a_prefix_is_not_equal() {
        for len in 0..32 {
            assert!(!bool::from(equal(&[7; 32], &[7; 32][..len])), "{len}");
        }
    }
}
