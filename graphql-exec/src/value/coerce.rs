//! Input coercion: a value or a literal becomes what its type says (GraphQL September 2025, §3.5 to §3.12, "Input Coercion").

use std::{borrow::Cow, fmt::Write as _, sync::Arc};

use super::{Object, Value};
use crate::{
    schema::{FieldType, InputValue, Schema, Type, TypeId, TypeKind},
    span::Span,
    syntax::{Nodes, ValueId, ValueKind},
};

/// Why a value is not of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoerceError {
    /// The steps from the value to the part that is wrong, such as `.tags[2]`; empty for the value itself.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// Where that part stands, for a literal.
    pub span: Option<Span>,
}

impl CoerceError {
    fn new(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into(), span: None }
    }

    fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// Puts a step in front of the path.
    fn below(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }
}

impl std::fmt::Display for CoerceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "at {}: {}", self.path, self.message)
        }
    }
}

type Coerced<T = Value> = Result<T, CoerceError>;

/// Looks up the value of a variable, by its name; `None` where it has none.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<Value>;

/// Coerces the value of a variable, as it came from a client.
///
/// # Errors
/// The first part that is not of its type.
pub fn coerce_value(schema: &Schema, ty: FieldType, value: &Value) -> Coerced {
    if value.is_null() {
        return if ty.wrappers.is_non_null() { Err(null_error(schema, ty)) } else { Ok(Value::Null) };
    }
    if let Some(item) = ty.wrappers.item() {
        let item = FieldType { base: ty.base, wrappers: item };
        let Value::List(list) = value else {
            // §3.11: one value is a list of one.
            return Ok(Value::List(vec![coerce_value(schema, item, value)?]));
        };
        let coerced = list.iter().enumerate().map(|(index, value)| {
            coerce_value(schema, item, value).map_err(|error| error.below(&format!("[{index}]")))
        });
        return coerced.collect::<Coerced<_>>().map(Value::List);
    }
    let named = schema.ty(ty.base);
    match named.kind {
        TypeKind::InputObject => {
            let Value::Object(object) = value else { return Err(expected(schema, ty, value)) };
            let mut given: Vec<Option<Value>> = vec![None; named.input_fields.len()];
            for (key, value) in object.iter() {
                let (index, field) = known_field(schema, ty.base, key)?;
                let value =
                    coerce_value(schema, field.ty, value).map_err(|error| error.below(&format!(".{key}")))?;
                given[index] = Some(value);
            }
            finish_object(named, given)
        }
        TypeKind::Enum => match value {
            Value::String(name) | Value::Enum(name) if schema.enum_value(ty.base, name).is_some() => {
                Ok(Value::Enum(Arc::clone(name)))
            }
            Value::String(name) | Value::Enum(name) => Err(no_enum_value(named, name)),
            _ => Err(expected(schema, ty, value)),
        },
        _ => coerce_scalar(named, value, false)
            .map_err(|message| message.unwrap_or_else(|| expected(schema, ty, value))),
    }
}

