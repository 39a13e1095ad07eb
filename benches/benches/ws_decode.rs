//! A server reads masked messages: everything unmasked, checked and delivered as a value that can be kept. Each contender reads the same
//! wire from memory, 64 KiB at a time at most. The floor copies the wire through a 64 KiB buffer.
//!
//! The summary takes the least time at eight places of the wire in its page (`alternate_places` says why).
//!
//! The wire of big messages is 16 MiB and more, which no second-level cache holds: bytes that come from a network are not in it either.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench fails by panicking")]

mod ws_peers;

use std::cell::RefCell;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use ws_frame::Opcode;
use ws_peers::*;

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(300));
    targets = decode
}

fn main() {
    benches();
    summary();
}

/// Size, messages in a run.
const CASES: [(&str, Opcode, usize, usize); 8] = [
    ("16 B text", Opcode::Text, 16, 40_000),
    ("125 B text", Opcode::Text, 125, 8000),
    ("1 KiB text", Opcode::Text, 1024, 1000),
    ("1 KiB binary", Opcode::Binary, 1024, 1000),
    ("64 KiB binary", Opcode::Binary, 64 * 1024, 256),
    ("64 KiB text", Opcode::Text, 64 * 1024, 256),
    ("4 MiB binary", Opcode::Binary, 4 * 1024 * 1024, 12),
    ("4 MiB text", Opcode::Text, 4 * 1024 * 1024, 12),
];

const OURS: &str = "ws-frame";
const ADAPTER: &str = "ws-frame tokio";
const FLOOR: &str = "memcpy";
const UNCHECKED: &str = "web-socket (no UTF-8)";

/// All contenders over one wire; ours is the first, the floor the last.
fn contenders<'a>(
    wire: &'a Bytes,
    count: usize,
    runtime: &'a RefCell<tokio::runtime::Runtime>,
) -> Vec<Contender<'a>> {
    let check = move |got: usize| assert_eq!(got, count);
    macro_rules! polled {
        ($run:ident) => {
            Box::new(move || check(runtime.borrow_mut().block_on($run(wire))))
        };
    }
    let mut buf = vec![0; READ];
    vec![
        (OURS, Box::new(move || check(ws_frame(server(), wire, READ)))),
        (ADAPTER, polled!(ws_frame_tokio)),
        ("tungstenite", Box::new(move || check(tungstenite(wire)))),
        ("tokio-tungstenite", polled!(tokio_tungstenite)),
        ("tokio-websockets", polled!(tokio_websockets)),
        ("fastwebsockets", polled!(fastwebsockets)),
        ("soketto", polled!(soketto)),
        (UNCHECKED, polled!(web_socket)),
        ("sockudo Protocol", Box::new(move || check(sockudo(wire)))),
        ("yawc", polled!(yawc)),
        (FLOOR, Box::new(move || memcpy(wire, &mut buf))),
    ]
}

fn decode(criterion: &mut Criterion) {
    let runtime = RefCell::new(runtime());
    for (name, opcode, size, count) in CASES {
        let wire = wire(opcode, size, count, true);
        let mut group = criterion.benchmark_group(format!("ws_decode/{name}"));
        group.throughput(Throughput::Elements(count as u64));
        for (name, mut run) in contenders(&wire, count, &runtime) {
            group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(&mut run));
        }
        group.finish();
    }
}

/// The ratios, from runs that alternate.
fn summary() {
    let time = Duration::from_secs(2);
    // It lives as long as the program, and so as long as any wire.
    let runtime: &RefCell<_> = Box::leak(Box::new(RefCell::new(runtime())));
    for (name, opcode, size, count) in CASES {
        let times = alternate_places(
            time,
            |place| wire_at(place, opcode, size, count, true),
            |wire| contenders(wire, count, runtime),
        );
        report_times(name, &times, count as f64);
        let of = |wanted: &str| times.iter().find(|(name, _)| *name == wanted).unwrap().1;
        let peers = times.iter().filter(|(name, _)| ![OURS, ADAPTER, FLOOR, UNCHECKED].contains(name));
        let (best, best_time) = peers.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        let beside_best = format!("to the best that checks, {best}");
        let beside_floor = "of the memcpy floor";
        match (size, opcode) {
            (16, _) => {
                ratio(&beside_best, best_time / of(OURS), 1.7, false);
                ratio("to web-socket, which does not check", of(UNCHECKED) / of(OURS), 1.2, false);
            }
            (125, _) => ratio(&beside_best, best_time / of(OURS), 1.4, false),
            (1024, _) => ratio(&beside_best, best_time / of(OURS), 1.25, false),
            (65_536, Opcode::Binary) => ratio(beside_floor, of(FLOOR) / of(OURS), 0.85, false),
            (65_536, _) => ratio(beside_floor, of(FLOOR) / of(OURS), 0.73, false),
            (_, Opcode::Binary) => ratio(beside_floor, of(FLOOR) / of(OURS), 0.82, false),
            _ => {}
        }
        if size < 65_536 {
            let more = (of(ADAPTER) - of(OURS)) / count as f64;
            ratio("ns a message more through the tokio adapter", more, 10.0, true);
        }
    }
    pieces(time);
    plain(time);
}

/// One frame in chunks of one byte: twice the bytes take twice the time. And many messages in the segments of a network.
fn pieces(time: Duration) {
    let text = |len: usize| wire(Opcode::Text, len, 1, true);
    // Big enough for the lane of big frames, short enough to run between two turns of the scheduler.
    let (half, whole) = (text(1 << 15), text(1 << 16));
    let mut contenders: Vec<Contender<'_>> = vec![
        ("n", Box::new(|| assert_eq!(ws_frame(server(), &half, 1), 1))),
        ("2n", Box::new(|| assert_eq!(ws_frame(server(), &whole, 1), 1))),
    ];
    let times = alternate(&mut contenders, time);
    report("a text of n = 32 KiB in chunks of 1 byte, a byte of n", &contenders, &times, (1 << 15) as f64);
    ratio("of the time of 2n to that of n", times[1] / times[0], 2.2, true);
    for (name, opcode, size, count) in &CASES[..5] {
        let wire = wire(*opcode, *size, *count, true);
        let mut contenders: Vec<Contender<'_>> = vec![
            (OURS, Box::new(|| assert_eq!(ws_frame(server(), &wire, 1460), *count))),
            ("sockudo Protocol", Box::new(|| assert_eq!(sockudo_in(&wire, 1460), *count))),
            ("tungstenite", Box::new(|| assert_eq!(tungstenite_in(&wire, 1460), *count))),
        ];
        let times = alternate(&mut contenders, time / 2);
        report(&format!("{name} in chunks of 1460 bytes"), &contenders, &times, *count as f64);
    }
}

/// What a client reads: nothing to unmask.
fn plain(time: Duration) {
    for (name, opcode, size, count) in CASES.into_iter().take(6) {
        let times = alternate_places(
            time / 2,
            |place| wire_at(place, opcode, size, count, false),
            |wire| {
                let mut buf = vec![0; READ];
                vec![
                    (OURS, Box::new(move || assert_eq!(ws_frame(client(), wire, READ), count))),
                    ("tungstenite", Box::new(move || assert_eq!(tungstenite_client(wire), count))),
                    ("sockudo Protocol", Box::new(move || assert_eq!(sockudo_client(wire), count))),
                    (FLOOR, Box::new(move || memcpy(wire, &mut buf))),
                ]
            },
        );
        report_times(&format!("{name}, read by a client"), &times, count as f64);
    }
}
