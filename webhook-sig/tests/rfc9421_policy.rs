//! RFC 9421: what a verifier asks for, every limit, the binding of the body, signing through others, Accept-Signature.
#![cfg(all(feature = "rfc9421", feature = "ed25519", feature = "p256", feature = "rsa-verify"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "kit/rsa.rs"]
mod rsa;

use std::time::Duration;

use proptest::prelude::*;
use rsa::{Rsa, ready};
use webhook_sig::digest::{Check, DigestAlgorithm, DigestError, Digests, MAX_DIGEST_FIELD};
use webhook_sig::rfc9421::{
    Accept, Accepted, Binding, Component, ComponentError, Exceeded, Limits, Message, MessageKey,
    MessageSigningKey, Reject, Request, SignError, Signing, StructuredType, Verifier,
};
use webhook_sig::{
    Certificate, EcdsaSigningKey, Ed25519SigningKey, ExternalError, KeyRing, RsaPublicKey, Secret,
    SignatureAlgorithm, UnixMillis,
};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);
const BODY: &[u8] = b"{\"hello\": \"world\"}";

fn secret() -> Secret {
    Secret::raw("a secret of both sides, of 32 bytes or more").unwrap()
}

fn ring() -> KeyRing<MessageKey> {
    KeyRing::messages().key("k", secret()).unwrap()
}

fn components(names: &[&str]) -> Vec<Component> {
    names.iter().map(|name| Component::parse(name).unwrap()).collect()
}

type Headers = Vec<(String, String)>;

