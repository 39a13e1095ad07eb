//! What each scheme puts on the wire, as data: one [`Layout`] a scheme, read by [`read`] and written by
//! the signer.

mod encoding;
mod json_time;
mod layout;
mod read;
mod table;
pub(crate) mod twilio;

use core::fmt;
use core::str::FromStr;

pub use encoding::Encoding;
#[cfg(feature = "rfc9421")]
pub(crate) use encoding::decode_base64;
pub(crate) use encoding::{decode_exact, hex};
pub(crate) use json_time::JsonTime;
pub(crate) use layout::Content;
pub use layout::{Layout, Part, TimeIn, TimeUnit};
pub(crate) use read::{Claims, read};
pub use twilio::json_url as twilio_json_url;

/// The schemes of one kind of key.
pub trait Schemes: Copy + fmt::Debug + Send + Sync + 'static {
    /// What the scheme puts on the wire.
    fn layout(self) -> &'static Layout;
}

/// The schemes of a kind of key that is not used by way of [`KeyRing::scheme`](crate::KeyRing::scheme): there are none.
#[derive(Clone, Copy, Debug)]
pub enum NoScheme {}

impl Schemes for NoScheme {
    fn layout(self) -> &'static Layout {
        match self {}
    }
}

/// How a provider signs its webhooks, with HMAC-SHA256.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `X-Signature-256: sha256=HEX`, of the body. Neither id nor time is signed, so a
    /// recorded request can be replayed at any time: remember its [`DedupeKey`](crate::DedupeKey).
    Generic,
    /// GitHub: `X-Hub-Signature-256: sha256=HEX`, of the body ("Validating webhook
    /// deliveries"). The old `X-Hub-Signature` is never looked at ([`Sha1Scheme::GitHub`]). `X-GitHub-Delivery` is
    /// not signed, so it identifies nothing.
    GitHub,
    /// Stripe: `Stripe-Signature: t=SECONDS,v1=HEX`, of `t.body` ("Verify the webhook
    /// signature manually"). `v0` belongs to test events and never counts.
    Stripe,
    /// Slack: `X-Slack-Signature: v0=HEX` and `X-Slack-Request-Timestamp`, of `v0:SECONDS:body` ("Verifying requests from Slack").
    Slack,
    /// Shopify: `X-Shopify-Hmac-SHA256: BASE64`, of the body ("Verify webhook deliveries"). No time is signed.
    Shopify,
    /// Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,BASE64`,
    /// of `id.timestamp.body`.
    StandardWebhooks,
    /// Svix: as Standard Webhooks, under `svix-id`, `svix-timestamp` and `svix-signature`.
    Svix,
    /// Square: `x-square-hmacsha256-signature: BASE64`, of the notification URL and the body ("Validate
    /// webhook notifications"). No time is signed. Needs the URL as it was registered
    /// ([`Verifier::with_url`](crate::Verifier::with_url)).
    Square,
    /// Zoom: `x-zm-signature: v0=HEX` and `x-zm-request-timestamp`, of `v0:SECONDS:body` ("Using webhooks").
    Zoom,
    /// Linear: `Linear-Signature: HEX`, of the body, which has the time in `webhookTimestamp`, in milliseconds; 60 s are allowed for
    /// ("Securing webhooks").
    Linear,
    /// X (Twitter): `x-twitter-webhooks-signature: sha256=BASE64`, of the body ("Securing webhooks"). No time is signed.
    Twitter,
    /// Any other scheme with HMAC-SHA256, as data.
    Custom(&'static Layout),
}

impl Scheme {
    /// Every provider's scheme.
    pub const ALL: [Self; 11] = [
        Self::Generic,
        Self::GitHub,
        Self::Stripe,
        Self::Slack,
        Self::Shopify,
        Self::StandardWebhooks,
        Self::Svix,
        Self::Square,
        Self::Zoom,
        Self::Linear,
        Self::Twitter,
    ];

    /// The name for configuration and logs, which `parse` reads: `generic`, `github`, `stripe`, `slack`, `shopify`,
    /// `standard`, `svix`, `square`, `zoom`, `linear`, `twitter`. A custom scheme has `custom`, which is not read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::GitHub => "github",
            Self::Stripe => "stripe",
            Self::Slack => "slack",
            Self::Shopify => "shopify",
            Self::StandardWebhooks => "standard",
            Self::Svix => "svix",
            Self::Square => "square",
            Self::Zoom => "zoom",
            Self::Linear => "linear",
            Self::Twitter => "twitter",
            Self::Custom(_) => "custom",
        }
    }
}

impl Schemes for Scheme {
    fn layout(self) -> &'static Layout {
        match self {
            Self::Generic => &table::GENERIC,
            Self::GitHub => &table::GITHUB,
            Self::Stripe => &table::STRIPE,
            Self::Slack => &table::SLACK,
            Self::Shopify => &table::SHOPIFY,
            Self::StandardWebhooks => &table::STANDARD_WEBHOOKS,
            Self::Svix => &table::SVIX,
            Self::Square => &table::SQUARE,
            Self::Zoom => &table::ZOOM,
            Self::Linear => &table::LINEAR,
            Self::Twitter => &table::TWITTER,
            Self::Custom(layout) => layout,
        }
    }
}

/// The schemes with HMAC-SHA1: no others should be added to it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sha1Scheme {
    /// Twilio: `X-Twilio-Signature: BASE64`, of the URL and, for a form, its parameters; for JSON the URL has the SHA-256 of the
    /// body in `bodySHA256` ("Webhooks security"). Needs the URL of the request
    /// ([`Verifier::with_url`](crate::Verifier::with_url)), and is tried with and without a port.
    ///
    /// The parameters are signed as `name1value1name2value2`, sorted by name. So the sender's text can be moved between a name, its
    /// value and the next name without a change of the signature: know your parameters by name, and ignore others. No time is signed.
    Twilio,
    /// GitHub's old `X-Hub-Signature: sha1=HEX`, of the body. For receivers of an old GitHub Enterprise Server; elsewhere
    /// [`Scheme::GitHub`].
    GitHub,
    /// Any other scheme with HMAC-SHA1, as data.
    Custom(&'static Layout),
}

impl Sha1Scheme {
    /// Every provider's scheme.
    pub const ALL: [Self; 2] = [Self::Twilio, Self::GitHub];

    /// The name for logs: `twilio`, `github-sha1`, `custom`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::GitHub => "github-sha1",
            Self::Custom(_) => "custom",
        }
    }
}

impl Schemes for Sha1Scheme {
    fn layout(self) -> &'static Layout {
        match self {
            Self::Twilio => &table::TWILIO,
            Self::GitHub => &table::GITHUB_SHA1,
            Self::Custom(layout) => layout,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Sha1Scheme {
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
