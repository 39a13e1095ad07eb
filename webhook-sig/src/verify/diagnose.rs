//! Finding out why a request was refused, after the fact.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::{Keys, Verifier};
use crate::algorithm::Verify;
use crate::error::Reject;
use crate::scheme::twilio;
use crate::{HeaderSource, KeyId, UnixMillis};

impl<K: Verify> Verifier<'_, K> {
    /// Finds out why a request is refused, by trying what usually goes wrong. The answer is for logs and
    /// for the one who sets the receiver up; whatever it is, the request stays refused.
    ///
    /// It costs up to sixteen verifications and six copies of the body: call it while setting up, or for a sample of
    /// refused requests, as a forged request pays nothing for it.
    ///
    /// ```
    /// use webhook_sig::{BodyChange, Diagnosis, KeyRing, Scheme, Secret, UnixMillis};
    ///
    /// let ring = KeyRing::new().hmac("k", Secret::raw("secret")?)?;
    /// let now = UnixMillis::from_secs(1_700_000_000);
    /// let headers = ring.signer(Scheme::GitHub).sign("", now, br#"{"a":1}"#)?;
    /// // A framework has parsed the body and written it again, with spaces.
    /// let diagnosis = ring.scheme(Scheme::GitHub).diagnose(&headers, br#"{"a": 1}"#, now);
    /// assert_eq!(diagnosis, Diagnosis::BodyChanged(BodyChange::JsonSpacing));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn diagnose(
        &self,
        headers: &(impl HeaderSource + ?Sized),
        body: &[u8],
        now: UnixMillis,
    ) -> Diagnosis {
        let Err(reject) = self.verify(headers, body, now) else { return Diagnosis::Accepted };
        let by = match reject {
            Reject::Stale { by } | Reject::Future { by } => Some(by),
            Reject::NoMatch(_) => None,
            other => return Diagnosis::Unreadable(other),
        };
        let mut lenient = self.clone();
        lenient.limits.tolerance_past = Duration::MAX;
        lenient.limits.tolerance_future = Duration::MAX;
        lenient.keys = Keys::All;
        if let Ok(verified) = lenient.verify(headers, body, now) {
            return match by {
                Some(by) => Diagnosis::ClockOff { by, past: matches!(reject, Reject::Stale { .. }) },
                // The time is right and an active key would have matched before.
                None => Diagnosis::KeyInactive(verified.into_key()),
            };
        }
        for (change, undo) in UNDO {
            if lenient.verify(headers, undo(body), now).is_ok() {
                return Diagnosis::BodyChanged(change);
            }
        }
        if let Some(url) = self.url.filter(|_| self.layout.needs_url()) {
            for other in other_urls(url) {
                if lenient.clone().with_url(&other).verify(headers, body, now).is_ok() {
                    return Diagnosis::OtherUrl(other);
                }
            }
        }
        Diagnosis::WrongSecretOrBody
    }
}

/// Why a request is refused ([`Verifier::diagnose`]).
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// It is not: it verifies.
    Accepted,
    /// It does not come as far as a comparison.
    Unreadable(Reject),
    /// A key of the ring matches, outside its window.
    KeyInactive(KeyId),
    /// The signature is right and the time is not: a replay, or one of the two clocks is off.
    ClockOff {
        /// By how much.
        by: Duration,
        /// Whether the signed time lies in the past.
        past: bool,
    },
    /// The signature is right for other bytes: something between the socket and here changed them.
    BodyChanged(BodyChange),
    /// The signature is right for this URL, and the receiver was told another one: a proxy in front ends TLS, adds a port or
    /// cuts a path.
    OtherUrl(String),
    /// None of these: the secret is another one (or taken in another form, see
    /// [`Secret`](crate::Secret)), or the body was changed in a way that is not tried.
    WrongSecretOrBody,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("the request verifies"),
            Self::Unreadable(reject) => reject.fmt(f),
            Self::KeyInactive(key) => write!(f, "the key {key} matches, but is not active at this time"),
            Self::ClockOff { by, past } => {
                let side = if *past { "past" } else { "future" };
                write!(f, "the signature matches, but its time lies {by:?} in the {side}")
            }
            Self::BodyChanged(change) => {
                write!(f, "the body was changed on its way ({change}): verify the bytes as they arrived")
            }
            Self::OtherUrl(url) => write!(f, "the signature is of the URL {url}"),
            Self::WrongSecretOrBody => {
                f.write_str("either the secret is another one, or these are not the bytes that were signed")
            }
        }
    }
}

/// How a body differs from the one that was signed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyChange {
    /// A line end was added at the end.
    LineEndAdded,
    /// The line end at the end was removed.
    LineEndRemoved,
    /// Line ends were changed between LF and CRLF.
    LineEnds,
    /// JSON was parsed and written again with other spacing.
    JsonSpacing,
}

impl fmt::Display for BodyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LineEndAdded => "a line end was added",
            Self::LineEndRemoved => "the last line end was removed",
            Self::LineEnds => "its line ends were changed",
            Self::JsonSpacing => "it was parsed and written again as JSON",
        })
    }
}

type Undo = fn(&[u8]) -> Vec<u8>;

/// Guesses at the bytes that were signed.
const UNDO: [(BodyChange, Undo); 6] = [
    (BodyChange::LineEndAdded, |body| {
        let body = body.strip_suffix(b"\n").unwrap_or(body);
        body.strip_suffix(b"\r").unwrap_or(body).to_vec()
    }),
    (BodyChange::LineEndRemoved, |body| [body, b"\n"].concat()),
    (BodyChange::LineEnds, without_carriage_returns),
    (BodyChange::LineEnds, |body| {
        without_carriage_returns(body).split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..])
    }),
    // As JSON.stringify and serde_json write it.
    (BodyChange::JsonSpacing, |body| respaced(body, &[])),
    // As Python's json.dumps writes it.
    (BodyChange::JsonSpacing, |body| respaced(body, b" ")),
];

/// What a URL may have been before a proxy had it.
fn other_urls(url: &str) -> Vec<String> {
    let mut urls = Vec::from([String::from(url)]);
    urls.extend(twilio::other_port(url));
    for url in urls.clone() {
        if let Some(rest) = url.strip_prefix("http://") {
            urls.push(["https://", rest].concat());
        } else if let Some(rest) = url.strip_prefix("https://") {
            urls.push(["http://", rest].concat());
        }
    }
    for url in urls.clone() {
        let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
        urls.push(match path.strip_suffix('/') {
            Some(path) => [path, query].concat(),
            None => [path, "/", query].concat(),
        });
    }
    urls
}

fn without_carriage_returns(body: &[u8]) -> Vec<u8> {
    body.iter().copied().filter(|&byte| byte != b'\r').collect()
}

/// JSON with no white space but `after` each comma and colon. What is inside strings is left alone.
fn respaced(json: &[u8], after: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for &byte in json {
        if in_string {
            (in_string, escaped) = (escaped || byte != b'"', !escaped && byte == b'\\');
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            in_string = byte == b'"';
        }
        out.push(byte);
        if !in_string && matches!(byte, b',' | b':') {
            out.extend_from_slice(after);
        }
    }
    out
}
