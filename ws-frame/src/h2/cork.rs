//! Reads and writes of an HTTP/2 connection, put together.
//!
//! `h2` passes on each DATA frame of more than a few hundred bytes by a write of its own, and reads in small pieces. Below it, a cork keeps
//! what is written until the task of the connection has done all that there was to do, and then writes it at once; and it reads ahead.

use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use std::future::Future as _;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use ::tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use bytes::{Buf as _, BytesMut};

/// A stream of bytes whose writes wait for [`uncork`](Self::uncork). Clones are the same stream: one goes below `h2`, the other one stays
/// with whoever polls the connection.
#[derive(Debug)]
pub(super) struct Corked<IO>(Arc<Mutex<Bottle<IO>>>);

#[derive(Debug)]
struct Bottle<IO> {
    io: IO,
    /// What was read and not asked for.
    ahead: BytesMut,
    /// What was written to the cork and not to `io`.
    held: Vec<u8>,
    /// How much of it `io` has taken.
    taken: usize,
    /// More frames were waited for before the last write.
    waited: bool,
    /// Why `io` takes no more.
    failure: Option<io::Error>,
}

/// What a cork holds: further writes wait for `io`.
const MAX_HELD: usize = 64 * 1024;

/// What is kept of its memory while it holds nothing.
const KEPT: usize = 4 * 1024;

/// What is read at once.
const AHEAD: usize = 16 * 1024;

/// The head of a frame (RFC 9113 §4.1).
const FRAME_HEAD: usize = 9;

impl<IO> Clone for Corked<IO> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<IO> Corked<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self(Arc::new(Mutex::new(Bottle {
            io,
            ahead: BytesMut::new(),
            held: Vec::new(),
            taken: 0,
            waited: false,
            failure: None,
        })))
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
        if self.uncork(cx, outcome.is_pending()) || outcome.is_ready() {
            return outcome;
        }
        // The error comes out of its next write.
        poll(cx)
    }

    /// Passes on what is held, as far as the stream takes it, or `may_wait` a turn for more; whether it did not fail in that.
    fn uncork(&self, cx: &mut Context<'_>, may_wait: bool) -> bool {
        let bottle = &mut *self.lock();
        if bottle.failure.is_some() {
            return true;
        }
        bottle.waited = may_wait && !bottle.waited && bottle.taken == 0 && bottle.holds_several();
        if bottle.waited {
            // Where several streams send, the tasks that are ready to run now have more: theirs goes out by the same write.
            cx.waker().wake_by_ref();
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

impl<IO> Bottle<IO> {
    /// Whether more than one frame is held, and not so much that it must go.
    fn holds_several(&self) -> bool {
        let [a, b, c, ..] = self.held[..] else { return false };
        let first = FRAME_HEAD + u32::from_be_bytes([0, a, b, c]) as usize;
        (first + 1..MAX_HELD / 2).contains(&self.held.len())
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
        let bottle = &mut *self.lock();
        if bottle.ahead.is_empty() {
            if buf.remaining() >= AHEAD {
                return Pin::new(&mut bottle.io).poll_read(cx, buf);
            }
            bottle.ahead.reserve(AHEAD);
            let read = pin!(bottle.io.read_buf(&mut bottle.ahead)).poll(cx);
            if read.is_pending() {
                // Whoever waits holds nothing.
                bottle.ahead = BytesMut::new();
            }
            ready!(read)?;
        }
        let length = bottle.ahead.len().min(buf.remaining());
        buf.put_slice(&bottle.ahead[..length]);
        bottle.ahead.advance(length);
        Poll::Ready(Ok(()))
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

#[cfg(test)]
mod tests {
    use std::vec;

    use ::tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;

    /// Polls once, writing `bytes`.
    fn write(cork: &Corked<::tokio::io::DuplexStream>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut cx = Context::from_waker(core::task::Waker::noop());
        let mut clone = cork.clone();
        cork.poll(&mut cx, |cx| {
            let written = Pin::new(&mut clone).poll_write(cx, bytes);
            assert!(Pin::new(&mut clone).poll_flush(cx).is_ready());
            // As a connection that goes on.
            match written {
                Poll::Ready(Ok(n)) if n == bytes.len() => Poll::Pending,
                other => other,
            }
        })
    }

    fn frame(length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, 0, 0, 0, 0, 0, 1];
        frame.resize(FRAME_HEAD + usize::from(length), 7);
        frame
    }

    #[::tokio::test]
    async fn one_frame_goes_out_at_the_end_of_the_poll_and_several_a_turn_later_at_once() {
        let (ours, mut theirs) = duplex(1000);
        let cork = Corked::new(ours);
        assert!(write(&cork, &frame(3)).is_pending());
        let mut read = BytesMut::with_capacity(500);
        assert_eq!(theirs.read_buf(&mut read).await.unwrap(), 12);
        assert!(write(&cork, &[frame(3), frame(4)].concat()).is_pending());
        assert!(
            pin!(theirs.read_buf(&mut read))
                .poll(&mut Context::from_waker(core::task::Waker::noop()))
                .is_pending()
        );
        assert!(write(&cork, &frame(5)).is_pending());
        assert_eq!(theirs.read_buf(&mut read).await.unwrap(), 12 + 13 + 14);
    }

    #[::tokio::test]
    async fn what_a_full_stream_does_not_take_waits_up_to_a_limit() {
        let (ours, mut theirs) = duplex(100);
        let cork = Corked::new(ours);
        let mut sent = 0;
        while write(&cork, &[7; 1000]).is_pending() && sent <= MAX_HELD {
            sent += 1000;
        }
        assert!((MAX_HELD - 1000..=MAX_HELD + 100).contains(&sent), "{sent}");
        let mut read = BytesMut::new();
        while read.len() < sent {
            read.reserve(1000);
            let length = core::future::poll_fn(|cx| {
                assert!(cork.poll(cx, |_| Poll::<()>::Pending).is_pending());
                pin!(theirs.read_buf(&mut read)).poll(cx)
            });
            assert!(length.await.unwrap() > 0);
        }
        assert!(read.iter().all(|byte| *byte == 7));
    }

    #[::tokio::test]
    async fn what_is_read_ahead_comes_in_its_order() {
        let (ours, mut theirs) = duplex(1000);
        let mut cork = Corked::new(ours);
        let sent: Vec<u8> = (0..=255).collect();
        theirs.write_all(&sent).await.unwrap();
        drop(theirs);
        let mut read = Vec::new();
        let mut piece = [0; 7];
        loop {
            let length = cork.read(&mut piece).await.unwrap();
            read.extend_from_slice(&piece[..length]);
            if length == 0 {
                break;
            }
        }
        assert_eq!(read, sent);
    }

    #[::tokio::test]
    async fn a_failed_write_comes_out_of_the_same_poll() {
        let (ours, theirs) = duplex(1000);
        drop(theirs);
        let cork = Corked::new(ours);
        let Poll::Ready(Err(error)) = write(&cork, &frame(3)) else { panic!("it goes on") };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
