//! Request content: a bound on its size, and JSON whose errors say where.

use crate::error::LimitExceeded;
use crate::limits::Limits;
use crate::media_type::MediaType;
use crate::problem::{Problem, ToProblem, into_problem};
use bytes::{Bytes, BytesMut};
use core::fmt;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// Collects content piece by piece up to a bound.
///
/// ```
/// use rest_core::{Limits, body::Collector};
/// let mut limits = Limits::default();
/// limits.max_body = 4;
/// let mut collector = Collector::new(&limits);
/// collector.push("ab".into())?;
/// assert!(collector.push("cde".into()).is_err());
/// # Ok::<(), rest_core::body::ContentError>(())
/// ```
#[derive(Debug)]
pub struct Collector {
    first: Bytes,
    rest: BytesMut,
    max: usize,
}

impl Collector {
    /// Nothing collected; the bound is [`Limits::max_body`].
    pub fn new(limits: &Limits) -> Collector {
        Collector { first: Bytes::new(), rest: BytesMut::new(), max: limits.max_body }
    }

    /// Whether a Content-Length announces more than the bound, so that nothing need be read.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`].
    pub fn announced(&self, headers: &HeaderMap) -> Result<(), ContentError> {
        let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).map(str::parse::<u64>);
        match length {
            Some(Ok(length)) if length > self.max as u64 => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    /// Adds a piece. Content that comes in one piece is not copied.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] when the sum is over the bound; the piece is dropped.
    pub fn push(&mut self, piece: Bytes) -> Result<(), ContentError> {
        let have = self.first.len() + self.rest.len();
        if piece.len() > self.max - have {
            return Err(self.too_large());
        }
        if have == 0 {
            self.first = piece;
        } else {
            if self.rest.is_empty() {
                self.rest.extend_from_slice(&core::mem::take(&mut self.first));
            }
            self.rest.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// What was collected.
    pub fn finish(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.freeze() }
    }

    fn too_large(&self) -> ContentError {
        ContentError::TooLarge(LimitExceeded { limit: "max_body", max: self.max })
    }
}

/// Checks that content is JSON by its fields: `application/json` or a type with the suffix `+json`, in UTF-8 and without
/// a content coding.
///
/// # Errors
/// [`ContentError::Unsupported`]; a missing Content-Type counts as such.
pub fn expect_json(headers: &HeaderMap, limits: &Limits) -> Result<(), ContentError> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|v| MediaType::parse(v, limits).ok());
    let utf8 = |m: &MediaType| m.param("charset").is_none_or(|c| c.eq_ignore_ascii_case("utf-8"));
    if !media_type.is_some_and(|m| m.is_json() && utf8(&m)) {
        return Err(ContentError::Unsupported { accept: "application/json" });
    }
    match headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|v| v.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        true => Ok(()),
        false => Err(ContentError::Coded),
    }
}

/// Reads JSON content into `T`.
///
/// ```
/// use rest_core::{ToProblem, body::parse_json};
/// #[derive(serde::Deserialize, Debug)]
/// struct NewUser { name: String, age: u8 }
/// let malformed = parse_json::<NewUser>(b"{\"name\": }").map_err(|e| e.to_problem().status().as_u16());
/// assert_eq!(malformed.err(), Some(400));
/// let wrong = parse_json::<NewUser>(br#"{"name": "Ann", "age": "young"}"#).map_err(|e| e.to_problem());
/// assert_eq!(wrong.err().map(|p| p.errors()[0].pointer.clone()), Some("/age".to_owned()));
/// ```
///
/// # Errors
/// [`ContentError::Malformed`] for text that is no JSON or nests deeper than 128, with line and column;
/// [`ContentError::WrongShape`] for JSON that is no `T`, with a pointer.
pub fn parse_json<T: DeserializeOwned>(content: &[u8]) -> Result<T, ContentError> {
    let mut deserializer = serde_json::Deserializer::from_slice(content);
    match serde_path_to_error::deserialize(&mut deserializer) {
        Ok(value) => match deserializer.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(malformed(&error)),
        },
        Err(error) => {
            // A wrong shape early on must not hide that the rest is no JSON at all: that is a 400.
            if let Err(syntax) = serde_json::from_slice::<serde::de::IgnoredAny>(content) {
                return Err(malformed(&syntax));
            }
            let message = error.inner().to_string();
            match error.inner().classify() {
                serde_json::error::Category::Data => Err(wrong_shape(error.path(), &message)),
                _ => Err(malformed(error.inner())),
            }
        }
    }
}

