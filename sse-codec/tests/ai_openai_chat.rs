//! OpenAI's chat completion streams, in the shapes that its API reference documents.
#![cfg(feature = "ai")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use sse_codec::ai::{
    AiError, Delta,
    openai_chat::{ByteReader, Completion, Event, Reader},
    partial_json::Unfinished,
};

fn chunk(choices: &Value) -> String {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_694_268_190, "model": "gpt-4o-mini",
        "system_fingerprint": "fp_44709d6fcb", "choices": choices, "usage": null,
    })
    .to_string()
}

fn delta(delta: &Value) -> String {
    chunk(&json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]))
}

fn finish(reason: &str) -> String {
    chunk(&json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": reason}]))
}

fn stream(data: &[String]) -> String {
    data.iter().map(|data| format!("data: {data}\n\n")).collect::<String>() + "data: [DONE]\n\n"
}

fn read(stream: &str) -> Result<Completion, AiError> {
    let mut reader = ByteReader::new();
    reader.read(stream.as_bytes(), |_| {})?;
    reader.finish()
}

fn whole() -> Vec<String> {
    vec![
        delta(&json!({"role": "assistant", "content": null, "refusal": null})),
        delta(&json!({"content": "Let me "})),
        delta(&json!({"content": "\"look\""})),
        delta(&json!({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ""}}]})),
        delta(&json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"loc"}}]})),
        delta(&json!({"tool_calls": [{"index": 0, "function": {"arguments": "ation\":\"Paris\"}"}}, {"index": 1, "id": "call_2", "type": "function", "function": {"name": "now", "arguments": "{}"}}]})),
        finish("tool_calls"),
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_694_268_190, "model": "gpt-4o-mini",
            "system_fingerprint": "fp_44709d6fcb", "choices": [],
            "usage": {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21, "prompt_tokens_details": {"cached_tokens": 4}},
        })
        .to_string(),
    ]
}

#[test]
fn chunks_become_a_completion() {
    let completion = read(&stream(&whole())).unwrap();
    assert_eq!(
        serde_json::to_value(&completion).unwrap(),
        json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_694_268_190, "model": "gpt-4o-mini",
            "system_fingerprint": "fp_44709d6fcb",
            "choices": [{
                "index": 0, "finish_reason": "tool_calls",
                "message": {
                    "role": "assistant", "content": "Let me \"look\"",
                    "tool_calls": [
                        {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"location\":\"Paris\"}"}},
                        {"id": "call_2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
                    ],
                },
            }],
            "usage": {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21, "prompt_tokens_details": {"cached_tokens": 4}},
        })
    );
    let calls = &completion.choices[0].message.tool_calls;
    assert_eq!(calls[0].function.arguments.parsed().unwrap(), json!({"location": "Paris"}));
    assert_eq!(completion.usage.unwrap().tokens().cached, Some(4));
}

#[test]
fn deltas_come_in_common_words() {
    let mut seen = Vec::new();
    let mut reader = ByteReader::new();
    reader
        .read(stream(&whole()).as_bytes(), |event| {
            seen.extend(event.deltas().map(|delta| format!("{delta:?}")));
        })
        .unwrap();
    let usage = seen.pop().unwrap();
    assert!(usage.starts_with("Usage("), "{usage}");
    let expected = [
        Delta::Text("Let me "),
        Delta::Text("\"look\""),
        Delta::ToolCall { index: 0, id: "call_1", name: "get_weather" },
        Delta::ToolInput { index: 0, json: "{\"loc" },
        Delta::ToolInput { index: 0, json: "ation\":\"Paris\"}" },
        Delta::ToolCall { index: 1, id: "call_2", name: "now" },
        Delta::ToolInput { index: 1, json: "{}" },
        Delta::Stop("tool_calls"),
    ];
    assert_eq!(seen, expected.map(|delta| format!("{delta:?}")));
}

