//! A body verifies the same however it is cut.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use webhook_sig::{KeyRing, Reject, Scheme, Secret, UnixMillis};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

fn ring(keys: usize) -> KeyRing {
    // The key that signs is the last one, so that every lane runs beside it.
    (0..keys).rev().fold(KeyRing::new(), |ring, n| {
        ring.hmac(format!("{n}"), Secret::raw(format!("secret {n}")).unwrap()).unwrap()
    })
}

fn body() -> Vec<u8> {
    // Over four blocks of SHA-256, with every alignment to them.
    (0..=255_u8).chain(0..31).collect()
}

/// Every scheme, with one to five active keys: two states are inline, the others on the heap.
fn each(mut check: impl FnMut(&KeyRing, Scheme, &webhook_sig::SignatureHeaders)) {
    for scheme in Scheme::ALL {
        let headers = ring(1).signer(scheme).sign("msg_1", NOW, &body()).unwrap();
        for keys in 1..=5 {
            check(&ring(keys), scheme, &headers);
        }
    }
}

#[test]
fn cut_in_two_at_every_offset() {
    let body = body();
    each(|ring, scheme, headers| {
        let whole = ring.scheme(scheme).verify(headers, "", NOW);
        assert!(whole.is_err(), "the empty body is another one");
        let whole = ring.scheme(scheme).verify(headers, body.as_slice(), NOW).unwrap();
        for cut in 0..=body.len() {
            let (head, tail) = body.split_at(cut);
            let mut pending = ring.scheme(scheme).begin(headers, NOW).unwrap();
            pending.update(head).unwrap();
            pending.update(tail).unwrap();
            let verified = pending.finish().unwrap();
            assert_eq!(verified.key().as_str(), "0");
            assert_eq!(verified.dedupe(), whole.dedupe(), "{scheme} cut at {cut}");
            assert_eq!(verified.at(), whole.at());
        }
    });
}

#[test]
fn byte_by_byte_and_in_pieces_of_every_size() {
    let body = body();
    each(|ring, scheme, headers| {
        for size in 1..=130 {
            let mut collecting = ring.scheme(scheme).begin(headers, NOW).unwrap().collect();
            for piece in body.chunks(size) {
                collecting.update(piece).unwrap();
            }
            assert_eq!(*collecting.finish().unwrap().body(), body, "{scheme} in pieces of {size}");
        }
    });
}

#[test]
fn a_body_that_lacks_its_end_or_has_more_is_refused_at_every_offset() {
    let mut longer = body();
    longer.push(0);
    let right = body().len();
    for scheme in Scheme::ALL {
        let ring = ring(1);
        let headers = ring.signer(scheme).sign("msg_1", NOW, &body()).unwrap();
        for len in 0..=longer.len() {
            let mut pending = ring.scheme(scheme).begin(&headers, NOW).unwrap();
            pending.update(&longer[..len]).unwrap();
            match pending.finish() {
                Ok(_) => assert_eq!(len, right),
                Err(Reject::NoMatch(explain)) => assert_eq!((explain.body, len == right), (len, false)),
                Err(other) => panic!("{other}"),
            }
        }
    }
}

#[test]
fn a_verification_under_way_is_at_most_512_bytes() {
    let ring = ring(1);
    let headers = ring.signer(Scheme::Stripe).sign("msg_1", NOW, b"").unwrap();
    let pending = ring.scheme(Scheme::Stripe).begin(&headers, NOW).unwrap();
    assert!(size_of_val(&pending) <= 512, "{}", size_of_val(&pending));
}
