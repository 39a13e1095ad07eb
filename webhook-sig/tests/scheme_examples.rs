//! The providers' and the specifications' own examples, signed and verified.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod kit;

use kit::{URL, body_for};
use webhook_sig::{KeyRing, Limits, Scheme, Schemes as _, Secret, Sha1Scheme, UnixMillis, twilio_json_url};

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
            let body = body_for(scheme.layout(), body, now);
            let headers = ring.signer(scheme).with_url(URL).sign("msg_1", now, &body).unwrap();
            assert_eq!(
                ring.scheme(scheme).with_url(URL).verify(&headers, &body, now).unwrap().into_body(),
                &body
            );
        }
    }
}

#[test]
fn what_is_signed_comes_out_and_nothing_else() {
    let ring = ring(Secret::raw("secret").unwrap());
    let at = UnixMillis::from_millis(1_700_000_000_999);
    let seconds = Some(UnixMillis::from_secs(1_700_000_000));
    for scheme in Scheme::ALL {
        let (id, signed_at) = match scheme {
            Scheme::StandardWebhooks | Scheme::Svix => (Some("msg_1"), seconds),
            Scheme::Stripe | Scheme::Slack | Scheme::Zoom => (None, seconds),
            Scheme::Linear => (None, Some(at)),
            _ => (None, None),
        };
        let body = body_for(scheme.layout(), b"{}", at);
        let headers = ring.signer(scheme).with_url(URL).sign("msg_1", at, &body).unwrap();
        let verified = ring.scheme(scheme).with_url(URL).verify(&headers, &body, at).unwrap();
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
    for scheme in Scheme::ALL {
        let text = match scheme {
            Scheme::StandardWebhooks | Scheme::Svix => "id:msg_1",
            // It has a body of its own.
            Scheme::Linear => continue,
            _ => empty,
        };
        let headers = ring.signer(scheme).with_url(URL).sign("msg_1", now, b"").unwrap();
        let verified = ring.scheme(scheme).with_url(URL).verify(&headers, b"", now).unwrap();
        assert_eq!(verified.dedupe().to_string(), text, "{scheme}");
    }
}

#[test]
fn a_second_attempt_has_the_same_dedupe_key() {
    let ring = ring(Secret::raw("secret").unwrap());
    let now = UnixMillis::from_secs(1_700_000_000);
    for scheme in Scheme::ALL {
        let body = body_for(scheme.layout(), b"{}", now);
        let [first, second] = [0, 30].map(|later| {
            let at = now + core::time::Duration::from_secs(later);
            let headers = ring.signer(scheme).with_url(URL).sign("msg_1", at, &body).unwrap();
            ring.scheme(scheme).with_url(URL).verify(&headers, &body, at).unwrap().dedupe()
        });
        assert_eq!(first, second, "{scheme}");
    }
}

#[test]
fn a_signature_of_one_scheme_is_none_of_another() {
    let ring = ring(Secret::raw("secret").unwrap());
    let now = UnixMillis::from_secs(1_700_000_000);
    let body = body_for(Scheme::Linear.layout(), b"{}", now);
    for signing in Scheme::ALL {
        let headers = ring.signer(signing).with_url(URL).sign("msg_1", now, &body).unwrap();
        for verifying in Scheme::ALL {
            assert_eq!(
                ring.scheme(verifying).with_url(URL).verify(&headers, &body, now).is_ok(),
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
    assert_eq!(
        error.to_string(),
        "no such scheme; there are generic github stripe slack shopify standard svix square zoom linear twitter"
    );
    assert_eq!(Sha1Scheme::ALL.map(|scheme| scheme.to_string()), ["twilio", "github-sha1"]);
}

/// "Verifying requests from Slack", the slash command of its walk-through.
#[test]
fn slack_verifying_requests_from_slack() {
    let body =
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    holds(
        &ring(Secret::raw("8f742231b10e8888abcd99yyyzzz85a5").unwrap()),
        Scheme::Slack,
        "",
        1_531_420_618,
        body,
        &[
            ("x-slack-request-timestamp", "1531420618"),
            ("x-slack-signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
        ],
    );
}

/// The same message under the names of Svix.
#[test]
fn svix_by_the_example_of_standard_webhooks() {
    holds(
        &ring(Secret::whsec("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()),
        Scheme::Svix,
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        br#"{"test": 2432232314}"#,
        &[
            ("svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("svix-timestamp", "1614265330"),
            ("svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ],
    );
}

/// Of `v0:1700000000:BODY`.
const ZOOM: &str = "v0=f5ba1b1709db5d6457e0fd21ac97793d60ac5ec9f1314562c2d74af1b9ce0596";
/// Of `BODY`.
const HEX: &str = "5ce39a0c30ca60fe3938a7c1b4a562fe5dbff8194b97f5f9137b3195d0cd3df2";
const BASE64: &str = "XOOaDDDKYP45OKfBtKVi/l2/+BlLl/X5E3sxldDNPfI=";

const TWILIO_URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const TWILIO_FORM: &str =
    "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";

fn twilio(url: &str, form: &str, signature: &str) -> bool {
    let ring = KeyRing::sha1().key("k", Secret::raw("12345").unwrap()).unwrap();
    let headers = [("X-Twilio-Signature", signature)];
    ring.scheme(Sha1Scheme::Twilio).with_url(url).verify(&headers, form, UnixMillis::EPOCH).is_ok()
}

/// "Webhooks security", the example of a form.
#[test]
fn twilio_webhooks_security() {
    let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    let ring = KeyRing::sha1().key("k", Secret::raw("12345").unwrap()).unwrap();
    let signer = ring.signer(Sha1Scheme::Twilio).with_url(TWILIO_URL);
    let headers = signer.sign("", UnixMillis::EPOCH, TWILIO_FORM.as_bytes()).unwrap();
    assert_eq!(headers.iter().next(), Some(("x-twilio-signature", signature)));
    assert!(twilio(TWILIO_URL, TWILIO_FORM, signature));
    // The order and the escapes of a form are not signed.
    let other =
        "To=+18005551212&Digits=%31234&From=%2b14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE";
    assert!(!twilio(TWILIO_URL, other, signature), "a plus is a space");
    assert!(twilio(TWILIO_URL, &other.replace("=+", "=%2B"), signature));
    // Signed without a port, and seen with one.
    assert!(twilio("https://mycompany.com:443/myapp.php?foo=1&bar=2", TWILIO_FORM, signature));
    assert!(twilio("https://mycompany.com:8443/myapp.php?foo=1&bar=2", TWILIO_FORM, signature));
    for (url, form) in [
        ("http://mycompany.com/myapp.php?foo=1&bar=2", TWILIO_FORM),
        ("https://mycompany.com/myapp.php?foo=1&bar=3", TWILIO_FORM),
        (TWILIO_URL, &TWILIO_FORM[1..]),
        (TWILIO_URL, ""),
    ] {
        assert!(!twilio(url, form, signature), "{url} {form}");
    }
}

#[test]
fn twilio_signs_the_hash_of_a_body_that_is_no_form() {
    let ring = KeyRing::sha1().key("k", Secret::raw("12345").unwrap()).unwrap();
    let body = br#"{"type":"a"}"#;
    let url = twilio_json_url(TWILIO_URL, body);
    let signed = ring.signer(Sha1Scheme::Twilio).with_url(&url).sign("", UnixMillis::EPOCH, body).unwrap();
    let verify = |url: &str, body: &[u8]| {
        ring.scheme(Sha1Scheme::Twilio).with_url(url).verify(&signed, body, UnixMillis::EPOCH).is_ok()
    };
    assert!(verify(&url, body));
    assert!(!verify(&url, br#"{"type":"b"}"#), "another body");
    assert!(!verify(&twilio_json_url(TWILIO_URL, b"{}"), b"{}"), "another hash");
    assert!(!verify(TWILIO_URL, body), "no hash");
}

/// Two spellings of one form are one event; two URLs are two.
#[test]
fn the_dedupe_key_of_a_form_is_of_what_is_signed() {
    let ring = KeyRing::sha1().key("k", Secret::raw("12345").unwrap()).unwrap();
    let key = |url, form: &[u8]| {
        let headers =
            ring.signer(Sha1Scheme::Twilio).with_url(url).sign("", UnixMillis::EPOCH, form).unwrap();
        ring.scheme(Sha1Scheme::Twilio)
            .with_url(url)
            .verify(&headers, form, UnixMillis::EPOCH)
            .unwrap()
            .dedupe()
    };
    assert_eq!(key(URL, b"a=1&b=2"), key(URL, b"b=%32&a=1"));
    assert_ne!(key(URL, b"a=1&b=2"), key(URL, b"a=1&b=3"));
    assert_ne!(key(URL, b""), key("https://hooks.example.com/in?tenant=2", b""));
}

/// "Validate webhook notifications" gives no vector; by
/// `printf 'https://example.com/webhook{"hello":"world"}' | openssl dgst -sha256 -hmac asdf1234 -binary | base64`, which is the example of
/// Square's own library.
#[test]
fn square_by_the_example_of_its_library() {
    let ring = ring(Secret::raw("asdf1234").unwrap());
    let url = "https://example.com/webhook";
    let body = br#"{"hello":"world"}"#;
    let headers = [("x-square-hmacsha256-signature", "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=")];
    let verifier = ring.scheme(Scheme::Square).with_url(url);
    assert!(verifier.verify(&headers, body, UnixMillis::EPOCH).is_ok());
    assert!(
        verifier.with_url("https://example.com/webhook/").verify(&headers, body, UnixMillis::EPOCH).is_err()
    );
}

/// By `openssl dgst -sha256 -hmac SECRET`, as the providers publish no vectors.
#[test]
fn zoom_shopify_linear_twitter_by_openssl() {
    let secret = || ring(Secret::raw("a provider's secret").unwrap());
    let body = br#"{"webhookTimestamp":1700000000000}"#;
    let now = 1_700_000_000;
    holds(
        &secret(),
        Scheme::Zoom,
        "",
        now,
        body,
        &[("x-zm-request-timestamp", "1700000000"), ("x-zm-signature", ZOOM)],
    );
    holds(&secret(), Scheme::Shopify, "", now, body, &[("x-shopify-hmac-sha256", BASE64)]);
    holds(&secret(), Scheme::Linear, "", now, body, &[("linear-signature", HEX)]);
    let twitter = format!("sha256={BASE64}");
    holds(&secret(), Scheme::Twitter, "", now, body, &[("x-twitter-webhooks-signature", &twitter)]);
}

#[test]
fn the_limits_of_each_scheme_are_its_providers() {
    for scheme in Scheme::ALL {
        let limits = Limits::for_scheme(scheme);
        assert_eq!(limits.max_body, if scheme == Scheme::GitHub { 25 << 20 } else { 1 << 20 }, "{scheme}");
        let tolerance = if scheme == Scheme::Linear { 60 } else { 300 };
        assert_eq!(
            (limits.tolerance_past.as_secs(), limits.tolerance_future.as_secs()),
            (tolerance, tolerance)
        );
    }
}
