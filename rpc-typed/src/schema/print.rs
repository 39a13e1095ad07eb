//! One JSON Schema as one TypeScript type.

use serde_json::{Map, Value};

use super::ts::{BigIntegers, Names};

/// Which way a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// From the client: an input.
    Read,
    /// To the client: an output.
    Write,
}

/// A type as text, and whether it stays whole beside an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) text: String,
    whole: bool,
}

impl Text {
    fn whole(text: impl Into<String>) -> Text {
        Text { text: text.into(), whole: true }
    }

    fn parts(text: String) -> Text {
        Text { text, whole: false }
    }

    fn grouped(self) -> String {
        if self.whole { self.text } else { format!("({})", self.text) }
    }
}

pub(super) struct Printer<'a> {
    pub(super) big_integers: BigIntegers,
    pub(super) names: &'a Names,
}

/// Deeper schemas come from no type that a person wrote.
const MAX_DEPTH: usize = 64;

impl Printer<'_> {
    /// The type of a schema; at depth 0 it is that of an alias, which may take several lines.
    pub(super) fn print(&self, schema: &Value, side: Side, depth: usize) -> Result<Text, String> {
        if depth > MAX_DEPTH {
            return Err(format!("nested deeper than {MAX_DEPTH}: name the inner types"));
        }
        let members = match schema {
            Value::Bool(false) => return Ok(Text::whole("never")),
            Value::Object(members) => members,
            _ => return Ok(Text::whole("unknown")),
        };
        // What stands side by side must all hold.
        let mut parts = Vec::new();
        if let Some(Value::String(to)) = members.get("$ref") {
            parts.push(self.named(to, side)?);
        }
        for union in ["anyOf", "oneOf"] {
            if let Some(Value::Array(options)) = members.get(union) {
                parts.push(self.union(options, side, depth)?);
            }
        }
        if let Some(Value::Array(all)) = members.get("allOf") {
            for schema in all {
                parts.push(self.print(schema, side, depth + 1)?);
            }
        }
        if let Some(value) = members.get("const") {
            parts.push(Text::whole(literal(value)));
        } else if let Some(Value::Array(values)) = members.get("enum") {
            parts.push(alternatives(values.iter().map(|v| Text::whole(literal(v))).collect()));
        } else if let Some(ty) = members.get("type") {
            parts.push(self.by_type(ty, members, side, depth)?);
        } else if members.contains_key("properties") {
            parts.push(self.object(members, side, depth)?);
        }
        parts.retain(|part| part.text != "unknown");
        parts.dedup();
        Ok(match parts.len() {
            0 => Text::whole("unknown"),
            1 => parts.swap_remove(0),
            _ => Text::parts(parts.into_iter().map(Text::grouped).collect::<Vec<_>>().join(" & ")),
        })
    }

    fn named(&self, to: &str, side: Side) -> Result<Text, String> {
        ref_key(to)
            .and_then(|key| self.names.alias(&key, side).map(Text::whole))
            .ok_or_else(|| format!("the schema refers to `{to}`, which is not there"))
    }

    fn union(&self, options: &[Value], side: Side, depth: usize) -> Result<Text, String> {
        let options: Result<Vec<_>, _> = options.iter().map(|o| self.print(o, side, depth + 1)).collect();
        Ok(alternatives(options?))
    }

    fn by_type(
        &self,
        ty: &Value,
        members: &Map<String, Value>,
        side: Side,
        depth: usize,
    ) -> Result<Text, String> {
        let one = |name: &str| match name {
            "string" => Ok(Text::whole("string")),
            "boolean" => Ok(Text::whole("boolean")),
            "null" => Ok(Text::whole("null")),
            "number" => Ok(Text::whole("number")),
            "integer" => self.integer(members),
            "array" => self.array(members, side, depth),
            "object" => self.object(members, side, depth),
            _ => Ok(Text::whole("unknown")),
        };
        match ty {
            Value::String(name) => one(name),
            Value::Array(names) => {
                let names: Result<Vec<_>, _> = names.iter().filter_map(Value::as_str).map(one).collect();
                Ok(alternatives(names?))
            }
            _ => Ok(Text::whole("unknown")),
        }
    }

    fn integer(&self, members: &Map<String, Value>) -> Result<Text, String> {
        let format = members.get("format").and_then(Value::as_str).unwrap_or_default();
        let unsigned = format.starts_with('u');
        let big = matches!(format, "int64" | "uint64" | "int128" | "uint128" | "int" | "uint");
        if !big || self.big_integers == BigIntegers::Number {
            return Ok(Text::whole("number"));
        }
        let bound = |name: &str| members.get(name).and_then(Value::as_f64);
        let above = unsigned || bound("minimum").is_some_and(|min| min >= -MAX_SAFE);
        let below = bound("maximum").is_some_and(|max| max <= MAX_SAFE);
        match above && below {
            true => Ok(Text::whole("number")),
            false => Err(format!(
                "{format} does not fit a JavaScript number: bound it below 2^53 or send a string"
            )),
        }
    }

    fn array(&self, members: &Map<String, Value>, side: Side, depth: usize) -> Result<Text, String> {
        let print = |schema: &Value| self.print(schema, side, depth + 1);
        let Some(Value::Array(prefix)) = members.get("prefixItems") else {
            let items = members.get("items").map_or_else(|| Ok(Text::whole("unknown")), print)?;
            return Ok(Text::whole(format!("{}[]", items.grouped())));
        };
        let at_least = members.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let mut elements = Vec::new();
        for (schema, n) in prefix.iter().zip(0u64..) {
            let element = print(schema)?;
            elements.push(if n < at_least { element.text } else { format!("{}?", element.grouped()) });
        }
        let full = members.get("maxItems").and_then(Value::as_u64) == u64::try_from(prefix.len()).ok();
        match members.get("items") {
            _ if full => {}
            Some(Value::Bool(false)) => {}
            Some(rest) => elements.push(format!("...{}[]", print(rest)?.grouped())),
            None => elements.push("...unknown[]".to_owned()),
        }
        Ok(Text::whole(format!("[{}]", elements.join(", "))))
    }

    fn object(&self, members: &Map<String, Value>, side: Side, depth: usize) -> Result<Text, String> {
        let print = |schema: &Value| self.print(schema, side, depth + 1);
        let required: Vec<&str> = match members.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        // A named type has a line for each member, with its comment; inside another it stands in one line.
        let own_lines = depth == 0;
        let mut fields = String::new();
        let properties = members.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            fields.push_str(if own_lines { "\n" } else { " " });
            if own_lines {
                if let Some(text) = schema.get("description").and_then(Value::as_str) {
                    comment(&mut fields, text, 1);
                }
                fields.push_str("  ");
            }
            let optional = if required.contains(&name.as_str()) { "" } else { "?" };
            fields.push_str(&format!("{}{optional}: {};", quoted(name), print(schema)?.text));
        }
        let end = if own_lines { "\n" } else { " " };
        let object = if fields.is_empty() { None } else { Some(format!("{{{fields}{end}}}")) };
        // Names that are not known beforehand: by a pattern, or any.
        let mut values = Vec::new();
        if let Some(patterns) = members.get("patternProperties").and_then(Value::as_object) {
            for schema in patterns.values() {
                values.push(print(schema)?);
            }
        }
        match members.get("additionalProperties") {
            Some(schema @ Value::Object(_)) => values.push(print(schema)?),
            Some(Value::Bool(true)) => values.push(Text::whole("unknown")),
            _ => {}
        }
        let map = match values.is_empty() {
            true => None,
            false => Some(format!("{{ [key: string]: {} }}", alternatives(values).text)),
        };
        Ok(match (object, map) {
            (Some(object), Some(map)) => Text::parts(format!("{object} & {map}")),
            (Some(only), None) | (None, Some(only)) => Text::whole(only),
            // `{}` would take anything but null.
            (None, None) if members.get("additionalProperties") == Some(&Value::Bool(false)) => {
                Text::whole("{ [key: string]: never }")
            }
            (None, None) => Text::whole("{ [key: string]: unknown }"),
        })
    }
}

