//! §5.3.2 Field Selection Merging: what has one name in the response is one thing.
//!
//! The specification compares each pair of fields, and each pair below them again, which takes time of a higher power of the
//! document's length, and has been an attack on many servers (CVE-2023-26144 and others). Here the fields of one response name are
//! one group, of which each is compared with the first, and the sets below a group are looked at together, as one set. There are two
//! questions, each with such a walk of its own, since the groups differ:
//!
//! - `FieldsInSetCanMerge`: of fields that can apply to one object, all have the same name and arguments. The fields on one object
//!   type are a group, together with all that are on abstract types.
//! - `SameResponseShape`: of all fields, whatever they apply to, the types have one shape.
//!
//! A collection of sets that was looked at is not looked at again, however it was come by. What can still grow beyond the document is
//! the number of such collections, which takes a document made for it; [`Limits::max_merge_steps`](crate::Limits::max_merge_steps)
//! ends that.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::walk::Facts;
use super::{Context, Rule};
use crate::error::GraphqlError;
use crate::schema::{FieldType, TypeId};
use crate::syntax::{Run, SelectionId, SelectionKind, SelectionSet, ValueId, ValueKind};

/// Checks all operations and fragments.
///
/// # Errors
/// More than `max_steps` selections would have to be looked at.
pub(super) fn check(context: &mut Context<'_>, facts: &Facts, max_steps: u64) -> Result<(), GraphqlError> {
    let count = context.document.selection_count();
    let fragments = context.document.fragments().len();
    let mut merge = Merge {
        end: context.steps.saturating_add(max_steps),
        max_steps,
        names: vec![0; count],
        keys: vec![0; count],
        expanded: vec![0; fragments],
        expansion: 0,
        reported: HashSet::new(),
        context,
        facts,
    };
    merge.name_fields();
    merge.walk(Merge::same_field)?;
    merge.walk(Merge::same_shape)
}

struct Merge<'c, 'a> {
    context: &'c mut Context<'a>,
    facts: &'c Facts,
    end: u64,
    max_steps: u64,
    /// For each field, a number for its response name.
    names: Vec<u32>,
    /// For each field, a number for its name and arguments.
    keys: Vec<u32>,
    /// For each fragment, in which expansion it was last spread.
    expanded: Vec<u64>,
    expansion: u64,
    /// Pairs of which it was said already that they conflict.
    reported: HashSet<(SelectionId, SelectionId)>,
}

/// The fields whose selection sets are looked at as one, in the order of the text.
type Owners = Vec<SelectionId>;
/// One question: looks at a group of fields of one response name, and gives the collections to be looked at below.
type Question<'c, 'a> = fn(&mut Merge<'c, 'a>, &[SelectionId]) -> Vec<Owners>;

impl<'c, 'a> Merge<'c, 'a> {
    /// Gives response names, and names with arguments, their numbers.
    fn name_fields(&mut self) {
        let document = self.context.document;
        let mut names: HashMap<&str, u32> = HashMap::new();
        let mut keys: HashMap<String, u32> = HashMap::new();
        let sets = document.operations().iter().map(|operation| operation.selection_set);
        let mut left: Vec<SelectionSet> =
            sets.chain(document.fragments().iter().map(|fragment| fragment.selection_set)).collect();
        while let Some(set) = left.pop() {
            for (id, selection) in document.selections(set) {
                self.context.steps += 1;
                if let SelectionKind::Field { alias, name, arguments } = selection.kind {
                    let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
                    self.names[id.index()] =
                        *names.entry(document.text(alias.unwrap_or(name))).or_insert(next);
                    let key = self.key(document.text(name), arguments);
                    let next = u32::try_from(keys.len()).unwrap_or(u32::MAX);
                    self.keys[id.index()] = *keys.entry(key).or_insert(next);
                }
                left.push(document.selection_set(id));
            }
        }
    }

