//! What the standard tells a parser to ignore, shown to whoever asks; and a stream that ends at its first crossed limit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Draw, Seen, cut, event, message, read_by};
use sse_codec::{Ignored, Item, LimitKind, Limits, OnOverflow, Parser};

fn telling() -> Parser {
    let mut parser = Parser::new();
    parser.show_ignored(true);
    parser
}

fn ignored(ignored: Ignored<'_>) -> Seen {
    Seen::Ignored(ignored.to_string())
}

#[track_caller]
fn check(stream: &[u8], expected: &[Seen]) {
    assert_eq!(read_by(telling(), [stream]).items, expected);
    assert_eq!(read_by(telling(), stream.chunks(1)).items, expected, "byte by byte");
    for at in 0..=stream.len() {
        assert_eq!(read_by(telling(), [&stream[..at], &stream[at..]]).items, expected, "cut at {at}");
    }
}

#[test]
fn an_unknown_field_is_named() {
    check(
        b"Data: a\n\ndata: b\nfoo\n: c\ndata : d\n\n",
        &[
            ignored(Ignored::UnknownField { name: "Data", offset: 0 }),
            ignored(Ignored::UnknownField { name: "foo", offset: 17 }),
            common::comment("c"),
            ignored(Ignored::UnknownField { name: "data ", offset: 25 }),
            message("b"),
        ],
    );
}

#[test]
fn a_bad_reconnection_time_is_shown() {
    check(
        b"retry: 5\nretry: 5s\nretry\nretry:  5\n",
        &[
            common::retry(5),
            ignored(Ignored::BadRetry { value: "5s", offset: 9 }),
            ignored(Ignored::BadRetry { value: "", offset: 19 }),
            ignored(Ignored::BadRetry { value: " 5", offset: 25 }),
        ],
    );
}

#[test]
fn an_id_with_nul_is_shown() {
    check(
        b"id: 1\nid: 2\x003\ndata: a\n\n",
        &[ignored(Ignored::IdWithNul { value: "2\x003", offset: 6 }), event("message", "a", "1")],
    );
}

#[test]
fn what_is_shown_has_its_bytes_replaced_where_they_are_no_text() {
    check(b"\xFFa: 1\n", &[ignored(Ignored::UnknownField { name: "\u{FFFD}a", offset: 0 })]);
}

#[test]
fn each_says_what_where_and_what_to_do() {
    let said = [
        Ignored::UnknownField { name: "Data", offset: 0 },
        Ignored::BadRetry { value: "5s", offset: 9 },
        Ignored::IdWithNul { value: "1\0", offset: 3 },
    ]
    .map(|ignored| ignored.to_string());
    let expected = [
        "unknown field \"Data\" at byte 0: use data, event, id or retry, in lower case",
        "retry \"5s\" at byte 9 is no number: send milliseconds in ascii digits",
        "id \"1\\0\" at byte 3 holds NUL: remove or escape it",
    ];
    assert_eq!(said, expected);
}

#[test]
fn nothing_is_shown_unless_asked_for() {
    let mut parser = Parser::new();
    assert_eq!(parser.next(&mut &b"foo: 1\nretry: x\nid: \0\n\n"[..]), None);
    parser.show_ignored(true);
    assert!(matches!(parser.next(&mut &b"foo: 1\n"[..]), Some(Item::Ignored(_))));
    parser.show_ignored(false);
    assert_eq!(parser.next(&mut &b"foo: 1\n"[..]), None);
}

/// Shown or not, the other items are the same, and so is what is shown at any cut.
#[test]
fn what_is_shown_changes_nothing_else() {
    for seed in 0..2000 {
        let mut draw = Draw(seed);
        let (stream, sizes) = (draw.stream(), draw.sizes());
        let whole = read_by(telling(), [&stream[..]]);
        assert_eq!(read_by(telling(), cut(&stream, &sizes)), whole, "seed {seed}");
        let mut others = whole;
        others.items.retain(|item| !matches!(item, Seen::Ignored(_)));
        assert_eq!(others, common::model(&stream), "seed {seed}");
    }
}

fn strict() -> Limits {
    let mut limits = Limits::default();
    (limits.max_line, limits.max_data, limits.max_id, limits.max_event) = (20, 8, 4, 4);
    limits.on_overflow = OnOverflow::Terminate;
    limits
}

#[test]
fn a_stream_can_end_at_its_first_crossed_limit() {
    let crossing: [(&[u8], LimitKind); 5] = [
        (b"data: 01234567890123456789\n\n", LimitKind::Line),
        (b"data: 012345678\n\n", LimitKind::Data),
        (b"data: 0\ndata: 1234567\n\n", LimitKind::Data),
        (b"event: 01234\ndata: 0\n\n", LimitKind::Event),
        (b"id: 01234\ndata: 0\n\n", LimitKind::Id),
    ];
    for (block, kind) in crossing {
        let stream = [b"data: a\n\n", block, b"data: b\n\nid: 1\n\n"].concat();
        let read = |chunks: Vec<&[u8]>| read_by(Parser::with_limits(strict()), chunks);
        let whole = read(vec![&stream]);
        let [first, Seen::Dropped(overflow)] = &whole.items[..] else { panic!("{whole:?}") };
        assert_eq!((first, overflow.limit), (&message("a"), kind));
        assert_eq!(whole.last_id, "", "what follows is not looked at");
        assert_eq!(read(cut(&stream, &[1])), whole);
        for at in 0..=stream.len() {
            assert_eq!(read(vec![&stream[..at], &stream[at..]]), whole, "cut at {at}");
        }
    }
}

#[test]
fn a_terminated_parser_says_so_and_begins_anew_after_the_end() {
    let mut parser = Parser::with_limits(strict());
    let mut chunk = &b"data: a\n\ndata: 012345678\n\ndata: b\n\n"[..];
    assert!(matches!(parser.next(&mut chunk), Some(Item::Event(_))));
    assert!(!parser.is_terminated());
    assert!(matches!(parser.next(&mut chunk), Some(Item::Dropped(_))));
    assert!(parser.is_terminated());
    assert_eq!(parser.next(&mut chunk), None);
    assert!(chunk.is_empty(), "thrown away");
    parser.finish();
    assert!(!parser.is_terminated());
    assert_eq!(parser.next(&mut &b"data: c\n\n"[..]).map(Seen::from), Some(message("c")));
}
