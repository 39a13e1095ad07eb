//! Simple types of XML Schema Part 2: values in text, and their lexical rules.

use core::{error, fmt};
use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::datetime::DateTime;

/// A value that is written as text.
///
/// | Rust | XML Schema |
/// |---|---|
/// | `String` | `xsd:string` |
/// | `bool` | `xsd:boolean` |
/// | `i8`, `i16`, `i32`, `i64` | `xsd:byte`, `xsd:short`, `xsd:int`, `xsd:long` |
/// | `u8`, `u16`, `u32`, `u64` | `xsd:unsignedByte`, `xsd:unsignedShort`, `xsd:unsignedInt`, `xsd:unsignedLong` |
/// | [`Decimal`] | `xsd:decimal` |
/// | [`DateTime`] | `xsd:dateTime` |
/// | [`Base64Binary`], [`HexBinary`] | `xsd:base64Binary`, `xsd:hexBinary` |
///
/// A type of your own implements it by [`Simple::of`] and [`Simple::lexical`]:
///
/// ```
/// use std::borrow::Cow;
/// use soap_envelope::codec::{LexicalError, Simple, WhiteSpace};
///
/// #[derive(Debug, PartialEq)]
/// enum Colour { Red, Green }
///
/// impl Simple for Colour {
///     const WHITE_SPACE: WhiteSpace = WhiteSpace::Collapse;
///     fn of(text: &str) -> Result<Self, LexicalError> {
///         match text {
///             "red" => Ok(Colour::Red),
///             "green" => Ok(Colour::Green),
///             _ => Err(LexicalError::new("Colour", "it has to be red or green")),
///         }
///     }
///     fn lexical(&self) -> Cow<'_, str> {
///         Cow::Borrowed(match self { Colour::Red => "red", Colour::Green => "green" })
///     }
/// }
/// assert_eq!(Colour::parse("\n  red "), Ok(Colour::Red));
/// ```
pub trait Simple {
    /// What becomes of white space before the lexical rules are applied (Part 2 §4.3.6).
    const WHITE_SPACE: WhiteSpace;

    /// Reads a text whose white space has been dealt with.
    ///
    /// # Errors
    /// When it is no value of the type.
    fn of(text: &str) -> Result<Self, LexicalError>
    where
        Self: Sized;

    /// Writes the value.
    fn lexical(&self) -> Cow<'_, str>;

    /// Reads a text.
    ///
    /// # Errors
    /// When it is no value of the type.
    #[inline]
    fn parse(text: &str) -> Result<Self, LexicalError>
    where
        Self: Sized,
    {
        match Self::WHITE_SPACE {
            WhiteSpace::Preserve => Self::of(text),
            WhiteSpace::Collapse => Self::of(&collapse(text)),
        }
    }

    /// The same for a text that may be owned already, which a type that keeps text takes as it is.
    ///
    /// # Errors
    /// When it is no value of the type.
    #[inline]
    fn parse_cow(text: Cow<'_, str>) -> Result<Self, LexicalError>
    where
        Self: Sized,
    {
        Self::parse(&text)
    }
}

/// The facet `whiteSpace` (Part 2 §4.3.6).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhiteSpace {
    /// All of it is part of the value, as in `xsd:string`.
    Preserve,
    /// It is cut at both ends, and each run of it within is one space.
    Collapse,
}

/// A text that is no value of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LexicalError {
    name: &'static str,
    rule: &'static str,
}

impl LexicalError {
    /// Names the type and what it wants.
    #[must_use]
    pub const fn new(name: &'static str, rule: &'static str) -> Self {
        LexicalError { name, rule }
    }
}

impl fmt::Display for LexicalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let article = if self.name.starts_with("xsd:") { "an" } else { "a" };
        write!(f, "not {article} {}: {}", self.name, self.rule)
    }
}

impl error::Error for LexicalError {}

fn collapse(text: &str) -> Cow<'_, str> {
    let is_white = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let trimmed = text.trim_matches(is_white);
    let mut before = false;
    let is_single = trimmed.bytes().all(|byte| match byte {
        b' ' => !core::mem::replace(&mut before, true),
        b'\t' | b'\n' | b'\r' => false,
        _ => {
            before = false;
            true
        }
    });
    if is_single {
        return Cow::Borrowed(trimmed);
    }
    let mut out = String::with_capacity(trimmed.len());
    for part in trimmed.split(is_white).filter(|part| !part.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(part);
    }
    Cow::Owned(out)
}

impl Simple for String {
    const WHITE_SPACE: WhiteSpace = WhiteSpace::Preserve;

    fn of(text: &str) -> Result<Self, LexicalError> {
        Ok(text.to_owned())
    }

    fn parse_cow(text: Cow<'_, str>) -> Result<Self, LexicalError> {
        Ok(text.into_owned())
    }

    fn lexical(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl Simple for bool {
    const WHITE_SPACE: WhiteSpace = WhiteSpace::Collapse;

    fn of(text: &str) -> Result<Self, LexicalError> {
        match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(LexicalError::new("xsd:boolean", "it has to be true, false, 1 or 0")),
        }
    }

    fn lexical(&self) -> Cow<'_, str> {
        Cow::Borrowed(if *self { "true" } else { "false" })
    }
}

