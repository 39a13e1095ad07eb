//! Events as they are dispatched, lent and owned, and the two names that go on the wire.

use alloc::{borrow::Cow, string::String, sync::Arc};
use core::{borrow::Borrow, fmt, str::FromStr, time::Duration};

use crate::error::{FieldError, Overflow};

/// The type of an event that names none (HTML Standard §9.2.6, dispatch).
pub(crate) const MESSAGE: &str = "message";

/// What the parser found, in the order of the stream.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A block with data, at its blank line.
    Event(EventRef<'a>),
    /// The text of a line that begins with a colon, without the colon and one space after it.
    Comment(&'a str),
    /// A block with an id and no data: no event, but the last event id is now this.
    IdOnly(&'a str),
    /// The reconnection time is now this; it is in force even if the block never ends.
    Retry(Duration),
    /// Something that the standard tells a parser to ignore; only if [`Parser::show_ignored`](crate::Parser::show_ignored) was called.
    Ignored(Ignored<'a>),
    /// A limit was crossed; [`LimitKind::drops_block`](crate::LimitKind::drops_block) tells what is lost.
    Dropped(Overflow),
}

/// What was meant and did not arrive (HTML Standard §9.2.6, "process the field": "ignore the field"). `offset` is where its line
/// begins, in bytes from the start of the stream.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ignored<'a> {
    /// No field has this name. Names are case-sensitive and take no space.
    UnknownField {
        /// The name: what stands before the first colon, or the whole line.
        name: &'a str,
        /// Where the line begins.
        offset: u64,
    },
    /// A reconnection time must be ASCII digits, in milliseconds.
    BadRetry {
        /// What stands there.
        value: &'a str,
        /// Where the line begins.
        offset: u64,
    },
    /// An id must not hold NUL.
    IdWithNul {
        /// What stands there.
        value: &'a str,
        /// Where the line begins.
        offset: u64,
    },
}

impl fmt::Display for Ignored<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { name, offset } => {
                write!(
                    f,
                    "unknown field {name:?} at byte {offset}: use data, event, id or retry, in lower case"
                )
            }
            Self::BadRetry { value, offset } => {
                write!(f, "retry {value:?} at byte {offset} is no number: send milliseconds in ascii digits")
            }
            Self::IdWithNul { value, offset } => {
                write!(f, "id {value:?} at byte {offset} holds NUL: remove or escape it")
            }
        }
    }
}

/// One event as dispatched, lent by the parser from the chunk it was given or from its own buffer.
///
/// ```
/// use sse_codec::{Item, Parser};
///
/// let mut parser = Parser::new();
/// let mut chunk = &b"id: 1\ndata: hello\n\n"[..];
/// let Some(Item::Event(event)) = parser.next(&mut chunk) else { panic!("a whole block") };
/// assert_eq!((event.event(), event.data(), event.id()), ("message", "hello", "1"));
/// let kept: sse_codec::Event = event.to_owned();
/// assert_eq!(kept.data(), "hello");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventRef<'a> {
    event: &'a str,
    data: &'a str,
    id: &'a str,
}

impl<'a> EventRef<'a> {
    /// `event` without newline, empty for a message; `data` without CR; `id` without NUL or newline.
    #[inline]
    pub(crate) const fn from_parser(event: &'a str, data: &'a str, id: &'a str) -> Self {
        Self { event: if event.is_empty() { MESSAGE } else { event }, data, id }
    }

    /// The type: that of the last `event` field of the block, `message` if there was none or it was empty.
    #[must_use]
    pub const fn event(&self) -> &'a str {
        self.event
    }

    /// The values of the `data` fields, joined by LF.
    #[must_use]
    pub const fn data(&self) -> &'a str {
        self.data
    }

    /// The last event id: that of this block, or of the last one before it that had an id; empty if there was none.
    #[must_use]
    pub const fn id(&self) -> &'a str {
        self.id
    }

    /// Copies the event out, in one allocation.
    #[must_use]
    pub fn to_owned(self) -> Event {
        self.copied()
    }

    #[inline(always)]
    pub(crate) fn copied(self) -> Event {
        let event = if self.event == MESSAGE { "" } else { self.event };
        if event.is_empty() && self.id.is_empty() {
            return Event { text: self.data.into(), data: self.data.len(), event: 0 };
        }
        let mut text = String::with_capacity(self.data.len() + event.len() + self.id.len());
        text.push_str(self.data);
        text.push_str(event);
        text.push_str(self.id);
        Event { text, data: self.data.len(), event: event.len() }
    }
}

/// One event, owned. Equal events have equal type, data and id.
///
/// ```
/// use sse_codec::{Event, EventId, EventName, Frame, Parser};
///
/// let event = Event::new(EventName::parse("tick")?, "a\r\nb", EventId::parse("7")?);
/// assert_eq!(event.data(), "a\nb");
/// let mut wire = bytes::BytesMut::new();
/// Frame::from(&event).encode_into(&mut wire);
/// assert_eq!(Parser::new().decode(&mut wire).expect("within the limits"), Some(event));
/// # Ok::<(), sse_codec::FieldError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Event {
    /// Data, then type (nothing for `message`), then id: one allocation, and equal texts and lengths are equal events.
    text: String,
    data: usize,
    event: usize,
}

