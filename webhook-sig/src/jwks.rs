//! Public keys as JSON Web Keys (RFC 7517), which the caller fetched (feature `json` with one of `ed25519`, `p256`
//! and `rsa-verify`).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::{PublicKey, PublicKeyError};

/// Bounds on a key set, which comes from another host.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwksLimits {
    /// Bytes of JSON, 64 KiB. Stops a document that is long to parse.
    pub max_document: usize,
    /// Keys in it, of any kind, 32. Stops a set that is long to try.
    pub max_keys: usize,
    /// Bytes of a `kid`, 256.
    pub max_kid: usize,
}

impl JwksLimits {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self { max_document: 64 * 1024, max_keys: 32, max_kid: 256 };
}

impl Default for JwksLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A set of public keys, each under its name.
///
/// A key has one algorithm, which follows from `kty` and `crv`, and for RSA from `alg`, which has to be there
/// (`PS512` or `RS256`). Where `alg` contradicts `kty` the whole set is refused, and so it is where a key is private,
/// symmetric, weak or there twice: such a set is not what its owner meant. Keys of kinds that are not
/// known, or not for signatures, are passed over (RFC 7517 §5).
///
/// ```
/// use webhook_sig::{Jwks, JwksLimits, SignatureAlgorithm};
///
/// let json = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test-key-ed25519",
///     "x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}]}"#;
/// let jwks = Jwks::parse(json, &JwksLimits::DEFAULT)?;
/// let (kid, key) = jwks.iter().next().unwrap();
/// assert_eq!((kid, key.algorithm()), ("test-key-ed25519", SignatureAlgorithm::Ed25519));
/// # Ok::<(), webhook_sig::JwksError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jwks {
    keys: Vec<(String, PublicKey)>,
    ignored: usize,
}

impl Jwks {
    /// Reads a set: an object with an array `keys`.
    ///
    /// # Errors
    /// [`JwksError`].
    pub fn parse(json: &[u8], limits: &JwksLimits) -> Result<Self, JwksError> {
        if json.len() > limits.max_document {
            return Err(JwksError::Document { max: limits.max_document });
        }
        let document: Document = serde_json::from_slice(json).map_err(|_| JwksError::Json)?;
        if document.keys.len() > limits.max_keys {
            return Err(JwksError::Keys { max: limits.max_keys });
        }
        let mut jwks = Self::default();
        for (index, jwk) in document.keys.iter().enumerate() {
            let Some(key) = jwk.key().map_err(|error| JwksError::Key { index, error })? else {
                jwks.ignored += 1;
                continue;
            };
            let kid = match &jwk.kid {
                Some(kid) if kid.len() > limits.max_kid => {
                    return Err(JwksError::Kid { max: limits.max_kid });
                }
                Some(kid) => kid.clone(),
                None => jwk.thumbprint(),
            };
            if jwks.keys.iter().any(|(known, _)| *known == kid) {
                return Err(JwksError::Duplicate { index });
            }
            jwks.keys.push((kid, key));
        }
        Ok(jwks)
    }

    /// The keys with their names: `kid`, or for a key without one its thumbprint (RFC 7638).
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PublicKey)> {
        self.keys.iter().map(|(kid, key)| (kid.as_str(), key))
    }

    /// The keys of Ed25519, for [`KeyRing::replace`](crate::KeyRing::replace).
    ///
    /// ```
    /// use core::time::Duration;
    /// use webhook_sig::{Jwks, JwksLimits, KeyRing, UnixMillis};
    ///
    /// # fn fetched() -> &'static [u8] { br#"{"keys":[]}"# }
    /// # let now = UnixMillis::from_secs(1_700_000_000);
    /// let mut ring = KeyRing::ed25519();
    /// // From time to time, with what the caller fetched over TLS:
    /// let jwks = Jwks::parse(fetched(), &JwksLimits::DEFAULT)?;
    /// ring.replace(jwks.ed25519(), now, Duration::from_secs(3600))?;
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[cfg(feature = "ed25519")]
    #[cfg_attr(
        not(any(feature = "p256", feature = "rsa-verify")),
        expect(clippy::unnecessary_filter_map, reason = "every key is of the one kind that is built in")
    )]
    pub fn ed25519(&self) -> impl Iterator<Item = (&str, crate::Ed25519PublicKey)> {
        self.iter().filter_map(|(kid, key)| match key {
            PublicKey::Ed25519(key) => Some((kid, key.clone())),
            #[cfg(any(feature = "p256", feature = "rsa-verify"))]
            _ => None,
        })
    }

    /// All keys, for a ring of message keys and [`KeyRing::replace`](crate::KeyRing::replace).
    #[cfg(feature = "rfc9421")]
    pub fn message_keys(&self) -> impl Iterator<Item = (&str, crate::rfc9421::MessageKey)> {
        self.iter().map(|(kid, key)| (kid, key.clone().into()))
    }

    /// How many keys were passed over, for logs.
    #[must_use]
    pub const fn ignored(&self) -> usize {
        self.ignored
    }
}

