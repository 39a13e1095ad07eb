//! A client that comes back: a [`Connector`], and the machine that says when.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;
use std::time::Instant;

use futures_core::{FusedStream, Stream};
use http::Response;

use super::timer::{Timer, now};
use super::{Connector, HandshakeError, Transport, WebSocket};
use crate::handshake::{ClientError, ClientHandshake};
use crate::reconnect::{Backoff, Failure, Offline, ReconnectEvent, Reconnector, StopReason, retry_after};
use crate::{CloseCode, CloseInfo, Config, Event, Message, Outgoing, SendError};

/// A client's WebSocket that is opened again when it is lost, as [`Backoff`] says: at a random point of growing windows, after the
/// server's `Retry-After`, not at all after some closes and refusals.
///
/// It does its work while it is polled: keep it in [`next`](Self::next), which is cancel-safe. Messages that were queued when a connection
/// was lost are lost with it: a WebSocket does not say what its peer has read.
///
/// # Examples
/// ```
/// use ws_frame::tokio::{Client, ClientEvent, Connector, request};
/// use ws_frame::reconnect::Backoff;
/// use ws_frame::{Config, Message};
///
/// async fn follow(url: &'static str) {
///     // The request is made anew for each try, here with whatever token is good now.
///     let mut client = Client::new(Connector::new(), Config::default(), Backoff::default(), move || async move { request(url) });
///     // Said first on each connection.
///     let _ = client.offline().subscribe("news", Message::from(r#"{"subscribe":"news"}"#));
///     while let Some(event) = client.next().await {
///         match event {
///             ClientEvent::Message(message) => println!("{message:?}"),
///             ClientEvent::Waiting { until, .. } => println!("lost; again at {until:?}"),
///             ClientEvent::Failed(error) => println!("{error}"),
///             ClientEvent::Stopped(reason) => println!("over: {reason:?}"),
///             _ => {}
///         }
///     }
/// }
/// ```
pub struct Client {
    connector: Connector,
    config: Arc<Config>,
    request: Box<dyn FnMut() -> Requesting + Send>,
    machine: Reconnector,
    offline: Offline,
    state: State,
    stopping: bool,
    over: bool,
    timer: Timer,
}

type Requesting = Pin<Box<dyn Future<Output = Result<ClientHandshake, HandshakeError>> + Send>>;
type Connecting =
    Pin<Box<dyn Future<Output = Result<(WebSocket<Transport>, Response<()>), HandshakeError>> + Send>>;

enum State {
    Idle,
    Connecting(Connecting),
    /// With the response until its event is given.
    Open(Box<WebSocket<Transport>>, Option<Response<()>>),
}

/// What happened to a [`Client`].
#[non_exhaustive]
#[derive(Debug)]
pub enum ClientEvent {
    /// A try begins.
    Connecting {
        /// How many tries this makes since a connection was stable, this one included.
        attempt: u32,
    },
    /// A try failed. [`Waiting`](Self::Waiting) or [`Stopped`](Self::Stopped) follows.
    Failed(HandshakeError),
    /// The connection is open, and what [`Client::offline`] holds is on its way.
    Open {
        /// How many tries it took.
        attempt: u32,
        /// The head of the server's response.
        response: Response<()>,
    },
    /// A message came.
    Message(Message),
    /// The connection ended. [`Waiting`](Self::Waiting) or [`Stopped`](Self::Stopped) follows.
    Closed(CloseInfo),
    /// The next try is at `until`.
    Waiting {
        /// When it is.
        until: Instant,
        /// The number of that try.
        attempt: u32,
    },
    /// There is no further try. The last event, unless [`Client::retry_now`] begins anew.
    Stopped(StopReason),
}

impl Client {
    /// A client that connects as soon as it is polled. `request` makes the handshake of each try; a key is used once, so it must not
    /// give the same one twice: see [`request`](super::request()).
    pub fn new<F, Fut>(
        connector: Connector,
        config: impl Into<Arc<Config>>,
        backoff: impl Into<Arc<Backoff>>,
        mut request: F,
    ) -> Self
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = Result<ClientHandshake, HandshakeError>> + Send + 'static,
    {
        let config = config.into();
        let offline = Offline::new(MAX_OFFLINE.min(config.limits.max_buffered));
        Self {
            connector,
            config,
            request: Box::new(move || Box::pin(request())),
            machine: Reconnector::new(backoff, now()),
            offline,
            state: State::Idle,
            stopping: false,
            over: false,
            timer: Timer::default(),
        }
    }

    /// Sets how many bytes [`offline`](Self::offline) may hold: 1 MiB by default, and at most
    /// [`Limits::max_buffered`](crate::Limits::max_buffered), which a new connection takes.
    #[must_use]
    pub fn max_offline(mut self, bytes: usize) -> Self {
        self.offline = Offline::new(bytes.min(self.config.limits.max_buffered));
        self
    }

    /// What is said on each new connection, and what waits for the next one.
    pub fn offline(&mut self) -> &mut Offline {
        &mut self.offline
    }

    /// The connection, while there is one.
    #[must_use]
    pub fn socket(&self) -> Option<&WebSocket<Transport>> {
        match &self.state {
            State::Open(ws, _) => Some(ws),
            _ => None,
        }
    }

