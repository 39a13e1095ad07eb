//! Why a connection on a stream failed.

use core::fmt;
use std::io;

use crate::SendError;

/// Why a message could not be received or sent.
#[non_exhaustive]
#[derive(Debug)]
pub enum Error {
    /// The peer broke a rule of the protocol or a limit, or time ran out. The connection is over.
    Protocol(crate::Error),
    /// The message was not queued.
    Send(SendError),
    /// The stream failed. The connection is over.
    Io(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
            Self::Io(error) => write!(f, "websocket stream: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Protocol(error) => Some(error),
            Self::Send(error) => Some(error),
            Self::Io(error) => Some(error),
        }
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
