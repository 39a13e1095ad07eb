//! Frames: blocks of fields on their way out.

use alloc::{borrow::Cow, vec::Vec};
use core::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use crate::{
    error::FieldError,
    event::{Event, EventRef, MESSAGE, check_event, check_id},
    scan,
};

/// One block to send: an event, a comment, an id or a reconnection time, or several of them.
///
/// A frame is written once, by [`encode`](Self::encode), and its [`Bytes`] go to any number of receivers. It may borrow its
/// text, so that writing it into a buffer copies each byte once. Nothing in data or a comment can forge a field: CR, LF and
/// CRLF begin a new `data:` or comment line, and a parser reads them back as LF.
///
/// ```
/// use core::time::Duration;
/// use sse_codec::Frame;
///
/// let tick = Frame::data("{\"px\":12}").event("tick")?.id("42")?;
/// assert_eq!(&tick.encode()[..], b"event: tick\nid: 42\ndata: {\"px\":12}\n\n");
///
/// let hello = Frame::comment("hello").retry(Duration::from_secs(3));
/// assert_eq!(&hello.encode()[..], b": hello\nretry: 3000\n\n");
///
/// assert!(Frame::data("x").id("1\ndata: forged").is_err());
/// # Ok::<(), sse_codec::FieldError>(())
/// ```
#[must_use = "a frame does nothing until it is encoded"]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Frame<'a> {
    comment: Option<Cow<'a, str>>,
    event: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    retry: Option<Duration>,
    data: Option<Cow<'a, str>>,
}

impl<'a> Frame<'a> {
    /// A frame without a field; it encodes to nothing. Add an id alone (a block that moves the client's last event id and
    /// shows no event) or a reconnection time alone.
    pub const fn empty() -> Self {
        Self { comment: None, event: None, id: None, retry: None, data: None }
    }

    /// An event with this data. Empty data is an event too.
    pub fn data(data: impl Into<Cow<'a, str>>) -> Self {
        Self { data: Some(data.into()), ..Self::empty() }
    }

    /// A comment: no event at the client, but bytes on the connection, so that proxies and dead peers are noticed.
    pub fn comment(text: impl Into<Cow<'a, str>>) -> Self {
        Self { comment: Some(text.into()), ..Self::empty() }
    }

    /// Sets the type of the event.
    ///
    /// # Errors
    /// [`FieldError::Event`] if it holds CR or LF.
    pub fn event(mut self, name: impl Into<Cow<'a, str>>) -> Result<Self, FieldError> {
        let name = name.into();
        check_event(&name)?;
        self.event = Some(name);
        Ok(self)
    }

    /// Sets the id that the client gives back in `Last-Event-ID`. The empty id makes it forget its last one.
    ///
    /// # Errors
    /// [`FieldError::Id`] if it holds NUL, CR or LF.
    pub fn id(mut self, id: impl Into<Cow<'a, str>>) -> Result<Self, FieldError> {
        let id = id.into();
        check_id(&id)?;
        self.id = Some(id);
        Ok(self)
    }

    /// Sets how long the client waits before it reconnects. Sent in milliseconds, rounded up.
    pub const fn retry(mut self, time: Duration) -> Self {
        self.retry = Some(time);
        self
    }

    /// Puts a comment before the fields.
    pub fn with_comment(mut self, text: impl Into<Cow<'a, str>>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// The type that was set.
    #[must_use]
    pub fn event_name(&self) -> Option<&str> {
        self.event.as_deref()
    }

    /// The id that was set.
    #[must_use]
    pub fn event_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The reconnection time that was set.
    #[must_use]
    pub const fn reconnection_time(&self) -> Option<Duration> {
        self.retry
    }

    /// The data that was given, its newlines as they were given. `None`: a client shows no event.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.data.as_deref()
    }

