//! A connection on a stream of bytes: what can be asked of it.

mod drive;
mod streams;

use core::future::poll_fn;
use std::io;
use std::sync::Arc;

use ::tokio::io::{AsyncRead, AsyncWrite};
use bytes::BytesMut;

use super::Error;
use super::timer::{Timer, now};
use super::wakers::Wakers;
use crate::handshake::{Accepted, Opened, Subprotocol};
use crate::{CloseCode, CloseInfo, Config, Connection, Event, Message, Outgoing, SendError};

/// An open WebSocket over any stream of bytes.
///
/// It does its work while it is polled: [`recv`](Self::recv) also writes what is queued, answers pings and keeps time, so a task
/// that owns a connection should spend its time there, for example in a `select!` with what it has to send. All methods are
/// cancel-safe: a future that is dropped loses no message and breaks no frame (see [`send`](Self::send) for what
/// it may leave queued).
///
/// It is a [`Stream`](futures_core::Stream) of messages and a [`Sink`](futures_sink::Sink) of whatever is `Into<Outgoing>`, so `futures_util`'s `split` works, with the
/// halves in different tasks. Dropped without [`close`](Self::close), the peer sees the stream end without a Close (1006).
///
/// # Examples
/// ```
/// use tokio::sync::mpsc;
/// use ws_frame::tokio::{Error, WebSocket};
/// use ws_frame::{CloseCode, Message, Prepared};
///
/// // One task receives, and sends what others publish.
/// async fn serve<IO>(mut ws: WebSocket<IO>, mut published: mpsc::Receiver<Prepared>) -> Result<(), Error>
/// where
///     IO: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
/// {
///     loop {
///         tokio::select! {
///             received = ws.recv() => match received {
///                 Some(Ok(Message::Text(text))) => ws.send(text).await?,
///                 Some(Ok(Message::Binary(_))) => ws.start_close(CloseCode::UNSUPPORTED_DATA, "text only"),
///                 Some(Err(error)) => return Err(error),
///                 None => return Ok(()),
///             },
///             // `queue` does not wait: `recv` writes it, and a peer that does not read costs at most `max_buffered`.
///             Some(message) = published.recv() => ws.queue(message)?,
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct WebSocket<IO> {
    io: IO,
    connection: Connection,
    config: Arc<Config>,
    subprotocol: Option<Subprotocol>,
    /// The beginning of a frame, and room to read more.
    input: BytesMut,
    /// The last read brought a lot: there may be more.
    busy: bool,
    /// `io` holds bytes that it may not have passed on.
    unflushed: bool,
    shut_down: bool,
    /// Time for the end ran out.
    gave_up: bool,
    /// The first error of `io`.
    failure: Option<io::Error>,
    /// Input of `io` ended or failed.
    input_over: bool,
    closed: Option<CloseInfo>,
    /// The end was told.
    told: bool,
    timer: Timer,
    wakers: Wakers,
}

impl<IO> WebSocket<IO> {
    /// The server's end of a stream whose opening handshake is done, such as hyper's `Upgraded` behind `TokioIo`.
    pub fn server(io: IO, config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        let connection = Connection::server(config.clone(), now());
        Self::new(io, config, connection)
    }