#[test]
fn arguments_are_readable_while_they_come() {
    let mut reader = Reader::new();
    let chunks = whole();
    for chunk in &chunks[..5] {
        reader.read_data("message", chunk).unwrap();
    }
    let function = &reader.message().unwrap().choices[0].message.tool_calls[0].function;
    assert_eq!(function.arguments.partial(Unfinished::Keep), Some(json!({})));
    reader
        .read_data(
            "message",
            &delta(&json!({"tool_calls": [{"index": 0, "function": {"arguments": "\": \"Par"}}]})),
        )
        .unwrap();
    let function = &reader.message().unwrap().choices[0].message.tool_calls[0].function;
    assert_eq!(function.arguments.partial(Unfinished::Keep), Some(json!({"loc": "Par"})));
    assert_eq!(function.arguments.partial(Unfinished::Drop), Some(json!({})));
}

#[test]
fn choices_grow_apart() {
    let both = |a: &str, b: &str| {
        chunk(&json!([{"index": 1, "delta": {"content": b}}, {"index": 0, "delta": {"content": a}}]))
    };
    let stop = chunk(
        &json!([{"index": 1, "delta": {}, "finish_reason": "length"}, {"index": 0, "delta": {}, "finish_reason": "stop"}]),
    );
    let completion = read(&stream(&[both("a", "x"), both("b", "y"), stop])).unwrap();
    let seen: Vec<_> = completion
        .choices
        .iter()
        .map(|choice| {
            (
                choice.index,
                choice.message.content.as_deref().unwrap(),
                choice.finish_reason.as_deref().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [(0, "ab", "stop"), (1, "xy", "length")]);
}

#[test]
fn log_probabilities_and_unnamed_fields_are_joined() {
    let token = |token: &str| json!({"token": token, "logprob": -0.5, "bytes": null, "top_logprobs": []});
    let piece = |text: &str, reasoning: &str| {
        chunk(&json!([{"index": 0, "delta": {"content": text, "reasoning_content": reasoning},
            "logprobs": {"content": [token(text)], "refusal": null}, "finish_reason": null}]))
    };
    let stream = stream(&[piece("a", "Hm"), piece("b", "m."), finish("stop")]);
    let completion = read(&stream).unwrap();
    let choice = &completion.choices[0];
    assert_eq!(choice.message.extra["reasoning_content"], "Hmm.");
    assert_eq!(choice.logprobs.as_ref().unwrap()["content"], json!([token("a"), token("b")]));
    let mut reasoning = String::new();
    ByteReader::new()
        .read(stream.as_bytes(), |event: Event<'_>| {
            for delta in event.deltas() {
                if let Delta::Reasoning(text) = delta {
                    reasoning.push_str(text);
                }
            }
        })
        .unwrap();
    assert_eq!(reasoning, "Hmm.");
}

#[test]
fn a_refusal_is_a_refusal() {
    let completion = read(&stream(&[
        delta(&json!({"refusal": "I can"})),
        delta(&json!({"refusal": "not"})),
        finish("stop"),
    ]))
    .unwrap();
    assert_eq!(completion.choices[0].message.refusal.as_deref(), Some("I cannot"));
    assert_eq!(completion.choices[0].message.content, None);
}

#[test]
fn padding_is_forgotten_and_other_fields_are_kept() {
    let with = |name: &str, value: Value| {
        let mut chunk: Value = serde_json::from_str(&delta(&json!({"content": "x"}))).unwrap();
        chunk[name] = value;
        chunk.to_string()
    };
    let completion =
        read(&stream(&[with("obfuscation", json!("aBc")), with("moderation", json!({"ok": true}))])).unwrap();
    assert_eq!(serde_json::to_value(&completion.extra).unwrap(), json!({"moderation": {"ok": true}}));
}

#[test]
fn a_repeated_id_or_name_is_the_same_one() {
    let call = |arguments: &str| {
        delta(
            &json!({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}]}),
        )
    };
    let completion = read(&stream(&[call("{"), call("}")])).unwrap();
    let call = &completion.choices[0].message.tool_calls[0];
    assert_eq!(
        (&*call.id, &*call.kind, &*call.function.name, &*call.function.arguments),
        ("c", "function", "f", "{}")
    );
}

#[test]
fn a_stream_without_done_is_truncated_wherever_it_ends() {
    let stream = stream(&whole());
    for end in 0..stream.len() {
        let mut reader = ByteReader::new();
        reader.read(&stream.as_bytes()[..end], |_| {}).unwrap();
        assert!(matches!(reader.finish(), Err(AiError::Truncated)), "cut at {end}");
    }
    assert!(read(&stream).is_ok());
}

