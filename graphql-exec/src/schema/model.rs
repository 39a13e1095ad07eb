//! A schema that is valid because it exists.

use core::{fmt, ops::Range};
use std::{collections::HashMap, sync::Arc};

use crate::{
    error::GraphqlError,
    name::Name,
    syntax::{OperationType, SchemaDocument, Wrappers},
    value::Value,
};

/// Which type of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub(super) u32);

impl TypeId {
    /// The index in [`Schema::types`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which field of a schema: one of an object or interface, or a meta field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub(super) u32);

impl FieldId {
    /// The index among all fields of the schema.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The six kinds of types (§3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// §3.5
    Scalar,
    /// §3.6
    Object,
    /// §3.7
    Interface,
    /// §3.8
    Union,
    /// §3.9
    Enum,
    /// §3.10
    InputObject,
}

impl TypeKind {
    /// The name of the value of `__TypeKind` (§4.2.3).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "SCALAR",
            Self::Object => "OBJECT",
            Self::Interface => "INTERFACE",
            Self::Union => "UNION",
            Self::Enum => "ENUM",
            Self::InputObject => "INPUT_OBJECT",
        }
    }

    /// Whether it is selected with braces.
    #[must_use]
    pub const fn is_composite(self) -> bool {
        matches!(self, Self::Object | Self::Interface | Self::Union)
    }

    /// Whether an object of another type can stand for it.
    #[must_use]
    pub const fn is_abstract(self) -> bool {
        matches!(self, Self::Interface | Self::Union)
    }

    /// Whether arguments may have it.
    #[must_use]
    pub const fn is_input(self) -> bool {
        matches!(self, Self::Scalar | Self::Enum | Self::InputObject)
    }

    /// Whether fields may have it.
    #[must_use]
    pub const fn is_output(self) -> bool {
        !matches!(self, Self::InputObject)
    }
}

/// Checks and converts an input of a custom scalar; the error says what was expected.
pub type ScalarParse = Arc<dyn Fn(&Value) -> Result<Value, String> + Send + Sync>;

/// A named type. What its kind does not have is empty.
#[derive(Clone)]
#[non_exhaustive]
pub struct Type {
    /// Its name.
    pub name: Name,
    /// Its kind.
    pub kind: TypeKind,
    /// Its description.
    pub description: Option<Arc<str>>,
    /// The interfaces of an object or interface, in the order of the document.
    pub interfaces: Vec<TypeId>,
    /// The members of a union, the objects and interfaces that implement an interface.
    pub members: Vec<TypeId>,
    /// The values of an enum.
    pub values: Vec<EnumValue>,
    /// The fields of an input object.
    pub input_fields: Vec<InputValue>,
    /// Whether exactly one field of an input object is given (§3.10.1, `@oneOf`).
    pub is_one_of: bool,
    /// Where a custom scalar is specified (§3.13.4, `@specifiedBy`).
    pub specified_by: Option<Arc<str>>,
    pub(super) fields: Range<u32>,
    pub(super) lookup: HashMap<Name, u32>,
    /// The objects that can stand for it, in the order of their ids.
    pub(super) possible: Vec<TypeId>,
    pub(crate) parse: Option<ScalarParse>,
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.kind, self.name)
    }
}

/// A named type with lists and non-null marks around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldType {
    /// The innermost type.
    pub base: TypeId,
    /// What is around it.
    pub wrappers: Wrappers,
}

/// A field of an object or interface.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<Arc<str>>,
    /// The object or interface that it is of. A meta field belongs to the query type.
    pub parent: TypeId,
    /// Its arguments.
    pub arguments: Vec<InputValue>,
    /// Its type.
    pub ty: FieldType,
    /// Why it should not be used any more.
    pub deprecated: Option<Arc<str>>,
}

/// An argument or a field of an input object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InputValue {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<Arc<str>>,
    /// Its type.
    pub ty: FieldType,
    /// Its default value, coerced: with the defaults of the fields of an input object.
    pub default: Option<Value>,
    /// Its default value as it was written.
    pub(super) literal: Option<Value>,
    /// Why it should not be used any more.
    pub deprecated: Option<Arc<str>>,
}

impl InputValue {
    /// Whether it must be given (§5.4.3).
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.ty.wrappers.is_non_null() && self.default.is_none()
    }
}

