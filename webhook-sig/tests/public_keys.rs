//! Public keys: Standard Webhooks v1a, Discord, key sets, and signers outside of the process.
#![cfg(all(
    feature = "ed25519",
    feature = "p256",
    feature = "rsa-verify",
    feature = "json",
    feature = "rfc9421"
))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod kit;
#[path = "kit/rsa.rs"]
mod rsa;

use std::time::Duration;

use proptest::prelude::*;
use rsa::ready;
use webhook_sig::{
    Certificate, EcdsaPublicKey, EcdsaSigningKey, Ed25519PublicKey, Ed25519Scheme, Ed25519SigningKey,
    Exceeded, ExternalError, ExternalSigner, Flaw, JwkFlaw, Jwks, JwksError, JwksLimits, KeyRing, Limits,
    MAX_CERTIFICATE, PublicKeyError, Reject, RsaPublicKey, Scheme, Secret, SignError, SignatureAlgorithm,
    ToSign, UnixMillis, Window, ecdsa_signature_from_der,
};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

fn private(seed: u8) -> Ed25519SigningKey {
    Ed25519SigningKey::from_seed(&[seed; 32]).unwrap()
}

fn signers(seeds: &[u8]) -> KeyRing<Ed25519SigningKey> {
    seeds
        .iter()
        .fold(KeyRing::ed25519_signing(), |ring, seed| ring.key(format!("{seed}"), private(*seed)).unwrap())
}

fn verifiers(seeds: &[u8]) -> KeyRing<Ed25519PublicKey> {
    seeds.iter().fold(KeyRing::ed25519(), |ring, seed| {
        ring.key(format!("{seed}"), private(*seed).public_key()).unwrap()
    })
}

#[test]
fn every_scheme_is_cut_at_every_offset() {
    let body = b"a body with \xff\x00\r\n bytes of any kind";
    for scheme in Ed25519Scheme::ALL {
        let headers = signers(&[1]).signer(scheme).sign("msg_1", NOW, body).unwrap();
        let ring = verifiers(&[2, 1]);
        let whole = ring.scheme(scheme).verify(&headers, body, NOW).unwrap();
        assert_eq!(whole.key().as_str(), "1", "{scheme}");
        for cut in 0..=body.len() {
            let mut pending = ring.scheme(scheme).begin(&headers, NOW).unwrap().collect();
            pending.update(&body[..cut]).unwrap();
            pending.update(&body[cut..]).unwrap();
            let verified = pending.finish().unwrap();
            assert_eq!(verified.body(), body, "{scheme} at {cut}");
            assert_eq!(verified.dedupe(), whole.dedupe());
            let mut short = ring.scheme(scheme).begin(&headers, NOW).unwrap();
            short.update(&body[..cut]).unwrap();
            assert_eq!(short.finish().is_ok(), cut == body.len(), "{scheme} broke off at {cut}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_is_signed_verifies_and_a_changed_bit_does_not(body: Vec<u8>, seed: u8, at in 0_u64..1 << 40, flip: prop::sample::Index) {
        let at = UnixMillis::from_secs(at);
        for scheme in Ed25519Scheme::ALL {
            let headers = signers(&[seed]).signer(scheme).sign("msg-2_b", at, &body).unwrap();
            let ring = verifiers(&[seed]);
            prop_assert_eq!(ring.scheme(scheme).verify(&headers, body.as_slice(), at).unwrap().into_body(), body.as_slice());
            if !body.is_empty() {
                let mut other = body.clone();
                let bit = flip.index(body.len() * 8);
                other[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(matches!(ring.scheme(scheme).verify(&headers, other, at), Err(Reject::NoMatch(_))));
            }
        }
    }
}

#[test]
fn ring_and_openssl_agree_with_our_signatures() {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, UnparsedPublicKey};
    for seed in 1..40_u8 {
        let message: Vec<u8> = (0..seed).collect();
        let key = private(seed);
        let peer = UnparsedPublicKey::new(&ED25519, key.public_key().as_bytes().to_vec());
        peer.verify(&message, &key.sign(&[&message[..1], &message[1..]])).unwrap();
        let theirs =
            ring::signature::Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap().sign(&message);
        assert!(key.public_key().verify(&[&message], theirs.as_ref()));
    }
    // ECDSA: the points are taken out of ring's own keys.
    let random = ring::rand::SystemRandom::new();
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    };
    for (signing, read) in [
        (
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            EcdsaPublicKey::p256 as fn(&[u8]) -> Result<EcdsaPublicKey, PublicKeyError>,
        ),
        (&ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaPublicKey::p384 as fn(&[u8]) -> _),
    ] {
        let document = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
        let peer = EcdsaKeyPair::from_pkcs8(signing, document.as_ref(), &random).unwrap();
        let key = read(peer.public_key().as_ref()).unwrap();
        let signature = peer.sign(&random, b"mesage").unwrap();
        assert!(key.verify(&[b"mes", b"age"], signature.as_ref()));
        assert!(!key.verify(&[b"massage"], signature.as_ref()));
    }
    let p256 = EcdsaSigningKey::p256(&[9; 32]).unwrap();
    let p384 = EcdsaSigningKey::p384(&[9; 48]).unwrap();
    let point = |key: &p256::ecdsa::VerifyingKey| key.to_sec1_point(false).as_bytes().to_vec();
    let point256 = point(p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap().verifying_key());
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point256).verify(b"m", &p256.sign(&[b"m"])).unwrap();
    let point384 = p384::ecdsa::SigningKey::from_slice(&[9; 48])
        .unwrap()
        .verifying_key()
        .to_sec1_point(false)
        .as_bytes()
        .to_vec();
    UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point384).verify(b"m", &p384.sign(&[b"m"])).unwrap();
}

