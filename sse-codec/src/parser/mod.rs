//! The parser: HTML Standard §9.2.6, "Interpreting an event stream", for a stream that arrives in pieces.
//!
//! `whole` takes what lies in one chunk and is common; `lines` takes any lines; `resume` settles what a cut left open.

mod lines;
mod resume;
mod whole;

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use bytes::{Buf as _, BytesMut};

use crate::{
    error::{LimitKind, Overflow},
    event::{Event, EventId, EventRef, Ignored, Item},
    limits::{Limits, OnOverflow},
    scan::{Span, Text, restart},
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
    /// The beginning of a line that a chunk left open, unless it is one of data. After that, what is lent from it.
    partial: Vec<u8>,
    /// The data of a block that is not in one chunk or has several lines.
    data: Text,
    event: String,
    staged_id: String,
    last_id: String,
    /// A text in which something had to be replaced.
    replaced: String,
    retry: Option<Duration>,
    /// How many bytes of the stream were taken.
    offset: u64,
    /// Where the line begins that a chunk left open.
    line_offset: u64,
    /// The part of `partial` that is lent.
    lent: (usize, usize),
    /// How many blocks committed an id.
    commits: u32,
    state: u16,
    flags: u8,
    /// How much of a byte order mark was seen.
    bom: u8,
}

/// The stream has just begun: a byte order mark may come.
const START: u16 = 1;
/// The chunk ended at a CR; an LF that comes first in the next one belongs to it.
const SKIP_LF: u16 = 1 << 1;
/// `partial` holds the beginning of a line, at least one byte.
const PARTIAL: u16 = 1 << 2;
/// The last line of `data` is not at its end.
const IN_DATA: u16 = 1 << 3;
/// The unfinished block has data in `data`, a type in `event`, an id in `staged_id`.
const HAS_DATA: u16 = 1 << 4;
const HAS_EVENT: u16 = 1 << 5;
const HAS_ID: u16 = 1 << 6;
const HAS_BLOCK: u16 = HAS_DATA | HAS_EVENT | HAS_ID;
/// Everything up to the next blank line is thrown away.
const DROPPING: u16 = 1 << 7;
/// While dropping: the line at hand is not blank.
const IN_LINE: u16 = 1 << 8;
/// A limit was crossed that ends the stream.
const TERMINATED: u16 = 1 << 9;

/// What must be settled before lines can be taken from a chunk.
const RESUME: u16 = START | SKIP_LF | PARTIAL | IN_DATA | DROPPING | TERMINATED;

