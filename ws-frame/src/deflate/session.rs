//! Both halves on one connection: what of the peer's is too much, and what of ours is worth compressing.

use bytes::BytesMut;

use super::{Agreement, Deflater, Inflater, InvalidDeflate, Pooled, TAIL, pays};
use crate::error::ErrorKind;
use crate::header::Opcode;
use crate::limits::Limits;
use crate::message::{Compress, Message};
use crate::prepared::{Framed, Prepared};

/// The most that is inflated before it is looked at.
pub(crate) const STEP: usize = 16 * 1024;

/// The ratio is looked at each time so many compressed bytes came, and at the end: at places that do not depend on how the transport
/// cut the message.
const BLOCK: u64 = 1024;

/// What a message may be long whatever its ratio.
const FREE: u64 = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Session {
    agreement: Agreement,
    inflater: Inflater,
    deflater: Deflater,
    /// Bytes of the message that is received, as they are on the wire.
    taken: u64,
    /// What they stand for.
    given: u64,
    /// Whether the message that is sent in parts is compressed.
    in_parts: bool,
    /// Room for one step of inflating, while bytes are read; empty in between.
    step: Box<[u8]>,
}

impl Session {
    pub(crate) fn new(agreement: Agreement) -> Session {
        Session {
            inflater: Inflater::new(&agreement),
            deflater: Deflater::new(&agreement),
            agreement,
            taken: 0,
            given: 0,
            in_parts: false,
            step: Box::default(),
        }
    }

