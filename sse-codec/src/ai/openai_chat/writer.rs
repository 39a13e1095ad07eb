//! A service that speaks this format: the chunks of one completion, in their order.

use alloc::{string::String, vec};

use bytes::BytesMut;

use super::{Chunk, ChunkChoice, ChunkDelta, Event, FunctionDelta, ToolCallDelta, Usage, event::DONE};
use crate::{
    Frame,
    ai::{ApiError, json},
};

/// Writes one completion as chunks: what each call says is appended to `out`.
///
/// The first chunk carries the role. It writes one choice; for more, send [`Chunk`]s of your own by [`Event::frame`]. Every method after [`finish`](Self::finish) or [`error`](Self::error) writes nothing, so
/// a stream never goes on behind `[DONE]`.
#[derive(Clone, Debug)]
pub struct Writer {
    id: String,
    model: String,
    created: u64,
    begun: bool,
    /// How many calls of tools were begun.
    calls: u32,
    has_ended: bool,
}

impl Writer {
    /// Begins a completion with this id, of this model, made at this time in seconds of Unix time.
    #[must_use]
    pub fn new(id: &str, model: &str, created: u64) -> Self {
        Self { id: id.into(), model: model.into(), created, begun: false, calls: 0, has_ended: false }
    }

    /// More text of the answer.
    pub fn text(&mut self, content: &str, out: &mut BytesMut) {
        self.delta(ChunkDelta { content: Some(content.into()), ..ChunkDelta::default() }, out);
    }

    /// More of what the model thinks, as `reasoning_content`, which is not OpenAI's own but many services' name.
    pub fn reasoning(&mut self, text: &str, out: &mut BytesMut) {
        let mut delta = ChunkDelta::default();
        delta.extra.insert("reasoning_content".into(), text.into());
        self.delta(delta, out);
    }

    /// More of a refusal.
    pub fn refusal(&mut self, refusal: &str, out: &mut BytesMut) {
        self.delta(ChunkDelta { refusal: Some(refusal.into()), ..ChunkDelta::default() }, out);
    }

    /// Begins a call of a tool; its arguments follow.
    pub fn tool_call(&mut self, id: &str, name: &str, out: &mut BytesMut) {
        let function = FunctionDelta { name: Some(name.into()), arguments: Some("".into()) };
        let call = ToolCallDelta {
            index: self.calls,
            id: Some(id.into()),
            kind: Some("function".into()),
            function: Some(function),
            ..ToolCallDelta::default()
        };
        self.delta(ChunkDelta { tool_calls: vec![call], ..ChunkDelta::default() }, out);
        self.calls = self.calls.saturating_add(1);
    }

    /// More arguments of the tool that was begun last; nothing if there is none.
    pub fn arguments(&mut self, arguments: &str, out: &mut BytesMut) {
        let Some(index) = self.calls.checked_sub(1) else { return };
        let function = FunctionDelta { name: None, arguments: Some(arguments.into()) };
        let call = ToolCallDelta { index, function: Some(function), ..ToolCallDelta::default() };
        self.delta(ChunkDelta { tool_calls: vec![call], ..ChunkDelta::default() }, out);
    }

    /// A sign of life while the model is silent: a comment, which every client passes over.
    pub fn keep_alive(&mut self, out: &mut BytesMut) {
        if !self.has_ended {
            Frame::comment("").encode_into(out);
        }
    }

    /// Ends the completion: the reason to stop, a chunk with the usage if there is one, and `[DONE]`.
    pub fn finish(&mut self, reason: &str, usage: Option<Usage>, out: &mut BytesMut) {
        let choice = ChunkChoice { finish_reason: Some(reason.into()), ..ChunkChoice::default() };
        self.choice(choice, out);
        if let Some(usage) = usage {
            let mut chunk = self.chunk();
            chunk.usage = Some(usage);
            self.put(&chunk, out);
        }
        if !self.has_ended {
            Frame::data(DONE).encode_into(out);
            self.has_ended = true;
        }
    }

    /// Ends the stream with an error.
    pub fn error(&mut self, error: &ApiError, out: &mut BytesMut) {
        if !self.has_ended {
            Event::error(error).encode_into(out);
            self.has_ended = true;
        }
    }

    fn delta(&mut self, delta: ChunkDelta<'_>, out: &mut BytesMut) {
        self.choice(ChunkChoice { delta, ..ChunkChoice::default() }, out);
    }

    fn choice(&mut self, mut choice: ChunkChoice<'_>, out: &mut BytesMut) {
        if !self.begun {
            choice.delta.role = Some("assistant".into());
            self.begun = true;
        }
        let mut chunk = self.chunk();
        chunk.choices.push(choice);
        self.put(&chunk, out);
    }

    fn chunk(&self) -> Chunk<'_> {
        Chunk::new(&*self.id, &*self.model, self.created)
    }

    fn put(&self, chunk: &Chunk<'_>, out: &mut BytesMut) {
        if !self.has_ended {
            json::put(None, chunk, out);
        }
    }
}
