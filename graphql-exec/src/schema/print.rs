//! A schema as a document.

use core::fmt::Write as _;

use super::model::{InputValue, Schema, Type, TypeKind};
use crate::{
    syntax::{OperationType, write_description, write_string, write_value_literal},
    value::Value,
};

/// A value as it is written in a document.
pub(super) fn literal(value: &Value) -> String {
    let mut out = String::new();
    write_value_literal(value, &mut out);
    out
}

pub(super) fn print(schema: &Schema) -> String {
    let mut out = String::new();
    let kinds = [OperationType::Query, OperationType::Mutation, OperationType::Subscription];
    let usual = kinds.iter().zip(["Query", "Mutation", "Subscription"]).all(|(&kind, name)| {
        match schema.root(kind) {
            Some(root) => schema.ty(root).name == name,
            // A type of that name would be taken for the root.
            None => schema.type_id(name).is_none(),
        }
    });
    if !usual || schema.description().is_some() {
        write_description(schema.description(), "", &mut out);
        out.push_str("schema {\n");
        for kind in kinds {
            if let Some(root) = schema.root(kind) {
                let _ = writeln!(out, "  {kind}: {}", schema.ty(root).name);
            }
        }
        out.push_str("}\n\n");
    }
    for directive in schema.directives() {
        if matches!(&*directive.name, "skip" | "include" | "deprecated" | "specifiedBy" | "oneOf") {
            continue;
        }
        write_description(directive.description.as_deref(), "", &mut out);
        let _ = write!(out, "directive @{}", directive.name);
        arguments(schema, &directive.arguments, "", &mut out);
        out.push_str(if directive.repeatable { " repeatable on " } else { " on " });
        names(directive.locations.iter().map(|name| &**name), " | ", &mut out);
        out.push_str("\n\n");
    }
    for id in schema.type_ids().filter(|&id| !schema.is_built_in(id)) {
        write_type(schema, schema.ty(id), &mut out);
        if schema.ty(id).kind.is_composite() && schema.ty(id).kind != TypeKind::Union {
            out.push_str(" {\n");
            for field in schema.fields(id) {
                write_description(field.description.as_deref(), "  ", &mut out);
                let _ = write!(out, "  {}", field.name);
                arguments(schema, &field.arguments, "  ", &mut out);
                let _ = write!(out, ": {}", schema.display(field.ty));
                deprecated(field.deprecated.as_deref(), &mut out);
                out.push('\n');
            }
            out.push('}');
        }
        out.push_str("\n\n");
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn write_type(schema: &Schema, ty: &Type, out: &mut String) {
    write_description(ty.description.as_deref(), "", out);
    let keyword = match ty.kind {
        TypeKind::Scalar => "scalar",
        TypeKind::Object => "type",
        TypeKind::Interface => "interface",
        TypeKind::Union => "union",
        TypeKind::Enum => "enum",
        TypeKind::InputObject => "input",
    };
    let _ = write!(out, "{keyword} {}", ty.name);
    if !ty.interfaces.is_empty() {
        out.push_str(" implements ");
        names(ty.interfaces.iter().map(|&id| &*schema.ty(id).name), " & ", out);
    }
    if let Some(url) = &ty.specified_by {
        out.push_str(" @specifiedBy(url: ");
        write_string(url, out);
        out.push(')');
    }
    if ty.is_one_of {
        out.push_str(" @oneOf");
    }
    match ty.kind {
        TypeKind::Union => {
            out.push_str(" = ");
            names(ty.members.iter().map(|&id| &*schema.ty(id).name), " | ", out);
        }
        TypeKind::Enum => {
            out.push_str(" {\n");
            for value in &ty.values {
                write_description(value.description.as_deref(), "  ", out);
                let _ = write!(out, "  {}", value.name);
                deprecated(value.deprecated.as_deref(), out);
                out.push('\n');
            }
            out.push('}');
        }
        TypeKind::InputObject => {
            out.push_str(" {\n");
            for field in &ty.input_fields {
                write_description(field.description.as_deref(), "  ", out);
                out.push_str("  ");
                input(schema, field, out);
                out.push('\n');
            }
            out.push('}');
        }
        _ => {}
    }
}

fn names<'a>(names: impl Iterator<Item = &'a str>, between: &str, out: &mut String) {
    for (index, name) in names.enumerate() {
        if index > 0 {
            out.push_str(between);
        }
        out.push_str(name);
    }
}

fn arguments(schema: &Schema, arguments: &[InputValue], indent: &str, out: &mut String) {
    if arguments.is_empty() {
        return;
    }
    let described = arguments.iter().any(|argument| argument.description.is_some());
    out.push('(');
    for (index, argument) in arguments.iter().enumerate() {
        if described {
            out.push('\n');
            let deeper = format!("{indent}  ");
            write_description(argument.description.as_deref(), &deeper, out);
            out.push_str(&deeper);
        } else if index > 0 {
            out.push_str(", ");
        }
        input(schema, argument, out);
    }
    if described {
        out.push('\n');
        out.push_str(indent);
    }
    out.push(')');
}

fn input(schema: &Schema, input: &InputValue, out: &mut String) {
    let _ = write!(out, "{}: {}", input.name, schema.display(input.ty));
    if let Some(default) = &input.literal {
        out.push_str(" = ");
        write_value_literal(default, out);
    }
    deprecated(input.deprecated.as_deref(), out);
}

fn deprecated(reason: Option<&str>, out: &mut String) {
    let Some(reason) = reason else { return };
    out.push_str(" @deprecated");
    if reason != "No longer supported" {
        out.push_str("(reason: ");
        write_string(reason, out);
        out.push(')');
    }
}
