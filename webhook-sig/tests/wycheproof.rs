//! Project Wycheproof: every case of the algorithms that the crate verifies with. The counts are printed and fixed, so a
//! set that shrinks does not go by unseen.
#![cfg(all(feature = "ed25519", feature = "p256", feature = "rsa-verify"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it counted"
)]

use ed25519_dalek::{Signature, VerifyingKey};
use webhook_sig::{
    EcdsaPublicKey, Ed25519PublicKey, Ed25519Scheme, Encoding, KeyRing, Layout, RsaPublicKey, Scheme, Secret,
    Sha1Scheme, SignatureAlgorithm, UnixMillis,
};
use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    accepted: usize,
    refused: usize,
    /// Valid by the suite, and refused here on purpose.
    stricter: usize,
    /// Neither valid nor invalid by the suite.
    open: usize,
}

impl Counts {
    fn count(&mut self, result: TestResult, accepted: bool, stricter: bool, case: &str) {
        match (result, accepted) {
            (TestResult::Valid, true) => self.accepted += 1,
            (TestResult::Invalid, false) => self.refused += 1,
            (TestResult::Valid, false) if stricter => self.stricter += 1,
            (TestResult::Acceptable, _) => self.open += 1,
            _ => panic!("{case}: {result:?}, and accepted is {accepted}"),
        }
    }
}

#[test]
fn hmac_sha256_and_sha1() {
    static SHA1: Layout = Layout::new("x-signature", Encoding::Hex);
    for (set, expected) in [
        (mac::TestName::HmacSha256, Counts { accepted: 33, refused: 108, stricter: 33, open: 0 }),
        (mac::TestName::HmacSha1, Counts { accepted: 33, refused: 104, stricter: 33, open: 0 }),
    ] {
        let mut counts = Counts::default();
        for group in mac::TestSet::load(set).unwrap().test_groups {
            for case in &group.tests {
                let Ok(secret) = Secret::raw(&case.key[..]) else { continue };
                let tag = hex(&case.tag);
                let body: &[u8] = &case.msg;
                let accepted = if set == mac::TestName::HmacSha256 {
                    let ring = KeyRing::new().hmac("k", secret).unwrap();
                    let headers = [("x-signature-256", format!("sha256={tag}"))];
                    ring.scheme(Scheme::Generic).verify(&headers, body, NOW).is_ok()
                } else {
                    let ring = KeyRing::sha1().key("k", secret).unwrap();
                    let headers = [("x-signature", tag)];
                    ring.scheme(Sha1Scheme::Custom(&SHA1)).verify(&headers, body, NOW).is_ok()
                };
                // No provider truncates, so a truncated tag is refused.
                let truncated = group.tag_size != if set == mac::TestName::HmacSha256 { 256 } else { 160 };
                counts.count(case.result, accepted, truncated, &format!("{set:?} {}", case.tc_id));
            }
        }
        println!("{set:?}: {counts:?}");
        assert_eq!(counts, expected);
    }
}

/// The crate's verification in one go and in pieces, and that of `ed25519-dalek` under its strict rules.
fn ed25519(key: &[u8], message: &[u8], signature: &[u8], case: &str) -> bool {
    static RAW: Layout = Layout::new("x-signature", Encoding::Hex);
    let strict = (|| {
        let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
        key.verify_strict(message, &Signature::from_slice(signature).ok()?).ok()
    })()
    .is_some();
    let ours = Ed25519PublicKey::new(key);
    let whole = ours.as_ref().is_ok_and(|key| key.verify(&[message], signature));
    assert_eq!(whole, strict, "{case}");
    if let Ok(key) = ours {
        let ring = KeyRing::ed25519().key("k", key).unwrap();
        let headers = [("x-signature", hex(signature))];
        for cut in [0, 1, message.len() / 2, message.len()] {
            let (head, tail) = message.split_at(cut.min(message.len()));
            let streamed =
                ring.scheme(Ed25519Scheme::Custom(&RAW)).begin(&headers, NOW).and_then(|mut pending| {
                    pending.update(head)?;
                    pending.update(tail)?;
                    pending.finish()
                });
            assert_eq!(streamed.is_ok(), strict, "{case} cut at {cut}");
        }
    }
    strict
}

#[test]
fn ed25519_streaming_agrees_with_verify_strict_on_every_case() {
    let mut counts = Counts::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        for case in &group.tests {
            let name = format!("ed25519 {}", case.tc_id);
            let accepted = ed25519(&group.key.pk, &case.msg, &case.sig, &name);
            counts.count(case.result, accepted, false, &name);
        }
    }
    println!("ed25519: {counts:?}");
    assert_eq!(counts, Counts { accepted: 88, refused: 63, stricter: 0, open: 0 });
}

