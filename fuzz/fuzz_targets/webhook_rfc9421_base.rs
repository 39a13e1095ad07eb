//! Any signature fields on any message: nothing panics, nothing is accepted without the key, and where a base can be made of
//! what `sfv` reads in `Signature-Input`, its last line is what `sfv` writes of it. What is signed verifies.
#![no_main]

use arbitrary::Arbitrary;
use sfv::{Dictionary, FieldType as _, ListEntry, Parser};
use webhook_sig::rfc9421::{Accept, Component, Limits, Message, Reject, Signing, Verifier, signature_base};
use webhook_sig::{KeyRing, Secret, UnixMillis};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    response: bool,
    method: &'a str,
    target: &'a str,
    status: u16,
    input: &'a str,
    signature: &'a str,
    names: Vec<&'a str>,
    value: &'a [u8],
    nonce: &'a str,
    now: u64,
}

libfuzzer_sys::fuzz_target!(|given: Input| {
    let now = UnixMillis::from_secs(given.now);
    let secret = Secret::raw("a secret that the input does not know").unwrap();
    let ring = KeyRing::messages().key("k", secret.clone()).unwrap();
    let mut headers: Vec<(&str, &[u8])> = vec![
        ("host", b"example.com"),
        ("x-value", given.value),
        ("priority", given.value),
        ("content-digest", given.value),
        ("accept-signature", given.input.as_bytes()),
    ];
    let unsigned = headers.clone();
    headers.push(("signature-input", given.input.as_bytes()));
    headers.push(("signature", given.signature.as_bytes()));
    let message = |headers| {
        if given.response {
            Message::response(given.status, headers)
        } else {
            Message::request(given.method, given.target, headers)
        }
    };
    let verifier = Verifier::new(&ring).allow_timeless();
    let reject = verifier.verify_head(&message(&headers), now).expect_err("accepted without the key");
    assert!([400, 401].contains(&reject.http_status()));
    let readable = !matches!(reject, Reject::Malformed { .. } | Reject::Limit(_) | Reject::Missing { .. });
    let parsed: Result<Dictionary, _> = Parser::new(given.input).parse();
    assert!(!readable || parsed.is_ok(), "read what sfv does not");
    let _ = Accept::read(&headers, &Limits::DEFAULT);

    // The components that were asked for, signed.
    let components: Vec<Component> =
        given.names.iter().filter_map(|name| Component::parse(name).ok()).collect();
    for component in &components {
        assert_eq!(Component::parse(&component.to_string()).as_ref(), Ok(component));
    }
    let signing = Signing::new("s", components).unwrap().without_body().created(now);
    let Ok(signing) = signing.nonce(given.nonce) else { return };
    let message = message(&unsigned);
    let Ok(base) = signature_base(&signing, &message) else { return };
    assert!(base.is_ascii());
    let last = base.rsplit_once("\"@signature-params\": ").unwrap().1;
    let list = format!("s={last}");
    let Ok(fields) = signing.sign(&message, &secret.into()) else { return };
    assert_eq!(fields.signature_input(), list);
    let dictionary: Dictionary = Parser::new(&list).parse().unwrap();
    assert!(matches!(dictionary.get("s"), Some(ListEntry::InnerList(_))));
    assert_eq!(dictionary.serialize().as_deref(), Some(list.as_str()));
    let mut signed: Vec<(String, Vec<u8>)> =
        unsigned.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect();
    signed.extend(fields.into_iter().map(|(name, value)| (name, value.into_bytes())));
    let message = if given.response {
        Message::response(given.status, &signed)
    } else {
        Message::request(given.method, given.target, &signed)
    };
    match verifier.verify_head(&message, now) {
        Ok(head) => assert_eq!(head.params().nonce.as_deref(), Some(given.nonce)),
        // More than the limits on a field allow, though a base may hold it.
        Err(reject) => assert!(matches!(reject, Reject::Limit(_)), "{reject:?}"),
    }
});
