//! The fast paths: what is told from one run of bytes.

use super::{COMMENTS, IN_DATA, Parser, RESUME, Whole};
use crate::scan::{self, Span};

impl Parser {
    /// The whole chunk lies inside the line of data that an earlier one left open. Takes nothing when it does not.
    #[inline(always)]
    pub(super) fn more_data(&mut self, input: &mut &[u8]) -> bool {
        if self.state & RESUME != IN_DATA {
            return false;
        }
        let (span, tail) = scan::split(input);
        let offset = self.offset + span.len() as u64;
        if !tail.is_empty() || offset - self.line_offset > self.limits.max_line as u64 {
            return false;
        }
        self.data.push(span);
        self.offset = offset;
        *input = &[];
        true
    }

    /// A short comment and the blank line behind it, when nothing is open: what keeps an idle stream alive.
    #[inline(always)]
    pub(super) fn near_comment<'i>(&mut self, input: &mut &'i [u8]) -> Option<Span<'i>> {
        if self.state != 0 {
            return None;
        }
        let (text, after) = self.comment_and_blank(input)?;
        self.offset += (input.len() - after.len()) as u64;
        *input = after;
        Some(text.without_space())
    }

    /// A comment within sixteen bytes and the blank line behind it; what follows them.
    #[inline(always)]
    pub(super) fn comment_and_blank<'i>(&self, rest: &'i [u8]) -> Option<(Span<'i>, &'i [u8])> {
        let [b':', text @ ..] = rest else { return None };
        let (text, tail) = scan::split_near(text)?;
        let [b'\n', b'\n', after @ ..] = tail else { return None };
        (text.len() < self.limits.max_line).then_some((text, after))
    }

    /// Whether it is worth to look for [`whole`](Self::whole) things.
    #[inline(always)]
    pub(super) const fn may_be_whole(&self, input: &[u8]) -> bool {
        self.state == 0 && matches!(input, [b'd' | b'e' | b':' | b'\n', ..] | [])
    }

    /// The most common things on the wire, when nothing is open: a block of one `data` line, the beginning of one at the end of a chunk, a block
    /// of `event` and `data`, a comment, a blank line. What it does not take is at the front of `input`.
    #[inline(always)]
    pub(super) fn whole<'i>(&mut self, input: &mut &'i [u8]) -> Whole<'i> {
        let chunk = *input;
        let mut rest = chunk;
        let found = loop {
            match rest {
                [b'd', ..] => {
                    let Some(value) = rest.strip_prefix(b"data: ") else { break Whole::Other };
                    let (value, tail) = scan::split_here(value);
                    if self.is_long_data(value) {
                        break Whole::Other;
                    }
                    if tail.is_empty() {
                        self.line_offset = self.offset + (chunk.len() - rest.len()) as u64;
                        self.open_data(value);
                        rest = tail;
                        break Whole::UsedUp;
                    }
                    let Some(after) = behind_block(tail) else { break Whole::Other };
                    rest = after;
                    break Whole::Event(value);
                }
                [b'e', ..] => {
                    let Some(event) = rest.strip_prefix(b"event: ") else { break Whole::Other };
                    let (event, tail) = scan::split_here(event);
                    let ([b'\n', line @ ..] | [b'\r', b'\n', line @ ..]) = tail else { break Whole::Other };
                    let Some(data) = line.strip_prefix(b"data: ") else { break Whole::Other };
                    let (data, tail) = scan::split_here(data);
                    let Some(after) = behind_block(tail) else { break Whole::Other };
                    if event.len() > self.limits.max_event
                        || event.len().saturating_add(7) > self.limits.max_line
                        || self.is_long_data(data)
                    {
                        break Whole::Other;
                    }
                    rest = after;
                    break Whole::Typed(event, data);
                }
                [b':', text @ ..] => {
                    let (text, tail) = scan::split(text);
                    // A blank line ends a block that holds nothing, as after most comments.
                    let ([b'\n', b'\n', after @ ..] | [b'\n', after @ ..]) = tail else { break Whole::Other };
                    if text.len() >= self.limits.max_line {
                        break Whole::Other;
                    }
                    rest = after;
                    if self.flags & COMMENTS != 0 {
                        break Whole::Comment(text.without_space());
                    }
                }
                [b'\n', after @ ..] => rest = after,
                [] => break Whole::UsedUp,
                _ => break Whole::Other,
            }
        };
        self.offset += (chunk.len() - rest.len()) as u64;
        *input = rest;
        found
    }

    /// Whether `data: ` and this, or this as the data of an event, is beyond a limit.
    #[inline(always)]
    const fn is_long_data(&self, value: Span<'_>) -> bool {
        value.len() > self.limits.max_data || value.len().saturating_add(6) > self.limits.max_line
    }
}

/// What follows the line end and the blank line at the front, if both are there whole.
#[inline(always)]
const fn behind_block(tail: &[u8]) -> Option<&[u8]> {
    match tail {
        [b'\n', b'\n', after @ ..] | [b'\r', b'\n', b'\r', b'\n', after @ ..] => Some(after),
        _ => None,
    }
}
