//! A verification that accepts does not touch the heap.
#![allow(unsafe_code, reason = "an allocator that counts can be installed in no other way")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

mod kit;

use kit::{URL, body_for};
use webhook_sig::{KeyRing, Scheme, Schemes as _, Secret, Sha1Scheme, UnixMillis};

struct Counting;

thread_local! {
    /// Of this thread alone, as the harness runs others beside it.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    run();
    ALLOCATIONS.with(Cell::get) - before
}

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

fn ring(keys: usize) -> KeyRing {
    (0..keys).fold(KeyRing::new(), |ring, n| {
        ring.hmac(format!("{n}"), Secret::raw(format!("secret {n}")).unwrap()).unwrap()
    })
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1_u8)))), 1);
}

#[test]
fn verify_allocates_nothing_with_up_to_two_active_keys() {
    for scheme in Scheme::ALL {
        let body = body_for(scheme.layout(), &[b'x'; 20_000], NOW);
        for keys in 1..=2 {
            let ring = ring(keys);
            let headers = ring.signer(scheme).with_url(URL).sign("msg_1", NOW, &body).unwrap();
            let count = allocations(|| {
                let verifier = ring.scheme(scheme).with_url(URL);
                let verified = verifier.verify(&headers, body.as_slice(), NOW).unwrap();
                assert_eq!(verified.dedupe(), verified.dedupe());
            });
            assert_eq!(count, 0, "{scheme}, {keys} keys");
        }
    }
    let ring = kit::sha1_ring(2);
    let headers = ring.signer(Sha1Scheme::GitHub).sign("", NOW, b"{}").unwrap();
    let count = allocations(|| drop(ring.scheme(Sha1Scheme::GitHub).verify(&headers, "{}", NOW).unwrap()));
    assert_eq!(count, 0);
}

#[test]
fn streaming_allocates_nothing_whatever_the_size_of_the_body() {
    let ring = ring(2);
    for scheme in Scheme::ALL {
        let whole = body_for(scheme.layout(), &[b'x'; 500_000], NOW);
        let headers = ring.signer(scheme).with_url(URL).sign("msg_1", NOW, &whole).unwrap();
        let count = allocations(|| {
            let mut pending = ring.scheme(scheme).with_url(URL).begin(&headers, NOW).unwrap();
            for chunk in whole.chunks(997) {
                pending.update(chunk).unwrap();
            }
            pending.finish().unwrap();
        });
        // Linear looks for the time in the body, and what it has found of that stands aside.
        assert_eq!(count, usize::from(scheme == Scheme::Linear), "{scheme}");
    }
}

#[test]
fn what_is_more_than_a_rotation_has_costs_an_allocation() {
    let ring = ring(8);
    let headers = ring.signer(Scheme::GitHub).sign("", NOW, b"{}").unwrap();
    // More than two keys, where their states have to wait for the body.
    let count = allocations(|| {
        let mut pending = ring.scheme(Scheme::GitHub).begin(&headers, NOW).unwrap();
        pending.update(b"{}").unwrap();
        pending.finish().unwrap();
    });
    assert!((1..=3).contains(&count), "{count}");
    let count = allocations(|| drop(ring.scheme(Scheme::GitHub).verify(&headers, "{}", NOW).unwrap()));
    assert_eq!(count, 0);
    // More than two signatures, each of which is read once.
    let one = KeyRing::new().hmac("0", Secret::raw("secret 0").unwrap()).unwrap();
    let headers = ring.signer(Scheme::Stripe).sign("", NOW, b"{}").unwrap();
    let count = allocations(|| drop(one.scheme(Scheme::Stripe).verify(&headers, "{}", NOW).unwrap()));
    assert!((1..=3).contains(&count), "{count}");
}

#[test]
fn a_refusal_allocates_nothing_either() {
    let ring = ring(2);
    let headers = ring.signer(Scheme::StandardWebhooks).sign("msg_1", NOW, b"{}").unwrap();
    let none: [(&str, &str); 0] = [];
    let count = allocations(|| {
        assert!(ring.scheme(Scheme::StandardWebhooks).verify(&headers, "other", NOW).is_err());
        assert!(ring.scheme(Scheme::StandardWebhooks).verify(&none, "", NOW).is_err());
    });
    assert_eq!(count, 0);
}

#[cfg(feature = "http")]
#[test]
fn looking_into_a_header_map_allocates_nothing() {
    let ring = ring(1);
    for scheme in Scheme::ALL {
        let body = body_for(scheme.layout(), b"{}", NOW);
        let mut headers = http::HeaderMap::new();
        for (name, value) in ring.signer(scheme).with_url(URL).sign("msg_1", NOW, &body).unwrap() {
            headers.insert(name, value.parse().unwrap());
        }
        let verifier = ring.scheme(scheme).with_url(URL);
        let count = allocations(|| drop(verifier.verify(&headers, body.as_slice(), NOW).unwrap()));
        assert_eq!(count, 0, "{scheme}");
    }
}

/// A body of a gibibyte takes what a small one takes.
#[test]
fn a_body_of_a_gibibyte_is_verified_in_less_than_64_kib() {
    let chunk = [b'x'; 16 * 1024];
    let chunks = (1 << 30) / chunk.len();
    let ring = ring(1);
    let mut limits = webhook_sig::Limits::default();
    limits.max_body = 1 << 30;
    // Signed as it is verified, in pieces: by the bare HMAC of another library.
    let key = ::ring::hmac::Key::new(::ring::hmac::HMAC_SHA256, b"secret 0");
    let mut context = ::ring::hmac::Context::with_key(&key);
    (0..chunks).for_each(|_| context.update(&chunk));
    let mac: String = context.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let headers = [("x-signature-256", format!("sha256={mac}"))];
    let mut state = 0;
    let count = allocations(|| {
        let mut pending = ring.scheme(Scheme::Generic).with_limits(limits).begin(&headers, NOW).unwrap();
        state = size_of_val(&pending);
        for _ in 0..chunks {
            pending.update(&chunk).unwrap();
        }
        pending.finish().unwrap();
    });
    assert_eq!(count, 0, "nothing on the heap");
    assert!(state + size_of_val(&chunk) < 64 * 1024, "{state}");
}
