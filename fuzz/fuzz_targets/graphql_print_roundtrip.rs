//! A document that was printed reads as the same document, and prints as the same text.
#![no_main]

use graphql_exec::{
    Limits,
    syntax::{Document, SelectionKind, ValueKind},
};

libfuzzer_sys::fuzz_target!(|source: &str| {
    let Ok(document) = Document::parse_with(source, &Limits::SCHEMA) else { return };
    let printed = document.to_text();
    let again =
        Document::parse_with(&printed, &Limits::SCHEMA).unwrap_or_else(|error| panic!("{printed}\n{error}"));
    assert_eq!(again.to_text(), printed);
    assert_eq!(again.selection_count(), document.selection_count());
    // Strings mean what they meant.
    let strings = |document: &Document<'_>| {
        let mut strings = Vec::new();
        for (_, selection) in document.all_selections() {
            let SelectionKind::Field { arguments, .. } = selection.kind else { continue };
            for argument in document.arguments(arguments) {
                for id in document.value_tree(argument.value) {
                    if matches!(document.value_kind(id), ValueKind::String | ValueKind::BlockString) {
                        strings.push(document.string(id).into_owned());
                    }
                }
            }
        }
        strings
    };
    assert_eq!(strings(&again), strings(&document));
});
