//! A service that speaks this format: the events of one message, in their order.

use bytes::BytesMut;
use serde_json::{Map, Value};

use super::{
    BlockDelta, ContentBlock, Event, Message, MessageChange, TextBlock, ThinkingBlock, ToolUse, Usage,
};
use crate::ai::{ApiError, json};

/// Writes one message as events: what each call says is appended to `out`, with the starts and stops of blocks around it.
///
/// The start of the message goes out with the first call. Every method after [`finish`](Self::finish) or
/// [`error`](Self::error) writes nothing, so a stream never goes on behind its end.
#[derive(Clone, Debug)]
pub struct Writer {
    start: Option<Message>,
    next: u32,
    open: Option<Kind>,
    has_ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Tool,
}

impl Writer {
    /// Begins a message with this id, of this model, for a request of so many tokens.
    #[must_use]
    pub fn new(id: &str, model: &str, input_tokens: u64) -> Self {
        let mut message = Message::new(id, model);
        message.usage = Usage::new(input_tokens, 1);
        Self::with_message(message)
    }

    /// Begins with this message, whose content is sent as it is.
    #[must_use]
    pub fn with_message(message: Message) -> Self {
        let next = u32::try_from(message.content.len()).unwrap_or(u32::MAX);
        Self { start: Some(message), next, open: None, has_ended: false }
    }

    /// More text of the answer.
    pub fn text(&mut self, text: &str, out: &mut BytesMut) {
        let block = || ContentBlock::Text(TextBlock::default());
        self.grow(Kind::Text, block, BlockDelta::Text { text: text.into() }, out);
    }

    /// More of what the model thinks.
    pub fn thinking(&mut self, thinking: &str, out: &mut BytesMut) {
        let block = || ContentBlock::Thinking(ThinkingBlock::default());
        self.grow(Kind::Thinking, block, BlockDelta::Thinking { thinking: thinking.into() }, out);
    }

    /// The signature of the thinking, after the last of it.
    pub fn signature(&mut self, signature: &str, out: &mut BytesMut) {
        let block = || ContentBlock::Thinking(ThinkingBlock::default());
        self.grow(Kind::Thinking, block, BlockDelta::Signature { signature: signature.into() }, out);
    }

    /// Begins a call of a tool; its input follows.
    pub fn tool_use(&mut self, id: &str, name: &str, out: &mut BytesMut) {
        let input = Value::Object(Map::new());
        let call = ToolUse { id: id.into(), name: name.into(), input, ..ToolUse::default() };
        self.block(Kind::Tool, ContentBlock::ToolUse(call), out);
    }

    /// More of the input of the tool that was begun last; nothing if there is none, or another block was begun since.
    pub fn input_json(&mut self, partial_json: &str, out: &mut BytesMut) {
        if self.open == Some(Kind::Tool) {
            self.delta(BlockDelta::InputJson { partial_json: partial_json.into() }, out);
        }
    }

    /// A block that comes whole, such as the result of a tool of the service.
    pub fn whole(&mut self, block: ContentBlock, out: &mut BytesMut) {
        self.block(Kind::Tool, block, out);
        self.close(out);
    }

    /// A sign of life while the model is silent.
    pub fn ping(&mut self, out: &mut BytesMut) {
        self.begin(out);
        self.put(&Event::Ping, out);
    }

    /// Ends the message.
    pub fn finish(&mut self, stop_reason: &str, output_tokens: u64, out: &mut BytesMut) {
        let change = MessageChange { stop_reason: Some(stop_reason.into()), ..MessageChange::default() };
        let usage = Usage { output_tokens: Some(output_tokens), ..Usage::default() };
        self.finish_with(change, usage, out);
    }

    /// Ends the message with all that may be said of it.
    pub fn finish_with(&mut self, change: MessageChange, usage: Usage, out: &mut BytesMut) {
        self.close(out);
        let extra = Map::new();
        self.put(&Event::MessageDelta { delta: change.into(), usage: usage.into(), extra }, out);
        self.put(&Event::MessageStop, out);
        self.has_ended = true;
    }

    /// Ends the stream with an error.
    pub fn error(&mut self, error: &ApiError, out: &mut BytesMut) {
        if !self.has_ended {
            Event::error(error).encode_into(out);
            self.has_ended = true;
        }
    }

    fn grow(&mut self, kind: Kind, block: fn() -> ContentBlock, delta: BlockDelta<'_>, out: &mut BytesMut) {
        if self.open != Some(kind) {
            self.block(kind, block(), out);
        }
        self.delta(delta, out);
    }

    fn block(&mut self, kind: Kind, block: ContentBlock, out: &mut BytesMut) {
        self.close(out);
        self.put(&Event::ContentBlockStart { index: self.next, content_block: block.into() }, out);
        self.open = Some(kind);
    }

    fn delta(&self, delta: BlockDelta<'_>, out: &mut BytesMut) {
        self.put(&Event::ContentBlockDelta { index: self.next, delta }, out);
    }

    fn close(&mut self, out: &mut BytesMut) {
        self.begin(out);
        if self.open.take().is_some() {
            self.put(&Event::ContentBlockStop { index: self.next }, out);
            self.next = self.next.saturating_add(1);
        }
    }

    fn begin(&mut self, out: &mut BytesMut) {
        if let Some(message) = self.start.take() {
            self.put(&Event::MessageStart { message: message.into() }, out);
        }
    }

    fn put(&self, event: &Event<'_>, out: &mut BytesMut) {
        if !self.has_ended {
            json::put(Some(event.name()), event, out);
        }
    }
}
