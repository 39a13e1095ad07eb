//! Prints what an event stream says, an item a line, as JSON.
//!
//! ```text
//! curl -sN http://127.0.0.1:8080/events | parse-dump
//! parse-dump --batch < streams.jsonl
//! ```
//! With `--batch` each line of the input is one stream: a JSON array of its chunks in hexadecimal; its items come out on one line.
#![allow(clippy::disallowed_methods, reason = "a program has input and output")]

use std::{
    env,
    error::Error,
    io::{self, BufRead as _, Read as _, Write as _},
};

use serde_json::{Value, json};
use sse_codec::{Item, Parser};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [] => stream(),
        [flag] if flag == "--batch" => batch(),
        _ => Err("usage: parse-dump [--batch]".into()),
    }
}

/// One stream, as it comes.
fn stream() -> Result<(), Box<dyn Error>> {
    let mut parser = Parser::new();
    parser.show_ignored(true);
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut buffer = [0; 16 << 10];
    loop {
        let length = input.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        let mut chunk = &buffer[..length];
        while let Some(item) = parser.next(&mut chunk) {
            writeln!(output, "{}", said(&item))?;
        }
        output.flush()?;
    }
    if parser.finish() {
        writeln!(output, "{}", json!({ "dropped": "the last block has no blank line behind it" }))?;
    }
    Ok(())
}

/// A stream a line.
fn batch() -> Result<(), Box<dyn Error>> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let mut parser = Parser::new();
        let mut items = Vec::new();
        for digits in serde_json::from_str::<Vec<String>>(&line?)? {
            let chunk = bytes_of(&digits)?;
            let mut chunk = &chunk[..];
            while let Some(item) = parser.next(&mut chunk) {
                items.push(said(&item));
            }
        }
        writeln!(output, "{}", Value::from(items))?;
    }
    output.flush()?;
    Ok(())
}

fn said(item: &Item<'_>) -> Value {
    match item {
        Item::Event(event) => json!({ "event": event.event(), "data": event.data(), "id": event.id() }),
        Item::Comment(text) => json!({ "comment": text }),
        Item::IdOnly(id) => json!({ "id_only": id }),
        Item::Retry(time) => json!({ "retry": u64::try_from(time.as_millis()).unwrap_or(u64::MAX) }),
        Item::Ignored(ignored) => json!({ "ignored": ignored.to_string() }),
        Item::Dropped(overflow) => json!({ "dropped": overflow.to_string() }),
        other => json!({ "other": format!("{other:?}") }),
    }
}

fn bytes_of(digits: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| Ok(u8::from_str_radix(str::from_utf8(pair)?, 16)?));
    pairs.collect()
}
