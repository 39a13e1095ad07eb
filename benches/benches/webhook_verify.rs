//! Verifying one Standard Webhooks request: ours, the scheme's own library, and the bare hash under both.
//!
//! `floor` is raw SHA-256 over as many bytes as are signed: nobody can be faster on one stream.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench that is set up wrongly should stop, and the peer reads the clock, so the bench has to"
)]

use std::hint::black_box;
use std::time::SystemTime;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use http::HeaderMap;
use sha2::{Digest as _, Sha256};
use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";

fn verify(c: &mut Criterion) {
    let mut group = c.benchmark_group("webhook_verify");
    let ring = KeyRing::new().hmac("k", Secret::whsec(SECRET).unwrap()).unwrap();
    let peer = standardwebhooks::Webhook::new(SECRET).unwrap();

    for size in [256, 20_000] {
        let body = br#"{"type":"payment.succeeded","data":{"amount":1000}} "#
            .iter()
            .copied()
            .cycle()
            .take(size)
            .collect::<Vec<u8>>();
        let now = UnixMillis::from(SystemTime::now());
        let mut headers = HeaderMap::new();
        for (name, value) in ring.signer(Scheme::StandardWebhooks).sign(ID, now, &body).unwrap() {
            headers.insert(name, value.parse().unwrap());
        }
        // Beside the headers of interest, those that a request brings along.
        for name in ["host", "user-agent", "content-type", "content-length", "accept"] {
            headers.insert(name, "value".parse().unwrap());
        }
        let signed = [ID.as_bytes(), b".1614265330.", &body].concat();

        group.throughput(Throughput::Bytes(size.try_into().unwrap()));
        group.bench_function(BenchmarkId::new("floor_sha2", size), |b| {
            b.iter(|| Sha256::digest(black_box(&signed)));
        });
        // The present time is an argument; the peer reads the clock itself, a small part of its time.
        group.bench_function(BenchmarkId::new("webhook_sig", size), |b| {
            b.iter(|| {
                let verifier = ring.scheme(Scheme::StandardWebhooks);
                verifier.verify(black_box(&headers), black_box(body.as_slice()), now).unwrap()
            });
        });
        group.bench_function(BenchmarkId::new("standardwebhooks", size), |b| {
            b.iter(|| peer.verify(black_box(&body), black_box(&headers)).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, verify);
criterion_main!(benches);
