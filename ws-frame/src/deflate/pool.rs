//! States that wait for the next message.

use core::fmt;
use core::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::{Compress, Compression, Decompress};

use super::STEP;

/// How many of a kind wait at most; more are dropped. As many messages can be in work at once without an allocation.
const KEPT: usize = 32;

/// A buffer over this size is not kept.
const KEPT_BUFFER: usize = 64 * 1024;

/// The window bits that a compressor can have: zlib has none of 8.
const SIZES: usize = 7;

#[derive(Default)]
pub(super) struct Pool {
    /// By window bits less 9, each with its level.
    compressors: [Mutex<Vec<(u8, Compress)>>; SIZES],
    decompressors: Mutex<Vec<Decompress>>,
    buffers: Mutex<Vec<Vec<u8>>>,
    steps: Mutex<Vec<Box<[u8]>>>,
}

impl Pool {
    /// A compressor at the start of a stream. `bits` is 9 to 15.
    pub(super) fn compressor(&self, bits: u8, level: u8) -> Compress {
        let waiting = self.compressors.get(usize::from(bits).wrapping_sub(9));
        if let Some(mut waiting) = waiting.map(lock)
            && let Some(at) = waiting.iter().rposition(|(other, _)| *other == level)
        {
            return waiting.swap_remove(at).1;
        }
        Compress::new_with_window_bits(Compression::new(u32::from(level)), false, bits.clamp(9, 15))
    }

    pub(super) fn give_compressor(&self, mut state: Compress, bits: u8, level: u8) {
        if let Some(mut waiting) = self.compressors.get(usize::from(bits).wrapping_sub(9)).map(lock)
            && waiting.len() < KEPT
        {
            state.reset();
            waiting.push((level, state));
        }
    }

    /// A decompressor at the start of a stream, for any window.
    pub(super) fn decompressor(&self) -> Decompress {
        lock(&self.decompressors).pop().unwrap_or_else(|| Decompress::new(false))
    }

    pub(super) fn give_decompressor(&self, mut state: Decompress) {
        let mut waiting = lock(&self.decompressors);
        if waiting.len() < KEPT {
            state.reset(false);
            waiting.push(state);
        }
    }

    /// Room for one step of inflating.
    pub(super) fn step(&self) -> Box<[u8]> {
        lock(&self.steps).pop().unwrap_or_else(|| vec![0; STEP].into_boxed_slice())
    }

    pub(super) fn give_step(&self, step: Box<[u8]>) {
        let mut waiting = lock(&self.steps);
        if waiting.len() < KEPT {
            waiting.push(step);
        }
    }

    /// An empty buffer.
    pub(super) fn buffer(self: &Arc<Pool>) -> Pooled {
        Pooled { buffer: lock(&self.buffers).pop().unwrap_or_default(), pool: self.clone() }
    }
}

/// A buffer that goes back to its pool.
#[derive(Debug)]
pub(crate) struct Pooled {
    buffer: Vec<u8>,
    pool: Arc<Pool>,
}

impl Pooled {
    pub(super) fn as_mut(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }
}

impl Deref for Pooled {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let mut waiting = lock(&self.pool.buffers);
        if waiting.len() < KEPT && self.buffer.capacity() <= KEPT_BUFFER {
            self.buffer.clear();
            waiting.push(core::mem::take(&mut self.buffer));
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

/// What waits is whole whatever panicked while it was held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
