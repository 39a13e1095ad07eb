//! Bytes in: frames, fragments, text checks, the control frames of the peer.

use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};

#[cfg(feature = "deflate")]
use super::assembly::inflate_whole;
use super::assembly::{Assembly, Progress, invalid};
use super::partial::Partial;
use super::{Connection, Delivery, Event, Waiting};
use crate::close::CloseFrame;
use crate::error::{Error, ErrorKind};
use crate::header::{Header, Opcode};
use crate::mask;
use crate::observe::Direction;

/// What is read at once while no big frame is open.
const READ: usize = 64 * 1024;

/// A token bucket for ping and pong frames: a second's worth at most.
#[derive(Debug)]
pub(super) struct ControlBudget {
    /// In billionths of a frame.
    credit: u64,
    at: Instant,
}

const FRAME: u64 = 1_000_000_000;

impl ControlBudget {
    pub(super) fn new(per_second: u32, now: Instant) -> ControlBudget {
        ControlBudget { credit: u64::from(per_second) * FRAME, at: now }
    }

    /// Pays for one frame.
    fn spend(&mut self, per_second: u32, now: Instant) -> bool {
        let per_second = u64::from(per_second);
        let nanos = u64::try_from(now.saturating_duration_since(self.at).as_nanos()).unwrap_or(u64::MAX);
        self.at = now;
        let earned = nanos.saturating_mul(per_second);
        self.credit = self.credit.saturating_add(earned).min(per_second * FRAME);
        match self.credit.checked_sub(FRAME) {
            Some(rest) => {
                self.credit = rest;
                true
            }
            None => false,
        }
    }
}

/// Where in the stream the reader stands, in bytes.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// Where the frame that is read, or was read last, begins.
    start: u64,
    /// Where the frame after it begins.
    next: u64,
}

impl Position {
    /// Passes over the header of the next frame, and its payload.
    fn pass(&mut self, size: usize, len: u64) {
        self.next = self.next.saturating_add(size as u64).saturating_add(len);
    }

    /// Passes over `size` bytes of whole frames, the last of which begins at `last`.
    pub(super) fn pass_run(&mut self, last: usize, size: usize) {
        self.start = self.next.saturating_add(last as u64);
        self.next = self.next.saturating_add(size as u64);
    }

    /// An error in the frame that is read, or was read last.
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.start)
    }
}

impl Connection {
    /// Takes bytes that the transport read. What stays in `buf` is the beginning of a frame: append the next bytes to it, and change
    /// nothing else. Where `buf` comes back empty, it may be other memory, with room where the next bytes are wanted. It
    /// never fails: see [`Connection`].
    ///
    /// Each call counts as a sign of life, so call it when bytes came.
    pub fn receive(&mut self, buf: &mut BytesMut, now: Instant) {
        self.advance_clock(now);
        if !self.is_receiving() {
            buf.clear(); // RFC 6455 §5.5.1, §7.1.7: what follows a Close, or an error, is not looked at.
            return;
        }
        if let Some(mut backlog) = self.backlog.take() {
            // One buffer again: what waited, then what came.
            backlog.unsplit(buf.split());
            *buf = *backlog;
        }
        let in_frame = self.is_amid_a_frame();
        self.parse(buf);
        let in_frame = in_frame || self.is_amid_a_frame();
        self.take_lent(buf);
        self.pulse.on_receive(self.now, in_frame);
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
    #[inline]
    pub fn poll_event(&mut self) -> Option<Event> {
        match self.events.pop() {
            Some(Waiting::Message(message)) => Some(Event::Message(message)),
            Some(event) => Some(event.into()),
            None => self.poll_event_slow(),
        }
    }

    /// The next event, when it is a message that waits.
    #[cfg(feature = "tokio")]
    #[inline]
    pub(crate) fn take_message(&mut self) -> Option<crate::message::Message> {
        self.events.pop_message()
    }

    /// What follows the events that wait: those of input that was held back, and the end.
    #[cold]
    fn poll_event_slow(&mut self) -> Option<Event> {
        while self.stalled {
            self.stalled = false;
            let mut buf = self.backlog.take().unwrap_or_default();
            self.parse(&mut buf);
            if !self.stalled && !buf.is_empty() {
                self.backlog = Some(buf);
            }
            if let Some(event) = self.events.pop() {
                return Some(event.into());
            }
        }
        self.end_at_eof();
        self.next_ending()
    }

    /// Whether to read from the transport. `false` while events wait to be taken in number, and when no more input matters.
    pub fn wants_read(&self) -> bool {
        !self.stalled && self.closing.wants_input(self.role)
    }

    /// How many bytes to read from the transport at most before the next [`receive`](Self::receive); 0 when
    /// [`wants_read`](Self::wants_read) says no. Whoever keeps to it gets big messages without a copy: `receive` has left room for
    /// them in its buffer. To read more is no error.
    pub fn read_credit(&self) -> usize {
        if !self.wants_read() {
            return 0;
        }
        self.wanted_of_big_frame().unwrap_or(READ)
    }

    /// How many bytes to read at most, while a big frame is open.
    pub(crate) fn wanted_of_big_frame(&self) -> Option<usize> {
        self.open.as_ref()?.wanted()
    }

    /// Takes the memory of big frames away from who reads no big frame: a small message that is kept must not hold it.
    fn take_lent(&mut self, buf: &mut BytesMut) {
        let lends = self.wanted_of_big_frame().is_some();
        if self.lent && !lends {
            *buf = BytesMut::from(&buf[..]);
        }
        self.lent = lends;
    }

    /// Whether input still has a meaning.
    pub(super) fn is_receiving(&self) -> bool {
        self.closing.is_receiving()
    }

    /// Whether RSV1 has a meaning (RFC 7692 §6).
    fn compresses(&self) -> bool {
        #[cfg(feature = "deflate")]
        return self.deflate.is_some();
        #[cfg(not(feature = "deflate"))]
        return false;
    }

    /// Whether a data frame was begun and not ended, of which bytes were taken.
    fn in_frame(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.in_frame())
    }

