//! A connection as a stream of messages, and as a sink of them.

use core::pin::Pin;
use core::task::{Context, Poll};

use ::tokio::io::{AsyncRead, AsyncWrite};
use futures_core::{FusedStream, Stream};
use futures_sink::Sink;

use super::WebSocket;
use crate::tokio::Error;
use crate::{CloseCode, Message, Outgoing};

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
