//! The header fields of a request: content, identity, signature.

use super::endpoint::Endpoint;
use super::outbound::OutboundEvent;
use crate::{Scheme, SignError, UnixMillis};
use alloc::string::String;
use alloc::vec::Vec;

/// Names in lower case. `webhook-id` is in every request, so that a receiver can tell a repetition; Standard Webhooks alone signs it.
pub(super) fn headers(
    endpoint: &Endpoint,
    event: &OutboundEvent,
    user_agent: &str,
    now: UnixMillis,
) -> Result<Vec<(String, String)>, SignError> {
    let signer = endpoint.ring().signer(endpoint.scheme()).with_url(endpoint.url().as_str());
    let signed = signer.sign(event.id.as_str(), now, &event.payload)?;
    let mut headers = Vec::with_capacity(8 + endpoint.headers().len());
    headers.push(("content-type".into(), event.content_type.clone()));
    headers.push(("user-agent".into(), user_agent.into()));
    headers.extend(signed.into_iter().map(|(name, value)| (name.into(), value)));
    if endpoint.scheme() == Scheme::GitHub {
        headers.push(("x-github-event".into(), event.event_type.as_str().into()));
        headers.push(("x-github-delivery".into(), event.id.as_str().into()));
    }
    if !headers.iter().any(|(name, _)| name == ID) {
        headers.push((ID.into(), event.id.as_str().into()));
    }
    headers.extend_from_slice(endpoint.headers());
    Ok(headers)
}

const ID: &str = "webhook-id";
