//! Percent coding loses nothing and never fails; a timeout or a binary value is read or refused, and read back as written.
#![no_main]

use grpc_wire::{Metadata, percent, timeout};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let decoded = percent::decode(data);
    let encoded = percent::encode(&decoded);
    assert!(encoded.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    assert_eq!(percent::decode(encoded.as_bytes()), decoded);
    let max = data.first().map_or(0, |first| usize::from(*first));
    let cut = percent::encode_within(&decoded, max);
    assert!(cut.len() <= max && encoded.starts_with(&*cut));

    if let Ok(read) = timeout::parse(data) {
        let again = timeout::parse(timeout::format(read).as_bytes()).unwrap();
        assert!(again <= read);
        // At least five digits are kept.
        assert!(read - again <= read / 90_000);
    }

    if let Ok(value) = HeaderValue::from_bytes(data) {
        let mut headers = HeaderMap::new();
        headers.insert("x-bin", value);
        for value in Metadata::from_headers(headers).get_all_bin("x-bin").flatten() {
            let mut metadata = Metadata::new();
            metadata.insert_bin("x-bin", &value).unwrap();
            assert_eq!(metadata.get_bin("x-bin").unwrap().unwrap(), value);
        }
    }
});
