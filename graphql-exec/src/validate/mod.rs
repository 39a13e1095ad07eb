//! Validation (GraphQL September 2025, §5): what is wrong with a document, all of it, before any of it is executed.
//!
//! ```
//! use graphql_exec::{Limits, Schema, syntax::Document, validate::validate};
//!
//! let schema = Schema::parse("type Query { user(id: ID!): User } type User { name: String! }").unwrap();
//! let document = Document::parse("{ user { nam } }")?;
//! let errors = validate(&schema, &document, &Limits::DEFAULT).unwrap_err();
//! assert_eq!(errors[0].message(), "`user` needs the argument `id` of type `ID!`");
//! assert_eq!(errors[1].message(), "`User` has no field `nam`; did you mean `name`?");
//! assert_eq!(errors[1].extensions().get("rule").and_then(|rule| rule.as_str()), Some("FieldsOnCorrectType"));
//! # Ok::<(), graphql_exec::GraphqlError>(())
//! ```

mod context;
mod merge;
mod rules;
mod suggest;
mod walk;

use context::Context;

use crate::error::GraphqlError;
use crate::limits::Limits;
use crate::schema::Schema;
use crate::syntax::Document;

/// The rules of section 5, by the names that other implementations give them. An error names its rule in `extensions.rule`.
///
/// §5.1.1, Executable Definitions, is the grammar's here: a document that is to be executed holds nothing else.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// §5.2.1.1 Operation Type Existence.
    KnownOperationTypes,
    /// §5.2.2.1 Operation Name Uniqueness.
    UniqueOperationNames,
    /// §5.2.3.1 Lone Anonymous Operation.
    LoneAnonymousOperation,
    /// §5.2.4.1 Single Root Field.
    SingleFieldSubscriptions,
    /// §5.3.1 Field Selections.
    FieldsOnCorrectType,
    /// §5.3.2 Field Selection Merging.
    OverlappingFieldsCanBeMerged,
    /// §5.3.3 Leaf Field Selections.
    ScalarLeafs,
    /// §5.4.1 Argument Names.
    KnownArgumentNames,
    /// §5.4.2 Argument Uniqueness.
    UniqueArgumentNames,
    /// §5.4.3 Required Arguments.
    ProvidedRequiredArguments,
    /// §5.5.1.1 Fragment Name Uniqueness.
    UniqueFragmentNames,
    /// §5.5.1.2 Fragment Spread Type Existence, and the types of variables.
    KnownTypeNames,
    /// §5.5.1.3 Fragments on Object, Interface or Union Types.
    FragmentsOnCompositeTypes,
    /// §5.5.1.4 Fragments Must Be Used.
    NoUnusedFragments,
    /// §5.5.2.1 Fragment Spread Target Defined.
    KnownFragmentNames,
    /// §5.5.2.2 Fragment Spreads Must Not Form Cycles.
    NoFragmentCycles,
    /// §5.5.2.3 Fragment Spread Is Possible.
    PossibleFragmentSpreads,
    /// §5.6.1 Values of Correct Type, §5.6.2 Input Object Field Names, §5.6.4 Input Object Required Fields.
    ValuesOfCorrectType,
    /// §5.6.3 Input Object Field Uniqueness.
    UniqueInputFieldNames,
    /// §5.7.1 Directives Are Defined, §5.7.2 Directives Are in Valid Locations.
    KnownDirectives,
    /// §5.7.3 Directives Are Unique per Location.
    UniqueDirectivesPerLocation,
    /// §5.8.1 Variable Uniqueness.
    UniqueVariableNames,
    /// §5.8.2 Variables Are Input Types.
    VariablesAreInputTypes,
    /// §5.8.3 All Variable Uses Defined.
    NoUndefinedVariables,
    /// §5.8.4 All Variables Used.
    NoUnusedVariables,
    /// §5.8.5 All Variable Usages Are Allowed.
    VariablesInAllowedPosition,
}

