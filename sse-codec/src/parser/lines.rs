//! Lines, one by one, into a block; and the blank line that ends it.

use core::{mem, time::Duration};

use super::{
    COMMENTS, DROPPING, HAS_BLOCK, HAS_DATA, HAS_EVENT, HAS_ID, IGNORED, IN_DATA, IN_LINE, IgnoredKind, Kind,
    PARTIAL, Parser, SKIP_LF, Step, TERMINATED, TIMED,
};
use crate::{
    error::{LimitKind, Overflow},
    line::{Line, Prefix, prefix},
    scan::{self, Span, restart},
};

/// The fields of the block at hand that lie in the bytes being parsed. They go before those that the parser keeps.
#[derive(Clone, Copy)]
pub(super) struct Block<'i> {
    pub(super) data: Option<Span<'i>>,
    event: Option<Span<'i>>,
    id: Option<Span<'i>>,
}

impl Block<'_> {
    pub(super) const EMPTY: Self = Self { data: None, event: None, id: None };

    const fn is_empty(&self) -> bool {
        self.data.is_none() && self.event.is_none() && self.id.is_none()
    }
}

/// What one line gives at once.
pub(super) enum Found<'x> {
    Comment(Span<'x>),
    Ignored(IgnoredKind, Span<'x>, u64),
    Retry(Duration),
    Dropped(Overflow),
}

impl<'i> From<Found<'i>> for Step<'i> {
    fn from(found: Found<'i>) -> Self {
        match found {
            Found::Comment(text) => Self::Comment(Some(text)),
            Found::Ignored(kind, text, offset) => Self::Ignored { kind, text: Some(text), offset },
            Found::Retry(time) => Self::Retry(time),
            Found::Dropped(overflow) => Self::Dropped(overflow),
        }
    }
}

impl Parser {
    /// Takes whole lines from `rest`, the tail of `chunk`, up to an item; keeps what is left when there is none.
    #[inline(always)]
    pub(super) fn lines<'i>(&mut self, chunk: &'i [u8], rest: &mut &'i [u8]) -> Option<Step<'i>> {
        let mut block = Block::EMPTY;
        loop {
            let line = *rest;
            let start = self.offset + (chunk.len() - line.len()) as u64;
            let (name, value) = prefix(line);
            let (value, tail) = scan::split(value);
            if tail.is_empty() {
                self.keep(block);
                *rest = tail;
                return self.cut_line(line, name, value, start);
            }
            self.take_line_end(tail, rest);
            if value.len() == 0 && name == Prefix::Other {
                let step = self.dispatch(block);
                if step.is_some() || rest.is_empty() {
                    return step;
                }
                block = Block::EMPTY;
                continue;
            }
            let found = if line.len() - tail.len() > self.limits.max_line {
                Some(Found::Dropped(self.overflow(LimitKind::Line, start)))
            } else {
                match name {
                    Prefix::Data => {
                        let found = self.data_line(value.without_space(), &mut block, start);
                        if found.is_none() && block.data.is_none() {
                            self.more_lines(rest);
                        }
                        found
                    }
                    Prefix::Event => self.event_line(value, &mut block, start),
                    Prefix::Id => self.id_line(value, &mut block, start),
                    Prefix::Comment => {
                        if self.flags & COMMENTS == 0 {
                            // Most often a blank line follows; where the block holds nothing, it ends nothing.
                            if let [b'\n', after @ ..] = *rest
                                && self.state == 0
                                && block.is_empty()
                            {
                                *rest = after;
                                while let Some((_, after)) = self.comment_and_blank(rest) {
                                    *rest = after;
                                }
                            }
                            continue;
                        }
                        Some(Found::Comment(value.without_space()))
                    }
                    Prefix::Other => {
                        // Of its own, so that neither the line nor the block of other lines has to be in memory, where a move of what
                        // was just written waits for it.
                        let mut other = block;
                        let found = self.line(Span::unknown(value.bytes()), &mut other, start);
                        block = other;
                        found
                    }
                }
            };
            if found.is_some() || rest.is_empty() {
                self.keep(block);
                return found.map(Step::from);
            }
        }
    }

    /// More lines of data behind one that was collected, as long as each is whole and within the limits.
    #[inline(never)]
    fn more_lines(&mut self, rest: &mut &[u8]) {
        let most = self.limits.max_line.saturating_sub(6);
        while let Some(value) = rest.strip_prefix(b"data: ") {
            let (line, tail) = scan::split_here(value);
            let ([b'\n', after @ ..] | [b'\r', b'\n', after @ ..]) = tail else { return };
            if line.len() > most || line.len() >= self.limits.max_data.saturating_sub(self.data.len()) {
                return;
            }
            self.data.push_line(line, value);
            *rest = after;
        }
    }

