//! A link with its target attributes, in JSON and as a Link field.

use core::fmt;
use http::{HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A HAL link object (draft-kelly-json-hal §5), with the `method` of a named profile.
///
/// ```
/// use rest_core::hypermedia::Link;
/// let search = Link::templated("/users{?name}").title("find users");
/// let json = serde_json::to_string(&search).map_err(|e| e.to_string())?;
/// assert_eq!(json, r#"{"href":"/users{?name}","templated":true,"title":"find users"}"#);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Link {
    href: String,
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    templated: bool,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deprecation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hreflang: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
}

macro_rules! attributes {
    ($($(#[$doc:meta])* $setter:ident, $(#[$get_doc:meta])* $getter:ident, $field:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $setter(mut self, value: impl Into<String>) -> Link {
            self.$field = Some(value.into());
            self
        }

        $(#[$get_doc])*
        pub fn $getter(&self) -> Option<&str> {
            self.$field.as_deref()
        }
    )*};
}

impl Link {
    /// A link to a URI reference. A [`RoutePath`](crate::route::RoutePath) converts into one.
    pub fn new(href: impl Into<String>) -> Link {
        Link {
            href: href.into(),
            templated: false,
            media_type: None,
            deprecation: None,
            name: None,
            profile: None,
            title: None,
            hreflang: None,
            method: None,
        }
    }

    /// A link whose `href` is a URI template (RFC 6570).
    pub fn templated(href: impl Into<String>) -> Link {
        Link { templated: true, ..Link::new(href) }
    }

    attributes! {
        /// Sets `title`: a name for people.
        title,
        /// The `title`.
        title_text, title;
        /// Sets `name`: tells links of one relation apart.
        name,
        /// The `name`.
        name_text, name;
        /// Sets `type`: the media type to expect.
        media_type,
        /// The `type`.
        media_type_text, media_type;
        /// Sets `deprecation`: a URL that tells about the end of this link.
        deprecation,
        /// The `deprecation`.
        deprecation_url, deprecation;
        /// Sets `profile`: a URI of a profile of the target.
        profile,
        /// The `profile`.
        profile_uri, profile;
        /// Sets `hreflang`: the language of the target.
        hreflang,
        /// The `hreflang`.
        hreflang_tag, hreflang;
    }

    /// Sets `method`: the request method to use. Not a member of HAL, see
    /// [`METHOD_PROFILE`](crate::hypermedia::METHOD_PROFILE).
    #[must_use]
    pub fn method(mut self, method: &Method) -> Link {
        self.method = Some(method.as_str().to_owned());
        self
    }

    /// The `href`.
    pub fn href(&self) -> &str {
        &self.href
    }

    /// Whether `href` is a URI template.
    pub fn is_templated(&self) -> bool {
        self.templated
    }

    /// The `method`, when there is one.
    pub fn method_text(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// The link as a value of the Link field (RFC 8288 §3), for a relation type. `None` for a template, which has no such
    /// form, and for an empty `rel`. `method`, `name` and `deprecation` have no target attribute there and are left out.
    ///
    /// ```
    /// use rest_core::hypermedia::Link;
    /// let value = Link::new("/users?page=2").title("Zweite Seite für dich").to_header_value("next");
    /// let expected = "</users?page=2>; rel=\"next\"; title*=UTF-8''Zweite%20Seite%20f%C3%BCr%20dich";
    /// assert_eq!(value.ok_or("not templated")?, expected);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn to_header_value(&self, rel: &str) -> Option<HeaderValue> {
        if self.templated || rel.is_empty() {
            return None;
        }
        let mut text = format!("<{}>", utf8_percent_encode(&self.href, NOT_IN_URI));
        let mut attribute = |name: &str, value: &str| {
            text.push_str("; ");
            text.push_str(name);
            if value.bytes().all(|b| matches!(b, b' '..=b'~')) {
                text.push_str("=\"");
                text.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
                text.push('"');
            } else {
                // RFC 8187 §3.2.
                text.push_str("*=UTF-8''");
                text.extend(utf8_percent_encode(value, NOT_ATTR_CHAR));
            }
        };
        attribute("rel", rel);
        let optional = [("title", &self.title), ("type", &self.media_type), ("hreflang", &self.hreflang)];
        for (name, value) in optional {
            if let Some(value) = value {
                attribute(name, value);
            }
        }
        if let Some(profile) = &self.profile {
            attribute("profile", profile);
        }
        HeaderValue::try_from(text).ok()
    }
}

/// What stands under one relation: a link, or an array of links.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum LinkSet {
    /// One link: what the relation always has.
    One(Link),
    /// An array, also with one member: what the relation may have several of. A server never changes one form into the
    /// other.
    Many(Vec<Link>),
}

