//! The parser: HTML Standard §9.2.6, "Interpreting an event stream", for a stream that arrives in pieces.

use alloc::{string::String, vec::Vec};
use core::{mem, time::Duration};

use bytes::{Buf as _, BytesMut};

use crate::{
    error::{LimitKind, Overflow},
    event::{Event, EventId, EventRef},
    limits::Limits,
    scan,
};

/// What the parser found, in the order of the stream.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A block with data, at its blank line.
    Event(EventRef<'a>),
    /// The text of a line that begins with a colon, without the colon and one space after it.
    Comment(&'a str),
    /// A block with an id and no data: no event, but the last event id is now this.
    IdOnly(&'a str),
    /// The reconnection time is now this; it is in force even if the block never ends.
    Retry(Duration),
    /// A limit was crossed; [`LimitKind::drops_block`] tells what is lost.
    Dropped(Overflow),
}

/// An incremental parser of `text/event-stream`.
///
/// Feed it the chunks of one stream in order; any way of cutting the stream gives the same items. It never fails: the
/// standard gives every byte sequence a meaning. Invalid UTF-8 becomes U+FFFD as the Encoding Standard counts it, also where
/// a chunk cuts a sequence. An event whose block lies in one chunk is lent from that chunk: no allocation, no copy.
///
/// ```
/// use sse_codec::{Item, Parser};
///
/// let mut parser = Parser::new();
/// let mut seen = Vec::new();
/// for chunk in ["retry: 5000\nid: 1\ndata: fi", "rst\n\n: idle\n\nda", "ta: second\n\n"] {
///     let mut chunk = chunk.as_bytes();
///     while let Some(item) = parser.next(&mut chunk) {
///         match item {
///             Item::Event(event) => seen.push(format!("{} {}", event.id(), event.data())),
///             Item::Comment(text) => seen.push(format!("# {text}")),
///             other => seen.push(format!("{other:?}")),
///         }
///     }
/// }
/// assert!(!parser.finish(), "no block was left open");
/// assert_eq!(seen, ["Retry(5s)", "1 first", "# idle", "1 second"]);
/// ```
///
/// It holds no heap memory until a chunk ends inside a block or an id is seen.
#[derive(Clone, Debug)]
pub struct Parser {
    limits: Limits,
    /// The line that a chunk left open. After that, what a comment is lent from.
    partial: Vec<u8>,
    /// The data of a block that is not in one chunk or has several lines, from `data_start` on.
    data: Vec<u8>,
    data_start: usize,
    event: String,
    staged_id: String,
    last_id: String,
    /// Data or a comment in which something had to be replaced.
    replaced: String,
    retry: Option<Duration>,
    /// How many bytes of the stream were taken.
    offset: u64,
    /// Where `partial` begins in the stream.
    partial_offset: u64,
    /// How much of a byte order mark was seen.
    bom: usize,
    flags: u8,
}

/// The stream has just begun: a byte order mark may come.
const START: u8 = 1;
/// The chunk ended at a CR; an LF that comes first in the next one belongs to it.
const SKIP_LF: u8 = 1 << 1;
/// `partial` holds the beginning of a line, at least one byte.
const PARTIAL: u8 = 1 << 2;
/// The unfinished block has data in `data`, a type in `event`, an id in `staged_id`.
const HAS_DATA: u8 = 1 << 3;
const HAS_EVENT: u8 = 1 << 4;
const HAS_ID: u8 = 1 << 5;
const HAS_BLOCK: u8 = HAS_DATA | HAS_EVENT | HAS_ID;
/// Everything up to the next blank line is thrown away.
const DROPPING: u8 = 1 << 6;
/// While dropping: the line at hand is not blank.
const IN_LINE: u8 = 1 << 7;

/// What must be settled before lines can be taken from a chunk.
const RESUME: u8 = START | SKIP_LF | PARTIAL | DROPPING;

const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// A buffer larger than this is let go when a use of it needed less than a quarter.
const KEEP: usize = 64 << 10;

impl Parser {
    /// A parser with the default limits.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_limits(Limits::DEFAULT)
    }

    /// A parser with these limits.
    #[must_use]
    pub const fn with_limits(limits: Limits) -> Self {
        Self {
            limits,
            partial: Vec::new(),
            data: Vec::new(),
            data_start: 0,
            event: String::new(),
            staged_id: String::new(),
            last_id: String::new(),
            replaced: String::new(),
            retry: None,
            offset: 0,
            partial_offset: 0,
            bom: 0,
            flags: START,
        }
    }

    /// Takes bytes from the front of `input` up to the next item.
    ///
    /// `None` means that `input` is used up; what it left unfinished is kept. The item borrows from `input` or from the parser,
    /// so it must be let go before the next call.
    #[inline]
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Item<'s>> {
        Some(match self.step(input)? {
            Step::Event { data, event } => Item::Event(self.lend(data, event)),
            Step::Comment(text) => Item::Comment(self.lend_comment(text)),
            Step::IdOnly => Item::IdOnly(&self.last_id),
            Step::Retry(time) => Item::Retry(time),
            Step::Dropped(overflow) => Item::Dropped(overflow),
        })
    }

    /// The next event, owned; what is no event is passed over. Takes from `input` what it used, all of it on `None`.
    ///
    /// # Errors
    /// [`Overflow`] when a limit was crossed. It is no end: call again for what follows.
    ///
    /// ```
    /// use sse_codec::Parser;
    ///
    /// let mut parser = Parser::new();
    /// let mut received = bytes::BytesMut::from(&b": hi\n\ndata: 1\n\nda"[..]);
    /// assert_eq!(parser.decode(&mut received)?.map(|event| event.into_data()), Some("1".into()));
    /// assert_eq!(parser.decode(&mut received)?, None);
    /// assert!(received.is_empty());
    /// # Ok::<(), sse_codec::Overflow>(())
    /// ```
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Event>, Overflow> {
        let mut rest = &input[..];
        let found = loop {
            match self.next(&mut rest) {
                None => break Ok(None),
                Some(Item::Event(event)) => break Ok(Some(event.to_owned())),
                Some(Item::Dropped(overflow)) => break Err(overflow),
                Some(Item::Comment(_) | Item::IdOnly(_) | Item::Retry(_)) => {}
            }
        };
        let used = input.len() - rest.len();
        input.advance(used);
        found
    }

    /// The stream has ended: drops the block that no blank line ended, its id included, and tells whether there was one.
    ///
    /// The parser is then ready for the next stream of the same source: it keeps the last event id and the reconnection time.
    pub fn finish(&mut self) -> bool {
        let unfinished = self.flags & (PARTIAL | HAS_BLOCK | DROPPING) != 0;
        restart(&mut self.partial);
        restart(&mut self.data);
        self.offset = 0;
        self.bom = 0;
        self.flags = START;
        unfinished
    }

    /// The id of the last block that had one and ended; empty if there was none. To be sent back as `Last-Event-ID`.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        &self.last_id
    }

    /// Sets the last event id, for a source that goes on from an earlier run.
    pub fn set_last_event_id(&mut self, id: &EventId) {
        self.last_id.clear();
        self.last_id.push_str(id.as_str());
    }

    /// The last reconnection time that the stream gave. A value beyond 64 bits of milliseconds counts as the largest one; a
    /// client should put its own bounds on it.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.retry
    }

    /// Advances `input` to behind the next item. Does not lend: what it returns borrows from the chunk alone.
    fn step<'i>(&mut self, input: &mut &'i [u8]) -> Option<Step<'i>> {
        let chunk = *input;
        let mut rest = chunk;
        let step = if self.flags & RESUME == 0 { None } else { self.resume(&mut rest) };
        let step = if step.is_some() { step } else { self.lines(chunk, &mut rest) };
        self.offset += (chunk.len() - rest.len()) as u64;
        *input = rest;
        step
    }

    /// Takes whole lines from `rest`, the tail of `chunk`, up to an item; keeps what is left when there is none.
    fn lines<'i>(&mut self, chunk: &'i [u8], rest: &mut &'i [u8]) -> Option<Step<'i>> {
        let mut block = Block::kept(self.flags);
        while let Some(end) = scan::line_end(rest) {
            let (line, tail) = rest.split_at(end);
            let start = chunk.len() - rest.len();
            self.take_line_end(tail, rest);
            if end == 0 {
                let step = self.dispatch(&mut block);
                if step.is_some() {
                    return step;
                }
                continue;
            }
            match self.line(line, &mut block) {
                Line::Silent => {}
                Line::Comment(text) => {
                    self.keep(&block);
                    return Some(Step::Comment(Text::Chunk(text)));
                }
                Line::Retry(time) => {
                    self.keep(&block);
                    return Some(Step::Retry(time));
                }
                Line::Over(LimitKind::Id) => {
                    self.keep(&block);
                    return Some(Step::Dropped(self.overflow(LimitKind::Id, self.offset + start as u64)));
                }
                Line::Over(limit) => {
                    self.drop_block(0);
                    return Some(Step::Dropped(self.overflow(limit, self.offset + start as u64)));
                }
            }
        }
        if rest.is_empty() {
            self.keep(&block);
            return None;
        }
        let line = mem::take(rest);
        let start = self.offset + (chunk.len() - line.len()) as u64;
        if line.len() > self.limits.max_line {
            self.drop_block(IN_LINE);
            return Some(Step::Dropped(self.overflow(LimitKind::Line, start)));
        }
        self.keep(&block);
        restart(&mut self.partial);
        self.partial.extend_from_slice(line);
        self.partial_offset = start;
        self.flags |= PARTIAL;
        None
    }

    /// Settles what an earlier chunk left open. With `None`, either that is done or `rest` is used up.
    fn resume<'i>(&mut self, rest: &mut &'i [u8]) -> Option<Step<'i>> {
        if self.flags & START != 0 {
            self.byte_order_mark(rest);
        }
        if self.flags & SKIP_LF != 0
            && let Some((first, tail)) = rest.split_first()
        {
            self.flags &= !SKIP_LF;
            if *first == b'\n' {
                *rest = tail;
            }
        }
        if self.flags & DROPPING != 0 {
            self.resynchronise(rest);
        }
        if self.flags & PARTIAL != 0 && !rest.is_empty() { self.end_partial(rest) } else { None }
    }

    /// Drops one byte order mark at the start of the stream; its bytes may come one at a time (Encoding Standard, "UTF-8 decode").
    fn byte_order_mark(&mut self, rest: &mut &[u8]) {
        while let Some((first, tail)) = rest.split_first() {
            if BOM.get(self.bom) != Some(first) {
                self.flags &= !START;
                if self.bom > 0 && self.bom < BOM.len() {
                    // The bytes that looked like one begin the first line.
                    restart(&mut self.partial);
                    self.partial.extend_from_slice(&BOM[..self.bom]);
                    self.partial_offset = 0;
                    self.flags |= PARTIAL;
                }
                return;
            }
            self.bom += 1;
            *rest = tail;
        }
    }

    /// Throws away everything up to the blank line that ends the dropped block.
    fn resynchronise(&mut self, rest: &mut &[u8]) {
        while let Some(end) = scan::line_end(rest) {
            let blank = end == 0 && self.flags & IN_LINE == 0;
            self.flags &= !IN_LINE;
            let (_, tail) = rest.split_at(end);
            self.take_line_end(tail, rest);
            if blank {
                self.flags &= !DROPPING;
                return;
            }
        }
        if !rest.is_empty() {
            self.flags |= IN_LINE;
            *rest = &[];
        }
    }

    /// Adds to the line that a chunk left open; takes the line if it ends now.
    fn end_partial<'i>(&mut self, rest: &mut &'i [u8]) -> Option<Step<'i>> {
        let end = scan::line_end(rest);
        let (more, tail) = rest.split_at(end.unwrap_or(rest.len()));
        if self.partial.len().saturating_add(more.len()) > self.limits.max_line {
            let overflow = self.overflow(LimitKind::Line, self.partial_offset);
            self.drop_block(if end.is_some() { 0 } else { IN_LINE });
            self.take_line_end(tail, rest);
            return Some(Step::Dropped(overflow));
        }
        self.partial.extend_from_slice(more);
        self.take_line_end(tail, rest);
        end?;
        self.flags &= !PARTIAL;

        let line = mem::take(&mut self.partial);
        let mut block = Block::kept(self.flags);
        let found = self.line(&line, &mut block);
        if let Field::Given(value) = block.data {
            // The first data of the block: its line becomes the data buffer, so that long data is not copied again.
            self.data_start = line.len() - value.len();
            block.data = Field::Kept;
            self.flags |= HAS_DATA;
            self.keep(&block);
            self.partial = mem::replace(&mut self.data, line);
            return None;
        }
        self.keep(&block);
        let step = match found {
            Line::Silent => None,
            Line::Comment(text) => Some(Step::Comment(Text::Partial { start: line.len() - text.len() })),
            Line::Retry(time) => Some(Step::Retry(time)),
            Line::Over(limit) => {
                if limit.drops_block() {
                    self.drop_block(0);
                }
                Some(Step::Dropped(self.overflow(limit, self.partial_offset)))
            }
        };
        self.partial = line;
        step
    }

    /// Moves `rest` behind the line end that `tail` begins with; nothing if `tail` is empty.
    #[inline]
    fn take_line_end<'i>(&mut self, tail: &'i [u8], rest: &mut &'i [u8]) {
        if tail == b"\r" {
            self.flags |= SKIP_LF;
        }
        *rest = scan::after_line_end(tail);
    }

    /// Interprets one line that is not blank (§9.2.6, "process the field").
    #[inline]
    fn line<'x>(&mut self, line: &'x [u8], block: &mut Block<'x>) -> Line<'x> {
        if line.len() > self.limits.max_line {
            return Line::Over(LimitKind::Line);
        }
        match line {
            [b'd', b'a', b't', b'a', value @ ..] => {
                let Some(value) = field_value(value) else { return Line::Silent };
                let held = match block.data {
                    Field::None => 0,
                    Field::Given(first) => first.len() + 1,
                    Field::Kept => self.data.len() - self.data_start + 1,
                };
                if held.saturating_add(value.len()) > self.limits.max_data {
                    return Line::Over(LimitKind::Data);
                }
                if matches!(block.data, Field::None) {
                    block.data = Field::Given(value);
                    return Line::Silent;
                }
                self.keep_data(block);
                block.data = Field::Kept;
                self.data.push(b'\n');
                self.data.extend_from_slice(value);
            }
            [b'e', b'v', b'e', b'n', b't', value @ ..] => {
                let Some(value) = field_value(value) else { return Line::Silent };
                if value.len() > self.limits.max_event {
                    return Line::Over(LimitKind::Event);
                }
                block.event = Field::Given(value);
            }
            [b'i', b'd', value @ ..] => {
                let Some(value) = field_value(value) else { return Line::Silent };
                if value.len() > self.limits.max_id {
                    return Line::Over(LimitKind::Id);
                }
                if !value.contains(&0) {
                    block.id = Field::Given(value);
                }
            }
            [b':', b' ', text @ ..] | [b':', text @ ..] => return Line::Comment(text),
            [b'r', b'e', b't', b'r', b'y', value @ ..] => {
                let time = field_value(value).and_then(milliseconds);
                if time.is_some() {
                    self.retry = time;
                }
                return time.map_or(Line::Silent, Line::Retry);
            }
            _ => {}
        }
        Line::Silent
    }

    /// The blank line: commits the id, shows the event if there is data (§9.2.6, "dispatch the event").
    #[inline]
    fn dispatch<'i>(&mut self, block: &mut Block<'i>) -> Option<Step<'i>> {
        let Block { data, event, id } = mem::replace(block, Block::EMPTY);
        self.flags &= !HAS_BLOCK;
        match id {
            Field::None => {}
            Field::Given(id) => {
                if id != self.last_id.as_bytes() {
                    replace_invalid(&mut self.last_id, id);
                }
            }
            Field::Kept => mem::swap(&mut self.last_id, &mut self.staged_id),
        }
        match data {
            Field::None if matches!(id, Field::None) => None,
            Field::None => Some(Step::IdOnly),
            data => Some(Step::Event { data, event }),
        }
    }

    /// Keeps an unfinished block when its chunk goes.
    fn keep(&mut self, block: &Block<'_>) {
        self.keep_data(block);
        if let Field::Given(event) = block.event {
            replace_invalid(&mut self.event, event);
            self.flags |= HAS_EVENT;
        }
        if let Field::Given(id) = block.id {
            replace_invalid(&mut self.staged_id, id);
            self.flags |= HAS_ID;
        }
    }

    fn keep_data(&mut self, block: &Block<'_>) {
        if let Field::Given(data) = block.data {
            restart(&mut self.data);
            self.data.extend_from_slice(data);
            self.data_start = 0;
            self.flags |= HAS_DATA;
        }
    }

    fn drop_block(&mut self, in_line: u8) {
        self.flags = self.flags & !(HAS_BLOCK | PARTIAL) | DROPPING | in_line;
    }

    const fn overflow(&self, limit: LimitKind, offset: u64) -> Overflow {
        let max = match limit {
            LimitKind::Line => self.limits.max_line,
            LimitKind::Data => self.limits.max_data,
            LimitKind::Id => self.limits.max_id,
            LimitKind::Event => self.limits.max_event,
        };
        Overflow { limit, max, offset }
    }

    #[inline]
    fn lend<'s, 'i: 's>(&'s mut self, data: Field<'i>, event: Field<'i>) -> EventRef<'s> {
        let event = match event {
            Field::None => "",
            Field::Kept => &self.event,
            Field::Given(bytes) => valid_or_replaced(bytes, &mut self.event),
        };
        let data = match data {
            Field::Given(bytes) => bytes,
            Field::None | Field::Kept => &self.data[self.data_start..],
        };
        EventRef::from_parser(event, valid_or_replaced(data, &mut self.replaced), &self.last_id)
    }

    fn lend_comment<'s, 'i: 's>(&'s mut self, text: Text<'i>) -> &'s str {
        let bytes = match text {
            Text::Chunk(bytes) => bytes,
            Text::Partial { start } => &self.partial[start..],
        };
        valid_or_replaced(bytes, &mut self.replaced)
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

/// An item before it borrows from the parser.
enum Step<'i> {
    Event { data: Field<'i>, event: Field<'i> },
    Comment(Text<'i>),
    IdOnly,
    Retry(Duration),
    Dropped(Overflow),
}

#[derive(Clone, Copy)]
enum Text<'i> {
    Chunk(&'i [u8]),
    Partial { start: usize },
}

/// What one line did.
enum Line<'x> {
    Silent,
    Comment(&'x [u8]),
    Retry(Duration),
    Over(LimitKind),
}

/// The fields of the block at hand.
struct Block<'i> {
    data: Field<'i>,
    event: Field<'i>,
    id: Field<'i>,
}

