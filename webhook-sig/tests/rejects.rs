//! What is refused, why, with which status: headers, grammar, tolerance, limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use core::time::Duration;

mod kit;

use kit::{URL, body_for};
use webhook_sig::{
    BodyFlaw, Exceeded, Flaw, KeyRing, Limits, Reject, Scheme, Schemes as _, Secret, Sha1Scheme, SignError,
    UnixMillis, Verified,
};

const NOW: UnixMillis = UnixMillis::from_secs(1_614_265_330);
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const STAMP: &str = "1614265330";
const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
/// Well-formed, and not the right one.
const BOGUS: &str = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn ring() -> KeyRing {
    KeyRing::new().hmac("k", Secret::whsec("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()).unwrap()
}

fn standard(headers: &[(&str, &str)]) -> Result<Verified<&'static [u8]>, Reject> {
    ring().scheme(Scheme::StandardWebhooks).verify(headers, BODY, NOW)
}

fn with_signature(signature: &str) -> Result<Verified<&'static [u8]>, Reject> {
    standard(&[("webhook-id", ID), ("webhook-timestamp", STAMP), ("webhook-signature", signature)])
}

/// `BODY` under this header of Stripe.
fn stripe(value: &str) -> Result<Verified<&'static [u8]>, Reject> {
    ring().scheme(Scheme::Stripe).verify(&[("Stripe-Signature", value)], BODY, NOW)
}

fn stripe_v1() -> String {
    let headers = ring().signer(Scheme::Stripe).sign("", NOW, BODY).unwrap();
    let value = headers.iter().next().unwrap().1.to_owned();
    value.split_once("v1=").unwrap().1.to_owned()
}

#[test]
fn header_names_compare_without_case() {
    let headers = [("Webhook-ID", ID), ("WEBHOOK-TIMESTAMP", STAMP), ("wEbHoOk-SiGnAtUrE", GOOD)];
    assert_eq!(standard(&headers).unwrap().id().unwrap().as_str(), ID);
}

#[test]
fn each_header_that_is_missing_is_named() {
    let all = [("webhook-id", ID), ("webhook-timestamp", STAMP), ("webhook-signature", GOOD)];
    assert!(standard(&all).is_ok());
    for missing in 0..all.len() {
        let mut headers = all.to_vec();
        let (header, _) = headers.remove(missing);
        let reject = standard(&headers).unwrap_err();
        assert_eq!(reject, Reject::Missing { header });
        assert_eq!(reject.http_status(), 400);
    }
    for (scheme, header) in [
        (Scheme::Generic, "x-signature-256"),
        (Scheme::GitHub, "x-hub-signature-256"),
        (Scheme::Stripe, "stripe-signature"),
    ] {
        let reject = ring().scheme(scheme).verify(&all, BODY, NOW).unwrap_err();
        assert_eq!(reject, Reject::Missing { header });
    }
}

#[test]
fn a_doubled_id_is_refused_even_if_both_are_equal() {
    for second in [ID, "other"] {
        let headers = [
            ("webhook-id", ID),
            ("Webhook-Id", second),
            ("webhook-timestamp", STAMP),
            ("webhook-signature", GOOD),
        ];
        let expected = Reject::Malformed { header: "webhook-id", flaw: Flaw::Repeated };
        assert_eq!(standard(&headers), Err(expected));
    }
}

#[test]
fn a_doubled_timestamp_is_refused_even_if_both_are_equal() {
    for second in [STAMP, "1"] {
        let headers = [
            ("webhook-id", ID),
            ("webhook-timestamp", STAMP),
            ("webhook-timestamp", second),
            ("webhook-signature", GOOD),
        ];
        let expected = Reject::Malformed { header: "webhook-timestamp", flaw: Flaw::Repeated };
        assert_eq!(standard(&headers), Err(expected));
    }
}

