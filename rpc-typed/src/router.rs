//! Procedures by their paths.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use crate::builder::Resolver;
use crate::call::Caller;
use crate::erased::{Answer, BoxFuture, Erased};
use crate::error::{BuildError, Problem};
use crate::input::RawInput;
use crate::limits::Limits;
use crate::proc::{Kind, Proc, kind};
use crate::schema::{Describe, Ts, TsError};

/// Procedures that are being put together. What is wrong with them is told by [`build`](Self::build), all at once.
///
/// ```
/// use rpc_typed::{Mutation, Problem, Query, Router, Rpc, mutation, query};
///
/// const ADD: Mutation<(i32, i32), i32> = mutation("add");
/// const PI: Query<(), f64> = query("pi");
/// let rpc = Rpc::<()>::new();
///
/// let numbers = Router::new()
///     .handle(ADD, rpc.run(|(), (a, b)| async move { Ok(a + b) }))
///     .handle(PI, rpc.run(|(), ()| async { Ok(3.14) }));
/// let app = Router::new().nest("math", numbers).build()?;
/// assert_eq!(app.paths().collect::<Vec<_>>(), ["math.add", "math.pi"]);
///
/// let twice = Router::new()
///     .handle(PI, rpc.run(|(), ()| async { Ok(3.0) }))
///     .handle(PI, rpc.run(|(), ()| async { Ok(4.0) }));
/// assert_eq!(twice.build().unwrap_err().problems(), [Problem::Duplicate("pi".into())]);
/// # Ok::<(), rpc_typed::BuildError>(())
/// ```
///
/// A handler of other types than the procedure's does not compile:
///
/// ```compile_fail,E0308
/// # use rpc_typed::{Query, Router, Rpc, query};
/// const PI: Query<(), f64> = query("pi");
/// let router = Router::new().handle(PI, Rpc::<()>::new().run(|(), ()| async { Ok("3.14") }));
/// ```
pub struct Router<C> {
    entries: Vec<Entry<C>>,
}

struct Entry<C> {
    path: String,
    kind: Kind,
    erased: Arc<dyn Erased<C>>,
    describe: Describe,
}

impl<C: Send + 'static> Router<C> {
    /// No procedures.
    #[must_use]
    pub fn new() -> Router<C> {
        Router { entries: Vec::new() }
    }

    /// Serves a procedure by a handler.
    #[must_use]
    pub fn handle<K: kind::Marker, I, O>(
        mut self,
        procedure: Proc<K, I, O>,
        resolver: Resolver<C, K::Shape, I, O>,
    ) -> Router<C> {
        let Resolver { erased, describe, .. } = resolver;
        self.entries.push(Entry { path: procedure.to_string(), kind: K::KIND, erased, describe });
        self
    }

    /// Takes up the procedures of another router below a prefix: `list` becomes `users.list`.
    #[must_use]
    pub fn nest(mut self, prefix: &str, router: Router<C>) -> Router<C> {
        let below = |entry: Entry<C>| Entry { path: format!("{prefix}.{}", entry.path), ..entry };
        self.entries.extend(router.entries.into_iter().map(below));
        self
    }

    /// Takes up the procedures of another router beside its own.
    #[must_use]
    pub fn merge(mut self, router: Router<C>) -> Router<C> {
        self.entries.extend(router.entries);
        self
    }

    /// Checks the paths.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn build(mut self) -> Result<App<C>, BuildError> {
        self.entries.sort_by(|a, b| a.path.cmp(&b.path));
        let problems = problems(self.entries.iter().map(|entry| entry.path.as_str()));
        if !problems.is_empty() {
            return Err(BuildError { problems });
        }
        let entries = || self.entries.iter().map(|entry| entry.path.as_str());
        let index = entries().zip(0..).map(|(path, id)| (path.into(), ProcId(id))).collect();
        let kinds = self.entries.iter().map(|entry| entry.kind).collect();
        let procedures = Procedures { index, kinds };
        Ok(App(Arc::new(Inner { entries: self.entries, procedures })))
    }
}

