//! Known failures of other implementations, one test each, named after its id.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use webhook_sig::{Flaw, KeyRing, Reject, Scheme, Secret, UnixMillis};

const NOW: UnixMillis = UnixMillis::from_secs(1_614_265_330);
const BODY: &[u8] = br#"{"test": 2432232314}"#;

fn ring() -> KeyRing {
    KeyRing::new().hmac("k", Secret::whsec("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()).unwrap()
}

fn standard(timestamp: &str, signature: &str, body: &[u8]) -> Result<(), Reject> {
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signature),
    ];
    ring().scheme(Scheme::StandardWebhooks).verify(&headers, body, NOW).map(drop)
}

const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

/// svix before 1.17 compared up to the shorter of the two lengths, so that `v1,` passed. RUSTSEC-2024-0010.
#[test]
fn cve_2024_21491_a_signature_that_is_a_prefix_of_the_right_one_does_not_pass() {
    assert_eq!(standard("1614265330", GOOD, BODY), Ok(()));
    for len in 0..GOOD.len() {
        assert!(standard("1614265330", &GOOD[..len], BODY).is_err(), "{len} characters");
    }
    for scheme in [Scheme::Generic, Scheme::GitHub, Scheme::Stripe] {
        let headers = ring().signer(scheme).sign("", NOW, BODY).unwrap();
        let (name, value) = headers.iter().next().unwrap();
        assert!(ring().scheme(scheme).verify(&[(name, value)], BODY, NOW).is_ok());
        for len in 0..value.len() {
            let cut = [(name, &value[..len])];
            assert!(ring().scheme(scheme).verify(&cut, BODY, NOW).is_err(), "{scheme}, {len} characters");
        }
    }
}

/// Clerk's `verifyWebhook` did not split the header into its signatures and compare each with the
/// computed one. GHSA-9mp4-77wg-rwx9.
#[test]
fn cve_2025_53548_each_signature_in_the_list_is_compared_in_full() {
    let bogus = format!("v1,{}=", "A".repeat(43));
    assert_eq!(standard("1614265330", &format!("{bogus} {GOOD}"), BODY), Ok(()));
    for list in [bogus.clone(), format!("{bogus} {bogus}"), format!("v1,{bogus}"), format!("{bogus},{GOOD}")]
    {
        assert!(standard("1614265330", &list, BODY).is_err(), "{list}");
    }
    // The right signature of another message.
    assert!(matches!(standard("1614265330", GOOD, b"{}"), Err(Reject::NoMatch(_))));
    assert!(matches!(standard("1614265331", GOOD, BODY), Err(Reject::NoMatch(_))));
}

/// Jenkins plugins compared with an early exit. CVE-2022-43411 (GitLab), CVE-2022-43412 (generic trigger).
/// What can be asserted without a stopwatch: no bit of the signature is left out of the comparison.
#[test]
fn cve_2022_43411_and_43412_every_bit_of_the_signature_counts() {
    let headers = ring().signer(Scheme::Generic).sign("", NOW, BODY).unwrap();
    let value = headers.iter().next().unwrap().1;
    let digits: Vec<u8> = value.strip_prefix("sha256=").unwrap().into();
    for bit in 0..256 {
        let mut flipped = digits.clone();
        let digit = &mut flipped[bit / 4];
        let nibble = char::from(*digit).to_digit(16).unwrap() ^ (1 << (bit % 4));
        *digit = u8::try_from(char::from_digit(nibble, 16).unwrap()).unwrap();
        let header = format!("sha256={}", String::from_utf8(flipped).unwrap());
        let result = ring().scheme(Scheme::Generic).verify(&[("x-signature-256", header)], BODY, NOW);
        assert!(matches!(result, Err(Reject::NoMatch(_))), "bit {bit}");
    }
}

/// A malformed request ended the process of octokit/webhooks. GHSA-pwfr-8pq7-x9qv.
#[test]
fn cve_2023_50728_a_bad_request_is_an_error_value() {
    let hostile: [&[u8]; 9] =
        [b"", b"=", b",", b"sha256", b"sha256=\xff\xfe", b"\0", b"t=,v1=", b"v1,\xff", &[b','; 4096]];
    for value in hostile {
        for scheme in Scheme::ALL {
            let headers = [
                ("webhook-id", value),
                ("webhook-timestamp", value),
                ("webhook-signature", value),
                ("stripe-signature", value),
                ("x-hub-signature-256", value),
                ("x-signature-256", value),
                ("x-slack-signature", value),
                ("x-slack-request-timestamp", value),
                ("x-shopify-hmac-sha256", value),
                ("x-square-hmacsha256-signature", value),
                ("linear-signature", value),
            ];
            let url = "https://example.com/";
            let reject = ring().scheme(scheme).with_url(url).verify(&headers, b"", NOW).unwrap_err();
            assert!([400, 401].contains(&reject.http_status()));
        }
    }
}

