//! Frames that wait for the transport: one alone as it came, small ones gathered in one buffer, big ones by reference, control frames
//! first.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Bytes, BytesMut};

#[cfg(feature = "deflate")]
use crate::deflate::Pooled;
use crate::frame;
use crate::header::{Header, MAX_HEADER};
use crate::mask;
use crate::message::Message;

/// A payload up to this size is copied behind the frames before it; a bigger one is queued as it is.
const GATHER_UP_TO: usize = 4096;

/// The gathered buffer is closed at this size.
const GATHERED: usize = 16 * 1024;

/// Room that is made for the first of them.
const FIRST_ROOM: usize = 1024;

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

/// A data frame with nothing before or behind it. It is written straight to where it is wanted, and holds no memory of ours till then.
#[derive(Debug)]
enum Lone {
    Message(Header, Message),
    #[cfg(feature = "deflate")]
    Compressed(Header, Pooled),
    /// Header and payload, as they are on the wire.
    Framed(Bytes),
}

impl Lone {
    /// How many bytes it is on the wire.
    fn len(&self) -> usize {
        match self {
            Lone::Message(header, payload) => header.size() + payload.len(),
            #[cfg(feature = "deflate")]
            Lone::Compressed(header, payload) => header.size() + payload.len(),
            Lone::Framed(bytes) => bytes.len(),
        }
    }

    /// Writes all but the first `gone` bytes of it; only of what is framed some are gone.
    #[inline]
    fn write(&self, gone: usize, out: &mut BytesMut) {
        match self {
            Lone::Message(header, payload) => frame::encode(header, payload.as_bytes(), out),
            #[cfg(feature = "deflate")]
            Lone::Compressed(header, payload) => frame::encode(header, payload, out),
            Lone::Framed(bytes) => out.extend_from_slice(&bytes[gone..]),
        }
    }

    /// It as it is on the wire.
    fn framed(&mut self) -> &[u8] {
        if !matches!(self, Lone::Framed(_)) {
            let mut out = BytesMut::new();
            self.write(0, &mut out);
            *self = Lone::Framed(out.freeze());
        }
        match self {
            Lone::Framed(bytes) => bytes,
            _ => &[],
        }
    }
}

