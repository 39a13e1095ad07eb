//! Public keys and message signatures: Standard Webhooks v1a beside the bare curve, and RFC 9421 with six components
//! beside `httpsig` and beside its own cryptography.
//!
//! `floor` is what the verification cannot do without: the signature over the base as it is, by a key that was made before, and the digest
//! of the body. `httpsig` gives no more than the parts, so the bench looks up the fields for it and checks the digest of the body, as
//! `httpsig-hyper` does. `head` is the same without the body, by both: most of a small message's time is its digest, which nobody can save.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench that is set up wrongly should stop, tells its ratios, and measures by the clock"
)]

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use ed25519_dalek::{Signature, VerifyingKey};
use http::HeaderMap;
use httpsig::prelude::message_component::{
    DerivedComponentName, HttpMessageComponent, HttpMessageComponentName,
};
use httpsig::prelude::{
    AlgorithmName, HttpSignatureBase, HttpSignatureHeaders, PublicKey, SharedKey, VerifyingKey as _,
};
use sha2::{Digest as _, Sha256};
use webhook_sig::digest::DigestAlgorithm;
use webhook_sig::rfc9421::{Component, Message, MessageKey, Signing, Verifier, signature_base};
use webhook_sig::{
    Ed25519PublicKey, Ed25519Scheme, Ed25519SigningKey, KeyRing, Secret, SignatureHeaders, UnixMillis,
};

const BODY_LEN: usize = 2048;
const TARGET: &str = "/webhooks/in?tenant=1";
const COMPONENTS: [&str; 6] = ["@method", "@authority", "@path", "content-type", "content-digest", "date"];
const SECRET: &[u8; 32] = b"a secret of both sides: 32 bytes";

fn body() -> Vec<u8> {
    br#"{"type":"payment.succeeded","data":{"amount":1000}} "#.iter().copied().cycle().take(BODY_LEN).collect()
}

fn now() -> UnixMillis {
    UnixMillis::from(SystemTime::now())
}

fn with_usual_fields(headers: &mut HeaderMap) {
    for name in ["user-agent", "content-length", "accept"] {
        headers.insert(name, "value".parse().unwrap());
    }
}

/// Standard Webhooks v1a, and the bare verification of the same bytes.
struct V1a {
    ring: KeyRing<Ed25519PublicKey>,
    headers: HeaderMap,
    body: Vec<u8>,
    now: UnixMillis,
    key: VerifyingKey,
    signed: Vec<u8>,
    signature: Signature,
}

impl V1a {
    fn new() -> Self {
        let private = Ed25519SigningKey::from_seed(&[7; 32]).unwrap();
        let (body, now) = (body(), now());
        let sender = KeyRing::ed25519_signing().key("k", private.clone()).unwrap();
        let fields: SignatureHeaders =
            sender.signer(Ed25519Scheme::StandardWebhooks).sign("msg_1", now, &body).unwrap();
        let mut headers = HeaderMap::new();
        with_usual_fields(&mut headers);
        for (name, value) in fields {
            headers.insert(name, value.parse().unwrap());
        }
        let signed = [format!("msg_1.{}.", now.as_secs()).as_bytes(), &body].concat();
        Self {
            ring: KeyRing::ed25519().key("k", private.public_key()).unwrap(),
            headers,
            now,
            key: VerifyingKey::from_bytes(private.public_key().as_bytes()).unwrap(),
            signature: Signature::from_bytes(&private.sign(&[&signed])),
            signed,
            body,
        }
    }

    fn floor(&self) {
        self.key.verify_strict(black_box(&self.signed), black_box(&self.signature)).unwrap();
    }

    /// Without the check that R is a point, and not of small order.
    fn floor_lax(&self) {
        use ed25519_dalek::Verifier as _;
        self.key.verify(black_box(&self.signed), black_box(&self.signature)).unwrap();
    }

    fn ours(&self) {
        let verifier = self.ring.scheme(Ed25519Scheme::StandardWebhooks);
        black_box(
            verifier.verify(black_box(&self.headers), black_box(self.body.as_slice()), self.now).unwrap(),
        );
    }
}

/// A message with six components covered, and everything that a contender needs to verify it.
struct Signed {
    ring: KeyRing<MessageKey>,
    headers: HeaderMap,
    body: Vec<u8>,
    now: UnixMillis,
    base: Vec<u8>,
    signature: Vec<u8>,
    key: Key,
}

