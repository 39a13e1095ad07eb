//! The values of one field over all parents of its layer, checked against its type as they come (§6.4.3, "Value Completion").
//!
//! Leaves become JSON at once: a column of texts is one buffer with the end of each. Lists are the ends of their elements.
//! So a cell costs no allocation, and the last pass copies ranges.

use super::output::{ObjectRef, Resolved};
use crate::{
    error::{GraphqlError, code},
    schema::{FieldType, Schema, TypeId, TypeKind},
    syntax::Wrappers,
    value::{Value, json},
};

/// Marks an end whose entry is null. The ends themselves stay below it: cells and bytes are bounded.
pub(super) const NULL: u32 = 1 << 31;

/// Where the object of a cell is: which layer, which row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) layer: u32,
    /// [`NULL`] for none.
    pub(super) row: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaf {
    Int,
    Float,
    String,
    Boolean,
    Id,
    Enum,
    Custom,
    Composite,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(super) ty: FieldType,
    leaf: Leaf,
    /// For each list level, outermost first: behind which entry of the next level each list ends.
    pub(super) lists: Vec<Vec<u32>>,
    /// Of leaves: the JSON of all, and where each ends.
    pub(super) json: Vec<u8>,
    pub(super) ends: Vec<u32>,
    /// Of objects: those that came, and once they have layers, where each cell finds its own.
    pub(super) objects: Vec<Option<ObjectRef>>,
    pub(super) places: Vec<Place>,
    /// Whether a null stands where the type has none.
    pub(super) dirty: bool,
    /// Errors with the level and the index of the entry.
    pub(super) errors: Vec<(usize, u32, GraphqlError)>,
    /// How many entries may still be added, and how many bytes.
    cells_left: usize,
    bytes_left: usize,
    pub(super) overflow: Option<&'static str>,
}

impl Column {
    pub(super) fn new(
        schema: &Schema,
        ty: FieldType,
        rows: usize,
        cells_left: usize,
        bytes_left: usize,
    ) -> Self {
        let named = schema.ty(ty.base);
        let leaf = match (named.kind, &*named.name) {
            (TypeKind::Scalar, "Int") => Leaf::Int,
            (TypeKind::Scalar, "Float") => Leaf::Float,
            (TypeKind::Scalar, "String") => Leaf::String,
            (TypeKind::Scalar, "Boolean") => Leaf::Boolean,
            (TypeKind::Scalar, "ID") => Leaf::Id,
            (TypeKind::Scalar, _) => Leaf::Custom,
            (TypeKind::Enum, _) => Leaf::Enum,
            _ => Leaf::Composite,
        };
        let mut column = Self {
            ty,
            leaf,
            lists: vec![Vec::new(); ty.wrappers.lists()],
            json: Vec::new(),
            ends: Vec::new(),
            objects: Vec::new(),
            places: Vec::new(),
            dirty: false,
            errors: Vec::new(),
            cells_left,
            bytes_left,
            overflow: None,
        };
        if let Some(first) = column.lists.first_mut() {
            first.reserve(rows);
        } else if leaf == Leaf::Composite {
            column.objects.reserve(rows);
        } else {
            column.ends.reserve(rows);
            column.json.reserve(rows.saturating_mul(8));
        }
        column
    }

    pub(super) const fn is_composite(&self) -> bool {
        matches!(self.leaf, Leaf::Composite)
    }

    /// How many entries the level has; the level behind the last list is that of the cells.
    pub(super) fn entries(&self, level: usize) -> usize {
        match self.lists.get(level) {
            Some(ends) => ends.len(),
            None if self.is_composite() => self.objects.len().max(self.places.len()),
            None => self.ends.len(),
        }
    }

    /// How many entries there are on all levels.
    pub(super) fn cells(&self) -> usize {
        (0..=self.lists.len()).map(|level| self.entries(level)).sum()
    }

    /// The next cell of a parent.
    pub(crate) fn cell<'c>(&'c mut self, schema: &'c Schema) -> Cell<'c> {
        let wrappers = self.ty.wrappers;
        Cell { column: self, schema, level: 0, wrappers }
    }

    fn full(&mut self) -> bool {
        match self.cells_left.checked_sub(1) {
            Some(left) => self.cells_left = left,
            None => self.overflow = Some("max_cells"),
        }
        if self.json.len() > self.bytes_left {
            self.overflow = Some("max_response");
        }
        self.overflow.is_some()
    }
}

