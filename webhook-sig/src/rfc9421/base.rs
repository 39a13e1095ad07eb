//! The signature base (RFC 9421 §2.5): what is signed, line by line.

use std::string::{String, ToString as _};
use std::vec::Vec;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::component::{ComponentError, Identifier};
use super::error::SignError;
use super::message::{Fields, Message, is_line, push_line};
use super::sign::Signing;
use crate::structured_fields::{self, Bounds, InnerList, Member};

/// The type of a structured field (RFC 9651 §3), for components with `sf`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StructuredType {
    /// RFC 9651 §3.3.
    Item,
    /// RFC 9651 §3.1.
    List,
    /// RFC 9651 §3.2.
    Dictionary,
}

/// Fields that their specification defines as structured (the IANA registry's column "Structured Type").
const KNOWN: [(&str, StructuredType); 21] = [
    ("accept-ch", StructuredType::List),
    ("accept-signature", StructuredType::Dictionary),
    ("cache-status", StructuredType::List),
    ("capsule-protocol", StructuredType::Item),
    ("cdn-cache-control", StructuredType::Dictionary),
    ("client-cert", StructuredType::Item),
    ("client-cert-chain", StructuredType::List),
    ("content-digest", StructuredType::Dictionary),
    ("cross-origin-embedder-policy", StructuredType::Item),
    ("cross-origin-opener-policy", StructuredType::Item),
    ("idempotency-key", StructuredType::Item),
    ("origin-agent-cluster", StructuredType::Item),
    ("priority", StructuredType::Dictionary),
    ("proxy-status", StructuredType::List),
    ("repr-digest", StructuredType::Dictionary),
    ("signature", StructuredType::Dictionary),
    ("signature-input", StructuredType::Dictionary),
    ("unencoded-digest", StructuredType::Dictionary),
    ("want-content-digest", StructuredType::Dictionary),
    ("want-repr-digest", StructuredType::Dictionary),
    ("want-unencoded-digest", StructuredType::Dictionary),
];

/// What the signer and the verifier both say about making a base.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// Fields that are structured, beyond those that are known.
    pub(super) structured: Vec<(String, StructuredType)>,
}

impl Rules {
    fn type_of(&self, name: &str) -> Option<StructuredType> {
        let own = self.structured.iter().find(|(field, _)| field == name).map(|(_, structured)| *structured);
        own.or_else(|| KNOWN.iter().find(|(field, _)| *field == name).map(|(_, structured)| *structured))
    }
}

/// Why there is no base.
pub(super) enum BaseError {
    Component(String, ComponentError),
    TooLong,
}

/// The signature base that a signing makes of a message: what goes under the key, for tests, for logs, and for a
/// signer that this crate does not know.
///
/// ```
/// use webhook_sig::rfc9421::{Component, Message, Signing, signature_base};
///
/// let headers = [("host", "example.com")];
/// let signing = Signing::new("sig1", [Component::parse("@authority")?])?.without_body();
/// let base = signature_base(&signing, &Message::request("GET", "/", &headers))?;
/// assert_eq!(base, "\"@authority\": example.com\n\"@signature-params\": (\"@authority\")");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SignError`].
pub fn signature_base(signing: &Signing, message: &Message<'_>) -> Result<String, SignError> {
    signing.base(message).map(|base| base.text)
}

/// A signature base.
pub(super) struct Base {
    pub(super) text: String,
    /// The value of `@signature-params`, its last line, which is also that of the label in `Signature-Input`.
    pub(super) params: String,
}

/// Where most bases have room: one of ten components with values of common length.
const USUAL: usize = 768;

