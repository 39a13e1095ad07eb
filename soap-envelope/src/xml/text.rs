//! Text: from bytes, and from what is written to what is meant.

use core::{error, fmt};
use std::borrow::Cow;
use std::string::FromUtf8Error;

use super::markup::read_declaration;

/// A piece of character data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a str,
    plain: bool,
    is_cdata: bool,
}

impl<'a> Text<'a> {
    pub(super) const fn new(raw: &'a str, plain: bool, is_cdata: bool) -> Self {
        Text { raw, plain, is_cdata }
    }

    /// What it means: references replaced, line ends made line feeds (XML §2.11, §4.4). Borrows where it is written so.
    #[must_use]
    pub fn value(&self) -> Cow<'a, str> {
        if self.plain || memchr::memchr2(b'&', b'\r', self.raw.as_bytes()).is_none() {
            return Cow::Borrowed(self.raw);
        }
        Cow::Owned(expand(self.raw, !self.is_cdata, false))
    }

    /// What is written.
    #[must_use]
    pub const fn raw(&self) -> &'a str {
        self.raw
    }

    /// Whether it is a CDATA section.
    #[must_use]
    pub const fn is_cdata(&self) -> bool {
        self.is_cdata
    }

    /// Whether it is nothing but white space as written.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        is_blank(self.raw)
    }
}

/// Whether a text is nothing but the white space of XML.
pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

/// The value of an attribute: white space as spaces, a reference to white space as that (XML §3.3.3).
pub(super) fn attribute_value(raw: &str, plain: bool) -> Cow<'_, str> {
    if plain { Cow::Borrowed(raw) } else { Cow::Owned(expand(raw, true, true)) }
}

/// Replaces references that the scanner has checked.
fn expand(raw: &str, references: bool, spaces: bool) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    let next = |rest: &str| match spaces {
        true => rest.bytes().position(|byte| matches!(byte, b'&' | b'\r' | b'\n' | b'\t')),
        false => memchr::memchr2(b'&', b'\r', rest.as_bytes()),
    };
    while let Some(at) = next(rest) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut length = 1;
        match from.as_bytes().first() {
            Some(b'&') if references => {
                let end = from.find(';').unwrap_or(from.len() - 1);
                out.extend(from.get(1..end).and_then(referred));
                length = end + 1;
            }
            Some(b'&') => out.push('&'),
            Some(b'\r') => {
                length = if from.as_bytes().get(1) == Some(&b'\n') { 2 } else { 1 };
                out.push(if spaces { ' ' } else { '\n' });
            }
            _ => out.push(' '),
        }
        rest = from.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

