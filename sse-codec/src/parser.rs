//! The parser: HTML Standard §9.2.6, "Interpreting an event stream", for a stream that arrives in pieces.

use alloc::{string::String, vec::Vec};
use core::{mem, time::Duration};

use bytes::{Buf as _, BytesMut};

use crate::{
    buffer::{restart, store, valid_or_replaced},
    error::{LimitKind, Overflow},
    event::{Event, EventId, EventRef, Item},
    limits::Limits,
    line::Line,
    scan,
};

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
    /// Where the text of a comment begins in `partial`.
    comment_start: usize,
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
    /// How many blocks committed an id.
    commits: u32,
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
            comment_start: 0,
            event: String::new(),
            staged_id: String::new(),
            last_id: String::new(),
            replaced: String::new(),
            retry: None,
            offset: 0,
            partial_offset: 0,
            bom: 0,
            commits: 0,
            flags: START,
        }
    }

    /// Takes bytes from the front of `input` up to the next item.
    ///
    /// `None` means that `input` is used up; what it left unfinished is kept. The item borrows from `input` or from the parser,
    /// so it must be let go before the next call.
    #[inline]
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Item<'s>> {
        if self.flags == 0
            && let Some(whole) = self.whole(input)
        {
            return Some(match whole {
                Whole::Data(data) => {
                    let data = valid_or_replaced(data, &mut self.replaced);
                    Item::Event(EventRef::from_parser("", data, &self.last_id))
                }
                Whole::Comment(text) => Item::Comment(valid_or_replaced(text, &mut self.replaced)),
                Whole::Unfinished => return None,
            });
        }
        if self.flags & RESUME == PARTIAL && self.more_of_line(input) {
            None
        } else {
            self.next_of_any(input)
        }
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
        self.data_start = 0;
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

    /// How many blocks committed an id, the same one again included. It wraps.
    #[cfg(feature = "client")]
    pub(crate) const fn commits(&self) -> u32 {
        self.commits
    }

    /// The last reconnection time that the stream gave. A value beyond 64 bits of milliseconds counts as the largest one; a
    /// client should put its own bounds on it.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.retry
    }

    /// The most common things on the wire, when nothing is open: a block of one `data` line in one chunk, the beginning of one at the
    /// end of a chunk, and a comment. Takes nothing when it finds none of them.
    #[inline]
    fn whole<'i>(&mut self, input: &mut &'i [u8]) -> Option<Whole<'i>> {
        let chunk = *input;
        // A blank line ends a block that holds nothing, such as the one that follows a comment.
        let block = chunk.strip_prefix(b"\n").unwrap_or(chunk);
        let (found, line, rest): (_, _, &[u8]) = match block {
            [b'd', b'a', b't', b'a', b':', b' ', value @ ..] => match scan::line_end(value) {
                None => (Whole::Unfinished, block.len(), &[]),
                Some(end) => {
                    let (value, tail) = value.split_at(end);
                    let ([b'\n', b'\n', rest @ ..] | [b'\r', b'\n', b'\r', b'\n', rest @ ..]) = tail else {
                        return None;
                    };
                    if end > self.limits.max_data {
                        return None;
                    }
                    (Whole::Data(value), end + 6, rest)
                }
            },
            [b':', text @ ..] => {
                let end = scan::line_end(text)?;
                let (text, tail) = text.split_at(end);
                let [b'\n', rest @ ..] = tail else { return None };
                (Whole::Comment(text.strip_prefix(b" ").unwrap_or(text)), end + 1, rest)
            }
            _ => return None,
        };
        if line > self.limits.max_line {
            return None;
        }
        if let Whole::Unfinished = found {
            self.begin_partial(block, self.offset + (chunk.len() - block.len()) as u64);
        }
        self.offset += (chunk.len() - rest.len()) as u64;
        *input = rest;
        Some(found)
    }

    /// Keeps the line that the end of the chunk leaves open and that begins at `start` in the stream.
    fn begin_partial(&mut self, line: &[u8], start: u64) {
        restart(&mut self.partial);
        self.partial.extend_from_slice(line);
        self.partial_offset = start;
        self.flags |= PARTIAL;
    }

    /// The whole chunk lies inside the line that an earlier one left open. Takes nothing when it does not.
    #[inline]
    fn more_of_line(&mut self, input: &mut &[u8]) -> bool {
        let chunk = *input;
        if scan::line_end(chunk).is_some()
            || self.partial.len().saturating_add(chunk.len()) > self.limits.max_line
        {
            return false;
        }
        self.partial.extend_from_slice(chunk);
        self.offset += chunk.len() as u64;
        *input = &[];
        true
    }

    fn next_of_any<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Item<'s>> {
        let chunk = *input;
        let mut rest = chunk;
        let step = if self.flags & RESUME == 0 { None } else { self.resume(&mut rest) };
        let step = if step.is_some() || rest.is_empty() { step } else { self.lines(chunk, &mut rest) };
        self.offset += (chunk.len() - rest.len()) as u64;
        *input = rest;
        Some(match step? {
            Step::Event { data, event } => Item::Event(self.lend(data, event)),
            Step::Comment(text) => {
                let text = text.unwrap_or_else(|| &self.partial[self.comment_start..]);
                Item::Comment(valid_or_replaced(text, &mut self.replaced))
            }
            Step::IdOnly => Item::IdOnly(&self.last_id),
            Step::Retry(time) => Item::Retry(time),
            Step::Dropped(overflow) => Item::Dropped(overflow),
        })
    }

    /// Takes whole lines from `rest`, the tail of `chunk`, up to an item; keeps what is left when there is none.
    fn lines<'i>(&mut self, chunk: &'i [u8], rest: &mut &'i [u8]) -> Option<Step<'i>> {
        let mut block = Block::EMPTY;
        while let Some(end) = scan::line_end_near::<32>(rest) {
            let (line, tail) = rest.split_at(end);
            let start = chunk.len() - rest.len();
            self.take_line_end(tail, rest);
            let step = if end == 0 {
                self.dispatch(mem::replace(&mut block, Block::EMPTY))
            } else {
                self.line(line, &mut block, self.offset + start as u64).map(Step::from)
            };
            if step.is_some() {
                self.keep(&block);
                return step;
            }
        }
        let line = mem::take(rest);
        if line.is_empty() {
            self.keep(&block);
            return None;
        }
        let start = self.offset + (chunk.len() - line.len()) as u64;
        if line.len() > self.limits.max_line {
            self.flags |= IN_LINE;
            return Some(Step::Dropped(self.overflow(LimitKind::Line, start)));
        }
        self.keep(&block);
        self.begin_partial(line, start);
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
        if self.flags & PARTIAL != 0 { self.end_partial(rest) } else { None }
    }

    /// Drops one byte order mark at the start of the stream; its bytes may come one at a time (Encoding Standard, "UTF-8 decode").
    fn byte_order_mark(&mut self, rest: &mut &[u8]) {
        while let Some((first, tail)) = rest.split_first() {
            if BOM.get(self.bom) != Some(first) {
                self.flags &= !START;
                if self.bom > 0 && self.bom < BOM.len() {
                    // The bytes that looked like one begin the first line.
                    self.begin_partial(&BOM[..self.bom], 0);
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
        self.take_line_end(tail, rest);
        if self.partial.len().saturating_add(more.len()) > self.limits.max_line {
            if end.is_none() {
                self.flags |= IN_LINE;
            }
            return Some(Step::Dropped(self.overflow(LimitKind::Line, self.partial_offset)));
        }
        self.partial.extend_from_slice(more);
        end?;
        self.flags &= !PARTIAL;
        self.partial_line()
    }

    /// Takes the line in `partial`, which has ended.
    fn partial_line<'i>(&mut self) -> Option<Step<'i>> {
        let line = mem::take(&mut self.partial);
        let mut block = Block::EMPTY;
        let step = self.line(&line, &mut block, self.partial_offset).map(|found| match found {
            Found::Comment(text) => {
                self.comment_start = line.len() - text.len();
                Step::Comment(None)
            }
            Found::Retry(time) => Step::Retry(time),
            Found::Dropped(overflow) => Step::Dropped(overflow),
        });
        if let Some(value) = block.data.take() {
            // The first data of the block: its line becomes the data buffer, so that long data is not copied again.
            self.data_start = line.len() - value.len();
            self.flags |= HAS_DATA;
            self.partial = mem::replace(&mut self.data, line);
            return step;
        }
        self.keep(&block);
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

    /// Takes one line that is not blank and begins at `start` in the stream.
    #[inline]
    fn line<'x>(&mut self, line: &'x [u8], block: &mut Block<'x>, start: u64) -> Option<Found<'x>> {
        if line.len() > self.limits.max_line {
            return Some(Found::Dropped(self.overflow(LimitKind::Line, start)));
        }
        match Line::parse(line) {
            Line::Data(value) => {
                let held = match block.data {
                    Some(first) => first.len() + 1,
                    None if self.flags & HAS_DATA != 0 => self.data.len() - self.data_start + 1,
                    None => 0,
                };
                if held.saturating_add(value.len()) > self.limits.max_data {
                    return Some(Found::Dropped(self.overflow(LimitKind::Data, start)));
                }
                if held == 0 {
                    block.data = Some(value);
                    return None;
                }
                self.keep_data(block.data.take());
                self.data.push(b'\n');
                self.data.extend_from_slice(value);
            }
            Line::Event(value) => {
                if value.len() > self.limits.max_event {
                    return Some(Found::Dropped(self.overflow(LimitKind::Event, start)));
                }
                block.event = Some(value);
            }
            Line::Id(value) => {
                if value.len() > self.limits.max_id {
                    return Some(Found::Dropped(self.overflow(LimitKind::Id, start)));
                }
                if !value.contains(&0) {
                    block.id = Some(value);
                }
            }
            Line::Comment(text) => return Some(Found::Comment(text)),
            Line::Retry(time) => {
                self.retry = Some(time);
                return Some(Found::Retry(time));
            }
            Line::Ignored => {}
        }
        None
    }

    /// The blank line: commits the id, shows the event if there is data (§9.2.6, "dispatch the event").
    #[inline]
    fn dispatch<'i>(&mut self, block: Block<'i>) -> Option<Step<'i>> {
        let kept = self.flags;
        self.flags &= !HAS_BLOCK;
        let Block { data, event, id } = block;
        match id {
            Some(id) => {
                self.commits = self.commits.wrapping_add(1);
                if id != self.last_id.as_bytes() {
                    store(&mut self.last_id, id);
                }
            }
            None if kept & HAS_ID != 0 => {
                self.commits = self.commits.wrapping_add(1);
                mem::swap(&mut self.last_id, &mut self.staged_id);
            }
            None => {}
        }
        if data.is_some() || kept & HAS_DATA != 0 {
            let event = match event {
                Some(event) => Kind::Given(event),
                None if kept & HAS_EVENT != 0 => Kind::Kept,
                None => Kind::Message,
            };
            return Some(Step::Event { data, event });
        }
        (id.is_some() || kept & HAS_ID != 0).then_some(Step::IdOnly)
    }

    /// Keeps an unfinished block when its chunk goes. What is dropped is not kept.
    #[inline]
    fn keep(&mut self, block: &Block<'_>) {
        if self.flags & DROPPING != 0 {
            return;
        }
        self.keep_data(block.data);
        if let Some(event) = block.event {
            store(&mut self.event, event);
            self.flags |= HAS_EVENT;
        }
        if let Some(id) = block.id {
            store(&mut self.staged_id, id);
            self.flags |= HAS_ID;
        }
    }

    #[inline]
    fn keep_data(&mut self, data: Option<&[u8]>) {
        if let Some(data) = data {
            restart(&mut self.data);
            self.data.extend_from_slice(data);
            self.data_start = 0;
            self.flags |= HAS_DATA;
        }
    }

    /// Reports a limit crossed by the line that begins at `offset`, and drops its block unless only the field is lost.
    #[cold]
    const fn overflow(&mut self, limit: LimitKind, offset: u64) -> Overflow {
        if limit.drops_block() {
            self.flags = self.flags & !(HAS_BLOCK | PARTIAL) | DROPPING;
        }
        let max = match limit {
            LimitKind::Line => self.limits.max_line,
            LimitKind::Data => self.limits.max_data,
            LimitKind::Id => self.limits.max_id,
            LimitKind::Event => self.limits.max_event,
        };
        Overflow { limit, max, offset }
    }

    #[inline]
    fn lend<'s, 'i: 's>(&'s mut self, data: Option<&'i [u8]>, event: Kind<'i>) -> EventRef<'s> {
        if let Kind::Given(event) = event
            && event != self.event.as_bytes()
        {
            // Streams repeat their types: the one that is kept needs no second check of its UTF-8.
            store(&mut self.event, event);
        }
        let event = if let Kind::Message = event { "" } else { &self.event };
        let data = data.unwrap_or_else(|| &self.data[self.data_start..]);
        EventRef::from_parser(event, valid_or_replaced(data, &mut self.replaced), &self.last_id)
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

/// What can be told from one run of bytes of the chunk.
enum Whole<'i> {
    Data(&'i [u8]),
    Comment(&'i [u8]),
    Unfinished,
}

/// An item before it borrows from the parser. Bytes that are `None` are in the parser's buffer for them.
enum Step<'i> {
    Event { data: Option<&'i [u8]>, event: Kind<'i> },
    Comment(Option<&'i [u8]>),
    IdOnly,
    Retry(Duration),
    Dropped(Overflow),
}

/// What one line gives at once.
enum Found<'x> {
    Comment(&'x [u8]),
    Retry(Duration),
    Dropped(Overflow),
}

impl<'i> From<Found<'i>> for Step<'i> {
    fn from(found: Found<'i>) -> Self {
        match found {
            Found::Comment(text) => Self::Comment(Some(text)),
            Found::Retry(time) => Self::Retry(time),
            Found::Dropped(overflow) => Self::Dropped(overflow),
        }
    }
}

/// Where the type of an event is.
#[derive(Clone, Copy)]
enum Kind<'i> {
    Message,
    Given(&'i [u8]),
    Kept,
}

/// The fields of the block at hand that lie in the bytes being parsed. They go before those that the parser keeps.
#[derive(Clone, Copy)]
struct Block<'i> {
    data: Option<&'i [u8]>,
    event: Option<&'i [u8]>,
    id: Option<&'i [u8]>,
}

impl Block<'_> {
    const EMPTY: Self = Self { data: None, event: None, id: None };
}
