//! `X-Signature-256: sha256=HEX`, the form that many senders share.

use alloc::string::String;

use super::{Element, Signed, Wire, hex};
use crate::key_ring::Mac;

const LABEL: &str = "sha256=";

pub(super) const WIRE: Wire =
    Wire { signature: "x-signature-256", separator: b',', signed: Signed::Body, list: false, element, write };

/// `sha256=` and 64 lower-case hexadecimal digits.
pub(super) fn element(text: &[u8]) -> Element<'_> {
    match text.strip_prefix(LABEL.as_bytes()) {
        Some(digits) => hex::decode(digits).map_or(Element::Garbled, Element::Signature),
        None if text.contains(&b'=') => Element::Foreign,
        None => Element::Garbled,
    }
}

pub(super) fn write(mac: &Mac, out: &mut String) {
    out.push_str(LABEL);
    hex::encode(mac, out);
}
