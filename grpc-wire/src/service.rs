//! Methods, services, and the server that finds the handler of a call.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use http::{HeaderMap, request};

use crate::call::ServerCall;
use crate::codec::{Decode, Encode};
use crate::cx::{Cx, Link, State};
use crate::deadline::DeadlinePolicy;
use crate::error::Rejection;
use crate::intercept::{BoxFuture, Erased, Intercept, Next};
use crate::limits::Limits;
use crate::link::{Port, Slot};
use crate::meta::Metadata;
use crate::proto::grpc;
use crate::serve::ServerIo;
use crate::status::Status;
use crate::stream::{Inbound, Outbound};

/// How many messages each side of a method sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One, answered by one.
    Unary,
    /// One, answered by any number.
    ServerStreaming,
    /// Any number, answered by one.
    ClientStreaming,
    /// Any number in both directions, in any order.
    Bidi,
}

/// A method of a service.
///
/// ```
/// use grpc_wire::{Kind, MethodDesc};
///
/// const GET_USER: MethodDesc = MethodDesc::new("/octavo.users.v1.UserService/GetUser", Kind::Unary);
/// assert_eq!((GET_USER.service(), GET_USER.method()), ("octavo.users.v1.UserService", "GetUser"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MethodDesc {
    path: &'static str,
    kind: Kind,
}

impl MethodDesc {
    /// The method at `/package.Service/Method`.
    #[must_use]
    pub const fn new(path: &'static str, kind: Kind) -> Self {
        Self { path, kind }
    }

    /// Its path, as in the request.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// How many messages each side sends.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The full name of its service.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.path.trim_start_matches('/').split_once('/').map_or("", |(service, _)| service)
    }

    /// Its own name.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.path.rsplit_once('/').map_or("", |(_, method)| method)
    }
}

/// A set of methods with their handlers. Generated code implements it for `…Server<T>`.
pub trait Service {
    /// Adds its methods.
    fn register(self, routes: &mut Routes);
}

type Handler = Box<dyn Fn(Arc<Link>) -> BoxFuture<'static, Result<(), Status>> + Send + Sync>;

struct Route {
    method: MethodDesc,
    handler: Handler,
}