fn plain() -> Headers {
    [
        ("host", "example.com"),
        ("content-digest", &DigestAlgorithm::Sha256.field(BODY)),
        ("content-type", "application/json"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn signing(names: &[&str]) -> Signing {
    Signing::new("sig1", components(names)).unwrap().created(NOW).keyid("k").unwrap()
}

/// A POST with these signatures.
fn signed_by(signings: &[Signing], key: &MessageSigningKey) -> Headers {
    let mut headers = plain();
    for signing in signings {
        let fields = signing.sign(&Message::request("POST", "/in", &headers), key).unwrap();
        headers.extend(fields);
    }
    headers
}

fn signed(signing: Signing) -> Headers {
    signed_by(&[signing.without_body()], &secret().into())
}

fn verify(verifier: &Verifier<'_>, headers: &Headers) -> Result<Accepted<&'static [u8]>, Reject> {
    verifier.verify(&Message::request("POST", "/in", headers), BODY, NOW)
}

const NAMES: [&str; 4] = ["@method", "@authority", "@path", "content-digest"];

#[test]
fn a_body_is_cut_at_every_offset_and_bound() {
    let headers = signed(signing(&NAMES));
    let ring = ring();
    let verifier = Verifier::new(&ring);
    let message = Message::request("POST", "/in", &headers);
    let whole = verifier.verify(&message, BODY, NOW).unwrap();
    for cut in 0..=BODY.len() {
        let mut pending = verifier.begin(&message, NOW).unwrap().collect();
        pending.update(&BODY[..cut]).unwrap();
        pending.update(&BODY[cut..]).unwrap();
        let accepted = pending.finish().unwrap();
        assert_eq!(accepted.verified().body(), BODY);
        assert_eq!(accepted.verified().dedupe(), whole.verified().dedupe());
        let mut short = verifier.begin(&message, NOW).unwrap();
        short.update(&BODY[..cut]).unwrap();
        assert_eq!(short.finish().is_ok(), cut == BODY.len());
    }
    // Without an id the body tells events apart, by the same text as under the other schemes.
    let sha256 = <sha2::Sha256 as sha2::Digest>::digest(BODY)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    assert_eq!(whole.verified().dedupe().to_string(), format!("sha256:{sha256}"));
    assert_eq!(whole.verified().at(), Some(NOW));
}

#[test]
fn the_dedupe_key_is_the_same_whichever_digest_binds_the_body() {
    let ring = ring();
    let mut keys = Vec::new();
    for field in [
        DigestAlgorithm::Sha512.field(BODY),
        format!("{}, {}", DigestAlgorithm::Sha256.field(BODY), DigestAlgorithm::Sha512.field(BODY)),
    ] {
        let mut headers = plain();
        headers[1].1 = field;
        let fields =
            signing(&NAMES).sign(&Message::request("POST", "/in", &headers), &secret().into()).unwrap();
        headers.extend(fields);
        keys.push(verify(&Verifier::new(&ring), &headers).unwrap().verified().dedupe());
    }
    keys.push(verify(&Verifier::new(&ring), &signed(signing(&NAMES))).unwrap().verified().dedupe());
    keys.dedup();
    assert_eq!(keys.len(), 1);
}

#[test]
fn the_body_is_bound_by_every_form_of_the_field_and_by_no_other() {
    let ring = ring();
    for form in [
        "content-digest",
        r#""content-digest";sf"#,
        r#""content-digest";bs"#,
        r#""content-digest";key="sha-256""#,
    ] {
        let headers = signed(signing(&["@path", form]));
        assert!(verify(&Verifier::new(&ring), &headers).is_ok(), "{form}");
        let message = Message::request("POST", "/in", &headers);
        assert_eq!(
            Verifier::new(&ring).verify(&message, b"other", NOW),
            Err(Reject::Digest(DigestError::Mismatch))
        );
    }
    // A digest that is not covered, of the request that is answered, or of an algorithm that is not there.
    let not_covered = Err(Reject::NotCovered { component: r#""content-digest""#.into() });
    assert_eq!(verify(&Verifier::new(&ring), &signed(signing(&["@path"]))).map(|_| ()), not_covered);
    let request_headers = plain();
    let request = Message::request("POST", "/in", &request_headers);
    let mut answer = plain();
    let signing = signing(&[r#""content-digest";req"#]).without_body();
    let fields =
        signing.sign(&Message::response(200, &answer).answering(&request), &secret().into()).unwrap();
    answer.extend(fields);
    let response = Message::response(200, &answer).answering(&request);
    assert_eq!(Verifier::new(&ring).verify(&response, BODY, NOW).map(|_| ()), not_covered);
    // Not needed, but for a body that is there.
    let headers = signed(self::signing(&["@path"]));
    let message = Message::request("POST", "/in", &headers);
    let empty = Verifier::new(&ring).body(Binding::UnlessEmpty);
    assert!(empty.verify(&message, b"", NOW).is_ok());
    assert_eq!(empty.verify(&message, b"x", NOW).map(|_| ()), not_covered);
    // The signature by itself, which says nothing of a body.
    let head = Verifier::new(&ring).verify_head(&message, NOW).unwrap();
    assert_eq!(head.covered(), [r#""@path""#]);
    // Signing asks for it too.
    let error = self::signing(&["@path"]).sign(&message, &secret().into()).unwrap_err();
    assert_eq!(error, SignError::BodyNotCovered);
}

#[test]
fn digests_are_strict_about_their_field() {
    let digests = |lines: &[&str]| {
        let headers: Vec<_> = lines.iter().map(|line| ("content-digest", *line)).collect();
        Digests::content(&headers)
    };
    let right = DigestAlgorithm::Sha256.field(BODY);
    assert_eq!(digests(&[&right]).unwrap().verify(BODY), Ok(()));
    // Over several lines, and beside others that are not looked at.
    let sha512 = DigestAlgorithm::Sha512.field(BODY);
    assert_eq!(digests(&["md5=:AA==:, unixsum=:AA==:", &right, &sha512]).unwrap().verify(BODY), Ok(()));
    // Of two, both have to be right.
    let wrong = DigestAlgorithm::Sha512.field(b"other");
    assert_eq!(digests(&[&right, &wrong]).unwrap().verify(BODY), Err(DigestError::Mismatch));
    for (lines, error) in [
        (&[][..], DigestError::Missing),
        (&["md5=:AA==:"], DigestError::Weak),
        (&[""], DigestError::Weak),
        (&["sha-256=:AA==:"], DigestError::Malformed),
        (&["sha-256"], DigestError::Malformed),
        (&["sha-256=(:AA==:)"], DigestError::Malformed),
        (&["sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="], DigestError::Malformed),
        (&[&right, &right], DigestError::Malformed),
        (&["sha-256=:\u{e9}:"], DigestError::Malformed),
    ] {
        assert_eq!(digests(lines), Err(error), "{lines:?}");
    }
    let long = format!("{right}, a=\"{}\"", "b".repeat(MAX_DIGEST_FIELD));
    assert_eq!(digests(&[&long]), Err(DigestError::TooLong));
    let headers = [("Repr-Digest", right.as_str())];
    let mut check: Check = Digests::representation(&headers).unwrap().begin();
    check.update(&BODY[..3]);
    check.update(&BODY[3..]);
    assert_eq!(check.finish(), Ok(()));
    assert_eq!(Digests::content(&headers), Err(DigestError::Missing));
    // A message with a digest of which none is believed.
    let ring = ring();
    let mut headers = plain();
    headers[1].1 = "md5=:AA==:".into();
    let fields = signing(&NAMES).sign(&Message::request("POST", "/in", &headers), &secret().into()).unwrap();
    headers.extend(fields);
    assert_eq!(verify(&Verifier::new(&ring), &headers), Err(Reject::Digest(DigestError::Weak)));
}

#[test]
fn what_is_required_has_to_be_covered_exactly() {
    let ring = ring();
    let headers = signed(signing(&NAMES));
    let requiring = |names: &[&str]| Verifier::new(&ring).require(components(names));
    assert!(verify(&requiring(&["@path", "@method"]), &headers).is_ok());
    assert_eq!(
        verify(&requiring(&["@path", "@query"]), &headers),
        Err(Reject::NotCovered { component: r#""@query""#.into() })
    );
    assert_eq!(
        verify(&requiring(&[r#""content-digest";sf"#]), &headers),
        Err(Reject::NotCovered { component: r#""content-digest";sf"#.into() })
    );
}

#[test]
fn time_nonce_and_expiry() {
    let ring = ring();
    let with = |at: UnixMillis| {
        let headers = signed(Signing::new("s", components(&NAMES)).unwrap().created(at).keyid("k").unwrap());
        verify(&Verifier::new(&ring), &headers).map(|_| ())
    };
    let (ok, late) = (Duration::from_secs(300), Duration::from_secs(301));
    assert_eq!(with(NOW + ok), Ok(()));
    assert_eq!(with(NOW.saturating_sub(ok)), Ok(()));
    assert_eq!(with(NOW + late), Err(Reject::Future { by: late }));
    assert_eq!(with(NOW.saturating_sub(late)), Err(Reject::Stale { by: late }));
    let timeless = signed(Signing::new("s", components(&NAMES)).unwrap().keyid("k").unwrap());
    assert_eq!(verify(&Verifier::new(&ring), &timeless), Err(Reject::Parameter { name: "created" }));
    let accepted = verify(&Verifier::new(&ring).allow_timeless(), &timeless).unwrap();
    assert_eq!(accepted.verified().at(), None);
    let second = Duration::from_secs(1);
    let expired = signed(signing(&NAMES).expires(NOW));
    assert_eq!(verify(&Verifier::new(&ring), &expired), Err(Reject::Expired { by: Duration::ZERO }));
    assert!(verify(&Verifier::new(&ring), &signed(signing(&NAMES).expires(NOW + second))).is_ok());
    let nonce = Verifier::new(&ring).require_nonce();
    assert_eq!(verify(&nonce, &signed(signing(&NAMES))), Err(Reject::Parameter { name: "nonce" }));
    let accepted = verify(&nonce, &signed(signing(&NAMES).nonce("n\"\\1").unwrap())).unwrap();
    assert_eq!(accepted.params().nonce.as_deref(), Some("n\"\\1"));
    assert_eq!(signing(&NAMES).nonce("\u{e9}").unwrap_err(), SignError::Parameter { name: "nonce" });
    // Times that no clock has.
    for created in ["-1", "1.5", "\"1700000000\"", "?1", "@1700000000", "999999999999999"] {
        let mut headers = plain();
        headers.push((
            "signature-input".into(),
            format!("s=(\"content-digest\");created={created};keyid=\"k\""),
        ));
        headers.push(("signature".into(), "s=:AA==:".into()));
        let reject = verify(&Verifier::new(&ring), &headers);
        assert!(
            matches!(reject, Err(Reject::Malformed { field: "signature-input" } | Reject::Future { .. })),
            "{created}: {reject:?}"
        );
    }
}

#[test]
fn the_key_decides_the_algorithm_and_the_message_may_only_agree() {
    let ed25519 = Ed25519SigningKey::from_seed(&[7; 32]).unwrap();
    let ring = KeyRing::messages().key("hmac", secret()).unwrap().key("ed", ed25519.public_key()).unwrap();
    let by = |keyid: &str| Signing::new("s", components(&NAMES)).unwrap().created(NOW).keyid(keyid).unwrap();
    let told = signed_by(&[by("ed").tell_algorithm()], &ed25519.clone().into());
    let accepted = verify(&Verifier::new(&ring), &told).unwrap();
    assert_eq!(accepted.params().alg.as_deref(), Some("ed25519"));
    // The public key used as a secret, by the name of the public key: HMAC is not what that key does.
    let confused = Secret::raw(ed25519.public_key().as_bytes()).unwrap();
    let forged = signed_by(&[by("ed").tell_algorithm()], &confused.clone().into());
    assert_eq!(verify(&Verifier::new(&ring), &forged), Err(Reject::Algorithm));
    let silent = signed_by(&[by("ed")], &confused.into());
    assert_eq!(verify(&Verifier::new(&ring), &silent), Err(Reject::NoMatch));
    assert_eq!(
        verify(&Verifier::new(&ring), &signed_by(&[by("other")], &secret().into())),
        Err(Reject::UnknownKey)
    );
    // Without a name every active key is tried, and the one that matches is told.
    let nameless = Signing::new("s", components(&NAMES)).unwrap().created(NOW);
    let accepted = verify(&Verifier::new(&ring), &signed_by(&[nameless], &ed25519.into())).unwrap();
    assert_eq!(accepted.verified().key().as_str(), "ed");
}

#[test]
fn rsa_with_sha_1_verifies_no_message() {
    let certificate = Certificate::from_pem(include_str!("keys/rsa.pem")).unwrap();
    let key: RsaPublicKey = certificate.public_key(SignatureAlgorithm::RsaV15Sha1).unwrap();
    let ring = KeyRing::messages().key("k", key).unwrap();
    assert_eq!(verify(&Verifier::new(&ring), &signed(signing(&NAMES))), Err(Reject::NoMatch));
}

#[test]
fn rsa_signs_through_a_signer_outside() {
    let certificate = Certificate::from_pem(include_str!("keys/rsa.pem")).unwrap();
    for algorithm in [SignatureAlgorithm::RsaPssSha512, SignatureAlgorithm::RsaV15Sha256] {
        let ring = KeyRing::messages().key("k", certificate.public_key(algorithm).unwrap()).unwrap();
        let mut headers = plain();
        let signing = signing(&NAMES).tell_algorithm();
        let fields = {
            let message = Message::request("POST", "/in", &headers);
            ready(signing.sign_with(&message, &Rsa::new(algorithm))).unwrap()
        };
        headers.extend(fields);
        assert!(verify(&Verifier::new(&ring), &headers).is_ok(), "{algorithm}");
    }
    let headers = plain();
    let message = Message::request("POST", "/in", &headers);
    let rsa = Rsa::new(SignatureAlgorithm::RsaV15Sha1);
    assert!(matches!(
        ready(signing(&NAMES).sign_with(&message, &rsa)),
        Err(ExternalError::Algorithm(SignatureAlgorithm::RsaV15Sha1))
    ));
    let absent = ready(signing(&["x", "content-digest"]).sign_with(&message, &rsa)).unwrap_err();
    assert!(matches!(
        absent,
        ExternalError::Sign(SignError::Component { error: ComponentError::Absent, .. })
    ));
}

#[test]
fn several_labels_are_kept_apart() {
    let proxy = EcdsaSigningKey::p384(&[9; 48]).unwrap();
    let ring = ring().key("proxy", proxy.public_key()).unwrap();
    let mut headers = signed(signing(&NAMES).tag("app").unwrap());
    let fields =
        Signing::new("proxy_sig", components(&["@method", "content-digest", r#""signature";key="sig1""#]))
            .unwrap()
            .created(NOW)
            .keyid("proxy")
            .unwrap()
            .tag("proxy")
            .unwrap()
            .sign(&Message::request("POST", "/in", &headers), &proxy.into())
            .unwrap();
    headers.extend(fields);
    let label =
        |verifier: Verifier<'_>| verify(&verifier, &headers).map(|accepted| accepted.label().to_owned());
    assert_eq!(label(Verifier::new(&ring)).as_deref(), Ok("sig1"));
    assert_eq!(label(Verifier::new(&ring).label("proxy_sig")).as_deref(), Ok("proxy_sig"));
    assert_eq!(label(Verifier::new(&ring).tag("proxy")).as_deref(), Ok("proxy_sig"));
    assert_eq!(label(Verifier::new(&ring).label("proxy_sig").tag("app")), Err(Reject::NotFound));
    // The second holds where the first does not.
    assert_eq!(
        label(Verifier::new(&ring).require(components(&[r#""signature";key="sig1""#]))).as_deref(),
        Ok("proxy_sig")
    );
    // A label twice, a signature without its input's kind, and an input without a signature.
    let with = |input: &str, signature: &str| {
        let mut headers = plain();
        headers.push(("signature-input".into(), input.into()));
        headers.push(("signature".into(), signature.into()));
        verify(&Verifier::new(&ring), &headers)
    };
    let params = format!("created={};keyid=\"k\"", NOW.as_secs());
    let one = format!("a=(\"content-digest\");{params}");
    for (input, signature, field) in [
        (format!("{one}, {one}"), "a=:AA==:", "signature-input"),
        (one.clone(), "a=:AA==:, a=:AA==:", "signature"),
        (format!("a=(\"content-digest\");{params};created=1"), "a=:AA==:", "signature-input"),
        ("a=1".into(), "a=:AA==:", "signature-input"),
        ("a=(".into(), "a=:AA==:", "signature-input"),
        (one.clone(), "a=AA", "signature"),
        (one.clone(), "b=:AA==:", "signature"),
        (one.clone(), "a=(:AA==:)", "signature"),
        (one, "\u{e9}", "signature"),
    ] {
        assert_eq!(with(&input, signature), Err(Reject::Malformed { field }), "{input} {signature}");
    }
    assert_eq!(verify(&Verifier::new(&ring), &plain()), Err(Reject::Missing { field: "signature-input" }));
}

#[test]
fn components_that_are_unknown_or_misused_are_refused() {
    let ring = ring();
    for (identifier, error) in [
        (r#""@method";sf"#, ComponentError::Parameter),
        (r#""@method";name="a""#, ComponentError::Parameter),
        (r#""@query-param""#, ComponentError::Parameter),
        (r#""@signature-params""#, ComponentError::Name),
        (r#""@new""#, ComponentError::Name),
        (r#""Content-Type""#, ComponentError::Name),
        (r#""content type""#, ComponentError::Name),
        (r#""""#, ComponentError::Name),
        ("content-type", ComponentError::Name),
        (r#""content-type";new"#, ComponentError::Parameter),
        (r#""content-type";sf=?0"#, ComponentError::Parameter),
        (r#""content-type";key=1"#, ComponentError::Parameter),
        (r#""content-type";name="a""#, ComponentError::Parameter),
        (r#""content-digest";bs;sf"#, ComponentError::Parameter),
        (r#""content-digest";bs;key="sha-256""#, ComponentError::Parameter),
        (r#""content-type";sf"#, ComponentError::Structure),
        (r#""content-type";tr"#, ComponentError::Absent),
        (r#""content-type";req"#, ComponentError::Kind),
    ] {
        let mut headers = plain();
        let input = format!("a=(\"content-digest\" {identifier});created={};keyid=\"k\"", NOW.as_secs());
        headers.push(("signature-input".into(), input));
        headers.push(("signature".into(), "a=:AA==:".into()));
        let reject = verify(&Verifier::new(&ring), &headers);
        assert!(
            matches!(&reject, Err(Reject::Component { error: given, .. }) if *given == error),
            "{identifier}: {reject:?}"
        );
        assert_eq!(reject.unwrap_err().http_status(), 400);
    }
    assert_eq!(Component::field("a b"), Err(ComponentError::Name));
    assert_eq!(Component::field("Content-Type").unwrap().to_string(), r#""content-type""#);
    assert_eq!(Component::parse("@new"), Err(ComponentError::Name));
    assert_eq!(Component::parse("@query-param"), Err(ComponentError::Parameter));
    assert_eq!(Component::field("a").unwrap().key("A"), Err(ComponentError::Name));
    assert_eq!(Signing::new("A", []).unwrap_err(), SignError::Label);
}

#[test]
fn a_field_that_is_declared_as_structured_is_taken_as_one() {
    let mut headers = plain();
    headers.push(("example-dict".into(), "a=1,   b=(x   y)".into()));
    let signing = signing(&["content-digest", r#""example-dict";sf"#])
        .structured("Example-Dict", StructuredType::Dictionary);
    let fields = signing.sign(&Message::request("POST", "/in", &headers), &secret().into()).unwrap();
    headers.extend(fields);
    let ring = ring();
    assert!(matches!(
        verify(&Verifier::new(&ring), &headers),
        Err(Reject::Component { error: ComponentError::Structure, .. })
    ));
    let verifier = Verifier::new(&ring).structured("example-dict", StructuredType::Dictionary);
    assert!(verify(&verifier, &headers).is_ok());
    // A proxy that wrote it anew changed nothing.
    headers[3].1 = "a=1, b=(x y)".into();
    assert!(verify(&verifier, &headers).is_ok());
    headers[3].1 = "a=2, b=(x y)".into();
    assert_eq!(verify(&verifier, &headers), Err(Reject::NoMatch));
}

#[test]
fn every_limit_is_named_when_it_is_crossed() {
    let ring = ring();
    let limited = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        Verifier::new(&ring).with_limits(limits)
    };
    let headers = signed(signing(&NAMES));
    assert!(verify(&limited(|_| {}), &headers).is_ok());
    let cases: [(Verifier<'_>, Exceeded); 6] = [
        (limited(|limits| limits.max_signature_field = 60), Exceeded::SignatureField { max: 60 }),
        (limited(|limits| limits.max_labels = 0), Exceeded::Labels { max: 0 }),
        (limited(|limits| limits.max_components = 3), Exceeded::Components { max: 3 }),
        (limited(|limits| limits.max_base = 100), Exceeded::Base { max: 100 }),
        (limited(|limits| limits.max_parameters = 1), Exceeded::Parameters { max: 1 }),
        (limited(|limits| limits.max_body = 17), Exceeded::Body { max: 17 }),
    ];
    for (verifier, exceeded) in cases {
        let reject = verify(&verifier, &headers).unwrap_err();
        assert_eq!(reject, Reject::Limit(exceeded));
        assert_eq!(reject.http_status(), if matches!(exceeded, Exceeded::Body { .. }) { 413 } else { 400 });
    }
    // A body that streams is stopped where it crosses the limit, and stays so.
    let verifier = limited(|limits| limits.max_body = 17);
    let mut pending = verifier.begin(&Message::request("POST", "/in", &headers), NOW).unwrap();
    pending.update(&BODY[..17]).unwrap();
    assert!(pending.update(b"}").is_err() && pending.update(b"").is_err() && pending.finish().is_err());
}

#[test]
fn no_more_signatures_are_computed_than_the_limit() {
    // Eight keys without a name in the message: four are tried.
    let ring = (0..8).fold(KeyRing::messages(), |ring, n| {
        ring.key(format!("{n}"), Secret::raw(format!("secret {n}")).unwrap()).unwrap()
    });
    let nameless = |n: u8| {
        let signing = Signing::new("s", components(&NAMES)).unwrap().created(NOW);
        signed_by(&[signing], &Secret::raw(format!("secret {n}")).unwrap().into())
    };
    assert!(verify(&Verifier::new(&ring), &nameless(3)).is_ok());
    let limit = Err(Reject::Limit(Exceeded::Verifications { max: 4 }));
    assert_eq!(verify(&Verifier::new(&ring), &nameless(4)), limit);
    // Eight labels under one key: four are tried, though each names it.
    let key = Secret::raw("secret 0").unwrap();
    let wrong: Vec<Signing> = (0..8)
        .map(|n| Signing::new(&format!("s{n}"), components(&NAMES)).unwrap().created(NOW).keyid("1").unwrap())
        .collect();
    assert_eq!(verify(&Verifier::new(&ring), &signed_by(&wrong, &key.into())), limit);
}

#[test]
fn accept_signature_goes_both_ways() {
    let request = Request::new(
        "sig1",
        components(&[
            "@method",
            r#""@query-param";name="a b""#.replace("a b", "a%20b").as_str(),
            "content-digest",
        ]),
    )
    .unwrap()
    .created()
    .expires()
    .nonce("n1")
    .unwrap()
    .alg("ed25519")
    .unwrap()
    .keyid("k")
    .unwrap()
    .tag("app")
    .unwrap();
    let second = Request::new("sig2", components(&["@status"])).unwrap();
    let field = Accept::from_iter([request.clone(), second.clone()]).to_string();
    assert_eq!(
        field,
        r#"sig1=("@method" "@query-param";name="a%20b" "content-digest");created;expires;nonce="n1";alg="ed25519";keyid="k";tag="app", sig2=("@status")"#
    );
    let accept = Accept::read(&[("Accept-Signature", field.as_str())], &Limits::DEFAULT).unwrap();
    assert!(accept.requests().eq([&request, &second]));
    let wanted = accept.requests().next().unwrap();
    assert_eq!(
        (wanted.label(), wanted.wanted_keyid(), wanted.wanted_alg()),
        ("sig1", Some("k"), Some("ed25519"))
    );
    // What is asked for is what is signed.
    let key = Ed25519SigningKey::from_seed(&[7; 32]).unwrap();
    let ring = KeyRing::messages().key("k", key.public_key()).unwrap();
    let mut headers = plain();
    let signing = wanted.signing(NOW, Some(NOW + Duration::from_secs(60)));
    let target = "/in?a%20b=1";
    let fields = signing.sign(&Message::request("POST", target, &headers), &key.into()).unwrap();
    headers.extend(fields);
    let accepted = Verifier::new(&ring)
        .require(wanted.components().to_vec())
        .tag("app")
        .verify(&Message::request("POST", target, &headers), BODY, NOW)
        .unwrap();
    assert_eq!(accepted.params().nonce.as_deref(), Some("n1"));
    assert_eq!(accepted.params().expires, Some(NOW + Duration::from_secs(60)));
    // The example of RFC 9421 §5.1.
    let example = r#"sig1=("@method" "@target-uri" "@authority" "content-digest" "cache-control");keyid="test-key-rsa-pss";created;tag="app-123""#;
    let accept = Accept::read(&[("accept-signature", example)], &Limits::DEFAULT).unwrap();
    assert_eq!(accept.requests().next().unwrap().components().len(), 5);
    let none: [(&str, &str); 0] = [];
    assert_eq!(Accept::read(&none, &Limits::DEFAULT).unwrap().requests().count(), 0);
    for bad in [
        "sig1",
        "sig1=1",
        "s=(\"@new\")",
        "s=(\"@method\" \"@method\")",
        "s=();created=1",
        "s=();keyid",
        "s=(), s=()",
        "(",
    ] {
        assert_eq!(
            Accept::read(&[("accept-signature", bad)], &Limits::DEFAULT),
            Err(Reject::Malformed { field: "accept-signature" }),
            "{bad}"
        );
    }
    let long = "a".repeat(8200);
    assert!(matches!(Accept::read(&[("accept-signature", long)], &Limits::DEFAULT), Err(Reject::Limit(_))));
    assert!(matches!(Request::new("s", components(&["@path", "@path"])), Err(SignError::Repeated { .. })));
}

#[test]
fn messages_of_the_http_crate_are_read_as_they_are() {
    let request = http::Request::post("https://Example.com:443/a?b=c")
        .version(http::Version::HTTP_2)
        .header("content-digest", DigestAlgorithm::Sha512.field(BODY))
        .body(())
        .unwrap();
    let names = ["@method", "@target-uri", "@authority", "@request-target", "@query", "content-digest"];
    let base =
        webhook_sig::rfc9421::signature_base(&signing(&names), &Message::from_request(&request)).unwrap();
    assert!(base.starts_with(
        "\"@method\": POST\n\"@target-uri\": https://example.com/a?b=c\n\"@authority\": example.com\n\"@request-target\": /a?b=c\n\"@query\": ?b=c\n"
    ));
    let (mut parts, ()) = request.into_parts();
    let fields = signing(&names).sign(&Message::from_request_parts(&parts), &secret().into()).unwrap();
    for (name, value) in fields.iter() {
        parts.headers.append(name, value.parse().unwrap());
    }
    let ring = ring();
    assert!(Verifier::new(&ring).verify(&Message::from_request_parts(&parts), BODY, NOW).is_ok());
    // HTTP/1.1 says less, and the receiver says the rest.
    let received = http::Request::post("/a?b=c").header("host", "example.com").body(()).unwrap();
    let (mut received, ()) = received.into_parts();
    received.headers.extend(parts.headers);
    assert!(Verifier::new(&ring).verify(&Message::from_request_parts(&received), BODY, NOW).is_ok());
    let plain = Message::from_request_parts(&received).scheme("http");
    assert_eq!(Verifier::new(&ring).verify(&plain, BODY, NOW).map(|_| ()), Err(Reject::NoMatch));
    let response =
        http::Response::builder().status(204).header("content-digest", "sha-256=:AA==:").body(()).unwrap();
    assert!(
        webhook_sig::rfc9421::signature_base(
            &signing(&["@status", "content-digest"]),
            &Message::from_response(&response)
        )
        .unwrap()
        .starts_with("\"@status\": 204\n")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_signed_verifies_and_a_changed_value_does_not(
        path in "/[a-z0-9/%._~-]{0,20}", query in "[a-z0-9=&+%._-]{0,20}", value in "[ -~]{0,30}", nonce in "[ -~]{0,20}",
        body: Vec<u8>, seed in 1..=254_u8, which in 0..3_usize,
    ) {
        let (signing_key, key): (MessageSigningKey, MessageKey) = match which {
            0 => (secret().into(), secret().into()),
            1 => {
                let key = Ed25519SigningKey::from_seed(&[seed; 32]).unwrap();
                (key.clone().into(), key.public_key().into())
            }
            _ => {
                // 32 times 255 is beyond the order of the curve.
                let key = EcdsaSigningKey::p256(&[seed; 32]).unwrap();
                (key.clone().into(), key.public_key().into())
            }
        };
        let ring = KeyRing::messages().key("k", key).unwrap();
        let target = format!("{path}?{query}");
        let mut headers = plain();
        headers[1].1 = DigestAlgorithm::Sha512.field(&body);
        headers.push(("x-value".into(), value));
        let names = ["@target-uri", "@query", "x-value", r#""x-value";bs"#, "content-digest"];
        let signing = signing(&names).nonce(&nonce).unwrap();
        let fields = signing.sign(&Message::request("POST", &target, &headers), &signing_key).unwrap();
        headers.extend(fields);
        let verify = |target: &str, headers: &Headers| {
            Verifier::new(&ring).verify(&Message::request("POST", target, headers), &body, NOW).map(|accepted| accepted.params().nonce.clone())
        };
        prop_assert_eq!(verify(&target, &headers), Ok(Some(nonce)));
        prop_assert_eq!(verify(&format!("{target}x"), &headers), Err(Reject::NoMatch));
        headers[3].1.push('!');
        prop_assert_eq!(verify(&target, &headers), Err(Reject::NoMatch));
    }
}
