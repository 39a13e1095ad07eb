//! Names: an NCName, and the pair of a namespace name and a local name.

use core::{error, fmt};

/// A qualified name: a namespace name, empty for none, and a local name.
///
/// ```
/// use soap_envelope::xml::QName;
///
/// const USER: QName<'static> = QName::from_static("urn:octavo:users:v1", "User");
/// assert_eq!(QName::parse("urn:octavo:users:v1", "User"), Ok(USER));
/// assert!(QName::parse("", "a:b").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QName<'a> {
    namespace: &'a str,
    local: &'a str,
}

impl QName<'static> {
    /// A name that is known at compile time; the local name in ASCII.
    ///
    /// # Panics
    /// When `local` is not an NCName in ASCII. As a constant, that is an error of the build.
    #[must_use]
    pub const fn from_static(namespace: &'static str, local: &'static str) -> Self {
        let bytes = local.as_bytes();
        assert!(
            !bytes.is_empty() && class(bytes[0]) & START != 0,
            "the local name is not an NCName in ASCII"
        );
        let mut at = 1;
        while at < bytes.len() {
            assert!(class(bytes[at]) & NAME != 0, "the local name is not an NCName in ASCII");
            at += 1;
        }
        QName { namespace, local }
    }
}

impl<'a> QName<'a> {
    /// Checks the local name.
    ///
    /// # Errors
    /// When `local` is not an NCName.
    pub fn parse(namespace: &'a str, local: &'a str) -> Result<Self, NameError> {
        if is_ncname(local) { Ok(QName { namespace, local }) } else { Err(NameError(local.to_owned())) }
    }

    /// From parts that the scanner has checked.
    pub(crate) const fn checked(namespace: &'a str, local: &'a str) -> Self {
        QName { namespace, local }
    }

    /// The namespace name; empty for none.
    #[must_use]
    pub const fn namespace(&self) -> &'a str {
        self.namespace
    }

    /// The local name.
    #[must_use]
    pub const fn local(&self) -> &'a str {
        self.local
    }

    /// A copy to keep.
    #[must_use]
    pub fn to_owned(&self) -> QNameBuf {
        QNameBuf { namespace: self.namespace.into(), local: self.local.into() }
    }
}

/// `{namespace}local`, or the local name alone.
impl fmt::Display for QName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace {
            "" => f.write_str(self.local),
            namespace => write!(f, "{{{namespace}}}{}", self.local),
        }
    }
}

/// A [`QName`] that owns its parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QNameBuf {
    namespace: Box<str>,
    local: Box<str>,
}

impl QNameBuf {
    /// Lends it.
    #[must_use]
    pub fn as_qname(&self) -> QName<'_> {
        QName { namespace: &self.namespace, local: &self.local }
    }

    /// The namespace name; empty for none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The local name.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }
}

impl From<QName<'_>> for QNameBuf {
    fn from(name: QName<'_>) -> Self {
        name.to_owned()
    }
}

impl PartialEq<QName<'_>> for QNameBuf {
    fn eq(&self, other: &QName<'_>) -> bool {
        self.as_qname() == *other
    }
}

impl fmt::Display for QNameBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_qname().fmt(f)
    }
}

/// A text that is not an NCName.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError(String);

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a name: letters, digits, `.`, `-` and `_`, beginning with a letter or `_`",
            self.0
        )
    }
}

impl error::Error for NameError {}

/// Whether a text is a name without a colon (Namespaces in XML 1.0 §3).
#[must_use]
pub fn is_ncname(text: &str) -> bool {
    ncname_end(text, 0) == Some(text.len())
}

/// Where the NCName at `at` ends; `None` when none begins there.
pub(crate) fn ncname_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let first = *bytes.get(at)?;
    let mut end = match class(first) {
        c if c & START != 0 => at + 1,
        _ if first < 0x80 => return None,
        _ => {
            let c = text.get(at..)?.chars().next()?;
            if !is_name_start(c) {
                return None;
            }
            at + c.len_utf8()
        }
    };
    loop {
        match bytes.get(end) {
            Some(&byte) if class(byte) & NAME != 0 => end += 1,
            Some(&byte) if byte >= 0x80 => match text.get(end..)?.chars().next() {
                Some(c) if is_name_char(c) => end += c.len_utf8(),
                _ => return Some(end),
            },
            _ => return Some(end),
        }
    }
}

/// NameStartChar beyond ASCII (XML §2.3).
fn is_name_start(c: char) -> bool {
    matches!(c,
        '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// NameChar beyond ASCII (XML §2.3).
fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

const START: u8 = 1;
const NAME: u8 = 2;

/// What an ASCII byte may be in an NCName.
const fn class(byte: u8) -> u8 {
    CLASSES[byte as usize]
}

const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_usize;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => START | NAME,
            b'0'..=b'9' | b'.' | b'-' => NAME,
            _ => 0,
        };
        byte += 1;
    }
    table
};