#[allow(clippy::large_enum_variant, reason = "there is one of each")]
enum Key {
    Hmac { floor: ring::hmac::Key, theirs: SharedKey },
    Ed25519 { floor: VerifyingKey, theirs: PublicKey },
}

impl Signed {
    fn new(hmac: bool) -> Self {
        let (body, now) = (body(), now());
        let mut headers = HeaderMap::new();
        with_usual_fields(&mut headers);
        headers.insert("host", "example.com".parse().unwrap());
        headers.insert("date", "Tue, 20 Apr 2021 02:07:55 GMT".parse().unwrap());
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert("content-digest", DigestAlgorithm::Sha256.field(&body).parse().unwrap());
        let components = COMPONENTS.map(|name| Component::parse(name).unwrap());
        let signing = Signing::new("sig1", components).unwrap().created(now).keyid("k").unwrap();
        let private = Ed25519SigningKey::from_seed(&[7; 32]).unwrap();
        let secret = Secret::raw(SECRET).unwrap();
        let message = Message::request("POST", TARGET, &headers);
        let base = signature_base(&signing, &message).unwrap().into_bytes();
        let key = if hmac { secret.clone().into() } else { private.clone().into() };
        let fields = signing.sign(&message, &key).unwrap();
        for (name, value) in fields.iter() {
            headers.insert(name, value.parse().unwrap());
        }
        let encoded = base64_of(fields.signature());
        let public = private.public_key();
        let key = if hmac {
            let text = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, SECRET);
            Key::Hmac {
                floor: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET),
                theirs: SharedKey::from_base64(&AlgorithmName::HmacSha256, &text).unwrap(),
            }
        } else {
            Key::Ed25519 {
                floor: VerifyingKey::from_bytes(public.as_bytes()).unwrap(),
                theirs: PublicKey::from_bytes(&AlgorithmName::Ed25519, public.as_bytes()).unwrap(),
            }
        };
        let ring = KeyRing::messages();
        Self {
            ring: if hmac { ring.key("k", secret).unwrap() } else { ring.key("k", public).unwrap() },
            headers,
            body,
            now,
            base,
            signature: encoded,
            key,
        }
    }

    fn floor(&self) {
        black_box(Sha256::digest(black_box(&self.body)));
        self.head_floor();
    }

    fn head_floor(&self) {
        match &self.key {
            Key::Ed25519 { floor, .. } => {
                let signature = Signature::from_slice(&self.signature).unwrap();
                floor.verify_strict(black_box(&self.base), &signature).unwrap();
            }
            Key::Hmac { floor, .. } => {
                ring::hmac::verify(floor, black_box(&self.base), &self.signature).unwrap();
            }
        }
    }

    fn ours(&self) {
        let message = Message::request("POST", TARGET, black_box(&self.headers));
        black_box(
            Verifier::new(&self.ring).verify(&message, black_box(self.body.as_slice()), self.now).unwrap(),
        );
    }

    fn head(&self) {
        let message = Message::request("POST", TARGET, black_box(&self.headers));
        black_box(Verifier::new(&self.ring).verify_head(&message, self.now).unwrap());
    }

    fn httpsig(&self) {
        self.httpsig_head();
        let field = self.headers.get("content-digest").unwrap();
        assert_eq!(field, &digest_field(&Sha256::digest(black_box(&self.body))));
    }

    fn httpsig_head(&self) {
        let field = |name: &str| self.headers.get(name).unwrap().to_str().unwrap();
        let headers = HttpSignatureHeaders::try_parse(field("signature"), field("signature-input")).unwrap();
        let headers = &headers["sig1"];
        let params = headers.signature_params();
        let lines: Vec<HttpMessageComponent> = params
            .covered_components
            .iter()
            .map(|id| {
                let values: Vec<String> = match &id.name {
                    HttpMessageComponentName::HttpField(name) => self
                        .headers
                        .get_all(name)
                        .iter()
                        .map(|value| value.to_str().unwrap().to_owned())
                        .collect(),
                    HttpMessageComponentName::Derived(DerivedComponentName::Method) => vec!["POST".into()],
                    HttpMessageComponentName::Derived(DerivedComponentName::Authority) => {
                        vec![field("host").into()]
                    }
                    HttpMessageComponentName::Derived(DerivedComponentName::Path) => {
                        vec!["/webhooks/in".into()]
                    }
                    HttpMessageComponentName::Derived(other) => panic!("{other:?}"),
                };
                HttpMessageComponent::try_from((id, values.as_slice())).unwrap()
            })
            .collect();
        let base = HttpSignatureBase::try_new(&lines, params).unwrap();
        match &self.key {
            Key::Hmac { theirs, .. } => base.verify_signature_headers(theirs, headers).unwrap(),
            Key::Ed25519 { theirs, .. } => base.verify_signature_headers(theirs, headers).unwrap(),
        }
    }

    /// The peer's own verification of the base, alone.
    fn httpsig_floor(&self) {
        black_box(Sha256::digest(black_box(&self.body)));
        self.httpsig_head_floor();
    }

    fn httpsig_head_floor(&self) {
        match &self.key {
            Key::Hmac { theirs, .. } => theirs.verify(black_box(&self.base), &self.signature).unwrap(),
            Key::Ed25519 { theirs, .. } => theirs.verify(black_box(&self.base), &self.signature).unwrap(),
        }
    }
}

