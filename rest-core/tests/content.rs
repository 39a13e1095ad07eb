//! Media types, negotiation, bounded bodies, JSON errors, bearer tokens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use rest_core::auth::{Bearer, BearerError, Token, authenticate};
use rest_core::body::{Collector, ContentError, expect_json, parse_json};
use rest_core::error::FieldError;
use rest_core::media_type::negotiate;
use rest_core::{Limits, MediaType, ToProblem};

const L: Limits = Limits::DEFAULT;

fn one(name: HeaderName, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
}

#[test]
fn rfc9110_section_8_3_1_media_types_compare_without_case() {
    for text in [
        "text/html;charset=utf-8",
        "Text/HTML;Charset=\"utf-8\"",
        "text/html; charset=\"utf-8\"",
        "text/html ; charset=utf-8;;",
    ] {
        assert_eq!(
            MediaType::parse(text, &L).unwrap(),
            MediaType::parse("text/html;charset=utf-8", &L).unwrap(),
            "{text}"
        );
    }
    let hal = MediaType::parse("application/hal+json;profile=\"a;b, \\\"c\"", &L).unwrap();
    assert_eq!(
        (hal.type_(), hal.subtype(), hal.suffix(), hal.is_json()),
        ("application", "hal+json", Some("json"), true)
    );
    assert_eq!(hal.param("profile"), Some("a;b, \"c"));
}

#[test]
fn what_is_no_media_type() {
    for text in [
        "",
        "text",
        "text/",
        "/html",
        "text/html, text/plain",
        "text/html; a",
        "text/html; a=",
        "text/html; a=\"",
        "*/*",
        "text/*",
        "te xt/html",
        "text/html; a =b",
    ] {
        assert!(MediaType::parse(text, &L).is_err(), "{text:?}");
    }
}

#[test]
fn media_type_parameters_are_bounded() {
    let text = |n: usize| format!("a/b{}", ";x=y".repeat(n));
    assert!(MediaType::parse(text(16), &L).is_ok());
    assert!(
        matches!(MediaType::parse(text(17), &L), Err(FieldError::Limit(e)) if e.limit == "max_media_type_params")
    );
    assert!(
        matches!(MediaType::parse("x".repeat(16_385), &L), Err(FieldError::Limit(e)) if e.limit == "max_field")
    );
}

#[test]
fn rfc9110_section_12_5_1_the_most_specific_range_decides() {
    // The worked example of the section: weights 1, 0.7, 0.3, 0.5, 0.4, 0.7.
    let accept =
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
    let best = |offers: &[&str]| negotiate([accept], offers, &L).unwrap().map(|i| offers[i].to_owned());
    assert_eq!(best(&["text/plain", "text/plain;format=flowed"]).unwrap(), "text/plain;format=flowed");
    assert_eq!(best(&["text/html", "image/jpeg"]).unwrap(), "image/jpeg");
    assert_eq!(best(&["text/plain;format=fixed", "image/jpeg"]).unwrap(), "image/jpeg");
    assert_eq!(best(&["text/plain;format=fixed", "text/html"]).unwrap(), "text/plain;format=fixed");
    assert_eq!(best(&["image/jpeg", "text/plain"]).unwrap(), "text/plain");
}

#[test]
fn negotiation_without_a_choice() {
    let none: [&str; 0] = [];
    assert_eq!(negotiate(none, &["a/b", "c/d"], &L), Ok(Some(0)));
    assert_eq!(negotiate(["*/*"], &["a/b", "c/d"], &L), Ok(Some(0)));
    assert_eq!(negotiate(["nonsense"], &["a/b"], &L), Ok(Some(0)));
    assert_eq!(negotiate(["c/d;q=0"], &["c/d"], &L), Ok(None));
    assert_eq!(negotiate(["*/*, c/d;q=0.000"], &["c/d"], &L), Ok(None));
    assert_eq!(negotiate(["a/b;q=1.5, c/d;q=0.5"], &["a/b", "c/d"], &L), Ok(Some(1)));
    assert_eq!(negotiate(["*/b"], &["a/b"], &L), Ok(Some(0)));
}

