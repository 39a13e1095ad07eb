//! Anthropic's message streams, in the shapes that its API reference documents.
#![cfg(feature = "ai")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use sse_codec::ai::{
    AiError, Delta, Dialect, TokenUsage,
    anthropic::{BlockDelta, ByteReader, ContentBlock, Event, Message, Messages, Reader},
    partial_json::Unfinished,
};
use sse_codec::{EventId, EventName};

/// Each line is the data of an event of the type in it.
fn stream(lines: &[&str]) -> String {
    let event = |line: &&str| {
        let value: Value = serde_json::from_str(line).unwrap();
        format!("event: {}\ndata: {line}\n\n", value["type"].as_str().unwrap())
    };
    lines.iter().map(event).collect()
}

fn read(stream: &str) -> Result<Message, AiError> {
    let mut reader = ByteReader::new();
    reader.read(stream.as_bytes(), |_| {})?;
    reader.finish()
}

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"m","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1}}}"#;
const TEXT: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
const STOP_0: &str = r#"{"type":"content_block_stop","index":0}"#;
const TOOL: &str = r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}}}"#;
const STOP_1: &str = r#"{"type":"content_block_stop","index":1}"#;
const END: &str = r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

fn text(index: u32, text: &str) -> String {
    json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}})
        .to_string()
}

fn input(json: &str) -> String {
    json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": json}}).to_string()
}

fn whole() -> String {
    stream(&[
        START,
        TEXT,
        r#"{"type": "ping"}"#,
        &text(0, "Okay"),
        &text(0, ", let's \"check\"\n"),
        STOP_0,
        TOOL,
        &input(""),
        &input("{\"location\":"),
        &input(" \"San Fra"),
        &input("ncisco, CA\", \"days\": 1"),
        &input("2}"),
        STOP_1,
        END,
        STOP,
    ])
}

#[test]
fn text_and_a_tool_become_a_message() {
    let message = read(&whole()).unwrap();
    assert_eq!((&*message.id, &*message.role, &*message.model), ("msg_1", "assistant", "m"));
    assert_eq!(message.text(), "Okay, let's \"check\"\n");
    assert_eq!(message.stop_reason.as_deref(), Some("tool_use"));
    let call = message.tool_uses().next().unwrap();
    assert_eq!((&*call.id, &*call.name), ("toolu_1", "get_weather"));
    assert_eq!(call.input, json!({"location": "San Francisco, CA", "days": 12}));
    assert_eq!(call.input_json, r#"{"location": "San Francisco, CA", "days": 12}"#);
    assert!(call.is_complete());
    assert_eq!(
        serde_json::to_value(&message).unwrap(),
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [
                {"type": "text", "text": "Okay, let's \"check\"\n"},
                {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"location": "San Francisco, CA", "days": 12}},
            ],
            "stop_reason": "tool_use", "stop_sequence": null,
            "usage": {"input_tokens": 25, "cache_read_input_tokens": 7, "output_tokens": 89},
        })
    );
}

#[test]
fn deltas_come_in_common_words() {
    let mut seen = Vec::new();
    let mut reader = ByteReader::new();
    reader
        .read(whole().as_bytes(), |event| seen.extend(event.deltas().map(|delta| format!("{delta:?}"))))
        .unwrap();
    let usage = |input, output, cached| {
        let mut usage = TokenUsage::default();
        (usage.input, usage.output, usage.cached) = (input, output, cached);
        format!("{:?}", Delta::Usage(usage))
    };
    let input = |json| format!("{:?}", Delta::ToolInput { index: 1, json });
    assert_eq!(
        seen,
        [
            usage(Some(25), Some(1), Some(7)),
            format!("{:?}", Delta::Text("Okay")),
            format!("{:?}", Delta::Text(", let's \"check\"\n")),
            format!("{:?}", Delta::ToolCall { index: 1, id: "toolu_1", name: "get_weather" }),
            input(""),
            input("{\"location\":"),
            input(" \"San Fra"),
            input("ncisco, CA\", \"days\": 1"),
            input("2}"),
            format!("{:?}", Delta::Stop("tool_use")),
            usage(None, Some(89), None),
        ]
    );
}

#[test]
fn the_input_of_a_tool_is_readable_while_it_comes() {
    let mut reader = Reader::new();
    reader.read_data("message_start", START).unwrap();
    reader.read_data("content_block_start", TOOL).unwrap();
    let mut shown = Vec::new();
    for piece in ["{\"location\":", " \"San Fra", "ncisco\"", ", \"days\": 1", "2}"] {
        reader.read_data("content_block_delta", &input(piece)).unwrap();
        let call = reader.message().unwrap().tool_uses().next().unwrap();
        shown.push((
            call.partial_input(Unfinished::Keep).unwrap(),
            call.partial_input(Unfinished::Drop).unwrap(),
        ));
    }
    assert_eq!(
        shown,
        [
            (json!({}), json!({})),
            (json!({"location": "San Fra"}), json!({})),
            (json!({"location": "San Francisco"}), json!({"location": "San Francisco"})),
            (json!({"location": "San Francisco", "days": 1}), json!({"location": "San Francisco"})),
            (
                json!({"location": "San Francisco", "days": 12}),
                json!({"location": "San Francisco", "days": 12})
            ),
        ]
    );
}

