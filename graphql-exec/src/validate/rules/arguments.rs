//! §5.4 Arguments: they exist, stand once, and those that are required are there.

use std::collections::HashSet;

use super::values;
use crate::schema::InputValue;
use crate::span::Span;
use crate::syntax::Run;
use crate::validate::walk::{Expected, Scope};
use crate::validate::{Context, Rule};

/// The field or directive that takes the arguments.
#[derive(Clone, Copy)]
pub(in crate::validate) struct Owner<'a> {
    /// Its name.
    pub(in crate::validate) what: &'a str,
    /// `@` for a directive.
    pub(in crate::validate) sign: &'static str,
    /// Where its name stands.
    pub(in crate::validate) at: Span,
    /// What it takes.
    pub(in crate::validate) arguments: &'a [InputValue],
}

/// Checks the arguments and their values; without an owner, which is another error then, only what can be said all the same.
pub(in crate::validate) fn check(
    context: &mut Context<'_>,
    scope: &mut Scope,
    run: Run,
    owner: Option<Owner<'_>>,
) {
    let document = context.document;
    let given = document.arguments(run);
    let mut seen: HashSet<&str> = HashSet::with_capacity(given.len());
    for argument in given {
        context.steps += 1;
        let name = document.text(argument.name);
        if !seen.insert(name) {
            context.report(
                Rule::UniqueArgumentNames,
                argument.name,
                format!("the argument `{name}` is given twice"),
            );
        }
        let Some(owner) = owner else {
            values::check(context, scope, argument.value, None);
            continue;
        };
        let definition = owner.arguments.iter().find(|known| *known.name == *name);
        if definition.is_none() {
            let hint = context.did_you_mean(name, owner.arguments.iter().map(|known| known.name.as_str()));
            let message = format!("`{}{}` has no argument `{name}`{hint}", owner.sign, owner.what);
            context.report(Rule::KnownArgumentNames, argument.name, message);
        }
        let expected = definition.map(|definition| Expected {
            ty: definition.ty,
            has_default: definition.default.is_some(),
            is_one_of: false,
        });
        values::check(context, scope, argument.value, expected);
    }
    let Some(owner) = owner else { return };
    for definition in owner.arguments {
        if definition.is_required() && !seen.contains(definition.name.as_str()) {
            let ty = context.display(definition.ty);
            let message = format!(
                "`{}{}` needs the argument `{}` of type `{ty}`",
                owner.sign, owner.what, definition.name
            );
            context.report(Rule::ProvidedRequiredArguments, owner.at, message);
        }
    }
}