impl LinkSet {
    /// The links in order.
    pub fn as_slice(&self) -> &[Link] {
        match self {
            LinkSet::One(link) => core::slice::from_ref(link),
            LinkSet::Many(links) => links,
        }
    }
}

/// The `_links` of a document: relations in order, each with its links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links(Vec<(String, LinkSet)>);

impl Links {
    /// No links.
    pub const fn new() -> Links {
        Links(Vec::new())
    }

    /// Sets the one link of a relation.
    pub fn set(&mut self, rel: impl Into<String>, link: Link) {
        self.put(rel.into(), LinkSet::One(link));
    }

    /// Sets the links of a relation that may have several.
    pub fn set_many(&mut self, rel: impl Into<String>, links: Vec<Link>) {
        self.put(rel.into(), LinkSet::Many(links));
    }

    /// Adds one link to a relation that may have several.
    pub fn push(&mut self, rel: impl Into<String>, link: Link) {
        let rel = rel.into();
        match self.0.iter_mut().find(|(r, _)| *r == rel) {
            Some((_, LinkSet::Many(links))) => links.push(link),
            Some((_, set)) => *set = LinkSet::Many(set.as_slice().iter().cloned().chain([link]).collect()),
            None => self.0.push((rel, LinkSet::Many(vec![link]))),
        }
    }

    /// The links of a relation, also when the document has it under a CURIE and `rel` is the full URI.
    pub fn get(&self, rel: &str) -> &[Link] {
        let exact = self.0.iter().find(|(r, _)| r == rel);
        let found =
            exact.or_else(|| self.0.iter().find(|(r, _)| self.expand(r).is_some_and(|uri| uri == rel)));
        found.map(|(_, set)| set.as_slice()).unwrap_or_default()
    }

    /// All relations in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &LinkSet)> {
        self.0.iter().map(|(rel, set)| (rel.as_str(), set))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The URI that a relation of the form `prefix:reference` stands for, by the `curies` of these links
    /// (draft-kelly-json-hal §8.2). `None` when no CURIE has that prefix.
    pub fn expand(&self, rel: &str) -> Option<String> {
        let (prefix, reference) = rel.split_once(':')?;
        let curies = self.0.iter().find(|(r, _)| r == "curies")?;
        let curie = curies.1.as_slice().iter().find(|link| link.name.as_deref() == Some(prefix))?;
        Some(curie.href.replace("{rel}", reference))
    }

    fn put(&mut self, rel: String, set: LinkSet) {
        match self.0.iter_mut().find(|(r, _)| *r == rel) {
            Some((_, slot)) => *slot = set,
            None => self.0.push((rel, set)),
        }
    }
}

impl Serialize for Links {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (rel, set) in &self.0 {
            map.serialize_entry(rel, set)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Links {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Links, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Links;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of links by relation")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Links, A::Error> {
                let mut links = Links::new();
                while let Some((rel, set)) = map.next_entry()? {
                    links.0.push((rel, set));
                }
                Ok(links)
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// What may not stand between `<` and `>`: anything that is not a URI character (RFC 3986 §2), `%` aside.
const NOT_IN_URI: &AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// The complement of attr-char (RFC 8187 §3.2.1).
const NOT_ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');
