//! A peer for other libraries: signs and verifies by public keys, one JSON object a line, on standard input and output.
//!
//! `{"op":"v1a_verify","key":"whpk_…","headers":[["name","value"]],"body":"BASE64","now":1700000000}` is answered by
//! `{"ok":true}` or `{"ok":false,"error":"…"}`. The interop drivers of this repository speak it (`interop/webhook-sig/`); RSA signs
//! through `openssl`, as a key service would: it is sent the digest and nothing else.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that answers on standard output, and runs another"
)]

use std::error::Error;
use std::future::Future;
use std::io::{BufRead as _, Write as _};
use std::pin::pin;
use std::process::{Command, Stdio};
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use webhook_sig::rfc9421::{
    Binding, Component, Message, MessageKey, MessageSigningKey, Signing, StructuredType, Verifier,
};
use webhook_sig::{
    Certificate, EcdsaPublicKey, EcdsaSigningKey, Ed25519PublicKey, Ed25519Scheme, Ed25519SigningKey,
    ExternalSigner, KeyRing, RsaPublicKey, Secret, SignatureAlgorithm, ToSign, UnixMillis, paypal, sns,
};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// All that an operation may be given.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Ask {
    op: String,
    /// A key in its text form, PEM, or base64 where it has no other.
    key: String,
    alg: String,
    id: String,
    webhook_id: String,
    headers: Vec<(String, String)>,
    trailers: Vec<(String, String)>,
    body: String,
    now: u64,
    // SNS.
    kind: String,
    subject: Option<String>,
    message: String,
    topic: String,
    // RFC 9421.
    label: String,
    keyid: Option<String>,
    nonce: Option<String>,
    tag: Option<String>,
    expires: Option<u64>,
    tell_algorithm: bool,
    components: Vec<String>,
    method: String,
    target: String,
    scheme: Option<String>,
    status: Option<u16>,
    request: Option<Box<Ask>>,
    unbound: bool,
}

