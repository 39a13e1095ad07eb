//! OpenAI's response streams, in the shapes that its API reference documents.
#![cfg(feature = "ai")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use sse_codec::ai::{
    AiError, Delta,
    openai_responses::{Body, ByteReader, OutputItem, Reader, Response, TextKind},
};

fn stream(events: &[Value]) -> String {
    let event = |(number, event): (usize, &Value)| {
        let mut event = event.clone();
        event["sequence_number"] = number.into();
        format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap())
    };
    events.iter().enumerate().map(event).collect()
}

fn read(stream: &str) -> Result<Response, AiError> {
    let mut reader = ByteReader::new();
    reader.read(stream.as_bytes(), |_| {})?;
    reader.finish()
}

fn response(status: &str, output: &Value) -> Value {
    json!({"id": "resp_1", "object": "response", "created_at": 1_741_290_958, "status": status, "error": null,
        "incomplete_details": null, "model": "gpt-4.1", "output": output, "tools": []})
}

fn created() -> Value {
    json!({"type": "response.created", "response": response("in_progress", &json!([]))})
}

fn message(status: &str, content: &Value) -> Value {
    json!({"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content})
}

fn call(arguments: &str, status: &str) -> Value {
    json!({"id": "fc_1", "type": "function_call", "status": status, "arguments": arguments, "call_id": "call_1", "name": "get_weather"})
}

fn text(delta: &str) -> Value {
    json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": delta, "logprobs": []})
}

/// All events but the last.
fn body() -> Vec<Value> {
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    vec![
        created(),
        json!({"type": "response.in_progress", "response": response("in_progress", &json!([]))}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": message("in_progress", &json!([]))}),
        json!({"type": "response.content_part.added", "item_id": "msg_1", "output_index": 0, "content_index": 0, "part": part("")}),
        text("Hi "),
        text("\"there\""),
        json!({"type": "response.output_text.done", "item_id": "msg_1", "output_index": 0, "content_index": 0, "text": "Hi \"there\"", "logprobs": []}),
        json!({"type": "response.content_part.done", "item_id": "msg_1", "output_index": 0, "content_index": 0, "part": part("Hi \"there\"")}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": message("completed", &json!([part("Hi \"there\"")]))}),
        json!({"type": "response.output_item.added", "output_index": 1, "item": call("", "in_progress")}),
        json!({"type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 1, "delta": "{\"location\":"}),
        json!({"type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 1, "delta": "\"Paris\"}"}),
        json!({"type": "response.function_call_arguments.done", "item_id": "fc_1", "output_index": 1, "arguments": "{\"location\":\"Paris\"}"}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": call("{\"location\":\"Paris\"}", "completed")}),
    ]
}

fn whole() -> Vec<Value> {
    let part = json!({"type": "output_text", "text": "Hi \"there\"", "annotations": []});
    let output = json!([message("completed", &json!([part])), call("{\"location\":\"Paris\"}", "completed")]);
    let mut last = response("completed", &output);
    last["usage"] = json!({"input_tokens": 37, "output_tokens": 11, "total_tokens": 48, "input_tokens_details": {"cached_tokens": 8}});
    let mut events = body();
    events.push(json!({"type": "response.completed", "response": last}));
    events
}

#[test]
fn events_become_a_response() {
    let events = whole();
    let response = read(&stream(&events)).unwrap();
    assert_eq!(response.text(), "Hi \"there\"");
    let call = response.function_calls().next().unwrap();
    assert_eq!(
        (&*call.call_id, &*call.name, call.arguments.parsed().unwrap()),
        ("call_1", "get_weather", json!({"location": "Paris"}))
    );
    assert_eq!(response.usage.as_ref().unwrap().tokens().cached, Some(8));
    let value = serde_json::to_value(&response).unwrap();
    assert_eq!(value, events.last().unwrap()["response"]);
}

#[test]
fn the_deltas_alone_give_what_the_end_says() {
    let mut reader = ByteReader::new();
    reader.read(stream(&body()).as_bytes(), |_| {}).unwrap();
    let held = reader.message().unwrap().output.clone();
    assert_eq!(held, read(&stream(&whole())).unwrap().output);
    // A service that leaves the output out at the end.
    for output in [json!([]), json!(null)] {
        let mut events = body();
        events.push(json!({"type": "response.completed", "response": response("completed", &output)}));
        assert_eq!(read(&stream(&events)).unwrap().output, held);
    }
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
    assert!(seen.pop().unwrap().starts_with("Usage("));
    let expected = [
        Delta::Text("Hi "),
        Delta::Text("\"there\""),
        Delta::ToolCall { index: 1, id: "call_1", name: "get_weather" },
        Delta::ToolInput { index: 1, json: "{\"location\":" },
        Delta::ToolInput { index: 1, json: "\"Paris\"}" },
        Delta::Stop("completed"),
    ];
    assert_eq!(seen, expected.map(|delta| format!("{delta:?}")));
}

