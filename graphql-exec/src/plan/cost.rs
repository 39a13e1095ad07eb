//! What an operation would cost, before it is executed.
//!
//! Each selection of the document is looked at once, whatever spreads it: a fragment's facts are known before they are used,
//! so fragments that spread each other twice cost a sum and no walk.

use std::collections::HashMap;

use super::NO_FRAGMENT;
use crate::{
    error::GraphqlError,
    limits::Limits,
    name::Name,
    schema::{FieldId, Schema, TypeId},
    syntax::{Document, Operation, Run, SelectionKind, SelectionSet, ValueKind},
    value::Value,
};

/// What one field costs towards [`Limits::max_complexity`].
///
/// ```
/// use graphql_exec::plan::Cost;
///
/// // 1 for the list, and what each user costs as often as `limit` says.
/// let cost = Cost::new(1).times("limit");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    own: u64,
    times: Option<String>,
}

impl Cost {
    /// The field itself.
    #[must_use]
    pub const fn new(own: u64) -> Self {
        Self { own, times: None }
    }

    /// What is selected below the field counts as often as this argument says, once where it is not a positive number.
    #[must_use]
    pub fn times(mut self, argument: &str) -> Self {
        self.times = Some(argument.to_owned());
        self
    }
}

/// The cost of each field; 1 for those that are not named.
#[derive(Clone, Debug, Default)]
pub struct Costs(HashMap<FieldId, Cost>);

impl Costs {
    /// Sets the cost of a field.
    pub fn set(&mut self, field: FieldId, cost: Cost) {
        self.0.insert(field, cost);
    }
}

/// What is known of a selection set with all that is below it, fragments expanded.
#[derive(Clone, Copy, Default)]
struct Facts {
    depth: u64,
    selections: u64,
    complexity: u64,
    aliases: u64,
    /// Aliases of the set itself.
    own_aliases: u64,
    /// Fields of the set itself.
    fields: u64,
    /// Lists of introspection in each other.
    lists: u64,
    of_type: u64,
}

impl Facts {
    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.selections = self.selections.saturating_add(other.selections);
        self.complexity = self.complexity.saturating_add(other.complexity);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.own_aliases = self.own_aliases.saturating_add(other.own_aliases);
        self.fields = self.fields.saturating_add(other.fields);
        self.lists = self.lists.max(other.lists);
        self.of_type = self.of_type.max(other.of_type);
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of a plan that is not yet one")]
pub(super) fn check(
    schema: &Schema,
    document: &Document<'_>,
    spreads: &[u32],
    operation: &Operation,
    root: TypeId,
    variables: &HashMap<Name, Value>,
    limits: &Limits,
    costs: &Costs,
) -> Result<(), GraphqlError> {
    let mut walk = Walk {
        schema,
        document,
        spreads,
        variables,
        limits,
        costs,
        fragments: vec![None; document.fragments().len()],
        inside: vec![Facts::default(); document.selection_count()],
        types: vec![None; document.selection_count()],
        parents: vec![NO_PARENT; document.selection_count()],
    };
    for fragment in walk.order(operation.selection_set)? {
        let definition = &document.fragments()[fragment];
        let ty = schema.type_id(document.text(definition.condition));
        walk.fragments[fragment] = Some(walk.set(definition.selection_set, ty)?);
    }
    let facts = walk.set(operation.selection_set, Some(root))?;
    walk.own_aliases(facts)?;
    bound("max_selections", facts.selections, limits.max_selections)?;
    // What writes a response calls itself, so here the limit has a most of its own.
    bound("max_depth", facts.depth, limits.max_depth.min(500) as u64)?;
    bound("max_root_fields", facts.fields, limits.max_root_fields as u64)?;
    bound("max_aliases", facts.aliases, limits.max_aliases as u64)?;
    bound("max_complexity", facts.complexity, limits.max_complexity)
}

fn bound(name: &'static str, found: u64, max: u64) -> Result<(), GraphqlError> {
    if found > max { Err(GraphqlError::limit(name, max)) } else { Ok(()) }
}

const NO_PARENT: u32 = u32::MAX;

struct Walk<'a> {
    schema: &'a Schema,
    document: &'a Document<'a>,
    spreads: &'a [u32],
    variables: &'a HashMap<Name, Value>,
    limits: &'a Limits,
    costs: &'a Costs,
    fragments: Vec<Option<Facts>>,
    /// For each selection what is below it, summed up so far.
    inside: Vec<Facts>,
    types: Vec<Option<TypeId>>,
    parents: Vec<u32>,
}

