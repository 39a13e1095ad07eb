//! A request as every transport carries it: a document, the name of an operation, variables, extensions.

use core::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::value::{Object, Value};

/// What a client asks for (GraphQL over HTTP, "Request Parameters").
///
/// ```
/// use graphql_exec::{Object, Request, Value};
/// let read = Request::from_json(r#"{"query":"query A($id: ID!) { user(id: $id) { name } }","variables":{"id":"42"}}"#)?;
/// let mut built = Request::new("query A($id: ID!) { user(id: $id) { name } }");
/// built.variables.insert("id", Value::from("42"));
/// assert_eq!(read, built);
/// # Ok::<(), graphql_exec::RequestError>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The source text of the document. It need not be valid.
    pub query: String,
    /// Which operation of the document; `None` where there is only one.
    pub operation_name: Option<String>,
    /// The values of the variables, as they came.
    pub variables: Object,
    /// Whatever else the client wants to say.
    pub extensions: Object,
}

impl Request {
    /// A document without variables.
    #[must_use]
    pub fn new(query: impl Into<String>) -> Self {
        Self { query: query.into(), ..Self::default() }
    }

    /// Reads the JSON of a POST. Members of other names are passed over, as the specification reserves them.
    ///
    /// # Errors
    /// [`RequestError`]: the first thing that is wrong, and where. Values nest 127 deep at most.
    pub fn from_json(text: &str) -> Result<Self, RequestError> {
        match parse(text, None)? {
            Top::Members(members) => Self::from_members(members),
            Top::List => Err(RequestError::Batch),
            Top::Other(found) => Err(RequestError::NotAnObject { found }),
        }
    }

    /// Reads the parameters from an object, as the payload of a `subscribe` message is one.
    pub(crate) fn from_object(object: Object) -> Result<Self, RequestError> {
        Self::from_members(
            object.into_iter().map(|(name, value)| (name.as_ref().to_owned(), value)).collect(),
        )
    }

    fn from_members(members: Vec<(String, Value)>) -> Result<Self, RequestError> {
        let mut given: [Option<Value>; 4] = [None, None, None, None];
        for (name, value) in members {
            let Some(place) = NAMES.iter().position(|known| *known == name) else { continue };
            if given[place].replace(value).is_some() {
                return Err(RequestError::Repeated { parameter: NAMES[place] });
            }
        }
        let [query, operation_name, variables, extensions] = given;
        let query = match query {
            Some(Value::String(text)) => text.as_ref().to_owned(),
            None | Some(Value::Null) => return Err(RequestError::Missing { parameter: "query" }),
            Some(other) => return Err(wrong("query", "a string", &other)),
        };
        let operation_name = match operation_name {
            None | Some(Value::Null) => None,
            // The empty name is none ("GET", and GraphiQL by POST).
            Some(Value::String(name)) => Some(name.as_ref().to_owned()).filter(|name| !name.is_empty()),
            Some(other) => return Err(wrong("operationName", "a string", &other)),
        };
        Ok(Self {
            query,
            operation_name,
            variables: object("variables", variables)?,
            extensions: object("extensions", extensions)?,
        })
    }

    /// Puts a parameter of a GET in its place.
    pub(crate) fn set_from_query(&mut self, name: &str, value: String) -> Result<(), RequestError> {
        match name {
            "query" => self.query = value,
            "operationName" => self.operation_name = Some(value).filter(|name| !name.is_empty()),
            "variables" => self.variables = parameter("variables", &value)?,
            "extensions" => self.extensions = parameter("extensions", &value)?,
            _ => {}
        }
        Ok(())
    }
}

/// The parameters, in the order of the fields.
pub(crate) const NAMES: [&str; 4] = ["query", "operationName", "variables", "extensions"];

