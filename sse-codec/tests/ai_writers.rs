//! Services that speak the three formats: what a writer writes, a reader puts together again, at every cut.
#![cfg(feature = "ai")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use bytes::BytesMut;
use serde_json::{Value, json};
use sse_codec::ai::{AiError, ApiError, ByteReader, Dialect, anthropic, openai_chat, openai_responses};

const TEXTS: [&str; 4] = ["Hel", "lo \"world\"\n", "\u{1F600}\r\n", "data: [DONE]\n\ndata: "];
const ARGUMENTS: [&str; 3] = ["{\"a\": \"b", "\\n\u{e9}\", \"c\"", ": [1, 2]}"];

/// The pieces to write and the tools to call: few where a stream is read at every cut.
type Parts = (&'static [&'static str], &'static [(&'static str, &'static str)]);
const FULL: Parts = (&TEXTS, &[("t1", "f"), ("t2", "g")]);
const SHORT: Parts = (&["\u{1F600}\r\n"], &[("t1", "f")]);

fn anthropic_stream((texts, calls): Parts) -> BytesMut {
    let mut out = BytesMut::new();
    let mut writer = anthropic::Writer::new("msg_1", "model", 12);
    writer.ping(&mut out);
    writer.thinking("Hm", &mut out);
    writer.thinking("m", &mut out);
    writer.signature("sig", &mut out);
    for text in texts {
        writer.text(text, &mut out);
    }
    for (id, name) in calls {
        writer.tool_use(id, name, &mut out);
        for piece in ARGUMENTS {
            writer.input_json(piece, &mut out);
        }
    }
    writer.whole(
        serde_json::from_value(json!({"type": "web_search_tool_result", "content": []})).unwrap(),
        &mut out,
    );
    writer.input_json("nothing to add it to", &mut out);
    writer.finish("tool_use", 34, &mut out);
    out
}

fn chat_stream((texts, calls): Parts) -> BytesMut {
    let mut out = BytesMut::new();
    let mut writer = openai_chat::Writer::new("c1", "model", 7);
    writer.arguments("nothing to add it to", &mut out);
    writer.keep_alive(&mut out);
    writer.reasoning("Hm", &mut out);
    writer.reasoning("m", &mut out);
    for text in texts {
        writer.text(text, &mut out);
    }
    for (id, name) in calls {
        writer.tool_call(id, name, &mut out);
        for piece in ARGUMENTS {
            writer.arguments(piece, &mut out);
        }
    }
    writer.finish("tool_calls", Some(openai_chat::Usage::new(12, 34)), &mut out);
    out
}

fn responses_stream((texts, calls): Parts) -> BytesMut {
    let mut out = BytesMut::new();
    let mut writer = openai_responses::Writer::new("r1", "model", 7);
    writer.arguments("nothing to add it to", &mut out);
    for text in texts {
        writer.text(text, &mut out);
    }
    writer.refusal("I can", &mut out);
    writer.refusal("not", &mut out);
    for (id, name) in calls {
        writer.function_call(id, name, &mut out);
        for piece in ARGUMENTS {
            writer.arguments(piece, &mut out);
        }
    }
    writer.whole(serde_json::from_value(json!({"type": "web_search_call", "id": "ws"})).unwrap(), &mut out);
    writer.finish(Some(openai_responses::Usage::new(12, 34)), &mut out);
    out
}

/// The typed events, and the message.
fn read<D: Dialect>(chunks: &[&[u8]]) -> (Vec<String>, D::Message) {
    let mut reader = ByteReader::<D>::new();
    let mut events = Vec::new();
    for chunk in chunks {
        reader.read(chunk, |event| events.push(format!("{event:?}"))).unwrap();
    }
    (events, reader.finish().unwrap())
}

fn every_cut_is_the_same<D: Dialect>(stream: &[u8]) {
    let whole = read::<D>(&[stream]);
    for cut in 0..=stream.len() {
        let (first, second) = stream.split_at(cut);
        assert_eq!(read::<D>(&[first, second]), whole, "cut at {cut}");
    }
    for size in [1, 2, 3, 7, 64] {
        let chunks: Vec<&[u8]> = stream.chunks(size).collect();
        assert_eq!(read::<D>(&chunks), whole, "chunks of {size}");
        // One event at a time, owned.
        let mut reader = ByteReader::<D>::new();
        let mut events = Vec::new();
        for mut chunk in stream.chunks(size) {
            while let Some(event) = reader.next(&mut chunk) {
                events.push(format!("{:?}", event.unwrap()));
            }
        }
        assert_eq!((events, reader.finish().unwrap()), whole, "owned, chunks of {size}");
    }
}

