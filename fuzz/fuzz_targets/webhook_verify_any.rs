//! Any headers and any body under any scheme: nothing is accepted without the key, nothing panics, one
//! shot and stream agree, and a diagnosis never calls a refused request right.
#![no_main]

use arbitrary::Arbitrary;
use webhook_sig::{Diagnosis, KeyRing, Scheme, Secret, UnixMillis};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    scheme: u8,
    now: u64,
    headers: Vec<(u8, &'a [u8])>,
    chunks: Vec<&'a [u8]>,
}

const NAMES: [&str; 7] = [
    "webhook-id",
    "Webhook-Timestamp",
    "webhook-signature",
    "Stripe-Signature",
    "x-hub-signature-256",
    "X-Signature-256",
    "x-hub-signature",
];

libfuzzer_sys::fuzz_target!(|input: Input| {
    let ring = KeyRing::new()
        .hmac("a", Secret::raw("a secret that the input does not know").unwrap())
        .unwrap()
        .hmac_until("b", Secret::raw("another").unwrap(), UnixMillis::from_secs(1_700_000_000))
        .unwrap();
    let scheme = Scheme::ALL[usize::from(input.scheme) % Scheme::ALL.len()];
    let now = UnixMillis::from_millis(input.now);
    let headers: Vec<(&str, &[u8])> =
        input.headers.iter().map(|(name, value)| (NAMES[usize::from(*name) % NAMES.len()], *value)).collect();
    let body = input.chunks.concat();
    let verifier = ring.scheme(scheme);

    let reject = verifier.verify(&headers, &body, now).expect_err("accepted without the key");
    assert!([400, 401, 413].contains(&reject.http_status()));

    let streamed = verifier.begin(&headers, now).and_then(|mut pending| {
        input.chunks.iter().try_for_each(|chunk| pending.update(chunk))?;
        pending.finish()
    });
    assert_eq!(streamed.expect_err("accepted without the key"), reject);

    let accepted = matches!(verifier.diagnose(&headers, &body, now), Diagnosis::Accepted);
    assert!(!accepted, "a refused request was called right");
});
