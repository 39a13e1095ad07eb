//! Messages and control frames out.

use bytes::{Bytes, BytesMut};

use super::{Connection, Waiting};
use crate::close::{CloseCode, CloseFrame};
use crate::error::SendError;
use crate::frame;
use crate::header::{Header, MAX_HEADER, Opcode};
use crate::message::{Message, Outgoing, Part};
use crate::observe::Direction;

use super::outbox::Control;

/// The longest payload of a control frame (RFC 6455 §5.5).
const MAX_CONTROL: usize = 125;

impl Connection {
    /// Queues a message.
    ///
    /// # Errors
    /// [`SendError::Closed`] once our Close is queued; [`SendError::BufferFull`] when the message and what waits already are over
    /// [`Limits::max_buffered`](crate::Limits::max_buffered); [`SendError::MessageOpen`] while a message in parts
    /// ([`Outgoing::Streamed`]) is not ended, for anything but its next part. Nothing is queued then.
    pub fn send(&mut self, message: impl Into<Outgoing>) -> Result<(), SendError> {
        self.queue_message(message.into())
    }

    /// Queues a ping of the application's own; the answer comes as [`Event::Pong`].
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`SendError::ControlTooLong`] over 125 bytes.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        if payload.len() > MAX_CONTROL {
            return Err(SendError::ControlTooLong);
        }
        self.check_room(payload.len())?;
        self.queue_ping(payload);
        Ok(())
    }

    fn queue_message(&mut self, message: Outgoing) -> Result<(), SendError> {
        self.check_room(message.len())?;
        match message {
            Outgoing::Streamed(part) => self.queue_part(part)?,
            _ if self.sending.is_some() => return Err(SendError::MessageOpen),
            Outgoing::Message(message) => self.queue_frame(true, message.opcode(), message),
            Outgoing::Prepared(prepared) if self.keys.is_none() => {
                let len = (prepared.frame().len() - prepared.header_size()) as u64;
                self.observe(Direction::Sent, &Header::new(true, prepared.opcode(), None, len));
                self.outbox.push_framed(prepared.frame().clone());
            }
            Outgoing::Prepared(prepared) => {
                let payload = Message::Binary(prepared.payload());
                self.queue_frame(true, prepared.opcode(), payload);
            }
        }
        if self.outbox.rose_above(self.config.limits.high_water) {
            self.events.push(Waiting::HighWater);
        }
        Ok(())
    }

    /// A fragment of a message (RFC 6455 §5.4).
    fn queue_part(&mut self, part: Part) -> Result<(), SendError> {
        let kind = part.payload.opcode();
        let opcode = match self.sending {
            None => kind,
            Some(open) if open == kind => Opcode::Continuation,
            Some(_) => return Err(SendError::MessageOpen),
        };
        if part.payload.is_empty() && !part.last {
            return Ok(()); // Says nothing, and a peer may count it.
        }
        self.sending = (!part.last).then_some(kind);
        self.queue_frame(part.last, opcode, part.payload);
        Ok(())
    }

    fn queue_frame(&mut self, fin: bool, opcode: Opcode, payload: Message) {
        let header = Header::new(fin, opcode, self.next_key(), payload.len() as u64);
        self.observe(Direction::Sent, &header);
        self.outbox.push(&header, payload);
    }

    fn check_room(&self, len: usize) -> Result<(), SendError> {
        if self.is_closed() || self.closing.sent().is_some() {
            return Err(SendError::Closed);
        }
        let buffered = self.outbox.buffered();
        let after = buffered.saturating_add(len).saturating_add(MAX_HEADER);
        if buffered > 0 && after > self.config.limits.max_buffered {
            return Err(SendError::BufferFull { buffered });
        }
        Ok(())
    }

    pub(super) fn check_low_water(&mut self) {
        if self.outbox.fell_to(self.config.limits.low_water) {
            self.events.push(Waiting::LowWater);
        }
    }

    /// Nothing may follow our Close (RFC 6455 §5.5.1), a pong neither.
    pub(super) fn answer_ping(&mut self, payload: &[u8]) {
        if self.closing.sent().is_none() {
            let frame = self.control_frame(Opcode::Pong, payload);
            self.outbox.push_pong(frame, self.config.limits.max_pending_pongs);
        }
    }

    pub(super) fn queue_ping(&mut self, payload: &[u8]) {
        let frame = self.control_frame(Opcode::Ping, payload);
        self.outbox.push_control(Control::Ping, frame);
    }

    pub(super) fn queue_close(&mut self, code: CloseCode, reason: &str) {
        let mut body = BytesMut::new();
        CloseFrame::write(code, reason, &mut body);
        let frame = self.control_frame(Opcode::Close, &body);
        self.outbox.push_last(frame);
    }

    fn control_frame(&mut self, opcode: Opcode, payload: &[u8]) -> Bytes {
        let mut out = BytesMut::new();
        let header = Header::new(true, opcode, self.next_key(), payload.len() as u64);
        self.observe(Direction::Sent, &header);
        frame::encode(&header, payload, &mut out);
        out.freeze()
    }

    fn next_key(&mut self) -> Option<[u8; 4]> {
        self.keys.as_mut().map(|keys| keys.next_key())
    }
}
