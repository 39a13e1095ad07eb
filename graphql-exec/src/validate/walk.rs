//! One walk over each definition with the types in hand. It finds what can be seen at one place, and notes the facts that the
//! rules about the whole document need.

use super::rules::{arguments, directives, directives::Location, fields, fragments, operations, variables};
use super::{Context, Rule};
use crate::schema::{FieldId, FieldType, TypeId};
use crate::span::Span;
use crate::syntax::{SelectionId, SelectionKind, SelectionSet, ValueId};

/// What the walk noted.
pub(super) struct Facts {
    /// For each selection, by its index: the type that it is selected from.
    pub(super) parents: Vec<Option<TypeId>>,
    /// For each selection that is a field of that type: which one.
    pub(super) fields: Vec<Option<FieldId>>,
    /// The operations, then the fragments.
    pub(super) scopes: Vec<Scope>,
}

/// What one definition refers to.
#[derive(Default)]
pub(super) struct Scope {
    /// Fragments that it spreads: which, and where their names stand.
    pub(super) spreads: Vec<(usize, Span)>,
    pub(super) usages: Vec<Usage>,
}

/// A variable where a value is expected.
#[derive(Clone, Copy)]
pub(super) struct Usage {
    pub(super) value: ValueId,
    /// `None` where what is expected is not known, for another error.
    pub(super) expected: Option<Expected>,
}

/// What a place takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Expected {
    pub(super) ty: FieldType,
    /// A default applies where there is no value.
    pub(super) has_default: bool,
    /// A field of a oneOf object, where null is no value though the type has it (§3.10.1).
    pub(super) is_one_of: bool,
}

impl Facts {
    pub(super) fn parent(&self, id: SelectionId) -> Option<TypeId> {
        self.parents.get(id.index()).copied().flatten()
    }

    pub(super) fn field(&self, id: SelectionId) -> Option<FieldId> {
        self.fields.get(id.index()).copied().flatten()
    }
}

/// Walks all operations and fragments.
pub(super) fn walk(context: &mut Context<'_>) -> Facts {
    let document = context.document;
    let count = document.selection_count();
    let mut facts = Facts { parents: vec![None; count], fields: vec![None; count], scopes: Vec::new() };
    for operation in document.operations() {
        let mut scope = Scope::default();
        operations::known_type(context, operation);
        directives::check(context, &mut scope, operation.directives, Location::Operation(operation.kind));
        variables::definitions(context, &mut scope, operation);
        let root = context.schema.root(operation.kind);
        selections(context, &mut facts, &mut scope, operation.selection_set, root);
        facts.scopes.push(scope);
    }
    for fragment in document.fragments() {
        let mut scope = Scope::default();
        directives::check(context, &mut scope, fragment.directives, Location::FragmentDefinition);
        let condition = fragments::condition(context, fragment.condition);
        selections(context, &mut facts, &mut scope, fragment.selection_set, condition);
        facts.scopes.push(scope);
    }
    facts
}

/// Walks the selections of one definition, with a list of what is left instead of the stack: nesting is the client's.
fn selections(
    context: &mut Context<'_>,
    facts: &mut Facts,
    scope: &mut Scope,
    set: SelectionSet,
    parent: Option<TypeId>,
) {
    let document = context.document;
    let mut left = vec![(set, parent)];
    while let Some((set, parent)) = left.pop() {
        for (id, selection) in document.selections(set) {
            context.steps += 1;
            facts.parents[id.index()] = parent;
            match selection.kind {
                SelectionKind::Field { name, arguments, .. } => {
                    let field = parent.and_then(|parent| fields::find(context, parent, name));
                    facts.fields[id.index()] = field;
                    directives::check(context, scope, selection.directives, Location::Field);
                    let children = document.selection_set(id);
                    let definition = field.map(|field| context.schema.field_def(field));
                    arguments::check(
                        context,
                        scope,
                        arguments,
                        definition.map(|definition| arguments::Owner {
                            what: definition.name.as_str(),
                            sign: "",
                            at: name,
                            arguments: &definition.arguments,
                        }),
                    );
                    let base = definition.map(|definition| definition.ty.base);
                    if let Some(definition) = definition {
                        fields::leaf(context, name, definition, children);
                    }
                    if !children.is_empty() {
                        left.push((children, base.filter(|base| context.is_composite(*base))));
                    }
                }
                SelectionKind::Spread { name } => {
                    directives::check(context, scope, selection.directives, Location::FragmentSpread);
                    let Some((index, fragment)) = context.fragment(document.text(name)) else {
                        let text = document.text(name);
                        let names = document.fragments().iter().map(|fragment| document.text(fragment.name));
                        let hint = context.suggest(text, names);
                        context.report(
                            Rule::KnownFragmentNames,
                            name,
                            format!("there is no fragment `{text}`{hint}"),
                        );
                        continue;
                    };
                    scope.spreads.push((index, name));
                    let condition = context.composite(fragment.condition);
                    fragments::possible(context, selection.span, parent, condition);
                }
                SelectionKind::Inline { condition } => {
                    directives::check(context, scope, selection.directives, Location::InlineFragment);
                    let children = document.selection_set(id);
                    let Some(condition) = condition else {
                        left.push((children, parent));
                        continue;
                    };
                    let condition = fragments::condition(context, condition);
                    fragments::possible(context, selection.span, parent, condition);
                    left.push((children, condition));
                }
            }
        }
    }
}