    /// Keeps the line that the end of the chunk leaves open and that begins at `start` in the stream.
    #[inline(always)]
    fn cut_line<'i>(&mut self, line: &[u8], name: Prefix, value: Span<'_>, start: u64) -> Option<Step<'i>> {
        if line.len() > self.limits.max_line {
            let overflow = self.overflow(LimitKind::Line, start);
            self.in_dropped_line();
            return Some(Step::Dropped(overflow));
        }
        if line.is_empty() {
            return None;
        }
        self.line_offset = start;
        if name == Prefix::Data && value.len() > 0 {
            self.open_data(value.without_space());
        } else if !self.open_data_line(line) {
            restart(&mut self.partial);
            scan::collect(&mut self.partial, line);
            self.state |= PARTIAL;
        }
        None
    }

    /// The line that was dropped goes on in the next chunk.
    pub(super) const fn in_dropped_line(&mut self) {
        if self.state & DROPPING != 0 {
            self.state |= IN_LINE;
        }
    }

    /// A line of data whose name is told goes where the data of the block is collected. Takes nothing when it is not that.
    pub(super) fn open_data_line(&mut self, line: &[u8]) -> bool {
        let Some(value) = line.strip_prefix(b"data:") else { return false };
        if value.is_empty() {
            // The next byte may be the space.
            return false;
        }
        let (value, _) = scan::split(value);
        self.open_data(value.without_space());
        true
    }

    /// Begins a line of data that goes on in the next chunk.
    #[inline]
    pub(super) fn open_data(&mut self, value: Span<'_>) {
        if self.state & HAS_DATA == 0 {
            self.data.restart();
        } else {
            self.data.push_line_feed();
        }
        self.data.push(value);
        self.state |= HAS_DATA | IN_DATA;
    }

    /// Moves `rest` behind the line end that `tail` begins with.
    #[inline]
    pub(super) fn take_line_end<'i>(&mut self, tail: &'i [u8], rest: &mut &'i [u8]) {
        if tail == b"\r" {
            self.state |= SKIP_LF;
        }
        *rest = scan::after_line_end(tail);
    }

    /// Takes one line that is not blank and begins at `start` in the stream.
    pub(super) fn line<'x>(
        &mut self,
        line: Span<'x>,
        block: &mut Block<'x>,
        start: u64,
    ) -> Option<Found<'x>> {
        if line.len() > self.limits.max_line {
            return Some(Found::Dropped(self.overflow(LimitKind::Line, start)));
        }
        match Line::parse(line) {
            Line::Data(value) => self.data_line(value, block, start),
            Line::Event(value) => self.event_line(value, block, start),
            Line::Id(value) => self.id_line(value, block, start),
            Line::Comment(text) => (self.flags & COMMENTS != 0).then_some(Found::Comment(text)),
            Line::Retry(time) => {
                self.retry = Some(time);
                self.flags |= TIMED;
                Some(Found::Retry(time))
            }
            Line::BadRetry(value) => self.ignored(IgnoredKind::Retry, value, start),
            Line::Unknown(name) => self.ignored(IgnoredKind::Unknown, name, start),
        }
    }

    #[inline(always)]
    fn data_line<'x>(&mut self, value: Span<'x>, block: &mut Block<'x>, start: u64) -> Option<Found<'x>> {
        let held = match block.data {
            Some(first) => first.len() + 1,
            None if self.state & HAS_DATA != 0 => self.data.len() + 1,
            None => 0,
        };
        if held.saturating_add(value.len()) > self.limits.max_data {
            return Some(Found::Dropped(self.overflow(LimitKind::Data, start)));
        }
        if held == 0 {
            block.data = Some(value);
            return None;
        }
        if let Some(first) = block.data.take() {
            self.keep_data(first);
        }
        self.data.push_line_feed();
        self.data.push(value);
        None
    }

    #[inline(always)]
    fn event_line<'x>(&mut self, value: Span<'x>, block: &mut Block<'x>, start: u64) -> Option<Found<'x>> {
        if value.len() > self.limits.max_event {
            return Some(Found::Dropped(self.overflow(LimitKind::Event, start)));
        }
        block.event = Some(value);
        None
    }

    #[inline(always)]
    fn id_line<'x>(&mut self, value: Span<'x>, block: &mut Block<'x>, start: u64) -> Option<Found<'x>> {
        if value.len() > self.limits.max_id {
            return Some(Found::Dropped(self.overflow(LimitKind::Id, start)));
        }
        if value.bytes().contains(&0) {
            return self.ignored(IgnoredKind::Id, value, start);
        }
        block.id = Some(value);
        None
    }

    #[cold]
    const fn ignored<'x>(&self, kind: IgnoredKind, text: Span<'x>, start: u64) -> Option<Found<'x>> {
        if self.flags & IGNORED == 0 { None } else { Some(Found::Ignored(kind, text, start)) }
    }

    /// The blank line: commits the id, shows the event if there is data (§9.2.6, "dispatch the event").
    #[inline(always)]
    pub(super) fn dispatch<'i>(&mut self, block: Block<'i>) -> Option<Step<'i>> {
        let kept = self.state;
        self.state &= !HAS_BLOCK;
        let Block { data, event, id } = block;
        match id {
            Some(id) => {
                self.commits = self.commits.wrapping_add(1);
                if id.bytes() != self.last_id.as_bytes() {
                    id.store(&mut self.last_id);
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
    #[inline(never)]
    pub(super) fn keep(&mut self, block: Block<'_>) {
        if self.state & (DROPPING | TERMINATED) != 0 {
            return;
        }
        if let Some(data) = block.data {
            self.keep_data(data);
        }
        if let Some(event) = block.event {
            event.store(&mut self.event);
            self.state |= HAS_EVENT;
        }
        if let Some(id) = block.id {
            id.store(&mut self.staged_id);
            self.state |= HAS_ID;
        }
    }

    #[inline]
    fn keep_data(&mut self, data: Span<'_>) {
        self.data.restart();
        self.data.push(data);
        self.state |= HAS_DATA;
    }
}
