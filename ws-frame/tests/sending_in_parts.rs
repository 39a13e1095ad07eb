//! Messages sent in parts, and those who watch.
#![cfg(feature = "std")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use bytes::BytesMut;
use common::*;
use ws_frame::{CloseCode, Connection, Counters, Message, Opcode, Part, Prepared, SendError};

#[test]
fn section_5_4_parts_are_fragments_of_one_message() {
    let (mut client, mut server) = (client(), server());
    client.send(Part::new("Hel", false)).unwrap();
    client.send(Part::new("l", false)).unwrap();
    client.send(Part::new("o", true)).unwrap();
    let mut wire = transmit(&mut client);
    let frames: Vec<_> = {
        let mut decoder = ws_frame::FrameDecoder::new(ws_frame::Role::Server, 100);
        let mut wire = wire.clone();
        std::iter::from_fn(|| decoder.decode(&mut wire).unwrap()).map(|f| (f.fin, f.opcode)).collect()
    };
    let more = Opcode::Continuation;
    assert_eq!(frames, [(false, Opcode::Text), (false, more), (true, more)]);
    assert_eq!(feed(&mut server, &wire.split()), [text("Hello")]);
}

#[test]
fn a_ping_goes_between_parts_and_a_message_does_not() {
    let mut server = server();
    server.send(Part::new(vec![1], false)).unwrap();
    assert_eq!(server.send("no"), Err(SendError::MessageOpen));
    assert_eq!(server.send(Prepared::new("no")), Err(SendError::MessageOpen));
    assert_eq!(server.send(Part::new("another kind", true)), Err(SendError::MessageOpen));
    server.ping(b"?").unwrap();
    server.send(Part::new(vec![2], true)).unwrap();
    server.send("yes").unwrap();
    let mut client = client();
    let got = feed(&mut client, &transmit(&mut server));
    assert_eq!(got.len(), 3, "{got:?}");
    assert_eq!(got[1..], [ws_frame::Event::Message(Message::from(vec![1, 2])), text("yes")]);
}

#[test]
fn a_part_that_is_empty_sends_nothing_unless_it_is_the_last() {
    let mut server = server();
    server.send(Part::new("", false)).unwrap();
    assert_eq!(server.buffered_amount(), 0);
    server.send("the message is not begun").unwrap();
    server.send(Part::new("a", false)).unwrap();
    server.send(Part::new("", false)).unwrap();
    server.send(Part::new("", true)).unwrap();
    let fins: Vec<_> = sent(&mut server).iter().map(|frame| (frame.fin, frame.payload.len())).collect();
    assert_eq!(fins, [(true, 24), (false, 1), (true, 0)]);
}

#[test]
fn big_parts_are_lent_and_masked() {
    let payload = vec![7; 100_000];
    let (mut client, mut server) = (client(), server());
    client.send(Part::new(payload.clone(), false)).unwrap();
    client.send(Part::new(payload.clone(), true)).unwrap();
    let got = feed(&mut server, &transmit(&mut client));
    assert_eq!(got, [ws_frame::Event::Message(Message::from([&payload[..], &payload].concat()))]);
}

#[test]
fn counters_count_both_ways() {
    let counters = Arc::new(Counters::default());
    let mut config = quiet();
    config.observer = Some(counters.clone());
    let mut server = Connection::server(config, start());
    let mut wire = BytesMut::new();
    for size in [0, 3, 200, 2000] {
        wire.extend(masked(true, Opcode::Text, "x".repeat(size)));
    }
    wire.extend(masked(false, Opcode::Binary, "ab"));
    wire.extend(masked(true, Opcode::Ping, "?"));
    wire.extend(masked(true, Opcode::Continuation, "c"));
    assert_eq!(feed(&mut server, &wire).len(), 6);
    server.send("hello").unwrap();
    server.send(Prepared::new("hello")).unwrap();
    feed(&mut server, &masked(true, Opcode::Close, close_body(1000, "")));
    let received = counters.received();
    assert_eq!((received.frames, received.messages, received.control), (8, 5, 2));
    assert_eq!(received.payload, 3 + 200 + 2000 + 3 + 1 + 2);
    let sent = counters.sent();
    assert_eq!((sent.frames, sent.messages, sent.control, sent.payload), (4, 2, 2, 1 + 5 + 5 + 2));
    assert_eq!(counters.closed(), (1, 0));
}

