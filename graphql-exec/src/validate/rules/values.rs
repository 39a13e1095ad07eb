//! §5.6 Values: literals are of the type that is expected where they stand.

use std::collections::HashSet;

use crate::schema::{FieldType, TypeKind};
use crate::syntax::{ValueId, ValueKind, Wrappers};
use crate::validate::walk::{Expected, Scope, Usage};
use crate::validate::{Context, Rule};
use crate::value::coerce::coerce_literal;

/// Checks a literal, and notes the variables in it.
pub(in crate::validate) fn check(
    context: &mut Context<'_>,
    scope: &mut Scope,
    value: ValueId,
    expected: Option<Expected>,
) {
    let document = context.document;
    let mut left = vec![(value, expected)];
    while let Some((value, expected)) = left.pop() {
        context.steps += 1;
        let kind = document.value_kind(value);
        if kind == ValueKind::Variable {
            scope.usages.push(Usage { value, expected });
            continue;
        }
        let Some(Expected { ty, is_one_of, .. }) = expected else {
            inside_unknown(context, value, kind, &mut left);
            continue;
        };
        if kind == ValueKind::Null {
            if ty.wrappers.is_non_null() || is_one_of {
                wrong(context, value, ty);
            }
            continue;
        }
        if let Some(item) = ty.wrappers.item() {
            let item = FieldType { base: ty.base, wrappers: item };
            let expected = Some(Expected { ty: item, has_default: false, is_one_of: false });
            if kind == ValueKind::List {
                left.extend(document.list_items(value).map(|value| (value, expected)));
            } else {
                // One value stands for a list of it (§3.12, "Input Coercion").
                left.push((value, expected));
            }
            continue;
        }
        match context.schema.ty(ty.base).kind {
            TypeKind::InputObject => object(context, value, kind, ty, &mut left),
            TypeKind::Enum => {
                let name = document.value_text(value);
                if kind != ValueKind::Enum && !matches!(kind, ValueKind::True | ValueKind::False) {
                    wrong(context, value, ty);
                } else if context.schema.enum_value(ty.base, name).is_none() {
                    let names = context.schema.ty(ty.base).values.iter().map(|known| known.name.as_str());
                    let hint = context.did_you_mean(name, names);
                    let message = format!("`{name}` is no value of {}{hint}", context.type_name(ty.base));
                    context.report(Rule::ValuesOfCorrectType, document.value_span(value), message);
                }
            }
            _ => scalar(context, value, kind, ty, &mut left),
        }
    }
}

type Left = Vec<(ValueId, Option<Expected>)>;

/// Variables are noted and repeated names seen also where nothing is known of the type.
fn inside_unknown(context: &mut Context<'_>, value: ValueId, kind: ValueKind, left: &mut Left) {
    let document = context.document;
    match kind {
        ValueKind::List => left.extend(document.list_items(value).map(|value| (value, None))),
        ValueKind::Object => {
            unique_names(context, value);
            left.extend(document.object_fields(value).map(|(_, value)| (value, None)));
        }
        _ => {}
    }
}

/// §5.6.3 Input Object Field Uniqueness.
fn unique_names<'a>(context: &mut Context<'a>, value: ValueId) -> HashSet<&'a str> {
    let document = context.document;
    let mut seen = HashSet::new();
    for (name, _) in document.object_fields(value) {
        let text = document.text(name);
        if !seen.insert(text) {
            context.report(Rule::UniqueInputFieldNames, name, format!("the field `{text}` is given twice"));
        }
    }
    seen
}

/// §5.6.2 Input Object Field Names, §5.6.4 Input Object Required Fields, and what §3.10.1 says of oneOf objects.
fn object(context: &mut Context<'_>, value: ValueId, kind: ValueKind, ty: FieldType, left: &mut Left) {
    if kind != ValueKind::Object {
        return wrong(context, value, ty);
    }
    let document = context.document;
    let (schema, owner) = (context.schema, context.type_name(ty.base));
    let definitions = &schema.ty(ty.base).input_fields;
    let is_one_of = schema.ty(ty.base).is_one_of;
    let seen = unique_names(context, value);
    for (name, value) in document.object_fields(value) {
        let text = document.text(name);
        let definition = schema.input_field(ty.base, text);
        if definition.is_none() {
            let hint = context.did_you_mean(text, definitions.iter().map(|known| known.name.as_str()));
            context.report(Rule::ValuesOfCorrectType, name, format!("`{owner}` has no field `{text}`{hint}"));
        }
        let expected = definition.map(|definition| Expected {
            ty: definition.ty,
            has_default: definition.default.is_some(),
            is_one_of,
        });
        left.push((value, expected));
    }
    let at = document.value_span(value);
    for definition in definitions {
        if definition.is_required() && !seen.contains(definition.name.as_str()) {
            let ty = context.display(definition.ty);
            let message = format!("`{owner}` needs the field `{}` of type `{ty}`", definition.name);
            context.report(Rule::ValuesOfCorrectType, at, message);
        }
    }
    if is_one_of && seen.len() != 1 {
        context.report(
            Rule::ValuesOfCorrectType,
            at,
            format!("`{owner}` takes exactly one field, not {}", seen.len()),
        );
    }
}

/// A scalar decides itself which literals it takes (§3.5); a custom one may take objects, and variables in them.
fn scalar(context: &mut Context<'_>, value: ValueId, kind: ValueKind, ty: FieldType, left: &mut Left) {
    let document = context.document;
    if document.value_tree(value).any(|value| document.value_kind(value) == ValueKind::Variable) {
        // Known when it is executed.
        return inside_unknown(context, value, kind, left);
    }
    for value in document.value_tree(value) {
        unique_names(context, value);
    }
    let ty = FieldType { base: ty.base, wrappers: Wrappers::NAMED };
    if let Err(error) = coerce_literal(context.schema, document, ty, value, &|_| None) {
        let at = error.span.unwrap_or_else(|| document.value_span(value));
        context.report(Rule::ValuesOfCorrectType, at, error.to_string());
    }
}

/// §5.6.1 Values of Correct Type.
fn wrong(context: &mut Context<'_>, value: ValueId, ty: FieldType) {
    let at = context.document.value_span(value);
    let found: String = context.text(at).chars().take(40).collect();
    let expected = context.display(ty);
    context.report(Rule::ValuesOfCorrectType, at, format!("expected {expected}, found {found}"));
}