    /// The client's end of a stream whose opening handshake is done. Masking keys come from the operating system's
    /// random source, 32 bytes a connection.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn client(io: IO, config: impl Into<Arc<Config>>) -> Result<Self, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let config = config.into();
        let connection = Connection::client(config.clone(), seed, now());
        Ok(Self::new(io, config, connection))
    }

    /// [`server`](Self::server) for what [`Policy`](crate::handshake::Policy) accepted, with what was negotiated.
    pub fn accepted(io: IO, config: impl Into<Arc<Config>>, accepted: &Accepted) -> Self {
        let ws = Self::server(io, config).with_subprotocol(accepted.subprotocol.clone());
        #[cfg(feature = "deflate")]
        let ws = ws.with_deflate(accepted.deflate.clone());
        ws
    }

    /// [`client`](Self::client) for what a [`ClientHandshake`](crate::handshake::ClientHandshake) opened, with what was negotiated.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn opened(io: IO, config: impl Into<Arc<Config>>, opened: &Opened) -> Result<Self, getrandom::Error> {
        let ws = Self::client(io, config)?.with_subprotocol(opened.subprotocol.clone());
        #[cfg(feature = "deflate")]
        let ws = ws.with_deflate(opened.deflate.clone());
        Ok(ws)
    }

    fn new(io: IO, config: Arc<Config>, connection: Connection) -> Self {
        Self {
            io,
            connection,
            config,
            subprotocol: None,
            input: BytesMut::new(),
            busy: false,
            unflushed: false,
            shut_down: false,
            gave_up: false,
            failure: None,
            input_over: false,
            closed: None,
            told: false,
            timer: Timer::default(),
            wakers: Wakers::default(),
        }
    }

    /// The same connection with its stream wrapped, by something that reads and writes the same bytes.
    #[must_use]
    pub fn map_io<T>(self, wrap: impl FnOnce(IO) -> T) -> WebSocket<T> {
        WebSocket {
            io: wrap(self.io),
            connection: self.connection,
            config: self.config,
            subprotocol: self.subprotocol,
            input: self.input,
            busy: self.busy,
            unflushed: self.unflushed,
            shut_down: self.shut_down,
            gave_up: self.gave_up,
            failure: self.failure,
            input_over: self.input_over,
            closed: self.closed,
            told: self.told,
            timer: self.timer,
            wakers: self.wakers,
        }
    }

    /// Hands over bytes that were read behind the handshake: the first bytes of the first frame. [`accept`](super::accept) and
    /// [`connect`](super::connect) have done so already, and hyper's `Upgraded` gives them back by itself.
    #[must_use]
    pub fn with_leftover(mut self, leftover: BytesMut) -> Self {
        if !leftover.is_empty() {
            self.input = leftover;
            self.connection.receive(&mut self.input, now());
        }
        self
    }

    /// Speaks permessage-deflate as the handshake agreed, from the first frame on.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(mut self, agreement: Option<crate::deflate::Agreement>) -> Self {
        self.connection = self.connection.with_deflate(agreement);
        self
    }

    /// Remembers what the handshake chose, for [`subprotocol`](Self::subprotocol).
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: Option<Subprotocol>) -> Self {
        self.subprotocol = subprotocol;
        self
    }

    /// The subprotocol that the handshake chose.
    #[must_use]
    pub const fn subprotocol(&self) -> Option<&Subprotocol> {
        self.subprotocol.as_ref()
    }

    /// The stream below.
    #[must_use]
    pub const fn io(&self) -> &IO {
        &self.io
    }

    /// The machine inside.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Bytes queued that the stream has not taken (WHATWG WebSockets, `bufferedAmount`, framing included).
    #[must_use]
    pub fn buffered_amount(&self) -> usize {
        self.connection.buffered_amount()
    }

    /// How the connection ended, once it did.
    #[must_use]
    pub const fn close_info(&self) -> Option<&CloseInfo> {
        self.closed.as_ref()
    }

    /// Queues a message without waiting: the next call that waits, such as [`recv`](Self::recv), writes it.
    ///
    /// # Errors
    /// [`SendError::Closed`], or [`SendError::BufferFull`] when the peer does not read as fast as we write. Nothing is queued then.
    pub fn queue(&mut self, message: impl Into<Outgoing>) -> Result<(), SendError> {
        self.connection.send(message)
    }

    /// Queues a ping of the application's own without waiting.
    ///
    /// # Errors
    /// As [`queue`](Self::queue), and [`SendError::ControlTooLong`] over 125 bytes.
    pub fn queue_ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.connection.ping(payload)
    }

    /// Starts the closing handshake without waiting; go on with [`recv`](Self::recv) until it gives `None`, to get what the peer sent
    /// before it saw our Close.
    pub fn start_close(&mut self, code: CloseCode, reason: &str) {
        self.connection.close(code, reason, now());
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> WebSocket<IO> {
    /// The next message; `None` when the connection ended as it should, and after an error. It writes what is queued, answers pings and
    /// keeps time while it waits.
    ///
    /// # Errors
    /// [`Error::Protocol`]: the peer broke a rule, or was silent for too long. The Close that says so is written already.
    /// [`Error::Io`]: the stream failed.
    pub async fn recv(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The next event: pings, parts of messages ([`Delivery::Chunks`](crate::Delivery::Chunks)) and the end included. `None` after
    /// [`Event::Closed`]. Use either this or [`recv`](Self::recv), which passes over all but messages.
    pub async fn next_event(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Sends a message: waits for room in the queue, queues it, and waits until the stream has taken all that is queued.
    ///
    /// Dropped while it waits for room, it has queued nothing. Dropped later, the message stays queued, and the next call that waits
    /// writes the rest of it. While it waits it reads, up to [`Limits::max_unread`](crate::Limits::max_unread), so that two peers that both
    /// send do not wait for each other; what was read is for [`recv`](Self::recv).
    ///
    /// # Errors
    /// [`Error::Send`]: the connection is closing or closed. [`Error::Io`]: the stream failed.
    pub async fn send(&mut self, message: impl Into<Outgoing>) -> Result<(), Error> {
        let message = message.into();
        let len = message.len();
        poll_fn(|cx| self.poll_room(cx, len)).await?;
        self.connection.send(message).map_err(Error::Send)?;
        self.flush().await
    }

    /// Sends a ping of the application's own, with up to 125 bytes. The heartbeat of [`Config`] needs none.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`SendError::ControlTooLong`].
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.connection.ping(payload).map_err(Error::Send)?;
        self.flush().await
    }

    /// Waits until the stream has taken all that is queued.
    ///
    /// # Errors
    /// [`Error::Io`]: the stream failed. [`Error::Send`]: the connection ended before.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_written(cx)).await
    }

    /// Closes: sends a Close behind all that is queued, and waits for the peer's, at most
    /// [`Limits::close_timeout`](crate::Limits::close_timeout). Messages that come meanwhile are dropped; to get them, use
    /// [`start_close`](Self::start_close).
    ///
    /// # Errors
    /// [`Error::Io`]: the stream failed. A peer that does not answer is no error here: [`CloseInfo::clean`] says so.
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<CloseInfo, Error> {
        self.start_close(code, reason);
        while self.next_event().await.is_some() {}
        match (self.failure.take(), &self.closed) {
            (None, Some(info)) => Ok(info.clone()),
            (Some(_), Some(info)) if info.clean => Ok(info.clone()),
            (Some(failure), _) => Err(Error::Io(failure)),
            (None, None) => Err(Error::Send(SendError::Closed)),
        }
    }
}
