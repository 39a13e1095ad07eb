//! `Retry-After` against the grammar of RFC 9110 and against another parser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use std::time::{Duration, UNIX_EPOCH};
use webhook_sig::UnixMillis;
use webhook_sig::delivery::RetryAfter;

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

fn at(value: &str) -> Option<u64> {
    match RetryAfter::parse(value, NOW) {
        Some(RetryAfter::At(at)) => Some(at.as_secs()),
        _ => None,
    }
}

#[test]
fn rfc9110_5_6_7_the_three_forms_of_a_date() {
    for value in
        ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
    {
        assert_eq!(at(value), Some(784_111_777), "{value}");
    }
}

#[test]
fn rfc9110_10_2_3_examples() {
    assert_eq!(at("Fri, 31 Dec 1999 23:59:59 GMT"), Some(946_684_799));
    assert_eq!(RetryAfter::parse("120", NOW), Some(RetryAfter::Delay(Duration::from_secs(120))));
}

#[test]
fn a_two_digit_year_more_than_fifty_years_ahead_is_in_the_past() {
    // It is 2023: 73 is fifty years ahead at most, 74 is not.
    assert_eq!(at("Monday, 02-Jan-73 00:00:00 GMT"), Some(3_250_540_800));
    assert_eq!(at("Wednesday, 02-Jan-74 00:00:00 GMT"), Some(126_316_800));
    assert_eq!(at("Tuesday, 29-Feb-00 00:00:00 GMT"), Some(951_782_400));
    assert_eq!(at("Tuesday, 29-Feb-23 00:00:00 GMT"), None);
}

#[test]
fn calendars_have_their_leap_years_and_seconds() {
    assert_eq!(at("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
    assert_eq!(at("Thu, 29 Feb 2023 00:00:00 GMT"), None);
    assert_eq!(at("Thu, 29 Feb 2100 00:00:00 GMT"), None);
    assert_eq!(at("Sat, 31 Dec 2016 23:59:60 GMT"), Some(1_483_228_800));
    assert_eq!(at("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
    assert_eq!(at("Wed, 31 Dec 1969 23:59:59 GMT"), None);
}

#[test]
fn what_only_looks_like_a_date_is_none() {
    for value in [
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37",
        "Monday, 06-Nov-1994 08:49:37 GMT",
        "Sonnday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov 06 08:49:37 94",
        "Sun Nov 6 08:49:37 1994",
        "1994-11-06T08:49:37Z",
        "Sun",
        "S",
        "",
        "é, 06 Nov 1994 08:49:37 GMT",
    ] {
        assert_eq!(RetryAfter::parse(value, NOW), None, "{value:?}");
    }
}

#[test]
fn delays_never_overflow() {
    for value in ["18446744073709551615", "18446744073709551616", &"9".repeat(10_000)] {
        assert_eq!(RetryAfter::parse(value, NOW), Some(RetryAfter::Delay(Duration::from_secs(u64::MAX))));
    }
    assert_eq!(RetryAfter::parse(&"0".repeat(10_000), NOW), Some(RetryAfter::Delay(Duration::ZERO)));
    let late = RetryAfter::At(UnixMillis::from_secs(10));
    assert_eq!(late.delay(UnixMillis::MAX), Duration::ZERO);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn dates_agree_with_httpdate(secs in 0_u64..253_402_300_800) {
        let time = UNIX_EPOCH + Duration::from_secs(secs);
        prop_assert_eq!(at(&httpdate::fmt_http_date(time)), Some(secs));
    }

    #[test]
    fn arbitrary_text_does_not_panic_and_agrees_with_httpdate(value in "[A-Z][a-z]{2}(day)?(, | )[0-9A-Za-z ]{2,7}[- ][0-9A-Za-z]{2,4}[- :0-9]{2,14}( GMT| [0-9]{4})?") {
        if let (Some(ours), Ok(theirs)) = (at(&value), httpdate::parse_http_date(&value)) {
            let theirs = theirs.duration_since(UNIX_EPOCH).unwrap().as_secs();
            // Their two-digit years are fixed to 1970 to 2069.
            prop_assert!(ours == theirs || value.contains("day, "));
        }
    }
}
