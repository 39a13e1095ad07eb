//! Verifying a message of SNS. All of it is needed, so a body that streams is kept up to the limit.

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::cert_url::CertUrl;
use super::message::{Envelope, Message, Version};
use crate::error::{BodyFlaw, Exceeded, Reject};
use crate::verify::{SignedId, Verified};
use crate::{Certificate, Explain, KeyRing, Limits, SignatureAlgorithm, UnixMillis, date};

/// The longest signature in base64: that of a key of 8192 bits.
const MAX_SIGNATURE: usize = 1368;

/// The URL of the certificate that a message names, checked, so that it can be fetched. Nothing else of an unverified
/// body is told.
///
/// # Errors
/// [`Reject::Body`] for a body that is no message of SNS, or whose URL is not that of a certificate of SNS;
/// [`Reject::Limit`] beyond [`Limits::max_body`].
///
/// ```
/// let body = br#"{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":"m",
///     "Timestamp":"2026-11-26T00:00:00.000Z","SignatureVersion":"2","Signature":"AA==",
///     "SigningCertURL":"https://sns.eu-west-1.amazonaws.com/a.pem"}"#;
/// let url = webhook_sig::sns::cert_url(body, &webhook_sig::sns::Verifier::limits())?;
/// assert_eq!(url.as_str(), "https://sns.eu-west-1.amazonaws.com/a.pem");
/// # Ok::<(), webhook_sig::Reject>(())
/// ```
pub fn cert_url(body: &[u8], limits: &Limits) -> Result<CertUrl, Reject> {
    if body.len() > limits.max_body {
        return Err(Reject::Limit(Exceeded::Body { max: limits.max_body }));
    }
    url_of(&parse(body)?)
}

fn parse(body: &[u8]) -> Result<Envelope, Reject> {
    serde_json::from_slice(body).map_err(|_| Reject::Body(BodyFlaw::Envelope))
}

fn url_of(envelope: &Envelope) -> Result<CertUrl, Reject> {
    CertUrl::parse(&envelope.signing_cert_url).map_err(|_| Reject::Body(BodyFlaw::CertificateUrl))
}

/// Verifies messages of SNS with the certificates of a ring.
///
/// The certificate's own validity counts beside the window of its key.
#[derive(Clone, Debug)]
pub struct Verifier<'r> {
    ring: &'r KeyRing<Certificate>,
    limits: Limits,
    v2_only: bool,
}

impl<'r> Verifier<'r> {
    /// Verifies both versions within [`Verifier::limits`].
    #[must_use]
    pub const fn new(ring: &'r KeyRing<Certificate>) -> Self {
        Self { ring, limits: Self::limits(), v2_only: false }
    }

    /// The default limits: [`Limits::DEFAULT`], but an hour of tolerance to the past, as SNS tries again for that long
    /// without signing anew.
    #[must_use]
    pub const fn limits() -> Limits {
        let mut limits = Limits::DEFAULT;
        limits.tolerance_past = Duration::from_secs(3600);
        limits
    }

    /// The same verifier within other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Refuses `SignatureVersion` 1, which stands on SHA-1. The topic has to be set to version 2 for this.
    #[must_use]
    pub fn v2_only(self) -> Self {
        Self { v2_only: true, ..self }
    }

    /// Verifies a body that is there in full.
    ///
    /// # Errors
    /// [`Reject`].
    pub fn verify(&self, body: &[u8], now: UnixMillis) -> Result<Verified<Message>, Reject> {
        if body.len() > self.limits.max_body {
            return Err(Reject::Limit(Exceeded::Body { max: self.limits.max_body }));
        }
        let envelope = parse(body)?;
        let url = url_of(&envelope)?;
        let algorithm = match envelope.signature_version {
            Version::V2 => SignatureAlgorithm::RsaV15Sha256,
            Version::V1 if !self.v2_only => SignatureAlgorithm::RsaV15Sha1,
            Version::V1 => return Err(Reject::Body(BodyFlaw::SignatureVersion)),
        };
        let at =
            date::parse(&envelope.timestamp).ok_or(Reject::Body(BodyFlaw::Time { member: "Timestamp" }))?;
        let id = self.id(&envelope)?;
        let (past, future) = (now.saturating_since(at), at.saturating_since(now));
        if past > self.limits.tolerance_past {
            return Err(Reject::Stale { by: past });
        }
        if future > self.limits.tolerance_future {
            return Err(Reject::Future { by: future });
        }
        let signed = envelope.signed().ok_or(Reject::Body(BodyFlaw::Envelope))?;
        if envelope.signature.len() > MAX_SIGNATURE {
            return Err(Reject::Body(BodyFlaw::Envelope));
        }
        let signature =
            BASE64_STANDARD.decode(&envelope.signature).map_err(|_| Reject::Body(BodyFlaw::Envelope))?;

        let named = self.ring.active_entries(now).any(|entry| entry.id().as_str() == url.as_str());
        let mut explain = Explain { signatures: 1, body: body.len(), ..Explain::default() };
        for entry in self.ring.active_entries(now) {
            if (named && entry.id().as_str() != url.as_str()) || !entry.key().is_valid(now) {
                continue;
            }
            explain.keys += 1;
            let matches = entry.key().public_key(algorithm).is_ok_and(|key| key.verify(&signed, &signature));
            if matches {
                return Ok(Verified::by_id(envelope.into_message(), id, Some(at), entry.id().clone()));
            }
        }
        Err(Reject::NoMatch(explain))
    }

    fn id(&self, envelope: &Envelope) -> Result<SignedId, Reject> {
        let id = &envelope.message_id;
        let max = self.limits.max_id.min(SignedId::MAX_LEN);
        if id.len() > max {
            return Err(Reject::Limit(Exceeded::Id { max }));
        }
        // SNS writes UUIDs.
        let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.');
        let id = if plain { SignedId::new(id.as_bytes()) } else { None };
        id.ok_or(Reject::Body(BodyFlaw::Envelope))
    }

    /// Begins to verify a body that is still to come, which is kept until it is there.
    #[must_use]
    pub const fn begin(&self, now: UnixMillis) -> Pending<'_> {
        Pending { verifier: self, now, body: Vec::new(), exceeded: false }
    }
}

/// A message under way ([`Verifier::begin`]).
pub struct Pending<'v> {
    verifier: &'v Verifier<'v>,
    now: UnixMillis,
    body: Vec<u8>,
    exceeded: bool,
}

impl Pending<'_> {
    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// [`Reject::Limit`] once the body is longer than [`Limits::max_body`]; then, and whenever called after that.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Reject> {
        let max = self.verifier.limits.max_body;
        if self.exceeded || chunk.len() > max.saturating_sub(self.body.len()) {
            self.exceeded = true;
            return Err(Reject::Limit(Exceeded::Body { max }));
        }
        self.body.extend_from_slice(chunk);
        Ok(())
    }

    /// Ends the body and verifies it.
    ///
    /// # Errors
    /// [`Reject`].
    pub fn finish(self) -> Result<Verified<Message>, Reject> {
        if self.exceeded {
            return Err(Reject::Limit(Exceeded::Body { max: self.verifier.limits.max_body }));
        }
        self.verifier.verify(&self.body, self.now)
    }
}

impl fmt::Debug for Pending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("body", &self.body.len()).finish_non_exhaustive()
    }
}
