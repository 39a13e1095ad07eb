//! One connection: moves messages between the socket, the machine and the operations.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};
use std::time::Instant;

use ::tokio::io::{AsyncRead, AsyncWrite};
use ::tokio::time::{Sleep, sleep_until};
use futures_core::Stream;
use futures_sink::Sink;
use ws_frame::tokio::{Error, WebSocket};
use ws_frame::{Message, Outgoing};

use crate::app::{App, Execution, Prepared, Subscribing, Subscription};
use crate::exec::Response;
use crate::syntax::OperationType;
use crate::value::Object;
use crate::ws::{Close, CloseCode, Event, Operation, Output, SUBPROTOCOL, Server, WsLimits};

/// Why a client may not connect, in words for the client: 4403.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(String);

impl Refused {
    /// A refusal that says `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Serves one connection to its end.
///
/// `connect` is handed the payload of `connection_init` and gives the context of each operation, which is cloned for it. A client
/// that offered another subprotocol is closed with 4406. Once `stopped` is over, the connection is closed with 1001.
///
/// A `subscribe` is acted on before the next message is looked at: a `pong` that follows it means that its source is open.
/// Nothing is read, and no source polled, while the client does not take what it was sent.
///
/// # Errors
/// The socket failed, or the peer broke the WebSocket protocol.
pub async fn serve<IO, C, F, R>(
    mut socket: WebSocket<IO>,
    app: App<C>,
    limits: WsLimits,
    connect: F,
    stopped: impl Future<Output = ()>,
) -> Result<(), Error>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    C: Clone + Send + Sync + 'static,
    F: FnOnce(Object) -> R,
    R: Future<Output = Result<C, Refused>>,
{
    let now = Instant::now();
    let mut server = Server::new(limits, now);
    if socket.subprotocol().is_none_or(|name| name.as_str() != SUBPROTOCOL) {
        server.close(CloseCode::SubprotocolNotAcceptable, "Subprotocol not acceptable");
    }
    let mut stopped = core::pin::pin!(stopped);
    let mut connection = Connection {
        socket: &mut socket,
        server,
        app,
        connecting: Connecting::Waiting(connect),
        opening: None,
        running: Vec::new(),
        turn: 0,
        timer: Box::pin(sleep_until(now.into())),
        close: None,
    };
    let mut is_stopped = false;
    let end = poll_fn(|cx| {
        if !is_stopped && stopped.as_mut().poll(cx).is_ready() {
            is_stopped = true;
            connection.server.close(CloseCode::GoingAway, "the service stops");
        }
        connection.poll(cx)
    })
    .await;
    // Sources are closed before the peer is waited for.
    drop(connection);
    match end? {
        Some(Close { code, reason }) => socket.close(close_code(code), &reason).await.map(drop),
        None => Ok(()),
    }
}

fn close_code(code: CloseCode) -> ws_frame::CloseCode {
    // All of them are in the ranges that an application may send (RFC 6455 §7.4.2).
    ws_frame::CloseCode::try_from(code.as_u16()).unwrap_or(ws_frame::CloseCode::INTERNAL_ERROR)
}

struct Connection<'s, IO, C, F, R> {
    socket: &'s mut WebSocket<IO>,
    server: Server,
    app: App<C>,
    connecting: Connecting<C, F, R>,
    /// A subscription whose source is being opened. Nothing is read until it is.
    opening: Option<(Operation, Subscribing<C>)>,
    running: Vec<(Operation, Running<C>)>,
    /// Which operation is polled first next time, so that a busy one does not starve the others.
    turn: usize,
    timer: Pin<Box<Sleep>>,
    /// What the machine ended with.
    close: Option<Close>,
}

enum Connecting<C, F, R> {
    /// For `connection_init`.
    Waiting(F),
    /// For the decision.
    Deciding(Pin<Box<R>>),
    Decided(C),
    Refused,
}

enum Running<C> {
    Once(Execution<C>),
    Many(Subscription<C>),
}

