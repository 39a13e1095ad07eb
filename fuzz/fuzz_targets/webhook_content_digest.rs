//! Any digest field over any body: `sfv` and bare SHA-2 decide the same.
#![no_main]

use arbitrary::Arbitrary;
use sfv::{BareItem, Dictionary, ListEntry, Parser};
use sha2::{Digest as _, Sha256, Sha512};
use webhook_sig::digest::{DigestAlgorithm, DigestError, Digests};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    field: &'a str,
    right: bool,
    chunks: Vec<&'a [u8]>,
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let body = input.chunks.concat();
    let field = if input.right {
        format!("{},{}", DigestAlgorithm::Sha256.field(&body), input.field)
    } else {
        input.field.to_owned()
    };
    let headers = [("content-digest", field.as_str())];
    let digests = match Digests::content(&headers) {
        Ok(digests) => digests,
        Err(error) => return assert_ne!(error, DigestError::Mismatch),
    };
    let mut check = digests.begin();
    input.chunks.iter().for_each(|chunk| check.update(chunk));
    let verdict = check.finish();
    assert_eq!(verdict, digests.verify(&body));

    let parsed: Dictionary = Parser::new(&field).parse().expect("read what sfv does not");
    let holds = |key: &str, digest: &[u8]| match parsed.get(key) {
        None => true,
        Some(ListEntry::Item(item)) => {
            matches!(&item.bare_item, BareItem::ByteSequence(bytes) if bytes == digest)
        }
        Some(ListEntry::InnerList(_)) => false,
    };
    let (sha256, sha512) =
        (holds("sha-256", &Sha256::digest(&body)), holds("sha-512", &Sha512::digest(&body)));
    assert_eq!(verdict.is_ok(), sha256 && sha512);
});
