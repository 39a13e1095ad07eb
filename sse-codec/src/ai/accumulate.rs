//! Readers: events in, typed deltas out, and the message as it grows.

use core::{fmt, marker::PhantomData};

use super::{AiError, AiLimits, json::is_deeper};
use crate::{Event, EventRef, Item, Limits, Parser};

/// One of the formats in which models stream: [`anthropic::Messages`](super::anthropic::Messages),
/// [`openai_chat::Chat`](super::openai_chat::Chat), [`openai_responses::Responses`](super::openai_responses::Responses).
pub trait Dialect: sealed::Accumulate {
    /// A typed event, which borrows from the data it was read from where a string has no escapes.
    type Event<'a>: Clone + fmt::Debug + PartialEq;
    /// The whole message.
    type Message: Clone + fmt::Debug + PartialEq;

    /// Reads one event, apart from any stream.
    ///
    /// # Errors
    /// [`AiError::Data`] for data that is not JSON or not of the shape that its type has, [`AiError::Api`] for an error of
    /// the service.
    fn read(event: EventRef<'_>) -> Result<Self::Event<'_>, AiError>;

    /// Lets go of what an event borrows.
    fn into_owned(event: Self::Event<'_>) -> Self::Event<'static>;
}

/// What only this crate implements and calls.
pub(super) mod sealed {
    use super::{AiError, Budget, Dialect};

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Flow {
        Open,
        Done,
    }

    pub trait Accumulate: Sized {
        /// What is kept between events.
        type State: Clone + core::fmt::Debug + Default;

        fn accumulate(
            state: &mut Self::State,
            event: &<Self as Dialect>::Event<'_>,
            budget: &mut Budget<'_>,
        ) -> Result<Flow, AiError>
        where
            Self: Dialect;

        fn message(state: &Self::State) -> Option<&<Self as Dialect>::Message>
        where
            Self: Dialect;

        fn into_message(state: Self::State) -> Option<<Self as Dialect>::Message>
        where
            Self: Dialect;
    }
}
use sealed::Flow;

/// What the message may still grow by, at one event.
pub struct Budget<'a> {
    limits: &'a AiLimits,
    spent: &'a mut Spent,
    raw: &'a str,
}

#[derive(Clone, Debug, Default)]
struct Spent {
    bytes: usize,
    blocks: usize,
}

impl Budget<'_> {
    /// Takes room for so many bytes of text.
    pub(super) fn bytes(&mut self, count: usize) -> Result<(), AiError> {
        self.spent.bytes = self.spent.bytes.saturating_add(count);
        let max = self.limits.max_message;
        if self.spent.bytes > max { Err(AiError::TooLarge { limit: "max_message", max }) } else { Ok(()) }
    }

    /// Takes room for all of the event.
    pub(super) fn whole(&mut self) -> Result<(), AiError> {
        self.bytes(self.raw.len())
    }

    /// Takes room for so many blocks.
    pub(super) fn blocks(&mut self, count: usize) -> Result<(), AiError> {
        self.spent.blocks = self.spent.blocks.saturating_add(count);
        let max = self.limits.max_blocks;
        if self.spent.blocks > max { Err(AiError::TooLarge { limit: "max_blocks", max }) } else { Ok(()) }
    }

    /// Checks that so many blocks at once are within bounds.
    pub(super) fn at_once(&self, count: usize) -> Result<(), AiError> {
        let max = self.limits.max_blocks;
        if count > max { Err(AiError::TooLarge { limit: "max_blocks", max }) } else { Ok(()) }
    }

    pub(super) const fn max_depth(&self) -> usize {
        self.limits.max_depth
    }

    pub(super) fn order(&self, what: &'static str) -> AiError {
        AiError::Order { what, raw: self.raw.into() }
    }
}

