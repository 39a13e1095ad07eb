//! Heads read alike at any split, what is written reads back the same, and an accepted request has the answer that
//! its client verifies.
#![no_main]

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use libfuzzer_sys::fuzz_target;
use ws_frame::handshake::{
    BodyDecoder, ClientHandshake, Extension, HeadError, Limits, Origins, PROTOCOL, Policy, RequestDecoder, ResponseDecoder,
    WebSocketUri, accept_key, encode_request, encode_response,
};

/// The start of a good request and of a good response, so that what comes after them is looked at too.
const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

/// Header lines of the input on an extended CONNECT: what is accepted has the answer that its client verifies, and a body of a refusal is
/// read alike at any split.
fn extended_connect(tail: &[u8], flags: u8, limits: &Limits) {
    let uri = WebSocketUri::parse("wss://a/chat").unwrap();
    let client = ClientHandshake::new(&uri, *b"the sample nonce").subprotocols(["a", "b"]).unwrap();
    let mut request = client.connect_request(http::Version::HTTP_2);
    let mut answer = Response::new(());
    *answer.status_mut() = http::StatusCode::from_u16(200 + u16::from(flags)).unwrap();
    for line in tail.split(|&byte| byte == b'\n') {
        let Some(at) = line.iter().position(|&byte| byte == b':') else { continue };
        let name = http::HeaderName::from_bytes(&line[..at]);
        if let (Ok(name), Ok(value)) = (name, http::HeaderValue::from_bytes(&line[at + 1..])) {
            request.headers_mut().append(name.clone(), value.clone());
            answer.headers_mut().append(name, value);
        }
    }
    let protocol = if flags & 8 == 0 { PROTOCOL } else { "other" };
    let policy = Policy::new().origins(Origins::any()).subprotocols(["b", "a"]).unwrap().limits(limits.clone());
    match policy.accept_connect(&request, Some(protocol)) {
        Ok(accepted) => {
            assert_eq!(protocol, PROTOCOL);
            let opened = client.verify_connect(&accepted.response);
            let chosen = accepted.subprotocol.as_ref().is_none_or(|name| ["a", "b"].contains(&name.as_str()));
            assert!(chosen && opened.is_ok_and(|opened| opened.subprotocol == accepted.subprotocol));
        }
        Err(rejection) => {
            let answer = rejection.to_connect_response();
            assert!(answer.status().is_client_error() || answer.status() == 501);
            assert!(!answer.headers().contains_key("upgrade") && !answer.headers().contains_key("connection"));
        }
    }
    if client.verify_connect(&answer).is_ok() {
        assert!(answer.status().is_success());
    }
    let body = |piece: usize| {
        let mut limits = Limits::default();
        limits.max_body = 64;
        let mut decoder = BodyDecoder::new(&answer, &limits);
        let mut buf = BytesMut::new();
        let mut over = decoder.decode(&mut buf);
        for piece in tail.chunks(piece) {
            buf.extend_from_slice(piece);
            over = over || decoder.decode(&mut buf);
        }
        let body = decoder.finish();
        assert!(body.len() <= 64);
        (over, body)
    };
    assert_eq!(body(1), body(tail.len().max(1)));
}

type Found<T> = Result<Option<(T, BytesMut)>, HeadError>;

fn feed<T>(
    bytes: &[u8],
    piece: usize,
    mut decode: impl FnMut(&mut BytesMut) -> Result<Option<T>, HeadError>,
) -> Found<T> {
    let mut buf = BytesMut::new();
    let mut pieces = bytes.chunks(piece.max(1));
    while let Some(piece) = pieces.next() {
        buf.extend_from_slice(piece);
        if let Some(head) = decode(&mut buf)? {
            pieces.for_each(|rest| buf.extend_from_slice(rest));
            return Ok(Some((head, buf)));
        }
    }
    Ok(None)
}

fn request(bytes: &[u8], piece: usize, limits: &Limits) -> Found<Request<()>> {
    let mut decoder = RequestDecoder::new(limits);
    feed(bytes, piece, |buf| decoder.decode(buf))
}

