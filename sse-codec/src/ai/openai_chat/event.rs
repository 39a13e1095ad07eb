//! The chunks of a completion, read and written.

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Chat, Completion, Delta, Usage};
use crate::{
    EventRef, FieldError, Frame,
    ai::{
        AiError, ApiError, Dialect,
        json::{self, own},
    },
};

/// One event of a completion.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// A piece of the completion.
    Chunk(Box<Chunk<'a>>),
    /// `[DONE]`: the completion is complete.
    Done,
    /// JSON that is no chunk.
    Other {
        /// The type in the `event` field.
        event: Cow<'a, str>,
        /// The data.
        raw: Cow<'a, str>,
    },
}

/// A piece of a completion.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chunk<'a> {
    /// The id of the completion.
    #[serde(default, borrow, deserialize_with = "text")]
    pub id: Cow<'a, str>,
    /// `chat.completion.chunk`.
    #[serde(default, borrow, deserialize_with = "text")]
    object: Cow<'a, str>,
    /// When the completion was made, in seconds of Unix time.
    #[serde(default)]
    pub created: Option<u64>,
    /// The name of the model.
    #[serde(default, borrow, deserialize_with = "text")]
    pub model: Cow<'a, str>,
    /// A piece for each choice that grows; none in the chunk with the usage.
    #[serde(default, borrow, deserialize_with = "json::or_default")]
    pub choices: Vec<ChunkChoice<'a>>,
    /// The tokens used so far, in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Names the configuration that the model runs with.
    #[serde(default, borrow, deserialize_with = "json::lent", skip_serializing_if = "Option::is_none")]
    pub system_fingerprint: Option<Cow<'a, str>>,
    /// How the request is processed.
    #[serde(default, borrow, deserialize_with = "json::lent", skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<Cow<'a, str>>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A piece of one choice.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChunkChoice<'a> {
    /// The number of the choice.
    #[serde(default)]
    pub index: u32,
    /// What its message grows by.
    #[serde(default, borrow, deserialize_with = "json::or_default")]
    pub delta: ChunkDelta<'a>,
    /// Why the model stopped, in the last piece.
    #[serde(default, borrow, deserialize_with = "json::lent")]
    pub finish_reason: Option<Cow<'a, str>>,
    /// Log probabilities of this piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<Value>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a message grows by.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChunkDelta<'a> {
    /// `assistant`, in the first piece.
    #[serde(default, borrow, deserialize_with = "json::lent", skip_serializing_if = "Option::is_none")]
    pub role: Option<Cow<'a, str>>,
    /// More text.
    #[serde(default, borrow, deserialize_with = "json::lent", skip_serializing_if = "Option::is_none")]
    pub content: Option<Cow<'a, str>>,
    /// More of a refusal.
    #[serde(default, borrow, deserialize_with = "json::lent", skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Cow<'a, str>>,
    /// Calls of tools that begin or grow.
    #[serde(default, borrow, deserialize_with = "json::or_default", skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCallDelta<'a>>,
    /// All other fields, such as `reasoning_content`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ChunkDelta<'_> {
    /// What the model thinks, under the names that services give it: `reasoning_content` or `reasoning`.
    #[must_use]
    pub fn reasoning(&self) -> Option<&str> {
        ["reasoning_content", "reasoning"].into_iter().find_map(|name| self.extra.get(name)?.as_str())
    }
}

/// What a call of a tool grows by.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ToolCallDelta<'a> {
    /// The number of the call.
    #[serde(default)]
    pub index: u32,
    /// Its id, in its first piece.
    #[serde(default, borrow, deserialize_with = "json::lent", skip_serializing_if = "Option::is_none")]
    pub id: Option<Cow<'a, str>>,
    /// `function`, in its first piece.
    #[serde(
        rename = "type",
        default,
        borrow,
        deserialize_with = "json::lent",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<Cow<'a, str>>,
    /// What its function grows by.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub function: Option<FunctionDelta<'a>>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a function call grows by.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FunctionDelta<'a> {
    /// The name, in the first piece.
    #[serde(default, borrow, deserialize_with = "json::lent", skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
    /// More of the arguments.
    #[serde(default, borrow, deserialize_with = "json::lent", skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Cow<'a, str>>,
}

/// A text that is empty for `null`.
fn text<'de: 'a, 'a, D: serde::Deserializer<'de>>(from: D) -> Result<Cow<'a, str>, D::Error> {
    json::lent(from).map(Option::unwrap_or_default)
}

const CHUNK: &str = "chat.completion.chunk";
pub(super) const DONE: &str = "[DONE]";

impl<'a> Chunk<'a> {
    /// A chunk without a choice.
    #[must_use]
    pub fn new(id: impl Into<Cow<'a, str>>, model: impl Into<Cow<'a, str>>, created: u64) -> Self {
        Self {
            id: id.into(),
            object: CHUNK.into(),
            created: Some(created),
            model: model.into(),
            ..Self::default()
        }
    }
}