/// Reads the events of one model stream: each becomes a typed event, and the message grows.
///
/// An error ends the stream for the reader: what follows is answered with [`AiError::Failed`], and there is no whole message,
/// though [`message`](Self::message) still lends what there is. To go on in spite of an event that cannot be read, read events
/// apart, by [`Dialect::read`].
///
/// ```
/// use sse_codec::{Item, Parser, ai::{Delta, openai_chat}};
///
/// let stream = concat!(
///     "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\
///      \"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"}}]}\n\n",
///     "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\
///      \"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n",
///     "data: [DONE]\n\n",
/// );
/// let (mut parser, mut reader) = (Parser::new(), openai_chat::Reader::new());
/// let mut bytes = stream.as_bytes();
/// let mut shown = String::new();
/// while let Some(item) = parser.next(&mut bytes) {
///     let Item::Event(event) = item else { continue };
///     for delta in reader.read(event)?.deltas() {
///         if let Delta::Text(text) = delta {
///             shown.push_str(text);
///         }
///     }
/// }
/// let completion = reader.finish()?;
/// assert_eq!(shown, "Hello");
/// assert_eq!(completion.choices[0].message.content.as_deref(), Some("Hello"));
/// # Ok::<(), sse_codec::ai::AiError>(())
/// ```
pub struct Reader<D: Dialect> {
    limits: AiLimits,
    spent: Spent,
    at: At,
    state: D::State,
    dialect: PhantomData<fn() -> D>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Open,
    Done,
    Failed,
}

impl<D: Dialect> Reader<D> {
    /// A reader with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(AiLimits::DEFAULT)
    }

    /// A reader with these limits.
    #[must_use]
    pub fn with_limits(limits: AiLimits) -> Self {
        let (spent, state) = (Spent::default(), D::State::default());
        Self { limits, spent, at: At::Open, state, dialect: PhantomData }
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// [`AiError`]; the stream is then over for the reader.
    pub fn read<'a>(&mut self, event: EventRef<'a>) -> Result<D::Event<'a>, AiError> {
        match self.at {
            At::Open => {}
            // A service that keeps the connection alive after its message says nothing new.
            At::Done if event.event() == "ping" => return D::read(event),
            At::Done => return Err(AiError::AfterEnd),
            At::Failed => return Err(AiError::Failed),
        }
        self.take(event).inspect_err(|_| self.at = At::Failed)
    }

    /// Takes the next event by its type and data, where events come by another way than an event stream.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_data<'a>(&mut self, event: &'a str, data: &'a str) -> Result<D::Event<'a>, AiError> {
        self.read(EventRef::from_parser(event, data, ""))
    }

    /// Takes the next owned event, as [`read`](Self::read).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_event<'a>(&mut self, event: &'a Event) -> Result<D::Event<'a>, AiError> {
        self.read(event.borrowed())
    }

    fn take<'a>(&mut self, event: EventRef<'a>) -> Result<D::Event<'a>, AiError> {
        let max = self.limits.max_depth;
        if is_deeper(event.data(), max) {
            return Err(AiError::TooLarge { limit: "max_depth", max });
        }
        let read = D::read(event)?;
        let mut budget = Budget { limits: &self.limits, spent: &mut self.spent, raw: event.data() };
        match D::accumulate(&mut self.state, &read, &mut budget)? {
            Flow::Done => self.at = At::Done,
            Flow::Open => {}
        }
        Ok(read)
    }

    /// The message so far; `None` before its first event.
    #[must_use]
    pub fn message(&self) -> Option<&D::Message> {
        D::message(&self.state)
    }

    /// Whether the event came that completes the message. The connection may be closed then.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// [`AiError::Truncated`] if it ended before its last event, [`AiError::Failed`] if an event was an error.
    pub fn finish(self) -> Result<D::Message, AiError> {
        match self.at {
            At::Done => D::into_message(self.state).ok_or(AiError::Truncated),
            At::Open => Err(AiError::Truncated),
            At::Failed => Err(AiError::Failed),
        }
    }

    /// An event was lost before it could be read.
    fn lost(&mut self, overflow: crate::Overflow) -> AiError {
        if self.at == At::Open {
            self.at = At::Failed;
        }
        AiError::Dropped(overflow)
    }
}

