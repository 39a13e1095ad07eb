//! JSON that is still being written: every prefix of a document tells a beginning of its value.
#![cfg(feature = "ai")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sse_codec::ai::partial_json::{Unfinished, parse};

fn both(text: &str) -> (Option<Value>, Option<Value>) {
    let read =
        |unfinished| parse(text, unfinished, 64).unwrap_or_else(|error| panic!("{text:?}: {error}")).value;
    (read(Unfinished::Drop), read(Unfinished::Keep))
}

#[test]
fn what_is_cut_is_left_out_or_kept_as_far_as_it_came() {
    for (text, drop, keep) in [
        ("", None, None),
        (" \n", None, None),
        ("t", None, None),
        ("tru", None, None),
        ("-", None, None),
        ("\"ab", None, Some(json!("ab"))),
        ("{", Some(json!({})), Some(json!({}))),
        ("{\"a", Some(json!({})), Some(json!({}))),
        ("{\"a\"", Some(json!({})), Some(json!({}))),
        ("{\"a\" : ", Some(json!({})), Some(json!({}))),
        ("{\"a\": \"b", Some(json!({})), Some(json!({"a": "b"}))),
        ("{\"a\": \"b\"", Some(json!({"a": "b"})), Some(json!({"a": "b"}))),
        ("{\"a\": nul", Some(json!({})), Some(json!({}))),
        ("{\"a\": null", Some(json!({"a": null})), Some(json!({"a": null}))),
        ("{\"a\": 1,", Some(json!({"a": 1})), Some(json!({"a": 1}))),
        ("[1, 23", Some(json!([1])), Some(json!([1, 23]))),
        ("[1, 2.", Some(json!([1])), Some(json!([1]))),
        ("[1, 2e", Some(json!([1])), Some(json!([1]))),
        ("[1, -", Some(json!([1])), Some(json!([1]))),
        ("[[[{\"a\": [\"b", Some(json!([[[{"a": []}]]])), Some(json!([[[{"a": ["b"]}]]]))),
        ("[\"\\", Some(json!([])), Some(json!([""]))),
        ("[\"x\\u00e", Some(json!([])), Some(json!(["x"]))),
        ("[\"x\\ud83d", Some(json!([])), Some(json!(["x"]))),
        ("[\"x\\ud83d\\ude", Some(json!([])), Some(json!(["x"]))),
        ("[\"x\\ud83d\\ude00", Some(json!([])), Some(json!(["x\u{1F600}"]))),
    ] {
        assert_eq!(both(text), (drop, keep), "{text}");
        assert!(!parse(text, Unfinished::Keep, 64).unwrap().is_complete, "{text}");
    }
}

#[test]
fn a_whole_document_is_complete() {
    for text in [
        "12",
        " null ",
        "\"a\"",
        "[]",
        "{} \n",
        "[1, {\"a\": [true, false]}]",
        "-0.5e+3",
        "\"\\u0000\\n\\\"\"",
    ] {
        let read = parse(text, Unfinished::Drop, 64).unwrap();
        assert_eq!(
            (read.value.unwrap(), read.is_complete),
            (serde_json::from_str(text).unwrap(), true),
            "{text}"
        );
    }
}

#[test]
fn what_no_document_begins_with_is_an_error_at_its_place() {
    for (text, offset) in [
        ("x", 0),
        ("[1 2", 3),
        ("[1,]", 3),
        ("[,", 1),
        ("{1", 1),
        ("{\"a\" 1", 5),
        ("{\"a\":1,}", 7),
        ("{\"a\":1 \"b\"", 7),
        ("nulx", 0),
        ("[truef", 5),
        ("01", 0),
        ("[01", 1),
        ("[-a", 1),
        ("[1.e", 1),
        ("[1e+-", 1),
        ("[.5", 1),
        ("[+1", 1),
        ("[] x", 3),
        ("12 3", 3),
        ("[\"a\nb\"", 1),
        ("[\"\\q", 1),
        ("[\"\\u12x", 2),
        ("[\"\\ud800x", 1),
        ("[\"\\udc00", 1),
        ("[NaN", 1),
        ("[}", 1),
    ] {
        let error = parse(text, Unfinished::Keep, 64).expect_err(text);
        assert_eq!(error.offset, offset, "{text}: {error}");
        assert!(error.to_string().starts_with("no json can begin like this: "), "{error}");
    }
}

