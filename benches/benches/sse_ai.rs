//! The readers of model streams in `sse-codec`, from bytes to typed events and the whole message, beside `serde_json` over the same events.
//!
//! There is no peer in Rust that reads these formats without a client of its own. The floor is our parser with bare `serde_json` into
//! structs that hold only the text, lent where it can be; `Value` is the common recipe: our parser and a `serde_json::Value` for each event.
//! All three add the text up. After criterion's report the three are run in turn, and the least time of each is printed, with the
//! allocations of an event (`-- ratios` for these alone).
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench stops by panicking and exports nothing"
)]
#![allow(clippy::print_stdout, reason = "a bench reports on the terminal")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::{
    borrow::Cow,
    hint::black_box,
    time::{Duration, Instant},
};

use benches::{Counting, allocations};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use serde::Deserialize;
use serde_json::Value;
use sse_codec::{
    EventRef, Item, Parser,
    ai::{anthropic, openai_chat, openai_responses},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many times each contender runs for a ratio.
const ROUNDS: usize = 60;
const EVENTS: usize = 1000;
const CHUNK: usize = 1460;

type Contender = (&'static str, fn(&[u8]) -> usize);

struct Corpus {
    name: &'static str,
    stream: Vec<u8>,
    /// From the stream to the length of all text: ours, the floor, `Value`.
    contenders: [Contender; 3],
}

fn corpora() -> [Corpus; 3] {
    let mut chat = String::new();
    let mut messages = String::from(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\
         \"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n\
         event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\
         \"text\":\"\"}}\n\n",
    );
    let mut responses = String::from(
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"output\":[]}}\n\n\
         event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":\
         \"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"content\":[]}}\n\n",
    );
    for number in 0..EVENTS {
        // Each tenth text has an escape.
        let text = if number % 10 == 0 { "\\n" } else { " token" };
        chat.push_str(&format!(
            "data: {{\"id\":\"chatcmpl-8f2a6c1d90\",\"object\":\"chat.completion.chunk\",\"created\":1764115200,\"model\":\"gpt-4o\",\
             \"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\
             \"logprobs\":null,\"finish_reason\":null}}]}}\n\n"
        ));
        messages.push_str(&format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\
             \"text\":\"{text}\"}}}}\n\n"
        ));
        responses.push_str(&format!(
            "event: response.output_text.delta\ndata: {{\"type\":\"response.output_text.delta\",\"sequence_number\":{number},\
             \"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"{text}\",\"logprobs\":[]}}\n\n"
        ));
    }
    chat.push_str("data: [DONE]\n\n");
    messages.push_str(
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
         event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    responses.push_str(
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"output\":[]}}\n\n",
    );
    [
        Corpus {
            name: "chat",
            stream: chat.into(),
            contenders: [
                ("ours", our_chat),
                ("floor", floor_chat),
                ("Value", |stream| {
                    with_value(stream, |value| value["choices"][0]["delta"]["content"].as_str())
                }),
            ],
        },
        Corpus {
            name: "messages",
            stream: messages.into(),
            contenders: [
                ("ours", our_messages),
                ("floor", floor_messages),
                ("Value", |stream| with_value(stream, |value| value["delta"]["text"].as_str())),
            ],
        },
        Corpus {
            name: "responses",
            stream: responses.into(),
            contenders: [
                ("ours", our_responses),
                ("floor", floor_responses),
                ("Value", |stream| with_value(stream, |value| value["delta"].as_str())),
            ],
        },
    ]
}

fn our_chat(stream: &[u8]) -> usize {
    let mut reader = openai_chat::ByteReader::new();
    for chunk in stream.chunks(CHUNK) {
        reader.read(chunk, |event| drop(black_box(event))).unwrap();
    }
    reader.finish().unwrap().choices[0].message.content.as_ref().unwrap().len()
}

fn our_messages(stream: &[u8]) -> usize {
    let mut reader = anthropic::ByteReader::new();
    for chunk in stream.chunks(CHUNK) {
        reader.read(chunk, |event| drop(black_box(event))).unwrap();
    }
    reader.finish().unwrap().text().len()
}

fn our_responses(stream: &[u8]) -> usize {
    let mut reader = openai_responses::ByteReader::new();
    for chunk in stream.chunks(CHUNK) {
        reader.read(chunk, |event| drop(black_box(event))).unwrap();
    }
    reader.finish().unwrap().text().len()
}

fn events(stream: &[u8], mut each: impl FnMut(EventRef<'_>)) {
    let mut parser = Parser::new();
    for mut chunk in stream.chunks(CHUNK) {
        while let Some(item) = parser.next(&mut chunk) {
            if let Item::Event(event) = item {
                each(event);
            }
        }
    }
}

fn with_value(stream: &[u8], text: impl Fn(&Value) -> Option<&str>) -> usize {
    let mut whole = String::new();
    events(stream, |event| {
        if event.data() != "[DONE]" {
            let value: Value = serde_json::from_str(event.data()).unwrap();
            whole.push_str(text(&value).unwrap_or_default());
        }
    });
    whole.len()
}

fn floor_chat(stream: &[u8]) -> usize {
    #[derive(Deserialize)]
    struct Chunk<'a> {
        #[serde(borrow)]
        choices: [Choice<'a>; 1],
    }
    #[derive(Deserialize)]
    struct Choice<'a> {
        #[serde(borrow)]
        delta: Delta<'a>,
    }
    #[derive(Deserialize)]
    struct Delta<'a> {
        #[serde(borrow)]
        content: Cow<'a, str>,
    }
    let mut whole = String::new();
    events(stream, |event| {
        if let Ok(chunk) = serde_json::from_str::<Chunk<'_>>(event.data()) {
            whole.push_str(&chunk.choices[0].delta.content);
        }
    });
    whole.len()
}

