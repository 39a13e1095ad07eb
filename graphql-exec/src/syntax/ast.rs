//! The tree of an executable document, in flat vectors.
//!
//! A node names its children by index. Selections and values lie in the order of the text, each with the index behind its
//! last descendant, so that a walk over a whole tree is a walk over a slice.

use std::{borrow::Cow, fmt};

use crate::{error::GraphqlError, limits::Limits, span::Span};

/// A run of nodes of one kind. What kind is told by the field that holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Run {
    /// How many.
    #[must_use]
    pub const fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub(super) fn of<T>(self, nodes: &[T]) -> &[T] {
        nodes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Which selection of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SelectionId(pub(super) u32);

impl SelectionId {
    pub(crate) fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The index among all selections of the document, in the order of the text.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which value of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub(super) u32);

impl ValueId {
    /// The index among all values of the document, in the order of the text.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The selections between two braces; empty where there are no braces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SelectionSet {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl SelectionSet {
    /// Whether there are no selections: a field without braces. The grammar has no empty braces.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A field, a fragment spread or an inline fragment (§2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Which of the three.
    pub kind: SelectionKind,
    /// From its first token to its last.
    pub span: Span,
    /// Its directives.
    pub directives: Run,
    pub(super) end: u32,
}

/// What a [`Selection`] selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectionKind {
    /// `alias: name(arguments)` (§2.5 to §2.7).
    Field {
        /// The name for the response.
        alias: Option<Span>,
        /// The name of the field.
        name: Span,
        /// The arguments.
        arguments: Run,
    },
    /// `...Name` (§2.8).
    Spread {
        /// The name of the fragment.
        name: Span,
    },
    /// `... on Type` or `...` (§2.8.2).
    Inline {
        /// The type condition.
        condition: Option<Span>,
    },
}

impl SelectionKind {
    /// The name under which a field stands in the response: its alias, else its name.
    #[must_use]
    pub const fn response_name(&self) -> Option<Span> {
        match self {
            Self::Field { alias: Some(alias), .. } => Some(*alias),
            Self::Field { name, .. } => Some(*name),
            _ => None,
        }
    }
}

/// `name: value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The name.
    pub name: Span,
    /// The value.
    pub value: ValueId,
}

/// `@name(arguments)` (§2.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The name without `@`.
    pub name: Span,
    /// The arguments.
    pub arguments: Run,
    /// From `@` to the last token.
    pub span: Span,
}

/// `$name: Type = default` (§2.10.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariableDefinition {
    /// The name without `$`.
    pub name: Span,
    /// The type.
    pub ty: TypeRef,
    /// The default value.
    pub default: Option<ValueId>,
    /// Its directives.
    pub directives: Run,
    /// Its description.
    pub description: Option<ValueId>,
    /// From `$` to the last token.
    pub span: Span,
}

/// A named type with lists and non-null marks around it (§2.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeRef {
    /// The name of the innermost type.
    pub name: Span,
    /// What is around it.
    pub wrappers: Wrappers,
    /// The whole type.
    pub span: Span,
}

/// Lists and non-null marks around a named type.
///
/// ```
/// use graphql_exec::syntax::Wrappers;
///
/// let inner = Wrappers::NAMED.non_null();
/// let list = inner.list().non_null();
/// assert_eq!(list.display("Int").to_string(), "[Int!]!");
/// assert!(list.is_non_null() && list.is_list());
/// assert_eq!(list.nullable().item(), Some(inner));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wrappers {
    /// Two bits a level, the outermost level lowest: bit 0 non-null, bit 1 a list, whose item is the next level.
    bits: u64,
}

impl Wrappers {
    /// The type itself, which may be null.
    pub const NAMED: Self = Self { bits: 0 };
    /// So many lists fit.
    pub(crate) const MAX_LISTS: usize = 31;

    /// A list of this.
    #[must_use]
    pub const fn list(self) -> Self {
        Self { bits: (self.bits << 2) | 2 }
    }

    /// This without null.
    #[must_use]
    pub const fn non_null(self) -> Self {
        Self { bits: self.bits | 1 }
    }

    /// This with null.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { bits: self.bits & !1 }
    }

    /// Whether null is not a value of it.
    #[must_use]
    pub const fn is_non_null(self) -> bool {
        self.bits & 1 != 0
    }

    /// Whether it is a list, null or not.
    #[must_use]
    pub const fn is_list(self) -> bool {
        self.bits & 2 != 0
    }

    /// What the list is of.
    #[must_use]
    pub const fn item(self) -> Option<Self> {
        if self.is_list() { Some(Self { bits: self.bits >> 2 }) } else { None }
    }

    /// Lists in each other.
    #[must_use]
    pub const fn lists(self) -> usize {
        let mut count = 0;
        let mut rest = self;
        while let Some(item) = rest.item() {
            rest = item;
            count += 1;
        }
        count
    }

    /// The type as it is written, around `name`.
    #[must_use]
    pub fn display(self, name: &str) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            let lists = self.lists();
            for _ in 0..lists {
                f.write_str("[")?;
            }
            f.write_str(name)?;
            // From the innermost level out.
            for level in (0..=lists).rev() {
                let bits = self.bits >> (2 * level);
                if bits & 1 != 0 {
                    f.write_str("!")?;
                }
                if level > 0 {
                    f.write_str("]")?;
                }
            }
            Ok(())
        })
    }
}

