//! Every loop that this CPU can run does what the plain XOR does.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloc::vec::Vec;

use bytes::{Bytes, BytesMut};

use super::*;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0xbd];

fn plain(bytes: &[u8], key: [u8; 4], position: usize) -> Vec<u8> {
    bytes.iter().enumerate().map(|(i, byte)| byte ^ key[(position + i) % 4]).collect()
}

#[test]
fn every_implementation_is_the_plain_xor_at_each_length_start_and_position() {
    let source: Vec<u8> = (0..700u32).map(|i| (i * 7) as u8).collect();
    for implementation in Implementation::all() {
        for start in 0..33 {
            for len in (0..200).chain([255, 256, 257, 511, 512, 513, 640]) {
                let mut bytes = source.clone();
                let ascii = implementation.apply(&mut bytes[start..start + len], KEY, start);
                let expected = plain(&source[start..start + len], KEY, start);
                assert_eq!(bytes[start..start + len], expected, "{implementation:?} {start} {len}");
                assert_eq!(ascii, expected.is_ascii(), "{implementation:?} {start} {len}");
                assert_eq!(bytes[..start], source[..start]);
                assert_eq!(bytes[start + len..], source[start + len..]);
            }
        }
    }
}

#[test]
fn every_implementation_sees_the_one_byte_that_is_not_ascii() {
    for implementation in Implementation::all() {
        for len in 1..300 {
            let text = plain(&alloc::vec![b'x'; len], KEY, 0);
            assert!(implementation.apply(&mut text.clone(), KEY, 0), "{implementation:?} {len}");
            for at in 0..len {
                let mut bytes = text.clone();
                bytes[at] ^= 0x80;
                assert!(!implementation.apply(&mut bytes, KEY, 0), "{implementation:?} {len} {at}");
            }
        }
    }
}

