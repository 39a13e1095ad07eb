//! Which function resolves which field.

use core::{any::type_name, fmt, future::Future, hash::Hash, marker::PhantomData};
use std::sync::Arc;

use futures_core::Stream;

use super::{BoxFuture, BoxStream, Call, Loader, Resolver, load, request::App};
use crate::{
    coord::Coordinate,
    error::{GraphqlError, code},
    exec::{ObjectRef, Output, Parent, Property, Resolved, Typed},
    limits::Limits,
    plan::{Cost, Costs},
    schema::{FieldId, Schema, TypeKind},
    syntax::OperationType,
};

pub(super) struct Inner<C> {
    pub(super) schema: Schema,
    /// For each field of the schema.
    pub(super) resolvers: Vec<Option<Resolver<C>>>,
    pub(super) limits: Limits,
    pub(super) costs: Costs,
    pub(super) batching: bool,
    pub(super) introspection: bool,
}

/// Takes a resolver for each field, then makes an [`App`].
///
/// A field is named by its coordinate, such as `User.posts`. What is wrong with a coordinate, and each field without a
/// resolver, is reported by [`build`](Self::build).
pub struct AppBuilder<C> {
    inner: Inner<C>,
    problems: Vec<Problem>,
}

/// The parent is of another Rust type than its resolver takes.
pub(super) fn wrong_parent(parent: &ObjectRef) -> GraphqlError {
    let message =
        format!("an object of type {} is of another Rust type than its resolver takes", parent.type_name());
    GraphqlError::new(message).with_code(code::INTERNAL_SERVER_ERROR)
}

