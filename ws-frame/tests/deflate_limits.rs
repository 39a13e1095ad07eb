//! Attacks by compression, and the limit that stops each.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use bytes::BytesMut;
use common::{closed, events, feed, plain, quiet, sent_close, start};
use ws_frame::deflate::{Agreement, Deflate, Deflater};
use ws_frame::{CloseCode, Config, Connection, Delivery, ErrorKind, Event, Opcode};

fn agreed() -> Agreement {
    let (agreed, _) = Deflate::with_takeover().choose(&[Deflate::with_takeover().offer()]).unwrap();
    agreed
}

fn client(config: Config) -> Connection {
    Connection::client(config, [7; 32], start()).with_deflate(Some(agreed()))
}

fn frame(fin: bool, opcode: Opcode, payload: &[u8]) -> BytesMut {
    let mut frame = plain(fin, opcode, payload);
    if opcode != Opcode::Continuation {
        frame[0] |= 0x40;
    }
    frame
}

fn deflated(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Deflater::new(&agreed()).deflate(message, true, &mut out);
    out
}

/// Feeds in pieces of 100 bytes, and says how many were taken when the connection failed, and how.
fn failed(connection: &mut Connection, wire: &[u8]) -> (usize, ErrorKind) {
    let mut buf = BytesMut::new();
    for (i, piece) in wire.chunks(100).enumerate() {
        buf.extend_from_slice(piece);
        connection.receive(&mut buf, start());
        let got = events(connection);
        if let Some(Event::Closed(info)) = got.last() {
            return (i * 100, info.error.unwrap().kind());
        }
        assert!(got.iter().all(|event| matches!(event, Event::Chunk(_))), "{got:?}");
    }
    panic!("it was taken")
}

#[test]
fn max_inflate_ratio_stops_a_bomb_after_its_first_kilobyte() {
    let bomb = frame(true, Opcode::Binary, &deflated(&vec![0; 16 << 20]));
    assert!(bomb.len() > 16_000);
    for delivery in [Delivery::Messages, Delivery::Chunks] {
        let mut config = quiet();
        config.delivery = delivery;
        let mut client = client(config);
        let (taken, kind) = failed(&mut client, &bomb);
        assert_eq!(kind, ErrorKind::InflateRatio);
        assert!(taken <= 1100, "{taken} bytes were taken");
        assert_eq!(sent_close(&mut client), Some(CloseCode::TOO_BIG));
        assert!(kind.to_string().contains("max_inflate_ratio"));
    }
}

#[test]
fn max_inflate_ratio_leaves_alone_what_is_under_64_kib_or_under_the_ratio() {
    let mut config = quiet();
    config.limits.max_inflate_ratio = 10;
    let message = |size: usize| frame(true, Opcode::Binary, &deflated(&vec![7; size]));
    let mut client = client(config);
    assert!(matches!(feed(&mut client, &message(64 * 1024))[..], [Event::Message(_)]));
    // What JSON often is, under ten; the next message begins to count anew.
    let line = |i: u32| format!("{{\"id\":{},\"name\":\"somebody\"}}", i.wrapping_mul(747_796_405));
    let lines: String = (0..20_000).map(line).collect();
    let fair = deflated(lines.as_bytes());
    assert!((4..10).contains(&(lines.len() / fair.len())), "{} times", lines.len() / fair.len());
    assert!(matches!(feed(&mut client, &frame(true, Opcode::Text, &fair))[..], [Event::Message(_)]));
    let end = feed(&mut client, &message(64 * 1024 + 1));
    assert_eq!(closed(&end).error.unwrap().kind(), ErrorKind::InflateRatio);
}