/// Options, in `flags`: comments are items, and so is what is ignored.
const COMMENTS: u8 = 1;
const IGNORED: u8 = 1 << 1;
/// Noted there too: the stream gave a reconnection time.
const TIMED: u8 = 1 << 2;

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
            data: Text::new(),
            event: String::new(),
            staged_id: String::new(),
            last_id: String::new(),
            replaced: String::new(),
            retry: None,
            offset: 0,
            line_offset: 0,
            lent: (0, 0),
            commits: 0,
            state: START,
            flags: COMMENTS,
            bom: 0,
        }
    }

    /// Whether comments are items; they are unless this is called. Without them, comments cost less, and their UTF-8 is not looked at.
    pub const fn show_comments(&mut self, show: bool) {
        self.option(COMMENTS, show);
    }

    /// Whether what the standard tells a parser to ignore is an [`Item::Ignored`]: unknown fields, reconnection times that are no
    /// number, ids with NUL. It is not unless this is called. For logs that tell a server's author what was meant and did not arrive.
    ///
    /// ```
    /// use sse_codec::{Ignored, Item, Parser};
    ///
    /// let mut parser = Parser::new();
    /// parser.show_ignored(true);
    /// let mut chunk = &b"retry: 5s\nDATA: x\n\n"[..];
    /// assert_eq!(parser.next(&mut chunk), Some(Item::Ignored(Ignored::BadRetry { value: "5s", offset: 0 })));
    /// assert_eq!(parser.next(&mut chunk), Some(Item::Ignored(Ignored::UnknownField { name: "DATA", offset: 10 })));
    /// assert_eq!(parser.next(&mut chunk), None);
    /// ```
    pub const fn show_ignored(&mut self, show: bool) {
        self.option(IGNORED, show);
    }

    const fn option(&mut self, option: u8, on: bool) {
        self.flags = if on { self.flags | option } else { self.flags & !option };
    }

    /// Takes bytes from the front of `input` up to the next item.
    ///
    /// `None` means that `input` is used up; what it left unfinished is kept. The item borrows from `input` or from the parser,
    /// so it must be let go before the next call.
    #[inline]
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Item<'s>> {
        if self.more_data(input) {
            return None;
        }
        while let Some(text) = self.near_comment(input) {
            if self.flags & COMMENTS != 0 {
                return Some(Item::Comment(text.text(&mut self.replaced)));
            }
        }
        if self.may_be_whole(input) { self.next_whole(input) } else { self.next_of_any(input) }
    }

    /// The next event, owned; what is no event is passed over. Takes from `input` what it used, all of it on `Ok(None)`.
    ///
    /// Data that was collected from several chunks is given away with its buffer, so that a large event is not copied again.
    ///
    /// # Errors
    /// [`Overflow`] when a limit was crossed. It is no end unless [`Limits::on_overflow`] says so: call again for what follows.
    #[inline]
    pub fn next_event(&mut self, input: &mut &[u8]) -> Result<Option<Event>, Overflow> {
        if self.more_data(input) {
            return Ok(None);
        }
        while self.near_comment(input).is_some() {}
        if self.may_be_whole(input) { self.whole_event(input) } else { self.event_of_any(input) }
    }

    /// [`next_event`](Self::next_event) within the caller's own code, for one that hands the event on in something larger: what is still in
    /// registers is written there at once, where a result of a call would have to be written, waited for, read and written again.
    #[cfg(feature = "tokio")]
    #[inline(always)]
    pub(crate) fn next_event_inline(&mut self, input: &mut &[u8]) -> Result<Option<Event>, Overflow> {
        if self.more_data(input) {
            return Ok(None);
        }
        while self.near_comment(input).is_some() {}
        if self.may_be_whole(input)
            && let Some(found) = self.whole_event_inline(input)
        {
            return Ok(found);
        }
        self.event_of_any_inline(input)
    }

    /// [`next_event`](Self::next_event) on a buffer of received bytes.
    ///
    /// # Errors
    /// [`Overflow`] when a limit was crossed, as there.
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
        let found = self.next_event(&mut rest);
        let used = input.len() - rest.len();
        input.advance(used);
        found
    }

    /// The stream has ended: drops the block that no blank line ended, its id included, and tells whether there was one.
    ///
    /// The parser is then ready for the next stream of the same source: it keeps the last event id and the reconnection time.
    pub fn finish(&mut self) -> bool {
        let unfinished = self.state & (PARTIAL | HAS_BLOCK | DROPPING) != 0;
        restart(&mut self.partial);
        self.data.restart();
        self.offset = 0;
        self.bom = 0;
        self.flags &= !TIMED;
        self.state = START;
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

    /// Whether the stream at hand gave a reconnection time.
    #[cfg(feature = "client")]
    pub(crate) const fn is_timed(&self) -> bool {
        self.flags & TIMED != 0
    }

    /// The last reconnection time that the stream gave. A value beyond 64 bits of milliseconds counts as the largest one; a
    /// client should put its own bounds on it.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.retry
    }

    /// Whether a crossed limit ended the stream ([`OnOverflow::Terminate`]). All input is then thrown away until
    /// [`finish`](Self::finish).
    #[must_use]
    pub const fn is_terminated(&self) -> bool {
        self.state & TERMINATED != 0
    }

    /// [`next`](Self::next) beyond what is small enough to be inlined where it is called.
    #[inline(never)]
    fn next_whole<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Item<'s>> {
        match self.whole(input) {
            Whole::Event(data) => {
                let data = data.text(&mut self.replaced);
                Some(Item::Event(EventRef::from_parser("", data, &self.last_id)))
            }
            Whole::Typed(event, data) => Some(Item::Event(self.lend(Some(data), Kind::Given(event)))),
            Whole::Comment(text) => Some(Item::Comment(text.text(&mut self.replaced))),
            Whole::UsedUp => None,
            Whole::Other => self.next_of_any(input),
        }
    }

    /// [`next_event`](Self::next_event), likewise.
    #[inline(never)]
    fn whole_event(&mut self, input: &mut &[u8]) -> Result<Option<Event>, Overflow> {
        match self.whole_event_inline(input) {
            Some(found) => Ok(found),
            None => self.event_of_any(input),
        }
    }

    /// `None`: something else comes.
    #[inline(always)]
    fn whole_event_inline(&mut self, input: &mut &[u8]) -> Option<Option<Event>> {
        loop {
            match self.whole(input) {
                Whole::Event(data) => {
                    let data = data.text(&mut self.replaced);
                    return Some(Some(EventRef::from_parser("", data, &self.last_id).copied()));
                }
                Whole::Typed(event, data) => {
                    return Some(Some(self.lend(Some(data), Kind::Given(event)).copied()));
                }
                Whole::Comment(_) => {}
                Whole::UsedUp => return Some(None),
                Whole::Other => return None,
            }
        }
    }

    /// [`next`](Self::next), whatever is open and whatever comes.
    #[inline(never)]
    fn next_of_any<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Item<'s>> {
        Some(match self.step(input)? {
            Step::Event { data, event } => Item::Event(self.lend(data, event)),
            Step::Comment(text) => {
                let text = text.unwrap_or_else(|| Span::unknown(&self.partial[self.lent.0..self.lent.1]));
                Item::Comment(text.text(&mut self.replaced))
            }
            Step::Ignored { kind, text, offset } => {
                let text = text.unwrap_or_else(|| Span::unknown(&self.partial[self.lent.0..self.lent.1]));
                let text = text.text(&mut self.replaced);
                Item::Ignored(match kind {
                    IgnoredKind::Unknown => Ignored::UnknownField { name: text, offset },
                    IgnoredKind::Retry => Ignored::BadRetry { value: text, offset },
                    IgnoredKind::Id => Ignored::IdWithNul { value: text, offset },
                })
            }
            Step::IdOnly => Item::IdOnly(&self.last_id),
            Step::Retry(time) => Item::Retry(time),
            Step::Dropped(overflow) => Item::Dropped(overflow),
        })
    }

    /// [`next_event`](Self::next_event), whatever is open and whatever comes.
    #[inline(never)]
    fn event_of_any(&mut self, input: &mut &[u8]) -> Result<Option<Event>, Overflow> {
        self.event_of_any_inline(input)
    }

    #[inline(always)]
    fn event_of_any_inline(&mut self, input: &mut &[u8]) -> Result<Option<Event>, Overflow> {
        loop {
            match self.step(input) {
                None => return Ok(None),
                Some(Step::Event { data, event }) => return Ok(Some(self.give(data, event))),
                Some(Step::Dropped(overflow)) => return Err(overflow),
                Some(_) => {}
            }
        }
    }

    /// What is found next, not yet borrowed from the parser. Inlined, since what it gives is too large to be handed on cheaply.
    #[inline(always)]
    fn step<'i>(&mut self, input: &mut &'i [u8]) -> Option<Step<'i>> {
        let chunk = *input;
        let mut rest = chunk;
        let step = if self.state & RESUME == 0 { None } else { self.resume(chunk, &mut rest) };
        let step = if step.is_some() || rest.is_empty() { step } else { self.lines(chunk, &mut rest) };
        self.offset += (chunk.len() - rest.len()) as u64;
        *input = rest;
        step
    }

    /// Reports a limit crossed by the line that begins at `offset`. Drops its block unless only the field is lost, or all that comes.
    #[cold]
    fn overflow(&mut self, limit: LimitKind, offset: u64) -> Overflow {
        if limit.drops_block() {
            self.state = self.state & !(HAS_BLOCK | PARTIAL | IN_DATA) | DROPPING;
        }
        if let OnOverflow::Terminate = self.limits.on_overflow {
            self.state = TERMINATED;
        }
        let max = match limit {
            LimitKind::Line => self.limits.max_line,
            LimitKind::Data => self.limits.max_data,
            LimitKind::Id => self.limits.max_id,
            LimitKind::Event => self.limits.max_event,
        };
        Overflow { limit, max, offset }
    }

    #[inline(always)]
    fn lend<'s, 'i: 's>(&'s mut self, data: Option<Span<'i>>, event: Kind<'i>) -> EventRef<'s> {
        let event = match event {
            Kind::Message => "",
            Kind::Kept => &self.event,
            Kind::Given(event) => event.text(&mut self.event),
        };
        let data = data.unwrap_or_else(|| self.data.span());
        EventRef::from_parser(event, data.text(&mut self.replaced), &self.last_id)
    }

    /// The event, owned: with the buffer of its data where that is worth it.
    #[inline(always)]
    fn give(&mut self, data: Option<Span<'_>>, event: Kind<'_>) -> Event {
        const WORTH: usize = 2048;
        if data.is_some() || self.data.len() < WORTH || self.data.len() < self.data.capacity() / 4 {
            return self.lend(data, event).copied();
        }
        let data = self.data.give();
        let event = match event {
            Kind::Message => "",
            Kind::Kept => &self.event,
            Kind::Given(event) => event.text(&mut self.event),
        };
        Event::from_parser(data, event, &self.last_id)
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

/// What is told from one run of bytes.
enum Whole<'i> {
    /// A message: its data.
    Event(Span<'i>),
    /// An event: its type and its data.
    Typed(Span<'i>, Span<'i>),
    Comment(Span<'i>),
    /// Nothing, and no input is left.
    UsedUp,
    /// Something else, at the front of the input.
    Other,
}

/// An item before it borrows from the parser. Text that is `None` is in the parser's buffer for it.
enum Step<'i> {
    Event { data: Option<Span<'i>>, event: Kind<'i> },
    Comment(Option<Span<'i>>),
    Ignored { kind: IgnoredKind, text: Option<Span<'i>>, offset: u64 },
    IdOnly,
    Retry(Duration),
    Dropped(Overflow),
}

#[derive(Clone, Copy)]
enum IgnoredKind {
    Unknown,
    Retry,
    Id,
}

/// Where the type of an event is.
#[derive(Clone, Copy)]
enum Kind<'i> {
    Message,
    Given(Span<'i>),
    Kept,
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String, vec::Vec};

    use super::*;
    use crate::scan::TOUCHED;

    /// How often each byte of the stream is looked at or copied, on average, when it comes in chunks of this size.
    fn touches(stream: &[u8], chunk: usize) -> f64 {
        let mut limits = Limits::DEFAULT;
        (limits.max_line, limits.max_data) = (8 << 20, 8 << 20);
        let mut parser = Parser::with_limits(limits);
        let before = TOUCHED.get();
        for mut chunk in stream.chunks(chunk) {
            while parser.next(&mut chunk).is_some() {}
        }
        (TOUCHED.get() - before) as f64 / stream.len() as f64
    }

    /// The standard's algorithm on a whole stream looks at each byte to find the line end, and again to decode it; collecting it is a third.
    #[test]
    fn each_byte_is_touched_a_few_times_however_large_its_event_and_small_its_chunk() {
        type Shape = fn(usize) -> String;
        let shapes: [(&str, Shape); 9] = [
            ("one line of data", |size| format!("data: {}\n\n", "x".repeat(size))),
            ("one line of data that is not ASCII", |size| format!("data: {}\n\n", "é".repeat(size / 2))),
            ("data without the space", |size| format!("data:{}\n\n", "x".repeat(size))),
            ("lines of data", |size| "data: 0123456789\n".repeat(size / 17) + "\n"),
            ("empty lines of data", |size| "data\n".repeat(size / 5) + "\n"),
            ("a comment", |size| format!(":{}\n\n", "x".repeat(size))),
            ("an unknown field", |size| format!("{}\n\n", "x".repeat(size))),
            ("small events", |size| "id: 1\r\nevent: a\r\ndata: b\r\n\r\n".repeat(size / 28)),
            ("keepalives", |size| ": keepalive\n\n".repeat(size / 13)),
        ];
        for (name, shape) in shapes {
            let [small, large] = [16 << 10, 256 << 10].map(shape);
            for chunk in [1, 3, 16, 1460, usize::MAX] {
                let [small, large] = [&small, &large].map(|stream| touches(stream.as_bytes(), chunk));
                assert!(large <= 4.5, "{name} in chunks of {chunk}: {large} touches a byte");
                // What a stream costs once, such as its first chunk, weighs less in the large one.
                assert!(large <= small + 0.01, "{name} in chunks of {chunk}: {small} became {large}");
            }
        }
    }

    /// Dropped bytes are not kept: what a line beyond its limit costs is the look for its end.
    #[test]
    fn what_is_dropped_is_touched_once() {
        let stream: Vec<u8> = [&b"data: "[..], &[b'x'; 4 << 20], b"\n\n"].concat();
        for chunk in [1, 16, 1460] {
            let mut parser = Parser::new();
            let before = TOUCHED.get();
            for mut chunk in stream.chunks(chunk) {
                while parser.next(&mut chunk).is_some() {}
            }
            assert!(TOUCHED.get() - before < 3 * (1 << 20) + stream.len() as u64 * 2);
            assert!(
                parser.data.capacity() + parser.partial.capacity() <= 2 << 20,
                "twice the limit of a line at most"
            );
        }
    }
}
