//! HTTP message signatures (RFC 9421): the scheme `rfc9421`.
//!
//! ```text
//! {"op":"sign","scheme":"rfc9421","alg":"hmac-sha256","key":"…","label":"sig1","components":["\"@method\""],"at":1700000000000,
//!  "method":"GET","target":"/","headers":[["host","example.com"]]}
//!   -> {"input":"sig1=(\"@method\");created=1700000000","signature":"sig1=:…:"}
//! {"op":"verify","scheme":"rfc9421","alg":"hmac-sha256","key":"…","keyid":"k","now":1700000000000,"method":"GET","target":"/","headers":[…]}
//!   -> {"ok":true,"label":"sig1","covered":["\"@method\""]}   or   {"ok":false,"status":401,"error":"the signature does not match"}
//! ```
//!
//! A response has `status`, and where it matters the `request` that it answers. Bodies are left out: what a digest says of one is tested
//! elsewhere. Keys to sign are bytes, for RSA the path of a file; keys to verify are PEM, for HMAC bytes.

use serde_json::{Value, json};
use webhook_sig::rfc9421::{
    Component, Message, MessageKey, MessageSigningKey, Signing, StructuredType, Verifier,
};
use webhook_sig::{
    EcdsaPublicKey, EcdsaSigningKey, Ed25519PublicKey, Ed25519SigningKey, KeyRing, RsaPublicKey, Secret,
    SignatureAlgorithm, UnixMillis,
};

use crate::openssl::{Openssl, algorithm, ready};
use crate::{Ask, Fallible, Operation};

/// What a message consists of, and what its signature is to say.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parts {
    label: String,
    components: Vec<String>,
    keyid: Option<String>,
    nonce: Option<String>,
    tag: Option<String>,
    expires: Option<u64>,
    tell_algorithm: bool,
    method: String,
    target: String,
    authority_scheme: Option<String>,
    status: Option<u16>,
    trailers: Vec<(String, String)>,
    request: Option<Request>,
}

/// The request that a response answers.
#[derive(serde::Deserialize)]
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

/// None if the scheme is another.
pub(crate) fn answer(ask: &Ask) -> Option<Fallible<Value>> {
    (ask.scheme == "rfc9421").then(|| match ask.operation()? {
        Operation::Sign => sign(ask),
        Operation::Verify => verify(ask),
    })
}

fn sign(ask: &Ask) -> Fallible<Value> {
    let parts = &ask.message;
    let components =
        parts.components.iter().map(|text| Component::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let mut signing = Signing::new(&parts.label, components)?.created(ask.at()).without_body();
    signing = signing.structured("example-dict", StructuredType::Dictionary);
    if let Some(keyid) = &parts.keyid {
        signing = signing.keyid(keyid)?;
    }
    if let Some(nonce) = &parts.nonce {
        signing = signing.nonce(nonce)?;
    }
    if let Some(tag) = &parts.tag {
        signing = signing.tag(tag)?;
    }
    if let Some(expires) = parts.expires {
        signing = signing.expires(UnixMillis::from_millis(expires));
    }
    if parts.tell_algorithm {
        signing = signing.tell_algorithm();
    }
    let fields = with_message(ask, |message| match signing_key(ask)? {
        Some(key) => Ok(signing.sign(message, &key)?),
        None => {
            let signer = Openssl { key: ask.key.clone(), algorithm: algorithm(&ask.alg)? };
            Ok(ready(signing.sign_with(message, &signer))?)
        }
    })?;
    Ok(json!({ "input": fields.signature_input(), "signature": fields.signature() }))
}

fn verify(ask: &Ask) -> Fallible<Value> {
    let keyid = ask.message.keyid.as_deref().unwrap_or("key");
    let ring = KeyRing::messages().key(keyid, message_key(ask)?)?;
    let verifier = Verifier::new(&ring).structured("example-dict", StructuredType::Dictionary);
    with_message(ask, |message| {
        Ok(match verifier.verify_head(message, ask.now()) {
            Ok(head) => json!({ "ok": true, "label": head.label(), "covered": head.covered() }),
            Err(reject) => {
                json!({ "ok": false, "status": reject.http_status(), "error": reject.to_string() })
            }
        })
    })
}

/// The message that is asked about.
fn with_message<T>(ask: &Ask, run: impl FnOnce(&Message<'_>) -> Fallible<T>) -> Fallible<T> {
    let parts = &ask.message;
    let request;
    let mut message = match parts.status {
        Some(status) => Message::response(status, &ask.headers),
        None => Message::request(&parts.method, &parts.target, &ask.headers),
    };
    if let Some(scheme) = &parts.authority_scheme {
        message = message.scheme(scheme);
    }
    if !parts.trailers.is_empty() {
        message = message.trailers(&parts.trailers);
    }
    if let Some(asked) = &parts.request {
        request = Message::request(&asked.method, &asked.target, &asked.headers);
        message = message.answering(&request);
    }
    run(&message)
}

/// `None` for RSA, whose key is the path of a file for `openssl`.
fn signing_key(ask: &Ask) -> Fallible<Option<MessageSigningKey>> {
    Ok(Some(match algorithm(&ask.alg)? {
        SignatureAlgorithm::HmacSha256 => Secret::raw(ask.key()?)?.into(),
        SignatureAlgorithm::Ed25519 => Ed25519SigningKey::from_seed(&ask.key()?)?.into(),
        SignatureAlgorithm::EcdsaP256Sha256 => EcdsaSigningKey::p256(&ask.key()?)?.into(),
        SignatureAlgorithm::EcdsaP384Sha384 => EcdsaSigningKey::p384(&ask.key()?)?.into(),
        _ => return Ok(None),
    }))
}

fn message_key(ask: &Ask) -> Fallible<MessageKey> {
    let algorithm = algorithm(&ask.alg)?;
    Ok(match algorithm {
        SignatureAlgorithm::HmacSha256 => Secret::raw(ask.key()?)?.into(),
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
