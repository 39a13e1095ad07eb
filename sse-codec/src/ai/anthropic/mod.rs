//! Anthropic messages: `POST /v1/messages` with `stream: true`.
//!
//! An event names its type twice, in its `event` field and in the `type` of its data; the data decides. A message is
//! `message_start`, then for each content block `content_block_start`, deltas and `content_block_stop`, then `message_delta`
//! with the reason to stop and the usage, then `message_stop`. `ping` may come anywhere, and so may `error`, which is
//! [`AiError::Api`](super::AiError::Api). An input to a tool comes as text that is JSON when its block stops.
//!
//! ```
//! use serde_json::json;
//! use sse_codec::ai::anthropic::{ByteReader, ContentBlock, Writer};
//!
//! // A service that speaks this format, and its client.
//! let mut stream = bytes::BytesMut::new();
//! let mut writer = Writer::new("msg_1", "claude", 12);
//! writer.text("Let me look.", &mut stream);
//! writer.tool_use("toolu_1", "weather", &mut stream);
//! writer.input_json("{\"city\":\"Pa", &mut stream);
//! writer.input_json("ris\"}", &mut stream);
//! writer.finish("tool_use", 20, &mut stream);
//!
//! let mut reader = ByteReader::new();
//! reader.read(&stream, |event| println!("{event:?}"))?;
//! let message = reader.finish()?;
//! assert_eq!(message.text(), "Let me look.");
//! let ContentBlock::ToolUse(call) = &message.content[1] else { panic!("a call") };
//! assert_eq!((&*call.name, &call.input), ("weather", &json!({"city": "Paris"})));
//! assert_eq!(message.usage.output_tokens, Some(20));
//! # Ok::<(), sse_codec::ai::AiError>(())
//! ```

mod accumulate;
mod event;
mod writer;

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    event::{BlockDelta, Event, MessageChange},
    writer::Writer,
};
use super::{Delta, JsonText, TokenUsage, json::or_default, partial_json::Unfinished};

super::format::format! {
    /// Anthropic's messages as a [`Dialect`](super::Dialect).
    Messages
}

/// A message, whole or so far.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    #[serde(rename = "type", default)]
    kind: MessageKind,
    /// The id of the message.
    #[serde(default)]
    pub id: String,
    /// `assistant`.
    #[serde(default)]
    pub role: String,
    /// The name of the model.
    #[serde(default)]
    pub model: String,
    /// The content blocks, by their index.
    #[serde(default, deserialize_with = "or_default")]
    pub content: Vec<ContentBlock>,
    /// `end_turn`, `max_tokens`, `stop_sequence`, `tool_use`, `pause_turn`, `refusal`, …; `None` until it is known.
    #[serde(default)]
    pub stop_reason: Option<String>,
    /// The stop sequence that was found.
    #[serde(default)]
    pub stop_sequence: Option<String>,
    /// The tokens used: what the start said, overwritten by what came after.
    #[serde(default, deserialize_with = "or_default")]
    pub usage: Usage,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Stands for the constant `type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum MessageKind {
    #[default]
    #[serde(rename = "message", other)]
    Message,
}

impl Message {
    /// An empty message of an assistant, to begin a stream with.
    #[must_use]
    pub fn new(id: &str, model: &str) -> Self {
        Self { id: id.into(), role: "assistant".into(), model: model.into(), ..Self::default() }
    }

    /// The text of all text blocks, joined.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|block| match block {
            ContentBlock::Text(block) => Some(&*block.text),
            _ => None,
        });
        texts.collect()
    }

    /// The calls of tools that the client is to run.
    pub fn tool_uses(&self) -> impl Iterator<Item = &ToolUse> {
        self.content.iter().filter_map(|block| match block {
            ContentBlock::ToolUse(call) => Some(call),
            _ => None,
        })
    }
}

/// One block of a message.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ContentBlock {
    /// Text of the answer.
    Text(TextBlock),
    /// What the model thinks.
    Thinking(ThinkingBlock),
    /// A call of a tool of the client.
    ToolUse(ToolUse),
    /// A call of a tool of the service.
    ServerToolUse(ToolUse),
    /// A call of a tool of an MCP server.
    McpToolUse(ToolUse),
    /// Any other block, and one of a known type that has not its shape.
    #[serde(untagged)]
    Other(Value),
}

/// Text of the answer.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TextBlock {
    /// The text.
    pub text: String,
    /// What the text cites; `None` if nothing was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citations: Option<Vec<Value>>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What the model thinks.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThinkingBlock {
    /// The text.
    pub thinking: String,
    /// What proves to the service that the text is its own; to be sent back as it is.
    #[serde(default)]
    pub signature: String,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A call of a tool.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolUse {
    /// The id that the result is to name.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The input, once the block has stopped: an object; what came of one if the model was cut off (see
    /// [`is_complete`](Self::is_complete)); a string with the text where the model wrote no JSON.
    #[serde(default)]
    pub input: Value,
    /// The text of the input as it was streamed; empty if the input came whole.
    #[serde(skip)]
    pub input_json: JsonText,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ToolUse {
    /// Whether the streamed input is a whole JSON document. A tool is not to be run with one that was cut.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.input_json.is_empty() || self.input_json.is_complete()
    }

    /// The input as far as it came, while the block is being streamed; see [`JsonText::partial`].
    #[must_use]
    pub fn partial_input(&self, unfinished: Unfinished) -> Option<Value> {
        if self.input_json.is_empty() {
            Some(self.input.clone())
        } else {
            self.input_json.partial(unfinished)
        }
    }
}

super::format::usage! {
    /// Tokens of the request that no cache knew.
    input_tokens;
    /// Tokens of the answer.
    output_tokens;
    /// Tokens of the request that were put into the cache.
    cache_creation_input_tokens;
    /// Tokens of the request that were read from the cache.
    cache_read_input_tokens;
}

impl Usage {
    /// Usage with these counts.
    #[must_use]
    pub fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self { input_tokens: Some(input_tokens), output_tokens: Some(output_tokens), ..Self::default() }
    }

    /// In names common to the formats.
    #[must_use]
    pub const fn tokens(&self) -> TokenUsage {
        TokenUsage {
            input: self.input_tokens,
            output: self.output_tokens,
            cached: self.cache_read_input_tokens,
        }
    }
}
