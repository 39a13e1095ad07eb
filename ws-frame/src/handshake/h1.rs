//! HTTP/1.1 heads as bytes, both ways, for connections that no HTTP server or client sits on (RFC 9112 §2 to §5).
//!
//! The end of a head is looked for where the last look stopped, and the head is parsed once, when it is whole: a peer
//! that sends one byte at a time costs time linear in what it sends.

use core::fmt;
use std::io::BufRead as _;
use std::string::ToString as _;
use std::vec::Vec;
use std::{format, vec};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};

use super::Limits;
use super::server::text_response;

/// Reads the head of a request, at any split of its bytes.
///
/// # Examples
/// ```
/// use bytes::BytesMut;
/// use ws_frame::handshake::{Limits, RequestDecoder};
///
/// let mut decoder = RequestDecoder::new(&Limits::default());
/// let mut buf = BytesMut::from("GET /chat HTTP/1.1\r\nHost: a");
/// assert!(decoder.decode(&mut buf)?.is_none());
/// buf.extend_from_slice(b".example\r\n\r\nrest");
/// let request = decoder.decode(&mut buf)?.unwrap();
/// assert_eq!(request.uri().path(), "/chat");
/// assert_eq!(&buf[..], b"rest");
/// # Ok::<(), ws_frame::handshake::HeadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RequestDecoder {
    scan: HeadScan,
}

impl RequestDecoder {
    /// A decoder within [`Limits::max_head`] and [`Limits::max_headers`].
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { scan: HeadScan::new(limits) }
    }

    /// Takes one head off the front of `buf`, or leaves `buf` as it is (empty lines at its start excepted) and
    /// returns `None` when more bytes are needed. Until a head is returned, `buf` must only grow at its end.
    ///
    /// # Errors
    /// [`HeadError`]: the head is malformed or crosses a limit. The connection is of no further use.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Option<Request<()>>, HeadError> {
        let Some(head) = self.scan.take(buf)? else {
            return Ok(None);
        };
        let mut storage = self.scan.header_storage(&head);
        let mut parsed = httparse::Request::new(&mut storage);
        match parsed.parse(&head) {
            Ok(httparse::Status::Complete(length)) if length == head.len() => {}
            Ok(_) => return Err(HeadError::Malformed),
            Err(error) => return Err(self.scan.error(error)),
        }
        let mut request = Request::new(());
        *request.method_mut() = parsed
            .method
            .and_then(|method| Method::from_bytes(method.as_bytes()).ok())
            .ok_or(HeadError::Malformed)?;
        *request.uri_mut() =
            parsed.path.and_then(|target| Uri::try_from(target).ok()).ok_or(HeadError::Malformed)?;
        *request.version_mut() = version(parsed.version)?;
        take_headers(&head, parsed.headers, request.headers_mut(), &self.scan)?;
        Ok(Some(request))
    }
}

/// Reads the head of a response, at any split of its bytes. Interim responses (1xx other than 101) are skipped, as
/// RFC 9110 §15.2 asks of a client; all together stay within [`Limits::max_head`].
#[derive(Clone, Debug)]
pub struct ResponseDecoder {
    scan: HeadScan,
}

impl ResponseDecoder {
    /// A decoder within [`Limits::max_head`] and [`Limits::max_headers`].
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { scan: HeadScan::new(limits) }
    }

    /// Takes one final head off the front of `buf`, or returns `None` when more bytes are needed; see
    /// [`RequestDecoder::decode`]. What follows a head that is not 101 is the response's body.
    ///
    /// # Errors
    /// [`HeadError`], as for requests.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Option<Response<()>>, HeadError> {
        while let Some(head) = self.scan.take(buf)? {
            let mut storage = self.scan.header_storage(&head);
            let mut parsed = httparse::Response::new(&mut storage);
            match parsed.parse(&head) {
                Ok(httparse::Status::Complete(length)) if length == head.len() => {}
                Ok(_) => return Err(HeadError::Malformed),
                Err(error) => return Err(self.scan.error(error)),
            }
            let status =
                parsed.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(HeadError::Malformed)?;
            if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
                continue;
            }
            let mut response = Response::new(());
            *response.status_mut() = status;
            *response.version_mut() = version(parsed.version)?;
            take_headers(&head, parsed.headers, response.headers_mut(), &self.scan)?;
            return Ok(Some(response));
        }
        Ok(None)
    }
}

/// The length of the first line with its LF, if it has one.
fn first_line(mut bytes: &[u8]) -> Option<usize> {
    let all = bytes;
    // The search of the standard library: nothing of a slice in memory fails to be read.
    let length = bytes.skip_until(b'\n').ok()?;
    all.get(..length).filter(|line| line.ends_with(b"\n")).map(<[u8]>::len)
}

/// Finds the empty line that ends a head.
#[derive(Clone, Debug)]
struct HeadScan {
    max_head: usize,
    max_headers: usize,
    /// Bytes at the front of the buffer that hold no end of a head.
    scanned: usize,
    /// Bytes already taken off the buffer that count towards `max_head`.
    taken: usize,
}

impl HeadScan {
    const fn new(limits: &Limits) -> Self {
        Self { max_head: limits.max_head, max_headers: limits.max_headers, scanned: 0, taken: 0 }
    }

