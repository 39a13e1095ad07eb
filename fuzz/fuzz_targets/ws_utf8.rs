//! The validator says of a text in pieces what the standard library says of it whole, and says it at the first bad byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ws_frame::Utf8Validator;

fuzz_target!(|input: (u8, &[u8])| {
    let (seed, text) = input;
    let mut validator = Utf8Validator::new();
    let mut verdict = Ok(());
    let (mut rest, mut state) = (text, u32::from(seed) | 1);
    let mut taken = 0;
    while !rest.is_empty() && verdict.is_ok() {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        let (piece, after) = rest.split_at((1 + (state >> 27) as usize * usize::from(seed % 9)).min(rest.len()));
        verdict = validator.push(piece);
        taken += piece.len();
        rest = after;
        if verdict.is_ok() {
            // What was taken so far may be the beginning of a valid text.
            let ok = std::str::from_utf8(&text[..taken]).err().is_none_or(|e| e.error_len().is_none());
            assert!(ok, "a bad byte was passed over");
        }
    }
    let verdict = verdict.and_then(|()| validator.finish());
    assert_eq!(verdict, std::str::from_utf8(text).map(|_| ()).map_err(|e| e.valid_up_to() as u64));
});
