//! permessage-deflate of 1 KiB of JSON: compressed and sent, and received and inflated, beside the same calls of zlib-rs without a
//! WebSocket around them, and beside sockudo-ws. All at level 6 with a window of 15 bits, text checked.
//!
//! yawc 0.5 compresses only inside its socket, so it cannot be given the same bytes in memory.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the machine is handed a real time, and rounds are timed")]
#![allow(clippy::print_stdout, reason = "the ratios are printed")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use benches::{Counting, allocations};
use bytes::{Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use sockudo_ws::deflate::DeflateConfig;
use sockudo_ws::protocol::CompressedProtocol;
use ws_frame::deflate::{Agreement, Deflate};
use ws_frame::{Config, Connection, Event, Frame, Message, Opcode};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MESSAGES: usize = 64;
const MAX: usize = 16 << 20;

criterion_group!(benches, deflate);
criterion_main!(benches);

fn messages() -> Vec<Bytes> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        state >> 8
    };
    let mut record = || {
        let names = ["Ada Lovelace", "Grace Hopper", "Edsger Dijkstra", "Barbara Liskov"];
        let name = names[next() as usize % names.len()];
        format!(
            "{{\"id\":{},\"name\":\"{name}\",\"email\":\"u{}@example.com\",\"score\":{}.{},\"active\":{}}}",
            next(),
            next() % 10_000,
            next() % 100,
            next() % 1000,
            next() % 2 == 0,
        )
    };
    (0..MESSAGES)
        .map(|_| {
            let mut text = String::from("[");
            while text.len() < 1024 {
                text.push_str(&record());
                text.push(',');
            }
            text.truncate(1023);
            text.push(']');
            Bytes::from(text)
        })
        .collect()
}

/// One way to do the work for all messages; the state stays from round to round.
type Run<'a> = Box<dyn FnMut() -> usize + 'a>;

fn agreement(takeover: bool) -> Agreement {
    let mut deflate = if takeover { Deflate::with_takeover() } else { Deflate::without_takeover() };
    deflate.level = 6;
    deflate.choose(&[deflate.offer()]).unwrap().0
}

fn sockudo_config(takeover: bool) -> DeflateConfig {
    DeflateConfig {
        server_no_context_takeover: !takeover,
        client_no_context_takeover: !takeover,
        compression_level: 6,
        ..DeflateConfig::default()
    }
}

fn compressors<'a>(messages: &'a [Bytes], takeover: bool) -> Vec<(&'static str, Run<'a>)> {
    let mut state = Compress::new_with_window_bits(Compression::new(6), false, 15);
    let mut out = Vec::with_capacity(4096);
    let raw = move || {
        let mut len = 0;
        for message in messages {
            out.clear();
            if !takeover {
                state.reset();
            }
            state.compress_vec(black_box(message), &mut out, FlushCompress::Sync).unwrap();
            len += out.len() - 4;
        }
        len
    };

    let mut server =
        Connection::server(Config::default(), Instant::now()).with_deflate(Some(agreement(takeover)));
    let texts: Vec<Message> =
        messages.iter().map(|m| Message::Text(ws_frame::Text::try_from(m.clone()).unwrap())).collect();
    let mut wire = BytesMut::with_capacity(1024);
    let ours = move || {
        let mut len = 0;
        for message in &texts {
            server.send(black_box(message).clone()).unwrap();
            wire.clear();
            while server.poll_transmit(&mut wire) {}
            len += wire.len() - if wire.len() < 128 { 2 } else { 4 };
        }
        len
    };

    let mut peer = CompressedProtocol::server(MAX, MAX, sockudo_config(takeover));
    let texts: Vec<sockudo_ws::Message> =
        messages.iter().map(|m| sockudo_ws::Message::Text(m.clone())).collect();
    let mut wire = BytesMut::with_capacity(1024);
    let sockudo = move || {
        let mut len = 0;
        for message in &texts {
            wire.clear();
            peer.encode_message(black_box(message), &mut wire).unwrap();
            len += wire.len() - if wire.len() < 128 { 2 } else { 4 };
        }
        len
    };
    vec![("ws-frame", Box::new(ours)), ("zlib-rs", Box::new(raw)), ("sockudo-ws", Box::new(sockudo))]
}

