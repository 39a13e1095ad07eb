//! Frames that wait for the transport: small ones gathered in one buffer, big ones by reference, control frames first.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Bytes, BytesMut};

use crate::frame;
use crate::header::{Header, MAX_HEADER};
use crate::mask;
use crate::message::Message;

/// A payload up to this size is copied behind the frames before it; a bigger one is queued as it is.
const GATHER_UP_TO: usize = 4096;

/// The gathered buffer is closed at this size.
const GATHERED: usize = 16 * 1024;

/// The most that one call of `drain_into` moves.
const DRAINED: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    Ping,
    Pong,
}

#[derive(Debug)]
struct Segment {
    bytes: Bytes,
    /// Whether a frame ends with it, so that another may come after it.
    ends_frame: bool,
    control: Option<Control>,
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Segment>,
    /// Bytes of the first segment that are gone.
    front_gone: usize,
    /// Whether the last segment that is gone left its frame open.
    mid_frame: bool,
    /// Small frames after the queue: whole ones only.
    tail: BytesMut,
    /// Control frames that get their place when the transport takes bytes.
    pending: Vec<(Control, Bytes)>,
    buffered: usize,
    above: bool,
    progress: bool,
}

impl Outbox {
    pub(super) fn buffered(&self) -> usize {
        self.buffered
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffered == 0
    }

    /// Whether it passed `high`, the first time since it fell.
    pub(super) fn rose_above(&mut self, high: usize) -> bool {
        let rose = !self.above && self.buffered > high;
        self.above |= rose;
        rose
    }

    /// Whether it fell to `low`, the first time since it rose.
    pub(super) fn fell_to(&mut self, low: usize) -> bool {
        let fell = self.above && self.buffered <= low;
        self.above &= !fell;
        fell
    }

    /// Whether the transport took bytes since this was asked last.
    pub(super) fn take_progress(&mut self) -> bool {
        core::mem::take(&mut self.progress)
    }

    /// Whether a ping has not gone out.
    pub(super) fn ping_waits(&self) -> bool {
        self.pending.iter().any(|(control, _)| *control == Control::Ping)
            || self.queue.iter().any(|segment| segment.control == Some(Control::Ping))
    }

    /// Queues a data frame with a payload that the caller keeps.
    #[cfg(feature = "deflate")]
    pub(super) fn push_copy(&mut self, header: &Header, payload: &[u8]) {
        if payload.len() > GATHER_UP_TO {
            self.push(header, Message::Binary(Bytes::copy_from_slice(payload)));
            return;
        }
        self.buffered += header.size() + payload.len();
        self.gather(header, payload);
    }

    fn gather(&mut self, header: &Header, payload: &[u8]) {
        frame::encode(header, payload, &mut self.tail);
        if self.tail.len() >= GATHERED {
            self.seal(true);
        }
    }

    /// Queues a data frame.
    pub(super) fn push(&mut self, header: &Header, payload: Message) {
        self.buffered += header.size() + payload.len();
        if payload.len() <= GATHER_UP_TO {
            self.gather(header, payload.as_bytes());
            return;
        }
        self.tail.reserve(MAX_HEADER);
        header.write(&mut self.tail);
        self.seal(false);
        let bytes = match header.mask {
            None => payload.into_bytes(),
            Some(key) => masked(payload.into_bytes(), key),
        };
        self.queue.push_back(Segment { bytes, ends_frame: true, control: None });
    }

    /// Queues a frame that others hold too: a reference.
    pub(super) fn push_framed(&mut self, frame: Bytes) {
        self.buffered += frame.len();
        self.seal(true);
        self.queue.push_back(Segment { bytes: frame, ends_frame: true, control: None });
    }

    /// Queues a pong, in place of the oldest that waits when there are `max`; one alone may wait while earlier ones have not gone out
    /// (RFC 6455 §5.5.3: the latest ping is to be answered).
    pub(super) fn push_pong(&mut self, frame: Bytes, max: usize) {
        let is_pong = |(control, _): &(Control, Bytes)| *control == Control::Pong;
        let max = if self.has_staged() { max.min(1) } else { max };
        while self.pending.iter().filter(|waiting| is_pong(waiting)).count() >= max.max(1)
            && let Some(oldest) = self.pending.iter().position(is_pong)
        {
            let (_, oldest) = self.pending.remove(oldest);
            self.buffered -= oldest.len();
        }
        if max > 0 {
            self.push_control(Control::Pong, frame);
        }
    }

