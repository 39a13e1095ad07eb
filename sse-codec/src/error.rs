//! What can be wrong with a field to send, and with a stream received.

use core::{error, fmt};

/// A value that no `id` or `event` field can carry: it would end the line and begin a field of its own.
///
/// Data and comments have no such error: their newlines are split over lines.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldError {
    /// The id holds NUL, CR or LF (the parser ignores an id with NUL; HTML Standard §9.2.6).
    Id {
        /// The byte that is not allowed.
        byte: u8,
        /// Where it stands in the given id, in bytes.
        offset: usize,
    },
    /// The event type holds CR or LF.
    Event {
        /// The byte that is not allowed.
        byte: u8,
        /// Where it stands in the given name, in bytes.
        offset: usize,
    },
}

impl FieldError {
    /// The name of the field, as on the wire: `id` or `event`.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Id { .. } => "id",
            Self::Event { .. } => "event",
        }
    }

    /// Where the byte that is not allowed stands in the given value.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match self {
            Self::Id { offset, .. } | Self::Event { offset, .. } => *offset,
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Id { byte, offset } | Self::Event { byte, offset }) = self;
        let name = match byte {
            0 => "NUL",
            b'\r' => "CR",
            _ => "LF",
        };
        write!(f, "{} field holds {name} at byte {offset}: remove or escape it before sending", self.field())
    }
}

impl error::Error for FieldError {}

/// A bound of [`Limits`](crate::Limits).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// `max_line`: the block was dropped.
    Line,
    /// `max_data`: the block was dropped.
    Data,
    /// `max_id`: the field was ignored, its block stays.
    Id,
    /// `max_event`: the block was dropped.
    Event,
}

impl LimitKind {
    /// The name of the field of [`Limits`](crate::Limits).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "max_line",
            Self::Data => "max_data",
            Self::Id => "max_id",
            Self::Event => "max_event",
        }
    }

    /// Whether crossing it drops the whole block, its id included, and not just the one field.
    #[must_use]
    pub const fn drops_block(self) -> bool {
        !matches!(self, Self::Id)
    }
}

/// The stream crossed a limit; the parser goes on behind what it dropped.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Overflow {
    /// Which limit.
    pub limit: LimitKind,
    /// Its value, in bytes.
    pub max: usize,
    /// Where the line that crossed it begins, in bytes from the start of the stream.
    pub offset: u64,
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dropped = if self.limit.drops_block() { "block dropped" } else { "field ignored" };
        let Self { limit, max, offset } = self;
        write!(
            f,
            "{dropped}: the line at byte {offset} crosses {} of {max} bytes; raise it if the server is trusted",
            limit.name()
        )
    }
}

impl error::Error for Overflow {}
