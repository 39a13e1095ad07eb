//! Each known attack on a WebSocket endpoint that reaches the machine, and the limit that stops it, by its name in the error.
#![cfg(feature = "std")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bytes::BytesMut;
use common::*;
use std::io::IoSlice;
use std::time::Duration;
use ws_frame::{CloseCode, Config, Connection, ErrorKind, Event, Heartbeat, MemoryBudget, Opcode, SendError};

/// The connection ended because of the limit of this name, and said so with this code.
#[track_caller]
fn stopped(connection: &mut Connection, events: &[Event], limit: &str, code: CloseCode) {
    let info = closed(events);
    let error = info.error.expect("an error");
    assert!(error.to_string().contains(limit), "{error} does not name {limit}");
    assert_eq!((info.clean, info.sent), (false, Some(code)), "{error}");
    assert_eq!(sent_close(connection), Some(code));
}

/// Feeds until the connection is closed; how many rounds that took.
fn feed_until_closed(connection: &mut Connection, wire: &[u8], most: usize) -> (Vec<Event>, usize) {
    for round in 1..=most {
        let got = feed(connection, wire);
        if matches!(got.last(), Some(Event::Closed(_))) {
            return (got, round);
        }
    }
    panic!("not stopped after {most} rounds");
}

/// Many tiny fragments (CVE-2026-48779, GHSA-96hv-2xvq-fx4p).
#[test]
fn tiny_fragments_without_end() {
    let mut server = server();
    assert!(feed(&mut server, &masked(false, Opcode::Binary, "x")).is_empty());
    let (got, rounds) = feed_until_closed(&mut server, &masked(false, Opcode::Continuation, "x"), 1_000_000);
    assert_eq!(rounds, 1024);
    stopped(&mut server, &got, "max_fragments", CloseCode::TOO_BIG);
}

/// Fragments cost more than their payload (websockets/ws#2331): what they cost is charged to the budget.
#[test]
fn tiny_fragments_on_many_connections() {
    let mut config = quiet();
    let budget = MemoryBudget::new(100_000);
    config.budget = Some(budget.clone());
    config.limits.max_fragments = usize::MAX;
    let mut server = Connection::server(config, start());
    feed(&mut server, &masked(false, Opcode::Binary, "x"));
    let (got, rounds) = feed_until_closed(&mut server, &masked(false, Opcode::Continuation, "x"), 1_000_000);
    assert!(rounds < 1600, "{rounds} fragments of one byte in a budget of 100 kB");
    stopped(&mut server, &got, "memory budget", CloseCode::TRY_AGAIN_LATER);
    assert_eq!(budget.used(), 0, "given back");
}

/// Zero-length fragments that spin.
#[test]
fn empty_fragments_without_end() {
    let mut server = server();
    feed(&mut server, &masked(false, Opcode::Text, ""));
    let (got, rounds) = feed_until_closed(&mut server, &masked(false, Opcode::Continuation, ""), 1000);
    assert_eq!(rounds, 16);
    stopped(&mut server, &got, "max_empty_fragments", CloseCode::TOO_BIG);
}

/// A length field that claims what never comes: refused by the header, or held by no more memory than what came pays for.
#[test]
fn a_claimed_length() {
    let mut server = server();
    let got = feed(&mut server, b"\x82\xff\x00\x00\x00\x00\x7f\xff\xff\xff\x01\x02\x03\x04");
    stopped(&mut server, &got, "max_frame", CloseCode::TOO_BIG);
    let mut server = common::server();
    let mut buf = BytesMut::from(&b"\x82\xff\x00\x00\x00\x00\x00\xff\xff\xff\x01\x02\x03\x04few"[..]);
    server.receive(&mut buf, start());
    assert!(buf.capacity() < 1024, "16 MiB were claimed, three bytes came: {}", buf.capacity());
}