#[test]
fn a_doubled_timestamp_of_stripe_is_refused_in_one_line_and_in_two() {
    let v1 = stripe_v1();
    assert!(stripe(&format!("t={STAMP},v1={v1}")).is_ok());
    let repeated = Err(Reject::Malformed { header: "stripe-signature", flaw: Flaw::Repeated });
    assert_eq!(stripe(&format!("t={STAMP},t={STAMP},v1={v1}")), repeated);
    let value = format!("t={STAMP},v1={v1}");
    let lines = [("stripe-signature", value.as_str()), ("stripe-signature", value.as_str())];
    assert_eq!(ring().scheme(Scheme::Stripe).verify(&lines, BODY, NOW), repeated);
}

#[test]
fn signature_lines_are_joined() {
    for (first, second) in [(BOGUS, GOOD), (GOOD, BOGUS), ("", GOOD)] {
        let headers = [
            ("webhook-id", ID),
            ("webhook-timestamp", STAMP),
            ("webhook-signature", first),
            ("webhook-signature", second),
        ];
        assert!(standard(&headers).is_ok(), "{first:?} {second:?}");
    }
    let v1 = format!("v1={}", stripe_v1());
    let stamp = format!("t={STAMP}");
    let lines = [("stripe-signature", stamp.as_str()), ("stripe-signature", v1.as_str())];
    assert!(ring().scheme(Scheme::Stripe).verify(&lines, BODY, NOW).is_ok());
}

#[test]
fn lines_that_a_proxy_joined_with_a_comma_still_count() {
    assert!(with_signature(&format!("{BOGUS}, {GOOD}")).is_ok());
    assert!(with_signature(&format!("{GOOD}, {BOGUS}")).is_ok());
    let headers = ring().signer(Scheme::GitHub).sign("", NOW, BODY).unwrap();
    let good = headers.iter().next().unwrap().1;
    let bogus = format!("sha256={}", "0".repeat(64));
    for value in [format!("{bogus}, {good}"), format!("{good},{bogus}")] {
        let headers = [("x-hub-signature-256", value)];
        assert!(ring().scheme(Scheme::GitHub).verify(&headers, BODY, NOW).is_ok());
    }
}

#[test]
fn one_right_signature_among_others_is_enough() {
    assert!(with_signature(&format!("v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== v2,x {BOGUS} v1,junk {GOOD}")).is_ok());
}

#[test]
fn signatures_of_other_kinds_alone_are_unsupported() {
    for signature in ["v1a,AAAA", "v2,AAAA v1a,AAAA", "V1,AAAA"] {
        let reject = with_signature(signature).unwrap_err();
        assert_eq!(reject, Reject::Unsupported { header: "webhook-signature" });
        assert_eq!(reject.http_status(), 401);
    }
}

#[test]
fn stripe_v0_never_counts() {
    let v1 = stripe_v1();
    assert_eq!(
        stripe(&format!("t={STAMP},v0={v1}")),
        Err(Reject::Unsupported { header: "stripe-signature" })
    );
    let zeros = "0".repeat(64);
    assert!(matches!(stripe(&format!("t={STAMP},v1={zeros},v0={v1}")), Err(Reject::NoMatch(_))));
    assert!(stripe(&format!("t={STAMP},v1={v1},v0={zeros}")).is_ok());
}

#[test]
fn a_signature_that_is_none_is_malformed() {
    let mac = GOOD.strip_prefix("v1,").unwrap();
    for signature in [
        String::new(),
        " ".into(),
        "v1".into(),
        "v1,".into(),
        "v1,=".into(),
        mac.into(),
        format!("v1,{}", &mac[..43]),
        format!("{GOOD}="),
        format!("v1, {mac}"),
        format!("v1={mac}"),
        GOOD.replace('+', "-"),
        GOOD.replace("E=", "F="), // other bits than zero in the last character: not canonical
    ] {
        let flaw = Flaw::Signature;
        let expected = Reject::Malformed { header: "webhook-signature", flaw };
        assert_eq!(with_signature(&signature), Err(expected.clone()), "{signature}");
        assert_eq!(expected.http_status(), 400);
    }
}

