//! RFC 9421: Appendix B in full (keys, signatures, proxies, transformations), and the worked examples of §2 and §3.2.
#![cfg(all(
    feature = "rfc9421",
    feature = "ed25519",
    feature = "p256",
    feature = "rsa-verify",
    feature = "json"
))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use webhook_sig::rfc9421::{
    Accepted, Binding, Component, ComponentError, Limits, Message, MessageKey, Reject, SignError, SignedHead,
    Signing, StructuredType, Verifier, signature_base,
};
use webhook_sig::{
    EcdsaPublicKey, EcdsaSigningKey, Ed25519PublicKey, Ed25519SigningKey, Jwks, JwksLimits, KeyRing,
    PublicKey, RsaPublicKey, Secret, SignatureAlgorithm, UnixMillis,
};

/// The time at which every signature of the appendix was made.
const CREATED: UnixMillis = UnixMillis::from_secs(1_618_884_473);

const RSA: &str = "-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrw
WEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFq
MGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZg
kne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0P
uKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQ
PSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB
-----END RSA PUBLIC KEY-----";

const RSA_PSS: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----";

const P256: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----";

const ED25519: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----";

const SHARED: &str =
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

const REQUEST_DIGEST: &str =
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
/// What the signature base of B.2.4 has, and what its body has. The `test-response` at the head of B.2 has another one.
const RESPONSE_DIGEST: &str =
    "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:";
const REQUEST_BODY: &str = r#"{"hello": "world"}"#;

fn ring() -> KeyRing<MessageKey> {
    KeyRing::messages()
        .key("test-key-rsa", RsaPublicKey::from_pem(SignatureAlgorithm::RsaV15Sha256, RSA).unwrap())
        .unwrap()
        .key("test-key-rsa-pss", RsaPublicKey::from_pem(SignatureAlgorithm::RsaPssSha512, RSA_PSS).unwrap())
        .unwrap()
        .key("test-key-ecc-p256", EcdsaPublicKey::from_spki_pem(P256).unwrap())
        .unwrap()
        .key("test-key-ed25519", Ed25519PublicKey::from_spki_pem(ED25519).unwrap())
        .unwrap()
        .key("test-shared-secret", Secret::base64(SHARED).unwrap())
        .unwrap()
}

