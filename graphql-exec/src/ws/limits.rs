//! What one connection may make the server hold.

use std::time::Duration;

/// The bounds of a [`Server`](super::Server).
///
/// ```
/// use graphql_exec::ws::WsLimits;
/// let mut limits = WsLimits::default();
/// limits.max_operations = 10;
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WsLimits {
    /// Time from the opening of the socket to `connection_init`; default 3 s, then 4408. Stops sockets that are opened and
    /// never used.
    pub init_timeout: Duration,
    /// Operations under way at once, in number; default 100. One more is answered with an `error`. Stops a client that
    /// opens subscriptions without end on one connection.
    pub max_operations: usize,
    /// A message in bytes; default 256 KiB, then 4400. The transport below should have the same bound, so that a longer
    /// message is never held. Stops a message that fills the memory.
    pub max_message: usize,
    /// The id of an operation in bytes; default 256, then 4400. Stops ids that would be stored and sent back with each result.
    pub max_id: usize,
    /// Messages that may wait to be sent, in number; default 64. Then [`Server::is_writable`](super::Server::is_writable)
    /// is false: no source is polled and nothing is read until some have gone. Stops a client that does not read from filling
    /// the memory.
    pub max_outbound: usize,
    /// Time between two pings of ours; default 30 s, `None` sends none. They keep proxies from closing a connection on which
    /// nothing happens; whether the peer is there is for the transport to find out.
    pub ping_interval: Option<Duration>,
}

impl WsLimits {
    /// The defaults given at each field.
    pub const DEFAULT: Self = Self {
        init_timeout: Duration::from_secs(3),
        max_operations: 100,
        max_message: 256 << 10,
        max_id: 256,
        max_outbound: 64,
        ping_interval: Some(Duration::from_secs(30)),
    };
}

impl Default for WsLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
