//! Endpoints of webhooks as the dispatcher has them: URL, keys, types, and where they may lie.

use webhook_sig::delivery::{Config as DispatcherConfig, Endpoint, EndpointId, Schedule, TypeFilter};
use webhook_sig::ssrf::{EndpointUrl, TargetPolicy};
use webhook_sig::{KeyRing, Scheme, Secret, SecretError};

use crate::config::{Config, Targets};
use crate::store::{OpenError, hooks};

/// Which addresses may be sent to.
pub(crate) fn policy(targets: Targets) -> TargetPolicy {
    match targets {
        Targets::Loopback => TargetPolicy::loopback_only(),
        Targets::Public => TargetPolicy::public(),
    }
}

pub(crate) fn dispatcher_config(config: &Config) -> Result<DispatcherConfig, OpenError> {
    let mut settings = DispatcherConfig::default();
    settings.policy = policy(config.targets);
    settings.retry.schedule = Schedule::new(config.schedule.iter().copied())?;
    settings.user_agent = concat!("octavo-showcase/", env!("CARGO_PKG_VERSION")).to_owned();
    // An event may hold a whole inbound message; what waits is in the database, so little need be held here.
    settings.limits.max_payload = 2 * config.max_body + 1024;
    settings.limits.max_held_bytes = 64 << 20;
    settings.limits.max_in_flight = 64;
    settings.limits.max_dead_letters = 1000;
    Ok(settings)
}

/// An endpoint from its row.
pub(crate) fn endpoint(row: &hooks::Endpoint) -> Result<Endpoint, OpenError> {
    let scheme: Scheme = row.scheme.parse()?;
    let ring = KeyRing::new().hmac("endpoint", secret(scheme, &row.secret)?)?;
    let url = EndpointUrl::parse(&row.url)?;
    let id = EndpointId::new(row.id.unsigned_abs());
    Ok(Endpoint::new(id, url, scheme, ring).types(TypeFilter::parse(row.types.split(' '))?))
}

/// How the text of a secret becomes a key: Standard Webhooks and Svix decode it, the others take it as it is.
pub(crate) fn secret(scheme: Scheme, text: &str) -> Result<Secret, SecretError> {
    match scheme {
        Scheme::StandardWebhooks | Scheme::Svix => Secret::whsec(text),
        _ => Secret::raw(text),
    }
}
