//! From a request to an operation that can be executed: the operation is chosen, variables are coerced, costs are bounded.

mod cost;
mod variables;

use std::{collections::HashMap, sync::Arc};

pub use cost::{Cost, Costs};

use crate::{
    error::{GraphqlError, code},
    limits::Limits,
    name::Name,
    schema::{Schema, TypeId},
    syntax::{Document, Fragment, Operation, OperationType, SelectionId, SelectionKind},
    value::{Object, Value},
};

/// An operation with its variables, ready to be executed. Cheap to clone.
///
/// ```
/// use graphql_exec::{Limits, Object, Schema, plan::{Costs, Plan}, syntax::{Document, OperationType}};
///
/// let schema = Schema::parse("type Query { now: Int }").unwrap();
/// let document = Document::parse("{ now }").unwrap().into_owned();
/// let plan = Plan::new(&schema, document, None, &Object::new(), &Limits::default(), &Costs::default()).unwrap();
/// assert_eq!(plan.kind(), OperationType::Query);
/// ```
#[derive(Clone, Debug)]
pub struct Plan(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    document: Document<'static>,
    operation: Operation,
    root: TypeId,
    /// For each selection that is a spread, which fragment.
    spreads: Vec<u32>,
    variables: HashMap<Name, Value>,
}

const NO_FRAGMENT: u32 = u32::MAX;

impl Plan {
    /// Takes the operation of that name, or the only one, from a document that was validated.
    ///
    /// What validation would have found may make the answer to a request odd, but never takes more than the limits allow.
    ///
    /// # Errors
    /// There is no such operation (§6.1), a variable is not of its type (§6.1.2), or a limit is crossed.
    pub fn new(
        schema: &Schema,
        document: Document<'static>,
        operation_name: Option<&str>,
        variables: &Object,
        limits: &Limits,
        costs: &Costs,
    ) -> Result<Self, Vec<GraphqlError>> {
        let operation = choose(&document, operation_name).map_err(|error| vec![error])?;
        let Some(root) = schema.root(operation.kind) else {
            let message = format!("the service has no {} type", operation.kind);
            let error = GraphqlError::new(message).with_code(code::OPERATION_RESOLUTION_FAILURE);
            return Err(vec![error.at(document.source(), operation.span)]);
        };
        let variables = variables::coerce(schema, &document, &operation, variables, limits)?;
        let mut plan = Inner { spreads: spreads(&document), document, operation, root, variables };
        cost::check(
            schema,
            &plan.document,
            &plan.spreads,
            &plan.operation,
            root,
            &plan.variables,
            limits,
            costs,
        )
        .map_err(|error| vec![error])?;
        plan.spreads.shrink_to_fit();
        Ok(Self(Arc::new(plan)))
    }

    /// What the operation does.
    #[must_use]
    pub fn kind(&self) -> OperationType {
        self.0.operation.kind
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Document<'static> {
        &self.0.document
    }

    /// The operation.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.0.operation
    }

    /// The root type of the operation.
    #[must_use]
    pub fn root(&self) -> TypeId {
        self.0.root
    }

    /// The coerced value of a variable; `None` where it was not given and has no default.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.0.variables.get(name)
    }

    /// The fragment that a spread names.
    pub(crate) fn spread(&self, id: SelectionId) -> Option<(usize, &Fragment)> {
        let index = *self.0.spreads.get(id.index())? as usize;
        Some((index, self.0.document.fragments().get(index)?))
    }
}

/// `GetOperation` (§6.1).
fn choose(document: &Document<'_>, name: Option<&str>) -> Result<Operation, GraphqlError> {
    let error = |message: String| GraphqlError::new(message).with_code(code::OPERATION_RESOLUTION_FAILURE);
    match (name, document.operations()) {
        (None, [only]) => Ok(*only),
        (None, []) => Err(error("the document has no operation".to_owned())),
        (None, _) => Err(error("the document has several operations: name one".to_owned())),
        (Some(name), operations) => operations
            .iter()
            .find(|operation| operation.name.is_some_and(|span| document.text(span) == name))
            .copied()
            .ok_or_else(|| error("the document has no operation of the name that was asked for".to_owned())),
    }
}

fn spreads(document: &Document<'_>) -> Vec<u32> {
    let by_name: HashMap<&str, u32> = document
        .fragments()
        .iter()
        .zip(0..)
        .map(|(fragment, index)| (document.text(fragment.name), index))
        .collect();
    let target = |kind: SelectionKind| match kind {
        SelectionKind::Spread { name } => by_name.get(document.text(name)).copied().unwrap_or(NO_FRAGMENT),
        _ => NO_FRAGMENT,
    };
    document.all_selections().map(|(_, selection)| target(selection.kind)).collect()
}

/// Whether `@skip` and `@include` let a selection through (§3.13.1, §3.13.2).
pub(crate) fn is_included(plan: &Plan, run: crate::syntax::Run) -> bool {
    let document = plan.document();
    document.directives(run).iter().all(|directive| {
        let name = document.text(directive.name);
        if !matches!(name, "skip" | "include") {
            return true;
        }
        let argument = document
            .arguments(directive.arguments)
            .iter()
            .find(|argument| document.text(argument.name) == "if");
        let Some(argument) = argument else { return true };
        use crate::syntax::ValueKind;
        let condition = match document.value_kind(argument.value) {
            ValueKind::True => true,
            ValueKind::Variable => {
                plan.variable(document.variable_name(argument.value)) == Some(&Value::Boolean(true))
            }
            _ => false,
        };
        condition == (name == "include")
    })
}
