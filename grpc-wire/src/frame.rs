//! Length-prefixed messages: one byte of flags, four of length, big-endian, the payload (PROTOCOL-HTTP2, "Requests",
//! `Length-Prefixed-Message`).

use std::collections::VecDeque;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use crate::codec::Encode;
use crate::error::FrameError;
use crate::status::Status;

/// The payload is compressed as `grpc-encoding` says.
pub const COMPRESSED: u8 = 0x01;
/// The payload is not a message but the trailers (gRPC-Web, PROTOCOL-WEB).
pub const TRAILERS: u8 = 0x80;
/// Bytes before each payload.
pub const PREFIX: usize = 5;

/// What is allocated at once for a message that comes in pieces, whatever length it announces.
const FIRST: usize = 64 << 10;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// [`COMPRESSED`], [`TRAILERS`] or neither.
    pub flags: u8,
    /// The payload, a slice of what was pushed where it came in one piece.
    pub payload: Bytes,
}

/// Cuts a stream of bytes into frames.
///
/// Any split of the stream gives the same frames. A frame that lies in one piece is a slice of it; one that does not is
/// copied once. A message takes memory as its bytes come, not as its length announces.
///
/// ```
/// use bytes::Bytes;
/// use grpc_wire::frame::Deframer;
///
/// let mut deframer = Deframer::new(1024, 0);
/// deframer.push(Bytes::from_static(b"\0\0\0\0\x05he"));
/// assert_eq!(deframer.next()?, None);
/// deframer.push(Bytes::from_static(b"llo"));
/// assert_eq!(&deframer.next()?.ok_or("no frame")?.payload[..], b"hello");
/// deframer.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Deframer {
    max: usize,
    flags: u8,
    /// What is read next.
    chunk: Bytes,
    /// What was pushed before `chunk` was used up.
    later: VecDeque<Bytes>,
    state: State,
    /// Where the next byte of `chunk` stands in the stream.
    offset: u64,
}

#[derive(Debug)]
enum State {
    /// In the five bytes before the payload, of which some are here.
    Prefix {
        bytes: [u8; PREFIX],
        have: usize,
    },
    /// In a payload that comes in pieces.
    Payload {
        flags: u8,
        len: usize,
        have: BytesMut,
        begin: u64,
    },
    Failed(FrameError),
}

const START: State = State::Prefix { bytes: [0; PREFIX], have: 0 };

impl Deframer {
    /// Takes payloads of up to `max` bytes, under these flags or none.
    #[must_use]
    pub const fn new(max: usize, flags: u8) -> Self {
        Self { max, flags, chunk: Bytes::new(), later: VecDeque::new(), state: START, offset: 0 }
    }

    /// Adds what was received next.
    pub fn push(&mut self, chunk: Bytes) {
        if self.chunk.is_empty() {
            self.chunk = chunk;
        } else if !chunk.is_empty() {
            self.later.push_back(chunk);
        }
    }

