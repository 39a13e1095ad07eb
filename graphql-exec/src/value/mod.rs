//! Input values: what variables, arguments and defaults hold.

mod args;
pub(crate) mod coerce;
mod convert;
pub(crate) mod json;
mod serde_impl;

use core::fmt;
use std::{collections::HashMap, sync::Arc};

pub use args::Arguments;
pub use coerce::{CoerceError, coerce_value};
pub use convert::FromValue;

/// A value of the input side: JSON with enums (GraphQL September 2025, §2.9).
///
/// Object fields keep the order in which they were given.
#[derive(Clone, Default, PartialEq)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or an exponent, or one that 64 bits do not hold.
    Float(f64),
    /// A text.
    String(Arc<str>),
    /// The name of an enum value. JSON has no such thing: there it is a text.
    Enum(Arc<str>),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The text of a string or an enum value.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::Enum(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(int) = self { Some(*int) } else { None }
    }

    /// The object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// Whether this is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        json::write_value(self, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    /// What it is, for a message.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::String(_) => "a string",
            Self::Enum(_) => "an enum value",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

macro_rules! from {
    ($($from:ty => |$value:ident| $into:expr),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $into
            }
        }
    )*};
}

from! {
    bool => |value| Self::Boolean(value),
    i32 => |value| Self::Int(value.into()),
    i64 => |value| Self::Int(value),
    u32 => |value| Self::Int(value.into()),
    f64 => |value| Self::Float(value),
    &str => |value| Self::String(value.into()),
    String => |value| Self::String(value.into()),
    Arc<str> => |value| Self::String(value),
    Object => |value| Self::Object(value),
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Names with values, in the order in which they were given; each name once.
#[derive(Clone, Default, PartialEq)]
pub struct Object {
    entries: Vec<(Arc<str>, Value)>,
}

/// Up to so many entries a search from the front is fastest.
const SMALL: usize = 16;

impl Object {
    /// An object without entries.
    #[must_use]
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// The value of `key`. Takes time linear in the entries.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find(|(name, _)| **name == *key).map(|(_, value)| value)
    }

    /// Sets `key`, in its old place where it has one. Takes time linear in the entries.
    pub fn insert(&mut self, key: &str, value: Value) {
        match self.entries.iter_mut().find(|(name, _)| **name == *key) {
            Some((_, old)) => *old = value,
            None => self.entries.push((key.into(), value)),
        }
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }

    /// How many entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Appends an entry whose name is known to be new.
    pub(crate) fn push(&mut self, key: Arc<str>, value: Value) {
        self.entries.push((key, value));
    }

    /// The object of `entries`; of a name that is there twice the last value stays. Takes time linear in the entries.
    pub(crate) fn collect(entries: Vec<(Arc<str>, Value)>) -> Self {
        if entries.len() <= SMALL {
            let mut object = Self { entries: Vec::with_capacity(entries.len()) };
            for (key, value) in entries {
                match object.entries.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, old)) => *old = value,
                    None => object.entries.push((key, value)),
                }
            }
            return object;
        }
        let mut places: HashMap<Arc<str>, usize> = HashMap::with_capacity(entries.len());
        let mut object = Self { entries: Vec::with_capacity(entries.len()) };
        for (key, value) in entries {
            if let Some(&place) = places.get(&key) {
                object.entries[place].1 = value;
            } else {
                places.insert(Arc::clone(&key), object.entries.len());
                object.entries.push((key, value));
            }
        }
        object
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl IntoIterator for Object {
    type Item = (Arc<str>, Value);
    type IntoIter = std::vec::IntoIter<(Arc<str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<K: Into<Arc<str>>, V: Into<Value>> FromIterator<(K, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self::collect(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}