#[test]
fn hexadecimal_is_lower_case_and_of_the_right_length() {
    let headers = ring().signer(Scheme::Generic).sign("", NOW, BODY).unwrap();
    let good = headers.iter().next().unwrap().1.to_owned();
    let verify =
        |value: &str| ring().scheme(Scheme::Generic).verify(&[("x-signature-256", value)], BODY, NOW);
    assert!(verify(&good).is_ok());
    let digits = good.strip_prefix("sha256=").unwrap();
    for value in [
        format!("sha256={}", digits.to_uppercase()),
        format!("sha256={}", &digits[..63]),
        format!("sha256={}", &digits[..62]),
        format!("sha256={digits}0"),
        format!("sha256={digits}00"),
        format!("sha256={}g", &digits[..63]),
        "sha256=".into(),
        digits.into(),
    ] {
        let expected = Reject::Malformed { header: "x-signature-256", flaw: Flaw::Signature };
        assert_eq!(verify(&value), Err(expected), "{value}");
    }
    let upper_label = verify(&format!("SHA256={digits}"));
    assert_eq!(upper_label, Err(Reject::Unsupported { header: "x-signature-256" }));
}

#[test]
fn timestamps_are_ascii_digits_only() {
    for text in [
        "",
        "+1614265330",
        "-1614265330",
        " 1614265330",
        "1614265330 ",
        "1614265330.9",
        "1614265330e0",
        "1_614_265_330",
        "1614265330abc",
        "0x60380832",
        "١٦١٤٢٦٥٣٣٠",
        "1614265330.x",
        "99999999999999999999",
        "18446744073709551616",
        "000000000001614265330",
        "NaN",
        "inf",
    ] {
        let headers = [("webhook-id", ID), ("webhook-timestamp", text), ("webhook-signature", GOOD)];
        let reject = standard(&headers).unwrap_err();
        let expected = Reject::Malformed { header: "webhook-timestamp", flaw: Flaw::Timestamp };
        assert_eq!(reject, expected, "{text:?}");
        assert_eq!(reject.http_status(), 400);
        if !text.starts_with(' ') && !text.ends_with(' ') {
            let expected = Reject::Malformed { header: "stripe-signature", flaw: Flaw::Timestamp };
            assert_eq!(stripe(&format!("t={text},v1={}", "0".repeat(64))), Err(expected), "{text:?}");
        }
    }
    let none = stripe(&format!("v1={}", "0".repeat(64)));
    assert_eq!(none, Err(Reject::Malformed { header: "stripe-signature", flaw: Flaw::Timestamp }));
}

#[test]
fn a_timestamp_of_the_largest_numbers_is_in_the_future() {
    for text in ["18446744073709551615", "9223372036854775807", "253402300800"] {
        let headers = [("webhook-id", ID), ("webhook-timestamp", text), ("webhook-signature", GOOD)];
        assert!(matches!(standard(&headers), Err(Reject::Future { .. })), "{text}");
    }
}

#[test]
fn the_tolerance_is_300_seconds_on_both_sides_to_the_millisecond() {
    for scheme in [Scheme::Stripe, Scheme::StandardWebhooks] {
        let ring = ring();
        let headers = ring.signer(scheme).sign("msg_1", NOW, BODY).unwrap();
        let verify = |now| ring.scheme(scheme).verify(&headers, BODY, now);
        let tolerance = Duration::from_secs(300);
        let beyond = tolerance + Duration::from_millis(1);
        assert!(verify(NOW + tolerance).is_ok());
        assert!(verify(NOW.saturating_sub(tolerance)).is_ok());
        let stale = verify(NOW + beyond).unwrap_err();
        assert_eq!(stale, Reject::Stale { by: beyond });
        assert_eq!(stale.http_status(), 401);
        let future = verify(NOW.saturating_sub(beyond)).unwrap_err();
        assert_eq!(future, Reject::Future { by: beyond });
        assert_eq!(future.http_status(), 401);
    }
}

