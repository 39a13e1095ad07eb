//! The machine of execution.

use core::fmt;
use std::{collections::VecDeque, sync::Arc};

use super::{
    batch::ResolveBatch,
    column::{Cell, Column},
    output::{ObjectRef, Resolved},
    response::Response,
};
use crate::{
    error::{GraphqlError, code},
    limits::Limits,
    plan::Plan,
    schema::{FieldId, Schema, TypeId},
    syntax::{OperationType, SelectionId},
    value::Arguments,
};

/// A field that waits for its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TaskId {
    pub(super) node: u32,
    pub(super) event: u32,
}

/// The task was answered already, or belongs to an event that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleTask;

impl fmt::Display for StaleTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task was answered already")
    }
}

impl core::error::Error for StaleTask {}

/// What the engine wants next.
#[derive(Debug)]
pub enum Step<'e> {
    /// The values of one field for all parents of its layer.
    Resolve(ResolveBatch<'e>),
    /// All work that can go on has stalled: these tasks wait for a loader, so now is the time to call it.
    Load(Vec<TaskId>),
    /// A response: the only one of a query or mutation, one of each event of a subscription.
    Emit(Response),
    /// The source of a subscription is wanted. Its events go to [`Engine::event`].
    Subscribe(ResolveBatch<'e>),
    /// Nothing until a task is answered or an event comes.
    Wait,
    /// The end.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// In the queue.
    Ready,
    /// With the caller.
    InFlight,
    /// With the caller, who waits for a loader.
    Stalled,
    Complete,
}

/// One field of a layer: a response name with its column.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) layer: u32,
    /// The response name as a JSON key: `"name":`.
    pub(super) key: Box<[u8]>,
    pub(super) field: FieldId,
    /// The fields of the document that were merged here.
    pub(super) selections: Arc<[SelectionId]>,
    pub(super) arguments: Arc<Arguments>,
    pub(super) column: Column,
    pub(super) state: State,
    /// The layers of its objects, one for each of their types.
    pub(super) layers: Vec<u32>,
}

/// Objects of one type that one field gave, and what is selected of them.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) ty: TypeId,
    pub(super) objects: Arc<[ObjectRef]>,
    pub(super) rows: usize,
    /// The node whose objects these are; none for the root.
    pub(super) origin: Option<u32>,
    /// For each row which cell of that node.
    pub(super) cells: Vec<u32>,
    pub(super) nodes: core::ops::Range<u32>,
    /// Rows that are null after all; empty where there are none.
    pub(super) nulled: Vec<bool>,
}

/// Executes one operation and calls nobody: [`poll`](Self::poll) says what is wanted.
///
/// ```
/// use graphql_exec::{Limits, Object, Resolved, Schema, exec::{Engine, Step}, plan::{Costs, Plan}, syntax::Document};
///
/// let schema = Schema::parse("type Query { now: Int }").unwrap();
/// let document = Document::parse("{ now then: now }").unwrap().into_owned();
/// let limits = Limits::default();
/// let plan = Plan::new(&schema, document, None, &Object::new(), &limits, &Costs::default()).unwrap();
/// let mut engine = Engine::new(schema, plan, limits);
/// let response = loop {
///     match engine.poll() {
///         Step::Resolve(batch) => batch.fill(|_parent| Resolved::Int(7)),
///         Step::Emit(response) => break response,
///         other => panic!("{other:?}"),
///     }
/// };
/// assert_eq!(response.json(), br#"{"data":{"now":7,"then":7}}"#);
/// ```
#[derive(Debug)]
pub struct Engine {
    pub(super) schema: Schema,
    pub(super) plan: Plan,
    pub(super) limits: Limits,
    pub(super) layers: Vec<Layer>,
    pub(super) nodes: Vec<Node>,
    pub(super) errors: Vec<GraphqlError>,
    /// Errors that were dropped since there were too many.
    pub(super) more_errors: usize,
    pub(super) ready: VecDeque<u32>,
    /// Root fields of a mutation that wait for the one before them (§6.2.2).
    pub(super) serial: VecDeque<u32>,
    pub(super) in_flight: usize,
    pub(super) stalled: usize,
    told_stalled: bool,
    pub(super) cells: usize,
    /// What stops the whole execution.
    fatal: Option<GraphqlError>,
    phase: Phase,
    pub(super) event: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was done yet.
    Start,
    /// A source was asked for.
    Opening,
    /// A source is open, and no event is being worked on.
    Idle,
    Running,
    Done,
}

/// Indices have 31 bits.
const MOST: usize = 1 << 30;

