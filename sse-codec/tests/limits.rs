//! Each limit: what is dropped, what is reported, where the parser goes on; the same for any cut.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::error::Error;

use common::{Seen, comment, cut, event, message, read, retry};
use proptest::prelude::*;
use sse_codec::{LimitKind, Limits, Overflow, Parser};

fn limits(line: usize, data: usize, id: usize, event: usize) -> Limits {
    let mut limits = Limits::default();
    (limits.max_line, limits.max_data, limits.max_id, limits.max_event) = (line, data, id, event);
    limits
}

fn dropped(limit: LimitKind, max: usize, offset: u64) -> Seen {
    let mut overflow = overflow();
    (overflow.limit, overflow.max, overflow.offset) = (limit, max, offset);
    Seen::Dropped(overflow)
}

/// Some overflow; the type can only be had from a parser.
fn overflow() -> Overflow {
    let items = read(&limits(0, 0, 0, 0), [&b"x"[..]]).items;
    let [Seen::Dropped(overflow)] = items[..] else { panic!("{items:?}") };
    overflow
}

#[track_caller]
fn check(limits: &Limits, stream: &[u8], expected: &[Seen]) {
    let whole = read(limits, [stream]);
    assert_eq!(whole.items, expected);
    assert_eq!(read(limits, stream.chunks(1)), whole, "byte by byte");
    for at in 0..=stream.len() {
        assert_eq!(read(limits, [&stream[..at], &stream[at..]]), whole, "cut at {at}");
    }
}

#[test]
fn the_defaults() {
    assert_eq!(Limits::default(), Limits::DEFAULT);
    assert_eq!(Limits::DEFAULT, limits(1 << 20, 4 << 20, 1 << 10, 1 << 10));
}

#[test]
fn a_line_may_be_as_long_as_its_limit() {
    let limits = limits(10, 100, 100, 100);
    check(&limits, b"data: 1234\n\n", &[message("1234")]);
    check(&limits, b"data: 12345\n\ndata: a\n\n", &[dropped(LimitKind::Line, 10, 0), message("a")]);
}

#[test]
fn a_long_line_drops_its_whole_block_and_id() {
    let limits = limits(10, 100, 100, 100);
    check(
        &limits,
        b"id: 1\ndata: a\n\nid: 2\nevent: e\ndata: 12345\nretry: 5\ndata: b\n: c\n\ndata: d\n\n",
        &[event("message", "a", "1"), dropped(LimitKind::Line, 10, 30), event("message", "d", "1")],
    );
}

#[test]
fn a_line_that_never_ends_is_reported_before_it_ends() {
    let limits = limits(10, 100, 100, 100);
    check(&limits, b"data: a\n\n01234567890", &[message("a"), dropped(LimitKind::Line, 10, 9)]);
    check(&limits, b"data: a\n\n0123456789", &[message("a")]);
    check(
        &limits,
        b": 345678901234567890\r\n\r\ndata: a\n\n",
        &[dropped(LimitKind::Line, 10, 0), message("a")],
    );
}

#[test]
fn dropping_ends_at_a_blank_line_of_any_kind() {
    let limits = limits(8, 100, 100, 100);
    for end in ["\n", "\r", "\r\n"] {
        let stream = format!("data: 123{end}{end}data: a{end}{end}");
        check(&limits, stream.as_bytes(), &[dropped(LimitKind::Line, 8, 0), message("a")]);
    }
}

#[test]
fn data_may_be_as_long_as_its_limit() {
    let limits = limits(100, 3, 100, 100);
    check(&limits, b"data: 123\n\n", &[message("123")]);
    check(&limits, b"data: 1234\n\ndata: a\n\n", &[dropped(LimitKind::Data, 3, 0), message("a")]);
}

#[test]
fn the_line_feeds_between_data_lines_count() {
    let limits = limits(100, 3, 100, 100);
    check(&limits, b"data: 1\ndata: 2\n\n", &[message("1\n2")]);
    check(&limits, b"data\ndata\ndata\ndata\n\n", &[message("\n\n\n")]);
    check(
        &limits,
        b"data\ndata\ndata\ndata\ndata\n\ndata: a\n\n",
        &[dropped(LimitKind::Data, 3, 20), message("a")],
    );
    check(
        &limits,
        b"data: 1\ndata: 23\nid: 1\n\ndata: a\n\n",
        &[dropped(LimitKind::Data, 3, 8), message("a")],
    );
}

#[test]
fn a_long_id_is_ignored_and_its_event_stays() {
    let limits = limits(100, 100, 2, 100);
    check(&limits, b"id: 12\ndata: a\n\n", &[event("message", "a", "12")]);
    check(
        &limits,
        b"id: 1\ndata: a\nid: 123\n\nid: 123\ndata: b\n\n",
        &[
            dropped(LimitKind::Id, 2, 14),
            event("message", "a", "1"),
            dropped(LimitKind::Id, 2, 23),
            event("message", "b", "1"),
        ],
    );
}

