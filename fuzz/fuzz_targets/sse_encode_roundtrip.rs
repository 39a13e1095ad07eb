//! Any texts in a frame: refused, or read back as exactly the items that were meant.
#![no_main]

#[path = "../../sse-codec/tests/common/mod.rs"]
mod common;

use std::time::Duration;

use common::{Seen, comment, event, id_only, read};
use sse_codec::{EventId, EventName, Frame, Limits};

libfuzzer_sys::fuzz_target!(|input: (
    Option<&str>,
    Option<&str>,
    Option<&str>,
    Option<&str>,
    Option<u64>
)| {
    let (data, name, id, note, millis) = input;
    let normal = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    let mut frame = data.map_or(Frame::empty(), Frame::data);
    if let Some(name) = name {
        let refused = name.contains(['\r', '\n']);
        assert_eq!(EventName::parse(name).is_err(), refused);
        match frame.clone().event(name) {
            Ok(with) => frame = with,
            Err(error) => assert!(refused && matches!(name.as_bytes()[error.offset()], b'\r' | b'\n')),
        }
    }
    if let Some(id) = id {
        let refused = id.contains(['\0', '\r', '\n']);
        assert_eq!(EventId::parse(id).is_err(), refused);
        match frame.clone().id(id) {
            Ok(with) => frame = with,
            Err(error) => assert!(refused && matches!(id.as_bytes()[error.offset()], 0 | b'\r' | b'\n')),
        }
    }
    if let Some(note) = note {
        frame = frame.with_comment(note);
    }
    if let Some(millis) = millis {
        frame = frame.retry(Duration::from_millis(millis));
    }

    let mut expected: Vec<Seen> = Vec::new();
    if let Some(note) = note {
        expected.extend(normal(note).split('\n').map(comment));
    }
    if let Some(millis) = millis {
        expected.push(Seen::Retry(Duration::from_millis(millis)));
    }
    let id = frame.event_id().unwrap_or_default();
    if let Some(data) = data {
        let name = frame.event_name().filter(|name| !name.is_empty()).unwrap_or("message");
        expected.push(event(name, &normal(data), id));
    } else if frame.event_id().is_some() {
        expected.push(id_only(id));
    }

    let mut limits = Limits::default();
    (limits.max_id, limits.max_event) = (usize::MAX, usize::MAX);
    let wire = frame.encode();
    // A stream that begins with U+FEFF would lose it; a frame never does, since a field name or a colon comes first.
    assert_eq!(read(&limits, [&wire[..]]).items, expected);
});
