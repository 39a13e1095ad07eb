//! Each limit, at it and over it.
#![cfg(feature = "std")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bytes::{Bytes, BytesMut};
use common::*;
use ws_frame::{CloseCode, Connection, ErrorKind, Event, Limits, Opcode, Prepared, SendError};

fn limited(change: impl FnOnce(&mut Limits)) -> Connection {
    let mut config = quiet();
    change(&mut config.limits);
    Connection::server(config, start())
}

#[track_caller]
fn fails(server: &mut Connection, wire: &[u8], kind: ErrorKind, code: CloseCode) {
    let got = feed(server, wire);
    let info = closed(&got);
    assert_eq!(info.error.map(|error| error.kind()), Some(kind));
    assert_eq!(sent_close(server), Some(code));
}

#[test]
fn max_frame() {
    let mut server = limited(|l| l.max_frame = 200);
    assert_eq!(feed(&mut server, &masked(true, Opcode::Binary, [0; 200])).len(), 1);
    // The header is enough.
    let wire = &masked(true, Opcode::Binary, [0; 201])[..8];
    fails(&mut server, wire, ErrorKind::FrameTooBig, CloseCode::TOO_BIG);
}

#[test]
fn max_message_in_one_frame() {
    let mut server = limited(|l| l.max_message = 200);
    assert_eq!(feed(&mut server, &masked(true, Opcode::Text, [b'a'; 200])).len(), 1);
    let whole = masked(true, Opcode::Text, [b'a'; 201]);
    fails(&mut server, &whole, ErrorKind::MessageTooBig, CloseCode::TOO_BIG);
    let mut server = limited(|l| l.max_message = 200);
    fails(&mut server, &whole[..8], ErrorKind::MessageTooBig, CloseCode::TOO_BIG);
}

#[test]
fn max_message_over_fragments() {
    let mut server = limited(|l| l.max_message = 200);
    let mut wire = masked(false, Opcode::Binary, [0; 150]);
    wire.extend(masked(true, Opcode::Continuation, [0; 50]));
    assert_eq!(feed(&mut server, &wire).len(), 1);
    let mut wire = masked(false, Opcode::Binary, [0; 150]);
    wire.extend(&masked(true, Opcode::Continuation, [0; 51])[..6]);
    fails(&mut server, &wire, ErrorKind::MessageTooBig, CloseCode::TOO_BIG);
}

#[test]
fn a_frame_of_the_largest_length_overflows_nothing() {
    let mut server = limited(|l| {
        l.max_frame = usize::MAX;
        l.max_message = usize::MAX;
    });
    let mut wire = masked(false, Opcode::Binary, [0; 100]);
    wire.extend_from_slice(b"\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04abc");
    assert!(feed(&mut server, &wire).is_empty());
    server.receive_eof(start());
    closed(&events(&mut server));
}

fn fragments(n: usize, payload: &[u8]) -> BytesMut {
    let mut wire = masked(false, Opcode::Binary, payload);
    for _ in 1..n {
        wire.extend(masked(false, Opcode::Continuation, payload));
    }
    wire
}

#[test]
fn max_fragments() {
    let mut server = limited(|l| l.max_fragments = 20);
    let mut wire = fragments(19, b"x");
    wire.extend(masked(true, Opcode::Continuation, "x"));
    assert_eq!(feed(&mut server, &wire).len(), 1);
    let kind = ErrorKind::TooManyFragments;
    fails(&mut server, &fragments(21, b"x"), kind, CloseCode::TOO_BIG);
}

#[test]
fn max_empty_fragments() {
    let mut server = limited(|l| l.max_empty_fragments = 4);
    let mut wire = fragments(4, b"");
    wire.extend(masked(false, Opcode::Continuation, "x"));
    wire.extend(fragments(5, b"").split_off(6)); // four more, after one that was not empty
    wire.extend(masked(true, Opcode::Continuation, ""));
    assert_eq!(feed(&mut server, &wire).len(), 1, "the count begins again, and the last one does not count");
    let kind = ErrorKind::TooManyEmptyFragments;
    fails(&mut server, &fragments(5, b""), kind, CloseCode::TOO_BIG);
}

#[test]
fn max_control_per_second_in_a_burst() {
    let mut server = limited(|l| l.max_control_per_second = 10);
    for i in 0..10 {
        let opcode = if i % 2 == 0 { Opcode::Ping } else { Opcode::Pong };
        assert_eq!(feed(&mut server, &masked(true, opcode, "")).len(), 1);
    }
    let kind = ErrorKind::ControlFlood;
    fails(&mut server, &masked(true, Opcode::Ping, ""), kind, CloseCode::POLICY_VIOLATION);
}

#[test]
fn max_control_per_second_over_time() {
    let t = start();
    let mut server = limited(|l| l.max_control_per_second = 10);
    let ping = masked(true, Opcode::Ping, "");
    for i in 0..100 {
        let at = t + std::time::Duration::from_millis(100 * i);
        assert_eq!(feed_at(&mut server, &ping, at).len(), 1, "ten a second are taken for ever");
    }
    // A long rest earns one second's worth, no more.
    let later = t + secs(100);
    for _ in 0..10 {
        assert_eq!(feed_at(&mut server, &ping, later).len(), 1);
    }
    closed(&feed_at(&mut server, &ping, later));
}