#[test]
fn depth_is_bounded() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(&deep(8), Unfinished::Drop, 8).unwrap().is_complete);
    assert_eq!(parse(&deep(9), Unfinished::Drop, 8).unwrap_err().offset, 8);
    assert_eq!(parse(&"{\"a\":".repeat(9), Unfinished::Drop, 8).unwrap_err().offset, 40);
    assert!(
        parse(&"[".repeat(100_000), Unfinished::Keep, usize::MAX).is_err(),
        "no more than 128 whoever asks"
    );
    // Levels beside each other are no depth.
    assert!(parse(&format!("[{}[]]", "[],".repeat(1000)), Unfinished::Drop, 2).unwrap().is_complete);
}

/// A number that only its last digits make small enough.
#[test]
fn a_number_may_become_small_again() {
    let text = format!("[1{}e-300]", "0".repeat(400));
    for end in 0..text.len() {
        if let Err(error) = parse(&text[..end], Unfinished::Keep, 64) {
            panic!("cut at {end}: {error}");
        }
    }
}

/// Whether `part` tells nothing that `whole` does not say.
fn is_part(part: &Value, whole: &Value, exact: bool) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| is_part(part, whole, exact)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() <= whole.len()
                && part.iter().zip(whole).all(|(part, whole)| is_part(part, whole, exact))
        }
        (Value::String(part), Value::String(whole)) if !exact => whole.starts_with(&**part),
        (Value::Number(_), Value::Number(_)) if !exact => true,
        (part, whole) => part == whole,
    }
}

fn document() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[ -~]{0,8}", any::<String>(), "[\"\\\\/\u{1F600}\u{e9}\n]{0,4}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|fields| Map::from_iter(fields).into()),
        ]
    })
}

/// As a model may write it: with white space, and with all beyond ASCII escaped.
fn write(value: &Value, pretty: bool, ascii: bool) -> String {
    let text =
        if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) }.unwrap();
    if !ascii {
        return text;
    }
    let escape = |c: char| match c {
        ' '..='~' | '\n' => c.to_string(),
        _ => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    text.chars().map(escape).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_prefix_tells_a_beginning(value in document(), pretty: bool, ascii: bool) {
        let text = write(&value, pretty, ascii);
        let value: Value = serde_json::from_str(&text).unwrap();
        let mut told = 0;
        for end in (0..=text.len()).filter(|&end| text.is_char_boundary(end)) {
            let prefix = &text[..end];
            let drop = parse(prefix, Unfinished::Drop, 64).unwrap();
            let keep = parse(prefix, Unfinished::Keep, 64).unwrap();
            if let (Value::Object(_) | Value::Array(_), Some(part)) = (&value, &drop.value) {
                prop_assert!(is_part(part, &value, true), "{prefix:?}: {part} of {value}");
            }
            if let Some(part) = &keep.value {
                prop_assert!(is_part(part, &value, false), "{prefix:?}: {part} of {value}");
            }
            // What was told stays told.
            let size = drop.value.as_ref().map_or(0, |value| value.to_string().len());
            prop_assert!(size >= told || !matches!(value, Value::Object(_) | Value::Array(_)), "{prefix:?}");
            told = size;
            if end == text.len() {
                prop_assert_eq!((drop.value, drop.is_complete), (Some(value.clone()), true));
                prop_assert_eq!(keep.value, Some(value.clone()));
            }
        }
    }

    /// Of any text: no panic, and the same answer as serde_json whether it is a document.
    #[test]
    fn any_text_is_complete_exactly_if_it_is_a_document(text in "[\\[\\]{}\",:\\\\ \nutfalsenr0-9eE.+-]{0,12}|.{0,8}") {
        let read = parse(&text, Unfinished::Keep, 64);
        let complete = read.as_ref().is_ok_and(|partial| partial.is_complete);
        let document = serde_json::from_str::<Value>(&text);
        prop_assert_eq!(complete, document.is_ok(), "{:?}", text);
        if let Ok(document) = document {
            prop_assert_eq!(read.unwrap().value, Some(document));
        }
    }
}
