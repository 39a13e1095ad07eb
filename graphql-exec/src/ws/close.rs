//! Why a server closes the socket, in the codes of the protocol.

use core::fmt;

/// A close code of `graphql-transport-ws`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// 4400: a message of a type or form that the protocol does not have.
    InvalidMessage,
    /// 4401: an operation before the connection was acknowledged.
    Unauthorized,
    /// 4403: the connection was refused.
    Forbidden,
    /// 4406: the client does not speak `graphql-transport-ws`.
    SubprotocolNotAcceptable,
    /// 4408: no `connection_init` in time.
    InitTimeout,
    /// 4409: the id belongs to an operation that is under way.
    SubscriberExists,
    /// 4429: a second `connection_init`.
    TooManyInits,
    /// 4500: the server failed.
    InternalError,
    /// 1001: the server goes away (RFC 6455 §7.4.1).
    GoingAway,
}

impl CloseCode {
    /// The number.
    #[must_use]
    pub const fn as_u16(self) -> u16 {
        match self {
            Self::InvalidMessage => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden => 4403,
            Self::SubprotocolNotAcceptable => 4406,
            Self::InitTimeout => 4408,
            Self::SubscriberExists => 4409,
            Self::TooManyInits => 4429,
            Self::InternalError => 4500,
            Self::GoingAway => 1001,
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_u16().fmt(f)
    }
}

/// The end of a socket: what its Close frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The code.
    pub code: CloseCode,
    /// The reason, at most 123 bytes: that is what a Close frame holds (RFC 6455 §5.5).
    pub reason: String,
}

impl Close {
    /// Cuts a reason that is too long.
    pub(super) fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        if reason.len() > MAX_REASON {
            let end = (0..=MAX_REASON).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
            reason.truncate(end);
        }
        Self { code, reason }
    }
}

const MAX_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_at_a_character() {
        let close = Close::new(CloseCode::InvalidMessage, "é".repeat(62));
        assert_eq!((close.reason.len(), close.reason.chars().count()), (122, 61));
        assert_eq!(Close::new(CloseCode::Forbidden, "Forbidden").reason, "Forbidden");
    }
}