#[test]
fn the_tolerance_can_be_set_on_each_side() {
    let ring = ring();
    let headers = ring.signer(Scheme::StandardWebhooks).sign("msg_1", NOW, BODY).unwrap();
    let mut limits = Limits::default();
    limits.tolerance_past = Duration::from_secs(3600);
    limits.tolerance_future = Duration::ZERO;
    let verifier = ring.scheme(Scheme::StandardWebhooks).with_limits(limits);
    assert!(verifier.verify(&headers, BODY, NOW + Duration::from_secs(3600)).is_ok());
    assert!(verifier.verify(&headers, BODY, NOW).is_ok());
    let early = verifier.verify(&headers, BODY, NOW.saturating_sub(Duration::from_millis(1)));
    assert!(matches!(early, Err(Reject::Future { .. })));
}

#[test]
fn the_id_is_visible_ascii_without_a_full_stop() {
    for id in ["", "a.b", ".", "a b", "é", "a\u{7f}", "a\tb"] {
        let headers = [("webhook-id", id), ("webhook-timestamp", STAMP), ("webhook-signature", GOOD)];
        let expected = Reject::Malformed { header: "webhook-id", flaw: Flaw::Id };
        assert_eq!(standard(&headers), Err(expected), "{id:?}");
    }
}

#[test]
fn the_id_is_at_most_128_bytes() {
    let ring = ring();
    let verifier = ring.scheme(Scheme::StandardWebhooks);
    let longest = "i".repeat(128);
    let headers = ring.signer(Scheme::StandardWebhooks).sign(&longest, NOW, BODY).unwrap();
    assert_eq!(verifier.verify(&headers, BODY, NOW).unwrap().id().unwrap().as_str(), longest);

    let long = "i".repeat(129);
    let headers = [("webhook-id", long.as_str()), ("webhook-timestamp", STAMP), ("webhook-signature", GOOD)];
    let reject = verifier.verify(&headers, BODY, NOW).unwrap_err();
    assert_eq!(reject, Reject::Limit(Exceeded::Id { max: 128 }));
    assert_eq!(reject.http_status(), 400);

    let mut limits = Limits::default();
    limits.max_id = usize::MAX;
    let reject = verifier.clone().with_limits(limits.clone()).verify(&headers, BODY, NOW).unwrap_err();
    assert_eq!(reject, Reject::Limit(Exceeded::Id { max: 128 }));
    limits.max_id = 5;
    let headers = ring.signer(Scheme::StandardWebhooks).sign("msg_12", NOW, BODY).unwrap();
    let reject = verifier.with_limits(limits).verify(&headers, BODY, NOW).unwrap_err();
    assert_eq!(reject, Reject::Limit(Exceeded::Id { max: 5 }));
}

#[test]
fn at_most_16_signatures_are_considered() {
    let list = |bogus: usize| format!("{}{GOOD}", format!("{BOGUS} ").repeat(bogus));
    assert!(with_signature(&list(15)).is_ok());
    let reject = with_signature(&list(16)).unwrap_err();
    assert_eq!(reject, Reject::Limit(Exceeded::Signatures { max: 16 }));
    assert_eq!(reject.http_status(), 400);
    // Those that are not compared count too, as they have to be read.
    let foreign = format!("{GOOD} {}", "v1a,x ".repeat(16));
    assert_eq!(with_signature(&foreign), Err(Reject::Limit(Exceeded::Signatures { max: 16 })));
    let v1 = stripe_v1();
    let many = format!("t={STAMP},v1={v1}{}", ",v0=x".repeat(16));
    assert_eq!(stripe(&many), Err(Reject::Limit(Exceeded::Signatures { max: 16 })));
}

#[test]
fn one_hmac_a_key_however_many_signatures() {
    let two = ring().hmac("other", Secret::raw("another secret").unwrap()).unwrap();
    let list = format!("{BOGUS} ").repeat(16);
    let headers = [("webhook-id", ID), ("webhook-timestamp", STAMP), ("webhook-signature", list.as_str())];
    let reject = two.scheme(Scheme::StandardWebhooks).verify(&headers, BODY, NOW).unwrap_err();
    let Reject::NoMatch(explain) = reject else { panic!("{reject:?}") };
    assert_eq!((explain.keys, explain.signatures, explain.body), (2, 16, BODY.len()));
}