    /// A field's name and arguments as a text that is the same where they mean the same, in whatever order they stand.
    fn key(&mut self, name: &str, arguments: Run) -> String {
        let document = self.context.document;
        let mut parts: Vec<String> = Vec::new();
        for argument in document.arguments(arguments) {
            let mut part = format!("{}:", document.text(argument.name));
            self.write_value(argument.value, &mut part);
            parts.push(part);
        }
        parts.sort_unstable();
        format!("{name}({})", parts.join(","))
    }

    fn write_value(&mut self, value: ValueId, out: &mut String) {
        self.context.steps += 1;
        let document = self.context.document;
        match document.value_kind(value) {
            ValueKind::List => {
                out.push('[');
                for item in document.list_items(value) {
                    self.write_value(item, out);
                    out.push(',');
                }
                out.push(']');
            }
            ValueKind::Object => {
                let mut fields: Vec<String> = Vec::new();
                for (name, value) in document.object_fields(value) {
                    let mut field = format!("{}:", document.text(name));
                    self.write_value(value, &mut field);
                    fields.push(field);
                }
                fields.sort_unstable();
                out.push('{');
                out.push_str(&fields.join(","));
                out.push('}');
            }
            ValueKind::String | ValueKind::BlockString => {
                // With its length before it, so that no text can look like something else.
                let text = document.string(value);
                out.push_str(&format!("{}\"{text}", text.len()));
            }
            _ => out.push_str(document.value_text(value)),
        }
    }

    /// Asks one question of each collection of selection sets, from the operations down. Then from the fragments that no operation
    /// has come across, each of which is an error already, so that there are few.
    fn walk(&mut self, question: Question<'c, 'a>) -> Result<(), GraphqlError> {
        let document = self.context.document;
        let mut seen: HashSet<Owners> = HashSet::new();
        self.expanded.fill(0);
        for operation in document.operations() {
            self.walk_from(operation.selection_set, &mut seen, question)?;
        }
        for (index, fragment) in document.fragments().iter().enumerate() {
            if self.expanded[index] == 0 {
                self.walk_from(fragment.selection_set, &mut seen, question)?;
            }
        }
        Ok(())
    }

    fn walk_from(
        &mut self,
        root: SelectionSet,
        seen: &mut HashSet<Owners>,
        question: Question<'c, 'a>,
    ) -> Result<(), GraphqlError> {
        let document = self.context.document;
        let mut left: Vec<Owners> = Vec::new();
        let mut sets = vec![root];
        while !self.context.is_full() {
            for group in self.collect(&sets)? {
                for mut owners in question(self, &group) {
                    owners.retain(|owner| !document.selection_set(*owner).is_empty());
                    owners.sort_unstable();
                    if !owners.is_empty() && seen.insert(owners.clone()) {
                        left.push(owners);
                    }
                }
            }
            let Some(owners) = left.pop() else { break };
            sets = owners.iter().map(|owner| document.selection_set(*owner)).collect();
        }
        Ok(())
    }

    /// The fields of these sets by response name, fragments expanded, each once.
    fn collect(&mut self, sets: &[SelectionSet]) -> Result<Vec<Vec<SelectionId>>, GraphqlError> {
        let document = self.context.document;
        self.expansion += 1;
        let mut places: HashMap<u32, usize> = HashMap::new();
        let mut groups: Vec<Vec<SelectionId>> = Vec::new();
        let mut left: Vec<SelectionSet> = sets.iter().rev().copied().collect();
        while let Some(set) = left.pop() {
            for (id, selection) in document.selections(set) {
                self.context.steps += 1;
                match selection.kind {
                    SelectionKind::Field { .. } => {
                        let place = *places.entry(self.names[id.index()]).or_insert(groups.len());
                        match groups.get_mut(place) {
                            Some(group) => group.push(id),
                            None => groups.push(vec![id]),
                        }
                    }
                    SelectionKind::Inline { .. } => left.push(document.selection_set(id)),
                    SelectionKind::Spread { name } => {
                        if let Some((index, fragment)) = self.context.fragment(document.text(name))
                            && core::mem::replace(&mut self.expanded[index], self.expansion) != self.expansion
                        {
                            left.push(fragment.selection_set);
                        }
                    }
                }
            }
            if self.context.steps > self.end {
                return Err(GraphqlError::limit("max_merge_steps", self.max_steps));
            }
        }
        // The first of a group is the one that the others are held against.
        groups.iter_mut().for_each(|group| group.sort_unstable());
        Ok(groups)
    }