    /// Whether the peer is in the middle of a data frame.
    fn is_amid_a_frame(&self) -> bool {
        self.partial.is_some() || self.in_frame()
    }

    pub(super) fn assembly_deadline(&self) -> Option<Instant> {
        let partial = self.partial.as_ref().map(Partial::since);
        let started = partial.or_else(|| self.open.as_ref().map(|open| open.started()))?;
        started.checked_add(self.config.limits.assembly_timeout)
    }

    pub(super) fn handle_assembly(&mut self) {
        if self.assembly_deadline().is_some_and(|at| at <= self.now) {
            self.fail(self.position.error(ErrorKind::AssemblyTimeout));
        }
    }

    fn parse(&mut self, buf: &mut BytesMut) {
        self.parse_all(buf);
        #[cfg(feature = "deflate")]
        if let Some(session) = &mut self.deflate {
            session.rest();
        }
    }

    fn parse_all(&mut self, buf: &mut BytesMut) {
        while self.is_receiving() {
            if !buf.is_empty() && self.events.room(self.config.limits.max_unread) == 0 {
                self.stalled = true;
                self.backlog = Some(Box::new(buf.split()));
                return;
            }
            match self.step(buf) {
                Ok(true) => {}
                Ok(false) => return,
                Err(kind) => self.fail(self.position.error(kind)),
            }
        }
        buf.clear();
        self.open = None;
        self.partial = None;
    }

    /// Reads a part of a frame, a frame, or a run of messages; `false` when more bytes are needed.
    fn step(&mut self, buf: &mut BytesMut) -> Result<bool, ErrorKind> {
        if self.in_frame() {
            return self.on_payload(buf);
        }
        if self.open.is_none() && self.config.delivery == Delivery::Messages && self.run_of_messages(buf)? {
            self.partial = None;
            return Ok(true);
        }
        self.position.start = self.position.next;
        let Some((header, size)) = Header::parse_with(buf, self.role, self.compresses())? else {
            return Ok(false);
        };
        // After this a length fits in memory, and sums of a few of them in a u64.
        if header.len > self.config.limits.max_frame as u64 {
            return Err(ErrorKind::FrameTooBig);
        }
        if header.opcode.is_control() {
            return self.on_control_frame(&header, size, buf);
        }
        #[cfg(feature = "deflate")]
        if header.rsv1 && self.compressed_message(&header, size, buf)? {
            return Ok(true);
        }
        if self.stays_partial(&header, &buf[size..]) {
            let started = self.now;
            let partial = self.partial.get_or_insert_with(|| Partial::new(started));
            partial.look(&header, &buf[size..]).map_err(|at| invalid(at as u64))?;
            return Ok(false);
        }
        self.observe(Direction::Received, &header);
        self.begin_frame(header)?;
        self.position.pass(size, header.len);
        buf.advance(size);
        self.on_payload(buf)
    }

    /// Whether a message, of which this is the header and what came of the payload, stays in the reader's buffer until it is whole: it
    /// is small, in one frame, and nobody counts what comes of it.
    fn stays_partial(&self, header: &Header, came: &[u8]) -> bool {
        let config = &self.config;
        let len = header.len as usize;
        let alone =
            self.open.is_none() && header.fin && !header.rsv1 && header.opcode != Opcode::Continuation;
        let small = len <= Partial::UP_TO && len <= config.limits.max_message;
        let counted = config.budget.is_some() || config.observer.is_some();
        alone && small && !counted && came.len() < len && config.delivery == Delivery::Messages
    }

