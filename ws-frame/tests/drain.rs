//! A server that goes away closes its connections evenly over a window, under a simulated clock.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use bytes::BytesMut;
use common::{quiet, secs, start, transmit};
use ws_frame::{CloseCode, Connection, Drain, DrainSchedule, Event};

#[test]
fn each_connection_is_named_once_and_the_closes_are_evenly_spread() {
    let now = start();
    let mut drain = Drain::going_away();
    drain.window = secs(10);
    let mut schedule = DrainSchedule::new(&drain, 0..1001, now);
    let mut at = now;
    let mut named = Vec::new();
    let mut a_second = [0; 11];
    loop {
        while let Some(key) = schedule.poll_close(at) {
            named.push(key);
            a_second[at.duration_since(now).as_secs() as usize] += 1;
        }
        let Some(next) = schedule.poll_timeout() else { break };
        assert!(next > at, "what is due was asked for");
        at = next;
    }
    assert_eq!(named, (0..1001).collect::<Vec<_>>());
    assert_eq!(at, now + secs(10), "the last goes at the end of the window");
    assert_eq!(a_second[..10], [100; 10]);
    assert_eq!(schedule.remaining(), 0);
}

#[test]
fn a_late_caller_gets_all_that_is_due_and_no_more() {
    let now = start();
    let mut drain = Drain::restart();
    drain.window = secs(9);
    let mut schedule = DrainSchedule::new(&drain, 0..10, now);
    let due: Vec<i32> = std::iter::from_fn(|| schedule.poll_close(now + secs(4))).collect();
    assert_eq!(due, [0, 1, 2, 3, 4]);
    assert_eq!(schedule.poll_timeout(), Some(now + secs(5)));
}

#[test]
fn connections_that_end_by_themselves_are_not_named_and_move_nobody() {
    let now = start();
    let mut drain = Drain::restart();
    drain.window = secs(3);
    let mut schedule = DrainSchedule::new(&drain, ["a", "b", "c", "d"], now);
    assert!(schedule.gone(&"a"));
    assert!(schedule.gone(&"c"));
    assert!(!schedule.gone(&"c"));
    assert_eq!(schedule.poll_close(now), None);
    assert_eq!(schedule.poll_close(now + secs(1)), Some("b"));
    assert_eq!(schedule.poll_close(now + secs(2)), None);
    assert_eq!(schedule.poll_timeout(), Some(now + secs(3)));
    assert!(schedule.gone(&"d"));
    assert_eq!(schedule.poll_timeout(), None);
    assert_eq!(schedule.poll_close(now + secs(9)), None);
}

#[test]
fn windows_of_nothing_and_of_forever_do_not_overflow() {
    let now = start();
    let mut drain = Drain::going_away();
    drain.window = Duration::ZERO;
    let mut schedule = DrainSchedule::new(&drain, 0..3, now);
    assert_eq!(std::iter::from_fn(|| schedule.poll_close(now)).count(), 3);
    drain.window = Duration::MAX;
    let mut schedule = DrainSchedule::new(&drain, 0..3, now);
    assert_eq!(schedule.poll_close(now), Some(0));
    assert!(schedule.poll_timeout().is_some());
    assert_eq!(DrainSchedule::new(&drain, [1], now).poll_timeout(), Some(now));
    assert_eq!(DrainSchedule::<u8>::new(&drain, [], now).poll_timeout(), None);
}

#[test]
fn a_drained_server_says_1012_to_each_client_and_is_empty_in_time() {
    let now = start();
    let mut drain = Drain::restart();
    drain.window = secs(2);
    drain.reason = "deploy".to_owned();
    let mut servers: Vec<Connection> = (0..20).map(|_| Connection::server(quiet(), now)).collect();
    let mut clients: Vec<Connection> = (0..20).map(|_| Connection::client(quiet(), [7; 32], now)).collect();
    let mut schedule = DrainSchedule::new(&drain, 0..20_usize, now);
    let mut at = now;
    while let Some(next) = schedule.poll_timeout() {
        at = next;
        while let Some(i) = schedule.poll_close(at) {
            servers[i].close(drain.code, &drain.reason, at);
            clients[i].receive(&mut transmit(&mut servers[i]), at);
            let Some(Event::PeerClosing(frame)) = clients[i].poll_event() else { panic!("client {i}") };
            assert_eq!((frame.code, &*frame.reason), (CloseCode::SERVICE_RESTART, "deploy"));
            assert!(matches!(clients[i].poll_event(), Some(Event::Closed(info)) if info.clean));
            let mut answer: BytesMut = transmit(&mut clients[i]);
            servers[i].receive(&mut answer, at);
            assert!(matches!(servers[i].poll_event(), Some(Event::Closed(info)) if info.clean));
        }
    }
    assert_eq!(at, now + secs(2));
    assert!(servers.iter().all(Connection::is_finished));
}
