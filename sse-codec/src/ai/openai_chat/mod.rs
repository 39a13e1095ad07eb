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

use serde::Serialize;
use serde_json::{Map, Value};

pub use self::{
    event::{Chunk, ChunkChoice, ChunkDelta, Event, FunctionDelta, ToolCallDelta},
    writer::Writer,
};
use super::{Delta, JsonText};

super::format::format! {
    /// OpenAI's chat completions as a [`Dialect`](super::Dialect).
    Chat
}

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
    /// The arguments.
    pub arguments: JsonText,
}

super::format::openai_usage!(prompt_tokens, completion_tokens, "prompt_tokens_details");
