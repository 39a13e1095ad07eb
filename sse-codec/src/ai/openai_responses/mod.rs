//! OpenAI responses: `POST /v1/responses` with `stream: true`.
//!
//! An event names its type twice, in its `event` field and in the `type` of its data; the data decides. A response is
//! `response.created`, then for each output item `response.output_item.added`, for each part of it `.added`, `.delta` and `.done`
//! events, and `response.output_item.done`, and in the end `response.completed` or `response.incomplete` with the whole response.
//! `response.failed`, and `error`, is [`AiError::Api`](super::AiError::Api).
//!
//! ```
//! use sse_codec::ai::openai_responses::{ByteReader, OutputItem, Usage, Writer};
//!
//! // A service that speaks this format, and its client.
//! let mut stream = bytes::BytesMut::new();
//! let mut writer = Writer::new("resp_1", "model", 1_764_115_200);
//! writer.text("Let me look.", &mut stream);
//! writer.function_call("call_1", "weather", &mut stream);
//! writer.arguments("{\"city\":\"Pa", &mut stream);
//! writer.arguments("ris\"}", &mut stream);
//! writer.finish(Some(Usage::new(12, 20)), &mut stream);
//!
//! let mut reader = ByteReader::new();
//! reader.read(&stream, |event| println!("{event:?}"))?;
//! let response = reader.finish()?;
//! assert_eq!(response.text(), "Let me look.");
//! let OutputItem::FunctionCall(call) = &response.output[1] else { panic!("a call") };
//! assert_eq!((&*call.name, &*call.arguments), ("weather", r#"{"city":"Paris"}"#));
//! # Ok::<(), sse_codec::ai::AiError>(())
//! ```

mod accumulate;
mod event;
mod writer;

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    event::{Body, Event, Phase, Place, State, TextKind},
    writer::Writer,
};
use super::{Delta, JsonText, json::or_default};

super::format::format! {
    /// OpenAI's responses as a [`Dialect`](super::Dialect).
    Responses
}

/// A response, whole or so far.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The id.
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    object: ResponseObject,
    /// `queued`, `in_progress`, `completed`, `incomplete`, `failed`, `cancelled`.
    #[serde(default)]
    pub status: Option<String>,
    /// The name of the model.
    #[serde(default)]
    pub model: Option<String>,
    /// What the model gave, by its index.
    #[serde(default, deserialize_with = "or_default")]
    pub output: Vec<OutputItem>,
    /// The tokens used.
    #[serde(default)]
    pub usage: Option<Usage>,
    /// The error, of a response that failed.
    #[serde(default)]
    pub error: Option<Value>,
    /// Why the response is not complete: `{"reason": "max_output_tokens"}`.
    #[serde(default)]
    pub incomplete_details: Option<Value>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum ResponseObject {
    #[default]
    #[serde(rename = "response", other)]
    Response,
}

impl Response {
    /// An empty response in progress, to begin a stream with.
    #[must_use]
    pub fn new(id: &str, model: &str, created_at: u64) -> Self {
        let extra = [
            ("created_at", created_at.into()),
            ("parallel_tool_calls", true.into()),
            ("tool_choice", "auto".into()),
            ("tools", Value::Array(Vec::new())),
        ];
        Self {
            id: id.into(),
            status: Some("in_progress".into()),
            model: Some(model.into()),
            extra: extra.map(|(name, value)| (name.into(), value)).into_iter().collect(),
            ..Self::default()
        }
    }

    /// The text of all messages in the output, joined.
    #[must_use]
    pub fn text(&self) -> String {
        let messages = self.output.iter().filter_map(|item| match item {
            OutputItem::Message(message) => Some(&message.content),
            _ => None,
        });
        let texts = messages.flatten().filter_map(|part| match part {
            Part::OutputText(part) => Some(&*part.text),
            _ => None,
        });
        texts.collect()
    }

    /// The calls of functions that the client is to run.
    pub fn function_calls(&self) -> impl Iterator<Item = &FunctionCall> {
        self.output.iter().filter_map(|item| match item {
            OutputItem::FunctionCall(call) => Some(call),
            _ => None,
        })
    }
}

/// One item of the output.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OutputItem {
    /// A message.
    Message(OutputMessage),
    /// A call of a function of the client.
    FunctionCall(FunctionCall),
    /// A call of a tool of the client whose input is plain text.
    CustomToolCall(CustomToolCall),
    /// What the model thinks.
    Reasoning(Reasoning),
    /// Any other item, and one of a known type that has not its shape.
    #[serde(untagged)]
    Other(Value),
}

/// A message of the output.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutputMessage {
    /// The id.
    #[serde(default)]
    pub id: String,
    /// `assistant`.
    #[serde(default)]
    pub role: String,
    /// `in_progress`, `completed`, `incomplete`.
    #[serde(default)]
    pub status: Option<String>,
    /// The parts, by their index.
    #[serde(default, deserialize_with = "or_default")]
    pub content: Vec<Part>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A part of a message or of reasoning.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Text of the answer.
    OutputText(OutputText),
    /// Text in which the model refuses.
    Refusal {
        /// The text.
        refusal: String,
    },
    /// What the model thinks.
    ReasoningText {
        /// The text.
        text: String,
    },
    /// A summary of what the model thinks.
    SummaryText {
        /// The text.
        text: String,
    },
    /// Any other part, and one of a known type that has not its shape.
    #[serde(untagged)]
    Other(Value),
}

/// Text of the answer.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutputText {
    /// The text.
    pub text: String,
    /// What the text cites.
    #[serde(default, deserialize_with = "or_default")]
    pub annotations: Vec<Value>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A call of a function.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FunctionCall {
    /// The id of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The id that the result is to name.
    pub call_id: String,
    /// The name of the function.
    pub name: String,
    /// The arguments.
    #[serde(default)]
    pub arguments: JsonText,
    /// `in_progress`, `completed`, `incomplete`.
    #[serde(default)]
    pub status: Option<String>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A call of a tool whose input is plain text.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomToolCall {
    /// The id of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The id that the result is to name.
    pub call_id: String,
    /// The name of the tool.
    pub name: String,
    /// The input.
    #[serde(default)]
    pub input: String,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What the model thinks.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reasoning {
    /// The id.
    #[serde(default)]
    pub id: String,
    /// Summaries, by their index.
    #[serde(default, deserialize_with = "or_default")]
    pub summary: Vec<Part>,
    /// The text itself, where the service shows it.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub content: Vec<Part>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

super::format::openai_usage!(input_tokens, output_tokens, "input_tokens_details");
