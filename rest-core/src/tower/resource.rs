//! One resource: its handlers by method, and what holds for all of them.

use crate::field::CacheControl;
use crate::problem::{Problem, ToProblem};
use crate::tower::context::Context;
use crate::tower::respond::{IntoResponse, Response};
use core::future::Future;
use core::pin::Pin;
use http::request::Parts;
use http::{HeaderValue, Method};
use std::sync::Arc;

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
pub(crate) type Handler<S> = Arc<dyn Fn(Context<S>) -> BoxFuture<Response> + Send + Sync>;
pub(crate) type Guard = Arc<dyn Fn(&Parts) -> Result<(), Problem> + Send + Sync>;

/// A resource: handlers by method.
///
/// ```
/// use rest_core::field::{CacheControl, ETag};
/// use rest_core::semantics::Validators;
/// use rest_core::semantics::outcome::NoContent;
/// use rest_core::tower::{Context, Resource};
/// use rest_core::{Problem, Reply};
///
/// async fn show(cx: Context<String>) -> Result<Reply, Problem> {
///     Ok(Reply::ok().json(cx.state())?.etag(&ETag::from_content(cx.state())))
/// }
/// async fn remove(cx: Context<String>) -> Result<NoContent, Problem> {
///     cx.check(&Validators::present().etag(ETag::from_content(cx.state())))?;
///     Ok(NoContent)
/// }
/// let resource = Resource::new()
///     .get(show)
///     .delete(remove)
///     .requires_if_match()
///     .cache(&CacheControl::new().private().max_age(0).must_revalidate());
/// # let _ = resource;
/// ```
pub struct Resource<S> {
    pub(crate) handlers: Vec<(Method, Handler<S>)>,
    pub(crate) policy: Policy,
}

/// What holds for all handlers of a resource.
#[derive(Clone, Default)]
pub(crate) struct Policy {
    pub(crate) require_if_match: bool,
    pub(crate) cache: Option<HeaderValue>,
    pub(crate) accept_patch: Option<HeaderValue>,
    pub(crate) guards: Vec<Guard>,
}

impl<S> Default for Resource<S> {
    fn default() -> Self {
        Resource::new()
    }
}

impl<S> Resource<S> {
    /// No handlers.
    pub fn new() -> Resource<S> {
        Resource { handlers: Vec::new(), policy: Policy::default() }
    }

    /// PUT, PATCH and DELETE need If-Match where a representation exists: [`Context::check`] answers 428 without it.
    #[must_use]
    pub fn requires_if_match(mut self) -> Self {
        self.policy.require_if_match = true;
        self
    }

    /// Sets the Cache-Control of successful answers to GET and HEAD that have none.
    #[must_use]
    pub fn cache(mut self, directives: &CacheControl) -> Self {
        self.policy.cache = directives.to_header_value();
        self
    }

    /// Sets Accept-Patch: the media types of the PATCH handler (RFC 5789 §3.1). It is sent with OPTIONS.
    #[must_use]
    pub fn accept_patch(mut self, media_types: &'static str) -> Self {
        self.policy.accept_patch = HeaderValue::try_from(media_types).ok();
        self
    }

    /// Adds a check that runs before each handler, after those of the [`Api`](crate::tower::Api). OPTIONS, 404 and 405
    /// come before it.
    #[must_use]
    pub fn guard<E: ToProblem>(
        mut self,
        check: impl Fn(&Parts) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        self.policy.guards.push(guard(check));
        self
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident, $method:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name<F, U, R, E>(self, handler: F) -> Self
        where
            F: Fn(Context<S>) -> U + Send + Sync + 'static,
            U: Future<Output = Result<R, E>> + Send + 'static,
            R: IntoResponse,
            E: ToProblem,
        {
            self.method(Method::$method, handler)
        }
    )*};
}

impl<S: 'static> Resource<S> {
    methods! {
        /// Sets the handler of GET, which also answers HEAD.
        get, GET;
        /// Sets the handler of HEAD where that of GET will not do.
        head, HEAD;
        /// Sets the handler of POST.
        post, POST;
        /// Sets the handler of PUT.
        put, PUT;
        /// Sets the handler of PATCH.
        patch, PATCH;
        /// Sets the handler of DELETE.
        delete, DELETE;
        /// Sets the handler of QUERY (RFC 10008).
        query, QUERY;
    }

    /// Sets the handler of any method. Twice the same is an error of [`Api::into_service`](crate::tower::Api::into_service).
    #[must_use]
    pub fn method<F, U, R, E>(mut self, method: Method, handler: F) -> Self
    where
        F: Fn(Context<S>) -> U + Send + Sync + 'static,
        U: Future<Output = Result<R, E>> + Send + 'static,
        R: IntoResponse,
        E: ToProblem,
    {
        let handler: Handler<S> = Arc::new(move |cx| {
            let answer = handler(cx);
            Box::pin(async move {
                match answer.await {
                    Ok(answer) => answer.into_response(),
                    Err(error) => IntoResponse::into_response(error.to_problem()),
                }
            })
        });
        self.handlers.push((method, handler));
        self
    }
}

pub(crate) fn guard<E: ToProblem>(check: impl Fn(&Parts) -> Result<(), E> + Send + Sync + 'static) -> Guard {
    Arc::new(move |parts| check(parts).map_err(|error| error.to_problem()))
}
