//! One line, interpreted (HTML Standard §9.2.6, "process the field").

use core::time::Duration;

/// What a line that is not blank says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Data(&'a [u8]),
    Event(&'a [u8]),
    Id(&'a [u8]),
    Retry(Duration),
    Comment(&'a [u8]),
    /// An unknown field, or a reconnection time that is no number.
    Ignored,
}

impl<'a> Line<'a> {
    #[inline]
    pub(crate) fn parse(line: &'a [u8]) -> Self {
        if let Some(rest) = line.strip_prefix(b"data") {
            return value(rest).map_or(Self::Ignored, Self::Data);
        }
        if let Some(rest) = line.strip_prefix(b"event") {
            return value(rest).map_or(Self::Ignored, Self::Event);
        }
        if let Some(rest) = line.strip_prefix(b"id") {
            return value(rest).map_or(Self::Ignored, Self::Id);
        }
        if let Some(text) = line.strip_prefix(b":") {
            return Self::Comment(text.strip_prefix(b" ").unwrap_or(text));
        }
        if let Some(rest) = line.strip_prefix(b"retry") {
            return value(rest).and_then(milliseconds).map_or(Self::Ignored, Self::Retry);
        }
        Self::Ignored
    }
}

/// The value behind a name: after the first colon and one space; empty without a colon. `None`: the name goes on.
#[inline]
fn value(after_name: &[u8]) -> Option<&[u8]> {
    match after_name {
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        [] => Some(after_name),
        _ => None,
    }
}

/// ASCII digits and nothing else, at least one, as milliseconds; the largest value stands for all beyond.
fn milliseconds(value: &[u8]) -> Option<Duration> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(Duration::from_millis(value.iter().fold(0, add)))
}
