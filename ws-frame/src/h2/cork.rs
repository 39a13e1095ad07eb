//! Writes of an HTTP/2 connection, put together.
//!
//! `h2` passes on each DATA frame of more than a few hundred bytes by a write of its own. Below it, a cork keeps what is written until the
//! task of the connection has done all that there was to do, and then writes it at once.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of bytes whose writes wait for [`uncork`](Self::uncork). Clones are the same stream: one goes below `h2`, the other one stays
/// with whoever polls the connection.
#[derive(Debug)]
pub(super) struct Corked<IO>(Arc<Mutex<Bottle<IO>>>);

#[derive(Debug)]
struct Bottle<IO> {
    io: IO,
    /// What was written to the cork and not to `io`.
    held: Vec<u8>,
    /// How much of it `io` has taken.
    taken: usize,
    /// Why `io` takes no more.
    failure: Option<io::Error>,
}

/// What a cork holds: further writes wait for `io`.
const MAX_HELD: usize = 64 * 1024;

/// What is kept of its memory while it holds nothing.
const KEPT: usize = 4 * 1024;

impl<IO> Clone for Corked<IO> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<IO> Corked<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self(Arc::new(Mutex::new(Bottle { io, held: Vec::new(), taken: 0, failure: None })))
    }

    /// Never contended: one task polls the connection, and nobody else has either clone.
    fn lock(&self) -> MutexGuard<'_, Bottle<IO>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Corked<IO> {
    /// Polls what writes to the cork, and passes on what it wrote.
    pub(super) fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let outcome = poll(cx);
        if self.uncork(cx) || outcome.is_ready() {
            return outcome;
        }
        // The error comes out of its next write.
        poll(cx)
    }

    /// Passes on what is held, as far as the stream takes it; whether it did not fail in that.
    fn uncork(&self, cx: &mut Context<'_>) -> bool {
        let bottle = &mut *self.lock();
        if bottle.failure.is_some() {
            return true;
        }
        match bottle.poll_pour(cx) {
            Poll::Ready(Err(error)) => {
                bottle.failure = Some(error);
                false
            }
            Poll::Ready(Ok(())) | Poll::Pending => true,
        }
    }
}

impl<IO: AsyncWrite + Unpin> Bottle<IO> {
    /// Ready when nothing is held and `io` is flushed.
    fn poll_pour(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.held.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while let Some(rest) = self.held.get(self.taken..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.io).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.taken += n,
            }
        }
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        self.taken = 0;
        self.held.clear();
        self.held.shrink_to(KEPT);
        Poll::Ready(Ok(()))
    }

    fn failed(&mut self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Corked<IO> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().io).poll_read(cx, buf)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Corked<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let bottle = &mut *self.lock();
        bottle.failed()?;
        if bottle.held.len() >= MAX_HELD {
            ready!(bottle.poll_pour(cx))?;
        }
        let length = buf.len().min(MAX_HELD - bottle.held.len());
        bottle.held.extend_from_slice(&buf[..length]);
        Poll::Ready(Ok(length))
    }

    /// What is flushed is what [`uncork`](Corked::uncork) passes on, at the end of the same poll.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.lock().failed())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let bottle = &mut *self.lock();
        bottle.failed()?;
        ready!(bottle.poll_pour(cx))?;
        Pin::new(&mut bottle.io).poll_shutdown(cx)
    }
}
