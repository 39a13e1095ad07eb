//! RFC 9111 §5.2, RFC 5861, RFC 8246: the directives of Cache-Control.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
use http::{HeaderMap, HeaderValue, header};
use proptest::prelude::*;
use rest_core::Limits;
use rest_core::field::{CacheControl, DeltaSeconds, FieldScope};

fn parse(text: &str) -> CacheControl {
    CacheControl::parse([text], &Limits::DEFAULT).unwrap()
}

fn secs(n: u32) -> Option<DeltaSeconds> {
    Some(n.into())
}

#[test]
fn section_5_2_1_request_directives() {
    let cc =
        parse("max-age=10, max-stale=20, min-fresh=30, no-cache, no-store, no-transform, only-if-cached");
    assert_eq!((cc.max_age, cc.max_stale, cc.min_fresh), (secs(10), secs(20), secs(30)));
    assert!(cc.no_store && cc.no_transform && cc.only_if_cached && cc.no_cache == Some(FieldScope::Whole));
    assert_eq!(parse("max-stale").max_stale, Some(DeltaSeconds::MAX));
}

#[test]
fn section_5_2_2_response_directives() {
    let cc = parse(
        "public, must-revalidate, must-understand, proxy-revalidate, s-maxage=5, immutable, stale-while-revalidate=6, stale-if-error=7",
    );
    assert!(cc.public && cc.must_revalidate && cc.must_understand && cc.proxy_revalidate && cc.immutable);
    assert_eq!((cc.s_maxage, cc.stale_while_revalidate, cc.stale_if_error), (secs(5), secs(6), secs(7)));
}

#[test]
fn section_5_2_names_compare_without_case_and_arguments_may_be_quoted() {
    assert_eq!(parse("MAX-AGE=\"60\" , Private").max_age, secs(60));
    assert_eq!(parse("max-age=\"6\\0\"").max_age, secs(60));
    assert!(parse("No-Store").no_store);
}

#[test]
fn section_5_2_2_qualified_forms() {
    let fields = |names: &[&'static str]| {
        Some(FieldScope::Fields(names.iter().map(|n| header::HeaderName::from_static(n)).collect()))
    };
    let cc = parse("no-cache=\"Set-Cookie, x-a\", private=authorization");
    assert_eq!((cc.no_cache, cc.private), (fields(&["set-cookie", "x-a"]), fields(&["authorization"])));
    assert_eq!(parse("private=\"a\", private=\"b, a\"").private, fields(&["a", "b"]));
    for whole in [
        "private=\"a\", private",
        "private, private=\"a\"",
        "private=\"\"",
        "private=\"a b\"",
        "private=\" , \"",
    ] {
        assert_eq!(parse(whole).private, Some(FieldScope::Whole), "{whole}");
    }
}

#[test]
fn section_1_2_2_seconds_saturate() {
    assert_eq!(parse("max-age=2147483648").max_age, Some(DeltaSeconds::MAX));
    assert_eq!(parse("max-age=4294967296").max_age, Some(DeltaSeconds::MAX));
    assert_eq!(parse("max-age=99999999999999999999999999999").max_age, Some(DeltaSeconds::MAX));
    assert_eq!(parse("max-age=2147483647").max_age, secs(2_147_483_647));
    assert_eq!(parse("max-age=0060").max_age, secs(60));
    assert_eq!(DeltaSeconds::MAX.to_duration().as_secs(), 1 << 31);
}

#[test]
fn section_4_2_1_the_first_of_two_counts_and_the_unreadable_is_stale() {
    assert_eq!(parse("max-age=1, max-age=100").max_age, secs(1));
    assert_eq!(CacheControl::parse(["max-age=1", "max-age=100"], &Limits::DEFAULT).unwrap().max_age, secs(1));
    for text in [
        "max-age",
        "max-age=",
        "max-age=-1",
        "max-age=1.5",
        "max-age=x",
        "max-age=\"1",
        "max-age = 5",
        "max-age= 5",
        "max-age=\"1\"2",
    ] {
        assert_eq!(parse(text).max_age, secs(0), "{text}");
    }
    assert_eq!(parse("min-fresh=x").min_fresh, Some(DeltaSeconds::MAX));
    assert_eq!(parse("max-stale=x").max_stale, secs(0));
    assert_eq!(parse("stale-while-revalidate=x, stale-if-error, s-maxage").s_maxage, secs(0));
}