/// Where the value of a field is: nowhere, in the bytes being parsed, or in the parser's own buffer.
#[derive(Clone, Copy)]
enum Field<'i> {
    None,
    Given(&'i [u8]),
    Kept,
}

impl Block<'_> {
    const EMPTY: Self = Self { data: Field::None, event: Field::None, id: Field::None };

    #[inline]
    const fn kept(flags: u8) -> Self {
        const fn field(has: bool) -> Field<'static> {
            if has { Field::Kept } else { Field::None }
        }
        Self {
            data: field(flags & HAS_DATA != 0),
            event: field(flags & HAS_EVENT != 0),
            id: field(flags & HAS_ID != 0),
        }
    }
}

/// The value behind a field name: after the first colon and one space; empty without a colon. `None`: the name goes on.
#[inline]
fn field_value(after_name: &[u8]) -> Option<&[u8]> {
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
    let number =
        value.iter().fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    Some(Duration::from_millis(number))
}

#[inline]
fn valid_or_replaced<'s>(bytes: &'s [u8], buffer: &'s mut String) -> &'s str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => {
            replace_invalid(buffer, bytes);
            buffer
        }
    }
}

/// U+FFFD for each maximal subpart of an ill-formed sequence (Encoding Standard, "UTF-8 decoder").
fn replace_invalid(buffer: &mut String, bytes: &[u8]) {
    buffer.clear();
    if buffer.capacity() > KEEP {
        buffer.shrink_to(bytes.len());
    }
    for chunk in bytes.utf8_chunks() {
        buffer.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            buffer.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// Empties a buffer, and lets go of what a rare large event made of it.
fn restart(buffer: &mut Vec<u8>) {
    let used = buffer.len();
    buffer.clear();
    if buffer.capacity() > KEEP && used < buffer.capacity() / 4 {
        buffer.shrink_to(KEEP);
    }
}
