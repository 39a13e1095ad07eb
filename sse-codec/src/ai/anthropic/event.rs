//! The events of a message, read and written.

use alloc::{borrow::Cow, boxed::Box, string::String};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ContentBlock, Delta, Message, Messages, Usage};
use crate::{
    EventRef, FieldError, Frame,
    ai::{AiError, ApiError, Dialect, json},
};

/// One event of a message.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event<'a> {
    /// The message begins; its content is empty as a rule.
    MessageStart {
        /// What is known of it.
        message: Box<Message>,
    },
    /// A block begins.
    ContentBlockStart {
        /// Its place in the content.
        index: u32,
        /// What is known of it.
        content_block: Box<ContentBlock>,
    },
    /// A block grows.
    ContentBlockDelta {
        /// Its place in the content.
        index: u32,
        /// By what.
        delta: BlockDelta<'a>,
    },
    /// A block is complete.
    ContentBlockStop {
        /// Its place in the content.
        index: u32,
    },
    /// What is known of the message at its end.
    MessageDelta {
        /// Fields of the message.
        delta: Box<MessageChange>,
        /// Tokens used, in all.
        usage: Box<Usage>,
        /// All other fields; they are fields of the message.
        #[serde(flatten)]
        extra: Map<String, Value>,
    },
    /// The message is complete.
    MessageStop,
    /// Nothing but a sign of life.
    Ping,
    /// An event of another type, or one without a type.
    #[serde(untagged)]
    Other {
        /// The type in the `event` field.
        event: Cow<'a, str>,
        /// The data.
        raw: Cow<'a, str>,
    },
}

/// What a block grows by.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type")]
pub enum BlockDelta<'a> {
    /// Text of the answer.
    #[serde(rename = "text_delta")]
    Text {
        /// What is added.
        text: Cow<'a, str>,
    },
    /// Input to a tool.
    #[serde(rename = "input_json_delta")]
    InputJson {
        /// What is added to the text that is JSON when the block stops.
        partial_json: Cow<'a, str>,
    },
    /// What the model thinks.
    #[serde(rename = "thinking_delta")]
    Thinking {
        /// What is added.
        thinking: Cow<'a, str>,
    },
    /// The signature of a block of thinking.
    #[serde(rename = "signature_delta")]
    Signature {
        /// The whole of it.
        signature: Cow<'a, str>,
    },
    /// A citation of a text block.
    #[serde(rename = "citations_delta")]
    Citation {
        /// What is cited.
        citation: Value,
    },
    /// A delta of another type; it changes nothing in the accumulated message.
    #[serde(untagged)]
    Other(Value),
}

/// Fields of the message that are known at its end.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageChange {
    /// As [`Message::stop_reason`].
    #[serde(default)]
    pub stop_reason: Option<String>,
    /// As [`Message::stop_sequence`].
    #[serde(default)]
    pub stop_sequence: Option<String>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

const MESSAGE_START: &str = "message_start";
const BLOCK_START: &str = "content_block_start";
const BLOCK_DELTA: &str = "content_block_delta";
const BLOCK_STOP: &str = "content_block_stop";
const MESSAGE_DELTA: &str = "message_delta";
const MESSAGE_STOP: &str = "message_stop";
const PING: &str = "ping";
const ERROR: &str = "error";

impl Event<'_> {
    /// What the event adds to the message, in the words common to the formats.
    pub fn deltas(&self) -> impl Iterator<Item = Delta<'_>> {
        let (first, second) = match self {
            Self::ContentBlockStart { index, content_block } => match &**content_block {
                ContentBlock::Text(block) if !block.text.is_empty() => (Some(Delta::Text(&block.text)), None),
                ContentBlock::ToolUse(call) => {
                    (Some(Delta::ToolCall { index: *index, id: &call.id, name: &call.name }), None)
                }
                _ => (None, None),
            },
            Self::ContentBlockDelta { index, delta } => match delta {
                BlockDelta::Text { text } => (Some(Delta::Text(text)), None),
                BlockDelta::InputJson { partial_json } => {
                    (Some(Delta::ToolInput { index: *index, json: partial_json }), None)
                }
                BlockDelta::Thinking { thinking } => (Some(Delta::Reasoning(thinking)), None),
                _ => (None, None),
            },
            Self::MessageStart { message } => (None, Some(Delta::Usage(message.usage.tokens()))),
            Self::MessageDelta { delta, usage, .. } => {
                (delta.stop_reason.as_deref().map(Delta::Stop), Some(Delta::Usage(usage.tokens())))
            }
            Self::Other { event, raw } => (Some(Delta::Other { event, raw }), None),
            Self::ContentBlockStop { .. } | Self::MessageStop | Self::Ping => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// The type on the wire.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::MessageStart { .. } => MESSAGE_START,
            Self::ContentBlockStart { .. } => BLOCK_START,
            Self::ContentBlockDelta { .. } => BLOCK_DELTA,
            Self::ContentBlockStop { .. } => BLOCK_STOP,
            Self::MessageDelta { .. } => MESSAGE_DELTA,
            Self::MessageStop => MESSAGE_STOP,
            Self::Ping => PING,
            Self::Other { event, .. } => event,
        }
    }

    /// The event as a frame to send.
    ///
    /// # Errors
    /// [`FieldError`] if an [`Other`](Self::Other) event has a type with a newline.
    pub fn frame(&self) -> Result<Frame<'static>, FieldError> {
        match self {
            Self::Other { event, raw } => Frame::data(String::from(&**raw)).event(String::from(&**event)),
            _ => Ok(json::frame(Some(self.name()), self)),
        }
    }

    /// An error within the stream, as a frame to send; it ends the stream.
    #[must_use = "a frame does nothing until it is encoded"]
    pub fn error(error: &ApiError) -> Frame<'static> {
        #[derive(Serialize)]
        struct Outer<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            error: Inner<'a>,
        }
        #[derive(Serialize)]
        struct Inner<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            message: &'a str,
        }
        let inner = Inner { kind: error.kind.as_deref().unwrap_or("api_error"), message: &error.message };
        json::frame(Some(ERROR), &Outer { kind: ERROR, error: inner })
    }
}

