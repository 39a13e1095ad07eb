//! The trailers of gRPC-Web and its base64: never a panic, the same in any pieces, read back as written.
#![no_main]

use arbitrary::Arbitrary;
use grpc_wire::proto::web::{TextDecoder, decode_trailers, encode_text, encode_trailers};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    wire: Vec<u8>,
    pieces: Vec<Vec<u8>>,
    cut: u8,
}

/// What can be read of a text in pieces, up to its first error.
fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, bool) {
    let mut decoder = TextDecoder::new();
    let mut out = Vec::new();
    for piece in pieces {
        match decoder.decode(piece) {
            Ok(bytes) => out.extend_from_slice(&bytes),
            Err(_) => return (out, false),
        }
    }
    (out, decoder.finish().is_ok())
}

fuzz_target!(|input: Input| {
    if let Ok(trailers) = decode_trailers(&input.wire) {
        let again = decode_trailers(&encode_trailers(&trailers)).unwrap();
        assert_eq!(again, trailers);
    }

    let cut = usize::from(input.cut) + 1;
    let whole = decode(std::iter::once(&input.wire[..]));
    let parts = decode(input.wire.chunks(cut));
    assert_eq!(parts.1, whole.1);
    assert!(!whole.1 || parts.0 == whole.0);

    let text: Vec<u8> = input.pieces.iter().flat_map(|piece| encode_text(piece)).collect();
    assert_eq!(decode(text.chunks(cut)), (input.pieces.concat(), true));
});
