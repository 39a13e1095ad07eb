//! The masking keys of a client.

use std::fmt;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};

/// Keys that a peer, and who can make a client send chosen bytes, cannot foresee (RFC 6455 §5.3, §10.3): a 32-byte seed from
/// the system's generator, expanded by ChaCha20.
pub(crate) struct MaskKeys(Box<ChaCha20Rng>);

impl MaskKeys {
    pub(crate) fn new(seed: [u8; 32]) -> MaskKeys {
        MaskKeys(Box::new(ChaCha20Rng::from_seed(seed)))
    }

    pub(crate) fn next_key(&mut self) -> [u8; 4] {
        self.0.next_u32().to_ne_bytes()
    }
}

impl fmt::Debug for MaskKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