#[test]
fn every_cut_of_a_message_gives_the_same() {
    every_cut_is_the_same::<anthropic::Messages>(&anthropic_stream(SHORT));
}

#[test]
fn every_cut_of_a_completion_gives_the_same() {
    every_cut_is_the_same::<openai_chat::Chat>(&chat_stream(SHORT));
}

#[test]
fn every_cut_of_a_response_gives_the_same() {
    every_cut_is_the_same::<openai_responses::Responses>(&responses_stream(SHORT));
}

#[test]
fn a_message_comes_back_as_it_was_written() {
    let stream = anthropic_stream(FULL);
    let (_, message) = read::<anthropic::Messages>(&[&stream]);
    let input: Value = serde_json::from_str(&ARGUMENTS.concat()).unwrap();
    assert_eq!(
        serde_json::to_value(&message).unwrap(),
        json!({
            "type": "message", "id": "msg_1", "role": "assistant", "model": "model",
            "content": [
                {"type": "thinking", "thinking": "Hmm", "signature": "sig"},
                {"type": "text", "text": TEXTS.concat()},
                {"type": "tool_use", "id": "t1", "name": "f", "input": input},
                {"type": "tool_use", "id": "t2", "name": "g", "input": input},
                {"type": "web_search_tool_result", "content": []},
            ],
            "stop_reason": "tool_use", "stop_sequence": null, "usage": {"input_tokens": 12, "output_tokens": 34},
        })
    );
    // Each event names its type twice, alike; blocks do not overlap.
    let text = std::str::from_utf8(&stream).unwrap();
    let mut open = None;
    for block in text.split_terminator("\n\n") {
        let (event, data) = block.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["type"], event);
        match event {
            "content_block_start" => assert_eq!(open.replace(data["index"].clone()), None),
            "content_block_delta" => assert_eq!(open, Some(data["index"].clone())),
            "content_block_stop" => assert_eq!(open.take(), Some(data["index"].clone())),
            _ => {}
        }
    }
    assert!(
        text.starts_with("event: message_start\n")
            && text.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
    );
}

#[test]
fn a_completion_comes_back_as_it_was_written() {
    let stream = chat_stream(FULL);
    let (_, completion) = read::<openai_chat::Chat>(&[&stream]);
    let call = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": ARGUMENTS.concat()}});
    assert_eq!(
        serde_json::to_value(&completion).unwrap(),
        json!({
            "id": "c1", "object": "chat.completion", "created": 7, "model": "model",
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": TEXTS.concat(), "reasoning_content": "Hmm",
                "tool_calls": [call("t1", "f"), call("t2", "g")],
            }}],
            "usage": {"prompt_tokens": 12, "completion_tokens": 34, "total_tokens": 46},
        })
    );
    let text = std::str::from_utf8(&stream).unwrap();
    assert_eq!(text.matches("\"role\":\"assistant\"").count(), 1, "in the first chunk alone");
    assert!(text.ends_with("\n\ndata: [DONE]\n\n"));
}

