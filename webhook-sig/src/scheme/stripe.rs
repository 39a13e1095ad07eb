//! Stripe, "Verify the webhook signature manually": `t=SECONDS,v1=HEX,v1=HEX,v0=HEX`.

use alloc::string::String;

use super::{Element, Signed, Wire, hex};
use crate::key_ring::Mac;

pub(super) const WIRE: Wire = Wire {
    signature: "stripe-signature",
    separator: b',',
    signed: Signed::TimestampBody,
    list: true,
    element,
    write,
};

fn element(text: &[u8]) -> Element<'_> {
    if let Some(digits) = text.strip_prefix(b"v1=") {
        hex::decode(digits).map_or(Element::Garbled, Element::Signature)
    } else if let Some(timestamp) = text.strip_prefix(b"t=") {
        Element::Timestamp(timestamp)
    } else if text.contains(&b'=') {
        // `v0` among them: it marks test events, so to accept it would be a downgrade.
        Element::Foreign
    } else {
        Element::Garbled
    }
}

fn write(mac: &Mac, out: &mut String) {
    out.push_str("v1=");
    hex::encode(mac, out);
}
