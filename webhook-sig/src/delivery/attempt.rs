//! One attempt: the request to send, and what became of it.

use super::filter::EventType;
use super::id::{AttemptId, AttemptNumber, DeliveryId, EndpointId, EventId};
use crate::UnixMillis;
use crate::ssrf::{Blocked, EndpointUrl, TargetPolicy};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use core::str::FromStr;

/// A signed request, ready to be sent by POST. Its lease is stored: should the process die now, it will be tried again.
///
/// The sender answers with [`Dispatcher::on_outcome`](super::Dispatcher::on_outcome), once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// Its identity, to be given back with the outcome.
    pub id: AttemptId,
    /// The event, the same in each attempt.
    pub event: EventId,
    /// The event's type.
    pub event_type: EventType,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Where to POST to.
    pub url: EndpointUrl,
    /// Which addresses may be connected to, once the name is resolved ([`TargetPolicy::vet`]).
    pub policy: Arc<TargetPolicy>,
    /// Header fields: names in lower case, the signature among them. `host` and `content-length` are the sender's to add.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub payload: Bytes,
    /// When it was handed out, which is the time that the signature carries.
    pub started_at: UnixMillis,
    /// When the sender must give up and report [`Outcome::Timeout`]; the answer's body counts.
    pub deadline: UnixMillis,
}

impl Attempt {
    /// The delivery.
    #[must_use]
    pub fn delivery(&self) -> DeliveryId {
        self.id.delivery
    }

    /// Which attempt of the delivery it is, from 1.
    #[must_use]
    pub fn number(&self) -> AttemptNumber {
        self.id.number
    }
}

/// What became of an attempt.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint answered.
    Response(Response),
    /// The deadline passed first. Also where a 2xx head came and its body did not end in time.
    Timeout,
    /// No connection: refused or unreachable, or not within its budget.
    Connect,
    /// The name could not be resolved, or not within its budget.
    Dns,
    /// The TLS handshake failed, or the certificate was not accepted.
    Tls,
    /// The connection broke, or what came was no HTTP, or a limit on the answer was crossed.
    Protocol,
    /// An address was refused by the policy; nothing was sent.
    Blocked(Blocked),
}

/// An answer, in so far as it matters.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The value of `Retry-After`, unparsed.
    pub retry_after: Option<String>,
    /// The beginning of the body, for an attempt log. It is the endpoint's text: treat it as hostile, and think before showing it.
    pub body: Bytes,
}

impl Outcome {
    /// An answer with this status and nothing else.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Response(Response { status, retry_after: None, body: Bytes::new() })
    }

    /// An answer with this status that asks for patience.
    #[must_use]
    pub fn retry_after(status: u16, value: &str) -> Self {
        Self::Response(Response { status, retry_after: Some(value.into()), body: Bytes::new() })
    }

    /// None for a delivery (2xx), the failure otherwise. Redirects are failures: following one would send signed data to a host that
    /// nobody registered (Standard Webhooks; CloudEvents web-hook §2.1).
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::Response(response) if (200..300).contains(&response.status) => None,
            Self::Response(response) => Some(Failure::Status(response.status)),
            Self::Timeout => Some(Failure::Timeout),
            Self::Connect => Some(Failure::Connect),
            Self::Dns => Some(Failure::Dns),
            Self::Tls => Some(Failure::Tls),
            Self::Protocol => Some(Failure::Protocol),
            Self::Blocked(_) => Some(Failure::Blocked),
        }
    }
}

impl fmt::Debug for Response {
    /// The body by its length: logs are read by more people than the endpoint's owner.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// Why an attempt failed, in one small value with a stable text form for a store: `status 503`, `timeout`, `connect`, …
///
/// ```
/// use webhook_sig::delivery::Failure;
/// assert_eq!(Failure::Status(503).to_string(), "status 503");
/// assert_eq!("timeout".parse(), Ok(Failure::Timeout));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An answer that is not 2xx.
    Status(u16),
    /// [`Outcome::Timeout`].
    Timeout,
    /// [`Outcome::Connect`].
    Connect,
    /// [`Outcome::Dns`].
    Dns,
    /// [`Outcome::Tls`].
    Tls,
    /// [`Outcome::Protocol`].
    Protocol,
    /// [`Outcome::Blocked`].
    Blocked,
    /// The endpoint's keys could not sign at that time; nothing was sent.
    Unsigned,
    /// No outcome came, neither by the deadline nor in the time of grace after it.
    Lost,
    /// The endpoint's queue was full when the event came; nothing was sent.
    Overflow,
}

/// A text is no [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureError;

impl Failure {
    const WORDS: [(Self, &'static str); 9] = [
        (Self::Timeout, "timeout"),
        (Self::Connect, "connect"),
        (Self::Dns, "dns"),
        (Self::Tls, "tls"),
        (Self::Protocol, "protocol"),
        (Self::Blocked, "blocked"),
        (Self::Unsigned, "unsigned"),
        (Self::Lost, "lost"),
        (Self::Overflow, "overflow"),
    ];
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Status(status) = self {
            return write!(f, "status {status}");
        }
        f.write_str(Self::WORDS.iter().find(|(failure, _)| failure == self).map_or("", |(_, word)| word))
    }
}

impl FromStr for Failure {
    type Err = FailureError;

    fn from_str(text: &str) -> Result<Self, FailureError> {
        if let Some(status) = text.strip_prefix("status ") {
            let digits = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
            return if digits {
                status.parse().map(Self::Status).map_err(|_| FailureError)
            } else {
                Err(FailureError)
            };
        }
        Self::WORDS.iter().find(|(_, word)| *word == text).map(|(failure, _)| *failure).ok_or(FailureError)
    }
}

impl fmt::Display for FailureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the text form of a failure")
    }
}

impl core::error::Error for FailureError {}

/// A line of the attempt log, handed to the store with the delivery's new state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// The attempt.
    pub id: AttemptId,
    /// The event.
    pub event: EventId,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// When the request was handed out.
    pub started_at: UnixMillis,
    /// When the outcome came.
    pub ended_at: UnixMillis,
    /// None for a success.
    pub failure: Option<Failure>,
    /// The answer, where there was one.
    pub response: Option<Response>,
}
