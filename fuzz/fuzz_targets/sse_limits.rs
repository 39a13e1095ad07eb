//! Small limits: the same items and drops at any cut, and nothing beyond a limit comes through.
#![no_main]

#[path = "../../sse-codec/tests/common/mod.rs"]
mod common;

use common::{Seen, cut, read};
use sse_codec::{Limits, OnOverflow};

libfuzzer_sys::fuzz_target!(|input: ([u8; 4], Vec<u8>, &[u8])| {
    let ([line, data, id, event], sizes, stream) = input;
    let sizes: Vec<usize> = sizes.into_iter().map(usize::from).collect();
    let mut limits = Limits::default();
    limits.max_line = usize::from(line);
    limits.max_data = usize::from(data);
    limits.max_id = usize::from(id);
    limits.max_event = usize::from(event);

    let whole = read(&limits, [stream]);
    assert_eq!(read(&limits, cut(stream, &sizes)), whole);
    assert_eq!(read(&limits, stream.chunks(1)), whole);

    // Where the first crossed limit ends the stream, nothing comes behind it, and all before it is the same.
    let mut strict = limits.clone();
    strict.on_overflow = OnOverflow::Terminate;
    let ended = read(&strict, [stream]);
    assert_eq!(read(&strict, cut(stream, &sizes)), ended);
    let first = whole.items.iter().position(|item| matches!(item, Seen::Dropped(_)));
    assert_eq!(ended.items, whole.items[..first.map_or(whole.items.len(), |at| at + 1)]);

    // A replaced byte grows to three.
    let within = |text: &str, max: usize| text.len() <= max * 3;
    assert!(within(&whole.last_id, limits.max_id));
    let mut last = None;
    for item in &whole.items {
        match item {
            Seen::Event { event, data, id } => {
                assert!(event == "message" || within(event, limits.max_event));
                assert!(within(data, limits.max_data) && within(id, limits.max_id));
            }
            Seen::Comment(text) => assert!(within(text, limits.max_line)),
            Seen::IdOnly(id) => assert!(within(id, limits.max_id)),
            Seen::Retry(_) | Seen::Ignored(_) => {}
            Seen::Dropped(overflow) => {
                assert!(overflow.offset < stream.len() as u64);
                assert!(last < Some(overflow.offset), "one report a line, in order");
                last = Some(overflow.offset);
            }
        }
    }
});