impl<IO, C, F, R> Connection<'_, IO, C, F, R>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    C: Clone + Send + Sync + 'static,
    F: FnOnce(Object) -> R,
    R: Future<Output = Result<C, Refused>>,
{
    /// Does all that can be done now. Ready at the end: with the Close to send, or with none where the peer was the first.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Close>, Error>> {
        loop {
            let mut goes_on = self.poll_connecting(cx);
            goes_on |= self.poll_opening(cx);
            goes_on |= self.poll_running(cx);
            goes_on |= self.poll_timer(cx);
            match self.poll_write(cx) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) => {}
                Poll::Pending => return Poll::Pending,
            }
            if let Some(close) = self.close.take() {
                return Poll::Ready(Ok(Some(close)));
            }
            match self.poll_read(cx) {
                Poll::Ready(Some(Ok(()))) => goes_on = true,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Pending => {}
            }
            if !goes_on {
                return Poll::Pending;
            }
        }
    }

    fn poll_connecting(&mut self, cx: &mut Context<'_>) -> bool {
        let Connecting::Deciding(decision) = &mut self.connecting else { return false };
        let Poll::Ready(decision) = decision.as_mut().poll(cx) else { return false };
        match decision {
            Ok(context) => {
                self.connecting = Connecting::Decided(context);
                self.server.accept(Instant::now());
            }
            Err(Refused(reason)) => {
                self.connecting = Connecting::Refused;
                self.server.refuse(&reason);
            }
        }
        true
    }

    fn poll_opening(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((_, opening)) = &mut self.opening else { return false };
        let Poll::Ready(opened) = Pin::new(opening).poll(cx) else { return false };
        let Some((operation, _)) = self.opening.take() else { return false };
        match opened {
            Ok(results) => self.running.push((operation, Running::Many(results))),
            Err(response) => self.server.error(&operation, response.errors()),
        }
        true
    }

    /// Takes one result of each operation that has one, as far as there is room.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> bool {
        let mut goes_on = false;
        let count = self.running.len();
        self.turn = self.turn.wrapping_add(1);
        let mut over: Vec<usize> = Vec::new();
        for n in 0..count {
            if !self.server.is_writable() {
                // Looked at again once the socket has taken some.
                goes_on = true;
                break;
            }
            let at = self.turn.wrapping_add(n) % count;
            let Some((operation, running)) = self.running.get_mut(at) else { continue };
            match running.poll_result(cx) {
                Poll::Pending => {}
                Poll::Ready(Some(response)) => {
                    goes_on = true;
                    let is_over = matches!(running, Running::Once(_));
                    if is_over && response.is_request_error() {
                        self.server.error(operation, response.errors());
                    } else {
                        // A response is written by this crate, as JSON in UTF-8.
                        self.server.next(operation, &String::from_utf8_lossy(response.json()));
                    }
                    if is_over {
                        self.server.complete(operation);
                        over.push(at);
                    }
                }
                Poll::Ready(None) => {
                    goes_on = true;
                    self.server.complete(operation);
                    over.push(at);
                }
            }
        }
        over.sort_unstable();
        for at in over.into_iter().rev() {
            self.running.swap_remove(at);
        }
        goes_on
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(deadline) = self.server.poll_timeout() else { return false };
        if self.timer.deadline() != deadline.into() {
            self.timer.as_mut().reset(deadline.into());
        }
        if self.timer.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.server.handle_timeout(Instant::now());
        true
    }

    /// Hands what is to be sent to the socket. Pending while the peer does not take it.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let room = Sink::<Outgoing>::poll_ready(Pin::new(&mut *self.socket), cx);
            match core::task::ready!(room).and_then(|()| self.write_one()) {
                Ok(true) => {}
                Ok(false) => return Poll::Ready(Ok(())),
                // The reading half knows how it ended.
                Err(Error::Send(_)) => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn write_one(&mut self) -> Result<bool, Error> {
        match self.server.poll_output() {
            Some(Output::Text(text)) => self.socket.queue(text).map(|()| true).map_err(Error::Send),
            Some(Output::Close(close)) => {
                self.close = Some(close);
                Ok(false)
            }
            None => Ok(false),
        }
    }

    /// Takes one message, and acts on it; the reading also writes what is queued. Ready with `None` at the end.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), Error>>> {
        if self.opening.is_some() {
            // What is queued is written all the same.
            let flushed = Sink::<Outgoing>::poll_flush(Pin::new(&mut *self.socket), cx);
            return match flushed {
                Poll::Ready(Err(error @ Error::Io(_))) => Poll::Ready(Some(Err(error))),
                _ => Poll::Pending,
            };
        }
        let message = match core::task::ready!(Pin::new(&mut *self.socket).poll_next(cx)) {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        };
        match message {
            Message::Text(text) => self.server.handle_text(&text, Instant::now()),
            Message::Binary(_) => self.server.handle_binary(),
        }
        while let Some(event) = self.server.poll_event() {
            match event {
                Event::Init(payload) => {
                    let waiting = core::mem::replace(&mut self.connecting, Connecting::Refused);
                    if let Connecting::Waiting(connect) = waiting {
                        self.connecting = Connecting::Deciding(Box::pin(connect(payload)));
                    }
                }
                Event::Start { operation, request } => match self.app.prepare(&request) {
                    Ok(prepared) => self.start(operation, prepared),
                    Err(response) => self.server.error(&operation, response.errors()),
                },
                Event::Stop(operation) => self.running.retain(|(running, _)| *running != operation),
            }
        }
        Poll::Ready(Some(Ok(())))
    }

    fn start(&mut self, operation: Operation, prepared: Prepared<C>) {
        // The machine starts nothing before the connection is acknowledged.
        let Connecting::Decided(context) = &self.connecting else { return };
        let context = context.clone();
        match prepared.kind() {
            OperationType::Query | OperationType::Mutation => {
                self.running.push((operation, Running::Once(prepared.execute(context))));
            }
            OperationType::Subscription => {
                self.opening = Some((operation, prepared.subscribe(context)));
            }
        }
    }
}

impl<C: Send + Sync + 'static> Running<C> {
    fn poll_result(&mut self, cx: &mut Context<'_>) -> Poll<Option<Response>> {
        match self {
            Self::Once(response) => Pin::new(response).poll(cx).map(Some),
            Self::Many(results) => Pin::new(results).poll_next(cx),
        }
    }
}
