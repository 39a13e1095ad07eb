//! PayPal: the signed text, the headers, the certificate's URL.
#![cfg(feature = "rsa-verify")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "kit/rsa.rs"]
mod rsa;

use std::time::Duration;

use rsa::{Rsa, ready};
use webhook_sig::paypal::{CertUrl, Verifier, sign_with};
use webhook_sig::{
    Certificate, Exceeded, ExternalError, Flaw, KeyRing, Limits, Reject, SignError, SignatureAlgorithm,
    UnixMillis,
};

/// 2027-01-01T00:00:00Z.
const NOW: UnixMillis = UnixMillis::from_secs(1_798_761_600);
const URL: &str = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-7a8abba8";
const WEBHOOK: &str = "1JE4291016473214C";
const BODY: &[u8] = br#"{"id":"WH-1","event_type":"PAYMENT.SALE.COMPLETED"}"#;
/// By `openssl dgst -sha256 -sign` over `69cd13f0-…|2027-01-01T00:00:00Z|1JE4291016473214C|1429317798`.
const SIGNATURE: &str = "kn8HE9nn53iKsID0cMQiyqZEHJ8NxDhlFDp6OOJ7YKiDjBdKFXdwJa2SuJhGV65rDHIEJVX50jACJntQRVqL1KrsB2MXr7CzxSO9o84DlyzY7wDuJB1U1S7x20WjuHZ3Y40nyigSamsoeCb9fM9aXb4eluAKGPXJNxzLwg/YwXGMVm2HNk1JPVRCJMbosoHJxIZCYICv8koiqhlfxKlOkEYPsjRIavXHkyFDaVrzq5U7NYUmpfuy93Z9Q8ITHSQRynVwrXcRoAJLd3nFAm6+bbjvSp30y6zoSGJfj6CppL5zh9mwg9+kjiSo2EPnCPyDbGJUcAuuB5dt9xIA17Lq3A==";

fn ring() -> KeyRing<Certificate> {
    KeyRing::certificates().key(URL, Certificate::from_pem(include_str!("keys/rsa.pem")).unwrap()).unwrap()
}