/// standardwebhooks 1.0.1 subtracts a timestamp of `i64::MIN` from the clock before it looks at the signature.
#[test]
fn standardwebhooks_1_0_1_extreme_timestamps_do_not_overflow() {
    let malformed = Err(Reject::Malformed { header: "webhook-timestamp", flaw: Flaw::Timestamp });
    assert_eq!(standard("-9223372036854775808", GOOD, BODY), malformed);
    for extreme in ["9223372036854775807", "9223372036854775808", "18446744073709551615"] {
        assert!(matches!(standard(extreme, GOOD, BODY), Err(Reject::Future { .. })));
    }
    assert!(matches!(standard("0", GOOD, BODY), Err(Reject::Stale { .. })));
    // The clock at both ends.
    let headers = ring().signer(Scheme::Stripe).sign("", UnixMillis::MAX, BODY).unwrap();
    assert!(ring().scheme(Scheme::Stripe).verify(&headers, BODY, UnixMillis::MAX).is_ok());
    let early = ring().scheme(Scheme::Stripe).verify(&headers, BODY, UnixMillis::EPOCH);
    assert!(matches!(early, Err(Reject::Future { .. })));
}

/// Far-future timestamps pass Stripe's libraries, which look at the past only.
#[test]
fn stripe_node_a_request_signed_for_next_year_is_refused() {
    let next_year = NOW + core::time::Duration::from_secs(365 * 86_400);
    let headers = ring().signer(Scheme::Stripe).sign("", next_year, BODY).unwrap();
    assert!(matches!(ring().scheme(Scheme::Stripe).verify(&headers, BODY, NOW), Err(Reject::Future { .. })));
}

/// Downgrade by stripping: the SHA-1 header beside the SHA-256 one is never a way in.
#[test]
fn stripping_sha256_leaves_nothing_to_fall_back_on() {
    // HMAC-SHA1 of the body, as GitHub still sends it.
    let sha1 = "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59";
    for header in ["x-hub-signature", "x-hub-signature-256"] {
        let result = ring().scheme(Scheme::GitHub).verify(&[(header, sha1)], "Hello, World!", NOW);
        match header {
            "x-hub-signature" => assert_eq!(result, Err(Reject::Missing { header: "x-hub-signature-256" })),
            header => assert_eq!(result, Err(Reject::Unsupported { header })),
        }
    }
}

/// A replay within the tolerance under another id: GitHub's id is not signed, so it identifies nothing.
#[test]
fn a_replay_with_another_unsigned_id_has_the_same_dedupe_key() {
    let signed = ring().signer(Scheme::GitHub).sign("", NOW, BODY).unwrap();
    let keys = ["delivery-1", "delivery-2"].map(|delivery| {
        let mut headers: Vec<(&str, String)> = signed.clone().into_iter().collect();
        headers.push(("x-github-delivery", delivery.into()));
        ring().scheme(Scheme::GitHub).verify(&headers, BODY, NOW).unwrap().dedupe()
    });
    assert_eq!(keys[0], keys[1]);
}

/// Moving bytes between id, timestamp and body keeps the signed text, so the grammar has to forbid it.
#[test]
fn the_boundaries_of_the_signed_text_cannot_be_moved() {
    // Signed: `msg.1614265330.1.x`, as id `msg`, time 1614265330 and body `1.x`.
    let ring = ring();
    let headers = ring.signer(Scheme::StandardWebhooks).sign("msg", NOW, b"1.x").unwrap();
    let signature = headers.iter().last().unwrap().1;
    let moved = [("msg.1614265330", "1", "x"), ("msg", "1614265330.1", "x"), ("msg.1614265330.1", "", "x")];
    for (id, timestamp, body) in moved {
        let headers =
            [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)];
        let result = ring.scheme(Scheme::StandardWebhooks).verify(&headers, body, NOW);
        assert!(matches!(result, Err(Reject::Malformed { .. })), "{id} {timestamp}");
    }
}

