//! §5.8 Variables: their definitions, and all their uses, through fragments too.

use std::collections::{HashMap, HashSet};

use super::directives::{self, Location};
use super::values;
use crate::schema::FieldType;
use crate::span::Span;
use crate::syntax::{Operation, ValueId, ValueKind, VariableDefinition, Wrappers};
use crate::validate::walk::{Expected, Facts, Scope};
use crate::validate::{Context, Rule};

/// §5.8.1 Variable Uniqueness, §5.8.2 Variables Are Input Types; their defaults and directives.
pub(in crate::validate) fn definitions(context: &mut Context<'_>, scope: &mut Scope, operation: &Operation) {
    let document = context.document;
    let variables = document.variables(operation.variables);
    let mut seen: HashMap<&str, Span> = HashMap::with_capacity(variables.len());
    for variable in variables {
        context.steps += 1;
        let name = document.text(variable.name);
        if let Some(earlier) = seen.insert(name, variable.name) {
            let at = [earlier, variable.name];
            context.report_at(
                Rule::UniqueVariableNames,
                &at,
                format!("the variable `${name}` is defined twice"),
            );
        }
        let ty = input_type(context, variable);
        if let Some(default) = variable.default {
            let expected = ty.map(|ty| Expected { ty, has_default: false, is_one_of: false });
            values::check(context, scope, default, expected);
        }
        directives::check(context, scope, variable.directives, Location::VariableDefinition);
    }
}

fn input_type(context: &mut Context<'_>, variable: &VariableDefinition) -> Option<FieldType> {
    let text = context.text(variable.ty.name);
    let Some(base) = context.schema.type_id(text) else {
        let hint = context.did_you_mean(text, context.schema.types().iter().map(|ty| ty.name.as_str()));
        context.report(Rule::KnownTypeNames, variable.ty.name, format!("there is no type `{text}`{hint}"));
        return None;
    };
    if !context.schema.ty(base).kind.is_input() {
        let name = context.text(variable.name);
        let message = format!("the variable `${name}` cannot be of type `{text}`, which is no input type");
        context.report(Rule::VariablesAreInputTypes, variable.ty.span, message);
        return None;
    }
    Some(FieldType { base, wrappers: variable.ty.wrappers })
}

/// §5.8.3 All Variable Uses Defined, §5.8.4 All Variables Used, §5.8.5 All Variable Usages Are Allowed.
pub(in crate::validate) fn usages(context: &mut Context<'_>, facts: &Facts) {
    let document = context.document;
    let count = document.operations().len();
    let distinct: Vec<Vec<Distinct<'_>>> =
        facts.scopes.iter().map(|scope| distinct(context, scope)).collect();
    // For which operation a fragment was last looked at.
    let mut seen = vec![usize::MAX; document.fragments().len()];
    for (index, operation) in document.operations().iter().enumerate() {
        if context.is_full() {
            return;
        }
        let mut defined: HashMap<&str, (&VariableDefinition, bool)> = HashMap::new();
        for variable in document.variables(operation.variables) {
            defined.entry(document.text(variable.name)).or_insert((variable, false));
        }
        let mut left = vec![index];
        while let Some(scope) = left.pop() {
            for usage in &distinct[scope] {
                context.steps += 1;
                match defined.get_mut(usage.name) {
                    None => undefined(context, operation, usage),
                    Some((variable, is_used)) => {
                        *is_used = true;
                        allowed(context, variable, usage);
                    }
                }
            }
            for (target, _) in &facts.scopes[scope].spreads {
                context.steps += 1;
                if core::mem::replace(&mut seen[*target], index) != index {
                    left.push(count + target);
                }
            }
        }
        for variable in document.variables(operation.variables) {
            let name = document.text(variable.name);
            if defined.get(name).is_some_and(|(_, is_used)| !is_used) {
                let of = of(context, operation);
                let message = format!("the variable `${name}`{of} is never used");
                context.report(Rule::NoUnusedVariables, variable.span, message);
            }
        }
    }
}

/// A use of a variable, and where it first stands in its definition.
struct Distinct<'a> {
    name: &'a str,
    value: ValueId,
    expected: Option<Expected>,
}

/// The uses of one definition that differ in more than their place: a fragment that many operations spread is looked at for each.
fn distinct<'a>(context: &mut Context<'a>, scope: &Scope) -> Vec<Distinct<'a>> {
    let document = context.document;
    let mut seen = HashSet::with_capacity(scope.usages.len());
    let mut distinct = Vec::new();
    for usage in &scope.usages {
        context.steps += 1;
        let name = document.variable_name(usage.value);
        if seen.insert((name, usage.expected)) {
            distinct.push(Distinct { name, value: usage.value, expected: usage.expected });
        }
    }
    distinct
}

fn undefined(context: &mut Context<'_>, operation: &Operation, usage: &Distinct<'_>) {
    let at = context.document.value_span(usage.value);
    let message = format!("the variable `${}`{} is not defined", usage.name, of(context, operation));
    context.report(Rule::NoUndefinedVariables, at, message);
}

fn of(context: &Context<'_>, operation: &Operation) -> String {
    operation.name.map_or_else(String::new, |name| format!(" of `{}`", context.text(name)))
}

/// `IsVariableUsageAllowed` of §5.8.5.
fn allowed(context: &mut Context<'_>, variable: &VariableDefinition, usage: &Distinct<'_>) {
    let Some(Expected { ty, has_default, is_one_of }) = usage.expected else { return };
    let base = context.schema.type_id(context.text(variable.ty.name));
    // A variable of no input type is another error.
    let Some(base) = base.filter(|base| context.schema.ty(*base).kind.is_input()) else { return };
    let given = variable.ty.wrappers;
    let has_own_default =
        variable.default.is_some_and(|default| context.document.value_kind(default) != ValueKind::Null);
    let expected = if ty.wrappers.is_non_null() && (has_own_default || has_default) {
        ty.wrappers.nullable()
    } else {
        ty.wrappers
    };
    let is_allowed = base == ty.base && is_compatible(given, expected) && (!is_one_of || given.is_non_null());
    if !is_allowed {
        let name = context.text(variable.name);
        let given = given.display(context.text(variable.ty.name)).to_string();
        let wanted = if is_one_of { ty.wrappers.non_null() } else { ty.wrappers };
        let wanted = context.display(FieldType { base: ty.base, wrappers: wanted });
        let at = [variable.span, context.document.value_span(usage.value)];
        let message =
            format!("the variable `${name}` of type `{given}` cannot stand where `{wanted}` is expected");
        context.report_at(Rule::VariablesInAllowedPosition, &at, message);
    }
}

/// `AreTypesCompatible` of §5.8.5, for two types around the same name.
fn is_compatible(given: Wrappers, expected: Wrappers) -> bool {
    let (mut given, mut expected) = (given, expected);
    loop {
        if expected.is_non_null() && !given.is_non_null() {
            return false;
        }
        match (given.item(), expected.item()) {
            (None, None) => return true,
            (Some(inner), Some(outer)) => (given, expected) = (inner, outer),
            _ => return false,
        }
    }
}
