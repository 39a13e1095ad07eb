//! Where something stands in the source text.

/// A range of bytes of a document, at most 4 GiB into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// The range from `start` to before `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The text of the range, empty where the range is not one of `source`.
    #[must_use]
    pub fn of(self, source: &str) -> &str {
        source.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A place in a document as an error reports it (GraphQL September 2025, §7.1.6 "Errors").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The line, from 1. A line ends with LF, CR or CRLF.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Location {
    /// The place of the byte `offset` of `source`. Takes time linear in `offset`.
    #[must_use]
    pub fn of(source: &str, offset: u32) -> Self {
        let mut end = (offset as usize).min(source.len());
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let before = &source.as_bytes()[..end];
        let mut line = 1_u32;
        let mut line_start = 0;
        for at in memchr::memchr2_iter(b'\n', b'\r', before) {
            let crlf = before[at] == b'\r' && source.as_bytes().get(at + 1) == Some(&b'\n');
            if crlf {
                continue;
            }
            line = line.saturating_add(1);
            line_start = at + 1;
        }
        let column = source[line_start..end].chars().count();
        Self { line, column: u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1) }
    }
}