/// The largest length there is.
#[test]
fn a_length_of_63_bits() {
    let mut config = quiet();
    config.limits.max_frame = usize::MAX;
    let mut server = Connection::server(config, start());
    let got = feed(&mut server, b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04data");
    stopped(&mut server, &got, "max_message", CloseCode::TOO_BIG);
}

/// A message that grows by fragments, each within its limit.
#[test]
fn a_message_without_end() {
    let mut config = quiet();
    config.limits.max_fragments = usize::MAX;
    let mut server = Connection::server(config, start());
    let piece = vec![0; 1024 * 1024];
    feed(&mut server, &masked(false, Opcode::Binary, &piece));
    let (got, rounds) = feed_until_closed(&mut server, &masked(false, Opcode::Continuation, &piece), 1000);
    assert_eq!(rounds, 16);
    stopped(&mut server, &got, "max_message", CloseCode::TOO_BIG);
}

/// Many peers that each begin a big message and never end it.
#[test]
fn big_messages_begun_on_many_connections() {
    let mut config = quiet();
    let budget = MemoryBudget::new(1024 * 1024);
    config.budget = Some(budget.clone());
    let config = std::sync::Arc::new(config);
    let mut wire = masked(true, Opcode::Binary, vec![0; 200_000]);
    wire.truncate(100_000);
    let mut open: Vec<Connection> = Vec::new();
    let refused = loop {
        let mut server = Connection::server(config.clone(), start());
        let got = feed(&mut server, &wire);
        if !got.is_empty() {
            stopped(&mut server, &got, "memory budget", CloseCode::TRY_AGAIN_LATER);
            break open.len();
        }
        open.push(server);
    };
    assert_eq!(refused, 10);
    assert!(budget.used() > 900_000);
    // Who ends makes room.
    open.pop();
    let mut server = Connection::server(config, start());
    assert!(feed(&mut server, &wire).is_empty());
    open.clear();
    drop(server);
    assert_eq!(budget.used(), 0);
}

/// Many small messages that are begun and not ended.
#[test]
fn small_messages_begun_on_many_connections() {
    let budget = MemoryBudget::new(10_000);
    let mut config = quiet();
    config.budget = Some(budget.clone());
    let config = std::sync::Arc::new(config);
    let wire = masked(true, Opcode::Text, [b'x'; 1000]);
    let begun = &wire[..wire.len() - 1];
    let mut open: Vec<_> = (0..9).map(|_| Connection::server(config.clone(), start())).collect();
    for server in &mut open {
        assert!(feed(server, begun).is_empty());
    }
    assert!(budget.used() >= 9 * 999, "{}", budget.used());
    let mut server = Connection::server(config, start());
    let got = feed(&mut server, begun);
    stopped(&mut server, &got, "memory budget", CloseCode::TRY_AGAIN_LATER);
}

/// A message that trickles in.
#[test]
fn a_slow_message() {
    let t = start();
    let mut server = server();
    let wire = masked(true, Opcode::Text, [b'x'; 100]);
    let mut buf = BytesMut::new();
    for (i, &byte) in wire.iter().enumerate() {
        let now = t + secs(i as u64);
        while let Some(due) = server.poll_timeout().filter(|&due| due <= now) {
            server.handle_timeout(due);
            let got = events(&mut server);
            if !got.is_empty() {
                assert_eq!(due, t + secs(5 + 60), "a minute after its header");
                stopped(&mut server, &got, "assembly_timeout", CloseCode::POLICY_VIOLATION);
                return;
            }
        }
        buf.extend_from_slice(&[byte]);
        server.receive(&mut buf, now);
    }
    panic!("not stopped");
}

/// Ping flood.
#[test]
fn pings_without_end() {
    let mut server = server();
    let (got, rounds) = feed_until_closed(&mut server, &masked(true, Opcode::Ping, "?"), 10_000);
    assert_eq!(rounds, 101);
    stopped(&mut server, &got, "max_control_per_second", CloseCode::POLICY_VIOLATION);
}

/// Pong amplification: a peer that pings at the rate that is allowed and reads nothing gets no queue of pongs.
#[test]
fn pings_of_a_peer_that_does_not_read() {
    let t = start();
    let mut config = quiet();
    config.limits.idle_timeout = Duration::MAX;
    let most = 2 * (6 + 125) * config.limits.max_pending_pongs;
    let mut server = Connection::server(config, t);
    for second in 0..1000 {
        for _ in 0..50 {
            feed_at(&mut server, &masked(true, Opcode::Ping, [0; 125]), t + secs(second));
            server.poll_transmit_vectored(&mut [IoSlice::new(&[]); 4]);
        }
    }
    assert!(server.buffered_amount() <= most, "max_pending_pongs: {} bytes wait", server.buffered_amount());
}

/// A peer that asks much and never reads the answers.
#[test]
fn answers_that_nobody_reads() {
    let mut server = server();
    let mut answers = 0;
    let refused = loop {
        match server.send(vec![0; 10_000]) {
            Ok(()) => answers += 1,
            Err(refused) => break refused,
        }
    };
    assert!(refused.to_string().contains("max_buffered"), "{refused}");
    assert!(matches!(refused, SendError::BufferFull { buffered } if buffered <= 4 * 1024 * 1024));
    assert_eq!(answers, 4 * 1024 * 1024 / 10_004);
    assert!(events(&mut server).contains(&Event::HighWater), "the application was told before");
}

/// A peer that sends faster than the application takes: `max_unread`.
#[test]
fn messages_that_nobody_takes() {
    let mut server = server();
    let wire = masked(true, Opcode::Binary, vec![0; 100_000]);
    let mut sent = 0;
    while server.wants_read() {
        server.receive(&mut wire.clone(), start());
        sent += 1;
        assert!(sent < 100, "reads for ever");
    }
    assert_eq!(sent, 12, "max_unread is 1 MiB; the one that comes after it waits");
    assert_eq!(server.read_credit(), 0);
    assert_eq!(events(&mut server).len(), sent, "nothing is lost");
    assert!(server.wants_read());
}

/// A connection whose peer is gone without a word, with the heartbeat and without.
#[test]
fn half_open_connections() {
    let t = start();
    let mut server = Connection::server(Config::default(), t);
    let ping_at = t + Heartbeat::DEFAULT.ping_interval;
    server.handle_timeout(ping_at);
    transmit(&mut server);
    server.handle_timeout(ping_at + Heartbeat::DEFAULT.pong_timeout);
    let got = events(&mut server);
    stopped(&mut server, &got, "pong_timeout", CloseCode::INTERNAL_ERROR);

    let mut server = common::server();
    let idle = server.poll_timeout().unwrap();
    server.handle_timeout(idle);
    assert_eq!(sent_close(&mut server), Some(CloseCode::GOING_AWAY));
    server.handle_timeout(server.poll_timeout().unwrap());
    let error = closed(&events(&mut server)).error.unwrap();
    assert!(error.to_string().contains("idle_timeout"), "{error}");
}

/// A peer that never answers a Close.
#[test]
fn a_close_without_an_answer() {
    let t = start();
    let mut server = server();
    server.close(CloseCode::NORMAL, "", t);
    transmit(&mut server);
    let due = server.poll_timeout().unwrap();
    assert!(due <= start() + server_close_timeout());
    server.handle_timeout(due);
    let got = events(&mut server);
    let error = closed(&got).error.unwrap();
    assert!(error.to_string().contains("close_timeout"), "{error}");
    assert_eq!(closed(&got).code, CloseCode::ABNORMAL);
    assert!(server.is_finished());
}

fn server_close_timeout() -> Duration {
    Config::default().limits.close_timeout
}

/// A data frame inside a fragmented message (oven-sh/bun#33010).
#[test]
fn a_message_inside_a_message() {
    let mut server = server();
    let mut wire = masked(false, Opcode::Text, "a");
    wire.extend(masked(true, Opcode::Text, "b"));
    let got = feed(&mut server, &wire);
    assert_eq!(closed(&got).error.unwrap().kind(), ErrorKind::ExpectedContinuation);
    assert_eq!(sent_close(&mut server), Some(CloseCode::PROTOCOL_ERROR));
}

/// A Close frame split over reads (oven-sh/bun#23832), and a control frame inside a message (ninjasource/embedded-websocket#31).
#[test]
fn control_frames_in_pieces_inside_a_message() {
    let mut server = server();
    let mut wire = masked(false, Opcode::Text, "a");
    wire.extend(masked(true, Opcode::Ping, [7; 125]));
    wire.extend(masked(true, Opcode::Close, close_body(1000, &"r".repeat(123))));
    let mut buf = BytesMut::new();
    let mut got = Vec::new();
    for byte in wire {
        buf.extend_from_slice(&[byte]);
        server.receive(&mut buf, start());
        got.extend(events(&mut server));
    }
    assert!(matches!(&got[0], Event::Ping(body) if body.len() == 125));
    assert!(closed(&got).clean);
}

/// Cache poisoning through masks that can be foreseen (RFC 6455 §10.3): keys come from ChaCha20 under the connection's seed.
#[test]
fn masks_of_one_connection_tell_nothing_of_another() {
    let keys = |seed: u8| {
        let mut client = Connection::client(quiet(), [seed; 32], start());
        let mut keys = std::collections::HashSet::new();
        for _ in 0..10_000 {
            client.send("x").unwrap();
            keys.insert(transmit(&mut client)[2..6].to_vec());
        }
        keys
    };
    let (one, other) = (keys(1), keys(2));
    assert!(one.len() > 9_990 && other.len() > 9_990, "32 bits repeat by chance only");
    assert!(one.intersection(&other).count() < 10);
}
