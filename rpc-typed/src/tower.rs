//! Feature `tower`: an application as a `tower_service::Service` over HTTP bodies. It moves bytes and waits; what is said is
//! decided by [`Session`].
//!
//! Mount it where all methods arrive: the refusal of a wrong one is the protocol's.
#![allow(clippy::disallowed_methods, reason = "an adapter reads the clock and waits")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Buf, Bytes};
use http::{Request, Response, request::Parts};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep_until};
use tower_service::Service;

use crate::config::Config;
use crate::erased::{BoxFuture, guard};
use crate::error::RpcError;
use crate::proto::{Head, Transmit};
use crate::router::App;
use crate::session::{Observer, Session};

/// What the context of a request is made from.
#[derive(Debug)]
pub struct ContextRequest {
    /// The head of the request. Its extensions are what the layers before have put there.
    pub parts: Parts,
    /// `connectionParams` of the query: what a browser's event source sends in place of header fields.
    pub connection_params: Option<BTreeMap<String, String>>,
}

/// An application as a service.
///
/// ```
/// use http_body_util::{BodyExt, Full};
/// use rpc_typed::tower::{ContextRequest, RpcService};
/// use rpc_typed::{Query, Router, Rpc, query};
/// use tower_service::Service;
///
/// const HELLO: Query<String, String> = query("hello");
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let rpc = Rpc::<()>::new();
/// let app = Router::new().handle(HELLO, rpc.run(|(), s: String| async move { Ok(format!("hi {s}")) })).build()?;
/// let mut service = RpcService::new(app, |_: ContextRequest| async { Ok(()) }).at("/trpc");
///
/// let request = http::Request::get("/trpc/hello?input=%22you%22").body(Full::<bytes::Bytes>::default())?;
/// let body = service.call(request).await?.into_body().collect().await?.to_bytes();
/// assert_eq!(body, r#"{"result":{"data":"hi you"}}"#);
/// # Ok(())
/// # }
/// ```
pub struct RpcService<C, F> {
    app: App<C>,
    context: Arc<F>,
    config: Arc<Config>,
    mount: Arc<str>,
    observer: Option<Observer>,
}

impl<C, F, Fut> RpcService<C, F>
where
    C: Clone + Send + 'static,
    F: Fn(ContextRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<C, RpcError>> + Send + 'static,
{
    /// Serves `app`. `context` makes the context of each request; where it refuses, no procedure is called.
    #[must_use]
    pub fn new(app: App<C>, context: F) -> RpcService<C, F> {
        let config = Arc::new(Config::default());
        RpcService { app, context: Arc::new(context), config, mount: "".into(), observer: None }
    }

    /// The path that it is mounted at, `/trpc`, if the router above does not strip it.
    #[must_use]
    pub fn at(mut self, mount: &str) -> RpcService<C, F> {
        self.mount = mount.trim_end_matches('/').into();
        self
    }

    /// How requests are answered.
    #[must_use]
    pub fn config(mut self, config: Config) -> RpcService<C, F> {
        self.config = Arc::new(config);
        self
    }

    /// Has each failure told to a log, with its cause.
    #[must_use]
    pub fn on_error(
        mut self,
        observer: impl Fn(&RpcError, &str) + Send + Sync + 'static,
    ) -> RpcService<C, F> {
        self.observer = Some(Arc::new(observer));
        self
    }
}

impl<C, F> Clone for RpcService<C, F> {
    fn clone(&self) -> Self {
        RpcService {
            app: self.app.clone(),
            context: Arc::clone(&self.context),
            config: Arc::clone(&self.config),
            mount: Arc::clone(&self.mount),
            observer: self.observer.clone(),
        }
    }
}

impl<C, F> fmt::Debug for RpcService<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcService").field("mount", &self.mount).finish_non_exhaustive()
    }
}

impl<C, F, Fut, B> Service<Request<B>> for RpcService<C, F>
where
    C: Clone + Send + 'static,
    F: Fn(ContextRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<C, RpcError>> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<RpcBody<C>>;
    type Error = Infallible;
    type Future = BoxFuture<Result<Response<RpcBody<C>>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.respond(request).await) })
    }
}