#[test]
fn ed25519_a_signature_of_small_order_that_holds_by_the_equation_is_refused() {
    use curve25519_dalek::constants::EIGHT_TORSION;
    use curve25519_dalek::scalar::Scalar;
    use ed25519_dalek::hazmat::ExpandedSecretKey;
    use sha2::{Digest as _, Sha512};

    let private = ed25519_dalek::SigningKey::from_bytes(&[5; 32]);
    let public = private.verifying_key();
    let expanded = ExpandedSecretKey::from(private.as_bytes());
    let mut loose = 0;
    for torsion in EIGHT_TORSION {
        // The owner of the key signs with R of small order: s = k·a, so that s·B = k·A, which is R when R is neutral.
        let r = torsion.compress().to_bytes();
        let hash = Sha512::new().chain_update(r).chain_update(public.as_bytes()).chain_update(b"message");
        let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r);
        signature[32..].copy_from_slice((k * expanded.scalar).as_bytes());
        let mut stream = public.verify_stream(&Signature::from_bytes(&signature)).unwrap();
        stream.update(b"message");
        loose += usize::from(stream.finalize_and_verify().is_ok());
        assert!(!ed25519(public.as_bytes(), b"message", &signature, "small order"));
        // A key of small order is none, whatever it is to verify.
        assert!(Ed25519PublicKey::new(&r).is_err());
    }
    assert_eq!(loose, 1, "the stream alone takes the neutral R, so the check is ours");
}

#[test]
fn ecdsa_over_p256_and_p384() {
    for (set, expected) in [
        (
            ecdsa::TestName::EcdsaSecp256r1Sha256P1363,
            Counts { accepted: 173, refused: 89, stricter: 0, open: 0 },
        ),
        (
            ecdsa::TestName::EcdsaSecp384r1Sha384P1363,
            Counts { accepted: 193, refused: 87, stricter: 0, open: 0 },
        ),
    ] {
        let mut counts = Counts::default();
        for group in ecdsa::TestSet::load(set).unwrap().test_groups {
            let key = EcdsaPublicKey::from_spki_der(&group.der).unwrap();
            assert_eq!(EcdsaPublicKey::from_spki_pem(&group.pem).as_ref(), Ok(&key));
            for case in &group.tests {
                let (head, tail) = case.msg.split_at(case.msg.len() / 2);
                let accepted = key.verify(&[head, tail], &case.sig);
                counts.count(case.result, accepted, false, &format!("{set:?} {}", case.tc_id));
            }
        }
        println!("{set:?}: {counts:?}");
        assert_eq!(counts, expected);
    }
}

#[test]
fn rsa_pkcs1_v1_5_with_sha256() {
    let mut counts = Counts::default();
    for set in [
        rsa_pkcs1_verify::TestName::Rsa2048Sha256,
        rsa_pkcs1_verify::TestName::Rsa3072Sha256,
        rsa_pkcs1_verify::TestName::Rsa4096Sha256,
        rsa_pkcs1_verify::TestName::Rsa8192Sha256,
    ] {
        for group in rsa_pkcs1_verify::TestSet::load(set).unwrap().test_groups {
            let algorithm = SignatureAlgorithm::RsaV15Sha256;
            let key = RsaPublicKey::from_spki_der(algorithm, &group.der).unwrap();
            assert_eq!(RsaPublicKey::from_pem(algorithm, &group.pem).as_ref(), Ok(&key));
            assert_eq!(RsaPublicKey::from_pkcs1_der(algorithm, &group.asn_key).as_ref(), Ok(&key));
            for case in &group.tests {
                let accepted = key.verify(&case.msg, &case.sig);
                counts.count(case.result, accepted, false, &format!("{set:?} {}", case.tc_id));
            }
        }
    }
    println!("RSASSA-PKCS1-v1_5: {counts:?}");
    assert_eq!(counts, Counts { accepted: 31, refused: 999, stricter: 0, open: 4 });
}

#[test]
fn rsa_pss_with_sha512_and_a_salt_of_64_bytes() {
    let mut counts = Counts::default();
    for set in [
        rsa_pss_verify::TestName::RsaPss4096Sha512Mgf1SaltLen64,
        rsa_pss_verify::TestName::RsaPss4096Sha512Mgf1SaltLen32,
    ] {
        for group in rsa_pss_verify::TestSet::load(set).unwrap().test_groups {
            let key = RsaPublicKey::from_pkcs1_der(SignatureAlgorithm::RsaPssSha512, &group.asn_key).unwrap();
            for case in &group.tests {
                let accepted = key.verify(&case.msg, &case.sig);
                // RFC 9421 §3.3.1 has a salt of 64 bytes and no other.
                let other_salt = group.salt_size != 64;
                counts.count(case.result, accepted, other_salt, &format!("{set:?} {}", case.tc_id));
            }
        }
    }
    println!("RSASSA-PSS: {counts:?}");
    assert_eq!(counts, Counts { accepted: 132, refused: 92, stricter: 132, open: 0 });
}
