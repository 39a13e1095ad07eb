//! RFC 9110 §8.8.3: entity tags, their two comparisons, their lists.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
use rest_core::Limits;
use rest_core::error::FieldError;
use rest_core::field::{ETag, ETagCondition};

fn tag(text: &str) -> ETag {
    ETag::parse(text).unwrap()
}

#[test]
fn section_8_8_3_2_comparison_table() {
    let table = [
        (r#"W/"1""#, r#"W/"1""#, false, true),
        (r#"W/"1""#, r#"W/"2""#, false, false),
        (r#"W/"1""#, r#""1""#, false, true),
        (r#""1""#, r#""1""#, true, true),
    ];
    for (a, b, strong, weak) in table {
        assert_eq!(tag(a).strong_eq(&tag(b)), strong, "{a} {b} strong");
        assert_eq!(tag(b).strong_eq(&tag(a)), strong, "{b} {a} strong");
        assert_eq!(tag(a).weak_eq(&tag(b)), weak, "{a} {b} weak");
        assert_eq!(tag(b).weak_eq(&tag(a)), weak, "{b} {a} weak");
    }
}

#[test]
fn section_8_8_3_examples() {
    assert_eq!((tag(r#""xyzzy""#).opaque(), tag(r#""xyzzy""#).is_weak()), (&b"xyzzy"[..], false));
    assert_eq!((tag(r#"W/"xyzzy""#).opaque(), tag(r#"W/"xyzzy""#).is_weak()), (&b"xyzzy"[..], true));
    assert_eq!(tag(r#""""#).opaque(), b"");
}

#[test]
fn every_octet_is_an_etagc_or_not_as_the_grammar_says() {
    for octet in 0..=255_u8 {
        let allowed = octet == 0x21 || (0x23..=0x7e).contains(&octet) || octet >= 0x80;
        assert_eq!(ETag::parse([b'"', octet, b'"']).is_ok(), allowed, "{octet:#x}");
    }
}

#[test]
fn an_error_gives_the_offset() {
    for (text, offset) in
        [("", 0), ("abc", 0), ("w/\"a\"", 0), ("\"a", 2), ("\"a b\"", 2), ("\"a\"b", 3), ("W/\"\x7f\"", 3)]
    {
        assert_eq!(ETag::parse(text).unwrap_err().offset, offset, "{text:?}");
    }
}

#[test]
fn tags_are_made_from_versions_and_content() {
    assert_eq!(ETag::from_version(7).to_string(), "\"v7\"");
    assert_eq!(ETag::weak_from_version(u64::MAX).to_string(), "W/\"v18446744073709551615\"");
    // SHA-256 of "abc" (FIPS 180-4) begins so.
    assert_eq!(ETag::from_content("abc").to_string(), "\"ba7816bf8f01cfea414140de5dae2223\"");
    assert!(!ETag::from_content("abc").strong_eq(&ETag::from_content("abd")));
}

#[test]
fn lists_span_lines_and_skip_empty_members() {
    let list = ETagCondition::parse([", \"a,b\" ,,", "W/\"c\",", ""], &Limits::DEFAULT).unwrap();
    let ETagCondition::Tags(tags) = list else { panic!("a list") };
    assert_eq!(tags.iter().map(ToString::to_string).collect::<Vec<_>>(), ["\"a,b\"", "W/\"c\""]);
}

#[test]
fn a_star_stands_alone() {
    assert!(matches!(ETagCondition::parse([" * "], &Limits::DEFAULT), Ok(ETagCondition::Any)));
    for lines in [vec!["*, \"a\""], vec!["\"a\"", "*"], vec!["*", "*"], vec!["**"]] {
        assert!(
            matches!(ETagCondition::parse(&lines, &Limits::DEFAULT), Err(FieldError::Invalid(_))),
            "{lines:?}"
        );
    }
}

#[test]
fn a_list_is_bounded_in_tags_and_bytes() {
    let list = |n: usize| vec!["\"x\""; n].join(",");
    assert!(ETagCondition::parse([list(256)], &Limits::DEFAULT).is_ok());
    let Err(FieldError::Limit(e)) = ETagCondition::parse([list(257)], &Limits::DEFAULT) else {
        panic!("limit")
    };
    assert_eq!((e.limit, e.max), ("max_tags", 256));
    let long = format!("\"{}\"", "x".repeat(16 * 1024));
    let Err(FieldError::Limit(e)) = ETagCondition::parse([long], &Limits::DEFAULT) else { panic!("limit") };
    assert_eq!((e.limit, e.max), ("max_field", 16 * 1024));
}
