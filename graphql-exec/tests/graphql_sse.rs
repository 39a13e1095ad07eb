//! GraphQL over Server-Sent Events, as the parser of the sibling crate reads it back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use graphql_exec::sse;
use sse_codec::{Item, Parser};

fn read(wire: &[u8]) -> Vec<(String, String)> {
    let (mut parser, mut rest, mut seen) = (Parser::new(), wire, Vec::new());
    while let Some(item) = parser.next(&mut rest) {
        match item {
            Item::Event(event) => seen.push((event.event().to_owned(), event.data().to_owned())),
            Item::Comment(text) => seen.push(("comment".to_owned(), text.to_owned())),
            other => panic!("{other:?}"),
        }
    }
    assert!(!parser.finish(), "each block is whole");
    seen
}

#[test]
fn each_result_is_a_next_and_the_end_a_complete_that_is_seen_though_its_data_is_empty() {
    let wire = [sse::next(r#"{"data":{"a":"x"}}"#), sse::keep_alive(), sse::complete()].concat();
    let own = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(read(&wire), [own("next", r#"{"data":{"a":"x"}}"#), own("comment", ""), own("complete", "")]);
}

#[test]
fn a_line_break_in_a_result_does_not_end_its_event() {
    let wire = sse::next("{\"data\":\n1}\n\nevent: forged");
    assert_eq!(read(&wire), [("next".to_owned(), "{\"data\":\n1}\n\nevent: forged".to_owned())]);
}