#[test]
fn max_message_is_the_length_after_inflation_and_the_step_over_it_is_the_last() {
    for delivery in [Delivery::Messages, Delivery::Chunks] {
        let mut config = quiet();
        config.delivery = delivery;
        config.limits.max_message = 100_000;
        config.limits.max_inflate_ratio = u32::MAX;
        let exact = frame(true, Opcode::Binary, &deflated(&vec![0; 100_000]));
        let mut fits = client(config.clone());
        let got = feed(&mut fits, &exact);
        let len: usize = got
            .iter()
            .map(|event| match event {
                Event::Message(message) => message.len(),
                Event::Chunk(chunk) => chunk.data.len(),
                other => panic!("{other:?}"),
            })
            .sum();
        assert_eq!(len, 100_000);
        for over in [100_001, 10_000_000] {
            let mut client = client(config.clone());
            let (_, kind) = failed(&mut client, &frame(true, Opcode::Binary, &deflated(&vec![0; over])));
            assert_eq!(kind, ErrorKind::MessageTooBig);
            assert_eq!(sent_close(&mut client), Some(CloseCode::TOO_BIG));
        }
    }
}

#[test]
fn max_message_counts_over_compressed_fragments() {
    let mut config = quiet();
    config.limits.max_message = 50_000;
    let payload = deflated(&vec![0; 60_000]);
    let (first, rest) = payload.split_at(payload.len() / 2);
    let wire = [frame(false, Opcode::Binary, first), frame(true, Opcode::Continuation, rest)].concat();
    assert_eq!(failed(&mut client(config), &wire).1, ErrorKind::MessageTooBig);
}

#[test]
fn a_message_at_its_limit_that_does_not_compress_is_taken_compressed() {
    let mut state = 1_u32;
    let noise: Vec<u8> = (0..70_000)
        .map(|_| {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            (state >> 24) as u8
        })
        .collect();
    let payload = deflated(&noise);
    assert!(payload.len() > noise.len());
    let mut config = quiet();
    config.limits.max_message = noise.len();
    let got = feed(&mut client(config), &frame(true, Opcode::Binary, &payload));
    assert!(matches!(&got[..], [Event::Message(message)] if message.as_bytes() == noise));
}

#[test]
fn many_empty_blocks_are_counted_as_bytes_of_the_message() {
    // A stored block of nothing, and a final block of nothing, after which a new stream begins.
    for block in [&b"\x00\x00\x00\xff\xff"[..], b"\x03\x00"] {
        let mut config = quiet();
        config.limits.max_message = 20_000;
        let few = block.repeat(3000 / block.len());
        let got = feed(&mut client(config.clone()), &frame(true, Opcode::Binary, &few));
        assert!(matches!(&got[..], [Event::Message(message)] if message.is_empty()), "{block:x?}: {got:?}");
        let many = block.repeat(30_000 / block.len());
        let fragments: Vec<BytesMut> = many
            .chunks(1000)
            .enumerate()
            .map(|(i, piece)| frame(false, if i == 0 { Opcode::Binary } else { Opcode::Continuation }, piece))
            .collect();
        assert_eq!(failed(&mut client(config), &fragments.concat()).1, ErrorKind::MessageTooBig);
    }
}

#[test]
fn max_empty_fragments_holds_for_compressed_messages() {
    let mut wire = frame(false, Opcode::Text, b"").to_vec();
    for _ in 0..20 {
        wire.extend_from_slice(&frame(false, Opcode::Continuation, b""));
    }
    let mut client = client(quiet());
    assert_eq!(failed(&mut client, &wire).1, ErrorKind::TooManyEmptyFragments);
}

#[test]
fn max_fragments_holds_for_compressed_messages() {
    let mut config = quiet();
    config.limits.max_fragments = 8;
    let payload = deflated(b"one byte in each fragment");
    let wire: Vec<BytesMut> = payload
        .iter()
        .enumerate()
        .map(|(i, byte)| frame(false, if i == 0 { Opcode::Text } else { Opcode::Continuation }, &[*byte]))
        .collect();
    assert_eq!(failed(&mut client(config), &wire.concat()).1, ErrorKind::TooManyFragments);
}
