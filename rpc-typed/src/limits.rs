//! What one request may make a server hold.

use std::time::Duration;

/// The bounds of one request. Sizes are bytes. Crossing one is refused with the code given at the field.
///
/// The nesting of an input is held to 128 by `serde_json`, whose limit is not lifted; deeper is `BAD_REQUEST`.
///
/// ```
/// use rpc_typed::Limits;
///
/// let mut limits = Limits::default();
/// limits.max_batch = 10;
/// assert_eq!(Limits::DEFAULT.max_batch, 64);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The body; default 1 MiB, `PAYLOAD_TOO_LARGE`. Stops a body without end from filling memory.
    pub max_body: usize,
    /// Path and query together; default 16 KiB, `PAYLOAD_TOO_LARGE`. Stops inputs in a query that cost more to decode
    /// than a body may, and paths that an error would echo.
    pub max_url: usize,
    /// Calls of a batch; default 64, `BAD_REQUEST`. Stops a path of commas, each of which would be an error to write
    /// (trpc/trpc#7168), and thousands of calls for the price of one request.
    pub max_batch: usize,
    /// The path of one procedure; default 256, `BAD_REQUEST`. No procedure has a longer one, so what is longer only
    /// serves to be echoed.
    pub max_path: usize,
    /// `connectionParams`, decoded; default 8 KiB, `PARSE_ERROR`. Stops a map that is kept as long as a subscription.
    pub max_connection_params: usize,
    /// The id that a subscription resumes behind; default 1 KiB, `BAD_REQUEST`. Stops ids that reach the store, and that
    /// are kept as long as the subscription.
    pub max_last_event_id: usize,
    /// How long a call may take from the head of the request to its result or, for a subscription, to the opening of its
    /// stream; default 30 s, `TIMEOUT`. `None`: as long as it likes. Stops slow bodies and handlers that hang.
    pub call_deadline: Option<Duration>,
}

impl Limits {
    /// The defaults given at each field.
    pub const DEFAULT: Self = Self {
        max_body: 1 << 20,
        max_url: 16 << 10,
        max_batch: 64,
        max_path: 256,
        max_connection_params: 8 << 10,
        max_last_event_id: 1 << 10,
        call_deadline: Some(Duration::from_secs(30)),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
