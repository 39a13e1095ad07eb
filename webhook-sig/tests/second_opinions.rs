//! Every scheme beside `ring` and `aws-lc-rs` on generated input, and beside the OpenSSL command where there is one: the signed bytes are put together
//! here, once more and from the providers' pages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the OpenSSL command is asked")]

mod kit;

use std::io::Write as _;
use std::process::{Command, Stdio};

use kit::{URL, body_for};
use proptest::prelude::*;
use webhook_sig::{KeyRing, Scheme, Schemes as _, Secret, Sha1Scheme, UnixMillis};

/// What a provider signs, and how the signature is written.
fn signed(scheme: Scheme, id: &str, at: UnixMillis, body: &[u8]) -> (Vec<u8>, &'static str, bool) {
    let secs = at.as_secs();
    let (prefix, label, hex) = match scheme {
        Scheme::Generic | Scheme::GitHub => (String::new(), "sha256=", true),
        Scheme::Stripe => (format!("{secs}."), "v1=", true),
        Scheme::Slack | Scheme::Zoom => (format!("v0:{secs}:"), "v0=", true),
        Scheme::Shopify => (String::new(), "", false),
        Scheme::StandardWebhooks | Scheme::Svix => (format!("{id}.{secs}."), "v1,", false),
        Scheme::Square => (URL.to_owned(), "", false),
        Scheme::Linear => (String::new(), "", true),
        Scheme::Twitter => (String::new(), "sha256=", false),
        other => panic!("{other} has no entry"),
    };
    ([prefix.as_bytes(), body].concat(), label, hex)
}

fn text(mac: &[u8], hex: bool) -> String {
    use base64::Engine as _;
    if hex {
        mac.iter().map(|byte| format!("{byte:02x}")).collect()
    } else {
        base64::prelude::BASE64_STANDARD.encode(mac)
    }
}

fn by_ring(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    ring::hmac::sign(&key, message).as_ref().to_vec()
}

fn by_aws_lc(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    aws_lc_rs::hmac::sign(&key, message).as_ref().to_vec()
}

/// `openssl dgst -sha256 -hmac SECRET`; none where there is no such command.
fn by_openssl(secret: &str, message: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", secret, "-binary"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(message).unwrap();
    Some(child.wait_with_output().unwrap().stdout)
}

fn ours(scheme: Scheme, secret: &[u8], id: &str, at: UnixMillis, body: &[u8]) -> String {
    let ring = KeyRing::new().hmac("k", Secret::raw(secret).unwrap()).unwrap();
    let headers = ring.signer(scheme).with_url(URL).sign(id, at, body).unwrap();
    let value = headers.iter().last().unwrap().1;
    value.rsplit_once("v1=").map_or(value, |(_, rest)| rest).to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn ring_and_aws_lc_sign_alike(
        secret in prop::collection::vec(any::<u8>(), 1..200),
        id in "[A-Za-z0-9_-]{1,128}",
        at in 0..253_402_300_799_999_u64,
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let at = UnixMillis::from_millis(at);
        for scheme in Scheme::ALL {
            let body = body_for(scheme.layout(), &bytes, at);
            let (message, label, hex) = signed(scheme, &id, at, &body);
            let ours = ours(scheme, &secret, &id, at, &body);
            let label = if scheme == Scheme::Stripe { "" } else { label };
            prop_assert_eq!(&ours, &format!("{label}{}", text(&by_ring(&secret, &message), hex)), "{}", scheme);
            prop_assert_eq!(&ours, &format!("{label}{}", text(&by_aws_lc(&secret, &message), hex)), "{}", scheme);
        }
    }

    #[test]
    fn hmac_sha1_is_that_of_ring(
        secret in prop::collection::vec(any::<u8>(), 1..200),
        body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let ours = KeyRing::sha1().key("k", Secret::raw(&secret).unwrap()).unwrap();
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
        let expected = format!("sha1={}", text(ring::hmac::sign(&key, &body).as_ref(), true));
        let headers = ours.signer(Sha1Scheme::GitHub).sign("", UnixMillis::EPOCH, &body).unwrap();
        prop_assert_eq!(headers.iter().next().unwrap().1, expected);
    }
}

#[test]
fn openssl_signs_alike() {
    let at = UnixMillis::from_secs(1_700_000_000);
    for scheme in Scheme::ALL {
        let body = body_for(scheme.layout(), b"\x00\xff bytes \r\n", at);
        let (message, label, hex) = signed(scheme, "msg_1", at, &body);
        let label = if scheme == Scheme::Stripe { "" } else { label };
        let Some(mac) = by_openssl("a secret", &message) else { return };
        assert_eq!(
            ours(scheme, b"a secret", "msg_1", at, &body),
            format!("{label}{}", text(&mac, hex)),
            "{scheme}"
        );
    }
}
