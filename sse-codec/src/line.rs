//! One line, interpreted (HTML Standard §9.2.6, "process the field").

use core::time::Duration;

use crate::scan::Span;

/// What a line that is not blank says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Line<'a> {
    Data(Span<'a>),
    Event(Span<'a>),
    Id(Span<'a>),
    Retry(Duration),
    Comment(Span<'a>),
    /// A reconnection time that is no number.
    BadRetry(Span<'a>),
    /// A field of another name.
    Unknown(Span<'a>),
}

impl<'a> Line<'a> {
    pub(crate) fn parse(line: Span<'a>) -> Self {
        let bytes = line.bytes();
        let colon = memchr::memchr(b':', bytes);
        let name = colon.unwrap_or(bytes.len());
        let value = || match colon {
            Some(colon) => line.part(colon + 1..bytes.len()).without_space(),
            None => line.part(bytes.len()..bytes.len()),
        };
        match &bytes[..name] {
            b"data" => Self::Data(value()),
            b"event" => Self::Event(value()),
            b"id" => Self::Id(value()),
            b"retry" => match milliseconds(value().bytes()) {
                Some(time) => Self::Retry(time),
                None => Self::BadRetry(value()),
            },
            b"" => Self::Comment(value()),
            _ => Self::Unknown(line.part(0..name)),
        }
    }
}

/// The fields that are told by their first bytes, as almost all lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// A space after the colon is not told, since services differ in it.
    Data,
    Event,
    Id,
    /// Likewise.
    Comment,
    Other,
}

/// The name at the front, with its colon and, if it is told, one space; and what follows.
#[inline]
pub(crate) fn prefix(bytes: &[u8]) -> (Prefix, &[u8]) {
    match bytes {
        [b'd', b'a', b't', b'a', b':', value @ ..] => (Prefix::Data, value),
        [b'e', b'v', b'e', b'n', b't', b':', b' ', value @ ..] => (Prefix::Event, value),
        [b'i', b'd', b':', b' ', value @ ..] => (Prefix::Id, value),
        [b':', text @ ..] => (Prefix::Comment, text),
        _ => (Prefix::Other, bytes),
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
