//! Masking in pieces, at any offset and alignment, is XOR with the key byte by byte (RFC 6455 §5.3).
#![no_main]

use libfuzzer_sys::fuzz_target;
use ws_frame::mask;

fuzz_target!(|input: ([u8; 4], u8, u8, &[u8])| {
    let (key, offset, cut, data) = input;
    let start = usize::from(offset) % 64;
    // `start` bytes in front move the payload to another alignment.
    let mut buf = vec![0xAA; start];
    buf.extend_from_slice(data);
    let cut = usize::from(cut).min(data.len());
    mask::apply(&mut buf[start..start + cut], key, 0);
    mask::apply(&mut buf[start + cut..], key, cut);
    assert!(buf[..start].iter().all(|&b| b == 0xAA));
    for (i, (&got, &was)) in buf[start..].iter().zip(data).enumerate() {
        assert_eq!(got, was ^ key[i % 4], "byte {i}");
    }
});
