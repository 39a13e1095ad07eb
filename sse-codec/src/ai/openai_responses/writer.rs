//! A service that speaks this format: the events of one response, in their order.

use alloc::{format, string::String};

use bytes::BytesMut;
use serde_json::json;

use super::{
    Body, Event, FunctionCall, OutputItem, OutputMessage, OutputText, Part, Phase, Place, Response, State,
    TextKind, Usage,
};
use crate::ai::ApiError;

/// Writes one response as events: what each call says is appended to `out`, with the events around it that begin and end items
/// and parts, numbered in order.
///
/// The start of the response goes out with the first call. It holds the response until its end, since the last event repeats
/// it. Every method after [`finish`](Self::finish) or [`error`](Self::error) writes nothing.
#[derive(Clone, Debug)]
pub struct Writer {
    response: Response,
    next_number: u64,
    /// What the last item of the output is, while it grows.
    open: Option<Open>,
    has_ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Text,
    Refusal,
    Call,
}

impl Open {
    const fn kind(self) -> TextKind {
        match self {
            Self::Text => TextKind::OutputText,
            Self::Refusal => TextKind::Refusal,
            Self::Call => TextKind::FunctionCallArguments,
        }
    }
}

impl Writer {
    /// Begins a response with this id, of this model, made at this time in seconds of Unix time.
    #[must_use]
    pub fn new(id: &str, model: &str, created_at: u64) -> Self {
        Self::with_response(Response::new(id, model, created_at))
    }

    /// Begins with this response.
    #[must_use]
    pub const fn with_response(response: Response) -> Self {
        Self { response, next_number: 0, open: None, has_ended: false }
    }

    /// More text of the answer.
    pub fn text(&mut self, text: &str, out: &mut BytesMut) {
        self.grow_message(Open::Text, text, out);
    }

    /// More of a refusal.
    pub fn refusal(&mut self, refusal: &str, out: &mut BytesMut) {
        self.grow_message(Open::Refusal, refusal, out);
    }

    /// Begins a call of a function; its arguments follow.
    pub fn function_call(&mut self, call_id: &str, name: &str, out: &mut BytesMut) {
        self.close(out);
        let call = FunctionCall {
            id: Some(self.item_id("fc")),
            call_id: call_id.into(),
            name: name.into(),
            status: Some("in_progress".into()),
            ..FunctionCall::default()
        };
        self.item(OutputItem::FunctionCall(call), out);
        self.open = Some(Open::Call);
    }

    /// More arguments of the function that was begun last; nothing if there is none, or something else was begun since.
    pub fn arguments(&mut self, arguments: &str, out: &mut BytesMut) {
        if self.open == Some(Open::Call) {
            self.grow(arguments, out);
        }
    }

    /// An item that comes whole, such as the result of a tool of the service.
    pub fn whole(&mut self, item: OutputItem, out: &mut BytesMut) {
        self.close(out);
        self.item(item, out);
        self.item_done(out);
    }

    /// Ends the response: `response.completed`.
    pub fn finish(&mut self, usage: Option<Usage>, out: &mut BytesMut) {
        self.end(State::Completed, "completed", usage, out);
    }

    /// Ends a response that was cut off, for this reason (`max_output_tokens`, `content_filter`): `response.incomplete`.
    pub fn finish_incomplete(&mut self, reason: &str, usage: Option<Usage>, out: &mut BytesMut) {
        self.response.incomplete_details = Some(json!({ "reason": reason }));
        self.end(State::Incomplete, "incomplete", usage, out);
    }

    /// Ends the stream with an error.
    pub fn error(&mut self, error: &ApiError, out: &mut BytesMut) {
        if !self.has_ended {
            Event::error(error, self.next_number).encode_into(out);
            self.has_ended = true;
        }
    }

    fn end(&mut self, state: State, status: &str, usage: Option<Usage>, out: &mut BytesMut) {
        self.close(out);
        self.response.status = Some(status.into());
        self.response.usage = usage;
        self.put(Body::Response { state, response: self.response.clone().into() }, out);
        self.has_ended = true;
    }

    fn begin(&mut self, out: &mut BytesMut) {
        if self.next_number == 0 {
            self.put(Body::Response { state: State::Created, response: self.response.clone().into() }, out);
            self.put(
                Body::Response { state: State::InProgress, response: self.response.clone().into() },
                out,
            );
        }
    }