type Headers = Vec<(&'static str, String)>;

fn pairs(fields: &[(&'static str, &str)]) -> Headers {
    fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// The `test-request` of B.2, with a signature.
fn request(label: &str, input: &str, signature: &str) -> Headers {
    let mut headers = pairs(&[
        ("Host", "example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Digest", REQUEST_DIGEST),
        ("Content-Length", "18"),
    ]);
    headers.push(("Signature-Input", format!("{label}={input}")));
    headers.push(("Signature", format!("{label}=:{signature}:")));
    headers
}

const TARGET: &str = "/foo?param=Value&Pet=dog";

/// Verifies, and verifies that a signature with one bit changed is refused.
fn accept<'b>(message: &Message<'_>, body: &'b str, binding: Binding) -> Accepted<&'b str> {
    let ring = ring();
    let verifier = Verifier::new(&ring).body(binding);
    verifier.verify(message, body, CREATED).unwrap()
}

/// The signature alone: most of these do not cover the body.
fn accept_head(message: &Message<'_>) -> SignedHead {
    Verifier::new(&ring()).verify_head(message, CREATED).unwrap()
}

/// The base that a signing makes of the message.
fn base(message: &Message<'_>, signing: &Signing) -> String {
    signature_base(signing, message).unwrap()
}

fn components(names: &[&str]) -> Vec<Component> {
    names.iter().map(|name| Component::parse(name).unwrap()).collect()
}

fn signing(label: &str, names: &[&str], keyid: &str) -> Signing {
    Signing::new(label, components(names)).unwrap().created(CREATED).keyid(keyid).unwrap().without_body()
}

#[test]
fn b_1_keys_are_the_same_as_pem_and_as_jwk() {
    let jwks = br#"{"keys":[
        {"kty":"RSA","kid":"test-key-rsa","alg":"RS256","e":"AQAB","n":"hAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrwWEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFqMGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd_QBwVW9OwNFhekro3RtlinV0a75jfZgkne_YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0PuKxI4T-HIaFpv8-rdV6eUgOrB2xeI1dSFFn_nnv5OoZJEIB-VmuKn3DCUcCZSFlQPSXSfBDiUGhwOw76WuSSsf1D4b_vLoJ10w"},
        {"kty":"RSA","kid":"test-key-rsa-pss","alg":"PS512","e":"AQAB","n":"r4tmm3r20Wd_PbqvP1s2-QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct-Lh1GH45x28Rw3Ry53mm-oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL-Wokqltd11nqqzi-bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d-nb4bnNkQVklLQ3fVAvJm-xdDOp9LCNCN48V2pnDOkFV6-U9nV5oyc6XI2w"},
        {"kty":"EC","crv":"P-256","kid":"test-key-ecc-p256","x":"qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA","y":"Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0"},
        {"kty":"OKP","crv":"Ed25519","kid":"test-key-ed25519","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}
    ]}"#;
    let jwks = Jwks::parse(jwks, &JwksLimits::DEFAULT).unwrap();
    let pem: [(&str, PublicKey); 4] = [
        ("test-key-rsa", RsaPublicKey::from_pem(SignatureAlgorithm::RsaV15Sha256, RSA).unwrap().into()),
        (
            "test-key-rsa-pss",
            RsaPublicKey::from_pem(SignatureAlgorithm::RsaPssSha512, RSA_PSS).unwrap().into(),
        ),
        ("test-key-ecc-p256", EcdsaPublicKey::from_spki_pem(P256).unwrap().into()),
        ("test-key-ed25519", Ed25519PublicKey::from_spki_pem(ED25519).unwrap().into()),
    ];
    assert!(jwks.iter().eq(pem.iter().map(|(kid, key)| (*kid, key))));
    // And the private halves belong to them.
    let decode = |text| base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    let ed25519 =
        Ed25519SigningKey::from_seed(&decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU")).unwrap();
    assert_eq!(PublicKey::from(ed25519.public_key()), pem[3].1);
    let p256 = EcdsaSigningKey::p256(&decode("UpuF81l-kOxbjf7T4mNSv0r5tN67Gim7rnf6EFpcYDs")).unwrap();
    assert_eq!(PublicKey::from(p256.public_key()), pem[2].1);
}

#[test]
fn b_2_1_minimal_signature_using_rsa_pss_sha512() {
    let headers = request(
        "sig-b21",
        r#"();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#,
        "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==",
    );
    let message = Message::request("POST", TARGET, &headers);
    let accepted = accept_head(&message);
    assert_eq!(accepted.label(), "sig-b21");
    assert_eq!(accepted.covered().len(), 0);
    assert_eq!(accepted.params().nonce.as_deref(), Some("b3k2pp5k7z-50gnwp.yemd"));
    assert_eq!(accepted.at(), Some(CREATED));
    assert_eq!(accepted.key().as_str(), "test-key-rsa-pss");
    // The order of the parameters is ours, so the base is compared in that of the specification.
    let signing = signing("sig-b21", &[], "test-key-rsa-pss").nonce("b3k2pp5k7z-50gnwp.yemd").unwrap();
    assert_eq!(
        base(&message, &signing),
        r#""@signature-params": ();created=1618884473;nonce="b3k2pp5k7z-50gnwp.yemd";keyid="test-key-rsa-pss""#
    );
    // The body is not covered, and by default that is refused.
    let ring = ring();
    assert_eq!(
        Verifier::new(&ring).verify(&message, REQUEST_BODY, CREATED),
        Err(Reject::NotCovered { component: r#""content-digest""#.into() })
    );
}

#[test]
fn b_2_2_selective_covered_components_using_rsa_pss_sha512() {
    let headers = request(
        "sig-b22",
        r#"("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#,
        "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
    );
    let message = Message::request("POST", TARGET, &headers);
    let accepted = accept(&message, REQUEST_BODY, Binding::Required);
    assert_eq!(accepted.params().tag.as_deref(), Some("header-example"));
    assert_eq!(
        accepted.covered(),
        [r#""@authority""#, r#""content-digest""#, r#""@query-param";name="Pet""#]
    );
    let mut signing = Signing::new(
        "sig-b22",
        components(&["@authority", "content-digest", r#""@query-param";name="Pet""#]),
    );
    signing = signing.map(|signing| {
        signing.created(CREATED).keyid("test-key-rsa-pss").unwrap().tag("header-example").unwrap()
    });
    assert_eq!(
        base(&message, &signing.unwrap()),
        [
            "\"@authority\": example.com",
            &format!("\"content-digest\": {REQUEST_DIGEST}"),
            r#""@query-param";name="Pet": dog"#,
            r#""@signature-params": ("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#,
        ]
        .join("\n")
    );
    // Signature and digest in one: another body is refused, whole or in pieces.
    let ring = ring();
    let verifier = Verifier::new(&ring).tag("header-example");
    let mut pending = verifier.begin(&message, CREATED).unwrap();
    pending.update(b"{\"hello\": ").unwrap();
    pending.update(b"\"World\"}").unwrap();
    assert!(matches!(pending.finish(), Err(Reject::Digest(_))));
    assert_eq!(
        Verifier::new(&ring).tag("other").verify(&message, REQUEST_BODY, CREATED),
        Err(Reject::NotFound)
    );
}

#[test]
fn b_2_3_full_coverage_using_rsa_pss_sha512() {
    let names = [
        "date",
        "@method",
        "@path",
        "@query",
        "@authority",
        "content-type",
        "content-digest",
        "content-length",
    ];
    let headers = request(
        "sig-b23",
        r#"("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#,
        "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
    );
    let message = Message::request("POST", TARGET, &headers);
    let accepted = accept(&message, REQUEST_BODY, Binding::Required);
    assert_eq!(accepted.into_verified().into_body(), REQUEST_BODY);
    assert_eq!(
        base(&message, &signing("sig-b23", &names, "test-key-rsa-pss")),
        [
            "\"date\": Tue, 20 Apr 2021 02:07:55 GMT",
            "\"@method\": POST",
            "\"@path\": /foo",
            "\"@query\": ?param=Value&Pet=dog",
            "\"@authority\": example.com",
            "\"content-type\": application/json",
            &format!("\"content-digest\": {REQUEST_DIGEST}"),
            "\"content-length\": 18",
            r#""@signature-params": ("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#,
        ]
        .join("\n")
    );
}

#[test]
fn b_2_4_signing_a_response_using_ecdsa_p256_sha256() {
    let names = ["@status", "content-type", "content-digest", "content-length"];
    let headers = pairs(&[
        ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Digest", RESPONSE_DIGEST),
        ("Content-Length", "23"),
        (
            "Signature-Input",
            r#"sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#,
        ),
        (
            "Signature",
            "sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:",
        ),
    ]);
    let message = Message::response(200, &headers);
    let accepted = accept(&message, r#"{"message": "good dog"}"#, Binding::Required);
    assert_eq!(accepted.verified().key().as_str(), "test-key-ecc-p256");
    assert_eq!(
        base(&message, &signing("sig-b24", &names, "test-key-ecc-p256")),
        [
            "\"@status\": 200",
            "\"content-type\": application/json",
            &format!("\"content-digest\": {RESPONSE_DIGEST}"),
            "\"content-length\": 23",
            r#""@signature-params": ("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#,
        ]
        .join("\n")
    );
    // ECDSA is not deterministic in the specification; what we sign verifies.
    let key = EcdsaSigningKey::p256(
        &base64::prelude::BASE64_URL_SAFE_NO_PAD
            .decode("UpuF81l-kOxbjf7T4mNSv0r5tN67Gim7rnf6EFpcYDs")
            .unwrap(),
    );
    let fields =
        signing("sig-b24", &names, "test-key-ecc-p256").sign(&message, &key.unwrap().into()).unwrap();
    let mut signed: Vec<(String, String)> = headers
        .iter()
        .filter(|(name, _)| !name.starts_with("Signature"))
        .map(|(n, v)| ((*n).into(), v.clone()))
        .collect();
    signed.extend(fields);
    accept_head(&Message::response(200, &signed));
    assert_eq!(
        Verifier::new(&ring()).verify_head(&Message::response(201, &signed), CREATED),
        Err(Reject::NoMatch)
    );
}

#[test]
fn b_2_5_signing_a_request_using_hmac_sha256() {
    let names = ["date", "@authority", "content-type"];
    let input = r#"("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#;
    let headers = request("sig-b25", input, "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
    let message = Message::request("POST", TARGET, &headers);
    assert_eq!(accept_head(&message).key().as_str(), "test-shared-secret");
    // Deterministic, so what is signed is what the appendix has.
    let signing = signing("sig-b25", &names, "test-shared-secret");
    assert_eq!(
        base(&message, &signing),
        [
            "\"date\": Tue, 20 Apr 2021 02:07:55 GMT",
            "\"@authority\": example.com",
            "\"content-type\": application/json",
            r#""@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#,
        ]
        .join("\n")
    );
    let fields = signing.sign(&message, &Secret::base64(SHARED).unwrap().into()).unwrap();
    assert_eq!(fields.signature_input(), format!("sig-b25={input}"));
    assert_eq!(fields.signature(), "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:");
}

#[test]
fn b_2_6_signing_a_request_using_ed25519() {
    let names = ["date", "@method", "@path", "@authority", "content-type", "content-length"];
    let input = r#"("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
    let signature =
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
    let headers = request("sig-b26", input, signature);
    let message = Message::request("POST", TARGET, &headers);
    assert_eq!(accept_head(&message).key().as_str(), "test-key-ed25519");
    let signing = signing("sig-b26", &names, "test-key-ed25519");
    assert_eq!(
        base(&message, &signing),
        [
            "\"date\": Tue, 20 Apr 2021 02:07:55 GMT",
            "\"@method\": POST",
            "\"@path\": /foo",
            "\"@authority\": example.com",
            "\"content-type\": application/json",
            "\"content-length\": 18",
            r#""@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#,
        ]
        .join("\n")
    );
    let seed = base64::prelude::BASE64_URL_SAFE_NO_PAD
        .decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU")
        .unwrap();
    let fields = signing.sign(&message, &Ed25519SigningKey::from_seed(&seed).unwrap().into()).unwrap();
    assert_eq!(fields.signature_input(), format!("sig-b26={input}"));
    assert_eq!(fields.signature(), format!("sig-b26=:{signature}:"));
}

#[test]
fn b_3_a_proxy_signs_the_client_certificate_that_it_saw() {
    let certificate = ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:";
    let headers = pairs(&[
        ("Host", "service.internal.example"),
        ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Length", "18"),
        ("Client-Cert", certificate),
        (
            "Signature-Input",
            r#"ttrp=("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256""#,
        ),
        (
            "Signature",
            "ttrp=:xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==:",
        ),
    ]);
    let message = Message::request("POST", TARGET, &headers);
    accept_head(&message);
    let names = ["@path", "@query", "@method", "@authority", "client-cert"];
    assert_eq!(
        base(&message, &signing("ttrp", &names, "test-key-ecc-p256")),
        [
            "\"@path\": /foo",
            "\"@query\": ?param=Value&Pet=dog",
            "\"@method\": POST",
            "\"@authority\": service.internal.example",
            &format!("\"client-cert\": {certificate}"),
            r#""@signature-params": ("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256""#,
        ]
        .join("\n")
    );
}

#[test]
fn b_4_transformations_that_the_signature_survives_and_that_it_does_not() {
    let fields = [
        (
            "Signature-Input",
            r#"transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519""#,
        ),
        (
            "Signature",
            "transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:",
        ),
    ];
    let date = ("Date", "Fri, 15 Jul 2022 14:24:55 GMT");
    let (json, any) = (("Accept", "application/json"), ("Accept", "*/*"));
    let target = "/demo?name1=Value1&Name2=value2";
    let host = ("Host", "example.org");
    type Case<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, bool);
    let cases: [Case<'_>; 6] = [
        ("GET", target, vec![host, date, json, any], true),
        (
            "GET",
            "/demo?name1=Value1&Name2=value2&param=added",
            vec![host, date, json, any, ("Accept-Language", "en-US,en;q=0.5")],
            true,
        ),
        (
            "GET",
            target,
            vec![
                host,
                ("Referer", "https://developer.example.org/demo"),
                ("Accept", "application/json, */*"),
            ],
            true,
        ),
        ("GET", target, vec![json, any, date, host], true),
        ("POST", target, vec![("Host", "example.com"), date, json, any], false),
        ("GET", target, vec![host, date, any, json], false),
    ];
    let ring = ring();
    for (method, target, mut headers, survives) in cases {
        headers.extend(fields);
        let outcome = Verifier::new(&ring).body(Binding::UnlessEmpty).verify(
            &Message::request(method, target, &headers),
            "",
            CREATED,
        );
        match outcome {
            Ok(_) => assert!(survives, "{method} {target}"),
            Err(reject) => assert!(!survives && reject == Reject::NoMatch, "{method} {target}: {reject}"),
        }
    }
}

#[test]
fn section_3_2_the_worked_example() {
    let headers = request(
        "sig1",
        r#"("@method" "@authority" "@path" "content-digest" "content-length" "content-type");created=1618884473;keyid="test-key-rsa-pss""#,
        "HIbjHC5rS0BYaa9v4QfD4193TORw7u9edguPh0AW3dMq9WImrlFrCGUDih47vAxi4L2YRZ3XMJc1uOKk/J0ZmZ+wcta4nKIgBkKq0rM9hs3CQyxXGxHLMCy8uqK488o+9jrptQ+xFPHK7a9sRL1IXNaagCNN3ZxJsYapFj+JXbmaI5rtAdSfSvzPuBCh+ARHBmWuNo1UzVVdHXrl8ePL4cccqlazIJdC4QEjrF+Sn4IxBQzTZsL9y9TP5FsZYzHvDqbInkTNigBcE9cKOYNFCn4D/WM7F6TNuZO9EgtzepLWcjTymlHzK7aXq6Am6sfOrpIC49yXjj3ae6HRalVc/g==",
    );
    let accepted = accept(&Message::request("POST", TARGET, &headers), REQUEST_BODY, Binding::Required);
    assert_eq!(accepted.label(), "sig1");
}

/// The value that a component has in a message: the line of the base, without the identifier.
fn value(message: &Message<'_>, component: Component) -> Result<String, ComponentError> {
    let identifier = component.to_string();
    let signing = Signing::new("s", [component])
        .unwrap()
        .without_body()
        .structured("example-dict", StructuredType::Dictionary);
    match signature_base(&signing, message) {
        Ok(base) => {
            let line = base.strip_prefix(&format!("{identifier}: ")).unwrap();
            Ok(line.split_once("\n\"@signature-params\": ").unwrap().0.to_owned())
        }
        Err(SignError::Component { error, .. }) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

fn field(name: &str) -> Component {
    Component::field(name).unwrap()
}

#[test]
fn section_2_1_fields_are_trimmed_unfolded_and_joined() {
    let headers = pairs(&[
        ("Host", "www.example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("X-OWS-Header", "  Leading and trailing whitespace.   "),
        ("X-Obs-Fold-Header", "Obsolete\r\n    line folding."),
        ("Cache-Control", "max-age=60"),
        ("Cache-Control", "   must-revalidate"),
        ("Example-Dict", " a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
        ("X-Empty-Header", ""),
        ("X-Injected", "one\r\n\"@method\": GET"),
        ("X-Latin", "caf\u{e9}"),
    ]);
    let message = Message::response(200, &headers);
    let expected = [
        ("host", "www.example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("x-ows-header", "Leading and trailing whitespace."),
        ("x-obs-fold-header", "Obsolete line folding."),
        ("cache-control", "max-age=60, must-revalidate"),
        ("example-dict", "a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
        ("x-empty-header", ""),
    ];
    for (name, line) in expected {
        assert_eq!(value(&message, field(name)).as_deref(), Ok(line), "{name}");
    }
    assert_eq!(value(&message, field("x-injected")), Err(ComponentError::Value));
    assert_eq!(value(&message, field("x-latin")), Err(ComponentError::Value));
    assert_eq!(value(&message, field("x-absent")), Err(ComponentError::Absent));
}

#[test]
fn sections_2_1_1_to_2_1_4_structures_members_bytes_and_trailers() {
    let headers = pairs(&[
        ("Example-Dict", " a=1, b=2;x=1;y=2, c=(a   b    c), d"),
        ("Example-Header", "value, with, lots"),
        ("Example-Header", "of, commas"),
        ("Priority", "u=1,i"),
        ("Broken", "("),
    ]);
    let trailers = pairs(&[("Expires", "Wed, 9 Nov 2022 07:28:00 GMT")]);
    let message = Message::response(200, &headers).trailers(&trailers);
    let member = |key| value(&message, field("example-dict").key(key).unwrap());
    assert_eq!(value(&message, field("example-dict").sf()).as_deref(), Ok("a=1, b=2;x=1;y=2, c=(a b c), d"));
    assert_eq!(member("a").as_deref(), Ok("1"));
    assert_eq!(member("b").as_deref(), Ok("2;x=1;y=2"));
    assert_eq!(member("c").as_deref(), Ok("(a b c)"));
    assert_eq!(member("d").as_deref(), Ok("?1"));
    assert_eq!(member("e"), Err(ComponentError::Absent));
    assert_eq!(value(&message, field("priority").sf()).as_deref(), Ok("u=1, i"));
    assert_eq!(value(&message, field("broken").sf()), Err(ComponentError::Structure));
    assert_eq!(value(&message, field("broken").key("a").unwrap()), Err(ComponentError::Structure));
    assert_eq!(
        value(&message, field("example-header").bs()).as_deref(),
        Ok(":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:")
    );
    let one = pairs(&[("Example-Header", "value, with, lots, of, commas")]);
    assert_eq!(
        value(&Message::response(200, &one), field("example-header").bs()).as_deref(),
        Ok(":dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:")
    );
    assert_eq!(value(&message, field("expires").tr()).as_deref(), Ok("Wed, 9 Nov 2022 07:28:00 GMT"));
    assert_eq!(value(&message, field("expires")), Err(ComponentError::Absent));
}

#[test]
fn section_2_2_what_is_derived_from_a_request() {
    let derived = |method, target, host: &str, name| {
        let headers = vec![("host", host.to_owned())];
        value(&Message::request(method, target, &headers), Component::parse(name).unwrap())
    };
    let ok = |method, target, name| derived(method, target, "www.example.com", name).unwrap();
    assert_eq!(ok("POST", "/path?param=value", "@method"), "POST");
    assert_eq!(ok("POST", "/path?param=value", "@target-uri"), "https://www.example.com/path?param=value");
    assert_eq!(ok("POST", "/path?param=value", "@authority"), "www.example.com");
    assert_eq!(ok("POST", "/path?param=value", "@scheme"), "https");
    assert_eq!(ok("POST", "/path?param=value", "@path"), "/path");
    assert_eq!(ok("HEAD", "/path?queryString", "@query"), "?queryString");
    assert_eq!(
        ok("POST", "/path?param=value&foo=bar&baz=bat%2Dman", "@query"),
        "?param=value&foo=bar&baz=bat%2Dman"
    );
    assert_eq!(ok("POST", "/path", "@query"), "?");
    // §2.2.5: the four forms of a target.
    assert_eq!(ok("POST", "/path?param=value", "@request-target"), "/path?param=value");
    let absolute = "https://www.example.com/path?param=value";
    assert_eq!(ok("GET", absolute, "@request-target"), absolute);
    assert_eq!(ok("GET", absolute, "@path"), "/path");
    assert_eq!(ok("GET", "http://www.EXAMPLE.com:80", "@target-uri"), "http://www.example.com/");
    assert_eq!(ok("CONNECT", "www.example.com:80", "@request-target"), "www.example.com:80");
    assert_eq!(ok("CONNECT", "www.example.com:80", "@authority"), "www.example.com:80");
    assert_eq!(ok("OPTIONS", "*", "@request-target"), "*");
    assert_eq!(derived("OPTIONS", "*", "a", "@path"), Err(ComponentError::Target));
    // §2.2.3: in lower case, without the default port.
    assert_eq!(derived("GET", "/", "WWW.Example.com:443", "@authority").as_deref(), Ok("www.example.com"));
    assert_eq!(
        derived("GET", "/", "www.example.com:8443", "@authority").as_deref(),
        Ok("www.example.com:8443")
    );
    let two = vec![("host", "a".to_owned()), ("host", "b".to_owned())];
    let authority = Component::parse("@authority").unwrap();
    assert_eq!(value(&Message::request("GET", "/", &two), authority.clone()), Err(ComponentError::Target));
    let none = Headers::new();
    assert_eq!(value(&Message::request("GET", "/", &none), authority.clone()), Err(ComponentError::Target));
    assert_eq!(value(&Message::request("GET", "/", &two).authority("c"), authority).as_deref(), Ok("c"));
    // §2.2.9, and what is of the other kind.
    let response = Message::response(200, &none);
    assert_eq!(value(&response, Component::parse("@status").unwrap()).as_deref(), Ok("200"));
    assert_eq!(value(&response, Component::parse("@method").unwrap()), Err(ComponentError::Kind));
    assert_eq!(derived("GET", "/", "a", "@status"), Err(ComponentError::Kind));
}

#[test]
fn section_2_2_8_query_parameters_are_decoded_and_encoded_again() {
    let headers = Headers::new();
    let parameter = |target: &'static str, name: &str| {
        value(&Message::request("GET", target, &headers), Component::query_param(name))
    };
    let target = "/path?param=value&foo=bar&baz=batman&qux=";
    assert_eq!(parameter(target, "baz").as_deref(), Ok("batman"));
    assert_eq!(parameter(target, "qux").as_deref(), Ok(""));
    assert_eq!(parameter(target, "param").as_deref(), Ok("value"));
    assert_eq!(parameter(target, "other"), Err(ComponentError::Absent));
    let target = "/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something";
    assert_eq!(parameter(target, "var").as_deref(), Ok("this%20is%20a%20big%0Amultiline%20value"));
    assert_eq!(parameter(target, "bar").as_deref(), Ok("with%20plus%20whitespace"));
    assert_eq!(parameter(target, "fa\u{e7}ade\": ").as_deref(), Ok("something"));
    assert_eq!(
        Component::query_param("fa\u{e7}ade\": ").to_string(),
        r#""@query-param";name="fa%C3%A7ade%22%3A%20""#
    );
    assert_eq!(parameter("/?a=1&a=2", "a"), Err(ComponentError::Ambiguous));
    assert_eq!(parameter("/?a=1&%61=2", "a"), Err(ComponentError::Ambiguous));
}

#[test]
fn section_2_4_a_response_covers_its_request() {
    let headers = request("sig1", "()", "AA==");
    let request = Message::request("POST", TARGET, &headers);
    let answer = pairs(&[("Content-Type", "application/json"), ("Content-Length", "62")]);
    let response = Message::response(503, &answer).answering(&request);
    let req = |text| value(&response, Component::parse(text).unwrap());
    assert_eq!(req("@status").as_deref(), Ok("503"));
    assert_eq!(req(r#""@authority";req"#).as_deref(), Ok("example.com"));
    assert_eq!(req(r#""@method";req"#).as_deref(), Ok("POST"));
    assert_eq!(req(r#""@path";req"#).as_deref(), Ok("/foo"));
    assert_eq!(req(r#""content-digest";req"#).as_deref(), Ok(REQUEST_DIGEST));
    assert_eq!(req(r#""signature";req;key="sig1""#).as_deref(), Ok(":AA==:"));
    assert_eq!(req(r#""@status";req"#), Err(ComponentError::Kind));
    // A request has none that it answers, and this response has none at hand.
    assert_eq!(value(&request, Component::parse(r#""@method";req"#).unwrap()), Err(ComponentError::Kind));
    assert_eq!(
        value(&Message::response(503, &answer), Component::parse(r#""@method";req"#).unwrap()),
        Err(ComponentError::Absent)
    );
}

#[test]
fn section_2_5_a_repeated_component_is_refused_whatever_the_order_of_its_parameters() {
    let headers = pairs(&[("Priority", "u=1"), ("Host", "a")]);
    let message = Message::request("GET", "/", &headers);
    for pair in [
        ["@method", "@method"],
        ["\"priority\"", "priority"],
        [r#""priority";key="u";req"#, r#""priority";req;key="u""#],
    ] {
        let signing = Signing::new("s", components(&pair)).unwrap().without_body();
        let error = signature_base(&signing, &message).unwrap_err();
        assert!(
            matches!(
                error,
                SignError::Repeated { .. } | SignError::Component { error: ComponentError::Kind, .. }
            ),
            "{error}"
        );
    }
    // On the way in.
    let mut headers =
        request("s", r#"("@method" "@method");created=1618884473;keyid="test-key-ed25519""#, "AA==");
    let repeated = |headers: &Headers| {
        Verifier::new(&ring()).verify_head(&Message::request("GET", "/", headers), CREATED)
    };
    assert!(matches!(repeated(&headers), Err(Reject::Component { error: ComponentError::Repeated, .. })));
    headers[5].1 =
        r#"s=("content-type";bs;tr "content-type";tr;bs);created=1618884473;keyid="test-key-ed25519""#.into();
    let reject = repeated(&headers);
    assert!(matches!(reject, Err(Reject::Component { .. })), "{reject:?}");
    // The same component with another parameter is another component.
    assert!(
        signature_base(
            &Signing::new("s", components(&["priority", r#""priority";sf"#])).unwrap().without_body(),
            &message
        )
        .is_ok()
    );
}

#[test]
fn the_limits_have_the_defaults_that_are_documented() {
    let limits = Limits::default();
    assert_eq!((limits.max_components, limits.max_base, limits.max_labels), (64, 65_536, 8));
    assert_eq!(BASE64_STANDARD.decode(SHARED).unwrap().len(), 64);
}
