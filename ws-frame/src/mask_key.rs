//! The masking keys of a client.

use std::fmt;
use std::num::NonZeroU64;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use zeroize::Zeroize as _;

/// Keys made at once: what is held between two messages is small, and a key costs a few nanoseconds.
const BATCH: usize = 16;

const FIRST: NonZeroU64 = NonZeroU64::MIN.saturating_add(BATCH as u64 - 1);

/// Keys that a peer, and who can make a client send chosen bytes, cannot foresee (RFC 6455 §5.3, §10.3): a 32-byte seed from
/// the system's generator, expanded by ChaCha20. Seed and keys are zeroed when dropped.
pub(crate) struct MaskKeys {
    seed: [u8; 32],
    /// The place in the key stream of the next key. The first batch is passed over, so that it is never zero.
    position: NonZeroU64,
    /// The last batch.
    keys: [u32; BATCH],
}

impl MaskKeys {
    pub(crate) fn new(seed: [u8; 32]) -> MaskKeys {
        MaskKeys { seed, position: FIRST, keys: [0; BATCH] }
    }

    #[inline]
    pub(crate) fn next_key(&mut self) -> [u8; 4] {
        let at = (self.position.get() % BATCH as u64) as usize;
        if at == 0 {
            self.refill();
        }
        self.position = self.position.checked_add(1).unwrap_or(FIRST);
        self.keys[at].to_ne_bytes()
    }

    fn wipe(&mut self) {
        self.seed.zeroize();
        self.keys.zeroize();
    }

    #[cold]
    fn refill(&mut self) {
        let mut rng = ChaCha20Rng::from_seed(self.seed);
        rng.set_word_pos(u128::from(self.position.get()));
        for key in &mut self.keys {
            *key = rng.next_u32();
        }
    }
}

impl Drop for MaskKeys {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl fmt::Debug for MaskKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_key_stream_of_the_seed_in_order() {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        rng.set_word_pos(BATCH as u128);
        let mut keys = MaskKeys::new([3; 32]);
        for i in 0..1000 {
            assert_eq!(keys.next_key(), rng.next_u32().to_ne_bytes(), "key {i}");
        }
    }

    #[test]
    fn seed_and_keys_are_zeroed() {
        let mut keys = MaskKeys::new([3; 32]);
        keys.next_key();
        keys.wipe();
        assert_eq!((keys.seed, keys.keys), ([0; 32], [0; BATCH]));
    }

    #[test]
    fn keys_are_not_printed() {
        assert_eq!(format!("{:?}", MaskKeys::new([3; 32])), "[redacted]");
    }
}
