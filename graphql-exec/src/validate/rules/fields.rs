//! §5.3 Fields: they exist, and have a selection set if and only if their type has fields. Merging has a file of its own.

use crate::schema::{Field, FieldId, TypeId};
use crate::span::Span;
use crate::syntax::SelectionSet;
use crate::validate::{Context, Rule};

/// §5.3.1 Field Selections: the field of this name, or an error.
pub(in crate::validate) fn find(context: &mut Context<'_>, parent: TypeId, name: Span) -> Option<FieldId> {
    let text = context.text(name);
    let found = context.schema.field(parent, text);
    if found.is_none() {
        let owner = context.type_name(parent);
        let names = context.schema.fields(parent).iter().map(|field| field.name.as_str());
        let hint = context.did_you_mean(text, names);
        context.report(Rule::FieldsOnCorrectType, name, format!("`{owner}` has no field `{text}`{hint}"));
    }
    found
}

/// §5.3.3 Leaf Field Selections.
pub(in crate::validate) fn leaf(
    context: &mut Context<'_>,
    name: Span,
    field: &Field,
    children: SelectionSet,
) {
    let is_composite = context.is_composite(field.ty.base);
    if is_composite != children.is_empty() {
        return;
    }
    let (ty, field) = (context.display(field.ty), &field.name);
    let message = if is_composite {
        format!("`{field}` is of type `{ty}` and needs a selection of its fields")
    } else {
        format!("`{field}` is of type `{ty}`, which has no fields to select")
    };
    context.report(Rule::ScalarLeafs, name, message);
}
