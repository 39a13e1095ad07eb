//! Signing by someone else: a key service, a hardware module, another process.

use alloc::vec::Vec;
use core::fmt;

use sha2::{Sha256, Sha384, Sha512};

use crate::error::SignError;
use crate::scheme::Layout;
use crate::sign::{Framed, SignatureHeaders};
use crate::{Scheme, Schemes as _, SignatureAlgorithm, UnixMillis};

/// A signer outside of this process. It is asked for one signature at a time, as a plain future that any executor
/// can poll; time limits and retries are the implementor's.
///
/// ```
/// use webhook_sig::{ExternalSigner, SignatureAlgorithm, ToSign};
///
/// struct KeyService;
///
/// impl ExternalSigner for KeyService {
///     type Error = std::io::Error;
///
///     fn algorithm(&self) -> SignatureAlgorithm {
///         SignatureAlgorithm::RsaV15Sha256
///     }
///
///     async fn sign(&self, to_sign: ToSign<'_>) -> Result<Vec<u8>, std::io::Error> {
///         // Send the digest and not the message: `MessageType: DIGEST` and the like.
///         let digest = to_sign.digest().ok_or(std::io::ErrorKind::Unsupported)?;
///         Ok(post_to_the_service(digest.as_bytes()).await)
///     }
/// }
/// # async fn post_to_the_service(_: &[u8]) -> Vec<u8> { Vec::new() }
/// ```
pub trait ExternalSigner {
    /// Why there is no signature.
    type Error;

    /// What it signs with. A scheme that wants another algorithm refuses before it asks.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// Signs, and gives the signature as it goes on the wire: ECDSA as r and s side by side
    /// (`ecdsa_signature_from_der`), HMAC in full.
    fn sign(&self, to_sign: ToSign<'_>) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;
}

/// What an [`ExternalSigner`] has to sign: the message, which is the concatenation of its parts, or the digest of
/// it.
#[derive(Clone, Copy)]
pub struct ToSign<'a> {
    algorithm: SignatureAlgorithm,
    parts: &'a [&'a [u8]],
}

impl<'a> ToSign<'a> {
    pub(crate) const fn new(algorithm: SignatureAlgorithm, parts: &'a [&'a [u8]]) -> Self {
        Self { algorithm, parts }
    }

    /// The algorithm, as the signer told it.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The message in pieces, to be sent without a copy.
    #[must_use]
    pub const fn parts(&self) -> &'a [&'a [u8]] {
        self.parts
    }

    /// The message in one piece.
    #[must_use]
    pub fn to_message(&self) -> Vec<u8> {
        self.parts.concat()
    }

    /// The pre-hashed variant: the digest that the algorithm signs, so that a message of any size costs the
    /// service the same. `None` for HMAC and for Ed25519, which have none: Ed25519ph is another algorithm, whose
    /// signatures no receiver of these schemes accepts.
    #[must_use]
    pub fn digest(&self) -> Option<PreHash> {
        let mut bytes = [0; 64];
        let len = match self.algorithm {
            SignatureAlgorithm::HmacSha256 | SignatureAlgorithm::Ed25519 => return None,
            SignatureAlgorithm::EcdsaP256Sha256 | SignatureAlgorithm::RsaV15Sha256 => {
                self.hash::<Sha256>(&mut bytes)
            }
            SignatureAlgorithm::EcdsaP384Sha384 => self.hash::<Sha384>(&mut bytes),
            SignatureAlgorithm::RsaPssSha512 => self.hash::<Sha512>(&mut bytes),
            #[cfg(feature = "rsa-verify")]
            SignatureAlgorithm::RsaV15Sha1 => self.hash::<sha1::Sha1>(&mut bytes),
            #[cfg(not(feature = "rsa-verify"))]
            SignatureAlgorithm::RsaV15Sha1 => return None,
        };
        Some(PreHash { bytes, len })
    }

    fn hash<D: sha2::Digest>(&self, out: &mut [u8; 64]) -> usize {
        let mut digest = D::new();
        self.parts.iter().for_each(|part| digest.update(part));
        let digest = digest.finalize();
        out.iter_mut().zip(&*digest).for_each(|(out, byte)| *out = *byte);
        digest.len()
    }
}

/// Says how long it is, and nothing of it: a body may hold anything.
impl fmt::Debug for ToSign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: usize = self.parts.iter().map(|part| part.len()).sum();
        f.debug_struct("ToSign").field("algorithm", &self.algorithm).field("bytes", &bytes).finish()
    }
}

/// The digest of a message, of 20 to 64 bytes ([`ToSign::digest`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreHash {
    bytes: [u8; 64],
    len: usize,
}

