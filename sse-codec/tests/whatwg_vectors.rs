//! HTML Standard §9.2, a vector for each rule (`vectors/*.json`) and the 36 of `sse-parse`: each whole, at every split, and byte by byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test reads files and its environment")]

mod common;

use std::{path::PathBuf, process::Command};

use common::{Seen, comment, cut, event, id_only, message, model, read, retry};
use serde_json::Value;
use sse_codec::Limits;

/// Whole, in two pieces at every place, with an empty piece there, byte by byte, in twos and threes.
#[track_caller]
fn check(name: &str, stream: &[u8], expected: &[Seen]) {
    let limits = Limits::default();
    assert_eq!(model(stream).items, expected, "{name}: the model of these tests");
    let whole = read(&limits, [stream]);
    assert_eq!(whole.items, expected, "{name}");
    assert_eq!(read(&limits, stream.chunks(1)), whole, "{name}: byte by byte");
    for at in 0..=stream.len() {
        let (head, tail) = stream.split_at(at);
        assert_eq!(read(&limits, [head, tail]), whole, "{name}: cut at {at}");
        assert_eq!(read(&limits, [head, b"", tail]), whole, "{name}: an empty chunk at {at}");
    }
    assert_eq!(read(&limits, cut(stream, &[2, 3])), whole, "{name}: in twos and threes");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}"))
}

fn hex(digits: &str) -> Vec<u8> {
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// `text` or `hex`.
fn bytes(piece: &Value) -> Vec<u8> {
    piece.get("text").map_or_else(|| hex(text(&piece["hex"])), |piece| text(piece).as_bytes().to_vec())
}

fn item(item: &Value) -> Seen {
    if let Some(data) = item.get("data") {
        event(text(&item["event"]), text(data), text(&item["id"]))
    } else if let Some(text_of) = item.get("comment") {
        comment(text(text_of))
    } else if let Some(id) = item.get("id_only") {
        id_only(text(id))
    } else {
        retry(item["retry"].as_u64().expect("an item is an event, a comment, an id or a time"))
    }
}

/// Runs the vectors of one file and says how many there were.
#[track_caller]
fn file(content: &str) -> usize {
    let file: Value = serde_json::from_str(content).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    for vector in vectors {
        let name = format!("{}: {}", text(&file["rule"]), text(&vector["name"]));
        let items: Vec<Seen> = vector["items"].as_array().unwrap().iter().map(item).collect();
        check(&name, &bytes(vector), &items);
    }
    vectors.len()
}

macro_rules! files {
    ($($name:ident: $file:literal has $count:literal;)*) => {
        $(#[test] fn $name() {
            assert_eq!(file(include_str!(concat!("vectors/", $file, ".json"))), $count);
        })*
    };
}

files! {
    examples_of_the_standard: "examples" has 6;
    line_ends: "lines" has 8;
    fields: "fields" has 11;
    the_event_type: "type" has 5;
    the_id: "id" has 9;
    the_reconnection_time: "retry" has 8;
    comments: "comments" has 3;
    the_byte_order_mark: "bom" has 7;
    the_end_of_the_stream: "end" has 3;
    invalid_utf8: "utf8" has 7;
}

#[test]
fn lines_of_each_length_by_words_and_by_vectors() {
    for length in [0, 1, 7, 8, 9, 10, 11, 15, 16, 17, 31, 32, 33, 63, 64, 65, 79, 80, 81, 143, 144, 145, 240]
    {
        let text = "x".repeat(length);
        for end in ["\n", "\r", "\r\n"] {
            check("", format!("data: {text}{end}{end}").as_bytes(), &[message(&text)]);
            check("", format!(": {text}{end}{end}").as_bytes(), &[comment(&text)]);
        }
    }
}

/// `conformance-vectors.json` in the sources of `sse-parse`, which are where cargo says.
fn vectors_of_sse_parse() -> Value {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let found = packages.iter().find(|package| package["name"] == "sse-parse").expect("a dev-dependency");
    let path = PathBuf::from(text(&found["manifest_path"])).with_file_name("tests/conformance-vectors.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What a vector of `sse-parse` expects: events with the reconnection time that came before each, all such times, the last id.
#[derive(Debug, PartialEq)]
struct Expected {
    events: Vec<(Seen, Option<u64>)>,
    retries: Vec<u64>,
    last_id: String,
}

fn expected(vector: &Value) -> Expected {
    let expected = &vector["expected"];
    let one = |event_of: &Value| (item(event_of), event_of["retry"].as_u64());
    let events = match &expected["events"] {
        Value::Array(events) => events.iter().map(one).collect(),
        repeated if repeated["kind"] == "repeat" => {
            vec![one(&repeated["event"]); repeated["count"].as_u64().unwrap() as usize]
        }
        filled => {
            let data = text(&filled["fill_char"]).repeat(filled["fill_count"].as_u64().unwrap() as usize);
            vec![(event(text(&filled["event"]), &data, text(&filled["id"])), filled["retry"].as_u64())]
        }
    };
    Expected {
        events,
        retries: expected["retry_updates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|time| time.as_u64().unwrap())
            .collect(),
        last_id: text(&expected["final_last_event_id"]).to_owned(),
    }
}

/// What our parser gives, said in their terms.
fn said<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Expected {
    let read = read(&Limits::default(), chunks);
    let (mut events, mut retries, mut pending) = (Vec::new(), Vec::new(), None);
    for item in read.items {
        match item {
            Seen::Event { .. } => events.push((item, pending.take())),
            Seen::Retry(time) => {
                retries.push(time.as_millis() as u64);
                pending = retries.last().copied();
            }
            _ => {}
        }
    }
    Expected { events, retries, last_id: read.last_id }
}

/// The two generated streams are long: they are cut at every place in the long run (`SSE_CASES=1000000`), else at each 997th.
#[test]
fn the_vectors_of_sse_parse_at_every_split() {
    let long = std::env::var("SSE_CASES").is_ok_and(|cases| cases.parse::<u64>().unwrap() >= 1_000_000);
    let file = vectors_of_sse_parse();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 36);
    for vector in vectors {
        let name = text(&vector["id"]);
        let expected = expected(vector);
        let generator = &vector["generator"];
        let number = |key: &str| generator[key].as_u64().unwrap() as usize;
        let (chunks, step) = if generator.is_null() {
            (vector["chunks"].as_array().unwrap().iter().map(bytes).collect::<Vec<_>>(), 1)
        } else {
            let stream = match text(&generator["kind"]) {
                "repeat_stream" => text(&generator["unit_text"]).repeat(number("count")),
                _ => {
                    let fill = text(&generator["fill_char"]).repeat(number("fill_count"));
                    format!("{}{fill}{}", text(&generator["prefix"]), text(&generator["suffix"]))
                }
            };
            let chunks = stream.as_bytes().chunks(number("chunk_bytes")).map(<[u8]>::to_vec).collect();
            (chunks, if long { 1 } else { 997 })
        };
        assert_eq!(said(chunks.iter().map(Vec::as_slice)), expected, "{name}: as it is cut");
        let stream = chunks.concat();
        assert_eq!(said(stream.chunks(1)), expected, "{name}: byte by byte");
        for at in (0..=stream.len()).step_by(step) {
            assert_eq!(said([&stream[..at], &stream[at..]]), expected, "{name}: cut at {at}");
        }
    }
}
