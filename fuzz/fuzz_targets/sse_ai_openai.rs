#![no_main]
//! OpenAI's streams of any bytes and of any events in any order: the same at any cut, within the limits, an error with its data.
//! The text of arguments is checked as JSON that is still being written.

mod ai;

use arbitrary::Arbitrary;
use serde_json::json;
use sse_codec::ai::{openai_chat::Chat, openai_responses::Responses};

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Chat(Vec<u8>, &'a [u8]),
    Responses(Vec<u8>, &'a [u8]),
    ChatEvents(Vec<u8>, Vec<ChatEvent<'a>>),
    ResponseEvents(Vec<u8>, Vec<ResponseEvent<'a>>),
    Json(&'a str),
}

#[derive(Arbitrary, Debug)]
enum ChatEvent<'a> {
    Content(u8, &'a str),
    Tool(u8, u8, Option<&'a str>, &'a str),
    Extra(&'a str, &'a str),
    Logprobs(&'a str),
    Usage(u32),
    Stop(u8, &'a str),
    Error(&'a str),
    Done,
    Raw(&'a str),
}

#[derive(Arbitrary, Debug)]
enum ResponseEvent<'a> {
    Created,
    Completed(bool),
    Message(u8),
    Call(u8, &'a str),
    Part(u8, u8),
    Text(u8, u8, &'a str, u8),
    Arguments(u8, &'a str),
    ItemDone(u8, &'a str),
    Error(&'a str),
    Raw(&'a str, &'a str),
}

libfuzzer_sys::fuzz_target!(|input: Input<'_>| match input {
    Input::Chat(sizes, stream) => ai::check::<Chat>(stream, &sizes),
    Input::Responses(sizes, stream) => ai::check::<Responses>(stream, &sizes),
    Input::ChatEvents(sizes, events) => ai::check::<Chat>(chat(&events).as_bytes(), &sizes),
    Input::ResponseEvents(sizes, events) => ai::check::<Responses>(responses(&events).as_bytes(), &sizes),
    Input::Json(text) => ai::check_partial(text),
});

fn chat(events: &[ChatEvent<'_>]) -> String {
    let mut out = String::new();
    for event in events {
        let choice = |index: u8, delta| json!([{ "index": index, "delta": delta }]);
        let choices = match event {
            ChatEvent::Content(index, text) => choice(*index, json!({ "content": text })),
            ChatEvent::Tool(index, call, id, text) => {
                let function = json!({ "name": id, "arguments": text });
                choice(*index, json!({ "tool_calls": [{ "index": call, "id": id, "function": function }] }))
            }
            ChatEvent::Extra(name, text) => choice(0, json!({ *name: text })),
            ChatEvent::Logprobs(text) => json!([{ "logprobs": { "content": [text] } }]),
            ChatEvent::Stop(index, reason) => json!([{ "index": index, "finish_reason": reason }]),
            ChatEvent::Usage(_) => json!([]),
            ChatEvent::Error(message) => {
                out.push_str(&format!("data: {}\n\n", json!({ "error": { "message": message } })));
                continue;
            }
            ChatEvent::Done => {
                out.push_str("data: [DONE]\n\n");
                continue;
            }
            ChatEvent::Raw(raw) => {
                out.push_str(&format!("data: {raw}\n\n"));
                continue;
            }
        };
        let usage = match event {
            ChatEvent::Usage(count) => json!({ "total_tokens": count }),
            _ => json!(null),
        };
        let chunk = json!({ "id": "c", "object": "chat.completion.chunk", "model": "m", "choices": choices, "usage": usage });
        out.push_str(&format!("data: {chunk}\n\n"));
    }
    out
}

fn responses(events: &[ResponseEvent<'_>]) -> String {
    let mut out = String::new();
    for event in events {
        let (name, data) = match event {
            ResponseEvent::Created => {
                ("response.created", json!({ "response": { "id": "r", "output": [] } }))
            }
            ResponseEvent::Completed(whole) => {
                let name = if *whole { "response.completed" } else { "response.incomplete" };
                (name, json!({ "response": { "id": "r", "output": null } }))
            }
            ResponseEvent::Message(index) => (
                "response.output_item.added",
                json!({ "output_index": index, "item": { "type": "message", "id": "m", "role": "assistant", "content": [] } }),
            ),
            ResponseEvent::Call(index, name) => (
                "response.output_item.added",
                json!({ "output_index": index, "item": { "type": "function_call", "call_id": "c", "name": name, "arguments": "" } }),
            ),
            ResponseEvent::Part(index, part) => (
                "response.content_part.added",
                json!({ "output_index": index, "content_index": part, "part": { "type": "output_text", "text": "" } }),
            ),
            ResponseEvent::Text(index, part, text, kind) => (
                ["response.output_text.delta", "response.refusal.delta", "response.output_text.done"]
                    [usize::from(kind % 3)],
                json!({ "output_index": index, "content_index": part, "delta": text, "text": text }),
            ),
            ResponseEvent::Arguments(index, text) => {
                ("response.function_call_arguments.delta", json!({ "output_index": index, "delta": text }))
            }
            ResponseEvent::ItemDone(index, text) => (
                "response.output_item.done",
                json!({ "output_index": index, "item": { "type": "x", "text": text } }),
            ),
            ResponseEvent::Error(message) => ("error", json!({ "message": message })),
            ResponseEvent::Raw(name, raw) => {
                out.push_str(&format!("event: {name}\ndata: {raw}\n\n"));
                continue;
            }
        };
        let mut data = data;
        data["type"] = name.into();
        out.push_str(&format!("event: {name}\ndata: {data}\n\n"));
    }
    out
}
