//! The parser, at any cut, against `sse-core` and `sse-parse`: the same events, the same last id.
#![no_main]

#[path = "../../sse-codec/tests/common/mod.rs"]
mod common;

use std::num::NonZeroUsize;

use common::{Seen, cut, event, read};
use sse_codec::Limits;
use sse_core::{SseDecoder, SseEvent};
use sse_parse::SseParser;

libfuzzer_sys::fuzz_target!(|input: (Vec<u8>, &[u8])| {
    let (sizes, stream) = input;
    let sizes: Vec<usize> = sizes.into_iter().map(usize::from).collect();
    let mut limits = Limits::default();
    (limits.max_line, limits.max_data, limits.max_id, limits.max_event) =
        (usize::MAX, usize::MAX, usize::MAX, usize::MAX);
    let ours = read(&limits, cut(stream, &sizes));
    // They show neither comments nor blocks with an id alone; what they make of reconnection times differs beyond 32 and 64 bits.
    let events: Vec<&Seen> = ours.items.iter().filter(|item| matches!(item, Seen::Event { .. })).collect();

    let mut decoder = SseDecoder::with_limit(NonZeroUsize::MAX);
    let mut parser = SseParser::new();
    let (mut core, mut parse) = (Vec::new(), Vec::new());
    for chunk in cut(stream, &sizes) {
        let mut rest = chunk;
        while let Some(found) = decoder.next(&mut rest) {
            if let SseEvent::Message(message) = found.expect("no limit") {
                let id = message.last_event_id.as_deref().unwrap_or_default();
                core.push(event(&message.event, &message.data, id));
            }
        }
        parser.feed(chunk);
        while let Some(found) = parser.next_event() {
            parse.push(event(&found.event, &found.data, &found.id));
        }
    }
    assert_eq!(events, core.iter().collect::<Vec<_>>(), "sse-core");
    assert_eq!(events, parse.iter().collect::<Vec<_>>(), "sse-parse");
    assert_eq!(ours.last_id, decoder.last_event_id().map_or("", |id| id), "sse-core");
    assert_eq!(ours.last_id, parser.last_event_id(), "sse-parse");
});
