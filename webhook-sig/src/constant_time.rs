//! Comparing without telling where a difference is.

use subtle::{Choice, ConstantTimeEq as _};

use crate::key_ring::Mac;

/// Whether two MACs are equal. The differences of all words are gathered before any decision is taken,
/// and `subtle` keeps the compiler from taking one earlier.
pub(crate) fn equal(a: &Mac, b: &Mac) -> Choice {
    let (a, _) = a.as_chunks::<8>();
    let (b, _) = b.as_chunks::<8>();
    let words = a.iter().zip(b).map(|(a, b)| u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b));
    words.fold(0, core::ops::BitOr::bitor).ct_eq(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_counts() {
        let mac: Mac = core::array::from_fn(|index| u8::try_from(index * 7).unwrap());
        assert!(bool::from(equal(&mac, &mac)));
        for bit in 0..256 {
            let mut other = mac;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!bool::from(equal(&mac, &other)), "bit {bit}");
        }
    }
}