impl<C, F, Fut> RpcService<C, F>
where
    C: Clone + Send + 'static,
    F: Fn(ContextRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<C, RpcError>> + Send + 'static,
{
    async fn respond<B: Body>(self, request: Request<B>) -> Response<RpcBody<C>> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let path = path.strip_prefix(&*self.mount).unwrap_or(path);
        let head = Head {
            method: &parts.method,
            path: path.strip_prefix('/').unwrap_or(path),
            query: parts.uri.query(),
            headers: &parts.headers,
        };
        let mut session = Session::new(self.app, &self.config, head, Instant::now());
        if let Some(observer) = self.observer {
            session.observe(observer);
        }
        let mut timer = Timer(None);
        if session.wants_context() {
            let connection_params = session.connection_params().cloned();
            let context = pin!(guard((self.context)(ContextRequest { parts, connection_params })));
            match in_time(&mut session, &mut timer, context).await.map(Result::flatten) {
                Some(Ok(context)) => session.context(context, Instant::now()),
                Some(Err(error)) => session.context_failed(&error, Instant::now()),
                // The session has refused the request already.
                None => {}
            }
        }
        let mut body = Box::pin(body);
        while session.wants_body() {
            let frame = pin!(poll_fn(|cx| body.as_mut().poll_frame(cx)));
            match in_time(&mut session, &mut timer, frame).await {
                Some(Some(Ok(frame))) => {
                    if let Ok(mut data) = frame.into_data() {
                        let bytes = data.copy_to_bytes(data.remaining());
                        session.receive(bytes, Instant::now());
                    }
                }
                Some(Some(Err(_))) => session.input_failed(),
                Some(None) => session.end_of_input(Instant::now()),
                None => {}
            }
        }
        drop(body);
        begin(session, timer).await
    }
}

/// Waits for something, unless the session's deadline comes first; then the session has been told.
async fn in_time<C, T>(
    session: &mut Session<C>,
    timer: &mut Timer,
    mut what: Pin<&mut impl Future<Output = T>>,
) -> Option<T>
where
    C: Clone + Send + 'static,
{
    poll_fn(|cx| {
        if let Poll::Ready(value) = what.as_mut().poll(cx) {
            return Poll::Ready(Some(value));
        }
        if timer.poll(cx, session.poll_timeout()).is_ready() {
            session.handle_timeout(Instant::now());
            return Poll::Ready(None);
        }
        Poll::Pending
    })
    .await
}

/// Waits for the head; a body that is there already goes with its length.
async fn begin<C: Clone + Send + 'static>(session: Session<C>, timer: Timer) -> Response<RpcBody<C>> {
    let mut running = Box::new(Running { session, timer });
    let mut response = Response::new(RpcBody(State::Full(None)));
    let first = loop {
        match poll_fn(|cx| running.poll(cx)).await {
            Some(Transmit::Head(status, headers)) => {
                *response.status_mut() = status;
                *response.headers_mut() = headers;
            }
            Some(Transmit::Body(bytes)) => break Some(bytes),
            Some(Transmit::End) | None => return response,
        }
    };
    // The end is looked for, not waited for.
    let end = poll_fn(|cx| Poll::Ready(running.poll(cx))).await;
    *response.body_mut() = RpcBody(match end {
        Poll::Ready(Some(Transmit::End) | None) => State::Full(first),
        Poll::Ready(Some(Transmit::Body(second))) => State::Running { ready: [first, Some(second)], running },
        Poll::Ready(Some(Transmit::Head(..))) | Poll::Pending => {
            State::Running { ready: [first, None], running }
        }
    });
    response
}

/// The body of a response. Dropping it cancels the calls that still run.
pub struct RpcBody<C>(State<C>);

enum State<C> {
    Full(Option<Bytes>),
    Running { ready: [Option<Bytes>; 2], running: Box<Running<C>> },
}

struct Running<C> {
    session: Session<C>,
    timer: Timer,
}

impl<C: Clone + Send + 'static> Running<C> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Transmit>> {
        loop {
            if let Poll::Ready(transmit) = self.session.poll_transmit(cx, Instant::now()) {
                return Poll::Ready(transmit);
            }
            match self.timer.poll(cx, self.session.poll_timeout()) {
                Poll::Ready(()) => self.session.handle_timeout(Instant::now()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<C: Clone + Send + 'static> Body for RpcBody<C> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match &mut self.0 {
            State::Full(bytes) => bytes.take(),
            State::Running { ready, running } => match ready.iter_mut().find_map(Option::take) {
                Some(bytes) => Some(bytes),
                None => match running.poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Transmit::Body(bytes))) => Some(bytes),
                    Poll::Ready(Some(Transmit::Head(..) | Transmit::End) | None) => None,
                },
            },
        };
        if bytes.is_none() {
            self.0 = State::Full(None);
        }
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, State::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            State::Full(bytes) => {
                let len = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(len).unwrap_or(u64::MAX))
            }
            State::Running { .. } => SizeHint::default(),
        }
    }
}

impl<C> fmt::Debug for RpcBody<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RpcBody")
    }
}

/// A timer that follows a deadline.
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready when the deadline has come.
    fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline.map(tokio::time::Instant::from_std) else { return Poll::Pending };
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}