#[test]
fn accept_ranges_are_bounded() {
    assert!(negotiate(["a/b,".repeat(64)], &["a/b"], &L).is_ok());
    assert!(
        matches!(negotiate(["a/b,".repeat(65)], &["a/b"], &L), Err(FieldError::Limit(e)) if e.limit == "max_accept_ranges")
    );
}

#[test]
fn content_has_to_be_json_in_utf_8_without_a_coding() {
    for good in ["application/json", "application/merge-patch+json; charset=UTF-8"] {
        assert_eq!(expect_json(&one(CONTENT_TYPE, good), &L), Ok(()));
    }
    for bad in ["text/plain", "application/json; charset=latin1", "application/jsonp", "json"] {
        assert_eq!(
            expect_json(&one(CONTENT_TYPE, bad), &L).unwrap_err().to_problem().status().as_u16(),
            415,
            "{bad}"
        );
    }
    assert!(expect_json(&HeaderMap::new(), &L).is_err());
    let mut coded = one(CONTENT_TYPE, "application/json");
    coded.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    assert_eq!(expect_json(&coded, &L), Err(ContentError::Coded));
    assert_eq!(ContentError::Coded.to_problem().headers()["accept-encoding"], "identity");
}

#[test]
fn content_is_bounded_as_announced_and_as_it_comes() {
    let mut limits = Limits::default();
    limits.max_body = 10;
    let collector = Collector::new(&limits);
    assert!(collector.announced(&one(CONTENT_LENGTH, "10")).is_ok());
    assert_eq!(
        collector.announced(&one(CONTENT_LENGTH, "11")).unwrap_err().to_problem().status().as_u16(),
        413
    );
    let pieces = |pieces: &[&'static str]| {
        let mut collector = Collector::new(&limits);
        pieces.iter().try_for_each(|p| collector.push((*p).into())).map(|()| collector.finish())
    };
    assert_eq!(pieces(&["01234", "", "56789"]).unwrap(), "0123456789");
    assert_eq!(pieces(&[]).unwrap(), "");
    assert!(pieces(&["0123456789", "x"]).is_err());
    assert!(pieces(&["0123456789x"]).is_err());
}

#[derive(serde::Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only the errors of its deserialisation are looked at")]
struct Order {
    #[serde(rename = "a/b")]
    slash: Option<u8>,
    items: Vec<Item>,
}

#[derive(serde::Deserialize, Debug)]
#[allow(dead_code, reason = "only the errors of its deserialisation are looked at")]
struct Item {
    count: u8,
    kind: Option<Kind>,
}

#[derive(serde::Deserialize, Debug)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Big,
    Small,
}

