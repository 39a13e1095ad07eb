//! Decompression (RFC 7692 §7.2.2), a bounded step at a time.

use core::fmt;
use std::sync::Arc;

use flate2::{Decompress, FlushDecompress, Status};

use super::pool::Pool;
use super::{Agreement, TAIL};

/// The receiving half of permessage-deflate.
///
/// It reads the payloads of the frames of one message after the other. The caller decides how much comes out at a time, and when it
/// is too much.
///
/// ```
/// use ws_frame::deflate::{Deflate, Inflater};
///
/// let (agreement, _) = Deflate::default().choose(&[Deflate::default().offer()]).unwrap();
/// let mut inflater = Inflater::new(&agreement);
/// // RFC 7692 §7.2.3.1
/// let mut out = [0; 16];
/// let mut payload = &b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..];
/// let mut n = inflater.inflate(&mut payload, &mut out)?;
/// let mut tail = inflater.tail();
/// n += inflater.inflate(&mut tail, &mut out[n..])?;
/// inflater.end_message();
/// assert_eq!(&out[..n], b"Hello");
/// # Ok::<(), ws_frame::deflate::InvalidDeflate>(())
/// ```
#[derive(Debug)]
pub struct Inflater {
    state: Option<Decompress>,
    takeover: bool,
    /// No block is open: at the start of a message, or after a block with BFINAL set that nothing has followed.
    between_blocks: bool,
    /// The stream broke after bytes that were given.
    broken: bool,
    /// The state has read another message, which the next one does not refer to.
    used: bool,
    pool: Arc<Pool>,
}

impl Inflater {
    /// For what the peer of this agreement sends.
    pub fn new(agreement: &Agreement) -> Inflater {
        Inflater {
            state: None,
            takeover: agreement.receive_takeover(),
            between_blocks: true,
            broken: false,
            used: false,
            pool: agreement.deflate.pool.clone(),
        }
    }

    /// Takes compressed bytes from the front of `input`, and writes what they stand for to the front of `out`; says how much. When `out` is
    /// not full, all of `input` was taken and nothing waits inside.
    ///
    /// # Errors
    /// [`InvalidDeflate`]: not the format of RFC 1951, or a reference to before the first byte. What is before it was given.
    pub fn inflate(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<usize, InvalidDeflate> {
        self.inflate_until(0, input, out)
    }

    /// [`inflate`](Self::inflate) of the last bytes of a message with [`TAIL`] behind them, which goes away unread where no block is open.
    pub(crate) fn inflate_end(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<usize, InvalidDeflate> {
        self.inflate_until(TAIL.len(), input, out)
    }

    /// Inflates; where no block is open before the last `tail` bytes, not those.
    fn inflate_until(
        &mut self,
        tail: usize,
        input: &mut &[u8],
        out: &mut [u8],
    ) -> Result<usize, InvalidDeflate> {
        if self.broken {
            return Err(InvalidDeflate);
        }
        let state = self.state.get_or_insert_with(|| self.pool.decompressor());
        if core::mem::take(&mut self.used) {
            state.reset(false);
        }
        let mut written = 0;
        loop {
            let whole = *input;
            let (taken, given) = (state.total_in(), state.total_out());
            let status = state.decompress(whole, &mut out[written..], FlushDecompress::None);
            let taken = (state.total_in() - taken) as usize;
            written += (state.total_out() - given) as usize;
            *input = &whole[taken..];
            match status {
                // After the end of a stream begins another one (§7.2.3.5).
                Ok(Status::StreamEnd) => {
                    state.reset(false);
                    self.between_blocks = true;
                    if input.len() == tail {
                        *input = &[];
                    }
                    if input.is_empty() || written == out.len() {
                        return Ok(written);
                    }
                }
                Ok(_) => {
                    self.between_blocks &= taken == 0;
                    return Ok(written);
                }
                Err(_) => {
                    self.broken = true;
                    if written == 0 {
                        return Err(InvalidDeflate);
                    }
                    // The next call says it; a byte is left so that there is one.
                    *input = &whole[whole.len().saturating_sub(1).min(taken)..];
                    return Ok(written);
                }
            }
        }
    }

    /// What to inflate after the last byte of a message: [`TAIL`], or nothing where no block is open.
    pub fn tail(&self) -> &'static [u8] {
        if self.between_blocks { &[] } else { &TAIL }
    }

    /// Ends a message. Without context takeover the state goes back to the pool.
    pub fn end_message(&mut self) {
        self.next_message();
        self.rest();
    }

    /// Ends a message, and keeps the state for the next one.
    pub(crate) fn next_message(&mut self) {
        self.between_blocks = true;
        self.used = !self.takeover;
    }

    /// Gives a state that has ended a message back to the pool, where there is no context takeover.
    pub(crate) fn rest(&mut self) {
        if core::mem::take(&mut self.used)
            && let Some(state) = self.state.take()
        {
            self.pool.give_decompressor(state);
        }
    }
}

/// The payload of a message is not compressed as RFC 7692 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidDeflate;

impl fmt::Display for InvalidDeflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid deflate data")
    }
}

impl core::error::Error for InvalidDeflate {}
