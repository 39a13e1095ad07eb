//! The service.

use core::convert::Infallible;
use core::fmt;
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::request::Parts;
use http_body_util::BodyExt;
use tower_service::Service;

use super::BoxError;
use super::body::{Body, Pause};
use crate::app::App;
use crate::http::{self as over_http, Head, HttpError, HttpLimits, ResponseType};
use crate::syntax::OperationType;

/// An [`App`] as a service. Cheap to clone.
pub struct Graphql<C> {
    app: App<C>,
    context: Arc<dyn Fn(&Parts) -> C + Send + Sync>,
    limits: HttpLimits,
    pause: Option<Pause>,
}

impl<C> Graphql<C> {
    /// A service that makes the context of each request from its head.
    pub fn new(app: App<C>, context: impl Fn(&Parts) -> C + Send + Sync + 'static) -> Self {
        Self { app, context: Arc::new(context), limits: HttpLimits::DEFAULT, pause: None }
    }

    /// Sets other bounds than the default ones.
    #[must_use]
    pub fn limits(mut self, limits: HttpLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sends a comment in an event stream whenever `pause` is over with no event, for example
    /// `|| tokio::time::sleep(Duration::from_secs(15))`. Without it a client that is gone is noticed at the next event, and a
    /// proxy may end a stream that is silent.
    #[must_use]
    pub fn keep_alive<F>(mut self, pause: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.pause = Some(Arc::new(move || Box::pin(pause())));
        self
    }
}

impl<C> Clone for Graphql<C> {
    fn clone(&self) -> Self {
        Self {
            app: self.app.clone(),
            context: Arc::clone(&self.context),
            limits: self.limits.clone(),
            pause: self.pause.clone(),
        }
    }
}

impl<C> fmt::Debug for Graphql<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graphql").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl<C, B> Service<http::Request<B>> for Graphql<C>
where
    C: Send + Sync + 'static,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let mut refusal_type = ResponseType::Json;
            let answer = this.respond(&parts, body, &mut refusal_type).await;
            Ok(answer.unwrap_or_else(|error| over_http::refuse(&error, refusal_type).map(Body::from)))
        })
    }
}

impl<C: Send + Sync + 'static> Graphql<C> {
    async fn respond<B>(
        &self,
        parts: &Parts,
        body: B,
        refusal_type: &mut ResponseType,
    ) -> Result<http::Response<Body>, HttpError>
    where
        B: http_body::Body + Send,
        B::Data: Send,
    {
        let head = Head::read(&parts.method, &parts.uri, &parts.headers, &self.limits)?;
        *refusal_type = head.refusal_type();
        let by_post;
        let request = match head.request() {
            Some(request) => request,
            None => {
                by_post = Head::read_body(&collect(body, self.limits.max_body).await?, &self.limits)?;
                &by_post
            }
        };
        let full = |form, response: crate::exec::Response| {
            let is_request_error = response.is_request_error();
            over_http::answer(form, response.into_json().into(), is_request_error).map(Body::from)
        };
        let prepared = match self.app.prepare(request) {
            Ok(prepared) => prepared,
            Err(response) => return Ok(full(*refusal_type, response)),
        };
        let form = head.response_type(prepared.kind())?;
        let context = (self.context)(parts);
        Ok(match prepared.kind() {
            OperationType::Query | OperationType::Mutation => full(form, prepared.execute(context).await),
            OperationType::Subscription => match prepared.subscribe(context).await {
                Ok(results) => over_http::head(form).map(|()| Body::events(results, self.pause.clone())),
                Err(response) => full(form, response),
            },
        })
    }
}

/// Reads a body, as far as it may go.
async fn collect<B>(body: B, max: usize) -> Result<Bytes, HttpError>
where
    B: http_body::Body,
{
    let too_large = || HttpError::BodyTooLarge { max };
    if usize::try_from(body.size_hint().lower()).map_or(true, |least| least > max) {
        return Err(too_large());
    }
    let mut body = pin!(body);
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame.map_err(|_| HttpError::BodyIncomplete)?.into_data() else { continue };
        if data.remaining() > max.saturating_sub(all.len()) {
            return Err(too_large());
        }
        if all.is_empty() {
            all = BytesMut::with_capacity(data.remaining());
        }
        all.put(&mut data);
    }
    Ok(all.freeze())
}
