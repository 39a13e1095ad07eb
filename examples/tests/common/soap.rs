//! Envelopes made by hand, and what the tests read of the answers.

use std::net::SocketAddr;

use super::{Reply, send};

/// The namespace of the service.
pub(crate) const USERS: &str = "urn:octavo:users:v1";
const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// A SOAP 1.2 envelope around header blocks and a body. The prefix of the service's namespace is `u`.
pub(crate) fn envelope(header: &str, body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="{SOAP_12}" xmlns:u="{USERS}"><e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>"#
    )
}

pub(crate) fn create_user(token: &str, name: &str, email: &str) -> String {
    envelope(
        &format!("<u:AuthToken>{token}</u:AuthToken>"),
        &format!("<u:CreateUser><u:Name>{name}</u:Name><u:Email>{email}</u:Email></u:CreateUser>"),
    )
}

pub(crate) fn get_user(id: &str) -> String {
    envelope("", &format!("<u:GetUser><u:UserId>{id}</u:UserId></u:GetUser>"))
}

pub(crate) async fn call(addr: SocketAddr, envelope: impl Into<bytes::Bytes>) -> Reply {
    let content_type = ("content-type", "application/soap+xml; charset=utf-8");
    send(addr, "POST", "/soap", &[content_type], envelope).await
}

/// The text of the first element of this local name.
pub(crate) fn text(reply: &Reply, name: &str) -> Option<String> {
    let document = std::str::from_utf8(&reply.body).unwrap();
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let (tag, after) = rest.split_once('>')?;
        let qualified = tag.split_ascii_whitespace().next()?;
        if qualified.rsplit(':').next() == Some(name) {
            return after.split('<').next().map(str::to_owned);
        }
    }
    None
}
