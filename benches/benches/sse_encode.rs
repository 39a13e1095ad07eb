//! Frames of `sse-codec` beside the `Event` of axum: 240 bytes of JSON as a token stream has them, and 4 KiB on one line.
//!
//! `Event` keeps its bytes to itself, so it is measured twice: built and dropped, which is all of its encoding but the last line feed, and
//! sent through `Sse` as a response body, which is how it is used. The floor copies the data into a buffer that is there.
//! After criterion's report, the contenders run in turn and the least times give the ratios beside their targets (`-- ratios` for these).
#![allow(clippy::expect_used, missing_docs, reason = "a bench stops by panicking and exports nothing")]
#![allow(clippy::print_stdout, reason = "a bench reports on the terminal")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    convert::Infallible,
    hint::black_box,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use axum::response::{IntoResponse, Sse, sse::Event};
use benches::{Counting, allocations};
use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use futures_core::Stream;
use http_body::Body;
use sse_codec::Frame;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many frames a run writes.
const FRAMES: usize = 1000;
const ROUNDS: usize = 300;

type Run = fn(&str);

const CONTENDERS: [(&str, Run); 6] = [
    ("frame into a buffer", frame_into),
    ("frame to shared bytes", frame),
    ("frame with type and id", frame_fields),
    ("axum Event built", event),
    ("axum Event in a body", event_body),
    ("memcpy", copy),
];

fn frame_into(data: &str) {
    let mut out = BytesMut::with_capacity(data.len() + 16);
    for _ in 0..FRAMES {
        out.clear();
        Frame::data(black_box(data)).encode_into(&mut out);
        black_box(&out);
    }
}

fn frame(data: &str) {
    for _ in 0..FRAMES {
        black_box(Frame::data(black_box(data)).encode());
    }
}

fn frame_fields(data: &str) {
    for _ in 0..FRAMES {
        let frame = Frame::data(black_box(data)).event("tick").and_then(|frame| frame.id("1234567"));
        black_box(frame.expect("no newline in them").encode());
    }
}

fn event(data: &str) {
    for _ in 0..FRAMES {
        _ = black_box(Event::default().data(black_box(data)));
    }
}

fn event_body(data: &str) {
    let mut body = Sse::new(Events(data.to_owned(), FRAMES)).into_response().into_body();
    let mut context = Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(part)) = Pin::new(&mut body).poll_frame(&mut context) {
        black_box(part.expect("no stream of events fails"));
    }
}

/// So many events with this data.
struct Events(String, usize);

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(left) = self.1.checked_sub(1) else { return Poll::Ready(None) };
        self.1 = left;
        Poll::Ready(Some(Ok(Event::default().data(black_box(&*self.0)))))
    }
}

fn copy(data: &str) {
    let mut out = BytesMut::with_capacity(data.len() + 16);
    for _ in 0..FRAMES {
        out.clear();
        out.extend_from_slice(black_box(data.as_bytes()));
        black_box(&out);
    }
}

fn corpora() -> [(&'static str, String); 2] {
    let json =
        "{\"id\":\"chatcmpl-8f2a6c1d90\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"}}]} ";
    let long = json.repeat(60);
    [("240B", long[..240].to_owned()), ("4KiB", long[..4096].to_owned())]
}

fn throughput(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sse_encode");
    for (name, data) in corpora() {
        group.throughput(Throughput::Bytes((data.len() * FRAMES) as u64));
        for (contender, run) in CONTENDERS {
            group.bench_with_input(BenchmarkId::new(contender, name), &data, |b, data| b.iter(|| run(data)));
        }
    }
    group.finish();
}

fn ratios() {
    for (name, data) in corpora() {
        let mut least = [f64::INFINITY; CONTENDERS.len()];
        for _ in 0..ROUNDS {
            for ((_, run), least) in CONTENDERS.iter().zip(&mut least) {
                let begun = Instant::now();
                run(&data);
                *least = least.min(begun.elapsed().as_secs_f64());
            }
        }
        println!("\n{name} of data, ns a frame, least time of {ROUNDS} runs in turn (allocations a frame)");
        for ((contender, run), time) in CONTENDERS.iter().zip(least) {
            let ((), allocated) = allocations(|| run(&data));
            let a_frame = allocated as f64 / FRAMES as f64;
            println!("{contender:24}{:8.1} ({a_frame:.2})", time / FRAMES as f64 * 1e9);
        }
        let [into, shared, _, built, body, memcpy] = least;
        let mut lines = vec![
            ("frame to shared bytes over axum Event built", built / shared, 2.0),
            ("frame to shared bytes over axum Event in a body", body / shared, 2.0),
            ("frame into a buffer over memcpy", memcpy / into, 0.5),
        ];
        // The targets: over axum at 240 B, over memcpy at 4 KiB.
        if name == "240B" {
            lines.truncate(2);
        } else {
            lines.drain(..2).for_each(drop);
        }
        for (what, ratio, target) in lines {
            let verdict = if ratio >= target { "" } else { "  BELOW" };
            println!("ratio {name} {what}: {ratio:.2}  target {target:.2}{verdict}");
        }
    }
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
}
