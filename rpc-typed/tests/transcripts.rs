//! What `@trpc/server` 11.25.2 answered on loopback to a list of requests, with the procedures of `common` written for it
//! (`interop/rpc-typed/reference/record.mjs`), and what we answer to the same: status, header fields, JSON, events.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::Request;
use http::Method;
use rpc_typed::Config;
use serde_json::Value;

fn config() -> Config {
    let mut config = Config::default();
    config.limits.max_batch = 8;
    config.limits.max_body = 100;
    config.sse.reconnect_after_inactivity = Some(common::ms(3000));
    config
}

/// Without what is in the words of a parser or validator: V8 and zod have theirs, serde has its own.
fn without_words(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(without_words),
        Value::Object(members) => {
            if members.contains_key("httpStatus") {
                members.remove("issues");
            }
            if members.contains_key("message") && members.contains_key("code") {
                members.remove("message");
            }
            members.values_mut().for_each(without_words);
        }
        _ => {}
    }
}

#[test]
fn every_recorded_answer_of_trpc_server_is_ours_too() {
    let transcripts: Vec<Value> = serde_json::from_str(include_str!("transcripts.json")).unwrap();
    assert!(transcripts.len() >= 100, "{}", transcripts.len());
    let mut wrong = Vec::new();
    for transcript in &transcripts {
        let (given, expected) = (&transcript["request"], &transcript["answer"]);
        let mut request = Request::get(given["path"].as_str().unwrap());
        request.method = Method::from_bytes(given["method"].as_str().unwrap().as_bytes()).unwrap();
        for (name, value) in given["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        if let Some(body) = given.get("body") {
            request.body = vec![body.as_str().unwrap().to_owned().into()];
        }
        request.refused = request.headers.contains_key("x-refuse").then_some("not you");
        let answer = request.send_with(&config());
        let mut differences = Vec::new();
        if !answer.ended {
            differences.push("it does not end".to_owned());
        }
        if answer.status.as_u16() != expected["status"] {
            differences.push(format!("status {}", answer.status));
        }
        for name in ["content-type", "vary", "allow", "cache-control", "x-accel-buffering"] {
            let theirs = expected["headers"].get(name).map_or("", |v| v.as_str().unwrap());
            // Their Node adapter lets the type of a refused request slip; ours says what the body is.
            let theirs = if theirs.starts_with("text/plain") { "application/json" } else { theirs };
            if answer.header(name) != theirs {
                differences.push(format!("{name}: {}", answer.header(name)));
            }
        }
        let free = given.get("free").is_some();
        let same = |ours: &str, theirs: &Value| {
            let mut pair = [serde_json::from_str::<Value>(ours).unwrap_or(Value::Null), theirs.clone()];
            if free {
                pair.iter_mut().for_each(without_words);
            }
            pair[0] == pair[1]
        };
        if let Some(body) = expected.get("body") {
            if !same(answer.text(), body) {
                differences.push(answer.text().to_owned());
            }
        } else if let Some(theirs) = expected.get("events") {
            let ours = events(answer.text());
            let theirs = theirs.as_array().unwrap();
            if ours.len() != theirs.len()
                || !ours.iter().zip(theirs).all(|(ours, theirs)| same_event(ours, theirs, &same))
            {
                differences.push(format!("{ours:?}"));
            }
        } else if !answer.body.is_empty() {
            differences.push(answer.text().to_owned());
        }
        if !differences.is_empty() {
            wrong.push(format!("{given}\n  theirs {expected}\n  ours   {}", differences.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The blocks of a stream, field by field and not as a client would understand them.
fn events(text: &str) -> Vec<Value> {
    text.split("\n\n")
        .filter(|block| !block.is_empty())
        .map(|block| {
            let fields = block.lines().map(|line| {
                let (name, value) = line.split_once(':').unwrap();
                (name.to_owned(), Value::from(value.strip_prefix(' ').unwrap_or(value)))
            });
            Value::Object(fields.collect())
        })
        .collect()
}

fn same_event(ours: &Value, theirs: &Value, same: &impl Fn(&str, &Value) -> bool) -> bool {
    let json =
        |event: &Value| serde_json::from_str::<Value>(event["data"].as_str().unwrap()).unwrap_or(Value::Null);
    ours.get("event") == theirs.get("event")
        && ours.get("id") == theirs.get("id")
        && same(ours["data"].as_str().unwrap(), &json(theirs))
}
