//! The frame header (RFC 6455 §5.2).

use bytes::BufMut;

use crate::error::ErrorKind;

/// The most bytes a header takes: 2, an 8-byte length, a 4-byte key.
pub const MAX_HEADER: usize = 14;

/// Which end of the connection we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// We opened the connection: what we send is masked, what we get is not (RFC 6455 §5.1).
    Client,
    /// We accepted the connection: what we get is masked, what we send is not.
    Server,
}

/// What a frame is for (RFC 6455 §11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// A further fragment of the open message.
    Continuation = 0x0,
    /// The first or only frame of a text message.
    Text = 0x1,
    /// The first or only frame of a binary message.
    Binary = 0x2,
    /// The end of what the sender has to say.
    Close = 0x8,
    /// A question whether the peer is there.
    Ping = 0x9,
    /// The answer to a ping.
    Pong = 0xA,
}

impl Opcode {
    /// Whether this is Close, Ping or Pong (§5.5).
    pub const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

impl TryFrom<u8> for Opcode {
    type Error = ErrorKind;

    /// Takes the low four bits of a header's first byte; [`ErrorKind::ReservedOpcode`] for an opcode that has no meaning.
    fn try_from(bits: u8) -> Result<Self, ErrorKind> {
        Ok(match bits {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            other => return Err(ErrorKind::ReservedOpcode(other)),
        })
    }
}

/// A frame header.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// Whether RSV1 is set: the first frame of a compressed message (RFC 7692 §6).
    pub rsv1: bool,
    /// What the frame is for.
    pub opcode: Opcode,
    /// The masking key, where the payload is masked.
    pub mask: Option<[u8; 4]>,
    /// The payload length in bytes, below 2^63.
    pub len: u64,
}

impl Header {
    /// A header to write, without RSV1.
    pub const fn new(fin: bool, opcode: Opcode, mask: Option<[u8; 4]>, len: u64) -> Header {
        Header { fin, rsv1: false, opcode, mask, len }
    }

    /// Reads the header at the front of `buf`, for an endpoint in `role`. Gives it with its size in bytes, or `None` when more bytes
    /// are needed.
    ///
    /// # Errors
    /// Each rule of §5.1, §5.2 and §5.5 that one header can break, as soon as the byte that breaks it is there.
    ///
    /// ```
    /// use ws_frame::{Header, Opcode, Role};
    ///
    /// // RFC 6455 §5.7: 256 bytes of binary in one unmasked frame.
    /// let (header, size) = Header::parse(b"\x82\x7e\x01\x00", Role::Client).unwrap().unwrap();
    /// assert_eq!((header.opcode, header.len, size), (Opcode::Binary, 256, 4));
    /// ```
    #[inline]
    pub fn parse(buf: &[u8], role: Role) -> Result<Option<(Header, usize)>, ErrorKind> {
        Header::parse_with(buf, role, false)
    }

    /// [`parse`](Self::parse) where permessage-deflate may be in use: with `compression`, the first frame of a message may have RSV1
    /// set (RFC 7692 §6).
    ///
    /// # Errors
    /// As [`parse`](Self::parse); [`ErrorKind::ReservedBits`] for RSV1 on a continuation or a control frame.
    #[inline]
    pub fn parse_with(
        buf: &[u8],
        role: Role,
        compression: bool,
    ) -> Result<Option<(Header, usize)>, ErrorKind> {
        let Some(&first) = buf.first() else { return Ok(None) };
        let opcode = Opcode::try_from(first & 0x0F);
        let rsv1 = first & RSV1 != 0;
        let compressible = matches!(opcode, Ok(Opcode::Text | Opcode::Binary));
        if first & (RSV2 | RSV3) != 0 || rsv1 && !(compression && compressible) {
            return Err(ErrorKind::ReservedBits);
        }
        let opcode = opcode?;
        let fin = first & FIN != 0;
        if opcode.is_control() && !fin {
            return Err(ErrorKind::ControlFragmented);
        }
        let Some(&second) = buf.get(1) else { return Ok(None) };
        let masked = second & MASKED != 0;
        match role {
            Role::Server if !masked => return Err(ErrorKind::MaskMissing),
            Role::Client if masked => return Err(ErrorKind::MaskPresent),
            Role::Server | Role::Client => {}
        }
        let short = second & 0x7F;
        if opcode.is_control() && short > 125 {
            return Err(ErrorKind::ControlTooLong);
        }
        let rest = &buf[2..];
        let (len, rest) = match short {
            126 => {
                let Some((len, rest)) = rest.split_first_chunk() else { return Ok(None) };
                let len = u16::from_be_bytes(*len);
                if len < 126 {
                    return Err(ErrorKind::LengthNotMinimal);
                }
                (u64::from(len), rest)
            }
            127 => {
                let Some((len, rest)) = rest.split_first_chunk() else { return Ok(None) };
                let len = u64::from_be_bytes(*len);
                if len >> 63 != 0 {
                    return Err(ErrorKind::LengthTopBit);
                }
                if len <= u64::from(u16::MAX) {
                    return Err(ErrorKind::LengthNotMinimal);
                }
                (len, rest)
            }
            short => (u64::from(short), rest),
        };
        let (mask, rest) = if masked {
            let Some((key, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (Some(*key), rest)
        } else {
            (None, rest)
        };
        Ok(Some((Header { fin, rsv1, opcode, mask, len }, buf.len() - rest.len())))
    }

    /// The size of the header on the wire, 2 to [`MAX_HEADER`] bytes.
    pub const fn size(&self) -> usize {
        let len = match self.len {
            0..=125 => 2,
            126..=0xFFFF => 4,
            _ => 10,
        };
        if self.mask.is_some() { len + 4 } else { len }
    }

    /// Writes the header, the length in its shortest form.
    #[inline]
    pub fn write(&self, out: &mut impl BufMut) {
        let fin = if self.fin { FIN } else { 0 };
        let rsv1 = if self.rsv1 { RSV1 } else { 0 };
        let first = self.opcode as u8 | fin | rsv1;
        // Each form in one piece, whose size the compiler knows.
        match (self.len, self.mask) {
            (len @ 0..=125, None) => out.put_slice(&[first, len as u8]),
            (len @ 0..=125, Some([a, b, c, d])) => out.put_slice(&[first, MASKED | len as u8, a, b, c, d]),
            (len @ 126..=0xFFFF, mask) => {
                let [high, low] = (len as u16).to_be_bytes();
                match mask {
                    None => out.put_slice(&[first, 126, high, low]),
                    Some([a, b, c, d]) => out.put_slice(&[first, MASKED | 126, high, low, a, b, c, d]),
                }
            }
            (len, mask) => {
                out.put_slice(&[first, if mask.is_some() { MASKED | 127 } else { 127 }]);
                out.put_u64(len);
                out.put_slice(mask.as_ref().map_or(&[], |key| key));
            }
        }
    }
}

/// The high bits of the first byte. RSV2 and RSV3 have no meaning without an extension (§5.2), and RSV1 only that of RFC 7692.
const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;

/// The high bit of the second byte: a key is there.
const MASKED: u8 = 0x80;
