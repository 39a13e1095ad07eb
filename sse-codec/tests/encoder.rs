//! Frames: the bytes, what they refuse, and that a parser reads them back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::{borrow::Cow, collections::HashSet, time::Duration};

use bytes::BytesMut;
use common::{Seen, comment, event, message, read, retry};
use proptest::prelude::*;
use sse_codec::{Event, EventId, EventName, FieldError, Frame, Limits};

fn text(frame: &Frame<'_>) -> String {
    String::from_utf8(frame.encode().to_vec()).unwrap()
}

fn back(frame: &Frame<'_>) -> Vec<Seen> {
    read(&Limits::default(), [&frame.encode()[..]]).items
}

#[test]
fn fields_come_in_one_order() {
    let frame = Frame::data("d")
        .retry(Duration::from_millis(5))
        .id("i")
        .unwrap()
        .event("e")
        .unwrap()
        .with_comment("c");
    assert_eq!(text(&frame), ": c\nevent: e\nid: i\nretry: 5\ndata: d\n\n");
    assert_eq!(back(&frame), [comment("c"), retry(5), event("e", "d", "i")]);
}

#[test]
fn data_of_any_newline_is_split_over_lines() {
    let frame = Frame::data("a\nb\r\nc\rd\n\re");
    assert_eq!(text(&frame), "data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n");
    assert_eq!(back(&frame), [message("a\nb\nc\nd\n\ne")]);
}

#[test]
fn a_lone_cr_in_data_forges_no_field() {
    let frame = Frame::data("safe\revent: admin\rid: 9\r\rdata: forged");
    assert_eq!(back(&frame), [message("safe\nevent: admin\nid: 9\n\ndata: forged")]);
}

#[test]
fn data_ends_as_it_was_given() {
    for data in ["", "\n", "\n\n", "a\n", "\na", " a", "  ", ":", "\0"] {
        assert_eq!(back(&Frame::data(data)), [message(data)], "{data:?}");
    }
}

#[test]
fn a_comment_is_split_over_lines() {
    let frame = Frame::comment("a\ndata: forged\r\rb");
    assert_eq!(text(&frame), ": a\n: data: forged\n: \n: b\n\n");
    assert_eq!(back(&frame), [comment("a"), comment("data: forged"), comment(""), comment("b")]);
    assert_eq!(text(&Frame::comment("")), ": \n\n");
}

#[test]
fn an_id_takes_neither_nul_nor_newline() {
    for (byte, offset) in [(0, 1), (b'\r', 1), (b'\n', 1)] {
        let id = format!("1{}data: x", char::from(byte));
        let error = Frame::data("x").id(id.as_str()).unwrap_err();
        assert_eq!(error, FieldError::Id { byte, offset });
        assert_eq!(EventId::parse(&id), Err(error));
    }
}

#[test]
fn a_type_takes_no_newline() {
    for (byte, offset) in [(b'\r', 4), (b'\n', 4)] {
        let name = format!("tick{}", char::from(byte));
        let error = Frame::data("x").event(name.as_str()).unwrap_err();
        assert_eq!(error, FieldError::Event { byte, offset });
        assert_eq!(EventName::parse(&name), Err(error));
    }
    assert!(Frame::data("x").event("a\0b").is_ok(), "NUL means nothing in a type");
}

#[test]
fn a_field_error_says_what_and_where() {
    let error = EventId::parse("ab\0").unwrap_err();
    assert_eq!(error.to_string(), "id field holds NUL at byte 2: remove or escape it before sending");
    assert_eq!((error.field(), error.offset()), ("id", 2));
    let error = EventName::parse("\rx").unwrap_err();
    assert_eq!(error.to_string(), "event field holds CR at byte 0: remove or escape it before sending");
    assert_eq!((error.field(), error.offset()), ("event", 0));
}

#[test]
fn an_id_alone_moves_the_last_event_id() {
    let frame = Frame::empty().id("7").unwrap();
    assert_eq!(text(&frame), "id: 7\n\n");
    assert_eq!(back(&frame), [common::id_only("7")]);
    assert_eq!(back(&Frame::empty().id("").unwrap()), [common::id_only("")]);
}

#[test]
fn a_reconnection_time_is_in_milliseconds_rounded_up() {
    let millis = |time| text(&Frame::empty().retry(time));
    assert_eq!(millis(Duration::from_secs(3)), "retry: 3000\n\n");
    assert_eq!(millis(Duration::ZERO), "retry: 0\n\n");
    assert_eq!(millis(Duration::from_nanos(1)), "retry: 1\n\n", "not 0: that would be a tight loop");
    assert_eq!(millis(Duration::MAX), format!("retry: {}\n\n", u64::MAX));
}

#[test]
fn an_empty_frame_is_no_bytes() {
    assert!(Frame::empty().encode().is_empty());
}

