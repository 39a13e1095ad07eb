//! An endpoint as a tower service.

use core::convert::Infallible;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body_util::Full;
use tower_service::Service;

use super::accept::{Upgraded, accept};
use crate::handshake::{Origins, Policy, SubprotocolError};
use crate::tokio::WebSocket;
use crate::{Config, Heartbeat};

/// A service that opens a WebSocket for each request that [`Policy`] accepts, over HTTP/1.1 and HTTP/2, and runs `on_connect` on it in a
/// task of its own, with the head of the request. What it refuses it answers.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use bytes::Bytes;
/// use http::{Response, StatusCode};
/// use hyper_util::rt::{TokioExecutor, TokioIo};
/// use hyper_util::server::conn::auto::Builder;
/// use hyper_util::service::TowerToHyperService;
/// use ws_frame::Heartbeat;
/// use ws_frame::handshake::Origins;
/// use ws_frame::tower::upgrade;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let chat = upgrade(|mut ws, request| async move {
///     println!("{} connected", request.uri.path());
///     while let Some(Ok(message)) = ws.recv().await {
///         if ws.send(message).await.is_err() {
///             break;
///         }
///     }
/// })
/// .origins(Origins::list(["https://*.example.com"])?)
/// .subprotocols(["chat.v1"])?
/// .heartbeat(Some(Heartbeat { ping_interval: Duration::from_secs(45), ..Heartbeat::DEFAULT }))
/// .authorize(|request| async move {
///     // Look anywhere, for as long as it takes; refuse with any response.
///     if request.headers.contains_key("authorization") {
///         return Ok(request);
///     }
///     let mut response = Response::new(Bytes::from_static(b"who are you?\n"));
///     *response.status_mut() = StatusCode::UNAUTHORIZED;
///     Err(response)
/// });
///
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
/// loop {
///     let (socket, _) = listener.accept().await?;
///     let service = TowerToHyperService::new(chat.clone());
///     tokio::spawn(async move {
///         let mut server = Builder::new(TokioExecutor::new());
///         server.http2().enable_connect_protocol();
///         server.serve_connection_with_upgrades(TokioIo::new(socket), service).await
///     });
/// }
/// # }
/// ```
pub fn upgrade<F, Fut>(on_connect: F) -> Upgrade<F>
where
    F: Fn(WebSocket<Upgraded>, Parts) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    Upgrade { policy: Arc::default(), config: Arc::default(), authorize: None, on_connect }
}

/// The service that [`upgrade`] makes.
#[derive(Clone)]
pub struct Upgrade<F> {
    policy: Arc<Policy>,
    config: Arc<Config>,
    authorize: Option<Authorize>,
    on_connect: F,
}

type Authorize = Arc<dyn Fn(Parts) -> Authorizing + Send + Sync>;
type Authorizing = Pin<Box<dyn Future<Output = Result<Parts, Response<Bytes>>> + Send>>;

impl<F> Upgrade<F> {
    /// Sets the whole policy: origins, subprotocols, limits of the handshake.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy.into();
        self
    }

    /// Sets which origins may connect; [`Origins::same`] by default.
    #[must_use]
    pub fn origins(self, origins: Origins) -> Self {
        let policy = Policy::clone(&self.policy).origins(origins);
        self.policy(policy)
    }

    /// Sets the subprotocols spoken, the preferred first.
    ///
    /// # Errors
    /// [`SubprotocolError`]: a name is not a token or stands twice.
    pub fn subprotocols<I>(self, names: I) -> Result<Self, SubprotocolError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let policy = Policy::clone(&self.policy).subprotocols(names)?;
        Ok(self.policy(policy))
    }

    /// Speaks permessage-deflate with clients that offer it (RFC 7692).
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(self, deflate: crate::deflate::Deflate) -> Self {
        let policy = Policy::clone(&self.policy).deflate(deflate);
        self.policy(policy)
    }

    /// Sets how connections behave: limits, heartbeat, delivery.
    #[must_use]
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// Sets when to ask whether the client is there; `None` never asks.
    #[must_use]
    pub fn heartbeat(self, heartbeat: Option<Heartbeat>) -> Self {
        let mut config = Config::clone(&self.config);
        config.heartbeat = heartbeat;
        self.config(config)
    }

    /// Asks `hook` before a connection is opened, once the policy has accepted it. It gives the request's head back, perhaps with what it
    /// found out in its extensions, or the response that refuses.
    #[must_use]
    pub fn authorize<H, Fut>(mut self, hook: H) -> Self
    where
        H: Fn(Parts) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Parts, Response<Bytes>>> + Send + 'static,
    {
        self.authorize = Some(Arc::new(move |request| Box::pin(hook(request))));
        self
    }
}

impl<F, Fut, B> Service<Request<B>> for Upgrade<F>
where
    F: Fn(WebSocket<Upgraded>, Parts) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        // No body belongs to the request: what follows its head is frames.
        let mut request = Request::from_parts(request.into_parts().0, ());
        let (response, opening) = match accept(&self.policy, &mut request) {
            Ok(accepted) => accepted,
            Err(rejection) => {
                let over_stream = *request.method() == Method::CONNECT;
                let response =
                    if over_stream { rejection.to_connect_response() } else { rejection.to_response() };
                return ResponseFuture::ready(response);
            }
        };
        let (head, ()) = request.into_parts();
        let authorizing = match &self.authorize {
            Some(authorize) => authorize(head),
            None => Box::pin(core::future::ready(Ok(head))),
        };
        let (config, on_connect) = (Arc::clone(&self.config), self.on_connect.clone());
        ResponseFuture(Box::pin(async move {
            let head = match authorizing.await {
                Ok(head) => head,
                Err(refusal) => return refusal.map(Full::new),
            };
            // Not before it is certain that there is a response to be sent.
            ::tokio::spawn(async move {
                // A client that went away meanwhile has no connection to run anything on.
                if let Ok(ws) = opening.open(config).await {
                    on_connect(ws, head).await;
                }
            });
            response.map(|()| Full::default())
        }))
    }
}

impl<F> fmt::Debug for Upgrade<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade")
            .field("policy", &self.policy)
            .field("config", &self.config)
            .field("authorize", &self.authorize.is_some())
            .finish_non_exhaustive()
    }
}

/// The answer to come.
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>);

impl ResponseFuture {
    fn ready(response: Response<Bytes>) -> Self {
        Self(Box::pin(core::future::ready(response.map(Full::new))))
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}