impl<C: Send + Sync + 'static> AppBuilder<C> {
    pub(super) fn new(schema: Schema) -> Self {
        let resolvers = (0..schema.field_count()).map(|_| None).collect();
        let (limits, costs) = (Limits::DEFAULT, Costs::default());
        let inner = Inner { schema, resolvers, limits, costs, batching: true, introspection: true };
        Self { inner, problems: Vec::new() }
    }

    /// A field that is a property of its parent: a text, a number, an option or list of these. It is written from where it
    /// is, without a copy.
    ///
    /// ```
    /// # struct User { name: String, tags: Vec<String> }
    /// # impl graphql_exec::Typed for User { const NAME: &'static str = "User"; }
    /// # fn with(builder: graphql_exec::app::AppBuilder<()>) -> graphql_exec::app::AppBuilder<()> {
    /// builder.property("User.name", |user: &User| &user.name).property("User.tags", |user: &User| &user.tags)
    /// # }
    /// ```
    #[must_use]
    pub fn property<P, R>(
        self,
        coordinate: &str,
        read: impl for<'p> Fn(&'p P) -> &'p R + Send + Sync + 'static,
    ) -> Self
    where
        P: Typed,
        R: Property + ?Sized + 'static,
    {
        self.set::<P>(
            coordinate,
            Resolver::Sync(Box::new(move |batch, _| {
                batch.write(|parent, cell| match parent.get::<P>() {
                    Some(parent) => read(parent).write(cell),
                    None => cell.error(wrong_parent(parent)),
                });
            })),
        )
    }

    /// A field that is resolved at once, by a function of its parent and the call: arguments, context, info.
    ///
    /// ```
    /// use graphql_exec::{App, GraphqlError, Request, Root, Schema, app::Call};
    ///
    /// let schema = Schema::parse("type Query { twice(of: Int!): Int! }").unwrap();
    /// let app = App::builder(schema)
    ///     .field("Query.twice", |_: &Root, call: &Call<()>| -> Result<i32, GraphqlError> { Ok(call.arg::<i32>("of")? * 2) })
    ///     .build()
    ///     .unwrap();
    /// # let _ = app;
    /// ```
    #[must_use]
    pub fn field<P: Typed, R: Output>(
        self,
        coordinate: &str,
        resolve: impl Fn(&P, &Call<C>) -> R + Send + Sync + 'static,
    ) -> Self {
        self.set::<P>(
            coordinate,
            Resolver::Sync(Box::new(move |batch, call| {
                batch.fill(|parent| match parent.get::<P>() {
                    Some(parent) => resolve(parent, call).into_resolved(),
                    None => Resolved::Error(wrong_parent(parent)),
                });
            })),
        )
    }

    /// A field that is resolved by a future, one for each parent. All that are wanted at a time are in flight together.
    #[must_use]
    pub fn field_async<P, F>(
        self,
        coordinate: &str,
        resolve: impl Fn(Parent<P>, Arc<Call<C>>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        P: Typed,
        F: Future + Send + 'static,
        F::Output: Output,
    {
        self.set::<P>(
            coordinate,
            Resolver::Async(Box::new(move |object, call| match Parent::new(object.clone()) {
                Some(parent) => {
                    let future = resolve(parent, call);
                    Box::pin(async move { future.await.into_resolved() })
                }
                None => Box::pin(core::future::ready(Resolved::Error(wrong_parent(&object)))),
            })),
        )
    }

    /// A field that is resolved by one future for all parents of a layer. It gives one value for each, in their order.
    #[must_use]
    pub fn batch<P, F, T, E>(
        self,
        coordinate: &str,
        resolve: impl Fn(Vec<Parent<P>>, Arc<Call<C>>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        P: Typed,
        F: Future<Output = Result<Vec<T>, E>> + Send + 'static,
        T: Output,
        E: Into<GraphqlError>,
    {
        self.set::<P>(
            coordinate,
            Resolver::Batch(Box::new(move |objects, call| {
                let count = objects.len();
                let parents: Option<Vec<Parent<P>>> = objects.iter().cloned().map(Parent::new).collect();
                let Some(parents) = parents else {
                    return Box::pin(core::future::ready(
                        objects.iter().map(|object| Resolved::Error(wrong_parent(object))).collect(),
                    ));
                };
                let future = resolve(parents, call);
                Box::pin(async move {
                    match future.await {
                        Ok(values) => values.into_iter().map(T::into_resolved).collect(),
                        Err(error) => vec![Resolved::Error(error.into()); count],
                    }
                })
            })),
        )
    }

    /// A field whose value a loader reads by a key of the parent. Keys are collected, each once, and read together as soon as
    /// nothing else can go on.
    #[must_use]
    pub fn load<P, K>(
        self,
        coordinate: &str,
        key: impl Fn(&P, &Call<C>) -> K + Send + Sync + 'static,
        loader: &Loader<C, K>,
    ) -> Self
    where
        P: Typed,
        K: Clone + Eq + Hash + Send + Sync + 'static,
    {
        self.set::<P>(
            coordinate,
            Resolver::Load(Box::new(load::Field { loader: loader.clone(), key, of: PhantomData })),
        )
    }

    /// The source of a field of the subscription type: a stream of values of the field.
    #[must_use]
    pub fn subscribe<F, S, E>(
        mut self,
        coordinate: &str,
        open: impl Fn(Arc<Call<C>>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<S, E>> + Send + 'static,
        S: Stream + Send + 'static,
        S::Item: Output,
        E: Into<GraphqlError>,
    {
        let resolver = Resolver::Subscribe(Box::new(move |call| {
            let source = open(call);
            let future: BoxFuture<Result<BoxStream<Resolved>, GraphqlError>> = Box::pin(async move {
                match source.await {
                    Ok(source) => Ok(Box::pin(Events(Box::pin(source))) as BoxStream<Resolved>),
                    Err(error) => Err(error.into()),
                }
            });
            future
        }));
        if let Some(field) = self.find(coordinate) {
            let parent = self.inner.schema.field_def(field).parent;
            if self.inner.schema.root(OperationType::Subscription) == Some(parent) {
                self.put(coordinate, field, resolver);
            } else {
                self.problems.push(Problem::NoSubscription { coordinate: coordinate.to_owned() });
            }
        }
        self
    }

    /// What a field costs towards [`Limits::max_complexity`]; 1 without this.
    #[must_use]
    pub fn cost(mut self, coordinate: &str, cost: Cost) -> Self {
        if let Some(field) = self.find(coordinate) {
            self.inner.costs.set(field, cost);
        }
        self
    }

    /// The limits of each request; [`Limits::DEFAULT`] without this.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.inner.limits = limits;
        self
    }

    /// Whether loaders collect keys; without it each key is read alone. On by default; off is for comparison.
    #[must_use]
    pub fn batching(mut self, on: bool) -> Self {
        self.inner.batching = on;
        self
    }

    /// Whether clients may ask for `__schema` and `__type`. On by default; where it is off, errors suggest no names either.
    #[must_use]
    pub fn introspection(mut self, on: bool) -> Self {
        self.inner.introspection = on;
        self
    }

    /// The app, if each field of each object type has a resolver.
    ///
    /// # Errors
    /// All that is wrong with the resolvers.
    pub fn build(mut self) -> Result<App<C>, BuildError> {
        let schema = &self.inner.schema;
        for id in schema.type_ids().filter(|&id| !schema.is_built_in(id)) {
            let ty = schema.ty(id);
            if ty.kind != TypeKind::Object {
                continue;
            }
            for field in schema.field_ids(id) {
                if self.inner.resolvers[field.index()].is_none() {
                    let coordinate = format!("{}.{}", ty.name, schema.field_def(field).name);
                    self.problems.push(Problem::Missing { coordinate });
                }
            }
        }
        if self.problems.is_empty() {
            Ok(App::from_inner(self.inner))
        } else {
            Err(BuildError { problems: self.problems })
        }
    }

    /// The field of a coordinate.
    fn find(&mut self, coordinate: &str) -> Option<FieldId> {
        let schema = &self.inner.schema;
        let field = match Coordinate::parse(coordinate) {
            Some(Coordinate::Member { ty, member }) => schema
                .type_id(ty)
                .filter(|&id| schema.ty(id).kind == TypeKind::Object && !schema.is_built_in(id))
                .and_then(|id| schema.field_ids(id).find(|&field| *schema.field_def(field).name == *member)),
            _ => None,
        };
        if field.is_none() {
            self.problems.push(Problem::NoField { coordinate: coordinate.to_owned() });
        }
        field
    }

    /// Sets the resolver of a field whose parent is `P`.
    fn set<P: Typed>(mut self, coordinate: &str, resolver: Resolver<C>) -> Self {
        let Some(field) = self.find(coordinate) else { return self };
        let schema = &self.inner.schema;
        let parent = schema.field_def(field).parent;
        let is_root = [OperationType::Query, OperationType::Mutation]
            .iter()
            .any(|&kind| schema.root(kind) == Some(parent));
        let fits = if P::NAME.is_empty() { is_root } else { schema.ty(parent).name == *P::NAME };
        if !fits {
            self.problems
                .push(Problem::WrongParent { coordinate: coordinate.to_owned(), found: type_name::<P>() });
            return self;
        }
        self.put(coordinate, field, resolver);
        self
    }

    fn put(&mut self, coordinate: &str, field: FieldId, resolver: Resolver<C>) {
        if self.inner.resolvers[field.index()].replace(resolver).is_some() {
            self.problems.push(Problem::Repeated { coordinate: coordinate.to_owned() });
        }
    }
}

impl<C> fmt::Debug for AppBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppBuilder of {:?}", self.inner.schema)
    }
}

/// A source as what the engine takes.
struct Events<S>(core::pin::Pin<Box<S>>);

impl<S: Stream> Stream for Events<S>
where
    S::Item: Output,
{
    type Item = Resolved;

    fn poll_next(
        mut self: core::pin::Pin<&mut Self>,
        cx: &mut core::task::Context<'_>,
    ) -> core::task::Poll<Option<Resolved>> {
        self.0.as_mut().poll_next(cx).map(|item| item.map(Output::into_resolved))
    }
}

/// What is wrong with one resolver.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No object type has such a field.
    NoField {
        /// What was named.
        coordinate: String,
    },
    /// The field has no resolver.
    Missing {
        /// The field.
        coordinate: String,
    },
    /// The field has two resolvers.
    Repeated {
        /// The field.
        coordinate: String,
    },
    /// The resolver takes a Rust type that stands for another type of the schema.
    WrongParent {
        /// The field.
        coordinate: String,
        /// The Rust type.
        found: &'static str,
    },
    /// The field is not one of the subscription type.
    NoSubscription {
        /// The field.
        coordinate: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoField { coordinate } => {
                write!(f, "`{coordinate}` is no field of an object type of the schema")
            }
            Self::Missing { coordinate } => write!(f, "`{coordinate}` has no resolver"),
            Self::Repeated { coordinate } => write!(f, "`{coordinate}` has two resolvers"),
            Self::WrongParent { coordinate, found } => {
                write!(f, "the resolver of `{coordinate}` takes a `{found}`, which stands for another type")
            }
            Self::NoSubscription { coordinate } => {
                write!(f, "`{coordinate}` is no field of the subscription type")
            }
        }
    }
}

/// Why there is no [`App`]: all that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    problems: Vec<Problem>,
}

impl BuildError {
    /// Each problem.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl core::error::Error for BuildError {}
