//! What can go wrong, layer by layer.

use core::fmt;
use core::time::Duration;

use crate::KeyId;
use crate::verify::Explain;

/// Why a request was not accepted.
///
/// Nothing in it is secret: neither text nor status says more than the sender knows. What helps the
/// receiver's operator is in [`Explain`] and [`Verifier::diagnose`](crate::Verifier::diagnose), for logs.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reject {
    /// A header that the scheme needs is absent. Is the request signed, by this scheme?
    Missing {
        /// Its name, in lower case.
        header: &'static str,
    },
    /// A header is there and does not follow the scheme's grammar.
    Malformed {
        /// Its name, in lower case.
        header: &'static str,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The signed time lies too far in the past: a replay, a slow queue, or a clock that is off.
    Stale {
        /// How far in the past.
        by: Duration,
    },
    /// The signed time lies too far in the future: a clock that is off.
    Future {
        /// How far in the future.
        by: Duration,
    },
    /// No signature matches under any active key: another secret, or other bytes than were signed.
    NoMatch(Explain),
    /// A limit was crossed; it is named.
    Limit(Exceeded),
    /// There are signatures, none of a kind that the ring's keys can check.
    Unsupported {
        /// The header that holds them, in lower case.
        header: &'static str,
    },
    /// The body has a `Content-Encoding`, which was not allowed
    /// ([`Verifier::allow_content_encoding`](crate::Verifier::allow_content_encoding)). Nothing was decoded.
    ContentEncoding,
    /// The body does not have the form that the scheme asks for.
    Body(BodyFlaw),
    /// The scheme signs the URL, and the receiver did not say it
    /// ([`Verifier::with_url`](crate::Verifier::with_url)): a mistake in the receiver.
    Url,
}

impl Reject {
    /// The status to answer with: 413 for a body that is too large, 415 for one that is encoded, 400 for a header that is missing or
    /// cannot be read, 500 for a receiver that is set up wrongly, 401 for the rest. Senders repeat the delivery in each of these cases.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Limit(Exceeded::Body { .. }) => 413,
            Self::ContentEncoding => 415,
            Self::Url => 500,
            Self::Limit(_) | Self::Missing { .. } | Self::Malformed { .. } | Self::Body(_) => 400,
            Self::Stale { .. } | Self::Future { .. } | Self::NoMatch(_) | Self::Unsupported { .. } => 401,
        }
    }
}

/// Safe to send back: it holds the names of headers and limits, and no value.
impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { header } => write!(f, "the header {header} is missing"),
            Self::Malformed { header, flaw } => write!(f, "the header {header} is malformed: {flaw}"),
            Self::Stale { .. } => f.write_str("the signed timestamp is too old"),
            Self::Future { .. } => f.write_str("the signed timestamp is in the future"),
            Self::NoMatch(_) => f.write_str("no signature matches"),
            Self::Limit(exceeded) => exceeded.fmt(f),
            Self::Unsupported { header } => {
                write!(f, "the header {header} has no signature of a supported kind")
            }
            Self::ContentEncoding => f.write_str("the body has a content-encoding"),
            Self::Body(flaw) => flaw.fmt(f),
            Self::Url => f.write_str("the receiver does not know its URL"),
        }
    }
}

impl core::error::Error for Reject {}

/// What is wrong with a header.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The id or the timestamp is given more than once, so that it is open which one counts.
    Repeated,
    /// The id is empty, or holds something other than visible ASCII without a full stop.
    Id,
    /// The timestamp is absent from the list, or not 1 to 20 ASCII digits of seconds.
    Timestamp,
    /// No signature in it is well-formed: label, encoding or length.
    Signature,
    /// The URL is not one that the scheme allows: another scheme, host, path, or more than these.
    Url,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repeated => "given more than once",
            Self::Id => "not an id",
            Self::Timestamp => "not a timestamp in digits",
            Self::Signature => "no well-formed signature",
            Self::Url => "not a URL that is allowed",
        })
    }
}

/// What is wrong with a body, beside that it was not signed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFlaw {
    /// It is no JSON object with one time in this member.
    Time {
        /// Its name.
        member: &'static str,
    },
    /// It broke off before its end.
    Incomplete,
    /// It is no message of SNS: no JSON object, a member is missing, there twice, or not of its form.
    Envelope,
    /// The certificate's URL is not one of SNS.
    CertificateUrl,
    /// The signature's version is not one that the receiver takes.
    SignatureVersion,
}

impl fmt::Display for BodyFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time { member } => write!(f, "the body has no time in {member}"),
            Self::Incomplete => f.write_str("the body broke off"),
            Self::Envelope => f.write_str("the body is not a message of SNS"),
            Self::CertificateUrl => f.write_str("the body names a certificate that is not of SNS"),
            Self::SignatureVersion => f.write_str("the body has a signature of a version that is not taken"),
        }
    }
}

/// A limit that a request crossed, and its value ([`Limits`](crate::Limits)).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// [`Limits::max_body`](crate::Limits::max_body).
    Body {
        /// The limit, in bytes.
        max: usize,
    },
    /// [`Limits::max_signature_header`](crate::Limits::max_signature_header).
    SignatureHeader {
        /// The limit, in bytes.
        max: usize,
    },
    /// [`Limits::max_signatures`](crate::Limits::max_signatures).
    Signatures {
        /// The limit.
        max: usize,
    },
    /// [`Limits::max_id`](crate::Limits::max_id).
    Id {
        /// The limit, in bytes.
        max: usize,
    },
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body { max } => write!(f, "the body is larger than {max} bytes (max_body)"),
            Self::SignatureHeader { max } => {
                write!(f, "the signature header is larger than {max} bytes (max_signature_header)")
            }
            Self::Signatures { max } => write!(f, "there are more than {max} signatures (max_signatures)"),
            Self::Id { max } => write!(f, "the id is longer than {max} bytes (max_id)"),
        }
    }
}

/// Why a key does not go into a [`KeyRing`](crate::KeyRing).
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyRingError {
    /// The ring already has a key of this name.
    DuplicateId(KeyId),
    /// The key would end before it begins, so it would never count.
    EmptyWindow(KeyId),
    /// There would be a time with more active keys than the ring allows: end an old one first.
    TooManyActive {
        /// The limit ([`KeyRing::with_max_active`](crate::KeyRing::with_max_active)).
        max: usize,
    },
}

impl fmt::Display for KeyRingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateId(id) => write!(f, "the ring already has a key called {id}"),
            Self::EmptyWindow(id) => write!(f, "the key {id} would end before it begins"),
            Self::TooManyActive { max } => {
                write!(f, "more than {max} keys would be active at a time (max_active)")
            }
        }
    }
}

impl core::error::Error for KeyRingError {}

/// Why a request could not be signed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignError {
    /// No key of the ring is active at the time of signing.
    NoActiveKey,
    /// The id is to be signed and is not 1 to 128 of `A-Z a-z 0-9 _ -`. Anything else, a full stop above
    /// all, could be read as part of another field.
    Id,
    /// The scheme signs the URL, and the signer was not told it ([`Signer::with_url`](crate::Signer::with_url)).
    Url,
    /// The body does not have what the scheme asks for: the time in it (Linear), or its hash in the URL (Twilio).
    Body,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoActiveKey => "no key is active at the time of signing",
            Self::Id => "the id is not 1 to 128 of A-Z, a-z, 0-9, _ and -",
            Self::Url => "the scheme signs the URL, which was not given",
            Self::Body => "the body lacks its time, or is another one than the URL says",
        })
    }
}

impl core::error::Error for SignError {}
