//! How the events of a response become the response.

use alloc::{borrow::ToOwned as _, boxed::Box, string::String, vec::Vec};

use super::{
    Body, Event, OutputItem, OutputText, Part, Phase, Reasoning, Response, Responses, State, TextKind,
    event::Place,
};
use crate::ai::{AiError, Budget, Flow, json::place, sealed};

/// The response, and the index of each item of its output (a service may leave numbers out).
#[derive(Clone, Debug, Default)]
pub struct Held {
    response: Option<Box<Response>>,
    indexes: Vec<u32>,
}

impl sealed::Accumulate for Responses {
    type State = Held;

    fn accumulate(held: &mut Held, event: &Event<'_>, budget: &mut Budget<'_>) -> Result<Flow, AiError> {
        match (&mut held.response, &event.body) {
            (_, Body::Other { .. } | Body::Progress { .. } | Body::Done) => return Ok(Flow::Open),
            (None, Body::Response { state, response }) => {
                count(response, budget)?;
                held.indexes = (0..).zip(&response.output).map(|(index, _)| index).collect();
                held.response = Some(response.clone());
                return Ok(flow(*state));
            }
            (None, _) => return Err(budget.order("no response.created came first")),
            (Some(_), _) => {}
        }
        let Some(response) = &mut held.response else { return Ok(Flow::Open) };
        match &event.body {
            Body::Response { state, response: later } => {
                if later.id != response.id {
                    return Err(budget.order("the id of the response changed"));
                }
                count(later, budget)?;
                let output = core::mem::take(&mut response.output);
                *response = later.clone();
                // Before the end the output is not repeated, and some services leave it out at the end too.
                if flow(*state) == Flow::Open || response.output.is_empty() {
                    response.output = output;
                }
                return Ok(flow(*state));
            }
            Body::Item { phase, output_index, item } => {
                budget.whole()?;
                match (place(&held.indexes, *output_index, |index| *index), phase) {
                    (Ok(_), Phase::Added) => return Err(budget.order("a second item for one index")),
                    (Ok(at), Phase::Done) => response.output[at] = OutputItem::clone(item),
                    (Err(at), _) => {
                        budget.blocks(1)?;
                        held.indexes.insert(at, *output_index);
                        response.output.insert(at, OutputItem::clone(item));
                    }
                }
            }
            Body::Part { is_summary, place, part, .. } => {
                budget.whole()?;
                let parts = parts(held, place, *is_summary, budget)?;
                if let Some(parts) = parts {
                    let at = slot(parts, place.part_index, || Part::clone(part), budget)?;
                    parts[at] = Part::clone(part);
                }
            }
            Body::Delta { kind, place, delta } => {
                budget.bytes(delta.len())?;
                if let Some(text) = text(held, *kind, place, budget)? {
                    text.push_str(delta);
                }
            }
            Body::Text { kind, place, text: whole } => {
                // It stands in place of what its deltas gave; only what is more than that is new.
                if let Some(text) = text(held, *kind, place, budget)? {
                    budget.bytes(whole.len().saturating_sub(text.len()))?;
                    (**whole).clone_into(text);
                }
            }
            Body::Annotation { place, annotation } => {
                budget.whole()?;
                if let Some(parts) = parts(held, place, false, budget)? {
                    let at = slot(parts, place.part_index, || empty(TextKind::OutputText), budget)?;
                    if let Part::OutputText(text) = &mut parts[at] {
                        text.annotations.push(annotation.clone());
                    }
                }
            }
            Body::Other { .. } | Body::Progress { .. } | Body::Done => {}
        }
        Ok(Flow::Open)
    }

    fn message(held: &Held) -> Option<&Response> {
        held.response.as_deref()
    }

    fn into_message(held: Held) -> Option<Response> {
        held.response.map(|response| *response)
    }
}

const fn flow(state: State) -> Flow {
    match state {
        State::Completed | State::Incomplete => Flow::Done,
        State::Created | State::Queued | State::InProgress => Flow::Open,
    }
}

