//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

use core::fmt;
use std::borrow::ToOwned as _;
use std::string::String;
use std::vec::Vec;

use http::HeaderMap;
#[cfg(feature = "deflate")]
use http::HeaderValue;
use http::header::SEC_WEBSOCKET_EXTENSIONS;

use super::Limits;
use super::headers::{is_token_byte, trim};

/// One extension with its parameters, as a peer wrote it.
///
/// # Examples
/// ```
/// use ws_frame::handshake::{Extension, Limits};
///
/// let value = r#"permessage-deflate; client_max_window_bits; server_max_window_bits="10", foo"#;
/// let list = Extension::parse_list(value.as_bytes(), &Limits::default())?;
/// assert_eq!(list[0].name(), "permessage-deflate");
/// assert_eq!(
///     list[0].parameters().collect::<Vec<_>>(),
///     [("client_max_window_bits", None), ("server_max_window_bits", Some("10"))],
/// );
/// assert_eq!(list[1].to_string(), "foo");
/// # Ok::<(), ws_frame::handshake::ExtensionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    name: String,
    parameters: Vec<(String, Option<String>)>,
}

impl Extension {
    /// One of tokens that we wrote ourselves.
    #[cfg(feature = "deflate")]
    pub(crate) fn new<'a>(name: &str, parameters: impl Iterator<Item = (&'a str, Option<String>)>) -> Self {
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value)).collect();
        Extension { name: name.to_owned(), parameters }
    }

    /// The extension's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The parameters in the order sent, each with its value if it has one; quotes are removed.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// Reads the value of one header line.
    ///
    /// # Errors
    /// [`ExtensionError`]: the list is malformed or longer than a limit.
    pub fn parse_list(value: &[u8], limits: &Limits) -> Result<Vec<Self>, ExtensionError> {
        let mut list = Vec::new();
        let mut elements = 0;
        parse_line(value, limits, &mut elements, &mut list)?;
        if list.is_empty() {
            return Err(ExtensionError::Malformed);
        }
        Ok(list)
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, value) in &self.parameters {
            write!(f, "; {name}")?;
            if let Some(value) = value {
                // A value is a token once its quotes are gone, so it needs none.
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

/// Why a list of extensions was refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionError {
    /// Not the grammar of RFC 6455 §9.1.
    Malformed,
    /// More than [`Limits::max_extensions`].
    TooMany,
    /// More than [`Limits::max_extension_parameters`] in one extension.
    TooManyParameters,
}

impl fmt::Display for ExtensionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed list of extensions",
            Self::TooMany => "more extensions than the limit max_extensions",
            Self::TooManyParameters => "more extension parameters than the limit max_extension_parameters",
        })
    }
}

impl core::error::Error for ExtensionError {}

/// The header value that names one extension.
#[cfg(feature = "deflate")]
pub(super) fn header_value(extension: &Extension) -> Option<HeaderValue> {
    HeaderValue::try_from(extension.to_string()).ok()
}

/// Reads every `Sec-WebSocket-Extensions` line of a head; empty when there is none.
pub(super) fn all(headers: &HeaderMap, limits: &Limits) -> Result<Vec<Extension>, ExtensionError> {
    let mut list = Vec::new();
    let mut elements = 0;
    for value in headers.get_all(SEC_WEBSOCKET_EXTENSIONS) {
        parse_line(value.as_bytes(), limits, &mut elements, &mut list)?;
    }
    if list.is_empty() && elements > 0 {
        return Err(ExtensionError::Malformed);
    }
    Ok(list)
}

fn parse_line(
    line: &[u8],
    limits: &Limits,
    elements: &mut usize,
    list: &mut Vec<Extension>,
) -> Result<(), ExtensionError> {
    let mut rest = trim(line);
    loop {
        *elements = elements.saturating_add(1);
        if *elements > limits.max_extensions {
            return Err(ExtensionError::TooMany);
        }
        if !matches!(rest, [] | [b',', ..]) {
            let extension;
            (extension, rest) = parse_extension(rest, limits)?;
            list.push(extension);
        }
        match rest {
            [] => return Ok(()),
            [b',', tail @ ..] => rest = trim(tail),
            _ => return Err(ExtensionError::Malformed),
        }
    }
}

