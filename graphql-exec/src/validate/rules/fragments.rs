//! §5.5 Fragments: names, types, use, cycles, and whether a spread can apply.

use std::collections::HashMap;

use crate::schema::TypeId;
use crate::span::Span;
use crate::validate::walk::Facts;
use crate::validate::{Context, Rule};

/// §5.5.1.1 Fragment Name Uniqueness.
pub(in crate::validate) fn names(context: &mut Context<'_>) {
    let document = context.document;
    let mut first: HashMap<&str, Span> = HashMap::with_capacity(document.fragments().len());
    for fragment in document.fragments() {
        let name = document.text(fragment.name);
        if let Some(earlier) = first.get(name) {
            let at = [*earlier, fragment.name];
            context.report_at(
                Rule::UniqueFragmentNames,
                &at,
                format!("more than one fragment is named `{name}`"),
            );
        } else {
            first.insert(name, fragment.name);
        }
    }
}

/// §5.5.1.2 Fragment Spread Type Existence, §5.5.1.3 Fragments on Object, Interface or Union Types.
pub(in crate::validate) fn condition(context: &mut Context<'_>, name: Span) -> Option<TypeId> {
    let text = context.text(name);
    let Some(ty) = context.schema.type_id(text) else {
        let hint = context.did_you_mean(text, context.schema.types().iter().map(|ty| ty.name.as_str()));
        context.report(Rule::KnownTypeNames, name, format!("there is no type `{text}`{hint}"));
        return None;
    };
    if !context.is_composite(ty) {
        let message = format!("a fragment cannot be on `{text}`, which has no fields");
        context.report(Rule::FragmentsOnCompositeTypes, name, message);
        return None;
    }
    Some(ty)
}

/// §5.5.2.3 Fragment Spread Is Possible: some object is of both types.
pub(in crate::validate) fn possible(
    context: &mut Context<'_>,
    at: Span,
    parent: Option<TypeId>,
    condition: Option<TypeId>,
) {
    let (Some(parent), Some(condition)) = (parent, condition) else { return };
    if context.is_full() {
        return;
    }
    let schema = context.schema;
    // Walks the shorter list, and asks the longer one.
    let (few, many) = if schema.possible_types(parent).len() < schema.possible_types(condition).len() {
        (parent, condition)
    } else {
        (condition, parent)
    };
    if parent != condition
        && !schema.possible_types(few).iter().any(|object| schema.is_possible(many, *object))
    {
        let (parent, condition) = (context.type_name(parent), context.type_name(condition));
        let message =
            format!("no object is both of `{parent}` and of `{condition}`, so this can never apply");
        context.report(Rule::PossibleFragmentSpreads, at, message);
    }
}

/// §5.5.2.2 Fragment Spreads Must Not Form Cycles. Says whether there is one.
pub(in crate::validate) fn cycles(context: &mut Context<'_>, facts: &Facts) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let document = context.document;
    let operations = document.operations().len();
    let count = document.fragments().len();
    let mut states = vec![State::New; count];
    let mut has_cycle = false;
    for start in 0..count {
        if states[start] != State::New {
            continue;
        }
        // The fragments from `start` down, each with how many of its spreads were followed.
        let mut path = vec![(start, 0_usize)];
        states[start] = State::Open;
        while let Some((fragment, followed)) = path.last_mut() {
            let (fragment, place) = (*fragment, *followed);
            *followed += 1;
            let Some(&(target, at)) = facts.scopes[operations + fragment].spreads.get(place) else {
                states[fragment] = State::Done;
                path.pop();
                continue;
            };
            context.steps += 1;
            match states[target] {
                State::New => {
                    states[target] = State::Open;
                    path.push((target, 0));
                }
                State::Open => {
                    has_cycle = true;
                    let name = document.text(document.fragments()[target].name);
                    let message = if target == fragment {
                        format!("the fragment `{name}` spreads itself")
                    } else {
                        let from = document.text(document.fragments()[fragment].name);
                        format!("the fragment `{name}` spreads itself by way of `{from}`")
                    };
                    context.report(Rule::NoFragmentCycles, at, message);
                }
                State::Done => {}
            }
        }
    }
    has_cycle
}

/// §5.5.1.4 Fragments Must Be Used: by an operation, if only through other fragments.
pub(in crate::validate) fn unused(context: &mut Context<'_>, facts: &Facts) {
    let document = context.document;
    let operations = document.operations().len();
    let mut is_used = vec![false; document.fragments().len()];
    let mut left: Vec<usize> = (0..operations).collect();
    while let Some(scope) = left.pop() {
        for (target, _) in &facts.scopes[scope].spreads {
            context.steps += 1;
            if !core::mem::replace(&mut is_used[*target], true) {
                left.push(operations + target);
            }
        }
    }
    for (fragment, is_used) in document.fragments().iter().zip(is_used) {
        let name = document.text(fragment.name);
        // Of two with one name only the first can be spread; the other is an error already.
        if !is_used && context.fragment(name).is_some_and(|(_, first)| first.name == fragment.name) {
            context.report(
                Rule::NoUnusedFragments,
                fragment.name,
                format!("the fragment `{name}` is never used"),
            );
        }
    }
}
