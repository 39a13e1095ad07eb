//! Subprotocol names and their lists (RFC 6455 §1.9, §4.1 item 10, §4.2.2 item 5.5).

use core::fmt;
use std::borrow::ToOwned as _;
use std::string::String;
use std::vec::Vec;

use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderMap, HeaderValue};

use super::headers;

/// A subprotocol name such as `graphql-transport-ws`: a token (RFC 9110 §5.6.2), compared with case.
///
/// # Examples
/// ```
/// use ws_frame::handshake::Subprotocol;
///
/// assert_eq!(Subprotocol::parse("chat.v1")?.as_str(), "chat.v1");
/// assert!(Subprotocol::parse("chat v1").is_err());
/// # Ok::<(), ws_frame::handshake::SubprotocolError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subprotocol(String);

impl Subprotocol {
    /// Reads a name.
    ///
    /// # Errors
    /// [`SubprotocolError::Malformed`] when it is not a token.
    pub fn parse(name: &str) -> Result<Self, SubprotocolError> {
        headers::token(name.as_bytes()).map(|token| Self(token.to_owned())).ok_or(SubprotocolError::Malformed)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subprotocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<str> for Subprotocol {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

/// Why a subprotocol name or list was refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubprotocolError {
    /// A name is not a token, or a list that was sent holds no name.
    Malformed,
    /// A list names the same subprotocol twice (RFC 6455 §4.1 item 10).
    Duplicate,
    /// A list is longer than [`Limits::max_subprotocols`](super::Limits::max_subprotocols).
    TooMany,
}

impl fmt::Display for SubprotocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "a subprotocol name is not a token",
            Self::Duplicate => "a subprotocol is named twice",
            Self::TooMany => "more subprotocols than the limit max_subprotocols",
        })
    }
}

impl core::error::Error for SubprotocolError {}

/// Reads the names that a request offers, in the client's order; empty when it offers none.
pub(super) fn offered(headers: &HeaderMap, max: usize) -> Result<Vec<&str>, SubprotocolError> {
    let mut names: Vec<&str> = Vec::new();
    let mut elements = 0_usize;
    for element in headers::list(headers, &SEC_WEBSOCKET_PROTOCOL) {
        elements = elements.saturating_add(1);
        if elements > max {
            return Err(SubprotocolError::TooMany);
        }
        if element.is_empty() {
            continue;
        }
        let name = headers::token(element).ok_or(SubprotocolError::Malformed)?;
        // Pairwise is fine: `max` bounds it.
        if names.contains(&name) {
            return Err(SubprotocolError::Duplicate);
        }
        names.push(name);
    }
    // §4.1: the header, when present, names at least one.
    if elements > 0 && names.is_empty() {
        return Err(SubprotocolError::Malformed);
    }
    Ok(names)
}

/// Reads a list that the caller configured.
pub(super) fn parse_all<I>(names: I) -> Result<Vec<Subprotocol>, SubprotocolError>
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let mut parsed: Vec<Subprotocol> = Vec::new();
    for name in names {
        let name = Subprotocol::parse(name.as_ref())?;
        if parsed.contains(&name) {
            return Err(SubprotocolError::Duplicate);
        }
        parsed.push(name);
    }
    Ok(parsed)
}

/// The header value for a list of names; none for an empty list.
pub(super) fn header_value<'a>(names: impl IntoIterator<Item = &'a Subprotocol>) -> Option<HeaderValue> {
    let mut value = String::new();
    for name in names {
        if !value.is_empty() {
            value.push_str(", ");
        }
        value.push_str(name.as_str());
    }
    if value.is_empty() {
        return None;
    }
    // Tokens, commas and spaces are valid in a field value.
    HeaderValue::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(lines: &[&'static str]) -> Result<Vec<String>, SubprotocolError> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(line));
        }
        offered(&headers, 4).map(|names| names.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn an_offer_keeps_the_clients_order_over_lines() {
        let names = offer(&["chat, superchat", "v2"]);
        assert_eq!(names.as_deref(), Ok(&["chat".into(), "superchat".into(), "v2".into()][..]));
        assert_eq!(offer(&[]).as_deref(), Ok(&[][..]));
        assert_eq!(offer(&["a,,b"]).as_deref(), Ok(&["a".into(), "b".into()][..]));
    }

    #[test]
    fn a_bad_offer_is_refused_by_kind() {
        assert_eq!(offer(&["a b"]), Err(SubprotocolError::Malformed));
        assert_eq!(offer(&["\"a\""]), Err(SubprotocolError::Malformed));
        assert_eq!(offer(&[""]), Err(SubprotocolError::Malformed));
        assert_eq!(offer(&[", ,"]), Err(SubprotocolError::Malformed));
        assert_eq!(offer(&["a, b", "a"]), Err(SubprotocolError::Duplicate));
        assert_eq!(offer(&["a,b,c,d"]).map(|n| n.len()), Ok(4));
        assert_eq!(offer(&["a,b,c,d,e"]), Err(SubprotocolError::TooMany));
        assert_eq!(offer(&[",,,,a"]), Err(SubprotocolError::TooMany));
    }

    #[test]
    fn names_compare_with_case() {
        assert_eq!(offer(&["chat, Chat"]).map(|n| n.len()), Ok(2));
    }
}
