//! Text is refused at its first bad byte however it is cut; masks are XOR however they are cut. All of it stands without `std`.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use proptest::prelude::*;
use ws_frame::{Message, Prepared, Text, Utf8Validator, mask};

/// What the standard library says of a whole text, in the validator's words.
fn expected(bytes: &[u8]) -> Result<(), u64> {
    std::str::from_utf8(bytes).map(|_| ()).map_err(|e| e.valid_up_to() as u64)
}

/// What the validator says of a text in pieces of `size` bytes, and after how many bytes it said it.
fn in_pieces(bytes: &[u8], size: usize) -> (Result<(), u64>, usize) {
    let mut validator = Utf8Validator::new();
    let mut taken = 0;
    for piece in bytes.chunks(size) {
        taken += piece.len();
        if let Err(at) = validator.push(piece) {
            return (Err(at), taken);
        }
    }
    (validator.finish(), taken)
}

#[track_caller]
fn fails_at_byte(bytes: &[u8], byte: usize) {
    assert_eq!(in_pieces(bytes, 1).1, byte, "{bytes:02x?}");
}

#[test]
fn a_code_point_over_10ffff_fails_at_its_second_byte() {
    fails_at_byte(b"\xce\xba\xf4\x90\x80\x80", 4);
}

#[test]
fn a_surrogate_fails_at_its_second_byte() {
    fails_at_byte(b"\xed\xa0\x80", 2);
}

#[test]
fn an_overlong_form_fails_at_the_byte_that_makes_it_one() {
    fails_at_byte(b"\xc0\xaf", 1);
    fails_at_byte(b"\xe0\x80\xaf", 2);
    fails_at_byte(b"\xf0\x80\x80\xaf", 2);
}

#[test]
fn a_stray_continuation_byte_fails_at_once() {
    fails_at_byte(b"a\x80b", 2);
}

#[test]
fn a_character_that_breaks_off_fails_at_the_byte_that_breaks_it() {
    fails_at_byte(b"\xe2\x82a\xac", 3);
}

#[test]
fn bytes_that_begin_no_character_fail_at_once() {
    for byte in [0xc0, 0xc1, 0xf5, 0xfe, 0xff] {
        fails_at_byte(&[byte, 0x80], 1);
    }
}

#[test]
fn a_character_that_does_not_end_fails_at_the_end_of_the_text() {
    let mut validator = Utf8Validator::new();
    validator.push(b"ab\xf0\x9f\x98").unwrap();
    assert_eq!(validator.finish(), Err(2));
    validator.push(b"\x80").unwrap();
    assert_eq!(validator.finish(), Ok(()));
}

#[test]
fn empty_pieces_change_nothing() {
    let mut validator = Utf8Validator::new();
    for piece in [&b""[..], b"\xc3", b"", b"", b"\xa4", b""] {
        validator.push(piece).unwrap();
    }
    assert_eq!(validator.finish(), Ok(()));
}

#[test]
fn each_character_may_be_cut_anywhere() {
    let text = "κόσμε — ça, 日本語, 😀\u{10ffff}\u{0}";
    for size in 1..=text.len() {
        assert_eq!(in_pieces(text.as_bytes(), size).0, Ok(()));
    }
}

#[test]
fn all_sequences_of_two_bytes_agree_with_std() {
    for first in 0..=255u8 {
        for second in 0..=255u8 {
            let bytes = [first, second];
            assert_eq!(in_pieces(&bytes, 1).0, expected(&bytes), "{bytes:02x?}");
            assert_eq!(in_pieces(&bytes, 2).0, expected(&bytes), "{bytes:02x?}");
        }
    }
}

#[test]
fn text_is_checked_when_it_is_made() {
    assert_eq!(Text::try_from(Bytes::from_static(b"ok")).unwrap(), "ok");
    assert_eq!(Text::try_from(Bytes::from_static(b"ok\xff")).unwrap_err().valid_up_to(), 2);
    let mut long = vec![b'a'; 1000];
    long[900] = 0xff;
    assert_eq!(Text::try_from(Bytes::from(long)).unwrap_err().valid_up_to(), 900);
}

#[test]
fn text_and_its_bytes_share_their_memory() {
    let text = Text::from(String::from("a text that is long enough"));
    let at = text.as_str().as_ptr();
    assert_eq!(Message::from(text).into_bytes().as_ptr(), at);
}

#[test]
fn a_prepared_message_is_framed_once_and_lends_its_payload() {
    for len in [0, 125, 126, 65_535, 65_536] {
        let payload = Bytes::from(vec![7; len]);
        let prepared = Prepared::new(payload.clone());
        assert_eq!(prepared.payload(), payload);
        assert_eq!(prepared.clone().frame().as_ptr(), prepared.frame().as_ptr());
    }
}

#[test]
fn a_mask_applied_twice_is_none() {
    let mut bytes = *b"abcdefghijklm";
    mask::apply(&mut bytes, [1, 2, 3, 4], 5);
    assert_ne!(&bytes, b"abcdefghijklm");
    mask::apply(&mut bytes, [1, 2, 3, 4], 5);
    assert_eq!(&bytes, b"abcdefghijklm");
}

#[test]
fn every_length_and_start_is_the_plain_xor() {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let source: Vec<u8> = (0..300).map(|i| i as u8).collect();
    for start in 0..12 {
        for end in start..source.len() {
            let mut bytes = source.clone();
            mask::apply(&mut bytes[start..end], key, start);
            let plain = |i: usize| if (start..end).contains(&i) { source[i] ^ key[i % 4] } else { source[i] };
            assert!(bytes.iter().enumerate().all(|(i, &byte)| byte == plain(i)), "{start}..{end}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_in_any_pieces_agree_with_std(
        pieces in prop::collection::vec(
            prop_oneof![any::<String>().prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..4), Just(vec![b'x'; 200])],
            0..8,
        ),
        size in 1..50usize,
    ) {
        let bytes = pieces.concat();
        prop_assert_eq!(in_pieces(&bytes, size).0, expected(&bytes));
        prop_assert_eq!(in_pieces(&bytes, 1).0, expected(&bytes));
    }

    #[test]
    fn a_bad_byte_is_seen_when_it_comes(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..6)) {
        let bytes = [text.as_bytes(), &bytes].concat();
        // The first prefix that no further bytes can save, by the standard library.
        let hopeless = (0..=bytes.len()).find(|&n| std::str::from_utf8(&bytes[..n]).is_err_and(|e| e.error_len().is_some()));
        let (result, taken) = in_pieces(&bytes, 1);
        match hopeless {
            Some(n) => prop_assert_eq!(taken, n),
            None => prop_assert_eq!(result, expected(&bytes)),
        }
    }

    #[test]
    fn a_payload_masked_in_parts_is_masked(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0..400usize, key in any::<[u8; 4]>()) {
        let cut = cut.min(bytes.len());
        let mut whole = bytes.clone();
        mask::apply(&mut whole, key, 0);
        let mut parts = bytes;
        mask::apply(&mut parts[..cut], key, 0);
        mask::apply(&mut parts[cut..], key, cut);
        prop_assert_eq!(whole, parts);
    }
}
