//! Documents as text.

use core::fmt::Write as _;

use super::ast::{
    Directive, Document, Nodes, OperationType, Run, SelectionKind, SelectionSet, ValueId, ValueKind,
    VariableDefinition,
};
use crate::value::Value;

impl Document<'_> {
    /// The document in a form of its own: two spaces a level, one selection a line, without comments. Reading it again
    /// gives the same document.
    ///
    /// ```
    /// use graphql_exec::syntax::Document;
    ///
    /// let document = Document::parse("{me:user(id:4,#four\n){name}}")?;
    /// assert_eq!(document.to_text(), "{\n  me: user(id: 4) {\n    name\n  }\n}\n");
    /// # Ok::<(), graphql_exec::GraphqlError>(())
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::with_capacity(self.source().len());
        // In the order of the text: both kinds may be mixed.
        let mut operations = self.operations().iter().peekable();
        let mut fragments = self.fragments().iter().peekable();
        loop {
            let first = match (operations.peek(), fragments.peek()) {
                (Some(operation), Some(fragment)) => operation.span.start < fragment.span.start,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            if !out.is_empty() {
                out.push('\n');
            }
            if first {
                let Some(operation) = operations.next() else { break };
                self.nodes.write_described(operation.description, "", &mut out);
                let bare = operation.name.is_none()
                    && operation.variables.is_empty()
                    && operation.directives.is_empty();
                if !bare || operation.kind != OperationType::Query || operation.description.is_some() {
                    let _ = write!(out, "{}", operation.kind);
                    if let Some(name) = operation.name {
                        let _ = write!(out, " {}", self.text(name));
                    }
                    self.nodes.write_variables(self.variables(operation.variables), &mut out);
                    self.nodes.write_directives(operation.directives, &mut out);
                    out.push(' ');
                }
                self.nodes.write_selections(operation.selection_set, &mut out);
            } else {
                let Some(fragment) = fragments.next() else { break };
                self.nodes.write_described(fragment.description, "", &mut out);
                let _ =
                    write!(out, "fragment {} on {}", self.text(fragment.name), self.text(fragment.condition));
                self.nodes.write_directives(fragment.directives, &mut out);
                out.push(' ');
                self.nodes.write_selections(fragment.selection_set, &mut out);
            }
            out.push('\n');
        }
        out
    }
}

