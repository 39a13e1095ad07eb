#![no_main]
//! Validation: any text without a panic and in steps that its length bounds; and field merging against a literal reading of the
//! specification, on documents made of the same bytes.

use std::sync::LazyLock;

use graphql_exec::syntax::Document;
use graphql_exec::validate::{steps, validate, validate_with};
use graphql_exec::{GraphqlError, Limits, Schema};

#[path = "../../graphql-exec/tests/model/merge.rs"]
mod model;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::parse(model::SDL).unwrap());

fn rules(errors: &[GraphqlError]) -> Vec<(Option<String>, Vec<graphql_exec::Location>)> {
    let rule = |error: &GraphqlError| {
        error.extensions().get("rule").and_then(|rule| rule.as_str()).map(str::to_owned)
    };
    errors.iter().map(|error| (rule(error), error.locations().to_vec())).collect()
}

fn check(schema: &Schema, document: &Document<'_>, limits: &Limits) -> Vec<GraphqlError> {
    let told = validate(schema, document, limits).err().unwrap_or_default();
    let quiet = validate_with(schema, document, limits, false).err().unwrap_or_default();
    // The names that are suggested are all that differs.
    assert_eq!(rules(&told), rules(&quiet));
    assert!(told.len() <= limits.max_errors);
    for error in &told {
        assert!(!error.locations().is_empty() || error.code() == Some("LIMIT_EXCEEDED"), "{error:?}");
    }
    let bound = limits.max_merge_steps + 64 * (document.source().len() as u64 + 64);
    assert!(steps(schema, document, limits) <= bound);
    told
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let schema = &*SCHEMA;
    let mut limits = Limits::default();
    limits.max_merge_steps = 50_000;
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(document) = Document::parse_with(text, &limits)
    {
        check(schema, &document, &limits);
    }
    limits.max_errors = 10_000;
    let text = model::document(data);
    let document = Document::parse_with(&text, &limits).unwrap();
    let errors = check(schema, &document, &limits);
    let is_conflict =
        |(rule, _): &(Option<String>, _)| rule.as_deref() == Some("OverlappingFieldsCanBeMerged");
    assert_eq!(rules(&errors).iter().any(is_conflict), model::conflicts(schema, &document), "{text}");
});
