//! How long the event source waits: HTML Standard §9.2.3, with growth, spread and bounds of its own.

#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "an `Instant` has to come from somewhere")]

#[path = "rig/client.rs"]
mod rig;

use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};
use rig::{SECOND, config, connect, ended, feed, headers, open, wait};
use sse_codec::client::{Action, Client, Disconnect, Ended, Verdict, transient};

#[test]
fn a_policy_makes_statuses_retryable_and_retry_after_is_capped() {
    let now = Instant::now();
    let mut config = config();
    config.retryable = transient;
    for (value, range) in [("7", 7..=7), ("86400", 300..=300), ("0", 1..=2), ("soon", 1..=2)] {
        let mut client = Client::new(config.clone(), 3);
        connect(&mut client, now);
        let head = headers(&[("retry-after", value)]);
        assert_eq!(client.on_response(now, StatusCode::TOO_MANY_REQUESTS, &head), Verdict::Drop);
        let waited = wait(&mut client, now);
        assert!(range.contains(&waited.as_secs()), "{value}: {waited:?}");
        assert_eq!(client.disconnect(), Some(Disconnect::Status(StatusCode::TOO_MANY_REQUESTS)));
    }
    let mut client = Client::new(config, 3);
    connect(&mut client, now);
    assert_eq!(client.on_response(now, StatusCode::NOT_FOUND, &HeaderMap::new()), Verdict::Refused);
}

#[test]
fn a_server_retry_replaces_the_base_and_zero_does_not_hammer() {
    let now = Instant::now();
    for (retry, least, most) in
        [("0", 100, 200), ("5000", 5_000, 10_000), ("18446744073709551616", 3_600_000, 3_600_000)]
    {
        let mut client = Client::new(config(), 9);
        open(&mut client, now);
        feed(&mut client, now, format!("retry: {retry}\n").as_bytes());
        client.on_eof(now, Disconnect::End);
        let waited = wait(&mut client, now).as_millis();
        assert!((least..=most).contains(&waited), "{retry}: {waited} ms");
    }
}

#[test]
fn waits_grow_and_start_anew_after_a_healthy_connection() {
    let mut now = Instant::now();
    let mut client = Client::new(config(), 5);
    let mut longest = Duration::ZERO;
    for _ in 0..40 {
        connect(&mut client, now);
        client.on_eof(now, Disconnect::Error);
        let waited = wait(&mut client, now);
        assert!((SECOND..=30 * SECOND).contains(&waited));
        longest = longest.max(waited);
        now += waited;
    }
    assert!(longest > 20 * SECOND);
    open(&mut client, now);
    now += 59 * SECOND;
    client.on_eof(now, Disconnect::End);
    let waited = wait(&mut client, now);
    now += waited;
    open(&mut client, now);
    now += 60 * SECOND;
    client.on_eof(now, Disconnect::End);
    assert!(wait(&mut client, now) <= 2 * SECOND);
}

#[test]
fn an_attempt_bound_ends_it() {
    let now = Instant::now();
    let mut config = config();
    config.limits.max_attempts = Some(2);
    let mut client = Client::new(config, 0);
    connect(&mut client, now);
    client.on_eof(now, Disconnect::Error);
    let waited = wait(&mut client, now);
    connect(&mut client, now + waited);
    client.on_eof(now, Disconnect::Error);
    assert_eq!(ended(&mut client, now), Ended::Attempts { max: 2 });
}

#[test]
fn no_two_attempts_are_closer_than_a_tenth_of_a_second() {
    let mut now = Instant::now();
    let mut config = config();
    config.retryable = |_| true;
    config.backoff.base = Duration::ZERO;
    config.backoff.max = Duration::ZERO;
    let mut client = Client::new(config.clone(), 0);
    let head = headers(&[("retry-after", "0")]);
    for turn in 0..200 {
        match turn % 4 {
            0 => {
                open(&mut client, now);
                feed(&mut client, now, b"retry: 0\n\n");
                client.on_eof(now, Disconnect::End);
            }
            1 => {
                connect(&mut client, now);
                client.on_response(now, StatusCode::TOO_MANY_REQUESTS, &head);
            }
            2 => {
                connect(&mut client, now);
                client.on_eof(now, Disconnect::Error);
            }
            _ => {
                open(&mut client, now);
                client.on_eof(now, Disconnect::Error);
            }
        }
        let waited = wait(&mut client, now);
        assert!(waited >= Duration::from_millis(100), "{turn}: {waited:?}");
        now += waited;
    }
    config.limits.min_retry = Duration::from_millis(1);
    let mut client = Client::new(config, 0);
    connect(&mut client, now);
    client.on_eof(now, Disconnect::Error);
    assert_eq!(wait(&mut client, now), Duration::from_millis(1), "the floor is the caller's to set");
}

