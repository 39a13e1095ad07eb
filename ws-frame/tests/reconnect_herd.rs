//! Ten thousand clients lose their server in the same moment (simulated time): they come back spread out, and come to an end.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the numbers and the seed are shown when a test fails")]

mod common;
#[path = "common/random.rs"]
mod random;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use common::{secs, start};
use http::StatusCode;
use random::Random;
use ws_frame::CloseCode;
use ws_frame::reconnect::{Backoff, Failure, Jitter, ReconnectEvent, Reconnector, StopReason};

const CLIENTS: usize = 10_000;
const DOWN: Duration = Duration::from_secs(20);
const BIN: Duration = Duration::from_millis(250);
const WATCHED: Duration = Duration::from_secs(30);

/// Arrivals a bin after the return of a server that was down for 20 s, and the window in which it returned, as time from its loss.
fn herd(jitter: Jitter, seed: u64) -> (Vec<usize>, (Duration, Duration)) {
    let mut backoff = Backoff::default();
    backoff.jitter = jitter;
    let window = {
        let mut begin = Duration::ZERO;
        let mut n = 0;
        loop {
            let end = begin + backoff.window(n);
            if end > DOWN {
                break (begin, end);
            }
            (begin, n) = (end, n + 1);
        }
    };
    let backoff = Arc::new(backoff);
    let mut random = Random(seed);
    let open = start();
    let lost = open + secs(60);
    let back = lost + DOWN;
    let mut due = BinaryHeap::new();
    let mut clients: Vec<Reconnector> = (0..CLIENTS)
        .map(|i| {
            let mut client = Reconnector::new(backoff.clone(), open);
            client.opened(open);
            client.closed(CloseCode::ABNORMAL, lost, random.next());
            due.push(Reverse((client.poll_timeout().unwrap(), i)));
            client
        })
        .collect();
    let mut bins = vec![0; (WATCHED.as_millis() / BIN.as_millis()) as usize];
    let mut arrived = 0;
    while let Some(Reverse((at, i))) = due.pop() {
        let client = &mut clients[i];
        client.handle_timeout(at);
        if at < back {
            client.failed(Failure::Unreachable, at, random.next());
            due.push(Reverse((client.poll_timeout().unwrap(), i)));
            continue;
        }
        client.opened(at);
        arrived += 1;
        let bin = (at - back).as_millis() / BIN.as_millis();
        if let Some(count) = bins.get_mut(bin as usize) {
            *count += 1;
        }
    }
    assert_eq!(arrived, CLIENTS);
    (bins, window)
}

/// The highest bin over the 30 s after the return, and the mean over what was left of the window in force at the return.
fn peak_and_mean(jitter: Jitter, seed: u64) -> (f64, f64) {
    let (bins, (begin, end)) = herd(jitter, seed);
    assert!(begin <= DOWN && DOWN < end);
    // The bin in which the window ends is the last.
    let in_force = 1 + ((end - DOWN).as_millis() / BIN.as_millis()) as usize;
    let in_force = in_force.min(bins.len());
    let mean = bins[..in_force].iter().sum::<usize>() as f64 / in_force as f64;
    (*bins.iter().max().unwrap() as f64, mean)
}

#[test]
fn the_peak_after_a_server_returns_is_at_most_one_and_a_half_times_the_mean() {
    for seed in 0..5 {
        let (peak, mean) = peak_and_mean(Jitter::Full, seed);
        println!("seed {seed}: peak {peak}, mean {mean:.1}, {:.2} times", peak / mean);
        assert!(mean > 50.0, "they are there: {mean}");
        assert!(peak <= 1.5 * mean, "seed {seed}: {peak} of {mean:.1}");
    }
}

#[test]
fn without_jitter_the_same_bound_is_broken() {
    let (peak, mean) = peak_and_mean(Jitter::None, 0);
    println!("peak {peak}, mean {mean:.1}, {:.2} times", peak / mean);
    assert_eq!(peak, CLIENTS as f64, "all in the same moment");
    assert!(peak > 1.5 * mean);
}

/// A server's ways for a million seconds: outages of many lengths, restarts with 1012, refusals with `Retry-After`, and here and there a
/// client that is told to stay away.
#[test]
fn after_a_million_seconds_each_client_is_connected_or_was_stopped_by_policy() {
    const LIFE: u64 = 1_000_000;
    let seed = 4711;
    println!("seed {seed}");
    let mut random = Random(seed);
    let begin = start();
    // Until when the server is up, and what happens then.
    let mut outages = Vec::new();
    let mut at = 0;
    loop {
        let lost = at + 60 + random.below(20_000);
        let most = [5, 60, 600, 10_000][random.below(4) as usize];
        let back = lost + 1 + random.below(most);
        if back + 3_600 > LIFE {
            break;
        }
        outages.push((begin + secs(lost), begin + secs(back), random.below(4)));
        at = back;
    }
    assert!(outages.len() > 40, "{} outages", outages.len());

    let backoff = Arc::new(Backoff::default());
    let mut connected = 0;
    let mut stopped = 0;
    for _ in 0..300 {
        let mut client = Reconnector::new(backoff.clone(), begin);
        let mut now = begin;
        let mut tries = 0_u64;
        let mut reason = None;
        while now < begin + secs(LIFE) {
            let Some(event) = client.poll_event() else {
                match client.poll_timeout() {
                    Some(at) => {
                        assert!(at >= now);
                        now = at;
                        client.handle_timeout(at);
                    }
                    None if client.is_open() => {
                        let next = outages.iter().find(|(lost, ..)| *lost > now);
                        let Some((lost, _, how)) = next else { break };
                        now = *lost;
                        let code = match how {
                            _ if random.one_in(2000) => CloseCode::POLICY_VIOLATION,
                            _ if random.one_in(2000) => CloseCode::try_from(4401).unwrap(),
                            0 => CloseCode::SERVICE_RESTART,
                            1 => CloseCode::GOING_AWAY,
                            _ => CloseCode::ABNORMAL,
                        };
                        client.closed(code, now, random.next());
                    }
                    None => break,
                }
                continue;
            };
            match event {
                ReconnectEvent::Connect { .. } => {
                    tries += 1;
                    match outages.iter().find(|(lost, back, _)| (*lost..*back).contains(&now)) {
                        None => client.opened(now),
                        Some((_, _, 2)) => {
                            let status = StatusCode::SERVICE_UNAVAILABLE;
                            let retry_after = Some(secs(random.below(40)));
                            client.failed(Failure::Refused { status, retry_after }, now, random.next());
                        }
                        Some(_) => client.failed(Failure::Unreachable, now, random.next()),
                    }
                }
                ReconnectEvent::Stopped(why) => reason = Some(why),
                _ => {}
            }
        }
        // One try a window: with windows of 30 s, a client that hammers would have far more.
        assert!(tries < LIFE / 15, "{tries} tries");
        match reason {
            None => {
                assert!(client.is_open(), "neither connected nor stopped");
                connected += 1;
            }
            Some(StopReason::Closed(code)) => {
                assert!(matches!(code.as_u16(), 1008 | 4401));
                assert!(client.is_stopped());
                stopped += 1;
            }
            Some(other) => panic!("{other:?}"),
        }
    }
    println!("{connected} connected, {stopped} stopped, {} outages", outages.len());
    assert_eq!(connected + stopped, 300);
    assert!(connected > 200 && stopped > 3);
}
