//! HMAC (RFC 2104) by the compression function of a hash. What a key holds are the two states that follow its own blocks, so a message
//! costs its own blocks and one more; and a state is 32 bytes, so several keys can read one message side by side.

use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use crate::hmac::Hash;

/// What SHA-1 and SHA-256 compress at a time.
pub(crate) type Block = [u8; BLOCK];

const BLOCK: usize = 64;

/// A hash between two blocks. Zeroed when dropped.
#[derive(Clone)]
pub(crate) struct State<H: Hash>(H::Words);

impl<H: Hash> Drop for State<H> {
    fn drop(&mut self) {
        self.0.as_mut().zeroize();
    }
}

impl<H: Hash> ZeroizeOnDrop for State<H> {}

impl<H: Hash> State<H> {
    fn after(block: &Block) -> Self {
        let mut state = Self(H::INITIAL);
        state.compress(core::slice::from_ref(block));
        state
    }

    /// Takes blocks of the message.
    #[inline]
    pub(crate) fn compress(&mut self, blocks: &[Block]) {
        H::compress(&mut self.0, blocks);
    }

    /// The hash, if this was the last block.
    #[inline]
    fn write(&self, out: &mut [u8]) {
        for (bytes, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(self.0.as_ref()) {
            *bytes = word.to_be_bytes();
        }
    }
}

/// The key of an HMAC: the states behind the block of the inner and of the outer hash. Zeroed when dropped.
#[derive(Clone)]
pub(crate) struct Key<H: Hash> {
    inner: State<H>,
    outer: State<H>,
}

impl<H: Hash> Key<H> {
    /// What follows the inner hash in the block of the outer one: its padding.
    const PADDED: Block = {
        let len = size_of::<H::Words>();
        let mut block = [0; BLOCK];
        block[len] = 0x80;
        let [.., high, low] = (((BLOCK + len) as u64) * 8).to_be_bytes();
        block[BLOCK - 2] = high;
        block[BLOCK - 1] = low;
        block
    };

    pub(crate) fn new(secret: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        if let Some(start) = block.get_mut(..secret.len()) {
            start.copy_from_slice(secret);
        } else {
            // A longer key is hashed.
            let mut state = State::<H>(H::INITIAL);
            let mut tail = Tail::new(0);
            tail.push(secret, |blocks| state.compress(blocks));
            state.compress(tail.pad());
            state.write(&mut block[..size_of::<H::Words>()]);
        }
        block.iter_mut().for_each(|byte| *byte ^= 0x36);
        let inner = State::after(&block);
        block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        Self { inner, outer: State::after(&block) }
    }

    /// The state with which a message begins.
    #[inline]
    pub(crate) fn begin(&self) -> State<H> {
        self.inner.clone()
    }

    /// The MAC, from the state behind the last block of the message.
    #[inline]
    pub(crate) fn finish(&self, inner: &State<H>) -> H::Mac {
        let mut block = Self::PADDED;
        inner.write(&mut block);
        let mut outer = self.outer.clone();
        outer.compress(core::slice::from_ref(&block));
        block.as_mut_slice().zeroize();
        let mut mac = H::Mac::default();
        outer.write(mac.as_mut());
        mac
    }
}

/// What of a message does not fill a block yet, and how long it is so far. Zeroed when dropped.
#[derive(Clone)]
pub(crate) struct Tail {
    /// The second is room for the padding.
    blocks: [Block; 2],
    /// Bytes in the first block, less than all.
    filled: usize,
    len: u64,
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.blocks.as_flattened_mut().zeroize();
    }
}

impl ZeroizeOnDrop for Tail {}

impl Tail {
    /// At the beginning of the message of an HMAC, which the block of the key stands in front of.
    #[inline]
    pub(crate) const fn behind_key() -> Self {
        Self::new(BLOCK as u64)
    }

    #[inline]
    const fn new(len: u64) -> Self {
        Self { blocks: [[0; BLOCK]; 2], filled: 0, len }
    }

    /// Takes the next piece; `compress` gets the blocks that are full.
    #[inline]
    pub(crate) fn push(&mut self, piece: &[u8], mut compress: impl FnMut(&[Block])) {
        self.len += piece.len() as u64;
        let [block, _] = &mut self.blocks;
        let (room, mut rest) = (&mut block[self.filled..], piece);
        if let Some(room) = room.get_mut(..piece.len())
            && self.filled + piece.len() < BLOCK
        {
            room.copy_from_slice(piece);
            self.filled += piece.len();
            return;
        }
        if self.filled > 0 {
            let (first, after) = piece.split_at(room.len());
            room.copy_from_slice(first);
            compress(core::slice::from_ref(block));
            rest = after;
        }
        let (blocks, rest) = rest.as_chunks();
        if !blocks.is_empty() {
            compress(blocks);
        }
        block[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    /// The last blocks of the message (FIPS 180-4 §5.1.1).
    #[inline]
    pub(crate) fn pad(&mut self) -> &[Block] {
        let end = if self.filled < BLOCK - 8 { BLOCK } else { 2 * BLOCK };
        let bytes = self.blocks.as_flattened_mut();
        bytes[self.filled] = 0x80;
        bytes[self.filled + 1..end - 8].fill(0);
        bytes[end - 8..end].copy_from_slice(&(self.len * 8).to_be_bytes());
        self.blocks.get(..end / BLOCK).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::hmac::{Sha1, Sha256};

    fn mac<H: Hash>(secret: &[u8], message: &[u8], cut: usize) -> H::Mac {
        let key = Key::<H>::new(secret);
        let (mut state, mut tail) = (key.begin(), Tail::behind_key());
        for piece in [&message[..cut], &message[cut..]] {
            tail.push(piece, |blocks| state.compress(blocks));
        }
        state.compress(tail.pad());
        key.finish(&state)
    }

    /// Every length around the boundaries of blocks and of padding, of message and key, cut at every offset.
    #[test]
    fn it_is_the_hmac_of_ring_at_every_length_and_split() {
        let bytes: Vec<u8> = (0..=255).collect();
        for secret in [1, 31, 32, 63, 64, 65, 128, 256] {
            let sha256 = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &bytes[..secret]);
            let sha1 = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes[..secret]);
            for len in 0..=200 {
                let message = &bytes[..len];
                let expected = (ring::hmac::sign(&sha256, message), ring::hmac::sign(&sha1, message));
                for cut in 0..=len {
                    assert_eq!(mac::<Sha256>(&bytes[..secret], message, cut), expected.0.as_ref());
                    assert_eq!(mac::<Sha1>(&bytes[..secret], message, cut), expected.1.as_ref());
                }
            }
        }
    }

    /// Compiles only where it is wiped.
    fn wiped<T: ZeroizeOnDrop>() {}

    #[test]
    fn all_that_a_key_and_a_message_under_way_hold_is_wiped() {
        wiped::<State<Sha256>>();
        wiped::<State<Sha1>>();
        wiped::<Tail>();
        wiped::<Zeroizing<Vec<u8>>>(); // `Secret`
        #[cfg(feature = "ed25519")]
        wiped::<ed25519_dalek::SigningKey>();
        #[cfg(feature = "p256")]
        wiped::<p256::ecdsa::SigningKey>();
    }
}
