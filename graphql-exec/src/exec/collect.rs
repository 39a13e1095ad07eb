//! `CollectFields` (§6.3.2), once for each layer.

use std::collections::HashMap;

use crate::{
    plan::{Plan, is_included},
    schema::{Schema, TypeId},
    syntax::{SelectionId, SelectionKind, SelectionSet},
};

/// The selections of one response name: all that were merged, in the order of the text.
pub(super) struct Group {
    pub(super) selections: Vec<SelectionId>,
}

/// From so many fields on a map finds a response name.
const SMALL: usize = 12;

/// The fields of an object of type `object` that `sets` select, grouped by response name.
pub(super) fn collect(schema: &Schema, plan: &Plan, object: TypeId, sets: &[SelectionSet]) -> Vec<Group> {
    let document = plan.document();
    let mut groups: Vec<Group> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    // A fragment counts once in a set (§6.3.2, step 3.d): it cannot add anything the second time.
    let mut visited = vec![false; document.fragments().len()];
    // Sets that are open, with where each goes on.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let applies =
        |condition: &str| schema.type_id(condition).is_some_and(|ty| schema.is_possible(ty, object));
    for &set in sets {
        let range = document.range(set);
        open.push((range.start, range.end));
        while let Some((at, end)) = open.last_mut() {
            if at >= end {
                open.pop();
                continue;
            }
            let index = *at;
            *at = document.end_of(index);
            let selection = document.at(index);
            if !selection.directives.is_empty() && !is_included(plan, selection.directives) {
                continue;
            }
            let id = SelectionId::from_index(index);
            match selection.kind {
                SelectionKind::Field { alias, name, .. } => {
                    let key = document.text(alias.unwrap_or(name));
                    let place = if names.len() < SMALL {
                        names.iter().position(|known| *known == key)
                    } else {
                        if places.is_empty() {
                            places.extend(names.iter().copied().zip(0..));
                        }
                        places.get(key).copied()
                    };
                    if let Some(place) = place {
                        groups[place].selections.push(id);
                    } else {
                        if names.len() >= SMALL {
                            places.insert(key, names.len());
                        }
                        names.push(key);
                        groups.push(Group { selections: vec![id] });
                    }
                }
                SelectionKind::Inline { condition } => {
                    if condition.is_none_or(|condition| applies(document.text(condition))) {
                        let inner = document.range(document.selection_set(id));
                        open.push((inner.start, inner.end));
                    }
                }
                SelectionKind::Spread { .. } => {
                    let Some((index, fragment)) = plan.spread(id) else { continue };
                    if !core::mem::replace(&mut visited[index], true)
                        && applies(document.text(fragment.condition))
                    {
                        let inner = document.range(fragment.selection_set);
                        open.push((inner.start, inner.end));
                    }
                }
            }
        }
    }
    groups
}
