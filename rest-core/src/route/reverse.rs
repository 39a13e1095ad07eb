//! From a pattern and its parameters to a path.

use crate::route::pattern::{NOT_PCHAR, Pattern, Segment};
use core::fmt;
use http::HeaderValue;
use percent_encoding::{AsciiSet, utf8_percent_encode};

/// A path with an optional query, percent-encoded and made of visible ASCII, as [`Pattern::reverse`] gives it.
///
/// ```
/// use rest_core::route::Pattern;
/// let users = Pattern::parse("/users")?;
/// let next = users.reverse(&[])?.query(&[("limit", &20), ("after", &"a&b")]);
/// assert_eq!(next.as_str(), "/users?limit=20&after=a%26b");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePath(String);

impl RoutePath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Appends query parameters, percent-encoded.
    #[must_use]
    pub fn query(mut self, pairs: &[(&str, &dyn fmt::Display)]) -> RoutePath {
        for (name, value) in pairs {
            self.0.push(if self.0.contains('?') { '&' } else { '?' });
            self.0.extend(utf8_percent_encode(name, NOT_IN_PAIR));
            self.0.push('=');
            self.0.extend(utf8_percent_encode(&value.to_string(), NOT_IN_PAIR));
        }
        self
    }

    pub(crate) fn to_header_value(&self) -> HeaderValue {
        #[expect(
            clippy::expect_used,
            reason = "all that is not visible ASCII was percent-encoded when it was built"
        )]
        HeaderValue::from_str(&self.0).expect("visible ASCII is a field value")
    }
}

impl fmt::Display for RoutePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<RoutePath> for String {
    fn from(path: RoutePath) -> String {
        path.0
    }
}

/// Why no path can be built.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReverseError {
    /// No value was given for this parameter.
    Missing(String),
    /// A value was given for a name that the pattern does not have.
    Unknown(String),
    /// The value is empty, `.` or `..`, or has such a segment in a catch-all: a client would resolve the path to another
    /// one (RFC 3986 §5.2.4), or the pattern would not match it.
    Value(String),
}

impl fmt::Display for ReverseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReverseError::Missing(name) => write!(f, "no value for the parameter {name:?}"),
            ReverseError::Unknown(name) => write!(f, "the pattern has no parameter {name:?}"),
            ReverseError::Value(name) => write!(f, "the value of {name:?} is no path segment"),
        }
    }
}

impl core::error::Error for ReverseError {}

impl From<ReverseError> for crate::Problem {
    /// A 500: the path was to be built here and not by the client.
    fn from(_: ReverseError) -> Self {
        crate::Problem::internal()
    }
}

impl Pattern {
    /// Builds the path that this pattern matches with these parameters. Values are percent-encoded; the slashes of a
    /// catch-all value stay.
    ///
    /// # Errors
    /// [`ReverseError`] when a parameter has no value, a value no parameter, or a value is no path segment.
    pub fn reverse(&self, params: &[(&str, &dyn fmt::Display)]) -> Result<RoutePath, ReverseError> {
        if let Some((unknown, _)) = params.iter().find(|(name, _)| !self.names().any(|n| n == *name)) {
            return Err(ReverseError::Unknown((*unknown).to_owned()));
        }
        let value = |name: &str| match params.iter().find(|(n, _)| *n == name) {
            Some((_, value)) => Ok(value.to_string()),
            None => Err(ReverseError::Missing(name.to_owned())),
        };
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            match segment {
                Segment::Literal(literal) => path.push_str(literal),
                Segment::Param(name) => push(&mut path, name, &value(name)?)?,
                Segment::CatchAll(name) => {
                    let value = value(name)?;
                    // A trailing slash is fine; an empty segment elsewhere is kept by clients too, but a first one would
                    // turn `/` + `/x` into an authority.
                    for (i, part) in value.split('/').enumerate() {
                        if i > 0 {
                            path.push('/');
                        }
                        if i == 0 || !part.is_empty() {
                            push(&mut path, name, part)?;
                        }
                    }
                }
            }
        }
        // An empty first literal would do the same.
        if path.starts_with("//") { Err(ReverseError::Value(String::new())) } else { Ok(RoutePath(path)) }
    }
}

fn push(path: &mut String, name: &str, value: &str) -> Result<(), ReverseError> {
    if matches!(value, "" | "." | "..") {
        return Err(ReverseError::Value(name.to_owned()));
    }
    path.extend(utf8_percent_encode(value, NOT_PCHAR));
    Ok(())
}

/// What a name or value of a query may not hold as it is: `+` would be read as a space by form decoders.
const NOT_IN_PAIR: &AsciiSet = &NOT_PCHAR.add(b'&').add(b'=').add(b'+').add(b';').add(b'\'');