#[test]
fn an_incomplete_response_is_an_end() {
    let mut events = body();
    let mut last = response("incomplete", &json!([message("incomplete", &json!([]))]));
    last["incomplete_details"] = json!({"reason": "max_output_tokens"});
    events.push(json!({"type": "response.incomplete", "response": last}));
    let response = read(&stream(&events)).unwrap();
    assert_eq!(response.status.as_deref(), Some("incomplete"));
    assert_eq!(response.incomplete_details, Some(json!({"reason": "max_output_tokens"})));
}

#[test]
fn a_failure_is_the_error_of_the_service() {
    let mut failed = response("failed", &json!([]));
    failed["error"] = json!({"code": "server_error", "message": "The model failed"});
    for (event, code, message) in [
        (json!({"type": "response.failed", "response": failed}), Some("server_error"), "The model failed"),
        (
            json!({"type": "error", "code": "rate_limit_exceeded", "message": "Slow down", "param": null}),
            Some("rate_limit_exceeded"),
            "Slow down",
        ),
        (json!({"type": "error", "error": {"type": "server_error", "message": "Oh"}}), None, "Oh"),
    ] {
        let error = read(&stream(&[created(), event])).unwrap_err();
        let api = error.api().unwrap_or_else(|| panic!("{error}"));
        assert_eq!((api.code.as_deref(), &*api.message), (code, message));
        assert!(api.is_transient());
    }
    let error = Reader::new().read_data("message", r#"{"error":{"message":"no key"}}"#).unwrap_err();
    assert_eq!(error.api().unwrap().message, "no key");
}

#[test]
fn a_stream_without_its_end_is_truncated_wherever_it_ends() {
    let stream = stream(&whole());
    for end in (0..stream.len()).step_by(7).chain([stream.len() - 1]) {
        let mut reader = ByteReader::new();
        reader.read(&stream.as_bytes()[..end], |_| {}).unwrap();
        assert!(matches!(reader.finish(), Err(AiError::Truncated)), "cut at {end}");
    }
}

#[test]
fn reasoning_refusals_annotations_and_custom_tools_are_put_together() {
    let mut reader = Reader::new();
    let mut take = |event: Value| {
        let name = event["type"].as_str().unwrap().to_owned();
        reader.read_data(&name, &event.to_string()).map(|_| ()).unwrap();
    };
    let added = |index: u32, item: Value| json!({"type": "response.output_item.added", "output_index": index, "item": item});
    take(created());
    take(added(0, json!({"id": "rs_1", "type": "reasoning", "summary": []})));
    take(
        json!({"type": "response.reasoning_summary_part.added", "item_id": "rs_1", "output_index": 0, "summary_index": 0, "part": {"type": "summary_text", "text": ""}}),
    );
    take(
        json!({"type": "response.reasoning_summary_text.delta", "item_id": "rs_1", "output_index": 0, "summary_index": 0, "delta": "I thi"}),
    );
    take(
        json!({"type": "response.reasoning_summary_text.delta", "item_id": "rs_1", "output_index": 0, "summary_index": 0, "delta": "nk"}),
    );
    take(
        json!({"type": "response.reasoning_text.delta", "item_id": "rs_1", "output_index": 0, "content_index": 0, "delta": "so"}),
    );
    // A number is left out, as by a service that takes an item back.
    take(added(2, message("in_progress", &json!([]))));
    take(
        json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 2, "content_index": 0, "delta": "See"}),
    );
    take(
        json!({"type": "response.output_text.annotation.added", "item_id": "msg_1", "output_index": 2, "content_index": 0, "annotation_index": 0, "annotation": {"type": "url_citation"}}),
    );
    take(
        json!({"type": "response.refusal.delta", "item_id": "msg_1", "output_index": 2, "content_index": 1, "delta": "No"}),
    );
    take(
        json!({"type": "response.refusal.done", "item_id": "msg_1", "output_index": 2, "content_index": 1, "refusal": "No."}),
    );
    take(added(
        3,
        json!({"id": "ct_1", "type": "custom_tool_call", "call_id": "c", "name": "sh", "input": ""}),
    ));
    take(
        json!({"type": "response.custom_tool_call_input.delta", "item_id": "ct_1", "output_index": 3, "delta": "ls"}),
    );
    take(added(4, json!({"id": "ws_1", "type": "web_search_call", "status": "in_progress"})));
    take(json!({"type": "response.web_search_call.searching", "item_id": "ws_1", "output_index": 4}));
    let output = serde_json::to_value(&reader.message().unwrap().output).unwrap();
    assert_eq!(
        output,
        json!([
            {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "I think"}], "content": [{"type": "reasoning_text", "text": "so"}]},
            message("in_progress", &json!([
                {"type": "output_text", "text": "See", "annotations": [{"type": "url_citation"}]},
                {"type": "refusal", "refusal": "No."},
            ])),
            {"id": "ct_1", "type": "custom_tool_call", "call_id": "c", "name": "sh", "input": "ls"},
            {"id": "ws_1", "type": "web_search_call", "status": "in_progress"},
        ])
    );
}