#[test]
fn a_response_comes_back_as_it_was_written() {
    let stream = responses_stream(FULL);
    let (events, response) = read::<openai_responses::Responses>(&[&stream]);
    let text = TEXTS.concat();
    let call = |n: u32, id: &str, name: &str| json!({"type": "function_call", "id": format!("fc_r1_{n}"), "call_id": id, "name": name, "arguments": ARGUMENTS.concat(), "status": "completed"});
    let value = serde_json::to_value(&response).unwrap();
    assert_eq!(
        value["output"],
        json!([
            {"type": "message", "id": "msg_r1_0", "role": "assistant", "status": "completed", "content": [
                {"type": "output_text", "text": text, "annotations": []},
                {"type": "refusal", "refusal": "I cannot"},
            ]},
            call(1, "t1", "f"),
            call(2, "t2", "g"),
            {"type": "web_search_call", "id": "ws"},
        ])
    );
    assert_eq!(
        (value["status"].clone(), value["usage"].clone()),
        (json!("completed"), json!({"input_tokens": 12, "output_tokens": 34, "total_tokens": 46}))
    );
    // The last event says what all before it gave.
    let last =
        stream.len() - 1 - stream[..stream.len() - 2].iter().rev().position(|&byte| byte == b'\n').unwrap();
    let before = std::str::from_utf8(&stream[..last]).unwrap().rsplit_once("event: ").unwrap().0.len();
    let mut reader = openai_responses::ByteReader::new();
    reader.read(&stream[..before], |_| {}).unwrap();
    assert_eq!(reader.message().unwrap().output, response.output);
    // Numbered in order, from 0.
    for (number, event) in events.iter().enumerate() {
        assert!(event.contains(&format!("sequence_number: Some({number})")), "{event}");
    }
}

#[test]
fn a_response_that_is_cut_off_says_why() {
    let mut out = BytesMut::new();
    let mut writer = openai_responses::Writer::new("r1", "model", 7);
    writer.text("Once upon", &mut out);
    writer.finish_incomplete("max_output_tokens", None, &mut out);
    let (_, response) = read::<openai_responses::Responses>(&[&out]);
    assert_eq!(response.status.as_deref(), Some("incomplete"));
    assert_eq!(response.incomplete_details, Some(json!({"reason": "max_output_tokens"})));
}

#[test]
fn an_error_ends_a_stream_and_nothing_follows_an_end() {
    let error = ApiError::new("overloaded_error", "Overloaded");
    let check = |stream: &[u8], failed: AiError| {
        let api = failed.api().unwrap_or_else(|| panic!("{failed}"));
        let name = api.kind.as_ref().or(api.code.as_ref()).map(String::as_str);
        assert_eq!(
            (name, &*api.message),
            (Some("overloaded_error"), "Overloaded"),
            "{}",
            String::from_utf8_lossy(stream)
        );
    };

    let mut out = BytesMut::new();
    let mut writer = anthropic::Writer::new("m", "m", 1);
    writer.text("x", &mut out);
    writer.error(&error, &mut out);
    let length = out.len();
    writer.text("y", &mut out);
    writer.ping(&mut out);
    writer.error(&error, &mut out);
    writer.finish("end_turn", 1, &mut out);
    assert_eq!(out.len(), length);
    check(&out, anthropic::ByteReader::new().read(&out, |_| {}).unwrap_err());

    let mut out = BytesMut::new();
    let mut writer = openai_chat::Writer::new("c", "m", 1);
    writer.text("x", &mut out);
    writer.error(&error, &mut out);
    let length = out.len();
    writer.text("y", &mut out);
    writer.keep_alive(&mut out);
    writer.error(&error, &mut out);
    writer.finish("stop", None, &mut out);
    assert_eq!(out.len(), length);
    check(&out, openai_chat::ByteReader::new().read(&out, |_| {}).unwrap_err());

    let mut out = BytesMut::new();
    let mut writer = openai_responses::Writer::new("r", "m", 1);
    writer.text("x", &mut out);
    writer.error(&error, &mut out);
    let length = out.len();
    writer.text("y", &mut out);
    writer.error(&error, &mut out);
    writer.finish(None, &mut out);
    assert_eq!(out.len(), length);
    check(&out, openai_responses::ByteReader::new().read(&out, |_| {}).unwrap_err());
}

#[test]
fn an_empty_message_is_a_message() {
    let mut out = BytesMut::new();
    anthropic::Writer::new("m", "m", 1).finish("end_turn", 0, &mut out);
    assert_eq!(read::<anthropic::Messages>(&[&out]).1.content, []);
    let mut out = BytesMut::new();
    openai_chat::Writer::new("c", "m", 1).finish("stop", None, &mut out);
    let completion = read::<openai_chat::Chat>(&[&out]).1;
    assert_eq!(completion.choices[0].message.role.as_deref(), Some("assistant"));
    let mut out = BytesMut::new();
    openai_responses::Writer::new("r", "m", 1).finish(None, &mut out);
    assert_eq!(read::<openai_responses::Responses>(&[&out]).1.output, []);
}
