//! What one stream may make the parser hold.

/// The bounds of a [`Parser`](crate::Parser).
///
/// Lengths are those on the wire, in bytes, before invalid UTF-8 is replaced (a replaced byte grows to three). A crossed
/// bound is an [`Item::Dropped`](crate::Item::Dropped) that names it, at the same place of the stream however the stream
/// was cut. The parser then goes on, unless [`on_overflow`](Self::on_overflow) says otherwise. It never holds more than `max_data`, a line, an
/// id and a type.
///
/// ```
/// use sse_codec::{Item, LimitKind, Limits, Parser};
///
/// let mut limits = Limits::default();
/// limits.max_data = 4;
/// let mut parser = Parser::with_limits(limits);
/// let mut chunk = &b"data: 12345\n\ndata: ok\n\n"[..];
/// let Some(Item::Dropped(overflow)) = parser.next(&mut chunk) else { panic!("five bytes do not fit") };
/// assert_eq!((overflow.limit, overflow.max, overflow.offset), (LimitKind::Data, 4, 0));
/// assert!(matches!(parser.next(&mut chunk), Some(Item::Event(event)) if event.data() == "ok"));
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line without its end; default 1 MiB. A longer one drops its block. Stops a server that never ends a
    /// line from filling the memory of the client.
    pub max_line: usize,
    /// The longest data of one event, line feeds between its lines counted; default 4 MiB. More drops the block. Stops a
    /// block of endlessly many `data` lines.
    pub max_data: usize,
    /// The longest event id; default 1 KiB. A longer one is ignored and reported, its block stays. Stops an id that would
    /// be stored for the life of the client and sent back in each `Last-Event-ID` header.
    pub max_id: usize,
    /// The longest event type; default 1 KiB. A longer one drops its block, since the event cannot be told from others.
    /// Stops types that would fill a table of listeners or a log.
    pub max_event: usize,
    /// What a crossed bound does; default [`OnOverflow::Resync`].
    pub on_overflow: OnOverflow,
}

/// What happens to the stream when a bound is crossed, after that was reported.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnOverflow {
    /// The block is dropped (of a long id, only the field), and the parser goes on behind the next blank line.
    #[default]
    Resync,
    /// Nothing more comes until [`Parser::finish`](crate::Parser::finish): for streams of which no part may be missing.
    Terminate,
}

impl Limits {
    /// The defaults given at each field.
    pub const DEFAULT: Self = Self {
        max_line: 1 << 20,
        max_data: 4 << 20,
        max_id: 1 << 10,
        max_event: 1 << 10,
        on_overflow: OnOverflow::Resync,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
