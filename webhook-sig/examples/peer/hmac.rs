//! The schemes with a shared secret, by their names in [`Scheme::as_str`] and [`Sha1Scheme::as_str`].

use serde_json::Value;
use webhook_sig::{KeyRing, Scheme, Secret, Sha1Scheme, Sign, Verify};

use crate::{Ask, signed, verify};

/// None if the scheme is none of these.
pub(crate) fn answer(ask: &Ask) -> Option<Result<Value, String>> {
    if let Ok(scheme) = ask.scheme.parse::<Scheme>() {
        return Some(ring(ask, KeyRing::new()).and_then(|ring| either(ask, &ring, scheme)));
    }
    let scheme = Sha1Scheme::ALL.into_iter().find(|scheme| scheme.as_str() == ask.scheme)?;
    Some(ring(ask, KeyRing::sha1()).and_then(|ring| either(ask, &ring, scheme)))
}

fn ring<K: Verify + From<Secret>>(ask: &Ask, ring: KeyRing<K>) -> Result<KeyRing<K>, String> {
    let secret = Secret::try_from(ask.key()?).map_err(|error| error.to_string())?;
    ring.key("key", secret).map_err(|error| error.to_string())
}

fn either<K: Sign + Verify>(ask: &Ask, ring: &KeyRing<K>, scheme: K::Scheme) -> Result<Value, String> {
    match ask.op.as_str() {
        "sign" => signed(ring.signer(scheme).with_url(&ask.url).sign(&ask.id, ask.at(), &ask.body()?)),
        "verify" => verify(ask, ring, scheme),
        other => Err(format!("no such operation: {other}")),
    }
}
