//! §5.3.2 as the specification writes it: every pair, and every pair below. It takes for ever on large documents, and is right.

use graphql_exec::Schema;
use graphql_exec::schema::{FieldId, TypeId};
use graphql_exec::syntax::{Document, SelectionId, SelectionKind, SelectionSet};
use std::collections::HashSet;

/// A schema with every shape: object, interface and union, leaf, list and non-null.
pub(crate) const SDL: &str = "
type Query { a: A i: I u: U n(x: Int): Int }
interface I { n: Int s: String a: A }
type A implements I { n: Int s: String m: Int! l: [Int] a: A b: B i: I u: U }
type B implements I { n: Int s: String m: String l: [Int!] a: A b: B! i: I u: U }
union U = A | B
";

/// A document of that schema, made of any bytes.
pub(crate) fn document(bytes: &[u8]) -> String {
    let mut bytes = bytes.iter().copied();
    let mut text = String::from("{ a { ");
    let mut left = 40;
    selections(&mut bytes, &mut text, 0, &mut left);
    text.push_str("} i { ...F } }");
    for (name, on) in [("F", "I"), ("G", "A"), ("H", "B")] {
        text.push_str(&format!(" fragment {name} on {on} {{ "));
        // Only down, so that there is no cycle: F spreads G and H, G spreads H.
        selections_of(
            &mut bytes,
            &mut text,
            0,
            &mut left,
            match name {
                "F" => &["...G ", "...H "],
                "G" => &["... on I { ...H } "],
                _ => &[],
            },
        );
        text.push('}');
    }
    text
}

fn selections(bytes: &mut impl Iterator<Item = u8>, text: &mut String, depth: usize, left: &mut usize) {
    selections_of(bytes, text, depth, left, &["...G ", "... on I { ...F } "]);
}

fn selections_of(
    bytes: &mut impl Iterator<Item = u8>,
    text: &mut String,
    depth: usize,
    left: &mut usize,
    spreads: &[&str],
) {
    text.push_str("n ");
    while let Some(byte) = bytes.next() {
        if *left == 0 || byte % 8 == 7 {
            return;
        }
        *left -= 1;
        let alias = ["", "n: ", "x: ", "y: "][usize::from(byte >> 3) % 4];
        match byte % 8 {
            0 | 1 => text.push_str(&format!("{alias}{} ", ["n", "s", "m", "l"][usize::from(byte >> 5) % 4])),
            2 | 3 if depth < 4 => {
                text.push_str(&format!("{alias}{} {{ ", ["a", "b", "i", "u"][usize::from(byte >> 5) % 4]));
                selections_of(bytes, text, depth + 1, left, spreads);
                text.push_str("} ");
            }
            4 if depth < 4 => {
                text.push_str(
                    ["... on A { ", "... on B { ", "... on I { ", "... { "][usize::from(byte >> 5) % 4],
                );
                selections_of(bytes, text, depth + 1, left, spreads);
                text.push_str("} ");
            }
            5 => text.push_str(spreads.get(usize::from(byte >> 5) % spreads.len().max(1)).unwrap_or(&"")),
            _ => text.push_str("__typename "),
        }
    }
}

/// Whether two fields conflict.
pub(crate) fn conflicts(schema: &Schema, document: &Document<'_>) -> bool {
    let model = Model { schema, document };
    // The rule is one of each selection set of the document.
    let operations = document.operations().iter();
    let mut left: Vec<_> =
        operations.map(|operation| (operation.selection_set, schema.root(operation.kind))).collect();
    let fragments = document.fragments().iter();
    left.extend(
        fragments.map(|fragment| (fragment.selection_set, schema.type_id(document.text(fragment.condition)))),
    );
    while let Some(set) = left.pop() {
        if !model.can_merge(&[set]) {
            return true;
        }
        left.extend(model.fields(&[set]).iter().map(|field| model.below(field)));
    }
    false
}

struct Model<'a> {
    schema: &'a Schema,
    document: &'a Document<'a>,
}