#[test]
fn the_last_call_wins() {
    let frame = Frame::data("x").id("1").unwrap().id("2").unwrap().event("a").unwrap().event("b").unwrap();
    assert_eq!(text(&frame), "event: b\nid: 2\ndata: x\n\n");
}

#[test]
fn encode_into_appends() {
    let mut out = BytesMut::from(&b"HTTP"[..]);
    Frame::data("a").encode_into(&mut out);
    Frame::comment("b").encode_into(&mut out);
    Frame::empty().encode_into(&mut out);
    assert_eq!(&out[..], b"HTTPdata: a\n\n: b\n\n");
}

#[test]
fn a_frame_tells_what_was_set() {
    let frame = Frame::data("a\rb").event("e").unwrap().id("i").unwrap().retry(Duration::from_secs(1));
    assert_eq!((frame.event_name(), frame.event_id(), frame.text()), (Some("e"), Some("i"), Some("a\rb")));
    assert_eq!(frame.reconnection_time(), Some(Duration::from_secs(1)));
    let none = Frame::comment("c");
    assert_eq!(
        (none.event_name(), none.event_id(), none.text(), none.reconnection_time()),
        (None, None, None, None)
    );
    let kept: Frame<'static> = frame.clone().into_owned();
    assert_eq!(kept, frame);
}

#[test]
fn names_go_into_a_frame_as_they_are() {
    let (name, id) = (EventName::parse("e").unwrap(), EventId::parse("i").unwrap());
    let frame = Frame::data("d").event(&name).unwrap().id(&id).unwrap();
    assert_eq!(text(&frame), "event: e\nid: i\ndata: d\n\n");
}

#[test]
fn names_are_values() {
    assert_eq!(EventName::parse("").unwrap(), EventName::default());
    assert_eq!("message".parse::<EventName>().unwrap().to_string(), "message");
    assert_eq!(EventId::try_from("1").unwrap(), EventId::try_from(String::from("1")).unwrap());
    assert_eq!(EventId::default().as_ref(), "");
    let set = HashSet::from([EventId::parse("a").unwrap()]);
    assert!(set.contains("a"), "looked up by text");
}

#[test]
fn an_event_is_a_value() {
    let name = |name: &str| EventName::parse(name).unwrap();
    let id = |id: &str| EventId::parse(id).unwrap();
    let event = Event::new(name("ab"), "data\r\n2", id("c"));
    assert_eq!((event.event(), event.data(), event.id()), ("ab", "data\n2", "c"));
    assert_eq!(event.borrowed().to_owned(), event);
    assert_ne!(event, Event::new(name("a"), "data\n2", id("bc")), "the same text, cut elsewhere");
    assert_eq!(
        Event::new(name("message"), "x", id("")),
        Event::new(EventName::default(), "x", EventId::default())
    );
    assert_eq!(format!("{event:?}"), r#"Event { event: "ab", data: "data\n2", id: "c" }"#);
    assert_eq!(event.into_data(), "data\n2");
}

#[test]
fn a_frame_of_an_event_leaves_out_what_is_the_default() {
    let plain = Event::new(EventName::default(), "x", EventId::default());
    assert_eq!(text(&Frame::from(&plain)), "data: x\n\n");
    assert_eq!(text(&Frame::from(plain.borrowed())), "data: x\n\n");
}

fn normal(data: &str) -> Cow<'_, str> {
    Cow::Owned(data.replace("\r\n", "\n").replace('\r', "\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_parser_reads_back_exactly_one_event(
        data in "[ -~\\r\\n\\x00é€:]{0,80}",
        name in "[^\\r\\n]{0,12}",
        id in "[^\\r\\n\\x00]{0,12}",
    ) {
        let frame = Frame::data(data.as_str()).event(name.as_str()).unwrap().id(id.as_str()).unwrap();
        let name = if name.is_empty() { "message" } else { &name };
        prop_assert_eq!(back(&frame), [event(name, &normal(&data), &id)]);
    }

    #[test]
    fn an_event_survives_the_wire(data in "(?s).{0,60}", name in "[a-z]{0,8}", id in "[0-9a-f-]{0,8}") {
        let sent = Event::new(EventName::parse(&name).unwrap(), data.as_str(), EventId::parse(&id).unwrap());
        let mut wire = BytesMut::new();
        Frame::from(&sent).encode_into(&mut wire);
        prop_assert_eq!(sse_codec::Parser::new().decode(&mut wire).unwrap(), Some(sent));
    }

    #[test]
    fn a_comment_is_never_an_event(text in "(?s).{0,60}") {
        let items = back(&Frame::comment(text.as_str()));
        let lines: Vec<Seen> = normal(&text).split('\n').map(comment).collect();
        prop_assert_eq!(items, lines);
    }
}
