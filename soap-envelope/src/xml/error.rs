//! What can be wrong with a document, and with what is to become one.

use core::{error, fmt};

use crate::limits::LimitKind;

/// A document that is not well-formed, breaks a rule of namespaces, or crosses a limit; and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XmlError {
    pub(crate) kind: XmlErrorKind,
    pub(crate) offset: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl XmlError {
    /// Counts lines up to the place. That is one pass over what was read already, and only when a document is refused.
    pub(crate) fn at(kind: XmlErrorKind, text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = memchr::memchr_iter(b'\n', before).count();
        let last = memchr::memrchr(b'\n', before).map_or(0, |at| at.saturating_add(1));
        let tail = before.get(last..).unwrap_or_default();
        // Continuation bytes of UTF-8 are no columns.
        let column = tail.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
        Self { kind, offset, line: line.saturating_add(1), column: column.saturating_add(1) }
    }

    /// Which rule was broken.
    #[must_use]
    pub const fn kind(&self) -> XmlErrorKind {
        self.kind
    }

    /// Where, in bytes from the start of the text.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The line, from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The character in its line, from 1.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {}, column {}", self.kind, self.line, self.column)
    }
}

impl error::Error for XmlError {}

/// A rule of XML 1.0 (fifth edition) or of Namespaces in XML 1.0 (third edition) that a document breaks.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum XmlErrorKind {
    /// A character that no document may hold, such as NUL or U+FFFE (XML §2.2).
    Character,
    /// A name that is none, or that has more than one colon (XML §2.3, Namespaces §4).
    Name,
    /// The document ends inside of markup or before its root element is closed.
    UnexpectedEnd,
    /// There is no root element (XML §2.1).
    NoRoot,
    /// A second root element (XML §2.1).
    SecondRoot,
    /// Text before or behind the root element (XML §2.1).
    TextOutsideRoot,
    /// An end tag whose name is not that of the element it would close (XML §3).
    EndTag,
    /// A tag that is not written as one: a missing `=`, quote, space or `>` (XML §3.1).
    Tag,
    /// Two attributes of one element with the same name, or with the same namespace and local name (XML §3.1, Namespaces §6.3).
    DuplicateAttribute,
    /// A `<` in the value of an attribute (XML §3.1).
    LessThanInAttribute,
    /// A `]]>` in text (XML §2.4).
    CDataEndInText,
    /// An `&` that begins no character reference, or one to a character that no document may hold (XML §4.1).
    Reference,
    /// A reference to an entity other than `lt`, `gt`, `amp`, `apos` and `quot`. Without a DTD there are no others.
    Entity,
    /// A document type declaration. SOAP forbids it (SOAP 1.1 §3, SOAP 1.2 Part 1 §5), and this scanner reads none.
    Dtd,
    /// `--` inside of a comment (XML §2.5).
    Comment,
    /// A processing instruction without a target, or whose target is `xml` in any case (XML §2.6).
    Instruction,
    /// An XML declaration that is malformed, or not at the very beginning (XML §2.8).
    Declaration,
    /// A prefix that is not declared (Namespaces §5).
    UndeclaredPrefix,
    /// A declaration of `xml` or `xmlns`, of their namespaces under other prefixes, or of a prefix for no namespace
    /// (Namespaces §3).
    NamespaceDeclaration,
    /// A bound of [`Limits`](crate::Limits) was crossed.
    Limit {
        /// Which.
        limit: LimitKind,
        /// Its value.
        max: usize,
    },
}

impl fmt::Display for XmlErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Character => "a character that XML does not allow",
            Self::Name => "a name that is not a qualified name",
            Self::UnexpectedEnd => "the document ends too early",
            Self::NoRoot => "there is no root element",
            Self::SecondRoot => "a second root element",
            Self::TextOutsideRoot => "text outside of the root element",
            Self::EndTag => "an end tag that does not match its start tag",
            Self::Tag => "a malformed tag",
            Self::DuplicateAttribute => "an attribute that is given twice",
            Self::LessThanInAttribute => "`<` in an attribute value; write `&lt;`",
            Self::CDataEndInText => "`]]>` in text; write `]]&gt;`",
            Self::Reference => "a malformed reference; write `&amp;` for an ampersand",
            Self::Entity => "an entity that is not predefined",
            Self::Dtd => "a document type declaration, which SOAP forbids",
            Self::Comment => "`--` inside of a comment",
            Self::Instruction => "a malformed processing instruction",
            Self::Declaration => "an XML declaration that is malformed or out of place",
            Self::UndeclaredPrefix => "a namespace prefix that is not declared",
            Self::NamespaceDeclaration => "a namespace declaration that is not allowed",
            Self::Limit { limit, max } => return write!(f, "crosses {limit} of {max}"),
        })
    }
}

/// Something that no document can carry.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// A character that XML does not allow, in text or in an attribute value. There is no escape for it.
    Character(char),
    /// A name that is no qualified name, or a namespace that no prefix can be bound to.
    Name(String),
    /// An attribute was written where no start tag is open.
    AttributeOutsideTag,
    /// Elements were left open, or more were closed than opened.
    Unbalanced,
    /// A value has no lexical form in its type; says which and why.
    Value(String),
    /// A header block without a namespace (SOAP 1.2 Part 1 §5.2.1); the name.
    UnqualifiedHeader(String),
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(c) => {
                write!(
                    f,
                    "U+{:04X} cannot stand in XML; remove it or encode the value as base64",
                    u32::from(*c)
                )
            }
            Self::Name(name) => write!(f, "`{name}` is not a qualified name"),
            Self::AttributeOutsideTag => {
                f.write_str("attributes are written before the content of an element")
            }
            Self::Unbalanced => f.write_str("each element that is opened is closed once"),
            Self::Value(why) => f.write_str(why),
            Self::UnqualifiedHeader(name) => write!(f, "the header block `{name}` needs a namespace"),
        }
    }
}

impl error::Error for EncodeError {}
