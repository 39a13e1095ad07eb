//! What is signed verifies, and nothing near it does. A failing case prints its seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod kit;

use kit::{URL, body_for};
use proptest::prelude::*;
use webhook_sig::{KeyRing, Reject, Scheme, Schemes as _, Secret, UnixMillis};

fn scheme() -> impl Strategy<Value = Scheme> {
    prop::sample::select(Scheme::ALL.to_vec())
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..max)
}

/// A time at which it is a signature that decides, and not the tolerance.
fn time() -> impl Strategy<Value = UnixMillis> {
    (0..=253_402_300_799_999_u64).prop_map(UnixMillis::from_millis)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_signed_verifies(
        scheme in scheme(),
        secret in prop::collection::vec(any::<u8>(), 1..200),
        id in "[A-Za-z0-9_-]{1,128}",
        at in time(),
        body in bytes(2000),
    ) {
        let ring = KeyRing::new().hmac("k", Secret::raw(secret).unwrap()).unwrap();
        let body = body_for(scheme.layout(), &body, at);
        let headers = ring.signer(scheme).with_url(URL).sign(&id, at, &body).unwrap();
        let verified = ring.scheme(scheme).with_url(URL).verify(&headers, body.as_slice(), at).unwrap();
        prop_assert_eq!(*verified.body(), body.as_slice());
        if let Some(signed) = verified.id() {
            prop_assert_eq!(signed.as_str(), id);
        }
        if let Some(signed) = verified.at() {
            prop_assert_eq!(signed.as_secs(), at.as_secs());
        }
    }

    #[test]
    fn one_flipped_bit_in_the_body_does_not(
        scheme in scheme(),
        at in time(),
        mut body in prop::collection::vec(any::<u8>(), 1..500),
        index in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let ring = KeyRing::new().hmac("k", Secret::raw("secret").unwrap()).unwrap();
        body = body_for(scheme.layout(), &body, at);
        let headers = ring.signer(scheme).with_url(URL).sign("msg_1", at, &body).unwrap();
        *index.get_mut(&mut body) ^= 1_u8 << bit;
        let reject = ring.scheme(scheme).with_url(URL).verify(&headers, body, at).unwrap_err();
        prop_assert!(matches!(reject, Reject::NoMatch(_)), "{:?}", reject);
    }

    #[test]
    fn one_flipped_bit_in_a_header_does_not(
        scheme in scheme(),
        at in time(),
        field in any::<prop::sample::Index>(),
        index in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let ring = KeyRing::new().hmac("k", Secret::raw("secret").unwrap()).unwrap();
        let body = body_for(scheme.layout(), b"{}", at);
        let mut headers: Vec<(&str, Vec<u8>)> = ring
            .signer(scheme)
            .with_url(URL)
            .sign("msg_1", at, &body)
            .unwrap()
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()))
            .collect();
        *index.get_mut(&mut field.get_mut(&mut headers).1) ^= 1_u8 << bit;
        let refused = ring.scheme(scheme).with_url(URL).verify(&headers, &body, at).is_err();
        prop_assert!(refused);
    }

    #[test]
    fn one_flipped_bit_in_the_secret_does_not(
        scheme in scheme(),
        mut secret in prop::collection::vec(any::<u8>(), 1..64),
        index in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let now = UnixMillis::from_secs(1_700_000_000);
        let sender = KeyRing::new().hmac("k", Secret::raw(&secret).unwrap()).unwrap();
        let body = body_for(scheme.layout(), b"{}", now);
        let headers = sender.signer(scheme).with_url(URL).sign("msg_1", now, &body).unwrap();
        // A short key is padded with zeros, so a change of any byte is another key.
        *index.get_mut(&mut secret) ^= 1_u8 << bit;
        let receiver = KeyRing::new().hmac("k", Secret::raw(&secret).unwrap()).unwrap();
        let refused = receiver.scheme(scheme).with_url(URL).verify(&headers, &body, now).is_err();
        prop_assert!(refused);
    }

    #[test]
    fn arbitrary_headers_are_refused_without_a_panic(
        scheme in scheme(),
        id in bytes(150),
        timestamp in bytes(25),
        signature in bytes(300),
        now in any::<u64>(),
    ) {
        let ring = KeyRing::new().hmac("k", Secret::raw("secret").unwrap()).unwrap();
        let headers = [
            ("webhook-id", &id),
            ("svix-id", &id),
            ("webhook-timestamp", &timestamp),
            ("svix-timestamp", &timestamp),
            ("x-slack-request-timestamp", &timestamp),
            ("x-zm-request-timestamp", &timestamp),
            ("webhook-signature", &signature),
            ("svix-signature", &signature),
            ("stripe-signature", &signature),
            ("x-signature-256", &signature),
            ("x-hub-signature-256", &signature),
            ("x-slack-signature", &signature),
            ("x-zm-signature", &signature),
            ("x-shopify-hmac-sha256", &signature),
            ("x-square-hmacsha256-signature", &signature),
            ("linear-signature", &signature),
            ("x-twitter-webhooks-signature", &signature),
        ];
        let reject = ring.scheme(scheme).with_url(URL).verify(&headers, "{}", UnixMillis::from_millis(now)).unwrap_err();
        prop_assert!([400, 401].contains(&reject.http_status()));
    }
}
