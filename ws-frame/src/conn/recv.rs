//! Bytes in: frames, fragments, text checks, the control frames of the peer.

use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};

use super::payload::{Payload, SmallCopies};
use super::{Connection, Delivery, Event};
use crate::close::CloseFrame;
use crate::error::ErrorKind;
use crate::frame::COPY_UP_TO;
use crate::header::{Header, Opcode};
use crate::message::{Chunk, Message};
use crate::text::Text;
use crate::utf8::{self, Utf8Validator};

/// Events that may wait before input does.
const MAX_EVENTS: usize = 512;

/// An emptied event queue keeps this much room, and gives more than this back.
const KEPT_EVENTS: usize = 8;

/// The message that is being received.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    /// The kind of the open message; `None` between messages.
    opcode: Option<Opcode>,
    /// Payload of the frames that came.
    data: BytesMut,
    /// Payload length of the frames whose header came.
    len: u64,
    fragments: usize,
    empty_in_a_row: usize,
    text: Utf8Validator,
    started: Option<Instant>,
    /// Whether the header of the frame that is not whole was looked at.
    header_seen: bool,
    /// Bytes of the frame that is not whole that `text` has taken, of those still in the buffer.
    checked: usize,
    /// Bytes of the frame that is not whole that were delivered, and are no longer in the buffer.
    chunked: usize,
    /// Whether a part was delivered already.
    continued: bool,
}

/// A token bucket for ping and pong frames: a second's worth at most.
#[derive(Debug)]
pub(super) struct ControlBudget {
    per_second: u64,
    /// In billionths of a frame.
    credit: u64,
    at: Instant,
}

const FRAME: u64 = 1_000_000_000;

impl ControlBudget {
    pub(super) fn new(per_second: u32, now: Instant) -> ControlBudget {
        let per_second = u64::from(per_second);
        ControlBudget { per_second, credit: per_second * FRAME, at: now }
    }

    /// Pays for one frame.
    fn spend(&mut self, now: Instant) -> bool {
        let nanos = u64::try_from(now.saturating_duration_since(self.at).as_nanos()).unwrap_or(u64::MAX);
        self.at = now;
        let earned = nanos.saturating_mul(self.per_second);
        self.credit = self.credit.saturating_add(earned).min(self.per_second * FRAME);
        match self.credit.checked_sub(FRAME) {
            Some(rest) => {
                self.credit = rest;
                true
            }
            None => false,
        }
    }
}

impl Connection {
    /// Takes bytes that the transport read. What stays in `buf` is the beginning of a frame, perhaps unmasked already: append the next
    /// bytes to it, and change nothing else. It never fails: see [`Connection`].
    ///
    /// Each call counts as a sign of life, so call it when bytes came.
    pub fn receive(&mut self, buf: &mut BytesMut, now: Instant) {
        self.advance_clock(now);
        if !self.is_receiving() {
            buf.clear(); // RFC 6455 §5.5.1, §7.1.7: what follows a Close, or an error, is not looked at.
            return;
        }
        if !self.backlog.is_empty() {
            // One buffer again: what waited, then what came.
            self.backlog.unsplit(buf.split());
            core::mem::swap(buf, &mut self.backlog);
            self.backlog = BytesMut::new();
        }
        let in_frame = self.decoder.in_frame();
        self.parse(buf);
        self.pulse.on_receive(self.now, in_frame || self.decoder.in_frame());
    }

    /// Takes the end of the transport's input.
    pub fn receive_eof(&mut self, now: Instant) {
        self.advance_clock(now);
        self.closing.on_eof();
        if !self.stalled {
            self.end_at_eof();
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.events.capacity() > KEPT_EVENTS {
                self.events = Default::default();
            }
            if !self.stalled {
                self.end_at_eof();
                return self.next_ending();
            }
            self.stalled = false;
            let mut buf = core::mem::take(&mut self.backlog);
            self.parse(&mut buf);
            if !self.stalled {
                self.backlog = buf;
            }
        }
    }

    /// Whether to read from the transport. `false` while events wait to be taken in number, and when no more input matters.
    pub fn wants_read(&self) -> bool {
        !self.stalled && self.closing.wants_input(self.role)
    }

    /// Whether input still has a meaning.
    pub(super) fn is_receiving(&self) -> bool {
        self.closing.is_receiving()
    }

