//! Schemes that are not in the crate, as data, beside the same computed by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use core::time::Duration;

use webhook_sig::{
    Encoding, KeyRing, Layout, Limits, Part, Reject, Scheme, Secret, Sha1Scheme, TimeIn, TimeUnit, UnixMillis,
};

const NOW: UnixMillis = UnixMillis::from_millis(1_700_000_000_123);
const BODY: &[u8] = br#"{"id":1}"#;

fn ring() -> KeyRing {
    KeyRing::new().hmac("k", Secret::raw("secret").unwrap()).unwrap()
}

fn mac(message: &str) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"secret");
    ring::hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `t=MILLIS, v1=HEX` over `MILLIS.body`: WorkOS.
static WORKOS: Layout = Layout::new("workos-signature", Encoding::Hex)
    .label("v1=")
    .list(b',')
    .time(TimeIn::Element("t="))
    .unit(TimeUnit::Millis)
    .before(&[Part::Time, Part::Text(".")])
    .tolerance(Duration::from_secs(180));

#[test]
fn milliseconds_in_the_signature_header() {
    let scheme = Scheme::Custom(&WORKOS);
    let expected = hex(&mac("1700000000123.{\"id\":1}"));
    let headers = ring().signer(scheme).sign("", NOW, BODY).unwrap();
    let value = format!("t=1700000000123,v1={expected}");
    assert_eq!(headers.iter().next(), Some(("workos-signature", value.as_str())));
    let spaced = [("WorkOS-Signature", format!("t=1700000000123, v1={expected}"))];
    let verified = ring().scheme(scheme).verify(&spaced, BODY, NOW).unwrap().at();
    assert_eq!(verified, Some(NOW));
    let late = NOW + Duration::from_millis(180_001);
    assert!(matches!(ring().scheme(scheme).verify(&spaced, BODY, late), Err(Reject::Stale { .. })));
    assert_eq!(Limits::for_scheme(scheme).tolerance_past, Duration::from_secs(180));
}

/// `body` and then the time, in base64: Zendesk has it the other way round, Box like this.
static BEHIND: Layout = Layout::new("x-signature", Encoding::Base64)
    .time(TimeIn::Header("x-time"))
    .id("x-id")
    .after(&[Part::Text("|"), Part::Time, Part::Text("|"), Part::Id, Part::Url]);

#[test]
fn parts_behind_the_body() {
    let scheme = Scheme::Custom(&BEHIND);
    let url = "https://a.example/";
    let headers = ring().signer(scheme).with_url(url).sign("e-1", NOW, BODY).unwrap();
    let ring = ring();
    let verifier = ring.scheme(scheme).with_url(url);
    let pairs: Vec<(&str, &str)> = headers.iter().collect();
    let expected = base64_of(&mac("{\"id\":1}|1700000000|e-1https://a.example/"));
    assert_eq!(pairs, [("x-id", "e-1"), ("x-time", "1700000000"), ("x-signature", expected.as_str())]);
    let verified = verifier.verify(&headers, BODY, NOW).unwrap();
    assert_eq!(verified.dedupe().to_string(), "id:e-1");
    for cut in 0..=BODY.len() {
        let mut pending = verifier.begin(&headers, NOW).unwrap();
        pending.update(&BODY[..cut]).unwrap();
        pending.update(&BODY[cut..]).unwrap();
        assert!(pending.finish().is_ok());
    }
    assert_eq!(ring.scheme(scheme).verify(&headers, BODY, NOW), Err(Reject::Url));
    let other = verifier.clone().with_url("https://b.example/");
    assert!(matches!(other.verify(&headers, BODY, NOW), Err(Reject::NoMatch(_))));
    let without: Vec<_> = pairs[1..].to_vec();
    assert_eq!(verifier.verify(&without, BODY, NOW), Err(Reject::Missing { header: "x-id" }));
}

fn base64_of(bytes: &[u8]) -> String {
    // The alphabet by hand, as the crate's encoder is what is tested.
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let symbol = alphabet[(word >> (18 - 6 * index) & 63) as usize];
            out.push(if index <= chunk.len() { char::from(symbol) } else { '=' });
        }
    }
    out
}

#[test]
fn a_custom_scheme_of_hmac_sha1() {
    static INTERCOM: Layout = Layout::new("x-hub-signature", Encoding::Hex).label("sha1=").max_body(10);
    let ring = KeyRing::sha1().key("k", Secret::raw("secret").unwrap()).unwrap();
    let scheme = Sha1Scheme::Custom(&INTERCOM);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"secret");
    let value = format!("sha1={}", hex(ring::hmac::sign(&key, BODY).as_ref()));
    let headers = [("x-hub-signature", value.as_str())];
    assert_eq!(ring.signer(scheme).sign("", NOW, BODY).unwrap().iter().next(), Some(headers[0]));
    assert!(ring.scheme(scheme).verify(&headers, BODY, NOW).is_ok());
    assert_eq!(ring.scheme(scheme).verify(&headers, [0; 11], NOW).unwrap_err().http_status(), 413);
    assert_eq!((Scheme::Custom(&WORKOS).as_str(), scheme.to_string().as_str()), ("custom", "custom"));
}

/// A header with an id and one with a time, of which nothing is signed.
static UNSIGNED: Layout =
    Layout::new("x-signature", Encoding::Hex).id("x-id").time(TimeIn::Header("x-time")).label("v=");

#[test]
fn an_id_or_a_time_that_is_not_signed_is_not_told() {
    let ring = ring();
    let scheme = Scheme::Custom(&UNSIGNED);
    let signature = format!("v={}", hex(&mac("{\"id\":1}")));
    let verify = |id: &str, time: &str| {
        let headers = [("x-id", id), ("x-time", time), ("x-signature", signature.as_str())];
        let streamed = ring.scheme(scheme).begin(&headers, NOW).and_then(|mut pending| {
            pending.update(BODY)?;
            pending.finish()
        });
        let whole = ring.scheme(scheme).verify(&headers, BODY, NOW);
        assert_eq!(
            whole.as_ref().map(|verified| (verified.id(), verified.at(), verified.dedupe())),
            streamed.as_ref().map(|verified| (verified.id(), verified.at(), verified.dedupe()))
        );
        streamed
    };
    let verified = verify("e-1", "1700000000").unwrap();
    assert_eq!((verified.id(), verified.at()), (None, None));
    // So whoever changes them sends the same event again.
    assert_eq!(verify("e-2", "1700000009").unwrap().dedupe(), verified.dedupe());
    assert!(matches!(verify("e-1", "1600000000"), Err(Reject::Stale { .. })));
    assert_eq!(verify("e.1", "1700000000").unwrap_err().http_status(), 400);
}
