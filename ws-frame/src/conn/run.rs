//! Messages that are whole in the reader's buffer, in one frame each: the fast lane. Whatever else comes is left to `recv`.

use bytes::{Buf, BytesMut};

use super::assembly::invalid;
use super::{Connection, Waiting};
use crate::error::ErrorKind;
use crate::frame::COPY_UP_TO;
use crate::header::{Header, Opcode, Role};
use crate::mask::{self, Checked, INLINE, WINDOW};
use crate::message::Message;
use crate::observe::Direction;
use crate::text::Text;

/// The memory that small messages of one read share: a kept one holds no more than this and one message.
const SHARED: usize = 4096;

/// The first byte of a message in one frame.
const FINAL_TEXT: u8 = 0x81;
const FINAL_BINARY: u8 = 0x82;

/// The second byte of a frame: whether its payload is masked; the rest is its length.
const MASKED: u8 = 0x80;

/// The longest payload whose length is in the second byte (RFC 6455 §5.2).
const SHORT: usize = 125;

/// What the fast lane looks at: a header with a short length and a key, and the longest text that is held in place.
const LANE: usize = 6 + WINDOW;

impl Connection {
    /// Reads the messages at the front of `buf` that are whole, in one frame each; says whether there was one. Small ones share a
    /// copy, bigger ones are slices of the buffer. Whatever else comes, an error too, is left to `step`.
    pub(super) fn run_of_messages(&mut self, buf: &mut BytesMut) -> Result<bool, ErrorKind> {
        let Some(&(FINAL_TEXT | FINAL_BINARY)) = buf.first() else { return Ok(false) };
        let limits = &self.config.limits;
        let max = limits.max_frame.min(limits.max_message);
        let room = self.events.room(limits.max_unread);
        // A message shorter than this takes the fast lane; none is where the lane is closed.
        let lane = if self.config.observer.is_none() { SHORT.min(max) + 1 } else { 0 };
        // What a client reads has no key: one of zeros changes nothing, and the check of the text is in the same pass.
        let masked = self.role == Role::Server;
        let (bit, head) = if masked { (MASKED, 6) } else { (0, 2) };
        self.events.expect(guess(buf).min(room));
        let mut arena = BytesMut::new();
        let mut count = 0;
        // Bytes that are read and taken out of the buffer, and bytes that are read.
        let (mut taken, mut at) = (0, 0);
        let mut start = 0;
        let mut result = Ok(());
        while count < room {
            let bytes = &buf[at..];
            if let Some(front) = bytes.first_chunk::<LANE>()
                && front[0] == FINAL_TEXT
                && usize::from(front[1] ^ bit) < lane
                && let len = usize::from(front[1] ^ bit)
                && let Some(body) = bytes[head..].get(..len)
            {
                start = taken + at;
                let [_, _, key @ .., _] = front.first_chunk::<7>().copied().unwrap_or_default();
                let key = if masked { key } else { [0; 4] };
                let text = if len <= INLINE {
                    let front = front.as_slice();
                    let window = if masked { front[6..].first_chunk() } else { front[2..].first_chunk() };
                    Checked::unmask_short(window.unwrap_or(&[0; WINDOW]), len, key)
                } else {
                    if len > arena.capacity() {
                        arena = BytesMut::with_capacity((bytes.len() - head).min(SHARED));
                    }
                    Checked::unmask_into(&mut arena, body, key)
                };
                match text {
                    Ok(text) => self.events.push(Waiting::Message(Message::Text(Text::new(text)))),
                    Err(at) => {
                        result = Err(invalid(at as u64));
                        break;
                    }
                }
                at += head + len;
                count += 1;
                continue;
            }
            let Some(whole) = WholeMessage::parse(bytes, self.role, max) else { break };
            let WholeMessage { opcode, start: header, len, key } = whole;
            if let Some(observer) = &self.config.observer {
                observer.frame(Direction::Received, &Header::new(true, opcode, key, len as u64));
            }
            start = taken + at;
            let message = if len > COPY_UP_TO && !self.lent {
                buf.advance(at + header);
                let message = take_message(opcode, buf, len, key);
                taken += at + header + len;
                at = 0;
                message
            } else {
                let rest = &bytes[header..];
                at += header + len;
                if len > arena.capacity() && !(opcode == Opcode::Text && len <= INLINE) {
                    arena = BytesMut::with_capacity(rest.len().min(SHARED).max(len));
                }
                copy_message(opcode, rest, len, key, &mut arena)
            };
            match message {
                Ok(message) => self.events.push(Waiting::Message(message)),
                Err(at) => {
                    result = Err(invalid(at as u64));
                    break;
                }
            }
            count += 1;
        }
        buf.advance(at);
        if count > 0 || result.is_err() {
            self.position.pass_run(start, taken + at);
        }
        result.map(|()| count > 0)
    }
}

