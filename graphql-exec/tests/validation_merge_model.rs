//! Field merging against a literal reading of the specification, on documents made of any bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "model/merge.rs"]
mod model;

use graphql_exec::syntax::Document;
use graphql_exec::validate::validate;
use graphql_exec::{Limits, Schema};
use proptest::prelude::*;

fn check(bytes: &[u8]) -> bool {
    let schema = Schema::parse(model::SDL).unwrap();
    let text = model::document(bytes);
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut limits = Limits::default();
    limits.max_errors = 10_000;
    let errors = validate(&schema, &document, &limits).err().unwrap_or_default();
    let rule = |error: &graphql_exec::GraphqlError| {
        error.extensions().get("rule").and_then(|rule| rule.as_str()).map(str::to_owned)
    };
    let found = errors.iter().any(|error| rule(error).as_deref() == Some("OverlappingFieldsCanBeMerged"));
    assert_eq!(found, model::conflicts(&schema, &document), "{text}\n{errors:?}");
    found
}

#[test]
fn documents_of_both_kinds_are_made() {
    let verdicts: Vec<bool> = (0..=255_u8)
        .flat_map(|a| {
            (0..8_u8).map(move |b| check(&[a, b.wrapping_mul(37), a ^ 90, 7, b, 36, a.wrapping_add(b)]))
        })
        .collect();
    let conflicts = verdicts.iter().filter(|conflict| **conflict).count();
    assert!((100..verdicts.len() - 100).contains(&conflicts), "{conflicts} of {}", verdicts.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn merging_finds_a_conflict_if_and_only_if_the_specification_does(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        check(&bytes);
    }
}