#[derive(serde::Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

#[derive(serde::Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    d: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    k: Option<serde::de::IgnoredAny>,
}

impl Jwk {
    /// `None` for a key that is not for us.
    fn key(&self) -> Result<Option<PublicKey>, JwkFlaw> {
        if self.d.is_some() || self.k.is_some() || self.kty == "oct" {
            return Err(JwkFlaw::NotPublic);
        }
        let for_encryption = self.usage.as_deref().is_some_and(|usage| usage != "sig");
        let cannot_verify = self.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify"));
        if for_encryption || cannot_verify {
            return Ok(None);
        }
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => self.ed25519(),
            ("EC", Some("P-256")) => self.ecdsa("ES256", 32),
            ("EC", Some("P-384")) => self.ecdsa("ES384", 48),
            ("RSA", _) => self.rsa(),
            // Of another kind, so `alg` cannot be one of ours.
            _ if self.alg.as_deref().is_some_and(|alg| OURS.contains(&alg)) => Err(JwkFlaw::Algorithm),
            _ => Ok(None),
        }
    }

    fn ed25519(&self) -> Result<Option<PublicKey>, JwkFlaw> {
        // RFC 8037 §3.1 calls it EdDSA, RFC 9864 §2.2 Ed25519.
        if self.alg.as_deref().is_some_and(|alg| alg != "EdDSA" && alg != "Ed25519") {
            return Err(JwkFlaw::Algorithm);
        }
        let x = member(self.x.as_deref())?;
        #[cfg(feature = "ed25519")]
        return Ok(Some(crate::Ed25519PublicKey::new(&x)?.into()));
        #[cfg(not(feature = "ed25519"))]
        {
            drop(x);
            Ok(None)
        }
    }

    fn ecdsa(&self, alg: &str, length: usize) -> Result<Option<PublicKey>, JwkFlaw> {
        if self.alg.as_deref().is_some_and(|given| given != alg) {
            return Err(JwkFlaw::Algorithm);
        }
        let (x, y) = (member(self.x.as_deref())?, member(self.y.as_deref())?);
        // RFC 7518 §6.2.1.2: of full length.
        if x.len() != length || y.len() != length {
            return Err(JwkFlaw::Key(PublicKeyError::Length));
        }
        #[cfg(feature = "p256")]
        {
            let point = [&[4], &x[..], &y[..]].concat();
            let key = if length == 32 {
                crate::EcdsaPublicKey::p256(&point)
            } else {
                crate::EcdsaPublicKey::p384(&point)
            };
            Ok(Some(key?.into()))
        }
        #[cfg(not(feature = "p256"))]
        Ok(None)
    }

    fn rsa(&self) -> Result<Option<PublicKey>, JwkFlaw> {
        let (n, e) = (member(self.n.as_deref())?, member(self.e.as_deref())?);
        let algorithm = match self.alg.as_deref() {
            Some("PS512") => crate::SignatureAlgorithm::RsaPssSha512,
            Some("RS256") => crate::SignatureAlgorithm::RsaV15Sha256,
            // Without one the key would fit any way of signing, and the message would choose.
            None => return Err(JwkFlaw::Algorithm),
            Some(alg) if alg.starts_with("RS") || alg.starts_with("PS") => return Ok(None),
            Some(_) => return Err(JwkFlaw::Algorithm),
        };
        #[cfg(feature = "rsa-verify")]
        return Ok(Some(crate::RsaPublicKey::new(algorithm, &n, &e)?.into()));
        #[cfg(not(feature = "rsa-verify"))]
        {
            drop((n, e, algorithm));
            Ok(None)
        }
    }

    /// RFC 7638 §3: the required members in the order of their names, hashed.
    fn thumbprint(&self) -> String {
        let members: &[(&str, Option<&str>)] = match self.kty.as_str() {
            "RSA" => &[("e", self.e.as_deref()), ("kty", Some("RSA")), ("n", self.n.as_deref())],
            "EC" => &[
                ("crv", self.crv.as_deref()),
                ("kty", Some("EC")),
                ("x", self.x.as_deref()),
                ("y", self.y.as_deref()),
            ],
            _ => &[("crv", self.crv.as_deref()), ("kty", Some("OKP")), ("x", self.x.as_deref())],
        };
        let mut hash = Sha256::new();
        for (index, (name, value)) in members.iter().enumerate() {
            hash.update(if index == 0 { "{\"" } else { ",\"" });
            hash.update(name);
            hash.update("\":\"");
            // Base64url or the name of a curve by now, so nothing needs to be escaped.
            hash.update(value.unwrap_or_default());
            hash.update("\"");
        }
        hash.update("}");
        BASE64_URL_SAFE_NO_PAD.encode(hash.finalize())
    }
}

