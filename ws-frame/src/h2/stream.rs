//! One stream of an HTTP/2 connection as a stream of bytes (RFC 8441 §5).

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::vec::Vec;

use ::h2::{Reason, RecvStream, SendStream};
use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use bytes::{Buf as _, Bytes};

use super::session::{Place, Shared};

/// What a WebSocket over HTTP/2 reads from and writes to. A client's keeps its connection open.
///
/// What is read goes back to the peer as window only then: a peer whose messages nobody takes has to stop. Writing takes as much
/// as the peer's window has room for, and up to 4 KiB beyond. DATA with END_STREAM is the end of the stream, RST_STREAM its reset
/// (RFC 8441 §5).
pub struct Stream {
    send: SendStream<Bytes>,
    recv: RecvStream,
    /// DATA that was received and not read.
    rest: Bytes,
    /// Bytes that were sent since the peer's window was last seen to have room.
    unasked: usize,
    shut_down: bool,
    /// Of a client's: the last stream of a connection ends it.
    _session: Option<(Place, Arc<Shared>)>,
}

impl Stream {
    pub(super) fn of_client(
        send: SendStream<Bytes>,
        recv: RecvStream,
        place: Place,
        session: Arc<Shared>,
    ) -> Self {
        Self { _session: Some((place, session)), ..Self::of_server(send, recv) }
    }

    pub(super) fn of_server(send: SendStream<Bytes>, recv: RecvStream) -> Self {
        Self { send, recv, rest: Bytes::new(), unasked: 0, shut_down: false, _session: None }
    }

    /// Ready with how much to send now, at most `wanted` bytes.
    fn poll_room(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        // Small messages do not ask, which costs as much as sending them.
        if self.unasked + wanted <= MAX_UNASKED {
            self.unasked += wanted;
            return Poll::Ready(Ok(wanted));
        }
        loop {
            // Bytes that h2 holds already count against the capacity.
            let capacity = self.send.capacity();
            if capacity > 0 {
                self.unasked = 0;
                return Poll::Ready(Ok(capacity.min(wanted)));
            }
            self.send.reserve_capacity(wanted.min(MAX_WRITE));
            match ready!(self.send.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(into_io(error))),
                None => return Poll::Ready(Err(self.ended(cx))),
            }
        }
    }

    /// Why nothing can be sent any more.
    fn ended(&mut self, cx: &mut Context<'_>) -> io::Error {
        match self.send.poll_reset(cx) {
            Poll::Ready(Ok(reason)) => into_io(reason.into()),
            Poll::Ready(Err(error)) => into_io(error),
            Poll::Pending => io::ErrorKind::BrokenPipe.into(),
        }
    }

    fn send(&mut self, cx: &mut Context<'_>, data: Bytes) -> io::Result<usize> {
        let length = data.len();
        // All that can be wrong is that the stream is over.
        self.send.send_data(data, false).map_err(|_| self.ended(cx))?;
        Ok(length)
    }
}

/// What is sent without a look at the peer's window. Beyond the window, h2 holds it.
const MAX_UNASKED: usize = 4 * 1024;

/// Window that one write reserves. More would only keep it from other streams.
const MAX_WRITE: usize = 256 * 1024;

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.rest.is_empty() {
            match ready!(this.recv.poll_data(cx)) {
                Some(Ok(data)) => this.rest = data,
                Some(Err(error)) if error.reason() == Some(Reason::NO_ERROR) => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(into_io(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = this.rest.len().min(buf.remaining());
        buf.put_slice(&this.rest[..length]);
        this.rest.advance(length);
        this.recv.flow_control().release_capacity(length).map_err(into_io)?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let length = ready!(this.poll_room(cx, buf.len()))?;
        Poll::Ready(this.send(cx, Bytes::copy_from_slice(&buf[..length])))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wanted = slices.iter().map(|slice| slice.len()).fold(0, usize::saturating_add);
        if wanted == 0 {
            return Poll::Ready(Ok(0));
        }
        let mut room = ready!(this.poll_room(cx, wanted))?;
        // One DATA frame for all of them.
        let mut data = Vec::with_capacity(room);
        for slice in slices {
            let part = slice.get(..room).unwrap_or(slice);
            data.extend_from_slice(part);
            room -= part.len();
        }
        Poll::Ready(this.send(cx, data.into()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// What was written is on its way: the task of the connection writes it.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.shut_down {
            this.shut_down = true;
            this.send.send_data(Bytes::new(), true).map_err(into_io)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("id", &self.send.stream_id()).finish_non_exhaustive()
    }
}

/// RST_STREAM is to a stream what a reset is to a TCP connection (RFC 8441 §5).
pub(super) fn into_io(error: ::h2::Error) -> io::Error {
    let error: Box<dyn std::error::Error + Send + Sync> = match error {
        error if error.is_io() => match error.into_io() {
            Some(error) => return error,
            None => return io::ErrorKind::ConnectionReset.into(),
        },
        error if error.is_reset() || error.is_go_away() => {
            return io::Error::new(io::ErrorKind::ConnectionReset, error);
        }
        error => error.into(),
    };
    io::Error::other(error)
}

/// Whether the server said that it has not looked at the request: it can be sent again on another connection (RFC 9113 §8.7).
pub(crate) fn is_unprocessed(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|error| error.downcast_ref::<::h2::Error>());
    error.is_some_and(|error| match error.reason() {
        Some(Reason::REFUSED_STREAM) => true,
        Some(Reason::NO_ERROR) => error.is_go_away(),
        _ => false,
    })
}
