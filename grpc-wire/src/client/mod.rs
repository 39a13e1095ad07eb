//! Calls as their callers make them, over any [`Transport`].

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::request;

use crate::call::{ClientCall, Spec, Transmit};
use crate::codec::{Decode, Encode};
use crate::cx::Cx;
use crate::deadline::{Deadline, HopBudget};
use crate::intercept::BoxFuture;
use crate::limits::Limits;
use crate::link::Port;
use crate::meta::Metadata;
use crate::proto::Dialect;
use crate::service::{Kind, MethodDesc};
use crate::status::Status;
use crate::stream::{Inbound, Outbound};

mod link;

use self::link::CallLink;
pub use self::link::{RequestSide, ResponseSide, Want};

/// Carries calls to a server: what an adapter implements.
pub trait Transport: Clone + Send + Sync + 'static {
    /// Carries one call until [`ResponseSide::poll`] says that it is over. The call is lost where the future is dropped.
    fn carry(
        self,
        head: request::Parts,
        up: RequestSide,
        down: ResponseSide,
    ) -> impl Future<Output = ()> + Send + 'static;

    /// Runs a future on its own.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// The present time.
    fn now(&self) -> Instant;
}

/// A transport with what all its calls have in common. Generated clients wrap it.
#[derive(Clone, Debug)]
pub struct Client<C> {
    transport: C,
    limits: Limits,
    dialect: Dialect,
}

impl<C: Transport> Client<C> {
    /// Calls over this transport, in gRPC.
    #[must_use]
    pub fn new(transport: C) -> Self {
        Self { transport, limits: Limits::default(), dialect: Dialect::Grpc }
    }

    /// Holds every call to these limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Speaks this dialect.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// A call with one request and one response.
    pub fn unary<Req, Res>(&self, method: &'static MethodDesc, request: Req) -> Unary<C, Req, Res> {
        Unary { plan: self.plan(method), request, response: PhantomData }
    }

    /// A call with one request and a stream of responses.
    pub fn server_streaming<Req, Res>(
        &self,
        method: &'static MethodDesc,
        request: Req,
    ) -> ServerStreaming<C, Req, Res> {
        ServerStreaming { plan: self.plan(method), request, response: PhantomData }
    }

    /// A call with a stream of requests and one response.
    pub fn client_streaming<Req, Res>(&self, method: &'static MethodDesc) -> ClientStreaming<C, Req, Res> {
        ClientStreaming { plan: self.plan(method), messages: PhantomData }
    }

    /// A call with streams in both directions.
    pub fn bidi<Req, Res>(&self, method: &'static MethodDesc) -> BidiStreaming<C, Req, Res> {
        BidiStreaming { plan: self.plan(method), messages: PhantomData }
    }

    fn plan(&self, method: &'static MethodDesc) -> Plan<C> {
        Plan { client: self.clone(), method, metadata: Metadata::new(), timeout: None, deadline: None }
    }
}

/// What is known of a call before it begins.
struct Plan<C> {
    client: Client<C>,
    method: &'static MethodDesc,
    metadata: Metadata,
    timeout: Option<Duration>,
    deadline: Option<Deadline>,
}

impl<C: Transport> Plan<C> {
    /// Begins the call: the caller's side of it, and what is still to be carried.
    fn start(self) -> Result<(Arc<CallLink>, Departure<C>), Status> {
        let Client { transport, limits, dialect } = self.client;
        let now = transport.now();
        let left = self.deadline.map(|deadline| deadline.remaining(now));
        let timeout = match (left, self.timeout) {
            (Some(left), Some(timeout)) => Some(left.min(timeout)),
            (left, timeout) => left.or(timeout),
        };
        let spec = Spec {
            path: self.method.path(),
            dialect,
            metadata: self.metadata,
            timeout,
            expects_one: matches!(self.method.kind(), Kind::Unary | Kind::ClientStreaming),
        };
        let mut call = ClientCall::start(&spec, &limits, now)?;
        let Some(Transmit::Head { head, .. }) = call.poll_transmit() else {
            return Err(Status::internal("a call begins with its head"));
        };
        let (link, up, down) = link::share(call);
        Ok((link, Departure { transport, head, up, down }))
    }

