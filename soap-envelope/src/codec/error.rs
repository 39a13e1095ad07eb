//! Why an element is not a value of the type that was asked for.

use core::{error, fmt};

use crate::xml::{QNameBuf, Scanner, XmlError};

/// What is wrong, in which element, and where in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: DecodeErrorKind,
    path: String,
    at: Option<XmlError>,
}

/// What is wrong.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeErrorKind {
    /// The document is not well-formed there, or crosses a limit.
    Xml(XmlError),
    /// One element was expected, and another one or the end of its parent found.
    Expected {
        /// The name of the element that was expected.
        expected: QNameBuf,
        /// The element in its place.
        found: Option<QNameBuf>,
    },
    /// An element where no more was expected.
    Unexpected {
        /// Its name.
        found: QNameBuf,
    },
    /// An attribute is missing.
    Attribute {
        /// Its name.
        expected: QNameBuf,
    },
    /// Text where only elements were expected.
    Text,
    /// A processing instruction, which SOAP forbids (SOAP 1.1 §3, SOAP 1.2 Part 1 §5).
    Instruction,
    /// `xsi:nil` on an element that is not nillable, or one that is nil and has content.
    Nil,
    /// A text that is no value of its type; says which and why.
    Value(String),
    /// Attributes were asked for behind the content of their element, which is a mistake in the `Decode` implementation.
    AttributesPassed,
}

impl DecodeError {
    /// At the place where the scanner stands.
    pub(crate) fn here(kind: DecodeErrorKind, scanner: &Scanner<'_>, at: usize) -> Self {
        let path = scanner.path().fold(String::new(), |path, name| path + "/" + name);
        // Only the place is of interest.
        let at = scanner.error_at(crate::xml::XmlErrorKind::Name, at);
        DecodeError(Box::new(Inner { kind, path, at: Some(at) }))
    }

    /// Which rule was broken.
    #[must_use]
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.0.kind
    }

    /// The elements that it is in, as they are written, such as `/s:Envelope/s:Body/u:GetUser`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The line from 1, and the column from 1.
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        self.0.at.map(|at| (at.line(), at.column()))
    }
}

impl From<XmlError> for DecodeError {
    fn from(error: XmlError) -> Self {
        DecodeError(Box::new(Inner {
            kind: DecodeErrorKind::Xml(error),
            path: String::new(),
            at: Some(error),
        }))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, path, .. } = &*self.0;
        if let DecodeErrorKind::Xml(error) = kind {
            return error.fmt(f);
        }
        write!(f, "{path}: ")?;
        match kind {
            DecodeErrorKind::Expected { expected, found: Some(found) } => {
                write!(f, "expected the element {expected}, found {found}")?;
            }
            DecodeErrorKind::Expected { expected, found: None } => {
                write!(f, "expected the element {expected}, found the end")?;
            }
            DecodeErrorKind::Unexpected { found } => write!(f, "the element {found} is not expected here")?,
            DecodeErrorKind::Attribute { expected } => write!(f, "the attribute {expected} is missing")?,
            DecodeErrorKind::Text => f.write_str("text where only elements may stand")?,
            DecodeErrorKind::Instruction => f.write_str("a processing instruction, which SOAP forbids")?,
            DecodeErrorKind::Nil => f.write_str("the element may not be nil, or is nil and has content")?,
            DecodeErrorKind::Value(why) => f.write_str(why)?,
            DecodeErrorKind::AttributesPassed => f.write_str("attributes are read before the content")?,
            DecodeErrorKind::Xml(error) => error.fmt(f)?,
        }
        match self.position() {
            Some((line, column)) => write!(f, " (line {line}, column {column})"),
            None => Ok(()),
        }
    }
}

impl error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.0.kind {
            DecodeErrorKind::Xml(error) => Some(error),
            _ => None,
        }
    }
}
