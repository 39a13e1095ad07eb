//! Against the scheme's own Rust library, both ways: where the two differ is written down here.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the library reads the clock, so the test has to")]

use std::time::SystemTime;

use http::HeaderMap;
use proptest::prelude::*;
use standardwebhooks::Webhook;
use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};

const SCHEME: Scheme = Scheme::StandardWebhooks;

fn now() -> UnixMillis {
    SystemTime::now().into()
}

fn headers(id: &str, timestamp: &str, signature: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", id.parse().unwrap());
    headers.insert("webhook-timestamp", timestamp.parse().unwrap());
    headers.insert("webhook-signature", signature.parse().unwrap());
    headers
}

/// What the two say of a request: ours, theirs.
fn verdicts(secret: &[u8], headers: &HeaderMap, body: &[u8]) -> (bool, bool) {
    let ring = KeyRing::new().hmac("k", Secret::raw(secret).unwrap()).unwrap();
    let theirs = Webhook::from_bytes(secret.to_vec()).unwrap().verify(body, headers).is_ok();
    (ring.scheme(SCHEME).verify(headers, body, now()).is_ok(), theirs)
}

fn signature(secret: &[u8], id: &str, timestamp: i64, body: &[u8]) -> String {
    Webhook::from_bytes(secret.to_vec()).unwrap().sign(id, timestamp, body).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_they_sign_we_verify_and_sign_alike(
        secret in prop::collection::vec(any::<u8>(), 1..100),
        id in "[A-Za-z0-9_-]{1,64}",
        body in ".{0,500}",
    ) {
        let at = now();
        let theirs = signature(&secret, &id, i64::try_from(at.as_secs()).unwrap(), body.as_bytes());
        let request = headers(&id, &at.as_secs().to_string(), &theirs);
        prop_assert_eq!(verdicts(&secret, &request, body.as_bytes()), (true, true));

        let ring = KeyRing::new().hmac("k", Secret::raw(&secret).unwrap()).unwrap();
        let ours = ring.signer(SCHEME).sign(&id, at, body.as_bytes()).unwrap();
        prop_assert_eq!(ours.iter().last(), Some(("webhook-signature", theirs.as_str())));
    }

    /// Lists of signatures, right and wrong, known and unknown, well-formed and not.
    #[test]
    fn lists_are_judged_alike(
        elements in prop::collection::vec(0..7_usize, 1..12),
        drift in -400_i64..400,
    ) {
        // Within a second of the tolerance's edge, the two read the clock at different moments.
        prop_assume!((drift.abs() - 300).abs() > 2);
        let (secret, id, body) = (b"a secret", "msg_1", br#"{"a":1}"#);
        let at = i64::try_from(now().as_secs()).unwrap() + drift;
        let right = signature(secret, id, at, body);
        let wrong = signature(b"another", id, at, body);
        let list: Vec<&str> = elements
            .iter()
            .map(|&element| match element {
                0 => right.as_str(),
                1 => wrong.as_str(),
                2 => "v1,",
                3 => "v1,AAAA",
                4 => "v1a,AAAA",
                5 => "",
                _ => right.trim_end_matches('='),
            })
            .collect();
        let (ours, theirs) = verdicts(secret, &headers(id, &at.to_string(), &list.join(" ")), body);
        prop_assert_eq!(ours, theirs);
    }
}

#[test]
fn differs_a_body_that_is_not_utf_8_is_refused_by_them_only() {
    let ring = KeyRing::new().hmac("k", Secret::raw("s").unwrap()).unwrap();
    let mut request = HeaderMap::new();
    for (name, value) in ring.signer(SCHEME).sign("msg_1", now(), b"\xff").unwrap() {
        request.insert(name, value.parse().unwrap());
    }
    assert_eq!(verdicts(b"s", &request, b"\xff"), (true, false));
}

#[test]
fn differs_a_timestamp_with_a_plus_is_refused_by_us_only() {
    let at = now().as_secs();
    let signature = signature(b"s", "msg_1", i64::try_from(at).unwrap(), b"{}");
    assert_eq!(verdicts(b"s", &headers("msg_1", &format!("+{at}"), &signature), b"{}"), (false, true));
}

#[test]
fn differs_doubled_headers_are_refused_by_us_only() {
    let at = now().as_secs();
    let signature = signature(b"s", "msg_1", i64::try_from(at).unwrap(), b"{}");
    for header in ["webhook-id", "webhook-timestamp"] {
        let mut request = headers("msg_1", &at.to_string(), &signature);
        request.append(header, "2".parse().unwrap());
        assert_eq!(verdicts(b"s", &request, b"{}"), (false, true), "{header}");
    }
}

#[test]
fn differs_signature_lines_are_joined_by_us_only() {
    let at = now().as_secs();
    let right = signature(b"s", "msg_1", i64::try_from(at).unwrap(), b"{}");
    let mut request = headers("msg_1", &at.to_string(), "v1,AAAA");
    request.append("webhook-signature", right.parse().unwrap());
    assert_eq!(verdicts(b"s", &request, b"{}"), (true, false));
}

#[test]
fn differs_an_id_with_a_full_stop_is_refused_by_us_only() {
    let at = now().as_secs();
    let signature = signature(b"s", "msg.1", i64::try_from(at).unwrap(), b"{}");
    assert_eq!(verdicts(b"s", &headers("msg.1", &at.to_string(), &signature), b"{}"), (false, true));
}
