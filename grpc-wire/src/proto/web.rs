//! The trailers and the text form of gRPC-Web (PROTOCOL-WEB).

use std::{error, fmt};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::status::Status;

/// The binary form.
pub const CONTENT_TYPE: &str = "application/grpc-web";
/// The form in base64.
pub const CONTENT_TYPE_TEXT: &str = "application/grpc-web-text";

/// A body of gRPC-Web that cannot be read.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebError {
    /// A line of the trailers is no `name: value`.
    TrailerLine {
        /// Which line, from 1.
        line: usize,
    },
    /// The body is no base64.
    Base64 {
        /// Where the four characters begin, in bytes from the start of the body.
        offset: u64,
    },
    /// The body ends inside of four characters of base64.
    Truncated {
        /// Where they begin.
        offset: u64,
    },
}

impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TrailerLine { line } => write!(f, "line {line} of the trailers is no `name: value`"),
            Self::Base64 { offset } => write!(f, "the body is no base64 at byte {offset}"),
            Self::Truncated { offset } => write!(f, "the body ends inside of the base64 at byte {offset}"),
        }
    }
}

impl error::Error for WebError {}

impl From<WebError> for Status {
    fn from(error: WebError) -> Self {
        Self::internal(error.to_string())
    }
}

/// The payload of the trailers frame: lines as in HTTP/1, names in lower case.
#[must_use]
pub fn encode_trailers(trailers: &HeaderMap) -> Bytes {
    let size = trailers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let mut out = BytesMut::with_capacity(size);
    for (name, value) in trailers {
        out.put_slice(name.as_str().as_bytes());
        out.put_slice(b": ");
        out.put_slice(value.as_bytes());
        out.put_slice(b"\r\n");
    }
    out.freeze()
}

/// Reads the payload of the trailers frame. A line ends in CRLF or LF, the last one may end with the payload; spaces and
/// tabs around a value do not belong to it.
///
/// # Errors
/// [`WebError::TrailerLine`] for a line that is no header field.
pub fn decode_trailers(payload: &[u8]) -> Result<HeaderMap, WebError> {
    let mut trailers = HeaderMap::new();
    for (index, line) in payload.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let field = line.iter().position(|byte| *byte == b':').and_then(|colon| {
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
            Some((name, value))
        });
        let Some((name, value)) = field else { return Err(WebError::TrailerLine { line: index + 1 }) };
        trailers.append(name, value);
    }
    Ok(trailers)
}

/// A piece of the body in base64, padded, so that pieces can be joined.
#[must_use]
pub fn encode_text(piece: &[u8]) -> Bytes {
    Bytes::from(STANDARD.encode(piece))
}

/// Reads a body in base64, in pieces of any length; padding may stand in the middle.
///
/// ```
/// let mut text = grpc_wire::proto::web::TextDecoder::new();
/// assert_eq!(&text.decode(b"aGVsbG8=dGhl")?[..], b"hellothe");
/// assert_eq!(&text.decode(b"cm")?[..], b"");
/// assert_eq!(&text.decode(b"U=")?[..], b"re");
/// text.finish()?;
/// # Ok::<(), grpc_wire::proto::web::WebError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TextDecoder {
    quantum: [u8; 4],
    have: usize,
    offset: u64,
}

impl TextDecoder {
    /// At the start of a body.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes that the piece completes.
    ///
    /// # Errors
    /// [`WebError::Base64`], behind which nothing can be read.
    pub fn decode(&mut self, piece: &[u8]) -> Result<Bytes, WebError> {
        let mut out = Vec::with_capacity(piece.len() / 4 * 3 + 3);
        for byte in piece {
            self.quantum[self.have] = *byte;
            self.have += 1;
            if self.have == 4 {
                let wrong = WebError::Base64 { offset: self.offset };
                STANDARD.decode_vec(self.quantum, &mut out).map_err(|_| wrong)?;
                self.have = 0;
                self.offset += 4;
            }
        }
        Ok(Bytes::from(out))
    }

    /// The body has ended.
    ///
    /// # Errors
    /// [`WebError::Truncated`] where it ended inside of four characters.
    pub const fn finish(&self) -> Result<(), WebError> {
        if self.have == 0 { Ok(()) } else { Err(WebError::Truncated { offset: self.offset }) }
    }
}
