//! What a kind of key can do. A kind of key is a type, and each has its own schemes: so a message cannot choose
//! an algorithm, and a key for one cannot be used by a scheme of another.

use core::fmt;

use crate::few::Few;
use crate::key_ring::{Entry, KeyId};
use crate::scheme::{Encoding, Schemes};

pub(crate) mod sealed {
    /// Keeps the kinds of keys to those of this crate.
    pub trait Sealed {}
}

/// A kind of key, which is an algorithm: [`HmacSha256`](crate::HmacSha256) and others. Sealed.
pub trait Algorithm: Clone + fmt::Debug + Send + Sync + sealed::Sealed + 'static {
    /// The schemes that use this kind of key.
    type Scheme: Schemes;
}

/// A kind of key that verifies. Sealed; what is in it is for this crate.
pub trait Verify: Algorithm {
    /// A signature as bytes.
    #[doc(hidden)]
    type Signature: Clone + Send;

    /// A message under way.
    #[doc(hidden)]
    type Run<'a>: Run<'a> + Send
    where
        Self: 'a;

    /// Reads a signature; none if it is not the one text of one.
    #[doc(hidden)]
    fn decode(encoding: Encoding, text: &[u8]) -> Option<Self::Signature>;

    /// Begins a message: each signature is compared with that of each key.
    #[doc(hidden)]
    fn run<'a>(
        keys: impl Iterator<Item = &'a Entry<Self>>,
        signatures: Few<Self::Signature, 2>,
    ) -> Self::Run<'a>
    where
        Self: Sized;

    /// A message that is there in full, in its parts: the first key that one of the signatures is of.
    #[doc(hidden)]
    fn matching<'a, 'm>(
        keys: impl Iterator<Item = &'a Entry<Self>>,
        signatures: &Few<Self::Signature, 2>,
        message: impl Iterator<Item = &'m [u8]> + Clone,
    ) -> Option<&'a KeyId>
    where
        Self: Sized,
    {
        let mut run = Self::run(keys, signatures.clone());
        message.for_each(|part| run.update(part));
        run.finish()
    }
}

/// A message under way: takes the signed bytes in order, and says at the end which key matched.
#[doc(hidden)]
pub trait Run<'a>: Sized {
    /// Another one that goes on by itself, for a scheme with two forms of a message; none for a kind of key that no
    /// such scheme has.
    fn fork(&self) -> Option<Self>;
    /// The next of the signed bytes.
    fn update(&mut self, bytes: &[u8]);
    /// The end. The first key that one of the signatures is of.
    fn finish(&mut self) -> Option<&'a KeyId>;
    /// How many keys are tried.
    fn keys(&self) -> usize;
    /// How many signatures are tried.
    fn signatures(&self) -> usize;
}

/// A kind of key that signs. Sealed; what is in it is for this crate.
pub trait Sign: Algorithm {
    /// A signature as bytes.
    #[doc(hidden)]
    type Signed: AsRef<[u8]>;

    /// Signs the concatenation of `parts`.
    #[doc(hidden)]
    fn sign(&self, parts: &[&[u8]]) -> Self::Signed;
}