/// A value of an enum.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EnumValue {
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Option<Arc<str>>,
    /// Why it should not be used any more.
    pub deprecated: Option<Arc<str>>,
}

/// A directive (§3.13).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DirectiveDefinition {
    /// Its name, without `@`.
    pub name: Name,
    /// Its description.
    pub description: Option<Arc<str>>,
    /// Its arguments.
    pub arguments: Vec<InputValue>,
    /// Where it may stand, such as `FIELD`.
    pub locations: Vec<Name>,
    /// Whether it may stand at one place more than once.
    pub repeatable: bool,
}

/// A valid schema. Cheap to clone.
///
/// ```
/// use graphql_exec::{Schema, syntax::OperationType};
///
/// let schema = Schema::parse("type Query { user(id: ID!): User } type User { name: String! }").unwrap();
/// let query = schema.root(OperationType::Query).unwrap();
/// let field = schema.field_def(schema.field(query, "user").unwrap());
/// assert_eq!(schema.ty(field.ty.base).name, "User");
///
/// let errors = Schema::parse("type Query { user: Usr }").unwrap_err();
/// assert_eq!(errors[0].to_string(), "there is no type `Usr` (1:20)");
/// ```
#[derive(Clone)]
pub struct Schema(pub(super) Arc<Inner>);

#[derive(Clone, Default)]
pub(super) struct Inner {
    pub(super) description: Option<Arc<str>>,
    pub(super) types: Vec<Type>,
    pub(super) names: HashMap<Name, TypeId>,
    pub(super) fields: Vec<Field>,
    pub(super) directives: Vec<DirectiveDefinition>,
    pub(super) roots: [Option<TypeId>; 3],
    /// `__typename`, `__schema` and `__type`.
    pub(super) meta: [u32; 3],
    /// Types before this one are built in.
    pub(super) first_own: u32,
}

const fn root_index(kind: OperationType) -> usize {
    match kind {
        OperationType::Query => 0,
        OperationType::Mutation => 1,
        OperationType::Subscription => 2,
    }
}

impl Inner {
    pub(super) fn set_root(&mut self, kind: OperationType, ty: TypeId) {
        self.roots[root_index(kind)] = Some(ty);
    }
}

impl Schema {
    /// Reads a schema document and checks it against the rules of §3.
    ///
    /// # Errors
    /// What is not of the grammar, else each rule that is broken, and where.
    pub fn parse(sdl: &str) -> Result<Self, Vec<GraphqlError>> {
        let document = SchemaDocument::parse(sdl).map_err(|error| vec![error])?;
        Self::build(&document)
    }

    /// Builds a schema of a document and checks it against the rules of §3.
    ///
    /// # Errors
    /// Each rule that is broken, and where.
    pub fn build(document: &SchemaDocument<'_>) -> Result<Self, Vec<GraphqlError>> {
        super::build::build(document)
    }

