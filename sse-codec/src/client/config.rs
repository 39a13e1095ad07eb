//! What to request, and how to go about it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use url::Url;

use super::{Backoff, ClientLimits, UrlError, redirect};
use crate::{EventId, EventName, FieldError, Limits};

/// What to request, and how to go about it.
///
/// ```
/// use std::time::Duration;
/// use sse_codec::client::{ClientConfig, transient};
///
/// let mut config = ClientConfig::new("https://example.com/events")?.bearer("abc123")?.reset_event("reset")?;
/// config.idle_timeout = Some(Duration::from_secs(45));
/// config.retryable = transient;
/// config.remember_ids = 256;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientConfig {
    pub(super) url: Url,
    /// The method. Default GET. Any other is sent again at each reconnection, with the body; see [`resume_by`].
    ///
    /// [`resume_by`]: Self::resume_by
    pub method: Method,
    /// Headers of each request. `Accept` and `Cache-Control` given here replace those of the standard;
    /// `Last-Event-ID` is the machine's own. Values marked sensitive, and credentials in any case, are not sent on
    /// after a redirect to another origin.
    pub headers: HeaderMap,
    /// The body of each request. Default empty.
    pub body: Bytes,
    /// The id to resume from at the first connection. Default none.
    pub last_event_id: EventId,
    /// The request that resumes a stream. Default: the same again.
    pub resume_by: ResumeBy,
    /// How long to wait before reconnecting.
    pub backoff: Backoff,
    /// Silence after which an open connection is given up and made anew. Default `None`; three times the server's
    /// heartbeat (45 s for one of 15 s) is a sound choice.
    pub idle_timeout: Option<Duration>,
    /// Which statuses are passing: the client waits, as `Retry-After` says, and tries again. Default: none, as the
    /// standard has it. [`transient`] is the usual other choice. 200, 204 and redirects are not asked about.
    pub retryable: fn(StatusCode) -> bool,
    /// The event type by which the server says that events were lost; such an event is marked
    /// [`Mark::Gap`](super::Mark::Gap). Default `None`, since the standard knows no such event; the hub of this crate says
    /// `reset`.
    pub reset: Option<EventName>,
    /// How many of the last ids to keep, up to 16 bytes each, in order to mark what comes again after a reconnection as
    /// [`Mark::Duplicate`](super::Mark::Duplicate). Default 0: nothing is kept or marked. Of use only where an id names one
    /// event.
    pub remember_ids: usize,
    /// The bounds of the client.
    pub limits: ClientLimits,
    /// The bounds of its parser.
    pub parser: Limits,
}

/// The request that resumes a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ResumeBy {
    /// The same request as the first, body included.
    #[default]
    SameRequest,
    /// GET without a body, whatever the first request was, as MCP's Streamable HTTP has it ("Resumability and
    /// Redelivery"): an id belongs to the one stream it came on, and the POST that opened the stream must not be carried
    /// out twice. A stream that was open and gave no id cannot be resumed, and ends with
    /// [`Ended::NotResumable`](super::Ended::NotResumable).
    Get,
}

impl ClientConfig {
    /// The standard's behaviour on this URL.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn new(url: &str) -> Result<Self, UrlError> {
        Ok(Self {
            url: redirect::parse(url)?,
            method: Method::GET,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            last_event_id: EventId::default(),
            resume_by: ResumeBy::SameRequest,
            backoff: Backoff::default(),
            idle_timeout: None,
            retryable: |_| false,
            reset: None,
            remember_ids: 0,
            limits: ClientLimits::DEFAULT,
            parser: Limits::DEFAULT,
        })
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Sets a header of each request.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets `Authorization: Bearer …`, marked as sensitive.
    ///
    /// # Errors
    /// If the token holds what no header can carry.
    pub fn bearer(self, token: &str) -> Result<Self, header::InvalidHeaderValue> {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))?;
        value.set_sensitive(true);
        Ok(self.header(header::AUTHORIZATION, value))
    }

    /// Names the event type by which the server says that events were lost; see [`reset`](Self::reset).
    ///
    /// # Errors
    /// [`FieldError`] if it is no event type.
    pub fn reset_event(mut self, name: &str) -> Result<Self, FieldError> {
        self.reset = Some(EventName::parse(name)?);
        Ok(self)
    }
}

/// Statuses that commonly pass: 408, 425, 429, 500, 502, 503, 504. For [`ClientConfig::retryable`].
#[must_use]
pub fn transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}
