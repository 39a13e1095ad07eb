//! Both halves on one connection: what of the peer's is too much, and what of ours is worth compressing.

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
        }
    }

    /// Inflates the next piece of a compressed message, `last` with the end of it, and hands on what comes out in steps of [`STEP`] at
    /// most. The events are the same however the message is cut.
    pub(crate) fn receive(
        &mut self,
        mut piece: &[u8],
        last: bool,
        limits: &Limits,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), ErrorKind>,
    ) -> Result<(), ErrorKind> {
        let mut step = self.agreement.deflate.pool.step();
        let received = self.receive_into(&mut piece, last, limits, &mut step, sink);
        self.agreement.deflate.pool.give_step(step);
        received
    }

    fn receive_into(
        &mut self,
        piece: &mut &[u8],
        last: bool,
        limits: &Limits,
        step: &mut [u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), ErrorKind>,
    ) -> Result<(), ErrorKind> {
        let mut ended = false;
        while !piece.is_empty() {
            let to_block = (BLOCK - self.taken % BLOCK) as usize;
            if last && piece.len() < to_block {
                // The tail with it: each call costs as much as some hundred bytes.
                let mut end = [0; BLOCK as usize + TAIL.len()];
                let whole = piece.len() + TAIL.len();
                end[..piece.len()].copy_from_slice(piece);
                end[piece.len()..whole].copy_from_slice(&TAIL);
                self.taken += piece.len() as u64;
                self.inflate(Inflater::inflate_end, &mut &end[..whole], limits, step, sink)?;
                ended = true;
                break;
            }
            let (mut block, rest) = piece.split_at(to_block.min(piece.len()));
            self.taken += block.len() as u64;
            *piece = rest;
            self.inflate(Inflater::inflate, &mut block, limits, step, sink)?;
            if self.taken.is_multiple_of(BLOCK) {
                self.check_ratio(limits)?;
            }
        }
        if last {
            if !ended {
                let mut tail = self.inflater.tail();
                self.inflate(Inflater::inflate, &mut tail, limits, step, sink)?;
            }
            self.check_ratio(limits)?;
            self.inflater.end_message();
            (self.taken, self.given) = (0, 0);
        }
        Ok(())
    }

    /// Inflates all of `input`, by `inflate`.
    #[inline]
    fn inflate(
        &mut self,
        inflate: impl Fn(&mut Inflater, &mut &[u8], &mut [u8]) -> Result<usize, InvalidDeflate>,
        input: &mut &[u8],
        limits: &Limits,
        step: &mut [u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), ErrorKind>,
    ) -> Result<(), ErrorKind> {
        let max = limits.max_message as u64;
        loop {
            // One more than may come tells a message that is at its limit from one that is over it.
            let left = usize::try_from(max - self.given).unwrap_or(usize::MAX).saturating_add(1);
            let room = left.min(step.len());
            let inflated = inflate(&mut self.inflater, input, &mut step[..room]);
            let n = inflated.map_err(|_| ErrorKind::InvalidDeflate)?;
            self.given += n as u64;
            if n > 0 {
                sink(&step[..n])?;
            }
            if self.given > max {
                return Err(ErrorKind::MessageTooBig);
            }
            if input.is_empty() && n < room {
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
