//! What the three formats share in reading and writing JSON.

use alloc::{
    borrow::Cow,
    string::{String, ToString as _},
};

use bytes::BytesMut;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::AiError;
use crate::{EventRef, Frame};

/// Reads data of this type, lending strings without escapes.
pub(super) fn parse<'a, T: Deserialize<'a>>(event: EventRef<'a>) -> Result<T, AiError> {
    serde_json::from_str(event.data()).map_err(|source| AiError::Data {
        event: event.event().into(),
        raw: event.data().into(),
        source,
    })
}

/// The `type` in the data of an event; `None` if it is no object or has none.
pub(super) fn type_of<'a>(event: EventRef<'a>) -> Result<Option<Cow<'a, str>>, AiError> {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(rename = "type", borrow, default)]
        kind: Option<Lent<'a>>,
    }
    if let Ok(Typed { kind }) = serde_json::from_str(event.data()) {
        return Ok(kind.map(|Lent(kind)| kind));
    }
    // Valid JSON of another shape has no type; the rest is an error.
    parse::<serde::de::IgnoredAny>(event).map(|_| None)
}

/// A string that is lent where it has no escapes.
#[derive(Deserialize)]
struct Lent<'a>(#[serde(borrow)] Cow<'a, str>);

/// An optional string that is lent where it has no escapes; serde alone would copy it.
pub(super) fn lent<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    Ok(Option::<Lent<'a>>::deserialize(from)?.map(|Lent(text)| text))
}

/// The default for `null`.
pub(super) fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

pub(super) fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// Whether brackets nest deeper than `max`. What is no JSON may give any answer: it is no value that anybody could walk.
pub(super) fn is_deeper(json: &str, max: usize) -> bool {
    let opens = |byte: &&u8| matches!(byte, b'[' | b'{');
    // As many levels as brackets at most, and they are counted much faster than followed.
    if json.as_bytes().iter().filter(opens).count() <= max {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Takes over what is there and not null; later values replace earlier ones.
pub(super) fn replace(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (name, value) in from {
        if !value.is_null() {
            into.insert(name.clone(), value.clone());
        }
    }
}

/// Adds the fields of a delta that have no name here: text is appended, lists grow, entries with an `index` are merged.
pub(super) fn merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (name, value) in from {
        match into.get_mut(name) {
            _ if value.is_null() => {}
            Some(held) if name != "type" && name != "index" => merge_value(held, value),
            _ => {
                into.insert(name.clone(), value.clone());
            }
        }
    }
}

fn merge_value(held: &mut Value, value: &Value) {
    match (held, value) {
        (Value::String(held), Value::String(more)) => held.push_str(more),
        (Value::Object(held), Value::Object(more)) => merge(held, more),
        (Value::Array(held), Value::Array(more)) => {
            for entry in more {
                match index_of(entry).and_then(|index| held.get_mut(index)) {
                    Some(old) => merge_value(old, entry),
                    None => held.push(entry.clone()),
                }
            }
        }
        (held, value) => *held = value.clone(),
    }
}

fn index_of(entry: &Value) -> Option<usize> {
    usize::try_from(entry.get("index")?.as_u64()?).ok()
}

/// Finds the entry with this index in a list that is sorted by it, or the place where it would stand.
pub(super) fn place<T>(list: &[T], index: u32, of: impl Fn(&T) -> u32) -> Result<usize, usize> {
    // Deltas are nearly always for the last entry.
    match list.last() {
        Some(last) if of(last) == index => Ok(list.len() - 1),
        _ => list.binary_search_by_key(&index, of),
    }
}

/// Writes an event with this value as JSON.
pub(super) fn put<T: Serialize + ?Sized>(event: Option<&str>, value: &T, out: &mut BytesMut) {
    frame(event, value).encode_into(out);
}

/// A frame with this value as JSON.
#[expect(
    clippy::expect_used,
    reason = "every value written here is made of structs, strings, numbers and maps with string keys, which serde_json \
              writes into memory without fail; the event types are constants or were checked by a parser"
)]
pub(super) fn frame<T: Serialize + ?Sized>(event: Option<&str>, value: &T) -> Frame<'static> {
    let frame = Frame::json(value).expect("a value that is JSON");
    match event {
        Some(event) => frame.event(event.to_string()).expect("an event type without newline"),
        None => frame,
    }
}
