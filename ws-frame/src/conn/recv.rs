//! Bytes in: frames, fragments, text checks, the control frames of the peer.

use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};

use super::{Connection, Delivery, Event};
use crate::close::CloseFrame;
use crate::error::ErrorKind;
use crate::frame::{COPY_UP_TO, take};
use crate::header::{Header, Opcode};
use crate::message::{Chunk, Message};
use crate::text::Text;
use crate::utf8::{self, Utf8Validator};

/// Events that may wait before input does.
const MAX_EVENTS: usize = 512;

/// Messages that are read in one run, at most.
const MAX_RUN: usize = 32;

/// A longer message is read by itself; so the places in a run fit 32 bits.
const MAX_IN_RUN: usize = 1024 * 1024;

/// A shared copy ends with the message that passes this size: one kept small message holds no more than this and another one.
const SHARED: usize = 4096;

/// The first byte of a message in one frame.
const FINAL_TEXT: u8 = 0x81;
const FINAL_BINARY: u8 = 0x82;

/// Where a payload lies in the read buffer.
#[derive(Clone, Copy)]
struct Place {
    opcode: Opcode,
    start: u32,
    end: u32,
}

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

    /// Reads one frame, or a run of messages; `false` when more bytes are needed.
    fn step(&mut self, buf: &mut BytesMut) -> Result<bool, ErrorKind> {
        if self.run_of_messages(buf)? {
            return Ok(true);
        }
        let Some(header) = self.decoder.advance(buf).map_err(|error| error.kind())? else {
            self.on_partial(buf)?;
            return Ok(false);
        };
        if header.opcode.is_control() {
            let body = take(buf, header.len as usize);
            self.on_control(header.opcode, body)?;
        } else if header.fin && self.assembly.opcode.is_none() && header.opcode != Opcode::Continuation {
            if header.len > self.config.limits.max_message as u64 {
                return Err(ErrorKind::MessageTooBig);
            }
            let data = take(buf, header.len as usize);
            self.deliver(header.opcode, data)?;
        } else {
            if !core::mem::take(&mut self.assembly.header_seen) {
                self.on_data_header(&header)?;
            }
            self.on_data(&header, buf)?;
        }
        Ok(true)
    }

    /// Reads the messages at the front of `buf` that are whole, in one frame each; says whether there was one. Small ones share a
    /// copy, bigger ones a slice of the buffer. Whatever else comes, an error too, is left to `step`.
    fn run_of_messages(&mut self, buf: &mut BytesMut) -> Result<bool, ErrorKind> {
        if self.decoder.in_frame() || self.assembly.opcode.is_some() {
            return Ok(false);
        }
        let mut max = MAX_IN_RUN.min(self.config.limits.max_message);
        let mut min = 0;
        let room = MAX_RUN.min(MAX_EVENTS - self.events.len().min(MAX_EVENTS));
        let base = self.decoder.next_offset();
        let mut run = [Place { opcode: Opcode::Text, start: 0, end: 0 }; MAX_RUN];
        let mut count = 0;
        let mut at = 0;
        while count < room
            && let Some(&first) = buf.get(at)
            && (first == FINAL_TEXT || first == FINAL_BINARY)
            && let Some((header, size)) = self.decoder.next_whole(&mut buf[at..], min..=max)
        {
            let len = header.len as usize;
            let start = at + size;
            at = start + len;
            run[count] = Place { opcode: header.opcode, start: start as u32, end: at as u32 };
            count += 1;
            if len > COPY_UP_TO {
                min = COPY_UP_TO + 1;
            } else if at >= SHARED {
                break;
            } else {
                max = max.min(COPY_UP_TO);
            }
        }
        let run = &run[..count];
        match run {
            [] => return Ok(false),
            [only] => {
                buf.advance(only.start as usize);
                let data = take(buf, (only.end - only.start) as usize);
                self.deliver(only.opcode, data)?;
                return Ok(true);
            }
            _ => {}
        }
        let shared = if min > 0 {
            buf.split_to(at).freeze()
        } else {
            let copy = Bytes::copy_from_slice(&buf[..at]);
            buf.advance(at);
            copy
        };
        let mut head = 0;
        for place in run {
            let data = shared.slice(place.start as usize..place.end as usize);
            if let Err(kind) = self.deliver(place.opcode, data) {
                self.decoder.point_at(base + u64::from(head));
                return Err(kind);
            }
            head = place.end;
        }
        Ok(true)
    }

    /// A whole message.
    #[inline]
    fn deliver(&mut self, opcode: Opcode, data: Bytes) -> Result<(), ErrorKind> {
        match (self.config.delivery, opcode) {
            (Delivery::Messages, Opcode::Text) => {
                let text = checked_text(data)?;
                self.events.push_back(Event::Message(Message::Text(text)));
            }
            (Delivery::Messages, _) => self.events.push_back(Event::Message(Message::Binary(data))),
            (Delivery::Chunks, _) => {
                if opcode == Opcode::Text {
                    utf8::check(&data).map_err(|at| invalid(at as u64))?;
                }
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

    /// The payload of a whole frame of a message in parts, less what was delivered already, is at the front of `buf`.
    fn on_data(&mut self, header: &Header, buf: &mut BytesMut) -> Result<(), ErrorKind> {
        let assembly = &mut self.assembly;
        let opcode = assembly.opcode.unwrap_or(header.opcode);
        let len = header.len as usize - core::mem::take(&mut assembly.chunked);
        let chunks = self.config.delivery == Delivery::Chunks;
        let checked = core::mem::take(&mut assembly.checked);
        // A message that is delivered whole is checked whole when its text is made: no other way to make a `Text` is safe.
        if opcode == Opcode::Text && (chunks || !header.fin) {
            assembly.text.push(&buf[checked..len]).map_err(invalid)?;
            if header.fin {
                assembly.text.finish().map_err(invalid)?;
            }
        }
        if chunks {
            let data = take(buf, len);
            if !data.is_empty() || header.fin {
                let first = !assembly.continued;
                assembly.continued = true;
                self.events.push_back(Event::Chunk(Chunk { opcode, data, first, last: header.fin }));
            }
        } else if header.fin && assembly.data.is_empty() {
            let data = take(buf, len);
            self.deliver(opcode, data)?;
        } else {
            assembly.data.extend_from_slice(&buf[..len]);
            buf.advance(len);
            if header.fin {
                let data = core::mem::take(&mut assembly.data).freeze();
                self.deliver(opcode, data)?;
            }
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

#[inline]
fn checked_text(data: Bytes) -> Result<Text, ErrorKind> {
    Text::try_from(data).map_err(|e| invalid(e.valid_up_to() as u64))
}

fn invalid(at: u64) -> ErrorKind {
    ErrorKind::InvalidUtf8 { at }
}
