//! The events of a response, read and written.

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Delta, OutputItem, Part, Response, Responses};
use crate::{
    EventRef, FieldError, Frame,
    ai::{
        AiError, ApiError, Dialect,
        json::{self, own},
    },
    event::check_event,
};

/// One event of a response.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    /// The number of the event in its stream, from 0.
    pub sequence_number: Option<u64>,
    /// What it says.
    pub body: Body<'a>,
}

/// What an event of a response says.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub enum Body<'a> {
    /// The response as a whole: `response.created`, `response.completed`, ….
    Response {
        /// How it stands.
        state: State,
        /// The response.
        response: Box<Response>,
    },
    /// `response.output_item.added` and `.done`.
    Item {
        /// Whether it begins or is whole.
        phase: Phase,
        /// Its place in the output.
        output_index: u32,
        /// The item.
        item: Box<OutputItem>,
    },
    /// `response.content_part.added` and `.done`, `response.reasoning_summary_part.added` and `.done`.
    Part {
        /// Whether it begins or is whole.
        phase: Phase,
        /// Whether it is a part of the summary of reasoning, and not of the content.
        is_summary: bool,
        /// Where it stands.
        place: Place<'a>,
        /// The part.
        part: Box<Part>,
    },
    /// Text that grows: `response.output_text.delta`, `response.function_call_arguments.delta`, ….
    Delta {
        /// What kind of text.
        kind: TextKind,
        /// Where it stands.
        place: Place<'a>,
        /// What is added.
        delta: Cow<'a, str>,
    },
    /// Text that is whole: `response.output_text.done`, `response.function_call_arguments.done`, ….
    Text {
        /// What kind of text.
        kind: TextKind,
        /// Where it stands.
        place: Place<'a>,
        /// All of it.
        text: Cow<'a, str>,
    },
    /// `response.output_text.annotation.added`.
    Annotation {
        /// Where the text stands.
        place: Place<'a>,
        /// What is cited.
        annotation: Value,
    },
    /// A tool of the service goes on: `response.web_search_call.searching` and such.
    Progress {
        /// The type of the event.
        event: Cow<'a, str>,
        /// Which item.
        place: Place<'a>,
    },
    /// `[DONE]`, which some services that speak this format send in the end; it says nothing.
    Done,
    /// An event of another type, or one without a type.
    Other {
        /// The type in the `event` field.
        event: Cow<'a, str>,
        /// The data.
        raw: Cow<'a, str>,
    },
}

/// How a response stands.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// `response.created`
    Created,
    /// `response.queued`
    Queued,
    /// `response.in_progress`
    InProgress,
    /// `response.completed`: the end.
    Completed,
    /// `response.incomplete`: the end, though the model was cut off.
    Incomplete,
}

/// Whether something begins or is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// `.added`
    Added,
    /// `.done`
    Done,
}

/// Where something stands in a response.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place<'a> {
    /// The id of the output item.
    pub item_id: Cow<'a, str>,
    /// The place of the item in the output.
    pub output_index: u32,
    /// The place of the part in the content, or in the summary; 0 where there are no parts.
    pub part_index: u32,
}

macro_rules! text_kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $field:literal;)*) => {
        /// A kind of text that grows.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum TextKind {
            $($(#[$doc])* $kind,)*
        }

        impl TextKind {
            /// The kind of an event, and whether its text grows or is whole.
            pub(super) fn of(event: &str) -> Option<(Self, bool)> {
                match event {
                    $(concat!("response.", $name, ".delta") => Some((Self::$kind, false)),
                      concat!("response.", $name, ".done") => Some((Self::$kind, true)),)*
                    _ => None,
                }
            }

            const fn delta_event(self) -> &'static str {
                match self {
                    $(Self::$kind => concat!("response.", $name, ".delta"),)*
                }
            }

            const fn done_event(self) -> &'static str {
                match self {
                    $(Self::$kind => concat!("response.", $name, ".done"),)*
                }
            }

            /// What the whole text is called in its event.
            const fn field(self) -> &'static str {
                match self {
                    $(Self::$kind => $field,)*
                }
            }
        }
    };
}
text_kinds! {
    /// Text of the answer.
    OutputText = "output_text", "text";
    /// Text in which the model refuses.
    Refusal = "refusal", "refusal";
    /// Arguments of a function of the client.
    FunctionCallArguments = "function_call_arguments", "arguments";
    /// Input of a tool of the client that takes plain text.
    CustomToolCallInput = "custom_tool_call_input", "input";
    /// Arguments of a tool of an MCP server.
    McpCallArguments = "mcp_call_arguments", "arguments";
    /// Code that the service runs.
    CodeInterpreterCode = "code_interpreter_call_code", "code";
    /// What the model thinks.
    ReasoningText = "reasoning_text", "text";
    /// A summary of what the model thinks.
    ReasoningSummaryText = "reasoning_summary_text", "text";
}

