//! When a client connects again and when it gives up, under a simulated clock and handed-in randomness.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::{secs, start};
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use ws_frame::reconnect::{
    Backoff, Failure, Jitter, Offline, OnClose, ReconnectEvent, Reconnector, StopReason, retry_after,
};
use ws_frame::{CloseCode, Message};

const LATEST: u64 = u64::MAX;

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn code(code: u16) -> CloseCode {
    CloseCode::try_from(code).unwrap()
}

fn events(client: &mut Reconnector) -> Vec<ReconnectEvent> {
    std::iter::from_fn(|| client.poll_event()).collect()
}

/// Waits until the client wants to connect.
fn reach_connect(client: &mut Reconnector) -> Instant {
    let at = client.poll_timeout().expect("it waits");
    client.handle_timeout(at - Duration::from_nanos(1));
    assert_eq!(client.poll_timeout(), Some(at), "not a moment early");
    client.handle_timeout(at);
    assert!(matches!(events(client).last(), Some(ReconnectEvent::Connect { .. })));
    at
}

fn open(backoff: Backoff, now: Instant) -> Reconnector {
    let mut client = Reconnector::new(backoff, now);
    client.opened(now);
    events(&mut client);
    client
}

#[test]
fn windows_double_from_250_ms_to_30_s_and_lie_end_to_end() {
    let now = start();
    let mut client = Reconnector::new(Backoff::default(), now);
    events(&mut client);
    let mut ends = Vec::new();
    let mut at = now;
    for _ in 0..10 {
        client.failed(Failure::Unreachable, at, LATEST);
        at = reach_connect(&mut client);
        // The highest random number is one nanosecond from the end of the window at most.
        ends.push((at.duration_since(now) + Duration::from_nanos(99)).as_millis() as u64);
    }
    assert_eq!(ends, [250, 750, 1750, 3750, 7750, 15_750, 31_750, 61_750, 91_750, 121_750]);

    let mut client = Reconnector::new(Backoff::default(), now);
    events(&mut client);
    let mut begins = Vec::new();
    for _ in 0..8 {
        client.failed(Failure::Unreachable, at, 0);
        begins.push(client.poll_timeout().unwrap());
        client.handle_timeout(client.poll_timeout().unwrap());
    }
    let begins: Vec<u64> = begins.iter().map(|b| b.duration_since(at).as_millis() as u64).collect();
    assert_eq!(begins, [0, 250, 750, 1750, 3750, 7750, 15_750, 31_750]);
}

#[test]
fn a_try_is_anywhere_in_its_window_by_the_random_number() {
    let now = start();
    for (random, expected) in [(0, 0), (1 << 62, 62_500), (1 << 63, 125_000), (3 << 62, 187_500)] {
        let mut client = Reconnector::new(Backoff::default(), now);
        client.failed(Failure::Unreachable, now, random);
        assert_eq!(client.poll_timeout().unwrap() - now, Duration::from_micros(expected));
    }
}

#[test]
fn a_connection_of_10_s_begins_the_count_anew_and_a_shorter_one_does_not() {
    let now = start();
    let mut client = open(Backoff::default(), now);
    client.closed(CloseCode::ABNORMAL, now + millis(9_999), LATEST);
    let at = reach_connect(&mut client);
    client.failed(Failure::Unreachable, at, LATEST);
    let at = reach_connect(&mut client);
    client.opened(at);
    assert_eq!(events(&mut client), [ReconnectEvent::Open { attempt: 3 }]);
    // Dropped at once: the third window.
    client.closed(CloseCode::ABNORMAL, at, LATEST);
    let next = reach_connect(&mut client);
    assert_eq!((next - at).as_millis(), 1000);
    client.opened(next);
    client.closed(CloseCode::ABNORMAL, next + secs(10), LATEST);
    let again = reach_connect(&mut client);
    assert_eq!((again - next - secs(10)).as_millis(), 249, "the first window");
}

#[test]
fn max_tries_stops_a_client_that_never_gets_a_stable_connection() {
    let mut backoff = Backoff::default();
    backoff.max_tries = Some(3);
    let mut at = start();
    let mut client = Reconnector::new(backoff, at);
    events(&mut client);
    for _ in 0..2 {
        client.failed(Failure::Unreachable, at, 7);
        at = reach_connect(&mut client);
    }
    // The third is accepted and dropped.
    client.opened(at);
    events(&mut client);
    client.closed(CloseCode::ABNORMAL, at + secs(1), 7);
    assert_eq!(events(&mut client), [ReconnectEvent::Stopped(StopReason::TriesSpent)]);
    assert!(client.is_stopped());
    assert_eq!(client.poll_timeout(), None);
    client.retry_now(at + secs(2));
    assert_eq!(events(&mut client), [ReconnectEvent::Connect { attempt: 1 }]);
}