/// Why request content cannot be used.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentError {
    /// More than [`Limits::max_body`]: 413.
    TooLarge(LimitExceeded),
    /// The connection failed, or the content was cut short: 400.
    Incomplete,
    /// Content-Type is missing or another: 415.
    Unsupported {
        /// The media type that would do.
        accept: &'static str,
    },
    /// A content coding, which this reader does not undo: 415.
    Coded,
    /// Not JSON: 400.
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1; 0 at the start of a line.
        column: usize,
    },
    /// JSON of another shape than expected: 422.
    WrongShape {
        /// A JSON Pointer to the member at fault (RFC 6901).
        pointer: String,
        /// What is wrong there, in words for the client: no name of a Rust type.
        detail: &'static str,
    },
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ContentError::TooLarge(limit) => write!(f, "the content is larger than {} bytes", limit.max),
            ContentError::Incomplete => f.write_str("the content did not arrive whole"),
            ContentError::Unsupported { accept } => write!(f, "the content must be {accept}"),
            ContentError::Coded => f.write_str("the content must be sent without a content coding"),
            ContentError::Malformed { line, column } => {
                write!(f, "the content is not JSON at line {line}, column {column}")
            }
            ContentError::WrongShape { pointer, detail } if pointer.is_empty() => {
                write!(f, "the content {detail}")
            }
            ContentError::WrongShape { pointer, detail } => write!(f, "{pointer} {detail}"),
        }
    }
}

impl core::error::Error for ContentError {}

impl ToProblem for ContentError {
    fn to_problem(&self) -> Problem {
        let problem = match self {
            ContentError::TooLarge(_) => Problem::content_too_large(),
            ContentError::Incomplete => Problem::bad_request(),
            // What would have been taken: RFC 9110 §15.5.16.
            ContentError::Unsupported { accept } => {
                Problem::unsupported_media_type().header(header::ACCEPT, HeaderValue::from_static(accept))
            }
            ContentError::Coded => Problem::unsupported_media_type()
                .header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")),
            ContentError::Malformed { line, column } => {
                Problem::of(StatusCode::BAD_REQUEST).extension("line", *line).extension("column", *column)
            }
            ContentError::WrongShape { pointer, detail } => Problem::unprocessable().error(pointer, *detail),
        };
        problem.detail(self.to_string())
    }
}

into_problem!(ContentError);

fn malformed(error: &serde_json::Error) -> ContentError {
    ContentError::Malformed { line: error.line(), column: error.column() }
}

/// Says in our words what serde says in its own: its messages hold the names of Rust types.
fn wrong_shape(path: &Path, message: &str) -> ContentError {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push_token(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_token(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let named = |prefix: &str| message.strip_prefix(prefix).and_then(|rest| rest.split('`').next());
    let detail = if let Some(field) = named("missing field `") {
        push_token(&mut pointer, field);
        "is required"
    } else if let Some(field) = named("duplicate field `") {
        push_last(&mut pointer, field);
        "is there more than once"
    } else if let Some(field) = named("unknown field `") {
        push_last(&mut pointer, field);
        "is not a known member"
    } else if message.starts_with("unknown variant") {
        "is not one of the allowed values"
    } else if message.starts_with("invalid type") {
        "has the wrong type"
    } else if message.starts_with("invalid value") {
        "has a value that is not allowed"
    } else if message.starts_with("invalid length") {
        "has the wrong number of elements"
    } else {
        "does not have the expected form"
    };
    ContentError::WrongShape { pointer, detail }
}

/// Appends a reference token (RFC 6901 §3).
fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
}

/// As [`push_token`], unless the path ends with that member already.
fn push_last(pointer: &mut String, token: &str) {
    let mut last = String::new();
    push_token(&mut last, token);
    if !pointer.ends_with(&last) {
        pointer.push_str(&last);
    }
}