/// Reads one extension from the start of `rest`; what is left starts at a comma or is empty.
fn parse_extension<'a>(rest: &'a [u8], limits: &Limits) -> Result<(Extension, &'a [u8]), ExtensionError> {
    let (name, mut rest) = take_token(rest)?;
    let mut parameters = Vec::new();
    while let [b';', tail @ ..] = rest {
        if parameters.len() >= limits.max_extension_parameters {
            return Err(ExtensionError::TooManyParameters);
        }
        let parameter;
        (parameter, rest) = take_token(trim(tail))?;
        let mut value = None;
        if let [b'=', tail @ ..] = rest {
            let text;
            (text, rest) = take_value(trim(tail))?;
            value = Some(text);
        }
        parameters.push((parameter, value));
    }
    Ok((Extension { name, parameters }, rest))
}

fn take_token(bytes: &[u8]) -> Result<(String, &[u8]), ExtensionError> {
    let end = bytes.iter().position(|&byte| !is_token_byte(byte)).unwrap_or(bytes.len());
    let (token, rest) = bytes.split_at(end);
    match core::str::from_utf8(token) {
        Ok(token) if !token.is_empty() => Ok((token.to_owned(), trim(rest))),
        _ => Err(ExtensionError::Malformed),
    }
}

/// A token, or a quoted string whose content is a token once unescaped (§9.1).
fn take_value(bytes: &[u8]) -> Result<(String, &[u8]), ExtensionError> {
    let [b'"', quoted @ ..] = bytes else {
        return take_token(bytes);
    };
    let mut value = String::new();
    let mut bytes = quoted.iter();
    loop {
        let byte = match bytes.next() {
            Some(b'"') if !value.is_empty() => return Ok((value, trim(bytes.as_slice()))),
            Some(b'\\') => bytes.next(),
            other => other,
        };
        match byte {
            Some(&byte) if is_token_byte(byte) => value.push(char::from(byte)),
            _ => return Err(ExtensionError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    fn parse(value: &str) -> Result<Vec<String>, ExtensionError> {
        Extension::parse_list(value.as_bytes(), &Limits::DEFAULT)
            .map(|list| list.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn section_9_1_examples() {
        assert_eq!(parse("foo").as_deref(), Ok(&["foo".into()][..]));
        assert_eq!(parse("bar; baz=2").as_deref(), Ok(&["bar; baz=2".into()][..]));
        assert_eq!(parse("foo, bar; baz=2").as_deref(), Ok(&["foo".into(), "bar; baz=2".into()][..]));
        assert_eq!(
            parse("deflate-stream, mux; max-channels=4; flow-control, deflate-stream").map(|l| l.len()),
            Ok(3)
        );
        assert_eq!(parse("private-extension").map(|l| l.len()), Ok(1));
    }

    #[test]
    fn quotes_escapes_and_spaces_are_read() {
        assert_eq!(
            parse(" a ;b = \"1\\0\" ;\tc , , d").as_deref(),
            Ok(&["a; b=10; c".into(), "d".into()][..])
        );
    }

    #[test]
    fn malformed_lists_are_refused() {
        for bad in [
            "",
            ",",
            ";",
            "a;",
            "a;;b",
            "a;=1",
            "a;b=",
            "a;b=\"\"",
            "a;b=\"1",
            "a;b=\"1 2\"",
            "a;b=\"1\"2",
            "a b",
            "a=1",
            "a;b=\\1",
            "a;b=\"\\",
            "\"a\"",
            "a\u{7f}",
        ] {
            assert_eq!(parse(bad), Err(ExtensionError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn limits_hold_over_extensions_and_parameters() {
        assert_eq!(parse(&["a"; 16].join(",")).map(|l| l.len()), Ok(16));
        assert_eq!(parse(&["a"; 17].join(",")), Err(ExtensionError::TooMany));
        assert_eq!(parse(&",".repeat(16)), Err(ExtensionError::TooMany));
        assert!(parse(&format!("a{}", ";b".repeat(16))).is_ok());
        assert_eq!(parse(&format!("a{}", ";b".repeat(17))), Err(ExtensionError::TooManyParameters));
    }
}