#[test]
fn codes_1008_and_4401_stop_and_1012_waits_longer() {
    let now = start();
    for stop in [1000, 1008, 1010, 4401, 4403] {
        let mut client = open(Backoff::default(), now);
        client.closed(code(stop), now + secs(60), 1);
        assert_eq!(events(&mut client), [ReconnectEvent::Stopped(StopReason::Closed(code(stop)))]);
    }
    let first_window = |code: CloseCode| {
        let mut client = open(Backoff::default(), now);
        client.closed(code, now + secs(60), LATEST);
        (client.poll_timeout().expect("it waits") - now - secs(60)).as_millis()
    };
    for later in [1012, 1013] {
        assert_eq!(first_window(code(later)), 4_999);
    }
    for retry in [CloseCode::ABNORMAL, CloseCode::NO_STATUS, code(1001), code(1011), code(4000)] {
        assert_eq!(first_window(retry), 249);
    }
}

#[test]
fn the_policy_per_close_code_is_data() {
    let now = start();
    let backoff = Backoff::default()
        .on_close(CloseCode::NORMAL, OnClose::Retry)
        .on_close(code(1008), OnClose::Stop)
        .on_close(code(1008), OnClose::Later(secs(7)))
        .on_status(StatusCode::UNAUTHORIZED, false)
        .on_status(StatusCode::SERVICE_UNAVAILABLE, true);
    assert_eq!(backoff.close_rule(CloseCode::NORMAL), OnClose::Retry);
    let mut client = open(backoff.clone(), now);
    client.closed(code(1008), now, 1 << 63);
    assert_eq!(client.poll_timeout(), Some(now + millis(3_500)));
    assert!(!backoff.stops_at_status(StatusCode::UNAUTHORIZED));
    assert!(backoff.stops_at_status(StatusCode::SERVICE_UNAVAILABLE));
}

#[test]
fn statuses_that_repeat_stop_and_those_that_pass_do_not() {
    let now = start();
    for (status, stops) in [
        (301, true),
        (400, true),
        (401, true),
        (403, true),
        (404, true),
        (426, true),
        (408, false),
        (425, false),
        (429, false),
        (500, false),
        (502, false),
        (503, false),
        (200, false),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let mut client = Reconnector::new(Backoff::default(), now);
        events(&mut client);
        client.failed(Failure::Refused { status, retry_after: None }, now, 1);
        assert_eq!(client.is_stopped(), stops, "{status}");
        if stops {
            assert_eq!(events(&mut client), [ReconnectEvent::Stopped(StopReason::Refused(status))]);
        }
    }
}

#[test]
fn retry_after_is_obeyed_up_to_its_limit_and_spread_on_top() {
    let now = start();
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let wait = |seconds: u64, random: u64| {
        let mut client = Reconnector::new(Backoff::default(), now);
        client.failed(Failure::Refused { status, retry_after: Some(secs(seconds)) }, now, random);
        client.poll_timeout().unwrap() - now
    };
    assert_eq!(wait(20, 0), secs(20));
    assert_eq!(wait(20, 1 << 63), secs(20) + millis(125));
    // max_retry_after
    assert_eq!(wait(u64::MAX, 0), secs(600));
}

#[test]
fn rfc_9110_section_10_2_3_retry_after() {
    let of = |pairs: &[(&'static str, &'static str)]| {
        let headers: HeaderMap =
            pairs.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
        retry_after(&headers)
    };
    assert_eq!(of(&[("retry-after", "120")]), Some(secs(120)));
    assert_eq!(
        of(&[("date", "Fri, 31 Dec 1999 23:57:59 GMT"), ("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")]),
        Some(secs(120))
    );
    let past = [("date", "Sat, 01 Jan 2000 00:00:00 GMT"), ("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")];
    assert_eq!(of(&past), Some(Duration::ZERO));
    assert_eq!(of(&[("retry-after", "99999999999999999999")]), Some(secs(u64::MAX)));
    for bad in ["", "-1", "1.5", "soon", "Fri, 31 Dec 1999 23:59:59 GMT"] {
        assert_eq!(of(&[("retry-after", bad)]), None, "{bad}: no date, or none to count from");
    }
    assert_eq!(of(&[]), None);
}

