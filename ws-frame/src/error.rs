//! What a peer, or time, did wrong.

use core::fmt;

use crate::close::CloseCode;

/// Why a connection was failed: the rule that was broken, and where.
///
/// It is 32 bytes at most, holds no payload, and says what to put on the wire through [`Error::close_code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Error {
    kind: ErrorKind,
    offset: u64,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind, offset: u64) -> Self {
        Error { kind, offset }
    }

    /// The rule that was broken.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where the offending frame begins, counted in bytes from the first byte after the handshake. For an error of time
    /// or of the transport it is the number of bytes taken so far.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The code that says this on the wire (RFC 6455 §7.4.1). [`CloseCode::ABNORMAL`] where nothing can be said any more.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use ws_frame::{CloseCode, FrameDecoder, Limits, Role};
    ///
    /// let mut decoder = FrameDecoder::new(Role::Client, Limits::DEFAULT.max_frame);
    /// let error = decoder.decode(&mut BytesMut::from(&b"\x83\x00"[..])).unwrap_err();
    /// assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR);
    /// assert_eq!(error.to_string(), "reserved opcode 0x3 in the frame at byte 0");
    /// ```
    pub const fn close_code(&self) -> CloseCode {
        match self.kind {
            ErrorKind::ReservedBits
            | ErrorKind::ReservedOpcode(_)
            | ErrorKind::LengthNotMinimal
            | ErrorKind::LengthTopBit
            | ErrorKind::MaskMissing
            | ErrorKind::MaskPresent
            | ErrorKind::ControlTooLong
            | ErrorKind::ControlFragmented
            | ErrorKind::UnexpectedContinuation
            | ErrorKind::ExpectedContinuation
            | ErrorKind::CloseBodyLength
            | ErrorKind::CloseCode(_) => CloseCode::PROTOCOL_ERROR,
            ErrorKind::InvalidUtf8 { .. } | ErrorKind::InvalidDeflate => CloseCode::INVALID_PAYLOAD,
            ErrorKind::FrameTooBig
            | ErrorKind::MessageTooBig
            | ErrorKind::InflateRatio
            | ErrorKind::TooManyFragments
            | ErrorKind::TooManyEmptyFragments => CloseCode::TOO_BIG,
            ErrorKind::ControlFlood | ErrorKind::AssemblyTimeout => CloseCode::POLICY_VIOLATION,
            ErrorKind::BudgetExhausted => CloseCode::TRY_AGAIN_LATER,
            ErrorKind::IdleTimeout => CloseCode::GOING_AWAY,
            ErrorKind::PongTimeout => CloseCode::INTERNAL_ERROR,
            ErrorKind::CloseTimeout | ErrorKind::UnexpectedEof => CloseCode::ABNORMAL,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in the frame at byte {}", self.kind, self.offset)
    }
}

impl core::error::Error for Error {}

