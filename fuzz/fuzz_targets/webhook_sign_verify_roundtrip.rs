//! What is signed verifies, and with one bit flipped anywhere it does not.
#![no_main]

use arbitrary::Arbitrary;
use webhook_sig::{KeyRing, Scheme, Secret, Sha1Scheme, Sign, SignError, UnixMillis, Verify};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    scheme: u8,
    secret: &'a [u8],
    id: &'a str,
    at: u64,
    url: &'a str,
    body: &'a [u8],
    /// Which bit to flip, counted over the headers' values and the body.
    bit: u32,
}

/// Signs, verifies, and flips. `forms` tells that what is signed of a body is not its bytes.
fn round<K: Sign + Verify>(ring: &KeyRing<K>, scheme: K::Scheme, input: &Input, forms: bool) {
    let at = UnixMillis::from_millis(input.at);
    let signed = match ring.signer(scheme).with_url(input.url).sign(input.id, at, input.body) {
        Ok(signed) => signed,
        // An id that is none, a body without its time or with another hash than the URL says.
        Err(error) => return assert!(matches!(error, SignError::Id | SignError::Body), "{error}"),
    };
    let verifier = ring.scheme(scheme).with_url(input.url);
    match verifier.verify(&signed, input.body, at) {
        Ok(verified) => {
            assert_eq!(*verified.body(), input.body);
            assert!(verified.id().is_none_or(|id| id.as_str() == input.id));
        }
        // The body has a time of its own (Linear).
        Err(reject) => return assert!(reject.to_string().contains("timestamp"), "{reject}"),
    }

    let mut headers: Vec<(&str, Vec<u8>)> =
        signed.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    let mut body = input.body.to_vec();
    let in_headers: usize = headers.iter().map(|(_, value)| value.len() * 8).sum();
    let bytes = headers.iter_mut().flat_map(|(_, value)| value).chain(&mut body).collect::<Vec<_>>();
    let bit = usize::try_from(input.bit).unwrap() % (bytes.len() * 8);
    let byte = bytes.into_iter().nth(bit / 8).unwrap();
    *byte ^= 1 << (bit % 8);
    let accepted = verifier.verify(&headers, &body, at).is_ok();
    // A flipped bit in a form may be another spelling of it.
    assert!(!accepted || forms && bit >= in_headers, "bit {bit} does not count");
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let Ok(secret) = Secret::raw(input.secret) else { return };
    let scheme = usize::from(input.scheme) % (Scheme::ALL.len() + Sha1Scheme::ALL.len());
    match Scheme::ALL.get(scheme) {
        Some(scheme) => round(&KeyRing::new().key("k", secret).unwrap(), *scheme, &input, false),
        None => {
            let scheme = Sha1Scheme::ALL[scheme - Scheme::ALL.len()];
            round(&KeyRing::sha1().key("k", secret).unwrap(), scheme, &input, scheme == Sha1Scheme::Twilio);
        }
    }
});
