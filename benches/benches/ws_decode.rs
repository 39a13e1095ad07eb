//! A server reads masked messages: everything unmasked, checked and delivered as a value that can be kept. Each contender reads the same
//! wire from memory, 64 KiB at a time. The floor copies the wire through a 64 KiB buffer.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the machine is handed a real time")]

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tungstenite::protocol::{Role, WebSocket};
use ws_frame::{Config, Connection, Event, Frame, Opcode};

const READ: usize = 64 * 1024;

criterion_group!(benches, decode);
criterion_main!(benches);

fn decode(criterion: &mut Criterion) {
    for (kind, opcode) in [("text", Opcode::Text), ("binary", Opcode::Binary)] {
        for size in [16, 125, 1024, 64 * 1024] {
            let count = (1 << 20) / (size + 8);
            let wire = wire(opcode, size, count);
            let mut group = criterion.benchmark_group(format!("ws_decode/{kind}/{size}"));
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(BenchmarkId::from_parameter("ws-frame"), |b| {
                b.iter(|| assert_eq!(ws_frame(black_box(&wire)), count));
            });
            group.bench_function(BenchmarkId::from_parameter("tungstenite"), |b| {
                b.iter(|| assert_eq!(tungstenite(black_box(&wire)), count));
            });
            group.bench_function(BenchmarkId::from_parameter("memcpy"), |b| {
                let mut buf = vec![0; READ];
                b.iter(|| {
                    for chunk in black_box(&wire).chunks(READ) {
                        buf[..chunk.len()].copy_from_slice(chunk);
                        black_box(&mut buf);
                    }
                });
            });
            group.finish();
        }
    }
}

fn wire(opcode: Opcode, size: usize, count: usize) -> Vec<u8> {
    let text = b"{\"id\":4711,\"name\":\"Ada\",\"tags\":[\"a\",\"b\"]} ";
    let payload: Bytes = text.iter().copied().cycle().take(size).collect();
    let mut out = BytesMut::new();
    for i in 0..count as u32 {
        let key = i.wrapping_mul(0x9E37_79B9).to_ne_bytes();
        Frame::new(true, opcode, payload.clone()).encode(Some(key), &mut out);
    }
    out.to_vec()
}

fn ws_frame(wire: &[u8]) -> usize {
    let now = Instant::now();
    let mut connection = Connection::server(Config::default(), now);
    let mut buf = BytesMut::with_capacity(READ);
    let mut count = 0;
    for chunk in wire.chunks(READ) {
        buf.reserve(READ);
        buf.extend_from_slice(chunk);
        connection.receive(&mut buf, now);
        while let Some(event) = connection.poll_event() {
            match event {
                Event::Message(message) => {
                    black_box(message);
                    count += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }
    count
}

fn tungstenite(wire: &[u8]) -> usize {
    let mut socket = WebSocket::from_raw_socket(Memory(wire), Role::Server, None);
    let mut count = 0;
    while let Ok(message) = socket.read() {
        black_box(message);
        count += 1;
    }
    count
}

struct Memory<'a>(&'a [u8]);

impl Read for Memory<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.0.len().min(buf.len()).min(READ);
        self.0.read(&mut buf[..n])
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