#[test]
fn a_close_is_no_flood() {
    let mut server = limited(|l| l.max_control_per_second = 0);
    assert!(closed(&feed(&mut server, &masked(true, Opcode::Close, ""))).clean);
}

#[test]
fn max_pending_pongs_keeps_the_latest() {
    let mut server = limited(|l| l.max_pending_pongs = 3);
    let wire: BytesMut = (0..50).flat_map(|i| masked(true, Opcode::Ping, [i])).collect();
    feed(&mut server, &wire);
    assert_eq!(server.buffered_amount(), 9);
    let pongs: Vec<u8> = sent(&mut server).iter().map(|frame| frame.payload[0]).collect();
    assert_eq!(pongs, [47, 48, 49]);
}

#[test]
fn pongs_do_not_pile_up_behind_a_peer_that_does_not_read() {
    let t = start();
    let mut server = limited(|l| l.max_pending_pongs = 3);
    for i in 0..1000 {
        feed_at(&mut server, &masked(true, Opcode::Ping, [i as u8]), t + secs(i));
        // The adapter asks, and can write nothing.
        server.poll_transmit_vectored(&mut [std::io::IoSlice::new(&[]); 4]);
    }
    assert!(server.buffered_amount() <= 2 * 3 * 3, "{}", server.buffered_amount());
}

#[test]
fn high_and_low_water_are_said_once_each() {
    let mut server = limited(|l| {
        l.high_water = 10_000;
        l.low_water = 2_000;
    });
    for _ in 0..9 {
        server.send(vec![0; 1000]).unwrap();
    }
    assert!(events(&mut server).is_empty());
    server.send(vec![0; 1000]).unwrap();
    server.send(vec![0; 1000]).unwrap();
    assert_eq!(events(&mut server), [Event::HighWater]);
    server.poll_transmit_vectored(&mut [std::io::IoSlice::new(&[]); 4]);
    server.transmitted(9000);
    assert!(events(&mut server).is_empty());
    server.transmitted(100);
    assert_eq!(events(&mut server), [Event::LowWater]);
    transmit(&mut server);
    assert!(events(&mut server).is_empty());
}

#[test]
fn max_buffered_refuses_and_queues_nothing() {
    let mut server = limited(|l| l.max_buffered = 10_000);
    server.send(vec![0; 6000]).unwrap();
    let buffered = server.buffered_amount();
    assert_eq!(buffered, 6004);
    assert_eq!(server.send(vec![0; 6000]), Err(SendError::BufferFull { buffered }));
    assert_eq!(server.send(Prepared::new(vec![0; 6000])), Err(SendError::BufferFull { buffered }));
    assert_eq!(server.buffered_amount(), buffered);
    assert_eq!(sent(&mut server).len(), 1);
    server.send(vec![0; 6000]).unwrap();
}

#[test]
fn one_message_over_max_buffered_is_taken_when_nothing_waits() {
    let mut server = limited(|l| l.max_buffered = 1000);
    server.send(vec![0; 50_000]).unwrap();
    assert!(server.send("x").is_err());
    transmit(&mut server);
    server.send("x").unwrap();
}

#[test]
fn buffered_amount_counts_what_is_not_handed_over() {
    let mut server = server();
    server.send("12345").unwrap();
    assert_eq!(server.buffered_amount(), 7);
    server.send(Bytes::from(vec![0; 70_000])).unwrap();
    assert_eq!(server.buffered_amount(), 7 + 10 + 70_000);
    let mut out = BytesMut::new();
    assert!(server.poll_transmit(&mut out));
    assert_eq!((out.len(), server.buffered_amount()), (64 * 1024, 70_017 - 64 * 1024));
    assert!(server.poll_transmit(&mut out));
    assert!(!server.poll_transmit(&mut out));
    assert_eq!(server.buffered_amount(), 0);
}

#[test]
fn the_defaults_are_those_of_the_readme() {
    let readme = include_str!("../README.md");
    let l = Limits::DEFAULT;
    for (name, value) in [
        ("max_frame", format!("{} MiB", l.max_frame >> 20)),
        ("max_message", format!("{} MiB", l.max_message >> 20)),
        ("max_fragments", l.max_fragments.to_string()),
        ("max_empty_fragments", l.max_empty_fragments.to_string()),
        ("max_control_per_second", l.max_control_per_second.to_string()),
        ("max_pending_pongs", l.max_pending_pongs.to_string()),
        ("max_unread", format!("{} MiB", l.max_unread >> 20)),
        ("high_water", format!("{} MiB", l.high_water >> 20)),
        ("low_water", format!("{} KiB", l.low_water >> 10)),
        ("max_buffered", format!("{} MiB", l.max_buffered >> 20)),
        ("close_timeout", format!("{} s", l.close_timeout.as_secs())),
        ("idle_timeout", format!("{} s", l.idle_timeout.as_secs())),
        ("assembly_timeout", format!("{} s", l.assembly_timeout.as_secs())),
    ] {
        assert!(readme.contains(&format!("| `{name}` | {value} |")), "{name} {value}");
    }
}