    /// The same with `parse` for the inputs of the custom scalar `name`. Without it a custom scalar takes any value.
    ///
    /// # Errors
    /// There is no custom scalar of that name.
    pub fn with_scalar(
        mut self,
        name: &str,
        parse: impl Fn(&Value) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Result<Self, GraphqlError> {
        let Some(id) = self.type_id(name).filter(|&id| self.is_custom_scalar(id)) else {
            return Err(GraphqlError::new(format!("there is no custom scalar `{name}`")));
        };
        Arc::make_mut(&mut self.0).types[id.index()].parse = Some(Arc::new(parse));
        Ok(self)
    }

    fn is_custom_scalar(&self, id: TypeId) -> bool {
        id.0 >= self.0.first_own && self.ty(id).kind == TypeKind::Scalar
    }

    /// The description of the schema.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// All types, built-in ones first.
    #[must_use]
    pub fn types(&self) -> &[Type] {
        &self.0.types
    }

    /// The id of each type.
    pub fn type_ids(&self) -> impl Iterator<Item = TypeId> + use<> {
        (0..u32::try_from(self.0.types.len()).unwrap_or(u32::MAX)).map(TypeId)
    }

    /// Whether the type is one that each schema has.
    #[must_use]
    pub fn is_built_in(&self, id: TypeId) -> bool {
        id.0 < self.0.first_own
    }

    /// The type of that name.
    #[must_use]
    pub fn type_id(&self, name: &str) -> Option<TypeId> {
        self.0.names.get(name).copied()
    }

    /// A type.
    #[must_use]
    pub fn ty(&self, id: TypeId) -> &Type {
        &self.0.types[id.index()]
    }

    /// The root type of an operation.
    #[must_use]
    pub fn root(&self, kind: OperationType) -> Option<TypeId> {
        self.0.roots[root_index(kind)]
    }

    /// The fields of an object or interface, without meta fields.
    #[must_use]
    pub fn fields(&self, id: TypeId) -> &[Field] {
        let Range { start, end } = self.ty(id).fields;
        self.0.fields.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The ids of the fields of an object or interface, without meta fields.
    pub fn field_ids(&self, id: TypeId) -> impl Iterator<Item = FieldId> + use<> {
        self.ty(id).fields.clone().map(FieldId)
    }

    /// How many fields there are in all; each [`FieldId::index`] is below it.
    #[must_use]
    pub fn field_count(&self) -> usize {
        self.0.fields.len()
    }

    /// The field of that name, the meta fields (§4.1) where they can be selected.
    #[must_use]
    pub fn field(&self, parent: TypeId, name: &str) -> Option<FieldId> {
        let ty = self.ty(parent);
        if let Some(&field) = ty.lookup.get(name) {
            return ty.kind.is_composite().then_some(FieldId(field));
        }
        let [typename, schema, by_name] = self.0.meta;
        let is_query = self.0.roots[0] == Some(parent);
        match name {
            "__typename" if ty.kind.is_composite() => Some(FieldId(typename)),
            "__schema" if is_query => Some(FieldId(schema)),
            "__type" if is_query => Some(FieldId(by_name)),
            _ => None,
        }
    }

    /// A field.
    #[must_use]
    pub fn field_def(&self, id: FieldId) -> &Field {
        &self.0.fields[id.index()]
    }

    /// Whether the field is `__typename`.
    #[must_use]
    pub fn is_typename(&self, id: FieldId) -> bool {
        id.0 == self.0.meta[0]
    }

    /// Whether the field is `__schema` or `__type`, or one of what these give.
    #[must_use]
    pub fn is_introspection(&self, id: FieldId) -> bool {
        id.0 == self.0.meta[1] || id.0 == self.0.meta[2] || self.is_built_in(self.field_def(id).parent)
    }

    /// The input field of that name.
    #[must_use]
    pub fn input_field(&self, parent: TypeId, name: &str) -> Option<&InputValue> {
        self.ty(parent).input_fields.get(self.input_field_index(parent, name)?)
    }

    pub(crate) fn input_field_index(&self, parent: TypeId, name: &str) -> Option<usize> {
        let ty = self.ty(parent);
        (ty.kind == TypeKind::InputObject).then(|| ty.lookup.get(name).map(|&index| index as usize))?
    }

    /// The enum value of that name.
    #[must_use]
    pub fn enum_value(&self, parent: TypeId, name: &str) -> Option<&EnumValue> {
        let ty = self.ty(parent);
        if ty.kind != TypeKind::Enum {
            return None;
        }
        ty.values.get(*ty.lookup.get(name)? as usize)
    }

    /// The object types that can stand for a composite type: for an object itself.
    #[must_use]
    pub fn possible_types(&self, id: TypeId) -> &[TypeId] {
        &self.ty(id).possible
    }

    /// Whether an object of type `object` can stand for `composite`.
    #[must_use]
    pub fn is_possible(&self, composite: TypeId, object: TypeId) -> bool {
        composite == object || self.ty(composite).possible.binary_search(&object).is_ok()
    }

    /// The directive of that name.
    #[must_use]
    pub fn directive(&self, name: &str) -> Option<&DirectiveDefinition> {
        self.0.directives.iter().find(|directive| *directive.name == *name)
    }

    /// All directives, built-in ones first.
    #[must_use]
    pub fn directives(&self) -> &[DirectiveDefinition] {
        &self.0.directives
    }

    /// A type as it is written: `[User!]!`.
    pub fn display(&self, ty: FieldType) -> impl fmt::Display + '_ {
        ty.wrappers.display(&self.ty(ty.base).name)
    }

    /// The schema as a document, without what is built in.
    #[must_use]
    pub fn to_sdl(&self) -> String {
        super::print::print(self)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema of {} types", self.0.types.len())
    }
}
