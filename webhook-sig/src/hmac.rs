//! HMAC (RFC 2104) over the compression functions of `sha2` and `sha1`, for several keys at once.
//!
//! What the `hmac` crate does not offer, and this does: a key is its two midstates and nothing else, so that a
//! ring can be wiped and a verification holds 32 bytes a key; all keys share one buffer of a block, as they
//! read the same message; and what is left of a message is padded once, not once a key.

use core::fmt;
use core::marker::PhantomData;

use subtle::Choice;
use zeroize::{Zeroize, Zeroizing};

use crate::algorithm::{Algorithm, Run, Sign, Verify};
use crate::constant_time;
use crate::few::Few;
use crate::key_ring::{Entry, KeyId};
use crate::scheme::{self, Encoding, Scheme, Schemes, Sha1Scheme};
use crate::{KeyRing, Secret};

/// Bytes of a block, of SHA-1 as of SHA-256 (FIPS 180-4 §1).
const BLOCK: usize = 64;

/// Keys whose state is held inline. A rotation has two; from the third on they go to the heap.
const INLINE_KEYS: usize = 2;

/// A hash of the Merkle-Damgård form with blocks of 64 bytes.
pub trait Hash: Copy + fmt::Debug + 'static {
    /// The chaining value.
    type State: Copy + fmt::Debug + Zeroize;
    /// A MAC.
    type Mac: Copy + fmt::Debug + Default + PartialEq + AsRef<[u8]> + AsMut<[u8]>;
    /// The schemes that use HMAC with this hash.
    type Scheme: Schemes;
    /// The chaining value to begin with.
    const INITIAL: Self::State;

    /// The compression function, over each block in turn.
    fn compress(state: &mut Self::State, blocks: &[[u8; BLOCK]]);
    /// The chaining value as bytes.
    fn to_bytes(state: &Self::State) -> Self::Mac;
}

/// SHA-256 (FIPS 180-4 §6.2).
#[derive(Clone, Copy, Debug)]
pub struct Sha256;

impl Hash for Sha256 {
    type State = [u32; 8];
    type Mac = [u8; 32];
    type Scheme = Scheme;
    /// FIPS 180-4 §5.3.3.
    const INITIAL: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];

    #[inline]
    fn compress(state: &mut [u32; 8], blocks: &[[u8; BLOCK]]) {
        sha2::block_api::compress256(state, blocks);
    }

    #[inline]
    fn to_bytes(state: &[u32; 8]) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
            *bytes = word.to_be_bytes();
        }
        bytes
    }
}

/// SHA-1 (FIPS 180-4 §6.1). Broken for collisions, not as an HMAC; only where a provider has nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Sha1;

impl Hash for Sha1 {
    type State = [u32; 5];
    type Mac = [u8; 20];
    type Scheme = Sha1Scheme;
    /// FIPS 180-4 §5.3.1.
    const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

    fn compress(state: &mut [u32; 5], blocks: &[[u8; BLOCK]]) {
        sha1::block_api::compress(state, blocks);
    }

    fn to_bytes(state: &[u32; 5]) -> [u8; 20] {
        let mut bytes = [0; 20];
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
            *bytes = word.to_be_bytes();
        }
        bytes
    }
}

/// A key for HMAC. Made of a [`Secret`], which it does not keep: what it holds is enough to sign and to verify,
/// and not to show the secret again. Zeroed when dropped.
pub struct Hmac<H: Hash> {
    inner: H::State,
    outer: H::State,
    hash: PhantomData<H>,
}

/// A key for HMAC-SHA256: nearly every scheme ([`Scheme`]).
pub type HmacSha256 = Hmac<Sha256>;

/// A key for HMAC-SHA1: Twilio, and GitHub's old signature ([`Sha1Scheme`]).
pub type HmacSha1 = Hmac<Sha1>;

impl<H: Hash> Hmac<H> {
    /// The two compressions that the key takes (RFC 2104 §4).
    fn new(secret: &[u8]) -> Self {
        let mut key = Zeroizing::new([0; BLOCK]);
        if let Some(start) = key.get_mut(..secret.len()) {
            start.copy_from_slice(secret);
        } else {
            let hashed = Zeroizing::new(Stream::<H>::digest(secret));
            for (byte, hashed) in key.iter_mut().zip(hashed.iter()) {
                *byte = *hashed;
            }
        }
        let midstate = |pad: u8| {
            let mut state = H::INITIAL;
            H::compress(&mut state, &[*Zeroizing::new(key.map(|byte| byte ^ pad))]);
            state
        };
        Self { inner: midstate(0x36), outer: midstate(0x5c), hash: PhantomData }
    }

    /// The outer hash: of a message that is one MAC long, so of one block.
    #[inline]
    fn finish(&self, inner: &H::State) -> H::Mac {
        let inner = H::to_bytes(inner);
        let inner = inner.as_ref();
        let mut block = [0; BLOCK];
        // A MAC has at most 32 bytes, so it and its padding fit (FIPS 180-4 §5.1.1).
        for (byte, inner) in block.iter_mut().zip(inner.iter().chain(&[0x80])) {
            *byte = *inner;
        }
        let bits = u64::try_from((BLOCK + inner.len()) * 8).unwrap_or_default();
        if let Some(length) = block.last_chunk_mut::<8>() {
            *length = bits.to_be_bytes();
        }
        let mut state = self.outer;
        H::compress(&mut state, &[block]);
        let mac = H::to_bytes(&state);
        state.zeroize();
        #[cfg(test)]
        counter::count();
        mac
    }

