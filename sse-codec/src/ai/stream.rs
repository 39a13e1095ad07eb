//! A model's answer as a `Stream`, over any `http_body::Body`.

use core::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};
use http_body::Body;

use super::{AiError, AiLimits, ByteReader, Dialect};
use crate::Limits;

/// The typed events of one response body. A `futures_core::Stream` of `Result<D::Event, StreamError>`, which ends after an error
/// and after the event that completes the message.
///
/// The body is read when the stream is polled, so a slow reader slows the service. Where bytes come by another way, drive
/// [`ByteReader`].
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use sse_codec::ai::{Delta, openai_chat};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let body = Full::new(Bytes::from_static(
///     b"data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n\
///       data: [DONE]\n\n",
/// ));
/// let mut stream = openai_chat::stream(body);
/// while let Some(event) = stream.next().await {
///     for delta in event?.deltas() {
///         if let Delta::Text(text) = delta {
///             print!("{text}");
///         }
///     }
/// }
/// assert_eq!(stream.finish()?.choices[0].message.content.as_deref(), Some("Hi"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stream<D: Dialect, B> {
    reader: ByteReader<D>,
    body: B,
    chunk: Bytes,
    has_ended: bool,
}

/// What is read of a body: an event, or why there is none.
type Read<D, B> = Result<<D as Dialect>::Event<'static>, StreamError<<B as Body>::Error>>;

impl<D: Dialect, B: Body<Data = Bytes> + Unpin> Stream<D, B> {
    /// Reads this body, with the default limits.
    #[must_use]
    pub fn new(body: B) -> Self {
        Self::with_limits(body, Limits::DEFAULT, AiLimits::DEFAULT)
    }

    /// Reads this body, with these limits of the parser and of the message.
    #[must_use]
    pub fn with_limits(body: B, parser: Limits, message: AiLimits) -> Self {
        let reader = ByteReader::with_limits(parser, message);
        Self { reader, body, chunk: Bytes::new(), has_ended: false }
    }

    /// The next event; `None` after the last one and after an error.
    pub async fn next(&mut self) -> Option<Read<D, B>> {
        poll_fn(|context| self.poll(context)).await
    }

    /// The message so far; `None` before its first event.
    #[must_use]
    pub fn message(&self) -> Option<&D::Message> {
        self.reader.message()
    }

    /// The whole message, after the stream has ended.
    ///
    /// # Errors
    /// [`AiError::Truncated`] if its last event was not read, [`AiError::Failed`] if an event was an error.
    pub fn finish(self) -> Result<D::Message, AiError> {
        self.reader.finish()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Read<D, B>>> {
        while !self.has_ended {
            let mut rest = &self.chunk[..];
            let event = self.reader.next(&mut rest);
            let used = self.chunk.len() - rest.len();
            self.chunk.advance(used);
            match event {
                Some(Ok(event)) => return Poll::Ready(Some(Ok(event))),
                Some(Err(error)) => return self.fail(StreamError::Message(error)),
                None if self.reader.is_done() => self.has_ended = true,
                None => match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                    Some(Ok(frame)) => self.chunk = frame.into_data().unwrap_or_default(),
                    Some(Err(error)) => return self.fail(StreamError::Body(error)),
                    None => return self.fail(StreamError::Message(AiError::Truncated)),
                },
            }
        }
        Poll::Ready(None)
    }

    fn fail<T>(&mut self, error: StreamError<B::Error>) -> Poll<Option<Result<T, StreamError<B::Error>>>> {
        self.has_ended = true;
        Poll::Ready(Some(Err(error)))
    }
}

impl<D: Dialect, B: Body<Data = Bytes> + Unpin> futures_core::Stream for Stream<D, B> {
    type Item = Read<D, B>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

/// Nothing in it is pinned; a body that must be is `Box::pin`ned by whoever has one.
impl<D: Dialect, B: Unpin> Unpin for Stream<D, B> {}

impl<D: Dialect, B> fmt::Debug for Stream<D, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("reader", &self.reader).finish_non_exhaustive()
    }
}

/// Why a stream of events ended early.
#[non_exhaustive]
#[derive(Debug)]
pub enum StreamError<E> {
    /// The body failed: the connection was lost.
    Body(E),
    /// The events say so, or lack.
    Message(AiError),
}

impl<E: fmt::Display> fmt::Display for StreamError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(error) => write!(f, "the body failed: {error}"),
            Self::Message(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for StreamError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Body(error) => Some(error),
            Self::Message(error) => Some(error),
        }
    }
}