impl PreHash {
    /// The digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

/// Why an external signer gave no signature that can be used.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalError<S, E> {
    /// There was nothing to sign, as without an external signer.
    Sign(S),
    /// What the signer said.
    Signer(E),
    /// The scheme does not sign with the signer's algorithm, so it was not asked.
    Algorithm(SignatureAlgorithm),
    /// The signer gave a signature that has another length than its algorithm's: DER, perhaps, or hexadecimal.
    Length(usize),
}

impl<S: fmt::Display, E: fmt::Display> fmt::Display for ExternalError<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sign(error) => error.fmt(f),
            Self::Signer(error) => write!(f, "the external signer failed: {error}"),
            Self::Algorithm(algorithm) => write!(f, "the scheme does not sign with {algorithm}"),
            Self::Length(length) => {
                write!(f, "the external signer gave {length} bytes, which is no signature")
            }
        }
    }
}

impl<S: core::error::Error + 'static, E: core::error::Error + 'static> core::error::Error
    for ExternalError<S, E>
{
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Sign(error) => Some(error),
            Self::Signer(error) => Some(error),
            Self::Algorithm(_) | Self::Length(_) => None,
        }
    }
}

/// Whether a signature has the length of its algorithm.
pub(crate) fn has_length(algorithm: SignatureAlgorithm, length: usize) -> bool {
    match algorithm {
        SignatureAlgorithm::HmacSha256 => length == 32,
        SignatureAlgorithm::Ed25519 | SignatureAlgorithm::EcdsaP256Sha256 => length == 64,
        SignatureAlgorithm::EcdsaP384Sha384 => length == 96,
        SignatureAlgorithm::RsaPssSha512
        | SignatureAlgorithm::RsaV15Sha256
        | SignatureAlgorithm::RsaV15Sha1 => (256..=1024).contains(&length),
    }
}

/// Asks the signer, if the scheme takes its algorithm, and looks at the length of what it gives.
pub(crate) async fn ask<X: ExternalSigner, S>(
    signer: &X,
    allowed: &[SignatureAlgorithm],
    parts: &[&[u8]],
) -> Result<Vec<u8>, ExternalError<S, X::Error>> {
    let algorithm = signer.algorithm();
    if !allowed.contains(&algorithm) {
        return Err(ExternalError::Algorithm(algorithm));
    }
    let signature = signer.sign(ToSign::new(algorithm, parts)).await.map_err(ExternalError::Signer)?;
    if has_length(algorithm, signature.len()) {
        Ok(signature)
    } else {
        Err(ExternalError::Length(signature.len()))
    }
}

/// Signs by a scheme that is data.
pub(crate) async fn sign<X: ExternalSigner>(
    layout: &'static Layout,
    algorithm: SignatureAlgorithm,
    (id, at, body, url): (&str, UnixMillis, &[u8], Option<&str>),
    signer: &X,
) -> Result<SignatureHeaders, ExternalError<SignError, X::Error>> {
    let framed = Framed::new(layout, id, at, body, url).map_err(ExternalError::Sign)?;
    let signature = ask(signer, &[algorithm], &framed.parts()).await?;
    framed.headers(core::iter::once(signature.as_slice())).map_err(ExternalError::Sign)
}

impl Scheme {
    /// Signs with a key for HMAC-SHA256 that is somewhere else; otherwise as [`Signer::sign`](crate::Signer::sign), `url`
    /// being that of [`Signer::with_url`](crate::Signer::with_url).
    ///
    /// # Errors
    /// [`ExternalError`].
    pub async fn sign_with<X: ExternalSigner>(
        self,
        id: &str,
        at: UnixMillis,
        body: &[u8],
        url: Option<&str>,
        signer: &X,
    ) -> Result<SignatureHeaders, ExternalError<SignError, X::Error>> {
        sign(self.layout(), SignatureAlgorithm::HmacSha256, (id, at, body, url), signer).await
    }
}

#[cfg(feature = "ed25519")]
impl crate::Ed25519Scheme {
    /// Signs with a key for Ed25519 that is somewhere else; otherwise as [`Signer::sign`](crate::Signer::sign).
    ///
    /// # Errors
    /// [`ExternalError`].
    pub async fn sign_with<X: ExternalSigner>(
        self,
        id: &str,
        at: UnixMillis,
        body: &[u8],
        signer: &X,
    ) -> Result<SignatureHeaders, ExternalError<SignError, X::Error>> {
        sign(self.layout(), SignatureAlgorithm::Ed25519, (id, at, body, None), signer).await
    }
}