fn referred(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

/// The text of a document that came as bytes (XML §4.3.3 and Appendix F, RFC 7303 §3).
///
/// A byte order mark decides; then `charset`, the parameter of the content type; then the XML declaration; else it is UTF-8.
/// UTF-8 and UTF-16 are read. A declaration that contradicts the bytes is refused. A buffer that nobody else holds becomes
/// the text without a copy.
///
/// ```
/// use soap_envelope::xml::decode;
///
/// let utf16: Vec<u8> = "\u{feff}<é/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
/// assert_eq!(decode(utf16, None)?, "<é/>");
/// let error = decode(b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>".to_vec(), None).unwrap_err();
/// assert_eq!(error.to_string(), "the encoding `ISO-8859-1` is not read; send UTF-8 or UTF-16");
/// # Ok::<(), soap_envelope::xml::DecodeTextError>(())
/// ```
///
/// # Errors
/// When the encoding is another one, or the bytes are not what it says.
pub fn decode(bytes: impl Into<Vec<u8>>, charset: Option<&str>) -> Result<String, DecodeTextError> {
    let bytes = bytes.into();
    let named = charset.map(Encoding::named).transpose()?;
    let (encoding, skip) = match (bytes.as_slice(), named) {
        ([0xef, 0xbb, 0xbf, ..], _) => (Encoding::Utf8, 3),
        ([0xfe, 0xff, ..], _) => (Encoding::Utf16Be, 2),
        ([0xff, 0xfe, ..], _) => (Encoding::Utf16Le, 2),
        (_, Some(encoding)) => (encoding, 0),
        ([0, b'<', ..], None) => (Encoding::Utf16Be, 0),
        ([b'<', 0, ..], None) => (Encoding::Utf16Le, 0),
        _ => (Encoding::Utf8, 0),
    };
    let text = match encoding {
        Encoding::Utf16Be => utf16(bytes.get(skip..).unwrap_or_default(), u16::from_be_bytes)?,
        Encoding::Utf16Le => utf16(bytes.get(skip..).unwrap_or_default(), u16::from_le_bytes)?,
        Encoding::Utf8 | Encoding::Ascii => {
            // The mark stays: the scanner skips it, and taking it out would move all the rest.
            let text = String::from_utf8(bytes).map_err(|error: FromUtf8Error| {
                DecodeTextError::Malformed { encoding: "UTF-8", offset: error.utf8_error().valid_up_to() }
            })?;
            if encoding == Encoding::Ascii && !text.is_ascii() {
                return Err(DecodeTextError::Contradiction { declared: "US-ASCII".to_owned() });
            }
            text
        }
    };
    // An outer charset overrides the declaration (RFC 7303 §3.2); without one they have to agree.
    let declared = read_declaration(text.trim_start_matches('\u{feff}')).and_then(|(name, _)| name);
    if let Some(name) = declared.filter(|_| charset.is_none()) {
        let agrees = match (Encoding::named(name)?, encoding) {
            (Encoding::Utf8, Encoding::Utf8) => true,
            (Encoding::Ascii, Encoding::Utf8) => text.is_ascii(),
            (Encoding::Utf16Be, Encoding::Utf16Be | Encoding::Utf16Le) => true,
            (Encoding::Utf16Le, Encoding::Utf16Le) => true,
            _ => false,
        };
        if !agrees {
            return Err(DecodeTextError::Contradiction { declared: name.chars().take(40).collect() });
        }
    }
    Ok(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, DecodeTextError> {
    let malformed = |offset| DecodeTextError::Malformed { encoding: "UTF-16", offset };
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(malformed(bytes.len()));
    }
    let mut text = String::with_capacity(bytes.len());
    let mut offset = 0;
    for decoded in char::decode_utf16(units.iter().map(|pair| unit(*pair))) {
        let c = decoded.map_err(|_| malformed(offset))?;
        offset += 2 * c.len_utf16();
        text.push(c);
    }
    Ok(text)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Ascii,
    /// Also what `UTF-16` alone means without a mark (RFC 2781 §4.3).
    Utf16Be,
    Utf16Le,
}

impl Encoding {
    fn named(name: &str) -> Result<Encoding, DecodeTextError> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match () {
            () if is("utf-8") || is("utf8") => Ok(Encoding::Utf8),
            () if is("us-ascii") || is("ascii") => Ok(Encoding::Ascii),
            () if is("utf-16") || is("utf-16be") => Ok(Encoding::Utf16Be),
            () if is("utf-16le") => Ok(Encoding::Utf16Le),
            () => Err(DecodeTextError::Unknown { name: name.chars().take(40).collect() }),
        }
    }
}

/// Bytes that cannot be read as a document.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeTextError {
    /// An encoding that this crate does not read.
    Unknown {
        /// Its name, up to 40 characters of it.
        name: String,
    },
    /// The XML declaration names an encoding that the document is not in.
    Contradiction {
        /// The name in the declaration.
        declared: String,
    },
    /// Bytes that are not what the encoding allows.
    Malformed {
        /// Which encoding.
        encoding: &'static str,
        /// Where, in bytes from the start.
        offset: usize,
    },
}

impl fmt::Display for DecodeTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(f, "the encoding `{name}` is not read; send UTF-8 or UTF-16"),
            Self::Contradiction { declared } => {
                write!(f, "the document declares the encoding `{declared}` and is not in it")
            }
            Self::Malformed { encoding, offset } => write!(f, "not {encoding} at byte {offset}"),
        }
    }
}

impl error::Error for DecodeTextError {}