#[test]
fn the_bounds_of_a_servers_retry_are_the_callers() {
    let now = Instant::now();
    let mut config = config();
    config.limits.min_retry = 3 * SECOND;
    config.limits.max_retry = 4 * SECOND;
    config.backoff.max = 4 * SECOND;
    for (retry, least, most) in [("1", 3, 4), ("99999999", 4, 4)] {
        let mut client = Client::new(config.clone(), 1);
        open(&mut client, now);
        feed(&mut client, now, format!("retry: {retry}\n\n").as_bytes());
        client.on_eof(now, Disconnect::Error);
        let waited = wait(&mut client, now);
        assert!((least * SECOND..=most * SECOND).contains(&waited), "{retry}: {waited:?}");
    }
}

#[test]
fn the_cap_of_retry_after_is_the_callers_and_zero_turns_it_off() {
    let now = Instant::now();
    let mut config = config();
    config.retryable = transient;
    config.limits.max_retry_after = Duration::ZERO;
    let mut client = Client::new(config, 1);
    connect(&mut client, now);
    client.on_response(now, StatusCode::SERVICE_UNAVAILABLE, &headers(&[("retry-after", "3600")]));
    assert!(wait(&mut client, now) <= 2 * SECOND);
}

#[test]
fn clients_that_lose_a_server_together_come_back_apart() {
    let now = Instant::now();
    let mut waits: Vec<_> = (0..1000)
        .map(|entropy| {
            let mut client = Client::new(config(), entropy);
            open(&mut client, now);
            client.on_eof(now, Disconnect::Error);
            wait(&mut client, now)
        })
        .collect();
    waits.sort();
    let in_any_tenth = waits.chunk_by(|a, b| a.as_millis() / 100 == b.as_millis() / 100).map(<[_]>::len);
    assert!(in_any_tenth.max().unwrap() < 200, "of 1000 over ten tenths of a second");
    assert!(waits[0] >= SECOND && waits[999] <= 2 * SECOND);
}

#[test]
fn a_wait_is_over_at_its_deadline_and_not_before() {
    let now = Instant::now();
    let mut client = Client::new(config(), 2);
    connect(&mut client, now);
    client.on_eof(now, Disconnect::Error);
    let waited = wait(&mut client, now);
    let almost = now + waited - Duration::from_nanos(1);
    assert_eq!(wait(&mut client, almost), Duration::from_nanos(1));
    connect(&mut client, now + waited);
}

#[test]
fn a_clock_that_jumps_ahead_ends_waits_and_silence_at_once() {
    let now = Instant::now();
    let mut config = config();
    config.idle_timeout = Some(45 * SECOND);
    let mut client = Client::new(config, 2);
    connect(&mut client, now);
    client.on_eof(now, Disconnect::Error);
    wait(&mut client, now);
    let later = now + 86_400 * SECOND;
    open(&mut client, later);
    assert!(matches!(client.poll(later + 86_400 * SECOND), Action::Close));
    wait(&mut client, later + 86_400 * SECOND);
    // And back: what was heard later than now is no silence.
    assert!(matches!(client.poll(later), Action::Wait { .. }));
}

#[test]
fn healthy_connections_do_not_count_as_attempts() {
    let mut now = Instant::now();
    let mut config = config();
    config.limits.max_attempts = Some(2);
    config.backoff.healthy = 10 * SECOND;
    let mut client = Client::new(config, 0);
    for _ in 0..20 {
        open(&mut client, now);
        now += 10 * SECOND;
        client.on_eof(now, Disconnect::Error);
        now += wait(&mut client, now);
    }
    open(&mut client, now);
    client.on_eof(now, Disconnect::Error);
    assert_eq!(ended(&mut client, now), Ended::Attempts { max: 2 });
}

#[test]
fn a_status_is_retried_only_if_the_policy_says_so() {
    let now = Instant::now();
    for (status, is_retried) in [
        (408, true),
        (425, true),
        (429, true),
        (500, true),
        (502, true),
        (504, true),
        (501, false),
        (404, false),
    ] {
        let mut config = config();
        config.retryable = transient;
        let mut client = Client::new(config, 0);
        connect(&mut client, now);
        let verdict = client.on_response(now, StatusCode::from_u16(status).unwrap(), &HeaderMap::new());
        assert_eq!(verdict, if is_retried { Verdict::Drop } else { Verdict::Refused }, "{status}");
    }
}