#[test]
fn thinking_signature_and_citations_are_put_together() {
    let message = read(&stream(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me "}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"solve this"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}"#,
        STOP_0,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"","citations":[]}}"#,
        &text(1, "See"),
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"x"}}}"#,
        STOP_1,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"redacted_thinking","data":"abc"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        END,
        STOP,
    ]))
    .unwrap();
    assert_eq!(
        serde_json::to_value(&message.content).unwrap(),
        json!([
            {"type": "thinking", "thinking": "Let me solve this", "signature": "EqQB"},
            {"type": "text", "text": "See", "citations": [{"type": "char_location", "cited_text": "x"}]},
            {"type": "redacted_thinking", "data": "abc"},
        ])
    );
}

#[test]
fn usage_of_the_end_replaces_what_it_names_and_no_more() {
    let end = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_details":{"a":1}},"usage":{"input_tokens":30,"cache_read_input_tokens":null,"output_tokens":5,"server_tool_use":{"web_search_requests":1}},"context_management":{"b":2}}"#;
    let message = read(&stream(&[START, end, STOP])).unwrap();
    assert_eq!(message.usage.input_tokens, Some(30));
    assert_eq!(message.usage.output_tokens, Some(5));
    assert_eq!(message.usage.cache_read_input_tokens, Some(7), "null says nothing");
    assert_eq!(message.usage.extra["server_tool_use"], json!({"web_search_requests": 1}));
    assert_eq!(message.extra["stop_details"], json!({"a": 1}));
    assert_eq!(message.extra["context_management"], json!({"b": 2}));
}

#[test]
fn a_stream_without_its_end_is_truncated_wherever_it_ends() {
    let stream = whole();
    for end in 0..stream.len() {
        let mut reader = ByteReader::new();
        if stream.is_char_boundary(end) {
            reader.read(&stream.as_bytes()[..end], |_| {}).unwrap();
            assert!(!reader.is_done());
            assert!(matches!(reader.finish(), Err(AiError::Truncated)), "cut at {end}");
        }
    }
    assert!(read(&stream).is_ok());
}

#[test]
fn an_error_event_is_the_error_of_the_service() {
    let overloaded = r#"{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}"#;
    // By the field, by the data, and by both.
    for (event, data) in [("error", overloaded), ("message", overloaded), ("error", "Overloaded")] {
        let mut reader = Reader::new();
        reader.read_data("message_start", START).unwrap();
        let error = reader.read_data(event, data).unwrap_err();
        let api = error.api().unwrap_or_else(|| panic!("{error}"));
        assert_eq!(api.message, "Overloaded");
        assert_eq!(error.raw(), Some(data));
        if data == overloaded {
            assert_eq!(
                (api.kind.as_deref(), api.http_status(), api.is_transient()),
                (Some("overloaded_error"), Some(529), true)
            );
            assert_eq!(error.to_string(), "the service reported overloaded_error: Overloaded");
        }
        assert!(matches!(reader.read_data("message_stop", STOP), Err(AiError::Failed)));
        assert_eq!(reader.message().unwrap().id, "msg_1", "what came is still there");
        assert!(matches!(reader.finish(), Err(AiError::Failed)));
    }
}

