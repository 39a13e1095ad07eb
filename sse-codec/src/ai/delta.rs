//! What the three formats have in common.

/// What one event adds to a message, whichever format it came in.
///
/// Of several choices (`n` above 1 in OpenAI's chat) all come; ask the chunk itself for whose they are.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delta<'a> {
    /// Text of the answer.
    Text(&'a str),
    /// Text of what the model thinks, or of its summary.
    Reasoning(&'a str),
    /// Text in which the model says that it refuses.
    Refusal(&'a str),
    /// The model begins to call a tool. A service that repeats the id with each piece of its input repeats this too.
    ToolCall {
        /// The place of the call in the message: content block, output item or tool call.
        index: u32,
        /// The id that the result of the tool is to name.
        id: &'a str,
        /// The name of the tool.
        name: &'a str,
    },
    /// More of the arguments of a tool, as JSON that is complete only when its last part has come.
    ToolInput {
        /// The place of the call in the message.
        index: u32,
        /// What is added.
        json: &'a str,
    },
    /// Why the model stopped, in the words of the service: `stop`, `end_turn`, `tool_calls`, `max_tokens`, ….
    Stop(&'a str),
    /// How many tokens were used so far, in all.
    Usage(TokenUsage),
    /// An event of a type that is not known here.
    Other {
        /// The type of the event, as [`EventRef::event`](crate::EventRef::event).
        event: &'a str,
        /// Its data.
        raw: &'a str,
    },
}

/// Tokens used, in names common to the formats. What was not said is `None`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenUsage {
    /// Tokens of the request, as the service counts them: without cached ones at Anthropic, with them at OpenAI.
    pub input: Option<u64>,
    /// Tokens of the answer, those of reasoning with them.
    pub output: Option<u64>,
    /// Tokens of the request that were read from a cache.
    pub cached: Option<u64>,
}