    /// Text and refusal are parts of one message, until another item begins.
    fn grow_message(&mut self, open: Open, text: &str, out: &mut BytesMut) {
        if self.open != Some(open) {
            if matches!(self.open, Some(Open::Text | Open::Refusal)) {
                self.part_done(out);
            } else {
                self.close(out);
                let message = OutputMessage {
                    id: self.item_id("msg"),
                    role: "assistant".into(),
                    status: Some("in_progress".into()),
                    ..OutputMessage::default()
                };
                self.item(OutputItem::Message(message), out);
            }
            let part = match open {
                Open::Refusal => Part::Refusal { refusal: String::new() },
                Open::Text | Open::Call => Part::OutputText(OutputText::default()),
            };
            if let Some(OutputItem::Message(message)) = self.response.output.last_mut() {
                message.content.push(part.clone());
            }
            self.open = Some(open);
            let place = self.place();
            self.put(Body::Part { phase: Phase::Added, is_summary: false, place, part: part.into() }, out);
        }
        self.grow(text, out);
    }

    fn grow(&mut self, delta: &str, out: &mut BytesMut) {
        let Some(open) = self.open else { return };
        if let Some(text) = self.growing() {
            text.push_str(delta);
        }
        let place = self.place();
        self.put(Body::Delta { kind: open.kind(), place, delta: delta.into() }, out);
    }

    /// The text that grows.
    fn growing(&mut self) -> Option<&mut String> {
        match self.response.output.last_mut()? {
            OutputItem::Message(message) => match message.content.last_mut()? {
                Part::OutputText(part) => Some(&mut part.text),
                Part::Refusal { refusal } => Some(refusal),
                _ => None,
            },
            OutputItem::FunctionCall(call) => Some(call.arguments.text_mut()),
            _ => None,
        }
    }

    fn text_done(&mut self, out: &mut BytesMut) {
        let Some(open) = self.open else { return };
        let text = self.growing().map(|text| text.clone()).unwrap_or_default();
        let place = self.place();
        self.put(Body::Text { kind: open.kind(), place, text: text.into() }, out);
    }

    fn part_done(&mut self, out: &mut BytesMut) {
        self.text_done(out);
        let place = self.place();
        if let Some(OutputItem::Message(message)) = self.response.output.last()
            && let Some(part) = message.content.last().cloned()
        {
            self.put(Body::Part { phase: Phase::Done, is_summary: false, place, part: part.into() }, out);
        }
    }

    fn close(&mut self, out: &mut BytesMut) {
        self.begin(out);
        match self.open {
            None => return,
            Some(Open::Call) => self.text_done(out),
            Some(Open::Text | Open::Refusal) => self.part_done(out),
        }
        self.open = None;
        if let Some(
            OutputItem::Message(OutputMessage { status, .. })
            | OutputItem::FunctionCall(FunctionCall { status, .. }),
        ) = self.response.output.last_mut()
        {
            *status = Some("completed".into());
        }
        self.item_done(out);
    }

    fn item(&mut self, item: OutputItem, out: &mut BytesMut) {
        self.response.output.push(item.clone());
        let output_index = self.last_index();
        self.put(Body::Item { phase: Phase::Added, output_index, item: item.into() }, out);
    }

    fn item_done(&mut self, out: &mut BytesMut) {
        let output_index = self.last_index();
        if let Some(item) = self.response.output.last().cloned() {
            self.put(Body::Item { phase: Phase::Done, output_index, item: item.into() }, out);
        }
    }

    fn last_index(&self) -> u32 {
        u32::try_from(self.response.output.len()).unwrap_or(u32::MAX).saturating_sub(1)
    }

    /// An id for the next item, which is unique in its response.
    fn item_id(&self, prefix: &str) -> String {
        format!("{prefix}_{}_{}", self.response.id, self.response.output.len())
    }

    /// Where the text stands that grows.
    fn place(&self) -> Place<'static> {
        let (item_id, parts) = match self.response.output.last() {
            Some(OutputItem::Message(message)) => (message.id.clone(), message.content.len()),
            Some(OutputItem::FunctionCall(call)) => (call.id.clone().unwrap_or_default(), 0),
            _ => (String::new(), 0),
        };
        let part_index = u32::try_from(parts).unwrap_or(u32::MAX).saturating_sub(1);
        Place::new(item_id, self.last_index(), part_index)
    }

    fn put(&mut self, body: Body<'_>, out: &mut BytesMut) {
        if !self.has_ended
            && let Ok(frame) = Event::new(self.next_number, body).frame()
        {
            frame.encode_into(out);
            self.next_number += 1;
        }
    }
}