/// Makes the base for covered components, which `identifiers` are read from, and their parameters.
pub(super) fn build(
    covered: &InnerList<'_>,
    identifiers: &[Identifier<'_>],
    message: &Message<'_>,
    rules: &Rules,
    max: usize,
) -> Result<Base, BaseError> {
    let mut text = String::with_capacity(USUAL);
    let mut params = String::with_capacity(USUAL / 3);
    params.push('(');
    for (index, (item, identifier)) in covered.items.iter().zip(identifiers).enumerate() {
        let fail = |error| BaseError::Component(item.to_string(), error);
        identifier.check().map_err(fail)?;
        if identifiers.iter().take(index).any(|earlier| earlier == identifier) {
            return Err(fail(ComponentError::Repeated));
        }
        if index > 0 {
            params.push(' ');
        }
        // An identifier stands in its own line and in the last one, as one text.
        let from = params.len();
        structured_fields::write_item(item, &mut params);
        text.push_str(params.get(from..).unwrap_or_default());
        text.push_str(": ");
        append(identifier, message, rules, max, &mut text).map_err(fail)?;
        text.push('\n');
        if text.len() > max {
            return Err(BaseError::TooLong);
        }
    }
    params.push(')');
    structured_fields::write_parameters(&covered.parameters, &mut params);
    text.push_str("\"@signature-params\": ");
    text.push_str(&params);
    if text.len() > max { Err(BaseError::TooLong) } else { Ok(Base { text, params }) }
}

/// Appends the value of one component.
fn append(
    identifier: &Identifier<'_>,
    message: &Message<'_>,
    rules: &Rules,
    max: usize,
    out: &mut String,
) -> Result<(), ComponentError> {
    let message = if identifier.req { message.related()? } else { message };
    if let Some(name) = identifier.query {
        return query_param(message.query()?.unwrap_or_default(), name, out);
    }
    if identifier.name.starts_with('@') {
        return message.derive(identifier.name, out);
    }
    let fields = if identifier.tr {
        message.trailer_fields().ok_or(ComponentError::Absent)?
    } else {
        message.headers()
    };
    if identifier.bs {
        byte_sequences(fields, identifier.name, out)
    } else if let Some(key) = identifier.key {
        member(&joined(fields, identifier.name, max)?, key, out)
    } else if identifier.sf {
        let structured = rules.type_of(identifier.name).ok_or(ComponentError::Structure)?;
        strict(&joined(fields, identifier.name, max)?, structured, out)
    } else {
        combine(fields, identifier.name, out)
    }
}

/// The lines of a field, joined as RFC 9421 §2.1 says: trimmed, folds undone, with a comma and a space between.
fn combine(fields: &dyn Fields, name: &str, out: &mut String) -> Result<(), ComponentError> {
    let mut result = Ok(());
    let mut lines = 0_usize;
    fields.each(name, &mut |line| {
        if lines > 0 {
            out.push_str(", ");
        }
        lines += 1;
        if result.is_ok() {
            result = push_value(line, out);
        }
    });
    if lines == 0 { Err(ComponentError::Absent) } else { result }
}

/// As [`combine`], apart from the base.
fn joined(fields: &dyn Fields, name: &str, max: usize) -> Result<String, ComponentError> {
    let mut value = String::new();
    combine(fields, name, &mut value)?;
    // What is longer than a whole base would not fit into one.
    if value.len() > max { Err(ComponentError::Value) } else { Ok(value) }
}

/// One line of a field, without white space at its ends and with each fold as one space.
fn push_value(line: &[u8], out: &mut String) -> Result<(), ComponentError> {
    let line = trim(line);
    let text = std::str::from_utf8(line).map_err(|_| ComponentError::Value)?;
    if is_line(line) {
        out.push_str(text);
        return Ok(());
    }
    // RFC 9112 §5.2: a line end followed by white space. Anything else would begin a line of its own.
    let mut rest = text;
    while let Some(at) = rest.find(['\r', '\n']) {
        let (before, fold) = rest.split_at(at);
        push_line(before.trim_end_matches([' ', '\t']), out)?;
        let fold =
            fold.strip_prefix("\r\n").or_else(|| fold.strip_prefix('\n')).ok_or(ComponentError::Value)?;
        if !fold.starts_with([' ', '\t']) {
            return Err(ComponentError::Value);
        }
        out.push(' ');
        rest = fold.trim_start_matches([' ', '\t']);
    }
    push_line(rest, out)
}

fn trim(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] | [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = line {
        line = rest;
    }
    line
}

/// `bs` (RFC 9421 §2.1.3): each line as a byte sequence.
fn byte_sequences(fields: &dyn Fields, name: &str, out: &mut String) -> Result<(), ComponentError> {
    let mut lines = 0_usize;
    fields.each(name, &mut |line| {
        if lines > 0 {
            out.push_str(", ");
        }
        lines += 1;
        out.push(':');
        BASE64_STANDARD.encode_string(trim(line), out);
        out.push(':');
    });
    if lines == 0 { Err(ComponentError::Absent) } else { Ok(()) }
}

const BOUNDS: Bounds = Bounds { members: 256, items: 256, parameters: 64, unique: false };

/// `key` (RFC 9421 §2.1.2): one member of a dictionary, in its strict form.
fn member(field: &str, key: &str, out: &mut String) -> Result<(), ComponentError> {
    let dictionary = structured_fields::dictionary(field, &BOUNDS).map_err(|_| ComponentError::Structure)?;
    let found = dictionary.iter().find(|(known, _)| known.as_str() == key);
    let (_, member) = found.ok_or(ComponentError::Absent)?;
    structured_fields::write_member(member, out);
    Ok(())
}

/// `sf` (RFC 9421 §2.1.1): the whole field in its strict form.
fn strict(field: &str, structured: StructuredType, out: &mut String) -> Result<(), ComponentError> {
    match structured {
        StructuredType::Item => {
            let item = structured_fields::item(field, &BOUNDS).map_err(|_| ComponentError::Structure)?;
            structured_fields::write_member(&Member::Item(item), out);
        }
        StructuredType::List => {
            let list = structured_fields::list(field, &BOUNDS).map_err(|_| ComponentError::Structure)?;
            structured_fields::write_list(&list, out);
        }
        StructuredType::Dictionary => {
            let dictionary =
                structured_fields::dictionary(field, &BOUNDS).map_err(|_| ComponentError::Structure)?;
            structured_fields::write_dictionary(&dictionary, out);
        }
    }
    Ok(())
}

/// `@query-param` (RFC 9421 §2.2.8): names and values are decoded as a form and encoded again.
fn query_param(query: &str, name: &str, out: &mut String) -> Result<(), ComponentError> {
    let mut found = false;
    let mut encoded = String::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (given, value) = pair.split_once('=').unwrap_or((pair, ""));
        encoded.clear();
        reencode(given, &mut encoded);
        if encoded != name {
            continue;
        }
        if found {
            return Err(ComponentError::Ambiguous);
        }
        found = true;
        reencode(value, out);
    }
    if found { Ok(()) } else { Err(ComponentError::Absent) }
}

/// Decodes as `application/x-www-form-urlencoded` does (the URL standard's parser, which replaces what is no UTF-8)
/// and percent-encodes again.
fn reencode(text: &str, out: &mut String) {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let escaped = if let ([b'%', ..], [high, low, after @ ..]) = ([*first], tail) {
            hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4 | low, after))
        } else {
            None
        };
        match (escaped, first) {
            (Some((byte, after)), _) => {
                bytes.push(byte);
                rest = after;
            }
            (None, b'+') => bytes.push(b' '),
            (None, byte) => bytes.push(*byte),
        }
    }
    percent_encode(String::from_utf8_lossy(&bytes).as_bytes(), out);
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Percent-encodes with the URL standard's `application/x-www-form-urlencoded` set; a space becomes `%20`.
pub(super) fn percent_encode(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_') {
            out.push(char::from(*byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}