#[test]
fn a_long_type_drops_its_block() {
    let limits = limits(100, 100, 100, 2);
    check(&limits, b"event: ab\ndata: a\n\n", &[event("ab", "a", "")]);
    check(&limits, b"event: abc\ndata: a\n\ndata: b\n\n", &[dropped(LimitKind::Event, 2, 0), message("b")]);
}

#[test]
fn what_came_before_the_limit_stays_in_force() {
    let limits = limits(10, 100, 100, 100);
    check(
        &limits,
        b"retry: 5\n: note\ndata: 12345\n\n",
        &[retry(5), comment("note"), dropped(LimitKind::Line, 10, 16)],
    );
}

#[test]
fn limits_of_zero_leave_a_parser_that_still_works() {
    check(&limits(0, 0, 0, 0), b"\n\r\nx", &[dropped(LimitKind::Line, 0, 3)]);
    check(&limits(100, 0, 0, 0), b"data:\n\nid:\n\n", &[message(""), common::id_only("")]);
}

#[test]
fn the_byte_order_mark_is_no_part_of_a_line() {
    check(&limits(7, 100, 100, 100), b"\xEF\xBB\xBFdata: a\n\n", &[message("a")]);
    check(&limits(2, 100, 100, 100), b"\xEF\xBBx\n\n", &[dropped(LimitKind::Line, 2, 0)]);
}

#[test]
fn a_default_parser_holds_no_endless_line() {
    let mut parser = Parser::new();
    let chunk = [b'x'; 4096];
    let mut reports = 0;
    for _ in 0..1024 {
        let mut chunk = &chunk[..];
        while parser.next(&mut chunk).is_some() {
            reports += 1;
        }
    }
    assert_eq!(reports, 1, "4 MiB of one line are one report");
}

#[test]
fn a_default_parser_holds_no_endless_block() {
    let line = format!("data: {}\n", "x".repeat(1017));
    let mut parser = Parser::new();
    let mut reports = Vec::new();
    for _ in 0..8192 {
        let mut chunk = line.as_bytes();
        while let Some(item) = parser.next(&mut chunk) {
            reports.push(Seen::from(item));
        }
    }
    // 4120 lines of 1018 bytes with their line feeds fit in 4 MiB.
    assert_eq!(reports, [dropped(LimitKind::Data, 4 << 20, 4120 * 1024)]);
}

#[test]
fn an_overflow_says_what_where_and_what_to_do() {
    let overflow = overflow();
    let text = overflow.to_string();
    assert_eq!(
        text,
        "block dropped: the line at byte 0 crosses max_line of 0 bytes; raise it if the server is trusted"
    );
    assert!(overflow.source().is_none());
    let kinds = [LimitKind::Line, LimitKind::Data, LimitKind::Id, LimitKind::Event];
    assert_eq!(kinds.map(LimitKind::name), ["max_line", "max_data", "max_id", "max_event"]);
    assert_eq!(kinds.map(LimitKind::drops_block), [true, true, false, true]);
}

#[test]
fn decode_reports_an_overflow_and_goes_on() {
    let mut parser = Parser::with_limits(limits(100, 3, 100, 100));
    let mut received = bytes::BytesMut::from(&b"data: 1234\n\ndata: a\n\n"[..]);
    assert_eq!(parser.decode(&mut received).unwrap_err().limit, LimitKind::Data);
    assert_eq!(parser.decode(&mut received).unwrap().unwrap().data(), "a");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_gives_the_same_drops(
        pieces in prop::collection::vec(prop::sample::select(&[
            "data", "data: ", "event: ", "id: ", "retry: 1", ":", "x", "xyz", "\0", "\n", "\n\n", "\r", "\r\n", "\u{FEFF}", "é",
        ][..]), 0..60),
        sizes in prop::collection::vec(1_usize..9, 1..6),
        max in [6_usize..16, 0..8, 0..4, 0..4],
    ) {
        let stream = pieces.concat();
        let limits = limits(max[0], max[1], max[2], max[3]);
        let whole = read(&limits, [stream.as_bytes()]);
        prop_assert_eq!(&read(&limits, cut(stream.as_bytes(), &sizes)), &whole);
        prop_assert_eq!(&read(&limits, stream.as_bytes().chunks(1)), &whole);
        for item in &whole.items {
            match item {
                Seen::Event { event, data, id } => {
                    prop_assert!(data.len() <= max[1]);
                    prop_assert!(event == "message" || event.len() <= max[3]);
                    prop_assert!(id.len() <= max[2]);
                }
                Seen::Dropped(overflow) => prop_assert!(overflow.offset < stream.len() as u64),
                _ => {}
            }
        }
    }
}
