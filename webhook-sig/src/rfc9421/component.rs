//! Component identifiers (RFC 9421 §2): a name and parameters.

use std::borrow::Cow;
use std::fmt;
use std::string::String;
use std::vec::Vec;

use sfv::{KeyRef, StringRef, key_ref};

use crate::structured_fields::{self, Bare, Bounds, Item};

pub(super) const SF: &KeyRef = key_ref("sf");
pub(super) const KEY: &KeyRef = key_ref("key");
pub(super) const BS: &KeyRef = key_ref("bs");
pub(super) const TR: &KeyRef = key_ref("tr");
pub(super) const REQ: &KeyRef = key_ref("req");
pub(super) const NAME: &KeyRef = key_ref("name");

/// What a signature covers: a field by its name in lower case, or something derived, whose name begins with `@`.
///
/// ```
/// use webhook_sig::rfc9421::Component;
///
/// let member = Component::field("example-dict")?.key("a")?;
/// assert_eq!(member.to_string(), r#""example-dict";key="a""#);
/// assert_eq!(Component::parse(r#""example-dict";key="a""#)?, member);
/// // Without quotes it is a name.
/// assert_eq!(Component::parse("@method")?.to_string(), r#""@method""#);
/// # Ok::<(), webhook_sig::rfc9421::ComponentError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Component {
    name: String,
    sf: bool,
    key: Option<String>,
    bs: bool,
    query: Option<String>,
    tr: bool,
    req: bool,
}

impl Component {
    /// A field, by its name in any case.
    ///
    /// # Errors
    /// [`ComponentError::Name`] if it is not the name of a field.
    pub fn field(name: &str) -> Result<Self, ComponentError> {
        let name = name.to_ascii_lowercase();
        if !is_field_name(&name) {
            return Err(ComponentError::Name);
        }
        Ok(Self { name, sf: false, key: None, bs: false, query: None, tr: false, req: false })
    }

    /// One parameter of the query by its name, which is given as it is meant (decoded) and covered once
    /// percent-encoded (RFC 9421 §2.2.8).
    #[must_use]
    pub fn query_param(name: &str) -> Self {
        let mut query = String::new();
        super::base::percent_encode(name.as_bytes(), &mut query);
        Self { query: Some(query), ..Self::derived("@query-param") }
    }

    fn derived(name: &str) -> Self {
        Self { name: name.into(), sf: false, key: None, bs: false, query: None, tr: false, req: false }
    }

    /// Reads an identifier as it stands in a signature, `"name";parameters`, or a name alone without its quotes.
    ///
    /// # Errors
    /// [`ComponentError`] if it is none, of an unknown name or parameter, or with parameters that exclude each other.
    pub fn parse(text: &str) -> Result<Self, ComponentError> {
        if !text.starts_with('"') {
            let component = if text.starts_with('@') { Self::derived(text) } else { Self::field(text)? };
            component.identifier().check()?;
            return Ok(component);
        }
        let bounds = Bounds { members: 1, items: 1, parameters: 8, unique: true };
        let item = structured_fields::item(text, &bounds).map_err(|_| ComponentError::Name)?;
        let identifier = Identifier::read(&item)?;
        identifier.check()?;
        Ok(identifier.to_component())
    }

    /// The field as a structured field, written anew in its strict form (`sf`, RFC 9421 §2.1.1). The type of the
    /// field has to be known to both sides ([`StructuredType`](super::StructuredType)).
    #[must_use]
    pub fn sf(self) -> Self {
        Self { sf: true, ..self }
    }

    /// One member of a field that is a dictionary (`key`, RFC 9421 §2.1.2).
    ///
    /// # Errors
    /// [`ComponentError::Name`] if it is not a key of a dictionary.
    pub fn key(self, key: &str) -> Result<Self, ComponentError> {
        KeyRef::from_str(key).map_err(|_| ComponentError::Name)?;
        Ok(Self { key: Some(key.into()), ..self })
    }

    /// Each line of the field as a byte sequence (`bs`, RFC 9421 §2.1.3), for values that may not be joined.
    #[must_use]
    pub fn bs(self) -> Self {
        Self { bs: true, ..self }
    }

    /// The field among the trailers (`tr`, RFC 9421 §2.1.4).
    #[must_use]
    pub fn tr(self) -> Self {
        Self { tr: true, ..self }
    }

    /// The component of the request that a response answers (`req`, RFC 9421 §2.4).
    #[must_use]
    pub fn req(self) -> Self {
        Self { req: true, ..self }
    }