#[test]
fn what_is_not_known_is_other_and_keeps_its_data() {
    for (event, data) in [
        ("response.hologram.delta", r#"{"type":"response.hologram.delta","delta":"x"}"#),
        ("message", "5"),
        ("message", "null"),
        ("message", "{}"),
        ("message", r#"{"type":1}"#),
        ("response.output_text.delta", r#"{"type":"else"}"#),
    ] {
        let event_read = Reader::new().read_data(event, data).map(|event| event.body).unwrap();
        assert_eq!(event_read, Body::Other { event: event.into(), raw: data.into() });
    }
    let progress = r#"{"type":"response.file_search_call.searching","item_id":"fs","output_index":0,"sequence_number":4}"#;
    let mut reader = Reader::new();
    let event = reader.read_data("message", progress).unwrap();
    assert_eq!(event.sequence_number, Some(4));
    assert!(
        matches!(event.body, Body::Progress { event, .. } if event == "response.file_search_call.searching")
    );
    let mut reader = Reader::new();
    let done = reader.read_data("message", "[DONE]").unwrap();
    assert_eq!(done.body, Body::Done);
    assert!(!reader.is_done(), "it is not what ends a response");
}

#[test]
fn data_that_is_no_json_or_of_another_shape_is_an_error_with_the_data() {
    for data in [
        "",
        "{",
        r#"{"type":"response.output_text.delta","output_index":0}"#,
        r#"{"type":"response.output_text.done","output_index":0,"content_index":0}"#,
        r#"{"type":"response.output_text.delta","output_index":"0","delta":""}"#,
        r#"{"type":"response.created"}"#,
        r#"{"type":"response.created","response":5}"#,
        r#"{"type":"response.output_item.added","output_index":0}"#,
        r#"{"type":"response.queued","sequence_number":-1}"#,
    ] {
        let error = Reader::new().read_data("message", data).unwrap_err();
        assert!(matches!(&error, AiError::Data { raw, .. } if raw == data), "{data}: {error}");
    }
}

#[test]
fn events_out_of_order_are_errors() {
    let added = json!({"type": "response.output_item.added", "output_index": 0, "item": message("in_progress", &json!([]))});
    let mut other = response("completed", &json!([]));
    other["id"] = json!("resp_2");
    let far = json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 4, "delta": "x"});
    for (events, what) in [
        (vec![text("x")], "no response.created"),
        (vec![created(), text("x")], "item that was not begun"),
        (vec![created(), added.clone(), added.clone()], "second item"),
        (vec![created(), added, far], "part that was not begun"),
        (
            vec![created(), json!({"type": "response.completed", "response": other})],
            "id of the response changed",
        ),
    ] {
        let error = read(&stream(&events)).unwrap_err();
        assert!(matches!(error, AiError::Order { .. }) && error.to_string().contains(what), "{error}");
    }
}

#[test]
fn the_type_in_the_data_decides() {
    let mut reader = Reader::new();
    reader.read_data("message", &created().to_string()).unwrap();
    let item =
        json!({"type": "response.output_item.added", "output_index": 0, "item": call("", "in_progress")});
    reader.read_data("response.output_text.delta", &item.to_string()).unwrap();
    let arguments = json!({"type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 0, "delta": "{}"});
    let data = arguments.to_string();
    let event = reader.read_data("response.output_text.delta", &data).unwrap();
    assert!(matches!(event.body, Body::Delta { kind: TextKind::FunctionCallArguments, .. }));
    let OutputItem::FunctionCall(call) = &reader.message().unwrap().output[0] else { panic!("a call") };
    assert_eq!(call.arguments, "{}");
}

#[test]
fn every_event_goes_out_as_it_came_in() {
    let mut back = bytes::BytesMut::new();
    let (mut reader, mut count) = (ByteReader::new(), 0);
    reader
        .read(stream(&whole()).as_bytes(), |event| {
            event.frame().unwrap().encode_into(&mut back);
            assert_eq!(event.sequence_number, Some(count));
            count += 1;
        })
        .unwrap();
    let mut again = ByteReader::new();
    again.read(&back, |_| {}).unwrap();
    assert_eq!(again.finish().unwrap(), reader.finish().unwrap());
}