#[test]
fn v1_beside_v1a_is_no_way_down() {
    let body = b"{}";
    let public = private(1).public_key();
    // An attacker who knows the public key, as everyone does, uses it as a secret for `v1`.
    let forged = KeyRing::new()
        .hmac("k", Secret::raw(public.as_bytes()).unwrap())
        .unwrap()
        .signer(Scheme::StandardWebhooks)
        .sign("msg_1", NOW, body)
        .unwrap();
    let ring = verifiers(&[1]);
    assert_eq!(
        ring.scheme(Ed25519Scheme::StandardWebhooks).verify(&forged, body, NOW),
        Err(Reject::Unsupported { header: "webhook-signature" })
    );
    // Beside a right one it is skipped, and a ring of secrets skips `v1a`.
    let right = signers(&[1]).signer(Ed25519Scheme::StandardWebhooks).sign("msg_1", NOW, body).unwrap();
    let value = |headers: &webhook_sig::SignatureHeaders| headers.iter().last().unwrap().1.to_owned();
    let both = [
        ("webhook-id", "msg_1".to_owned()),
        ("webhook-timestamp", NOW.as_secs().to_string()),
        ("webhook-signature", format!("{} {}", value(&forged), value(&right))),
    ];
    assert!(ring.scheme(Ed25519Scheme::StandardWebhooks).verify(&both, body, NOW).is_ok());
    let secrets = KeyRing::new().hmac("k", Secret::raw("another").unwrap()).unwrap();
    assert!(matches!(
        secrets.scheme(Scheme::StandardWebhooks).verify(&right, body, NOW),
        Err(Reject::Unsupported { .. })
    ));
}