fn base64_of(field: &str) -> Vec<u8> {
    let text = field.trim_start_matches("sig1=:").trim_end_matches(':');
    base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text).unwrap()
}

fn digest_field(digest: &[u8]) -> String {
    format!("sha-256=:{}:", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, digest))
}

fn verify(c: &mut Criterion) {
    let v1a = V1a::new();
    let mut group = c.benchmark_group("webhook_v1a");
    group.bench_function("floor_ed25519", |b| b.iter(|| v1a.floor()));
    group.bench_function("webhook_sig", |b| b.iter(|| v1a.ours()));
    group.finish();

    for (name, hmac) in [("webhook_rfc9421_hmac", true), ("webhook_rfc9421_ed25519", false)] {
        let signed = Signed::new(hmac);
        let mut group = c.benchmark_group(name);
        group.bench_function("floor", |b| b.iter(|| signed.floor()));
        group.bench_function("webhook_sig", |b| b.iter(|| signed.ours()));
        group.bench_function("floor_httpsig", |b| b.iter(|| signed.httpsig_floor()));
        group.bench_function("httpsig", |b| b.iter(|| signed.httpsig()));
        group.finish();
    }
    summary(&v1a);
}

/// The least of many runs, alternating, so that a noisy machine disturbs all alike.
fn least<const N: usize>(runs: [&dyn Fn(); N]) -> [f64; N] {
    const ROUNDS: usize = 400;
    const REPEAT: u32 = 20;
    let mut least = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (run, least) in runs.iter().zip(&mut least) {
            let begin = Instant::now();
            (0..REPEAT).for_each(|_| run());
            *least = (*least).min(begin.elapsed() / REPEAT);
        }
    }
    least.map(|time| time.as_secs_f64() * 1e6)
}

fn summary(v1a: &V1a) {
    let [strict, lax, ours] = least([&|| v1a.floor(), &|| v1a.floor_lax(), &|| v1a.ours()]);
    println!(
        "v1a, 2 KiB: ours {ours:.1} µs; ours / verify_strict ({strict:.1} µs) = {:.3}, ours / verify ({lax:.1} µs) = {:.3}; target <= 1.1",
        ours / strict,
        ours / lax
    );
    for (name, hmac) in [("hmac-sha256", true), ("ed25519", false)] {
        let signed = Signed::new(hmac);
        for (what, [floor, ours, their_floor, theirs]) in [
            (
                "2 KiB of body",
                least([&|| signed.floor(), &|| signed.ours(), &|| signed.httpsig_floor(), &|| {
                    signed.httpsig();
                }]),
            ),
            (
                "head alone",
                least([&|| signed.head_floor(), &|| signed.head(), &|| signed.httpsig_head_floor(), &|| {
                    signed.httpsig_head();
                }]),
            ),
        ] {
            let (above, their_above) = (ours - floor, theirs - their_floor);
            println!(
                "RFC 9421, 6 components, {name}, {what}: ours {ours:.2} µs, {above:.2} above the crypto (target <= 2); httpsig {theirs:.2} µs, \
                 {their_above:.2} above its own; httpsig / ours = {:.2} in all, {:.2} above the crypto (target >= 5)",
                theirs / ours,
                their_above / above
            );
        }
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
