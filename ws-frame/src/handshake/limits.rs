//! The bounds of the opening handshake, each with the attack that it stops.

use core::time::Duration;

/// What a peer may cost before a connection is open.
///
/// # Examples
/// ```
/// use ws_frame::handshake::Limits;
///
/// let mut limits = Limits::default();
/// limits.max_head = 8 * 1024;
/// assert_eq!(limits.max_headers, 100);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request or response head, empty lines and interim (1xx) responses before it included.
    /// Default 16 KiB. Stops a head that never ends from filling memory.
    pub max_head: usize,
    /// Header lines of a head. Default 100. Stops many tiny headers, each of which costs more than its bytes.
    pub max_headers: usize,
    /// Bytes of the body of a refusal that a client keeps. Default 64 KiB; what is over it is cut. Stops a refusal that never ends from
    /// filling memory.
    pub max_body: usize,
    /// Subprotocols that one side may name, empty list elements included. Default 32. Stops long lists, which are
    /// checked for duplicates pairwise.
    pub max_subprotocols: usize,
    /// Extensions that one side may name, empty list elements included. Default 16. Stops long lists of small
    /// allocations.
    pub max_extensions: usize,
    /// Parameters of one extension. Default 16. Stops the same through parameters.
    pub max_extension_parameters: usize,
    /// Time from the first byte awaited to the handshake done. Default 10 s. The core reads no clock: adapters hold
    /// to it. Stops a peer that sends its head one byte at a time.
    pub timeout: Duration,
}

impl Limits {
    /// The defaults, as a constant.
    pub const DEFAULT: Self = Self {
        max_head: 16 * 1024,
        max_headers: 100,
        max_body: 64 * 1024,
        max_subprotocols: 32,
        max_extensions: 16,
        max_extension_parameters: 16,
        timeout: Duration::from_secs(10),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