/// The handlers by path.
///
/// A handler is a function of the service, the [`Cx`] and what the kind of method has: a request, an [`Inbound`], an
/// [`Outbound`]. Adding a path again replaces its handler.
#[derive(Default)]
pub struct Routes(HashMap<&'static str, Route>);

impl Routes {
    /// Adds a method with one request and one response.
    pub fn unary<S, Req, Res, F, Fut>(
        &mut self,
        method: &MethodDesc,
        service: &Arc<S>,
        handler: F,
    ) -> &mut Self
    where
        S: Send + Sync + 'static,
        Req: Decode + Send + 'static,
        Res: Encode + Send + 'static,
        F: Fn(Arc<S>, Cx, Req) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Res, Status>> + Send + 'static,
    {
        let (service, handler) = (Arc::clone(service), Arc::new(handler));
        self.add(method, move |link| {
            let (service, handler) = (Arc::clone(&service), Arc::clone(&handler));
            Box::pin(async move {
                let request = one(&link).await?;
                let response = handler(service, Cx(Arc::clone(&link)), request).await?;
                link.send(&response)
            })
        })
    }

    /// Adds a method with one request and a stream of responses.
    pub fn server_streaming<S, Req, Res, F, Fut>(
        &mut self,
        method: &MethodDesc,
        service: &Arc<S>,
        handler: F,
    ) -> &mut Self
    where
        S: Send + Sync + 'static,
        Req: Decode + Send + 'static,
        Res: Encode + Send + 'static,
        F: Fn(Arc<S>, Cx, Req, Outbound<Res>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Status>> + Send + 'static,
    {
        let (service, handler) = (Arc::clone(service), Arc::new(handler));
        self.add(method, move |link| {
            let (service, handler) = (Arc::clone(&service), Arc::clone(&handler));
            Box::pin(async move {
                let request = one(&link).await?;
                handler(service, Cx(Arc::clone(&link)), request, Outbound::new(link)).await
            })
        })
    }

    /// Adds a method with a stream of requests and one response.
    pub fn client_streaming<S, Req, Res, F, Fut>(
        &mut self,
        method: &MethodDesc,
        service: &Arc<S>,
        handler: F,
    ) -> &mut Self
    where
        S: Send + Sync + 'static,
        Req: Decode + Send + 'static,
        Res: Encode + Send + 'static,
        F: Fn(Arc<S>, Cx, Inbound<Req>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Res, Status>> + Send + 'static,
    {
        let (service, handler) = (Arc::clone(service), Arc::new(handler));
        self.add(method, move |link| {
            let (service, handler) = (Arc::clone(&service), Arc::clone(&handler));
            Box::pin(async move {
                let inbound = Inbound::new(Arc::clone(&link) as Arc<dyn Port>);
                let response = handler(service, Cx(Arc::clone(&link)), inbound).await?;
                link.send(&response)
            })
        })
    }

    /// Adds a method with a stream of requests and a stream of responses.
    pub fn bidi<S, Req, Res, F, Fut>(
        &mut self,
        method: &MethodDesc,
        service: &Arc<S>,
        handler: F,
    ) -> &mut Self
    where
        S: Send + Sync + 'static,
        Req: Decode + Send + 'static,
        Res: Encode + Send + 'static,
        F: Fn(Arc<S>, Cx, Inbound<Req>, Outbound<Res>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Status>> + Send + 'static,
    {
        let (service, handler) = (Arc::clone(service), Arc::new(handler));
        self.add(method, move |link| {
            let (service, handler) = (Arc::clone(&service), Arc::clone(&handler));
            let inbound = Inbound::new(Arc::clone(&link) as Arc<dyn Port>);
            Box::pin(
                async move { handler(service, Cx(Arc::clone(&link)), inbound, Outbound::new(link)).await },
            )
        })
    }

    fn add<F>(&mut self, method: &MethodDesc, handler: F) -> &mut Self
    where
        F: Fn(Arc<Link>) -> BoxFuture<'static, Result<(), Status>> + Send + Sync + 'static,
    {
        self.0.insert(method.path, Route { method: *method, handler: Box::new(handler) });
        self
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The only request of a call; the machine has seen that there is exactly one.
async fn one<Req: Decode>(link: &Arc<Link>) -> Result<Req, Status> {
    let message = std::future::poll_fn(|context| link.poll_message(context)).await?;
    Ok(Req::decode(message.unwrap_or_default())?)
}

/// Services, interceptors and bounds, put together.
///
/// ```
/// use std::sync::Arc;
/// use grpc_wire::{Cx, Kind, MethodDesc, Raw, Routes, Server, Service};
///
/// struct Echo;
///
/// impl Service for Echo {
///     fn register(self, routes: &mut Routes) {
///         let method = MethodDesc::new("/echo.Echo/Echo", Kind::Unary);
///         routes.unary(&method, &Arc::new(self), |_, _cx: Cx, request: Raw| async move { Ok(request) });
///     }
/// }
///
/// let server = Server::new().add(Echo);
/// # let _ = server;
/// ```
///
/// With feature `tower`, `into_service` makes it a `tower_service::Service` for any HTTP server.
#[derive(Default)]
pub struct Server {
    routes: Routes,
    interceptors: Vec<Arc<dyn Erased>>,
    limits: Limits,
    deadlines: DeadlinePolicy,
}

impl Server {
    /// A server that knows no method.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the methods of a service.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a server is no number")]
    pub fn add(mut self, service: impl Service) -> Self {
        service.register(&mut self.routes);
        self
    }

    /// Puts an interceptor around every handler, inside of those that were put before.
    #[must_use]
    pub fn with(mut self, interceptor: impl Intercept) -> Self {
        self.interceptors.push(Arc::new(interceptor));
        self
    }

    /// Holds every call to these limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Holds every call to a deadline that this policy makes of its `grpc-timeout`.
    #[must_use]
    pub fn deadlines(mut self, policy: DeadlinePolicy) -> Self {
        self.deadlines = policy;
        self
    }

    /// Ready to take calls.
    #[must_use]
    pub fn build(self) -> Dispatch {
        let interceptors = (!self.interceptors.is_empty()).then(|| self.interceptors.into());
        Dispatch(Arc::new(Table {
            routes: self.routes,
            interceptors,
            limits: self.limits,
            deadlines: self.deadlines,
        }))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("routes", &self.routes).finish_non_exhaustive()
    }
}

/// A [`Server`] that takes calls. Clones share everything.
#[derive(Clone)]
pub struct Dispatch(Arc<Table>);

struct Table {
    routes: Routes,
    interceptors: Option<Arc<[Arc<dyn Erased>]>>,
    limits: Limits,
    deadlines: DeadlinePolicy,
}

impl Dispatch {
    /// Whether a call with this head has a deadline. Without one, the time that [`accept`](Self::accept) is given does not
    /// matter, and an adapter need not read a clock.
    #[must_use]
    pub fn has_deadline(&self, head: &HeaderMap) -> bool {
        let policy = &self.0.deadlines;
        policy.max.is_some() || policy.default.is_some() || head.contains_key(grpc::TIMEOUT)
    }

    /// Takes a request as a call, finds its handler and gives what an adapter drives.
    ///
    /// A path that is not known is UNIMPLEMENTED.
    ///
    /// # Errors
    /// A [`Rejection`] for a request that HTTP must answer.
    pub fn accept(&self, head: request::Parts, now: Instant) -> Result<ServerIo, Rejection> {
        let table = &*self.0;
        let mut call = ServerCall::accept(&head, &table.limits, &table.deadlines, now)?;
        let route = table.routes.0.get(head.uri.path());
        match route {
            Some(route) if matches!(route.method.kind, Kind::Unary | Kind::ServerStreaming) => {
                call.expect_one();
            }
            Some(_) => {}
            None => call.finish(Status::unimplemented(format!("there is no method {}", head.uri.path()))),
        }
        let link = Arc::new_cyclic(|this| Link {
            this: this.clone(),
            method: route.map_or(MethodDesc::new("", Kind::Unary), |route| route.method),
            metadata: Metadata::from_headers(head.headers),
            deadline: call.deadline(),
            interceptors: table.interceptors.clone(),
            state: Mutex::new(State {
                call,
                extensions: head.extensions,
                cancelled: None,
                is_half_closed: false,
                is_finished: false,
                receiver: Slot::default(),
                sender: Slot::default(),
                adapter: Slot::default(),
                watchers: Vec::new(),
            }),
        });
        let handler = route.map(|route| self.around(&link, (route.handler)(Arc::clone(&link))));
        Ok(ServerIo::new(link, handler))
    }

    fn around(
        &self,
        link: &Arc<Link>,
        handler: BoxFuture<'static, Result<(), Status>>,
    ) -> BoxFuture<'static, Result<(), Status>> {
        let Some(chain) = self.0.interceptors.clone() else { return handler };
        let cx = Cx(Arc::clone(link));
        Box::pin(async move { Next::new(&chain, &cx, handler).run().await })
    }
}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatch").field("routes", &self.0.routes).finish_non_exhaustive()
    }
}