/// The rule that was broken.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// RSV1, RSV2 or RSV3 is set and no extension gives it a meaning (RFC 6455 §5.2).
    ReservedBits,
    /// An opcode of 3-7 or 11-15 (§5.2).
    ReservedOpcode(u8),
    /// The payload length is not in its shortest form (§5.2).
    LengthNotMinimal,
    /// The most significant bit of a 64-bit length is set (§5.2).
    LengthTopBit,
    /// A client sent a frame without a mask (§5.1).
    MaskMissing,
    /// A server sent a masked frame (§5.1).
    MaskPresent,
    /// A control frame has more than 125 bytes of payload (§5.5).
    ControlTooLong,
    /// A control frame is fragmented (§5.5).
    ControlFragmented,
    /// A continuation frame came while no message was open (§5.4).
    UnexpectedContinuation,
    /// A new text or binary frame came inside a fragmented message (§5.4).
    ExpectedContinuation,
    /// A Close body of one byte (§5.5.1).
    CloseBodyLength,
    /// A Close code that may not be on the wire (§7.4).
    CloseCode(u16),
    /// Text, or the reason of a Close frame, is not UTF-8 (§8.1). `at` is the offset in the message (or reason) of the first byte that
    /// belongs to no valid character.
    InvalidUtf8 {
        /// Offset in bytes from the start of the message or reason.
        at: u64,
    },
    /// A frame is over [`Limits::max_frame`](crate::Limits::max_frame).
    FrameTooBig,
    /// A message is over [`Limits::max_message`](crate::Limits::max_message).
    MessageTooBig,
    /// A message has more fragments than [`Limits::max_fragments`](crate::Limits::max_fragments).
    TooManyFragments,
    /// More empty fragments in a row than [`Limits::max_empty_fragments`](crate::Limits::max_empty_fragments).
    TooManyEmptyFragments,
    /// The [`MemoryBudget`](crate::MemoryBudget) that connections share has no room for more of this message.
    BudgetExhausted,
    /// More control frames than [`Limits::max_control_per_second`](crate::Limits::max_control_per_second).
    ControlFlood,
    /// A message was not complete within [`Limits::assembly_timeout`](crate::Limits::assembly_timeout).
    AssemblyTimeout,
    /// A ping of ours was not answered within the `pong_timeout` of the heartbeat.
    PongTimeout,
    /// Nothing came within [`Limits::idle_timeout`](crate::Limits::idle_timeout).
    IdleTimeout,
    /// The peer did not answer our Close within [`Limits::close_timeout`](crate::Limits::close_timeout).
    CloseTimeout,
    /// The transport ended before a Close frame came.
    UnexpectedEof,
    /// The payload of a compressed message is not compressed as RFC 7692 §7.2.2 says.
    InvalidDeflate,
    /// A compressed message stands for more than [`Limits::max_inflate_ratio`](crate::Limits::max_inflate_ratio) times its bytes.
    InflateRatio,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::ReservedBits => f.write_str("reserved bit set without an extension"),
            ErrorKind::ReservedOpcode(opcode) => write!(f, "reserved opcode {opcode:#x}"),
            ErrorKind::LengthNotMinimal => f.write_str("payload length not in its shortest form"),
            ErrorKind::LengthTopBit => f.write_str("top bit of a 64-bit payload length set"),
            ErrorKind::MaskMissing => f.write_str("unmasked payload from a client"),
            ErrorKind::MaskPresent => f.write_str("masked payload from a server"),
            ErrorKind::ControlTooLong => f.write_str("control payload over 125 bytes"),
            ErrorKind::ControlFragmented => f.write_str("fragmented control frame"),
            ErrorKind::UnexpectedContinuation => f.write_str("continuation without a message"),
            ErrorKind::ExpectedContinuation => f.write_str("new message inside a fragmented message"),
            ErrorKind::CloseBodyLength => f.write_str("close body of one byte"),
            ErrorKind::CloseCode(code) => write!(f, "close code {code} not allowed on the wire"),
            ErrorKind::InvalidUtf8 { at } => write!(f, "invalid utf-8 at byte {at} of the text"),
            ErrorKind::FrameTooBig => f.write_str("frame over the limit max_frame"),
            ErrorKind::MessageTooBig => f.write_str("message over the limit max_message"),
            ErrorKind::TooManyFragments => f.write_str("message over the limit max_fragments"),
            ErrorKind::TooManyEmptyFragments => f.write_str("message over the limit max_empty_fragments"),
            ErrorKind::BudgetExhausted => f.write_str("message over what is left of the memory budget"),
            ErrorKind::ControlFlood => f.write_str("control frames over the limit max_control_per_second"),
            ErrorKind::AssemblyTimeout => f.write_str("message not complete within assembly_timeout"),
            ErrorKind::PongTimeout => f.write_str("ping not answered within pong_timeout"),
            ErrorKind::IdleTimeout => f.write_str("nothing received within idle_timeout"),
            ErrorKind::CloseTimeout => f.write_str("close not answered within close_timeout"),
            ErrorKind::UnexpectedEof => f.write_str("transport ended without a close"),
            ErrorKind::InvalidDeflate => f.write_str("invalid deflate data"),
            ErrorKind::InflateRatio => f.write_str("compressed message over the limit max_inflate_ratio"),
        }
    }
}

/// Why a message was not queued. Nothing of it was.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendError {
    /// A Close frame was sent already, or the connection is over: nothing may follow it (RFC 6455 §5.5.1).
    Closed,
    /// The queue would pass [`Limits::max_buffered`](crate::Limits::max_buffered): the peer does not read. Wait for
    /// `LowWater`, drop the message, or close with 1013.
    BufferFull {
        /// Bytes that wait now.
        buffered: usize,
    },
    /// A ping or pong payload is over 125 bytes (§5.5).
    ControlTooLong,
    /// A message in parts is not ended, and this is no part of it (§5.4).
    MessageOpen,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Closed => f.write_str("connection is closing or closed"),
            SendError::BufferFull { buffered } => {
                write!(f, "outgoing queue over the limit max_buffered ({buffered} bytes wait)")
            }
            SendError::ControlTooLong => f.write_str("control payload over 125 bytes"),
            SendError::MessageOpen => f.write_str("a message in parts is not ended"),
        }
    }
}

impl core::error::Error for SendError {}