impl fmt::Debug for Wrappers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.display("_"))
    }
}

/// What a value literal is (§2.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// `$name`; the span of the value includes `$`.
    Variable,
    /// A whole number.
    Int,
    /// A number with a fraction or an exponent.
    Float,
    /// A string in single quotes.
    String,
    /// A string in triple quotes.
    BlockString,
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
    /// Any other name.
    Enum,
    /// `[ … ]`.
    List,
    /// `{ … }`.
    Object,
    /// `name:` in an object; its value is the node behind it. No [`ValueId`] that is handed out names one.
    #[doc(hidden)]
    Field,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ValueNode {
    pub(super) kind: ValueKind,
    pub(super) span: Span,
    pub(super) end: u32,
}

/// The nodes that executable and type system documents have in common, and the source that they are ranges of.
#[derive(Clone, Debug, Default)]
pub struct Nodes<'a> {
    pub(super) source: Cow<'a, str>,
    pub(super) selections: Vec<Selection>,
    pub(super) arguments: Vec<Argument>,
    pub(super) directives: Vec<Directive>,
    pub(super) variables: Vec<VariableDefinition>,
    pub(super) values: Vec<ValueNode>,
}

impl<'a> Nodes<'a> {
    /// The whole text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text of a range.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        span.of(&self.source)
    }

    /// How many selections there are in all; each [`SelectionId::index`] is below it.
    #[must_use]
    pub fn selection_count(&self) -> usize {
        self.selections.len()
    }

    /// A selection.
    #[must_use]
    pub fn selection(&self, id: SelectionId) -> &Selection {
        &self.selections[id.index()]
    }

    /// The selections of a set, without their descendants.
    pub fn selections(&self, set: SelectionSet) -> impl Iterator<Item = (SelectionId, &Selection)> {
        let mut next = set.start;
        core::iter::from_fn(move || {
            if next >= set.end {
                return None;
            }
            let id = SelectionId(next);
            let selection = self.selections.get(id.index())?;
            next = selection.end;
            Some((id, selection))
        })
    }

    /// The selection set of a field or inline fragment; empty for a leaf and a spread.
    #[must_use]
    pub fn selection_set(&self, id: SelectionId) -> SelectionSet {
        SelectionSet { start: id.0 + 1, end: self.selection(id).end }
    }

    /// All selections of the document, in the order of the text.
    pub fn all_selections(&self) -> impl Iterator<Item = (SelectionId, &Selection)> {
        (0..).map(SelectionId).zip(&self.selections)
    }

    /// The selections of a set and all below them, as indices.
    pub(crate) fn range(&self, set: SelectionSet) -> core::ops::Range<usize> {
        set.start as usize..set.end as usize
    }

    /// The selection of an index.
    pub(crate) fn at(&self, index: usize) -> &Selection {
        &self.selections[index]
    }

    /// Behind which index the descendants of a selection end.
    pub(crate) fn end_of(&self, index: usize) -> usize {
        self.selections[index].end as usize
    }

    /// Arguments of a field or directive.
    #[must_use]
    pub fn arguments(&self, run: Run) -> &[Argument] {
        run.of(&self.arguments)
    }

    /// Directives of anything.
    #[must_use]
    pub fn directives(&self, run: Run) -> &[Directive] {
        run.of(&self.directives)
    }

    /// Variables of an operation.
    #[must_use]
    pub fn variables(&self, run: Run) -> &[VariableDefinition] {
        run.of(&self.variables)
    }

    /// What a value is.
    #[must_use]
    pub fn value_kind(&self, id: ValueId) -> ValueKind {
        self.values[id.index()].kind
    }

    /// Where a value stands.
    #[must_use]
    pub fn value_span(&self, id: ValueId) -> Span {
        self.values[id.index()].span
    }

    /// The text of a value as it is written.
    #[must_use]
    pub fn value_text(&self, id: ValueId) -> &str {
        self.text(self.value_span(id))
    }

    /// The name of a variable, without `$`.
    #[must_use]
    pub fn variable_name(&self, id: ValueId) -> &str {
        let text = self.value_text(id);
        // Spaces and comments may stand between `$` and the name, so the name is what stands last.
        let start = text.bytes().rposition(|byte| byte != b'_' && !byte.is_ascii_alphanumeric());
        text.get(start.map_or(0, |start| start + 1)..).unwrap_or_default()
    }

    /// The meaning of a string or block string.
    #[must_use]
    pub fn string(&self, id: ValueId) -> Cow<'_, str> {
        let text = self.value_text(id);
        match self.value_kind(id) {
            ValueKind::BlockString => super::text::block_string(text),
            _ => super::text::string(text),
        }
    }

    /// The elements of a list; none for other values.
    pub fn list_items(&self, id: ValueId) -> impl Iterator<Item = ValueId> {
        let node = self.values[id.index()];
        let end = if node.kind == ValueKind::List { node.end } else { 0 };
        let mut next = id.0 + 1;
        core::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let item = ValueId(next);
            next = self.values[item.index()].end;
            Some(item)
        })
    }

    /// The fields of an object, names with values; none for other values.
    pub fn object_fields(&self, id: ValueId) -> impl Iterator<Item = (Span, ValueId)> {
        let node = self.values[id.index()];
        let end = if node.kind == ValueKind::Object { node.end } else { 0 };
        let mut next = id.0 + 1;
        core::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let name = self.values[next as usize].span;
            let value = ValueId(next + 1);
            next = self.values[value.index()].end;
            Some((name, value))
        })
    }

    /// The value and all that is in it, in the order of the text: a way to find each variable without recursion.
    pub fn value_tree(&self, id: ValueId) -> impl Iterator<Item = ValueId> {
        (id.0..self.values[id.index()].end)
            .map(ValueId)
            .filter(|id| self.values[id.index()].kind != ValueKind::Field)
    }

    fn into_owned(self) -> Nodes<'static> {
        Nodes { source: Cow::Owned(self.source.into_owned()), ..self }
    }
}

