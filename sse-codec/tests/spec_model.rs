//! Generated streams, valid and broken, against the standard written down a second time, and against sse-core.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Seen, cut, model, read};
use proptest::prelude::*;
use sse_codec::{EventId, Limits, Parser};
use sse_core::{SseDecoder, SseEvent};

/// Pieces that make the rules meet each other.
const PIECES: &[&[u8]] = &[
    b"data",
    b"data:",
    b"data: ",
    b"event: ",
    b"event:",
    b"id: ",
    b"id",
    b"retry: ",
    b"retry:",
    b":",
    b": ",
    b" ",
    b"\n",
    b"\n",
    b"\n\n",
    b"\r",
    b"\r\n",
    b"\r\n\r\n",
    b"\n\r",
    b"x",
    b"12",
    b"999999999999999999999999",
    b"+",
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xEF",
    b"\xBB",
    b"\xBF",
    b"\xFF",
    b"\xE2\x82\xAC",
    b"\xE2\x82",
    b"\xF0\x9F\x98\x80",
    b"\xF0\x9F",
    b"\xED\xA0\x80",
    b"a fairly long run of ordinary text",
    b"data: whole\n\n",
    b"id: 5\ndata: block\n\n",
    b": keepalive\n\n",
    b"event: tick\ndata: {}\n\n",
];

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        12 => prop::sample::select(PIECES).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1_usize..12, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_model(stream in stream(), sizes in sizes()) {
        let expected = model(&stream);
        let limits = Limits::default();
        prop_assert_eq!(&read(&limits, [&stream[..]]), &expected);
        prop_assert_eq!(&read(&limits, cut(&stream, &sizes)), &expected);
        prop_assert_eq!(&read(&limits, stream.chunks(1)), &expected);
    }

    #[test]
    fn a_used_parser_reads_the_next_stream_as_a_new_one(first in stream(), second in stream(), sizes in sizes()) {
        let run = |parser: &mut Parser, stream: &[u8]| {
            let mut items = Vec::new();
            for mut chunk in cut(stream, &sizes) {
                while let Some(item) = parser.next(&mut chunk) {
                    items.push(Seen::from(item));
                }
            }
            parser.finish();
            items
        };
        let mut used = Parser::new();
        run(&mut used, &first);
        let mut new = Parser::new();
        new.set_last_event_id(&EventId::parse(used.last_event_id()).unwrap());
        prop_assert_eq!(run(&mut used, &second), run(&mut new, &second));
        prop_assert_eq!(used.last_event_id(), new.last_event_id());
    }

    #[test]
    fn agrees_with_sse_core(stream in stream(), sizes in sizes()) {
        // Its reconnection time has 32 bits, and it shows neither comments nor blocks with an id alone.
        let ours: Vec<_> = read(&Limits::default(), cut(&stream, &sizes)).items.into_iter().filter_map(|item| match item {
            Seen::Event { event, data, id } => Some((event, data, id)),
            _ => None,
        }).collect();
        let mut decoder = SseDecoder::new();
        let mut theirs = Vec::new();
        for mut chunk in cut(&stream, &sizes) {
            while let Some(found) = decoder.next(&mut chunk) {
                if let SseEvent::Message(message) = found.unwrap() {
                    let id = message.last_event_id.as_deref().unwrap_or_default().to_owned();
                    theirs.push((message.event.into_owned(), message.data, id));
                }
            }
        }
        prop_assert_eq!(ours, theirs);
    }
}