    /// The MAC of the concatenation of `parts`.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> H::Mac {
        let mut state = self.inner;
        let mut tail = Tail::default();
        for part in parts {
            tail.absorb(part, |blocks| H::compress(&mut state, blocks));
        }
        tail.pad(BLOCK, |blocks| H::compress(&mut state, blocks));
        let mac = self.finish(&state);
        state.zeroize();
        mac
    }
}

impl<H: Hash> Clone for Hmac<H> {
    fn clone(&self) -> Self {
        Self { inner: self.inner, outer: self.outer, hash: PhantomData }
    }
}

impl<H: Hash> Drop for Hmac<H> {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl<H: Hash> fmt::Debug for Hmac<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<H: Hash> From<Secret> for Hmac<H> {
    fn from(secret: Secret) -> Self {
        Self::new(secret.expose())
    }
}

/// What of a message does not fill a block yet.
#[derive(Clone, Debug)]
struct Tail {
    bytes: [u8; BLOCK],
    /// How many of them; less than a block.
    filled: usize,
    /// Bytes of the message, these included.
    total: u64,
}

impl Default for Tail {
    fn default() -> Self {
        Self { bytes: [0; BLOCK], filled: 0, total: 0 }
    }
}

impl Tail {
    #[inline]
    fn absorb(&mut self, mut bytes: &[u8], mut compress: impl FnMut(&[[u8; BLOCK]])) {
        self.total = self.total.wrapping_add(bytes.len() as u64);
        if self.filled > 0 || bytes.len() < BLOCK {
            let free = self.bytes.get_mut(self.filled..).unwrap_or_default();
            let (now, later) = bytes.split_at(bytes.len().min(free.len()));
            for (free, byte) in free.iter_mut().zip(now) {
                *free = *byte;
            }
            self.filled += now.len();
            bytes = later;
            if self.filled < BLOCK {
                return;
            }
            compress(&[self.bytes]);
            self.filled = 0;
        }
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        if !blocks.is_empty() {
            compress(blocks);
        }
        for (free, byte) in self.bytes.iter_mut().zip(rest) {
            *free = *byte;
        }
        self.filled = rest.len();
    }

    /// Ends the message; `before` bytes were compressed ahead of it (FIPS 180-4 §5.1.1).
    #[inline]
    fn pad(&self, before: usize, mut compress: impl FnMut(&[[u8; BLOCK]])) {
        let mut blocks = [[0; BLOCK]; 2];
        let flat = blocks.as_flattened_mut();
        for (byte, tail) in flat.iter_mut().zip(self.bytes.iter().take(self.filled).chain(&[0x80])) {
            *byte = *tail;
        }
        let count = if self.filled + 1 + 8 <= BLOCK { 1 } else { 2 };
        let bits = self.total.wrapping_add(before as u64).wrapping_mul(8);
        let padded = blocks.get_mut(..count).unwrap_or_default();
        if let Some(length) = padded.last_mut().and_then(|block| block.last_chunk_mut::<8>()) {
            *length = bits.to_be_bytes();
        }
        compress(padded);
    }
}

/// The bare hash of one message, for keys that are longer than a block.
struct Stream<H>(PhantomData<H>);

impl<H: Hash> Stream<H> {
    fn digest(message: &[u8]) -> [u8; 32] {
        let mut state = H::INITIAL;
        let mut tail = Tail::default();
        tail.absorb(message, |blocks| H::compress(&mut state, blocks));
        tail.pad(0, |blocks| H::compress(&mut state, blocks));
        let mut digest = [0; 32];
        for (byte, hashed) in digest.iter_mut().zip(H::to_bytes(&state).as_ref()) {
            *byte = *hashed;
        }
        state.zeroize();
        digest
    }
}

impl<H: Hash> crate::algorithm::sealed::Sealed for Hmac<H> {}

impl<H: Hash> Algorithm for Hmac<H> {
    type Scheme = H::Scheme;
}

impl<H: Hash> Verify for Hmac<H> {
    type Signature = H::Mac;
    type Run<'a> = HmacRun<'a, H>;

    #[inline]
    fn decode(encoding: Encoding, text: &[u8]) -> Option<H::Mac> {
        let mut mac = H::Mac::default();
        scheme::decode_exact(encoding, text, mac.as_mut()).then_some(mac)
    }

    #[inline]
    fn run<'a>(keys: impl Iterator<Item = &'a Entry<Self>>, signatures: Few<H::Mac, 2>) -> HmacRun<'a, H> {
        let mut run = HmacRun { lanes: Few::new(), tail: Tail::default(), signatures };
        for entry in keys {
            run.lanes.push(Lane { entry, state: entry.key().inner });
        }
        run
    }
}