fn main() -> Fallible<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?).map_err(Into::into).and_then(|ask| answer(&ask)) {
            Ok(answer) => answer,
            Err(error) => json!({"ok": false, "error": error.to_string()}),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(ask: &Ask) -> Fallible<Value> {
    let now = UnixMillis::from_secs(ask.now);
    let body = decode(&ask.body)?;
    match ask.op.as_str() {
        "v1a_sign" => ed25519_sign(ask, Ed25519Scheme::StandardWebhooks, &body),
        "v1a_verify" => {
            ed25519_verify(ask, Ed25519Scheme::StandardWebhooks, Ed25519PublicKey::whpk(&ask.key)?, &body)
        }
        "discord_sign" => ed25519_sign(ask, Ed25519Scheme::Discord, &body),
        "discord_verify" => {
            ed25519_verify(ask, Ed25519Scheme::Discord, Ed25519PublicKey::hex(&ask.key)?, &body)
        }
        "paypal_sign" => {
            let url = paypal::CertUrl::parse("https://api.paypal.com/v1/notifications/certs/CERT-1")
                .ok_or("URL")?;
            let signer = Openssl { key: ask.key.clone(), algorithm: SignatureAlgorithm::RsaV15Sha256 };
            let headers = ready(paypal::sign_with(&ask.id, now, &ask.webhook_id, &url, &body, &signer))?;
            Ok(json!({"ok": true, "headers": headers.iter().collect::<Vec<_>>()}))
        }
        "paypal_verify" => {
            let ring = KeyRing::certificates().key("k", Certificate::from_pem(&ask.key)?)?;
            let verified = paypal::Verifier::new(&ring, &ask.webhook_id).verify(&ask.headers, body, now)?;
            Ok(json!({"ok": true, "id": verified.id().map(|id| id.as_str())}))
        }
        "sns_sign" => {
            let url = sns::CertUrl::parse("https://sns.eu-west-1.amazonaws.com/interop.pem")?;
            let signer = Openssl { key: ask.key.clone(), algorithm: algorithm(&ask.alg)? };
            let draft = if ask.kind == "Notification" {
                sns::Draft::notification(&ask.id, &ask.topic, ask.subject.as_deref(), &ask.message)
            } else {
                let kind = sns::Kind::SubscriptionConfirmation;
                sns::Draft::confirmation(
                    kind,
                    &ask.id,
                    &ask.topic,
                    &ask.message,
                    "https://sns.example/confirm",
                    "token",
                )
                .ok_or("kind")?
            };
            let body = ready(sns::sign_with(&draft, now, &url, &signer))?;
            Ok(json!({"ok": true, "body": String::from_utf8(body)?}))
        }
        "sns_verify" => {
            let ring = KeyRing::certificates().key("k", Certificate::from_pem(&ask.key)?)?;
            let verified = sns::Verifier::new(&ring).verify(&body, now)?;
            Ok(
                json!({"ok": true, "message": verified.body().message(), "subject": verified.body().subject()}),
            )
        }
        "rfc9421_sign" => rfc9421_sign(ask, now),
        "rfc9421_verify" => rfc9421_verify(ask, &body, now),
        other => Err(format!("no operation {other}").into()),
    }
}

fn decode(text: &str) -> Fallible<Vec<u8>> {
    BASE64_STANDARD.decode(text).map_err(|error| error.to_string().into())
}

fn ed25519_sign(ask: &Ask, scheme: Ed25519Scheme, body: &[u8]) -> Fallible<Value> {
    let ring = KeyRing::ed25519_signing().key("k", Ed25519SigningKey::whsk(&ask.key)?)?;
    let headers = ring.signer(scheme).sign(&ask.id, UnixMillis::from_secs(ask.now), body)?;
    Ok(json!({"ok": true, "headers": headers.iter().collect::<Vec<_>>()}))
}

fn ed25519_verify(ask: &Ask, scheme: Ed25519Scheme, key: Ed25519PublicKey, body: &[u8]) -> Fallible<Value> {
    let ring = KeyRing::ed25519().key("k", key)?;
    ring.scheme(scheme).verify(&ask.headers, body, UnixMillis::from_secs(ask.now))?;
    Ok(json!({"ok": true}))
}

fn rfc9421_sign(ask: &Ask, now: UnixMillis) -> Fallible<Value> {
    let components =
        ask.components.iter().map(|text| Component::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let mut signing = Signing::new(&ask.label, components)?.created(now).without_body();
    signing = signing.structured("example-dict", StructuredType::Dictionary);
    if let Some(keyid) = &ask.keyid {
        signing = signing.keyid(keyid)?;
    }
    if let Some(nonce) = &ask.nonce {
        signing = signing.nonce(nonce)?;
    }
    if let Some(tag) = &ask.tag {
        signing = signing.tag(tag)?;
    }
    if let Some(expires) = ask.expires {
        signing = signing.expires(UnixMillis::from_secs(expires));
    }
    if ask.tell_algorithm {
        signing = signing.tell_algorithm();
    }
    let fields = with_message(ask, |message| match signing_key(ask)? {
        Some(key) => Ok(signing.sign(message, &key)?),
        None => {
            let signer = Openssl { key: ask.key.clone(), algorithm: algorithm(&ask.alg)? };
            Ok(ready(signing.sign_with(message, &signer))?)
        }
    })?;
    Ok(json!({"ok": true, "input": fields.signature_input(), "signature": fields.signature()}))
}

fn rfc9421_verify(ask: &Ask, body: &[u8], now: UnixMillis) -> Fallible<Value> {
    let ring = KeyRing::messages().key(ask.keyid.as_deref().unwrap_or("k"), message_key(ask)?)?;
    let mut verifier = Verifier::new(&ring).structured("example-dict", StructuredType::Dictionary);
    if ask.unbound {
        verifier = verifier.body(Binding::Off);
    }
    let accepted = with_message(ask, |message| Ok(verifier.verify(message, body, now)?))?;
    Ok(json!({"ok": true, "label": accepted.label(), "covered": accepted.covered()}))
}

/// The message that is asked about.
fn with_message<T>(ask: &Ask, run: impl FnOnce(&Message<'_>) -> Fallible<T>) -> Fallible<T> {
    let request;
    let mut message = match ask.status {
        Some(status) => Message::response(status, &ask.headers),
        None => Message::request(&ask.method, &ask.target, &ask.headers),
    };
    if let Some(scheme) = &ask.scheme {
        message = message.scheme(scheme);
    }
    if !ask.trailers.is_empty() {
        message = message.trailers(&ask.trailers);
    }
    if let Some(asked) = &ask.request {
        request = Message::request(&asked.method, &asked.target, &asked.headers);
        message = message.answering(&request);
    }
    run(&message)
}

fn algorithm(name: &str) -> Fallible<SignatureAlgorithm> {
    use SignatureAlgorithm::{
        EcdsaP256Sha256, EcdsaP384Sha384, Ed25519, HmacSha256, RsaPssSha512, RsaV15Sha1, RsaV15Sha256,
    };
    [HmacSha256, Ed25519, EcdsaP256Sha256, EcdsaP384Sha384, RsaPssSha512, RsaV15Sha256, RsaV15Sha1]
        .into_iter()
        .find(|algorithm| algorithm.as_str() == name)
        .ok_or_else(|| format!("no algorithm {name}").into())
}

/// `None` for RSA, whose key is the path of a file for `openssl`.
fn signing_key(ask: &Ask) -> Fallible<Option<MessageSigningKey>> {
    let bytes = || decode(&ask.key);
    Ok(Some(match algorithm(&ask.alg)? {
        SignatureAlgorithm::HmacSha256 => Secret::raw(bytes()?)?.into(),
        SignatureAlgorithm::Ed25519 => Ed25519SigningKey::from_seed(&bytes()?)?.into(),
        SignatureAlgorithm::EcdsaP256Sha256 => EcdsaSigningKey::p256(&bytes()?)?.into(),
        SignatureAlgorithm::EcdsaP384Sha384 => EcdsaSigningKey::p384(&bytes()?)?.into(),
        _ => return Ok(None),
    }))
}

fn message_key(ask: &Ask) -> Fallible<MessageKey> {
    let algorithm = algorithm(&ask.alg)?;
    Ok(match algorithm {
        SignatureAlgorithm::HmacSha256 => Secret::raw(decode(&ask.key)?)?.into(),
        SignatureAlgorithm::Ed25519 => Ed25519PublicKey::from_spki_pem(&ask.key)?.into(),
        SignatureAlgorithm::EcdsaP256Sha256 | SignatureAlgorithm::EcdsaP384Sha384 => {
            let key = EcdsaPublicKey::from_spki_pem(&ask.key)?;
            if key.algorithm() != algorithm {
                return Err("the key is of another curve".into());
            }
            key.into()
        }
        _ => RsaPublicKey::from_pem(algorithm, &ask.key)?.into(),
    })
}

/// Signs a digest by `openssl pkeyutl`.
struct Openssl {
    /// The path of a private key in PEM.
    key: String,
    algorithm: SignatureAlgorithm,
}

impl ExternalSigner for Openssl {
    type Error = std::io::Error;

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    async fn sign(&self, to_sign: ToSign<'_>) -> Result<Vec<u8>, std::io::Error> {
        let digest = to_sign.digest().ok_or(std::io::ErrorKind::Unsupported)?;
        let options: &[&str] = match self.algorithm {
            SignatureAlgorithm::RsaV15Sha256 => &["digest:sha256"],
            SignatureAlgorithm::RsaV15Sha1 => &["digest:sha1"],
            SignatureAlgorithm::RsaPssSha512 => {
                &["digest:sha512", "rsa_padding_mode:pss", "rsa_pss_saltlen:64"]
            }
            _ => return Err(std::io::ErrorKind::Unsupported.into()),
        };
        let mut command = Command::new("openssl");
        command.args(["pkeyutl", "-sign", "-inkey", &self.key]);
        for option in options {
            command.args(["-pkeyopt", option]);
        }
        let mut openssl = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        // A digest fits into the pipe, so this does not wait for the reader; dropped, it ends the input.
        openssl.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?.write_all(digest.as_bytes())?;
        let output = openssl.wait_with_output()?;
        if output.status.success() { Ok(output.stdout) } else { Err(std::io::ErrorKind::Other.into()) }
    }
}

/// Polls a future that never waits, as that of [`Openssl`].
fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}
