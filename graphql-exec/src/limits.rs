//! What one request may cost. Each bound is checked before the work that it bounds.

/// The bounds of parsing, validating and executing one request.
///
/// A crossed bound is a [`GraphqlError`](crate::GraphqlError) with the code `LIMIT_EXCEEDED` that names the field of this
/// struct and its value.
///
/// ```
/// use graphql_exec::{Limits, syntax::Document};
///
/// let mut limits = Limits::default();
/// limits.max_tokens = 3;
/// let error = Document::parse_with("{ a b }", &limits).unwrap_err();
/// assert_eq!(error.code(), Some("LIMIT_EXCEEDED"));
/// assert!(error.message().contains("max_tokens"));
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest document; default 256 KiB. Stops a text whose reading alone is the attack.
    pub max_document: usize,
    /// Tokens of a document; default 15,000. Stops a short text of many cheap tokens that cost much once they are nodes.
    pub max_tokens: usize,
    /// Selection sets in each other, and lists or objects in each other in a value; default 128. Stops recursion by nesting.
    /// A value nests at most 500 deep, however high this is.
    pub max_nesting: usize,
    /// Lists around a type, `[[Int]]` being two; default 16. Stops types that multiply each result.
    pub max_type_wrappers: usize,
    /// Operations and fragments, or type definitions, of a document; default 1,000. Stops definitions that each cost a pass.
    pub max_definitions: usize,
    /// Directives at one place; default 8. Stops directive overload.
    pub max_directives_per_location: usize,
    /// Directives of a document; default 250. Stops directive overload spread over fields.
    pub max_directives: usize,
    /// Fields in each other, fragments expanded, introspection not counted; default 15. Stops queries that walk a cycle of
    /// the schema, such as `user { friends { friends … } }`. More than 500 counts as 500.
    pub max_depth: usize,
    /// Aliases of one selection set, fragments expanded; default 30. Stops the same costly field asked for many times over.
    pub max_aliases_per_set: usize,
    /// Aliases of an operation, fragments expanded; default 300. Stops the same, spread over selection sets.
    pub max_aliases: usize,
    /// Fields of the root selection set, fragments expanded; default 20. Stops batching by hand: brute force in one request.
    pub max_root_fields: usize,
    /// The sum of the cost of each field, fragments expanded; default 1,000. Stops queries that are wide and deep at once.
    pub max_complexity: u64,
    /// Selections of an operation, fragments expanded; default 10,000. Stops fragments that spread each other twice, which
    /// doubles the query at each step.
    pub max_selections: u64,
    /// Steps that checking whether fields merge may take (§5.3.2); default 200,000. Stops documents made so that many
    /// different sets of fields meet.
    pub max_merge_steps: u64,
    /// Lists in each other below `__schema` or `__type`; default 3. Stops introspection that multiplies the schema by itself.
    pub max_introspection_lists: usize,
    /// `ofType` in each other; default 9, as deep as the standard introspection query asks.
    pub max_introspection_of_type: usize,
    /// Lists and objects in each other in a variable's value; default 32. Stops recursion by nesting.
    /// More than 500 counts as 500.
    pub max_input_nesting: usize,
    /// Elements of all lists and fields of all objects in the variables of a request; default 10,000. Stops inputs that
    /// each cost a check.
    pub max_input_values: usize,
    /// Values of a response, objects and lists included; default 1,000,000. Stops small queries with huge answers.
    pub max_cells: usize,
    /// The longest response, in bytes of JSON before errors; default 32 MiB. Stops the same by long texts.
    pub max_response: usize,
    /// Errors of a response; default 100. What follows is dropped, and one last error says so. Stops answers made of errors.
    pub max_errors: usize,
    /// Keys in one call of a loader; default 1,000. More are split over several calls. Stops one oversized read of a store.
    pub max_batch: usize,
    /// Futures of one request that are polled at a time; default 10,000. The rest wait. Stops memory taken by pending work.
    pub max_tasks: usize,
}

impl Limits {
    /// The defaults given at each field.
    pub const DEFAULT: Self = Self {
        max_document: 256 << 10,
        max_tokens: 15_000,
        max_nesting: 128,
        max_type_wrappers: 16,
        max_definitions: 1_000,
        max_directives_per_location: 8,
        max_directives: 250,
        max_depth: 15,
        max_aliases_per_set: 30,
        max_aliases: 300,
        max_root_fields: 20,
        max_complexity: 1_000,
        max_selections: 10_000,
        max_merge_steps: 200_000,
        max_introspection_lists: 3,
        max_introspection_of_type: 9,
        max_input_nesting: 32,
        max_input_values: 10_000,
        max_cells: 1_000_000,
        max_response: 32 << 20,
        max_errors: 100,
        max_batch: 1_000,
        max_tasks: 10_000,
    };

    /// For schema documents, which the owner of the service writes: ample for ten times the schema of GitHub.
    pub const SCHEMA: Self = Self {
        max_document: 16 << 20,
        max_tokens: 4_000_000,
        max_definitions: 100_000,
        max_directives_per_location: 64,
        max_directives: 1_000_000,
        ..Self::DEFAULT
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
