//! The connection machine on a stream: bytes are moved, and the one deadline is waited for.

use core::future::poll_fn;
use core::mem::MaybeUninit;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};
use std::string::ToString as _;
use std::sync::Arc;
use std::task::Waker;

use ::tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use bytes::{BufMut as _, BytesMut};
use futures_core::{FusedStream, Stream};
use futures_sink::Sink;

use super::Error;
use super::timer::{Timer, now};
use super::wakers::{Side, Wakers};
use crate::handshake::{Accepted, Opened, Subprotocol};
use crate::{
    CloseCode, CloseInfo, Config, Connection, Event, MAX_HEADER, Message, Outgoing, Role, SendError,
};

/// An open WebSocket over any stream of bytes.
///
/// It does its work while it is polled: [`recv`](Self::recv) also writes what is queued, answers pings and keeps time, so a task
/// that owns a connection should spend its time there, for example in a `select!` with what it has to send. All methods are
/// cancel-safe: a future that is dropped loses no message and breaks no frame (see [`send`](Self::send) for what
/// it may leave queued).
///
/// It is a [`Stream`] of messages and a [`Sink`] of whatever is `Into<Outgoing>`, so `futures_util`'s `split` works, with the
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
    wakers: Arc<Wakers>,
}

/// How far writing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    /// There was nothing to write, or `io` took nothing.
    Nothing,
    /// `io` took some, and no more now.
    Some,
    /// All is written, or writing failed.
    All,
}

/// What is read at once while little comes.
const FIRST_READ: usize = 4096;

/// Room made for each read while a lot comes.
const NEXT_READ: usize = 64 * 1024;

/// What is written at once without a vectored write. Such a stream may copy what it takes, as hyper's over HTTP/2 does, and pieces bound
/// what it holds beyond our queue.
const MAX_PIECE: usize = 64 * 1024;