#[test]
fn an_open_quote_hides_no_directive() {
    assert!(parse("ext=\"a, no-store").no_store);
    assert!(!parse("ext=\"a, no-store\"").no_store);
    assert!(parse("ext=\"\\\", no-store").no_store);
}

#[test]
fn section_5_2_3_unknown_directives_are_kept() {
    let cc = parse("Community=\"UCI\", max-age=5, foo, bar=\"a, \\\"b\", ok=");
    let kept: Vec<_> = cc.extensions().collect();
    let expected = [("community", Some("UCI")), ("foo", None), ("bar", Some("a, \"b")), ("ok", Some(""))];
    assert_eq!(kept, expected);
    assert_eq!(cc.to_string(), "max-age=5, community=UCI, foo, bar=\"a, \\\"b\", ok=\"\"");
    assert_eq!(parse(&cc.to_string()), cc);
}

#[test]
fn built_and_emitted_in_one_order() {
    let cc = CacheControl::new()
        .stale_if_error(300)
        .max_age(60)
        .public()
        .immutable()
        .no_cache_field(header::SET_COOKIE);
    assert_eq!(cc.to_string(), "public, no-cache=\"set-cookie\", max-age=60, immutable, stale-if-error=300");
    assert_eq!(cc.to_header_value().unwrap(), cc.to_string());
    assert_eq!(CacheControl::new().to_header_value(), None);
    assert_eq!(parse("max-stale").to_string(), "max-stale");
    assert_eq!(CacheControl::new().private_field(header::SET_COOKIE).private().to_string(), "private");
}

#[test]
fn a_message_without_the_field_has_none() {
    let mut headers = HeaderMap::new();
    assert_eq!(CacheControl::from_headers(&headers, &Limits::DEFAULT), Ok(None));
    headers.append(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(header::CACHE_CONTROL, HeaderValue::from_static("max-age=1"));
    let cc = CacheControl::from_headers(&headers, &Limits::DEFAULT).unwrap().unwrap();
    assert!(cc.no_store && cc.max_age == secs(1));
}

#[test]
fn bytes_and_directives_are_bounded() {
    let error = |text: String| CacheControl::parse([text], &Limits::DEFAULT).unwrap_err();
    assert_eq!(error("x,".repeat(65)).limit, "max_directives");
    assert_eq!(
        error(
            format!("private=\"{}\"", (0..40).map(|i| format!("f{i}")).collect::<Vec<_>>().join(","))
                .repeat(1)
                + &",y".repeat(25)
        )
        .limit,
        "max_directives"
    );
    assert_eq!(error("x".repeat(16_385)).limit, "max_field");
    let many: Vec<_> = (0..65).map(|i| format!("f{i}")).collect();
    assert_eq!(parse(&format!("private=\"{}\"", many.join(","))).private, Some(FieldScope::Whole));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_emitted_is_read_back(
        flags in any::<u8>(), ages in proptest::collection::vec(proptest::option::of(any::<u32>()), 6),
        ext in proptest::collection::vec(("x-[a-z]{1,5}", proptest::option::of("[ -~]{0,8}")), 0..3),
    ) {
        let mut cc = CacheControl::new();
        cc.public = flags & 1 > 0;
        cc.no_store = flags & 2 > 0;
        cc.must_revalidate = flags & 4 > 0;
        cc.immutable = flags & 8 > 0;
        cc.private = (flags & 16 > 0).then_some(FieldScope::Whole);
        cc.no_cache = (flags & 32 > 0).then(|| FieldScope::Fields(vec![header::SET_COOKIE, header::AGE]));
        let mut ages = ages.into_iter().map(|a| a.map(DeltaSeconds::from));
        for slot in [&mut cc.max_age, &mut cc.s_maxage, &mut cc.max_stale, &mut cc.min_fresh, &mut cc.stale_if_error] {
            *slot = ages.next().unwrap();
        }
        let mut text = cc.to_string();
        for (name, argument) in ext {
            let quoted = argument.map(|a| format!("=\"{}\"", a.replace('\\', "\\\\").replace('"', "\\\"")));
            text = format!("{text},{name}{}", quoted.unwrap_or_default());
        }
        let read = parse(&text);
        prop_assert_eq!(&parse(&read.to_string()), &read);
        prop_assert_eq!((read.public, read.max_age, read.max_stale, read.no_cache), (cc.public, cc.max_age, cc.max_stale, cc.no_cache));
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let cc = CacheControl::parse([&bytes], &Limits::DEFAULT).unwrap_or_default();
        prop_assert_eq!(parse(&cc.to_string()), cc);
    }
}
