//! Layers: objects of one type that one field gave, and the fields that are selected of them.

use std::sync::Arc;

use super::{
    collect::{Group, collect},
    column::{Column, NULL, Place, object_type},
    engine::{Engine, Layer, Node, State},
    output::{ObjectRef, Root},
};
use crate::{
    error::{GraphqlError, code},
    schema::{FieldId, TypeId, resolve_meta},
    syntax::{OperationType, SelectionId, SelectionKind, SelectionSet, ValueKind},
    value::{Arguments, Object, coerce::coerce_literal},
};

impl Engine {
    /// Puts the objects of a node into layers, one for each of their types.
    pub(super) fn descend(&mut self, node: u32) {
        let state = &mut self.nodes[node as usize];
        let expected = state.column.ty.base;
        let level = state.column.lists.len();
        let objects = core::mem::take(&mut state.column.objects);
        // Few types come in one column: a search from the front finds them.
        let mut found: Vec<(&'static str, TypeId, Vec<ObjectRef>, Vec<u32>)> = Vec::new();
        let mut places = Vec::with_capacity(objects.len());
        let mut errors = Vec::new();
        for (cell, object) in (0_u32..).zip(objects) {
            let mut place = Place { layer: 0, row: NULL };
            if let Some(object) = object {
                let name = object.type_name();
                let mut at =
                    found.iter().position(|(known, ..)| core::ptr::eq(*known, name) || *known == name);
                if at.is_none()
                    && let Some(ty) = object_type(&self.schema, expected, name)
                {
                    at = Some(found.len());
                    found.push((name, ty, Vec::new(), Vec::new()));
                }
                if let Some(at) = at {
                    let (_, _, objects, cells) = &mut found[at];
                    place = Place { layer: index(at), row: index(objects.len()) };
                    objects.push(object);
                    cells.push(cell);
                } else {
                    let wanted = &self.schema.ty(expected).name;
                    let message =
                        format!("the resolver gave an object of type {name} where the schema says {wanted}");
                    errors.push((
                        level,
                        cell,
                        GraphqlError::new(message).with_code(code::INTERNAL_SERVER_ERROR),
                    ));
                }
            }
            places.push(place);
        }
        let first = index(self.layers.len());
        for place in &mut places {
            place.layer += first;
        }
        let column = &mut self.nodes[node as usize].column;
        column.dirty |= !errors.is_empty();
        column.places = places;
        column.errors.append(&mut errors);
        self.nodes[node as usize].layers = (first..first + index(found.len())).collect();
        if found.is_empty() {
            return;
        }
        let document = self.plan.document();
        let selections = Arc::clone(&self.nodes[node as usize].selections);
        let sets: Vec<SelectionSet> = selections.iter().map(|&id| document.selection_set(id)).collect();
        // All layers first: their numbers are handed out already.
        let mut new = Vec::with_capacity(found.len());
        for (_, ty, objects, cells) in found {
            new.push((index(self.layers.len()), ty));
            self.layers.push(Layer {
                ty,
                rows: objects.len(),
                objects: objects.into(),
                origin: Some(node),
                cells,
                nodes: 0..0,
                nulled: Vec::new(),
            });
        }
        for (layer, ty) in new {
            let groups = collect(&self.schema, &self.plan, ty, &sets);
            self.fields(layer, groups);
        }
    }

    pub(super) fn begin(&mut self) {
        let root = self.plan.root();
        let operation = *self.plan.operation();
        let groups = collect(&self.schema, &self.plan, root, &[operation.selection_set]);
        self.layers.push(Layer {
            ty: root,
            rows: 1,
            objects: Arc::new([ObjectRef::of(Root)]),
            origin: None,
            cells: Vec::new(),
            nodes: 0..0,
            nulled: Vec::new(),
        });
        self.fields(0, groups);
    }

    /// Makes the nodes of a layer and does at once what needs nobody else.
    fn fields(&mut self, layer: u32, groups: Vec<Group>) {
        let start = index(self.nodes.len());
        let (ty, rows) = (self.layers[layer as usize].ty, self.layers[layer as usize].rows);
        let mut failed = Vec::new();
        for Group { selections } in groups {
            let document = self.plan.document();
            let Some(&first) = selections.first() else { continue };
            let SelectionKind::Field { alias, name, .. } = document.selection(first).kind else { continue };
            // Validation found each field; one that is not there is left out (§6.3, "ExecuteSelectionSet").
            let Some(field) = self.schema.field(ty, document.text(name)) else { continue };
            let key = document.text(alias.unwrap_or(name));
            let key = [b"\"", key.as_bytes(), b"\":"].concat().into_boxed_slice();
            let definition = self.schema.field_def(field);
            let cells_left = self.limits.max_cells.saturating_sub(self.cells);
            let column = Column::new(&self.schema, definition.ty, rows, cells_left, self.limits.max_response);
            let arguments = if definition.arguments.is_empty() {
                Arc::default()
            } else {
                match self.arguments(field, first) {
                    Ok(arguments) => Arc::new(arguments),
                    Err(error) => {
                        failed.push((index(self.nodes.len()), error));
                        Arc::default()
                    }
                }
            };
            self.nodes.push(Node {
                layer,
                key,
                field,
                selections: selections.into(),
                arguments,
                column,
                state: State::Ready,
                layers: Vec::new(),
            });
        }
        let end = index(self.nodes.len());
        self.layers[layer as usize].nodes = start..end;
        for (node, error) in failed {
            self.write(node, |_, cell| cell.error(error.clone()));
        }
        let serial = layer == 0 && self.plan.kind() == OperationType::Mutation;
        for node in start..end {
            let state = &self.nodes[node as usize];
            if state.state == State::Complete {
                continue;
            }
            let field = state.field;
            if self.schema.is_typename(field) {
                let name = self.schema.ty(ty).name.clone();
                self.write(node, |_, cell| cell.text(&name));
            } else if self.schema.is_introspection(field) {
                let schema = self.schema.clone();
                let arguments = Arc::clone(&state.arguments);
                self.write(node, |parent, cell| {
                    cell.resolved(resolve_meta(&schema, field, parent, &arguments));
                });
            } else if serial {
                self.serial.push_back(node);
            } else {
                self.ready.push_back(node);
            }
        }
    }

    /// `CoerceArgumentValues` (§6.4.1).
    fn arguments(&self, field: FieldId, selection: SelectionId) -> Result<Arguments, GraphqlError> {
        let document = self.plan.document();
        let SelectionKind::Field { arguments: run, .. } = document.selection(selection).kind else {
            return Ok(Arguments::default());
        };
        let mut coerced = Object::new();
        let variables = |name: &str| self.plan.variable(name).cloned();
        for definition in &self.schema.field_def(field).arguments {
            let name = &definition.name;
            let given =
                document.arguments(run).iter().find(|argument| *document.text(argument.name) == **name);
            let wrong = |message: String, span| {
                GraphqlError::new(format!("argument `{name}`: {message}"))
                    .with_code(code::BAD_USER_INPUT)
                    .at(document.source(), span)
            };
            let value = match given {
                Some(argument) => {
                    // A variable without a value is as good as no argument: its default counts.
                    let absent = document.value_kind(argument.value) == ValueKind::Variable
                        && self.plan.variable(document.variable_name(argument.value)).is_none();
                    if absent && definition.default.is_some() {
                        None
                    } else {
                        coerce_literal(&self.schema, document, definition.ty, argument.value, &variables)
                            .map_err(|error| {
                                let span = error.span.unwrap_or_else(|| document.value_span(argument.value));
                                wrong(error.to_string(), span)
                            })?
                    }
                }
                None => None,
            };
            match value.or_else(|| definition.default.clone()) {
                Some(value) => coerced.push(name.shared(), value),
                None if definition.ty.wrappers.is_non_null() => {
                    return Err(wrong("it is required".to_owned(), document.selection(selection).span));
                }
                None => {}
            }
        }
        Ok(coerced.into())
    }
}

/// Indices are bounded by the most cells, which is below 2^31.
fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(NULL)
}
