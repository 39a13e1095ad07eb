#![no_main]
//! Anthropic's streams of any bytes and of any events in any order: the same at any cut, within the limits, an error with its
//! data. The text of inputs is checked as JSON that is still being written.

mod ai;

use arbitrary::Arbitrary;
use serde_json::json;
use sse_codec::ai::anthropic::Messages;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Bytes(Vec<u8>, &'a [u8]),
    Events(Vec<u8>, Vec<Event<'a>>),
    Json(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Event<'a> {
    Start,
    Block(u8, u8, &'a str),
    Delta(u8, u8, &'a str),
    BlockStop(u8),
    MessageDelta(&'a str, u32),
    Stop,
    Ping,
    Error(&'a str),
    Raw(&'a str, &'a str),
}

libfuzzer_sys::fuzz_target!(|input: Input<'_>| match input {
    Input::Bytes(sizes, stream) => ai::check::<Messages>(stream, &sizes),
    Input::Events(sizes, events) => ai::check::<Messages>(stream(&events).as_bytes(), &sizes),
    Input::Json(text) => ai::check_partial(text),
});

fn stream(events: &[Event<'_>]) -> String {
    let mut out = String::new();
    for event in events {
        let data = match event {
            Event::Start => {
                json!({ "type": "message_start", "message": { "id": "m", "content": [], "usage": { "input_tokens": 1 } } })
            }
            Event::Block(index, kind, text) => {
                let block = match kind % 5 {
                    0 => json!({ "type": "text", "text": text }),
                    1 => json!({ "type": "thinking", "thinking": text }),
                    2 => json!({ "type": "tool_use", "id": text, "name": "n", "input": {} }),
                    3 => json!({ "type": "server_tool_use", "id": "i", "name": text, "input": {} }),
                    _ => json!({ "type": text }),
                };
                json!({ "type": "content_block_start", "index": index, "content_block": block })
            }
            Event::Delta(index, kind, text) => {
                let delta = match kind % 6 {
                    0 => json!({ "type": "text_delta", "text": text }),
                    1 => json!({ "type": "input_json_delta", "partial_json": text }),
                    2 => json!({ "type": "thinking_delta", "thinking": text }),
                    3 => json!({ "type": "signature_delta", "signature": text }),
                    4 => json!({ "type": "citations_delta", "citation": { "cited_text": text } }),
                    _ => json!({ "type": text }),
                };
                json!({ "type": "content_block_delta", "index": index, "delta": delta })
            }
            Event::BlockStop(index) => json!({ "type": "content_block_stop", "index": index }),
            Event::MessageDelta(reason, count) => {
                json!({ "type": "message_delta", "delta": { "stop_reason": reason }, "usage": { "output_tokens": count } })
            }
            Event::Stop => json!({ "type": "message_stop" }),
            Event::Ping => json!({ "type": "ping" }),
            Event::Error(message) => {
                json!({ "type": "error", "error": { "type": "api_error", "message": message } })
            }
            Event::Raw(name, raw) => {
                out.push_str(&format!("event: {name}\ndata: {raw}\n\n"));
                continue;
            }
        };
        out.push_str(&format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default()));
    }
    out
}
