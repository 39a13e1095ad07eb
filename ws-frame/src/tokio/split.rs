//! A connection in two halves: any number of tasks send, one receives. No lock is shared.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::borrow::ToOwned as _;
use std::string::String;

use ::tokio::io::{AsyncRead, AsyncWrite};
use ::tokio::sync::mpsc;
use futures_core::{FusedStream, Stream};

use super::{Error, WebSocket};
use crate::{CloseCode, CloseInfo, Event, Message, Outgoing, SendError};

/// The half that sends, of [`WebSocket::into_split`]. Clones send on the same connection; what one of them sends stays in its order.
#[derive(Clone, Debug)]
pub struct Sender {
    orders: mpsc::Sender<Order>,
}

/// The half that receives, of [`WebSocket::into_split`]. It owns the connection and does all of its work: it writes what the senders say,
/// answers pings, and keeps time. So keep it in [`recv`](Self::recv).
#[derive(Debug)]
pub struct Receiver<IO> {
    ws: WebSocket<IO>,
    orders: mpsc::Receiver<Order>,
    /// An order that the queue has no room for yet.
    held: Option<Order>,
    /// All senders are gone, or the connection is closing.
    over: bool,
}

#[derive(Debug)]
enum Order {
    Send(Outgoing),
    Ping([u8; MAX_PING], usize),
    Close(CloseCode, String),
}

impl Order {
    /// What it takes of the queue, about.
    fn len(&self) -> usize {
        match self {
            Self::Send(message) => message.len(),
            Self::Ping(..) => MAX_PING,
            // Always taken.
            Self::Close(..) => 0,
        }
    }
}

/// The longest payload of a ping (RFC 6455 §5.5).
const MAX_PING: usize = 125;

/// Orders that may wait for the receiving half.
const WAITING: usize = 16;

impl<IO> WebSocket<IO> {
    /// Splits the connection. There is one owner still, the [`Receiver`], to which a [`Sender`] hands what is to be sent: so pongs, pings
    /// and Close keep their place between messages, and nobody waits for a lock.
    ///
    /// # Examples
    /// ```
    /// use ws_frame::tokio::{Error, WebSocket};
    ///
    /// async fn ticker<IO>(ws: WebSocket<IO>) -> Result<(), Error>
    /// where
    ///     IO: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    /// {
    ///     let (sender, mut receiver) = ws.into_split();
    ///     tokio::spawn(async move {
    ///         while sender.send("tick").await.is_ok() {
    ///             tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    ///         }
    ///     });
    ///     while let Some(message) = receiver.recv().await {
    ///         println!("{} bytes", message?.len());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn into_split(self) -> (Sender, Receiver<IO>) {
        let (sender, orders) = mpsc::channel(WAITING);
        (Sender { orders: sender }, Receiver { ws: self, orders, held: None, over: false })
    }
}

impl Sender {
    /// Hands over a message, once there is room: while the peer does not take what was sent, and
    /// [`Limits::high_water`](crate::Limits::high_water) is passed, it waits. The receiving half writes it. Dropped while it waits, it has
    /// sent nothing.
    ///
    /// # Errors
    /// [`SendError::Closed`]: the receiving half is gone, or a Close was sent.
    pub async fn send(&self, message: impl Into<Outgoing>) -> Result<(), SendError> {
        self.order(Order::Send(message.into())).await
    }

    /// Hands over a ping of the application's own.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`SendError::ControlTooLong`] over 125 bytes.
    pub async fn ping(&self, payload: &[u8]) -> Result<(), SendError> {
        let mut ping = [0; MAX_PING];
        ping.get_mut(..payload.len()).ok_or(SendError::ControlTooLong)?.copy_from_slice(payload);
        self.order(Order::Ping(ping, payload.len())).await
    }

    /// Starts the closing handshake behind all that was sent. The receiving half still gets what the peer sent before it saw our Close.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn close(&self, code: CloseCode, reason: &str) -> Result<(), SendError> {
        self.order(Order::Close(code, reason.to_owned())).await
    }

    /// Whether nothing more can be sent.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.orders.is_closed()
    }

    async fn order(&self, order: Order) -> Result<(), SendError> {
        self.orders.send(order).await.map_err(|_| SendError::Closed)
    }
}

impl<IO> Receiver<IO> {
    /// The connection, such as for its `close_info`, its stream or its subprotocol.
    #[must_use]
    pub const fn socket(&self) -> &WebSocket<IO> {
        &self.ws
    }

    /// How the connection ended, once it did.
    #[must_use]
    pub const fn close_info(&self) -> Option<&CloseInfo> {
        self.ws.close_info()
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Receiver<IO> {
    /// [`WebSocket::recv`], which also writes what the senders say.
    ///
    /// # Errors
    /// As [`WebSocket::recv`].
    pub async fn recv(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`WebSocket::next_event`], which also writes what the senders say.
    pub async fn next_event(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        loop {
            let event = ready!(self.poll_event(cx));
            if let Some(outcome) = self.ws.outcome(event) {
                return Poll::Ready(outcome);
            }
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            self.take_orders(cx);
            match self.ws.poll_event(cx) {
                // Room may have come while what was queued was written.
                Poll::Pending if self.held.as_ref().is_some_and(|order| self.ws.has_room(order.len())) => {}
                Poll::Pending => return Poll::Pending,
                Poll::Ready(event) => {
                    // After the last event nobody writes what a sender hands over.
                    if matches!(event, Some(Event::Closed(_)) | None) {
                        self.end();
                    }
                    return Poll::Ready(event);
                }
            }
        }
    }

    /// Queues what the senders say, while there is room.
    fn take_orders(&mut self, cx: &mut Context<'_>) {
        while !self.over {
            let order = match self.held.take() {
                Some(order) => order,
                None => match self.orders.poll_recv(cx) {
                    Poll::Ready(Some(order)) => order,
                    Poll::Ready(None) => return self.end(),
                    Poll::Pending => return,
                },
            };
            if !self.ws.has_room(order.len()) {
                self.held = Some(order);
                return;
            }
            let done = match order {
                Order::Send(message) => self.ws.queue(message),
                Order::Ping(ping, length) => self.ws.queue_ping(&ping[..length]),
                Order::Close(code, reason) => {
                    self.ws.start_close(code, &reason);
                    Err(SendError::Closed)
                }
            };
            // The connection is closing, and nothing may follow a Close; or it is over.
            if done == Err(SendError::Closed) {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        self.over = true;
        self.held = None;
        self.orders.close();
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Stream for Receiver<IO> {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_recv(cx)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> FusedStream for Receiver<IO> {
    fn is_terminated(&self) -> bool {
        self.ws.is_terminated()
    }
}
