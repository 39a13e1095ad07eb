//! What the tests of all schemes share.
#![allow(dead_code, reason = "not every test uses all of it")]

use webhook_sig::{KeyRing, Layout, TimeIn, UnixMillis};

/// Where the requests go, for the schemes that sign it.
pub(crate) const URL: &str = "https://hooks.example.com/in?tenant=1";

/// A body that holds `bytes` and what the scheme asks of a body.
pub(crate) fn body_for(layout: &Layout, bytes: &[u8], at: UnixMillis) -> Vec<u8> {
    if !format!("{layout:?}").contains(&format!("{:?}", TimeIn::Json("webhookTimestamp"))) {
        return bytes.to_vec();
    }
    let mut body = format!(r#"{{"webhookTimestamp":{at},"data":""#).into_bytes();
    body.extend(bytes.iter().map(|byte| if matches!(byte, b'"' | b'\\') { b'.' } else { *byte }));
    body.extend_from_slice(br#""}"#);
    body
}

/// A ring of `count` keys, of which `secret 0` is the last.
pub(crate) fn hmac_ring(count: usize) -> KeyRing {
    (0..count).rev().fold(KeyRing::new(), |ring, n| {
        ring.hmac(format!("{n}"), webhook_sig::Secret::raw(format!("secret {n}")).unwrap()).unwrap()
    })
}

/// The same for HMAC-SHA1.
pub(crate) fn sha1_ring(count: usize) -> KeyRing<webhook_sig::HmacSha1> {
    (0..count).rev().fold(KeyRing::sha1(), |ring, n| {
        ring.key(format!("{n}"), webhook_sig::Secret::raw(format!("secret {n}")).unwrap()).unwrap()
    })
}