    /// The next frame; `None` until more is pushed.
    ///
    /// # Errors
    /// A [`FrameError`], and the same again from then on: behind it nothing can be found.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would end at the first None, this goes on"
    )]
    pub fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        loop {
            match &mut self.state {
                State::Failed(error) => return Err(*error),
                State::Prefix { bytes, have } => {
                    let take = self.chunk.len().min(PREFIX - *have);
                    bytes[*have..*have + take].copy_from_slice(&self.chunk[..take]);
                    self.chunk.advance(take);
                    self.offset += take as u64;
                    *have += take;
                    if *have < PREFIX {
                        if self.refill() {
                            continue;
                        }
                        return Ok(None);
                    }
                    let [flags, length @ ..] = *bytes;
                    let begin = self.offset - PREFIX as u64;
                    let len = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
                    // A frame has one meaning: a bit that is not expected, or trailers that claim to be compressed too.
                    if flags & !self.flags != 0 || flags == COMPRESSED | TRAILERS {
                        return self.fail(FrameError::Flags { flags, offset: begin });
                    }
                    if len > self.max {
                        return self.fail(FrameError::TooLong { len, max: self.max, offset: begin });
                    }
                    if self.chunk.len() >= len {
                        self.state = START;
                        self.offset += len as u64;
                        return Ok(Some(Frame { flags, payload: self.chunk.split_to(len) }));
                    }
                    let have = BytesMut::with_capacity(len.min(FIRST.max(self.chunk.len())));
                    self.state = State::Payload { flags, len, have, begin };
                }
                State::Payload { flags, len, have, .. } => {
                    let take = self.chunk.len().min(*len - have.len());
                    if have.capacity() - have.len() < take {
                        // Doubled, and never beyond what was announced.
                        let room = have.len().max(take).min(*len - have.len());
                        have.reserve(room);
                    }
                    have.put_slice(&self.chunk[..take]);
                    self.chunk.advance(take);
                    self.offset += take as u64;
                    if have.len() == *len {
                        let frame = Frame { flags: *flags, payload: have.split().freeze() };
                        self.state = START;
                        return Ok(Some(frame));
                    }
                    if !self.refill() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// [`FrameError::Truncated`] where it ended inside of a frame, and an error that [`next`](Self::next) had.
    pub fn finish(&self) -> Result<(), FrameError> {
        match &self.state {
            State::Failed(error) => Err(*error),
            State::Prefix { have: 0, .. } => Ok(()),
            State::Prefix { have, .. } => Err(FrameError::Truncated { offset: self.offset - *have as u64 }),
            State::Payload { begin, .. } => Err(FrameError::Truncated { offset: *begin }),
        }
    }

    /// Whether all that was pushed has been looked at.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.chunk.is_empty() && self.later.is_empty()
    }

    fn refill(&mut self) -> bool {
        while self.chunk.is_empty() {
            let Some(chunk) = self.later.pop_front() else { return false };
            self.chunk = chunk;
        }
        true
    }

    fn fail(&mut self, error: FrameError) -> Result<Option<Frame>, FrameError> {
        self.chunk = Bytes::new();
        self.later = VecDeque::new();
        self.state = State::Failed(error);
        Err(error)
    }
}

/// Adds a message as one frame.
///
/// ```
/// use bytes::BytesMut;
/// use grpc_wire::{Raw, frame};
///
/// let mut out = BytesMut::new();
/// frame::encode(&Raw("hello".into()), usize::MAX, &mut out)?;
/// assert_eq!(&out[..], b"\0\0\0\0\x05hello");
/// # Ok::<(), grpc_wire::Status>(())
/// ```
///
/// # Errors
/// INTERNAL with what the codec says, and RESOURCE_EXHAUSTED for a message of more than `max` bytes or than the length
/// field can say. Then nothing is added.
pub fn encode<M: Encode + ?Sized>(message: &M, max: usize, out: &mut BytesMut) -> Result<(), Status> {
    let max = max.min(u32::MAX as usize);
    if let Some(len) = message.encoded_len() {
        if len > max {
            return Err(too_long(len, max));
        }
        out.reserve(PREFIX + len);
    }
    let begin = out.len();
    out.put_bytes(0, PREFIX);
    if let Err(error) = message.encode(out) {
        out.truncate(begin);
        return Err(error.into());
    }
    let len = out.len() - begin - PREFIX;
    let Some(length) = u32::try_from(len).ok().filter(|_| len <= max) else {
        out.truncate(begin);
        return Err(too_long(len, max));
    };
    out[begin + 1..begin + PREFIX].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// Adds a payload as one frame.
pub(crate) fn encode_payload(flags: u8, payload: &[u8], out: &mut BytesMut) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    out.reserve(PREFIX + payload.len());
    out.put_u8(flags);
    out.put_u32(length);
    out.put_slice(payload);
}

fn too_long(len: usize, max: usize) -> Status {
    Status::resource_exhausted(format!("a message of {len} bytes is not sent, max_send_message is {max}"))
}
