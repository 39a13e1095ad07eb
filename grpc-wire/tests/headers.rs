//! What stands in heads and trailers: grpc-timeout, metadata, grpc-message, grpc-status.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and one reads the clock"
)]

use std::time::{Duration, Instant};

use grpc_wire::timeout::{self, TimeoutError};
use grpc_wire::{
    AsciiKey, BinKey, Code, Deadline, DeadlinePolicy, HopBudget, Limits, Metadata, MetadataError, Status,
    percent,
};
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;

#[test]
fn a_timeout_has_one_to_eight_digits_and_a_unit() {
    for (text, expected) in [
        ("1H", Duration::from_secs(3600)),
        ("2M", Duration::from_secs(120)),
        ("3S", Duration::from_secs(3)),
        ("4m", Duration::from_millis(4)),
        ("5u", Duration::from_micros(5)),
        ("6n", Duration::from_nanos(6)),
        ("0S", Duration::ZERO),
        ("00000001S", Duration::from_secs(1)),
        ("99999999H", Duration::from_secs(99_999_999 * 3600)),
        ("99999999n", Duration::from_nanos(99_999_999)),
    ] {
        assert_eq!(timeout::parse(text.as_bytes()), Ok(expected), "{text}");
    }
    for digits in 1..=8 {
        let text = format!("{}m", "9".repeat(digits));
        assert!(timeout::parse(text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn a_timeout_that_is_none_says_what_is_wrong() {
    for (text, error) in [
        ("", TimeoutError::NoDigits),
        ("S", TimeoutError::NoDigits),
        ("1", TimeoutError::Unit),
        ("1s", TimeoutError::Unit),
        ("1 S", TimeoutError::NotADigit { offset: 1 }),
        ("-1S", TimeoutError::NotADigit { offset: 0 }),
        ("1.5S", TimeoutError::NotADigit { offset: 1 }),
        ("123456789n", TimeoutError::TooManyDigits { digits: 9 }),
    ] {
        assert_eq!(timeout::parse(text.as_bytes()), Err(error), "{text}");
    }
}

#[test]
fn a_timeout_is_written_in_the_finest_unit_that_holds_it() {
    for (duration, text) in [
        (Duration::ZERO, "0n"),
        (Duration::from_nanos(99_999_999), "99999999n"),
        (Duration::from_nanos(100_000_999), "100000u"),
        (Duration::from_secs(100), "100000m"),
        (Duration::from_secs(100_000_000), "1666666M"),
        (Duration::MAX, "99999999H"),
    ] {
        assert_eq!(timeout::format(duration), text);
    }
}

proptest! {
    #[test]
    fn a_written_timeout_is_read_back_as_no_longer_and_hardly_shorter(nanos in any::<u64>()) {
        let asked = Duration::from_nanos(nanos);
        let read = timeout::parse(timeout::format(asked).as_bytes()).unwrap();
        prop_assert!(read <= asked);
        prop_assert!(asked - read <= asked / 90_000);
    }

    #[test]
    fn any_bytes_as_a_timeout_are_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
        let _ = timeout::parse(&bytes);
    }

    #[test]
    fn percent_coding_loses_nothing(text in any::<String>()) {
        let encoded = percent::encode(&text);
        prop_assert!(encoded.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        prop_assert_eq!(&*percent::decode(encoded.as_bytes()), &*text);
    }

    #[test]
    fn percent_decoding_never_fails(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = percent::decode(&bytes);
    }

    #[test]
    fn a_cut_message_fits_and_is_a_beginning(text in any::<String>(), max in 0_usize..40) {
        let cut = percent::encode_within(&text, max);
        prop_assert!(cut.len() <= max);
        prop_assert!(text.starts_with(&*percent::decode(cut.as_bytes())));
    }

    #[test]
    fn binary_metadata_lose_nothing(value in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut metadata = Metadata::new();
        metadata.insert_bin("x-bin", &value).unwrap();
        prop_assert_eq!(&metadata.get_bin("x-bin").unwrap().unwrap()[..], &value[..]);
    }
}

#[test]
fn the_policy_moderates_what_a_client_asks_for() {
    let seconds = |n| Some(Duration::from_secs(n));
    let mut policy = DeadlinePolicy::default();
    assert_eq!(policy.moderate(None), None);
    assert_eq!(policy.moderate(seconds(7)), seconds(7));
    policy.max = seconds(30);
    assert_eq!(policy.moderate(None), seconds(30));
    policy.default = seconds(10);
    policy.min = seconds(2);
    assert_eq!(policy.moderate(None), seconds(10));
    assert_eq!(policy.moderate(seconds(1)), seconds(2));
    assert_eq!(policy.moderate(seconds(99)), seconds(30));
}

#[test]
fn each_hop_takes_its_slack_off_the_deadline() {
    let now = Instant::now();
    let deadline = Deadline::after(Duration::from_secs(1), now).unwrap();
    let budget = HopBudget::new(Duration::from_millis(300));
    let third = budget.pass(budget.pass(budget.pass(deadline, now), now), now);
    assert_eq!(third.remaining(now), Duration::from_millis(100));
    assert_eq!(budget.pass(third, now).remaining(now), Duration::ZERO);
    assert!(budget.pass(third, now).is_over(now));
}

#[test]
fn percent_encoding_leaves_printable_ascii_and_escapes_the_rest() {
    assert_eq!(percent::encode("plain ~text!"), "plain ~text!");
    assert_eq!(percent::encode("a%b\n\u{7f}\u{20ac}"), "a%25b%0A%7F%E2%82%AC");
}

#[test]
fn percent_decoding_keeps_what_is_no_escape() {
    for (encoded, text) in
        [("100%", "100%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("%%41", "%A"), ("%e2%82%aC", "\u{20ac}")]
    {
        assert_eq!(percent::decode(encoded.as_bytes()), text);
    }
    assert_eq!(percent::decode(b"%FF!"), "\u{fffd}!");
    assert_eq!(percent::decode(b"\xff!"), "\u{fffd}!");
}

#[test]
fn binary_values_are_read_with_and_without_padding_and_joined_by_commas() {
    let mut headers = HeaderMap::new();
    for value in ["AAE=", "AAE", "AAE=,AAEC, AAE ,"] {
        headers.append("x-bin", value.parse().unwrap());
    }
    let metadata = Metadata::from_headers(headers);
    let values: Vec<Vec<u8>> = metadata.get_all_bin("x-bin").map(|value| value.unwrap().to_vec()).collect();
    assert_eq!(values, [vec![0, 1], vec![0, 1], vec![0, 1], vec![0, 1, 2], vec![0, 1], vec![]]);
}

#[test]
fn a_binary_value_that_is_no_base64_is_an_error_of_its_own() {
    let mut headers = HeaderMap::new();
    headers.append("x-bin", "!!,AAE".parse().unwrap());
    let metadata = Metadata::from_headers(headers);
    let values: Vec<_> = metadata.get_all_bin("x-bin").collect();
    assert_eq!(values[0], Err(MetadataError::Base64));
    assert_eq!(values[1].as_deref(), Ok(&[0, 1][..]));
}

#[test]
fn binary_values_are_written_without_padding() {
    let mut metadata = Metadata::new();
    metadata.insert_bin("x-bin", &[0, 1]).unwrap();
    metadata.append_bin(BinKey::parse("X-Bin").unwrap(), &[2]).unwrap();
    let values: Vec<_> = metadata.headers().get_all("x-bin").iter().collect();
    assert_eq!(values, ["AAE", "Ag"]);
}

#[test]
fn names_and_values_that_http_or_grpc_cannot_carry_are_refused() {
    let mut metadata = Metadata::new();
    for name in ["", "with space", "ünder", ":path", "a/b", "x!"] {
        assert_eq!(metadata.insert(name, "v"), Err(MetadataError::Name { name: name.into() }), "{name}");
    }
    for name in ["grpc-status", "GRPC-Anything", "te", "content-type", "connection", "host"] {
        assert_eq!(metadata.insert(name, "v"), Err(MetadataError::Reserved { name: name.into() }), "{name}");
    }
    assert_eq!(AsciiKey::parse("x-bin"), Err(MetadataError::Kind { name: "x-bin".into() }));
    assert_eq!(BinKey::parse("x"), Err(MetadataError::Kind { name: "x".into() }));
    for value in ["line\nfeed", "nul\0", "ü", "tab\t"] {
        assert_eq!(metadata.insert("x", value), Err(MetadataError::Value { name: "x".into() }), "{value:?}");
    }
    assert!(metadata.is_empty());
    metadata.append("X-Id", "1").unwrap();
    metadata.append("x-id", "2").unwrap();
    assert_eq!(metadata.get_all("x-id").collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn reserved_entries_of_received_metadata_are_not_passed_on() {
    let mut received = HeaderMap::new();
    for (name, value) in [("te", "trailers"), ("grpc-timeout", "1S"), ("content-type", "x"), ("x-id", "7")] {
        received.insert(name, value.parse().unwrap());
    }
    let mut sent = HeaderMap::new();
    Metadata::from_headers(received).write(&mut sent);
    assert_eq!(sent.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["x-id"]);
}

#[test]
fn the_codes_have_the_numbers_of_the_specification() {
    let names = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    for (number, name) in (0_u32..).zip(names) {
        let code = Code::from_number(number).unwrap();
        assert_eq!((code.number(), code.name()), (number, name));
    }
    assert_eq!(Code::from_number(17), None);
}

#[test]
fn an_answer_without_a_grpc_status_has_the_code_of_its_http_status() {
    for (status, code) in [
        (400, Code::Internal),
        (401, Code::Unauthenticated),
        (403, Code::PermissionDenied),
        (404, Code::Unimplemented),
        (429, Code::Unavailable),
        (502, Code::Unavailable),
        (503, Code::Unavailable),
        (504, Code::Unavailable),
        (200, Code::Unknown),
        (415, Code::Unknown),
        (500, Code::Unknown),
    ] {
        assert_eq!(Code::from_http(StatusCode::from_u16(status).unwrap()), code, "{status}");
    }
}

#[test]
fn a_reset_stream_has_the_code_of_its_http2_error() {
    // RFC 9113 §7: 0 NO_ERROR, 7 REFUSED_STREAM, 8 CANCEL, 11 ENHANCE_YOUR_CALM, 12 INADEQUATE_SECURITY
    for (reset, code) in [
        (0, Code::Internal),
        (1, Code::Internal),
        (2, Code::Internal),
        (7, Code::Unavailable),
        (8, Code::Cancelled),
        (11, Code::ResourceExhausted),
        (12, Code::PermissionDenied),
        (13, Code::Unknown),
        (0xffff, Code::Unknown),
    ] {
        assert_eq!(Code::from_reset(reset), code, "{reset}");
    }
}

#[test]
fn a_status_is_written_and_read_back() {
    let mut metadata = Metadata::new();
    metadata.insert("x-why", "because").unwrap();
    let status = Status::aborted("zu spät: 100%").with_details(&b"\0\x01\x02"[..]).with_metadata(metadata);
    let mut headers = HeaderMap::new();
    status.write(&mut headers, &Limits::default());
    assert_eq!(headers["grpc-status"], "10");
    assert_eq!(headers["grpc-message"], "zu sp%C3%A4t: 100%25");
    assert_eq!(headers["grpc-status-details-bin"], "AAEC");
    assert_eq!(headers["x-why"], "because");
    let read = Status::read(&headers).unwrap();
    assert_eq!(
        (read.code(), read.message(), read.details()),
        (Code::Aborted, "zu spät: 100%", &b"\0\x01\x02"[..])
    );
}

#[test]
fn a_long_status_message_is_cut_at_a_character_and_long_details_are_left_out() {
    let mut limits = Limits::default();
    limits.max_status_message = 10;
    limits.max_status_details = 4;
    let mut headers = HeaderMap::new();
    Status::internal("abc€€").with_details(&b"1234"[..]).write(&mut headers, &limits);
    assert_eq!(headers["grpc-message"], "abc");
    assert!(!headers.contains_key("grpc-status-details-bin"));
    headers.clear();
    Status::internal("a€€").with_details(&b"123"[..]).write(&mut headers, &limits);
    assert_eq!(headers["grpc-message"], "a%E2%82%AC");
    assert_eq!(headers["grpc-status-details-bin"], "MTIz");
}

#[test]
fn a_status_that_nobody_knows_is_unknown() {
    for text in ["17", "-1", "x", "", "4294967296"] {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", text.parse().unwrap());
        headers.insert("grpc-message", "m".parse().unwrap());
        headers.insert("grpc-status-details-bin", "!".parse().unwrap());
        let status = Status::read(&headers).unwrap();
        assert_eq!(
            (status.code(), status.message(), status.details()),
            (Code::Unknown, "m", &[][..]),
            "{text}"
        );
    }
    assert_eq!(Status::read(&HeaderMap::new()), None);
}

#[test]
fn a_status_is_one_word_and_ok_takes_no_memory() {
    assert_eq!(size_of::<Status>(), size_of::<usize>());
    assert_eq!(Status::new(Code::Ok, ""), Status::OK);
    assert_eq!(Status::OK.into_result(), Ok(()));
    let status = Status::not_found("x");
    assert_eq!(status.clone().into_result(), Err(status));
}
