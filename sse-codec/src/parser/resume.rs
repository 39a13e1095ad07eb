//! What a cut leaves open: half a byte order mark, the LF of a CRLF, a line, a block being dropped.

use core::mem;

use super::{
    DROPPING, IN_DATA, IN_LINE, IgnoredKind, PARTIAL, Parser, SKIP_LF, START, Step, TERMINATED,
    lines::{Block, Found},
};
use crate::{
    error::LimitKind,
    scan::{self, Span},
};

const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

impl Parser {
    /// Settles what an earlier chunk left open. With `None`, either that is done or `rest` is used up.
    pub(super) fn resume<'i>(&mut self, chunk: &'i [u8], rest: &mut &'i [u8]) -> Option<Step<'i>> {
        if self.state & TERMINATED != 0 {
            *rest = &[];
            return None;
        }
        if self.state & START != 0 {
            self.byte_order_mark(rest);
        }
        if self.state & SKIP_LF != 0
            && let Some((first, tail)) = rest.split_first()
        {
            self.state &= !SKIP_LF;
            if *first == b'\n' {
                *rest = tail;
            }
        }
        if self.state & DROPPING != 0 {
            self.resynchronise(rest);
        }
        if self.state & IN_DATA != 0 {
            self.end_data(chunk, rest)
        } else if self.state & PARTIAL != 0 {
            self.end_partial(rest)
        } else {
            None
        }
    }

    /// Drops one byte order mark at the start of the stream; its bytes may come one at a time (Encoding Standard, "UTF-8 decode").
    fn byte_order_mark(&mut self, rest: &mut &[u8]) {
        while let Some((first, tail)) = rest.split_first() {
            let seen = usize::from(self.bom);
            if BOM.get(seen) != Some(first) {
                self.state &= !START;
                if seen > 0 && seen < BOM.len() {
                    // The bytes that looked like one begin the first line.
                    self.partial.clear();
                    self.partial.extend_from_slice(&BOM[..seen]);
                    self.line_offset = 0;
                    self.state |= PARTIAL;
                }
                return;
            }
            self.bom += 1;
            *rest = tail;
        }
    }

    /// Throws away everything up to the blank line that ends the dropped block.
    fn resynchronise(&mut self, rest: &mut &[u8]) {
        loop {
            let (line, tail) = scan::split(rest);
            if line.len() > 0 {
                self.state |= IN_LINE;
            }
            if tail.is_empty() {
                *rest = &[];
                return;
            }
            let blank = self.state & IN_LINE == 0;
            self.state &= !IN_LINE;
            self.take_line_end(tail, rest);
            if blank {
                self.state &= !DROPPING;
                return;
            }
        }
    }

    /// Adds to the line of data that a chunk left open; dispatches if the block ends behind it.
    fn end_data<'i>(&mut self, chunk: &'i [u8], rest: &mut &'i [u8]) -> Option<Step<'i>> {
        let (value, tail) = scan::split(rest);
        let ends = self.offset + (chunk.len() - tail.len()) as u64;
        if ends - self.line_offset > self.limits.max_line as u64 {
            return Some(self.drop_line(tail, rest));
        }
        self.data.push(value);
        if tail.is_empty() {
            *rest = tail;
            return None;
        }
        self.state &= !IN_DATA;
        self.take_line_end(tail, rest);
        if self.data.len() > self.limits.max_data {
            return Some(Step::Dropped(self.overflow(LimitKind::Data, self.line_offset)));
        }
        let [b'\n', after @ ..] = *rest else { return None };
        *rest = after;
        self.dispatch(Block::EMPTY)
    }

    /// Adds to the line that a chunk left open; takes the line if it ends now.
    fn end_partial<'i>(&mut self, rest: &mut &'i [u8]) -> Option<Step<'i>> {
        let (more, tail) = scan::split(rest);
        if self.partial.len().saturating_add(more.len()) > self.limits.max_line {
            return Some(self.drop_line(tail, rest));
        }
        scan::collect(&mut self.partial, more.bytes());
        if !tail.is_empty() {
            self.take_line_end(tail, rest);
            self.state &= !PARTIAL;
            return self.partial_line();
        }
        *rest = tail;
        if self.partial.len() - more.len() < 6 {
            let line = mem::take(&mut self.partial);
            if self.open_data_line(&line) {
                self.state &= !PARTIAL;
            }
            self.partial = line;
        }
        None
    }

    /// The open line is too long: it is dropped with its block, up to `tail`, which is empty or its end.
    #[cold]
    fn drop_line<'i>(&mut self, tail: &'i [u8], rest: &mut &'i [u8]) -> Step<'i> {
        let overflow = self.overflow(LimitKind::Line, self.line_offset);
        if tail.is_empty() {
            *rest = tail;
            self.in_dropped_line();
        } else {
            self.take_line_end(tail, rest);
        }
        Step::Dropped(overflow)
    }

    /// Takes the line in `partial`, which has ended.
    fn partial_line<'i>(&mut self) -> Option<Step<'i>> {
        let line = mem::take(&mut self.partial);
        let mut block = Block::EMPTY;
        let found = self.line(Span::unknown(&line), &mut block, self.line_offset);
        let step = found.map(|found| match found {
            Found::Comment(text) => {
                self.lent = (line.len() - text.len(), line.len());
                Step::Comment(None)
            }
            Found::Ignored(kind, text, offset) => {
                // A name stands at the front, a value at the end.
                self.lent = match kind {
                    IgnoredKind::Unknown => (0, text.len()),
                    IgnoredKind::Retry | IgnoredKind::Id => (line.len() - text.len(), line.len()),
                };
                Step::Ignored { kind, text: None, offset }
            }
            Found::Retry(time) => Step::Retry(time),
            Found::Dropped(overflow) => Step::Dropped(overflow),
        });
        self.keep(block);
        self.partial = line;
        step
    }
}