fn decompressors<'a>(messages: &[Bytes], takeover: bool) -> Vec<(&'static str, Run<'a>)> {
    // A round of compressed messages that begins with no context, so that it can be read again and again.
    let mut state = Compress::new_with_window_bits(Compression::new(6), false, 15);
    let mut payloads = Vec::new();
    let mut wire = BytesMut::new();
    for message in messages {
        let mut out = Vec::with_capacity(4096);
        if !takeover {
            state.reset();
        }
        state.compress_vec(message, &mut out, FlushCompress::Sync).unwrap();
        payloads.push(out.clone());
        out.truncate(out.len() - 4);
        let start = wire.len();
        Frame::new(true, Opcode::Text, out.into()).encode(None, &mut wire);
        wire[start] |= 0x40;
    }
    let wire = wire.freeze();

    let mut state = Decompress::new(false);
    let mut out = Vec::with_capacity(4096);
    let raw = move || {
        let mut len = 0;
        for payload in &payloads {
            out.clear();
            if !takeover {
                state.reset(false);
            }
            state.decompress_vec(black_box(payload), &mut out, FlushDecompress::Sync).unwrap();
            assert!(simdutf8::basic::from_utf8(&out).is_ok());
            black_box(Bytes::copy_from_slice(&out));
            len += out.len();
        }
        len
    };

    let mut client = Connection::client(Config::default(), [7; 32], Instant::now())
        .with_deflate(Some(agreement(takeover)));
    let (now, frames) = (Instant::now(), wire.clone());
    let mut buf = BytesMut::with_capacity(wire.len());
    let ours = move || {
        let mut len = 0;
        buf.clear();
        buf.extend_from_slice(black_box(&frames));
        client.receive(&mut buf, now);
        while let Some(event) = client.poll_event() {
            match event {
                Event::Message(message) => len += black_box(message).len(),
                other => panic!("{other:?}"),
            }
        }
        len
    };

    let mut peer = CompressedProtocol::client(MAX, MAX, sockudo_config(takeover));
    let mut buf = BytesMut::with_capacity(wire.len());
    let mut got = Vec::new();
    let sockudo = move || {
        buf.clear();
        buf.extend_from_slice(black_box(&wire));
        peer.process_into(&mut buf, &mut got).unwrap();
        got.drain(..).map(|message| black_box(message).as_bytes().len()).sum()
    };
    vec![("ws-frame", Box::new(ours)), ("zlib-rs", Box::new(raw)), ("sockudo-ws", Box::new(sockudo))]
}

fn deflate(criterion: &mut Criterion) {
    let messages = messages();
    let plain: usize = messages.iter().map(Bytes::len).sum();
    let mut lines = Vec::new();
    for takeover in [false, true] {
        let kind = if takeover { "takeover" } else { "no_takeover" };
        for (work, mut contenders) in
            [("compress", compressors(&messages, takeover)), ("inflate", decompressors(&messages, takeover))]
        {
            let mut group = criterion.benchmark_group(format!("ws_deflate/{work}/{kind}"));
            group.throughput(Throughput::Elements(MESSAGES as u64));
            for (name, run) in &mut contenders {
                group.bench_function(BenchmarkId::from_parameter(*name), |b| b.iter(&mut *run));
            }
            group.finish();
            lines.extend(compare(work, kind, plain, &mut contenders));
        }
    }
    println!();
    lines.iter().for_each(|line| println!("{line}"));
}

/// The best of many rounds that take turns, so that noise meets all alike.
fn compare(work: &str, kind: &str, plain: usize, contenders: &mut [(&'static str, Run<'_>)]) -> Vec<String> {
    let mut best = vec![Duration::MAX; contenders.len()];
    let mut len = vec![0; contenders.len()];
    for _ in 0..300 {
        for (i, (_, run)) in contenders.iter_mut().enumerate() {
            let start = Instant::now();
            len[i] = run();
            best[i] = best[i].min(start.elapsed());
        }
    }
    let per_message = |i: usize| best[i].as_nanos() as f64 / MESSAGES as f64;
    let (_, allocated) = allocations(|| contenders[0].1());
    let mut lines = vec![format!(
        "ws_deflate/{work}/{kind}: {:.2}x raw zlib-rs (target 0.95x), {:.2} allocations a message{}",
        per_message(1) / per_message(0),
        allocated as f64 / MESSAGES as f64,
        if work == "compress" && kind == "no_takeover" { " (target 0)" } else { "" },
    )];
    for (i, (name, _)) in contenders.iter().enumerate() {
        lines.push(format!(
            "    {name}: {:.0} ns a message, {:.1} % of its size",
            per_message(i),
            if work == "compress" { len[i] as f64 * 100.0 / plain as f64 } else { 100.0 },
        ));
    }
    lines
}
