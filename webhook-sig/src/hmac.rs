//! HMAC keys: the `hmac` crate's block level, for several keys at once. A key is its midstates and nothing else, and all keys
//! share one buffer for what does not fill a block yet, as they read the same message.

use core::fmt;

use hmac::KeyInit as _;
use hmac::block_api::HmacCore;
use hmac::digest::InvalidLength;
use hmac::digest::block_api::{Block, Buffer, FixedOutputCore as _, UpdateCore as _};
use subtle::Choice;

use crate::algorithm::{Algorithm, Run, Sign, Verify};
use crate::constant_time;
use crate::few::Few;
use crate::key_ring::{Entry, KeyId};
use crate::scheme::{self, Encoding, Scheme, Schemes, Sha1Scheme};
use crate::{KeyRing, Secret};

/// Keys whose state is held inline. A rotation has two; from the third on they go to the heap.
const INLINE_KEYS: usize = 2;

/// The bytes of a message that do not fill a block yet. They are the same for every key, and the blocks of SHA-1 are those of SHA-256.
type BlockBuffer = Buffer<HmacCore<sha2::Sha256>>;

/// 64 bytes.
type MessageBlock = Block<HmacCore<sha2::Sha256>>;

/// A hash to use HMAC with.
pub trait Hash: Copy + fmt::Debug + Send + Sync + 'static {
    /// The state of one HMAC. At first the two compressions of the key are done; zeroed when dropped.
    type State: Clone + Send + Sync;
    /// A MAC.
    type Mac: Copy + fmt::Debug + Default + PartialEq + Send + AsRef<[u8]> + AsMut<[u8]>;
    /// The schemes that use HMAC with this hash.
    type Scheme: Schemes;

    /// The state with which a key begins.
    fn begin(secret: &[u8]) -> Self::State;
    /// Takes blocks of the message.
    fn update(state: &mut Self::State, blocks: &[MessageBlock]);
    /// Ends the message; `rest` is what follows the last whole block.
    fn finish(state: &mut Self::State, rest: &mut BlockBuffer) -> Self::Mac;
}

/// SHA-256 (FIPS 180-4 §6.2).
#[derive(Clone, Copy, Debug)]
pub struct Sha256;

/// SHA-1 (FIPS 180-4 §6.1). Broken for collisions, not as an HMAC; only where a provider has nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Sha1;

macro_rules! hash {
    ($name:ident, $digest:ty, $len:literal, $scheme:ty) => {
        impl Hash for $name {
            type State = HmacCore<$digest>;
            type Mac = [u8; $len];
            type Scheme = $scheme;

            fn begin(secret: &[u8]) -> Self::State {
                any_length(HmacCore::new_from_slice(secret))
            }

            #[inline]
            fn update(state: &mut Self::State, blocks: &[MessageBlock]) {
                state.update_blocks(blocks);
            }

            #[inline]
            fn finish(state: &mut Self::State, rest: &mut BlockBuffer) -> Self::Mac {
                let mut mac = [0; $len];
                state.finalize_fixed_core(rest, (&mut mac).into());
                mac
            }
        }
    };
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104 §2)")]
fn any_length<S>(state: Result<S, InvalidLength>) -> S {
    state.expect("a key of any length")
}

hash!(Sha256, sha2::Sha256, 32, Scheme);
hash!(Sha1, sha1::Sha1, 20, Sha1Scheme);

/// A key for HMAC. Made of a [`Secret`], which it does not keep: what it holds is enough to sign and to verify,
/// and not to show the secret again. Zeroed when dropped.
#[derive(Clone)]
pub struct Hmac<H: Hash> {
    state: H::State,
}

/// A key for HMAC-SHA256: nearly every scheme ([`Scheme`]).
pub type HmacSha256 = Hmac<Sha256>;

/// A key for HMAC-SHA1: Twilio, and GitHub's old signature ([`Sha1Scheme`]).
pub type HmacSha1 = Hmac<Sha1>;

impl<H: Hash> fmt::Debug for Hmac<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<H: Hash> From<Secret> for Hmac<H> {
    fn from(secret: Secret) -> Self {
        Self { state: H::begin(secret.expose()) }
    }
}

