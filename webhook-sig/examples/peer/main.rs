//! Signs and verifies for other programs: one JSON object a line in, one a line out, until the input ends.
//!
//! Asked by the drivers in `interop/webhook-sig`, and of use for a receiver in any language. Bytes are in base64, times in milliseconds.
//!
//! ```text
//! {"op":"sign","scheme":"stripe","key":"c2VjcmV0","id":"","at":1700000000000,"body":"e30=","url":""}
//!   -> {"headers":[["stripe-signature","t=1700000000,v1=…"]]}
//! {"op":"verify","scheme":"stripe","key":"c2VjcmV0","headers":[["Stripe-Signature","t=…"]],"body":"e30=","now":1700000000000,"url":""}
//!   -> {"ok":true,"id":null,"at":1700000000000,"dedupe":"sha256:…"}   or   {"ok":false,"status":401,"error":"no signature matches"}
//! ```
//!
//! `scheme` is a name of `Scheme` or `Sha1Scheme` (the key: its bytes), of `Ed25519Scheme` (`whsk_…` to sign, `whpk_…` or hexadecimal to
//! verify), `paypal` or `sns` (the path of a private key for `openssl` to sign, a certificate in PEM to verify), or `rfc9421` (see
//! `messages.rs`). What cannot be read is answered with `{"error":"…"}`.
#![allow(clippy::print_stdout, reason = "that is how it answers")]

mod hmac;
mod messages;
mod openssl;
mod public_keys;

use std::io::{BufRead as _, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use webhook_sig::{KeyRing, Reject, Sign, UnixMillis, Verified, Verify};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// What is asked, with nothing missing: what a request leaves out is empty or zero.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Ask {
    op: String,
    scheme: String,
    key: String,
    id: String,
    at: u64,
    now: u64,
    url: String,
    body: String,
    headers: Vec<(String, String)>,
    /// The algorithm, where the scheme has several; by its name in RFC 9421.
    alg: String,
    /// Of PayPal.
    webhook_id: String,
    #[serde(flatten)]
    sns: public_keys::Draft,
    #[serde(flatten)]
    message: messages::Parts,
}

impl Ask {
    fn key(&self) -> Fallible<Vec<u8>> {
        decode(&self.key)
    }

    fn body(&self) -> Fallible<Vec<u8>> {
        decode(&self.body)
    }

    fn at(&self) -> UnixMillis {
        UnixMillis::from_millis(self.at)
    }

    fn now(&self) -> UnixMillis {
        UnixMillis::from_millis(self.now)
    }

    /// What is to be done.
    fn operation(&self) -> Fallible<Operation> {
        match self.op.as_str() {
            "sign" => Ok(Operation::Sign),
            "verify" => Ok(Operation::Verify),
            other => Err(format!("no such operation: {other}").into()),
        }
    }
}

fn decode(text: &str) -> Fallible<Vec<u8>> {
    BASE64_STANDARD.decode(text).map_err(|error| error.to_string().into())
}

enum Operation {
    Sign,
    Verify,
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = answer(&line?).unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(line: &str) -> Fallible<Value> {
    let ask: Ask = serde_json::from_str(line)?;
    let answers = [hmac::answer, public_keys::answer, messages::answer];
    match answers.into_iter().find_map(|answer| answer(&ask)) {
        Some(answer) => answer,
        None => Err(format!("no such scheme: {}", ask.scheme).into()),
    }
}

/// Signs by a ring.
fn sign<K: Sign>(ask: &Ask, ring: &KeyRing<K>, scheme: K::Scheme) -> Fallible<Value> {
    let signed = ring.signer(scheme).with_url(&ask.url).sign(&ask.id, ask.at(), &ask.body()?)?;
    Ok(json!({ "headers": signed.iter().collect::<Vec<_>>() }))
}

/// Verifies by a ring and says what came of it.
fn verify<K: Verify>(ask: &Ask, ring: &KeyRing<K>, scheme: K::Scheme) -> Fallible<Value> {
    let body = ask.body()?;
    let verifier = ring.scheme(scheme).with_url(&ask.url);
    Ok(verdict(&verifier.verify(&ask.headers, body, ask.now())))
}

fn verdict<B>(verdict: &Result<Verified<B>, Reject>) -> Value {
    match verdict {
        Ok(verified) => json!({
            "ok": true,
            "id": verified.id().map(|id| id.as_str()),
            "at": verified.at().map(UnixMillis::as_millis),
            "dedupe": verified.dedupe().to_string(),
        }),
        Err(reject) => json!({ "ok": false, "status": reject.http_status(), "error": reject.to_string() }),
    }
}