#[test]
fn a_rotation_signs_with_both_keys_and_four_signatures_are_the_most() {
    let scheme = Ed25519Scheme::StandardWebhooks;
    let headers = signers(&[1, 2]).signer(scheme).sign("msg_1", NOW, b"x").unwrap();
    for seed in [1, 2] {
        assert_eq!(
            verifiers(&[seed]).scheme(scheme).verify(&headers, b"x", NOW).unwrap().key().as_str(),
            seed.to_string()
        );
    }
    let five = signers(&[1, 2, 3, 4, 5]).signer(scheme).sign("msg_1", NOW, b"x").unwrap();
    let limit = Reject::Limit(Exceeded::Signatures { max: 4 });
    assert_eq!(verifiers(&[1]).scheme(scheme).verify(&five, b"x", NOW), Err(limit));
    assert_eq!(Limits::for_scheme(scheme).max_signatures, 4);
    let mut limits = Limits::for_scheme(scheme);
    limits.max_signatures = 5;
    assert!(verifiers(&[5]).scheme(scheme).with_limits(limits).verify(&five, b"x", NOW).is_ok());
}

#[test]
fn discord_signs_the_timestamp_and_the_body_without_anything_between() {
    let body = br#"{"type":1}"#;
    let headers = signers(&[1]).signer(Ed25519Scheme::Discord).sign("", NOW, body).unwrap();
    let pairs: Vec<_> = headers.iter().collect();
    assert_eq!(pairs[0], ("x-signature-timestamp", "1700000000"));
    let signature = private(1).sign(&[b"1700000000{\"type\":1}"]);
    let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(pairs[1], ("x-signature-ed25519", hex.as_str()));
    let ring = verifiers(&[1]);
    let late = UnixMillis::from_secs(1_700_000_301);
    assert!(matches!(
        ring.scheme(Ed25519Scheme::Discord).verify(&headers, body, late),
        Err(Reject::Stale { .. })
    ));
    for bad in ["", "00", &hex.to_uppercase(), &format!("{hex}00"), &hex[2..]] {
        let headers = [("X-Signature-Ed25519", bad), ("X-Signature-Timestamp", "1700000000")];
        assert_eq!(
            ring.scheme(Ed25519Scheme::Discord).verify(&headers, body, NOW),
            Err(Reject::Malformed { header: "x-signature-ed25519", flaw: Flaw::Signature }),
            "{bad}"
        );
    }
}

