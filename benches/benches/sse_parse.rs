//! The parser of `sse-codec`, lending and owned, beside four peers, on the same bytes in the same chunks.
//!
//! All of them find every event's data, type and id; none is handed a comment but `sse-codec` where the row says so. The floors find each
//! line end with `memchr2`, and copy each chunk. After criterion's report, the contenders are run in turn, many times, and the least time
//! of each gives the ratios that are printed beside their targets (`-- ratios` for these alone).
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench stops by panicking and exports nothing"
)]
#![allow(clippy::print_stdout, reason = "a bench reports on the terminal")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    convert::Infallible,
    hint::black_box,
    num::NonZeroUsize,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use benches::{Counting, allocations};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use futures_core::Stream;
use sse_codec::{Item, Limits, Parser};
use sse_core::{SseDecoder, SseEvent};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many times each contender runs for a ratio.
const ROUNDS: usize = 60;

struct Corpus {
    name: &'static str,
    /// The ratios wanted of the lending parser and of the owning one, over the best peer.
    targets: [f64; 2],
    stream: Vec<u8>,
    chunks: Vec<Bytes>,
    /// Whether `eventsource-stream`, which is quadratic in the pieces of an event, is spared.
    quadratic: bool,
}

/// About 256 KiB of what `event` gives for each number, in chunks of so many bytes.
fn corpus(name: &'static str, targets: [f64; 2], chunk: usize, event: impl Fn(usize) -> String) -> Corpus {
    let mut stream = Vec::new();
    let mut number = 0;
    while stream.len() < 256 << 10 {
        stream.extend_from_slice(event(number).as_bytes());
        number += 1;
    }
    cut(name, targets, stream, chunk)
}

fn cut(name: &'static str, targets: [f64; 2], stream: Vec<u8>, chunk: usize) -> Corpus {
    let chunks = stream.chunks(chunk).map(Bytes::copy_from_slice).collect();
    Corpus { name, targets, stream, chunks, quadratic: chunk < 1024 && name.starts_with("data_") }
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

const KEEPALIVE: &str = "keepalive_13B/1460";

fn corpora() -> Vec<Corpus> {
    vec![
        corpus("openai_240B/1460", [1.8, 1.2], 1460, openai),
        corpus("anthropic/1460", [2.0, 1.3], 1460, anthropic),
        corpus("anthropic_crlf/1460", [2.0, 1.3], 1460, |number| anthropic(number).replace('\n', "\r\n")),
        corpus("id_event_data/1460", [2.0, 1.2], 1460, |number| {
            format!("id: {number}\nevent: tick\ndata: {{\"px\":{number}}}\n\n")
        }),
        corpus("data_9B/16K", [2.5, 1.2], 16 << 10, |_| "data: x\n\n".into()),
        corpus("data_40K/1460", [1.1, 1.0], 1460, |_| format!("data: {}\n\n", "x".repeat(40 << 10))),
        corpus(KEEPALIVE, [1.0, 1.0], 1460, |_| ": keepalive\n\n".into()),
        corpus("lines_1000/16K", [1.0, 1.0], 16 << 10, |_| {
            "data: a line of ordinary text\n".repeat(1000) + "\n"
        }),
        corpus("openai_240B/10", [1.2, 1.2], 10, openai),
        corpus("data_1M/16", [1.0, 1.0], 16, |_| format!("data: {}\n\n", "x".repeat((1 << 20) - 8))),
    ]
}

type Run = fn(&Corpus) -> usize;

const OURS: [(&str, Run); 2] = [("borrowed", borrowed), ("owned", owned)];
const PEERS: [(&str, Run); 4] =
    [("sse-core", sse_core), ("sse-stream", sse_stream), ("sse-parse", sse_parse), ("sseer", sseer)];
const FLOORS: [(&str, Run); 2] = [("memchr2", line_ends), ("memcpy", copies)];

fn line_ends(corpus: &Corpus) -> usize {
    corpus.chunks.iter().map(|chunk| memchr::memchr2_iter(b'\n', b'\r', black_box(chunk)).count()).sum()
}

fn copies(corpus: &Corpus) -> usize {
    let mut copy = vec![0; 16 << 10];
    for chunk in &corpus.chunks {
        copy[..chunk.len()].copy_from_slice(black_box(chunk));
        black_box(&mut copy);
    }
    0
}

/// The default bound of a line is below the largest event here.
fn ours() -> Parser {
    let mut limits = Limits::default();
    (limits.max_line, limits.max_data) = (8 << 20, 8 << 20);
    Parser::with_limits(limits)
}

/// The lending parser; comments are shown.
fn shown(corpus: &Corpus) -> usize {
    let mut parser = ours();
    let mut events = 0;
    for chunk in &corpus.chunks {
        let mut chunk = &chunk[..];
        while let Some(item) = parser.next(&mut chunk) {
            match item {
                Item::Event(event) => {
                    black_box((event.data(), event.event(), event.id()));
                    events += 1;
                }
                Item::Comment(text) => _ = black_box(text),
                _ => {}
            }
        }
    }
    events
}

fn borrowed(corpus: &Corpus) -> usize {
    lend(&mut ours(), corpus)
}

fn lend(parser: &mut Parser, corpus: &Corpus) -> usize {
    parser.show_comments(false);
    let mut events = 0;
    for chunk in &corpus.chunks {
        let mut chunk = &chunk[..];
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
    own(&mut ours(), corpus)
}

fn own(parser: &mut Parser, corpus: &Corpus) -> usize {
    parser.show_comments(false);
    let mut events = 0;
    for chunk in &corpus.chunks {
        let mut chunk = &chunk[..];
        while let Some(event) = parser.next_event(&mut chunk).expect("within the limits") {
            black_box(event);
            events += 1;
        }
    }
    events
}

fn sse_core(corpus: &Corpus) -> usize {
    // Its default limit is below the largest event here.
    let mut decoder = SseDecoder::with_limit(NonZeroUsize::new(8 << 20).expect("not zero"));
    let mut events = 0;
    for chunk in &corpus.chunks {
        let mut chunk = &chunk[..];
        while let Some(found) = decoder.next(&mut chunk) {
            if let SseEvent::Message(message) = found.expect("within its limit") {
                black_box(message);
                events += 1;
            }
        }
    }
    events
}

fn sse_parse(corpus: &Corpus) -> usize {
    let mut parser = ::sse_parse::SseParser::new();
    let mut events = 0;
    for chunk in &corpus.chunks {
        parser.feed(chunk);
        while let Some(event) = parser.next_event() {
            black_box(event);
            events += 1;
        }
    }
    events
}

fn sse_stream(corpus: &Corpus) -> usize {
    drain(::sse_stream::SseByteStream::new(Chunks(corpus.chunks.iter(), Bytes::as_ref)))
}

fn sseer(corpus: &Corpus) -> usize {
    drain(::sseer::EventStream::new(Chunks(corpus.chunks.iter(), Bytes::clone)))
}

fn eventsource_stream(corpus: &Corpus) -> usize {
    drain(::eventsource_stream::EventStream::new(Chunks(corpus.chunks.iter(), Bytes::as_ref)))
}

/// The chunks as a stream that is always ready.
struct Chunks<'c, F>(std::slice::Iter<'c, Bytes>, F);

impl<'c, T, F: FnMut(&'c Bytes) -> T + Unpin> Stream for Chunks<'c, F> {
    type Item = Result<T, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        Poll::Ready(this.0.next().map(|chunk| Ok((this.1)(chunk))))
    }
}

