//! Standard Webhooks 1.0.0, "Signature scheme": `v1,BASE64 v1,BASE64 v1a,BASE64`.

use alloc::string::String;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{Element, Signed, Wire};
use crate::key_ring::Mac;

pub(super) const WIRE: Wire = Wire {
    signature: "webhook-signature",
    separator: b' ',
    signed: Signed::IdTimestampBody { id: "webhook-id", timestamp: "webhook-timestamp" },
    list: true,
    element,
    write,
};

/// The length of 32 bytes in base64 with padding.
const ENCODED: usize = 44;

fn element(text: &[u8]) -> Element<'_> {
    if let Some(encoded) = text.strip_prefix(b"v1,") {
        // RFC 9110 §5.3: whoever joins two lines does it with a comma, which then ends an element.
        let encoded = encoded.strip_suffix(b",").unwrap_or(encoded);
        decode(encoded).map_or(Element::Garbled, Element::Signature)
    } else if text.contains(&b',') {
        Element::Foreign
    } else {
        Element::Garbled
    }
}

/// Canonical base64 of exactly 32 bytes, so that there is one text for each signature.
fn decode(encoded: &[u8]) -> Option<Mac> {
    if encoded.len() != ENCODED {
        return None;
    }
    // The decoder wants room for three bytes per four characters before it looks at the padding.
    let mut bytes = [0; ENCODED / 4 * 3];
    let decoded = BASE64_STANDARD.decode_slice(encoded, &mut bytes).ok()?;
    bytes.get(..decoded)?.try_into().ok()
}

fn write(mac: &Mac, out: &mut String) {
    out.push_str("v1,");
    BASE64_STANDARD.encode_string(mac, out);
}