#[test]
fn a_fatal_failure_and_the_application_stop() {
    let now = start();
    let mut client = Reconnector::new(Backoff::default(), now);
    client.failed(Failure::Fatal, now, 1);
    assert_eq!(
        events(&mut client),
        [ReconnectEvent::Connect { attempt: 1 }, ReconnectEvent::Stopped(StopReason::Fatal)]
    );
    let mut client = open(Backoff::default(), now);
    client.stop();
    client.stop();
    assert_eq!(events(&mut client), [ReconnectEvent::Stopped(StopReason::Application)]);
    client.closed(CloseCode::ABNORMAL, now, 1);
    assert_eq!((client.poll_timeout(), events(&mut client).len()), (None, 0));
}

#[test]
fn the_network_being_back_skips_the_wait() {
    let now = start();
    let mut client = Reconnector::new(Backoff::default(), now);
    events(&mut client);
    for _ in 0..6 {
        client.failed(Failure::Unreachable, now, LATEST);
        let at = client.poll_timeout().unwrap();
        client.handle_timeout(at);
    }
    client.failed(Failure::Unreachable, now, LATEST);
    events(&mut client);
    client.retry_now(now);
    assert_eq!(events(&mut client), [ReconnectEvent::Connect { attempt: 1 }]);
    client.retry_now(now);
    assert_eq!(events(&mut client), [], "it is connecting");
}

#[test]
fn without_jitter_all_tries_are_at_the_ends_of_their_windows() {
    let now = start();
    let mut backoff = Backoff::default();
    backoff.jitter = Jitter::None;
    let mut client = Reconnector::new(backoff, now);
    client.failed(Failure::Unreachable, now, 12_345);
    assert_eq!(client.poll_timeout(), Some(now + millis(250)));
}

#[test]
fn what_waits_offline_is_bounded_in_bytes() {
    let mut offline = Offline::new(300);
    let message = || Message::from(vec![0; 36]); // 100 as it is counted
    offline.queue(message()).unwrap();
    offline.subscribe("", message()).unwrap();
    offline.queue(message()).unwrap();
    assert_eq!(offline.bytes(), 300);
    let full = offline.queue(Message::from("")).unwrap_err();
    assert!(full.to_string().contains("max_bytes"));
    // A subscription takes the place of the one before it, where that fits.
    offline.subscribe("", Message::from(vec![0; 37])).unwrap_err();
    offline.subscribe("", Message::from(vec![0; 35])).unwrap();
    assert_eq!(offline.bytes(), 299);
    assert_eq!(offline.drop_oldest().unwrap().len(), 36);
    assert_eq!(offline.bytes(), 199);
    assert_eq!(offline.on_open().count(), 2);
    assert_eq!(offline.bytes(), 99, "subscriptions stay");
    assert!(offline.unsubscribe(""));
    assert_eq!(offline.bytes(), 0);
}

proptest! {
    /// Whatever comes in whatever order: it never panics, waits within bounds, and after a stop only `retry_now` moves it.
    #[test]
    fn any_order_of_inputs_is_taken(steps in proptest::collection::vec((0..8_u8, any::<u64>(), 0..100_000_u64), 0..60)) {
        let mut now = start();
        let mut client = Reconnector::new(Backoff::default(), now);
        for (step, random, wait) in steps {
            now += millis(wait);
            let stopped = client.is_stopped();
            match step {
                0 => client.opened(now),
                1 => client.failed(Failure::Unreachable, now, random),
                2 => client.failed(Failure::Refused { status: StatusCode::BAD_GATEWAY, retry_after: Some(secs(random)) }, now, random),
                3 => client.closed(CloseCode::ABNORMAL, now, random),
                4 => client.closed(CloseCode::SERVICE_RESTART, now, random),
                5 => client.handle_timeout(now),
                6 => client.closed(CloseCode::POLICY_VIOLATION, now, random),
                _ => client.retry_now(now),
            }
            prop_assert!(!stopped || step == 7 || client.is_stopped());
            if let Some(until) = client.poll_timeout() {
                // What is left of a window, a `Retry-After`, and the next window.
                prop_assert!(until <= now + secs(600 + 30 + 600 + 30));
            }
        }
    }
}
