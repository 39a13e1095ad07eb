//! §5.7 Directives: they exist, may stand where they do, and stand there once.

use std::collections::HashSet;

use super::arguments::{self, Owner};
use crate::span::Span;
use crate::syntax::{OperationType, Run};
use crate::validate::walk::Scope;
use crate::validate::{Context, Rule};

/// Where directives stand in an executable document (§3.13, `ExecutableDirectiveLocation`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::validate) enum Location {
    Operation(OperationType),
    Field,
    FragmentDefinition,
    FragmentSpread,
    InlineFragment,
    VariableDefinition,
}

impl Location {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Operation(OperationType::Query) => "QUERY",
            Self::Operation(OperationType::Mutation) => "MUTATION",
            Self::Operation(OperationType::Subscription) => "SUBSCRIPTION",
            Self::Field => "FIELD",
            Self::FragmentDefinition => "FRAGMENT_DEFINITION",
            Self::FragmentSpread => "FRAGMENT_SPREAD",
            Self::InlineFragment => "INLINE_FRAGMENT",
            Self::VariableDefinition => "VARIABLE_DEFINITION",
        }
    }
}

/// Checks the directives of one place, with their arguments.
pub(in crate::validate) fn check(context: &mut Context<'_>, scope: &mut Scope, run: Run, location: Location) {
    let document = context.document;
    let given = document.directives(run);
    let mut seen: HashSet<&str> = HashSet::with_capacity(given.len());
    for directive in given {
        context.steps += 1;
        let name = document.text(directive.name);
        let at = Span::new(directive.span.start, directive.name.end);
        let Some(definition) = context.schema.directive(name) else {
            let hint = context
                .did_you_mean(name, context.schema.directives().iter().map(|known| known.name.as_str()));
            context.report(Rule::KnownDirectives, at, format!("there is no directive `@{name}`{hint}"));
            arguments::check(context, scope, directive.arguments, None);
            continue;
        };
        if !definition.locations.iter().any(|known| *known == *location.as_str()) {
            let message = format!("`@{name}` cannot stand at {}", location.as_str());
            context.report(Rule::KnownDirectives, at, message);
        }
        if !seen.insert(name) && !definition.repeatable {
            context.report(Rule::UniqueDirectivesPerLocation, at, format!("`@{name}` stands here twice"));
        }
        let owner = Owner { what: name, sign: "@", at, arguments: &definition.arguments };
        arguments::check(context, scope, directive.arguments, Some(owner));
    }
}
