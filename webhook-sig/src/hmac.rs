//! HMAC keys. All keys of a ring read the same message, so they share what does not fill a block of it yet.

use core::fmt;

use subtle::Choice;

use crate::algorithm::{Algorithm, Run, Sign, Verify};
use crate::constant_time;
use crate::few::Few;
use crate::key_ring::{Entry, KeyId};
use crate::midstate::{Block, Key, State, Tail};
use crate::scheme::{self, Encoding, Scheme, Schemes, Sha1Scheme};
use crate::{KeyRing, Secret};

/// Keys whose state is held inline. A rotation has two; from the third on they go to the heap.
const INLINE_KEYS: usize = 2;

/// A hash to use HMAC with.
pub trait Hash: Copy + fmt::Debug + Send + Sync + 'static {
    /// The words of a state, which are also those of the hash.
    type Words: Copy + Send + Sync + AsRef<[u32]> + AsMut<[u32]>;
    /// A MAC.
    type Mac: Copy + fmt::Debug + Default + PartialEq + Send + AsRef<[u8]> + AsMut<[u8]>;
    /// The schemes that use HMAC with this hash.
    type Scheme: Schemes;

    /// The words that a hash begins with.
    const INITIAL: Self::Words;

    /// Takes blocks of what is hashed.
    fn compress(words: &mut Self::Words, blocks: &[Block]);
}

/// SHA-256 (FIPS 180-4 §6.2).
#[derive(Clone, Copy, Debug)]
pub struct Sha256;

/// SHA-1 (FIPS 180-4 §6.1). Broken for collisions, not as an HMAC; only where a provider has nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Sha1;

impl Hash for Sha256 {
    type Words = [u32; 8];
    type Mac = [u8; 32];
    type Scheme = Scheme;

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
    fn compress(words: &mut [u32; 8], blocks: &[Block]) {
        sha2::block_api::compress256(words, blocks);
    }
}

impl Hash for Sha1 {
    type Words = [u32; 5];
    type Mac = [u8; 20];
    type Scheme = Sha1Scheme;

    const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

    #[inline]
    fn compress(words: &mut [u32; 5], blocks: &[Block]) {
        sha1::block_api::compress(words, blocks);
    }
}

/// A key for HMAC. Made of a [`Secret`], which it does not keep: what it holds is enough to sign and to verify,
/// and not to show the secret again. Zeroed when dropped.
#[derive(Clone)]
pub struct Hmac<H: Hash> {
    key: Key<H>,
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
        Self { key: Key::new(secret.expose()) }
    }
}

impl<H: Hash> Hmac<H> {
    /// The MAC of a message in its parts.
    #[inline]
    fn mac<'m>(&self, message: impl Iterator<Item = &'m [u8]>) -> H::Mac {
        let (mut state, mut tail) = (self.key.begin(), Tail::behind_key());
        message.for_each(|part| tail.push(part, |blocks| state.compress(blocks)));
        state.compress(tail.pad());
        self.key.finish(&state)
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
        let mut run = HmacRun { lanes: Few::new(), tail: Tail::behind_key(), signatures };
        for entry in keys {
            run.lanes.push(Lane { entry, state: entry.key().key.begin() });
        }
        run
    }

    /// One key after the other, as nothing has to be kept between two pieces of a body.
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
    tail: Tail,
    signatures: Few<H::Mac, 2>,
}

/// The HMAC of one key; all of them run over the same bytes.
#[derive(Clone)]
struct Lane<'a, H: Hash> {
    entry: &'a Entry<Hmac<H>>,
    state: State<H>,
}

impl<'a, H: Hash> Run<'a> for HmacRun<'a, H> {
    fn fork(&self) -> Option<Self> {
        Some(self.clone())
    }

    #[inline]
    fn update(&mut self, bytes: &[u8]) {
        let Self { lanes, tail, .. } = self;
        tail.push(bytes, |blocks| lanes.iter_mut().for_each(|lane| lane.state.compress(blocks)));
    }

    #[inline]
    fn finish(&mut self) -> Option<&'a KeyId> {
        let Self { lanes, tail, signatures } = self;
        let last = tail.pad();
        let mut found = None;
        for lane in lanes.iter_mut() {
            lane.state.compress(last);
            let expected = lane.entry.key().key.finish(&lane.state);
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
