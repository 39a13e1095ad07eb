//! The message, and the frame, that is not all there.

use std::time::Instant;

#[cfg(feature = "deflate")]
use bytes::Buf;
use bytes::{Bytes, BytesMut};

#[cfg(feature = "deflate")]
use super::events::Events;
use super::{Config, Delivery, Waiting};
use crate::budget::Charge;
#[cfg(feature = "deflate")]
use crate::deflate::Session;
use crate::error::ErrorKind;
use crate::frame::take;
use crate::header::{Header, Opcode};
use crate::limits::Limits;
#[cfg(feature = "deflate")]
use crate::mask::Checked;
use crate::mask::{self, Gather};
use crate::message::{Chunk, Message};
use crate::text::Text;
use crate::utf8::Utf8Validator;

/// What a fragment is charged to the memory budget beside its payload.
const FRAGMENT: usize = 64;

/// A message whose first header came.
#[derive(Debug)]
pub(super) struct Assembly {
    opcode: Opcode,
    /// Whether the first frame had RSV1 set.
    compressed: bool,
    /// The frame that is read, and how much of its payload was taken.
    frame: Option<(Header, usize)>,
    /// What came, or is to be delivered next.
    body: Body,
    /// Payload length of the frames whose header came.
    len: u64,
    fragments: usize,
    empty_in_a_row: usize,
    /// Bytes of the frame that were looked at, and left in the reader's buffer.
    waiting: usize,
    started: Instant,
    charge: Charge,
}

#[derive(Debug)]
enum Body {
    /// Kept until it is whole.
    Whole(Gather),
    /// Delivered as it comes.
    Parts {
        /// Checks what is text.
        text: Option<Utf8Validator>,
        /// Whether a part was delivered.
        continued: bool,
    },
}

impl Assembly {
    /// A message that begins with a frame of this header.
    pub(super) fn new(header: &Header, config: &Config, now: Instant) -> Assembly {
        let is_text = header.opcode == Opcode::Text;
        let body = match config.delivery {
            Delivery::Messages => Body::Whole(Gather::new(is_text)),
            Delivery::Chunks => Body::Parts { text: is_text.then(Utf8Validator::new), continued: false },
        };
        Assembly {
            opcode: header.opcode,
            compressed: header.rsv1,
            frame: None,
            body,
            len: 0,
            fragments: 0,
            empty_in_a_row: 0,
            waiting: 0,
            started: now,
            charge: Charge::new(config.budget.clone()),
        }
    }

    /// When the message began.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// Whether a frame was begun and not ended.
    pub(super) fn in_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// How many bytes to read at most, where that matters.
    pub(super) fn wanted(&self) -> Option<usize> {
        let kept = !self.compressed && matches!(self.body, Body::Whole(_));
        let (header, taken) = self.frame.filter(|_| kept)?;
        Gather::wanted(header.len as usize, header.len as usize - taken - self.waiting)
    }

    /// Takes the header of the next frame of the message (RFC 6455 §5.4).
    pub(super) fn begin_frame(&mut self, header: Header, limits: &Limits) -> Result<(), ErrorKind> {
        self.len = self.len.saturating_add(header.len);
        let max = if self.compressed { limits.max_compressed() } else { limits.max_message as u64 };
        if self.len > max {
            return Err(ErrorKind::MessageTooBig);
        }
        self.fragments += 1;
        if self.fragments > limits.max_fragments {
            return Err(ErrorKind::TooManyFragments);
        }
        if header.len > 0 {
            self.empty_in_a_row = 0;
        } else if !header.fin {
            self.empty_in_a_row += 1;
            if self.empty_in_a_row > limits.max_empty_fragments {
                return Err(ErrorKind::TooManyEmptyFragments);
            }
        }
        if matches!(self.body, Body::Whole(_)) {
            self.charge.add(FRAGMENT)?;
        }
        self.frame = Some((header, 0));
        Ok(())
    }

    /// Takes what is there of the open frame off the front of `buf`, with what is to be delivered. Says whether the frame is
    /// whole, and whether the message is.
    ///
    /// `lent` says that `buf` is memory of another big frame.
    pub(super) fn take_payload(&mut self, buf: &mut BytesMut, lent: bool) -> Result<Progress, ErrorKind> {
        let Some((header, taken)) = self.frame else { return Ok(Progress::Waits(None)) };
        let rest = header.len as usize - taken;
        let len = rest.min(buf.len());
        if len == 0 && rest > 0 {
            return Ok(Progress::Waits(None));
        }
        let ends_frame = len == rest;
        let seen = core::mem::take(&mut self.waiting);
        let chunk = match &mut self.body {
            Body::Whole(gather) if lent && seen == 0 && taken == 0 && Gather::may_wait(len, rest) => {
                // It came with the end of the frame before. Who gets that may let go of its memory before more comes.
                gather.look(&buf[..len], header.mask).map_err(invalid)?;
                self.waiting = len;
                return Ok(Progress::Waits(None));
            }
            Body::Whole(gather) => {
                self.charge.add(len)?;
                gather.take(buf, len, header.mask, taken, rest - len).map_err(invalid)?;
                if !ends_frame {
                    gather.lend_room(buf);
                }
                None
            }
            Body::Parts { text, continued } => {
                let data = unmasked(buf, len, header.mask, taken, text.as_mut())?;
                let last = ends_frame && header.fin;
                if let (true, Some(text)) = (last, text) {
                    text.finish().map_err(invalid)?;
                }
                (last || !data.is_empty()).then(|| {
                    let first = !core::mem::replace(continued, true);
                    Chunk { opcode: self.opcode, data, first, last }
                })
            }
        };
        if !ends_frame {
            self.frame = Some((header, taken + len));
            return Ok(Progress::Waits(chunk));
        }
        self.frame = None;
        Ok(if header.fin { Progress::Ends(chunk) } else { Progress::Frame(chunk) })
    }

