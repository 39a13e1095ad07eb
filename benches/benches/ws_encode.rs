//! Messages out: framed, masked where a client sends them, and ready to be written: small ones in a buffer, big ones lent to a vectored
//! write. The floor copies the payload into a buffer. And a message that is framed once for many connections, whose size must not matter.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench fails by panicking")]

mod ws_peers;

use std::cell::RefCell;
use std::hint::black_box;
use std::io::IoSlice;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use ws_frame::{Connection, Prepared};
use ws_peers::*;

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(300));
    targets = encode
}

fn main() {
    benches();
    summary();
}

/// Name, size, messages in a run.
const CASES: [(&str, usize, usize); 5] = [
    ("16 B", 16, 1000),
    ("125 B", 125, 1000),
    ("1 KiB", 1024, 1000),
    ("64 KiB", 64 * 1024, 64),
    ("4 MiB", 4 << 20, 2),
];

/// All contenders send `count` times the same payload, which they may not change; ours is the first, the floor the last.
fn contenders<'a>(
    payload: &'a Bytes,
    count: usize,
    runtime: &'a RefCell<tokio::runtime::Runtime>,
) -> Vec<Contender<'a>> {
    let mut client = client();
    let mut out = BytesMut::with_capacity(payload.len() + 14);
    let mut sockudo = sockudo_ws::protocol::Protocol::new(sockudo_ws::Role::Client, 16 << 20, 16 << 20);
    let mut sockudo_out = BytesMut::with_capacity(payload.len() + 14);
    let mut copy = Vec::with_capacity(payload.len() + 14);
    vec![
        (
            "ws-frame",
            Box::new(move || {
                for _ in 0..count {
                    client.send(payload.clone()).unwrap();
                    out.clear();
                    // As the adapter does: what is big is lent to a vectored write.
                    if payload.len() <= 4096 {
                        while client.poll_transmit(&mut out) {}
                        black_box(&out);
                        continue;
                    }
                    let mut slices = [IoSlice::new(&[]); 4];
                    let filled = client.poll_transmit_vectored(&mut slices);
                    let lent = black_box(&slices[..filled]).iter().map(|slice| slice.len()).sum();
                    client.transmitted(lent);
                    assert_eq!(client.buffered_amount(), 0);
                }
            }),
        ),
        (
            "tungstenite",
            Box::new(move || {
                use tungstenite::protocol::{Role, WebSocket};
                let mut socket =
                    WebSocket::from_raw_socket(Memory::new(&Bytes::new(), READ), Role::Client, None);
                for _ in 0..count {
                    socket.send(tungstenite::Message::Binary(payload.clone())).unwrap();
                }
            }),
        ),
        (
            "fastwebsockets",
            Box::new(move || {
                use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket};
                runtime.borrow_mut().block_on(async {
                    let mut socket =
                        WebSocket::after_handshake(Memory::new(&Bytes::new(), READ), Role::Client);
                    for _ in 0..count {
                        let frame = Frame::new(true, OpCode::Binary, None, Payload::Borrowed(payload));
                        socket.write_frame(frame).await.unwrap();
                    }
                });
            }),
        ),
        (
            "sockudo Protocol",
            Box::new(move || {
                let message = sockudo_ws::Message::Binary(payload.clone());
                for _ in 0..count {
                    sockudo_out.clear();
                    sockudo.encode_message(&message, &mut sockudo_out).unwrap();
                    black_box(&sockudo_out);
                }
            }),
        ),
        (
            "memcpy",
            Box::new(move || {
                for _ in 0..count {
                    copy.clear();
                    copy.extend_from_slice(black_box(payload));
                    black_box(&copy);
                }
            }),
        ),
    ]
}

fn encode(criterion: &mut Criterion) {
    let runtime = RefCell::new(runtime());
    for (name, size, count) in CASES {
        let payload = Bytes::from(vec![b'x'; size]);
        let mut group = criterion.benchmark_group(format!("ws_encode/client {name}"));
        group.throughput(Throughput::Elements(count as u64));
        for (name, mut run) in contenders(&payload, count, &runtime) {
            group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(&mut run));
        }
        group.finish();
    }
}

fn summary() {
    let time = Duration::from_secs(2);
    let runtime = RefCell::new(runtime());
    for (name, size, count) in CASES {
        let payload = Bytes::from(vec![b'x'; size]);
        let mut contenders = contenders(&payload, count, &runtime);
        let times = alternate(&mut contenders, time);
        report(&format!("a client sends {name}"), &contenders, &times, count as f64);
        if size >= 64 * 1024 {
            ratio("of memcpy", times[contenders.len() - 1] / times[0], 0.8, false);
        }
    }
    prepared(time);
}

/// A message for many connections: queued, and lent to a vectored write.
fn prepared(time: Duration) {
    const CONNECTIONS: usize = 1000;
    let fan_out = |message: &Prepared, connections: &mut Vec<Connection>| {
        for connection in connections {
            connection.send(message).unwrap();
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = connection.poll_transmit_vectored(&mut slices);
            let lent = slices[..filled].iter().map(|slice| slice.len()).sum();
            connection.transmitted(lent);
            assert!(connection.poll_event().is_none());
        }
    };
    // Both are below the high water, which is an event.
    let small = Prepared::new(vec![b'x'; 1024]);
    let big = Prepared::new(vec![b'x'; 512 * 1024]);
    let make = || (0..CONNECTIONS).map(|_| server()).collect::<Vec<_>>();
    let (mut one, mut other) = (make(), make());
    let mut contenders: Vec<Contender<'_>> = vec![
        ("1 KiB", Box::new(|| fan_out(&small, &mut one))),
        ("512 KiB", Box::new(|| fan_out(&big, &mut other))),
    ];
    let times = alternate(&mut contenders, time);
    report("a prepared message, a connection", &contenders, &times, CONNECTIONS as f64);
    ratio("of the time for 512 KiB to that for 1 KiB", times[1] / times[0], 1.1, true);
}
