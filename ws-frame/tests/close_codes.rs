//! Close codes and Close bodies (RFC 6455 §5.5.1, §7.4). All of it stands without `std`.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use ws_frame::{CloseCode, CloseFrame, ErrorKind, MAX_REASON};

fn body(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}

#[test]
fn section_7_4_the_codes_on_the_wire() {
    let allowed: Vec<u16> = (0..=u16::MAX).filter(|&code| CloseCode::try_from(code).is_ok()).collect();
    let expected: Vec<u16> = (1000..=1003).chain(1007..=1014).chain(3000..=4999).collect();
    assert_eq!(allowed, expected);
}

#[test]
fn section_7_4_1_the_codes_that_only_describe_are_refused_in_a_body() {
    for code in [1005, 1006, 1015] {
        assert_eq!(CloseFrame::parse(&body(code, b"")), Err(ErrorKind::CloseCode(code)));
    }
    for code in [CloseCode::NO_STATUS, CloseCode::ABNORMAL, CloseCode::TLS_HANDSHAKE] {
        assert!(!code.is_on_wire());
    }
}

#[test]
fn section_7_4_unassigned_codes_are_refused_in_a_body() {
    for code in [0, 999, 1004, 1016, 1100, 2000, 2999, 5000, 65_535] {
        assert_eq!(CloseFrame::parse(&body(code, b"x")), Err(ErrorKind::CloseCode(code)));
    }
}

#[test]
fn section_5_5_1_an_empty_body_is_1005() {
    let frame = CloseFrame::parse(b"").unwrap();
    assert_eq!((frame.code, frame.reason.as_str()), (CloseCode::NO_STATUS, ""));
}

#[test]
fn section_5_5_1_a_body_of_one_byte_is_refused() {
    assert_eq!(CloseFrame::parse(b"\x03"), Err(ErrorKind::CloseBodyLength));
}

#[test]
fn section_8_1_a_reason_is_utf8() {
    assert_eq!(CloseFrame::parse(&body(1000, "tschüß".as_bytes())).unwrap().reason, "tschüß");
    assert_eq!(CloseFrame::parse(&body(1000, b"ab\xc3")), Err(ErrorKind::InvalidUtf8 { at: 2 }));
}

#[test]
fn what_is_written_is_read() {
    for code in [1000, 1011, 3000, 4999] {
        let code = CloseCode::try_from(code).unwrap();
        let mut out = Vec::new();
        CloseFrame::write(code, "why", &mut out);
        let frame = CloseFrame::parse(&out).unwrap();
        assert_eq!((frame.code, frame.reason.as_str()), (code, "why"));
    }
}

#[test]
fn a_long_reason_is_cut_at_a_character() {
    let mut out = Vec::new();
    CloseFrame::write(CloseCode::NORMAL, &"€".repeat(60), &mut out);
    assert_eq!(CloseFrame::parse(&out).unwrap().reason, *"€".repeat(MAX_REASON / 3));
    out.clear();
    CloseFrame::write(CloseCode::NORMAL, &"ab€".repeat(60), &mut out);
    assert_eq!(CloseFrame::parse(&out).unwrap().reason.len(), 122);
}

#[test]
fn a_code_that_is_not_on_the_wire_writes_an_empty_body() {
    let mut out = Vec::new();
    CloseFrame::write(CloseCode::ABNORMAL, "why", &mut out);
    assert!(out.is_empty());
}