/// Takes room for a response that stands in place of the one held.
fn count(response: &Response, budget: &mut Budget<'_>) -> Result<(), AiError> {
    budget.whole()?;
    let parts = response.output.iter().map(|item| match item {
        OutputItem::Message(message) => 1 + message.content.len(),
        OutputItem::Reasoning(reasoning) => 1 + reasoning.summary.len() + reasoning.content.len(),
        _ => 1,
    });
    // The final response repeats what was counted as it came; it may not be larger than the bound by itself.
    budget.at_once(parts.sum())
}

fn item<'h>(
    held: &'h mut Held,
    place: &Place<'_>,
    budget: &Budget<'_>,
) -> Result<&'h mut OutputItem, AiError> {
    let at = crate::ai::json::place(&held.indexes, place.output_index, |index| *index);
    let output = held.response.as_mut().map(|response| &mut response.output);
    match (at, output) {
        (Ok(at), Some(output)) if at < output.len() => Ok(&mut output[at]),
        _ => Err(budget.order("an event for an item that was not begun")),
    }
}

/// The parts of the item at this place; `None` if it is no item with such parts.
fn parts<'h>(
    held: &'h mut Held,
    place: &Place<'_>,
    is_summary: bool,
    budget: &Budget<'_>,
) -> Result<Option<&'h mut Vec<Part>>, AiError> {
    Ok(match item(held, place, budget)? {
        OutputItem::Message(message) if !is_summary => Some(&mut message.content),
        OutputItem::Reasoning(Reasoning { summary, content, .. }) => {
            Some(if is_summary { summary } else { content })
        }
        _ => None,
    })
}

/// The part with this index. One that nobody began is begun, if it is the next one.
fn slot(
    parts: &mut Vec<Part>,
    index: u32,
    begin: impl FnOnce() -> Part,
    budget: &mut Budget<'_>,
) -> Result<usize, AiError> {
    match usize::try_from(index) {
        Ok(at) if at < parts.len() => Ok(at),
        Ok(at) if at == parts.len() => {
            budget.blocks(1)?;
            parts.push(begin());
            Ok(at)
        }
        _ => Err(budget.order("an event for a part that was not begun")),
    }
}

fn empty(kind: TextKind) -> Part {
    match kind {
        TextKind::Refusal => Part::Refusal { refusal: String::new() },
        TextKind::ReasoningText => Part::ReasoningText { text: String::new() },
        TextKind::ReasoningSummaryText => Part::SummaryText { text: String::new() },
        _ => Part::OutputText(OutputText::default()),
    }
}

/// The text at this place; `None` if its item or part has none of the kind.
fn text<'h>(
    held: &'h mut Held,
    kind: TextKind,
    place: &Place<'_>,
    budget: &mut Budget<'_>,
) -> Result<Option<&'h mut String>, AiError> {
    match kind {
        TextKind::FunctionCallArguments => Ok(match item(held, place, budget)? {
            OutputItem::FunctionCall(call) => Some(call.arguments.text_mut()),
            _ => None,
        }),
        TextKind::CustomToolCallInput => Ok(match item(held, place, budget)? {
            OutputItem::CustomToolCall(call) => Some(&mut call.input),
            _ => None,
        }),
        // The items of tools of the service are kept as they come whole.
        TextKind::McpCallArguments | TextKind::CodeInterpreterCode => Ok(None),
        TextKind::OutputText
        | TextKind::Refusal
        | TextKind::ReasoningText
        | TextKind::ReasoningSummaryText => {
            let is_summary = kind == TextKind::ReasoningSummaryText;
            let Some(parts) = parts(held, place, is_summary, budget)? else { return Ok(None) };
            let at = slot(parts, place.part_index, || empty(kind), budget)?;
            Ok(match (&mut parts[at], kind) {
                (Part::OutputText(part), TextKind::OutputText) => Some(&mut part.text),
                (Part::Refusal { refusal }, TextKind::Refusal) => Some(refusal),
                (Part::ReasoningText { text }, TextKind::ReasoningText)
                | (Part::SummaryText { text }, TextKind::ReasoningSummaryText) => Some(text),
                _ => None,
            })
        }
    }
}
