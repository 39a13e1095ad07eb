//! Digests of a body in a header: RFC 9530 (feature `rfc9421`).
//!
//! A digest alone proves nothing, as whoever changes a body can change it too. It binds a body to a signature
//! that covers its field, which [`rfc9421`](crate::rfc9421) sees to in one verification.

use std::fmt;
use std::string::String;

use sha2::{Digest as _, Sha256, Sha512};

use crate::structured_fields::{self, Bare, Bounds, Joined, Member, NotJoined};
use crate::{HeaderSource, constant_time};

/// The most bytes of a digest field, all its lines together: two digests have less than 200. Stops a list that is
/// long to read.
pub const MAX_DIGEST_FIELD: usize = 1024;

const BOUNDS: Bounds = Bounds { members: 16, items: 16, parameters: 16, unique: true };

/// An algorithm of RFC 9530 that is fit for security (its registry's status "Active"). The others, such as `md5`,
/// `sha` and `crc32c`, are neither written nor believed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    /// `sha-256`.
    Sha256,
    /// `sha-512`.
    Sha512,
}

impl DigestAlgorithm {
    /// The key in the field.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha512 => "sha-512",
        }
    }

    /// The value of `Content-Digest` for a body (RFC 9530 §2), or of `Repr-Digest` (§3) for a representation.
    ///
    /// ```
    /// use webhook_sig::digest::DigestAlgorithm;
    ///
    /// let value = DigestAlgorithm::Sha256.field(b"{\"hello\": \"world\"}\n");
    /// assert_eq!(value, "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
    /// ```
    #[must_use]
    pub fn field(self, body: &[u8]) -> String {
        let mut hasher = Hasher::new(self);
        hasher.update(body);
        hasher.field()
    }
}

/// Makes a digest field for a body that comes in pieces.
///
/// ```
/// use webhook_sig::digest::{DigestAlgorithm, Hasher};
///
/// let mut hasher = Hasher::new(DigestAlgorithm::Sha512);
/// hasher.update(b"hello, ");
/// hasher.update(b"world");
/// assert_eq!(hasher.field(), DigestAlgorithm::Sha512.field(b"hello, world"));
/// ```
#[derive(Clone, Debug)]
pub struct Hasher(State);

#[derive(Clone, Debug)]
enum State {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// Begins.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self(match algorithm {
            DigestAlgorithm::Sha256 => State::Sha256(Sha256::new()),
            DigestAlgorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.0 {
            State::Sha256(hash) => hash.update(piece),
            State::Sha512(hash) => hash.update(piece),
        }
    }

    /// Ends, and gives the value of the field.
    #[must_use]
    pub fn field(self) -> String {
        let (algorithm, digest) = match self.0 {
            State::Sha256(hash) => (DigestAlgorithm::Sha256, hash.finalize().to_vec()),
            State::Sha512(hash) => (DigestAlgorithm::Sha512, hash.finalize().to_vec()),
        };
        let mut field = String::with_capacity(112);
        field.push_str(algorithm.as_str());
        field.push('=');
        structured_fields::write_bare(&Bare::ByteSequence(digest), &mut field);
        field
    }
}

/// The digests that a message gives of its body, of algorithms that are fit for security.
///
/// ```
/// use webhook_sig::digest::Digests;
///
/// let headers = [("Content-Digest", "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:")];
/// let digests = Digests::content(&headers)?;
/// assert!(digests.verify(b"{\"hello\": \"world\"}\n").is_ok());
/// assert!(digests.verify(b"{\"hello\": \"world\"}").is_err());
/// # Ok::<(), webhook_sig::digest::DigestError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    sha256: Option<[u8; 32]>,
    sha512: Option<[u8; 64]>,
}

impl Digests {
    /// Reads `Content-Digest` (RFC 9530 §2): digests of the bytes as they are sent.
    ///
    /// # Errors
    /// [`DigestError`], but for [`DigestError::Mismatch`].
    pub fn content(headers: &(impl HeaderSource + ?Sized)) -> Result<Self, DigestError> {
        Self::read(headers.values("content-digest"))
    }

    /// Reads `Repr-Digest` (RFC 9530 §3): digests of the selected representation, which are those of the bytes
    /// only where the message holds all of it.
    ///
    /// # Errors
    /// [`DigestError`], but for [`DigestError::Mismatch`].
    pub fn representation(headers: &(impl HeaderSource + ?Sized)) -> Result<Self, DigestError> {
        Self::read(headers.values("repr-digest"))
    }

