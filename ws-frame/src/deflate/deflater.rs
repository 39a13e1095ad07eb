//! Compression (RFC 7692 §7.2.1).

use std::sync::Arc;

use flate2::{Compress, FlushCompress};

use super::pool::{Pool, Pooled};
use super::{Agreement, TAIL};

/// The sending half of permessage-deflate.
///
/// ```
/// use ws_frame::deflate::{Deflate, Deflater};
///
/// let (agreement, _) = Deflate::default().choose(&[Deflate::default().offer()]).unwrap();
/// let mut deflater = Deflater::new(&agreement);
/// let mut out = Vec::new();
/// deflater.deflate(b"Hello", true, &mut out);
/// assert_eq!(out, b"\xf2\x48\xcd\xc9\xc9\x07\x00"); // RFC 7692 §7.2.3.1
/// ```
#[derive(Debug)]
pub struct Deflater {
    state: Option<Compress>,
    takeover: bool,
    bits: u8,
    level: u8,
    pool: Arc<Pool>,
}

impl Deflater {
    /// For what is sent to the peer of this agreement.
    pub fn new(agreement: &Agreement) -> Deflater {
        Deflater::with(agreement, agreement.send_takeover())
    }

    /// One that begins anew with each message, whatever the agreement allows.
    pub(crate) fn alone(agreement: &Agreement) -> Deflater {
        Deflater::with(agreement, false)
    }

    fn with(agreement: &Agreement, takeover: bool) -> Deflater {
        Deflater {
            state: None,
            takeover,
            bits: agreement.compressor_bits(),
            level: agreement.deflate.level.min(9),
            pool: agreement.deflate.pool.clone(),
        }
    }

    /// Appends the next piece of a message to `out`, compressed; after the last piece the message is whole, without its [`TAIL`].
    pub fn deflate(&mut self, piece: &[u8], last: bool, out: &mut Vec<u8>) {
        let start = out.len();
        let flushed = self.compress(piece, out);
        if !flushed {
            // Nothing that is sent makes a compressor fail. If it does, its context is lost, and bytes can still be said as they are.
            out.truncate(start);
            self.state = None;
            stored(piece, out);
        }
        if last {
            if flushed && out.len() > start {
                out.truncate(out.len() - TAIL.len());
            } else {
                // No flush ended it: nothing came since the last one. An empty block, without what the tail gives (§7.2.3.6).
                out.push(0);
            }
            if !self.takeover {
                self.end();
            }
        }
    }

    /// Compresses and flushes a piece: it ends with [`TAIL`], or is empty when there was nothing to flush.
    fn compress(&mut self, piece: &[u8], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let state = self.state.get_or_insert_with(|| self.pool.compressor(self.bits, self.level));
        let mut rest = piece;
        // Text shrinks to a half or less; what does not is given more room below.
        out.reserve(64 + piece.len() / 2);
        loop {
            let taken = state.total_in();
            if state.compress_vec(rest, out, FlushCompress::Sync).is_err() {
                return false;
            }
            rest = &rest[(state.total_in() - taken) as usize..];
            // With room left all is flushed (zlib.h, on `deflate`).
            if rest.is_empty() && out.len() < out.capacity() {
                return out.len() == start && piece.is_empty() || out[start..].ends_with(&TAIL);
            }
            out.reserve(64 + rest.len());
        }
    }

    /// Begins the context anew: what follows refers to nothing before it.
    pub fn forget(&mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(state) = self.state.take() {
            self.pool.give_compressor(state, self.bits, self.level);
        }
    }

    pub(super) fn buffer(&self) -> Pooled {
        self.pool.buffer()
    }
}

/// Blocks without compression (RFC 1951 §3.2.4), from one byte's edge to another.
fn stored(piece: &[u8], out: &mut Vec<u8>) {
    for block in piece.chunks(usize::from(u16::MAX)) {
        let len = block.len() as u16;
        out.push(0);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
}

/// Whether bytes look as if compression made them shorter: pictures, archives and what is encrypted do not.
///
/// Looks at 1,024 bytes at most, taken from eight places, and counts pairs of equal bytes. Among random bytes one pair in 256 is equal;
/// text has ten times as many. Bytes that repeat only as long blocks are misjudged: send those with
/// [`Compress::Always`](crate::Compress::Always).
///
/// ```
/// use ws_frame::deflate::pays;
///
/// assert!(pays(&b"{\"id\":4711,\"name\":\"Ada\"}".repeat(40)));
/// let mut state = 1_u32;
/// let noise: Vec<u8> = (0..5000)
///     .map(|_| {
///         state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
///         (state >> 24) as u8
///     })
///     .collect();
/// assert!(!pays(&noise));
/// ```
#[must_use]
pub fn pays(bytes: &[u8]) -> bool {
    const PLACES: usize = 8;
    const AT_EACH: usize = 128;
    let mut counts = [0_u16; 256];
    let mut looked_at = 0_u32;
    let mut look = |sample: &[u8]| {
        for &byte in sample {
            counts[usize::from(byte)] += 1;
        }
        looked_at += sample.len() as u32;
    };
    if bytes.len() <= PLACES * AT_EACH {
        look(bytes);
    } else {
        let apart = (bytes.len() - AT_EACH) / (PLACES - 1);
        for place in 0..PLACES {
            look(&bytes[place * apart..][..AT_EACH]);
        }
    }
    // Twice the pairs of equal bytes, and twice those that random bytes have on average.
    let pairs: u32 = counts.iter().map(|&n| u32::from(n) * u32::from(n.saturating_sub(1))).sum();
    let of_random = looked_at * looked_at.saturating_sub(1) / 256;
    // A quarter more is what a bit of each byte less makes up, at the least.
    u64::from(pairs) * 4 > u64::from(of_random) * 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::{Deflate, Inflater};

    #[test]
    fn bytes_that_are_stored_read_back_also_in_the_middle_of_a_message() {
        let (agreement, _) = Deflate::default().choose(&[Deflate::default().offer()]).unwrap();
        let mut wire = Vec::new();
        Deflater::new(&agreement).deflate(b"before ", false, &mut wire);
        let long = vec![7; 70_000];
        stored(&long, &mut wire);
        wire.push(0);
        let mut out = vec![0; 80_000];
        let mut inflater = Inflater::new(&agreement);
        let n = inflater.inflate(&mut &wire[..], &mut out).unwrap();
        let n = n + inflater.inflate(&mut inflater.tail(), &mut out[n..]).unwrap();
        assert_eq!(out[..n], [&b"before "[..], &long].concat());
    }
}