fn drain<T, E: std::fmt::Debug>(stream: impl Stream<Item = Result<T, E>>) -> usize {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    let mut events = 0;
    while let Poll::Ready(Some(event)) = stream.as_mut().poll_next(&mut context) {
        black_box(event.expect("a valid stream"));
        events += 1;
    }
    events
}

fn throughput(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sse_parse");
    for corpus in corpora() {
        group.throughput(Throughput::Bytes(corpus.stream.len() as u64));
        let mut contenders = [&OURS[..], &PEERS, &FLOORS].concat();
        if corpus.name == KEEPALIVE {
            contenders.push(("borrowed, shown", shown));
        }
        if !corpus.quadratic {
            contenders.push(("eventsource-stream", eventsource_stream));
        }
        for (name, run) in contenders {
            group.bench_with_input(BenchmarkId::new(name, corpus.name), &corpus, |b, corpus| {
                b.iter(|| run(corpus));
            });
        }
    }
    group.finish();
}

/// The least time of each, run in turn.
fn least(contenders: &[(&str, Run)], corpus: &Corpus, rounds: usize) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; contenders.len()];
    for _ in 0..rounds {
        for ((_, run), least) in contenders.iter().zip(&mut least) {
            let begun = Instant::now();
            black_box(run(black_box(corpus)));
            *least = least.min(begun.elapsed().as_secs_f64());
        }
    }
    least
}

