//! JSON text from values.

use super::Value;

/// Appends a whole number.
pub(crate) fn write_int(int: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(int).as_bytes());
}

/// Appends a float; one that JSON cannot hold becomes `null`, and the answer is `false`.
pub(crate) fn write_float(float: f64, out: &mut Vec<u8>) -> bool {
    use std::io::Write as _;
    if !float.is_finite() {
        out.extend_from_slice(b"null");
        return false;
    }
    // `Debug` gives the shortest digits that read back the same, with an exponent where that is shorter.
    write!(out, "{float:?}").is_ok()
}

/// What a byte becomes in a JSON text: 0 for itself, `u` for `\u00XX`, else the letter after a backslash.
static ESCAPE: [u8; 256] = {
    let mut table = [0_u8; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = b'u';
        byte += 1;
    }
    table[b'\n' as usize] = b'n';
    table[b'\r' as usize] = b'r';
    table[b'\t' as usize] = b't';
    table[0x08] = b'b';
    table[0x0C] = b'f';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Appends a text in quotes.
pub(crate) fn write_str(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut done = 0;
    while let Some(found) = escape_at(&bytes[done..]) {
        let at = done + found;
        out.extend_from_slice(&bytes[done..at]);
        let byte = bytes[at];
        match ESCAPE[byte as usize] {
            b'u' => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
            letter => out.extend_from_slice(&[b'\\', letter]),
        }
        done = at + 1;
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}

/// The first byte that must be escaped. Eight at a time: a byte is one where it is below 0x20, or equals `"` or `\`.
fn escape_at(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * 0x22);
        let slash = word ^ (ONES * 0x5C);
        let low = word.wrapping_sub(ONES * 0x20) & !word;
        // A borrow can only mark bytes above a true hit, and the hit is looked up one by one.
        let hit = (low | (quote.wrapping_sub(ONES) & !quote) | (slash.wrapping_sub(ONES) & !slash)) & HIGH;
        if hit != 0 {
            let start = index * 8;
            if let Some(at) = bytes[start..start + 8].iter().position(|&byte| ESCAPE[byte as usize] != 0) {
                return Some(start + at);
            }
        }
    }
    let start = bytes.len() - rest.len();
    rest.iter().position(|&byte| ESCAPE[byte as usize] != 0).map(|at| start + at)
}

/// Appends a value. Its nesting is bounded where it is made: by the parser, by the deserialiser, by coercion.
pub(crate) fn write_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Int(int) => write_int(*int, out),
        Value::Float(float) => {
            write_float(*float, out);
        }
        Value::String(text) | Value::Enum(text) => write_str(text, out),
        Value::List(list) => {
            out.push(b'[');
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(value, out);
            }
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            for (index, (key, value)) in object.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_str(key, out);
                out.push(b':');
                write_value(value, out);
            }
            out.push(b'}');
        }
    }
}
