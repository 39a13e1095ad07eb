//! How the events of a message become the message.

use alloc::{borrow::ToOwned as _, boxed::Box, string::ToString as _, vec::Vec};

use serde_json::Value;

use super::{BlockDelta, ContentBlock, Event, Message, MessageChange, Messages, ToolUse, Usage};
use crate::ai::{
    AiError, Budget, Flow,
    json::{place, replace},
    partial_json::{self, Unfinished},
    sealed,
};

/// The message, and the index and state of each of its blocks.
#[derive(Clone, Debug, Default)]
pub struct State {
    message: Option<Box<Message>>,
    blocks: Vec<Block>,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    index: u32,
    is_open: bool,
}

impl sealed::Accumulate for Messages {
    type State = State;

    fn accumulate(state: &mut State, event: &Event<'_>, budget: &mut Budget<'_>) -> Result<Flow, AiError> {
        let message = match (&mut state.message, event) {
            (_, Event::Ping | Event::Other { .. }) => return Ok(Flow::Open),
            (Some(_), Event::MessageStart { .. }) => return Err(budget.order("a second message_start")),
            (None, Event::MessageStart { message }) => {
                budget.whole()?;
                budget.blocks(message.content.len())?;
                let blocks = (0..).zip(&message.content).map(|(index, _)| Block { index, is_open: false });
                state.blocks = blocks.collect();
                state.message = Some(message.clone());
                return Ok(Flow::Open);
            }
            (None, _) => return Err(budget.order("no message_start came first")),
            (Some(message), _) => message,
        };
        match event {
            Event::ContentBlockStart { index, content_block } => {
                budget.whole()?;
                budget.blocks(1)?;
                let Err(at) = place(&state.blocks, *index, |block| block.index) else {
                    return Err(budget.order("a second content_block_start for one index"));
                };
                state.blocks.insert(at, Block { index: *index, is_open: true });
                message.content.insert(at, ContentBlock::clone(content_block));
            }
            Event::ContentBlockDelta { index, delta } => {
                let at = place(&state.blocks, *index, |block| block.index);
                let Ok(at) = at else { return Err(budget.order("a delta for a block that was not begun")) };
                if !state.blocks[at].is_open {
                    return Err(budget.order("a delta for a block that has stopped"));
                }
                grow(&mut message.content[at], delta, budget)?;
            }
            Event::ContentBlockStop { index } => {
                let at = place(&state.blocks, *index, |block| block.index);
                let Ok(at) = at else { return Err(budget.order("a stop of a block that was not begun")) };
                close(&mut state.blocks[at], &mut message.content[at], budget);
            }
            Event::MessageDelta { delta, usage, extra } => {
                budget.whole()?;
                let MessageChange { stop_reason, stop_sequence, extra: change } = &**delta;
                message.stop_reason.clone_from(stop_reason);
                message.stop_sequence.clone_from(stop_sequence);
                replace(&mut message.extra, change);
                replace(&mut message.extra, extra);
                message.usage.merge(usage);
            }
            Event::MessageStop => {
                for (block, content) in state.blocks.iter_mut().zip(&mut message.content) {
                    close(block, content, budget);
                }
                return Ok(Flow::Done);
            }
            Event::MessageStart { .. } | Event::Ping | Event::Other { .. } => {}
        }
        Ok(Flow::Open)
    }

    fn message(state: &State) -> Option<&Message> {
        state.message.as_deref()
    }

    fn into_message(state: State) -> Option<Message> {
        state.message.map(|message| *message)
    }
}

/// A delta of a type that its block does not have changes nothing, as in the libraries of the service.
fn grow(block: &mut ContentBlock, delta: &BlockDelta<'_>, budget: &mut Budget<'_>) -> Result<(), AiError> {
    match (block, delta) {
        (ContentBlock::Text(block), BlockDelta::Text { text }) => {
            budget.bytes(text.len())?;
            block.text.push_str(text);
        }
        (ContentBlock::Text(block), BlockDelta::Citation { citation }) => {
            budget.whole()?;
            block.citations.get_or_insert_default().push(citation.clone());
        }
        (ContentBlock::Thinking(block), BlockDelta::Thinking { thinking }) => {
            budget.bytes(thinking.len())?;
            block.thinking.push_str(thinking);
        }
        (ContentBlock::Thinking(block), BlockDelta::Signature { signature }) => {
            budget.bytes(signature.len())?;
            (**signature).clone_into(&mut block.signature);
        }
        (
            ContentBlock::ToolUse(call) | ContentBlock::ServerToolUse(call) | ContentBlock::McpToolUse(call),
            BlockDelta::InputJson { partial_json },
        ) => {
            // The text, and then the value made of it.
            budget.bytes(partial_json.len().saturating_mul(2))?;
            call.input_json.text_mut().push_str(partial_json);
        }
        _ => {}
    }
    Ok(())
}

fn close(block: &mut Block, content: &mut ContentBlock, budget: &Budget<'_>) {
    block.is_open = false;
    let (ContentBlock::ToolUse(call) | ContentBlock::ServerToolUse(call) | ContentBlock::McpToolUse(call)) =
        content
    else {
        return;
    };
    let ToolUse { input, input_json, .. } = call;
    if !input_json.is_empty() {
        *input = match partial_json::parse(input_json, Unfinished::Drop, budget.max_depth()) {
            Ok(partial) => partial.value.unwrap_or(Value::Null),
            Err(_) => Value::String(input_json.to_string()),
        };
    }
}

impl Usage {
    /// Counts are totals: later ones replace earlier ones, and what is not said stays.
    fn merge(&mut self, later: &Self) {
        let take = |held: &mut Option<u64>, later: Option<u64>| *held = later.or(*held);
        take(&mut self.input_tokens, later.input_tokens);
        take(&mut self.output_tokens, later.output_tokens);
        take(&mut self.cache_creation_input_tokens, later.cache_creation_input_tokens);
        take(&mut self.cache_read_input_tokens, later.cache_read_input_tokens);
        replace(&mut self.extra, &later.extra);
    }
}
