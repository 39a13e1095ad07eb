//! The providers' and the specifications' own examples, signed and verified.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};

fn ring(secret: Secret) -> KeyRing {
    KeyRing::new().hmac("k", secret).unwrap()
}

fn pairs(ring: &KeyRing, scheme: Scheme, id: &str, secs: u64, body: &[u8]) -> Vec<(&'static str, String)> {
    ring.signer(scheme).sign(id, UnixMillis::from_secs(secs), body).unwrap().into_iter().collect()
}

/// Verifies what the example has on the wire, and signs to the same.
fn holds(ring: &KeyRing, scheme: Scheme, id: &str, secs: u64, body: &[u8], wire: &[(&'static str, &str)]) {
    let now = UnixMillis::from_secs(secs);
    let verified = ring.scheme(scheme).verify(wire, body, now).unwrap();
    assert_eq!(*verified.body(), body);
    assert_eq!(verified.key().as_str(), "k");
    let signed = pairs(ring, scheme, id, secs, body);
    let signed: Vec<_> = signed.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(signed, wire);
}

#[test]
fn github_validating_webhook_deliveries() {
    holds(
        &ring(Secret::raw("It's a Secret to Everybody").unwrap()),
        Scheme::GitHub,
        "",
        0,
        b"Hello, World!",
        &[("x-hub-signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")],
    );
}

#[test]
fn standard_webhooks_signature_scheme() {
    holds(
        &ring(Secret::whsec("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()),
        Scheme::StandardWebhooks,
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        br#"{"test": 2432232314}"#,
        &[
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ],
    );
}

/// The sign test of the scheme's Rust library.
#[test]
fn standard_webhooks_library_example() {
    holds(
        &ring(Secret::whsec("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap()),
        Scheme::StandardWebhooks,
        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        1_649_367_553,
        br#"{"email":"test@example.com","username":"test_user"}"#,
        &[
            ("webhook-id", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"),
            ("webhook-timestamp", "1649367553"),
            ("webhook-signature", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="),
        ],
    );
}

/// Stripe publishes no vector; this one was made with
/// `printf '1492774577.{"id":"evt_1","object":"event"}' | openssl dgst -sha256 -hmac whsec_test_secret`.
#[test]
fn stripe_by_openssl() {
    holds(
        // Stripe's secret is the text itself, `whsec_` included.
        &ring(Secret::raw("whsec_test_secret").unwrap()),
        Scheme::Stripe,
        "",
        1_492_774_577,
        br#"{"id":"evt_1","object":"event"}"#,
        &[(
            "stripe-signature",
            "t=1492774577,v1=654b43d3508ecadb3f8cefc4bc7d3d2bdc5ba9e03bf2c89b2d0657a8e24e4543",
        )],
    );
}

/// `printf '{"id":"evt_1","object":"event"}' | openssl dgst -sha256 -hmac 'generic secret'`
#[test]
fn generic_by_openssl() {
    holds(
        &ring(Secret::raw("generic secret").unwrap()),
        Scheme::Generic,
        "",
        0,
        br#"{"id":"evt_1","object":"event"}"#,
        &[("x-signature-256", "sha256=390bdb6c1bbb32e80c7bd31819bda88477e24b4c8c4f99f645c5fde40a81966c")],
    );
}

fn rfc4231(key: &[u8], data: &[u8], mac: &str) {
    let value = format!("sha256={mac}");
    let wire = [("x-signature-256", value.as_str())];
    holds(&ring(Secret::raw(key).unwrap()), Scheme::Generic, "", 0, data, &wire);
}

#[test]
fn rfc4231_4_2_test_case_1() {
    rfc4231(&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

#[test]
fn rfc4231_4_3_test_case_2_key_shorter_than_the_output() {
    rfc4231(
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
}

#[test]
fn rfc4231_4_4_test_case_3() {
    rfc4231(&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
}

#[test]
fn rfc4231_4_7_test_case_6_key_longer_than_a_block() {
    rfc4231(
        &[0xaa; 131],
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    );
}

#[test]
fn rfc4231_4_8_test_case_7_key_and_data_longer_than_a_block() {
    rfc4231(
        &[0xaa; 131],
        b"This is a test using a larger than block-size key and a larger than block-size data. \
          The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    );
}

#[test]
fn a_body_is_any_bytes_none_included() {
    let ring = ring(Secret::raw("secret").unwrap());
    let now = UnixMillis::from_secs(1_700_000_000);
    for body in [&b""[..], b"\0", b"\xff\xfe\xc0", "é".as_bytes(), &[0x80; 5000]] {
        for scheme in Scheme::ALL {
            let headers = ring.signer(scheme).sign("msg_1", now, body).unwrap();
            assert_eq!(ring.scheme(scheme).verify(&headers, body, now).unwrap().into_body(), body);
        }
    }
}

#[test]
fn what_is_signed_comes_out_and_nothing_else() {
    let ring = ring(Secret::raw("secret").unwrap());
    let at = UnixMillis::from_millis(1_700_000_000_999);
    let expected = [
        (Scheme::Generic, None, None),
        (Scheme::GitHub, None, None),
        (Scheme::Stripe, None, Some(UnixMillis::from_secs(1_700_000_000))),
        (Scheme::StandardWebhooks, Some("msg_1"), Some(UnixMillis::from_secs(1_700_000_000))),
    ];
    for (scheme, id, signed_at) in expected {
        let headers = ring.signer(scheme).sign("msg_1", at, b"{}").unwrap();
        let verified = ring.scheme(scheme).verify(&headers, b"{}", at).unwrap();
        assert_eq!(verified.id().map(|id| id.as_str()), id, "{scheme}");
        assert_eq!(verified.at(), signed_at, "{scheme}");
    }
}

#[test]
fn the_dedupe_key_is_the_id_or_the_digest_of_the_body() {
    let ring = ring(Secret::raw("secret").unwrap());
    let now = UnixMillis::from_secs(1_700_000_000);
    // SHA-256 of the empty message (FIPS 180-4 examples).
    let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (scheme, text) in [
        (Scheme::Generic, empty),
        (Scheme::GitHub, empty),
        (Scheme::Stripe, empty),
        (Scheme::StandardWebhooks, "id:msg_1"),
    ] {
        let headers = ring.signer(scheme).sign("msg_1", now, b"").unwrap();
        let verified = ring.scheme(scheme).verify(&headers, b"", now).unwrap();
        assert_eq!(verified.dedupe().to_string(), text, "{scheme}");
    }
}

#[test]
fn a_second_attempt_has_the_same_dedupe_key() {
    let ring = ring(Secret::raw("secret").unwrap());
    let now = UnixMillis::from_secs(1_700_000_000);
    for scheme in Scheme::ALL {
        let [first, second] = [0, 30].map(|later| {
            let at = now + core::time::Duration::from_secs(later);
            let headers = ring.signer(scheme).sign("msg_1", at, b"{}").unwrap();
            ring.scheme(scheme).verify(&headers, b"{}", at).unwrap().dedupe()
        });
        assert_eq!(first, second, "{scheme}");
    }
}

#[test]
fn a_signature_of_one_scheme_is_none_of_another() {
    let ring = ring(Secret::raw("secret").unwrap());
    let now = UnixMillis::from_secs(1_700_000_000);
    for signing in Scheme::ALL {
        let headers = ring.signer(signing).sign("msg_1", now, b"{}").unwrap();
        for verifying in Scheme::ALL {
            assert_eq!(
                ring.scheme(verifying).verify(&headers, b"{}", now).is_ok(),
                signing == verifying,
                "{signing} as {verifying}"
            );
        }
    }
}

#[test]
fn a_scheme_has_a_name_that_parses() {
    for scheme in Scheme::ALL {
        assert_eq!(scheme.to_string().parse(), Ok(scheme));
    }
    let error = "slack!".parse::<Scheme>().unwrap_err();
    assert_eq!(error.to_string(), "no such scheme; there are generic github stripe standard");
}