impl Engine {
    /// An execution that has not begun.
    #[must_use]
    pub fn new(schema: Schema, plan: Plan, mut limits: Limits) -> Self {
        limits.max_cells = limits.max_cells.min(MOST);
        limits.max_response = limits.max_response.min(MOST);
        Self {
            schema,
            plan,
            limits,
            layers: Vec::new(),
            nodes: Vec::new(),
            errors: Vec::new(),
            more_errors: 0,
            ready: VecDeque::new(),
            serial: VecDeque::new(),
            in_flight: 0,
            stalled: 0,
            told_stalled: false,
            cells: 0,
            fatal: None,
            phase: Phase::Start,
            event: 0,
        }
    }

    /// What is wanted next. Never blocks; the order depends on nothing but the answers and their order.
    pub fn poll(&mut self) -> Step<'_> {
        if self.phase == Phase::Start {
            self.begin();
            if self.plan.kind() == OperationType::Subscription {
                self.phase = Phase::Opening;
                self.ready.clear();
                self.serial.clear();
                // Validation lets through one root field (§5.2.4.1); `@skip` may have removed even that.
                if self.nodes.len() == 1 && self.nodes[0].state == State::Ready {
                    self.nodes[0].state = State::InFlight;
                    return Step::Subscribe(ResolveBatch { engine: self, node: 0 });
                }
                let error = GraphqlError::new("a subscription needs one root field")
                    .with_code(code::VALIDATION_FAILED);
                return self.refuse(self.errors.first().cloned().unwrap_or(error));
            }
        }
        match self.phase {
            Phase::Start | Phase::Running => {}
            Phase::Opening | Phase::Idle => return Step::Wait,
            Phase::Done => return Step::Done,
        }
        self.phase = Phase::Running;
        if self.fatal.is_some() {
            return Step::Emit(self.finish());
        }
        if let Some(node) = self.ready.pop_front() {
            return self.hand_out(node);
        }
        if self.in_flight == 0 || self.told_stalled {
            if self.stalled > 0 {
                self.told_stalled = false;
                let event = self.event;
                let waiting = |(node, state): (u32, &Node)| {
                    (state.state == State::Stalled).then_some(TaskId { node, event })
                };
                let tasks: Vec<TaskId> = (0..).zip(&self.nodes).filter_map(waiting).collect();
                for task in &tasks {
                    self.nodes[task.node as usize].state = State::InFlight;
                }
                self.in_flight += self.stalled;
                self.stalled = 0;
                return Step::Load(tasks);
            }
            if self.in_flight == 0 {
                if let Some(node) = self.serial.pop_front() {
                    return self.hand_out(node);
                }
                return Step::Emit(self.finish());
            }
        }
        Step::Wait
    }

    fn hand_out(&mut self, node: u32) -> Step<'_> {
        self.nodes[node as usize].state = State::InFlight;
        self.in_flight += 1;
        Step::Resolve(ResolveBatch { engine: self, node })
    }

    /// The caller has polled all its futures and none can go on: loaders that are waited for are called now, whatever else
    /// is in flight. Without this they wait until nothing is. Whether any is waited for.
    pub fn stalled(&mut self) -> bool {
        self.told_stalled = self.stalled > 0;
        self.told_stalled
    }

    /// The values of a task, one for each parent, in their order.
    ///
    /// # Errors
    /// The task was answered before, or belongs to another event.
    pub fn resolved(&mut self, task: TaskId, values: Vec<Resolved>) -> Result<(), StaleTask> {
        let node = self.take(task)?;
        self.answer(node, values);
        Ok(())
    }

    fn take(&mut self, task: TaskId) -> Result<u32, StaleTask> {
        let state = self.nodes.get(task.node as usize).map(|node| node.state);
        match state {
            _ if task.event != self.event || self.phase != Phase::Running => Err(StaleTask),
            Some(State::InFlight) => {
                self.in_flight -= 1;
                Ok(task.node)
            }
            Some(State::Stalled) => {
                self.stalled -= 1;
                Ok(task.node)
            }
            _ => Err(StaleTask),
        }
    }

    fn answer(&mut self, node: u32, values: Vec<Resolved>) {
        let rows = self.rows(node);
        let found = values.len();
        let mut values = values.into_iter();
        self.write(node, |_, cell| {
            // Too few or too many answers cannot be told apart: all fail.
            let value = values.next().filter(|_| found == rows);
            cell.resolved(value.unwrap_or_else(|| {
                let message = format!("the resolver gave {found} values for {rows} parents");
                Resolved::Error(GraphqlError::new(message).with_code(code::INTERNAL_SERVER_ERROR))
            }));
        });
    }

    fn rows(&self, node: u32) -> usize {
        self.layers[self.nodes[node as usize].layer as usize].rows
    }

    /// Fills the column of a node, one cell for each parent, and goes on below it.
    pub(super) fn write(&mut self, node: u32, mut write: impl FnMut(&ObjectRef, &mut Cell<'_>)) {
        let state = &mut self.nodes[node as usize];
        let layer = &self.layers[state.layer as usize];
        for (row, object) in layer.objects.iter().enumerate() {
            write(object, &mut state.column.cell(&self.schema));
            if state.column.entries(0) <= row {
                // A writer that wrote nothing.
                state.column.cell(&self.schema).null();
            }
            if state.column.overflow.is_some() {
                break;
            }
        }
        self.complete(node);
    }

    /// What follows once a column is full: errors get their paths, objects their layers.
    fn complete(&mut self, node: u32) {
        let state = &mut self.nodes[node as usize];
        state.state = State::Complete;
        self.cells = self.cells.saturating_add(state.column.cells());
        let overflow = state.column.overflow.or((self.cells > self.limits.max_cells).then_some("max_cells"));
        if let Some(name) = overflow {
            let max = if name == "max_cells" { self.limits.max_cells } else { self.limits.max_response };
            self.fatal.get_or_insert_with(|| GraphqlError::limit(name, max as u64));
            return;
        }
        if state.column.is_composite() {
            self.descend(node);
        }
        let errors = core::mem::take(&mut self.nodes[node as usize].column.errors);
        for (level, index, error) in errors {
            self.report(node, level, index, error);
        }
    }

    fn report(&mut self, node: u32, level: usize, index: u32, error: GraphqlError) {
        if self.errors.len() >= self.limits.max_errors {
            self.more_errors += 1;
            return;
        }
        let path = self.path(node, level, index);
        let span =
            self.nodes[node as usize].selections.first().map(|&id| self.plan.document().selection(id).span);
        let error = match span {
            Some(span) if error.locations().is_empty() => error.at(self.plan.document().source(), span),
            _ => error,
        };
        self.errors.push(error.with_path(path));
    }

    /// An event of the source: the value of the subscribed field. The next [`poll`](Self::poll) begins to execute the
    /// operation for it (§6.2.3.2). One that comes before the last one was answered for takes its place.
    pub fn event(&mut self, value: Resolved) {
        if !matches!(self.phase, Phase::Opening | Phase::Idle | Phase::Running)
            || self.plan.kind() != OperationType::Subscription
        {
            return;
        }
        self.reset();
        self.begin();
        self.phase = Phase::Running;
        self.ready.clear();
        if self.nodes.first().is_some_and(|node| node.state == State::Ready) {
            self.answer(0, vec![value]);
        }
    }

    /// The source has ended: the next [`poll`](Self::poll) is [`Step::Done`].
    pub fn source_ended(&mut self) {
        self.phase = Phase::Done;
    }

    /// The source cannot be opened: a request error (§6.2.3.1).
    #[must_use]
    pub fn source_failed(&mut self, error: GraphqlError) -> Response {
        self.phase = Phase::Done;
        let (key, selections) = match self.nodes.first() {
            Some(node) => (node.key.clone(), Arc::clone(&node.selections)),
            None => return error.into(),
        };
        let name = core::str::from_utf8(&key).unwrap_or_default().trim_matches(['"', ':']);
        let path = vec![crate::error::PathSegment::Field(name.into())];
        let document = self.plan.document();
        let error = match selections.first() {
            Some(&id) if error.locations().is_empty() => {
                error.at(document.source(), document.selection(id).span)
            }
            _ => error,
        };
        error.with_path(path).into()
    }

    fn refuse(&mut self, error: GraphqlError) -> Step<'static> {
        self.phase = Phase::Done;
        Step::Emit(error.into())
    }

    fn finish(&mut self) -> Response {
        self.phase = if self.plan.kind() == OperationType::Subscription { Phase::Idle } else { Phase::Done };
        let response = match self.fatal.take() {
            Some(error) => {
                Response::build(vec![error], Some(|out: &mut Vec<u8>| out.extend_from_slice(b"null")))
            }
            None => self.respond(),
        };
        self.reset();
        response
    }

    fn reset(&mut self) {
        self.layers.clear();
        self.nodes.clear();
        self.errors.clear();
        self.ready.clear();
        self.serial.clear();
        (self.more_errors, self.in_flight, self.stalled, self.cells) = (0, 0, 0, 0);
        self.told_stalled = false;
        self.fatal = None;
        self.event = self.event.wrapping_add(1);
    }
}