impl<H: Hash> Hmac<H> {
    /// The MAC of a message in its parts.
    #[inline]
    fn mac<'m>(&self, message: impl Iterator<Item = &'m [u8]>) -> H::Mac {
        let mut state = self.state.clone();
        let mut buffer = BlockBuffer::default();
        message.for_each(|part| buffer.digest_blocks(part, |blocks| H::update(&mut state, blocks)));
        H::finish(&mut state, &mut buffer)
    }
}

impl<H: Hash> crate::algorithm::sealed::Sealed for Hmac<H> {}

impl<H: Hash> Algorithm for Hmac<H> {
    type Scheme = H::Scheme;
}

impl<H: Hash> Sign for Hmac<H> {
    type Signed = H::Mac;

    fn sign(&self, parts: &[&[u8]]) -> H::Mac {
        self.mac(parts.iter().copied())
    }
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
        let mut run = HmacRun { lanes: Few::new(), buffer: BlockBuffer::default(), signatures };
        for entry in keys {
            run.lanes.push(Lane { entry, state: entry.key().state.clone() });
        }
        run
    }

    /// One key after the other, as nothing has to be kept between two pieces of a body: on the stack are one state and one buffer.
    #[inline]
    fn matching<'a, 'm>(
        keys: impl Iterator<Item = &'a Entry<Self>>,
        signatures: &Few<H::Mac, 2>,
        message: impl Iterator<Item = &'m [u8]> + Clone,
    ) -> Option<&'a KeyId> {
        let mut found = None;
        for entry in keys {
            let expected = entry.key().mac(message.clone());
            if matches::<H>(&expected, signatures) && found.is_none() {
                found = Some(entry.id());
            }
        }
        found
    }
}

/// Whether a MAC is among the signatures. Each is compared, so the time taken does not tell at which one it ended.
#[inline]
fn matches<H: Hash>(expected: &H::Mac, signatures: &Few<H::Mac, 2>) -> bool {
    #[cfg(test)]
    counter::count();
    let matched = signatures.iter().fold(Choice::from(0), |matched, signature| {
        matched | constant_time::equal(expected.as_ref(), signature.as_ref())
    });
    matched.into()
}

/// One message under way, for all keys.
#[derive(Clone)]
pub struct HmacRun<'a, H: Hash> {
    lanes: Few<Lane<'a, H>, INLINE_KEYS>,
    buffer: BlockBuffer,
    signatures: Few<H::Mac, 2>,
}

/// The HMAC of one key; all of them run over the same bytes.
#[derive(Clone)]
struct Lane<'a, H: Hash> {
    entry: &'a Entry<Hmac<H>>,
    state: H::State,
}

impl<'a, H: Hash> Run<'a> for HmacRun<'a, H> {
    fn fork(&self) -> Option<Self> {
        Some(self.clone())
    }

    #[inline]
    fn update(&mut self, bytes: &[u8]) {
        let Self { lanes, buffer, .. } = self;
        buffer.digest_blocks(bytes, |blocks| {
            for lane in lanes.iter_mut() {
                H::update(&mut lane.state, blocks);
            }
        });
    }

    #[inline]
    fn finish(&mut self) -> Option<&'a KeyId> {
        let Self { lanes, buffer, signatures } = self;
        let mut found = None;
        for lane in lanes.iter_mut() {
            let expected = H::finish(&mut lane.state, &mut buffer.clone());
            if matches::<H>(&expected, signatures) && found.is_none() {
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

#[cfg(test)]
mod tests {
    use hmac::digest::block_buffer::EagerBuffer;
    use hmac::digest::typenum::U64;
    use zeroize::ZeroizeOnDrop;

    /// Compiles only where it is wiped.
    fn wiped<T: ZeroizeOnDrop>() {}

    #[test]
    fn all_that_a_key_and_a_message_under_way_hold_is_wiped() {
        wiped::<sha2::block_api::Sha256VarCore>();
        wiped::<sha1::block_api::Sha1Core>();
        wiped::<EagerBuffer<U64>>();
        wiped::<zeroize::Zeroizing<alloc::vec::Vec<u8>>>(); // `Secret`
        #[cfg(feature = "ed25519")]
        wiped::<ed25519_dalek::SigningKey>();
        #[cfg(feature = "p256")]
        wiped::<p256::ecdsa::SigningKey>();
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
