//! Keys come and go: windows, order, rotation, on both sides.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use core::time::Duration;

use webhook_sig::{KeyRing, KeyRingError, Reject, Scheme, Secret, SignError, UnixMillis};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);
const MINUTE: Duration = Duration::from_secs(60);
const STANDARD: Scheme = Scheme::StandardWebhooks;

fn secret(name: &str) -> Secret {
    Secret::raw(name).unwrap()
}

/// Signed with this secret alone.
fn signed_by(name: &str, scheme: Scheme, at: UnixMillis) -> webhook_sig::SignatureHeaders {
    KeyRing::new().hmac("sender", secret(name)).unwrap().signer(scheme).sign("msg_1", at, b"{}").unwrap()
}

fn matching_key(ring: &KeyRing, name: &str, at: UnixMillis) -> Option<String> {
    let headers = signed_by(name, STANDARD, at);
    match ring.scheme(STANDARD).verify(&headers, b"{}", at) {
        Ok(verified) => Some(verified.key().to_string()),
        Err(Reject::NoMatch(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn any_active_key_verifies_and_is_named() {
    let ring = KeyRing::new().hmac("new", secret("n")).unwrap().hmac("old", secret("o")).unwrap();
    assert_eq!(matching_key(&ring, "n", NOW).as_deref(), Some("new"));
    assert_eq!(matching_key(&ring, "o", NOW).as_deref(), Some("old"));
    assert_eq!(matching_key(&ring, "x", NOW), None);
}

#[test]
fn a_window_begins_at_its_first_and_ends_before_its_last_millisecond() {
    let until = NOW + MINUTE;
    let ring = KeyRing::new()
        .hmac_from("from", secret("f"), NOW)
        .unwrap()
        .hmac_until("until", secret("u"), until)
        .unwrap()
        .hmac_between("between", secret("b"), NOW, until)
        .unwrap();
    let tick = Duration::from_millis(1);
    let (before, last) = (NOW.saturating_sub(tick), until.saturating_sub(tick));
    for (name, at, active) in [
        ("f", before, false),
        ("f", NOW, true),
        ("f", UnixMillis::from_secs(9_000_000_000), true),
        ("u", UnixMillis::EPOCH, true),
        ("u", last, true),
        ("u", until, false),
        ("b", before, false),
        ("b", NOW, true),
        ("b", last, true),
        ("b", until, false),
    ] {
        assert_eq!(matching_key(&ring, name, at).is_some(), active, "{name} at {at}");
    }
}

#[test]
fn the_window_is_judged_at_the_present_time_not_at_the_signed_time() {
    let ring = KeyRing::new().hmac_until("old", secret("o"), NOW).unwrap().hmac("new", secret("n")).unwrap();
    let headers = signed_by("o", STANDARD, NOW.saturating_sub(MINUTE));
    assert!(ring.scheme(STANDARD).verify(&headers, b"{}", NOW.saturating_sub(MINUTE)).is_ok());
    assert!(matches!(ring.scheme(STANDARD).verify(&headers, b"{}", NOW), Err(Reject::NoMatch(_))));
}

#[test]
fn lists_are_signed_by_every_active_key_and_single_signatures_by_the_first() {
    let ring = KeyRing::new()
        .hmac_from("next", secret("x"), NOW + MINUTE)
        .unwrap()
        .hmac("new", secret("n"))
        .unwrap()
        .hmac("old", secret("o"))
        .unwrap();
    for (scheme, signatures) in
        [(STANDARD, 2), (Scheme::Stripe, 2), (Scheme::Generic, 1), (Scheme::GitHub, 1)]
    {
        let headers = ring.signer(scheme).sign("msg_1", NOW, b"{}").unwrap();
        for (name, receives) in [("n", true), ("o", signatures == 2), ("x", false)] {
            let receiver = KeyRing::new().hmac("k", secret(name)).unwrap();
            let result = receiver.scheme(scheme).verify(&headers, b"{}", NOW);
            assert_eq!(result.is_ok(), receives, "{scheme} {name}");
        }
        let (_, value) = headers.iter().last().unwrap();
        let labels = value.matches("v1").count() + value.matches("sha256").count();
        assert_eq!(labels, signatures, "{value}");
    }
}

#[test]
fn rotate_signs_with_the_new_key_first_and_lets_the_old_one_run_out() {
    let mut ring = KeyRing::new().hmac("1", secret("one")).unwrap();
    ring.rotate("2", secret("two"), NOW, MINUTE).unwrap();
    assert_eq!(ring.active(NOW).map(ToString::to_string).collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!(ring.active(NOW + MINUTE).map(ToString::to_string).collect::<Vec<_>>(), ["2"]);
    // In the past the new key does not count.
    let before = NOW.saturating_sub(MINUTE);
    assert_eq!(ring.active(before).map(ToString::to_string).collect::<Vec<_>>(), ["1"]);
    // Another rotation after the overlap drops what ended.
    ring.rotate("3", secret("three"), NOW + 2 * MINUTE, MINUTE).unwrap();
    assert_eq!(ring.ids().map(ToString::to_string).collect::<Vec<_>>(), ["3", "2"]);
}

#[test]
fn rotate_does_not_lengthen_a_window() {
    let mut ring = KeyRing::new().hmac_until("1", secret("one"), NOW + MINUTE).unwrap();
    ring.rotate("2", secret("two"), NOW, 10 * MINUTE).unwrap();
    assert_eq!(ring.active(NOW + MINUTE).count(), 1);
}

#[test]
fn a_rotation_that_fails_changes_nothing() {
    let mut ring = KeyRing::new().hmac("1", secret("one")).unwrap();
    let error = ring.rotate("1", secret("two"), NOW, Duration::from_secs(1)).unwrap_err();
    assert_eq!(error, KeyRingError::DuplicateId("1".into()));
    assert_eq!(matching_key(&ring, "one", NOW + MINUTE).as_deref(), Some("1"));

    let mut ring = KeyRing::with_max_active(1).hmac("1", secret("one")).unwrap();
    let error = ring.rotate("2", secret("two"), NOW, Duration::from_secs(1)).unwrap_err();
    assert_eq!(error, KeyRingError::TooManyActive { max: 1 });
    assert_eq!(matching_key(&ring, "one", NOW + MINUTE).as_deref(), Some("1"));
    // Without an overlap there is never more than one.
    ring.rotate("2", secret("two"), NOW, Duration::ZERO).unwrap();
    assert_eq!(matching_key(&ring, "one", NOW), None);
    assert_eq!(matching_key(&ring, "two", NOW).as_deref(), Some("2"));
}

#[test]
fn expire_and_remove_end_a_key() {
    let mut ring = KeyRing::new().hmac("1", secret("one")).unwrap().hmac("2", secret("two")).unwrap();
    assert!(ring.expire("1", NOW));
    assert!(ring.expire("1", NOW + MINUTE), "a later end does not revive it");
    assert_eq!(matching_key(&ring, "one", NOW), None);
    assert!(ring.remove("2"));
    assert!(!ring.remove("2"));
    assert!(!ring.expire("2", NOW));
    assert_eq!(ring.signer(STANDARD).sign("msg_1", NOW, b"").unwrap_err(), SignError::NoActiveKey);
}

#[test]
fn at_most_8_keys_are_active_at_a_time() {
    let mut ring = KeyRing::new();
    for number in 0..8 {
        ring = ring.hmac_until(number.to_string(), secret("s"), NOW).unwrap();
    }
    // A ninth that begins when the others end is no ninth.
    ring = ring.hmac_from("after", secret("a"), NOW).unwrap();
    let error = ring.clone().hmac("ninth", secret("n")).unwrap_err();
    assert_eq!(error, KeyRingError::TooManyActive { max: 8 });
    let overlapping = ring.hmac_from("early", secret("n"), NOW.saturating_sub(MINUTE)).unwrap_err();
    assert_eq!(overlapping, KeyRingError::TooManyActive { max: 8 });
}

#[test]
fn every_one_of_many_keys_verifies() {
    let ring = (0..8).fold(KeyRing::new(), |ring, n| {
        ring.hmac(format!("key {n}"), secret(&format!("secret {n}"))).unwrap()
    });
    for n in 0..8 {
        assert_eq!(matching_key(&ring, &format!("secret {n}"), NOW), Some(format!("key {n}")));
    }
    let reject = ring.scheme(STANDARD).verify(&signed_by("x", STANDARD, NOW), b"{}", NOW).unwrap_err();
    let Reject::NoMatch(explain) = reject else { panic!("{reject}") };
    assert_eq!(explain.keys, 8);
}

#[test]
fn a_name_is_given_once_and_a_window_is_not_empty() {
    let ring = KeyRing::new().hmac("1", secret("one")).unwrap();
    assert_eq!(
        ring.clone().hmac_until("1", secret("two"), NOW).unwrap_err(),
        KeyRingError::DuplicateId("1".into())
    );
    for until in [NOW, NOW.saturating_sub(MINUTE)] {
        let error = ring.clone().hmac_between("2", secret("two"), NOW, until).unwrap_err();
        assert_eq!(error, KeyRingError::EmptyWindow("2".into()));
    }
}

#[test]
fn a_ring_prints_names_and_windows_only() {
    let ring = KeyRing::new().hmac("visible", secret("hidden")).unwrap();
    let text = format!("{ring:?}");
    assert!(text.contains("visible") && !text.contains("hidden") && !text.contains("hmac"), "{text}");
}

#[test]
fn ids_to_sign_are_plain() {
    let ring = KeyRing::new().hmac("k", secret("s")).unwrap();
    let long = "i".repeat(129);
    for id in ["", "a.b", "a b", "é", "a,b", "a\r\nb", "a:b", long.as_str()] {
        assert_eq!(ring.signer(STANDARD).sign(id, NOW, b"").unwrap_err(), SignError::Id, "{id:?}");
        // Where the id is not signed it does not matter.
        assert!(ring.signer(Scheme::Stripe).sign(id, NOW, b"").is_ok());
    }
    for id in ["a", "msg_A-9", &"i".repeat(128)] {
        assert!(ring.signer(STANDARD).sign(id, NOW, b"").is_ok());
    }
}
