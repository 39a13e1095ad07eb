//! The parser of `sse-codec`, lending and owned, beside `sse-core`, on the same bytes in the same chunks.
//!
//! All three see every event's data, type and id. The floor finds each line end with `memchr2` and does nothing else.
#![allow(clippy::expect_used, missing_docs, reason = "a bench stops by panicking and exports nothing")]

use std::{hint::black_box, num::NonZeroUsize};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sse_codec::{Item, Parser};
use sse_core::{SseDecoder, SseEvent};

struct Corpus {
    name: &'static str,
    stream: Vec<u8>,
    chunk: usize,
}

/// About 256 KiB of what `event` gives for each number, in chunks of so many bytes.
fn corpus(name: &'static str, chunk: usize, event: impl Fn(usize) -> String) -> Corpus {
    let mut stream = Vec::new();
    let mut number = 0;
    while stream.len() < 256 << 10 {
        stream.extend_from_slice(event(number).as_bytes());
        number += 1;
    }
    Corpus { name, stream, chunk }
}

fn openai(number: usize) -> String {
    let mut event = format!(
        "data: {{\"id\":\"chatcmpl-8f2a6c1d90\",\"object\":\"chat.completion.chunk\",\"created\":17{number:08},\"model\":\"gpt-4o\",\
         \"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" token\"}},\"logprobs\":null,\
         \"finish_reason\":null}}]"
    );
    while event.len() < 237 {
        event.push(' ');
    }
    event + "}\n\n"
}

fn anthropic(number: usize) -> String {
    format!(
        "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\
         \"text\":\" token {number}\"}}}}\n\n"
    )
}

fn corpora() -> Vec<Corpus> {
    vec![
        corpus("openai_240B/1460", 1460, openai),
        corpus("anthropic/1460", 1460, anthropic),
        corpus("anthropic_crlf/1460", 1460, |number| anthropic(number).replace('\n', "\r\n")),
        corpus("id_event_data/1460", 1460, |number| {
            format!("id: {number}\nevent: tick\ndata: {{\"px\":{number}}}\n\n")
        }),
        corpus("data_9B/16K", 16 << 10, |_| "data: x\n\n".into()),
        corpus("data_40K/1460", 1460, |_| format!("data: {}\n\n", "x".repeat(40 << 10))),
        corpus("keepalive_13B/1460", 1460, |_| ": keepalive\n\n".into()),
        corpus("lines_1000/16K", 16 << 10, |_| "data: a line of ordinary text\n".repeat(1000) + "\n"),
        corpus("openai_240B/10", 10, openai),
        corpus("data_1M/16", 16, |_| format!("data: {}\n\n", "x".repeat((1 << 20) - 8))),
    ]
}

fn floor(corpus: &Corpus) -> usize {
    corpus.stream.chunks(corpus.chunk).map(|chunk| memchr::memchr2_iter(b'\n', b'\r', chunk).count()).sum()
}

fn borrowed(corpus: &Corpus) -> usize {
    let mut parser = Parser::new();
    let mut events = 0;
    for mut chunk in corpus.stream.chunks(corpus.chunk) {
        while let Some(item) = parser.next(&mut chunk) {
            if let Item::Event(event) = item {
                black_box((event.data(), event.event(), event.id()));
                events += 1;
            }
        }
    }
    events
}

fn owned(corpus: &Corpus) -> usize {
    let mut parser = Parser::new();
    let mut events = 0;
    for mut chunk in corpus.stream.chunks(corpus.chunk) {
        while let Some(item) = parser.next(&mut chunk) {
            if let Item::Event(event) = item {
                black_box(event.to_owned());
                events += 1;
            }
        }
    }
    events
}

fn sse_core(corpus: &Corpus) -> usize {
    // Its default limit is below the largest event here.
    let mut decoder = SseDecoder::with_limit(NonZeroUsize::new(8 << 20).expect("not zero"));
    let mut events = 0;
    for mut chunk in corpus.stream.chunks(corpus.chunk) {
        while let Some(found) = decoder.next(&mut chunk) {
            if let SseEvent::Message(message) = found.expect("within its limit") {
                black_box(message);
                events += 1;
            }
        }
    }
    events
}

fn sse_parse(criterion: &mut Criterion) {
    type Run = fn(&Corpus) -> usize;
    let parsers: [(&str, Run); 3] = [("borrowed", borrowed), ("owned", owned), ("sse-core", sse_core)];
    let mut group = criterion.benchmark_group("sse_parse");
    for corpus in corpora() {
        let counts = parsers.map(|(_, run)| run(&corpus));
        assert!(counts.iter().all(|&count| count == counts[0]), "{}: {counts:?} events", corpus.name);
        group.throughput(Throughput::Bytes(corpus.stream.len() as u64));
        group.bench_with_input(BenchmarkId::new("memchr2", corpus.name), &corpus, |b, corpus| {
            b.iter(|| floor(corpus));
        });
        for (name, run) in parsers {
            group.bench_with_input(BenchmarkId::new(name, corpus.name), &corpus, |b, corpus| {
                b.iter(|| run(corpus));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, sse_parse);
criterion_main!(benches);
