//! HTTP/1.1 heads of handshakes read the same however their bytes are cut, within limits and in linear time.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, StatusCode, Version};
use proptest::prelude::*;
use ws_frame::handshake::{
    ClientHandshake, HeadError, Limits, Policy, RequestDecoder, ResponseDecoder, WebSocketUri,
    encode_request, encode_response,
};

/// RFC 6455 §1.3, after an empty line and before frames.
const REQUEST: &[u8] = b"\r\nGET /chat?x=1 HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n\x81\x05Hello\n\n";

/// An interim response first, then RFC 6455 §1.3, then frames.
const RESPONSE: &[u8] = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
    HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x05Hello\n\n";

type Decoded = (BytesMut, Vec<(String, Bytes)>);

/// Feeds pieces until a head comes, then appends the rest as leftover.
fn feed<T>(
    pieces: &[&[u8]],
    mut decode: impl FnMut(&mut BytesMut) -> Result<Option<T>, HeadError>,
) -> Result<Option<(T, BytesMut)>, HeadError> {
    let mut buf = BytesMut::new();
    for (index, piece) in pieces.iter().enumerate() {
        buf.extend_from_slice(piece);
        if let Some(head) = decode(&mut buf)? {
            for rest in &pieces[index + 1..] {
                buf.extend_from_slice(rest);
            }
            return Ok(Some((head, buf)));
        }
    }
    Ok(None)
}

fn request(pieces: &[&[u8]], limits: &Limits) -> Result<Option<(Request<()>, BytesMut)>, HeadError> {
    let mut decoder = RequestDecoder::new(limits);
    feed(pieces, |buf| decoder.decode(buf))
}

fn response(pieces: &[&[u8]], limits: &Limits) -> Result<Option<(Response<()>, BytesMut)>, HeadError> {
    let mut decoder = ResponseDecoder::new(limits);
    feed(pieces, |buf| decoder.decode(buf))
}

fn fields(headers: &http::HeaderMap, rest: BytesMut) -> Decoded {
    let fields = headers
        .iter()
        .map(|(name, value)| (name.to_string(), Bytes::copy_from_slice(value.as_bytes())))
        .collect();
    (rest, fields)
}

