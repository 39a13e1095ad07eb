//! What is signed verifies, and with one bit flipped anywhere it does not.
#![no_main]

use arbitrary::Arbitrary;
use webhook_sig::{KeyRing, Scheme, Secret, SignError, UnixMillis};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    scheme: u8,
    secret: &'a [u8],
    id: &'a str,
    at: u64,
    body: &'a [u8],
    /// Which bit to flip, counted over the headers' values and the body.
    bit: u32,
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let Ok(secret) = Secret::raw(input.secret) else { return };
    let ring = KeyRing::new().hmac("k", secret).unwrap();
    let scheme = Scheme::ALL[usize::from(input.scheme) % Scheme::ALL.len()];
    let at = UnixMillis::from_millis(input.at);
    let signed = match ring.signer(scheme).sign(input.id, at, input.body) {
        Ok(signed) => signed,
        Err(error) => return assert_eq!((error, scheme), (SignError::Id, Scheme::StandardWebhooks)),
    };
    let verified = ring.scheme(scheme).verify(&signed, input.body, at).expect("what was signed verifies");
    assert_eq!(*verified.body(), input.body);
    assert!(verified.id().is_none_or(|id| id.as_str() == input.id));
    assert!(verified.at().is_none_or(|signed| signed.as_secs() == at.as_secs()));

    let mut headers: Vec<(&str, Vec<u8>)> =
        signed.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    let mut body = input.body.to_vec();
    let bytes = headers.iter_mut().flat_map(|(_, value)| value).chain(&mut body).collect::<Vec<_>>();
    let bits = bytes.len() * 8;
    let bit = usize::try_from(input.bit).unwrap() % bits;
    let byte = bytes.into_iter().nth(bit / 8).unwrap();
    *byte ^= 1 << (bit % 8);
    assert!(ring.scheme(scheme).verify(&headers, &body, at).is_err(), "bit {bit} does not count");
});
