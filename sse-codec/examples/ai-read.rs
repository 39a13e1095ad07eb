//! Reads a model stream from its standard input and prints, as one JSON object, the message that it adds up to.
//!
//! `ai-read FORMAT [CHUNK]` with FORMAT `anthropic`, `openai-chat` or `openai-responses`. With CHUNK the input is read in pieces
//! of so many bytes. The object has `message`, `text` (what the deltas said) and `tools` (a list of id, name and input text), or
//! `error` beside what came before it.
//!
//! `ai-read batch` reads many streams: each is a line `FORMAT CHUNK LENGTH` and then so many bytes; one line of JSON is printed for
//! each. `ai-read partial-json` takes lines that are JSON strings, and prints for each what `partial_json` tells of the text.
#![allow(clippy::print_stdout, reason = "the result goes to standard output")]

use std::{
    error::Error,
    io::{BufRead as _, Read as _, Write as _, stdin, stdout},
};

use serde_json::{Value, json};
use sse_codec::ai::{
    AiError, ByteReader, Delta, Dialect, anthropic, openai_chat, openai_responses,
    partial_json::{self, Unfinished},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let format = arguments.next().ok_or("usage: ai-read FORMAT [CHUNK]")?;
    match format.as_str() {
        "batch" => batch(),
        "partial-json" => partial(),
        format => {
            let chunk = arguments.next().map_or(Ok(usize::MAX), |chunk| chunk.parse())?;
            let mut stream = Vec::new();
            stdin().lock().read_to_end(&mut stream)?;
            println!("{}", read(format, chunk, &stream)?);
            Ok(())
        }
    }
}

fn batch() -> Result<(), Box<dyn Error>> {
    let (mut input, mut output) = (stdin().lock(), stdout().lock());
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let mut words = line.split_ascii_whitespace();
        let (Some(format), Some(chunk), Some(length)) = (words.next(), words.next(), words.next()) else {
            return Err(format!("not FORMAT CHUNK LENGTH: {line:?}").into());
        };
        let mut stream = vec![0; length.parse()?];
        input.read_exact(&mut stream)?;
        writeln!(output, "{}", read(format, chunk.parse()?, &stream)?)?;
        line.clear();
    }
    Ok(())
}

fn partial() -> Result<(), Box<dyn Error>> {
    let mut output = stdout().lock();
    for line in stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        let told = |unfinished| match partial_json::parse(&text, unfinished, 128) {
            Ok(partial) => {
                json!({ "value": partial.value, "some": partial.value.is_some(), "complete": partial.is_complete })
            }
            Err(error) => json!({ "error": error.to_string() }),
        };
        writeln!(output, "{}", json!({ "drop": told(Unfinished::Drop), "keep": told(Unfinished::Keep) }))?;
    }
    Ok(())
}

fn read(format: &str, chunk: usize, stream: &[u8]) -> Result<Value, Box<dyn Error>> {
    Ok(match format {
        "anthropic" => add_up::<anthropic::Messages>(chunk, stream, |event, told| told.all(event.deltas()))?,
        "openai-chat" => add_up::<openai_chat::Chat>(chunk, stream, |event, told| told.all(event.deltas()))?,
        "openai-responses" => {
            add_up::<openai_responses::Responses>(chunk, stream, |event, told| told.all(event.deltas()))?
        }
        other => return Err(format!("no format {other}: anthropic, openai-chat, openai-responses").into()),
    })
}

fn add_up<D: Dialect<Message: serde::Serialize>>(
    chunk: usize,
    stream: &[u8],
    mut each: impl FnMut(&D::Event<'_>, &mut Told),
) -> Result<Value, serde_json::Error> {
    let mut reader = ByteReader::<D>::new();
    let mut told = Told::default();
    let read =
        stream.chunks(chunk.max(1)).try_for_each(|chunk| reader.read(chunk, |event| each(&event, &mut told)));
    let so_far = serde_json::to_value(reader.message())?;
    let mut result = json!({ "message": so_far, "text": told.text, "tools": told.tools });
    match read.and_then(|()| reader.finish()) {
        Ok(message) => result["message"] = serde_json::to_value(message)?,
        Err(error) => result["error"] = describe(&error),
    }
    Ok(result)
}

fn describe(error: &AiError) -> Value {
    let api = error.api().map(|api| json!({ "type": api.kind, "code": api.code, "message": api.message }));
    json!({ "says": error.to_string(), "truncated": matches!(error, AiError::Truncated), "api": api })
}

/// What the deltas said.
#[derive(Default)]
struct Told {
    text: String,
    tools: Vec<Value>,
}

impl Told {
    fn all<'a>(&mut self, deltas: impl Iterator<Item = Delta<'a>>) {
        for delta in deltas {
            match delta {
                Delta::Text(text) => self.text.push_str(text),
                Delta::ToolCall { index, id, name } => {
                    self.tools.push(json!({ "index": index, "id": id, "name": name, "input": "" }));
                }
                Delta::ToolInput { index, json } => {
                    let tool = self.tools.iter_mut().rev().find(|tool| tool["index"] == index);
                    if let Some(Value::String(input)) = tool.map(|tool| &mut tool["input"]) {
                        input.push_str(json);
                    }
                }
                _ => {}
            }
        }
    }
}
