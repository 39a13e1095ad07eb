//! Route patterns, and the one form that equivalent paths are brought into.

use core::fmt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::borrow::Cow;

/// A route pattern such as `/users/{id}/orders/{order}` or `/files/{*path}`.
///
/// Literal segments may be written with or without percent-encoding. A parameter is a whole segment and is never empty.
///
/// ```
/// use rest_core::route::Pattern;
/// let order = Pattern::parse("/users/{id}/orders/{order}")?;
/// assert_eq!(order.names().collect::<Vec<_>>(), ["id", "order"]);
/// let path = order.reverse(&[("id", &42), ("order", &"a/b")])?;
/// assert_eq!(path.as_str(), "/users/42/orders/a%2Fb");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    pub(crate) segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// In normal form: percent-encoded where it has to be.
    Literal(String),
    Param(String),
    CatchAll(String),
}

/// Why a text is no pattern.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// It does not begin with `/`.
    NotAbsolute,
    /// A brace stands anywhere but around a whole segment, or the name between is empty or has other characters than
    /// letters, digits and `_`.
    Parameter(String),
    /// The same name occurs twice.
    Duplicate(String),
    /// `{*name}` is not the last segment.
    CatchAllNotLast,
    /// A literal has a `%` without two hexadecimal digits, a `?` or a `#`.
    Literal(String),
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PatternError::NotAbsolute => f.write_str("a pattern begins with a slash"),
            PatternError::Parameter(s) => write!(f, "segment {s:?} is neither a literal nor one {{name}}"),
            PatternError::Duplicate(name) => write!(f, "the parameter {name:?} occurs twice"),
            PatternError::CatchAllNotLast => f.write_str("a catch-all is the last segment"),
            PatternError::Literal(s) => write!(f, "segment {s:?} has a stray `%`, or a `?` or `#`"),
        }
    }
}

impl core::error::Error for PatternError {}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`], which names the segment at fault.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        let rest = text.strip_prefix('/').ok_or(PatternError::NotAbsolute)?;
        let mut segments: Vec<Segment> = Vec::new();
        for part in rest.split('/') {
            if matches!(segments.last(), Some(Segment::CatchAll(_))) {
                return Err(PatternError::CatchAllNotLast);
            }
            let segment = segment(part)?;
            if segment.name().is_some_and(|name| segments.iter().any(|s| s.name() == Some(name))) {
                return Err(PatternError::Duplicate(segment.name().unwrap_or_default().to_owned()));
            }
            segments.push(segment);
        }
        Ok(Pattern { text: text.to_owned(), segments })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of the parameters, from left to right.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(Segment::name)
    }

    /// The same in the syntax of `matchit`, literals in normal form.
    pub(crate) fn to_matchit(&self) -> String {
        let mut out = String::new();
        for segment in &self.segments {
            out.push('/');
            match segment {
                Segment::Literal(literal) => out.push_str(literal),
                Segment::Param(name) => out.extend(["{", name, "}"]),
                Segment::CatchAll(name) => out.extend(["{*", name, "}"]),
            }
        }
        out
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Segment {
    fn name(&self) -> Option<&str> {
        match self {
            Segment::Literal(_) => None,
            Segment::Param(name) | Segment::CatchAll(name) => Some(name),
        }
    }
}

fn segment(part: &str) -> Result<Segment, PatternError> {
    let Some(inner) = part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) else {
        if part.contains(['{', '}']) {
            return Err(PatternError::Parameter(part.to_owned()));
        }
        if part.contains(['?', '#']) {
            return Err(PatternError::Literal(part.to_owned()));
        }
        let encoded: String = utf8_percent_encode(part, NOT_LITERAL).collect();
        let literal = normalise(&encoded).ok_or_else(|| PatternError::Literal(part.to_owned()))?;
        return Ok(Segment::Literal(literal.into_owned()));
    };
    let (name, catch_all) = inner.strip_prefix('*').map_or((inner, false), |name| (name, true));
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(PatternError::Parameter(part.to_owned()));
    }
    Ok(if catch_all { Segment::CatchAll(name.to_owned()) } else { Segment::Param(name.to_owned()) })
}

/// Brings a path into the form in which equivalent paths are equal octets (RFC 9110 §4.2.3, RFC 3986 §6.2.2): unreserved
/// characters are not encoded, hexadecimal digits are in upper case. `None` for a `%` without two hexadecimal digits.
#[inline]
pub(crate) fn normalise(path: &str) -> Option<Cow<'_, str>> {
    match memchr::memchr(b'%', path.as_bytes()) {
        None => Some(Cow::Borrowed(path)),
        Some(first) => rewrite(path, first).map(Cow::Owned),
    }
}

fn rewrite(path: &str, first: usize) -> Option<String> {
    let (mut out, mut rest) = (String::with_capacity(path.len()), path);
    let mut next = Some(first);
    while let Some(percent) = next {
        out.push_str(&rest[..percent]);
        let [b'%', high, low, ..] = rest.as_bytes()[percent..] else { return None };
        let (high, low) = (char::from(high).to_digit(16)?, char::from(low).to_digit(16)?);
        let byte = (high * 16 + low) as u8;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', char::from(HEX[high as usize]), char::from(HEX[low as usize])]);
        }
        rest = &rest[percent + 3..];
        next = memchr::memchr(b'%', rest.as_bytes());
    }
    out.push_str(rest);
    Some(out)
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";
/// What a segment may not hold as it is: anything but pchar (RFC 3986 §3.3).
pub(crate) const NOT_PCHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');
/// The same for a literal of a pattern, where a `%` is taken to be an encoding already.
const NOT_LITERAL: &AsciiSet = &NOT_PCHAR.remove(b'%');