fn floor_messages(stream: &[u8]) -> usize {
    #[derive(Deserialize)]
    struct Block<'a> {
        #[serde(borrow)]
        delta: Delta<'a>,
    }
    #[derive(Deserialize)]
    struct Delta<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
    }
    let mut whole = String::new();
    events(stream, |event| {
        if event.event() == "content_block_delta" {
            whole.push_str(&serde_json::from_str::<Block<'_>>(event.data()).unwrap().delta.text);
        }
    });
    whole.len()
}

fn floor_responses(stream: &[u8]) -> usize {
    #[derive(Deserialize)]
    struct Text<'a> {
        #[serde(borrow)]
        delta: Cow<'a, str>,
    }
    let mut whole = String::new();
    events(stream, |event| {
        if event.event() == "response.output_text.delta" {
            whole.push_str(&serde_json::from_str::<Text<'_>>(event.data()).unwrap().delta);
        }
    });
    whole.len()
}

fn sse_ai(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sse_ai");
    for corpus in corpora() {
        group.throughput(Throughput::Bytes(corpus.stream.len() as u64));
        for (name, run) in corpus.contenders {
            group.bench_with_input(BenchmarkId::new(name, corpus.name), &corpus.stream, |b, stream| {
                b.iter(|| run(stream));
            });
        }
    }
    group.finish();
}

fn ratios() {
    println!(
        "\nns an event, least time of {ROUNDS} runs in turn (allocations an event); {CHUNK} B chunks, no target is set"
    );
    for corpus in corpora() {
        let lengths = corpus.contenders.map(|(_, run)| run(&corpus.stream));
        assert!(
            lengths.iter().all(|&length| length == lengths[0] && length > EVENTS),
            "{}: {lengths:?}",
            corpus.name
        );
        let mut least = [Duration::MAX; 3];
        for _ in 0..ROUNDS {
            for ((_, run), least) in corpus.contenders.iter().zip(&mut least) {
                let from = Instant::now();
                black_box(run(black_box(&corpus.stream)));
                *least = from.elapsed().min(*least);
            }
        }
        print!("{:10}", corpus.name);
        for ((name, run), least) in corpus.contenders.iter().zip(least) {
            let (_, count) = allocations(|| run(&corpus.stream));
            let each = |total: f64| total / EVENTS as f64;
            print!("  {name} {:.0} ({:.1})", each(least.as_nanos() as f64), each(count as f64));
        }
        let ratio = |other: Duration| other.as_secs_f64() / least[0].as_secs_f64();
        println!("  over the floor {:.2}  beside Value {:.2}", 1.0 / ratio(least[1]), ratio(least[2]));
    }
}

criterion_group!(benches, sse_ai);

fn main() {
    if !std::env::args().any(|argument| argument == "ratios") {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    ratios();
}
