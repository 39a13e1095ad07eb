//! How a stream is cut never shows, except in what is lent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use bytes::BytesMut;
use common::{Seen, cut, message, read};
use sse_codec::{EventId, Item, Limits, Parser};

const LIVE: &[u8] = "\u{FEFF}retry: 100\r\n\r\n: hi\nid: 1\nevent: tick\r\ndata: é\rdata: 2\n\nid: 2\n\ndata: \u{1F600}\r\n\r\n"
    .as_bytes();

#[test]
fn every_pair_of_cuts_gives_the_same_items() {
    let limits = Limits::default();
    let whole = read(&limits, [LIVE]);
    assert_eq!(whole.items.len(), 5);
    for first in 0..=LIVE.len() {
        for second in first..=LIVE.len() {
            let pieces = [&LIVE[..first], &LIVE[first..second], &LIVE[second..]];
            assert_eq!(read(&limits, pieces), whole, "cut at {first} and {second}");
        }
    }
}

#[test]
fn every_size_of_chunk_gives_the_same_items() {
    let limits = Limits::default();
    let whole = read(&limits, [LIVE]);
    for size in 1..=LIVE.len() {
        assert_eq!(read(&limits, cut(LIVE, &[size])), whole, "chunks of {size}");
    }
}

/// After each chunk, the items that the bytes so far allow have come.
#[test]
fn an_event_is_not_held_back_after_a_final_cr() {
    let mut parser = Parser::new();
    let mut chunk = &b"data: a\r\n\r"[..];
    assert_eq!(parser.next(&mut chunk).map(Seen::from), Some(message("a")));
    let mut chunk = &b"\ndata: b\r\r"[..];
    assert_eq!(parser.next(&mut chunk).map(Seen::from), Some(message("b")));
    let mut chunk = &b"retry: 7\r"[..];
    assert!(matches!(parser.next(&mut chunk), Some(Item::Retry(_))));
    let mut chunk = &b": hi\r"[..];
    assert_eq!(parser.next(&mut chunk), Some(Item::Comment("hi")));
}

#[test]
fn an_event_is_not_held_back_when_its_last_byte_comes_alone() {
    let mut parser = Parser::new();
    for (at, byte) in b"data: a\n\n".iter().enumerate() {
        let item = parser.next(&mut &[*byte][..]).map(Seen::from);
        assert_eq!(item, (at == 8).then(|| message("a")), "byte {at}");
    }
}

#[test]
fn an_event_in_one_chunk_is_lent_from_it() {
    let mut parser = Parser::new();
    let stream = b"event: tick\nid: 1\ndata: first\n\ndata: second\r\n\r\n: note\n\ndata: sp".to_vec();
    let within = stream.as_ptr_range();
    let mut chunk = &stream[..];
    for expected in ["first", "second"] {
        let Some(Item::Event(event)) = parser.next(&mut chunk) else { panic!("an event") };
        assert_eq!(event.data(), expected);
        assert!(within.contains(&event.data().as_ptr()), "{expected} was copied");
    }
    let Some(Item::Comment(text)) = parser.next(&mut chunk) else { panic!("a comment") };
    assert!(within.contains(&text.as_ptr()), "the comment was copied");
    assert_eq!(parser.next(&mut chunk), None);
    let mut chunk = &b"lit\n\n"[..];
    let Some(Item::Event(event)) = parser.next(&mut chunk) else { panic!("an event") };
    assert_eq!((event.data(), event.id()), ("split", "1"));
}

#[test]
fn the_idle_parser_is_small() {
    assert!(size_of::<Parser>() <= 256, "{} bytes", size_of::<Parser>());
}

#[test]
fn the_end_drops_the_block_and_its_id_and_readies_for_the_next_stream() {
    let mut parser = Parser::new();
    let mut chunk = &b"id: 1\ndata: a\n\nid: 2\nretry: 9\nevent: e\ndata: b\ndata: c"[..];
    assert!(matches!(parser.next(&mut chunk), Some(Item::Event(_))));
    assert!(matches!(parser.next(&mut chunk), Some(Item::Retry(_))));
    assert_eq!(parser.next(&mut chunk), None);
    assert!(parser.finish(), "a block was open");
    assert!(!parser.finish(), "it is gone");
    assert_eq!(parser.last_event_id(), "1");
    assert_eq!(parser.reconnection_time().unwrap().as_millis(), 9);

    let mut chunk = &b"\xEF\xBB\xBFdata: d\n\n"[..];
    let item = parser.next(&mut chunk).map(Seen::from);
    assert_eq!(
        item,
        Some(common::event("message", "d", "1")),
        "a BOM is dropped again, nothing of the old block is left"
    );
}

#[test]
fn the_end_forgets_a_final_cr_and_half_a_byte_order_mark() {
    let mut parser = Parser::new();
    for stream in [&b"data: a\r"[..], b"\xEF\xBB"] {
        assert_eq!(parser.next(&mut &stream[..]), None);
        parser.finish();
    }
    // After a CR the LF would be swallowed, after half a mark it would end a line of two bytes.
    let mut chunk = &b"\n\ndata: b\n\n"[..];
    assert_eq!(parser.next(&mut chunk).map(Seen::from), Some(message("b")));
}

/// The places of an earlier, longer comment or line in the parser's buffers mean nothing for what comes after it.
#[test]
fn what_a_cut_left_behind_is_not_looked_at_again() {
    let mut parser = Parser::new();
    let mut items = Vec::new();
    for chunk in ["x\n: a comm", "ent\nx", "\nevent: e\n: b\ndata: cut", "\ndata: c\n"] {
        let mut chunk = chunk.as_bytes();
        while let Some(item) = parser.next(&mut chunk) {
            items.push(Seen::from(item));
        }
    }
    parser.finish();
    for chunk in ["event: e\ndata: d\n\n: x", "\nid: 1\n: b\n\n"] {
        let mut chunk = chunk.as_bytes();
        while let Some(item) = parser.next(&mut chunk) {
            items.push(Seen::from(item));
        }
    }
    let expected = [
        common::comment("a comment"),
        common::comment("b"),
        common::event("e", "d", ""),
        common::comment("x"),
        common::comment("b"),
        common::id_only("1"),
    ];
    assert_eq!(items, expected);
}

#[test]
fn a_source_goes_on_from_an_id() {
    let mut parser = Parser::new();
    parser.set_last_event_id(&EventId::parse("41").unwrap());
    let mut chunk = &b"data: a\n\n"[..];
    assert_eq!(parser.next(&mut chunk).map(Seen::from), Some(common::event("message", "a", "41")));
}

#[test]
fn decode_gives_owned_events_and_takes_what_it_used() {
    let mut parser = Parser::new();
    let mut received = BytesMut::new();
    let mut events = Vec::new();
    for byte in LIVE {
        received.extend_from_slice(&[*byte]);
        while let Some(event) = parser.decode(&mut received).unwrap() {
            events.push((event.event().to_owned(), event.data().to_owned(), event.id().to_owned()));
        }
        assert!(received.is_empty());
    }
    let expected = [("tick", "é\n2", "1"), ("message", "\u{1F600}", "2")];
    assert_eq!(events, expected.map(|(event, data, id)| (event.to_owned(), data.to_owned(), id.to_owned())));

    received.extend_from_slice(b"data: a\n\ndata: b\n\n");
    assert_eq!(parser.decode(&mut received).unwrap().unwrap().data(), "a");
    assert_eq!(&received[..], b"data: b\n\n", "one event a call");
}