#[test]
fn what_is_not_known_is_other_and_keeps_its_data() {
    for (event, data) in [
        ("message_pause", r#"{"type":"message_pause","a":1}"#),
        ("message", "5"),
        ("message", "null"),
        ("message", "[]"),
        ("message", "\"x\""),
        ("message", "{}"),
        ("message_start", r#"{"type":"something"}"#),
        ("thread.run", r#"{"type":null}"#),
        ("message", r#"{"type":7}"#),
    ] {
        let mut reader = Reader::new();
        let read = reader.read_data(event, data).unwrap();
        assert_eq!(read, Event::Other { event: event.into(), raw: data.into() });
        assert_eq!(read.deltas().collect::<Vec<_>>(), [Delta::Other { event, raw: data }]);
    }
    let message = read(&stream(&[
        START,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"hologram","depth":3}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"depth_delta","depth":1}}"#,
        STOP_0,
        END,
        STOP,
    ]))
    .unwrap();
    assert_eq!(message.content, [ContentBlock::Other(json!({"type": "hologram", "depth": 3}))]);
}

#[test]
fn an_unknown_delta_is_given_as_it_is() {
    let data = r#"{"type":"content_block_delta","index":0,"delta":{"type":"depth_delta","depth":1}}"#;
    let event = sse_codec::Event::new(EventName::default(), data, EventId::default());
    let read = Messages::read(event.borrowed()).unwrap();
    let delta = BlockDelta::Other(json!({"type": "depth_delta", "depth": 1}));
    assert_eq!(read, Event::ContentBlockDelta { index: 0, delta });
}

#[test]
fn data_that_is_no_json_or_of_another_shape_is_an_error_with_the_data() {
    for data in [
        "",
        "{",
        "not json",
        r#"{"type":"content_block_delta","index":"0","delta":{}}"#,
        r#"{"type":"content_block_delta","index":0}"#,
        r#"{"type":"content_block_stop","index":-1}"#,
        r#"{"type":"message_start"}"#,
        r#"{"type":"message_start","message":{"content":5}}"#,
        r#"{"type":"message_delta","usage":{"output_tokens":"many"},"delta":{}}"#,
    ] {
        let error = Reader::new().read_data("content_block_delta", data).unwrap_err();
        assert!(matches!(&error, AiError::Data { raw, .. } if raw == data), "{data}: {error}");
        assert_eq!(error.raw(), Some(data));
    }
}

#[test]
fn events_out_of_order_are_errors() {
    for (events, what) in [
        (vec![TEXT], "no message_start"),
        (vec![START, START], "second message_start"),
        (vec![START, TEXT, TEXT], "second content_block_start"),
        (vec![START, STOP_0], "not begun"),
        (vec![START, STOP_1], "not begun"),
        (vec![STOP], "no message_start"),
    ] {
        let error = read(&stream(&events)).unwrap_err();
        assert!(
            matches!(error, AiError::Order { .. }) && error.to_string().contains(what),
            "{events:?}: {error}"
        );
    }
    let late = text(0, "late");
    let error = read(&stream(&[START, TEXT, STOP_0, &late])).unwrap_err();
    assert_eq!(error.to_string(), "the events are out of order: a delta for a block that has stopped");
    assert_eq!(error.raw(), Some(&*late));
}

#[test]
fn blocks_may_interleave_and_begin_in_any_order() {
    let message = read(&stream(&[
        START,
        TOOL,
        TEXT,
        &input("{\"a\""),
        &text(0, "x"),
        &input(":1}"),
        &text(0, "y"),
        END,
        STOP,
    ]))
    .unwrap();
    assert_eq!(message.text(), "xy");
    assert_eq!(message.tool_uses().next().unwrap().input, json!({"a": 1}), "the end closes what is open");
    assert!(matches!(message.content[0], ContentBlock::Text(_)));
}

#[test]
fn an_input_that_was_cut_off_says_so_and_one_that_is_no_json_is_a_string() {
    let cut =
        read(&stream(&[START, TOOL, &input("{\"a\": [1, 2], \"b\": \"unf"), STOP_1, END, STOP])).unwrap();
    let call = cut.tool_uses().next().unwrap();
    assert_eq!((&call.input, call.is_complete()), (&json!({"a": [1, 2]}), false));
    let wrong = read(&stream(&[START, TOOL, &input("{oops}"), STOP_1, END, STOP])).unwrap();
    let call = wrong.tool_uses().next().unwrap();
    assert_eq!((&call.input, call.is_complete()), (&json!("{oops}"), false));
}

#[test]
fn after_the_end_only_signs_of_life_may_come() {
    let mut reader = Reader::new();
    for (event, data) in [("message_start", START), ("message_delta", END), ("message_stop", STOP)] {
        reader.read_data(event, data).unwrap();
    }
    assert!(reader.is_done());
    assert_eq!(reader.read_data("ping", "{\"type\": \"ping\"}").unwrap(), Event::Ping);
    assert!(matches!(reader.read_data("message_stop", STOP), Err(AiError::AfterEnd)));
    assert!(reader.finish().is_ok(), "the message was whole before");
}

#[test]
fn a_text_without_escapes_is_lent() {
    let data = text(0, "plain");
    let mut reader = Reader::new();
    reader.read_data("message_start", START).unwrap();
    reader.read_data("content_block_start", TEXT).unwrap();
    let Event::ContentBlockDelta { delta: BlockDelta::Text { text }, .. } =
        reader.read_data("content_block_delta", &data).unwrap()
    else {
        panic!("a text")
    };
    assert!(data.as_bytes().as_ptr_range().contains(&text.as_ptr()));
}

#[test]
fn every_event_goes_out_as_it_came_in() {
    let mut back = bytes::BytesMut::new();
    let mut reader = ByteReader::new();
    reader.read(whole().as_bytes(), |event| event.frame().unwrap().encode_into(&mut back)).unwrap();
    let mut again = ByteReader::new();
    again.read(&back, |_| {}).unwrap();
    assert_eq!(again.finish().unwrap(), reader.finish().unwrap());
    let other = Event::Other { event: "a\nb".into(), raw: "{}".into() };
    assert!(other.frame().is_err());
}
