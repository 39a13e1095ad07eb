//! Header grammar shared by both sides: tokens and lists (RFC 9110 §5.6), the key and its answer (RFC 6455 §4.2.2).

use std::string::String;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderName};
use sha1::{Digest as _, Sha1};

/// RFC 6455 §1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// RFC 6455 §4.1 itself prints a key whose last sextet has bits left over (`AQIDBAUGBwgJCgsMDQ4PEC==`), so those
/// bits are not a reason to refuse a client.
const KEY_BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// The `Sec-WebSocket-Accept` value that answers a `Sec-WebSocket-Key` value (RFC 6455 §4.2.2 item 5.4): base64 of
/// SHA-1 over the key as it was sent and the protocol's GUID. The key is not checked.
///
/// # Examples
/// ```
/// use ws_frame::handshake::accept_key;
///
/// // RFC 6455 §1.3
/// assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept_key(key: &str) -> String {
    let digest = Sha1::new().chain_update(key.as_bytes()).chain_update(GUID).finalize();
    KEY_BASE64.encode(digest)
}

/// The `Sec-WebSocket-Key` value for 16 random bytes (RFC 6455 §4.1 item 7).
pub(super) fn encode_key(nonce: [u8; 16]) -> String {
    KEY_BASE64.encode(nonce)
}

/// A `Sec-WebSocket-Key` value is valid when it is base64 of 16 bytes (RFC 6455 §4.2.1 item 5).
pub(super) fn parse_key(value: &[u8]) -> Option<&str> {
    let mut nonce = [0_u8; 18];
    let decoded = KEY_BASE64.decode_slice(value, &mut nonce).ok()?;
    if decoded != 16 {
        return None;
    }
    core::str::from_utf8(value).ok()
}

/// `tchar` of RFC 9110 §5.6.2, which is also RFC 6455's "U+0021 to U+007E without separators".
pub(super) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// The token in `bytes`, when the whole of it is one.
pub(super) fn token(bytes: &[u8]) -> Option<&str> {
    if bytes.is_empty() || !bytes.iter().copied().all(is_token_byte) {
        return None;
    }
    core::str::from_utf8(bytes).ok()
}

/// `bytes` without optional whitespace (SP and HTAB, RFC 9110 §5.6.3) around it.
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The elements of a comma-separated list over all lines of a field, empty ones included: whoever reads counts them
/// against a limit and skips them (RFC 9110 §5.6.1.2).
pub(super) fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).into_iter().flat_map(|value| value.as_bytes().split(|&byte| byte == b',')).map(trim)
}

/// Whether a list field names a token, in any case.
pub(super) fn list_contains(headers: &HeaderMap, name: &HeaderName, token: &[u8]) -> bool {
    list(headers, name).any(|element| element.eq_ignore_ascii_case(token))
}

/// A field that must not be repeated.
pub(super) enum Single<'a> {
    Absent,
    Value(&'a [u8]),
    Repeated,
}

/// The value of a field that must not be repeated, without whitespace around it.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Single<'a> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (None, _) => Single::Absent,
        (Some(value), None) => Single::Value(trim(value.as_bytes())),
        (Some(_), Some(_)) => Single::Repeated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_must_decode_to_16_bytes() {
        assert!(parse_key(b"dGhlIHNhbXBsZSBub25jZQ==").is_some());
        assert!(parse_key(b"AQIDBAUGBwgJCgsMDQ4PEC==").is_some());
        for bad in [
            "",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25j",
            "dGhlIHNhbXBsZSBub25jZWU=",
            "dGhlIHNhbXBsZSBub25jZWVl",
            "dGhlIHNhbXBsZSBub25jZWVlZWVlZWVl",
            "dGhlIHNhbXBsZSBub25jZ!==",
            "dGhl IHNhbXBsZSBub25jZQ==",
        ] {
            assert!(parse_key(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn list_elements_are_trimmed_and_found_in_any_case_on_any_line() {
        let mut headers = HeaderMap::new();
        headers.append(http::header::CONNECTION, http::HeaderValue::from_static("keep-alive ,\t"));
        headers.append(http::header::CONNECTION, http::HeaderValue::from_static("UpGrade"));
        assert!(list_contains(&headers, &http::header::CONNECTION, b"upgrade"));
        assert!(!list_contains(&headers, &http::header::CONNECTION, b"upgrad"));
        assert_eq!(list(&headers, &http::header::CONNECTION).count(), 3);
    }
}