#[test]
fn wrong_shapes_have_a_pointer_and_name_no_type() {
    let cases = [
        (r#"{"items": [{"count": 1}, {"count": "x"}]}"#, "/items/1/count", "has the wrong type"),
        (r#"{"items": [{"count": 300}]}"#, "/items/0/count", "has a value that is not allowed"),
        (r#"{"items": [{}]}"#, "/items/0/count", "is required"),
        (r#"{}"#, "/items", "is required"),
        (r#"{"items": [], "extra": 1}"#, "/extra", "is not a known member"),
        (r#"{"items": [], "items": []}"#, "/items", "is there more than once"),
        (r#"{"items": [{"count": 1, "kind": "huge"}]}"#, "/items/0/kind", "is not one of the allowed values"),
        (r#"{"items": [], "a/b": "x"}"#, "/a~1b", "has the wrong type"),
        ("[1]", "", "has the wrong number of elements"),
        ("5", "", "has the wrong type"),
    ];
    for (text, pointer, detail) in cases {
        let error = parse_json::<Order>(text.as_bytes()).unwrap_err();
        let problem = error.to_problem();
        assert_eq!(problem.status().as_u16(), 422, "{text}");
        assert_eq!(
            (&problem.errors()[0].pointer[..], &problem.errors()[0].detail[..]),
            (pointer, detail),
            "{text}"
        );
        assert!(!problem.to_json().contains("Order") && !problem.to_json().contains("u8"), "{text}");
    }
    assert!(matches!(parse_json::<Kind>(b"\"big\""), Ok(Kind::Big)));
    assert!(matches!(parse_json::<Kind>(b"\"small\""), Ok(Kind::Small)));
}

#[test]
fn malformed_json_has_a_position() {
    let at = |text: &str| match parse_json::<Order>(text.as_bytes()) {
        Err(ContentError::Malformed { line, column }) => (line, column),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(at("{\n  \"items\": ]"), (2, 12));
    assert_eq!(at(""), (1, 0));
    assert_eq!(at("{\"items\": []} x"), (1, 15));
    // The wrong type comes first, but the text is no JSON at all.
    assert_eq!(at("{\"items\": 5"), (1, 11));
    at(&"[".repeat(200));
    let problem = parse_json::<Order>(b"{").unwrap_err().to_problem();
    assert_eq!((problem.status().as_u16(), &problem.extensions()["line"]), (400, &1.into()));
}

#[test]
fn rfc6750_section_2_1_bearer_credentials() {
    let parse = |text: &'static str| Bearer::parse(text.as_bytes()).map(Bearer::token);
    assert_eq!(parse("Bearer mF_9.B5f-4.1JqM"), Ok("mF_9.B5f-4.1JqM"));
    assert_eq!(parse("bEaReR  abc=="), Ok("abc=="));
    assert_eq!(parse("Basic QWxhZGRpbg=="), Err(BearerError::Missing));
    for bad in ["Bearer", "Bearer ", "Bearer a b", "Bearer =", "Bearer a=b", "Bearer \"a\"", "Bearer a,b"] {
        assert_eq!(parse(bad), Err(BearerError::Malformed), "{bad}");
    }
}

#[test]
fn rfc6750_section_3_1_the_challenge_says_what_is_wrong() {
    let token = Token::new("abc123");
    let answer = |headers: &HeaderMap| {
        let problem = authenticate(headers, &token).unwrap_err().to_problem();
        (problem.status().as_u16(), problem.headers()["www-authenticate"].to_str().unwrap().to_owned())
    };
    assert_eq!(answer(&HeaderMap::new()), (401, "Bearer".to_owned()));
    assert_eq!(
        answer(&one(AUTHORIZATION, "Bearer abc124")),
        (401, "Bearer error=\"invalid_token\"".to_owned())
    );
    assert_eq!(answer(&one(AUTHORIZATION, "Bearer abc1234")).0, 401);
    let mut twice = one(AUTHORIZATION, "Bearer abc123");
    assert_eq!(authenticate(&twice, &token), Ok(()));
    twice.append(AUTHORIZATION, HeaderValue::from_static("Bearer abc123"));
    assert_eq!(answer(&twice), (400, "Bearer error=\"invalid_request\"".to_owned()));
}

#[test]
fn secrets_are_not_printed() {
    assert_eq!(
        format!("{:?} {:?}", Token::new("abc123"), Bearer::parse(b"Bearer abc123").unwrap()),
        "Token([redacted]) Bearer([redacted])"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_a_media_type_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = negotiate([&bytes], &["a/b"], &L);
        if let Ok(read) = MediaType::parse(&bytes, &L) {
            prop_assert_eq!(MediaType::parse(read.to_string(), &L), Ok(read));
        }
    }

    #[test]
    fn media_types_round_trip(text in "[a-z]{1,4}/[a-z+]{1,6}(;[a-z]{1,3}=(\"[ -!#-~]{0,5}\"|[a-z]{1,3})){0,3}") {
        prop_assume!(!text.contains('\\'));
        let read = MediaType::parse(&text, &L).unwrap();
        prop_assert_eq!(MediaType::parse(read.to_string(), &L), Ok(read));
    }
}