/// Query, mutation or subscription (§2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationType {
    /// Reads.
    Query,
    /// Writes, then reads.
    Mutation,
    /// Answers to events.
    Subscription,
}

impl OperationType {
    /// The keyword.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

impl fmt::Display for OperationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An operation definition (§2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What it does.
    pub kind: OperationType,
    /// Its name; none for an anonymous one.
    pub name: Option<Span>,
    /// Its variables.
    pub variables: Run,
    /// Its directives.
    pub directives: Run,
    /// What it selects.
    pub selection_set: SelectionSet,
    /// Its description.
    pub description: Option<ValueId>,
    /// From its keyword, or brace, to its last brace.
    pub span: Span,
}

/// A fragment definition (§2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Its name.
    pub name: Span,
    /// The name of the type that it is on.
    pub condition: Span,
    /// Its directives.
    pub directives: Run,
    /// What it selects.
    pub selection_set: SelectionSet,
    /// Its description.
    pub description: Option<ValueId>,
    /// From its keyword to its last brace.
    pub span: Span,
}

/// An executable document: operations and fragments (§2.2).
///
/// ```
/// use graphql_exec::syntax::{Document, SelectionKind};
///
/// let document = Document::parse("{ me: user(id: 4) { name } }")?;
/// let (id, first) = document.selections(document.operations()[0].selection_set).next().unwrap();
/// let SelectionKind::Field { alias, name, .. } = first.kind else { panic!("a field") };
/// assert_eq!((alias.map(|alias| document.text(alias)), document.text(name)), (Some("me"), "user"));
/// assert_eq!(document.selections(document.selection_set(id)).count(), 1);
/// # Ok::<(), graphql_exec::GraphqlError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Document<'a> {
    pub(super) nodes: Nodes<'a>,
    pub(super) operations: Vec<Operation>,
    pub(super) fragments: Vec<Fragment>,
}

impl<'a> Document<'a> {
    /// Reads a document with the default limits.
    ///
    /// # Errors
    /// What is not of the grammar, or crosses a limit, and where.
    pub fn parse(source: &'a str) -> Result<Self, GraphqlError> {
        Self::parse_with(source, &Limits::DEFAULT)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// What is not of the grammar, or crosses a limit, and where.
    pub fn parse_with(source: &'a str, limits: &Limits) -> Result<Self, GraphqlError> {
        super::parse_exec::parse(source, limits)
    }

    /// The operations, in the order of the text.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The fragments, in the order of the text.
    #[must_use]
    pub fn fragments(&self) -> &[Fragment] {
        &self.fragments
    }

    /// The document with a copy of its source, to be kept.
    #[must_use]
    pub fn into_owned(self) -> Document<'static> {
        Document { nodes: self.nodes.into_owned(), operations: self.operations, fragments: self.fragments }
    }
}

impl<'a> core::ops::Deref for Document<'a> {
    type Target = Nodes<'a>;

    fn deref(&self) -> &Nodes<'a> {
        &self.nodes
    }
}
