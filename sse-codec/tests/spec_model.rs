//! Generated streams, valid and broken, against the standard written down a second time, and against `sse-core` and `sse-parse`.
//!
//! `SSE_CASES=1000000 cargo test --release -p sse-codec --test spec_model` is the long run; `SSE_SEED` begins it elsewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the environment says how many cases to run")]

mod common;

use common::{Draw, Read, Seen, cut, model, read, read_by, read_owned};
use sse_codec::{EventId, Limits, Parser};
use sse_core::{SseDecoder, SseEvent};
use sse_parse::SseParser;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().unwrap())
}

/// Gives `check` stream after stream, with a way to cut each; what fails prints its seed.
fn streams(default: u64, check: impl Fn(&[u8], &[usize])) {
    let first = number("SSE_SEED", 1);
    for seed in first..first + number("SSE_CASES", default) {
        let mut draw = Draw(seed);
        let (stream, sizes) = (draw.stream(), draw.sizes());
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&stream, &sizes)));
        assert!(result.is_ok(), "SSE_SEED={seed}: {sizes:?} {:?}", String::from_utf8_lossy(&stream));
    }
}

fn events(read: Read) -> Vec<Seen> {
    read.items.into_iter().filter(|item| matches!(item, Seen::Event { .. })).collect()
}

#[test]
fn agrees_with_the_model() {
    let limits = Limits::default();
    streams(4000, |stream, sizes| {
        let expected = model(stream);
        assert_eq!(read(&limits, [stream]), expected, "whole");
        assert_eq!(read(&limits, cut(stream, sizes)), expected, "cut");
        assert_eq!(read(&limits, stream.chunks(1)), expected, "byte by byte");
    });
}

#[test]
fn owned_events_are_the_lent_ones() {
    streams(2000, |stream, sizes| {
        let expected = events(model(stream));
        for chunks in [vec![stream], cut(stream, sizes)] {
            assert_eq!(read_owned(Parser::new(), chunks), expected);
        }
    });
}

#[test]
fn comments_that_are_not_shown_change_nothing_else() {
    streams(2000, |stream, sizes| {
        let mut expected = model(stream);
        expected.items.retain(|item| !matches!(item, Seen::Comment(_)));
        for chunks in [vec![stream], cut(stream, sizes), cut(stream, &[1])] {
            let mut parser = Parser::new();
            parser.show_comments(false);
            assert_eq!(read_by(parser, chunks), expected);
        }
    });
}

#[test]
fn a_used_parser_reads_the_next_stream_as_a_new_one() {
    streams(1000, |first, sizes| {
        let second = Draw(first.len() as u64).stream();
        let run = |parser: &mut Parser, stream: &[u8]| {
            let mut items = Vec::new();
            for mut chunk in cut(stream, sizes) {
                while let Some(item) = parser.next(&mut chunk) {
                    items.push(Seen::from(item));
                }
            }
            parser.finish();
            items
        };
        let mut used = Parser::new();
        run(&mut used, first);
        let mut new = Parser::new();
        new.set_last_event_id(&EventId::parse(used.last_event_id()).unwrap());
        assert_eq!(run(&mut used, &second), run(&mut new, &second));
        assert_eq!(used.last_event_id(), new.last_event_id());
    });
}

/// Its reconnection time has 32 bits, and it shows neither comments nor blocks with an id alone.
#[test]
fn agrees_with_sse_core() {
    streams(2000, |stream, sizes| {
        let mut decoder = SseDecoder::new();
        let mut theirs = Vec::new();
        for mut chunk in cut(stream, sizes) {
            while let Some(found) = decoder.next(&mut chunk) {
                if let SseEvent::Message(message) = found.unwrap() {
                    let id = message.last_event_id.as_deref().unwrap_or_default();
                    theirs.push(common::event(&message.event, &message.data, id));
                }
            }
        }
        assert_eq!(events(read(&Limits::default(), cut(stream, sizes))), theirs);
    });
}

/// It ignores a reconnection time beyond 64 bits, which counts as the largest here.
#[test]
fn agrees_with_sse_parse() {
    streams(2000, |stream, sizes| {
        let mut parser = SseParser::new();
        let mut theirs = Vec::new();
        for chunk in cut(stream, sizes) {
            parser.feed(chunk);
            while let Some(event) = parser.next_event() {
                theirs.push(common::event(&event.event, &event.data, &event.id));
            }
        }
        let ours = read(&Limits::default(), cut(stream, sizes));
        assert_eq!(ours.last_id, parser.last_event_id());
        assert_eq!(events(ours), theirs);
    });
}
