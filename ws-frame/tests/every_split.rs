//! The same input, cut at every place and byte by byte, gives the same events and the same answer.
#![cfg(feature = "std")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bytes::{Bytes, BytesMut};
use common::*;
use ws_frame::{Connection, ErrorKind, Event, Opcode};

/// The events, and what is sent when the application sends back what it gets.
fn run(wire: &[u8], pieces: impl Iterator<Item = usize>) -> (Vec<Event>, Bytes) {
    let mut server = server();
    let mut buf = BytesMut::new();
    let mut all = Vec::new();
    let mut rest = wire;
    let mut drain = |server: &mut Connection, buf: &mut BytesMut, piece: &[u8]| {
        buf.extend_from_slice(piece);
        server.receive(buf, start());
        while let Some(event) = server.poll_event() {
            if let Event::Message(message) = &event {
                server.send(message.clone()).unwrap();
            }
            all.push(event);
        }
    };
    for piece in pieces {
        let (now, later) = rest.split_at(piece.min(rest.len()));
        rest = later;
        drain(&mut server, &mut buf, now);
    }
    drain(&mut server, &mut buf, rest);
    let mut frames: Vec<_> =
        sent(&mut server).into_iter().map(|frame| (frame.opcode, frame.payload)).collect();
    // A pong may overtake: the order among the other frames, and among the pongs, is what is promised.
    frames.sort_by_key(|(opcode, _)| *opcode == Opcode::Pong);
    let sent =
        frames.into_iter().flat_map(|(opcode, payload)| [vec![opcode as u8], payload.to_vec()].concat());
    (all, sent.collect())
}

fn corpus() -> Vec<(&'static str, BytesMut)> {
    let mut good = masked(true, Opcode::Text, "κόσμε");
    good.extend(masked(false, Opcode::Text, "€".as_bytes().split_at(1).0));
    good.extend(masked(true, Opcode::Ping, "in between"));
    good.extend(masked(false, Opcode::Continuation, ""));
    good.extend(masked(true, Opcode::Continuation, "€".as_bytes().split_at(1).1));
    good.extend(masked(true, Opcode::Binary, vec![0xff; 200]));
    let mut closing = good.clone();
    closing.extend(masked(true, Opcode::Close, close_body(4000, "bye")));
    closing.extend(masked(true, Opcode::Text, "after"));
    let with = |tail: &[u8]| {
        let mut wire = good.clone();
        wire.extend_from_slice(tail);
        wire.extend(masked(true, Opcode::Text, "after"));
        wire
    };
    vec![
        ("reserved bit", with(b"\xa1\x80\0\0\0\0")),
        ("reserved opcode", with(b"\x84\x80\0\0\0\0")),
        ("no mask", with(b"\x81\x05Hello")),
        ("length", with(b"\x81\xfe\x00\x05\0\0\0\0Hello")),
        ("bad text", with(&masked(true, Opcode::Text, b"ab\xed\xa0\x80cd"))),
        ("text that breaks off", with(&masked(true, Opcode::Text, b"ab\xe2\x82"))),
        ("continuation", with(&masked(true, Opcode::Continuation, "x"))),
        ("close code", with(&masked(true, Opcode::Close, close_body(1005, "")))),
        ("good", good),
        ("closing", closing),
    ]
}

#[test]
fn cut_in_two_anywhere() {
    for (name, wire) in corpus() {
        let whole = run(&wire, std::iter::empty());
        for cut in 0..=wire.len() {
            assert_eq!(run(&wire, std::iter::once(cut)), whole, "{name} cut at {cut}");
        }
    }
}

#[test]
fn in_pieces_of_each_small_size() {
    for (name, wire) in corpus() {
        let whole = run(&wire, std::iter::empty());
        for size in 1..20 {
            let pieces = std::iter::repeat_n(size, wire.len() / size);
            assert_eq!(run(&wire, pieces), whole, "{name} by {size}");
        }
    }
}

#[test]
fn the_corpus_reaches_what_it_means_to() {
    let kinds: Vec<_> = corpus()
        .into_iter()
        .map(|(_, wire)| match run(&wire, std::iter::empty()).0.last() {
            Some(Event::Closed(info)) => info.error.map(|error| error.close_code().as_u16()).or(Some(0)),
            _ => None,
        })
        .collect();
    let expected = [1002, 1002, 1002, 1002, 1007, 1007, 1002, 1002].map(Some);
    assert_eq!(kinds[..8], expected);
    assert_eq!(kinds[8..], [None, Some(0)]);
}

#[test]
fn a_frame_in_bytes_costs_linear_time() {
    // Work is counted in bytes that a call sees anew; a quadratic reader would need 2^40 steps here and never end.
    let mut server = server();
    let wire = masked(true, Opcode::Text, "é".repeat(1 << 19));
    let mut buf = BytesMut::new();
    for &byte in &wire {
        buf.extend_from_slice(&[byte]);
        server.receive(&mut buf, start());
    }
    assert_eq!(events(&mut server), [text(&"é".repeat(1 << 19))]);
}

#[test]
fn small_messages_in_the_segments_of_a_network() {
    let texts = ["x", "é", "a€", "😀"];
    let mut wire = BytesMut::new();
    for (i, size) in [1024, 2000, 4095, 4096, 4097, 1400, 1460, 126, 30].into_iter().enumerate() {
        let text = texts[i % texts.len()];
        wire.extend(masked(true, Opcode::Text, text.repeat(size / text.len())));
        wire.extend(masked(true, Opcode::Binary, vec![i as u8; size]));
        wire.extend(masked(true, Opcode::Ping, "in between"));
    }
    wire.extend(masked(true, Opcode::Text, [&b"long enough"[..], &[0xff; 5], &[b'x'; 2000]].concat()));
    let whole = run(&wire, std::iter::empty());
    assert_eq!(whole.0.len(), 9 * 3 + 1);
    for size in [1, 7, 100, 536, 1448, 1460, 4096, 4100] {
        assert_eq!(run(&wire, std::iter::repeat_n(size, wire.len() / size)), whole, "by {size}");
    }
}

#[test]
fn a_bad_byte_in_a_small_message_is_refused_before_the_rest_comes() {
    for (text, bad) in [(&b"abc\xff"[..], 3), (b"\xed\xa0", 0), (b"a\xe2\x82x", 1), (b"\xc3\xa9\xc0", 2)] {
        let wire = masked(true, Opcode::Text, [text, &[b'x'; 1000]].concat());
        let head = wire.len() - 1000 - text.len();
        for step in 1..=text.len() {
            let mut server = server();
            let mut buf = BytesMut::from(&wire[..head]);
            let mut end = head;
            while end < head + text.len() {
                server.receive(&mut buf, start());
                assert_eq!(events(&mut server), [], "{text:?} up to {end}");
                let next = (end + step).min(head + text.len());
                buf.extend_from_slice(&wire[end..next]);
                end = next;
            }
            server.receive(&mut buf, start());
            let got = events(&mut server);
            assert_eq!(closed(&got).error.unwrap().kind(), ErrorKind::InvalidUtf8 { at: bad });
        }
    }
}
