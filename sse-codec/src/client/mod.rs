//! The reconnecting `EventSource` as a machine: HTML Standard §9.2.2 and §9.2.3, without I/O.
//!
//! A [`Client`] decides when to connect, with which request, what to make of the response, and how long to wait after
//! an end. Whoever drives it owns the connection, the clock and the sleeping:
//!
//! ```
//! use std::time::Instant;
//! use http::{HeaderMap, HeaderValue, StatusCode};
//! use sse_codec::{Item, client::{Action, Client, ClientConfig, Disconnect, Verdict}};
//!
//! let now = Instant::now();
//! let mut client = Client::new(ClientConfig::new("http://example.com/prices")?, 0);
//!
//! let Action::Connect(request) = client.poll(now) else { panic!("it begins by connecting") };
//! assert_eq!(request.headers()["accept"], "text/event-stream");
//!
//! let mut head = HeaderMap::new();
//! head.insert("content-type", HeaderValue::from_static("text/event-stream"));
//! assert_eq!(client.on_response(now, StatusCode::OK, &head), Verdict::Open);
//!
//! let mut chunk = &b"id: 7\ndata: 12\n\n"[..];
//! while let Some(item) = client.on_bytes(now, &mut chunk) {
//!     assert!(matches!(item, Item::Event(event) if event.data() == "12"));
//! }
//!
//! client.on_eof(now, Disconnect::End);
//! let Action::Wait { until } = client.poll(now) else { panic!("not before the reconnection time") };
//! let Action::Connect(request) = client.poll(until) else { panic!("then it connects again") };
//! assert_eq!(request.headers()["last-event-id"], "7");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backoff;
mod error;
mod limits;
mod machine;
mod mime;
mod redirect;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use url::Url;

pub use self::{
    backoff::Backoff,
    error::{Disconnect, Ended, RedirectError, UrlError},
    limits::ClientLimits,
    machine::{Action, Client, ReadyState, Verdict},
};
use crate::{EventId, Limits};

/// What to request, and how to go about it.
///
/// ```
/// use std::time::Duration;
/// use sse_codec::client::{ClientConfig, transient};
///
/// let mut config = ClientConfig::new("https://example.com/events")?.bearer("abc123")?;
/// config.idle_timeout = Some(Duration::from_secs(45));
/// config.retryable = transient;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientConfig {
    url: Url,
    /// The method. Default GET. Any other is sent again at each reconnection, with the body.
    pub method: Method,
    /// Headers of each request. `Accept` and `Cache-Control` given here replace those of the standard;
    /// `Last-Event-ID` is the machine's own. Values marked sensitive, and credentials in any case, are not sent on
    /// after a redirect to another origin.
    pub headers: HeaderMap,
    /// The body of each request. Default empty.
    pub body: Bytes,
    /// The id to resume from at the first connection. Default none.
    pub last_event_id: EventId,
    /// How long to wait before reconnecting.
    pub backoff: Backoff,
    /// Silence after which an open connection is given up and made anew. Default `None`; three times the server's
    /// heartbeat (45 s for one of 15 s) is a sound choice.
    pub idle_timeout: Option<Duration>,
    /// Which statuses are passing: the client waits, as `Retry-After` says, and tries again. Default: none, as the
    /// standard has it. [`transient`] is the usual other choice. 200, 204 and redirects are not asked about.
    pub retryable: fn(StatusCode) -> bool,
    /// The bounds of the client.
    pub limits: ClientLimits,
    /// The bounds of its parser.
    pub parser: Limits,
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
            backoff: Backoff::default(),
            idle_timeout: None,
            retryable: |_| false,
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
}

/// Statuses that commonly pass: 408, 425, 429, 500, 502, 503, 504. For [`ClientConfig::retryable`].
#[must_use]
pub fn transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}
