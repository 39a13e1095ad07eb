//! Any headers and any body under any scheme: nothing is accepted without the key, nothing panics, one
//! shot and stream agree, and a diagnosis never calls a refused request right.
#![no_main]

use arbitrary::Arbitrary;
use webhook_sig::{Diagnosis, KeyRing, Scheme, Secret, Sha1Scheme, UnixMillis, Verifier, Verify};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    scheme: u8,
    now: u64,
    url: &'a str,
    headers: Vec<(u8, &'a [u8])>,
    chunks: Vec<&'a [u8]>,
}

const NAMES: [&str; 20] = [
    "webhook-id",
    "Webhook-Timestamp",
    "webhook-signature",
    "Stripe-Signature",
    "x-hub-signature-256",
    "X-Signature-256",
    "x-hub-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "X-Slack-Signature",
    "x-slack-request-timestamp",
    "x-zm-signature",
    "x-zm-request-timestamp",
    "X-Shopify-Hmac-Sha256",
    "x-square-hmacsha256-signature",
    "linear-signature",
    "x-twitter-webhooks-signature",
    "x-twilio-signature",
    "Content-Encoding",
];

fn judge<K: Verify>(verifier: &Verifier<'_, K>, input: &Input, now: UnixMillis) {
    let headers: Vec<(&str, &[u8])> =
        input.headers.iter().map(|(name, value)| (NAMES[usize::from(*name) % NAMES.len()], *value)).collect();
    let body = input.chunks.concat();
    let reject = verifier.verify(&headers, &body, now).expect_err("accepted without the key");
    assert!([400, 401, 413, 415].contains(&reject.http_status()));

    let streamed = verifier.begin(&headers, now).and_then(|mut pending| {
        input.chunks.iter().try_for_each(|chunk| pending.update(chunk))?;
        pending.finish()
    });
    assert_eq!(streamed.expect_err("accepted without the key"), reject);

    let accepted = matches!(verifier.diagnose(&headers, &body, now), Diagnosis::Accepted);
    assert!(!accepted, "a refused request was called right");
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let secret = || Secret::raw("a secret that the input does not know").unwrap();
    let now = UnixMillis::from_millis(input.now);
    let scheme = usize::from(input.scheme) % (Scheme::ALL.len() + Sha1Scheme::ALL.len());
    match Scheme::ALL.get(scheme) {
        Some(scheme) => {
            let ring = KeyRing::new()
                .hmac("a", secret())
                .unwrap()
                .hmac_until("b", Secret::raw("another").unwrap(), UnixMillis::from_secs(1_700_000_000))
                .unwrap();
            judge(&ring.scheme(*scheme).with_url(input.url), &input, now);
        }
        None => {
            let ring = KeyRing::sha1().key("a", secret()).unwrap();
            let scheme = Sha1Scheme::ALL[scheme - Scheme::ALL.len()];
            judge(&ring.scheme(scheme).with_url(input.url), &input, now);
        }
    }
});