    /// The name, without parameters.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn identifier(&self) -> Identifier<'_> {
        Identifier {
            name: &self.name,
            sf: self.sf,
            key: self.key.as_deref(),
            bs: self.bs,
            query: self.query.as_deref(),
            tr: self.tr,
            req: self.req,
        }
    }

    /// The identifier as an item. `None` never: the constructors hold names and parameters to ASCII.
    pub(super) fn to_item(&self) -> Option<Item<'_>> {
        let text = |text| StringRef::from_str(text).ok().map(|text| Bare::String(Cow::Borrowed(text)));
        let mut parameters = Vec::new();
        for (name, flag) in [(SF, self.sf), (BS, self.bs), (TR, self.tr), (REQ, self.req)] {
            if flag {
                parameters.push((name, Bare::Boolean(true)));
            }
        }
        for (name, value) in [(KEY, &self.key), (NAME, &self.query)] {
            if let Some(value) = value {
                parameters.push((name, text(value)?));
            }
        }
        Some(Item { bare: text(&self.name)?, parameters })
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_item().map_or(Ok(()), |item| item.fmt(f))
    }
}

/// An identifier as it was read: two are the same component if they are equal, in whatever order their parameters
/// came (RFC 9421 §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identifier<'i> {
    pub(super) name: &'i str,
    pub(super) sf: bool,
    pub(super) key: Option<&'i str>,
    pub(super) bs: bool,
    pub(super) query: Option<&'i str>,
    pub(super) tr: bool,
    pub(super) req: bool,
}

impl<'i> Identifier<'i> {
    pub(super) fn read(item: &'i Item<'_>) -> Result<Self, ComponentError> {
        let Bare::String(name) = &item.bare else { return Err(ComponentError::Name) };
        let mut identifier =
            Self { name: name.as_str(), sf: false, key: None, bs: false, query: None, tr: false, req: false };
        for (parameter, value) in &item.parameters {
            match (parameter.as_str(), value) {
                ("sf", Bare::Boolean(true)) => identifier.sf = true,
                ("bs", Bare::Boolean(true)) => identifier.bs = true,
                ("tr", Bare::Boolean(true)) => identifier.tr = true,
                ("req", Bare::Boolean(true)) => identifier.req = true,
                ("key", Bare::String(key)) => identifier.key = Some(key.as_str()),
                ("name", Bare::String(name)) => identifier.query = Some(name.as_str()),
                // A parameter that is not understood changes the value in a way that is not understood (§2.5).
                _ => return Err(ComponentError::Parameter),
            }
        }
        Ok(identifier)
    }

    /// Whether name and parameters go together.
    pub(super) fn check(&self) -> Result<(), ComponentError> {
        let Self { name, sf, key, bs, query, tr, .. } = *self;
        if name.starts_with('@') {
            if !is_derived(name) {
                return Err(ComponentError::Name);
            }
            let plain = !sf && key.is_none() && !bs && !tr && query.is_some() == (name == "@query-param");
            return if plain { Ok(()) } else { Err(ComponentError::Parameter) };
        }
        if !is_field_name(name) {
            return Err(ComponentError::Name);
        }
        // §2.1.3: `bs` is not compatible with the strict form of any structure.
        if query.is_some() || (bs && (sf || key.is_some())) { Err(ComponentError::Parameter) } else { Ok(()) }
    }

    pub(super) fn to_component(self) -> Component {
        Component {
            name: self.name.into(),
            sf: self.sf,
            key: self.key.map(Into::into),
            bs: self.bs,
            query: self.query.map(Into::into),
            tr: self.tr,
            req: self.req,
        }
    }
}

/// RFC 9421 §2.2, but for `@signature-params`, which no signature lists.
fn is_derived(name: &str) -> bool {
    matches!(
        name,
        "@method"
            | "@target-uri"
            | "@authority"
            | "@scheme"
            | "@request-target"
            | "@path"
            | "@query"
            | "@query-param"
            | "@status"
    )
}

/// Whether it is the name of a field in lower case: `tchar` (RFC 9110 §5.6.2) and no other.
fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().fold(true, |good, byte| good & FIELD_BYTES[usize::from(byte)])
}

const FIELD_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
};

/// What is wrong with a component. Its text goes on from the component's identifier.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComponentError {
    /// Not the name of a field in lower case, nor of something that RFC 9421 §2.2 derives.
    Name,
    /// A parameter that is not known, that the component does not take, or that excludes another.
    Parameter,
    /// Listed twice (RFC 9421 §2.5).
    Repeated,
    /// The message has none.
    Absent,
    /// A request has no status, a response has no method; `req` belongs to a response.
    Kind,
    /// The value is not one line of ASCII: cover it with `bs`.
    Value,
    /// `sf` on a field that is not known to be structured, or a field that is not what its type says.
    Structure,
    /// A parameter of the query that is there more than once cannot be covered by its name (RFC 9421 §2.2.8).
    Ambiguous,
    /// The request has not exactly one `Host`, or its target is in a form that the component does not have.
    Target,
}

impl fmt::Display for ComponentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "has no known name",
            Self::Parameter => "has a parameter that it does not take",
            Self::Repeated => "is listed twice",
            Self::Absent => "is not in the message",
            Self::Kind => "belongs to the other kind of message",
            Self::Value => "is not one line of ASCII",
            Self::Structure => "is not a structured field of a known type",
            Self::Ambiguous => "is there more than once",
            Self::Target => "does not follow from the target of the request",
        })
    }
}

impl std::error::Error for ComponentError {}