impl Event<'_> {
    /// What the event adds to the message, in the words common to the formats; of all choices.
    pub fn deltas(&self) -> impl Iterator<Item = Delta<'_>> {
        let (chunk, other) = match self {
            Self::Chunk(chunk) => (Some(chunk), None),
            Self::Other { event, raw } => (None, Some(Delta::Other { event, raw })),
            Self::Done => (None, None),
        };
        let choices = chunk.into_iter().flat_map(|chunk| &chunk.choices);
        let usage = chunk.and_then(|chunk| Some(Delta::Usage(chunk.usage.as_ref()?.tokens())));
        choices.flat_map(ChunkChoice::deltas).chain(usage).chain(other)
    }

    /// The event as a frame to send.
    ///
    /// # Errors
    /// [`FieldError`] if an [`Other`](Self::Other) event has a type with a newline.
    pub fn frame(&self) -> Result<Frame<'static>, FieldError> {
        match self {
            Self::Chunk(chunk) => Ok(json::frame(None, chunk)),
            Self::Done => Ok(Frame::data(DONE)),
            Self::Other { event, raw } => {
                let frame = Frame::data(String::from(&**raw));
                if event == "message" { Ok(frame) } else { frame.event(String::from(&**event)) }
            }
        }
    }

    /// An error within the stream, as a frame to send; it ends the stream.
    #[must_use = "a frame does nothing until it is encoded"]
    pub fn error(error: &ApiError) -> Frame<'static> {
        #[derive(Serialize)]
        struct Outer<'a> {
            error: Inner<'a>,
        }
        #[derive(Serialize)]
        struct Inner<'a> {
            message: &'a str,
            #[serde(rename = "type")]
            kind: Option<&'a str>,
            param: Option<&'a str>,
            code: Option<&'a str>,
        }
        let ApiError { kind, code, message, param, .. } = error;
        let (kind, param, code) = (kind.as_deref(), param.as_deref(), code.as_deref());
        json::frame(None, &Outer { error: Inner { message, kind, param, code } })
    }
}

impl ChunkChoice<'_> {
    /// What the piece adds, in the words common to the formats.
    pub fn deltas(&self) -> impl Iterator<Item = Delta<'_>> {
        let filled = |text: &&str| !text.is_empty();
        let content = self.delta.content.as_deref().filter(filled).map(Delta::Text);
        let reasoning = self.delta.reasoning().filter(filled).map(Delta::Reasoning);
        let refusal = self.delta.refusal.as_deref().filter(filled).map(Delta::Refusal);
        let tools = self.delta.tool_calls.iter().flat_map(move |call| {
            let index = call.index;
            let function = call.function.as_ref();
            let name = function.and_then(|function| function.name.as_deref()).unwrap_or_default();
            let begins = call.id.as_deref().filter(filled).map(|id| Delta::ToolCall { index, id, name });
            let json = function.and_then(|function| function.arguments.as_deref()).filter(filled);
            begins.into_iter().chain(json.map(|json| Delta::ToolInput { index, json }))
        });
        let stop = self.finish_reason.as_deref().map(Delta::Stop);
        reasoning.into_iter().chain(content).chain(refusal).chain(tools).chain(stop)
    }
}

impl Dialect for Chat {
    type Event<'a> = Event<'a>;
    type Message = Completion;

    fn read(event: EventRef<'_>) -> Result<Event<'_>, AiError> {
        if event.data().starts_with(DONE) {
            return Ok(Event::Done);
        }
        let failed = || Err(AiError::Api(ApiError::read(event.data()).into()));
        if event.event() == "error" {
            return failed();
        }
        let other = || Event::Other { event: event.event().into(), raw: event.data().into() };
        match json::parse::<Chunk<'_>>(event) {
            Ok(chunk) if chunk.extra.get("error").is_some_and(|error| !error.is_null()) => failed(),
            Ok(chunk) if chunk.object == CHUNK => Ok(Event::Chunk(chunk.into())),
            Ok(_) => Ok(other()),
            // What claims to be a chunk must have its shape, and what is no JSON is an error.
            Err(error) => match json::parse::<Value>(event)? {
                Value::Object(map) if map.get("error").is_some_and(|error| !error.is_null()) => failed(),
                Value::Object(map) if map.get("object").is_some_and(|object| object == CHUNK) => Err(error),
                _ => Ok(other()),
            },
        }
    }

    fn into_owned(event: Event<'_>) -> Event<'static> {
        match event {
            Event::Chunk(chunk) => Event::Chunk(chunk.into_owned().into()),
            Event::Done => Event::Done,
            Event::Other { event, raw } => Event::Other { event: own(event), raw: own(raw) },
        }
    }
}

impl Chunk<'_> {
    /// Lets go of what the chunk borrows.
    #[must_use]
    pub fn into_owned(self) -> Chunk<'static> {
        let Self { id, object, created, model, choices, usage, system_fingerprint, service_tier, extra } =
            self;
        Chunk {
            id: own(id),
            object: own(object),
            created,
            model: own(model),
            choices: choices.into_iter().map(ChunkChoice::into_owned).collect(),
            usage,
            system_fingerprint: system_fingerprint.map(own),
            service_tier: service_tier.map(own),
            extra,
        }
    }
}

impl ChunkChoice<'_> {
    fn into_owned(self) -> ChunkChoice<'static> {
        let Self { index, delta, finish_reason, logprobs, extra } = self;
        let delta = ChunkDelta {
            role: delta.role.map(own),
            content: delta.content.map(own),
            refusal: delta.refusal.map(own),
            tool_calls: delta.tool_calls.into_iter().map(ToolCallDelta::into_owned).collect(),
            extra: delta.extra,
        };
        ChunkChoice { index, delta, finish_reason: finish_reason.map(own), logprobs, extra }
    }
}

impl ToolCallDelta<'_> {
    fn into_owned(self) -> ToolCallDelta<'static> {
        let Self { index, id, kind, function, extra } = self;
        let function = function.map(|function| FunctionDelta {
            name: function.name.map(own),
            arguments: function.arguments.map(own),
        });
        ToolCallDelta { index, id: id.map(own), kind: kind.map(own), function, extra }
    }
}
