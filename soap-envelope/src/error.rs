//! Why a message is not processed.

use core::{error, fmt};

use crate::codec::DecodeError;
use crate::envelope::{Fault, FaultCode, Version};
use crate::xml::{DecodeTextError, EncodeError, QNameBuf, XmlError};

/// A message that cannot be read, is not for this node, or cannot be written. Each has a [`Fault`] that tells the sender of it.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes are no text in an encoding that is read.
    Text(DecodeTextError),
    /// The text is not well-formed, or crosses a limit.
    Xml(XmlError),
    /// The root is no envelope of a version that is known.
    Version {
        /// The root.
        found: QNameBuf,
    },
    /// The envelope breaks a rule of its version.
    Envelope {
        /// Which, in words.
        rule: &'static str,
        /// Where: the line from 1.
        line: usize,
        /// The column from 1.
        column: usize,
    },
    /// Data in an encoding that is not known (SOAP 1.2 `encodingStyle`).
    Encoding {
        /// The URI of the encoding.
        style: String,
    },
    /// Mandatory header blocks that are for this node and that it does not understand.
    NotUnderstood(Vec<QNameBuf>),
    /// The body or a header block is not what was expected in it.
    Decode(DecodeError),
    /// No operation takes what is in the body.
    Operation {
        /// The first element of the body; `None` when it is empty.
        found: Option<QNameBuf>,
    },
    /// The action that the transport names is not that of the operation that the body is for.
    Action {
        /// The action that was named.
        found: String,
    },
    /// A value that has no form in XML was to be written.
    Encode(EncodeError),
}

impl Error {
    /// What the sender is told. Says what is wrong with the message and where, and nothing of the receiver; what went wrong
    /// inside of it is a receiver's fault without a cause.
    #[must_use]
    pub fn to_fault(&self) -> Fault {
        match self {
            Error::Version { .. } => Fault::version_mismatch(&Version::ALL),
            Error::NotUnderstood(names) => Fault::must_understand(names.clone()),
            Error::Encoding { .. } => Fault::new(FaultCode::DataEncodingUnknown, self.to_string()),
            Error::Encode(_) => Fault::receiver("the answer could not be written"),
            _ => Fault::sender(self.to_string()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Text(error) => error.fmt(f),
            Error::Xml(error) => error.fmt(f),
            Error::Version { found } => {
                write!(f, "the root {found} is not a SOAP envelope of a supported version")
            }
            Error::Envelope { rule, line, column } => write!(f, "{rule} (line {line}, column {column})"),
            Error::Encoding { style } => write!(f, "the encoding `{style}` is not known"),
            Error::NotUnderstood(names) => {
                f.write_str("mandatory header blocks were not understood:")?;
                names.iter().try_for_each(|name| write!(f, " {name}"))
            }
            Error::Decode(error) => error.fmt(f),
            Error::Operation { found: Some(name) } => write!(f, "no operation takes the element {name}"),
            Error::Operation { found: None } => f.write_str("no operation takes an empty body"),
            Error::Action { found } => {
                write!(f, "the action `{found}` is not that of the operation that the body is for")
            }
            Error::Encode(error) => error.fmt(f),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Error::Text(error) => Some(error),
            Error::Xml(error) => Some(error),
            Error::Decode(error) => Some(error),
            Error::Encode(error) => Some(error),
            _ => None,
        }
    }
}

impl From<DecodeTextError> for Error {
    fn from(error: DecodeTextError) -> Self {
        Error::Text(error)
    }
}

impl From<XmlError> for Error {
    fn from(error: XmlError) -> Self {
        Error::Xml(error)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Error::Decode(error)
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Error::Encode(error)
    }
}
