//! Messages and control frames out.

use bytes::{Bytes, BytesMut};

use super::{Connection, Waiting};
use crate::close::{CloseCode, CloseFrame};
#[cfg(feature = "deflate")]
use crate::deflate::Pooled;
use crate::error::SendError;
use crate::frame;
use crate::header::{Header, MAX_HEADER, Opcode};
use crate::message::{Compress, Message, Outgoing, Part};
use crate::observe::Direction;
use crate::prepared::Prepared;

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
    #[inline]
    pub fn send(&mut self, message: impl Into<Outgoing>) -> Result<(), SendError> {
        self.queue_message(message.into())
    }

    /// Queues a ping of the application's own; the answer comes as [`Event::Pong`](super::Event::Pong).
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

    #[inline]
    fn queue_message(&mut self, message: Outgoing) -> Result<(), SendError> {
        self.check_room(message.len())?;
        match message {
            Outgoing::Streamed(part) => self.queue_part(part)?,
            _ if self.sending.is_some() => return Err(SendError::MessageOpen),
            Outgoing::Message(message) => self.queue_whole(message, Compress::Auto),
            Outgoing::Chosen(message, choice) => self.queue_whole(message, choice),
            Outgoing::Prepared(prepared) => self.queue_prepared(&prepared),
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
        #[cfg(feature = "deflate")]
        if let Some(session) = &mut self.deflate
            && let Some(payload) = session.compress_part(opcode, &part.payload, part.last)
        {
            self.queue_compressed(part.last, opcode, payload);
            return Ok(());
        }
        self.queue_frame(part.last, opcode, part.payload);
        Ok(())
    }

    #[inline]
    #[cfg_attr(not(feature = "deflate"), expect(unused_variables, reason = "nothing is compressed"))]
    fn queue_whole(&mut self, message: Message, choice: Compress) {
        #[cfg(feature = "deflate")]
        if let Some(session) = &mut self.deflate
            && let Some(payload) = session.compress(message.opcode(), message.as_bytes(), choice)
        {
            self.queue_compressed(true, message.opcode(), payload);
            return;
        }
        self.queue_frame(true, message.opcode(), message);
    }

    fn queue_prepared(&mut self, prepared: &Prepared) {
        let framed = prepared.plain();
        #[cfg(feature = "deflate")]
        let framed = self.deflate.as_mut().and_then(|session| session.prepared(prepared)).unwrap_or(framed);
        let header = Header { mask: self.next_key(), ..*framed.header() };
        self.observe(Direction::Sent, &header);
        match header.mask {
            None => self.outbox.push_framed(framed.bytes().clone()),
            Some(_) => self.outbox.push(&header, framed.to_message()),
        }
    }

    /// A frame of a compressed message.
    #[cfg(feature = "deflate")]
    fn queue_compressed(&mut self, fin: bool, opcode: Opcode, payload: Pooled) {
        // RSV1 is on the first frame of a message (RFC 7692 §6.1).
        let rsv1 = opcode != Opcode::Continuation;
        let header = Header { rsv1, ..Header::new(fin, opcode, self.next_key(), payload.len() as u64) };
        self.observe(Direction::Sent, &header);
        self.outbox.push_compressed(&header, payload);
    }

    #[inline]
    fn queue_frame(&mut self, fin: bool, opcode: Opcode, payload: Message) {
        let header = Header::new(fin, opcode, self.next_key(), payload.len() as u64);
        self.observe(Direction::Sent, &header);
        self.outbox.push(&header, payload);
    }

    #[inline]
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

    #[inline]
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

    #[inline]
    fn next_key(&mut self) -> Option<[u8; 4]> {
        self.keys.as_mut().map(|keys| keys.next_key())
    }
}
