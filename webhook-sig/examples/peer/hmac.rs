//! The schemes with a shared secret, by their names in [`Scheme::as_str`] and [`Sha1Scheme::as_str`].

use serde_json::Value;
use webhook_sig::{KeyRing, Scheme, Secret, Sha1Scheme, Sign, Verify};

use crate::{Ask, Fallible, Operation, sign, verify};

/// None if the scheme is none of these.
pub(crate) fn answer(ask: &Ask) -> Option<Fallible<Value>> {
    if let Ok(scheme) = ask.scheme.parse::<Scheme>() {
        return Some(either(ask, KeyRing::new(), scheme));
    }
    let scheme = Sha1Scheme::ALL.into_iter().find(|scheme| scheme.as_str() == ask.scheme)?;
    Some(either(ask, KeyRing::sha1(), scheme))
}

fn either<K>(ask: &Ask, ring: KeyRing<K>, scheme: K::Scheme) -> Fallible<Value>
where
    K: Sign + Verify + From<Secret>,
{
    let ring = ring.key("key", Secret::try_from(ask.key()?)?)?;
    match ask.operation()? {
        Operation::Sign => sign(ask, &ring, scheme),
        Operation::Verify => verify(ask, &ring, scheme),
    }
}
