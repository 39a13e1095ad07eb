//! Signing as SNS does, to test a receiver: RSA, so through an external signer.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::cert_url::CertUrl;
use super::message::{Envelope, Kind, Version};
use crate::error::SignError;
use crate::external::{self, ExternalError, ExternalSigner};
use crate::{SignatureAlgorithm, UnixMillis, date};

/// A message that is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    kind: Kind,
    message_id: String,
    topic_arn: String,
    message: String,
    subject: Option<String>,
    subscribe_url: Option<String>,
    token: Option<String>,
}

impl Draft {
    /// A notification.
    #[must_use]
    pub fn notification(message_id: &str, topic_arn: &str, subject: Option<&str>, message: &str) -> Self {
        Self {
            kind: Kind::Notification,
            message_id: message_id.into(),
            topic_arn: topic_arn.into(),
            message: message.into(),
            subject: subject.map(Into::into),
            subscribe_url: None,
            token: None,
        }
    }

    /// A confirmation, `SubscriptionConfirmation` or `UnsubscribeConfirmation`. `None` for another kind.
    #[must_use]
    pub fn confirmation(
        kind: Kind,
        message_id: &str,
        topic_arn: &str,
        message: &str,
        subscribe_url: &str,
        token: &str,
    ) -> Option<Self> {
        if kind == Kind::Notification {
            return None;
        }
        Some(Self {
            kind,
            message_id: message_id.into(),
            topic_arn: topic_arn.into(),
            message: message.into(),
            subject: None,
            subscribe_url: Some(subscribe_url.into()),
            token: Some(token.into()),
        })
    }
}

/// Signs a message as SNS does, and gives the body to send. The signer's algorithm is the version:
/// [`RsaV15Sha1`](SignatureAlgorithm::RsaV15Sha1) for 1, [`RsaV15Sha256`](SignatureAlgorithm::RsaV15Sha256) for 2.
///
/// # Errors
/// [`ExternalError`].
pub async fn sign_with<X: ExternalSigner>(
    draft: &Draft,
    at: UnixMillis,
    cert_url: &CertUrl,
    signer: &X,
) -> Result<Vec<u8>, ExternalError<SignError, X::Error>> {
    const ALLOWED: [SignatureAlgorithm; 2] =
        [SignatureAlgorithm::RsaV15Sha1, SignatureAlgorithm::RsaV15Sha256];
    let version =
        if signer.algorithm() == SignatureAlgorithm::RsaV15Sha1 { Version::V1 } else { Version::V2 };
    let mut envelope = Envelope {
        kind: draft.kind,
        message_id: draft.message_id.clone(),
        token: draft.token.clone(),
        topic_arn: draft.topic_arn.clone(),
        subject: draft.subject.clone(),
        message: draft.message.clone(),
        subscribe_url: draft.subscribe_url.clone(),
        timestamp: date::write(at),
        signature_version: version,
        signature: String::new(),
        signing_cert_url: cert_url.as_str().into(),
    };
    let signed = envelope.signed().ok_or(ExternalError::Sign(SignError::Body))?;
    let signature = external::ask(signer, &ALLOWED, &[&signed]).await?;
    envelope.signature = BASE64_STANDARD.encode(signature);
    serde_json::to_vec(&envelope).map_err(|_| ExternalError::Sign(SignError::Body))
}
