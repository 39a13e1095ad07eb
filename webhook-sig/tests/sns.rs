//! AWS SNS: envelopes, certificates, versions, limits.
#![cfg(feature = "rsa-verify")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "kit/rsa.rs"]
mod rsa;

use std::time::Duration;

use rsa::{Rsa, ready};
use webhook_sig::sns::{CertUrl, CertUrlError, Draft, Kind, Verifier, cert_url, sign_with};
use webhook_sig::{
    BodyFlaw, Certificate, Exceeded, ExternalError, KeyRing, Limits, Reject, SignatureAlgorithm, UnixMillis,
};

/// The time in the bodies that `openssl` signed.
const SIGNED: UnixMillis = UnixMillis::from_millis(1_798_761_600_655);
const URL: &str =
    "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem";
const V1: &str = include_str!("keys/sns_v1.json");
const V2: &str = include_str!("keys/sns_v2.json");

fn certificate(pem: &str) -> Certificate {
    Certificate::from_pem(pem).unwrap()
}

fn ring() -> KeyRing<Certificate> {
    KeyRing::certificates().key(URL, certificate(include_str!("keys/rsa.pem"))).unwrap()
}

#[test]
fn what_openssl_signed_in_both_versions_verifies() {
    let ring = ring();
    let verified = Verifier::new(&ring).verify(V1.as_bytes(), SIGNED).unwrap();
    assert_eq!(verified.body().kind(), Kind::Notification);
    assert_eq!(verified.body().subject(), Some("My First Message"));
    assert_eq!(verified.body().topic_arn(), "arn:aws:sns:us-west-2:123456789012:MyTopic");
    assert_eq!(verified.body().message(), "Hello world!\nWith a line, \"quotes\" and caf\u{e9} \u{1f600}");
    assert_eq!(verified.body().subscribe_url(), None);
    assert_eq!(verified.at(), Some(SIGNED));
    assert_eq!(verified.key().as_str(), URL);
    assert_eq!(verified.dedupe().to_string(), "id:22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324");
    let verified = Verifier::new(&ring).v2_only().verify(V2.as_bytes(), SIGNED).unwrap();
    assert_eq!(verified.body().subject(), None);
    for (confirmation, kind) in [
        (include_str!("keys/sns_v1_confirm.json"), Kind::SubscriptionConfirmation),
        (include_str!("keys/sns_v2_confirm.json"), Kind::UnsubscribeConfirmation),
    ] {
        let verified = Verifier::new(&ring).verify(confirmation.as_bytes(), SIGNED).unwrap();
        assert_eq!(verified.body().kind(), kind);
        assert_eq!(verified.body().token(), Some("2336412f37"));
        assert!(
            verified
                .body()
                .subscribe_url()
                .unwrap()
                .starts_with("https://sns.us-west-2.amazonaws.com/?Action=")
        );
    }
}

#[test]
fn a_body_is_cut_at_every_offset() {
    let ring = ring();
    let verifier = Verifier::new(&ring);
    for cut in 0..=V2.len() {
        let mut pending = verifier.begin(SIGNED);
        pending.update(&V2.as_bytes()[..cut]).unwrap();
        pending.update(&V2.as_bytes()[cut..]).unwrap();
        assert!(pending.finish().is_ok(), "{cut}");
    }
    let mut short = verifier.begin(SIGNED);
    short.update(&V2.as_bytes()[..V2.len() - 1]).unwrap();
    assert_eq!(short.finish(), Err(Reject::Body(BodyFlaw::Envelope)));
}