    /// `FieldsInSetCanMerge`.
    fn same_field(&mut self, group: &[SelectionId]) -> Vec<Owners> {
        let mut anywhere: Owners = Vec::new();
        let mut by_object: BTreeMap<TypeId, Owners> = BTreeMap::new();
        let mut below: Vec<Owners> = Vec::new();
        for id in group {
            match self.facts.parent(*id) {
                Some(parent) if !self.context.schema.ty(parent).kind.is_abstract() => {
                    by_object.entry(parent).or_default().push(*id);
                }
                Some(_) => anywhere.push(*id),
                // Of no known type, which is another error: nothing can be said of it, only of what is below it.
                None => below.push(vec![*id]),
            }
        }
        self.same_key(&anywhere, None);
        let first = anywhere.first().copied();
        if by_object.is_empty() {
            below.push(anywhere);
            return below;
        }
        for mut owners in by_object.into_values() {
            self.same_key(&owners, first);
            owners.extend_from_slice(&anywhere);
            below.push(owners);
        }
        below
    }

    /// Compares each field with one before, or else with the first.
    fn same_key(&mut self, fields: &[SelectionId], before: Option<SelectionId>) {
        let Some(first) = before.or(fields.first().copied()) else { return };
        for other in fields {
            if self.keys[first.index()] == self.keys[other.index()] {
                continue;
            }
            let (a, b) = (self.field_name(first), self.field_name(*other));
            let what =
                if a == b { format!("`{a}` with different arguments") } else { format!("`{a}` and `{b}`") };
            self.conflict(first, *other, &what);
        }
    }

    /// `SameResponseShape`.
    fn same_shape(&mut self, group: &[SelectionId]) -> Vec<Owners> {
        let mut first: Option<(SelectionId, FieldType)> = None;
        let (mut together, mut below): (Owners, Vec<Owners>) = (Vec::new(), Vec::new());
        for id in group {
            let Some(field) = self.facts.field(*id) else {
                below.push(vec![*id]);
                continue;
            };
            together.push(*id);
            let ty = self.context.schema.field_def(field).ty;
            let (before, expected) = *first.get_or_insert((*id, ty));
            let is_same = ty.wrappers == expected.wrappers
                && (ty.base == expected.base
                    || (self.context.is_composite(ty.base) && self.context.is_composite(expected.base)));
            if !is_same {
                let (expected, ty) = (self.context.display(expected), self.context.display(ty));
                let what = format!("a value of type `{expected}` and one of type `{ty}`");
                self.conflict(before, *id, &what);
            }
        }
        below.push(together);
        below
    }

    fn conflict(&mut self, first: SelectionId, other: SelectionId, what: &str) {
        if !self.reported.insert((first, other)) {
            return;
        }
        let document = self.context.document;
        let (a, b) = (document.selection(first), document.selection(other));
        let name = a.kind.response_name().map_or("", |name| document.text(name));
        let message = format!("`{name}` would be {what} at once; give one of them an alias");
        self.context.report_at(Rule::OverlappingFieldsCanBeMerged, &[a.span, b.span], message);
    }

    fn field_name(&self, id: SelectionId) -> &'a str {
        match self.context.document.selection(id).kind {
            SelectionKind::Field { name, .. } => self.context.text(name),
            _ => "",
        }
    }
}
