//! The input of a call: kept as it came, and read when the handler's turn comes.

use std::any::TypeId;
use std::borrow::Cow;

use bytes::Bytes;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

use crate::error::{Code, PathSegment, RpcError};

/// The input of one call, not yet read: whoever may not call is refused before anybody looks at it.
///
/// ```
/// use rpc_typed::RawInput;
///
/// assert_eq!(RawInput::json("[1,2]").parse::<Vec<u8>>()?, [1, 2]);
/// assert_eq!(RawInput::absent().parse::<Option<u8>>()?, None);
///
/// let refused = RawInput::json(r#"{"a":[1,"x"]}"#).parse::<std::collections::BTreeMap<String, Vec<u8>>>();
/// let refused = refused.unwrap_err();
/// assert_eq!(refused.issues()[0].to_string(), r#"a[1]: must be a whole number of its range, not string "x""#);
/// # Ok::<(), rpc_typed::RpcError>(())
/// ```
#[derive(Debug)]
pub struct RawInput(Repr);

#[derive(Debug)]
enum Repr {
    Absent,
    Json(Bytes),
    Refused(RpcError),
}

impl RawInput {
    /// No input: JavaScript's `undefined`.
    #[must_use]
    pub fn absent() -> RawInput {
        RawInput(Repr::Absent)
    }

    /// JSON text, unchecked as yet.
    #[must_use]
    pub fn json(text: impl Into<Bytes>) -> RawInput {
        RawInput(Repr::Json(text.into()))
    }

    /// An input that could not even be separated from the others; the call learns it when it reads.
    #[must_use]
    pub fn refused(error: RpcError) -> RawInput {
        RawInput(Repr::Refused(error))
    }

    /// Reads the input. One that is absent is read as `None` by an `Option`, and by nothing else. What is asked for as
    /// `()` is not read at all.
    ///
    /// # Errors
    /// `BAD_REQUEST`; where the JSON is right and its shape is wrong, with the place as an issue.
    pub fn parse<T: DeserializeOwned + 'static>(self) -> Result<T, RpcError> {
        // As a procedure of tRPC without `.input()`.
        if TypeId::of::<T>() == TypeId::of::<()>() {
            return T::deserialize(Absent).map_err(|_| required());
        }
        match self.0 {
            Repr::Absent => T::deserialize(Absent).map_err(|_| required()),
            Repr::Json(text) => serde_json::from_slice(&text).map_err(|error| explain::<T>(&text, &error)),
            Repr::Refused(error) => Err(error),
        }
    }

    /// Puts the id to resume behind into the input of a subscription: into an object as `lastEventId`, in place of nothing
    /// or null as `{lastEventId}`; other inputs stay as they are (`contentType.ts` of `@trpc/server`).
    #[must_use]
    pub fn resume_behind(self, id: &str) -> RawInput {
        let text = match self.0 {
            Repr::Json(text) => text,
            Repr::Absent => return RawInput(Repr::Json(only_id(id))),
            refused @ Repr::Refused(_) => return RawInput(refused),
        };
        let merged = match text.trim_ascii() {
            b"null" => Some(only_id(id)),
            // One that is no JSON stays, and is refused when the handler reads.
            [b'{', ..] => {
                serde_json::from_slice::<Members<'_>>(&text).ok().map(|members| members.with_id(id))
            }
            _ => None,
        };
        RawInput(Repr::Json(merged.unwrap_or(text)))
    }
}

/// Whether a type can be read where nothing was sent.
pub(crate) fn is_optional<T: DeserializeOwned>() -> bool {
    T::deserialize(Absent).is_ok()
}

fn required() -> RpcError {
    RpcError::new(Code::BadRequest, "an input is required").issue([""; 0], "is required")
}

fn explain<T: DeserializeOwned>(text: &[u8], error: &serde_json::Error) -> RpcError {
    if !error.is_data() {
        return RpcError::new(Code::BadRequest, format!("the input is not valid JSON: {error}"));
    }
    // Again, and this time with the place: only those who err pay for it.
    let mut reader = serde_json::Deserializer::from_slice(text);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => RpcError::from(Code::BadRequest),
        Err(error) => {
            let path: Vec<PathSegment> = error
                .path()
                .iter()
                .filter_map(|segment| match segment {
                    Segment::Seq { index } => Some((*index).into()),
                    Segment::Map { key } => Some(key.as_str().into()),
                    Segment::Enum { variant } => Some(variant.as_str().into()),
                    Segment::Unknown => None,
                })
                .collect();
            let what = error.inner().to_string();
            // Line and column of an input of one line say less than the path.
            let what = what.rfind(" at line ").and_then(|at| what.get(..at)).unwrap_or(&what);
            let refused = RpcError::from(Code::BadRequest).issue(path, plainly(what));
            let message = refused.issues().first().map(ToString::to_string).unwrap_or_default();
            refused.with_message(format!("the input has the wrong shape: {message}"))
        }
    }
}

/// What serde says of a wrong type, without the names that types have in Rust.
fn plainly(what: &str) -> String {
    let parts = what
        .strip_prefix("invalid type: ")
        .or_else(|| what.strip_prefix("invalid value: "))
        .and_then(|rest| rest.split_once(", expected "));
    let Some((found, expected)) = parts else { return what.to_owned() };
    let expected = match expected.split_once(' ').map_or(expected, |(kind, _)| kind) {
        "struct" | "map" => "an object",
        "sequence" | "tuple" => "an array",
        "enum" => "one of the known variants",
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" => "a whole number of its range",
        "f32" | "f64" => "a number",
        _ => expected,
    };
    format!("must be {expected}, not {found}")
}

fn only_id(id: &str) -> Bytes {
    let mut out = Vec::with_capacity(id.len() + 20);
    out.extend_from_slice(b"{\"lastEventId\":");
    crate::wire::write_string(&mut out, id);
    out.push(b'}');
    out.into()
}

/// The members of an object in their order, values unread.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl Members<'_> {
    fn with_id(&self, id: &str) -> Bytes {
        let mut out = vec![b'{'];
        for (name, value) in self.0.iter().filter(|(name, _)| name != "lastEventId") {
            crate::wire::write_string(&mut out, name);
            out.push(b':');
            out.extend_from_slice(value.get().as_bytes());
            out.push(b',');
        }
        out.extend_from_slice(b"\"lastEventId\":");
        crate::wire::write_string(&mut out, id);
        out.push(b'}');
        out.into()
    }
}

impl<'de> de::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

/// What an absent input deserialises from: an option is none, and all else is an error.
struct Absent;

#[derive(Debug)]
struct Required;

impl std::fmt::Display for Required {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an input is required")
    }
}

impl std::error::Error for Required {}

impl de::Error for Required {
    fn custom<T: std::fmt::Display>(_: T) -> Required {
        Required
    }
}

impl<'de> Deserializer<'de> for Absent {
    type Error = Required;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Required> {
        Err(Required)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Required> {
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Required> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Required> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Required> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit_struct seq tuple tuple_struct map struct enum identifier
    }
}
