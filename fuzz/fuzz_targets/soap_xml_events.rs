//! The scanner against roxmltree: the same verdict but for what is known of roxmltree, and the same elements, attributes and
//! text; and the same document in UTF-16 read as the same text.
#![no_main]

#[path = "../../soap-envelope/tests/oracle/mod.rs"]
mod oracle;

use soap_envelope::xml::decode;

libfuzzer_sys::fuzz_target!(|text: &str| {
    oracle::compare(text);
    let marked = format!("\u{feff}{}", text.trim_start_matches('\u{feff}'));
    let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
    if let Ok(read) = decode(utf16, Some("utf-16")) {
        assert_eq!(read, marked.trim_start_matches('\u{feff}'));
    }
});