/// The values of `alg` that belong to kinds that are known here.
const OURS: [&str; 6] = ["EdDSA", "Ed25519", "ES256", "ES384", "PS512", "RS256"];

fn member(text: Option<&str>) -> Result<Vec<u8>, JwkFlaw> {
    let text = text.ok_or(JwkFlaw::Key(PublicKeyError::Encoding))?;
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| JwkFlaw::Key(PublicKeyError::Encoding))
}

/// Why a document is not a set of public keys.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwksError {
    /// Longer than [`JwksLimits::max_document`].
    Document {
        /// The limit, in bytes.
        max: usize,
    },
    /// More keys than [`JwksLimits::max_keys`].
    Keys {
        /// The limit.
        max: usize,
    },
    /// A `kid` longer than [`JwksLimits::max_kid`].
    Kid {
        /// The limit, in bytes.
        max: usize,
    },
    /// Not JSON, or not of this form, or with a member twice.
    Json,
    /// Two keys have one name.
    Duplicate {
        /// Which of them is the second, counted from 0.
        index: usize,
    },
    /// A key that makes the whole set suspect.
    Key {
        /// Which one, counted from 0.
        index: usize,
        /// What is wrong with it.
        error: JwkFlaw,
    },
}

impl fmt::Display for JwksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document { max } => write!(f, "the key set is larger than {max} bytes (max_document)"),
            Self::Keys { max } => write!(f, "the key set has more than {max} keys (max_keys)"),
            Self::Kid { max } => write!(f, "a kid is longer than {max} bytes (max_kid)"),
            Self::Json => f.write_str("the key set is not one in JSON"),
            Self::Duplicate { index } => write!(f, "the key {index} has the name of an earlier one"),
            Self::Key { index, error } => write!(f, "the key {index}: {error}"),
        }
    }
}

impl core::error::Error for JwksError {}

/// What is wrong with a key of a set.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwkFlaw {
    /// It is private or symmetric, so it must not be in a public set.
    NotPublic,
    /// `alg` contradicts `kty`, or is missing where it decides.
    Algorithm,
    /// It is no key.
    Key(PublicKeyError),
}

impl From<PublicKeyError> for JwkFlaw {
    fn from(error: PublicKeyError) -> Self {
        Self::Key(error)
    }
}

impl fmt::Display for JwkFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPublic => f.write_str("it is not a public key"),
            Self::Algorithm => f.write_str("its alg is missing or contradicts its kty"),
            Self::Key(error) => error.fmt(f),
        }
    }
}
