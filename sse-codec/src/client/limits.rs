//! The bounds of a client.

use core::time::Duration;

/// Every bound of a [`Client`](super::Client) beside those of its parser ([`Limits`](crate::Limits)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientLimits {
    /// Redirects followed in one attempt. Default 10. Stops servers that send a client in circles.
    pub max_redirects: u32,
    /// Attempts in a row without a healthy connection before the client gives up. Default `None`: no end, as the standard
    /// has it.
    pub max_attempts: Option<u32>,
    /// Bytes kept of the body of a refused response. Default 4 KiB. Stops an error page without end.
    pub max_error_body: usize,
    /// Bytes of an id that is still sent back in `Last-Event-ID`. Default 4 KiB. Stops an id that no server takes in a header
    /// from making every request fail; the stream then begins anew ([`Resumed::Unsendable`](super::Resumed::Unsendable)).
    pub max_last_event_id: usize,
    /// The shortest wait before another attempt, whatever asks for less. Default 100 ms. Stops `retry: 0` from making the
    /// client hammer a server.
    pub min_retry: Duration,
    /// The longest reconnection time that a server may set. Default 1 h. Stops a client from never coming back.
    pub max_retry: Duration,
    /// The longest wait that `Retry-After` may ask for. Default 5 min. Stops the same by another header.
    pub max_retry_after: Duration,
    /// How long connecting and the response head may take, over all redirects of one attempt, and then the body of a
    /// refused response. `None` turns it off. Default 30 s. Stops a server that accepts and never answers.
    pub response_timeout: Option<Duration>,
}

impl ClientLimits {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        max_redirects: 10,
        max_attempts: None,
        max_error_body: 4096,
        max_last_event_id: 4096,
        min_retry: Duration::from_millis(100),
        max_retry: Duration::from_secs(3600),
        max_retry_after: Duration::from_secs(300),
        response_timeout: Some(Duration::from_secs(30)),
    };
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