    /// Reads a field from its lines.
    fn read<'h>(lines: impl Iterator<Item = &'h [u8]>) -> Result<Self, DigestError> {
        let mut field = Lines::new();
        lines.for_each(|line| field.push(line));
        field.digests()
    }

    fn parse(field: &str) -> Result<Self, DigestError> {
        let members = structured_fields::dictionary(field, &BOUNDS).map_err(|_| DigestError::Malformed)?;
        let mut digests = Self { sha256: None, sha512: None };
        for (key, member) in &members {
            let algorithm = key.as_str();
            if algorithm != "sha-256" && algorithm != "sha-512" {
                continue;
            }
            let Member::Item(item) = member else { return Err(DigestError::Malformed) };
            let Bare::ByteSequence(bytes) = &item.bare else { return Err(DigestError::Malformed) };
            if algorithm == "sha-256" {
                digests.sha256 = Some(bytes.as_slice().try_into().map_err(|_| DigestError::Malformed)?);
            } else {
                digests.sha512 = Some(bytes.as_slice().try_into().map_err(|_| DigestError::Malformed)?);
            }
        }
        if digests.sha256.is_none() && digests.sha512.is_none() {
            Err(DigestError::Weak)
        } else {
            Ok(digests)
        }
    }

    /// The SHA-256 that the body has to have, if it is given.
    pub(crate) const fn sha256(&self) -> Option<[u8; 32]> {
        self.sha256
    }

    /// Only the digest of one algorithm, if it is there.
    pub(crate) fn only(self, algorithm: &str) -> Option<Self> {
        let digests = match algorithm {
            "sha-256" => Self { sha512: None, ..self },
            "sha-512" => Self { sha256: None, ..self },
            _ => return None,
        };
        (digests.sha256.is_some() || digests.sha512.is_some()).then_some(digests)
    }

    /// Begins to check a body that comes in pieces.
    #[must_use]
    pub fn begin(&self) -> Check {
        Check {
            sha256: self.sha256.map(|digest| (Sha256::new(), digest)),
            sha512: self.sha512.map(|digest| (Sha512::new(), digest)),
        }
    }

    /// Checks a body: all digests have to be right, as a reader may look at any of them.
    ///
    /// # Errors
    /// [`DigestError::Mismatch`].
    pub fn verify(&self, body: &[u8]) -> Result<(), DigestError> {
        let mut check = self.begin();
        check.update(body);
        check.finish()
    }
}

/// A digest field, line by line.
pub(crate) struct Lines<'h>(Joined<'h>);

impl<'h> Lines<'h> {
    pub(crate) const fn new() -> Self {
        Self(Joined::new(MAX_DIGEST_FIELD))
    }

    pub(crate) fn push(&mut self, line: &'h [u8]) {
        self.0.push(line);
    }

    pub(crate) fn digests(self) -> Result<Digests, DigestError> {
        match self.0.finish() {
            Ok(Some(field)) => Digests::parse(&field),
            Ok(None) => Err(DigestError::Missing),
            Err(NotJoined::TooLong) => Err(DigestError::TooLong),
            Err(NotJoined::NotText) => Err(DigestError::Malformed),
        }
    }
}

/// A check of a body against its digests, under way ([`Digests::begin`]).
#[derive(Clone, Debug)]
pub struct Check {
    sha256: Option<(Sha256, [u8; 32])>,
    sha512: Option<(Sha512, [u8; 64])>,
}

impl Check {
    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        if let Some((hash, _)) = &mut self.sha256 {
            hash.update(piece);
        }
        if let Some((hash, _)) = &mut self.sha512 {
            hash.update(piece);
        }
    }

    /// Ends the body.
    ///
    /// # Errors
    /// [`DigestError::Mismatch`].
    pub fn finish(self) -> Result<(), DigestError> {
        let sha256 =
            self.sha256.is_none_or(|(hash, digest)| constant_time::equal(&hash.finalize(), &digest).into());
        let sha512 =
            self.sha512.is_none_or(|(hash, digest)| constant_time::equal(&hash.finalize(), &digest).into());
        if sha256 && sha512 { Ok(()) } else { Err(DigestError::Mismatch) }
    }

    /// The SHA-256 that the body has to have, if it is given.
    pub(crate) fn expected_sha256(&self) -> Option<[u8; 32]> {
        self.sha256.as_ref().map(|(_, digest)| *digest)
    }
}

/// What is wrong with a digest.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestError {
    /// The field is absent.
    Missing,
    /// The field is no dictionary, a digest is no byte sequence of the right length, or one is given twice.
    Malformed,
    /// The field is longer than [`MAX_DIGEST_FIELD`].
    TooLong,
    /// There is no digest of `sha-256` or `sha-512`.
    Weak,
    /// The body is another one.
    Mismatch,
}

impl fmt::Display for DigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "the digest field is missing",
            Self::Malformed => "the digest field is malformed",
            Self::TooLong => "the digest field is too long (MAX_DIGEST_FIELD)",
            Self::Weak => "the digest field has neither sha-256 nor sha-512",
            Self::Mismatch => "the body does not have the digest that was sent",
        })
    }
}

impl std::error::Error for DigestError {}