#[test]
fn a_request_reads_the_same_at_every_split() {
    let limits = Limits::default();
    let whole = request(&[REQUEST], &limits).unwrap().unwrap();
    assert_eq!((whole.0.method(), whole.0.uri().to_string().as_str()), (&Method::GET, "/chat?x=1"));
    let whole = fields(whole.0.headers(), whole.1);
    assert_eq!(&whole.0[..], b"\x81\x05Hello\n\n");
    assert_eq!(whole.1.len(), 5);
    for at in 0..=REQUEST.len() {
        let (first, second) = REQUEST.split_at(at);
        let (request, rest) = request(&[first, second], &limits).unwrap().unwrap();
        assert_eq!(request.version(), Version::HTTP_11);
        assert_eq!(fields(request.headers(), rest), whole, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = REQUEST.chunks(1).collect();
    let (request, rest) = request(&bytes, &limits).unwrap().unwrap();
    assert_eq!(fields(request.headers(), rest), whole);
}

#[test]
fn a_response_reads_the_same_at_every_split_and_interim_ones_are_skipped() {
    let limits = Limits::default();
    let whole = response(&[RESPONSE], &limits).unwrap().unwrap();
    assert_eq!(whole.0.status(), StatusCode::SWITCHING_PROTOCOLS);
    let whole = fields(whole.0.headers(), whole.1);
    assert_eq!(&whole.0[..], b"\x81\x05Hello\n\n");
    assert_eq!(whole.1.len(), 3);
    for at in 0..=RESPONSE.len() {
        let (first, second) = RESPONSE.split_at(at);
        let (response, rest) = response(&[first, second], &limits).unwrap().unwrap();
        assert_eq!(fields(response.headers(), rest), whole, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = RESPONSE.chunks(1).collect();
    let (response, rest) = response(&bytes, &limits).unwrap().unwrap();
    assert_eq!(fields(response.headers(), rest), whole);
}

#[test]
fn lines_may_end_in_a_bare_line_feed() {
    let head = b"GET / HTTP/1.1\nHost: a\r\nX: y\n\nrest";
    for at in 0..=head.len() {
        let (first, second) = head.split_at(at);
        let (request, rest) = request(&[first, second], &Limits::default()).unwrap().unwrap();
        assert_eq!((request.headers().len(), &rest[..]), (2, &b"rest"[..]));
    }
}

#[test]
fn the_limit_max_head_is_met_to_the_byte() {
    let mut limits = Limits::default();
    assert_eq!(limits.max_head, 16 * 1024);
    let head = REQUEST.len() - b"\x81\x05Hello\n\n".len();
    for pieces in [vec![REQUEST], REQUEST.chunks(1).collect()] {
        limits.max_head = head;
        assert!(request(&pieces, &limits).unwrap().is_some());
        limits.max_head = head - 1;
        assert_eq!(request(&pieces, &limits).unwrap_err(), HeadError::TooLarge { max: head - 1 });
    }
    assert_eq!(HeadError::TooLarge { max: 1 }.http_status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[test]
fn empty_lines_and_interim_responses_count_towards_max_head() {
    let limits = Limits::default();
    let empty = b"\r\n".repeat(8192);
    assert_eq!(request(&[&empty], &limits).unwrap_err(), HeadError::TooLarge { max: 16_384 });
    let pieces: Vec<&[u8]> = empty.chunks(1).collect();
    assert_eq!(request(&pieces, &limits).unwrap_err(), HeadError::TooLarge { max: 16_384 });
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(700);
    assert_eq!(response(&[&interim], &limits).unwrap_err(), HeadError::TooLarge { max: 16_384 });
}

#[test]
fn the_limit_max_headers_is_met_exactly() {
    let limits = Limits::default();
    let head = |lines: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(lines));
    let (request_100, _) = request(&[head(100).as_bytes()], &limits).unwrap().unwrap();
    assert_eq!(request_100.headers().len(), 100);
    let error = request(&[head(101).as_bytes()], &limits).unwrap_err();
    assert_eq!(error, HeadError::TooManyHeaders { max: 100 });
    assert_eq!(error.http_status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[test]
fn malformed_heads_are_refused_with_400() {
    for head in [
        "GET\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost a\r\n\r\n",
        "GET / HTTP/1.1\r\nHo st: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\n\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let error = request(&[head.as_bytes()], &Limits::default()).unwrap_err();
        assert_eq!(error, HeadError::Malformed, "{head:?}");
        assert_eq!(error.to_response().status(), StatusCode::BAD_REQUEST);
    }
    for head in
        ["HTTP/1.1\r\n\r\n", "HTTP/1.1 1010 x\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"]
    {
        assert_eq!(
            response(&[head.as_bytes()], &Limits::default()).unwrap_err(),
            HeadError::Malformed,
            "{head:?}"
        );
    }
}

#[test]
fn a_head_byte_by_byte_costs_linear_time() {
    // A scan from 0 at each call would look at half a terabyte here, and the test would not end.
    let mut limits = Limits::default();
    limits.max_head = 1 << 20;
    let mut decoder = RequestDecoder::new(&limits);
    let mut buf = BytesMut::with_capacity(limits.max_head);
    buf.extend_from_slice(b"GET /");
    while buf.len() < limits.max_head - 1 {
        buf.extend_from_slice(b"a");
        assert!(decoder.decode(&mut buf).unwrap().is_none());
    }
    buf.extend_from_slice(b"a");
    assert_eq!(decoder.decode(&mut buf).unwrap_err(), HeadError::TooLarge { max: 1 << 20 });
}

#[test]
fn heads_written_are_read_back_through_a_whole_handshake() {
    let uri = WebSocketUri::parse("ws://server.example.com:8080/chat?x=%20").unwrap();
    let client = ClientHandshake::new(&uri, [7; 16]).subprotocols(["a", "b"]).unwrap();
    let mut wire = BytesMut::new();
    encode_request(client.request(), &mut wire);
    assert!(wire.starts_with(b"GET /chat?x=%20 HTTP/1.1\r\nhost: server.example.com:8080\r\n"));
    let (request, rest) = request(&[&wire], &Limits::default()).unwrap().unwrap();
    assert!(rest.is_empty());

    let accepted = Policy::new().subprotocols(["b"]).unwrap().accept(&request).unwrap();
    let mut wire = BytesMut::new();
    encode_response(&accepted.response.map(|()| Bytes::new()), &mut wire);
    assert!(wire.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
    assert!(!wire.windows(14).any(|window| window == b"content-length"));
    let (response, rest) = response(&[&wire], &Limits::default()).unwrap().unwrap();
    assert!(rest.is_empty());
    assert_eq!(client.verify(&response).unwrap().subprotocol.unwrap().as_str(), "b");
}

#[test]
fn a_refusal_is_written_with_its_length_and_closes() {
    let mut response = Response::new("no\n");
    *response.status_mut() = StatusCode::FORBIDDEN;
    let mut wire = BytesMut::new();
    encode_response(&response, &mut wire);
    assert_eq!(&wire[..], b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 3\r\n\r\nno\n");

    let mut empty = Response::new("not sent");
    *empty.status_mut() = StatusCode::NO_CONTENT;
    let mut wire = BytesMut::new();
    encode_response(&empty, &mut wire);
    assert_eq!(&wire[..], b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_in_any_pieces_decide_alike(
        bytes in prop::collection::vec(prop_oneof![
            Just(b'\r'), Just(b'\n'), Just(b'\n'), Just(b':'), Just(b' '), any::<u8>()
        ], 0..200),
        prefix in prop_oneof![Just(&b""[..]), Just(&b"GET / HTTP/1.1\r\n"[..]), Just(&b"GET / HTTP/1.1\r\na: b\r\n"[..])],
        size in 1_usize..20,
    ) {
        let mut input = prefix.to_vec();
        input.extend_from_slice(&bytes);
        let mut limits = Limits::default();
        limits.max_head = 128;
        limits.max_headers = 4;
        let outcome = |decoded: Result<Option<(Request<()>, BytesMut)>, HeadError>| {
            decoded.map(|found| found.map(|(request, rest)| {
                (request.method().clone(), request.uri().clone(), fields(request.headers(), rest))
            }))
        };
        let pieces: Vec<&[u8]> = input.chunks(size).collect();
        prop_assert_eq!(outcome(request(&[&input], &limits)), outcome(request(&pieces, &limits)));
    }

    #[test]
    fn headers_written_are_read_back(
        path in "/[a-z0-9/]{0,20}",
        headers in prop::collection::vec(("x-[a-z0-9-]{1,10}", "([!-~]([ -~]{0,20}[!-~])?)?"), 0..10),
    ) {
        let mut builder = Request::get(path.as_str());
        for (name, value) in &headers {
            builder = builder.header(name, value);
        }
        let written = builder.body(()).unwrap();
        let mut wire = BytesMut::new();
        encode_request(&written, &mut wire);
        let (read, rest) = request(&[&wire], &Limits::default()).unwrap().unwrap();
        prop_assert!(rest.is_empty());
        prop_assert_eq!(read.uri(), written.uri());
        prop_assert_eq!(read.headers(), written.headers());
    }
}
