//! RFC 9110 §5.6.7: HTTP-date.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
use proptest::prelude::*;
use rest_core::field::HttpDate;
use std::time::{Duration, UNIX_EPOCH};

const NOW: HttpDate = HttpDate::from_unix(1_790_000_000); // 2026-09-21

#[test]
fn section_5_6_7_three_formats_of_one_moment() {
    for text in
        ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
    {
        let date = HttpDate::parse(text, NOW).unwrap();
        assert_eq!(date.unix(), 784_111_777, "{text}");
        assert_eq!(date.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(date.to_header_value(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}

#[test]
fn section_5_6_7_two_digit_years_are_at_most_fifty_years_ahead() {
    let year = |text: &str| HttpDate::parse(text, NOW).map(|d| d.to_string()[12..16].to_owned());
    assert_eq!(year("Friday, 06-Nov-71 08:49:37 GMT").unwrap(), "2071");
    assert_eq!(year("Monday, 21-Sep-76 00:00:00 GMT").unwrap(), "2076");
    assert_eq!(year("Friday, 01-Oct-76 00:00:00 GMT").unwrap(), "1976");
    assert_eq!(year("Sunday, 06-Nov-77 08:49:37 GMT").unwrap(), "1977");
}

#[test]
fn anything_else_is_no_date() {
    let wrong = [
        "",
        "0",
        "now",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Tue, 30 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994  8:49:37 GMT",
        "Sun Nov 06 08:49:37 94",
        "Sunday, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
    ];
    for text in wrong {
        assert!(HttpDate::parse(text, NOW).is_err(), "{text:?}");
    }
}

#[test]
fn a_leap_second_is_the_moment_after_it() {
    let leap = HttpDate::parse("Sat, 31 Dec 2016 23:59:60 GMT", NOW).unwrap();
    assert_eq!(leap.to_string(), "Sun, 01 Jan 2017 00:00:00 GMT");
}

#[test]
fn the_years_0000_to_9999_and_no_others() {
    for text in
        ["Sat, 01 Jan 0000 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 1900 00:00:00 GMT"]
    {
        assert_eq!(HttpDate::parse(text, NOW).unwrap().to_string(), text);
    }
    assert!(HttpDate::parse("Fri, 31 Dec 9999 23:59:60 GMT", NOW).is_err());
    assert_eq!(HttpDate::from_unix(i64::MAX).to_string(), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_eq!(HttpDate::from_unix(i64::MIN).to_string(), "Sat, 01 Jan 0000 00:00:00 GMT");
}

#[test]
fn a_fraction_of_a_second_is_dropped_towards_the_past() {
    assert_eq!(HttpDate::from(UNIX_EPOCH + Duration::from_millis(1999)).unix(), 1);
    assert_eq!(HttpDate::from(UNIX_EPOCH - Duration::from_millis(1)).unix(), -1);
    assert_eq!(std::time::SystemTime::from(HttpDate::from_unix(-5)), UNIX_EPOCH - Duration::from_secs(5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn agrees_with_httpdate(seconds in 0_u64..253_402_300_800) {
        let theirs = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        let ours = HttpDate::from_unix(seconds as i64);
        prop_assert_eq!(ours.to_string(), &theirs[..]);
        prop_assert_eq!(HttpDate::parse(&theirs, NOW), Ok(ours));
    }

    #[test]
    fn any_bytes_are_a_date_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(date) = HttpDate::parse(&bytes, NOW) {
            prop_assert_eq!(HttpDate::parse(date.to_string(), NOW), Ok(date));
        }
    }

    #[test]
    fn damaged_dates_do_not_panic(at in 0_usize..30, byte in any::<u8>()) {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            let mut bytes = text.as_bytes().to_vec();
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
            let _ = HttpDate::parse(&bytes, NOW);
            let _ = HttpDate::parse(&bytes[..at.min(bytes.len())], NOW);
        }
    }
}