    /// The whole message.
    pub(super) fn finish(self) -> Result<Option<Waiting>, ErrorKind> {
        let Body::Whole(gather) = self.body else { return Ok(None) };
        message(self.opcode, gather).map(Some)
    }
}

/// The message that was gathered.
fn message(opcode: Opcode, gather: Gather) -> Result<Waiting, ErrorKind> {
    Ok(Waiting::Message(if opcode == Opcode::Text {
        Message::Text(Text::new(gather.into_text().map_err(invalid)?))
    } else {
        Message::Binary(gather.into_bytes())
    }))
}

/// Inflates a message whose compressed bytes, unmasked, are the first `len` of `buf`.
#[cfg(feature = "deflate")]
pub(super) fn inflate_whole(
    opcode: Opcode,
    buf: &mut BytesMut,
    len: usize,
    session: &mut Session,
    limits: &Limits,
) -> Result<Waiting, ErrorKind> {
    let mut gather = Gather::new(opcode == Opcode::Text);
    let mut short = None;
    session.receive(buf, len, true, limits, &mut |step, whole| {
        if whole {
            short = Some(copied(opcode, step)?);
            return Ok(());
        }
        gather.append(step).map_err(invalid)
    })?;
    short.map_or_else(|| message(opcode, gather), |message| Ok(Waiting::Message(message)))
}

/// A message that is all there.
#[cfg(feature = "deflate")]
fn copied(opcode: Opcode, body: &[u8]) -> Result<Message, ErrorKind> {
    Ok(if opcode == Opcode::Text {
        Message::Text(Text::new(Checked::check_copy(body).map_err(|at| invalid(at as u64))?))
    } else {
        Message::Binary(Bytes::copy_from_slice(body))
    })
}

/// Compressed bytes taken at a time, so that what they stand for is not much more than may wait.
#[cfg(feature = "deflate")]
const PIECE: usize = 1024;

#[cfg(feature = "deflate")]
impl Assembly {
    pub(super) fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// [`take_payload`](Self::take_payload) of a compressed message.
    pub(super) fn take_compressed(
        &mut self,
        buf: &mut BytesMut,
        session: &mut Session,
        limits: &Limits,
        events: &mut Events,
    ) -> Result<Progress, ErrorKind> {
        let Some((header, taken)) = self.frame else { return Ok(Progress::Waits(None)) };
        let rest = header.len as usize - taken;
        let len = match self.body {
            Body::Whole(_) => rest.min(buf.len()),
            Body::Parts { .. } => rest.min(buf.len()).min(PIECE),
        };
        if len == 0 && rest > 0 {
            return Ok(Progress::Waits(None));
        }
        if let Some(key) = header.mask {
            mask::apply(&mut buf[..len], key, taken);
        }
        let ends_frame = len == rest;
        let last = ends_frame && header.fin;
        let Assembly { opcode, body, charge, .. } = self;
        session.receive(buf, len, last, limits, &mut |step, _| match body {
            Body::Whole(gather) => {
                charge.add(step.len())?;
                gather.append(step).map_err(invalid)
            }
            Body::Parts { text, continued } => {
                if let Some(text) = text {
                    text.push(step).map_err(invalid)?;
                }
                let first = !core::mem::replace(continued, true);
                let data = Bytes::copy_from_slice(step);
                events.push(Waiting::Chunk(Chunk { opcode: *opcode, data, first, last: false }));
                Ok(())
            }
        })?;
        buf.advance(len);
        if !ends_frame {
            self.frame = Some((header, taken + len));
            return Ok(if buf.is_empty() { Progress::Waits(None) } else { Progress::Frame(None) });
        }
        self.frame = None;
        if !last {
            return Ok(Progress::Frame(None));
        }
        let Body::Parts { text, continued } = &self.body else { return Ok(Progress::Ends(None)) };
        if let Some(text) = text {
            text.finish().map_err(invalid)?;
        }
        let end = Chunk { opcode: self.opcode, data: Bytes::new(), first: !continued, last: true };
        Ok(Progress::Ends(Some(end)))
    }
}

/// What became of a piece of a frame, with the part to be delivered.
pub(super) enum Progress {
    /// The frame is not whole.
    Waits(Option<Chunk>),
    /// The frame is whole, and another one follows; or more of it can be taken at once.
    Frame(Option<Chunk>),
    /// The message is whole.
    Ends(Option<Chunk>),
}

/// Takes `len` bytes of a frame off the front of `buf`, unmasked, and checked if they are text.
fn unmasked(
    buf: &mut BytesMut,
    len: usize,
    key: Option<[u8; 4]>,
    position: usize,
    text: Option<&mut Utf8Validator>,
) -> Result<Bytes, ErrorKind> {
    let piece = &mut buf[..len];
    let ascii = match key {
        Some(key) => mask::apply_to_text(piece, key, position),
        None => 0,
    };
    if let Some(text) = text {
        text.push_after_ascii(piece, ascii).map_err(invalid)?;
    }
    Ok(take(buf, len))
}

pub(super) fn invalid(at: u64) -> ErrorKind {
    ErrorKind::InvalidUtf8 { at }
}
