//! The armour of RFC 7468: one block of base64 between two lines.

use alloc::vec::Vec;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// The bytes of the first block with this label. Text before and after it is ignored (RFC 7468 §2); inside
/// it, anything but base64 and line ends is refused.
pub(crate) fn decode(text: &str, label: &str) -> Option<Vec<u8>> {
    let mut lines = text.lines().map(str::trim_ascii_end);
    lines.find(|line| boundary(line, "-----BEGIN ") == Some(label))?;
    let mut encoded = Vec::with_capacity(text.len());
    for line in lines {
        if let Some(end) = boundary(line, "-----END ") {
            return if end == label { BASE64_STANDARD.decode(encoded).ok() } else { None };
        }
        encoded.extend_from_slice(line.as_bytes());
    }
    None
}

/// The label on a boundary line.
fn boundary<'l>(line: &'l str, start: &str) -> Option<&'l str> {
    line.strip_prefix(start)?.strip_suffix("-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_block_and_no_other_label() {
        let pem = "a note\n-----BEGIN A-----\r\nAQID\r\nBA==\r\n-----END A-----\nmore\n";
        assert_eq!(decode(pem, "A"), Some(alloc::vec![1, 2, 3, 4]));
        assert_eq!(decode(pem, "B"), None);
        assert_eq!(decode("-----BEGIN A-----\nAQID", "A"), None);
        assert_eq!(decode("-----BEGIN A-----\nAQID\n-----END B-----", "A"), None);
        assert_eq!(decode("-----BEGIN A-----\nAQ ID\n-----END A-----", "A"), None);
    }
}
