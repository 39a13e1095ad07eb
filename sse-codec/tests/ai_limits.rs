//! What a model stream may make a reader hold.
#![cfg(feature = "ai")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::json;
use sse_codec::{
    Limits,
    ai::{AiError, AiLimits, anthropic, openai_chat, openai_responses},
};

fn limits(change: impl FnOnce(&mut AiLimits)) -> AiLimits {
    let mut limits = AiLimits::default();
    change(&mut limits);
    limits
}

fn crossed(error: &AiError) -> Option<(&'static str, usize)> {
    match error {
        AiError::TooLarge { limit, max } => Some((limit, *max)),
        _ => None,
    }
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let AiLimits { max_message, max_blocks, max_depth, .. } = AiLimits::default();
    assert_eq!((max_message, max_blocks, max_depth), (16 << 20, 1024, 64));
}

/// Deltas without end, each small: the reader stops within the bound, and holds no more than it.
#[test]
fn a_message_that_never_ends_stops_at_max_message() {
    let max = 10_000;
    let limits = limits(|limits| limits.max_message = max);

    let mut reader = anthropic::Reader::with_limits(limits.clone());
    reader.read_data("message_start", r#"{"type":"message_start","message":{"id":"m"}}"#).unwrap();
    for (index, block) in [
        json!({"type": "text", "text": ""}),
        json!({"type": "thinking", "thinking": ""}),
        json!({"type": "tool_use", "id": "t", "name": "n", "input": {}}),
    ]
    .into_iter()
    .enumerate()
    {
        let start = json!({"type": "content_block_start", "index": index, "content_block": block});
        reader.read_data("content_block_start", &start.to_string()).unwrap();
    }
    for (index, delta) in [
        json!({"type": "text_delta", "text": "0123456789"}),
        json!({"type": "thinking_delta", "thinking": "0123456789"}),
        json!({"type": "input_json_delta", "partial_json": "0123456789"}),
        json!({"type": "citations_delta", "citation": {"cited_text": "0123456789"}}),
    ]
    .into_iter()
    .enumerate()
    {
        let index = index % 3;
        let delta = json!({"type": "content_block_delta", "index": index, "delta": delta}).to_string();
        let mut reader = reader.clone();
        let error =
            (0..max).find_map(|_| reader.read_data("content_block_delta", &delta).err()).expect(&delta);
        assert_eq!(crossed(&error), Some(("max_message", max)));
        assert!(serde_json::to_string(reader.message().unwrap()).unwrap().len() < max + 500);
        assert!(error.to_string().contains("max_message of 10000"), "{error}");
    }

    for delta in [
        json!({"content": "0123456789"}),
        json!({"refusal": "0123456789"}),
        json!({"reasoning_content": "0123456789"}),
        json!({"tool_calls": [{"index": 0, "function": {"arguments": "0123456789"}}]}),
        json!({"tool_calls": [{"index": 0, "x": "0123456789"}]}),
    ] {
        let chunk =
            json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}).to_string();
        let mut reader = openai_chat::Reader::with_limits(limits.clone());
        let error = (0..max).find_map(|_| reader.read_data("message", &chunk).err()).expect(&chunk);
        assert_eq!(crossed(&error), Some(("max_message", max)));
        assert!(serde_json::to_string(reader.message().unwrap()).unwrap().len() < max + 500);
    }
    // Names that change each time, and fields of any name.
    for what in ["id", "type", "fp", "role", "extra", "logprobs"] {
        let mut reader = openai_chat::Reader::with_limits(limits.clone());
        let error = (0..max).find_map(|n| {
            let value = format!("{n:010}");
            let chunk = match what {
                "id" | "type" => json!({"object": "chat.completion.chunk", "choices": [{"delta": {"tool_calls": [{"index": 0, what: value}]}}]}),
                "role" => json!({"object": "chat.completion.chunk", "choices": [{"delta": {"role": value}}]}),
                "logprobs" => json!({"object": "chat.completion.chunk", "choices": [{"delta": {}, "logprobs": {"content": [value]}}]}),
                "extra" => json!({"object": "chat.completion.chunk", value: 1}),
                _ => json!({"object": "chat.completion.chunk", "system_fingerprint": value}),
            };
            reader.read_data("message", &chunk.to_string()).err()
        });
        assert_eq!(error.as_ref().and_then(crossed), Some(("max_message", max)), "{what}");
    }

    let mut reader = openai_responses::Reader::with_limits(limits);
    reader.read_data("", r#"{"type":"response.created","response":{"id":"r","output":[]}}"#).unwrap();
    reader
        .read_data("", r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m","role":"assistant","content":[]}}"#)
        .unwrap();
    for event in [
        json!({"type": "response.output_text.delta", "item_id": "m", "output_index": 0, "content_index": 0, "delta": "0123456789"}),
        json!({"type": "response.output_text.annotation.added", "item_id": "m", "output_index": 0, "content_index": 0, "annotation": "0123456789"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": {"type": "x", "text": "0123456789"}}),
        json!({"type": "response.in_progress", "response": {"id": "r", "text": "0123456789"}}),
    ] {
        let mut reader = reader.clone();
        let event = event.to_string();
        let error = (0..max).find_map(|_| reader.read_data("", &event).err()).expect(&event);
        assert_eq!(crossed(&error), Some(("max_message", max)));
        assert!(serde_json::to_string(reader.message().unwrap()).unwrap().len() < max + 500);
    }
}

/// Usage in every chunk, as some services send it, is no growth.
#[test]
fn usage_in_every_chunk_does_not_count() {
    let mut reader = openai_chat::Reader::with_limits(limits(|limits| limits.max_message = 1000));
    for n in 0..1000 {
        let chunk = json!({"object": "chat.completion.chunk", "id": "c", "model": "m", "choices": [], "usage": {"total_tokens": n}});
        reader.read_data("message", &chunk.to_string()).unwrap();
    }
    assert_eq!(reader.message().unwrap().usage.as_ref().unwrap().total_tokens, Some(999));
}

#[test]
fn blocks_without_end_stop_at_max_blocks() {
    let limits = limits(|limits| limits.max_blocks = 10);
    let mut reader = anthropic::Reader::with_limits(limits.clone());
    reader.read_data("", r#"{"type":"message_start","message":{"id":"m"}}"#).unwrap();
    let errors: Vec<_> = (0..11)
        .map(|n| {
            // Descending, and far apart: an index is no length.
            let index = u32::MAX - n * 1000;
            let start = json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}});
            reader.read_data("", &start.to_string()).err()
        })
        .collect();
    assert!(errors[..10].iter().all(Option::is_none));
    assert_eq!(errors[10].as_ref().and_then(crossed), Some(("max_blocks", 10)));
    let content = vec![json!({"type": "text", "text": ""}); 11];
    let start = json!({"type": "message_start", "message": {"id": "m", "content": content}}).to_string();
    let error = anthropic::Reader::with_limits(limits.clone()).read_data("", &start).unwrap_err();
    assert_eq!(crossed(&error), Some(("max_blocks", 10)));

    let chunk = |choices: Vec<serde_json::Value>| {
        json!({"object": "chat.completion.chunk", "choices": choices}).to_string()
    };
    let choices = (0..11).map(|n| json!({"index": n * 1000, "delta": {}})).collect();
    let error = openai_chat::Reader::with_limits(limits.clone()).read_data("", &chunk(choices)).unwrap_err();
    assert_eq!(crossed(&error), Some(("max_blocks", 10)));
    let calls: Vec<_> = (0..10).map(|n| json!({"index": u32::MAX - n})).collect();
    let error = openai_chat::Reader::with_limits(limits.clone())
        .read_data("", &chunk(vec![json!({"index": 0, "delta": {"tool_calls": calls}})]))
        .unwrap_err();
    assert_eq!(crossed(&error), Some(("max_blocks", 10)), "one choice and ten calls");

    let mut reader = openai_responses::Reader::with_limits(limits.clone());
    reader.read_data("", r#"{"type":"response.created","response":{"id":"r","output":[]}}"#).unwrap();
    let mut items = reader.clone();
    let error = (0..11).find_map(|n| {
        let item =
            json!({"type": "response.output_item.added", "output_index": n * 1000, "item": {"type": "x"}});
        items.read_data("", &item.to_string()).err()
    });
    assert_eq!(error.as_ref().and_then(crossed), Some(("max_blocks", 10)));
    reader
        .read_data("", r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"m","summary":[]}}"#)
        .unwrap();
    let error = (0..11).find_map(|n| {
        let delta = json!({"type": "response.reasoning_text.delta", "item_id": "m", "output_index": 0, "content_index": n, "delta": ""});
        reader.read_data("", &delta.to_string()).err()
    });
    assert_eq!(error.as_ref().and_then(crossed), Some(("max_blocks", 10)));
    let output = vec![json!({"type": "x"}); 11];
    let created = json!({"type": "response.created", "response": {"id": "r", "output": output}}).to_string();
    let error = openai_responses::Reader::with_limits(limits).read_data("", &created).unwrap_err();
    assert_eq!(crossed(&error), Some(("max_blocks", 10)));
}

#[test]
fn nesting_stops_at_max_depth() {
    let deep =
        |levels: usize| format!("{{\"type\":\"x\",\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    for read in [
        |data: &str| anthropic::Reader::new().read_data("x", data).err(),
        |data: &str| openai_chat::Reader::new().read_data("x", data).err(),
        |data: &str| openai_responses::Reader::new().read_data("x", data).err(),
    ] {
        assert!(read(&deep(63)).is_none());
        let error = read(&deep(64)).unwrap();
        assert_eq!(crossed(&error), Some(("max_depth", 64)));
        assert!(read(&"[".repeat(1_000_000)).is_some());
        // Brackets within strings, and beside each other, are no depth.
        assert!(read(&format!("{{\"type\":\"x\",\"a\":\"\\\"{}\"}}", "[".repeat(1000))).is_none());
        assert!(read(&format!("{{\"type\":\"x\",\"a\":[{}[]]}}", "[],".repeat(1000))).is_none());
    }
    // The input of a tool is JSON within JSON.
    let mut reader = anthropic::Reader::with_limits(limits(|limits| limits.max_depth = 8));
    for event in [
        json!({"type": "message_start", "message": {"id": "m"}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t", "name": "n", "input": {}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "[".repeat(9) + &"]".repeat(9)}}),
        json!({"type": "content_block_stop", "index": 0}),
    ] {
        reader.read_data("", &event.to_string()).unwrap();
    }
    let input = &reader.message().unwrap().tool_uses().next().unwrap().input;
    assert!(input.is_string(), "too deep to be a value: {input}");
}

#[test]
fn the_limits_of_the_parser_hold_before_those_of_the_message() {
    let mut parser = Limits::default();
    parser.max_data = 10;
    let mut reader = anthropic::ByteReader::with_limits(parser, AiLimits::default());
    let error = reader.read(b"data: 01234567890\n\ndata: {}\n\n", |_| panic!("nothing comes")).unwrap_err();
    assert!(matches!(error, AiError::Dropped(overflow) if overflow.max == 10));
    assert!(matches!(reader.next(&mut &b"\n\ndata: {}\n\n"[..]), Some(Err(AiError::Failed))));
}
