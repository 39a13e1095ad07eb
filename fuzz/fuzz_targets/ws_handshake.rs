//! Heads read alike at any split, what is written reads back the same, and an accepted request has the answer that
//! its client verifies.
#![no_main]

use arbitrary::Arbitrary;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use libfuzzer_sys::fuzz_target;
use ws_frame::handshake::{
    Extension, HeadError, Limits, Origins, Policy, RequestDecoder, ResponseDecoder, WebSocketUri, accept_key,
    encode_request, encode_response,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    bytes: &'a [u8],
    piece: u8,
    any_origin: bool,
    uri: &'a str,
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

fuzz_target!(|input: Input<'_>| {
    let mut limits = Limits::default();
    limits.max_head = 1024;
    limits.max_headers = 16;
    let (bytes, piece) = (input.bytes, usize::from(input.piece));

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
        let origins = if input.any_origin { Origins::any() } else { Origins::same() };
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

    match (response(bytes, bytes.len(), &limits), response(bytes, piece, &limits)) {
        (Ok(Some((a, rest_a))), Ok(Some((b, rest_b)))) => {
            assert_eq!((a.status(), a.version(), a.headers()), (b.status(), b.version(), b.headers()));
            assert_eq!(rest_a, rest_b);
        }
        (Ok(None), Ok(None)) => {}
        (Err(a), Err(b)) => assert_eq!(a, b),
        (a, b) => panic!("whole {a:?}, in pieces {b:?}"),
    }

    if let Ok(list) = Extension::parse_list(bytes, &limits) {
        let written = list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        assert_eq!(Extension::parse_list(written.as_bytes(), &limits), Ok(list));
    }
    if let Ok(uri) = WebSocketUri::parse(input.uri) {
        assert_eq!(WebSocketUri::parse(&uri.to_string()), Ok(uri));
    }
    if let Ok(pattern) = core::str::from_utf8(bytes)
        && let Ok(origins) = Origins::list([pattern])
        && !pattern.contains('*')
    {
        assert!(origins.allows(Some(bytes), None), "a pattern without wildcards allows itself");
    }
});