/// One value to be written: the cell of a parent, or an element of its list.
pub struct Cell<'c> {
    column: &'c mut Column,
    schema: &'c Schema,
    level: usize,
    wrappers: Wrappers,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "entries are bounded by `max_cells` and bytes by `max_response`, both capped below 2^31"
)]
const fn end(count: usize) -> u32 {
    count as u32
}

impl Cell<'_> {
    /// Null, where the type has one.
    pub(crate) fn null(&mut self) {
        if self.wrappers.is_non_null() {
            let message = "the field cannot be null, but its resolver gave null";
            self.error(GraphqlError::new(message).with_code(code::INTERNAL_SERVER_ERROR));
        } else {
            self.put_null();
        }
    }

    fn put_null(&mut self) {
        self.column.dirty |= self.wrappers.is_non_null();
        self.column.full();
        let column = &mut *self.column;
        if let Some(ends) = column.lists.get_mut(self.level) {
            let last = ends.last().map_or(0, |last| last & !NULL);
            ends.push(last | NULL);
        } else if column.is_composite() {
            column.objects.push(None);
        } else {
            column.ends.push(end(column.json.len()) | NULL);
        }
    }

    /// The field failed here: null, and an error beside it (§6.4.4).
    pub(crate) fn error(&mut self, error: GraphqlError) {
        let index = end(self.column.entries(self.level));
        self.column.errors.push((self.level, index, error));
        self.put_null();
    }

    fn mismatch(&mut self, found: &str) {
        let ty = self.wrappers.nullable().display(&self.schema.ty(self.column.ty.base).name).to_string();
        let message = format!("the resolver gave {found} where the schema says {ty}");
        self.error(GraphqlError::new(message).with_code(code::INTERNAL_SERVER_ERROR));
    }

    #[inline]
    fn leaf(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.column.full() {
            return self.put_null();
        }
        write(&mut self.column.json);
        self.column.ends.push(end(self.column.json.len()));
    }

    fn is_leaf(&self) -> bool {
        !self.wrappers.is_list()
    }

    /// A text: of String, ID, an enum or a custom scalar.
    #[inline]
    pub(crate) fn text(&mut self, text: &str) {
        match self.column.leaf {
            Leaf::String | Leaf::Id | Leaf::Custom if self.is_leaf() => {
                self.leaf(|out| json::write_str(text, out));
            }
            Leaf::Enum if self.is_leaf() => {
                if self.schema.enum_value(self.column.ty.base, text).is_some() {
                    self.leaf(|out| json::write_str(text, out));
                } else {
                    self.mismatch("a text that is none of its values");
                }
            }
            _ => self.mismatch("a text"),
        }
    }

    /// A whole number: of Int, Float, ID or a custom scalar.
    #[inline]
    pub(crate) fn int(&mut self, int: i64) {
        match self.column.leaf {
            Leaf::Int if self.is_leaf() && i32::try_from(int).is_ok() => {
                self.leaf(|out| json::write_int(int, out));
            }
            Leaf::Float | Leaf::Custom if self.is_leaf() => self.leaf(|out| json::write_int(int, out)),
            Leaf::Id if self.is_leaf() => self.leaf(|out| {
                out.push(b'"');
                json::write_int(int, out);
                out.push(b'"');
            }),
            Leaf::Int => self.mismatch("a number beyond 32 bits"),
            _ => self.mismatch("a whole number"),
        }
    }

    /// A number: of Float or a custom scalar, or without a fraction of Int.
    pub(crate) fn float(&mut self, float: f64) {
        match self.column.leaf {
            Leaf::Float | Leaf::Custom if self.is_leaf() && float.is_finite() => self.leaf(|out| {
                json::write_float(float, out);
            }),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float without a fraction within 2^31 is exact"
            )]
            Leaf::Int if self.is_leaf() && float.fract() == 0.0 && float.abs() <= 2_147_483_648.0 => {
                self.int(float as i64);
            }
            Leaf::Float | Leaf::Custom => self.mismatch("a float that is not finite"),
            _ => self.mismatch("a float"),
        }
    }

    /// A boolean: of Boolean or a custom scalar.
    pub(crate) fn boolean(&mut self, value: bool) {
        match self.column.leaf {
            Leaf::Boolean | Leaf::Custom if self.is_leaf() => {
                self.leaf(|out| out.extend_from_slice(if value { b"true" } else { b"false" }));
            }
            _ => self.mismatch("a boolean"),
        }
    }

    /// A list, each element by `write`.
    pub(crate) fn list<T>(
        &mut self,
        values: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Cell<'_>, T),
    ) {
        let Some(wrappers) = self.wrappers.item() else { return self.mismatch("a list") };
        if self.column.full() {
            return self.put_null();
        }
        let level = self.level + 1;
        for value in values {
            if self.column.overflow.is_some() {
                break;
            }
            write(&mut Cell { column: self.column, schema: self.schema, level, wrappers }, value);
        }
        let last = end(self.column.entries(level));
        self.column.lists[self.level].push(last);
    }

    fn object(&mut self, object: ObjectRef) {
        if !self.column.is_composite() || !self.is_leaf() {
            return self.mismatch("an object");
        }
        if self.column.full() {
            return self.put_null();
        }
        self.column.objects.push(Some(object));
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::List(list) if self.wrappers.is_list() => {
                self.list(list.iter(), |cell, value| cell.value(value));
            }
            _ if self.column.leaf == Leaf::Custom && self.is_leaf() => {
                self.leaf(|out| json::write_value(value, out));
            }
            Value::Boolean(value) => self.boolean(*value),
            Value::Int(value) => self.int(*value),
            Value::Float(value) => self.float(*value),
            Value::String(value) | Value::Enum(value) => self.text(value),
            Value::List(_) => self.mismatch("a list"),
            Value::Object(_) => self.mismatch("a value that is no object of a resolver"),
        }
    }

    /// Whatever a resolver gave. Lists are as deep as the type, at most.
    pub(crate) fn resolved(&mut self, resolved: Resolved) {
        match resolved {
            Resolved::Null => self.null(),
            Resolved::Boolean(value) => self.boolean(value),
            Resolved::Int(value) => self.int(value),
            Resolved::Float(value) => self.float(value),
            Resolved::Text(value) => self.text(&value),
            Resolved::List(values) => self.list(values.into_iter(), |cell, value| cell.resolved(value)),
            Resolved::Objects(objects) => self.list(objects.iter(), |cell, object| cell.object(object)),
            Resolved::Object(object) => self.object(object),
            Resolved::Value(value) => self.value(&value),
            Resolved::Error(error) => self.error(error),
        }
    }
}

