//! The codecs of the wire: bytes in, values out, and back. No state, no time, no futures.

pub mod batch;
pub mod jsonl;
pub mod path;
pub mod query;
pub mod response;
pub mod sse;

/// Appends a JSON string.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &str) {
    let begin = out.len();
    // A string that goes into memory cannot fail; were it to, an empty one stands there, and the JSON stays whole.
    if serde_json::to_writer(&mut *out, text).is_err() {
        out.truncate(begin);
        out.extend_from_slice(b"\"\"");
    }
}