    /// Queues a message on the open connection; [`next`](Self::next) writes it.
    ///
    /// # Errors
    /// [`SendError::Closed`] while there is no connection: keep it in [`offline`](Self::offline), or drop it.
    /// [`SendError::BufferFull`] when the server does not read as fast as we write.
    pub fn queue(&mut self, message: impl Into<Outgoing>) -> Result<(), SendError> {
        match &mut self.state {
            State::Open(ws, _) => ws.queue(message),
            _ => Err(SendError::Closed),
        }
    }

    /// Ends it: closes the connection if there is one, and makes no further try. Go on with [`next`](Self::next) until `None`.
    pub fn stop(&mut self, code: CloseCode, reason: &str) {
        self.stopping = true;
        match &mut self.state {
            State::Open(ws, _) => ws.start_close(code, reason),
            _ => {
                self.state = State::Idle;
                self.machine.stop();
            }
        }
    }

    /// Connects now instead of waiting, or again after a stop: the network is back, or the user asked.
    pub fn retry_now(&mut self) {
        self.machine.retry_now(now());
        if !self.machine.is_stopped() {
            (self.stopping, self.over) = (false, false);
        }
    }

    /// What happens next; `None` after [`ClientEvent::Stopped`].
    pub async fn next(&mut self) -> Option<ClientEvent> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        loop {
            if self.over {
                return Poll::Ready(None);
            }
            if let Some(event) = self.machine.poll_event()
                && let Some(event) = self.on_machine(event)
            {
                return Poll::Ready(Some(event));
            }
            match self.poll_state(cx) {
                Poll::Ready(Some(event)) => return Poll::Ready(Some(event)),
                Poll::Ready(None) => continue,
                Poll::Pending => {}
            }
            let Some(deadline) = self.machine.poll_timeout() else { return Poll::Pending };
            core::task::ready!(self.timer.poll(cx, deadline));
            self.machine.handle_timeout(now());
        }
    }

    fn on_machine(&mut self, event: ReconnectEvent) -> Option<ClientEvent> {
        match event {
            ReconnectEvent::Connect { attempt } => {
                let (connector, config) = (self.connector.clone(), Arc::clone(&self.config));
                let request = (self.request)();
                self.state = State::Connecting(Box::pin(async move {
                    let handshake = request.await?;
                    connector.connect(&handshake, config).await
                }));
                Some(ClientEvent::Connecting { attempt })
            }
            ReconnectEvent::Open { attempt } => {
                let State::Open(_, response) = &mut self.state else { return None };
                response.take().map(|response| ClientEvent::Open { attempt, response })
            }
            ReconnectEvent::Waiting { until, attempt } => Some(ClientEvent::Waiting { until, attempt }),
            ReconnectEvent::Stopped(reason) => {
                self.over = true;
                Some(ClientEvent::Stopped(reason))
            }
        }
    }

    /// Works on the try or the connection; ready with `None` when the machine has something to say.
    fn poll_state(&mut self, cx: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        match &mut self.state {
            State::Idle => Poll::Pending,
            State::Connecting(connecting) => match core::task::ready!(connecting.as_mut().poll(cx)) {
                Ok((mut ws, response)) => {
                    // They fit: `Offline` is smaller than what a connection holds.
                    for message in self.offline.on_open() {
                        let _ = ws.queue(message);
                    }
                    self.state = State::Open(Box::new(ws), Some(response));
                    self.machine.opened(now());
                    Poll::Ready(None)
                }
                Err(error) => {
                    self.state = State::Idle;
                    self.machine.failed(failure(&error), now(), random());
                    Poll::Ready(Some(ClientEvent::Failed(error)))
                }
            },
            State::Open(ws, _) => match core::task::ready!(ws.poll_event(cx)) {
                Some(Event::Message(message)) => Poll::Ready(Some(ClientEvent::Message(message))),
                Some(Event::Closed(info)) => {
                    self.state = State::Idle;
                    if self.stopping {
                        self.machine.stop();
                    } else {
                        self.machine.closed(info.code, now(), random());
                    }
                    Poll::Ready(Some(ClientEvent::Closed(info)))
                }
                Some(_) | None => Poll::Ready(None),
            },
        }
    }
}

/// What [`Client::offline`] may hold.
const MAX_OFFLINE: usize = 1024 * 1024;

fn failure(error: &HandshakeError) -> Failure {
    match error {
        HandshakeError::Io(_) | HandshakeError::Timeout | HandshakeError::Closed => Failure::Unreachable,
        HandshakeError::Response { error: ClientError::Status(status), response } => {
            Failure::Refused { status: *status, retry_after: retry_after(response.headers()) }
        }
        _ => Failure::Fatal,
    }
}

/// Where the system gives no random bytes, a connection cannot be opened either.
fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX)
}

impl Stream for Client {
    type Item = ClientEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        self.get_mut().poll_event(cx)
    }
}

impl FusedStream for Client {
    fn is_terminated(&self) -> bool {
        self.over
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("machine", &self.machine)
            .field("socket", &self.socket())
            .finish_non_exhaustive()
    }
}