#[test]
fn the_signature_header_is_at_most_4096_bytes_over_all_its_lines() {
    let padded = |len: usize| format!("{GOOD}{}", " ".repeat(len - GOOD.len()));
    assert!(with_signature(&padded(4096)).is_ok());
    let reject = with_signature(&padded(4097)).unwrap_err();
    assert_eq!(reject, Reject::Limit(Exceeded::SignatureHeader { max: 4096 }));
    assert_eq!(reject.http_status(), 400);

    let mut headers = vec![("webhook-id", ID), ("webhook-timestamp", STAMP), ("webhook-signature", GOOD)];
    let blank = " ".repeat(99);
    headers.extend(std::iter::repeat_n(("webhook-signature", blank.as_str()), 41));
    assert_eq!(standard(&headers), Err(Reject::Limit(Exceeded::SignatureHeader { max: 4096 })));
}

#[test]
fn the_body_is_at_most_1_mib_and_25_mib_for_github() {
    let ring = ring();
    for scheme in Scheme::ALL {
        let max = if scheme == Scheme::GitHub { 25 << 20 } else { 1 << 20 };
        assert_eq!(Limits::for_scheme(scheme).max_body, max);
        let body = body_for(scheme.layout(), b"", NOW);
        let headers = ring.signer(scheme).with_url(URL).sign("msg_1", NOW, &body).unwrap();
        let mut pending = ring.scheme(scheme).with_url(URL).begin(&headers, NOW).unwrap();
        let expected = Reject::Limit(Exceeded::Body { max });
        assert_eq!(pending.update(&vec![0; max + 1]), Err(expected.clone()), "{scheme}");
        // It stays refused, whatever comes after.
        assert_eq!(pending.update(&[]), Err(expected.clone()));
        assert_eq!(pending.finish().unwrap_err(), expected);
        assert_eq!(expected.http_status(), 413);
    }
}

#[test]
fn a_body_of_exactly_the_limit_passes() {
    let ring = ring();
    let mut limits = Limits::default();
    limits.max_body = 5;
    let verifier = ring.scheme(Scheme::GitHub).with_limits(limits);
    for (body, fits) in [(&b"12345"[..], true), (b"123456", false)] {
        let headers = ring.signer(Scheme::GitHub).sign("", NOW, body).unwrap();
        assert_eq!(verifier.verify(&headers, body, NOW).is_ok(), fits);
        let mut collecting = verifier.begin(&headers, NOW).unwrap().collect();
        assert_eq!(collecting.update(body).is_ok(), fits);
    }
}

#[test]
fn an_empty_ring_verifies_nothing_before_the_body_is_read() {
    let ring = KeyRing::new();
    let headers = [("webhook-id", ID), ("webhook-timestamp", STAMP), ("webhook-signature", GOOD)];
    let reject = ring.scheme(Scheme::StandardWebhooks).begin(&headers, NOW).unwrap_err();
    let Reject::NoMatch(explain) = reject else { panic!("{reject:?}") };
    assert_eq!(explain.keys, 0);
    assert_eq!(explain.to_string(), "no key of the ring is active at this time");
}

#[test]
fn what_is_sent_back_says_nothing_of_key_signature_or_clock() {
    let now_digits = "1614265330";
    let rejects = [
        with_signature(BOGUS).unwrap_err(),
        with_signature("v1,").unwrap_err(),
        ring()
            .scheme(Scheme::StandardWebhooks)
            .verify(&[("webhook-id", ID), ("webhook-timestamp", "1"), ("webhook-signature", GOOD)], BODY, NOW)
            .unwrap_err(),
    ];
    for reject in rejects {
        let text = reject.to_string();
        for secret in [ID, now_digits, "g0hM9", "\"k\"", "MfKQ9", "2432232314"] {
            assert!(!text.contains(secret), "{text}");
            assert!(!format!("{reject:?}").contains("g0hM9"));
        }
    }
    assert_eq!(with_signature(BOGUS).unwrap_err().to_string(), "no signature matches");
}