    pub(super) fn assembly_deadline(&self) -> Option<Instant> {
        self.assembly.started?.checked_add(self.config.limits.assembly_timeout)
    }

    pub(super) fn handle_assembly(&mut self) {
        if self.assembly_deadline().is_some_and(|at| at <= self.now) {
            let error = self.decoder.error(ErrorKind::AssemblyTimeout);
            self.fail(error);
        }
    }

    fn parse(&mut self, buf: &mut BytesMut) {
        while self.is_receiving() {
            if self.events.len() >= MAX_EVENTS && !buf.is_empty() {
                self.stalled = true;
                self.backlog = buf.split();
                return;
            }
            match self.step(buf) {
                Ok(true) => {}
                Ok(false) => return,
                Err(kind) => {
                    let error = self.decoder.error(kind);
                    self.fail(error);
                }
            }
        }
        buf.clear();
        self.assembly = Assembly::default();
    }

    /// Reads one frame; `false` when more bytes are needed.
    fn step(&mut self, buf: &mut BytesMut) -> Result<bool, ErrorKind> {
        if !self.decoder.in_frame() && self.small_frames(buf)? {
            return Ok(true);
        }
        let Some(header) = self.decoder.advance(buf).map_err(|error| error.kind())? else {
            self.on_partial(buf)?;
            return Ok(false);
        };
        let len = header.len as usize - core::mem::take(&mut self.assembly.chunked);
        self.on_frame(&header, Payload::Front(buf, len))?;
        Ok(true)
    }

    /// Reads small whole frames as long as there are any, in one pass over the buffer; says whether there was one.
    fn small_frames(&mut self, buf: &mut BytesMut) -> Result<bool, ErrorKind> {
        let mut copies = SmallCopies::default();
        let mut rest = &mut buf[..];
        let all = rest.len();
        let mut result = Ok(());
        while self.events.len() < MAX_EVENTS && self.is_receiving() && result.is_ok() {
            copies.upcoming = rest.len();
            match self.decoder.next_small(rest, COPY_UP_TO) {
                Ok(Some((header, size))) => {
                    let (frame, after) = rest.split_at_mut(size + header.len as usize);
                    rest = after;
                    result = self.on_frame(&header, Payload::Amid(&frame[size..], &mut copies));
                }
                Ok(None) => break,
                Err(error) => result = Err(error.kind()),
            }
        }
        let read = all - rest.len();
        buf.advance(read);
        result.map(|()| read > 0)
    }

    #[inline]
    fn on_frame(&mut self, header: &Header, payload: Payload<'_>) -> Result<(), ErrorKind> {
        if header.opcode.is_control() {
            return self.on_control(header.opcode, payload.take());
        }
        if header.fin && self.assembly.opcode.is_none() && header.opcode != Opcode::Continuation {
            return self.on_single(header.opcode, payload);
        }
        if !core::mem::take(&mut self.assembly.header_seen) {
            self.on_data_header(header)?;
        }
        self.on_data(header, payload)
    }

    /// A message in one frame, all of it there: the common case, and no state.
    #[inline]
    fn on_single(&mut self, opcode: Opcode, payload: Payload<'_>) -> Result<(), ErrorKind> {
        if payload.as_slice().len() > self.config.limits.max_message {
            return Err(ErrorKind::MessageTooBig);
        }
        // Each event is built where it is queued: a detour over a local costs as much as reading the header.
        match (self.config.delivery, opcode) {
            (Delivery::Messages, Opcode::Text) => {
                let text = checked_text(payload.take())?;
                self.events.push_back(Event::Message(Message::Text(text)));
            }
            (Delivery::Messages, _) => {
                self.events.push_back(Event::Message(Message::Binary(payload.take())));
            }
            (Delivery::Chunks, _) => {
                if opcode == Opcode::Text {
                    utf8::check(payload.as_slice()).map_err(|at| invalid(at as u64))?;
                }
                let data = payload.take();
                self.events.push_back(Event::Chunk(Chunk { opcode, data, first: true, last: true }));
            }
        }
        Ok(())
    }

