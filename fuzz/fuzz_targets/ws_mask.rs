//! Masking in pieces, at any offset and alignment and by every loop that this CPU can run, is XOR with the key byte by byte (RFC 6455
//! §5.3); and each loop says rightly whether what came out is ASCII.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ws_frame::mask::{self, Implementation};

fuzz_target!(|input: ([u8; 4], u8, u8, &[u8])| {
    let (key, offset, cut, data) = input;
    let start = usize::from(offset) % 64;
    // `start` bytes in front move the payload to another alignment; what is behind it must stay as well.
    let mut fresh = vec![0xAA; start];
    fresh.extend_from_slice(data);
    fresh.extend_from_slice(&[0xAA; 40]);
    let end = start + data.len();
    let cut = start + usize::from(cut).min(data.len());

    let mut whole = fresh.clone();
    mask::apply(&mut whole[start..cut], key, 0);
    mask::apply(&mut whole[cut..end], key, cut - start);
    let untouched = whole[..start].iter().chain(&whole[end..]);
    assert!(untouched.copied().all(|byte| byte == 0xAA));
    for (i, (&got, &was)) in whole[start..end].iter().zip(data).enumerate() {
        assert_eq!(got, was ^ key[i % 4], "byte {i}");
    }

    for implementation in Implementation::all() {
        let mut buf = fresh.clone();
        let first = implementation.apply(&mut buf[start..cut], key, 0);
        let second = implementation.apply(&mut buf[cut..end], key, cut - start);
        assert_eq!(buf, whole, "{implementation:?}");
        assert_eq!(
            (first, second),
            (buf[start..cut].is_ascii(), buf[cut..end].is_ascii()),
            "{implementation:?}"
        );
    }
});
