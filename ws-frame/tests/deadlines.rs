//! Time is an argument: each deadline under a clock that the test moves.
#![cfg(feature = "std")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use bytes::BytesMut;
use common::*;
use ws_frame::{CloseCode, Config, Connection, ErrorKind, Event, Heartbeat, Opcode};

/// With the default heartbeat.
fn beating(at: Instant) -> Connection {
    Connection::server(Config::default(), at)
}

/// Fires the next deadline and gives its time.
fn fire(connection: &mut Connection) -> Instant {
    let at = connection.poll_timeout().expect("a deadline");
    connection.handle_timeout(at);
    at
}

fn ping_sent(connection: &mut Connection) -> Vec<u8> {
    let frames = sent(connection);
    assert_eq!((frames.len(), frames[0].opcode), (1, Opcode::Ping));
    frames[0].payload.to_vec()
}

#[test]
fn a_ping_is_sent_every_30_seconds_and_answered_in_silence() {
    let t = start();
    let mut server = beating(t);
    let mut seen = Vec::new();
    for n in 1..=3 {
        assert_eq!(fire(&mut server), t + secs(30 * n));
        let payload = ping_sent(&mut server);
        assert!(!seen.contains(&payload), "each ping has a payload of its own");
        let pong = masked(true, Opcode::Pong, &payload);
        assert!(feed_at(&mut server, &pong, t + secs(30 * n + 5)).is_empty());
        seen.push(payload);
    }
}

#[test]
fn no_pong_within_10_seconds_closes() {
    let t = start();
    let mut server = beating(t);
    fire(&mut server);
    ping_sent(&mut server);
    assert_eq!(fire(&mut server), t + secs(40));
    let info = closed(&events(&mut server)).clone();
    assert_eq!(info.error.unwrap().kind(), ErrorKind::PongTimeout);
    assert_eq!(
        (info.code, info.clean, info.sent),
        (CloseCode::ABNORMAL, false, Some(CloseCode::INTERNAL_ERROR))
    );
    assert_eq!(sent_close(&mut server), Some(CloseCode::INTERNAL_ERROR));
}

#[test]
fn data_and_other_pongs_are_no_answer() {
    let t = start();
    let mut server = beating(t);
    fire(&mut server);
    let payload = ping_sent(&mut server);
    let mut wire = masked(true, Opcode::Text, "busy");
    wire.extend(masked(true, Opcode::Pong, "else"));
    wire.extend(masked(true, Opcode::Pong, &payload[1..]));
    assert_eq!(feed_at(&mut server, &wire, t + secs(39)).len(), 3);
    assert_eq!(server.poll_timeout(), Some(t + secs(40)));
}

#[test]
fn a_peer_in_the_middle_of_a_frame_has_its_time_for_the_pong_after_it() {
    let t = start();
    let mut server = beating(t);
    fire(&mut server);
    let payload = ping_sent(&mut server);
    let wire = masked(true, Opcode::Binary, vec![0; 1000]);
    let mut buf = BytesMut::new();
    for (i, part) in wire.chunks(200).enumerate() {
        buf.extend_from_slice(part);
        server.receive(&mut buf, t + secs(31 + 5 * i as u64));
        assert_eq!(server.poll_timeout(), Some(t + secs(41 + 5 * i as u64)));
        server.handle_timeout(t + secs(33 + 5 * i as u64));
    }
    assert_eq!(events(&mut server).len(), 1);
    buf.extend(masked(true, Opcode::Pong, &payload));
    server.receive(&mut buf, t + secs(60));
    fire(&mut server);
    assert_ne!(ping_sent(&mut server), payload);
}

#[test]
fn a_ping_behind_bytes_that_the_peer_takes_is_not_counted_against_it() {
    let t = start();
    let mut server = beating(t);
    server.send(vec![0; 1_000_000]).unwrap();
    let take = |server: &mut Connection, n| {
        let mut slices = [std::io::IoSlice::new(&[]); 4];
        server.poll_transmit_vectored(&mut slices);
        server.transmitted(n);
    };
    take(&mut server, 1000);
    assert_eq!(fire(&mut server), t + secs(30));
    take(&mut server, 1000);
    assert_eq!(fire(&mut server), t + secs(40));
    assert!(!server.is_closed() && events(&mut server).is_empty(), "it takes bytes");
    assert_eq!(fire(&mut server), t + secs(50));
    assert_eq!(closed(&events(&mut server)).error.unwrap().kind(), ErrorKind::PongTimeout);
}

#[test]
fn without_a_heartbeat_no_ping_is_sent() {
    let mut server = server();
    server.handle_timeout(start() + secs(100));
    assert!(transmit(&mut server).is_empty());
}

#[test]
fn silence_of_120_seconds_closes_with_1001() {
    let t = start();
    let mut server = Connection::server(quiet(), t);
    feed_at(&mut server, &masked(true, Opcode::Text, "hi"), t + secs(50));
    server.handle_timeout(t + secs(169));
    assert!(transmit(&mut server).is_empty());
    assert_eq!(fire(&mut server), t + secs(170));
    assert_eq!(sent_close(&mut server), Some(CloseCode::GOING_AWAY));
    let wire = masked(true, Opcode::Close, close_body(1001, ""));
    let info = closed(&feed_at(&mut server, &wire, t + secs(171))).clone();
    assert_eq!(info.error.unwrap().kind(), ErrorKind::IdleTimeout);
    assert_eq!((info.code, info.clean), (CloseCode::GOING_AWAY, false));
}