type Headers = Vec<(&'static str, String)>;

fn headers() -> Headers {
    [
        ("PAYPAL-TRANSMISSION-ID", "69cd13f0-d67a-11e5-baa3-778b53f4ae55"),
        ("PAYPAL-TRANSMISSION-TIME", "2027-01-01T00:00:00Z"),
        ("PAYPAL-TRANSMISSION-SIG", SIGNATURE),
        ("PAYPAL-CERT-URL", URL),
        ("PAYPAL-AUTH-ALGO", "SHA256withRSA"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

fn with(name: &str, value: &str) -> Headers {
    let mut headers = headers();
    headers.iter_mut().find(|(given, _)| *given == name).unwrap().1 = value.to_owned();
    headers
}

fn verify(headers: &Headers, body: &[u8]) -> Result<(), Reject> {
    Verifier::new(&ring(), WEBHOOK).verify(headers, body, NOW).map(|_| ())
}

#[test]
fn what_openssl_signed_verifies_cut_at_every_offset() {
    let ring = ring();
    let verifier = Verifier::new(&ring, WEBHOOK);
    let headers = headers();
    let verified = verifier.verify(&headers, BODY, NOW).unwrap();
    assert_eq!(verified.id().unwrap().as_str(), "69cd13f0-d67a-11e5-baa3-778b53f4ae55");
    assert_eq!((verified.at(), verified.key().as_str()), (Some(NOW), URL));
    for cut in 0..=BODY.len() {
        let mut pending = verifier.begin(&headers, NOW).unwrap();
        pending.update(&BODY[..cut]).unwrap();
        pending.update(&BODY[cut..]).unwrap();
        assert_eq!(pending.finish().unwrap().dedupe(), verified.dedupe(), "{cut}");
    }
}

#[test]
fn everything_that_is_signed_counts() {
    assert_eq!(verify(&headers(), BODY), Ok(()));
    assert!(matches!(verify(&headers(), b"{}"), Err(Reject::NoMatch(_))));
    for (name, value) in [
        ("PAYPAL-TRANSMISSION-ID", "69cd13f0-d67a-11e5-baa3-778b53f4ae56"),
        ("PAYPAL-TRANSMISSION-TIME", "2027-01-01T00:00:01Z"),
        ("PAYPAL-TRANSMISSION-TIME", "2027-01-01T00:00:00.0Z"),
    ] {
        assert!(matches!(verify(&with(name, value), BODY), Err(Reject::NoMatch(_))), "{name}");
    }
    // The id of the webhook is the receiver's own, so a request to another webhook does not verify.
    let other = Verifier::new(&ring(), "another").verify(&headers(), BODY, NOW);
    assert!(matches!(other, Err(Reject::NoMatch(_))));
}

#[test]
fn headers_are_missing_doubled_or_malformed() {
    for missing in 0..5 {
        let mut headers = headers();
        let (name, _) = headers.remove(missing);
        assert!(
            matches!(verify(&headers, BODY), Err(Reject::Missing { header }) if header == name.to_lowercase())
        );
    }
    for doubled in 0..5 {
        let mut headers = headers();
        headers.push(headers[doubled].clone());
        assert!(matches!(verify(&headers, BODY), Err(Reject::Malformed { flaw: Flaw::Repeated, .. })));
    }
    for (name, value, flaw) in [
        ("PAYPAL-TRANSMISSION-ID", "a|2027-01-01T00:00:00Z", Flaw::Id),
        ("PAYPAL-TRANSMISSION-ID", "", Flaw::Id),
        ("PAYPAL-TRANSMISSION-TIME", "1798761600", Flaw::Timestamp),
        ("PAYPAL-TRANSMISSION-TIME", "2027-01-01T00:00:00+00:00", Flaw::Timestamp),
        ("PAYPAL-TRANSMISSION-SIG", "!", Flaw::Signature),
        ("PAYPAL-CERT-URL", "https://evil.example/v1/notifications/certs/CERT-1", Flaw::Url),
    ] {
        let reject = verify(&with(name, value), BODY);
        assert!(
            matches!(reject, Err(Reject::Malformed { flaw: given, .. }) if given == flaw),
            "{name} {value}: {reject:?}"
        );
    }
    assert_eq!(
        verify(&with("PAYPAL-AUTH-ALGO", "SHA1withRSA"), BODY),
        Err(Reject::Unsupported { header: "paypal-auth-algo" })
    );
}

#[test]
fn certificate_urls_of_other_hosts_are_refused() {
    assert!(CertUrl::parse("https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1").is_some());
    for url in [
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1",
        "https://user@api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/",
        "https://api.paypal.com/v1/notifications/certs/../../CERT-1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://www.paypal.com/v1/notifications/certs/CERT-1",
    ] {
        assert_eq!(CertUrl::parse(url), None, "{url}");
    }
}

#[test]
fn time_and_size_are_held_to_the_limits() {
    let ring = ring();
    let verifier = Verifier::new(&ring, WEBHOOK);
    let late = Duration::from_secs(301);
    assert_eq!(verifier.verify(&headers(), BODY, NOW + late).map(|_| ()), Err(Reject::Stale { by: late }));
    assert_eq!(
        verifier.verify(&headers(), BODY, NOW.saturating_sub(late)).map(|_| ()),
        Err(Reject::Future { by: late })
    );
    let mut limits = Limits::default();
    limits.max_body = 3;
    limits.max_id = 36;
    let verifier = verifier.with_limits(limits.clone());
    assert_eq!(
        verifier.verify(&headers(), BODY, NOW).map(|_| ()),
        Err(Reject::Limit(Exceeded::Body { max: 3 }))
    );
    limits.max_id = 35;
    limits.max_signature_header = 343;
    let verifier = verifier.with_limits(limits.clone());
    assert_eq!(
        verifier.verify(&headers(), BODY, NOW).map(|_| ()),
        Err(Reject::Limit(Exceeded::Id { max: 35 }))
    );
    limits.max_id = 128;
    let verifier = verifier.with_limits(limits);
    assert_eq!(
        verifier.verify(&headers(), BODY, NOW).map(|_| ()),
        Err(Reject::Limit(Exceeded::SignatureHeader { max: 343 }))
    );
}

#[test]
fn what_is_signed_here_verifies() {
    let rsa = Rsa::new(SignatureAlgorithm::RsaV15Sha256);
    let url = CertUrl::parse(URL).unwrap();
    let headers = ready(sign_with("t-1", NOW, WEBHOOK, &url, b"\xff\x00", &rsa)).unwrap();
    assert!(Verifier::new(&ring(), WEBHOOK).verify(&headers, b"\xff\x00", NOW).is_ok());
    assert!(matches!(
        ready(sign_with("a|b", NOW, WEBHOOK, &url, b"", &rsa)),
        Err(ExternalError::Sign(SignError::Id))
    ));
}