impl<C: Send + 'static> Default for Router<C> {
    fn default() -> Router<C> {
        Router::new()
    }
}

impl<C> fmt::Debug for Router<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| &entry.path)).finish()
    }
}

/// What is wrong with paths that come in order.
fn problems<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<Problem> {
    let (mut problems, mut known, mut inner) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for path in paths {
        if !known.insert(path) {
            problems.push(Problem::Duplicate(path.to_owned()));
            continue;
        }
        inner.extend(path.match_indices('.').filter_map(|(at, _)| path.get(..at)));
        let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'-');
        if path.len() > Limits::DEFAULT.max_path {
            problems.push(Problem::TooLong(path.to_owned()));
        } else if path.split('.').any(|segment| segment.is_empty() || !segment.bytes().all(named)) {
            problems.push(Problem::Name(path.to_owned()));
        } else if path.split('.').any(|s| matches!(s, "then" | "call" | "apply" | "__proto__")) {
            problems.push(Problem::Reserved(path.to_owned()));
        }
    }
    problems.extend(inner.intersection(&known).map(|path| Problem::Overlap((*path).to_owned())));
    problems
}

/// A procedure of an [`App`], as its tables know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProcId(u32);

/// The paths and kinds of an application's procedures: all that the wire needs to know of them.
#[derive(Clone, Debug)]
pub struct Procedures {
    index: HashMap<Box<str>, ProcId>,
    kinds: Vec<Kind>,
}

impl Procedures {
    /// The procedure at a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<(ProcId, Kind)> {
        let id = *self.index.get(path)?;
        Some((id, *self.kinds.get(id.0 as usize)?))
    }
}

/// An application: the procedures, checked. Clones share them.
pub struct App<C>(Arc<Inner<C>>);

struct Inner<C> {
    entries: Vec<Entry<C>>,
    procedures: Procedures,
}

impl<C: Send + 'static> App<C> {
    /// The paths and kinds.
    #[must_use]
    pub fn procedures(&self) -> &Procedures {
        &self.0.procedures
    }

    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.entries.iter().map(|entry| entry.path.as_str())
    }

    /// Calls a procedure: the future runs its steps, reads the input and runs the handler. Dropping it cancels the call.
    /// A panic in it is an internal error.
    ///
    /// A `procedure` of another application may be out of the range of this one; it is not found then.
    #[must_use]
    pub fn call(&self, procedure: ProcId, ctx: C, input: RawInput) -> BoxFuture<Answer> {
        match self.0.entries.get(procedure.0 as usize) {
            Some(entry) => Arc::clone(&entry.erased).call(ctx, input),
            None => Box::pin(async { Answer::Failed(crate::Code::NotFound.into()) }),
        }
    }

    /// Calls from Rust with one context.
    #[must_use]
    pub fn caller(&self, ctx: C) -> Caller<C>
    where
        C: Clone,
    {
        Caller::new(self.clone(), ctx)
    }

    pub(crate) fn erased(&self, path: &str) -> Option<(Kind, Arc<dyn Erased<C>>)> {
        let (id, _) = self.0.procedures.find(path)?;
        let entry = self.0.entries.get(id.0 as usize)?;
        Some((entry.kind, Arc::clone(&entry.erased)))
    }

    /// The `AppRouter` type for TypeScript, as the text of a file.
    ///
    /// # Errors
    /// A type that TypeScript cannot say truly, and the procedure that has it.
    pub fn emit_ts(&self, ts: &Ts) -> Result<String, TsError> {
        ts.emit(self.0.entries.iter().map(|entry| (entry.path.as_str(), entry.kind, entry.describe)))
    }
}

impl<C> Clone for App<C> {
    fn clone(&self) -> App<C> {
        App(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for App<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.entries.iter().map(|entry| &entry.path)).finish()
    }
}
