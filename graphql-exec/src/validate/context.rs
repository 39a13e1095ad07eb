//! What the rules share: the document, the schema, and where errors go.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::error::{GraphqlError, code};
use crate::schema::{FieldType, Schema, TypeId};
use crate::span::{Location, Span};
use crate::syntax::{Document, Fragment};

use super::Rule;

/// The state of one validation.
pub(super) struct Context<'a> {
    pub(super) schema: &'a Schema,
    pub(super) document: &'a Document<'a>,
    max_errors: usize,
    suggestions: bool,
    hints: u32,
    /// Each fragment by its name; of those with one name the first.
    pub(super) fragments: HashMap<&'a str, usize>,
    /// What was looked at, in units of about one selection or value.
    pub(super) steps: u64,
    found: Vec<Found>,
}

struct Found {
    at: u32,
    error: GraphqlError,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        schema: &'a Schema,
        document: &'a Document<'a>,
        max_errors: usize,
        suggestions: bool,
    ) -> Self {
        let mut fragments = HashMap::with_capacity(document.fragments().len());
        for (index, fragment) in document.fragments().iter().enumerate() {
            fragments.entry(document.text(fragment.name)).or_insert(index);
        }
        Self { schema, document, max_errors, suggestions, hints: 0, fragments, steps: 0, found: Vec::new() }
    }

    pub(super) fn text(&self, span: Span) -> &'a str {
        self.document.text(span)
    }

    pub(super) fn fragment(&self, name: &str) -> Option<(usize, &'a Fragment)> {
        let index = *self.fragments.get(name)?;
        Some((index, self.document.fragments().get(index)?))
    }

    /// Whether selections can be made on this type.
    pub(super) fn is_composite(&self, ty: TypeId) -> bool {
        self.schema.ty(ty).kind.is_composite()
    }

    /// The type of this name, if selections can be made on it.
    pub(super) fn composite(&self, name: Span) -> Option<TypeId> {
        self.schema.type_id(self.text(name)).filter(|ty| self.is_composite(*ty))
    }

    /// A type as it is written: `[User!]!`.
    pub(super) fn display(&self, ty: FieldType) -> String {
        self.schema.display(ty).to_string()
    }

    /// The name of a type.
    pub(super) fn type_name(&self, ty: TypeId) -> &'a str {
        &self.schema.ty(ty).name
    }

    /// Adds an error at one place.
    pub(super) fn report(&mut self, rule: Rule, at: Span, message: impl Into<Cow<'static, str>>) {
        self.report_at(rule, &[at], message);
    }

    /// Adds an error at several places, the first of which is where it sorts.
    pub(super) fn report_at(&mut self, rule: Rule, at: &[Span], message: impl Into<Cow<'static, str>>) {
        if self.is_full() {
            return;
        }
        let mut error = GraphqlError::new(message)
            .with_code(code::VALIDATION_FAILED)
            .with_extension("rule", rule.as_str());
        for span in at.iter().take(MAX_LOCATIONS) {
            error = error.with_location(Location::of(self.document.source(), span.start));
        }
        self.found.push(Found { at: at.first().map_or(0, |span| span.start), error });
    }

    /// Whether there are as many errors as are wanted: what would only find more can stop.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= self.max_errors
    }

    /// The errors in the order of the text.
    pub(super) fn into_errors(mut self) -> Vec<GraphqlError> {
        self.found.sort_by_key(|found| found.at);
        self.found.into_iter().map(|found| found.error).collect()
    }

    /// `; did you mean …?`, or nothing where names of the schema are not to be told or none is near.
    pub(super) fn did_you_mean<'n>(
        &mut self,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) -> String {
        if self.suggestions { self.suggest(name, known) } else { String::new() }
    }

    /// The same for names that are the client's own.
    pub(super) fn suggest<'n>(&mut self, name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
        if self.hints == MAX_HINTS || self.is_full() {
            return String::new();
        }
        self.hints += 1;
        super::suggest::did_you_mean(name, known)
    }
}

/// Errors of one document that get a suggestion: each takes a look at all names that are known.
const MAX_HINTS: u32 = 20;
/// Places that one error names.
const MAX_LOCATIONS: usize = 16;