impl TextKind {
    /// What the place of the part is called in the events.
    const fn index_field(self) -> Option<&'static str> {
        match self {
            Self::OutputText | Self::Refusal | Self::ReasoningText => Some("content_index"),
            Self::ReasoningSummaryText => Some("summary_index"),
            _ => None,
        }
    }
}

impl State {
    const ALL: [(&'static str, Self); 5] = [
        ("response.created", Self::Created),
        ("response.queued", Self::Queued),
        ("response.in_progress", Self::InProgress),
        ("response.completed", Self::Completed),
        ("response.incomplete", Self::Incomplete),
    ];

    const fn event(self) -> &'static str {
        match self {
            Self::Created => "response.created",
            Self::Queued => "response.queued",
            Self::InProgress => "response.in_progress",
            Self::Completed => "response.completed",
            Self::Incomplete => "response.incomplete",
        }
    }
}

/// Types of [`Body::Progress`]: `response.` and then one of these.
const PROGRESS: [&str; 18] = [
    "code_interpreter_call.completed",
    "code_interpreter_call.in_progress",
    "code_interpreter_call.interpreting",
    "file_search_call.completed",
    "file_search_call.in_progress",
    "file_search_call.searching",
    "image_generation_call.completed",
    "image_generation_call.generating",
    "image_generation_call.in_progress",
    "mcp_call.completed",
    "mcp_call.failed",
    "mcp_call.in_progress",
    "mcp_list_tools.completed",
    "mcp_list_tools.failed",
    "mcp_list_tools.in_progress",
    "web_search_call.completed",
    "web_search_call.in_progress",
    "web_search_call.searching",
];

impl<'a> Event<'a> {
    /// An event with this number.
    #[must_use]
    pub const fn new(sequence_number: u64, body: Body<'a>) -> Self {
        Self { sequence_number: Some(sequence_number), body }
    }

    /// What the event adds to the message, in the words common to the formats.
    pub fn deltas(&self) -> impl Iterator<Item = Delta<'_>> {
        let (first, second) = match &self.body {
            Body::Delta { kind, place, delta } => {
                let index = place.output_index;
                let delta = match kind {
                    TextKind::OutputText => Some(Delta::Text(delta)),
                    TextKind::Refusal => Some(Delta::Refusal(delta)),
                    TextKind::FunctionCallArguments => Some(Delta::ToolInput { index, json: delta }),
                    TextKind::ReasoningText | TextKind::ReasoningSummaryText => Some(Delta::Reasoning(delta)),
                    _ => None,
                };
                (delta, None)
            }
            Body::Item { phase: Phase::Added, output_index, item } => match &**item {
                OutputItem::FunctionCall(call) => (
                    Some(Delta::ToolCall { index: *output_index, id: &call.call_id, name: &call.name }),
                    None,
                ),
                _ => (None, None),
            },
            Body::Response { state: State::Completed | State::Incomplete, response } => (
                response.status.as_deref().map(Delta::Stop),
                response.usage.as_ref().map(|usage| Delta::Usage(usage.tokens())),
            ),
            Body::Other { event, raw } => (Some(Delta::Other { event, raw }), None),
            _ => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// The event as a frame to send.
    ///
    /// # Errors
    /// [`FieldError`] if an [`Other`](Body::Other) or a [`Progress`](Body::Progress) event has a type with a newline.
    pub fn frame(&self) -> Result<Frame<'static>, FieldError> {
        let (name, mut fields) = match &self.body {
            Body::Response { state, response } => (state.event(), json!({ "response": response })),
            Body::Item { phase, output_index, item } => {
                let name = match phase {
                    Phase::Added => "response.output_item.added",
                    Phase::Done => "response.output_item.done",
                };
                (name, json!({ "output_index": output_index, "item": item }))
            }
            Body::Part { phase, is_summary, place, part } => {
                let name = match (is_summary, phase) {
                    (false, Phase::Added) => "response.content_part.added",
                    (false, Phase::Done) => "response.content_part.done",
                    (true, Phase::Added) => "response.reasoning_summary_part.added",
                    (true, Phase::Done) => "response.reasoning_summary_part.done",
                };
                let index = if *is_summary { "summary_index" } else { "content_index" };
                (name, place.fields(Some(index), "part", json!(part)))
            }
            Body::Delta { kind, place, delta } => {
                (kind.delta_event(), place.fields(kind.index_field(), "delta", json!(delta)))
            }
            Body::Text { kind, place, text } => {
                (kind.done_event(), place.fields(kind.index_field(), kind.field(), json!(text)))
            }
            Body::Annotation { place, annotation } => (
                "response.output_text.annotation.added",
                place.fields(Some("content_index"), "annotation", annotation.clone()),
            ),
            Body::Progress { event, place } => {
                let fields = json!({ "item_id": place.item_id, "output_index": place.output_index });
                check_event(event)?;
                (&**event, fields)
            }
            Body::Done => return Ok(Frame::data("[DONE]")),
            Body::Other { event, raw } => {
                return Frame::data(String::from(&**raw)).event(String::from(&**event));
            }
        };
        fields["type"] = name.into();
        if let Body::Delta { kind: TextKind::OutputText, .. }
        | Body::Text { kind: TextKind::OutputText, .. } = self.body
        {
            fields["logprobs"] = Value::Array(Vec::new());
        }
        if let Some(number) = self.sequence_number {
            fields["sequence_number"] = number.into();
        }
        Ok(json::frame(Some(name), &fields))
    }