impl Nodes<'_> {
    fn write_described(&self, id: Option<ValueId>, indent: &str, out: &mut String) {
        if let Some(id) = id {
            write_description(Some(&self.string(id)), indent, out);
        }
    }

    fn write_variables(&self, variables: &[VariableDefinition], out: &mut String) {
        for (index, variable) in variables.iter().enumerate() {
            out.push_str(if index == 0 { "(" } else { ", " });
            if let Some(description) = variable.description {
                write_string(&self.string(description), out);
                out.push(' ');
            }
            let _ = write!(
                out,
                "${}: {}",
                self.text(variable.name),
                variable.ty.wrappers.display(self.text(variable.ty.name))
            );
            if let Some(default) = variable.default {
                out.push_str(" = ");
                self.write_value(default, out);
            }
            self.write_directives(variable.directives, out);
        }
        if !variables.is_empty() {
            out.push(')');
        }
    }

    fn write_directives(&self, run: Run, out: &mut String) {
        for Directive { name, arguments, .. } in self.directives(run) {
            let _ = write!(out, " @{}", self.text(*name));
            self.write_arguments(*arguments, out);
        }
    }

    fn write_arguments(&self, run: Run, out: &mut String) {
        for (index, argument) in self.arguments(run).iter().enumerate() {
            out.push_str(if index == 0 { "(" } else { ", " });
            let _ = write!(out, "{}: ", self.text(argument.name));
            self.write_value(argument.value, out);
        }
        if !run.is_empty() {
            out.push(')');
        }
    }

    /// Walks the flat tree; what is open is on a stack of its own.
    fn write_selections(&self, set: SelectionSet, out: &mut String) {
        out.push('{');
        let mut open: Vec<u32> = vec![set.end];
        let mut at = set.start;
        while let Some(&end) = open.last() {
            if at >= end {
                open.pop();
                out.push('\n');
                indent(open.len(), out);
                out.push('}');
                continue;
            }
            let Some(selection) = self.selections.get(at as usize) else { return };
            out.push('\n');
            indent(open.len(), out);
            match selection.kind {
                SelectionKind::Field { alias, name, arguments } => {
                    if let Some(alias) = alias {
                        let _ = write!(out, "{}: ", self.text(alias));
                    }
                    out.push_str(self.text(name));
                    self.write_arguments(arguments, out);
                }
                SelectionKind::Spread { name } => {
                    let _ = write!(out, "...{}", self.text(name));
                }
                SelectionKind::Inline { condition } => {
                    out.push_str("...");
                    if let Some(condition) = condition {
                        let _ = write!(out, " on {}", self.text(condition));
                    }
                }
            }
            self.write_directives(selection.directives, out);
            at += 1;
            if selection.end > at {
                out.push_str(" {");
                open.push(selection.end);
            }
        }
    }

    /// Walks the flat tree of a value.
    fn write_value(&self, id: ValueId, out: &mut String) {
        let mut open: Vec<(u32, char)> = Vec::new();
        let mut at = id.0;
        let mut first = true;
        loop {
            while let Some(&(end, close)) = open.last() {
                if at < end {
                    break;
                }
                open.pop();
                out.push(close);
                first = false;
            }
            if at > id.0 && open.is_empty() {
                return;
            }
            let Some(node) = self.values.get(at as usize) else { return };
            if !first {
                out.push_str(", ");
            }
            first = false;
            match node.kind {
                ValueKind::Field => {
                    let _ = write!(out, "{}: ", self.text(node.span));
                    first = true;
                }
                ValueKind::List => {
                    out.push('[');
                    open.push((node.end, ']'));
                    first = true;
                }
                ValueKind::Object => {
                    out.push('{');
                    open.push((node.end, '}'));
                    first = true;
                }
                ValueKind::String | ValueKind::BlockString => write_string(&self.string(ValueId(at)), out),
                ValueKind::Variable => {
                    let _ = write!(out, "${}", self.variable_name(ValueId(at)));
                }
                _ => out.push_str(self.text(node.span)),
            }
            at += 1;
        }
    }
}

fn indent(levels: usize, out: &mut String) {
    for _ in 0..levels {
        out.push_str("  ");
    }
}

/// Appends a text as a string literal.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            char if char.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push('"');
}

/// Appends a description on lines of its own: as a block string where that means the same.
pub(crate) fn write_description(text: Option<&str>, indent: &str, out: &mut String) {
    let Some(text) = text else { return };
    out.push_str(indent);
    let plain = !text.contains(['\r', '\\'])
        && !text.contains("\"\"\"")
        && !text.chars().any(|char| char.is_control() && char != '\n');
    let outer = |line: Option<&str>| line.is_some_and(|line| line.trim_matches([' ', '\t']).is_empty());
    let indented = text.lines().filter(|line| !line.is_empty()).all(|line| line.starts_with([' ', '\t']));
    if text.contains('\n')
        && plain
        && !indented
        && !outer(text.split('\n').next())
        && !outer(text.split('\n').next_back())
    {
        out.push_str("\"\"\"\n");
        for line in text.split('\n') {
            if !line.is_empty() {
                out.push_str(indent);
                out.push_str(line);
            }
            out.push('\n');
        }
        out.push_str(indent);
        out.push_str("\"\"\"");
    } else {
        write_string(text, out);
    }
    out.push('\n');
}

/// Appends a value as a literal.
pub(crate) fn write_value_literal(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => write_string(text, out),
        Value::Enum(name) => out.push_str(name),
        Value::List(list) => {
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_value_literal(value, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (index, (key, value)) in object.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(key);
                out.push_str(": ");
                write_value_literal(value, out);
            }
            out.push('}');
        }
        _ => out.push_str(&value.to_json()),
    }
}
