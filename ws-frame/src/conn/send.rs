//! Messages and control frames out.

use bytes::{Bytes, BytesMut};

use super::{Connection, Event};
use crate::close::{CloseCode, CloseFrame};
use crate::error::SendError;
use crate::frame;
use crate::header::{MAX_HEADER, Opcode};
use crate::message::Outgoing;

use super::outbox::Control;

/// The longest payload of a control frame (RFC 6455 §5.5).
const MAX_CONTROL: usize = 125;

impl Connection {
    /// Queues a message.
    ///
    /// # Errors
    /// [`SendError::Closed`] once our Close is queued; [`SendError::BufferFull`] when the message and what waits already are over
    /// [`Limits::max_buffered`](crate::Limits::max_buffered). Nothing is queued then.
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
        match message {
            Outgoing::Message(message) | Outgoing::Chosen(message, _) => {
                self.check_room(message.len())?;
                let key = self.next_key();
                self.outbox.push(message.opcode(), message.into_bytes(), key);
            }
            Outgoing::Prepared(prepared) => {
                self.check_room(prepared.frame().len())?;
                match self.next_key() {
                    None => self.outbox.push_framed(prepared.frame().clone()),
                    key => self.outbox.push(prepared.opcode(), prepared.payload(), key),
                }
            }
        }
        if self.outbox.rose_above(self.config.limits.high_water) {
            self.events.push_back(Event::HighWater);
        }
        Ok(())
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
            self.events.push_back(Event::LowWater);
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
        let key = self.next_key();
        frame::encode(true, opcode, payload, key, &mut out);
        out.freeze()
    }

    fn next_key(&mut self) -> Option<[u8; 4]> {
        self.keys.as_mut().map(|keys| keys.next_key())
    }
}
