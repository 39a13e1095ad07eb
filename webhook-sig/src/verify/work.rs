//! How much a request may cost: HMACs are counted here, which a test outside of the crate cannot do.

use alloc::format;
use alloc::string::String;

use crate::error::{Exceeded, Reject};
use crate::hmac::counter::finished;
use crate::{KeyRing, Limits, Scheme, Secret, UnixMillis};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);
const BODY: &[u8] = b"{}";

fn ring(keys: usize) -> KeyRing {
    (0..keys).fold(KeyRing::new(), |ring, n| {
        ring.hmac(format!("{n}"), Secret::raw(format!("secret {n}")).unwrap()).unwrap()
    })
}

/// `bogus` wrong signatures, each another, and then a right one by the first key.
fn list(bogus: usize) -> String {
    let signed = ring(1).signer(Scheme::StandardWebhooks).sign("msg_1", NOW, BODY).unwrap();
    let right = signed.iter().last().unwrap().1;
    let mut list = String::new();
    for n in 0..bogus {
        list.push_str("v1,");
        let mut mac = [0; 32];
        mac[..8].copy_from_slice(&n.to_be_bytes());
        crate::Encoding::Base64.write(&mac, &mut list);
        list.push(' ');
    }
    list + right
}

/// Verifies, and counts.
fn verify(keys: usize, signatures: &str, limits: Limits) -> (Result<String, Reject>, usize) {
    let ring = ring(keys);
    let headers =
        [("webhook-id", "msg_1"), ("webhook-timestamp", "1700000000"), ("webhook-signature", signatures)];
    let verifier = ring.scheme(Scheme::StandardWebhooks).with_limits(limits);
    let before = finished();
    let verdict = verifier.verify(&headers, BODY, NOW).map(|verified| verified.key().as_str().into());
    (verdict, finished() - before)
}

fn unlimited() -> Limits {
    Limits { max_signatures: usize::MAX, max_signature_header: usize::MAX, ..Limits::DEFAULT }
}

#[test]
fn after_9_999_bogus_signatures_a_right_one_costs_one_hmac_a_key() {
    let signatures = list(9_999);
    for keys in [1, 2, 5] {
        assert_eq!(verify(keys, &signatures, unlimited()), (Ok("0".into()), keys));
    }
}

#[test]
fn refused_signatures_cost_one_hmac_a_key_too() {
    let signatures = list(9_999).replace("v1,", "v1,A").replace("=", "").replace(" ", "= ");
    let (verdict, hmacs) = verify(3, &signatures, unlimited());
    assert!(matches!(verdict, Err(Reject::Malformed { .. })));
    assert_eq!(hmacs, 0, "none of them is one");
    let bogus = list(10_000);
    let bogus = &bogus[..bogus.rfind(' ').unwrap()];
    let (verdict, hmacs) = verify(3, bogus, unlimited());
    assert!(matches!(verdict, Err(Reject::NoMatch(_))));
    assert_eq!(hmacs, 3);
}

#[test]
fn sixteen_bogus_ones_before_it_are_over_the_limit_and_cost_no_hmac() {
    let signatures = list(16);
    assert!(signatures.len() < 4096);
    let limit = Reject::Limit(Exceeded::Signatures { max: 16 });
    assert_eq!(verify(2, &signatures, Limits::DEFAULT), (Err(limit), 0));
    assert_eq!(verify(2, &list(15), Limits::DEFAULT), (Ok("0".into()), 2));
}

#[test]
fn a_header_over_4_kib_is_over_the_limit_and_costs_no_hmac() {
    let signatures = format!("{}{}", list(0), " ".repeat(4096));
    let limit = Reject::Limit(Exceeded::SignatureHeader { max: 4096 });
    assert_eq!(verify(2, &signatures, Limits::DEFAULT), (Err(limit), 0));
    let (verdict, hmacs) = verify(2, &list(9_999), Limits::DEFAULT);
    assert!(matches!(verdict, Err(Reject::Limit(_))));
    assert_eq!(hmacs, 0);
}
