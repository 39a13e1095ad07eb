//! The scanner beside roxmltree, on documents that are generated and damaged: the same verdict, and the same elements,
//! attributes and text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod oracle;

use oracle::{Verdict, compare};
use proptest::prelude::*;

/// Pieces of which documents are made; many of them are wrong somewhere.
const PIECES: [&str; 52] = [
    "<a>",
    "</a>",
    "<a/>",
    "<p:a xmlns:p='u'>",
    "</p:a>",
    "<p:b/>",
    "<b xmlns='v'>",
    "</b>",
    "<b xmlns=''/>",
    "text",
    " ",
    "\n",
    "\r\n",
    "\r",
    "&amp;",
    "&lt;",
    "&#65;",
    "&#x10FFFF;",
    "&#13;",
    "&#1;",
    "&x;",
    "&",
    "<",
    ">",
    "]]>",
    "]]",
    "<![CDATA[",
    "<![CDATA[a<b&c]]>",
    "<!--",
    "-->",
    "<!-- c -->",
    "<!-- - -->",
    "--",
    "<?pi data?>",
    "<?xml version='1.0'?>",
    "<a b='1' c=\"2\">",
    "<a b='1'b='2'>",
    "<a b='1' b='2'/>",
    "<a b='<'/>",
    "<a b='&lt;&#9;\t\n'/>",
    "<a p:b='1'/>",
    "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>",
    "<a xmlns:p='u' p:b='' b=''/>",
    "<é/>",
    "<1/>",
    "\u{1}",
    "\u{fffe}",
    "é𝄞",
    "<a b = 'x' />",
    "</a >",
    "<a:b:c/>",
    "\u{feff}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_verdict_is_that_of_roxmltree(picks in proptest::collection::vec(0..PIECES.len(), 0..12)) {
        let text: String = picks.into_iter().map(|pick| PIECES[pick]).collect();
        compare(&text);
        compare(&format!("<r>{text}</r>"));
    }

    #[test]
    fn one_damaged_byte_gets_the_verdict_of_roxmltree(at in 0..GOOD.len(), with in "[<>&;:=/'\"! \\[\\]?a1-]") {
        let mut text = GOOD.to_owned();
        if GOOD.is_char_boundary(at) && GOOD.is_char_boundary(at + 1) {
            text.replace_range(at..=at, &with);
            compare(&text);
            text.insert_str(at, &with);
            compare(&text);
        }
    }
}

const GOOD: &str = "<?xml version='1.0' encoding='utf-8'?><!-- c --><s:Envelope xmlns:s='urn:s' xmlns=\"urn:d\">\
    <s:Header a='1&amp;2' s:b=\"x\"><t:T xmlns:t='urn:t'>&#x41;</t:T></s:Header><?p d?><Body><![CDATA[<x>]]>\r\n é</Body></s:Envelope>\n";

#[test]
fn the_undamaged_document_is_read_by_both() {
    assert_eq!(compare(GOOD), Verdict::Both);
}

#[test]
fn every_truncation_is_refused_by_both() {
    let end = GOOD.trim_end().len();
    for at in (0..end).filter(|at| GOOD.is_char_boundary(*at)) {
        assert_eq!(compare(&GOOD[..at]), Verdict::Neither, "cut at {at}");
    }
}
