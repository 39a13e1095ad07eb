//! A body verifies the same however it is cut, under every scheme.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod kit;

use kit::{URL, body_for, hmac_ring, sha1_ring};
use webhook_sig::{
    KeyRing, Reject, Scheme, Schemes as _, Sha1Scheme, Sign, UnixMillis, Verify, twilio_json_url,
};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

/// Over four blocks of the hashes, with every alignment to them.
fn bytes() -> Vec<u8> {
    (0..=255_u8).chain(0..31).collect()
}

/// A form that is signed otherwise than it is sent.
const FORM: &[u8] = b"To=%2B18005551212&Digits=1234&Body=a+%26+b%3D%C3%A9&Body=x&CallSid=CA1234567890ABCDE&Empty=&Caller=%2B14158675309";

/// One scheme with one ring: every cut, every piece size, and every body that is too short or too long.
fn cut<K: Sign + Verify>(rings: impl Fn(usize) -> KeyRing<K>, scheme: K::Scheme, url: &str, body: &[u8]) {
    let headers = rings(1).signer(scheme).with_url(url).sign("msg_1", NOW, body).unwrap();
    // Two keys are held inline, the others on the heap; the one that signs is the last, so every lane runs beside it.
    for keys in [1, 2, 3, 5] {
        let ring = rings(keys);
        let verifier = ring.scheme(scheme).with_url(url);
        let whole = verifier.verify(&headers, body, NOW).unwrap();
        for at in 0..=body.len() {
            let (head, tail) = body.split_at(at);
            let mut pending = verifier.begin(&headers, NOW).unwrap();
            pending.update(head).unwrap();
            pending.update(tail).unwrap();
            let verified = pending.finish().unwrap();
            assert_eq!(verified.key().as_str(), "0");
            assert_eq!(verified.dedupe(), whole.dedupe(), "{scheme:?} cut at {at}");
            assert_eq!(verified.at(), whole.at());
            assert_eq!(verified.id(), whole.id());
        }
        for size in (1..=70).chain([127, 128, 129]) {
            let mut collecting = verifier.begin(&headers, NOW).unwrap().collect();
            for piece in body.chunks(size) {
                collecting.update(piece).unwrap();
            }
            assert_eq!(*collecting.finish().unwrap().body(), body, "{scheme:?} in pieces of {size}");
        }
    }
    let longer = [body, b"0"].concat();
    let ring = rings(1);
    for len in 0..=longer.len() {
        let mut pending = ring.scheme(scheme).with_url(url).begin(&headers, NOW).unwrap();
        pending.update(&longer[..len]).unwrap();
        let streamed = pending.finish();
        // In one go it is the same verdict, whatever it is.
        let whole = ring.scheme(scheme).with_url(url).verify(&headers, &longer[..len], NOW);
        assert_eq!(
            whole.map(|verified| verified.dedupe()),
            streamed.clone().map(|verified| verified.dedupe())
        );
        match streamed {
            Ok(_) => assert_eq!(len, body.len()),
            Err(Reject::NoMatch(explain)) => assert_eq!((explain.body, len == body.len()), (len, false)),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn hmac_sha256_schemes_at_every_offset() {
    for scheme in Scheme::ALL {
        cut(hmac_ring, scheme, URL, &body_for(scheme.layout(), &bytes(), NOW));
    }
}

#[test]
fn hmac_sha1_schemes_at_every_offset() {
    cut(sha1_ring, Sha1Scheme::GitHub, URL, &bytes());
}

#[test]
fn a_form_of_twilio_at_every_offset() {
    cut(sha1_ring, Sha1Scheme::Twilio, URL, FORM);
}

#[test]
fn json_of_twilio_at_every_offset() {
    let body = br#"{"type":"com.twilio.messaging.message.delivered","data":{"sid":"SM1"}}"#;
    cut(sha1_ring, Sha1Scheme::Twilio, &twilio_json_url(URL, body), body);
}

#[test]
fn a_verification_under_way_is_at_most_512_bytes() {
    let (ring, sha1) = (hmac_ring(1), sha1_ring(1));
    let headers = ring.signer(Scheme::Stripe).sign("msg_1", NOW, b"").unwrap();
    let pending = ring.scheme(Scheme::Stripe).begin(&headers, NOW).unwrap();
    assert!(size_of_val(&pending) <= 512, "{}", size_of_val(&pending));
    let headers = sha1.signer(Sha1Scheme::GitHub).sign("msg_1", NOW, b"").unwrap();
    let pending = sha1.scheme(Sha1Scheme::GitHub).begin(&headers, NOW).unwrap();
    assert!(size_of_val(&pending) <= 512, "{}", size_of_val(&pending));
}
