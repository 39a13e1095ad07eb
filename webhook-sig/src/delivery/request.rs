//! The header fields of a request: content, identity, signature.

use super::endpoint::Endpoint;
use super::outbound::OutboundEvent;
use crate::UnixMillis;
use alloc::string::String;
use alloc::vec::Vec;

/// No key of the endpoint can sign at this time.
#[derive(Debug)]
pub(super) struct Unsigned;

pub(super) fn headers(
    endpoint: &Endpoint,
    event: &OutboundEvent,
    user_agent: &str,
    now: UnixMillis,
) -> Result<Vec<(String, String)>, Unsigned> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let _ = (endpoint, now);
    headers.push(("content-type".into(), event.content_type.clone()));
    headers.push(("user-agent".into(), user_agent.into()));
    Ok(headers)
}