    /// An error within the stream, as a frame to send; it ends the stream.
    #[must_use = "a frame does nothing until it is encoded"]
    pub fn error(error: &ApiError, sequence_number: u64) -> Frame<'static> {
        let ApiError { kind, code, message, param, .. } = error;
        // The event as it is documented, and the object that clients look for in any stream.
        let fields = json!({
            "type": "error",
            "code": code.as_ref().or(kind.as_ref()),
            "message": message,
            "param": param,
            "sequence_number": sequence_number,
            "error": { "type": kind, "code": code, "message": message, "param": param },
        });
        json::frame(Some("error"), &fields)
    }
}

impl<'a> Place<'a> {
    /// A place.
    #[must_use]
    pub fn new(item_id: impl Into<Cow<'a, str>>, output_index: u32, part_index: u32) -> Self {
        Self { item_id: item_id.into(), output_index, part_index }
    }

    fn fields(&self, index: Option<&str>, name: &str, value: Value) -> Value {
        let mut fields = Map::new();
        fields.insert("item_id".into(), self.item_id.as_ref().into());
        fields.insert("output_index".into(), self.output_index.into());
        if let Some(index) = index {
            fields.insert(index.into(), self.part_index.into());
        }
        fields.insert(name.into(), value);
        Value::Object(fields)
    }

    fn into_owned(self) -> Place<'static> {
        Place { item_id: own(self.item_id), output_index: self.output_index, part_index: self.part_index }
    }
}

impl Dialect for Responses {
    type Event<'a> = Event<'a>;
    type Message = Response;

