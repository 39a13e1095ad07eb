//! What resolvers give.

use core::{any::Any, fmt, marker::PhantomData, ops::Deref};
use std::sync::Arc;

use crate::{error::GraphqlError, value::Value};

/// A Rust type whose values are objects of one GraphQL object type.
///
/// ```
/// struct User {
///     name: String,
/// }
/// impl graphql_exec::Typed for User {
///     const NAME: &'static str = "User";
/// }
/// ```
pub trait Typed: Send + Sync + 'static {
    /// The name of the object type.
    const NAME: &'static str;
}

/// The parent of the fields of a root operation type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root;

impl Typed for Root {
    /// Stands for whichever root type it is.
    const NAME: &'static str = "";
}

type Shared = Arc<dyn Any + Send + Sync>;

/// An object that a resolver gave: a Rust value with the name of its GraphQL type. Cheap to clone.
///
/// Where a field has an interface or a union as its type, resolvers give these, since the Rust types differ.
#[derive(Clone)]
pub struct ObjectRef {
    data: Shared,
    /// The place in a `Vec` of objects, or [`WHOLE`] where `data` is the object itself.
    index: u32,
    name: &'static str,
}

const WHOLE: u32 = u32::MAX;

impl ObjectRef {
    /// The object `value`.
    #[must_use]
    pub fn of<T: Typed>(value: T) -> Self {
        Self::shared(Arc::new(value))
    }

    /// The object `value`, which others hold too.
    #[must_use]
    pub fn shared<T: Typed>(value: Arc<T>) -> Self {
        Self { data: value, index: WHOLE, name: T::NAME }
    }

    pub(crate) fn internal<T: Send + Sync + 'static>(value: T, name: &'static str) -> Self {
        Self { data: Arc::new(value), index: WHOLE, name }
    }

    /// The Rust value, if it is of this type.
    #[inline]
    #[must_use]
    pub fn get<T: 'static>(&self) -> Option<&T> {
        if self.index == WHOLE {
            self.data.downcast_ref()
        } else {
            self.data.downcast_ref::<Vec<T>>()?.get(self.index as usize)
        }
    }

    /// The name of its GraphQL type.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Debug for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectRef({})", self.name)
    }
}

/// Objects of one type that lie side by side, so that a list of them is one allocation.
#[derive(Clone)]
pub struct Objects {
    data: Shared,
    count: u32,
    name: &'static str,
}

impl Objects {
    /// The objects `values`.
    #[must_use]
    pub fn of<T: Typed>(values: Vec<T>) -> Self {
        Self::shared(Arc::new(values))
    }

    /// The objects `values`, which others hold too.
    #[must_use]
    pub fn shared<T: Typed>(values: Arc<Vec<T>>) -> Self {
        // More would cross every limit of cells.
        let count = u32::try_from(values.len()).unwrap_or(WHOLE - 1);
        Self { data: values, count, name: T::NAME }
    }

    pub(crate) fn internal<T: Send + Sync + 'static>(values: Vec<T>, name: &'static str) -> Self {
        let count = u32::try_from(values.len()).unwrap_or(WHOLE - 1);
        Self { data: Arc::new(values), count, name }
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ObjectRef> + '_ {
        (0..self.count).map(|index| ObjectRef { data: Arc::clone(&self.data), index, name: self.name })
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.count, self.name)
    }
}

/// What a resolver gave for one parent, before the schema is asked whether it fits.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Resolved {
    /// `null`.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text, also the value of an enum or an id.
    Text(Arc<str>),
    /// A list.
    List(Vec<Resolved>),
    /// A list of objects of one Rust type.
    Objects(Objects),
    /// An object.
    Object(ObjectRef),
    /// Any value, for custom scalars.
    Value(Value),
    /// The field failed.
    Error(GraphqlError),
}

/// What can be given by a resolver.
///
/// Objects are the types that are [`Typed`]; a `Vec` of them stays one allocation. A resolver that can fail gives a `Result`
/// whose error turns into a [`GraphqlError`].
pub trait Output {
    /// The value as the engine takes it.
    fn into_resolved(self) -> Resolved;

    /// A list of such values as the engine takes it.
    fn list(values: Vec<Self>) -> Resolved
    where
        Self: Sized,
    {
        Resolved::List(values.into_iter().map(Self::into_resolved).collect())
    }
}

impl<T: Typed> Output for T {
    fn into_resolved(self) -> Resolved {
        Resolved::Object(ObjectRef::of(self))
    }

    fn list(values: Vec<Self>) -> Resolved {
        Resolved::Objects(Objects::of(values))
    }
}

impl<T: Output> Output for Vec<T> {
    fn into_resolved(self) -> Resolved {
        T::list(self)
    }
}

impl<T: Output> Output for Option<T> {
    fn into_resolved(self) -> Resolved {
        self.map_or(Resolved::Null, T::into_resolved)
    }
}

impl<T: Output, E: Into<GraphqlError>> Output for Result<T, E> {
    fn into_resolved(self) -> Resolved {
        match self {
            Ok(value) => value.into_resolved(),
            Err(error) => Resolved::Error(error.into()),
        }
    }
}

impl<T: Typed> Output for Arc<T> {
    fn into_resolved(self) -> Resolved {
        Resolved::Object(ObjectRef::shared(self))
    }
}

impl<T: Typed> Output for Arc<Vec<T>> {
    fn into_resolved(self) -> Resolved {
        Resolved::Objects(Objects::shared(self))
    }
}

macro_rules! output {
    ($($type:ty => |$value:ident| $into:expr),* $(,)?) => {$(
        impl Output for $type {
            fn into_resolved(self) -> Resolved {
                let $value = self;
                $into
            }
        }
    )*};
}

output! {
    Resolved => |value| value,
    ObjectRef => |value| Resolved::Object(value),
    Objects => |value| Resolved::Objects(value),
    Value => |value| Resolved::Value(value),
    bool => |value| Resolved::Boolean(value),
    i32 => |value| Resolved::Int(value.into()),
    i64 => |value| Resolved::Int(value),
    u32 => |value| Resolved::Int(value.into()),
    f64 => |value| Resolved::Float(value),
    String => |value| Resolved::Text(value.into()),
    &'static str => |value| Resolved::Text(value.into()),
    Arc<str> => |value| Resolved::Text(value),
}

/// The parent object of an async resolver, kept alive by it.
pub struct Parent<P> {
    object: ObjectRef,
    of: PhantomData<fn() -> P>,
}

impl<P: 'static> Parent<P> {
    /// The parent, if it is of this Rust type.
    pub(crate) fn new(object: ObjectRef) -> Option<Self> {
        object.get::<P>()?;
        Some(Self { object, of: PhantomData })
    }
}

impl<P> Clone for Parent<P> {
    fn clone(&self) -> Self {
        Self { object: self.object.clone(), of: PhantomData }
    }
}

impl<P: 'static> Deref for Parent<P> {
    type Target = P;

    #[expect(clippy::expect_used, reason = "`new` found a value of this type, and it cannot be replaced")]
    fn deref(&self) -> &P {
        self.object.get().expect("checked when it was made")
    }
}

impl<P> fmt::Debug for Parent<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.object.fmt(f)
    }
}
