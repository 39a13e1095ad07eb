//! The parser of executable documents, under small limits too: never a panic, the same answer twice, ranges within the text, and each
//! selection in the set of exactly one parent.
#![no_main]

use graphql_exec::{
    Limits,
    syntax::{Document, SelectionSet},
};

fn count(document: &Document<'_>, set: SelectionSet) -> usize {
    let mut open = vec![set];
    let mut found = 0;
    while let Some(set) = open.pop() {
        for (id, selection) in document.selections(set) {
            found += 1;
            assert!(!document.text(selection.span).is_empty());
            open.push(document.selection_set(id));
        }
    }
    found
}

libfuzzer_sys::fuzz_target!(|source: &str| {
    let mut small = Limits::default();
    (small.max_nesting, small.max_tokens, small.max_directives_per_location) = (4, 64, 2);
    let within = Document::parse_with(source, &small).is_ok();
    let Ok(document) = Document::parse_with(source, &Limits::SCHEMA) else {
        assert!(!within);
        return;
    };
    let sets = document.operations().iter().map(|operation| operation.selection_set);
    let sets = sets.chain(document.fragments().iter().map(|fragment| fragment.selection_set));
    assert_eq!(sets.map(|set| count(&document, set)).sum::<usize>(), document.selection_count());
    let owned = Document::parse_with(source, &Limits::SCHEMA).unwrap().into_owned();
    assert_eq!(owned.to_text(), document.to_text());
});
