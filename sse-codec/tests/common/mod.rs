//! What the tests of the codec share: items that outlive the parser, and the standard written down a second time.
#![allow(dead_code, reason = "each test program uses its part")]

use std::time::Duration;

use sse_codec::{Item, Limits, Overflow, Parser};

/// An [`Item`], owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Event { event: String, data: String, id: String },
    Comment(String),
    IdOnly(String),
    Retry(Duration),
    Ignored(String),
    Dropped(Overflow),
}

impl From<Item<'_>> for Seen {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Event(e) => event(e.event(), e.data(), e.id()),
            Item::Comment(text) => comment(text),
            Item::IdOnly(id) => id_only(id),
            Item::Retry(time) => Self::Retry(time),
            Item::Ignored(ignored) => Self::Ignored(ignored.to_string()),
            Item::Dropped(overflow) => Self::Dropped(overflow),
            other => unreachable!("a new kind of item: {other:?}"),
        }
    }
}

pub(crate) fn event(event: &str, data: &str, id: &str) -> Seen {
    Seen::Event { event: event.into(), data: data.into(), id: id.into() }
}

pub(crate) fn message(data: &str) -> Seen {
    event("message", data, "")
}

pub(crate) fn comment(text: &str) -> Seen {
    Seen::Comment(text.into())
}

pub(crate) fn id_only(id: &str) -> Seen {
    Seen::IdOnly(id.into())
}

pub(crate) fn retry(millis: u64) -> Seen {
    Seen::Retry(Duration::from_millis(millis))
}

/// All that can be told about one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) items: Vec<Seen>,
    pub(crate) last_id: String,
    pub(crate) retry: Option<Duration>,
}

/// Reads a stream that comes in these chunks.
pub(crate) fn read<'c>(limits: &Limits, chunks: impl IntoIterator<Item = &'c [u8]>) -> Read {
    let mut parser = Parser::with_limits(limits.clone());
    let mut items = Vec::new();
    for mut chunk in chunks {
        while let Some(item) = parser.next(&mut chunk) {
            items.push(item.into());
        }
        assert!(chunk.is_empty(), "`None` means that the chunk is used up");
    }
    let last_id = parser.last_event_id().to_owned();
    let retry = parser.reconnection_time();
    parser.finish();
    assert_eq!(parser.last_event_id(), last_id, "the end of the stream commits nothing");
    Read { items, last_id, retry }
}

/// Cuts `bytes` into pieces of the given sizes, over and over.
pub(crate) fn cut<'b>(bytes: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    let mut rest = bytes;
    let mut sizes = sizes.iter().copied().cycle();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(usize::MAX).clamp(1, rest.len());
        let (piece, tail) = rest.split_at(size);
        pieces.push(piece);
        rest = tail;
    }
    pieces
}

/// HTML Standard §9.2.5 and §9.2.6 on a whole stream, without any limit. Decodes first, then splits, then interprets.
pub(crate) fn model(stream: &[u8]) -> Read {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.pop(); // What no line end follows is not a line.

    let mut read = Read { items: Vec::new(), last_id: String::new(), retry: None };
    let (mut data, mut name, mut id) = (String::new(), String::new(), None::<String>);
    for line in lines {
        if line.is_empty() {
            if let Some(id) = &id {
                read.last_id.clone_from(id);
            }
            if let Some(data) = data.strip_suffix('\n') {
                let name = if name.is_empty() { "message" } else { &name };
                read.items.push(event(name, data, &read.last_id));
            } else if id.is_some() {
                read.items.push(id_only(&read.last_id));
            }
            (data, name, id) = (String::new(), String::new(), None);
            continue;
        }
        if let Some(text) = line.strip_prefix(':') {
            read.items.push(comment(text.strip_prefix(' ').unwrap_or(text)));
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => data = data + value + "\n",
            "event" => name = value.to_owned(),
            "id" if !value.contains('\0') => id = Some(value.to_owned()),
            "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                let time = Duration::from_millis(value.parse().unwrap_or(u64::MAX));
                read.retry = Some(time);
                read.items.push(Seen::Retry(time));
            }
            _ => {}
        }
    }
    read
}