impl Rule {
    /// The name, as in `extensions.rule`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KnownOperationTypes => "KnownOperationTypes",
            Self::UniqueOperationNames => "UniqueOperationNames",
            Self::LoneAnonymousOperation => "LoneAnonymousOperation",
            Self::SingleFieldSubscriptions => "SingleFieldSubscriptions",
            Self::FieldsOnCorrectType => "FieldsOnCorrectType",
            Self::OverlappingFieldsCanBeMerged => "OverlappingFieldsCanBeMerged",
            Self::ScalarLeafs => "ScalarLeafs",
            Self::KnownArgumentNames => "KnownArgumentNames",
            Self::UniqueArgumentNames => "UniqueArgumentNames",
            Self::ProvidedRequiredArguments => "ProvidedRequiredArguments",
            Self::UniqueFragmentNames => "UniqueFragmentNames",
            Self::KnownTypeNames => "KnownTypeNames",
            Self::FragmentsOnCompositeTypes => "FragmentsOnCompositeTypes",
            Self::NoUnusedFragments => "NoUnusedFragments",
            Self::KnownFragmentNames => "KnownFragmentNames",
            Self::NoFragmentCycles => "NoFragmentCycles",
            Self::PossibleFragmentSpreads => "PossibleFragmentSpreads",
            Self::ValuesOfCorrectType => "ValuesOfCorrectType",
            Self::UniqueInputFieldNames => "UniqueInputFieldNames",
            Self::KnownDirectives => "KnownDirectives",
            Self::UniqueDirectivesPerLocation => "UniqueDirectivesPerLocation",
            Self::UniqueVariableNames => "UniqueVariableNames",
            Self::VariablesAreInputTypes => "VariablesAreInputTypes",
            Self::NoUndefinedVariables => "NoUndefinedVariables",
            Self::NoUnusedVariables => "NoUnusedVariables",
            Self::VariablesInAllowedPosition => "VariablesInAllowedPosition",
        }
    }
}

/// Checks a document against all rules.
///
/// # Errors
/// Everything that is wrong, in the order of the text, up to [`Limits::max_errors`]. Or one error with the code
/// `LIMIT_EXCEEDED`, where merging the fields takes more than [`Limits::max_merge_steps`].
pub fn validate(schema: &Schema, document: &Document<'_>, limits: &Limits) -> Result<(), Vec<GraphqlError>> {
    validate_with(schema, document, limits, true)
}

/// The same, and says whether errors may suggest names of the schema. Where introspection is off, they should not.
///
/// # Errors
/// As [`validate`].
pub fn validate_with(
    schema: &Schema,
    document: &Document<'_>,
    limits: &Limits,
    suggestions: bool,
) -> Result<(), Vec<GraphqlError>> {
    run(schema, document, limits, suggestions).0
}

/// The steps that a validation of this document takes: selections, arguments, values and pairs of them that are looked at. They grow
/// with the document and with nothing else, which tests of hostile documents rely on.
#[doc(hidden)]
#[must_use]
pub fn steps(schema: &Schema, document: &Document<'_>, limits: &Limits) -> u64 {
    run(schema, document, limits, true).1
}

fn run(
    schema: &Schema,
    document: &Document<'_>,
    limits: &Limits,
    suggestions: bool,
) -> (Result<(), Vec<GraphqlError>>, u64) {
    let mut context = Context::new(schema, document, limits.max_errors.max(1), suggestions);
    rules::operations::names(&mut context);
    rules::fragments::names(&mut context);
    let facts = walk::walk(&mut context);
    let has_cycle = rules::fragments::cycles(&mut context, &facts);
    rules::fragments::unused(&mut context, &facts);
    rules::variables::usages(&mut context, &facts);
    for operation in document.operations() {
        rules::operations::single_root_field(&mut context, operation);
    }
    // What spreads itself has no end to merge.
    if !has_cycle && let Err(error) = merge::check(&mut context, &facts, limits.max_merge_steps) {
        return (Err(vec![error]), context.steps);
    }
    let steps = context.steps;
    let errors = context.into_errors();
    (if errors.is_empty() { Ok(()) } else { Err(errors) }, steps)
}
