//! The envelope, and what is signed of it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

/// What a message is for.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A message that was published to a topic.
    Notification,
    /// Asks whether this endpoint wants the messages of a topic.
    SubscriptionConfirmation,
    /// Tells that it no longer gets them, and how to undo that.
    UnsubscribeConfirmation,
}

impl Kind {
    /// Its name in `Type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notification => "Notification",
            Self::SubscriptionConfirmation => "SubscriptionConfirmation",
            Self::UnsubscribeConfirmation => "UnsubscribeConfirmation",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `SignatureVersion`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Version {
    /// RSA with SHA-1, what a topic has unless told otherwise.
    #[serde(rename = "1")]
    V1,
    /// RSA with SHA-256.
    #[serde(rename = "2")]
    V2,
}

/// The body as it is sent. A member that is there twice is refused by `serde`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Envelope {
    #[serde(rename = "Type")]
    pub(super) kind: Kind,
    pub(super) message_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    pub(super) topic_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    pub(super) message: String,
    #[serde(default, rename = "SubscribeURL", skip_serializing_if = "Option::is_none")]
    pub(super) subscribe_url: Option<String>,
    pub(super) timestamp: String,
    pub(super) signature_version: Version,
    pub(super) signature: String,
    #[serde(rename = "SigningCertURL")]
    pub(super) signing_cert_url: String,
}

impl Envelope {
    /// The text that is signed: names and values, each with a line end, in the order of the names. `None` if a member
    /// of the kind is missing.
    pub(super) fn signed(&self) -> Option<Vec<u8>> {
        let mut text = Vec::with_capacity(self.message.len() + 512);
        let mut line = |name: &str, value: &str| {
            text.extend_from_slice(name.as_bytes());
            text.push(b'\n');
            text.extend_from_slice(value.as_bytes());
            text.push(b'\n');
        };
        line("Message", &self.message);
        line("MessageId", &self.message_id);
        match self.kind {
            Kind::Notification => {
                if let Some(subject) = &self.subject {
                    line("Subject", subject);
                }
                line("Timestamp", &self.timestamp);
            }
            Kind::SubscriptionConfirmation | Kind::UnsubscribeConfirmation => {
                line("SubscribeURL", self.subscribe_url.as_ref()?);
                line("Timestamp", &self.timestamp);
                line("Token", self.token.as_ref()?);
            }
        }
        line("TopicArn", &self.topic_arn);
        line("Type", self.kind.as_str());
        Some(text)
    }

    pub(super) fn into_message(self) -> Message {
        let confirms = self.kind != Kind::Notification;
        Message {
            kind: self.kind,
            topic_arn: self.topic_arn,
            message: self.message,
            // What the kind does not sign is left behind.
            subject: self.subject.filter(|_| !confirms),
            subscribe_url: self.subscribe_url.filter(|_| confirms),
            token: self.token.filter(|_| confirms),
        }
    }
}

/// What is signed of a message; its id and time are in the [`Verified`](crate::Verified) around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    kind: Kind,
    topic_arn: String,
    message: String,
    subject: Option<String>,
    subscribe_url: Option<String>,
    token: Option<String>,
}

impl Message {
    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The topic. Anyone can have one, and messages of all of them verify: compare it with those that you expect.
    #[must_use]
    pub fn topic_arn(&self) -> &str {
        &self.topic_arn
    }

    /// What was published.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What was published, alone.
    #[must_use]
    pub fn into_message(self) -> String {
        self.message
    }

    /// The subject of a notification.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Where a confirmation is answered by a GET. It is requested by nobody but you, once the topic is one that you
    /// expect.
    #[must_use]
    pub fn subscribe_url(&self) -> Option<&str> {
        self.subscribe_url.as_deref()
    }

    /// The token of a confirmation, for the action `ConfirmSubscription`.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
}
