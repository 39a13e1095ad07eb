//! Standard Webhooks with HMAC-SHA256: whole verifications out of an `http::HeaderMap`, and bare HMACs over the signed bytes.
//! The floor is SHA-256 over as many bytes as are signed: nobody can be faster on one stream.

use std::hint::black_box;
use std::time::SystemTime;

use criterion::{BenchmarkId, Criterion, Throughput};
use http::HeaderMap;
use sha2::{Digest as _, Sha256};
use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};

use crate::ratio::{Contender, race};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SIZES: [usize; 4] = [256, 2_048, 20_000, 1_000_000];

/// One request, and what each contender needs to judge it.
struct Case {
    body: Vec<u8>,
    now: UnixMillis,
    headers: HeaderMap,
    signed: Vec<u8>,
    mac: [u8; 32],
    key: Vec<u8>,
    ring: KeyRing,
}

impl Case {
    fn new(size: usize) -> Self {
        let text = br#"{"type":"payment.succeeded","data":{"amount":1000}} "#;
        let body: Vec<u8> = text.iter().copied().cycle().take(size).collect();
        let secret = Secret::whsec(SECRET).unwrap();
        let key = secret.expose().to_vec();
        let ring = KeyRing::new().hmac("k", secret).unwrap();
        let now = UnixMillis::from(SystemTime::now());
        let mut headers = HeaderMap::new();
        // Beside the headers of interest, those that a request brings along.
        for name in ["host", "user-agent", "content-type", "content-length", "accept"] {
            headers.insert(name, "value".parse().unwrap());
        }
        for (name, value) in ring.signer(Scheme::StandardWebhooks).sign(ID, now, &body).unwrap() {
            headers.insert(name, value.parse().unwrap());
        }
        let signed = [ID.as_bytes(), b".", now.as_secs().to_string().as_bytes(), b".", &body].concat();
        let mac = hmac_sha256::HMAC::mac(&signed, &key);
        Self { body, now, headers, signed, mac, key, ring }
    }

    fn contenders(&self) -> Vec<Contender<'_>> {
        let (ring_key, aws_key) = (
            ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &self.key),
            aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &self.key),
        );
        let peer = standardwebhooks::Webhook::new(SECRET).unwrap();
        let secret = webhook_verify::Secret::new(SECRET);
        vec![
            Contender::new("sha2 (floor)", || {
                black_box(Sha256::digest(black_box(&self.signed)));
            }),
            Contender::new("webhook-sig", || {
                let verifier = self.ring.scheme(Scheme::StandardWebhooks);
                black_box(
                    verifier
                        .verify(black_box(&self.headers), black_box(self.body.as_slice()), self.now)
                        .unwrap(),
                );
            }),
            Contender::new("webhook-sig streamed", || {
                let verifier = self.ring.scheme(Scheme::StandardWebhooks);
                let mut pending = verifier.begin(black_box(&self.headers), self.now).unwrap();
                for chunk in black_box(&self.body).chunks(16 * 1024) {
                    pending.update(chunk).unwrap();
                }
                black_box(pending.finish().unwrap());
            }),
            // The present time is an argument of ours; these two read the clock, a small part of their time.
            Contender::new("standardwebhooks", move || {
                peer.verify(black_box(&self.body), black_box(&self.headers)).unwrap();
            }),
            Contender::new("webhook-verify", move || {
                let provider = webhook_verify::Provider::StandardWebhooks;
                let options = webhook_verify::VerifyOptions::default();
                webhook_verify::verify(
                    provider,
                    black_box(&self.headers),
                    black_box(&self.body),
                    &secret,
                    options,
                )
                .unwrap();
            }),
            // Bare HMACs over the same bytes: no header is read, no time judged.
            Contender::new("hmac-sha256 (HMAC alone)", || {
                assert!(hmac_sha256::HMAC::verify(black_box(&self.signed), &self.key, &self.mac));
            }),
            Contender::new("ring (HMAC alone)", move || {
                ring::hmac::verify(&ring_key, black_box(&self.signed), &self.mac).unwrap();
            }),
            Contender::new("aws-lc-rs (HMAC alone)", move || {
                aws_lc_rs::hmac::verify(&aws_key, black_box(&self.signed), &self.mac).unwrap();
            }),
        ]
    }
}

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("webhook_verify");
    for size in SIZES {
        let case = Case::new(size);
        group.throughput(Throughput::Bytes(size.try_into().unwrap()));
        for mut contender in case.contenders() {
            let id = BenchmarkId::new(contender.name(), size);
            group.bench_function(id, |b| b.iter(|| contender.run()));
        }
    }
    group.finish();
}

pub(crate) fn ratios() {
    println!("\nStandard Webhooks, one key; medians of alternating turns");
    for size in SIZES {
        let case = Case::new(size);
        let times = race(case.contenders());
        let what = format!("{size} B");
        times.print(&what);
        match size {
            256 => times.at_most(&what, "webhook-sig", "sha2 (floor)", 1.7),
            20_000 => {
                times.at_most(&what, "webhook-sig", "sha2 (floor)", 1.05);
                times.at_least(&what, "webhook-sig", "standardwebhooks", 4.8);
            }
            _ => {}
        }
    }
}
