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
    read_by(Parser::with_limits(limits.clone()), chunks)
}

/// [`read`] by a parser that was set up.
pub(crate) fn read_by<'c>(mut parser: Parser, chunks: impl IntoIterator<Item = &'c [u8]>) -> Read {
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

/// The owned events of a stream that comes in these chunks.
pub(crate) fn read_owned<'c>(mut parser: Parser, chunks: impl IntoIterator<Item = &'c [u8]>) -> Vec<Seen> {
    let mut items = Vec::new();
    for mut chunk in chunks {
        loop {
            match parser.next_event(&mut chunk) {
                Ok(Some(e)) => items.push(event(e.event(), e.data(), e.id())),
                Ok(None) => break,
                Err(overflow) => items.push(Seen::Dropped(overflow)),
            }
        }
        assert!(chunk.is_empty(), "`None` means that the chunk is used up");
    }
    items
}

/// Pieces that make the rules meet each other.
pub(crate) const PIECES: &[&[u8]] = &[
    b"data",
    b"data:",
    b"data: ",
    b"event: ",
    b"event:",
    b"id: ",
    b"id",
    b"retry: ",
    b"retry:",
    b":",
    b": ",
    b" ",
    b"\n",
    b"\n",
    b"\n\n",
    b"\r",
    b"\r\n",
    b"\r\n\r\n",
    b"\n\r",
    b"x",
    b"12",
    b"999999999999999999999999",
    b"+",
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xEF",
    b"\xBB",
    b"\xBF",
    b"\xFF",
    b"\xE2\x82\xAC",
    b"\xE2\x82",
    b"\xF0\x9F\x98\x80",
    b"\xF0\x9F",
    b"\xED\xA0\x80",
    b"a fairly long run of ordinary text",
    b"data: whole\n\n",
    b"id: 5\ndata: block\n\n",
    b": keepalive\n\n",
    b"event: tick\ndata: {}\n\n",
    b"data: a line that is longer than a vector of sixty-four bytes, so that the scan has to go far for its end\n",
];

/// A small generator (splitmix64): the seed of a case is all that must be printed to see it again.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    /// A stream of such pieces, and of a few bytes at random.
    pub(crate) fn stream(&mut self) -> Vec<u8> {
        let mut stream = Vec::new();
        for _ in 0..self.below(40) {
            if self.below(12) == 0 {
                let count = self.below(6);
                stream.extend((0..count).map(|_| self.below(256) as u8));
            } else {
                stream.extend_from_slice(PIECES[self.below(PIECES.len())]);
            }
        }
        stream
    }

    pub(crate) fn sizes(&mut self) -> Vec<usize> {
        let most = [3, 12, 40][self.below(3)];
        (0..=self.below(7)).map(|_| 1 + self.below(most)).collect()
    }
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
