//! The builder of a service.

use crate::limits::Limits;
use crate::problem::ToProblem;
use crate::route::{RouteError, Table};
use crate::tower::body::Body;
use crate::tower::resource::{BoxFuture, Guard, Handler, Policy, Resource, guard};
use crate::tower::respond::{IntoResponse, Response};
use crate::tower::service::{ApiService, Shared};
use core::convert::Infallible;
use core::future::poll_fn;
use http::Request;
use http::request::Parts;
use std::sync::Arc;
use std::time::SystemTime;
use tower_service::Service;

/// A set of resources with a shared state, to become a service.
///
/// ```
/// use rest_core::tower::{Api, Context, Resource};
/// use rest_core::{Problem, Reply};
/// async fn hello(cx: Context<String>) -> Result<Reply, Problem> {
///     Reply::ok().json(cx.state())
/// }
/// let service = Api::new("hello".to_owned())
///     .resource("/greeting", Resource::new().get(hello))
///     .into_service()?;
/// # let _ = service;
/// # Ok::<(), rest_core::route::RouteError>(())
/// ```
pub struct Api<S> {
    state: S,
    resources: Vec<(String, Resource<S>)>,
    mounts: Vec<(String, Mount)>,
    fallback: Option<Mount>,
    guards: Vec<Guard>,
    limits: Limits,
    clock: Clock,
}

pub(crate) type Mount = Arc<dyn Fn(Request<Body>) -> BoxFuture<Response> + Send + Sync>;
pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What a route of the service leads to.
pub(crate) enum Target<S> {
    Handler(Handler<S>, Arc<Policy>),
    Mount(Mount),
}

impl<S: Send + Sync + 'static> Api<S> {
    /// No resources. `state` is what each handler finds in [`Context::state`](crate::tower::Context::state).
    pub fn new(state: S) -> Api<S> {
        Api {
            state,
            resources: Vec::new(),
            mounts: Vec::new(),
            fallback: None,
            guards: Vec::new(),
            limits: Limits::DEFAULT,
            clock: Arc::new(system_clock),
        }
    }

    /// Adds a resource at a pattern such as `/users/{id}`.
    #[must_use]
    pub fn resource(mut self, pattern: impl Into<String>, resource: Resource<S>) -> Self {
        self.resources.push((pattern.into(), resource));
        self
    }

    /// Mounts another service at a pattern, for every method that no resource takes there: CONNECT, and with it
    /// WebSocket over HTTP/2, included. The path stays whole; the parameters are in the extensions of its request as
    /// [`PathParams`](crate::tower::PathParams). Nothing is added to its answers, and guards do not apply.
    #[must_use]
    pub fn service<V, R>(mut self, pattern: impl Into<String>, service: V) -> Self
    where
        V: Service<Request<Body>, Response = R, Error = Infallible> + Clone + Send + Sync + 'static,
        V::Future: Send,
        R: IntoResponse + 'static,
    {
        self.mounts.push((pattern.into(), mount(service)));
        self
    }

    /// Sets the service for paths that no pattern matches, instead of the 404 problem.
    #[must_use]
    pub fn fallback<V, R>(mut self, service: V) -> Self
    where
        V: Service<Request<Body>, Response = R, Error = Infallible> + Clone + Send + Sync + 'static,
        V::Future: Send,
        R: IntoResponse + 'static,
    {
        self.fallback = Some(mount(service));
        self
    }

    /// Adds a check that runs before each handler of each resource, such as authentication. OPTIONS, 404 and 405 come
    /// before it.
    ///
    /// ```
    /// use rest_core::auth::{Token, authenticate};
    /// use rest_core::tower::Api;
    /// let token = Token::new("abc123");
    /// let api = Api::new(()).guard(move |request| match request.method.is_safe() {
    ///     true => Ok(()),
    ///     false => authenticate(&request.headers, &token),
    /// });
    /// # let _ = api;
    /// ```
    #[must_use]
    pub fn guard<E: ToProblem>(
        mut self,
        check: impl Fn(&Parts) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        self.guards.push(guard(check));
        self
    }

    /// Sets other bounds than the default ones.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the wall clock, which is the system's otherwise.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The service.
    ///
    /// # Errors
    /// The first [`RouteError`]: a pattern that is none, two that cannot be told apart, a method set twice.
    pub fn into_service(self) -> Result<ApiService<S>, RouteError> {
        let mut table = Table::with_limits(self.limits.clone());
        for (pattern, resource) in self.resources {
            let policy = Arc::new(Policy {
                guards: self.guards.iter().cloned().chain(resource.policy.guards).collect(),
                ..resource.policy
            });
            for (method, handler) in resource.handlers {
                table.insert(&pattern, method, Target::Handler(handler, Arc::clone(&policy)))?;
            }
        }
        for (pattern, mount) in self.mounts {
            table.insert_any(&pattern, Target::Mount(mount))?;
        }
        Ok(ApiService::new(Shared {
            state: Arc::new(self.state),
            table,
            fallback: self.fallback,
            limits: Arc::new(self.limits),
            clock: self.clock,
        }))
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "this is the adapter: the one place where the crate reads a clock"
)]
fn system_clock() -> SystemTime {
    SystemTime::now()
}

fn mount<V, R>(service: V) -> Mount
where
    V: Service<Request<Body>, Response = R, Error = Infallible> + Clone + Send + Sync + 'static,
    V::Future: Send,
    R: IntoResponse + 'static,
{
    Arc::new(move |request| {
        let mut service = service.clone();
        Box::pin(async move {
            let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
            let Ok(answer) = service.call(request).await;
            answer.into_response()
        })
    })
}
