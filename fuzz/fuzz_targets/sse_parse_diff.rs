//! The parser, at any cut and with any options, against the standard written down a second time for a whole stream.
#![no_main]

#[path = "../../sse-codec/tests/common/mod.rs"]
mod common;

use common::{Seen, cut, model, read, read_by, read_owned};
use sse_codec::{Limits, Parser};

libfuzzer_sys::fuzz_target!(|input: (Vec<u8>, &[u8])| {
    let (sizes, stream) = input;
    let sizes: Vec<usize> = sizes.into_iter().map(usize::from).collect();
    let mut limits = Limits::default();
    // The model has no limits.
    (limits.max_line, limits.max_data, limits.max_id, limits.max_event) =
        (usize::MAX, usize::MAX, usize::MAX, usize::MAX);
    let mut expected = model(stream);
    assert_eq!(read(&limits, [stream]), expected);
    assert_eq!(read(&limits, cut(stream, &sizes)), expected);
    assert_eq!(read(&limits, stream.chunks(1)), expected);

    // What is ignored is shown beside the rest; comments that are not shown are gone, and nothing else is.
    let mut parser = Parser::with_limits(limits.clone());
    parser.show_ignored(true);
    let mut told = read_by(parser.clone(), cut(stream, &sizes));
    assert_eq!(read_by(parser, [stream]), told);
    told.items.retain(|item| !matches!(item, Seen::Ignored(_)));
    assert_eq!(told, expected);
    let mut quiet = Parser::with_limits(limits.clone());
    quiet.show_comments(false);
    expected.items.retain(|item| !matches!(item, Seen::Comment(_)));
    assert_eq!(read_by(quiet, cut(stream, &sizes)), expected);

    expected.items.retain(|item| matches!(item, Seen::Event { .. }));
    assert_eq!(read_owned(Parser::with_limits(limits), cut(stream, &sizes)), expected.items);
});
