//! Close codes (RFC 6455 §7.4) and how a connection ended.

use core::fmt;

use bytes::BufMut;

use crate::error::{Error, ErrorKind};
use crate::text::Text;
use crate::utf8;

/// The longest reason a Close frame holds, in bytes: 125 less the code (RFC 6455 §5.5).
pub const MAX_REASON: usize = 123;

/// A close code: one that may be on the wire, or one of the three that only describe an end ([`NO_STATUS`](Self::NO_STATUS),
/// [`ABNORMAL`](Self::ABNORMAL), [`TLS_HANDSHAKE`](Self::TLS_HANDSHAKE)).
///
/// ```
/// use ws_frame::CloseCode;
///
/// assert_eq!(CloseCode::try_from(4001).unwrap().as_u16(), 4001);
/// assert!(CloseCode::try_from(1005).is_err()); // never on the wire
/// assert!(CloseCode::try_from(2999).is_err()); // not assigned
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// 1001: a server stops, or a page is left.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// 1002: a rule of RFC 6455 was broken.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// 1003: a kind of data that the endpoint does not take.
    pub const UNSUPPORTED_DATA: CloseCode = CloseCode(1003);
    /// 1005: the peer's Close had no code. Not on the wire.
    pub const NO_STATUS: CloseCode = CloseCode(1005);
    /// 1006: no Close frame came. Not on the wire.
    pub const ABNORMAL: CloseCode = CloseCode(1006);
    /// 1007: a message that does not match its type, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: CloseCode = CloseCode(1007);
    /// 1008: a policy was broken, and no other code fits.
    pub const POLICY_VIOLATION: CloseCode = CloseCode(1008);
    /// 1009: a message is too big to be processed.
    pub const TOO_BIG: CloseCode = CloseCode(1009);
    /// 1010: the server did not negotiate an extension that the client needs.
    pub const MANDATORY_EXTENSION: CloseCode = CloseCode(1010);
    /// 1011: an unexpected condition.
    pub const INTERNAL_ERROR: CloseCode = CloseCode(1011);
    /// 1012: the service restarts (IANA).
    pub const SERVICE_RESTART: CloseCode = CloseCode(1012);
    /// 1013: try again later (IANA).
    pub const TRY_AGAIN_LATER: CloseCode = CloseCode(1013);
    /// 1014: a gateway got an invalid response from upstream (IANA).
    pub const BAD_GATEWAY: CloseCode = CloseCode(1014);
    /// 1015: the TLS handshake failed. Not on the wire.
    pub const TLS_HANDSHAKE: CloseCode = CloseCode(1015);

    /// The number.
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// Whether the code may stand in a Close frame (RFC 6455 §7.4.1, §7.4.2, IANA registry).
    pub const fn is_on_wire(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = InvalidCloseCode;

    /// Takes 1000-1003, 1007-1014 and 3000-4999.
    fn try_from(code: u16) -> Result<Self, InvalidCloseCode> {
        let this = CloseCode(code);
        if this.is_on_wire() { Ok(this) } else { Err(InvalidCloseCode(code)) }
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> u16 {
        code.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.0)
    }
}

/// The number is not a close code that may be on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCloseCode(pub(crate) u16);

impl InvalidCloseCode {
    /// The number that was refused.
    pub const fn code(&self) -> u16 {
        self.0
    }
}

impl fmt::Display for InvalidCloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "close code {} is not allowed on the wire; use 1000, 1001 or 3000-4999", self.0)
    }
}

impl core::error::Error for InvalidCloseCode {}

/// The code and reason of one Close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// The code; [`CloseCode::NO_STATUS`] where the body was empty.
    pub code: CloseCode,
    /// The reason, often empty.
    pub reason: Text,
}

impl CloseFrame {
    /// Reads the unmasked body of a Close frame (RFC 6455 §5.5.1).
    ///
    /// # Errors
    /// [`ErrorKind::CloseBodyLength`] for one byte, [`ErrorKind::CloseCode`] for a code that may not be on the wire,
    /// [`ErrorKind::InvalidUtf8`] for the reason.
    ///
    /// ```
    /// use ws_frame::{CloseCode, CloseFrame};
    ///
    /// let frame = CloseFrame::parse(b"\x03\xe8bye").unwrap();
    /// assert_eq!((frame.code, &*frame.reason), (CloseCode::NORMAL, "bye"));
    /// assert_eq!(CloseFrame::parse(b"").unwrap().code, CloseCode::NO_STATUS);
    /// ```
    pub fn parse(body: &[u8]) -> Result<CloseFrame, ErrorKind> {
        let Some((code, reason)) = body.split_first_chunk::<2>() else {
            return match body {
                [] => Ok(CloseFrame { code: CloseCode::NO_STATUS, reason: Text::default() }),
                _ => Err(ErrorKind::CloseBodyLength),
            };
        };
        let code = u16::from_be_bytes(*code);
        let code = CloseCode::try_from(code).map_err(|e| ErrorKind::CloseCode(e.code()))?;
        let reason = utf8::check(reason).map_err(|at| ErrorKind::InvalidUtf8 { at: at as u64 })?;
        Ok(CloseFrame { code, reason: Text::from(reason) })
    }

    /// Writes the body of a Close frame, unmasked, 125 bytes at most. A code that is not on the wire gives an empty body; a
    /// reason over [`MAX_REASON`] is cut at the last whole character that fits.
    pub fn write(code: CloseCode, reason: &str, out: &mut impl BufMut) {
        if !code.is_on_wire() {
            return;
        }
        out.put_u16(code.as_u16());
        out.put_slice(&reason.as_bytes()[..reason.floor_char_boundary(MAX_REASON)]);
    }
}

/// How a connection ended: the last thing a connection says.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseInfo {
    /// The code in the peer's Close frame; [`CloseCode::NO_STATUS`] where that had none, [`CloseCode::ABNORMAL`] where no Close
    /// frame came (RFC 6455 §7.1.5).
    pub code: CloseCode,
    /// The reason in the peer's Close frame (§7.1.6).
    pub reason: Text,
    /// Whether both sides sent a Close frame, and nothing went wrong (§7.1.4).
    pub clean: bool,
    /// The code in our own Close frame; `None` where we sent no Close frame, [`CloseCode::NO_STATUS`] where it was empty.
    pub sent: Option<CloseCode>,
    /// What went wrong, where we failed the connection (§7.1.7) or time or the transport did.
    pub error: Option<Error>,
}
