//! The body of an HTTP/1.1 response that does not open a WebSocket (RFC 9112 §6), so that a refusal, a redirect or a demand for
//! authentication comes to the caller whole.

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Response, StatusCode};

use super::Limits;
use super::headers::{self, Single};

/// Collects the body that follows a response head, at any split of its bytes.
///
/// It never fails: a body that is malformed ends where it can no longer be read, and one over [`Limits::max_body`] is cut there.
///
/// # Examples
/// ```
/// use bytes::BytesMut;
/// use ws_frame::handshake::{BodyDecoder, Limits, ResponseDecoder};
///
/// let limits = Limits::default();
/// let mut buf = BytesMut::from("HTTP/1.1 401 Unauthorized\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
/// let response = ResponseDecoder::new(&limits).decode(&mut buf)?.unwrap();
/// let mut body = BodyDecoder::new(&response, &limits);
/// assert!(body.decode(&mut buf));
/// assert_eq!(body.finish(), "hello");
/// # Ok::<(), ws_frame::handshake::HeadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BodyDecoder {
    framing: Framing,
    body: BytesMut,
    max: usize,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    /// So many bytes of this length or chunk are still to come.
    Length(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    /// Until the connection ends.
    ToEnd,
    Over,
}

/// A line that gives a chunk's size is shorter, extensions included.
const MAX_SIZE_LINE: usize = 1024;

impl BodyDecoder {
    /// A decoder for the body of `response`, which answers a GET.
    #[must_use]
    pub fn new<B>(response: &Response<B>, limits: &Limits) -> Self {
        Self { framing: framing(response), body: BytesMut::new(), max: limits.max_body }
    }

    /// Takes what belongs to the body off the front of `buf`, and says whether the body is over. Bytes that it leaves there while it is
    /// not over are the beginning of a chunk's line: append to them.
    pub fn decode(&mut self, buf: &mut BytesMut) -> bool {
        loop {
            self.framing = match self.framing {
                Framing::Over => return true,
                Framing::Length(0) => Framing::Over,
                Framing::Length(left) => match self.take(buf, left) {
                    0 => return false,
                    taken => Framing::Length(left - taken),
                },
                Framing::ToEnd => match self.take(buf, u64::MAX) {
                    0 => return false,
                    _ => Framing::ToEnd,
                },
                Framing::ChunkData(0) => Framing::ChunkEnd,
                Framing::ChunkData(left) => match self.take(buf, left) {
                    0 => return false,
                    taken => Framing::ChunkData(left - taken),
                },
                Framing::ChunkEnd => match &buf[..] {
                    [] | [b'\r'] => return false,
                    [b'\r', b'\n', ..] => {
                        buf.advance(2);
                        Framing::ChunkSize
                    }
                    _ => Framing::Over,
                },
                Framing::ChunkSize => match httparse::parse_chunk_size(buf) {
                    Ok(httparse::Status::Complete((line, size))) if line <= MAX_SIZE_LINE => {
                        buf.advance(line);
                        // Trailers say nothing about what the body says.
                        if size == 0 { Framing::Over } else { Framing::ChunkData(size) }
                    }
                    Ok(httparse::Status::Partial) if buf.len() < MAX_SIZE_LINE => return false,
                    _ => Framing::Over,
                },
            };
            if self.body.len() >= self.max {
                self.framing = Framing::Over;
            }
        }
    }

    /// What was collected.
    #[must_use]
    pub fn finish(self) -> Bytes {
        self.body.freeze()
    }

    /// Moves up to `want` bytes within the limit; how many.
    fn take(&mut self, buf: &mut BytesMut, want: u64) -> u64 {
        let room = self.max.saturating_sub(self.body.len()).min(buf.len());
        let taken = usize::try_from(want).unwrap_or(usize::MAX).min(room);
        self.body.extend_from_slice(&buf.split_to(taken));
        taken as u64
    }
}

/// RFC 9112 §6.3.
fn framing<B>(response: &Response<B>) -> Framing {
    let (status, headers) = (response.status(), response.headers());
    if status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Framing::Over;
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        let chunked = headers::list(headers, &TRANSFER_ENCODING)
            .last()
            .is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
        return if chunked { Framing::ChunkSize } else { Framing::ToEnd };
    }
    match headers::single(headers, &CONTENT_LENGTH) {
        Single::Absent => Framing::ToEnd,
        Single::Value(length) => {
            let length =
                core::str::from_utf8(length).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
            length.and_then(|text| text.parse().ok()).map_or(Framing::Over, Framing::Length)
        }
        Single::Repeated => Framing::Over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(
        headers: &[(&'static str, &'static str)],
        wire: &[u8],
        piece: usize,
        max: usize,
    ) -> (bool, Bytes) {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        for (name, value) in headers {
            response.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        let limits = Limits { max_body: max, ..Limits::DEFAULT };
        let mut decoder = BodyDecoder::new(&response, &limits);
        let mut buf = BytesMut::new();
        let mut over = decoder.decode(&mut buf);
        for piece in wire.chunks(piece) {
            buf.extend_from_slice(piece);
            over = over || decoder.decode(&mut buf);
        }
        (over, decoder.finish())
    }

    #[test]
    fn each_framing_gives_the_body_at_any_split() {
        let chunked = b"5;x=y\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n";
        for piece in 1..=chunked.len() {
            assert_eq!(
                read(&[("transfer-encoding", "chunked")], chunked, piece, 1024),
                (true, "hello world".into())
            );
            assert_eq!(read(&[("content-length", "5")], b"hello, rest", piece, 1024), (true, "hello".into()));
            assert_eq!(read(&[], b"hello", piece, 1024), (false, "hello".into()));
        }
        assert_eq!(read(&[("content-length", "0")], b"", 1, 1024), (true, Bytes::new()));
    }

    #[test]
    fn max_body_cuts_every_framing() {
        for headers in [&[("transfer-encoding", "chunked")][..], &[("content-length", "10")], &[]] {
            let wire: &[u8] = if headers.first().is_some_and(|h| h.1 == "chunked") {
                b"A\r\n0123456789\r\n"
            } else {
                b"0123456789"
            };
            for piece in 1..wire.len() {
                assert_eq!(read(headers, wire, piece, 4), (true, "0123".into()));
            }
        }
    }

    #[test]
    fn what_cannot_be_read_ends_the_body() {
        let malformed: [&[u8]; 4] =
            [b"zz\r\nhello", b"5\r\nhelloXX0\r\n\r\n", &[b'1'; 2000], b"FFFFFFFFFFFFFFFFF\r\n"];
        for wire in malformed {
            let (over, body) = read(&[("transfer-encoding", "chunked")], wire, 7, 1024);
            assert!(over && (body.is_empty() || body == "hello"), "{body:?}");
        }
        for length in ["-1", "5, 5", "99999999999999999999999", "+5"] {
            assert_eq!(read(&[("content-length", length)], b"hello", 1, 1024), (true, Bytes::new()));
        }
        assert_eq!(
            read(&[("content-length", "5"), ("content-length", "6")], b"hello", 1, 1024),
            (true, Bytes::new())
        );
    }
}
