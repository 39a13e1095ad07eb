//! What each scheme puts on the wire, as data: one [`Wire`] a scheme, read by [`read`] and written by
//! the signer.

mod generic;
mod github;
mod hex;
mod read;
mod standard_webhooks;
mod stripe;

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::key_ring::Mac;

pub(crate) use read::{Claims, read};

/// How a provider signs its webhooks.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// `X-Signature-256: sha256=HEX`, HMAC-SHA256 of the body. Neither id nor time is signed, so a
    /// recorded request can be replayed at any time: remember its [`DedupeKey`](crate::DedupeKey).
    Generic,
    /// GitHub: `X-Hub-Signature-256: sha256=HEX`, HMAC-SHA256 of the body ("Validating webhook
    /// deliveries"). The old `X-Hub-Signature` with SHA-1 is never looked at. `X-GitHub-Delivery` is
    /// not signed, so it identifies nothing.
    GitHub,
    /// Stripe: `Stripe-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 of `t.body` ("Verify the webhook
    /// signature manually"). `v0` belongs to test events and never counts.
    Stripe,
    /// Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,BASE64`,
    /// HMAC-SHA256 of `id.timestamp.body`.
    StandardWebhooks,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 4] = [Self::Generic, Self::GitHub, Self::Stripe, Self::StandardWebhooks];

    /// The name for configuration and logs, which `parse` reads: `generic`, `github`, `stripe` or
    /// `standard`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::GitHub => "github",
            Self::Stripe => "stripe",
            Self::StandardWebhooks => "standard",
        }
    }

    pub(crate) const fn wire(self) -> &'static Wire {
        match self {
            Self::Generic => &generic::WIRE,
            Self::GitHub => &github::WIRE,
            Self::Stripe => &stripe::WIRE,
            Self::StandardWebhooks => &standard_webhooks::WIRE,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(name: &str) -> Result<Self, UnknownScheme> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str() == name).ok_or(UnknownScheme)
    }
}

/// A text is not the name of a [`Scheme`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownScheme;

impl fmt::Display for UnknownScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such scheme; there are")?;
        Scheme::ALL.iter().try_for_each(|scheme| write!(f, " {scheme}"))
    }
}

impl core::error::Error for UnknownScheme {}

/// A scheme as data.
pub(crate) struct Wire {
    /// The header that holds the signatures, in lower case.
    pub(crate) signature: &'static str,
    /// What stands between two elements of that header.
    pub(crate) separator: u8,
    /// What is signed beside the body, and where it stands.
    pub(crate) signed: Signed,
    /// Whether receivers expect a list, so that a rotation can sign with several keys at once.
    pub(crate) list: bool,
    /// Reads one element.
    pub(crate) element: fn(&[u8]) -> Element<'_>,
    /// Appends one signature as an element.
    pub(crate) write: fn(&Mac, &mut String),
}

/// What a scheme signs.
pub(crate) enum Signed {
    /// The body alone.
    Body,
    /// `timestamp.body`, the timestamp being an element of the signature header.
    TimestampBody,
    /// `id.timestamp.body`, each in a header of its own (names in lower case).
    IdTimestampBody { id: &'static str, timestamp: &'static str },
}

/// One element of a signature header.
pub(crate) enum Element<'h> {
    /// A signature that can be compared.
    Signature(Mac),
    /// The text of a timestamp, unchecked.
    Timestamp(&'h [u8]),
    /// The label of a signature that we would compare, with a value that is none.
    Garbled,
    /// Of a kind that has no meaning to us: another algorithm or version.
    Foreign,
}