/// Slices lent to one vectored write.
const SLICES: usize = 32;

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
            wakers: Arc::default(),
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

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        if let Some(message) = self.connection.take_message() {
            return Poll::Ready(Some(Ok(message)));
        }
        loop {
            let event = ready!(self.poll_event(cx));
            if let Some(outcome) = self.outcome(event) {
                return Poll::Ready(outcome);
            }
        }
    }

    /// What an event is to who waits for messages; `None` when it waits on.
    pub(super) fn outcome(&mut self, event: Option<Event>) -> Option<Option<Result<Message, Error>>> {
        match event {
            Some(Event::Message(message)) => Some(Some(Ok(message))),
            Some(Event::Closed(info)) if info.clean => Some(None),
            Some(Event::Closed(info)) => {
                let failure = self.failure.take().map(Error::Io);
                let error = failure.or(info.error.map(Error::Protocol));
                Some(error.map(Err))
            }
            Some(_) => None,
            None => Some(None),
        }
    }

    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut waker = None;
        loop {
            if let Some(event) = self.connection.poll_event() {
                match event {
                    // Told once the Close before it is on its way.
                    Event::Closed(info) => self.closed = Some(info),
                    event => return Poll::Ready(Some(event)),
                }
            }
            if let Some(info) = &self.closed {
                if self.told {
                    return Poll::Ready(None);
                }
                if self.is_over() {
                    self.told = true;
                    return Poll::Ready(Some(Event::Closed(info.clone())));
                }
            }
            ready!(self.poll_progress(cx, Side::Reader, &mut waker));
        }
    }

    /// Whether the queue takes a message of `len` bytes, or is over.
    pub(super) fn has_room(&self, len: usize) -> bool {
        let limits = &self.config.limits;
        let buffered = self.connection.buffered_amount();
        let after = buffered.saturating_add(len).saturating_add(MAX_HEADER);
        buffered == 0 || buffered <= limits.high_water && after <= limits.max_buffered
    }

    /// Ready when the queue takes a message of `len` bytes.
    fn poll_room(&mut self, cx: &mut Context<'_>, len: usize) -> Poll<Result<(), Error>> {
        let mut waker = None;
        loop {
            if self.failure.is_some() || self.connection.is_closed() {
                return Poll::Ready(Err(self.write_error()));
            }
            if self.has_room(len) {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_progress(cx, Side::Writer, &mut waker));
        }
    }

    /// Ready when `io` has taken and passed on all that is queued.
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut waker = None;
        loop {
            if self.failure.is_some() {
                return Poll::Ready(Err(self.write_error()));
            }
            if self.connection.buffered_amount() == 0 && !self.unflushed {
                return Poll::Ready(Ok(()));
            }
            if self.connection.is_finished() {
                return Poll::Ready(Err(self.write_error()));
            }
            ready!(self.poll_progress(cx, Side::Writer, &mut waker));
        }
    }

    fn write_error(&mut self) -> Error {
        match &self.failure {
            // The first error stays for `recv`.
            Some(failure) => Error::Io(io::Error::new(failure.kind(), failure.to_string())),
            None => Error::Send(SendError::Closed),
        }
    }

    /// Moves bytes or time, in either direction; pending when there is nothing to do.
    fn poll_progress(&mut self, cx: &mut Context<'_>, side: Side, waker: &mut Option<Waker>) -> Poll<()> {
        let waker = waker.get_or_insert_with(|| {
            self.wakers.register(side, cx);
            Waker::from(self.wakers.clone())
        });
        let cx = &mut Context::from_waker(waker);
        let written = self.write_all(cx);
        // Reading on behalf of a writer is for when it has to wait; and what was written may have made an event.
        if written == Written::All {
            return Poll::Ready(());
        }
        let read = self.poll_read(cx, side);
        if written == Written::Some || read.is_ready() {
            return Poll::Ready(());
        }
        if self.failure.is_some() && !self.input_over {
            // We cannot write, and what was there to be read is read.
            self.end_input();
            return Poll::Ready(());
        }
        match self.connection.poll_timeout() {
            Some(deadline) => {
                ready!(self.timer.poll(cx, deadline));
                self.connection.handle_timeout(now());
                self.gave_up |= self.closed.is_some();
                Poll::Ready(())
            }
            None => Poll::Pending,
        }
    }

    /// Writes what is queued, as far as `io` takes it.
    fn write_all(&mut self, cx: &mut Context<'_>) -> Written {
        let mut written = Written::Nothing;
        while self.failure.is_none() {
            match self.try_write(cx) {
                Poll::Ready(Ok(true)) => written = Written::Some,
                Poll::Ready(Ok(false)) if written == Written::Some => return Written::All,
                Poll::Ready(Ok(false)) | Poll::Pending => break,
                Poll::Ready(Err(error)) => {
                    self.failure = Some(error);
                    return Written::All;
                }
            }
        }
        written
    }

    /// One step of writing; whether there was something to do.
    fn try_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = self.connection.poll_transmit_vectored(&mut slices);
        if let Some(slices) = slices.get(..filled)
            && filled > 0
        {
            let io = Pin::new(&mut self.io);
            let written = if !io.is_write_vectored() {
                let piece = slices[0].get(..MAX_PIECE).unwrap_or(&slices[0]);
                ready!(io.poll_write(cx, piece))?
            } else if filled == 1 {
                ready!(io.poll_write(cx, &slices[0]))?
            } else {
                ready!(io.poll_write_vectored(cx, slices))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.connection.transmitted(written);
            self.unflushed = true;
            return Poll::Ready(Ok(true));
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.unflushed = false;
            return Poll::Ready(Ok(true));
        }
        if self.ends_output() {
            ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
            self.shut_down = true;
            return Poll::Ready(Ok(true));
        }
        Poll::Ready(Ok(false))
    }

    /// Whether our half of the stream is to be ended now. After a clean close a client leaves it to the server to be
    /// the first (RFC 6455 §7.1.1).
    fn ends_output(&self) -> bool {
        let Some(info) = &self.closed else { return false };
        let server_first = self.connection.role() == Role::Client && info.clean && !self.input_over;
        !self.shut_down && !server_first
    }

    /// Reads once and hands it to the machine; ready when something happened.
    fn poll_read(&mut self, cx: &mut Context<'_>, side: Side) -> Poll<()> {
        if self.input_over || !self.connection.wants_read() {
            return Poll::Pending;
        }
        match ready!(self.read_once(cx)) {
            Ok(0) => self.end_input(),
            Ok(_) => {
                let now = now();
                self.connection.receive(&mut self.input, now);
                // A stream that always has bytes must not keep time from passing.
                if self.connection.poll_timeout().is_some_and(|deadline| deadline <= now) {
                    self.connection.handle_timeout(now);
                }
            }
            Err(error) => {
                self.failure.get_or_insert(error);
                self.end_input();
            }
        }
        if side == Side::Writer {
            self.wakers.wake_reader();
        }
        Poll::Ready(())
    }

    /// Reads to the end of `input`: by way of the stack while little comes, so that whoever waits holds no more than was
    /// sent, and straight into a big buffer while a lot does.
    fn read_once(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let big = self.connection.wanted_of_big_frame();
        let was_busy = self.busy;
        let read = if self.busy || big.is_some() {
            let most = big.unwrap_or(NEXT_READ);
            // A big frame is read into its own memory: there is room already.
            if self.input.capacity() - self.input.len() < most.min(NEXT_READ) {
                self.input.reserve(most.min(NEXT_READ));
            }
            let mut room = (&mut self.input).limit(most);
            pin!(self.io.read_buf(&mut room)).poll(cx)
        } else {
            let mut storage = [const { MaybeUninit::uninit() }; FIRST_READ];
            let mut buf = ReadBuf::uninit(&mut storage);
            Pin::new(&mut self.io).poll_read(cx, &mut buf).map_ok(|()| {
                self.input.extend_from_slice(buf.filled());
                buf.filled().len()
            })
        };
        self.busy = matches!(read, Poll::Ready(Ok(n)) if n >= FIRST_READ);
        if read.is_pending() && big.is_none() && (was_busy || self.input.is_empty()) {
            // What came of a message needs no big buffer to wait in.
            self.input = BytesMut::from(&self.input[..]);
        }
        read
    }

    fn end_input(&mut self) {
        self.input_over = true;
        self.connection.receive_eof(now());
    }

    /// Whether a closed connection leaves nothing to do: our Close is on its way and our half of the stream ended, the peer's too
    /// where that is waited for. Or nothing is worth waiting for.
    fn is_over(&self) -> bool {
        let cut_off = self.failure.is_some() && self.input_over;
        cut_off || self.gave_up || self.connection.is_finished() && self.shut_down
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<IO> {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_recv(cx)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> FusedStream for WebSocket<IO> {
    fn is_terminated(&self) -> bool {
        self.told
    }
}

/// Ready below [`Limits::high_water`](crate::Limits::high_water). `poll_close` sends a Close with 1000 and is done once that is
/// written: the peer's comes out of the stream.
impl<IO, T> Sink<T> for WebSocket<IO>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    T: Into<Outgoing>,
{
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.get_mut().poll_room(cx, 0)
    }

    fn start_send(self: Pin<&mut Self>, message: T) -> Result<(), Error> {
        self.get_mut().queue(message).map_err(Error::Send)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.get_mut().poll_written(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        this.start_close(CloseCode::NORMAL, "");
        this.poll_written(cx)
    }
}
