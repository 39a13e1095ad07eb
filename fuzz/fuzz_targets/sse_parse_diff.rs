//! The parser, at any cut, against the standard written down a second time for a whole stream.
#![no_main]

#[path = "../../sse-codec/tests/common/mod.rs"]
mod common;

use common::{cut, model, read};
use sse_codec::Limits;

libfuzzer_sys::fuzz_target!(|input: (Vec<u8>, &[u8])| {
    let (sizes, stream) = input;
    let sizes: Vec<usize> = sizes.into_iter().map(usize::from).collect();
    let mut limits = Limits::default();
    // The model has no limits.
    (limits.max_line, limits.max_data, limits.max_id, limits.max_event) =
        (usize::MAX, usize::MAX, usize::MAX, usize::MAX);
    let expected = model(stream);
    assert_eq!(read(&limits, [stream]), expected);
    assert_eq!(read(&limits, cut(stream, &sizes)), expected);
    assert_eq!(read(&limits, stream.chunks(1)), expected);
});
