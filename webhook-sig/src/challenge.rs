//! Answers to a provider that asks, before it sends events, whether the endpoint is there and knows the secret.
//!
//! | provider | asks | is answered |
//! |---|---|---|
#![cfg_attr(
    feature = "json",
    doc = "| Slack | a signed POST, `url_verification` | [`slack`], the challenge |"
)]
#![cfg_attr(
    feature = "json",
    doc = "| Zoom | a signed POST, `endpoint.url_validation` | [`zoom`], an HMAC of the token |"
)]
#![cfg_attr(feature = "json", doc = "| Discord | a signed POST, `{\"type\":1}` | [`discord`], the same |")]
#![cfg_attr(
    feature = "rsa-verify",
    doc = "| AWS SNS | a signed POST, `SubscriptionConfirmation` | [`sns`], by a GET of your own |"
)]
//! | X (Twitter) | `GET ?crc_token=…` | [`twitter`], an HMAC of the token |
//! | WebSub | `GET ?hub.mode=…&hub.challenge=…` | [`websub`], the challenge, if you asked for the subscription |
//!
//! Where the question is signed, the answer takes [`Verified`](crate::Verified), so that nobody else gets one. The two that are not signed give away
//! what they must: an HMAC of a token that cannot be an event, and a text that came with the question.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::algorithm::Sign as _;
use crate::form;
use crate::scheme::Encoding;
use crate::{KeyRing, UnixMillis};

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    fn json(body: String) -> Self {
        Self { status: 200, content_type: "application/json", body }
    }

    /// A text of the other side, which must not become a page of ours.
    fn text(body: String) -> Self {
        Self { status: 200, content_type: "text/plain; charset=utf-8", body }
    }
}

/// The most bytes of a token or a challenge: providers send fewer than 100.
const MAX_TOKEN: usize = 512;

/// X (Twitter), "Securing webhooks", challenge-response check: `GET ?crc_token=TOKEN` is answered with the HMAC of the token, by the first key
/// that is active. None if there is no token, no key, or a token that is not 1 to 512 of `A-Z a-z 0-9 _ - + / =`.
///
/// The question is not signed, so anybody gets an HMAC of a text of his choice by the key that signs events. Hence the grammar: an
/// event is a JSON object, and no text with a brace is answered.
///
/// ```
/// use webhook_sig::{KeyRing, Secret, UnixMillis, challenge};
///
/// let ring = KeyRing::new().hmac("consumer secret", Secret::raw("secret")?)?;
/// let now = UnixMillis::from_secs(1_700_000_000);
/// let answer = challenge::twitter(&ring, "crc_token=foo&nonce=bar", now).unwrap();
/// assert_eq!(answer.body, r#"{"response_token":"sha256=dzukRpPHVT1u4g9h6l0nV6mk9KRNKEGuTpW1LkzWLbQ="}"#);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[must_use]
pub fn twitter(ring: &KeyRing, query: &str, now: UnixMillis) -> Option<Answer> {
    let token = only(query, "crc_token")?;
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b' ');
    if !(1..=MAX_TOKEN).contains(&token.len()) || !token.bytes().all(plain) {
        return None;
    }
    let key = ring.active_entries(now).next()?.key();
    let mut body = String::from(r#"{"response_token":"sha256="#);
    Encoding::Base64.write(key.sign(&[token.as_bytes()]).as_ref(), &mut body);
    body.push_str(r#""}"#);
    Some(Answer::json(body))
}

/// A hub that asks whether a subscription is wanted, or says that there is none (W3C WebSub §5.3, §5.2).
///
/// ```
/// use webhook_sig::challenge::{self, Intent};
///
/// let query = "hub.mode=subscribe&hub.topic=https%3A%2F%2Fexample.com%2Ffeed&hub.challenge=abc&hub.lease_seconds=86400";
/// let intent = challenge::websub(query).unwrap();
/// let answer = match &intent {
///     Intent::Subscribe { topic, .. } if topic == "https://example.com/feed" => intent.confirm(),
///     _ => intent.refuse(),
/// };
/// assert_eq!((answer.status, answer.body.as_str()), (200, "abc"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Intent {
    /// The hub was asked to send this topic here.
    Subscribe {
        /// Its URL.
        topic: String,
        /// For how long.
        lease: Duration,
        /// What confirms it.
        challenge: String,
    },
    /// The hub was asked to stop.
    Unsubscribe {
        /// The topic's URL.
        topic: String,
        /// What confirms it.
        challenge: String,
    },
    /// The hub will not send it, or no more.
    Denied {
        /// The topic's URL.
        topic: String,
        /// Why, in the hub's words.
        reason: Option<String>,
    },
}

impl Intent {
    /// That it is so. Say it only of what you asked for yourself, by topic: otherwise anybody subscribes you to anything.
    #[must_use]
    pub fn confirm(&self) -> Answer {
        Answer::text(match self {
            Self::Subscribe { challenge, .. } | Self::Unsubscribe { challenge, .. } => challenge.clone(),
            Self::Denied { .. } => String::new(),
        })
    }

    /// That nobody here asked for it (WebSub §5.3: 404).
    #[must_use]
    pub fn refuse(&self) -> Answer {
        Answer { status: 404, ..Answer::text(String::new()) }
    }
}