impl<D: Dialect> Default for Reader<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: Dialect> Clone for Reader<D> {
    fn clone(&self) -> Self {
        let Self { limits, spent, at, state, dialect } = self;
        Self {
            limits: limits.clone(),
            spent: spent.clone(),
            at: *at,
            state: state.clone(),
            dialect: *dialect,
        }
    }
}

impl<D: Dialect> fmt::Debug for Reader<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("at", &self.at).field("state", &self.state).finish_non_exhaustive()
    }
}

/// A [`Parser`] and a [`Reader`]: the bytes of one response in, typed events out, at any cut the same.
///
/// ```
/// use sse_codec::ai::{AiError, Delta, anthropic};
///
/// let mut reader = anthropic::ByteReader::new();
/// let mut text = String::new();
/// for chunk in [
///     "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"type\":\"message\",\"ro",
///     "le\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n",
///     "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"Hi\"}}\n\n",
/// ] {
///     reader.read(chunk.as_bytes(), |event| {
///         text.extend(event.deltas().filter_map(|delta| match delta {
///             Delta::Text(text) => Some(text.to_owned()),
///             _ => None,
///         }));
///     })?;
/// }
/// assert_eq!(text, "Hi");
/// assert!(matches!(reader.finish(), Err(AiError::Truncated)), "no `message_stop` came");
/// # Ok::<(), AiError>(())
/// ```
pub struct ByteReader<D: Dialect> {
    parser: Parser,
    reader: Reader<D>,
}

impl<D: Dialect> ByteReader<D> {
    /// A reader with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits::DEFAULT, AiLimits::DEFAULT)
    }

    /// A reader with these limits of the parser and of the message.
    #[must_use]
    pub fn with_limits(parser: Limits, message: AiLimits) -> Self {
        Self { parser: Parser::with_limits(parser), reader: Reader::with_limits(message) }
    }

    /// Takes the next chunk of the response and lends `each` its events.
    ///
    /// # Errors
    /// [`AiError`] at the first event that is one; the stream is then over for the reader. What follows the event that
    /// completes the message in the chunk is not looked at.
    pub fn read(&mut self, mut chunk: &[u8], mut each: impl FnMut(D::Event<'_>)) -> Result<(), AiError> {
        while !self.reader.is_done()
            && let Some(item) = self.parser.next(&mut chunk)
        {
            match item {
                Item::Event(event) => each(self.reader.read(event)?),
                Item::Dropped(overflow) if overflow.limit.drops_block() => {
                    return Err(self.reader.lost(overflow));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes bytes from the front of `chunk` up to the next event, and gives that away. `None`: the chunk is used up, or the
    /// message is complete.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn next(&mut self, chunk: &mut &[u8]) -> Option<Result<D::Event<'static>, AiError>> {
        while !self.reader.is_done()
            && let Some(item) = self.parser.next(chunk)
        {
            match item {
                Item::Event(event) => return Some(self.reader.read(event).map(D::into_owned)),
                Item::Dropped(overflow) if overflow.limit.drops_block() => {
                    return Some(Err(self.reader.lost(overflow)));
                }
                _ => {}
            }
        }
        None
    }

    /// The message so far; `None` before its first event.
    #[must_use]
    pub fn message(&self) -> Option<&D::Message> {
        self.reader.message()
    }

    /// Whether the event came that completes the message. The connection may be closed then.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.reader.is_done()
    }

    /// The response has ended.
    ///
    /// # Errors
    /// [`AiError::Truncated`] if it ended before its last event, [`AiError::Failed`] if an event was an error.
    pub fn finish(self) -> Result<D::Message, AiError> {
        self.reader.finish()
    }
}

impl<D: Dialect> Default for ByteReader<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: Dialect> Clone for ByteReader<D> {
    fn clone(&self) -> Self {
        Self { parser: self.parser.clone(), reader: self.reader.clone() }
    }
}

impl<D: Dialect> fmt::Debug for ByteReader<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteReader").field("reader", &self.reader).finish_non_exhaustive()
    }
}
