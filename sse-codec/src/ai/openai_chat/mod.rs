//! OpenAI chat completions: `POST /v1/chat/completions` with `stream: true`, and the many services that speak the same.
//!
//! Each event is a chunk with a piece of one or more choices; `data: [DONE]` ends the stream. With
//! `stream_options: {"include_usage": true}` the last chunk has no choice and the usage. An object with `error` in the data is
//! [`AiError::Api`](super::AiError::Api). An object that is no `chat.completion.chunk` (a filter result of Azure, a `thread.*`
//! event) is [`Event::Other`].
//!
//! ```
//! use sse_codec::ai::openai_chat::{ByteReader, Usage, Writer};
//!
//! // A service that speaks this format, and its client.
//! let mut stream = bytes::BytesMut::new();
//! let mut writer = Writer::new("chatcmpl-1", "model", 1_764_115_200);
//! writer.text("Let me look.", &mut stream);
//! writer.tool_call("call_1", "weather", &mut stream);
//! writer.arguments("{\"city\":\"Pa", &mut stream);
//! writer.arguments("ris\"}", &mut stream);
//! writer.finish("tool_calls", Some(Usage::new(12, 20)), &mut stream);
//! assert!(stream.ends_with(b"data: [DONE]\n\n"));
//!
//! let mut reader = ByteReader::new();
//! reader.read(&stream, |event| println!("{event:?}"))?;
//! let completion = reader.finish()?;
//! let message = &completion.choices[0].message;
//! assert_eq!(message.content.as_deref(), Some("Let me look."));
//! assert_eq!(message.tool_calls[0].function.arguments, r#"{"city":"Paris"}"#);
//! assert_eq!(completion.usage.and_then(|usage| usage.total_tokens), Some(32));
//! # Ok::<(), sse_codec::ai::AiError>(())
//! ```

mod accumulate;
mod event;
mod writer;

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    event::{Chunk, ChunkChoice, ChunkDelta, Event, FunctionDelta, ToolCallDelta},
    writer::Writer,
};
use super::{
    Delta, TokenUsage,
    partial_json::{self, Unfinished},
};

/// OpenAI's chat completions as a [`Dialect`](super::Dialect).
#[derive(Clone, Copy, Debug)]
pub struct Chat(());

/// Reads the events of a completion.
pub type Reader = super::Reader<Chat>;

/// Reads the body of a response as a `Stream` of events.
#[cfg(feature = "tokio")]
#[must_use]
pub fn stream<B: http_body::Body<Data = bytes::Bytes> + Unpin>(body: B) -> super::Stream<Chat, B> {
    super::Stream::new(body)
}

/// Reads the bytes of a response.
pub type ByteReader = super::ByteReader<Chat>;

/// A completion, whole or so far: what the service would have answered without `stream`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Completion {
    /// The id, the same in each chunk.
    pub id: String,
    object: CompletionObject,
    /// When it was made, in seconds of Unix time.
    pub created: Option<u64>,
    /// The name of the model.
    pub model: String,
    /// The choices, by their index.
    pub choices: Vec<Choice>,
    /// The tokens used: the last that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Names the configuration that the model ran with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_fingerprint: Option<String>,
    /// How the request was processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// All other fields; the last that was said.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
enum CompletionObject {
    #[default]
    #[serde(rename = "chat.completion")]
    Completion,
}

/// One of the answers asked for by `n`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Choice {
    /// Its number.
    pub index: u32,
    /// The answer.
    pub message: ChatMessage,
    /// `stop`, `length`, `tool_calls`, `content_filter`, …; `None` until it is known.
    pub finish_reason: Option<String>,
    /// Log probabilities, the lists of all chunks joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<Value>,
    /// All other fields; the last that was said.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The message of a choice.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChatMessage {
    /// `assistant`.
    pub role: Option<String>,
    /// The text; `None` if there is none, as beside calls of tools.
    pub content: Option<String>,
    /// The text in which the model refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The calls of tools, by their index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// All other fields (`reasoning_content`, `audio`, `function_call`, …): text is joined, lists are too.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A call of a tool.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ToolCall {
    /// Its number within the message, which a whole message does not show.
    #[serde(skip)]
    pub index: u32,
    /// The id that the result is to name.
    pub id: String,
    /// `function`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What to call.
    pub function: FunctionCall,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A function and its arguments.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FunctionCall {
    /// The name of the function.
    pub name: String,
    /// The arguments as text. It is JSON if the model did well and was not cut off.
    pub arguments: String,
}

impl FunctionCall {
    /// The arguments, if they are whole JSON.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parsed(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(&self.arguments)
    }

    /// The arguments as far as they came, while they are being streamed; see [`partial_json::parse`]. `None` if there are none
    /// yet, if they are no JSON, or if they are too deep.
    #[must_use]
    pub fn partial_arguments(&self, unfinished: Unfinished) -> Option<Value> {
        partial_json::parse(&self.arguments, unfinished, 128).ok()?.value
    }
}

/// The tokens used.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_tokens: Option<u64>,
    /// Their sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_tokens: Option<u64>,
    /// All other fields, such as `prompt_tokens_details`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Usage {
    /// Usage with these counts and their sum.
    #[must_use]
    pub fn new(prompt_tokens: u64, completion_tokens: u64) -> Self {
        Self {
            prompt_tokens: Some(prompt_tokens),
            completion_tokens: Some(completion_tokens),
            total_tokens: Some(prompt_tokens.saturating_add(completion_tokens)),
            extra: Map::new(),
        }
    }

    /// In names common to the formats.
    #[must_use]
    pub fn tokens(&self) -> TokenUsage {
        let details = self.extra.get("prompt_tokens_details");
        TokenUsage {
            input: self.prompt_tokens,
            output: self.completion_tokens,
            cached: details.and_then(|details| details.get("cached_tokens")?.as_u64()),
        }
    }
}