#[derive(Clone, Copy)]
struct Field {
    id: SelectionId,
    parent: Option<TypeId>,
    field: Option<FieldId>,
}

type Sets = [(SelectionSet, Option<TypeId>)];

impl Model<'_> {
    fn can_merge(&self, sets: &Sets) -> bool {
        let fields = self.fields(sets);
        fields.iter().enumerate().all(|(n, a)| {
            fields[n + 1..].iter().filter(|b| self.response_name(a.id) == self.response_name(b.id)).all(|b| {
                if !self.same_shape(a, b) {
                    return false;
                }
                let (Some(of_a), Some(of_b)) = (a.parent, b.parent) else { return true };
                let is_object = |ty: TypeId| !self.schema.ty(ty).kind.is_abstract();
                if of_a != of_b && is_object(of_a) && is_object(of_b) {
                    return true;
                }
                self.name(a.id) == self.name(b.id) && self.can_merge(&[self.below(a), self.below(b)])
            })
        })
    }

    fn same_shape(&self, a: &Field, b: &Field) -> bool {
        let (Some(of_a), Some(of_b)) = (a.field, b.field) else { return true };
        let (a_ty, b_ty) = (self.schema.field_def(of_a).ty, self.schema.field_def(of_b).ty);
        if a_ty.wrappers != b_ty.wrappers {
            return false;
        }
        let is_composite = |ty: TypeId| self.schema.ty(ty).kind.is_composite();
        if !is_composite(a_ty.base) || !is_composite(b_ty.base) {
            return a_ty.base == b_ty.base;
        }
        let fields = self.fields(&[self.below(a), self.below(b)]);
        fields.iter().enumerate().all(|(n, a)| {
            fields[n + 1..]
                .iter()
                .filter(|b| self.response_name(a.id) == self.response_name(b.id))
                .all(|b| self.same_shape(a, b))
        })
    }

    fn below(&self, field: &Field) -> (SelectionSet, Option<TypeId>) {
        let base = field.field.map(|field| self.schema.field_def(field).ty.base);
        (self.document.selection_set(field.id), base)
    }

    fn fields(&self, sets: &Sets) -> Vec<Field> {
        let (mut fields, mut spread) = (Vec::new(), HashSet::new());
        for (set, parent) in sets {
            self.collect(*set, *parent, &mut spread, &mut fields);
        }
        // A set that is looked at together with itself brings each field twice.
        let mut seen = HashSet::new();
        fields.retain(|field| seen.insert(field.id));
        fields
    }

    fn collect(
        &self,
        set: SelectionSet,
        parent: Option<TypeId>,
        spread: &mut HashSet<String>,
        fields: &mut Vec<Field>,
    ) {
        for (id, selection) in self.document.selections(set) {
            match selection.kind {
                SelectionKind::Field { name, .. } => {
                    let field = parent.and_then(|parent| self.schema.field(parent, self.document.text(name)));
                    fields.push(Field { id, parent, field });
                }
                SelectionKind::Inline { condition } => {
                    let on = condition.map_or(parent, |on| self.schema.type_id(self.document.text(on)));
                    self.collect(self.document.selection_set(id), on, spread, fields);
                }
                SelectionKind::Spread { name } => {
                    let name = self.document.text(name);
                    if !spread.insert(name.to_owned()) {
                        continue;
                    }
                    let Some(fragment) =
                        self.document.fragments().iter().find(|f| self.document.text(f.name) == name)
                    else {
                        continue;
                    };
                    let on = self.schema.type_id(self.document.text(fragment.condition));
                    self.collect(fragment.selection_set, on, spread, fields);
                }
            }
        }
    }

    fn name(&self, id: SelectionId) -> &str {
        match self.document.selection(id).kind {
            SelectionKind::Field { name, .. } => self.document.text(name),
            _ => "",
        }
    }

    fn response_name(&self, id: SelectionId) -> &str {
        self.document.selection(id).kind.response_name().map_or("", |name| self.document.text(name))
    }
}