/// How many messages there may be, all as long as the first one.
fn guess(bytes: &[u8]) -> usize {
    let [FINAL_TEXT | FINAL_BINARY, second, rest @ ..] = bytes else { return 0 };
    let size = match (second & !MASKED, rest) {
        (126, [high, low, ..]) => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        (len @ ..126, _) => 2 + usize::from(len),
        _ => return 0,
    };
    bytes.len() / size
}

/// A message in one frame that is all there.
struct WholeMessage {
    opcode: Opcode,
    /// Where the payload begins: the size of the header.
    start: usize,
    len: usize,
    key: Option<[u8; 4]>,
}

impl WholeMessage {
    /// Reads the header at the front of `bytes`; `None` when it is anything else, or wrong: then `step` says what.
    #[inline]
    fn parse(bytes: &[u8], role: Role, max: usize) -> Option<WholeMessage> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let opcode = match first {
            FINAL_TEXT => Opcode::Text,
            FINAL_BINARY => Opcode::Binary,
            _ => return None,
        };
        let masked = role == Role::Server;
        let short = match (second & !MASKED, rest) {
            (len @ ..126, _) => Some((usize::from(len), 2)),
            (126, [high, low, ..]) => {
                let len = usize::from(u16::from_be_bytes([*high, *low]));
                (len > SHORT).then_some((len, 4))
            }
            _ => None,
        };
        let whole = match short {
            Some((len, start)) if (second & MASKED != 0) == masked => {
                if masked {
                    let key = *bytes.get(start..)?.first_chunk()?;
                    WholeMessage { opcode, start: start + 4, len, key: Some(key) }
                } else {
                    WholeMessage { opcode, start, len, key: None }
                }
            }
            _ => {
                let (header, start) = Header::parse(bytes, role).ok()??;
                WholeMessage { opcode, start, len: usize::try_from(header.len).ok()?, key: header.mask }
            }
        };
        (whole.len <= max && whole.len <= bytes.len() - whole.start).then_some(whole)
    }
}

/// A message of `len` bytes at the front of `rest`, copied: a short text in place, anything else behind what `arena` holds.
#[inline]
fn copy_message(
    opcode: Opcode,
    rest: &[u8],
    len: usize,
    key: Option<[u8; 4]>,
    arena: &mut BytesMut,
) -> Result<Message, usize> {
    let body = &rest[..len];
    let text = match (opcode, key) {
        (Opcode::Text, Some(key)) if len <= INLINE => match rest.first_chunk() {
            Some(window) => Checked::unmask_short(window, len, key)?,
            None => {
                let mut window = [0; WINDOW];
                window[..len].copy_from_slice(body);
                Checked::unmask_short(&window, len, key)?
            }
        },
        (Opcode::Text, Some(key)) => Checked::unmask_into(arena, body, key)?,
        (Opcode::Text, None) => Checked::copy_into(arena, body)?,
        (_, Some(key)) => {
            mask::copy_masked(arena, body, key);
            return Ok(Message::Binary(mask::take_all(arena)));
        }
        (_, None) => {
            arena.extend_from_slice(body);
            return Ok(Message::Binary(mask::take_all(arena)));
        }
    };
    Ok(Message::Text(Text::new(text)))
}

/// A message of `len` bytes at the front of `buf`, as a slice of it.
#[inline]
fn take_message(
    opcode: Opcode,
    buf: &mut BytesMut,
    len: usize,
    key: Option<[u8; 4]>,
) -> Result<Message, usize> {
    let text = match (opcode, key) {
        (Opcode::Text, Some(key)) => Checked::unmask_front(buf, len, key)?,
        (Opcode::Text, None) => Checked::take_front(buf, len)?,
        (_, key) => {
            if let Some(key) = key {
                mask::apply(&mut buf[..len], key, 0);
            }
            return Ok(Message::Binary(buf.split_to(len).freeze()));
        }
    };
    Ok(Message::Text(Text::new(text)))
}
