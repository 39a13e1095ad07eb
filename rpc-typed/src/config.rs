//! What a server lets clients do beside its bounds.

use std::time::Duration;

use crate::limits::Limits;

/// How requests are answered.
///
/// ```
/// let mut config = rpc_typed::Config::default();
/// config.sse.reconnect_after_inactivity = Some(std::time::Duration::from_secs(20));
/// assert!(config.batching && !config.method_override);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The bounds of a request.
    pub limits: Limits,
    /// Whether `?batch=1` is answered; default true.
    pub batching: bool,
    /// Whether queries and subscriptions may come by POST too (`methodOverride` of the client); default false. A mutation
    /// never comes by GET.
    pub method_override: bool,
    /// How event streams behave.
    pub sse: Sse,
}

impl Config {
    /// The defaults given at each field.
    pub const DEFAULT: Self =
        Self { limits: Limits::DEFAULT, batching: true, method_override: false, sse: Sse::DEFAULT };
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How event streams behave.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sse {
    /// The silence after which a `ping` is sent; default 15 s. `None` sends none, and then a client that has gone is
    /// noticed only with the next event.
    pub ping: Option<Duration>,
    /// The silence after which the client is told, in `connected`, to take the connection for dead and to open another;
    /// default `None`. Make it longer than [`ping`](Self::ping).
    pub reconnect_after_inactivity: Option<Duration>,
    /// How long a stream lasts until its body ends without a word, so that the client reconnects behind its last id;
    /// default `None`. It bounds how long an old process must be kept, and how long a token counts that was only checked
    /// at the start.
    pub max_duration: Option<Duration>,
}

impl Sse {
    /// The defaults given at each field.
    pub const DEFAULT: Self =
        Self { ping: Some(Duration::from_secs(15)), reconnect_after_inactivity: None, max_duration: None };
}

impl Default for Sse {
    fn default() -> Self {
        Self::DEFAULT
    }
}
