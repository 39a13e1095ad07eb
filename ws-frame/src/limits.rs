//! Every bound, its default, and the attack that it stops.

use core::time::Duration;

/// The bounds of a connection. Start from [`Limits::default`] and change fields by assignment.
///
/// `Duration::MAX` turns a time limit off; `usize::MAX` turns a size limit off.
///
/// ```
/// let mut limits = ws_frame::Limits::default();
/// limits.max_message = 64 * 1024;
/// assert_eq!(limits.max_frame, 16 * 1024 * 1024);
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Payload of one frame, in bytes: 16 MiB. Stops a length field that makes us hold an endless frame; checked as soon
    /// as the header is there. Crossing it closes with 1009.
    pub max_frame: usize,
    /// Payload of one message, in bytes over all fragments, and after decompression: 16 MiB. Stops a message of endless fragments, and a
    /// decompression bomb. Closes with 1009.
    pub max_message: usize,
    /// Bytes that a compressed message may stand for, for each of its bytes on the wire, once it is over 64 KiB: 1000. Stops a
    /// decompression bomb after its first kilobyte, and not only at `max_message`. Closes with 1009. RFC 1951 allows 1032 at most.
    pub max_inflate_ratio: u32,
    /// Fragments of one message: 1024. Stops many tiny fragments, which cost time and not payload. Closes with 1009.
    pub max_fragments: usize,
    /// Empty fragments in a row that do not end a message: 16. Stops spinning on frames that carry nothing. Closes with 1009.
    pub max_empty_fragments: usize,
    /// Ping and Pong frames taken a second, and in one burst: 100. Stops a ping flood. Closes with 1008.
    pub max_control_per_second: u32,
    /// Pongs that wait to be sent: 16, as ten pings in one read are to be answered each (Autobahn 2.10). The oldest is dropped for a
    /// newer one, as RFC 6455 §5.5.3 allows, and while earlier ones have not gone out a single one waits. Stops a peer that pings
    /// and never reads.
    pub max_pending_pongs: usize,
    /// Payload of the events that came since none waited, in bytes, with 64 more for each: 1 MiB. Above it input waits too, until they
    /// are taken, and
    /// [`wants_read`](crate::Connection::wants_read) is false. Stops a peer that sends faster than the application takes.
    pub max_unread: usize,
    /// Bytes queued to be sent above which `Event::HighWater` is raised: 1 MiB.
    pub high_water: usize,
    /// Bytes queued to be sent at or below which `Event::LowWater` follows a `HighWater`: 256 KiB.
    pub low_water: usize,
    /// Bytes queued to be sent above which `send` refuses: 4 MiB. One message is always taken when nothing waits, however big.
    /// Stops a peer that never reads from filling our memory.
    pub max_buffered: usize,
    /// Wait for the peer's Close after ours, and for the end of the transport after both: 5 s. Stops a peer that holds a
    /// closing connection open.
    pub close_timeout: Duration,
    /// Time without a byte from the peer: 120 s. Stops half-open connections where the heartbeat is off. Closes with 1001.
    pub idle_timeout: Duration,
    /// Time from the first byte of a message to its last: 60 s. Stops a message that trickles in. Closes with 1008.
    pub assembly_timeout: Duration,
}

impl Limits {
    /// The defaults named at each field.
    pub const DEFAULT: Limits = Limits {
        max_frame: 16 * 1024 * 1024,
        max_message: 16 * 1024 * 1024,
        max_inflate_ratio: 1000,
        max_fragments: 1024,
        max_empty_fragments: 16,
        max_control_per_second: 100,
        max_pending_pongs: 16,
        max_unread: 1024 * 1024,
        high_water: 1024 * 1024,
        low_water: 256 * 1024,
        max_buffered: 4 * 1024 * 1024,
        close_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(120),
        assembly_timeout: Duration::from_secs(60),
    };
}

#[cfg(feature = "std")]
impl Limits {
    /// What a message may be long on the wire, compressed: what does not compress is a little longer then.
    pub(crate) const fn max_compressed(&self) -> u64 {
        let max = self.max_message as u64;
        max.saturating_add(max >> 8).saturating_add(64)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}
