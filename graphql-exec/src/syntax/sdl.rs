//! The tree of a type system document (GraphQL September 2025, §3), in flat vectors.

use super::ast::{Nodes, OperationType, Run, TypeRef, ValueId};
use crate::{error::GraphqlError, limits::Limits, span::Span};

/// What a definition defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DefinitionKind {
    /// `schema` (§3.3).
    Schema,
    /// `scalar` (§3.5).
    Scalar,
    /// `type` (§3.6).
    Object,
    /// `interface` (§3.7).
    Interface,
    /// `union` (§3.8).
    Union,
    /// `enum` (§3.9).
    Enum,
    /// `input` (§3.10).
    InputObject,
    /// `directive` (§3.13).
    Directive,
}

/// A definition or an extension. What the kind does not have is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What it defines.
    pub kind: DefinitionKind,
    /// Whether `extend` stands before it.
    pub extend: bool,
    /// Its description.
    pub description: Option<ValueId>,
    /// Its name; for a schema the keyword itself.
    pub name: Span,
    /// Its directives.
    pub directives: Run,
    /// Interfaces of an object or interface, members of a union, locations of a directive.
    pub names: Run,
    /// Fields of an object or interface.
    pub fields: Run,
    /// Fields of an input object, arguments of a directive.
    pub inputs: Run,
    /// Values of an enum.
    pub values: Run,
    /// Root operation types of a schema.
    pub roots: Run,
    /// Whether a directive may stand at one place more than once.
    pub repeatable: bool,
    /// From its keyword to its last token.
    pub span: Span,
}

/// A field of an object or interface (§3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldDefinition {
    /// Its description.
    pub description: Option<ValueId>,
    /// Its name.
    pub name: Span,
    /// Its arguments.
    pub arguments: Run,
    /// Its type.
    pub ty: TypeRef,
    /// Its directives.
    pub directives: Run,
}

/// An argument or the field of an input object (§3.6.1, §3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputValueDefinition {
    /// Its description.
    pub description: Option<ValueId>,
    /// Its name.
    pub name: Span,
    /// Its type.
    pub ty: TypeRef,
    /// Its default value.
    pub default: Option<ValueId>,
    /// Its directives.
    pub directives: Run,
}

/// A value of an enum (§3.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumValueDefinition {
    /// Its description.
    pub description: Option<ValueId>,
    /// Its name.
    pub name: Span,
    /// Its directives.
    pub directives: Run,
}

/// `query: Type` in a schema definition (§3.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootOperation {
    /// Which operation.
    pub kind: OperationType,
    /// The name of its object type.
    pub ty: Span,
}

/// A type system document: definitions and extensions.
///
/// ```
/// use graphql_exec::syntax::SchemaDocument;
///
/// let document = SchemaDocument::parse("type Query { now: Int! } extend type Query { then: Int }")?;
/// assert_eq!(document.definitions().len(), 2);
/// assert!(document.definitions()[1].extend);
/// # Ok::<(), graphql_exec::GraphqlError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SchemaDocument<'a> {
    pub(super) nodes: Nodes<'a>,
    pub(super) definitions: Vec<Definition>,
    pub(super) fields: Vec<FieldDefinition>,
    pub(super) inputs: Vec<InputValueDefinition>,
    pub(super) values: Vec<EnumValueDefinition>,
    pub(super) roots: Vec<RootOperation>,
    pub(super) names: Vec<Span>,
}

impl<'a> SchemaDocument<'a> {
    /// Reads a document with [`Limits::SCHEMA`].
    ///
    /// # Errors
    /// What is not of the grammar, or crosses a limit, and where.
    pub fn parse(source: &'a str) -> Result<Self, GraphqlError> {
        Self::parse_with(source, &Limits::SCHEMA)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// What is not of the grammar, or crosses a limit, and where.
    pub fn parse_with(source: &'a str, limits: &Limits) -> Result<Self, GraphqlError> {
        super::parse_sdl::parse(source, limits)
    }

    /// The definitions, in the order of the text.
    #[must_use]
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// Fields of an object or interface.
    #[must_use]
    pub fn fields(&self, run: Run) -> &[FieldDefinition] {
        run.of(&self.fields)
    }

    /// Arguments of a field or directive, fields of an input object.
    #[must_use]
    pub fn inputs(&self, run: Run) -> &[InputValueDefinition] {
        run.of(&self.inputs)
    }

    /// Values of an enum.
    #[must_use]
    pub fn enum_values(&self, run: Run) -> &[EnumValueDefinition] {
        run.of(&self.values)
    }

    /// Root operation types of a schema.
    #[must_use]
    pub fn roots(&self, run: Run) -> &[RootOperation] {
        run.of(&self.roots)
    }

    /// Interfaces, members or locations.
    #[must_use]
    pub fn names(&self, run: Run) -> &[Span] {
        run.of(&self.names)
    }
}

impl<'a> core::ops::Deref for SchemaDocument<'a> {
    type Target = Nodes<'a>;

    fn deref(&self) -> &Nodes<'a> {
        &self.nodes
    }
}