#[test]
fn a_signature_that_is_no_signature_of_anything_is_refused() {
    // S not reduced, and R of small order: no lane is even begun.
    let ring = verifiers(&[1]);
    let mut signature = private(1).sign(&[b"msg_1.1700000000.x"]);
    signature[63] |= 0xf0;
    let mut small = [0; 64];
    small[0] = 1;
    for signature in [signature, small] {
        let value = format!("v1a,{}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, signature));
        let headers =
            [("webhook-id", "msg_1"), ("webhook-timestamp", "1700000000"), ("webhook-signature", &value)];
        let verdict = ring.scheme(Ed25519Scheme::StandardWebhooks).verify(&headers, b"x", NOW);
        let Err(Reject::NoMatch(explain)) = verdict else { panic!("{verdict:?}") };
        assert_eq!((explain.keys, explain.signatures), (1, 1));
    }
}

#[test]
fn keys_are_read_from_every_form_and_refused_in_others() {
    let key = private(3).public_key();
    assert_eq!(Ed25519PublicKey::whpk(&key.to_whpk()).as_ref(), Ok(&key));
    assert_eq!(Ed25519SigningKey::whsk(&private(3).to_whsk()).unwrap().public_key(), key);
    // Seed and public key in one, as other libraries keep them.
    let pair = [&[3; 32][..], key.as_bytes()].concat();
    let text =
        |bytes: &[u8]| format!("whsk_{}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes));
    assert_eq!(Ed25519SigningKey::whsk(&text(&pair)).unwrap().public_key(), key);
    let other = [&[4; 32][..], key.as_bytes()].concat();
    assert!(matches!(Ed25519SigningKey::whsk(&text(&other)), Err(PublicKeyError::Point)));
    assert!(matches!(Ed25519SigningKey::whsk(&text(&[1; 33])), Err(PublicKeyError::Length)));
    assert!(matches!(Ed25519SigningKey::whsk("whpk_AAAA"), Err(PublicKeyError::Prefix)));
    assert_eq!(Ed25519PublicKey::whpk(&private(3).to_whsk()), Err(PublicKeyError::Prefix));
    assert_eq!(Ed25519PublicKey::whpk("whpk_!"), Err(PublicKeyError::Encoding));
    assert_eq!(Ed25519PublicKey::hex("zz"), Err(PublicKeyError::Length));
    assert_eq!(Ed25519PublicKey::hex(&"g".repeat(64)), Err(PublicKeyError::Encoding));
    assert_eq!(Ed25519PublicKey::new(&[2; 32]), Err(PublicKeyError::Point));
    assert_eq!(
        Ed25519PublicKey::from_spki_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
        Err(PublicKeyError::Encoding)
    );
    assert_eq!(EcdsaPublicKey::p256(&[4; 65]), Err(PublicKeyError::Point));
    assert_eq!(EcdsaPublicKey::from_spki_der(&[]), Err(PublicKeyError::Encoding));
    assert!(matches!(EcdsaSigningKey::p256(&[0; 32]), Err(PublicKeyError::Point)));
    assert!(matches!(EcdsaSigningKey::p384(&[1; 32]), Err(PublicKeyError::Length)));
    assert_eq!(
        format!("{:?} {:?}", private(3), EcdsaSigningKey::p256(&[9; 32]).unwrap()),
        "Ed25519SigningKey([redacted]) EcdsaSigningKey([redacted])"
    );
}

#[test]
fn certificates_that_are_too_long_short_keyed_or_of_another_kind_are_refused() {
    let certificate = Certificate::from_pem(include_str!("keys/rsa.pem")).unwrap();
    assert!(certificate.is_valid(UnixMillis::from_secs(1_900_000_000)));
    assert!(!certificate.is_valid(UnixMillis::from_secs(1_700_000_000)));
    assert!(!certificate.is_valid(certificate.valid_until()));
    assert!(certificate.public_key(SignatureAlgorithm::Ed25519) == Err(PublicKeyError::Algorithm));
    assert_eq!(Certificate::from_pem(include_str!("keys/ec.pem")), Err(PublicKeyError::Algorithm));
    assert_eq!(Certificate::from_pem(include_str!("keys/short.pem")), Err(PublicKeyError::Length));
    assert_eq!(Certificate::from_der(&vec![0x30; MAX_CERTIFICATE + 1]), Err(PublicKeyError::Length));
    assert_eq!(Certificate::from_pem(&" ".repeat(4 * MAX_CERTIFICATE + 1)), Err(PublicKeyError::Length));
    assert_eq!(Certificate::from_der(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), Err(PublicKeyError::Encoding));
    let sizes = [(255, 3), (1025, 3), (256, 6)];
    for (n, e) in sizes {
        assert_eq!(
            RsaPublicKey::new(SignatureAlgorithm::RsaV15Sha256, &vec![0xff; n], &vec![1; e]),
            Err(PublicKeyError::Length)
        );
    }
    assert_eq!(
        RsaPublicKey::new(SignatureAlgorithm::RsaV15Sha256, &[0xfe; 256], &[3]),
        Err(PublicKeyError::Point)
    );
    assert_eq!(
        RsaPublicKey::new(SignatureAlgorithm::RsaV15Sha256, &[0xff; 256], &[1]),
        Err(PublicKeyError::Point)
    );
    assert_eq!(
        RsaPublicKey::new(SignatureAlgorithm::Ed25519, &[0xff; 256], &[3]),
        Err(PublicKeyError::Algorithm)
    );
}

fn jwks(keys: &str) -> Result<Jwks, JwksError> {
    Jwks::parse(format!(r#"{{"keys":[{keys}]}}"#).as_bytes(), &JwksLimits::DEFAULT)
}

const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

#[test]
fn a_key_set_whose_alg_contradicts_its_kty_is_refused() {
    let n = format!("{}w", "_".repeat(341));
    let flawed = [
        (format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"HS256","x":"{X}"}}"#), JwkFlaw::Algorithm),
        (format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"ES256","x":"{X}"}}"#), JwkFlaw::Algorithm),
        (format!(r#"{{"kty":"EC","crv":"P-256","alg":"ES384","x":"{X}","y":"{X}"}}"#), JwkFlaw::Algorithm),
        (format!(r#"{{"kty":"EC","crv":"P-256","alg":"EdDSA","x":"{X}","y":"{X}"}}"#), JwkFlaw::Algorithm),
        (format!(r#"{{"kty":"RSA","alg":"HS256","n":"{n}","e":"AQAB"}}"#), JwkFlaw::Algorithm),
        (format!(r#"{{"kty":"RSA","alg":"EdDSA","n":"{n}","e":"AQAB"}}"#), JwkFlaw::Algorithm),
        (format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#), JwkFlaw::Algorithm),
        (format!(r#"{{"kty":"AKP","alg":"EdDSA","x":"{X}"}}"#), JwkFlaw::Algorithm),
        (r#"{"kty":"oct","k":"AAAA"}"#.into(), JwkFlaw::NotPublic),
        (r#"{"kty":"oct","alg":"HS256"}"#.into(), JwkFlaw::NotPublic),
        (format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","d":"{X}"}}"#), JwkFlaw::NotPublic),
        (r#"{"kty":"OKP","crv":"Ed25519"}"#.into(), JwkFlaw::Key(PublicKeyError::Encoding)),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AQ=="}"#.into(), JwkFlaw::Key(PublicKeyError::Encoding)),
        (
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"AQ{}"}}"#, "A".repeat(41)),
            JwkFlaw::Key(PublicKeyError::Weak),
        ),
        (r#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#.into(), JwkFlaw::Key(PublicKeyError::Length)),
        (r#"{"kty":"RSA","alg":"RS256","n":"AQ","e":"AQAB"}"#.into(), JwkFlaw::Key(PublicKeyError::Length)),
    ];
    for (key, error) in flawed {
        assert_eq!(jwks(&key), Err(JwksError::Key { index: 0, error }), "{key}");
    }
}

#[test]
fn a_key_set_passes_over_what_is_not_for_signatures_and_names_what_has_no_name() {
    let set = jwks(&format!(
        r#"{{"kty":"OKP","crv":"X25519","kid":"a","x":"{X}"}},
           {{"kty":"OKP","crv":"Ed25519","kid":"b","use":"enc","x":"{X}"}},
           {{"kty":"OKP","crv":"Ed25519","kid":"c","key_ops":["sign"],"x":"{X}"}},
           {{"kty":"EC","crv":"P-521","kid":"d","x":"{X}","y":"{X}"}},
           {{"kty":"new"}},
           {{"kty":"OKP","crv":"Ed25519","alg":"Ed25519","use":"sig","x":"{X}"}}"#
    ))
    .unwrap();
    assert_eq!(set.ignored(), 5);
    // RFC 8037 §A.3 has the thumbprint of this key.
    assert_eq!(
        set.iter().map(|(kid, _)| kid).collect::<Vec<_>>(),
        ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]
    );
    let key = format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"a","x":"{X}"}}"#);
    assert_eq!(jwks(&format!("{key},{key}")), Err(JwksError::Duplicate { index: 1 }));
    assert_eq!(jwks(r#"{"kty":"OKP","kty":"EC"}"#), Err(JwksError::Json));
    assert_eq!(Jwks::parse(b"[]", &JwksLimits::DEFAULT), Err(JwksError::Json));
}

#[test]
fn a_key_set_is_held_to_its_limits() {
    let limits = JwksLimits::DEFAULT;
    assert_eq!((limits.max_document, limits.max_keys, limits.max_kid), (65_536, 32, 256));
    let long = format!(r#"{{"keys":[]{}}}"#, " ".repeat(limits.max_document));
    assert_eq!(Jwks::parse(long.as_bytes(), &limits), Err(JwksError::Document { max: 65_536 }));
    let many = vec![r#"{"kty":"new"}"#; 33].join(",");
    assert_eq!(jwks(&many), Err(JwksError::Keys { max: 32 }));
    let kid = format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{}","x":"{X}"}}"#, "k".repeat(257));
    assert_eq!(jwks(&kid), Err(JwksError::Kid { max: 256 }));
    let deep = format!(r#"{{"keys":{}"#, "[".repeat(10_000));
    assert_eq!(Jwks::parse(deep.as_bytes(), &limits), Err(JwksError::Json));
}

#[test]
fn a_ring_follows_a_key_set() {
    let set = |seeds: &[u8]| {
        let keys: Vec<String> = seeds
            .iter()
            .map(|seed| {
                let x = base64::Engine::encode(
                    &base64::prelude::BASE64_URL_SAFE_NO_PAD,
                    private(*seed).public_key().as_bytes(),
                );
                format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{seed}","x":"{x}"}}"#)
            })
            .collect();
        jwks(&keys.join(",")).unwrap()
    };
    let mut ring = KeyRing::ed25519();
    let hour = Duration::from_secs(3600);
    ring.replace(set(&[1, 2]).ed25519(), NOW, hour).unwrap();
    let later = NOW + Duration::from_secs(60);
    ring.replace(set(&[2, 3]).ed25519(), later, hour).unwrap();
    let active = |ring: &KeyRing<Ed25519PublicKey>, at| {
        ring.active(at).map(|id| id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(active(&ring, later), ["2", "3", "1"]);
    assert_eq!(active(&ring, NOW), ["2", "1"]);
    assert_eq!(active(&ring, later + hour), ["2", "3"]);
    // What ended is dropped; what comes back begins anew; too many change nothing.
    ring.replace(set(&[2]).ed25519(), later + hour, hour).unwrap();
    assert_eq!(ring.ids().count(), 2);
    assert!(ring.replace(set(&[10, 11, 12, 13, 14, 15, 16, 17]).ed25519(), later + hour, hour).is_err());
    assert_eq!(ring.ids().count(), 2);
    let mut messages =
        KeyRing::messages().key_within("1", Secret::raw("s").unwrap(), Window::ALWAYS).unwrap();
    messages.replace(set(&[1]).message_keys(), NOW, hour).unwrap();
    assert_eq!(messages.ids().count(), 1);
}

/// A key service that gives what it is told, and remembers whether it was asked.
struct Service<F> {
    algorithm: SignatureAlgorithm,
    give: F,
}

impl<F: Fn(ToSign<'_>) -> Result<Vec<u8>, std::io::Error> + Sync> ExternalSigner for Service<F> {
    type Error = std::io::Error;

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    async fn sign(&self, to_sign: ToSign<'_>) -> Result<Vec<u8>, std::io::Error> {
        (self.give)(to_sign)
    }
}

#[test]
fn a_signer_outside_signs_every_scheme_of_its_algorithm() {
    let body = br#"{"webhookTimestamp":1700000000000}"#;
    let ed25519 = Service {
        algorithm: SignatureAlgorithm::Ed25519,
        give: |to_sign: ToSign<'_>| Ok(private(1).sign(to_sign.parts()).to_vec()),
    };
    for scheme in Ed25519Scheme::ALL {
        let ours = signers(&[1]).signer(scheme).sign("msg_1", NOW, body).unwrap();
        assert_eq!(ready(scheme.sign_with("msg_1", NOW, body, &ed25519)).unwrap(), ours);
    }
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"secret 0");
    let hmac = Service {
        algorithm: SignatureAlgorithm::HmacSha256,
        give: |to_sign: ToSign<'_>| Ok(ring::hmac::sign(&key, &to_sign.to_message()).as_ref().to_vec()),
    };
    for scheme in Scheme::ALL {
        let ours = kit::hmac_ring(1).signer(scheme).with_url(kit::URL).sign("msg_1", NOW, body).unwrap();
        let theirs = ready(scheme.sign_with("msg_1", NOW, body, Some(kit::URL), &hmac)).unwrap();
        assert_eq!(theirs, ours, "{scheme}");
    }
}

#[test]
fn a_signer_outside_is_not_asked_in_vain_and_not_believed() {
    let never = |_: ToSign<'_>| -> Result<Vec<u8>, std::io::Error> { panic!("it was asked") };
    let rsa = Service { algorithm: SignatureAlgorithm::RsaV15Sha256, give: never };
    let error = ready(Ed25519Scheme::Discord.sign_with("", NOW, b"", &rsa)).unwrap_err();
    assert!(matches!(error, ExternalError::Algorithm(SignatureAlgorithm::RsaV15Sha256)), "{error}");
    let ed25519 = Service { algorithm: SignatureAlgorithm::Ed25519, give: never };
    let error = ready(Ed25519Scheme::Svix.sign_with("a.b", NOW, b"", &ed25519)).unwrap_err();
    assert!(matches!(error, ExternalError::Sign(SignError::Id)), "{error}");
    // Hexadecimal instead of bytes.
    let hex = Service { algorithm: SignatureAlgorithm::Ed25519, give: |_: ToSign<'_>| Ok(vec![b'0'; 128]) };
    let error = ready(Ed25519Scheme::Discord.sign_with("", NOW, b"", &hex)).unwrap_err();
    assert!(matches!(error, ExternalError::Length(128)), "{error}");
    let failing = Service {
        algorithm: SignatureAlgorithm::Ed25519,
        give: |_: ToSign<'_>| Err(std::io::ErrorKind::TimedOut.into()),
    };
    let error = ready(Ed25519Scheme::Discord.sign_with("", NOW, b"", &failing)).unwrap_err();
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn the_prehashed_variant_is_the_digest_that_the_algorithm_signs() {
    use sha2::Digest as _;
    let seen = |algorithm| {
        let digest = std::sync::Mutex::new(None);
        let service = Service {
            algorithm,
            give: |to_sign: ToSign<'_>| {
                *digest.lock().unwrap() = Some(to_sign.digest().map(|digest| digest.as_bytes().to_vec()));
                Ok(vec![0; 32])
            },
        };
        let headers = [("host", "a")];
        let signing = webhook_sig::rfc9421::Signing::new("s", []).unwrap().without_body();
        let message = webhook_sig::rfc9421::Message::request("GET", "/", &headers);
        let _ = ready(signing.sign_with(&message, &service));
        digest.into_inner().unwrap().unwrap()
    };
    let base = b"\"@signature-params\": ()";
    assert_eq!(seen(SignatureAlgorithm::EcdsaP256Sha256), Some(sha2::Sha256::digest(base).to_vec()));
    assert_eq!(seen(SignatureAlgorithm::EcdsaP384Sha384), Some(sha2::Sha384::digest(base).to_vec()));
    assert_eq!(seen(SignatureAlgorithm::RsaPssSha512), Some(sha2::Sha512::digest(base).to_vec()));
    assert_eq!(seen(SignatureAlgorithm::RsaV15Sha256), Some(sha2::Sha256::digest(base).to_vec()));
    assert_eq!(seen(SignatureAlgorithm::Ed25519), None);
    assert_eq!(seen(SignatureAlgorithm::HmacSha256), None);
    // What key services give for ECDSA is DER.
    assert_eq!(ecdsa_signature_from_der(SignatureAlgorithm::Ed25519, &[0x30, 6, 2, 1, 5, 2, 1, 6]), None);
    assert_eq!(
        ecdsa_signature_from_der(SignatureAlgorithm::EcdsaP384Sha384, &[0x30, 6, 2, 1, 5, 2, 1, 6])
            .unwrap()
            .len(),
        96
    );
    assert_eq!(
        ecdsa_signature_from_der(SignatureAlgorithm::EcdsaP256Sha256, &[0x30, 5, 2, 1, 5, 2, 1]),
        None
    );
}
