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
//! What cannot be read is answered with `{"error":"…"}`.
#![allow(clippy::print_stdout, reason = "that is how it answers")]

mod hmac;

use std::io::{BufRead as _, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use webhook_sig::{KeyRing, Reject, SignError, SignatureHeaders, UnixMillis, Verified, Verify};

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
}

impl Ask {
    fn bytes(text: &str) -> Result<Vec<u8>, String> {
        BASE64_STANDARD.decode(text).map_err(|error| error.to_string())
    }

    fn key(&self) -> Result<Vec<u8>, String> {
        Self::bytes(&self.key)
    }

    fn body(&self) -> Result<Vec<u8>, String> {
        Self::bytes(&self.body)
    }

    fn at(&self) -> UnixMillis {
        UnixMillis::from_millis(self.at)
    }
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = answer(&line?).unwrap_or_else(|error| json!({ "error": error }));
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(line: &str) -> Result<Value, String> {
    let ask: Ask = serde_json::from_str(line).map_err(|error| error.to_string())?;
    match hmac::answer(&ask) {
        Some(answer) => answer,
        None => Err(format!("no such scheme: {}", ask.scheme)),
    }
}

/// Verifies by a ring and says what came of it.
fn verify<K: Verify>(ask: &Ask, ring: &KeyRing<K>, scheme: K::Scheme) -> Result<Value, String> {
    let body = ask.body()?;
    let verifier = ring.scheme(scheme).with_url(&ask.url);
    Ok(verdict(verifier.verify(&ask.headers, body, UnixMillis::from_millis(ask.now))))
}

fn verdict<B>(verdict: Result<Verified<B>, Reject>) -> Value {
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

fn signed(signed: Result<SignatureHeaders, SignError>) -> Result<Value, String> {
    let headers: Vec<(&str, String)> = signed.map_err(|error| error.to_string())?.into_iter().collect();
    Ok(json!({ "headers": headers }))
}