    /// What a header of a data frame means among the frames before it (RFC 6455 §5.4).
    fn on_data_header(&mut self, header: &Header) -> Result<(), ErrorKind> {
        let limits = &self.config.limits;
        let assembly = &mut self.assembly;
        match (header.opcode, assembly.opcode) {
            (Opcode::Continuation, None) => return Err(ErrorKind::UnexpectedContinuation),
            (Opcode::Continuation, Some(_)) => {}
            (_, Some(_)) => return Err(ErrorKind::ExpectedContinuation),
            (opcode, None) => {
                assembly.opcode = Some(opcode);
                assembly.started = Some(self.now);
            }
        }
        assembly.len = assembly.len.saturating_add(header.len);
        if assembly.len > limits.max_message as u64 {
            return Err(ErrorKind::MessageTooBig);
        }
        assembly.fragments += 1;
        if assembly.fragments > limits.max_fragments {
            return Err(ErrorKind::TooManyFragments);
        }
        if header.len > 0 {
            assembly.empty_in_a_row = 0;
        } else if !header.fin {
            assembly.empty_in_a_row += 1;
            if assembly.empty_in_a_row > limits.max_empty_fragments {
                return Err(ErrorKind::TooManyEmptyFragments);
            }
        }
        Ok(())
    }

    /// The payload of a whole frame of a message in parts, less what was delivered already.
    fn on_data(&mut self, header: &Header, payload: Payload<'_>) -> Result<(), ErrorKind> {
        let assembly = &mut self.assembly;
        let opcode = assembly.opcode.unwrap_or(header.opcode);
        if opcode == Opcode::Text {
            let unchecked = &payload.as_slice()[core::mem::take(&mut assembly.checked)..];
            assembly.text.push(unchecked).map_err(invalid)?;
            if header.fin {
                assembly.text.finish().map_err(invalid)?;
            }
        }
        if self.config.delivery == Delivery::Chunks {
            let data = payload.take();
            if !data.is_empty() || header.fin {
                let first = !assembly.continued;
                assembly.continued = true;
                self.events.push_back(Event::Chunk(Chunk { opcode, data, first, last: header.fin }));
            }
        } else if !header.fin {
            payload.append_to(&mut assembly.data);
        } else {
            let data = if assembly.data.is_empty() {
                payload.take()
            } else {
                payload.append_to(&mut assembly.data);
                core::mem::take(&mut assembly.data).freeze()
            };
            self.events.push_back(Event::Message(match opcode {
                Opcode::Text => Message::Text(checked_text(data)?),
                _ => Message::Binary(data),
            }));
        }
        if header.fin {
            self.assembly = Assembly::default();
        }
        Ok(())
    }

    /// A frame is not all there: its header, and its text so far, can be wrong already.
    fn on_partial(&mut self, buf: &mut BytesMut) -> Result<(), ErrorKind> {
        let Some((header, ready)) = self.decoder.partial() else { return Ok(()) };
        if header.opcode.is_control() {
            return Ok(());
        }
        if !self.assembly.header_seen {
            self.on_data_header(&header)?;
            self.assembly.header_seen = true;
        }
        let assembly = &mut self.assembly;
        let opcode = assembly.opcode.unwrap_or(header.opcode);
        if opcode == Opcode::Text {
            assembly.text.push(&buf[assembly.checked..ready]).map_err(invalid)?;
            assembly.checked = ready;
        }
        if self.config.delivery == Delivery::Chunks && ready > 0 {
            let data = self.decoder.take_partial(buf);
            assembly.chunked += data.len();
            assembly.checked = 0;
            let first = !assembly.continued;
            assembly.continued = true;
            self.events.push_back(Event::Chunk(Chunk { opcode, data, first, last: false }));
        }
        Ok(())
    }

    fn on_control(&mut self, opcode: Opcode, body: Bytes) -> Result<(), ErrorKind> {
        if opcode == Opcode::Close {
            let frame = CloseFrame::parse(&body)?;
            self.peer_closes(frame);
            return Ok(());
        }
        if !self.control.spend(self.now) {
            return Err(ErrorKind::ControlFlood);
        }
        if opcode == Opcode::Ping {
            self.answer_ping(&body);
            self.events.push_back(Event::Ping(body));
        } else if !self.pulse.on_pong(&body) {
            self.events.push_back(Event::Pong(body));
        }
        Ok(())
    }
}

/// Text in one piece. Text in several was checked as it came, and is checked once more here: no other way to make a [`Text`] is safe.
#[inline]
fn checked_text(data: Bytes) -> Result<Text, ErrorKind> {
    Text::try_from(data).map_err(|e| invalid(e.valid_up_to() as u64))
}

fn invalid(at: u64) -> ErrorKind {
    ErrorKind::InvalidUtf8 { at }
}
