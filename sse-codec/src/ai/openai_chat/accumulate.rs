//! How chunks become a completion.

use alloc::{
    borrow::{Cow, ToOwned as _},
    boxed::Box,
    string::String,
};

use serde_json::Value;

use super::{Chat, Choice, Chunk, ChunkChoice, Completion, Event, ToolCall, ToolCallDelta};
use crate::ai::{
    AiError, Budget, Flow,
    json::{merge, place, replace},
    sealed,
};

impl sealed::Accumulate for Chat {
    /// The completion so far.
    type State = Option<Box<Completion>>;

    fn accumulate(
        state: &mut Self::State,
        event: &Event<'_>,
        budget: &mut Budget<'_>,
    ) -> Result<Flow, AiError> {
        match event {
            Event::Chunk(chunk) => {
                grow(state.get_or_insert_default(), chunk, budget)?;
                Ok(Flow::Open)
            }
            // A stream of nothing is an empty completion.
            Event::Done => {
                state.get_or_insert_default();
                Ok(Flow::Done)
            }
            Event::Other { .. } => Ok(Flow::Open),
        }
    }

    fn message(state: &Self::State) -> Option<&Completion> {
        state.as_deref()
    }

    fn into_message(state: Self::State) -> Option<Completion> {
        state.map(|completion| *completion)
    }
}

fn grow(completion: &mut Completion, chunk: &Chunk<'_>, budget: &mut Budget<'_>) -> Result<(), AiError> {
    if completion.id.is_empty() {
        budget.bytes(chunk.id.len())?;
        completion.id.push_str(&chunk.id);
    }
    if completion.model.is_empty() {
        budget.bytes(chunk.model.len())?;
        completion.model.push_str(&chunk.model);
    }
    completion.created = completion.created.or(chunk.created);
    latest(&mut completion.system_fingerprint, chunk.system_fingerprint.as_ref(), budget)?;
    latest(&mut completion.service_tier, chunk.service_tier.as_ref(), budget)?;
    if let Some(usage) = &chunk.usage {
        // It replaces what was held, and usage in every chunk must not use the budget up.
        completion.usage = Some(usage.clone());
    }
    if !chunk.extra.is_empty() {
        budget.whole()?;
        replace(&mut completion.extra, &chunk.extra);
        // Padding against guesses from the length of chunks; it belongs to none but its own.
        completion.extra.remove("obfuscation");
    }
    for piece in &chunk.choices {
        let at = match place(&completion.choices, piece.index, |choice| choice.index) {
            Ok(at) => at,
            Err(at) => {
                budget.blocks(1)?;
                completion.choices.insert(at, Choice { index: piece.index, ..Choice::default() });
                at
            }
        };
        grow_choice(&mut completion.choices[at], piece, budget)?;
    }
    Ok(())
}

fn grow_choice(choice: &mut Choice, piece: &ChunkChoice<'_>, budget: &mut Budget<'_>) -> Result<(), AiError> {
    let (message, delta) = (&mut choice.message, &piece.delta);
    latest(&mut message.role, delta.role.as_ref(), budget)?;
    append(&mut message.content, delta.content.as_ref(), budget)?;
    append(&mut message.refusal, delta.refusal.as_ref(), budget)?;
    for call in &delta.tool_calls {
        let at = match place(&message.tool_calls, call.index, |call| call.index) {
            Ok(at) => at,
            Err(at) => {
                budget.blocks(1)?;
                message.tool_calls.insert(at, ToolCall { index: call.index, ..ToolCall::default() });
                at
            }
        };
        grow_call(&mut message.tool_calls[at], call, budget)?;
    }
    if !(delta.extra.is_empty() && piece.extra.is_empty() && piece.logprobs.is_none()) {
        budget.whole()?;
    }
    merge(&mut message.extra, &delta.extra);
    replace(&mut choice.extra, &piece.extra);
    if let Some(Value::Object(more)) = &piece.logprobs {
        match &mut choice.logprobs {
            Some(Value::Object(held)) => merge(held, more),
            held => *held = piece.logprobs.clone(),
        }
    }
    latest(&mut choice.finish_reason, piece.finish_reason.as_ref(), budget)
}

/// The id, type and name of a call come once as a rule; a service that repeats them means the same ones.
fn grow_call(call: &mut ToolCall, piece: &ToolCallDelta<'_>, budget: &mut Budget<'_>) -> Result<(), AiError> {
    let mut once = |held: &mut String, text: Option<&Cow<'_, str>>| match text {
        Some(text) if !text.is_empty() && held != text => {
            budget.bytes(text.len())?;
            (**text).clone_into(held);
            Ok(())
        }
        _ => Ok(()),
    };
    once(&mut call.id, piece.id.as_ref())?;
    once(&mut call.kind, piece.kind.as_ref())?;
    if let Some(function) = &piece.function {
        once(&mut call.function.name, function.name.as_ref())?;
        if let Some(arguments) = &function.arguments {
            budget.bytes(arguments.len())?;
            call.function.arguments.text_mut().push_str(arguments);
        }
    }
    if !piece.extra.is_empty() {
        budget.whole()?;
        merge(&mut call.extra, &piece.extra);
    }
    Ok(())
}

/// The last text that was said.
fn latest(
    held: &mut Option<String>,
    text: Option<&Cow<'_, str>>,
    budget: &mut Budget<'_>,
) -> Result<(), AiError> {
    if let Some(text) = text
        && held.as_deref() != Some(text)
    {
        budget.bytes(text.len())?;
        *held = Some(text.clone().into_owned());
    }
    Ok(())
}

fn append(
    held: &mut Option<String>,
    text: Option<&Cow<'_, str>>,
    budget: &mut Budget<'_>,
) -> Result<(), AiError> {
    if let Some(text) = text {
        budget.bytes(text.len())?;
        held.get_or_insert_default().push_str(text);
    }
    Ok(())
}