#[test]
fn the_one_that_is_chosen_can_run() {
    for len in [0, 1, 63, 64, 65, 100_000] {
        assert!(Implementation::all().any(|one| one == Implementation::chosen(len)));
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_vector_loop_that_is_short_of_a_vector_falls_back() {
    for len in 0..32 {
        let source = alloc::vec![7; len];
        for implementation in [Implementation::Sse2, Implementation::Avx2] {
            let mut bytes = source.clone();
            implementation.apply(&mut bytes, KEY, 1);
            assert_eq!(bytes, plain(&source, KEY, 1));
        }
    }
}

#[test]
fn a_masked_copy_is_a_copy_and_a_mask() {
    let source: Vec<u8> = (0..1300u32).map(|i| (i * 3) as u8 & 0x7F).collect();
    for start in 0..4 {
        for before in [0, 1, 6, 31, 32] {
            for len in (0..290).chain([511, 512, 513, 600, 1025, 1290]) {
                let from = &source[start..start + len];
                let mut to = BytesMut::from(&source[..before]);
                let ascii = copy_masked(&mut to, from, KEY);
                let expected = plain(from, KEY, 0);
                assert_eq!(to[..before], source[..before]);
                assert_eq!(to[before..], expected);
                assert_eq!(ascii, expected.is_ascii());
            }
        }
    }
}

#[test]
fn the_ascii_prefix_of_a_long_text_ends_at_the_block_that_is_not() {
    let text = "x".repeat(10_000) + "é" + &"y".repeat(10_000);
    let mut masked = plain(text.as_bytes(), KEY, 0);
    let ascii = apply_to_text(&mut masked, KEY, 0);
    assert_eq!(masked, text.as_bytes());
    assert_eq!(ascii, 8192);
}

#[test]
fn short_texts_are_held_in_place_at_each_length() {
    for len in 0..=INLINE {
        for last in ["x", "é"] {
            let mut text = "a".repeat(len.saturating_sub(last.len()));
            if len >= last.len() {
                text.push_str(last);
            }
            let mut window = [0xA5; WINDOW];
            window[..text.len()].copy_from_slice(&plain(text.as_bytes(), KEY, 0));
            let checked = Checked::unmask_short(&window, text.len(), KEY).unwrap();
            assert_eq!(checked.as_str(), text);
            assert_eq!(checked.into_bytes(), text);
        }
    }
}

#[test]
fn a_short_text_that_is_not_utf8_is_refused_where_it_breaks() {
    let mut window = [0; WINDOW];
    window[..4].copy_from_slice(&plain(b"ab\xffc", KEY, 0));
    assert_eq!(Checked::unmask_short(&window, 4, KEY).err(), Some(2));
}

#[test]
fn text_takes_the_room_of_its_bytes() {
    assert_eq!(size_of::<Checked>(), size_of::<Bytes>());
}

#[test]
fn texts_in_an_arena_are_what_they_were() {
    let mut arena = BytesMut::with_capacity(300);
    let texts = ["a".repeat(100), "é".repeat(50), "b".repeat(100)];
    let got: Vec<_> = texts
        .iter()
        .map(|text| Checked::unmask_into(&mut arena, &plain(text.as_bytes(), KEY, 0), KEY).unwrap())
        .collect();
    assert!(got.iter().zip(&texts).all(|(got, text)| got.as_str() == text));
    assert_eq!(arena.capacity(), 0, "the last one took the memory");
}

/// The vector checks of UTF-8 that the CPU can run, each by itself: what `utf8::check` chooses from.
#[cfg(target_arch = "x86_64")]
#[test]
#[allow(unsafe_code, reason = "each vector loop is called by itself, where the CPU has it")]
fn every_check_of_utf8_agrees_with_the_standard_library() {
    use simdutf8::basic::imp::x86::{avx2, sse42};

    for seed in ["x", "é", "€", "😀"] {
        for count in 0..200 {
            let mut text = seed.repeat(count).into_bytes();
            for bad in [None, Some(0xff), Some(0x80), Some(0xf4)] {
                if let (Some(bad), Some(byte)) = (bad, text.get_mut(count / 2)) {
                    *byte = bad;
                }
                let expected = core::str::from_utf8(&text).is_ok();
                if std::is_x86_feature_detected!("avx2") {
                    // SAFETY: the CPU has AVX2.
                    assert_eq!(unsafe { avx2::validate_utf8(&text) }.is_ok(), expected);
                }
                if std::is_x86_feature_detected!("sse4.2") {
                    // SAFETY: the CPU has SSE4.2.
                    assert_eq!(unsafe { sse42::validate_utf8(&text) }.is_ok(), expected);
                }
            }
        }
    }
}

#[test]
fn a_look_at_masked_text_agrees_with_the_check_of_plain_text() {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    for seed in ["x", "é", "a€", "😀b"] {
        for bad in [None, Some(0xff), Some(0x80), Some(0xed)] {
            let mut plain = seed.repeat(1200 / seed.len()).into_bytes();
            if let Some(bad) = bad {
                plain[500] = bad;
            }
            let mut masked = plain.clone();
            apply(&mut masked, key, 0);
            for step in [1, 3, 8, 100, 511, 700] {
                let (mut text, mut checked) = (crate::utf8::Utf8Validator::new(), Ok(0));
                for start in (0..plain.len()).step_by(step) {
                    let end = (start + step).min(plain.len());
                    let expected = text.push(&plain[start..end]).map(|()| text.whole() as usize);
                    checked = checked.and_then(|checked| look(&masked[..end], key, checked));
                    assert_eq!(
                        checked,
                        expected.map_err(|at| at as usize),
                        "{seed}, {bad:?}, {step}, {start}"
                    );
                    if checked.is_err() {
                        break;
                    }
                }
            }
        }
    }
}

mod gathering {
    use super::*;

    fn gather(text: &[u8], piece: usize, follow: bool) -> Result<Checked, u64> {
        let masked = plain(text, KEY, 0);
        let mut gather = Gather::new(true);
        let mut taken = 0;
        let mut buf = BytesMut::with_capacity(if follow { 0 } else { piece });
        for (i, piece) in masked.chunks(piece).enumerate() {
            buf.extend_from_slice(piece);
            let len = buf.len();
            gather.take(&mut buf, len, Some(KEY), taken, masked.len() - taken - len)?;
            taken += len;
            assert!(buf.is_empty(), "piece {i}");
            if follow {
                gather.lend_room(&mut buf);
            }
        }
        gather.into_text()
    }

    #[test]
    fn a_text_in_pieces_is_the_text_however_it_is_cut() {
        for (text, pieces) in [
            ("aé€😀".repeat(9), 1..40),
            ("aé€😀".repeat(8000), 7919..7921),
            ("x".repeat(100_000), 9000..9001),
        ] {
            for piece in pieces {
                for follow in [false, true] {
                    assert_eq!(gather(text.as_bytes(), piece, follow).unwrap().as_str(), text);
                }
            }
        }
    }

    #[test]
    fn a_bad_byte_is_refused_in_its_piece() {
        let mut text = "é".repeat(20_000).into_bytes();
        text[30_001] = b'x';
        for piece in [1, 100, 40_000] {
            assert_eq!(gather(&text, piece, true).err(), Some(30_000));
        }
        assert_eq!(gather(b"ab\xe2\x82", 2, false).err(), Some(2), "it does not end");
    }

    #[test]
    fn a_big_frame_is_read_where_it_stays() {
        let masked = plain(&[b'x'; 200_000], KEY, 0);
        let mut gather = Gather::new(true);
        let mut buf = BytesMut::from(&masked[..4096]);
        gather.take(&mut buf, 4096, Some(KEY), 0, masked.len() - 4096).unwrap();
        gather.lend_room(&mut buf);
        let there = buf.as_ptr();
        assert!(buf.capacity() >= masked.len() - 4096);
        buf.extend_from_slice(&masked[4096..]);
        assert_eq!(buf.as_ptr(), there);
        gather.take(&mut buf, masked.len() - 4096, Some(KEY), 4096, 0).unwrap();
        let text = gather.into_text().unwrap();
        assert_eq!(text.as_bytes()[4096..].as_ptr(), there, "no copy");
        assert!(text.as_bytes().iter().all(|&byte| byte == b'x'));
    }

    #[test]
    fn a_long_length_in_a_header_makes_room_for_64_times_what_came_and_no_more() {
        let mut gather = Gather::new(false);
        let mut buf = BytesMut::from(&[0; 1000][..]);
        gather.take(&mut buf, 1000, Some(KEY), 0, 16 * 1024 * 1024).unwrap();
        gather.lend_room(&mut buf);
        assert_eq!(buf.capacity(), 64 * 1000);
    }

    #[test]
    fn what_is_appended_is_checked() {
        let mut gather = Gather::new(true);
        assert_eq!(gather.append("ab€".as_bytes()), Ok(()));
        assert_eq!(gather.append(b"c\xe2\x82"), Ok(()));
        assert_eq!(gather.append(b"x"), Err(6));
    }
}