#[test]
fn a_message_not_complete_in_60_seconds_closes_with_1008() {
    let t = start();
    for first in [masked(false, Opcode::Text, "a"), BytesMut::from(&masked(true, Opcode::Binary, "abc")[..7])]
    {
        let mut server = Connection::server(quiet(), t);
        let mut buf = first;
        server.receive(&mut buf, t + secs(1));
        // More of it does not give it more time.
        buf.extend(masked(false, Opcode::Continuation, "").iter().take(1));
        server.receive(&mut buf, t + secs(55));
        assert_eq!(fire(&mut server), t + secs(61));
        assert_eq!(closed(&events(&mut server)).error.unwrap().kind(), ErrorKind::AssemblyTimeout);
        assert_eq!(sent_close(&mut server), Some(CloseCode::POLICY_VIOLATION));
    }
}

#[test]
fn a_complete_message_leaves_no_deadline_of_its_own() {
    let t = start();
    let mut server = Connection::server(quiet(), t);
    feed_at(&mut server, &masked(false, Opcode::Text, "a"), t);
    feed_at(&mut server, &masked(true, Opcode::Continuation, "b"), t + secs(1));
    assert_eq!(server.poll_timeout(), Some(t + secs(121)), "only the idle deadline");
}

#[test]
fn a_close_without_answer_ends_after_5_seconds() {
    let t = start();
    let mut server = Connection::server(quiet(), t);
    server.close(CloseCode::NORMAL, "", t + secs(10));
    transmit(&mut server);
    assert_eq!(fire(&mut server), t + secs(15));
    let info = closed(&events(&mut server)).clone();
    assert_eq!(info.error.unwrap().kind(), ErrorKind::CloseTimeout);
    assert_eq!((info.code, info.clean, info.sent), (CloseCode::ABNORMAL, false, Some(CloseCode::NORMAL)));
    assert!(server.is_finished() && !server.wants_read());
    assert_eq!(server.poll_timeout(), None);
}

#[test]
fn a_server_that_does_not_end_the_transport_is_left_after_5_seconds() {
    let t = start();
    let mut client = Connection::client(quiet(), [0; 32], t);
    assert!(closed(&feed_at(&mut client, &plain(true, Opcode::Close, ""), t)).clean);
    transmit(&mut client);
    assert!(!client.is_finished());
    assert_eq!(fire(&mut client), t + secs(5));
    assert!(client.is_finished());
    assert_eq!(client.poll_timeout(), None);
}

#[test]
fn a_peer_that_takes_no_close_is_left_after_5_seconds() {
    let t = start();
    let mut server = Connection::server(quiet(), t);
    feed_at(&mut server, b"\xff\xff", t);
    assert!(server.buffered_amount() > 0);
    assert_eq!(fire(&mut server), t + secs(5));
    assert!(server.is_finished());
}

#[test]
fn duration_max_turns_each_deadline_off() {
    let mut config = quiet();
    config.limits.idle_timeout = Duration::MAX;
    config.limits.assembly_timeout = Duration::MAX;
    config.limits.close_timeout = Duration::MAX;
    config.heartbeat = Some(Heartbeat { ping_interval: Duration::MAX, pong_timeout: Duration::MAX });
    let mut server = Connection::server(config, start());
    feed(&mut server, &masked(false, Opcode::Text, "a"));
    assert_eq!(server.poll_timeout(), None);
    server.close(CloseCode::NORMAL, "", start());
    assert_eq!(server.poll_timeout(), None);
    assert!(!server.is_finished());
    assert!(closed(&feed(&mut server, &masked(true, Opcode::Close, ""))).clean);
    transmit(&mut server);
    assert!(server.is_finished());
}

#[test]
fn a_clock_that_goes_back_does_nothing() {
    let t = start() + secs(1000);
    let mut server = beating(t);
    feed_at(&mut server, &masked(true, Opcode::Text, "x"), t - secs(500));
    server.handle_timeout(t - secs(1000));
    server.close(CloseCode::NORMAL, "", t - secs(100));
    assert_eq!(server.poll_timeout(), Some(t + secs(5)));
}

#[test]
fn a_clock_that_jumps_asks_before_it_judges() {
    let t = start();
    let mut server = beating(t);
    server.handle_timeout(t + secs(100));
    ping_sent(&mut server);
    assert_eq!(server.poll_timeout(), Some(t + secs(110)));
}

#[test]
fn early_calls_do_nothing() {
    let t = start();
    let mut server = beating(t);
    let deadline = server.poll_timeout();
    for n in 0..30 {
        server.handle_timeout(t + secs(n));
        assert!(!server.poll_transmit(&mut BytesMut::new()));
        assert_eq!(server.poll_timeout(), deadline);
    }
}

#[test]
fn events_before_a_deadline_are_delivered_first() {
    let t = start();
    let mut server = beating(t);
    fire(&mut server);
    server.receive(&mut masked(true, Opcode::Text, "one"), t + secs(31));
    server.handle_timeout(t + secs(40));
    let got = events(&mut server);
    assert!(matches!(&got[..], [Event::Message(_), Event::Closed(_)]));
}