    /// Queues a control frame ahead of data frames that have not begun.
    pub(super) fn push_control(&mut self, control: Control, frame: Bytes) {
        self.buffered += frame.len();
        self.pending.push((control, frame));
    }

    /// Queues the frame that nothing follows.
    pub(super) fn push_last(&mut self, frame: Bytes) {
        self.place_pending();
        self.push_framed(frame);
    }

    /// Moves bytes into `out` and says whether there were any.
    pub(super) fn drain_into(&mut self, out: &mut BytesMut) -> bool {
        if self.is_empty() {
            return false;
        }
        self.stage();
        let mut room = DRAINED;
        while room > 0
            && let Some(segment) = self.queue.front()
        {
            let rest = &segment.bytes[self.front_gone..];
            let n = rest.len().min(room);
            out.extend_from_slice(&rest[..n]);
            room -= n;
            self.advance(n);
        }
        if self.queue.is_empty() && !self.tail.is_empty() && room >= self.tail.len() {
            self.buffered -= self.tail.len();
            self.progress = true;
            if out.is_empty() {
                core::mem::swap(out, &mut self.tail);
            } else {
                out.extend_from_slice(&self.tail);
                self.tail.clear();
            }
        }
        if self.is_empty() {
            self.release();
        }
        true
    }

    /// Lends the first bytes of the queue.
    pub(super) fn lend<'a>(&'a mut self, out: &mut [IoSlice<'a>]) -> usize {
        self.stage();
        self.seal(true);
        let mut gone = self.front_gone;
        let mut filled = 0;
        for (slot, segment) in out.iter_mut().zip(&self.queue) {
            *slot = IoSlice::new(&segment.bytes[core::mem::take(&mut gone)..]);
            filled += 1;
        }
        filled
    }

    /// Takes `n` bytes off the queue.
    pub(super) fn advance(&mut self, mut n: usize) {
        while n > 0
            && let Some(segment) = self.queue.front()
        {
            let step = n.min(segment.bytes.len() - self.front_gone);
            n -= step;
            self.front_gone += step;
            self.buffered -= step;
            self.progress = true;
            if self.front_gone < segment.bytes.len() {
                return;
            }
            self.mid_frame = !segment.ends_frame;
            self.front_gone = 0;
            self.queue.pop_front();
        }
        if self.is_empty() {
            self.release();
        }
    }

    /// Gives waiting control frames their place, unless earlier ones still hold theirs: a peer that pings and does not read gets no
    /// longer queue.
    fn stage(&mut self) {
        if !self.pending.is_empty() && !self.has_staged() {
            self.place_pending();
        }
    }

    /// Whether control frames have their place and have not gone out.
    fn has_staged(&self) -> bool {
        self.queue.iter().any(|segment| segment.control.is_some())
    }

    /// Puts waiting control frames at the first place where no frame is open.
    fn place_pending(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let begun = self.mid_frame || self.front_gone > 0;
        let mut at = match self.queue.iter().position(|segment| segment.ends_frame) {
            Some(end) if begun => end + 1,
            _ => 0,
        };
        while self.queue.get(at).is_some_and(|segment| segment.control.is_some()) {
            at += 1;
        }
        for (control, bytes) in self.pending.drain(..) {
            self.queue.insert(at, Segment { bytes, ends_frame: true, control: Some(control) });
            at += 1;
        }
    }

    /// Moves the gathered frames to the queue.
    fn seal(&mut self, ends_frame: bool) {
        if !self.tail.is_empty() {
            let bytes = self.tail.split().freeze();
            self.queue.push_back(Segment { bytes, ends_frame, control: None });
        }
    }

    /// An idle connection holds no memory.
    fn release(&mut self) {
        self.tail = BytesMut::new();
        self.queue = VecDeque::new();
        self.pending = Vec::new();
    }
}

/// The payload masked: in place where nobody else holds it, else by the pass that copies it.
fn masked(payload: Bytes, key: [u8; 4]) -> Bytes {
    match payload.try_into_mut() {
        Ok(mut owned) => {
            mask::apply(&mut owned, key, 0);
            owned.freeze()
        }
        Err(shared) => {
            let mut copy = BytesMut::with_capacity(shared.len());
            mask::copy_masked(&mut copy, &shared, key);
            copy.freeze()
        }
    }
}
