//! The one error that a client sees (GraphQL September 2025, §7.1.6), also what a resolver returns.

use core::{error, fmt};
use std::{borrow::Cow, sync::Arc};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::{
    span::{Location, Span},
    value::{Object, Value},
};

/// The `extensions.code` of the errors that this crate makes. A resolver may use these or any text of its own.
pub mod code {
    /// The document does not follow the grammar.
    pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    /// The document breaks a rule of validation (§5).
    pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    /// No operation of the document is the one that was asked for (§6.1, "GetOperation").
    pub const OPERATION_RESOLUTION_FAILURE: &str = "OPERATION_RESOLUTION_FAILURE";
    /// A variable or an argument has a value that its type does not allow.
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    /// A bound of [`Limits`](crate::Limits) was crossed.
    pub const LIMIT_EXCEEDED: &str = "LIMIT_EXCEEDED";
    /// The caller did not say who they are, or not truly.
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    /// The caller may not do this.
    pub const FORBIDDEN: &str = "FORBIDDEN";
    /// What was asked to be made is there already.
    pub const CONFLICT: &str = "CONFLICT";
    /// The service broke its own schema or failed.
    pub const INTERNAL_SERVER_ERROR: &str = "INTERNAL_SERVER_ERROR";
}

/// One step from the root of a response to the value that failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathSegment {
    /// The response name of a field.
    Field(Arc<str>),
    /// The index of a list element.
    Index(usize),
}

impl Serialize for PathSegment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Field(name) => serializer.serialize_str(name),
            Self::Index(index) => serializer.serialize_u64(*index as u64),
        }
    }
}

/// An error of a response: what, where in the document, where in the response, and a code for programs.
///
/// ```
/// use graphql_exec::GraphqlError;
///
/// let error = GraphqlError::new("email: already taken").with_code("CONFLICT");
/// assert_eq!(error.to_json(), r#"{"message":"email: already taken","extensions":{"code":"CONFLICT"}}"#);
/// ```
#[derive(Clone, PartialEq)]
pub struct GraphqlError(Box<Inner>);

#[derive(Clone, Debug, PartialEq)]
struct Inner {
    message: Cow<'static, str>,
    code: Option<Cow<'static, str>>,
    locations: Vec<Location>,
    path: Vec<PathSegment>,
    extensions: Object,
}

impl GraphqlError {
    /// An error that says `message`. A client sees it: leave out what is internal.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            message: message.into(),
            code: None,
            locations: Vec::new(),
            path: Vec::new(),
            extensions: Object::new(),
        }))
    }

    /// A bound was crossed. `name` is its field in [`Limits`](crate::Limits).
    #[must_use]
    pub fn limit(name: &'static str, max: u64) -> Self {
        Self::new(format!("the request crosses {name} of {max}")).with_code(code::LIMIT_EXCEEDED)
    }

    /// The same with an `extensions.code`.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// The same with one place of the document more, the start of `span` in `source`.
    #[must_use]
    pub fn at(self, source: &str, span: Span) -> Self {
        self.with_location(Location::of(source, span.start))
    }

    /// The same with one place of the document more.
    #[must_use]
    pub fn with_location(mut self, location: Location) -> Self {
        self.0.locations.push(location);
        self
    }

    /// The same with the path of the value that failed. The engine sets it on what a resolver returns.
    #[must_use]
    pub fn with_path(mut self, path: Vec<PathSegment>) -> Self {
        self.0.path = path;
        self
    }

    /// The same with an entry of `extensions` more. A `code` is set by [`with_code`](Self::with_code).
    #[must_use]
    pub fn with_extension(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.extensions.insert(key, value.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The `extensions.code`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Places in the document.
    #[must_use]
    pub fn locations(&self) -> &[Location] {
        &self.0.locations
    }

    /// The place in the response; empty for a request error.
    #[must_use]
    pub fn path(&self) -> &[PathSegment] {
        &self.0.path
    }

    /// The `extensions` without the code.
    #[must_use]
    pub fn extensions(&self) -> &Object {
        &self.0.extensions
    }

    /// The error as the JSON of a response.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        self.write_json(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Appends the error as the JSON of a response.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        use crate::value::json;
        let inner = &*self.0;
        out.extend_from_slice(b"{\"message\":");
        json::write_str(&inner.message, out);
        if !inner.locations.is_empty() {
            out.extend_from_slice(b",\"locations\":[");
            for (index, location) in inner.locations.iter().enumerate() {
                out.extend_from_slice(if index == 0 { b"{\"line\":" } else { b",{\"line\":" });
                json::write_int(location.line.into(), out);
                out.extend_from_slice(b",\"column\":");
                json::write_int(location.column.into(), out);
                out.push(b'}');
            }
            out.push(b']');
        }
        if !inner.path.is_empty() {
            out.extend_from_slice(b",\"path\":[");
            for (index, segment) in inner.path.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                match segment {
                    PathSegment::Field(name) => json::write_str(name, out),
                    PathSegment::Index(index) => json::write_int(*index as i64, out),
                }
            }
            out.push(b']');
        }
        if inner.code.is_some() || !inner.extensions.is_empty() {
            out.extend_from_slice(b",\"extensions\":{");
            if let Some(code) = &inner.code {
                out.extend_from_slice(b"\"code\":");
                json::write_str(code, out);
            }
            for (index, (key, value)) in inner.extensions.iter().enumerate() {
                if index > 0 || inner.code.is_some() {
                    out.push(b',');
                }
                json::write_str(key, out);
                out.push(b':');
                json::write_value(value, out);
            }
            out.push(b'}');
        }
        out.push(b'}');
    }
}

impl fmt::Display for GraphqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(Location { line, column }) = self.0.locations.first() {
            write!(f, " ({line}:{column})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for GraphqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl error::Error for GraphqlError {}

impl Serialize for GraphqlError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Locations<'a>(&'a [Location]);
        impl Serialize for Locations<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
                for location in self.0 {
                    seq.serialize_element(&Place(location))?;
                }
                seq.end()
            }
        }
        struct Place<'a>(&'a Location);
        impl Serialize for Place<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("line", &self.0.line)?;
                map.serialize_entry("column", &self.0.column)?;
                map.end()
            }
        }
        struct Extensions<'a>(&'a Inner);
        impl Serialize for Extensions<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                if let Some(code) = &self.0.code {
                    map.serialize_entry("code", &**code)?;
                }
                for (key, value) in self.0.extensions.iter() {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
        let inner = &*self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("message", &*inner.message)?;
        if !inner.locations.is_empty() {
            map.serialize_entry("locations", &Locations(&inner.locations))?;
        }
        if !inner.path.is_empty() {
            map.serialize_entry("path", &inner.path)?;
        }
        if inner.code.is_some() || !inner.extensions.is_empty() {
            map.serialize_entry("extensions", &Extensions(inner))?;
        }
        map.end()
    }
}
