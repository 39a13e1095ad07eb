//! A connection that cannot be held by a peer that stalls.
//!
//! hyper's own timers cover the head of an HTTP/1.1 request. Two gaps remain: the first bytes, by which HTTP/2 is
//! told apart, and a peer that stops reading what it asked for.
#![allow(clippy::disallowed_methods, reason = "deadlines of sockets are measured here")]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// What an HTTP/2 client sends first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A socket with a deadline for the preface and one for each write.
pub(crate) struct Guarded {
    socket: TcpStream,
    /// Bytes of the preface that have come; `None` once the protocol is clear.
    preface: Option<usize>,
    opening: Pin<Box<Sleep>>,
    stalled: Option<Pin<Box<Sleep>>>,
    write_timeout: Duration,
}

impl Guarded {
    pub(crate) fn new(socket: TcpStream, open_timeout: Duration, write_timeout: Duration) -> Guarded {
        Guarded {
            socket,
            preface: Some(0),
            opening: Box::pin(sleep(open_timeout)),
            stalled: None,
            write_timeout,
        }
    }

    fn opened(&mut self, bytes: &[u8]) {
        let Some(seen) = self.preface else { return };
        let expected = PREFACE.get(seen..).unwrap_or_default();
        let n = bytes.len().min(expected.len());
        let matches = bytes.get(..n) == expected.get(..n);
        self.preface = (matches && n < expected.len()).then_some(seen + n);
    }

    /// A write that cannot go on starts the clock, one that can stops it.
    fn progress<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let timeout = self.write_timeout;
        let clock = self.stalled.get_or_insert_with(|| Box::pin(sleep(timeout)));
        ready!(clock.as_mut().poll(cx));
        clock.as_mut().reset(Instant::now() + timeout);
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")))
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.socket).poll_read(cx, buf) {
            Poll::Ready(result) => {
                let fresh = buf.filled().get(before..).unwrap_or_default();
                self.opened(fresh);
                Poll::Ready(result)
            }
            Poll::Pending if self.preface.is_some() => {
                ready!(self.opening.as_mut().poll(cx));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer sends nothing")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, data);
        self.progress(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.progress(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        self.progress(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