/// Reads the query of a hub's GET request. None if it is no such request: a parameter is missing, given twice, no UTF-8, or
/// longer than 512 bytes (a topic 2048).
#[must_use]
pub fn websub(query: &str) -> Option<Intent> {
    let topic = only(query, "hub.topic").filter(|topic| !topic.is_empty() && topic.len() <= 2048)?;
    let challenge = || only(query, "hub.challenge").filter(|text| (1..=MAX_TOKEN).contains(&text.len()));
    match only(query, "hub.mode")?.as_str() {
        "subscribe" => {
            let seconds = only(query, "hub.lease_seconds")?;
            let digits = seconds.bytes().all(|byte| byte.is_ascii_digit());
            let lease = Duration::from_secs(seconds.parse().ok().filter(|_| digits)?);
            Some(Intent::Subscribe { topic, lease, challenge: challenge()? })
        }
        "unsubscribe" => Some(Intent::Unsubscribe { topic, challenge: challenge()? }),
        "denied" => {
            let reason = only(query, "hub.reason").filter(|reason| reason.len() <= MAX_TOKEN);
            Some(Intent::Denied { topic, reason })
        }
        _ => None,
    }
}

/// AWS SNS: the URL whose GET confirms a subscription, if `expected` takes the topic. None for another message, and for a URL that is not
/// `https` at a host of SNS.
///
/// Nothing here requests it. Anybody can have a topic of his own and have it confirmed to your endpoint, with a signature that is
/// right: so say yes to the topics that you subscribed to, by their whole ARN.
#[cfg(feature = "rsa-verify")]
#[must_use]
pub fn sns(
    request: &crate::Verified<crate::sns::Message>,
    expected: impl FnOnce(&str) -> bool,
) -> Option<&str> {
    let message = request.body();
    if message.kind() != crate::sns::Kind::SubscriptionConfirmation || !expected(message.topic_arn()) {
        return None;
    }
    message.subscribe_url().filter(|url| crate::sns::is_of_sns(url))
}

/// The one value of a query's parameter.
fn only(query: &str, name: &str) -> Option<String> {
    let values: Vec<_> = form::pairs(query.as_bytes())
        .filter(|(given, _)| given == name.as_bytes())
        .map(|(_, value)| value)
        .take(2)
        .collect();
    let [value] = <[Vec<u8>; 1]>::try_from(values).ok()?;
    String::from_utf8(value).ok()
}

#[cfg(feature = "json")]
mod signed {
    use alloc::string::String;

    use super::{Answer, MAX_TOKEN};
    use crate::algorithm::Sign as _;
    use crate::scheme::Encoding;
    use crate::{KeyRing, UnixMillis, Verified, json};

    #[derive(serde::Deserialize)]
    struct Slack {
        r#type: String,
        challenge: String,
    }

    /// Slack, "Using the Events API over HTTP": `{"type":"url_verification","challenge":C}` is answered with `C`. None for any other event.
    ///
    /// ```
    /// use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis, challenge};
    ///
    /// let ring = KeyRing::new().hmac("signing secret", Secret::raw("secret")?)?;
    /// let now = UnixMillis::from_secs(1_700_000_000);
    /// let body = br#"{"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}"#;
    /// let headers = ring.signer(Scheme::Slack).sign("", now, body)?;
    ///
    /// let verified = ring.scheme(Scheme::Slack).verify(&headers, body, now)?;
    /// let answer = challenge::slack(&verified).unwrap();
    /// assert_eq!(answer.body, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn slack<B: AsRef<[u8]>>(request: &Verified<B>) -> Option<Answer> {
        let event: Slack = json::parse(request).ok()?;
        (event.r#type == "url_verification").then(|| Answer::text(event.challenge))
    }

    #[derive(serde::Deserialize)]
    struct Zoom {
        event: String,
        payload: ZoomPayload,
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ZoomPayload {
        plain_token: String,
    }

    /// Zoom, "Validate your webhook endpoint": `endpoint.url_validation` with `plainToken` is answered with the token and its HMAC, by the first key
    /// of the ring that is active at `now`. None for any other event, without a key, and for a token that is not 1 to 512 of visible
    /// ASCII without `:` and `"`: what is signed as an event has a colon.
    ///
    /// ```
    /// use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis, challenge};
    ///
    /// let ring = KeyRing::new().hmac("secret token", Secret::raw("secret")?)?;
    /// let now = UnixMillis::from_secs(1_700_000_000);
    /// let body = br#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}"#;
    /// let headers = ring.signer(Scheme::Zoom).sign("", now, body)?;
    ///
    /// let verified = ring.scheme(Scheme::Zoom).verify(&headers, body, now)?;
    /// let answer = challenge::zoom(&ring, &verified, now).unwrap();
    /// assert!(answer.body.starts_with(r#"{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":""#));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn zoom<B: AsRef<[u8]>>(ring: &KeyRing, request: &Verified<B>, now: UnixMillis) -> Option<Answer> {
        let event: Zoom = json::parse(request).ok()?;
        let token = event.payload.plain_token;
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b'"' | b'\\');
        if event.event != "endpoint.url_validation"
            || !(1..=MAX_TOKEN).contains(&token.len())
            || !token.bytes().all(plain)
        {
            return None;
        }
        let key = ring.active_entries(now).next()?.key();
        let mut body = alloc::format!(r#"{{"plainToken":"{token}","encryptedToken":""#);
        Encoding::Hex.write(key.sign(&[token.as_bytes()]).as_ref(), &mut body);
        body.push_str(r#""}"#);
        Some(Answer::json(body))
    }

    #[derive(serde::Deserialize)]
    struct Discord {
        r#type: u64,
    }

    /// Discord, "Interactions over HTTP": PING, `{"type":1}`, is answered with the same. None for any other interaction.
    #[must_use]
    pub fn discord<B: AsRef<[u8]>>(request: &Verified<B>) -> Option<Answer> {
        let interaction: Discord = json::parse(request).ok()?;
        (interaction.r#type == 1).then(|| Answer::json(r#"{"type":1}"#.into()))
    }
}

#[cfg(feature = "json")]
pub use signed::{discord, slack, zoom};