impl Event {
    /// An event as a parser would give it. CR and CRLF in `data` become LF, as they would on the wire.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "names are handed over; a reference would make callers borrow twice"
    )]
    pub fn new<'d>(event: EventName, data: impl Into<Cow<'d, str>>, id: EventId) -> Self {
        let data = data.into();
        if memchr::memchr(b'\r', data.as_bytes()).is_none() {
            return EventRef::from_parser(event.as_str(), &data, id.as_str()).to_owned();
        }
        let data = data.replace("\r\n", "\n").replace('\r', "\n");
        EventRef::from_parser(event.as_str(), &data, id.as_str()).to_owned()
    }

    /// Data that is the parser's to give; `event` without newline, `id` without NUL or newline.
    pub(crate) fn from_parser(data: String, event: &str, id: &str) -> Self {
        let event = if event == MESSAGE { "" } else { event };
        let length = data.len();
        let mut text = data;
        text.push_str(event);
        text.push_str(id);
        Self { text, data: length, event: event.len() }
    }

    /// Lends the event.
    #[must_use]
    pub fn borrowed(&self) -> EventRef<'_> {
        EventRef { event: self.event(), data: self.data(), id: self.id() }
    }

    /// The type, as [`EventRef::event`].
    #[must_use]
    pub fn event(&self) -> &str {
        if self.event == 0 { MESSAGE } else { &self.text[self.data..self.data + self.event] }
    }

    /// The data, as [`EventRef::data`].
    #[must_use]
    pub fn data(&self) -> &str {
        &self.text[..self.data]
    }

    /// The last event id, as [`EventRef::id`].
    #[must_use]
    pub fn id(&self) -> &str {
        &self.text[self.data + self.event..]
    }

    /// The data alone, without a copy.
    #[must_use]
    pub fn into_data(self) -> String {
        let mut text = self.text;
        text.truncate(self.data);
        text
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("event", &self.event())
            .field("data", &self.data())
            .field("id", &self.id())
            .finish()
    }
}

impl From<EventRef<'_>> for Event {
    fn from(event: EventRef<'_>) -> Self {
        event.to_owned()
    }
}

/// An event id that an `id` field can carry: no NUL, CR or LF. Opaque otherwise; empty means "no id". Clones share the text.
///
/// ```
/// use sse_codec::{EventId, FieldError};
///
/// assert_eq!(EventId::parse("1699-0")?.as_str(), "1699-0");
/// assert_eq!(EventId::parse("7\nevent: admin"), Err(FieldError::Id { byte: b'\n', offset: 1 }));
/// # Ok::<(), FieldError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(Arc<str>);

impl EventId {
    /// Takes an id.
    ///
    /// # Errors
    /// [`FieldError::Id`] if it holds NUL, CR or LF.
    pub fn parse(id: &str) -> Result<Self, FieldError> {
        check_id(id)?;
        Ok(Self(id.into()))
    }
}

/// The type of an event that an `event` field can carry: no CR or LF. The default is `message`. Clones share the text.
///
/// ```
/// use sse_codec::EventName;
///
/// assert_eq!(EventName::default().as_str(), "message");
/// assert!(EventName::parse("tick\r").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventName(Arc<str>);

impl EventName {
    /// Takes a name; the empty one is `message`.
    ///
    /// # Errors
    /// [`FieldError::Event`] if it holds CR or LF.
    pub fn parse(name: &str) -> Result<Self, FieldError> {
        check_event(name)?;
        Ok(Self(if name.is_empty() { MESSAGE } else { name }.into()))
    }
}

impl Default for EventName {
    fn default() -> Self {
        Self(MESSAGE.into())
    }
}

macro_rules! text {
    ($name:ident) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = FieldError;

            fn from_str(text: &str) -> Result<Self, FieldError> {
                Self::parse(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = FieldError;

            fn try_from(text: &str) -> Result<Self, FieldError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = FieldError;

            fn try_from(text: String) -> Result<Self, FieldError> {
                Self::parse(&text)
            }
        }

        impl<'a> From<&'a $name> for Cow<'a, str> {
            fn from(text: &'a $name) -> Self {
                Self::Borrowed(&text.0)
            }
        }
    };
}
text!(EventId);
text!(EventName);

pub(crate) fn check_id(id: &str) -> Result<(), FieldError> {
    match memchr::memchr3(0, b'\r', b'\n', id.as_bytes()) {
        None => Ok(()),
        Some(offset) => Err(FieldError::Id { byte: id.as_bytes()[offset], offset }),
    }
}

pub(crate) fn check_event(name: &str) -> Result<(), FieldError> {
    match memchr::memchr2(b'\r', b'\n', name.as_bytes()) {
        None => Ok(()),
        Some(offset) => Err(FieldError::Event { byte: name.as_bytes()[offset], offset }),
    }
}