#[test]
fn a_content_encoding_is_refused_before_the_body_is_read_under_every_scheme() {
    let ring = ring();
    for scheme in Scheme::ALL {
        let body = body_for(scheme.layout(), b"{}", NOW);
        let signed = ring.signer(scheme).with_url(URL).sign("msg_1", NOW, &body).unwrap();
        let verifier = ring.scheme(scheme).with_url(URL);
        for encoding in ["gzip", "br", "zstd", "deflate", "gzip, identity", "x"] {
            let mut headers: Vec<(&str, String)> = signed.clone().into_iter().collect();
            headers.push(("Content-Encoding", encoding.into()));
            let reject = verifier.begin(&headers, NOW).unwrap_err();
            assert_eq!((reject.http_status(), &reject), (415, &Reject::ContentEncoding), "{encoding}");
            assert_eq!(verifier.verify(&headers, &body, NOW), Err(Reject::ContentEncoding));
            // Who asks for them gets the bytes as they arrived.
            assert!(verifier.clone().allow_content_encoding().verify(&headers, &body, NOW).is_ok());
        }
        for none in ["", "identity", " Identity "] {
            let mut headers: Vec<(&str, String)> = signed.clone().into_iter().collect();
            headers.push(("content-encoding", none.into()));
            assert!(verifier.verify(&headers, &body, NOW).is_ok(), "{none:?}");
        }
    }
}

#[test]
fn the_malformed_timestamps_of_other_libraries_are_malformed_under_every_scheme_with_a_time() {
    let ring = ring();
    for (scheme, header) in [
        (Scheme::StandardWebhooks, "webhook-timestamp"),
        (Scheme::Svix, "svix-timestamp"),
        (Scheme::Slack, "x-slack-request-timestamp"),
        (Scheme::Zoom, "x-zm-request-timestamp"),
    ] {
        for text in
            ["+123", " 123", "123.9", "123e0", "123abc", "-9223372036854775808", "1_795_359_720", "1.2", ""]
        {
            let mut headers: Vec<(&str, String)> =
                ring.signer(scheme).sign("msg_1", NOW, BODY).unwrap().into_iter().collect();
            headers.iter_mut().find(|(name, _)| *name == header).unwrap().1 = text.into();
            let reject = ring.scheme(scheme).verify(&headers, BODY, NOW).unwrap_err();
            assert_eq!(reject, Reject::Malformed { header, flaw: Flaw::Timestamp }, "{text:?}");
            assert_eq!(reject.http_status(), 400);
        }
    }
}

#[test]
fn a_doubled_id_or_timestamp_is_refused_under_every_scheme_that_has_one() {
    let ring = ring();
    for (scheme, header) in [
        (Scheme::StandardWebhooks, "webhook-id"),
        (Scheme::Svix, "svix-id"),
        (Scheme::Svix, "svix-timestamp"),
        (Scheme::Slack, "x-slack-request-timestamp"),
        (Scheme::Zoom, "x-zm-request-timestamp"),
    ] {
        let mut headers: Vec<(&str, String)> =
            ring.signer(scheme).sign("msg_1", NOW, BODY).unwrap().into_iter().collect();
        let again = headers.iter().find(|(name, _)| *name == header).unwrap().clone();
        headers.push(again);
        let reject = ring.scheme(scheme).verify(&headers, BODY, NOW).unwrap_err();
        assert_eq!(reject, Reject::Malformed { header, flaw: Flaw::Repeated });
        assert_eq!(reject.http_status(), 400);
    }
}

