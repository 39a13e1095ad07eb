//! What a string token means (GraphQL September 2025, §2.10.4).

use std::borrow::Cow;

/// The scalar value of `\uXXXX`, a surrogate pair of two of them, or `\u{X…}` at the start of `bytes`, and its length.
pub(super) fn unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    if bytes.get(2) == Some(&b'{') {
        let digits = bytes[3..].iter().take(9).position(|&byte| byte == b'}')?;
        let value = hex(&bytes[3..3 + digits])?;
        return Some((char::from_u32(value)?, digits + 4));
    }
    let first = hex(bytes.get(2..6)?)?;
    if let Some(char) = char::from_u32(first) {
        return Some((char, 6));
    }
    // §2.10.4: a leading surrogate must be followed by a trailing one.
    let second = bytes.get(6..12)?;
    if !second.starts_with(b"\\u") {
        return None;
    }
    let second = hex(&second[2..])?;
    let (true, true) = ((0xD800..0xDC00).contains(&first), (0xDC00..0xE000).contains(&second)) else {
        return None;
    };
    Some((char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))?, 12))
}

fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    digits.iter().try_fold(0_u32, |value, &digit| Some((value << 4) | char::from(digit).to_digit(16)?))
}

/// The meaning of a string token, quotes included. Lent where it has no escapes.
pub(super) fn string(token: &str) -> Cow<'_, str> {
    let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (char, length) = match rest.as_bytes().get(1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{C}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => unicode_escape(rest.as_bytes()).unwrap_or(('\u{FFFD}', 2)),
            Some(&other) => (char::from(other), 2),
            None => break,
        };
        text.push(char);
        rest = &rest[length..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The meaning of a block string token: `BlockStringValue` (§2.10.4).
pub(super) fn block_string(token: &str) -> Cow<'_, str> {
    let raw = token.get(3..token.len().saturating_sub(3)).unwrap_or_default();
    let lines = lines(raw);
    let blank = |line: &str| line.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
    let indent_of = |line: &str| line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let common =
        lines.iter().skip(1).filter(|line| !blank(line)).map(|line| indent_of(line)).min().unwrap_or(0);
    let first = lines.iter().position(|line| !blank(line));
    let last = lines.iter().rposition(|line| !blank(line));
    let (Some(first), Some(last)) = (first, last) else { return Cow::Borrowed("") };
    if first == last && !raw.contains("\\\"\"\"") {
        let line = lines[first];
        return Cow::Borrowed(if first == 0 { line } else { line.get(common..).unwrap_or_default() });
    }
    let mut text = String::with_capacity(raw.len());
    for (index, line) in lines.iter().enumerate().take(last + 1).skip(first) {
        if index > first {
            text.push('\n');
        }
        let line = if index == 0 { line } else { line.get(common..).unwrap_or_default() };
        let mut rest = line;
        while let Some(at) = rest.find("\\\"\"\"") {
            text.push_str(&rest[..at]);
            text.push_str("\"\"\"");
            rest = &rest[at + 4..];
        }
        text.push_str(rest);
    }
    Cow::Owned(text)
}

/// The lines of a text, of which each ends with LF, CR or CRLF.
fn lines(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let mut start = 0;
    for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        if bytes[at] == b'\n' && at > 0 && bytes[at - 1] == b'\r' {
            start = at + 1;
            continue;
        }
        lines.push(&text[start..at]);
        start = at + 1;
    }
    lines.push(&text[start..]);
    lines
}