impl<H: Hash> Sign for Hmac<H> {
    type Signed = H::Mac;

    fn sign(&self, parts: &[&[u8]]) -> H::Mac {
        self.mac(parts)
    }
}

/// One message under way, for all keys.
#[derive(Clone)]
pub struct HmacRun<'a, H: Hash> {
    lanes: Few<Lane<'a, H>, INLINE_KEYS>,
    tail: Tail,
    signatures: Few<H::Mac, 2>,
}

/// The HMAC of one key; all of them run over the same bytes.
#[derive(Clone)]
struct Lane<'a, H: Hash> {
    entry: &'a Entry<Hmac<H>>,
    state: H::State,
}

impl<H: Hash> Drop for Lane<'_, H> {
    fn drop(&mut self) {
        self.state.zeroize();
    }
}

impl<'a, H: Hash> Run<'a> for HmacRun<'a, H> {
    fn fork(&self) -> Option<Self> {
        Some(self.clone())
    }

    #[inline]
    fn update(&mut self, bytes: &[u8]) {
        let Self { lanes, tail, .. } = self;
        tail.absorb(bytes, |blocks| {
            for lane in lanes.iter_mut() {
                H::compress(&mut lane.state, blocks);
            }
        });
    }

    #[inline]
    fn finish(&mut self) -> Option<&'a KeyId> {
        let Self { lanes, tail, signatures } = self;
        tail.pad(BLOCK, |blocks| {
            for lane in lanes.iter_mut() {
                H::compress(&mut lane.state, blocks);
            }
        });
        let mut found = None;
        for lane in lanes.iter() {
            let expected = lane.entry.key().finish(&lane.state);
            // Every signature is compared, so the time taken does not tell at which one it ended.
            let matched = signatures.iter().fold(Choice::from(0), |matched, signature| {
                matched | constant_time::equal(expected.as_ref(), signature.as_ref())
            });
            if matched.into() && found.is_none() {
                found = Some(lane.entry.id());
            }
        }
        found
    }

    fn keys(&self) -> usize {
        self.lanes.len()
    }

    fn signatures(&self) -> usize {
        self.signatures.len()
    }
}

impl KeyRing {
    /// A ring for HMAC-SHA256 without a key: it verifies nothing and signs nothing. At most
    /// [`KeyRing::MAX_ACTIVE`](KeyRing::MAX_ACTIVE) keys can be active at a time.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_max_active(Self::MAX_ACTIVE)
    }
}

impl KeyRing<HmacSha1> {
    /// A ring for HMAC-SHA1 without a key: for Twilio, and for GitHub's old signature where nothing else will
    /// do. To ask for it is the opt-in: the ring of [`KeyRing::new`] never looks at SHA-1.
    ///
    /// ```
    /// use webhook_sig::{KeyRing, Secret, Sha1Scheme, UnixMillis};
    ///
    /// let ring = KeyRing::sha1().key("auth token", Secret::raw("12345")?)?;
    /// let now = UnixMillis::EPOCH;
    /// let url = "https://example.com/sms";
    /// let signed = ring.signer(Sha1Scheme::Twilio).with_url(url).sign("", now, b"Digits=1234")?;
    /// assert!(ring.scheme(Sha1Scheme::Twilio).with_url(url).verify(&signed, "Digits=1234", now).is_ok());
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// A scheme that wants another kind of key does not compile:
    ///
    /// ```compile_fail,E0308
    /// let ring = webhook_sig::KeyRing::new();
    /// let verifier = ring.scheme(webhook_sig::Sha1Scheme::GitHub);
    /// ```
    #[must_use]
    pub const fn sha1() -> Self {
        Self::with_max_active(Self::MAX_ACTIVE)
    }
}

/// How many HMACs were finished, for the tests that count them.
#[cfg(test)]
pub(crate) mod counter {
    std::thread_local! {
        static FINISHED: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
    }

    pub(super) fn count() {
        FINISHED.with(|finished| finished.set(finished.get() + 1));
    }

    pub(crate) fn finished() -> usize {
        FINISHED.with(core::cell::Cell::get)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest as _;

    #[test]
    fn a_hash_of_every_length_is_that_of_the_crate() {
        let message: alloc::vec::Vec<u8> = (0..=255).collect();
        for len in 0..=message.len() {
            let message = &message[..len];
            assert_eq!(Stream::<Sha256>::digest(message), <[u8; 32]>::from(sha2::Sha256::digest(message)));
            let sha1: [u8; 20] = sha1::Sha1::digest(message).into();
            assert_eq!(Stream::<Sha1>::digest(message)[..20], sha1);
        }
    }

    #[test]
    fn a_message_is_the_same_in_parts_of_every_size() {
        let key = HmacSha256::new(b"key");
        let message: alloc::vec::Vec<u8> = (0..=255).collect();
        let whole = key.mac(&[&message]);
        for size in 1..=130 {
            let parts: alloc::vec::Vec<&[u8]> = message.chunks(size).collect();
            assert_eq!(key.mac(&parts), whole, "{size}");
        }
    }
}