fn ratios() {
    println!(
        "\nMB/s, least time of {ROUNDS} runs in turn (allocations an event); ratios over the best of the four peers"
    );
    let mut all = [&OURS[..], &PEERS, &FLOORS].concat();
    all.push(("shown", shown));
    print!("{:20}", "corpus/chunk");
    all.iter().for_each(|(name, _)| print!("{name:>17}"));
    println!("{:>17}", "es-stream");
    let mut lines = Vec::new();
    for corpus in corpora() {
        let counts: Vec<usize> = [&OURS[..], &PEERS].concat().iter().map(|(_, run)| run(&corpus)).collect();
        // One of them shows a block with only an id or a comment as an event; there is none here.
        assert!(counts.iter().all(|&count| count == counts[0]), "{}: {counts:?} events", corpus.name);
        let mut times = least(&all, &corpus, ROUNDS);
        let mut contenders = all.clone();
        if !corpus.quadratic {
            contenders.push(("es-stream", eventsource_stream));
            times.extend(least(&contenders[all.len()..], &corpus, 3));
        }
        print!("{:20}", corpus.name);
        for ((_, run), time) in contenders.iter().zip(&times) {
            let (_, allocated) = allocations(|| run(&corpus));
            let an_event = allocated as f64 / counts[0].max(1) as f64;
            let speed = corpus.stream.len() as f64 / time / 1e6;
            print!(
                "{:>17}",
                if counts[0] > 0 { format!("{speed:.0} ({an_event:.2})") } else { format!("{speed:.0}") }
            );
        }
        println!();
        let (best, time) = PEERS
            .iter()
            .zip(&times[OURS.len()..])
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
            .map(|((name, _), time)| (*name, *time))
            .expect("four peers");
        let mut rows =
            vec![("borrowed", times[0], corpus.targets[0]), ("owned", times[1], corpus.targets[1])];
        if corpus.name == KEEPALIVE {
            rows.push(("comments shown", times[all.len() - 1], corpus.targets[0]));
        }
        for (name, ours, target) in rows {
            let ratio = time / ours;
            let verdict = if ratio >= target { "" } else { "  BELOW" };
            lines.push(format!(
                "ratio {:20} {name:15} {ratio:5.2}  target {target:4.2}  best peer {best}{verdict}",
                corpus.name
            ));
        }
    }
    lines.iter().for_each(|line| println!("{line}"));
}

/// The cost of a byte must not grow with the event, beyond what memory itself takes more where 4 MiB do not fit a cache: the floor copies the
/// same chunks into a buffer of either size. Each parser has read such an event before, so that neither pays for fresh pages.
fn growth() {
    let event = |size: usize| format!("data: {}\n\n", "x".repeat(size)).into_bytes();
    for chunk in [1, 16, 1460] {
        let small = cut("data_64K", [0.0; 2], event(64 << 10).repeat(64), chunk);
        let large = cut("data_4M", [0.0; 2], event((4 << 20) - 8), chunk);
        let rounds = if chunk == 1 { 6 } else { 32 };
        // In turn, so that whatever slows the machine slows both.
        let in_turn = |mut on_small: Box<dyn FnMut()>, mut on_large: Box<dyn FnMut()>| {
            let mut least = [f64::INFINITY; 2];
            for _ in 0..rounds {
                for (run, least) in [&mut on_small, &mut on_large].into_iter().zip(&mut least) {
                    let begun = Instant::now();
                    run();
                    *least = least.min(begun.elapsed().as_secs_f64());
                }
            }
            [least[0] / small.stream.len() as f64 * 1e9, least[1] / large.stream.len() as f64 * 1e9]
        };
        let report = |name: &str, [small, large]: [f64; 2]| {
            let ratio = large / small;
            print!(
                "growth {name:9} {chunk:4} B chunks: {large:7.3} ns/B at 4 MiB, {small:7.3} at 64 KiB: {ratio:.2}"
            );
            (ratio, large - small)
        };
        let copier = |corpus: &Corpus, size: usize| {
            let (chunks, mut copy) = (corpus.chunks.clone(), vec![0; size]);
            Box::new(move || {
                let mut at = 0;
                for from in &chunks {
                    at = if at + from.len() > size { 0 } else { at };
                    copy[at..at + from.len()].copy_from_slice(from);
                    at += from.len();
                }
                black_box(&mut copy);
            })
        };
        let (_, more) = report("copy", in_turn(copier(&small, 64 << 10), copier(&large, 4 << 20)));
        println!();
        for (name, run) in [("borrowed", lend as fn(&mut Parser, &Corpus) -> usize), ("owned", own)] {
            let reader = |corpus: &Corpus| {
                let (mut parser, corpus) =
                    (ours(), Corpus { chunks: corpus.chunks.clone(), stream: Vec::new(), ..*corpus });
                Box::new(move || _ = black_box(run(&mut parser, &corpus)))
            };
            let (ratio, ours) = report(name, in_turn(reader(&small), reader(&large)));
            let verdict = match ratio {
                ..=1.3 => String::new(),
                _ => format!("  ABOVE: {ours:.3} ns/B more, the copy {more:.3} more"),
            };
            println!("  target <= 1.30{verdict}");
        }
    }
}

fn memory() {
    let mut corpus = cut("whole", [0.0; 2], anthropic(1).repeat(1000).into_bytes(), 1 << 20);
    let (events, allocated) = allocations(|| borrowed(&corpus));
    println!("allocations of {events} events lent from one chunk: {allocated}, target 0");
    corpus.stream.clear();
    let (_, allocated) = allocations(|| black_box(Parser::new()));
    println!("idle parser: {} B, {allocated} allocations, target <= 256 B and 0", size_of::<Parser>());
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    targets = throughput
}

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    ratios();
    growth();
    memory();
}