/// The endpoint URLs of svix before server 1.98 were not validated well enough: what one parser reads as the host has to be what every other does.
#[test]
fn svixsec_2026_0001_a_url_that_leads_inwards_is_no_endpoint() {
    use webhook_sig::ssrf::{EndpointUrl, TargetPolicy};
    let policy = TargetPolicy::public();
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://example.com@169.254.169.254/",
        "http://169.254.169.254#@example.com/",
        "http://169.254.169.254\\@example.com/",
        "http://0xa9fea9fe/",
        "http://2852039166/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::a9fe:a9fe]/",
        "http://localhost/",
        "http://metadata.google.internal/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https://example.com:22/",
    ] {
        let refused = EndpointUrl::parse(url).map_or(true, |url| policy.check_url(&url).is_err());
        assert!(refused, "{url}");
    }
    assert!(policy.check_url(&EndpointUrl::parse("https://example.com/hooks").unwrap()).is_ok());
}

/// What svix's table of addresses lacks.
#[test]
fn svix_address_table_compatible_teredo_and_site_local_addresses_are_not_public() {
    use webhook_sig::ssrf::{AddressClass, TargetPolicy};
    for address in ["::7f00:1", "::a00:1", "::1:2", "2001::1", "2001:0:ffff:ffff::1", "fec0::1", "feff::1"] {
        let address = address.parse().unwrap();
        assert!(!AddressClass::of(address).is_public(), "{address}");
        assert!(TargetPolicy::public().vet(&[address]).is_err(), "{address}");
    }
}

/// svix reads `Retry-After` as a float and computes with it: `inf` and `1e300` end in a panic.
#[test]
fn svix_retry_after_of_infinity_is_none() {
    use webhook_sig::delivery::RetryAfter;
    for value in ["inf", "1e300", "NaN", "-1", "1.5", "1e3", "0x10", "+5"] {
        assert_eq!(RetryAfter::parse(value, NOW), None, "{value}");
    }
    // Digits without end are read, and bounded.
    if let Some(after) = RetryAfter::parse(&"9".repeat(40), NOW) {
        let _ = after.delay(NOW);
    }
}

/// ed25519-dalek < 2 signed with a public key that the caller passed beside the private one: with another one, two signatures give
/// the private key away (RUSTSEC-2022-0093). Here a private key has its public half, and none can be passed.
#[cfg(feature = "ed25519")]
#[test]
fn rustsec_2022_0093_no_public_key_is_passed_to_a_signing() {
    use webhook_sig::{Ed25519SigningKey, PublicKeyError};
    let (key, other) =
        (Ed25519SigningKey::from_seed(&[1; 32]).unwrap(), Ed25519SigningKey::from_seed(&[2; 32]).unwrap());
    // The one form that brings both halves is refused where they do not belong together.
    let text = |public: &[u8; 32]| {
        let pair = [&[1; 32][..], public].concat();
        format!("whsk_{}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, pair))
    };
    assert!(Ed25519SigningKey::whsk(&text(key.public_key().as_bytes())).is_ok());
    assert!(matches!(
        Ed25519SigningKey::whsk(&text(other.public_key().as_bytes())),
        Err(PublicKeyError::Point)
    ));
    // Both signatures that such an oracle would need have the same challenge: the key's own.
    assert_eq!(key.sign(&[b"message"]), key.sign(&[b"mess", b"age"]));
    assert!(!other.public_key().verify(&[b"message"], &key.sign(&[b"message"])));
}

/// The public key used as a shared secret: `alg` in a message, or in a key set, would turn one into the other.
#[cfg(all(feature = "ed25519", feature = "rfc9421"))]
#[test]
fn a_message_cannot_turn_a_public_key_into_a_secret() {
    use webhook_sig::rfc9421::{Component, Message, Reject, Signing, Verifier};
    use webhook_sig::{Ed25519SigningKey, Secret};
    let public = Ed25519SigningKey::from_seed(&[1; 32]).unwrap().public_key();
    let forger = Secret::raw(public.as_bytes()).unwrap();
    let mut headers = vec![("host".to_owned(), "example.com".to_owned())];
    let signing = Signing::new("s", [Component::parse("@authority").unwrap()]).unwrap();
    let signing = signing.created(NOW).keyid("k").unwrap().tell_algorithm().without_body();
    let fields = signing.sign(&Message::request("POST", "/", &headers), &forger.into()).unwrap();
    headers.extend(fields);
    let ring = KeyRing::messages().key("k", public).unwrap();
    let verdict = Verifier::new(&ring).verify_head(&Message::request("POST", "/", &headers), NOW);
    assert_eq!(verdict, Err(Reject::Algorithm));
}
