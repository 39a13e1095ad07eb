//! The variables of an operation (§6.1.2, "CoerceVariableValues").

use std::collections::HashMap;

use crate::{
    error::{GraphqlError, code},
    limits::Limits,
    name::Name,
    schema::{FieldType, Schema},
    syntax::{Document, Operation},
    value::{Object, Value, coerce},
};

/// At most so many variables are reported as wrong.
const MAX_ERRORS: usize = 20;

pub(super) fn coerce(
    schema: &Schema,
    document: &Document<'_>,
    operation: &Operation,
    given: &Object,
    limits: &Limits,
) -> Result<HashMap<Name, Value>, Vec<GraphqlError>> {
    let mut left = limits.max_input_values;
    for (_, value) in given.iter() {
        measure(value, limits.max_input_nesting.min(500), &mut left, limits).map_err(|error| vec![error])?;
    }
    let by_name: HashMap<&str, &Value> = given.iter().collect();
    let mut coerced = HashMap::new();
    let mut errors = Vec::new();
    for variable in document.variables(operation.variables) {
        let name = document.text(variable.name);
        let mut wrong = |message: String| {
            errors.push(
                GraphqlError::new(format!("variable `${name}`: {message}"))
                    .with_code(code::BAD_USER_INPUT)
                    .at(document.source(), variable.span),
            );
        };
        let base =
            schema.type_id(document.text(variable.ty.name)).filter(|&id| schema.ty(id).kind.is_input());
        let Some(base) = base else {
            wrong("its type is no input type".to_owned());
            continue;
        };
        let ty = FieldType { base, wrappers: variable.ty.wrappers };
        match (by_name.get(name), variable.default) {
            (Some(value), _) => match coerce::coerce_value(schema, ty, value) {
                Ok(value) => drop(coerced.insert(Name::trusted(name), value)),
                Err(error) => wrong(error.to_string()),
            },
            (None, Some(default)) => match coerce::coerce_literal(schema, document, ty, default, &|_| None) {
                Ok(value) => drop(coerced.insert(Name::trusted(name), value.unwrap_or_default())),
                Err(error) => wrong(error.to_string()),
            },
            (None, None) if ty.wrappers.is_non_null() => {
                wrong(format!("a value of {} is required", schema.display(ty)));
            }
            (None, None) => {}
        }
        if errors.len() >= MAX_ERRORS {
            break;
        }
    }
    if errors.is_empty() { Ok(coerced) } else { Err(errors) }
}

fn measure(value: &Value, nesting: usize, left: &mut usize, limits: &Limits) -> Result<(), GraphqlError> {
    let mut inside = |values: &mut dyn Iterator<Item = &Value>| {
        let Some(nesting) = nesting.checked_sub(1) else {
            return Err(GraphqlError::limit("max_input_nesting", limits.max_input_nesting as u64));
        };
        for value in values {
            *left = left
                .checked_sub(1)
                .ok_or_else(|| GraphqlError::limit("max_input_values", limits.max_input_values as u64))?;
            measure(value, nesting, left, limits)?;
        }
        Ok(())
    };
    match value {
        Value::List(list) => inside(&mut list.iter()),
        Value::Object(object) => inside(&mut object.iter().map(|(_, value)| value)),
        _ => Ok(()),
    }
}