fn object(parameter: &'static str, value: Option<Value>) -> Result<Object, RequestError> {
    match value {
        None | Some(Value::Null) => Ok(Object::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(other) => Err(wrong(parameter, "an object", &other)),
    }
}

fn wrong(parameter: &'static str, expected: &'static str, found: &Value) -> RequestError {
    RequestError::Type { parameter, expected, found: found.kind() }
}

/// A parameter of a GET that is JSON in itself. The empty text is as good as none.
fn parameter(name: &'static str, text: &str) -> Result<Object, RequestError> {
    if text.is_empty() {
        return Ok(Object::new());
    }
    object(name, Some(parse(text, Some(name))?))
}

/// Reads a JSON text.
pub(crate) fn parse<'de, T: Deserialize<'de>>(
    text: &'de str,
    parameter: Option<&'static str>,
) -> Result<T, RequestError> {
    serde_json::from_str(text).map_err(|error| {
        // Columns are bytes of the line, from 1.
        let line =
            text.split('\n').take(error.line().saturating_sub(1)).map(|line| line.len() + 1).sum::<usize>();
        let offset = (line + error.column().saturating_sub(1)).min(text.len());
        let (offset, what) = match error.classify() {
            serde_json::error::Category::Eof => (text.len(), "it ends early"),
            // The only thing about data that our own types refuse.
            serde_json::error::Category::Data => (offset, "it nests too deeply"),
            _ if is_too_deep(text) => (offset, "it nests too deeply"),
            _ => (offset, "a syntax error"),
        };
        RequestError::Json { parameter, offset, what }
    })
}

/// Whether the deserialiser gave up on the depth (it counts as a syntax error, and its words are no interface).
fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut is_text, mut bytes) = (0_usize, false, text.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if is_text => drop(bytes.next()),
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => depth += 1,
            b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth >= 128 {
            return true;
        }
    }
    false
}

/// A JSON text at its top: an object with its members as they stand there, so that one that is repeated is seen.
pub(crate) enum Top {
    Members(Vec<(String, Value)>),
    List,
    Other(&'static str),
}

impl<'de> Deserialize<'de> for Top {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Top;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Top::Members(members))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Top, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Top::List)
            }

            fn visit_unit<E>(self) -> Result<Top, E> {
                Ok(Top::Other("null"))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Top, E> {
                Ok(Top::Other("a boolean"))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Top, E> {
                Ok(Top::Other("an integer"))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Top, E> {
                Ok(Top::Other("an integer"))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Top, E> {
                Ok(Top::Other("a float"))
            }

            fn visit_str<E>(self, _: &str) -> Result<Top, E> {
                Ok(Top::Other("a string"))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Why a text is no request.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// It is no JSON.
    Json {
        /// The parameter of a GET, or `None` for the whole text.
        parameter: Option<&'static str>,
        /// Where, in bytes.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// It is JSON, but no object.
    NotAnObject {
        /// What it is, with its article.
        found: &'static str,
    },
    /// It is a list. Several requests in one are off, so that what is bounded for each request is bounded.
    Batch,
    /// The parameter is required.
    Missing {
        /// The parameter.
        parameter: &'static str,
    },
    /// The parameter stands twice, so that two readers could see two requests.
    Repeated {
        /// The parameter.
        parameter: &'static str,
    },
    /// The parameter has the wrong type.
    Type {
        /// The parameter.
        parameter: &'static str,
        /// What it has to be, with its article.
        expected: &'static str,
        /// What it is, with its article.
        found: &'static str,
    },
}

impl RequestError {
    /// The machine code, for `extensions.code`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Batch => "BATCH_NOT_ALLOWED",
            _ => "BAD_REQUEST",
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { parameter: None, offset, what } => {
                write!(f, "the request is no json: {what} at byte {offset}")
            }
            Self::Json { parameter: Some(parameter), offset, what } => {
                write!(f, "the parameter {parameter} is no json: {what} at byte {offset}")
            }
            Self::NotAnObject { found } => write!(f, "the request must be an object, not {found}"),
            Self::Batch => f.write_str("the request must be an object; lists of requests are off"),
            Self::Missing { parameter } => write!(f, "the parameter {parameter} is required"),
            Self::Repeated { parameter } => write!(f, "the parameter {parameter} is given twice"),
            Self::Type { parameter, expected, found } => {
                write!(f, "the parameter {parameter} must be {expected}, not {found}")
            }
        }
    }
}

impl core::error::Error for RequestError {}
