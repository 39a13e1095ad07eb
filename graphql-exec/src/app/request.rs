//! From a request to its execution.

use core::fmt;
use std::sync::Arc;

use super::{
    AppBuilder,
    builder::Inner,
    driver::{Driver, Execution},
    subscription::Subscribing,
};
use crate::{
    error::{GraphqlError, code},
    exec::{Engine, Response},
    limits::Limits,
    plan::Plan,
    request::Request,
    schema::Schema,
    syntax::{Document, OperationType, SelectionKind},
    validate::validate_with,
};

/// A schema with its resolvers. `C` is the context that each request brings. Cheap to clone.
///
/// ```
/// use graphql_exec::{App, Request, Root, Schema, app::Call};
///
/// let schema = Schema::parse("type Query { hello(name: String = \"world\"): String! }").unwrap();
/// let app = App::builder(schema)
///     .field("Query.hello", |_: &Root, call: &Call<&'static str>| {
///         call.arg::<String>("name").map(|name| format!("{}, {name}", call.context))
///     })
///     .build()
///     .unwrap();
/// // Any executor can poll it; this one is a loop.
/// let mut execution = app.execute(&Request::new("{ hello }"), "good morning");
/// let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// let std::task::Poll::Ready(response) = std::pin::Pin::new(&mut execution).poll(&mut cx) else { panic!("no futures") };
/// assert_eq!(response.json(), br#"{"data":{"hello":"good morning, world"}}"#);
/// # use std::future::Future as _;
/// ```
pub struct App<C>(Arc<Inner<C>>);

impl<C: Send + Sync + 'static> App<C> {
    /// Begins an app of a schema.
    #[must_use]
    pub fn builder(schema: Schema) -> AppBuilder<C> {
        AppBuilder::new(schema)
    }

    pub(super) fn from_inner(inner: Inner<C>) -> Self {
        Self(Arc::new(inner))
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.0.schema
    }

    /// The limits of each request.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Reads the document, validates it, coerces the variables and bounds the cost. Nothing is executed.
    ///
    /// # Errors
    /// The response of a request error (§7.1.6).
    pub fn prepare(&self, request: &Request) -> Result<Prepared<C>, Response> {
        let inner = &*self.0;
        let document = Document::parse_with(&request.query, &inner.limits).map_err(Response::from)?;
        validate_with(&inner.schema, &document, &inner.limits, inner.introspection)
            .map_err(Response::from_errors)?;
        if !inner.introspection {
            refuse_introspection(&document).map_err(Response::from)?;
        }
        let plan = Plan::new(
            &inner.schema,
            document.into_owned(),
            request.operation_name.as_deref(),
            &request.variables,
            &inner.limits,
            &inner.costs,
        );
        plan.map(|plan| Prepared { app: self.clone(), plan }).map_err(Response::from_errors)
    }

    /// Executes a query or mutation. What goes wrong is in the response.
    #[must_use = "nothing is executed until it is awaited"]
    pub fn execute(&self, request: &Request, context: C) -> Execution<C> {
        match self.prepare(request) {
            Ok(prepared) => prepared.execute(context),
            Err(response) => Execution::ready(response),
        }
    }

    /// Opens a subscription.
    #[must_use = "nothing is opened until it is awaited"]
    pub fn subscribe(&self, request: &Request, context: C) -> Subscribing<C> {
        match self.prepare(request) {
            Ok(prepared) => prepared.subscribe(context),
            Err(response) => Subscribing::refused(response),
        }
    }
}

fn refuse_introspection(document: &Document<'_>) -> Result<(), GraphqlError> {
    for (_, selection) in document.all_selections() {
        let SelectionKind::Field { name, .. } = selection.kind else { continue };
        if matches!(document.text(name), "__schema" | "__type") {
            let error = GraphqlError::new("introspection is off").with_code(code::VALIDATION_FAILED);
            return Err(error.at(document.source(), selection.span));
        }
    }
    Ok(())
}

impl<C> Clone for App<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for App<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App of {:?}", self.0.schema)
    }
}

/// A request that passed all checks. Cheap to clone.
pub struct Prepared<C> {
    app: App<C>,
    plan: Plan,
}

impl<C: Send + Sync + 'static> Prepared<C> {
    /// What the operation does.
    #[must_use]
    pub fn kind(&self) -> OperationType {
        self.plan.kind()
    }

    /// The operation.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Executes a query or mutation.
    #[must_use = "nothing is executed until it is awaited"]
    pub fn execute(self, context: C) -> Execution<C> {
        if self.kind() == OperationType::Subscription {
            let error =
                GraphqlError::new("a subscription is answered by a stream, which this transport has not");
            return Execution::ready(error.with_code(code::OPERATION_RESOLUTION_FAILURE).into());
        }
        Execution::running(Driver::new(self.engine(), self.app.0, Arc::new(context)))
    }

    /// Opens a subscription.
    #[must_use = "nothing is opened until it is awaited"]
    pub fn subscribe(self, context: C) -> Subscribing<C> {
        if self.kind() != OperationType::Subscription {
            let error = GraphqlError::new("the operation is no subscription");
            return Subscribing::refused(error.with_code(code::OPERATION_RESOLUTION_FAILURE).into());
        }
        Subscribing::open(self.engine(), self.app.0, Arc::new(context))
    }

    fn engine(&self) -> Engine {
        Engine::new(self.app.0.schema.clone(), self.plan.clone(), self.app.0.limits.clone())
    }
}

impl<C> Clone for Prepared<C> {
    fn clone(&self) -> Self {
        Self { app: self.app.clone(), plan: self.plan.clone() }
    }
}

impl<C> fmt::Debug for Prepared<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({})", self.plan.kind())
    }
}