/// What a property can be: a leaf that is written from where it is, without a copy.
///
/// Texts, numbers, booleans, options and lists of these, [`Value`] for custom scalars. No other type can implement it.
pub trait Property: Write {}

impl<T: Write + ?Sized> Property for T {}

mod sealed {
    use super::Cell;

    pub trait Write {
        #[doc(hidden)]
        fn write(&self, cell: &mut Cell<'_>);
    }
}

pub(crate) use sealed::Write;

macro_rules! property {
    ($($type:ty => |$value:ident, $cell:ident| $write:expr),* $(,)?) => {$(
        impl Write for $type {
            #[inline]
            fn write(&self, $cell: &mut Cell<'_>) {
                let $value = self;
                $write;
            }
        }
    )*};
}

property! {
    str => |value, cell| cell.text(value),
    String => |value, cell| cell.text(value),
    std::sync::Arc<str> => |value, cell| cell.text(value),
    Box<str> => |value, cell| cell.text(value),
    bool => |value, cell| cell.boolean(*value),
    i32 => |value, cell| cell.int((*value).into()),
    i64 => |value, cell| cell.int(*value),
    u32 => |value, cell| cell.int((*value).into()),
    f64 => |value, cell| cell.float(*value),
    Value => |value, cell| cell.value(value),
}

impl Write for &'static str {
    fn write(&self, cell: &mut Cell<'_>) {
        cell.text(self);
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, cell: &mut Cell<'_>) {
        match self {
            Some(value) => value.write(cell),
            None => cell.null(),
        }
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, cell: &mut Cell<'_>) {
        cell.list(self.iter(), |cell, value| value.write(cell));
    }
}

/// The type of an object, if it can stand where `ty` is expected.
pub(super) fn object_type(schema: &Schema, expected: TypeId, name: &str) -> Option<TypeId> {
    let named = schema.ty(expected);
    if named.kind == TypeKind::Object {
        return (named.name == *name).then_some(expected);
    }
    schema.type_id(name).filter(|&id| schema.is_possible(expected, id))
}
