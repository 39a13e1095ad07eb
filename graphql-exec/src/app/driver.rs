//! Drives the engine: calls resolvers, polls their futures, and calls loaders when all else has stalled.

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::{
    BoxFuture, Call, Resolver,
    builder::Inner,
    load::{Queue, Wanted},
    slab::Slab,
};
use crate::{
    error::{GraphqlError, code},
    exec::{Engine, ResolveBatch, Resolved, Response, Step, TaskId},
};

/// What a future is for.
enum Job {
    /// One parent of a pending column.
    Row { column: usize, row: usize },
    /// A whole column.
    Column(TaskId),
    /// A batch of a loader: which queue, from which slot on.
    Load { queue: usize, first: usize },
}

/// What a future gives.
enum Outcome {
    One(Resolved),
    Many(Vec<Resolved>),
}

/// A column whose parents are resolved one by one.
struct Pending {
    task: TaskId,
    values: Vec<Resolved>,
    left: usize,
}

/// A column that waits for a loader.
struct Waiting {
    task: TaskId,
    queue: usize,
    wanted: Vec<Wanted>,
}

pub(super) struct Driver<C> {
    pub(super) engine: Engine,
    app: Arc<Inner<C>>,
    context: Arc<C>,
    work: Work<C>,
}

struct Work<C> {
    columns: Vec<Pending>,
    waiting: Vec<Waiting>,
    queues: Vec<Box<dyn Queue<C>>>,
    by_loader: HashMap<usize, usize>,
    slab: Slab<Outcome, Job>,
    /// Futures beyond [`Limits::max_tasks`](crate::Limits::max_tasks).
    backlog: VecDeque<(BoxFuture<Outcome>, Job)>,
    max_tasks: usize,
}