/// What waits when it is more than one data frame.
#[derive(Debug, Default)]
struct More {
    queue: VecDeque<Segment>,
    /// Small frames after the queue: whole ones only.
    tail: BytesMut,
    /// Control frames that get their place when the transport takes bytes.
    pending: Vec<(Control, Bytes)>,
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    lone: Option<Lone>,
    /// Where there is a lone frame, there is no more.
    more: Option<Box<More>>,
    /// Bytes of the first frame, or segment, that are gone.
    front_gone: usize,
    /// Whether the last segment that is gone left its frame open.
    mid_frame: bool,
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
        self.more.as_ref().is_some_and(|more| {
            more.pending.iter().any(|(control, _)| *control == Control::Ping)
                || more.queue.iter().any(|segment| segment.control == Some(Control::Ping))
        })
    }

    /// Queues a data frame whose payload was compressed.
    #[cfg(feature = "deflate")]
    pub(super) fn push_compressed(&mut self, header: &Header, payload: Pooled) {
        if payload.len() > GATHER_UP_TO {
            self.push(header, Message::Binary(Bytes::copy_from_slice(&payload)));
            return;
        }
        let frame = Lone::Compressed(*header, payload);
        self.buffered += frame.len();
        if self.is_bare() {
            self.lone = Some(frame);
        } else {
            self.more().gather(&frame);
        }
    }

    /// Queues a data frame.
    #[inline]
    pub(super) fn push(&mut self, header: &Header, payload: Message) {
        self.buffered += header.size() + payload.len();
        if payload.len() <= GATHER_UP_TO && self.is_bare() {
            self.lone = Some(Lone::Message(*header, payload));
        } else {
            self.push_more(header, payload);
        }
    }

    #[inline(never)]
    fn push_more(&mut self, header: &Header, payload: Message) {
        if payload.len() <= GATHER_UP_TO {
            self.more().gather(&Lone::Message(*header, payload));
            return;
        }
        let more = self.more();
        more.tail.reserve(MAX_HEADER);
        header.write(&mut more.tail);
        more.seal(false);
        let bytes = match header.mask {
            None => payload.into_bytes(),
            Some(key) => masked(payload.into_bytes(), key),
        };
        more.queue.push_back(Segment { bytes, ends_frame: true, control: None });
    }

    /// Queues a frame that others hold too: a reference.
    pub(super) fn push_framed(&mut self, frame: Bytes) {
        self.buffered += frame.len();
        if self.is_bare() {
            self.lone = Some(Lone::Framed(frame));
            return;
        }
        let more = self.more();
        more.seal(true);
        more.queue.push_back(Segment { bytes: frame, ends_frame: true, control: None });
    }

    fn is_bare(&self) -> bool {
        self.lone.is_none() && self.more.is_none()
    }

    /// Where what is not alone goes, behind what was.
    fn more(&mut self) -> &mut More {
        let more = self.more.get_or_insert_default();
        match self.lone.take() {
            None => {}
            Some(Lone::Framed(bytes)) => {
                more.queue.push_back(Segment { bytes, ends_frame: true, control: None });
            }
            Some(lone) => more.gather(&lone),
        }
        more
    }

    /// Queues a pong, in place of the oldest that waits when there are `max`; one alone may wait while earlier ones have not gone out
    /// (RFC 6455 §5.5.3: the latest ping is to be answered).
    pub(super) fn push_pong(&mut self, frame: Bytes, max: usize) {
        let is_pong = |(control, _): &(Control, Bytes)| *control == Control::Pong;
        let more = self.more();
        let max = if more.has_staged() { max.min(1) } else { max };
        let mut dropped = 0;
        while more.pending.iter().filter(|waiting| is_pong(waiting)).count() >= max.max(1)
            && let Some(oldest) = more.pending.iter().position(is_pong)
        {
            dropped += more.pending.remove(oldest).1.len();
        }
        self.buffered -= dropped;
        if max > 0 {
            self.push_control(Control::Pong, frame);
        }
        self.release_if_empty();
    }

    /// Queues a control frame ahead of data frames that have not begun.
    pub(super) fn push_control(&mut self, control: Control, frame: Bytes) {
        self.buffered += frame.len();
        self.more().pending.push((control, frame));
    }

    /// Queues the frame that nothing follows.
    pub(super) fn push_last(&mut self, frame: Bytes) {
        if let Some(more) = &mut self.more {
            more.place_pending(self.mid_frame || self.front_gone > 0);
        }
        self.push_framed(frame);
    }

    /// Moves bytes into `out` and says whether there were any.
    #[inline]
    pub(super) fn drain_into(&mut self, out: &mut BytesMut) -> bool {
        if self.is_empty() {
            return false;
        }
        if let Some(lone) = &self.lone
            && self.buffered <= DRAINED
        {
            lone.write(self.front_gone, out);
            self.lone = None;
            (self.buffered, self.front_gone) = (0, 0);
            (self.mid_frame, self.progress) = (false, true);
            return true;
        }
        self.drain_more(out);
        true
    }

    #[inline(never)]
    fn drain_more(&mut self, out: &mut BytesMut) {
        self.more();
        self.stage();
        let mut room = DRAINED;
        while room > 0
            && let Some(more) = &self.more
            && let Some(segment) = more.queue.front()
        {
            let rest = &segment.bytes[self.front_gone..];
            let n = rest.len().min(room);
            out.extend_from_slice(&rest[..n]);
            room -= n;
            self.advance(n);
        }
        if let Some(More { queue, tail, .. }) = self.more.as_deref_mut()
            && queue.is_empty()
            && !tail.is_empty()
            && room >= tail.len()
        {
            self.buffered -= tail.len();
            self.progress = true;
            if out.is_empty() && out.capacity() < tail.len() {
                core::mem::swap(out, tail);
            } else {
                out.extend_from_slice(tail);
            }
            tail.clear();
            self.release_if_empty();
        }
    }

    /// Lends the first bytes of the queue.
    pub(super) fn lend<'a>(&'a mut self, out: &mut [IoSlice<'a>]) -> usize {
        self.stage();
        if let Some(lone) = &mut self.lone {
            let Some(slot) = out.first_mut() else { return 0 };
            *slot = IoSlice::new(&lone.framed()[self.front_gone..]);
            return 1;
        }
        let Some(more) = &mut self.more else { return 0 };
        more.seal(true);
        let mut gone = self.front_gone;
        let mut filled = 0;
        for (slot, segment) in out.iter_mut().zip(&more.queue) {
            *slot = IoSlice::new(&segment.bytes[core::mem::take(&mut gone)..]);
            filled += 1;
        }
        filled
    }

    /// Takes `n` bytes off the queue.
    pub(super) fn advance(&mut self, mut n: usize) {
        while n > 0 {
            let (len, ends_frame) = match (&self.lone, &self.more) {
                (Some(Lone::Framed(bytes)), _) => (bytes.len(), true),
                (_, Some(more)) => match more.queue.front() {
                    Some(segment) => (segment.bytes.len(), segment.ends_frame),
                    None => return,
                },
                _ => return,
            };
            let step = n.min(len - self.front_gone);
            n -= step;
            self.front_gone += step;
            self.buffered -= step;
            self.progress = true;
            if self.front_gone < len {
                return;
            }
            self.mid_frame = !ends_frame;
            self.front_gone = 0;
            if self.lone.take().is_none()
                && let Some(more) = &mut self.more
            {
                more.queue.pop_front();
            }
            self.release_if_empty();
        }
    }

    /// Gives waiting control frames their place, unless earlier ones still hold theirs: a peer that pings and does not read gets no
    /// longer queue.
    fn stage(&mut self) {
        if let Some(more) = &mut self.more
            && !more.has_staged()
        {
            more.place_pending(self.mid_frame || self.front_gone > 0);
        }
    }

    /// An idle connection holds no memory.
    fn release_if_empty(&mut self) {
        if self.is_empty() {
            self.more = None;
        }
    }
}

impl More {
    /// Writes a small frame behind the others.
    fn gather(&mut self, frame: &Lone) {
        if self.tail.is_empty() {
            self.tail.reserve(frame.len().max(FIRST_ROOM));
        }
        frame.write(0, &mut self.tail);
        if self.tail.len() >= GATHERED {
            self.seal(true);
        }
    }

    /// Whether control frames have their place and have not gone out.
    fn has_staged(&self) -> bool {
        self.queue.iter().any(|segment| segment.control.is_some())
    }

    /// Puts waiting control frames at the first place where no frame is open: after the first one where that is `begun`.
    fn place_pending(&mut self, begun: bool) {
        if self.pending.is_empty() {
            return;
        }
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
