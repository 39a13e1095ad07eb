//! §5.2 Operations: names, the lone anonymous operation, one root field for a subscription.

use std::collections::HashMap;

use crate::span::Span;
use crate::syntax::{Operation, OperationType, SelectionKind, SelectionSet};
use crate::validate::{Context, Rule};

/// §5.2.1.1 Operation Type Existence.
pub(in crate::validate) fn known_type(context: &mut Context<'_>, operation: &Operation) {
    if context.schema.root(operation.kind).is_none() {
        let message = format!("the schema has no {} operations", operation.kind);
        context.report(Rule::KnownOperationTypes, keyword(operation), message);
    }
}

/// §5.2.2.1 Operation Name Uniqueness, §5.2.3.1 Lone Anonymous Operation.
pub(in crate::validate) fn names(context: &mut Context<'_>) {
    let document = context.document;
    let operations = document.operations();
    let mut first: HashMap<&str, Span> = HashMap::with_capacity(operations.len());
    for operation in operations {
        match operation.name {
            Some(name) => {
                let text = document.text(name);
                if let Some(earlier) = first.get(text) {
                    let at = [*earlier, name];
                    context.report_at(
                        Rule::UniqueOperationNames,
                        &at,
                        format!("more than one operation is named `{text}`"),
                    );
                } else {
                    first.insert(text, name);
                }
            }
            None if operations.len() > 1 => {
                let message = "an operation without a name must be the only one of its document";
                context.report(Rule::LoneAnonymousOperation, keyword(operation), message);
            }
            None => {}
        }
    }
}

/// §5.2.4.1 Single Root Field: fragments expanded, one response name, and no introspection. `@skip` and `@include` are not
/// allowed there at all, since how many fields there are must not depend on variables.
pub(in crate::validate) fn single_root_field(context: &mut Context<'_>, operation: &Operation) {
    if operation.kind != OperationType::Subscription {
        return;
    }
    let document = context.document;
    let mut seen = vec![false; document.fragments().len()];
    let mut sets: Vec<SelectionSet> = vec![operation.selection_set];
    let mut first: Option<&str> = None;
    while let Some(set) = sets.pop() {
        for (id, selection) in document.selections(set) {
            context.steps += 1;
            for directive in document.directives(selection.directives) {
                let name = document.text(directive.name);
                if matches!(name, "skip" | "include") {
                    let message = format!("`@{name}` is not allowed at the root of a subscription");
                    context.report(Rule::SingleFieldSubscriptions, directive.span, message);
                }
            }
            match selection.kind {
                SelectionKind::Inline { .. } => sets.push(document.selection_set(id)),
                SelectionKind::Spread { name } => {
                    if let Some((index, fragment)) = context.fragment(document.text(name))
                        && !core::mem::replace(&mut seen[index], true)
                    {
                        sets.push(fragment.selection_set);
                    }
                }
                SelectionKind::Field { alias, name, .. } => {
                    let field = document.text(name);
                    if field.starts_with("__") {
                        let message = format!("a subscription cannot select `{field}` at its root");
                        context.report(Rule::SingleFieldSubscriptions, selection.span, message);
                        continue;
                    }
                    let response_name = document.text(alias.unwrap_or(name));
                    if *first.get_or_insert(response_name) != response_name {
                        let message = "a subscription selects one field at its root";
                        context.report(Rule::SingleFieldSubscriptions, selection.span, message);
                    }
                }
            }
        }
    }
}

/// The first token of an operation.
fn keyword(operation: &Operation) -> Span {
    Span::new(operation.span.start, operation.span.start.saturating_add(1))
}
