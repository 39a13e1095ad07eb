//! What the tests share: a small service's types, and envelopes as text.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use soap_envelope::codec::{Cursor, Decode, DecodeError, Encode};
use soap_envelope::envelope::Message;
use soap_envelope::xml::{EncodeError, QName, Writer};
use soap_envelope::{Error, Limits, Version};

pub(crate) const NS: &str = "urn:octavo:users:v1";

pub(crate) const fn name(local: &'static str) -> QName<'static> {
    QName::from_static(NS, local)
}

/// A request and a response in one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) tags: Vec<String>,
}

impl Decode for User {
    const NAME: QName<'static> = name("User");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(User { id: c.value(name("Id"))?, name: c.value(name("Name"))?, tags: c.values(name("Tag"))? })
    }
}

impl Encode for User {
    const NAME: QName<'static> = name("User");

    fn encode(&self, w: &mut Writer) -> Result<(), EncodeError> {
        w.value(name("Id"), &self.id)?;
        w.string(name("Name"), &self.name)?;
        self.tags.iter().try_for_each(|tag| w.string(name("Tag"), tag))
    }
}

/// A header block with text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token(pub(crate) String);

impl Decode for Token {
    const NAME: QName<'static> = name("Token");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        c.content().map(Token)
    }
}

impl Encode for Token {
    const NAME: QName<'static> = name("Token");

    fn encode(&self, w: &mut Writer) -> Result<(), EncodeError> {
        w.text(&self.0)
    }
}

/// An envelope whose prefix is `s`.
pub(crate) fn envelope(version: Version, header: &str, body: &str) -> String {
    let header = if header.is_empty() { String::new() } else { format!("<s:Header>{header}</s:Header>") };
    format!("<s:Envelope xmlns:s='{}'>{header}<s:Body>{body}</s:Body></s:Envelope>", version.namespace())
}

pub(crate) fn read(text: &str) -> Result<Message, Error> {
    Message::read(text, None, &Limits::DEFAULT)
}