    /// As [`start`](Self::start), and carries it on its own.
    fn launch(self) -> Result<Arc<CallLink>, Status> {
        let (link, departure) = self.start()?;
        departure.spawn();
        Ok(link)
    }
}

/// A call that has not left yet. What is sent before it does goes with its head.
struct Departure<C> {
    transport: C,
    head: request::Parts,
    up: RequestSide,
    down: ResponseSide,
}

impl<C: Transport> Departure<C> {
    fn carry(self) -> impl Future<Output = ()> + Send + 'static {
        self.transport.carry(self.head, self.up, self.down)
    }

    fn spawn(self) {
        let transport = self.transport.clone();
        transport.spawn(self.carry());
    }
}

macro_rules! plan_methods {
    () => {
        /// Adds metadata to the head.
        pub fn metadata(mut self, metadata: Metadata) -> Self {
            self.plan.metadata = metadata;
            self
        }

        /// How long the call may take, the reading of its messages included. The server is told so.
        pub fn timeout(mut self, timeout: Duration) -> Self {
            self.plan.timeout = Some(timeout);
            self
        }

        /// Until when the call may take. The earlier of this and [`timeout`](Self::timeout) counts.
        pub fn deadline(mut self, deadline: Deadline) -> Self {
            self.plan.deadline = Some(deadline);
            self
        }

        /// The call is made for another one that is being served: its deadline, less the slack of a hop, is the deadline
        /// here. It is given up with the handler that awaits it.
        pub fn under(mut self, cx: &Cx, budget: HopBudget) -> Self {
            if let Some(deadline) = cx.deadline() {
                self.plan.deadline = Some(budget.pass(deadline, self.plan.client.transport.now()));
            }
            self
        }
    };
}

/// What a server answered to a call with one response.
#[derive(Clone, Debug)]
pub struct Reply<Res> {
    /// The metadata of its head.
    pub head: Metadata,
    /// The response.
    pub message: Res,
    /// Its trailers.
    pub trailers: Metadata,
}

/// A call with one request and one response: await it, or [`reply`](Self::reply).
///
/// Dropping the future gives the call up, and the server learns that.
#[must_use = "a call begins when it is awaited"]
pub struct Unary<C, Req, Res> {
    plan: Plan<C>,
    request: Req,
    response: PhantomData<fn() -> Res>,
}

impl<C: Transport, Req: Encode + Send + 'static, Res: Decode + Send + 'static> Unary<C, Req, Res> {
    plan_methods!();

    /// The response with its metadata.
    ///
    /// # Errors
    /// The status of the call, where it is not OK.
    pub async fn reply(self) -> Result<Reply<Res>, Status> {
        let Self { plan, request, .. } = self;
        let (link, departure) = plan.start()?;
        // Dropped with this future, it gives the call up.
        let mut guard = Inbound::<Res>::new(Arc::clone(&link) as Arc<dyn Port>);
        link.send(&request)?;
        link.stop_sending();
        let mut carry = Some(Box::pin(departure.carry()));
        poll_fn(|context| {
            if let Some(running) = &mut carry
                && running.as_mut().poll(context).is_ready()
            {
                carry = None;
            }
            link.poll_reply(&mut guard, context)
        })
        .await
    }
}

impl<C: Transport, Req: Encode + Send + 'static, Res: Decode + Send + 'static> IntoFuture
    for Unary<C, Req, Res>
{
    type Output = Result<Res, Status>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { Ok(self.reply().await?.message) })
    }
}