/// Coerces a literal. `None` where it is a variable without a value, which counts as not given.
///
/// # Errors
/// The first part that is not of its type.
pub(crate) fn coerce_literal(
    schema: &Schema,
    nodes: &Nodes<'_>,
    ty: FieldType,
    id: ValueId,
    variables: Variables<'_>,
) -> Coerced<Option<Value>> {
    let span = nodes.value_span(id);
    let kind = nodes.value_kind(id);
    if kind == ValueKind::Variable {
        // Its value was coerced to the type of the variable, which validation found to fit (§5.8.5).
        let value = variables(nodes.variable_name(id));
        return match value {
            Some(Value::Null) if ty.wrappers.is_non_null() => Err(null_error(schema, ty).at(span)),
            None if ty.wrappers.is_non_null() => {
                let name = nodes.variable_name(id);
                Err(CoerceError::new(format!("the variable `${name}` has no value, and null is not allowed"))
                    .at(span))
            }
            value => Ok(value),
        };
    }
    if kind == ValueKind::Null {
        return if ty.wrappers.is_non_null() {
            Err(null_error(schema, ty).at(span))
        } else {
            Ok(Some(Value::Null))
        };
    }
    if let Some(item) = ty.wrappers.item() {
        let item = FieldType { base: ty.base, wrappers: item };
        if kind != ValueKind::List {
            let value = coerce_literal(schema, nodes, item, id, variables)?;
            return Ok(Some(Value::List(vec![value.unwrap_or_default()])));
        }
        let mut list = Vec::new();
        for (index, id) in nodes.list_items(id).enumerate() {
            let value = coerce_literal(schema, nodes, item, id, variables)
                .map_err(|error| error.below(&format!("[{index}]")))?;
            // §3.11: in a list a variable without a value is null.
            list.push(value.unwrap_or_default());
        }
        return Ok(Some(Value::List(list)));
    }
    let named = schema.ty(ty.base);
    let mismatch = |message: String| CoerceError::new(message).at(span);
    match named.kind {
        TypeKind::InputObject => {
            if kind != ValueKind::Object {
                return Err(mismatch(format!("expected {}, found {}", named.name, nodes.value_text(id))));
            }
            let mut given: Vec<Option<Value>> = vec![None; named.input_fields.len()];
            let mut seen = vec![false; named.input_fields.len()];
            for (name, id) in nodes.object_fields(id) {
                let key = nodes.text(name);
                let (index, field) = known_field(schema, ty.base, key).map_err(|error| error.at(name))?;
                if core::mem::replace(&mut seen[index], true) {
                    return Err(CoerceError::new(format!("the field `{key}` is given twice")).at(name));
                }
                given[index] = coerce_literal(schema, nodes, field.ty, id, variables)
                    .map_err(|error| error.below(&format!(".{key}")))?;
                // §3.10.1: the one field of a `@oneOf` object cannot be left out by a variable.
                if named.is_one_of && given[index].is_none() {
                    return Err(
                        CoerceError::new(format!("the field `{key}` has no value")).at(nodes.value_span(id))
                    );
                }
            }
            finish_object(named, given).map(Some).map_err(|error| error.at(span))
        }
        TypeKind::Enum => {
            if kind != ValueKind::Enum {
                return Err(mismatch(format!(
                    "expected a value of {}, found {}",
                    named.name,
                    nodes.value_text(id)
                )));
            }
            let name = nodes.value_text(id);
            if schema.enum_value(ty.base, name).is_none() {
                return Err(no_enum_value(named, name).at(span));
            }
            Ok(Some(Value::Enum(name.into())))
        }
        _ => {
            let value = literal_value(nodes, id, Some(variables));
            coerce_scalar(named, &value, true).map(Some).map_err(|message| match message {
                Some(error) => error.at(span),
                None => mismatch(format!("expected {}, found {}", named.name, short(nodes.value_text(id)))),
            })
        }
    }
}

/// A literal as a value, without a type. Depth is that of the document, which the parser bounds.
pub(crate) fn literal_value(nodes: &Nodes<'_>, id: ValueId, variables: Option<Variables<'_>>) -> Value {
    match nodes.value_kind(id) {
        ValueKind::Variable => variables.and_then(|of| of(nodes.variable_name(id))).unwrap_or_default(),
        ValueKind::Int | ValueKind::Float => {
            let text = nodes.value_text(id);
            match (nodes.value_kind(id), text.parse::<i64>()) {
                (ValueKind::Int, Ok(int)) => Value::Int(int),
                _ => Value::Float(text.parse().unwrap_or(f64::NAN)),
            }
        }
        ValueKind::String | ValueKind::BlockString => Value::String(nodes.string(id).into()),
        ValueKind::True => Value::Boolean(true),
        ValueKind::False => Value::Boolean(false),
        ValueKind::Null | ValueKind::Field => Value::Null,
        ValueKind::Enum => Value::Enum(nodes.value_text(id).into()),
        ValueKind::List => {
            Value::List(nodes.list_items(id).map(|id| literal_value(nodes, id, variables)).collect())
        }
        ValueKind::Object => {
            let fields = nodes.object_fields(id);
            let fields =
                fields.map(|(name, id)| (nodes.text(name).into(), literal_value(nodes, id, variables)));
            Value::Object(Object::collect(fields.collect()))
        }
    }
}

