//! The connection machine on a stream: bytes are moved, and the one deadline is waited for.

use core::mem::MaybeUninit;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker, ready};
use std::io::{self, IoSlice};
use std::string::ToString as _;

use ::tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use bytes::{BufMut as _, BytesMut};

use super::WebSocket;
use crate::tokio::Error;
use crate::tokio::timer::now;
use crate::tokio::wakers::Side;
use crate::{Event, MAX_HEADER, Message, Role, SendError};

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

/// What is read at once while little comes: a record of TLS, or a DATA frame of HTTP/2, and what surrounds a message of 16 KiB.
const FIRST_READ: usize = 16 * 1024 + 64;

/// Room made for each read while a lot comes.
const NEXT_READ: usize = 64 * 1024;

/// What is written at once without a vectored write. Such a stream may copy what it takes, as hyper's over HTTP/2 does, and pieces bound
/// what it holds beyond our queue.
const MAX_PIECE: usize = 64 * 1024;

/// Slices lent to one vectored write.
const SLICES: usize = 32;

impl<IO: AsyncRead + AsyncWrite + Unpin> WebSocket<IO> {
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
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
    pub(in crate::tokio) fn outcome(
        &mut self,
        event: Option<Event>,
    ) -> Option<Option<Result<Message, Error>>> {
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

    pub(in crate::tokio) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_until(cx, Side::Reader, |ws| {
            if let Some(event) = ws.connection.poll_event() {
                match event {
                    // Told once the Close before it is on its way.
                    Event::Closed(info) => ws.closed = Some(info),
                    event => return Some(Some(event)),
                }
            }
            let info = ws.closed.as_ref()?;
            if ws.told {
                return Some(None);
            }
            if !ws.is_over() {
                return None;
            }
            ws.told = true;
            Some(Some(Event::Closed(info.clone())))
        })
    }

    /// Whether the queue takes a message of `len` bytes, or is over.
    pub(in crate::tokio) fn has_room(&self, len: usize) -> bool {
        let limits = &self.config.limits;
        let buffered = self.connection.buffered_amount();
        let after = buffered.saturating_add(len).saturating_add(MAX_HEADER);
        buffered == 0 || buffered <= limits.high_water && after <= limits.max_buffered
    }

    /// Ready when the queue takes a message of `len` bytes.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>, len: usize) -> Poll<Result<(), Error>> {
        self.poll_until(cx, Side::Writer, |ws| {
            if ws.failure.is_some() || ws.connection.is_closed() {
                return Some(Err(ws.write_error()));
            }
            ws.has_room(len).then_some(Ok(()))
        })
    }

    /// Ready when `io` has taken and passed on all that is queued.
    pub(super) fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_until(cx, Side::Writer, |ws| {
            if ws.failure.is_some() {
                return Some(Err(ws.write_error()));
            }
            if ws.connection.buffered_amount() == 0 && !ws.unflushed {
                return Some(Ok(()));
            }
            ws.connection.is_finished().then(|| Err(ws.write_error()))
        })
    }

    fn write_error(&self) -> Error {
        match &self.failure {
            // The first error stays for `recv`.
            Some(failure) => Error::Io(io::Error::new(failure.kind(), failure.to_string())),
            None => Error::Send(SendError::Closed),
        }
    }

    /// Moves bytes and time until there is an outcome.
    fn poll_until<T>(
        &mut self,
        cx: &mut Context<'_>,
        side: Side,
        mut outcome: impl FnMut(&mut Self) -> Option<T>,
    ) -> Poll<T> {
        // Not chosen yet; then none of our own, where the task's serves.
        let mut waker = None;
        loop {
            if let Some(outcome) = outcome(self) {
                self.wakers.forget(side);
                return Poll::Ready(outcome);
            }
            let waker: &Option<Waker> = waker.get_or_insert_with(|| self.wakers.choose(side, cx));
            let progress = match waker {
                Some(waker) => self.poll_progress(&mut Context::from_waker(waker), side),
                None => self.poll_progress(cx, side),
            };
            if progress.is_pending() {
                self.wakers.remember(side, cx);
                return Poll::Pending;
            }
        }
    }

    /// Moves bytes or time, in either direction; pending when there is nothing to do.
    fn poll_progress(&mut self, cx: &mut Context<'_>, side: Side) -> Poll<()> {
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
        if self.connection.buffered_amount() > 0 {
            let written = ready!(self.poll_write(cx))?;
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

    /// Hands what is queued to `io`, which says how much it took.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = self.connection.poll_transmit_vectored(&mut slices);
        let io = Pin::new(&mut self.io);
        match slices.get(..filled) {
            Some(slices) if filled > 1 && io.is_write_vectored() => io.poll_write_vectored(cx, slices),
            Some([only]) if io.is_write_vectored() => io.poll_write(cx, only),
            _ => io.poll_write(cx, slices[0].get(..MAX_PIECE).unwrap_or(&slices[0])),
        }
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