    fn read(event: EventRef<'_>) -> Result<Event<'_>, AiError> {
        // The service names the type in both places, so that the data is read once.
        if let Some((kind, false)) = TextKind::of(event.event())
            && let Ok(wire) = serde_json::from_str::<TextWire<'_>>(event.data())
            && wire.kind == event.event()
            && let Some(delta) = wire.delta
        {
            let place =
                Place { item_id: wire.item_id, output_index: wire.output_index, part_index: wire.part_index };
            return Ok(Event {
                sequence_number: wire.sequence_number,
                body: Body::Delta { kind, place, delta },
            });
        }
        if event.data().starts_with("[DONE]") {
            return Ok(Event { sequence_number: None, body: Body::Done });
        }
        let kind = json::type_of(event)?;
        let kind = kind.as_deref().unwrap_or_default();
        if event.event() == "error" || kind == "error" {
            return Err(AiError::Api(ApiError::read(event.data()).into()));
        }
        let numbered = serde_json::from_str::<Numbered>(event.data()).unwrap_or_default();
        if kind == "response.failed" || numbered.error.is_some_and(|error| !error.is_null()) {
            return Err(AiError::Api(failure(event.data()).into()));
        }
        Ok(Event { sequence_number: numbered.sequence_number, body: body(kind, event)? })
    }

    fn into_owned(event: Event<'_>) -> Event<'static> {
        let body = match event.body {
            Body::Response { state, response } => Body::Response { state, response },
            Body::Item { phase, output_index, item } => Body::Item { phase, output_index, item },
            Body::Part { phase, is_summary, place, part } => {
                Body::Part { phase, is_summary, place: place.into_owned(), part }
            }
            Body::Delta { kind, place, delta } => {
                Body::Delta { kind, place: place.into_owned(), delta: own(delta) }
            }
            Body::Text { kind, place, text } => {
                Body::Text { kind, place: place.into_owned(), text: own(text) }
            }
            Body::Annotation { place, annotation } => {
                Body::Annotation { place: place.into_owned(), annotation }
            }
            Body::Progress { event, place } => {
                Body::Progress { event: own(event), place: place.into_owned() }
            }
            Body::Done => Body::Done,
            Body::Other { event, raw } => Body::Other { event: own(event), raw: own(raw) },
        };
        Event { sequence_number: event.sequence_number, body }
    }
}

/// The error of `response.failed`, which stands in its response.
fn failure(raw: &str) -> ApiError {
    let value = serde_json::from_str::<Value>(raw).unwrap_or(Value::Null);
    match value.pointer("/response/error") {
        Some(Value::Object(error)) => ApiError::from_object(error, raw),
        _ => ApiError::read(raw),
    }
}

fn body<'a>(kind: &str, event: EventRef<'a>) -> Result<Body<'a>, AiError> {
    if let Some((kind, is_whole)) = TextKind::of(kind) {
        let wire = json::parse::<TextWire<'_>>(event)?;
        let place =
            Place { item_id: wire.item_id, output_index: wire.output_index, part_index: wire.part_index };
        let text = match (is_whole, kind.field()) {
            (false, _) => wire.delta,
            (true, "text") => wire.text,
            (true, "refusal") => wire.refusal,
            (true, "arguments") => wire.arguments,
            (true, "input") => wire.input,
            (true, _) => wire.code,
        };
        let Some(text) = text else {
            // Names what is missing.
            let field = if is_whole { kind.field() } else { "delta" };
            return Err(missing(field, event));
        };
        return Ok(match is_whole {
            false => Body::Delta { kind, place, delta: text },
            true => Body::Text { kind, place, text },
        });
    }
    if let Some((_, state)) = State::ALL.into_iter().find(|(name, _)| *name == kind) {
        #[derive(Deserialize)]
        struct Wire {
            response: Box<Response>,
        }
        return json::parse::<Wire>(event).map(|wire| Body::Response { state, response: wire.response });
    }
    let (phase, stem) = match (kind.strip_suffix(".added"), kind.strip_suffix(".done")) {
        (Some(stem), _) => (Phase::Added, stem),
        (_, Some(stem)) => (Phase::Done, stem),
        _ => (Phase::Added, kind),
    };
    match stem {
        "response.output_item" => {
            #[derive(Deserialize)]
            struct Wire {
                output_index: u32,
                item: Box<OutputItem>,
            }
            json::parse::<Wire>(event).map(|Wire { output_index, item }| Body::Item {
                phase,
                output_index,
                item,
            })
        }
        "response.content_part" | "response.reasoning_summary_part" => {
            #[derive(Deserialize)]
            struct Wire<'a> {
                #[serde(default, borrow)]
                item_id: Cow<'a, str>,
                output_index: u32,
                #[serde(alias = "content_index", alias = "summary_index")]
                part_index: u32,
                part: Box<Part>,
            }
            let Wire { item_id, output_index, part_index, part } = json::parse(event)?;
            let is_summary = stem == "response.reasoning_summary_part";
            let place = Place { item_id, output_index, part_index };
            Ok(Body::Part { phase, is_summary, place, part })
        }
        "response.output_text.annotation" => {
            #[derive(Deserialize)]
            struct Wire<'a> {
                #[serde(default, borrow)]
                item_id: Cow<'a, str>,
                output_index: u32,
                content_index: u32,
                #[serde(default)]
                annotation: Value,
            }
            let Wire { item_id, output_index, content_index, annotation } = json::parse(event)?;
            Ok(Body::Annotation {
                place: Place { item_id, output_index, part_index: content_index },
                annotation,
            })
        }
        _ if kind.strip_prefix("response.").is_some_and(|kind| PROGRESS.contains(&kind)) => {
            #[derive(Deserialize)]
            struct Wire<'a> {
                #[serde(rename = "type", borrow)]
                kind: Cow<'a, str>,
                #[serde(default, borrow)]
                item_id: Cow<'a, str>,
                output_index: u32,
            }
            let Wire { kind, item_id, output_index } = json::parse(event)?;
            Ok(Body::Progress { event: kind, place: Place { item_id, output_index, part_index: 0 } })
        }
        _ => Ok(Body::Other { event: event.event().into(), raw: event.data().into() }),
    }
}

fn missing(field: &'static str, event: EventRef<'_>) -> AiError {
    AiError::Data {
        event: event.event().into(),
        raw: event.data().into(),
        source: serde::de::Error::missing_field(field),
    }
}

#[derive(Default, Deserialize)]
struct Numbered {
    #[serde(default)]
    sequence_number: Option<u64>,
    #[serde(default)]
    error: Option<Value>,
}

/// Text of any kind, in one pass and without a copy.
#[derive(Deserialize)]
struct TextWire<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    sequence_number: Option<u64>,
    #[serde(default, borrow)]
    item_id: Cow<'a, str>,
    output_index: u32,
    #[serde(default, alias = "content_index", alias = "summary_index")]
    part_index: u32,
    #[serde(borrow, default, deserialize_with = "json::lent")]
    delta: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::lent")]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::lent")]
    refusal: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::lent")]
    arguments: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::lent")]
    input: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "json::lent")]
    code: Option<Cow<'a, str>>,
}
