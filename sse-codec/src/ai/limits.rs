//! What one model stream may make a reader hold.

/// The bounds of a [`Reader`](super::Reader), beside those of the [`Parser`](crate::Parser) before it.
///
/// ```
/// use sse_codec::ai::{AiError, AiLimits, anthropic};
///
/// let mut limits = AiLimits::default();
/// limits.max_depth = 8;
/// let mut reader = anthropic::Reader::with_limits(limits);
/// let deep = format!("{}{}", "[".repeat(9), "]".repeat(9));
/// let error = reader.read_data("message_start", &deep).unwrap_err();
/// assert!(matches!(error, AiError::TooLarge { limit: "max_depth", max: 8 }));
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiLimits {
    /// The bytes that the accumulated message may hold: the text of deltas, and the JSON of what is kept whole (the start
    /// of a message or a block, citations, log probabilities); default 16 MiB. Stops a stream of deltas that never ends from
    /// filling the memory of its reader. Text is held as it came; a tree of JSON takes up to some 30 times its text.
    pub max_message: usize,
    /// How many content blocks, or output items and their parts, or choices and their tool calls, one message may have;
    /// default 1024. Stops a stream that begins blocks without end, each of which costs more than its bytes.
    pub max_blocks: usize,
    /// How deep the JSON of one event, and of the arguments of a tool, may nest; default 64, and never more than 128, where
    /// `serde_json` stops. Stops nesting that would exhaust the stack of whoever walks the value.
    pub max_depth: usize,
}

impl AiLimits {
    /// The defaults given at each field.
    pub const DEFAULT: Self = Self { max_message: 16 << 20, max_blocks: 1024, max_depth: 64 };
}

impl Default for AiLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