impl Dialect for Messages {
    type Event<'a> = Event<'a>;
    type Message = Message;

    fn read(event: EventRef<'_>) -> Result<Event<'_>, AiError> {
        // The service names the type in both places, so that the data is read once.
        if event.event() == BLOCK_DELTA
            && let Ok(wire) = serde_json::from_str::<DeltaWire<'_>>(event.data())
            && wire.kind == BLOCK_DELTA
        {
            return wire.event(event);
        }
        match event.event() {
            PING => return Ok(Event::Ping),
            ERROR => return Err(AiError::Api(ApiError::read(event.data()).into())),
            _ => {}
        }
        let kind = json::type_of(event)?;
        match kind.as_deref() {
            Some(MESSAGE_START) => {
                json::parse::<StartWire>(event).map(|wire| Event::MessageStart { message: wire.message })
            }
            Some(BLOCK_START) => json::parse::<BlockWire>(event).map(|wire| Event::ContentBlockStart {
                index: wire.index,
                content_block: wire.content_block,
            }),
            Some(BLOCK_DELTA) => json::parse::<DeltaWire<'_>>(event)?.event(event),
            Some(BLOCK_STOP) => {
                json::parse::<IndexWire>(event).map(|wire| Event::ContentBlockStop { index: wire.index })
            }
            Some(MESSAGE_DELTA) => json::parse::<MessageWire>(event).map(|mut wire| {
                wire.extra.remove("type");
                Event::MessageDelta { delta: wire.delta, usage: wire.usage, extra: wire.extra }
            }),
            Some(MESSAGE_STOP) => Ok(Event::MessageStop),
            Some(PING) => Ok(Event::Ping),
            Some(ERROR) => Err(AiError::Api(ApiError::read(event.data()).into())),
            _ => Ok(Event::Other { event: event.event().into(), raw: event.data().into() }),
        }
    }

    fn into_owned(event: Event<'_>) -> Event<'static> {
        use json::own;
        match event {
            Event::MessageStart { message } => Event::MessageStart { message },
            Event::ContentBlockStart { index, content_block } => {
                Event::ContentBlockStart { index, content_block }
            }
            Event::ContentBlockDelta { index, delta } => Event::ContentBlockDelta {
                index,
                delta: match delta {
                    BlockDelta::Text { text } => BlockDelta::Text { text: own(text) },
                    BlockDelta::InputJson { partial_json } => {
                        BlockDelta::InputJson { partial_json: own(partial_json) }
                    }
                    BlockDelta::Thinking { thinking } => BlockDelta::Thinking { thinking: own(thinking) },
                    BlockDelta::Signature { signature } => {
                        BlockDelta::Signature { signature: own(signature) }
                    }
                    BlockDelta::Citation { citation } => BlockDelta::Citation { citation },
                    BlockDelta::Other(value) => BlockDelta::Other(value),
                },
            },
            Event::ContentBlockStop { index } => Event::ContentBlockStop { index },
            Event::MessageDelta { delta, usage, extra } => Event::MessageDelta { delta, usage, extra },
            Event::MessageStop => Event::MessageStop,
            Event::Ping => Event::Ping,
            Event::Other { event, raw } => Event::Other { event: own(event), raw: own(raw) },
        }
    }
}

#[derive(Deserialize)]
struct StartWire {
    message: Box<Message>,
}

#[derive(Deserialize)]
struct BlockWire {
    index: u32,
    content_block: Box<ContentBlock>,
}

#[derive(Deserialize)]
struct IndexWire {
    index: u32,
}

#[derive(Deserialize)]
struct MessageWire {
    delta: Box<MessageChange>,
    #[serde(default, deserialize_with = "json::or_default")]
    usage: Box<Usage>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// A delta of any type, in one pass and without a copy.
#[derive(Deserialize)]
struct DeltaWire<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    index: u32,
    #[serde(borrow)]
    delta: AnyDelta<'a>,
}

#[derive(Deserialize)]
struct AnyDelta<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "json::lent")]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::lent")]
    partial_json: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::lent")]
    thinking: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::lent")]
    signature: Option<Cow<'a, str>>,
    #[serde(default)]
    citation: Option<Value>,
}

impl<'a> DeltaWire<'a> {
    fn event(self, event: EventRef<'a>) -> Result<Event<'a>, AiError> {
        let Self { index, delta, .. } = self;
        let named = match &*delta.kind {
            "text_delta" => delta.text.map(|text| BlockDelta::Text { text }),
            "input_json_delta" => {
                delta.partial_json.map(|partial_json| BlockDelta::InputJson { partial_json })
            }
            "thinking_delta" => delta.thinking.map(|thinking| BlockDelta::Thinking { thinking }),
            "signature_delta" => delta.signature.map(|signature| BlockDelta::Signature { signature }),
            "citations_delta" => delta.citation.map(|citation| BlockDelta::Citation { citation }),
            _ => None,
        };
        let delta = match named {
            Some(delta) => delta,
            None => {
                #[derive(Deserialize)]
                struct Raw {
                    delta: Value,
                }
                BlockDelta::Other(json::parse::<Raw>(event)?.delta)
            }
        };
        Ok(Event::ContentBlockDelta { index, delta })
    }
}