    /// Reads a compressed message that is all there, in one frame, and says whether it is one, and no memory is counted.
    #[cfg(feature = "deflate")]
    fn compressed_message(
        &mut self,
        header: &Header,
        size: usize,
        buf: &mut BytesMut,
    ) -> Result<bool, ErrorKind> {
        let (config, len) = (&self.config, header.len as usize);
        let Some(session) = &mut self.deflate else { return Ok(false) };
        let alone = self.open.is_none() && header.fin && len <= buf.len() - size;
        let allowed = header.len <= config.limits.max_compressed();
        if !(alone && allowed && config.budget.is_none() && config.delivery == Delivery::Messages) {
            return Ok(false);
        }
        if let Some(observer) = &config.observer {
            observer.frame(Direction::Received, header);
        }
        if session.is_at_rest() {
            let alike = buf.len() / (size + len);
            self.events.expect(alike.min(self.events.room(config.limits.max_unread)));
        }
        self.position.pass(size, header.len);
        buf.advance(size);
        if let Some(key) = header.mask {
            mask::apply(&mut buf[..len], key, 0);
        }
        let message = inflate_whole(header.opcode, buf, len, session, &config.limits)?;
        buf.advance(len);
        self.events.push(message);
        Ok(true)
    }

    /// What a header of a data frame means among the frames before it (RFC 6455 §5.4).
    fn begin_frame(&mut self, header: Header) -> Result<(), ErrorKind> {
        match (header.opcode, &self.open) {
            (Opcode::Continuation, None) => return Err(ErrorKind::UnexpectedContinuation),
            (Opcode::Continuation, Some(_)) => {}
            (_, Some(_)) => return Err(ErrorKind::ExpectedContinuation),
            (_, None) => {}
        }
        let new = || Box::new(Assembly::new(&header, &self.config, self.now));
        self.open.get_or_insert_with(new).begin_frame(header, &self.config.limits)
    }

    /// The payload of a data frame, or the part of it that is there, is at the front of `buf`.
    fn on_payload(&mut self, buf: &mut BytesMut) -> Result<bool, ErrorKind> {
        let Some(open) = &mut self.open else { return Ok(true) };
        #[cfg(feature = "deflate")]
        let progress = match &mut self.deflate {
            Some(session) if open.is_compressed() => {
                open.take_compressed(buf, session, &self.config.limits, &mut self.events)?
            }
            _ => open.take_payload(buf, self.lent)?,
        };
        #[cfg(not(feature = "deflate"))]
        let progress = open.take_payload(buf, self.lent)?;
        let (chunk, more) = match progress {
            Progress::Waits(chunk) => (chunk, false),
            Progress::Frame(chunk) => (chunk, true),
            Progress::Ends(chunk) => {
                if let Some(open) = self.open.take()
                    && let Some(message) = open.finish()?
                {
                    self.events.push(message);
                }
                (chunk, true)
            }
        };
        if let Some(chunk) = chunk {
            self.events.push(Waiting::Chunk(chunk));
        }
        Ok(more)
    }

    /// A control frame stays in `buf` until it is whole.
    fn on_control_frame(
        &mut self,
        header: &Header,
        size: usize,
        buf: &mut BytesMut,
    ) -> Result<bool, ErrorKind> {
        let len = header.len as usize;
        if buf.len() < size + len {
            return Ok(false);
        }
        self.observe(Direction::Received, header);
        self.position.pass(size, header.len);
        buf.advance(size);
        if let Some(key) = header.mask {
            mask::apply(&mut buf[..len], key, 0);
        }
        let body = Bytes::copy_from_slice(&buf[..len]);
        buf.advance(len);
        self.on_control(header.opcode, body)?;
        Ok(true)
    }

    fn on_control(&mut self, opcode: Opcode, body: Bytes) -> Result<(), ErrorKind> {
        if opcode == Opcode::Close {
            let frame = CloseFrame::parse(&body)?;
            self.peer_closes(frame);
            return Ok(());
        }
        if !self.control.spend(self.config.limits.max_control_per_second, self.now) {
            return Err(ErrorKind::ControlFlood);
        }
        if opcode == Opcode::Ping {
            self.answer_ping(&body);
            self.events.push(Waiting::Ping(body));
        } else if !self.pulse.on_pong(&body) {
            self.events.push(Waiting::Pong(body));
        }
        Ok(())
    }
}