/// 2^53 − 1, the largest integer of which JavaScript's numbers know both neighbours apart.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// The name in `#/$defs/NAME`, unescaped (RFC 6901 §4).
pub(super) fn ref_key(to: &str) -> Option<String> {
    let name = to.strip_prefix("#/$defs/")?;
    let name = crate::wire::path::decode(name).ok()?;
    Some(name.replace("~1", "/").replace("~0", "~"))
}

/// Alternatives without repetition.
fn alternatives(options: Vec<Text>) -> Text {
    let mut kept: Vec<Text> = Vec::with_capacity(options.len());
    for option in options {
        if option.text == "unknown" {
            return option;
        }
        if option.text != "never" && !kept.contains(&option) {
            kept.push(option);
        }
    }
    match kept.len() {
        0 => Text::whole("never"),
        1 => kept.swap_remove(0),
        _ => Text::parts(kept.into_iter().map(|option| option.text).collect::<Vec<_>>().join(" | ")),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(values) => format!("[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members =
                members.iter().map(|(name, value)| format!(" {}: {};", quoted(name), literal(value)));
            format!("{{{} }}", members.collect::<String>())
        }
    }
}

/// A member's name, in quotes where it needs them.
pub(super) fn quoted(name: &str) -> String {
    if is_identifier(name) { name.to_owned() } else { string(name) }
}

/// JSON's strings are JavaScript's, but for two line ends that JavaScript did not take before 2019.
fn string(text: &str) -> String {
    let mut out = Vec::new();
    crate::wire::write_string(&mut out, text);
    String::from_utf8_lossy(&out).replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

pub(super) fn is_identifier(name: &str) -> bool {
    let head = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b == b'$';
    name.bytes().next().is_some_and(head) && name.bytes().all(|b| head(b) || b.is_ascii_digit())
}

/// A comment that its own text cannot end.
pub(super) fn comment(out: &mut String, text: &str, depth: usize) {
    let indent = "  ".repeat(depth);
    let text = text.replace("*/", "*\\/").replace(['\u{2028}', '\u{2029}', '\r'], " ");
    let mut lines = text.trim().lines();
    out.push_str(&format!("{indent}/** {}", lines.next().unwrap_or_default()));
    for line in lines {
        out.push_str(&format!("\n{indent} * {line}"));
    }
    out.push_str(" */\n");
}