macro_rules! integers {
    ($($rust:ty => $xsd:literal),+ $(,)?) => {$(
        impl Simple for $rust {
            const WHITE_SPACE: WhiteSpace = WhiteSpace::Collapse;

            #[inline]
            fn of(text: &str) -> Result<Self, LexicalError> {
                let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(LexicalError::new($xsd, "it has to be digits with an optional sign"));
                }
                // Unlike Rust, XML Schema writes an unsigned zero with a minus too.
                let text = if digits.bytes().all(|b| b == b'0') { "0" } else { text };
                text.parse().map_err(|_| LexicalError::new($xsd, "it is out of the range of its type"))
            }

            fn lexical(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }
        }
    )+};
}

integers! {
    i8 => "xsd:byte", i16 => "xsd:short", i32 => "xsd:int", i64 => "xsd:long",
    u8 => "xsd:unsignedByte", u16 => "xsd:unsignedShort", u32 => "xsd:unsignedInt", u64 => "xsd:unsignedLong",
}

impl Simple for DateTime {
    const WHITE_SPACE: WhiteSpace = WhiteSpace::Collapse;

    fn of(text: &str) -> Result<Self, LexicalError> {
        DateTime::read(text).map_err(|rule| LexicalError::new("xsd:dateTime", rule))
    }

    fn lexical(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

/// An `xsd:decimal` in its canonical form, of up to [`Decimal::MAX_DIGITS`] digits. It is kept as digits, so nothing is
/// rounded.
///
/// ```
/// use soap_envelope::codec::{Decimal, Simple};
///
/// assert_eq!(Decimal::parse(" +012.50 ")?.as_str(), "12.5");
/// assert_eq!(Decimal::parse("-.0")?.as_str(), "0.0");
/// assert!(Decimal::parse("1e3").is_err());
/// # Ok::<(), soap_envelope::codec::LexicalError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(Box<str>);

impl Decimal {
    /// The most digits that are read; a processor has to take 18 (Part 2 §3.2.3). More would be costly for who computes.
    pub const MAX_DIGITS: usize = 256;

    /// The canonical form: a point with a digit on both sides, no leading or trailing zero beyond that (Part 2 §3.2.3.2).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Simple for Decimal {
    const WHITE_SPACE: WhiteSpace = WhiteSpace::Collapse;

    fn of(text: &str) -> Result<Self, LexicalError> {
        let wrong = |rule| LexicalError::new("xsd:decimal", rule);
        let (sign, rest) = match text.as_bytes().first() {
            Some(b'-') => ("-", text.get(1..).unwrap_or_default()),
            Some(b'+') => ("", text.get(1..).unwrap_or_default()),
            _ => ("", text),
        };
        let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return Err(wrong("it has to be digits with an optional sign and point"));
        }
        if whole.len() + fraction.len() > Decimal::MAX_DIGITS {
            return Err(wrong("it has more than 256 digits"));
        }
        fn some(part: &str) -> &str {
            if part.is_empty() { "0" } else { part }
        }
        let (whole, fraction) = (some(whole.trim_start_matches('0')), some(fraction.trim_end_matches('0')));
        let sign = if (whole, fraction) == ("0", "0") { "" } else { sign };
        Ok(Decimal(format!("{sign}{whole}.{fraction}").into()))
    }

    fn lexical(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

/// Bytes as `xsd:base64Binary`. White space between the characters is passed over, as RFC 2045 has it; padding is needed, and
/// bits that are left over have to be zero (Part 2 §3.2.16).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Base64Binary(pub Bytes);

impl Simple for Base64Binary {
    const WHITE_SPACE: WhiteSpace = WhiteSpace::Collapse;

    fn of(text: &str) -> Result<Self, LexicalError> {
        let packed: Cow<'_, str> = match text.contains(' ') {
            true => Cow::Owned(text.replace(' ', "")),
            false => Cow::Borrowed(text),
        };
        let bytes = STANDARD.decode(packed.as_bytes());
        let bytes = bytes
            .map_err(|_| LexicalError::new("xsd:base64Binary", "it has to be base64 with its padding"))?;
        Ok(Base64Binary(bytes.into()))
    }

    fn lexical(&self) -> Cow<'_, str> {
        Cow::Owned(STANDARD.encode(&self.0))
    }
}

/// Bytes as `xsd:hexBinary`: two digits a byte, in either case; written in upper case (Part 2 §3.2.15.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HexBinary(pub Bytes);

impl Simple for HexBinary {
    const WHITE_SPACE: WhiteSpace = WhiteSpace::Collapse;

    fn of(text: &str) -> Result<Self, LexicalError> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            b'A'..=b'F' => Some(byte - b'A' + 10),
            _ => None,
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let bytes = pairs
            .iter()
            .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
            .collect::<Option<Vec<u8>>>();
        match bytes {
            Some(bytes) if rest.is_empty() => Ok(HexBinary(bytes.into())),
            _ => Err(LexicalError::new("xsd:hexBinary", "it has to be pairs of hexadecimal digits")),
        }
    }

    fn lexical(&self) -> Cow<'_, str> {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
        Cow::Owned(self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect())
    }
}
