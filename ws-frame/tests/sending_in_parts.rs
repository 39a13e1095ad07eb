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
