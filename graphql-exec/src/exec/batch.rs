//! One field for all parents of its layer, and what a resolver can know of it.

use core::fmt;
use std::sync::Arc;

use super::{
    collect::collect,
    column::Cell,
    engine::{Engine, Node, State, TaskId},
    output::{ObjectRef, Resolved},
};
use crate::{
    plan::Plan,
    schema::{FieldId, Schema, TypeId},
    syntax::{SelectionId, SelectionKind, SelectionSet},
    value::Arguments,
};

/// A field that is wanted for all parents of its layer. Answer it at once, or keep its [`TaskId`] and answer later.
pub struct ResolveBatch<'e> {
    pub(super) engine: &'e mut Engine,
    pub(super) node: u32,
}

impl ResolveBatch<'_> {
    fn state(&self) -> &Node {
        &self.engine.nodes[self.node as usize]
    }

    /// The field of the schema.
    #[must_use]
    pub fn field(&self) -> FieldId {
        self.state().field
    }

    /// The coerced arguments: the same for all parents.
    #[must_use]
    pub fn arguments(&self) -> &Arc<Arguments> {
        &self.state().arguments
    }

    /// The parents; [`Root`](super::Root) for the fields of a root type.
    #[must_use]
    pub fn parents(&self) -> &Arc<[ObjectRef]> {
        &self.engine.layers[self.state().layer as usize].objects
    }

    /// Where in the operation the field stands.
    #[must_use]
    pub fn info(&self) -> Info {
        Info {
            schema: self.engine.schema.clone(),
            plan: self.engine.plan.clone(),
            field: self.state().field,
            parent: self.engine.layers[self.state().layer as usize].ty,
            selections: Arc::clone(&self.state().selections),
        }
    }

    /// Answers for each parent.
    pub fn fill(self, mut resolve: impl FnMut(&ObjectRef) -> Resolved) {
        self.write(|parent, cell| cell.resolved(resolve(parent)));
    }

    pub(crate) fn write(self, write: impl FnMut(&ObjectRef, &mut Cell<'_>)) {
        let Self { engine, node } = self;
        engine.in_flight = engine.in_flight.saturating_sub(1);
        engine.write(node, write);
    }

    /// The name by which [`Engine::resolved`] answers.
    #[must_use]
    pub fn later(self) -> TaskId {
        TaskId { node: self.node, event: self.engine.event }
    }

    /// The same for a task that waits for a loader: it does not count as work that goes on.
    #[must_use]
    pub fn wait_for_load(self) -> TaskId {
        let Self { engine, node } = self;
        engine.nodes[node as usize].state = State::Stalled;
        engine.in_flight -= 1;
        engine.stalled += 1;
        TaskId { node, event: engine.event }
    }
}

impl fmt::Debug for ResolveBatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.engine.schema.field_def(self.field());
        write!(f, "{} of {} parents", field.name, self.parents().len())
    }
}

/// What a resolver can know of the operation beside its arguments.
#[derive(Clone, Debug)]
pub struct Info {
    schema: Schema,
    plan: Plan,
    field: FieldId,
    parent: TypeId,
    selections: Arc<[SelectionId]>,
}

impl Info {
    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The operation, its document and its variables.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The name of the field.
    #[must_use]
    pub fn field_name(&self) -> &str {
        &self.schema.field_def(self.field).name
    }

    /// The name of the type of the parents.
    #[must_use]
    pub fn parent_type(&self) -> &str {
        &self.schema.ty(self.parent).name
    }

    /// The name under which the field stands in the response.
    #[must_use]
    pub fn response_name(&self) -> &str {
        let document = self.plan.document();
        let name = self.selections.first().and_then(|&id| document.selection(id).kind.response_name());
        name.map_or("", |name| document.text(name))
    }

    /// Looks ahead: the names of the fields that are selected of what this field gives, each once, in the order of the
    /// text. Of an interface or union those of all types.
    #[must_use]
    pub fn selected(&self) -> Vec<String> {
        let document = self.plan.document();
        let sets: Vec<SelectionSet> = self.selections.iter().map(|&id| document.selection_set(id)).collect();
        let mut names: Vec<String> = Vec::new();
        for &ty in self.schema.possible_types(self.schema.field_def(self.field).ty.base) {
            for group in collect(&self.schema, &self.plan, ty, &sets) {
                let Some(&id) = group.selections.first() else { continue };
                let SelectionKind::Field { name, .. } = document.selection(id).kind else { continue };
                if !names.iter().any(|known| known == document.text(name)) {
                    names.push(document.text(name).to_owned());
                }
            }
        }
        names
    }
}