/// A call with one request and a stream of responses: await it.
///
/// It is ready when the server has taken the call. Dropping the stream gives the call up.
#[must_use = "a call begins when it is awaited"]
pub struct ServerStreaming<C, Req, Res> {
    plan: Plan<C>,
    request: Req,
    response: PhantomData<fn() -> Res>,
}

impl<C: Transport, Req: Encode, Res: Decode> ServerStreaming<C, Req, Res> {
    plan_methods!();

    /// The stream at once, before the server has said anything.
    ///
    /// # Errors
    /// The status of a request that cannot be sent.
    pub fn start(self) -> Result<Inbound<Res>, Status> {
        let (link, departure) = self.plan.start()?;
        let inbound = Inbound::new(Arc::clone(&link) as Arc<dyn Port>);
        link.send(&self.request)?;
        link.stop_sending();
        departure.spawn();
        Ok(inbound)
    }
}

impl<C: Transport, Req: Encode + Send + 'static, Res: Decode + 'static> IntoFuture
    for ServerStreaming<C, Req, Res>
{
    type Output = Result<Inbound<Res>, Status>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            let mut inbound = self.start()?;
            inbound.head().await?;
            Ok(inbound)
        })
    }
}

/// A call with a stream of requests and one response: [`start`](Self::start) it.
#[must_use = "a call begins when it is started"]
pub struct ClientStreaming<C, Req, Res> {
    plan: Plan<C>,
    messages: PhantomData<fn(Req) -> Res>,
}

impl<C: Transport, Req: Encode, Res: Decode> ClientStreaming<C, Req, Res> {
    plan_methods!();

    /// Where to send, and the response to await. Drop the first, or `finish` it, before awaiting the second.
    ///
    /// # Errors
    /// The status of a call that cannot be begun.
    pub fn start(self) -> Result<(Outbound<Req>, Pending<Res>), Status> {
        let link = self.plan.launch()?;
        let outbound = Outbound::new(Arc::clone(&link) as Arc<dyn Port>);
        let inbound = Inbound::new(Arc::clone(&link) as Arc<dyn Port>);
        Ok((outbound, Pending { link, inbound }))
    }
}

/// A call with streams in both directions: [`start`](Self::start) it.
#[must_use = "a call begins when it is started"]
pub struct BidiStreaming<C, Req, Res> {
    plan: Plan<C>,
    messages: PhantomData<fn(Req) -> Res>,
}

impl<C: Transport, Req: Encode, Res: Decode> BidiStreaming<C, Req, Res> {
    plan_methods!();

    /// Where to send, and what comes.
    ///
    /// # Errors
    /// The status of a call that cannot be begun.
    pub fn start(self) -> Result<(Outbound<Req>, Inbound<Res>), Status> {
        let link = self.plan.launch()?;
        let outbound = Outbound::new(Arc::clone(&link) as Arc<dyn Port>);
        Ok((outbound, Inbound::new(link)))
    }
}

/// The one response of a call that has been started. Dropping it gives the call up.
#[must_use = "dropping it gives the call up"]
pub struct Pending<Res> {
    link: Arc<CallLink>,
    inbound: Inbound<Res>,
}

impl<Res: Decode> Pending<Res> {
    /// The response with its metadata.
    ///
    /// # Errors
    /// The status of the call, where it is not OK.
    pub async fn reply(mut self) -> Result<Reply<Res>, Status> {
        poll_fn(|context| self.link.poll_reply(&mut self.inbound, context)).await
    }
}

impl<Res: Decode> Future for Pending<Res> {
    type Output = Result<Res, Status>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.link.poll_reply(&mut this.inbound, context).map(|reply| Ok(reply?.message))
    }
}

macro_rules! debug {
    ($($name:ident),*) => {$(
        impl<C, Req, Res> fmt::Debug for $name<C, Req, Res> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("method", &self.plan.method.path()).finish_non_exhaustive()
            }
        }
    )*};
}

debug!(Unary, ServerStreaming, ClientStreaming, BidiStreaming);

impl<Res> fmt::Debug for Pending<Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}