impl<C: Send + Sync + 'static> Driver<C> {
    pub(super) fn new(engine: Engine, app: Arc<Inner<C>>, context: Arc<C>) -> Self {
        let max_tasks = app.limits.max_tasks;
        Self { engine, app, context, work: Work::new(max_tasks) }
    }

    /// Forgets what was read for the last event.
    pub(super) fn forget(&mut self) {
        self.work = Work::new(self.app.limits.max_tasks);
    }

    /// Goes on until there is a response, or until all futures wait.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Response>> {
        self.work.slab.register(cx.waker());
        loop {
            match self.engine.poll() {
                Step::Resolve(batch) => resolve(batch, &self.app, &self.context, &mut self.work),
                Step::Load(_) => {
                    for queue in 0..self.work.queues.len() {
                        while let Some((first, future)) =
                            self.work.queues[queue].start(&self.context, self.app.limits.max_batch)
                        {
                            let future = Box::pin(async move { Outcome::Many(future.await) });
                            self.work.push(future, Job::Load { queue, first });
                        }
                    }
                }
                Step::Emit(response) => return Poll::Ready(Some(response)),
                // The source of a subscription is opened elsewhere.
                Step::Done | Step::Subscribe(_) => return Poll::Ready(None),
                Step::Wait => {
                    let done = self.work.slab.round();
                    if !done.is_empty() {
                        for (job, outcome) in done {
                            self.finish(job, outcome);
                        }
                        continue;
                    }
                    if self.work.slab.has_woken() {
                        // A future that woke itself is not stalled, but others may want the thread.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    if !self.engine.stalled() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    fn finish(&mut self, job: Job, outcome: Outcome) {
        if let Some((future, job)) = self.work.backlog.pop_front() {
            self.work.slab.push(future, job);
        }
        match (job, outcome) {
            (Job::Row { column, row }, Outcome::One(value)) => {
                let pending = &mut self.work.columns[column];
                pending.values[row] = value;
                pending.left -= 1;
                if pending.left == 0 {
                    let values = core::mem::take(&mut pending.values);
                    // Only an execution that was stopped knows the task no more.
                    let _ = self.engine.resolved(pending.task, values);
                }
            }
            (Job::Column(task), Outcome::Many(values)) => {
                let _ = self.engine.resolved(task, values);
            }
            (Job::Load { queue, first }, Outcome::Many(values)) => {
                self.work.queues[queue].fill(first, values);
                let waiting = core::mem::take(&mut self.work.waiting);
                for waiting in waiting {
                    match self.work.ready(queue, &waiting) {
                        Some(values) => {
                            let _ = self.engine.resolved(waiting.task, values);
                        }
                        None => self.work.waiting.push(waiting),
                    }
                }
            }
            _ => {}
        }
    }
}

impl<C> Work<C> {
    fn new(max_tasks: usize) -> Self {
        Self {
            columns: Vec::new(),
            waiting: Vec::new(),
            queues: Vec::new(),
            by_loader: HashMap::new(),
            slab: Slab::new(),
            backlog: VecDeque::new(),
            max_tasks: max_tasks.max(1),
        }
    }

    fn push(&mut self, future: BoxFuture<Outcome>, job: Job) {
        if self.slab.len() < self.max_tasks {
            self.slab.push(future, job);
        } else {
            self.backlog.push_back((future, job));
        }
    }

    /// A column whose rows come one by one.
    fn rows(&mut self, task: TaskId, futures: impl ExactSizeIterator<Item = BoxFuture<Resolved>>) {
        let column = self.columns.len();
        let left = futures.len();
        self.columns.push(Pending { task, values: vec![Resolved::Null; left], left });
        for (row, future) in futures.enumerate() {
            self.push(Box::pin(async move { Outcome::One(future.await) }), Job::Row { column, row });
        }
    }

    /// The values of a column, if its queue is the one that was filled and all are there.
    fn ready(&self, queue: usize, waiting: &Waiting) -> Option<Vec<Resolved>> {
        if waiting.queue != queue {
            return None;
        }
        collect(&*self.queues[queue], &waiting.wanted)
    }
}

fn collect<C>(queue: &dyn Queue<C>, wanted: &[Wanted]) -> Option<Vec<Resolved>> {
    let value = |wanted: &Wanted| match wanted {
        Ok(slot) => queue.value(*slot).cloned(),
        Err(error) => Some(Resolved::Error(error.clone())),
    };
    wanted.iter().map(value).collect()
}

fn resolve<C: Send + Sync + 'static>(
    batch: ResolveBatch<'_>,
    app: &Arc<Inner<C>>,
    context: &Arc<C>,
    work: &mut Work<C>,
) {
    let call = Call { args: Arc::clone(batch.arguments()), context: Arc::clone(context), info: batch.info() };
    match app.resolvers.get(batch.field().index()).and_then(Option::as_ref) {
        Some(Resolver::Sync(resolve)) => resolve(batch, &call),
        Some(Resolver::Async(resolve)) => {
            let call = Arc::new(call);
            let parents = Arc::clone(batch.parents());
            let futures = parents.iter().map(|parent| resolve(parent.clone(), Arc::clone(&call)));
            work.rows(batch.later(), futures);
        }
        Some(Resolver::Batch(resolve)) => {
            let future = resolve(Arc::clone(batch.parents()), Arc::new(call));
            work.push(Box::pin(async move { Outcome::Many(future.await) }), Job::Column(batch.later()));
        }
        Some(Resolver::Load(field)) if !app.batching => {
            let parents = Arc::clone(batch.parents());
            work.rows(batch.later(), parents.iter().map(|parent| field.single(parent, &call)));
        }
        Some(Resolver::Load(field)) => {
            let queue = *work.by_loader.entry(field.identity()).or_insert_with(|| {
                work.queues.push(field.queue());
                work.queues.len() - 1
            });
            let wanted = field.want(&mut *work.queues[queue], batch.parents(), &call);
            match collect(&*work.queues[queue], &wanted) {
                // All was read before.
                Some(values) => {
                    let mut values = values.into_iter();
                    batch.fill(|_| values.next().unwrap_or(Resolved::Null));
                }
                None => work.waiting.push(Waiting { task: batch.wait_for_load(), queue, wanted }),
            }
        }
        Some(Resolver::Subscribe(_)) | None => {
            let error = GraphqlError::new("the field has no resolver").with_code(code::INTERNAL_SERVER_ERROR);
            batch.fill(|_| Resolved::Error(error.clone()));
        }
    }
}

/// The response to a query or mutation, once it is awaited. Any executor can poll it; dropping it ends all its work.
pub struct Execution<C>(State<C>);

enum State<C> {
    Ready(Option<Response>),
    Running(Box<Driver<C>>),
}

impl<C> Execution<C> {
    pub(super) fn ready(response: Response) -> Self {
        Self(State::Ready(Some(response)))
    }

    pub(super) fn running(driver: Driver<C>) -> Self {
        Self(State::Running(Box::new(driver)))
    }
}

impl<C: Send + Sync + 'static> Future for Execution<C> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let response = match &mut self.0 {
            State::Ready(response) => response.take(),
            State::Running(driver) => match driver.poll(cx) {
                Poll::Ready(response) => response,
                Poll::Pending => return Poll::Pending,
            },
        };
        self.0 = State::Ready(None);
        Poll::Ready(response.unwrap_or_else(|| {
            GraphqlError::new("the execution is over").with_code(code::INTERNAL_SERVER_ERROR).into()
        }))
    }
}

impl<C> core::fmt::Debug for Execution<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self.0 {
            State::Ready(_) => "Execution(ready)",
            State::Running(_) => "Execution(running)",
        })
    }
}