impl Walk<'_> {
    /// The fragments that a set reaches, each behind those that it spreads itself.
    fn order(&self, set: SelectionSet) -> Result<Vec<usize>, GraphqlError> {
        // Not seen, on the way, done.
        let mut state = vec![0_u8; self.fragments.len()];
        let mut order = Vec::new();
        let mut way = vec![(usize::MAX, self.spread_in(set))];
        while let Some((fragment, spreads)) = way.last_mut() {
            let Some(next) = spreads.pop() else {
                if let Some(state) = state.get_mut(*fragment) {
                    *state = 2;
                    order.push(*fragment);
                }
                way.pop();
                continue;
            };
            match state.get(next) {
                Some(0) => {
                    state[next] = 1;
                    way.push((next, self.spread_in(self.document.fragments()[next].selection_set)));
                }
                Some(1) => {
                    let fragment = &self.document.fragments()[next];
                    let message =
                        format!("the fragment `{}` spreads itself", self.document.text(fragment.name));
                    let error = GraphqlError::new(message).with_code(crate::error::code::VALIDATION_FAILED);
                    return Err(error.at(self.document.source(), fragment.span));
                }
                _ => {}
            }
        }
        Ok(order)
    }

    fn spread_in(&self, set: SelectionSet) -> Vec<usize> {
        let spreads = self.document.range(set).filter_map(|id| self.spreads.get(id).copied());
        spreads.filter(|&fragment| fragment != NO_FRAGMENT).map(|fragment| fragment as usize).collect()
    }

    /// The facts of a set: forwards to know the types, then backwards, so that children come before their parents.
    fn set(&mut self, set: SelectionSet, ty: Option<TypeId>) -> Result<Facts, GraphqlError> {
        let mut open: Vec<(usize, u32, Option<TypeId>)> = Vec::new();
        for index in self.document.range(set) {
            while open.last().is_some_and(|&(end, ..)| index >= end) {
                open.pop();
            }
            let (parent, parent_ty) = open.last().map_or((NO_PARENT, ty), |&(_, parent, ty)| (parent, ty));
            self.parents[index] = parent;
            self.types[index] = parent_ty;
            let selection = self.document.at(index);
            let inner = match selection.kind {
                SelectionKind::Field { name, .. } => parent_ty
                    .and_then(|ty| self.schema.field(ty, self.document.text(name)))
                    .map(|field| self.schema.field_def(field).ty.base),
                SelectionKind::Inline { condition: Some(condition) } => {
                    self.schema.type_id(self.document.text(condition))
                }
                _ => parent_ty,
            };
            open.push((self.document.end_of(index), u32::try_from(index).unwrap_or(NO_PARENT), inner));
        }
        let mut total = Facts::default();
        for index in self.document.range(set).rev() {
            let facts = self.selection(index)?;
            match self.inside.get_mut(self.parents[index] as usize) {
                Some(parent) => parent.add(facts),
                None => total.add(facts),
            }
        }
        Ok(total)
    }

    fn selection(&self, index: usize) -> Result<Facts, GraphqlError> {
        let selection = self.document.at(index);
        let inside = self.inside[index];
        let SelectionKind::Field { alias, name, arguments } = selection.kind else {
            let mut facts =
                match self.spreads.get(index).and_then(|&fragment| self.fragments.get(fragment as usize)) {
                    Some(Some(facts)) => *facts,
                    _ => inside,
                };
            facts.selections = facts.selections.saturating_add(1);
            return Ok(facts);
        };
        self.own_aliases(inside).map_err(|error| error.at(self.document.source(), selection.span))?;
        let name = self.document.text(name);
        let field = self.types[index].and_then(|ty| self.schema.field(ty, name));
        let mut depth = inside.depth + 1;
        if matches!(name, "__schema" | "__type") {
            depth = 1;
            let check = |name, found, max| {
                bound(name, found, max as u64)
                    .map_err(|error| error.at(self.document.source(), selection.span))
            };
            check("max_introspection_lists", inside.lists, self.limits.max_introspection_lists.min(100))?;
            check(
                "max_introspection_of_type",
                inside.of_type,
                self.limits.max_introspection_of_type.min(100),
            )?;
        }
        let is_list = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
        let aliased = u64::from(alias.is_some());
        Ok(Facts {
            depth,
            selections: inside.selections.saturating_add(1),
            complexity: self.complexity(field, arguments, inside.complexity),
            aliases: inside.aliases.saturating_add(aliased),
            own_aliases: aliased,
            fields: 1,
            lists: inside.lists + u64::from(is_list),
            of_type: inside.of_type + u64::from(name == "ofType"),
        })
    }

    fn own_aliases(&self, set: Facts) -> Result<(), GraphqlError> {
        bound("max_aliases_per_set", set.own_aliases, self.limits.max_aliases_per_set as u64)
    }

    fn complexity(&self, field: Option<FieldId>, arguments: Run, inside: u64) -> u64 {
        let Some((field, cost)) = field.and_then(|field| Some((field, self.costs.0.get(&field)?))) else {
            return inside.saturating_add(1);
        };
        let times = cost.times.as_deref().and_then(|name| self.argument(field, arguments, name)).unwrap_or(1);
        inside.saturating_mul(times.max(1)).saturating_add(cost.own)
    }

    /// The whole number that an argument has: as a literal, by a variable, by default.
    fn argument(&self, field: FieldId, run: Run, name: &str) -> Option<u64> {
        let document = self.document;
        let given = document.arguments(run).iter().find(|argument| document.text(argument.name) == name);
        let given = given.and_then(|argument| match document.value_kind(argument.value) {
            ValueKind::Int => document.value_text(argument.value).parse().ok(),
            ValueKind::Variable => self.variables.get(document.variable_name(argument.value))?.as_int(),
            _ => None,
        });
        let default = || {
            let known =
                self.schema.field_def(field).arguments.iter().find(|argument| *argument.name == *name)?;
            known.default.as_ref()?.as_int()
        };
        u64::try_from(given.or_else(default)?).ok()
    }
}