#[test]
fn an_error_object_in_the_data_is_the_error_of_the_service() {
    let limited = r#"{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
    for (event, data, message) in [
        ("message", limited, "Rate limit reached"),
        ("error", limited, "Rate limit reached"),
        ("message", r#"{"error":"it broke"}"#, "it broke"),
        ("error", "it broke", "it broke"),
        ("error", r#"{"message":"it broke","code":500}"#, "it broke"),
        ("message", r#"{"error":{"message":"late"},"choices":5}"#, "late"),
    ] {
        let mut reader = Reader::new();
        reader.read_data("message", &whole()[1]).unwrap();
        let error = reader.read_data(event, data).unwrap_err();
        let api = error.api().unwrap_or_else(|| panic!("{data}: {error}"));
        assert_eq!(api.message, message);
        if data == limited {
            assert_eq!(
                (api.code.as_deref(), api.http_status(), api.is_transient()),
                (Some("rate_limit_exceeded"), Some(429), true)
            );
        }
        assert_eq!(error.raw(), Some(data));
        assert!(matches!(reader.finish(), Err(AiError::Failed)));
    }
    let quota = r#"{"error":{"message":"no","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    let error = Reader::new().read_data("message", quota).unwrap_err();
    assert!(!error.api().unwrap().is_transient(), "waiting does not help");
}

#[test]
fn what_is_no_chunk_is_other_and_keeps_its_data() {
    for (event, data) in [
        ("message", "5"),
        ("message", "null"),
        ("message", "[1]"),
        ("message", "{}"),
        ("message", r#"{"object":"","choices":[],"prompt_filter_results":[]}"#),
        ("message", r#"{"object":"text_completion","choices":[{"text":"x"}]}"#),
        ("message", r#"{"object":"thing","choices":5}"#),
        ("thread.message.delta", r#"{"id":"m","object":"thread.message.delta","delta":{}}"#),
    ] {
        let mut reader = Reader::new();
        let read = reader.read_data(event, data).unwrap();
        assert_eq!(read, Event::Other { event: event.into(), raw: data.into() });
        assert!(reader.message().is_none());
    }
}

#[test]
fn data_that_is_no_json_or_of_another_shape_is_an_error_with_the_data() {
    for data in [
        "",
        "{",
        "[DON",
        r#"{"object":"chat.completion.chunk","choices":5}"#,
        r#"{"object":"chat.completion.chunk","choices":[{"index":-1}]}"#,
        r#"{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":5}}]}"#,
    ] {
        let error = Reader::new().read_data("message", data).unwrap_err();
        assert!(matches!(&error, AiError::Data { raw, .. } if raw == data), "{data}: {error}");
    }
}

#[test]
fn nothing_is_read_after_done() {
    let mut reader = ByteReader::new();
    let stream = stream(&[finish("stop")]) + "data: garbage\n\n";
    reader.read(stream.as_bytes(), |_| {}).unwrap();
    assert!(reader.is_done() && reader.finish().is_ok());
    let mut reader = Reader::new();
    reader.read_data("message", "[DONE]").unwrap();
    assert!(matches!(reader.read_data("message", &finish("stop")), Err(AiError::AfterEnd)));
    assert_eq!(reader.finish().unwrap(), Completion::default(), "a stream of nothing");
}

#[test]
fn a_lost_event_is_an_error() {
    let mut limits = sse_codec::Limits::default();
    limits.max_line = 300;
    let mut reader = ByteReader::with_limits(limits, sse_codec::ai::AiLimits::default());
    let long = delta(&json!({"content": "x".repeat(300)}));
    let error = reader.read(stream(&[long]).as_bytes(), |_| {}).unwrap_err();
    assert!(matches!(error, AiError::Dropped(_)), "{error}");
    assert!(matches!(reader.finish(), Err(AiError::Failed)));
}

#[test]
fn every_event_goes_out_as_it_came_in() {
    let mut back = bytes::BytesMut::new();
    let mut reader = ByteReader::new();
    reader.read(stream(&whole()).as_bytes(), |event| event.frame().unwrap().encode_into(&mut back)).unwrap();
    let mut again = ByteReader::new();
    again.read(&back, |_| {}).unwrap();
    assert_eq!(again.finish().unwrap(), reader.finish().unwrap());
}
