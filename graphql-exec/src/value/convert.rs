//! From coerced values to the types of a resolver.

use std::sync::Arc;

use super::{Object, Value};

/// What a resolver can read from a coerced argument or input field.
///
/// The schema has checked the value already, so a mismatch means that the resolver and the schema disagree.
pub trait FromValue: Sized {
    /// What is expected, for the message.
    const EXPECTED: &'static str;

    /// The value, if it is of this type.
    fn from_value(value: &Value) -> Option<Self>;

    /// The value of an argument that was not given.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

macro_rules! from_value {
    ($($type:ty, $expected:literal, $pattern:pat => $into:expr;)*) => {$(
        impl FromValue for $type {
            const EXPECTED: &'static str = $expected;

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    $pattern => $into,
                    _ => None,
                }
            }
        }
    )*};
}

from_value! {
    bool, "a boolean", Value::Boolean(value) => Some(*value);
    i32, "a 32-bit integer", Value::Int(value) => i32::try_from(*value).ok();
    i64, "an integer", Value::Int(value) => Some(*value);
    u32, "an integer from 0", Value::Int(value) => u32::try_from(*value).ok();
    u64, "an integer from 0", Value::Int(value) => u64::try_from(*value).ok();
    usize, "an integer from 0", Value::Int(value) => usize::try_from(*value).ok();
    String, "a string", Value::String(value) | Value::Enum(value) => Some(value.as_ref().to_owned());
    Arc<str>, "a string", Value::String(value) | Value::Enum(value) => Some(Arc::clone(value));
    Object, "an object", Value::Object(value) => Some(value.clone());
}

impl FromValue for f64 {
    const EXPECTED: &'static str = "a number";

    #[expect(
        clippy::cast_precision_loss,
        reason = "an integer where a float is expected is its nearest float (§3.5.2)"
    )]
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Float(value) => Some(*value),
            Value::Int(value) => Some(*value as Self),
            _ => None,
        }
    }
}

impl FromValue for Value {
    const EXPECTED: &'static str = "a value";

    fn from_value(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_value(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_value(value).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    const EXPECTED: &'static str = "a list";

    fn from_value(value: &Value) -> Option<Self> {
        value.as_list()?.iter().map(T::from_value).collect()
    }
}
