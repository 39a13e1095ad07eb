//! RFC 7396: JSON Merge Patch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
use proptest::prelude::*;
use rest_core::Limits;
use rest_core::patch::merge;
use serde_json::{Value, json};

fn merged(mut target: Value, patch: Value) -> Value {
    merge(&mut target, patch, &Limits::DEFAULT).unwrap();
    target
}

#[test]
fn appendix_a_test_cases() {
    let cases = [
        (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
        (json!({"a":"b"}), json!({"a":null}), json!({})),
        (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
        (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
        (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
        (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a":"b"}), json!(["c"]), json!(["c"])),
        (json!({"a":"foo"}), json!(null), json!(null)),
        (json!({"a":"foo"}), json!("bar"), json!("bar")),
        (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
        (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
        (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
    ];
    for (target, patch, result) in cases {
        assert_eq!(merged(target.clone(), patch.clone()), result, "{target} + {patch}");
    }
}

#[test]
fn section_3_example() {
    let target = json!({"title": "Goodbye!", "author": {"givenName": "John", "familyName": "Doe"},
        "tags": ["example", "sample"], "content": "This will be unchanged"});
    let patch = json!({"title": "Hello!", "phoneNumber": "+01-123-456-7890", "author": {"familyName": null}, "tags": ["example"]});
    let result = json!({"title": "Hello!", "author": {"givenName": "John"}, "tags": ["example"],
        "content": "This will be unchanged", "phoneNumber": "+01-123-456-7890"});
    assert_eq!(merged(target, patch), result);
}

#[test]
fn a_patch_that_nests_too_deep_changes_nothing() {
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!({"a": inner}));
    let mut target = json!({"a": "b"});
    let error = merge(&mut target, nested(129), &Limits::DEFAULT).unwrap_err();
    assert_eq!((error.limit, error.max), ("max_json_depth", 128));
    assert_eq!(target, json!({"a": "b"}));
    assert!(merge(&mut target, nested(128), &Limits::DEFAULT).is_ok());
}

/// The pseudocode of section 2, line by line.
fn oracle(target: &Value, patch: &Value) -> Value {
    if let Value::Object(patch) = patch {
        let mut target = if let Value::Object(t) = target { t.clone() } else { serde_json::Map::new() };
        for (name, value) in patch {
            if value.is_null() {
                if target.contains_key(name) {
                    target.remove(name);
                }
            } else {
                let merged = oracle(target.get(name).unwrap_or(&Value::Null), value);
                target.insert(name.clone(), merged);
            }
        }
        Value::Object(target)
    } else {
        patch.clone()
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn section_2_pseudocode_agrees(target in any_json(), patch in any_json()) {
        prop_assert_eq!(merged(target.clone(), patch.clone()), oracle(&target, &patch));
    }
}
