//! What we compress within a window of 8 to 15 bits is read by a decompressor that holds no more than that window (RFC 7692 §7.1.2).
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/rfc1951.rs"]
mod rfc1951;

use rfc1951::Bounded;
use ws_frame::deflate::{Agreement, Deflate, Deflater, Inflater, WindowBits};

fn agreement(bits: u8, level: u8, takeover: bool) -> Agreement {
    let mut server = if takeover { Deflate::with_takeover() } else { Deflate::without_takeover() };
    server.level = level;
    server.send_window = WindowBits::try_from(bits).unwrap();
    let (agreed, _) = server.choose(&[Deflate::with_takeover().offer()]).unwrap();
    assert_eq!(agreed.send_window().as_u8(), bits);
    agreed
}

/// Words from a small list, so that there are matches at all distances, and the same passages again and again from further and further.
fn text(len: usize, seed: u32) -> Vec<u8> {
    const WORDS: [&str; 12] = [
        "window ", "of ", "bytes ", "that ", "refers ", "back ", "a ", "message ", "{\"id\":", "4711,",
        "\"x\":\"", "ü",
    ];
    let mut state = seed | 1;
    let mut out = Vec::new();
    while out.len() < len {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        out.extend_from_slice(WORDS[(state >> 16) as usize % WORDS.len()].as_bytes());
        if state >> 24 == 7 {
            out.extend_from_slice(&state.to_string().into_bytes());
        }
    }
    out.truncate(len);
    out
}

/// The same bytes each `period`, and noise in between: matches lie exactly `period` back.
fn periodic(period: usize, times: usize) -> Vec<u8> {
    let mark = b"<<a passage of some length that comes again>>";
    let mut state = 9_u32;
    let mut out = Vec::new();
    for _ in 0..times {
        let end = out.len() + period;
        out.extend_from_slice(&mark[..mark.len().min(period)]);
        while out.len() < end {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            out.push((state >> 24) as u8);
        }
    }
    out
}

#[test]
fn windows_of_8_to_15_bits_are_kept_to_at_each_level_and_over_messages() {
    for bits in 8..=15_u8 {
        let window = 1_usize << bits;
        let mut messages = vec![text(100, 1), text(window, 3), text(2 * window + 17, 4)];
        for near in [window.saturating_sub(262), window.saturating_sub(261), window] {
            messages.push(periodic(near.max(8), 3));
        }
        messages.push(Vec::new());
        messages.push(text(1000, 1));
        for level in [0, 1, 6, 9] {
            let mut deflater = Deflater::new(&agreement(bits, level, true));
            let mut reader = Bounded::new(window);
            for (i, message) in messages.iter().enumerate() {
                let mut out = Vec::new();
                deflater.deflate(message, true, &mut out);
                let read = reader
                    .message(&out)
                    .unwrap_or_else(|why| panic!("{bits} bits, level {level}, {i}: {why}"));
                assert!(read == *message, "{bits} bits, level {level}, message {i}");
            }
            if level > 0 {
                // The window is made use of, up to what zlib keeps ahead (250 bytes of the 256 at 8 bits).
                let size = 1_usize << bits.max(9);
                assert!(reader.furthest <= size - 262, "{bits} bits: {}", reader.furthest);
                assert!(
                    reader.furthest > (size - 262) / 2,
                    "{bits} bits, level {level}: {}",
                    reader.furthest
                );
            }
        }
    }
}

#[test]
fn a_window_of_8_bits_is_compressed_with_one_of_9_and_still_reaches_250_bytes_at_most() {
    let mut deflater = Deflater::new(&agreement(8, 9, true));
    let mut reader = Bounded::new(256);
    let mut shortened = 0;
    for distance in (1..=520).step_by(3).chain(240..260) {
        let mut out = Vec::new();
        let message = periodic(distance, 12);
        deflater.deflate(&message, true, &mut out);
        assert!(reader.message(&out).unwrap() == message);
        shortened += usize::from(out.len() < message.len());
    }
    assert_eq!(reader.furthest, 250);
    assert!(shortened > 70, "matches within the window are found: {shortened}");
}

#[test]
fn without_takeover_each_message_stands_alone() {
    for bits in [8, 9, 12, 15] {
        let mut deflater = Deflater::new(&agreement(bits, 6, false));
        for i in 0..5 {
            let message = text(2000, i);
            let mut out = Vec::new();
            deflater.deflate(&message, true, &mut out);
            assert!(Bounded::new(1 << bits).message(&out).unwrap() == message);
        }
    }
}

#[test]
fn the_test_reader_refuses_what_is_out_of_its_window() {
    let mut deflater = Deflater::new(&agreement(15, 9, true));
    let mut out = Vec::new();
    deflater.deflate(&periodic(1000, 4), true, &mut out);
    let error = Bounded::new(512).message(&out).unwrap_err();
    assert!(error.contains("1000 back"), "{error}");
    assert!(Bounded::new(1024).message(&out).is_ok());
}

#[test]
fn our_decompressor_takes_every_window_in_steps_of_any_size() {
    for bits in [8, 9, 11, 15] {
        for (step, size) in [(1, 2_000), (7, 10_000), (4096, 100_000)] {
            let agreed = agreement(bits, 6, true);
            let (mut deflater, mut inflater) = (Deflater::new(&agreed), Inflater::new(&agreed));
            for seed in 0..3 {
                let message = text(size, seed);
                let mut wire = Vec::new();
                deflater.deflate(&message, true, &mut wire);
                let mut out = vec![0; message.len() + 1];
                let mut len = 0;
                let mut feed = |inflater: &mut Inflater, mut piece: &[u8]| loop {
                    let end = (len + step).min(out.len());
                    let n = inflater.inflate(&mut piece, &mut out[len..end]).unwrap();
                    let full = n == end - len;
                    len += n;
                    if piece.is_empty() && !full {
                        break;
                    }
                };
                for piece in wire.chunks(step) {
                    feed(&mut inflater, piece);
                }
                let tail = inflater.tail();
                feed(&mut inflater, tail);
                inflater.end_message();
                assert!(out[..len] == message, "{bits} bits, steps of {step}");
            }
        }
    }
}
