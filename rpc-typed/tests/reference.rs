//! Paths, queries and batches against simple readings of them, written for clearness and not for speed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use bytes::Bytes;
use common::Request;
use proptest::prelude::*;
use rpc_typed::RawInput;
use rpc_typed::wire::{batch, path, query::Query};
use serde_json::Value;

/// `decodeURIComponent`, character by character.
fn slow_decode(raw: &str) -> Option<String> {
    let (mut bytes, mut chars) = (Vec::new(), raw.chars());
    while let Some(c) = chars.next() {
        if c == '%' {
            let digits: String = chars.by_ref().take(2).collect();
            let both_hex = digits.len() == 2 && digits.chars().all(|c| c.is_ascii_hexdigit());
            bytes.push(if both_hex { u8::from_str_radix(&digits, 16).ok()? } else { return None });
        } else {
            bytes.extend(c.to_string().bytes());
        }
    }
    String::from_utf8(bytes).ok()
}

/// `new URLSearchParams(raw).get(name)`.
fn slow_get(raw: &str, name: &str) -> Option<Vec<u8>> {
    let form = |text: &str| {
        let text = text.replace('+', " ").into_bytes();
        let (mut out, mut at) = (Vec::new(), 0);
        while at < text.len() {
            let escape = (text[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
            let escape = escape.filter(|e| e.iter().all(u8::is_ascii_hexdigit));
            match escape.map(|e| u8::from_str_radix(std::str::from_utf8(e).unwrap(), 16).unwrap()) {
                Some(byte) => {
                    out.push(byte);
                    at += 3;
                }
                None => {
                    out.push(text[at]);
                    at += 1;
                }
            }
        }
        out
    };
    raw.split('&').filter(|pair| !pair.is_empty()).find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (form(key) == name.as_bytes()).then(|| form(value))
    })
}

/// The inputs of a batch through a whole `Value`.
fn slow_split(body: &str, calls: usize) -> Option<Vec<Option<Value>>> {
    let value: Value = serde_json::from_str(body).ok()?;
    let members = value.as_object()?;
    Some((0..calls).map(|n| members.get(&n.to_string()).cloned()).collect())
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i32>().prop_map(|n| n.to_string()),
        any::<String>().prop_map(|s| serde_json::to_string(&s).unwrap()),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop_oneof!["[0-4]", "0[0-9]", "[a-z]{0,3}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[{}]", v.join(" ,"))),
            proptest::collection::vec((key, inner), 0..5).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(k, v)| format!("\"{k}\" : {v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_path_is_decoded_as_the_reference_decodes(raw in "([a-z.,]|%[0-9a-gA-G]{2}|%|é|%c3%a9){0,12}") {
        prop_assert_eq!(path::decode(&raw).ok().map(Into::into), slow_decode(&raw));
    }

    #[test]
    fn a_query_is_read_as_the_reference_reads(
        raw in "((input|batch|lastEventId|Last-Event-Id|%69nput|x)?=?(1|%31|%|%f|%ff|\\+|a|%7B|é){0,4}&?){0,6}",
    ) {
        let query = Query::parse(&raw);
        prop_assert_eq!(query.input().map(|v| v.into_owned()), slow_get(&raw, "input"));
        prop_assert_eq!(query.is_batch(), slow_get(&raw, "batch").as_deref() == Some(b"1"));
        let id = slow_get(&raw, "lastEventId").or_else(|| slow_get(&raw, "Last-Event-Id"));
        prop_assert_eq!(query.last_event_id(), id.map(|id| String::from_utf8_lossy(&id).into_owned()));
    }

    #[test]
    fn a_batch_is_split_as_the_reference_splits(body in json(), calls in 1usize..5, cut in 0usize..200) {
        // Sometimes broken off.
        let body = body.get(..cut).unwrap_or(&body);
        let ours = batch::split(&Bytes::copy_from_slice(body.as_bytes()), calls);
        match (ours, slow_split(body, calls)) {
            (Ok(inputs), Some(expected)) => for (input, expected) in inputs.into_iter().zip(expected) {
                // null is given, and is not the same as nothing.
                prop_assert_eq!(input.parse::<Value>().ok(), expected);
            },
            (Ok(inputs), None) => {
                prop_assert!(body.is_empty());
                prop_assert_eq!(inputs.len(), calls);
            }
            (Err(_), expected) => prop_assert_eq!(expected, None),
        }
    }

    #[test]
    fn the_id_to_resume_behind_is_merged_as_the_reference_merges(input in json(), id in "[^\\x00]{1,8}") {
        let merged = RawInput::json(input.clone()).resume_behind(&id).parse::<Value>().unwrap();
        let mut expected: Value = serde_json::from_str(&input).unwrap();
        match &mut expected {
            Value::Object(members) => { members.insert("lastEventId".into(), id.into()); }
            null @ Value::Null => *null = serde_json::json!({ "lastEventId": id }),
            _ => {}
        }
        prop_assert_eq!(merged, expected);
    }

    #[test]
    fn whatever_is_asked_for_is_answered_in_the_protocols_form(
        target in "([a-z.,%]|hello|none|user|%2C|%zz){0,8}(\\?([a-z=&%]|batch=1|input=|%7B|%22|:|0){0,12})?",
        body in "[\\[\\]{}\":,0-9a-z ]{0,20}",
        post in any::<bool>(),
    ) {
        let request = if post { Request::post(&target, body) } else { Request::get(&target) };
        let answer = request.send();
        prop_assert!(answer.ended || target.contains("silent") || target.contains("hang"));
        if answer.header("content-type") == "application/json" {
            let body = answer.json();
            let calls = body.as_array().map_or(std::slice::from_ref(&body), Vec::as_slice);
            for call in calls {
                prop_assert!(call.get("result").is_some() != call["error"]["code"].is_i64());
            }
        }
    }
}