#[test]
fn a_connection_that_fails_is_counted_as_such() {
    let counters = Arc::new(Counters::default());
    let mut config = quiet();
    config.observer = Some(counters.clone());
    let mut server = Connection::server(config, start());
    feed(&mut server, b"\x83\x80\0\0\0\0");
    assert_eq!(sent_close(&mut server), Some(CloseCode::PROTOCOL_ERROR));
    assert_eq!(counters.closed(), (0, 1));
    assert_eq!(counters.received().frames, 0, "a header that is wrong is no frame");
}

/// A reader that keeps to the credit, into the room that it is given.
#[test]
fn a_big_message_is_read_into_its_own_memory() {
    let mut server = server();
    let mut wire = masked(true, Opcode::Binary, vec![5; 300_000]);
    wire.extend(masked(true, Opcode::Text, "after"));
    let mut buf = BytesMut::with_capacity(server.read_credit());
    let mut got = Vec::new();
    let mut places = Vec::new();
    while !wire.is_empty() {
        let credit = server.read_credit();
        if buf.capacity() - buf.len() < credit.min(64 * 1024) {
            buf.reserve(credit.min(64 * 1024));
        }
        let len = credit.min(64 * 1024).min(wire.len());
        buf.extend_from_slice(&wire.split_to(len));
        places.push(buf.as_ptr() as usize);
        server.receive(&mut buf, start());
        got.extend(events(&mut server));
    }
    let ws_frame::Event::Message(Message::Binary(message)) = &got[0] else { panic!("{got:?}") };
    assert_eq!(message.len(), 300_000);
    let (start, end) = (message.as_ptr() as usize, message.as_ptr() as usize + message.len());
    assert!(places[1..].iter().all(|place| (start..=end).contains(place)), "read where it stays");
    assert_eq!(got[1], text("after"));
}

/// Bad text is refused as soon as it is there, also where it came with the end of a big message.
#[test]
fn a_big_text_behind_a_big_message_is_checked_at_once() {
    let mut server = server();
    let mut wire = masked(true, Opcode::Text, "x".repeat(50_000));
    let start_of_next = wire.len();
    let mut next = "y".repeat(50_000).into_bytes();
    next[100] = 0xff;
    wire.extend(masked(true, Opcode::Text, next));
    let mut buf = BytesMut::new();
    for piece in [&wire[..20_000], &wire[20_000..start_of_next + 1000]] {
        buf.extend_from_slice(piece);
        server.receive(&mut buf, start());
    }
    let got = events(&mut server);
    assert_eq!(got.len(), 2);
    let error = closed(&got).error.unwrap();
    assert_eq!(error.kind(), ws_frame::ErrorKind::InvalidUtf8 { at: 100 });
    assert_eq!(error.offset(), start_of_next as u64);
}

/// Many big messages, read by the credit: they are what was sent, whether the memory of one is used for the next or is kept.
#[test]
fn big_messages_in_a_row_are_what_was_sent() {
    for keep in [false, true] {
        for size in [32 * 1024, 65_536, 100_000] {
            let mut server = server();
            let message = |i: usize| "aé€".repeat(size / 6) + &i.to_string();
            let mut wire: BytesMut = (0..20).flat_map(|i| masked(true, Opcode::Text, message(i))).collect();
            let mut buf = BytesMut::new();
            let (mut kept, mut count) = (Vec::new(), 0);
            while !wire.is_empty() {
                let most = server.read_credit().min(64 * 1024).min(wire.len());
                if buf.capacity() - buf.len() < most {
                    buf.reserve(most);
                }
                buf.extend_from_slice(&wire.split_to(most));
                server.receive(&mut buf, start());
                for event in events(&mut server) {
                    assert!(event == text(&message(count)), "message {count} of {size} bytes");
                    count += 1;
                    if keep {
                        kept.push(event);
                    }
                }
            }
            assert_eq!(count, 20);
            assert!(kept.iter().enumerate().all(|(i, event)| *event == text(&message(i))), "kept ones stay");
        }
    }
}