    /// Takes a whole head, its empty line included, off the front of `buf`.
    fn take(&mut self, buf: &mut BytesMut) -> Result<Option<Bytes>, HeadError> {
        if self.scanned == 0 {
            self.skip_empty_lines(buf);
        }
        let room = self.max_head.saturating_sub(self.taken);
        let window = buf.get(..room).unwrap_or(buf);
        while let Some(line) = window.get(self.scanned..).and_then(first_line) {
            // Within `window`, so the sum cannot overflow.
            self.scanned += line;
            let at = self.scanned - 1;
            // A bare LF ends a line too (RFC 9112 §2.2), and the parser agrees.
            if matches!(window.get(..at), Some([.., b'\n'] | [.., b'\n', b'\r'])) {
                let length = core::mem::take(&mut self.scanned);
                self.taken = self.taken.saturating_add(length);
                return Ok(Some(buf.split_to(length).freeze()));
            }
        }
        self.scanned = window.len();
        if buf.len() >= room {
            return Err(HeadError::TooLarge { max: self.max_head });
        }
        Ok(None)
    }

    /// Empty lines before a head are skipped (RFC 9112 §2.2); they count towards the limit.
    fn skip_empty_lines(&mut self, buf: &mut BytesMut) {
        let room = self.max_head.saturating_sub(self.taken);
        let empty = buf.iter().take(room).take_while(|&&byte| matches!(byte, b'\r' | b'\n')).count();
        buf.advance(empty);
        self.taken = self.taken.saturating_add(empty);
    }

    /// Room for the headers that `head` can hold: as many as it has lines, and no more than the limit.
    fn header_storage<'b>(&self, head: &[u8]) -> Vec<httparse::Header<'b>> {
        let lines = head.iter().filter(|&&byte| byte == b'\n').count();
        vec![httparse::EMPTY_HEADER; lines.min(self.max_headers)]
    }

    const fn error(&self, error: httparse::Error) -> HeadError {
        match error {
            httparse::Error::TooManyHeaders => HeadError::TooManyHeaders { max: self.max_headers },
            _ => HeadError::Malformed,
        }
    }
}

const fn version(minor: Option<u8>) -> Result<Version, HeadError> {
    match minor {
        Some(1) => Ok(Version::HTTP_11),
        Some(0) => Ok(Version::HTTP_10),
        _ => Err(HeadError::Malformed),
    }
}

/// The values are parts of `head`, not copies.
fn take_headers(
    head: &Bytes,
    parsed: &[httparse::Header<'_>],
    headers: &mut HeaderMap,
    scan: &HeadScan,
) -> Result<(), HeadError> {
    headers.try_reserve(parsed.len()).map_err(|_| HeadError::TooManyHeaders { max: scan.max_headers })?;
    for header in parsed {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| HeadError::Malformed)?;
        let value =
            HeaderValue::from_maybe_shared(head.slice_ref(header.value)).map_err(|_| HeadError::Malformed)?;
        headers.try_append(name, value).map_err(|_| HeadError::TooManyHeaders { max: scan.max_headers })?;
    }
    Ok(())
}

/// Why a head could not be read.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// Not the grammar of RFC 9112.
    Malformed,
    /// No end of the head within [`Limits::max_head`] bytes.
    TooLarge {
        /// The limit, in bytes.
        max: usize,
    },
    /// More header lines than [`Limits::max_headers`].
    TooManyHeaders {
        /// The limit.
        max: usize,
    },
}

impl HeadError {
    /// The status that a server answers: 400, or 431 where a limit was crossed (RFC 6585 §5).
    #[must_use]
    pub const fn http_status(&self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } | Self::TooManyHeaders { .. } => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
        }
    }

    /// The answer of a server.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        text_response(self.http_status(), &self.to_string())
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("malformed http head"),
            Self::TooLarge { max } => {
                write!(f, "http head exceeds the limit max_head of {max} bytes")
            }
            Self::TooManyHeaders { max } => {
                write!(f, "http head exceeds the limit max_headers of {max}")
            }
        }
    }
}

impl core::error::Error for HeadError {}

/// Appends the head of a request, in origin form (RFC 9112 §3.2.1), without a body.
pub fn encode_request<B>(request: &Request<B>, out: &mut BytesMut) {
    out.put_slice(request.method().as_str().as_bytes());
    out.put_slice(b" ");
    let target = request.uri().path_and_query();
    out.put_slice(target.map_or("/", |target| target.as_str()).as_bytes());
    out.put_slice(b" HTTP/1.1\r\n");
    encode_headers(request.headers(), out);
    out.put_slice(b"\r\n");
}

/// Appends a response with its body. Where the status allows a body and none is declared, `Content-Length` is added;
/// to any answer but 101, `Connection: close`, because whoever answers a handshake otherwise ends the connection.
pub fn encode_response<B: AsRef<[u8]>>(response: &Response<B>, out: &mut BytesMut) {
    let (status, headers) = (response.status(), response.headers());
    let body = response.body().as_ref();
    out.put_slice(b"HTTP/1.1 ");
    out.put_slice(status.as_str().as_bytes());
    out.put_slice(b" ");
    out.put_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.put_slice(b"\r\n");
    encode_headers(headers, out);
    if status == StatusCode::SWITCHING_PROTOCOLS {
        out.put_slice(b"\r\n");
        return;
    }
    if !headers.contains_key(http::header::CONNECTION) {
        out.put_slice(b"connection: close\r\n");
    }
    // RFC 9110 §6.4.1: these have no content.
    let bodiless =
        status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    if !bodiless && !headers.contains_key(http::header::CONTENT_LENGTH) {
        out.put_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    out.put_slice(b"\r\n");
    if !bodiless {
        out.put_slice(body);
    }
}

fn encode_headers(headers: &HeaderMap, out: &mut BytesMut) {
    for (name, value) in headers {
        out.put_slice(name.as_str().as_bytes());
        out.put_slice(b": ");
        out.put_slice(value.as_bytes());
        out.put_slice(b"\r\n");
    }
}