    /// Lets go of what the frame borrows.
    pub fn into_owned(self) -> Frame<'static> {
        let own = |text: Option<Cow<'a, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Frame {
            comment: own(self.comment),
            event: own(self.event),
            id: own(self.id),
            retry: self.retry,
            data: own(self.data),
        }
    }

    /// The block as shared bytes: encode once, clone for each receiver. One allocation, of just the size where data is one line.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let data = self.data.as_deref().map(first_line);
        let one_line = data.is_none_or(|(_, rest)| rest.is_empty()) && self.comment.is_none();
        let mut out = Vec::with_capacity(if one_line { self.exact_length() } else { self.room() });
        self.write(data, &mut out);
        out.into()
    }

    /// Appends the block to `out`: comment, `event`, `id`, `retry`, `data` and the blank line.
    pub fn encode_into(&self, out: &mut BytesMut) {
        out.reserve(self.room());
        self.write(self.data.as_deref().map(first_line), out);
    }

    /// Room for one line of each; more lines make the buffer grow as usual.
    fn room(&self) -> usize {
        let text = |text: &Option<Cow<'a, str>>| text.as_ref().map_or(0, |text| text.len().saturating_add(8));
        let lengths = [text(&self.comment), text(&self.event), text(&self.id), text(&self.data)];
        // The 29 hold `retry` with its twenty digits, and the blank line.
        lengths.into_iter().fold(29, usize::saturating_add)
    }

    /// The length of the block if data is one line and there is no comment.
    fn exact_length(&self) -> usize {
        let line = |prefix: usize, text: &Option<Cow<'a, str>>| {
            text.as_ref().map_or(0, |text| text.len().saturating_add(prefix + 1))
        };
        let retry = self.retry.map_or(0, |time| 8 + digits(milliseconds(time)));
        let fields = [line(7, &self.event), line(4, &self.id), line(6, &self.data)];
        let length = fields.into_iter().fold(retry, usize::saturating_add);
        if length == 0 { 0 } else { length.saturating_add(1) }
    }

    /// Writes the block; of `data`, the first line and the rest.
    #[inline]
    fn write(&self, data: Option<(&[u8], &[u8])>, out: &mut impl BufMut) {
        let mut some = false;
        if let Some(comment) = &self.comment {
            let (first, rest) = first_line(comment);
            lines(b": ", first, rest, out);
            some = true;
        }
        if let Some(event) = &self.event {
            line(b"event: ", event.as_bytes(), out);
            some = true;
        }
        if let Some(id) = &self.id {
            line(b"id: ", id.as_bytes(), out);
            some = true;
        }
        if let Some(retry) = self.retry {
            let mut digits = [0; 20];
            line(b"retry: ", decimal(milliseconds(retry), &mut digits), out);
            some = true;
        }
        if let Some((first, rest)) = data {
            lines(b"data: ", first, rest, out);
            some = true;
        }
        if some {
            out.put_slice(b"\n");
        }
    }
}

/// A frame that a parser reads back as this event. The id is written if there is one, the type if it is not `message`.
impl<'a> From<EventRef<'a>> for Frame<'a> {
    fn from(event: EventRef<'a>) -> Self {
        let some = |text: &'a str, none: &str| (text != none).then_some(Cow::Borrowed(text));
        Frame { event: some(event.event(), MESSAGE), id: some(event.id(), ""), ..Frame::data(event.data()) }
    }
}

impl<'a> From<&'a Event> for Frame<'a> {
    fn from(event: &'a Event) -> Self {
        event.borrowed().into()
    }
}

/// The first line of the text, and what follows it, from its end on.
fn first_line(text: &str) -> (&[u8], &[u8]) {
    let (line, rest) = scan::split(text.as_bytes());
    (line.bytes(), rest)
}

/// One line for the first one, and one for each line of `rest`, whatever ends it; `rest` is empty or begins with a line end.
#[inline]
fn lines(prefix: &[u8], first: &[u8], rest: &[u8], out: &mut impl BufMut) {
    line(prefix, first, out);
    let mut rest = rest;
    while !rest.is_empty() {
        let (value, tail) = scan::split(scan::after_line_end(rest));
        line(prefix, value.bytes(), out);
        rest = tail;
    }
}

#[inline]
fn line(prefix: &[u8], value: &[u8], out: &mut impl BufMut) {
    out.put_slice(prefix);
    out.put_slice(value);
    out.put_slice(b"\n");
}

/// In milliseconds, rounded up: a short time must not become none.
fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

const fn digits(number: u64) -> usize {
    match number.checked_ilog10() {
        Some(log) => log as usize + 1,
        None => 1,
    }
}

/// The number in decimal, at the front of `buffer`.
fn decimal(number: u64, buffer: &mut [u8; 20]) -> &[u8] {
    let length = digits(number);
    let mut rest = number;
    for digit in buffer[..length].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    &buffer[..length]
}
