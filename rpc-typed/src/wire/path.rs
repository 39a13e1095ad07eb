//! The path of a request: percent-decoded once, then cut at its commas if it is a batch.

use std::borrow::Cow;
use std::fmt;

/// Decodes as JavaScript's `decodeURIComponent`: each escape must be whole, and all of them together UTF-8.
///
/// ```
/// use rpc_typed::wire::path::decode;
///
/// assert_eq!(decode("users%2EgetById").unwrap(), "users.getById");
/// assert_eq!(decode("%zz").unwrap_err().to_string(), "Invalid URL-encoding in path \"%zz\"");
/// ```
///
/// # Errors
/// [`BadEscape`], with the path.
pub fn decode(raw: &str) -> Result<Cow<'_, str>, BadEscape> {
    if memchr::memchr(b'%', raw.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(raw));
    }
    let bad = || BadEscape { path: raw.to_owned() };
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        if byte != b'%' {
            out.push(byte);
            rest = tail;
            continue;
        }
        let (escape, tail) = tail.split_at_checked(2).ok_or_else(bad)?;
        out.push(hex(escape).ok_or_else(bad)?);
        rest = tail;
    }
    String::from_utf8(out).map(Cow::Owned).map_err(|_| bad())
}

/// The byte that two hexadecimal digits are.
pub(crate) fn hex(digits: &[u8]) -> Option<u8> {
    let [high, low] = *digits else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// A path with a broken escape, or one that is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEscape {
    path: String,
}

impl fmt::Display for BadEscape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invalid URL-encoding in path \"{}\"", self.path)
    }
}

impl std::error::Error for BadEscape {}