fn response(bytes: &[u8], piece: usize, limits: &Limits) -> Found<Response<()>> {
    let mut decoder = ResponseDecoder::new(limits);
    feed(bytes, piece, |buf| decoder.decode(buf))
}

fuzz_target!(|data: &[u8]| {
    let &[piece, flags, ref tail @ ..] = data else { return };
    let prefix: &[u8] = match flags & 3 {
        0 => REQUEST,
        1 => RESPONSE,
        _ => b"",
    };
    let bytes = &[prefix, tail].concat()[..];
    let piece = usize::from(piece);

    let mut limits = Limits::default();
    limits.max_head = 1024;
    limits.max_headers = 16;

    let whole = request(bytes, bytes.len(), &limits);
    match (&whole, request(bytes, piece, &limits)) {
        (Ok(Some((a, rest_a))), Ok(Some((b, rest_b)))) => {
            assert_eq!(
                (a.method(), a.uri(), a.version(), a.headers()),
                (b.method(), b.uri(), b.version(), b.headers())
            );
            assert_eq!(*rest_a, rest_b);
        }
        (Ok(None), Ok(None)) => {}
        (Err(a), Err(b)) => assert_eq!(*a, b),
        (a, b) => panic!("whole {a:?}, in pieces {b:?}"),
    }
    if let Ok(Some((request, _))) = whole {
        let origins = if flags & 4 == 0 { Origins::any() } else { Origins::same() };
        let policy = Policy::new().origins(origins).subprotocols(["a", "b"]).unwrap().limits(limits.clone());
        match policy.accept(&request) {
            Ok(accepted) => {
                let key = request.headers()["sec-websocket-key"].to_str().unwrap();
                assert_eq!(accepted.response.headers()["sec-websocket-accept"], accept_key(key.trim()));
                let mut wire = BytesMut::new();
                encode_response(&accepted.response.map(|()| Bytes::new()), &mut wire);
                let (_, rest) = response(&wire, 1, &Limits::default()).unwrap().unwrap();
                assert!(rest.is_empty());
                if request.uri().authority().is_none() {
                    let mut wire = BytesMut::new();
                    encode_request(&request, &mut wire);
                    let (again, rest) = self::request(&wire, 7, &Limits::default()).unwrap().unwrap();
                    assert!(rest.is_empty());
                    assert_eq!(again.headers(), request.headers());
                    assert_eq!(again.uri(), request.uri());
                    assert!(policy.accept(&again).is_ok());
                }
            }
            Err(rejection) => {
                let answer = rejection.to_response();
                assert!(answer.status().is_client_error());
                assert!(!answer.body().is_empty());
            }
        }
    }

    extended_connect(tail, flags, &limits);

    match (response(bytes, bytes.len(), &limits), response(bytes, piece, &limits)) {
        (Ok(Some((a, rest_a))), Ok(Some((b, rest_b)))) => {
            let uri = WebSocketUri::parse("ws://a/chat").unwrap();
            let client = ClientHandshake::new(&uri, *b"the sample nonce").subprotocols(["a", "b"]).unwrap();
            if let Ok(opened) = client.verify(&a) {
                assert_eq!(a.status(), 101);
                assert_eq!(a.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
                assert!(opened.subprotocol.is_none_or(|name| ["a", "b"].contains(&name.as_str())));
            }
            assert_eq!((a.status(), a.version(), a.headers()), (b.status(), b.version(), b.headers()));
            assert_eq!(rest_a, rest_b);
        }
        (Ok(None), Ok(None)) => {}
        (Err(a), Err(b)) => assert_eq!(a, b),
        (a, b) => panic!("whole {a:?}, in pieces {b:?}"),
    }

    if let Ok(list) = Extension::parse_list(tail, &limits) {
        let written = list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        assert_eq!(Extension::parse_list(written.as_bytes(), &limits), Ok(list));
    }
    if let Ok(text) = core::str::from_utf8(tail) {
        if let Ok(uri) = WebSocketUri::parse(text) {
            assert_eq!(WebSocketUri::parse(&uri.to_string()), Ok(uri));
        }
        if let Ok(origins) = Origins::list([text])
            && !text.contains('*')
        {
            assert!(origins.allows(Some(tail), None), "a pattern without wildcards allows itself");
        }
    }
});
