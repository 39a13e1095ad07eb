//! The parameters of a signature (RFC 9421 §2.3).

use std::borrow::Cow;
use std::string::String;

use sfv::{Integer, KeyRef, StringRef, key_ref};

use super::error::SignError;
use crate::UnixMillis;
use crate::structured_fields::{Bare, Parameters};

pub(super) const CREATED: &KeyRef = key_ref("created");
pub(super) const EXPIRES: &KeyRef = key_ref("expires");
pub(super) const NONCE: &KeyRef = key_ref("nonce");
pub(super) const ALG: &KeyRef = key_ref("alg");
pub(super) const KEYID: &KeyRef = key_ref("keyid");
pub(super) const TAG: &KeyRef = key_ref("tag");

/// What a signature says of itself (RFC 9421 §2.3). All of it is signed.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    /// When it was made.
    pub created: Option<UnixMillis>,
    /// From when on it does not count.
    pub expires: Option<UnixMillis>,
    /// A value that the signer uses once. To refuse replays, remember those seen for as long as they count.
    pub nonce: Option<String>,
    /// The algorithm by its name. It decides nothing: the key has one.
    pub alg: Option<String>,
    /// The name of the key.
    pub keyid: Option<String>,
    /// The application that it is meant for.
    pub tag: Option<String>,
}

impl Params {
    /// Reads the parameters of a list of components. Unknown ones are allowed (§2.3) and stay in the base; a known
    /// one of another type is refused.
    pub(super) fn read(parameters: &Parameters<'_>) -> Option<Self> {
        let mut params = Self::default();
        for (key, value) in parameters {
            match key.as_str() {
                "created" => params.created = Some(time(value)?),
                "expires" => params.expires = Some(time(value)?),
                "nonce" => params.nonce = Some(text(value)?),
                "alg" => params.alg = Some(text(value)?),
                "keyid" => params.keyid = Some(text(value)?),
                "tag" => params.tag = Some(text(value)?),
                _ => {}
            }
        }
        Some(params)
    }

    pub(super) fn to_parameters(&self) -> Result<Parameters<'_>, SignError> {
        let mut parameters = Parameters::new();
        for (key, name, value) in [(CREATED, "created", self.created), (EXPIRES, "expires", self.expires)] {
            if let Some(value) = value {
                let seconds =
                    i64::try_from(value.as_secs()).ok().and_then(|seconds| Integer::try_from(seconds).ok());
                parameters.push((key, Bare::Integer(seconds.ok_or(SignError::Parameter { name })?)));
            }
        }
        let texts = [
            (NONCE, "nonce", &self.nonce),
            (ALG, "alg", &self.alg),
            (KEYID, "keyid", &self.keyid),
            (TAG, "tag", &self.tag),
        ];
        for (key, name, value) in texts {
            if let Some(value) = value {
                let text = StringRef::from_str(value).map_err(|_| SignError::Parameter { name })?;
                parameters.push((key, Bare::String(Cow::Borrowed(text))));
            }
        }
        Ok(parameters)
    }
}

/// Seconds since the epoch, not before it.
fn time(value: &Bare<'_>) -> Option<UnixMillis> {
    let seconds = u64::try_from(i64::from(value.as_integer()?)).ok()?;
    Some(UnixMillis::from_secs(seconds))
}

fn text(value: &Bare<'_>) -> Option<String> {
    value.as_string().map(|text| text.as_str().into())
}