    /// Inflates the first `len` bytes of `buf`, the next piece of a compressed message, `last` with the end of it, and hands on what comes
    /// out in steps of [`STEP`] at most, each with whether it is the whole message. The events are the same however the message is cut.
    /// `buf` comes back as it was.
    pub(crate) fn receive(
        &mut self,
        buf: &mut BytesMut,
        len: usize,
        last: bool,
        limits: &Limits,
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), ErrorKind>,
    ) -> Result<(), ErrorKind> {
        let mut step = core::mem::take(&mut self.step);
        if step.is_empty() {
            step = self.agreement.deflate.pool.step();
        }
        let (held, tailed) = (buf.len(), len + TAIL.len());
        let received = if last && tailed <= buf.capacity() {
            // The tail goes where the next frame begins, for as long as this one is read: each call costs as much as some hundred bytes.
            if held < tailed {
                buf.resize(tailed, 0);
            }
            let mut behind = TAIL;
            behind.swap_with_slice(&mut buf[len..tailed]);
            let received = self.receive_into(&buf[..tailed], len, last, limits, &mut step, sink);
            buf[len..tailed].copy_from_slice(&behind);
            buf.truncate(held);
            received
        } else {
            self.receive_into(&buf[..len], len, last, limits, &mut step, sink)
        };
        self.step = step;
        received
    }

    /// Whether nothing was inflated of what was read last.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.step.is_empty()
    }

    /// Gives back to the pool what is not needed before the next bytes come.
    pub(crate) fn rest(&mut self) {
        if !self.step.is_empty() {
            self.agreement.deflate.pool.give_step(core::mem::take(&mut self.step));
        }
        self.inflater.rest();
    }

    /// [`receive`](Self::receive) of the first `len` bytes of `payload`; what is behind them is [`TAIL`].
    fn receive_into(
        &mut self,
        payload: &[u8],
        len: usize,
        last: bool,
        limits: &Limits,
        step: &mut [u8],
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), ErrorKind>,
    ) -> Result<(), ErrorKind> {
        let mut ended = false;
        let mut at = 0;
        while at < len {
            let to_block = (BLOCK - self.taken % BLOCK) as usize;
            if len - at < to_block && len < payload.len() {
                self.taken += (len - at) as u64;
                self.inflate(Inflater::inflate_end, &mut &payload[at..], last, limits, step, sink)?;
                ended = true;
                break;
            }
            let mut block = &payload[at..len.min(at + to_block)];
            at += block.len();
            self.taken += block.len() as u64;
            self.inflate(Inflater::inflate, &mut block, false, limits, step, sink)?;
            if self.taken.is_multiple_of(BLOCK) {
                self.check_ratio(limits)?;
            }
        }
        if last {
            if !ended {
                let mut tail = self.inflater.tail();
                self.inflate(Inflater::inflate, &mut tail, last, limits, step, sink)?;
            }
            self.check_ratio(limits)?;
            self.inflater.next_message();
            (self.taken, self.given) = (0, 0);
        }
        Ok(())
    }

    /// Inflates all of `input`, by `inflate`; `last` says that the message ends with it.
    #[inline]
    fn inflate(
        &mut self,
        inflate: impl Fn(&mut Inflater, &mut &[u8], &mut [u8]) -> Result<usize, InvalidDeflate>,
        input: &mut &[u8],
        last: bool,
        limits: &Limits,
        step: &mut [u8],
        sink: &mut impl FnMut(&[u8], bool) -> Result<(), ErrorKind>,
    ) -> Result<(), ErrorKind> {
        let max = limits.max_message as u64;
        loop {
            // One more than may come tells a message that is at its limit from one that is over it.
            let left = usize::try_from(max - self.given).unwrap_or(usize::MAX).saturating_add(1);
            let room = left.min(step.len());
            let inflated = inflate(&mut self.inflater, input, &mut step[..room]);
            let n = inflated.map_err(|_| ErrorKind::InvalidDeflate)?;
            let ends = input.is_empty() && n < room;
            let first = self.given == 0;
            self.given += n as u64;
            if n > 0 {
                sink(&step[..n], last && ends && first)?;
            }
            if self.given > max {
                return Err(ErrorKind::MessageTooBig);
            }
            if ends {
                return Ok(());
            }
        }
    }

    fn check_ratio(&self, limits: &Limits) -> Result<(), ErrorKind> {
        let allowed = self.taken.saturating_mul(u64::from(limits.max_inflate_ratio)).max(FREE);
        if self.given > allowed { Err(ErrorKind::InflateRatio) } else { Ok(()) }
    }

    /// The payload to send with RSV1 in place of `payload`, if that pays.
    pub(crate) fn compress(&mut self, opcode: Opcode, payload: &[u8], choice: Compress) -> Option<Pooled> {
        if !self.wants(opcode, payload, choice) {
            return None;
        }
        let mut out = self.deflater.buffer();
        self.deflater.deflate(payload, true, out.as_mut());
        // What the context has seen must be sent, or the peer's is another one.
        let sent = choice == Compress::Always || self.agreement.send_takeover() || out.len() < payload.len();
        sent.then_some(out)
    }

    /// The payload of the next part of a message that is sent in parts, if that message is compressed: its first part says.
    pub(crate) fn compress_part(&mut self, opcode: Opcode, part: &Message, last: bool) -> Option<Pooled> {
        let payload = part.as_bytes();
        if opcode != Opcode::Continuation {
            self.in_parts = match (last, opcode) {
                (true, _) => self.wants(opcode, payload, Compress::Auto),
                // How long it becomes is not known.
                (false, Opcode::Text) => true,
                (false, _) => pays(payload),
            };
        }
        if !self.in_parts {
            return None;
        }
        let mut out = self.deflater.buffer();
        self.deflater.deflate(payload, last, out.as_mut());
        Some(out)
    }

    /// The compressed frame of a prepared message, if that pays.
    pub(crate) fn prepared<'a>(&mut self, prepared: &'a Prepared) -> Option<&'a Framed> {
        let min = match prepared.compress() {
            Compress::Never => return None,
            Compress::Always => 1,
            Compress::Auto => self.agreement.deflate.min_size.max(1),
        };
        if prepared.plain().header().len < min as u64 {
            return None;
        }
        let framed = prepared.deflated(&self.agreement)?;
        // Our compressor has not seen it: it must not refer to what is before that.
        self.deflater.forget();
        Some(framed)
    }

    /// Whether a message is worth it.
    fn wants(&self, opcode: Opcode, payload: &[u8], choice: Compress) -> bool {
        match choice {
            Compress::Never => false,
            Compress::Always => !payload.is_empty(),
            // Text is made of few different bytes, all the more so in long pieces.
            Compress::Auto => {
                payload.len() >= self.agreement.deflate.min_size.max(1)
                    && (opcode == Opcode::Text || pays(payload))
            }
        }
    }
}
