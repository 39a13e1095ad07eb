//! Forms as Twilio signs them, beside another reading of forms (`url`): a form that says the same in other order and escapes has the same signature
//! and the same dedupe key; one that says something else has not.
#![no_main]

use std::collections::BTreeSet;

use arbitrary::Arbitrary;
use url::form_urlencoded;
use webhook_sig::{KeyRing, Secret, Sha1Scheme, UnixMillis};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    url: &'a str,
    body: &'a [u8],
    /// Added to the last value.
    more: &'a str,
}

/// What is signed beside the URL: Twilio's page.
fn signed(pairs: &BTreeSet<(String, String)>) -> String {
    pairs.iter().map(|(name, value)| format!("{name}{value}")).collect()
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let ring = KeyRing::sha1().key("k", Secret::raw("12345").unwrap()).unwrap();
    let at = UnixMillis::EPOCH;
    // A URL with the hash of the body in it is another form of the scheme.
    if input.url.contains("bodySHA256=") {
        let _ = ring.signer(Sha1Scheme::Twilio).with_url(input.url).sign("", at, input.body);
        return;
    }
    let headers = ring.signer(Sha1Scheme::Twilio).with_url(input.url).sign("", at, input.body).unwrap();
    let verifier = ring.scheme(Sha1Scheme::Twilio).with_url(input.url);
    let verified = verifier.verify(&headers, input.body, at).expect("what was signed verifies");

    // In pieces as in one.
    let mut pending = verifier.begin(&headers, at).unwrap();
    for piece in input.body.chunks(3) {
        pending.update(piece).unwrap();
    }
    assert_eq!(pending.finish().unwrap().dedupe(), verified.dedupe());

    let pairs: BTreeSet<(String, String)> = form_urlencoded::parse(input.body).into_owned().collect();
    // The other reading puts U+FFFD where bytes are no UTF-8; ours keeps them.
    if pairs.iter().any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}')) {
        return;
    }
    let same = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs.iter().rev()).finish();
    let again = verifier.verify(&headers, &same, at).expect("the same form in other words");
    assert_eq!(again.dedupe(), verified.dedupe());

    let mut other = pairs.clone();
    if let Some((name, value)) = other.pop_last() {
        other.insert((name, value + input.more));
    }
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&other).finish();
    let accepted = verifier.verify(&headers, &body, at).is_ok();
    assert_eq!(accepted, signed(&other) == signed(&pairs), "{other:?} beside {pairs:?}");
});
