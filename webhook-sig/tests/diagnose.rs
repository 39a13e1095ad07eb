//! Why a request was refused, found out afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use core::time::Duration;

use webhook_sig::{BodyChange, Diagnosis, KeyRing, Reject, Scheme, Secret, UnixMillis};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

fn ring() -> KeyRing {
    KeyRing::new()
        .hmac("current", Secret::raw("current").unwrap())
        .unwrap()
        .hmac_until("former", Secret::raw("former").unwrap(), NOW)
        .unwrap()
}

fn diagnose(secret: &str, at: UnixMillis, signed: &[u8], received: &[u8]) -> Diagnosis {
    let sender = KeyRing::new().hmac("k", Secret::raw(secret).unwrap()).unwrap();
    let headers = sender.signer(Scheme::Stripe).sign("", at, signed).unwrap();
    ring().scheme(Scheme::Stripe).diagnose(&headers, received, NOW)
}

#[test]
fn a_right_request_is_accepted() {
    assert_eq!(diagnose("current", NOW, b"{}", b"{}"), Diagnosis::Accepted);
}

#[test]
fn a_key_outside_its_window_is_named() {
    let diagnosis = diagnose("former", NOW, b"{}", b"{}");
    assert_eq!(diagnosis, Diagnosis::KeyInactive("former".into()));
    assert_eq!(diagnosis.to_string(), "the key former matches, but is not active at this time");
}

#[test]
fn a_clock_that_is_off_is_told_from_a_wrong_signature() {
    let hour = Duration::from_secs(3600);
    for (at, past) in [(NOW.saturating_sub(hour), true), (NOW + hour, false)] {
        assert_eq!(diagnose("current", at, b"{}", b"{}"), Diagnosis::ClockOff { by: hour, past });
        assert_eq!(diagnose("wrong", at, b"{}", b"{}"), Diagnosis::WrongSecretOrBody);
    }
}

#[test]
fn a_body_that_was_changed_on_its_way_is_recognised() {
    use BodyChange::{JsonSpacing, LineEndAdded, LineEndRemoved, LineEnds};
    for (signed, received, change) in [
        ("{}", "{}\n", LineEndAdded),
        ("{}", "{}\r\n", LineEndAdded),
        ("{}\n", "{}", LineEndRemoved),
        ("a\nb\n", "a\r\nb\r\n", LineEnds),
        ("a\r\nb\r\n", "a\nb\n", LineEnds),
        (r#"{"a":[1,2],"b":"x, y: \" z"}"#, "{\n \"a\": [1, 2],\n \"b\": \"x, y: \\\" z\"\n}", JsonSpacing),
        (r#"{"a": [1, 2], "b": "x,y:\\"}"#, r#"{"a":[1,2],"b":"x,y:\\"}"#, JsonSpacing),
    ] {
        let diagnosis = diagnose("current", NOW, signed.as_bytes(), received.as_bytes());
        assert_eq!(diagnosis, Diagnosis::BodyChanged(change), "{signed:?} {received:?}");
        // It explains, it does not excuse.
        let sender = KeyRing::new().hmac("k", Secret::raw("current").unwrap()).unwrap();
        let headers = sender.signer(Scheme::Stripe).sign("", NOW, signed.as_bytes()).unwrap();
        assert!(ring().scheme(Scheme::Stripe).verify(&headers, received, NOW).is_err());
    }
}

#[test]
fn what_is_not_recognised_is_the_secret_or_the_body() {
    assert_eq!(diagnose("wrong", NOW, b"{}", b"{}"), Diagnosis::WrongSecretOrBody);
    assert_eq!(diagnose("current", NOW, b"{}", b"{ \"a\":"), Diagnosis::WrongSecretOrBody);
    assert_eq!(diagnose("current", NOW, b"{}", b"\"\\"), Diagnosis::WrongSecretOrBody);
}

#[test]
fn what_does_not_come_as_far_as_a_comparison_is_said_as_it_is() {
    let none: [(&str, &str); 0] = [];
    let diagnosis = ring().scheme(Scheme::Stripe).diagnose(&none, b"", NOW);
    assert_eq!(diagnosis, Diagnosis::Unreadable(Reject::Missing { header: "stripe-signature" }));
}

#[test]
fn a_url_that_a_proxy_changed_is_recognised() {
    let ring = ring();
    let signed = "https://hooks.example.com/in?tenant=1";
    let headers = ring.signer(Scheme::Square).with_url(signed).sign("", NOW, b"{}").unwrap();
    for told in [
        "http://hooks.example.com/in?tenant=1",
        "https://hooks.example.com:443/in?tenant=1",
        "https://hooks.example.com/in/?tenant=1",
        "http://hooks.example.com:8080/in?tenant=1",
    ] {
        let diagnosis = ring.scheme(Scheme::Square).with_url(told).diagnose(&headers, b"{}", NOW);
        assert_eq!(diagnosis, Diagnosis::OtherUrl(signed.into()), "{told}");
    }
    let elsewhere =
        ring.scheme(Scheme::Square).with_url("https://example.com/").diagnose(&headers, b"{}", NOW);
    assert_eq!(elsewhere, Diagnosis::WrongSecretOrBody);
}

#[test]
fn a_clock_that_is_off_is_told_where_the_time_is_in_the_body() {
    let ring = ring();
    let body = format!(r#"{{"webhookTimestamp":{NOW}}}"#);
    let headers = ring.signer(Scheme::Linear).sign("", NOW, body.as_bytes()).unwrap();
    let later = NOW + Duration::from_secs(412);
    let diagnosis = ring.scheme(Scheme::Linear).diagnose(&headers, body.as_bytes(), later);
    assert_eq!(diagnosis, Diagnosis::ClockOff { by: Duration::from_secs(412), past: true });
    assert_eq!(diagnosis.to_string(), "the signature matches, but its time lies 412s in the past");
}