/// The scalar's own rules (§3.5). The error is `None` where it has nothing to say but what was expected.
fn coerce_scalar(named: &Type, value: &Value, literal: bool) -> Result<Value, Option<CoerceError>> {
    match (&*named.name, value) {
        ("Int", Value::Int(int)) if i32::try_from(*int).is_ok() => Ok(value.clone()),
        ("Int", Value::Int(int)) => Err(Some(CoerceError::new(format!("{int} is not a 32-bit integer")))),
        // §3.5.1: a number without a fraction, however the transport wrote it.
        ("Int", Value::Float(float))
            if !literal && float.fract() == 0.0 && float.abs() <= 2_147_483_648.0 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "checked right above")]
            let int = *float as i64;
            i32::try_from(int).map(|int| Value::Int(int.into())).map_err(|_| None)
        }
        #[expect(clippy::cast_precision_loss, reason = "§3.5.2: an integer becomes the nearest float")]
        ("Float", Value::Int(int)) => Ok(Value::Float(*int as f64)),
        ("Float", Value::Float(float)) if float.is_finite() => Ok(value.clone()),
        ("String", Value::String(_)) | ("Boolean", Value::Boolean(_)) | ("ID", Value::String(_)) => {
            Ok(value.clone())
        }
        ("ID", Value::Int(int)) => Ok(Value::String(int.to_string().into())),
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => Err(None),
        _ => match &named.parse {
            Some(parse) => parse(value).map_err(|message| Some(CoerceError::new(message))),
            None => Ok(value.clone()),
        },
    }
}

fn known_field<'s>(schema: &'s Schema, parent: TypeId, key: &str) -> Coerced<(usize, &'s InputValue)> {
    let named = schema.ty(parent);
    let found =
        schema.input_field_index(parent, key).and_then(|index| Some((index, named.input_fields.get(index)?)));
    found.ok_or_else(|| CoerceError::new(format!("{} has no field `{}`", named.name, short(key))))
}

/// Fills in defaults, misses what is required, counts for `@oneOf`.
fn finish_object(named: &Type, given: Vec<Option<Value>>) -> Coerced {
    let mut object = Object::new();
    for (field, value) in named.input_fields.iter().zip(given) {
        match value.or_else(|| field.default.clone()) {
            Some(value) => object.push(field.name.shared(), value),
            None if field.ty.wrappers.is_non_null() => {
                return Err(CoerceError::new(format!("the field `{}` is required", field.name)));
            }
            None => {}
        }
    }
    if named.is_one_of && (object.len() != 1 || object.iter().any(|(_, value)| value.is_null())) {
        return Err(CoerceError::new(format!(
            "exactly one field of {} must be given, and not null",
            named.name
        )));
    }
    Ok(Value::Object(object))
}

fn null_error(schema: &Schema, ty: FieldType) -> CoerceError {
    CoerceError::new(format!("expected {}, found null", schema.display(ty)))
}

fn expected(schema: &Schema, ty: FieldType, value: &Value) -> CoerceError {
    let mut message = String::new();
    // Writing to a string does not fail.
    let _ = write!(message, "expected {}, found {}", schema.display(ty), describe(value));
    CoerceError::new(message)
}

fn describe(value: &Value) -> Cow<'static, str> {
    match value {
        Value::Boolean(_) | Value::Int(_) | Value::Float(_) => value.to_json().into(),
        Value::String(text) if text.len() <= 40 => value.to_json().into(),
        _ => value.kind().into(),
    }
}

fn no_enum_value(named: &Type, name: &str) -> CoerceError {
    CoerceError::new(format!("`{}` is no value of {}", short(name), named.name))
}

/// The first characters of what a client sent.
fn short(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(end, _)| &text[..end])
}