#[test]
fn a_url_that_was_not_said_is_a_mistake_of_the_receiver() {
    let ring = ring();
    let headers = ring.signer(Scheme::Square).with_url(URL).sign("", NOW, BODY).unwrap();
    let reject = ring.scheme(Scheme::Square).verify(&headers, BODY, NOW).unwrap_err();
    assert_eq!((reject.http_status(), &reject), (500, &Reject::Url));
    assert_eq!(reject.to_string(), "the receiver does not know its URL");
    assert_eq!(ring.signer(Scheme::Square).sign("", NOW, BODY).unwrap_err(), SignError::Url);
    let sha1 = kit::sha1_ring(1);
    assert_eq!(sha1.signer(Sha1Scheme::Twilio).sign("", NOW, BODY).unwrap_err(), SignError::Url);
    let url = webhook_sig::twilio_json_url(URL, b"other");
    assert_eq!(
        sha1.signer(Sha1Scheme::Twilio).with_url(&url).sign("", NOW, BODY).unwrap_err(),
        SignError::Body
    );
}

#[test]
fn linear_has_its_time_in_the_body_and_60_seconds() {
    let ring = ring();
    let verify = |body: &str, now| {
        // By the key, not by the signer, which wants a time in the body.
        let mut headers: Vec<(&str, String)> =
            ring.signer(Scheme::Generic).sign("", NOW, body.as_bytes()).unwrap().into_iter().collect();
        headers[0] = ("linear-signature", headers[0].1.strip_prefix("sha256=").unwrap().into());
        let whole = ring.scheme(Scheme::Linear).verify(&headers, body, now).map(|verified| verified.at());
        let mut pending = ring.scheme(Scheme::Linear).begin(&headers, now).unwrap();
        pending.update(body.as_bytes()).unwrap();
        assert_eq!(pending.finish().map(|verified| verified.at()), whole);
        whole
    };
    let body = format!(r#"{{"action":"create","webhookTimestamp":{NOW}}}"#);
    let minute = Duration::from_secs(60);
    let tick = Duration::from_millis(1);
    assert_eq!(verify(&body, NOW), Ok(Some(NOW)));
    assert_eq!(verify(&body, NOW + minute), Ok(Some(NOW)));
    assert_eq!(verify(&body, NOW + minute + tick), Err(Reject::Stale { by: minute + tick }));
    assert_eq!(verify(&body, NOW.saturating_sub(minute + tick)), Err(Reject::Future { by: minute + tick }));
    for body in ["{}", r#"{"webhookTimestamp":"1"}"#, r#"{"webhookTimestamp":1e3}"#, "", "not json"] {
        let reject = verify(body, NOW).unwrap_err();
        assert_eq!(reject, Reject::Body(BodyFlaw::Time { member: "webhookTimestamp" }), "{body}");
        assert_eq!(reject.http_status(), 400);
        assert_eq!(ring.signer(Scheme::Linear).sign("", NOW, body.as_bytes()).unwrap_err(), SignError::Body);
    }
}

/// Whoever sees both headers of GitHub may strip the better one.
#[test]
fn sha1_is_looked_at_by_a_ring_for_sha1_only() {
    let sha1 = KeyRing::sha1().key("k", Secret::raw("It's a Secret to Everybody").unwrap()).unwrap();
    let sha256 = KeyRing::new().hmac("k", Secret::raw("It's a Secret to Everybody").unwrap()).unwrap();
    let both: Vec<(&str, String)> = sha1
        .signer(Sha1Scheme::GitHub)
        .sign("", NOW, BODY)
        .unwrap()
        .into_iter()
        .chain(sha256.signer(Scheme::GitHub).sign("", NOW, BODY).unwrap())
        .collect();
    assert!(sha256.scheme(Scheme::GitHub).verify(&both, BODY, NOW).is_ok());
    assert!(sha1.scheme(Sha1Scheme::GitHub).verify(&both, BODY, NOW).is_ok());
    let stripped = &both[..1];
    assert_eq!(
        sha256.scheme(Scheme::GitHub).verify(stripped, BODY, NOW),
        Err(Reject::Missing { header: "x-hub-signature-256" })
    );
}