#[test]
fn every_signed_member_counts() {
    let ring = ring();
    let verify = |body: &str| Verifier::new(&ring).verify(body.as_bytes(), SIGNED);
    for (from, to) in [
        ("Hello world!", "Hello World!"),
        ("22b80b92", "22b80b93"),
        ("My First Message", "My first Message"),
        ("00:00:00.655Z", "00:00:00.656Z"),
        ("MyTopic", "MyTopid"),
    ] {
        assert!(V1.contains(from), "{from}");
        assert!(matches!(verify(&V1.replace(from, to)), Err(Reject::NoMatch(_))), "{from}");
    }
    // A version is no way down: the signature of one does not hold in the other.
    assert!(matches!(
        verify(&V1.replace(r#""SignatureVersion": "1""#, r#""SignatureVersion": "2""#)),
        Err(Reject::NoMatch(_))
    ));
    assert!(matches!(
        verify(&V2.replace(r#""SignatureVersion": "2""#, r#""SignatureVersion": "1""#)),
        Err(Reject::NoMatch(_))
    ));
    assert_eq!(
        Verifier::new(&ring).v2_only().verify(V1.as_bytes(), SIGNED),
        Err(Reject::Body(BodyFlaw::SignatureVersion))
    );
    // What is not signed changes nothing, and is not told.
    assert!(verify(&V1.replace("Action=Unsubscribe", "Action=Other")).is_ok());
    // A subject that was added to a message without one.
    let added = V2.replacen('{', r#"{"Subject": "s", "#, 1);
    assert!(matches!(verify(&added), Err(Reject::NoMatch(_))));
    // A confirmation cannot be passed off as a notification, which has fewer members.
    let confirm =
        include_str!("keys/sns_v1_confirm.json").replace("SubscriptionConfirmation", "Notification");
    assert!(matches!(verify(&confirm), Err(Reject::NoMatch(_))));
}

#[test]
fn a_body_that_is_no_message_is_refused() {
    let ring = ring();
    let verify = |body: &str| Verifier::new(&ring).verify(body.as_bytes(), SIGNED);
    let without = |member: &str| {
        let value: serde_json::Value = serde_json::from_str(V1).unwrap();
        let mut object = value.as_object().unwrap().clone();
        object.remove(member).unwrap();
        serde_json::to_string(&object).unwrap()
    };
    for member in [
        "Type",
        "MessageId",
        "TopicArn",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
    ] {
        assert_eq!(verify(&without(member)), Err(Reject::Body(BodyFlaw::Envelope)), "{member}");
    }
    for body in [
        "",
        "[]",
        "{",
        &V1.replacen('{', r#"{"Message": "another", "#, 1),
        &V1.replace(r#""SignatureVersion": "1""#, r#""SignatureVersion": "3""#),
        &V1.replace(r#""SignatureVersion": "1""#, r#""SignatureVersion": 1"#),
        &V1.replace(r#""Type": "Notification""#, r#""Type": "Other""#),
        &V1.replace("22b80b92-fdea", "22b80b92.fdea"),
        &V1.replace(r#""Signature": ""#, r#""Signature": "!"#),
        &include_str!("keys/sns_v1_confirm.json").replace("\"Token\"", "\"token\""),
        &format!("{}{}", r#"{"Message":"#, "[".repeat(100_000)),
    ] {
        assert_eq!(verify(body), Err(Reject::Body(BodyFlaw::Envelope)), "{}", &body[..body.len().min(60)]);
    }
    assert_eq!(
        verify(&V1.replace("2027-01-01T00:00:00.655Z", "1798761600")),
        Err(Reject::Body(BodyFlaw::Time { member: "Timestamp" }))
    );
    assert_eq!(verify("").unwrap_err().http_status(), 400);
}

#[test]
fn certificate_urls_of_other_hosts_users_queries_fragments_and_endings_are_refused() {
    for url in [
        URL,
        "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem",
        "https://sns.us-gov-west-1.amazonaws.com/a/b.pem",
    ] {
        assert_eq!(CertUrl::parse(url).unwrap().as_str(), url);
    }
    let refused = [
        ("http://sns.us-west-2.amazonaws.com/a.pem", CertUrlError::Scheme),
        ("HTTPS://sns.us-west-2.amazonaws.com/a.pem", CertUrlError::Scheme),
        ("//sns.us-west-2.amazonaws.com/a.pem", CertUrlError::Scheme),
        ("https://evil.example/a.pem", CertUrlError::Host),
        ("https://sns.us-west-2.amazonaws.com.evil.example/a.pem", CertUrlError::Host),
        ("https://sns.us-west-2.amazonaws.com@evil.example/a.pem", CertUrlError::Host),
        ("https://user@sns.us-west-2.amazonaws.com/a.pem", CertUrlError::Host),
        ("https://user:pass@sns.us-west-2.amazonaws.com/a.pem", CertUrlError::Host),
        ("https://sns.us-west-2.amazonaws.com:443/a.pem", CertUrlError::Host),
        ("https://sns.us-west-2.amazonaws.com./a.pem", CertUrlError::Host),
        ("https://xsns.us-west-2.amazonaws.com/a.pem", CertUrlError::Host),
        ("https://sns.us-west-2xamazonaws.com/a.pem", CertUrlError::Host),
        ("https://sns.a.b.amazonaws.com/a.pem", CertUrlError::Host),
        ("https://sns.ab.amazonaws.com/a.pem", CertUrlError::Host),
        ("https://sns.xn--y111.amazonaws.com/a.pem", CertUrlError::Host),
        ("https://sns.US-WEST-2.amazonaws.com/a.pem", CertUrlError::Host),
        ("https://sns.amazonaws.com/a.pem", CertUrlError::Host),
        ("https://s3.amazonaws.com/sns.us-west-2.amazonaws.com/a.pem", CertUrlError::Host),
        ("https://sns.us-west-2.amazonaws.com/a.pem?x.pem", CertUrlError::Extra),
        ("https://sns.us-west-2.amazonaws.com/?a.pem", CertUrlError::Extra),
        ("https://sns.us-west-2.amazonaws.com/a#.pem", CertUrlError::Extra),
        ("https://sns.us-west-2.amazonaws.com?/a.pem", CertUrlError::Host),
        ("https://sns.us-west-2.amazonaws.com#/a.pem", CertUrlError::Host),
        ("https://sns.us-west-2.amazonaws.com/a.pem/b", CertUrlError::Path),
        ("https://sns.us-west-2.amazonaws.com/a.cer", CertUrlError::Path),
        ("https://sns.us-west-2.amazonaws.com/a.PEM", CertUrlError::Path),
        ("https://sns.us-west-2.amazonaws.com", CertUrlError::Path),
        ("https://sns.us-west-2.amazonaws.com\\@evil.example/a.pem", CertUrlError::Characters),
        ("https://sns.us-west-2.amazonaws.com/a.pem ", CertUrlError::Characters),
        ("https://sns.us-west-2.amazonaws.com/\r\na.pem", CertUrlError::Characters),
        ("https://sns.us-w\u{435}st-2.amazonaws.com/a.pem", CertUrlError::Characters),
    ];
    for (url, error) in refused {
        assert_eq!(CertUrl::parse(url), Err(error), "{url}");
        let body = V1.replace(URL, &url.replace('\\', "\\\\").replace('\r', "\\r").replace('\n', "\\n"));
        assert_eq!(
            cert_url(body.as_bytes(), &Verifier::limits()),
            Err(Reject::Body(BodyFlaw::CertificateUrl)),
            "{url}"
        );
        // And the message is refused, whoever supplies the certificate.
        let ring = ring();
        assert_eq!(
            Verifier::new(&ring).verify(body.as_bytes(), SIGNED),
            Err(Reject::Body(BodyFlaw::CertificateUrl))
        );
    }
    assert_eq!(
        CertUrl::parse(&format!("https://sns.us-west-2.amazonaws.com/{}.pem", "a".repeat(512))),
        Err(CertUrlError::Characters)
    );
    assert_eq!(cert_url(V1.as_bytes(), &Verifier::limits()).unwrap().as_str(), URL);
}

#[test]
fn the_key_that_is_named_as_the_url_is_the_only_one_tried() {
    let right = certificate(include_str!("keys/rsa.pem"));
    let other = certificate(include_str!("keys/other.pem"));
    let verify = |ring: &KeyRing<Certificate>| Verifier::new(ring).verify(V2.as_bytes(), SIGNED);
    let shadowed =
        KeyRing::certificates().key(URL, other.clone()).unwrap().key("right", right.clone()).unwrap();
    let Err(Reject::NoMatch(explain)) = verify(&shadowed) else { panic!("it was tried") };
    assert_eq!(explain.keys, 1);
    let unnamed = KeyRing::certificates().key("other", other).unwrap().key("right", right).unwrap();
    assert_eq!(verify(&unnamed).unwrap().key().as_str(), "right");
    assert!(matches!(verify(&KeyRing::certificates()), Err(Reject::NoMatch(_))));
}

#[test]
fn an_hour_to_the_past_and_a_valid_certificate_are_asked_for() {
    let ring = ring();
    let at = |now| Verifier::new(&ring).verify(V2.as_bytes(), now).map(|_| ());
    let second = Duration::from_secs(1);
    assert_eq!(Verifier::limits().tolerance_past, Duration::from_secs(3600));
    assert_eq!(at(SIGNED + Duration::from_secs(3600)), Ok(()));
    let stale = Duration::from_secs(3601);
    assert_eq!(at(SIGNED + stale), Err(Reject::Stale { by: stale }));
    assert_eq!(at(SIGNED.saturating_sub(Duration::from_secs(300))), Ok(()));
    assert!(matches!(at(SIGNED.saturating_sub(Duration::from_secs(301))), Err(Reject::Future { .. })));
    // The certificate is from November 2026.
    let before = UnixMillis::from_secs(1_700_000_000);
    let rsa = Rsa::new(SignatureAlgorithm::RsaV15Sha256);
    let draft = Draft::notification("1", "arn", None, "m");
    let body = ready(sign_with(&draft, before, &CertUrl::parse(URL).unwrap(), &rsa)).unwrap();
    assert!(matches!(Verifier::new(&ring).verify(&body, before + second), Err(Reject::NoMatch(_))));
}

#[test]
fn what_is_signed_here_verifies() {
    let rsa = Rsa::new(SignatureAlgorithm::RsaV15Sha256);
    let url = CertUrl::parse(URL).unwrap();
    let ring = ring();
    for draft in [
        Draft::notification("1", "arn", Some("\u{1f600}"), "a\nMessageId\n2\n"),
        Draft::notification("2", "arn", None, ""),
        Draft::confirmation(Kind::SubscriptionConfirmation, "3", "arn", "m", "https://sns", "t").unwrap(),
    ] {
        let body = ready(sign_with(&draft, SIGNED, &url, &rsa)).unwrap();
        let verified = Verifier::new(&ring).v2_only().verify(&body, SIGNED).unwrap();
        assert_eq!(verified.at(), Some(SIGNED));
    }
    assert_eq!(Draft::confirmation(Kind::Notification, "3", "arn", "m", "u", "t"), None);
    let pss = Rsa::new(SignatureAlgorithm::RsaPssSha512);
    let error = ready(sign_with(&Draft::notification("2", "arn", None, ""), SIGNED, &url, &pss)).unwrap_err();
    assert!(matches!(error, ExternalError::Algorithm(SignatureAlgorithm::RsaPssSha512)));
}

#[test]
fn a_body_beyond_the_limit_is_not_kept() {
    let ring = ring();
    let mut limits = Limits::default();
    limits.max_body = V2.len() - 1;
    let max = limits.max_body;
    let reject = Err(Reject::Limit(Exceeded::Body { max }));
    let verifier = Verifier::new(&ring).with_limits(limits.clone());
    assert_eq!(verifier.verify(V2.as_bytes(), SIGNED).map(|_| ()), reject);
    assert_eq!(cert_url(V2.as_bytes(), &limits).map(|_| ()), reject);
    let mut pending = verifier.begin(SIGNED);
    assert_eq!(pending.update(V2.as_bytes()), reject);
    assert_eq!(pending.update(b""), reject);
    assert_eq!(pending.finish().map(|_| ()), reject);
    let mut id = Limits::default();
    id.max_id = 35;
    assert_eq!(
        Verifier::new(&ring).with_limits(id).verify(V2.as_bytes(), SIGNED).map(|_| ()),
        Err(Reject::Limit(Exceeded::Id { max: 35 }))
    );
}

/// SNS signs confirmations for topics of anybody, so the topic decides, and nothing is requested here.
#[test]
fn a_subscription_is_confirmed_for_the_expected_topic_only() {
    use webhook_sig::challenge;
    let ring = ring();
    let verify = |body: &str| Verifier::new(&ring).verify(body.as_bytes(), SIGNED).unwrap();
    let question = verify(include_str!("keys/sns_v1_confirm.json"));
    let topic = "arn:aws:sns:us-west-2:123456789012:MyTopic";
    let url = challenge::sns(&question, |arn| arn == topic);
    assert_eq!(url, Some("https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37"));
    assert_eq!(challenge::sns(&question, |arn| arn == "arn:aws:sns:us-west-2:666:Evil"), None);
    assert_eq!(challenge::sns(&verify(V1), |_| true), None, "a notification");
    assert_eq!(
        challenge::sns(&verify(include_str!("keys/sns_v2_confirm.json")), |_| true),
        None,
        "the other way"
    );
}
