//! The rules of section 5, a file for each of its headings. Those of §5.1 "Documents" are the parser's.

pub(super) mod arguments;
pub(super) mod directives;
pub(super) mod fields;
pub(super) mod fragments;
pub(super) mod operations;
pub(super) mod values;
pub(super) mod variables;
