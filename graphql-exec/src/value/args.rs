//! The coerced arguments of a field.

use super::{FromValue, Object, Value};
use crate::error::{GraphqlError, code};

/// The arguments of a field, coerced, with defaults filled in (§6.4.1).
///
/// ```
/// use graphql_exec::{Value, value::{Arguments, Object}};
///
/// let arguments = Arguments::from(Object::from_iter([("limit", 20)]));
/// assert_eq!(arguments.get::<usize>("limit")?, 20);
/// assert_eq!(arguments.get::<Option<String>>("after")?, None);
/// # Ok::<(), graphql_exec::GraphqlError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments(Object);

impl Arguments {
    /// The argument as the type that the resolver needs. One that was not given and has no default is `None` of an `Option`.
    ///
    /// # Errors
    /// The argument is not of that type. The schema has checked what the client sent, so this is a mistake of the resolver:
    /// `INTERNAL_SERVER_ERROR`.
    pub fn get<T: FromValue>(&self, name: &str) -> Result<T, GraphqlError> {
        read(&self.0, name)
    }

    /// The argument as it is, if it was given or has a default.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All arguments.
    #[must_use]
    pub const fn as_object(&self) -> &Object {
        &self.0
    }
}

impl From<Object> for Arguments {
    fn from(object: Object) -> Self {
        Self(object)
    }
}

impl Object {
    /// The entry as the type that the resolver needs, as [`Arguments::get`] does for input objects.
    ///
    /// # Errors
    /// The entry is not of that type, or not there and the type is no `Option`.
    pub fn read<T: FromValue>(&self, name: &str) -> Result<T, GraphqlError> {
        read(self, name)
    }
}

fn read<T: FromValue>(object: &Object, name: &str) -> Result<T, GraphqlError> {
    let value = object.get(name);
    value.map_or_else(T::absent, T::from_value).ok_or_else(|| {
        let found = value.map_or("nothing", Value::kind);
        GraphqlError::new(format!(
            "the resolver wants {} as `{name}`, but the schema gave {found}",
            T::EXPECTED
        ))
        .with_code(code::INTERNAL_SERVER_ERROR)
    })
}
