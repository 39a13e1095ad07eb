//! The table of routes: patterns, and for each the methods it takes.

use crate::error::LimitExceeded;
use crate::limits::Limits;
use crate::problem::{Problem, ToProblem};
use crate::route::pattern::{Pattern, PatternError, Segment, normalise};
use crate::semantics::MethodSemantics;
use core::fmt;
use http::{HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::collections::HashMap;

/// Routes with a value of type `T` each: the answer to "what is at this path, and does it take this method".
///
/// HEAD is found where GET is, and OPTIONS everywhere, unless a route of their own was inserted. Equivalent paths find the
/// same route (`/%75sers` is `/users`), an encoded slash stays inside its segment. A trailing slash makes another path.
///
/// ```
/// use http::Method;
/// use rest_core::route::{Found, Table};
/// let mut table = Table::new();
/// table.insert("/users/{id}", Method::GET, "show")?;
/// table.insert("/users/{id}", Method::DELETE, "remove")?;
/// let Found::Route(route) = table.find(&Method::HEAD, "/users/J%C3%BCrgen") else { panic!() };
/// assert_eq!((*route.value, route.params.get("id").as_deref()), ("show", Some("Jürgen")));
/// let Found::MethodNotAllowed(allow) = table.find(&Method::POST, "/users/1") else { panic!() };
/// assert_eq!(allow.to_string(), "DELETE, GET, HEAD, OPTIONS");
/// assert!(matches!(table.find(&Method::GET, "/posts"), Found::NotFound));
/// # Ok::<(), rest_core::route::RouteError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Table<T> {
    tree: matchit::Router<usize>,
    entries: Vec<Entry<T>>,
    index: HashMap<String, usize>,
    known: Vec<Method>,
    limits: Limits,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    pattern: Pattern,
    methods: Vec<(Method, T)>,
    any: Option<T>,
    allow: Allow,
}

/// A route that matches a path.
#[derive(Debug)]
pub struct Route<'t, 'p, T> {
    /// What was inserted for it.
    pub value: &'t T,
    /// Its pattern.
    pub pattern: &'t Pattern,
    /// The parameters of the path.
    pub params: Params<'t, 'p>,
    /// The methods of this path.
    pub allow: &'t Allow,
}

/// What a table knows of a request.
#[non_exhaustive]
#[derive(Debug)]
pub enum Found<'t, 'p, T> {
    /// A route for this path and method. For HEAD it may be that of GET.
    Route(Route<'t, 'p, T>),
    /// OPTIONS of a path without an OPTIONS route: answer 204 with this Allow.
    Options(&'t Allow),
    /// `OPTIONS *`: answer 204 with this Allow, which has the methods of all routes (RFC 9110 §9.3.7).
    ServerOptions(Allow),
    /// The path exists and does not take the method: 405 with this Allow.
    MethodNotAllowed(&'t Allow),
    /// No pattern matches: 404.
    NotFound,
    /// No route takes the method, and it is none of RFC 9110, PATCH or QUERY: 501.
    NotImplemented,
    /// A percent-encoding of the path is broken, or a parameter is not UTF-8: 400.
    BadPath,
    /// The path is longer than [`Limits::max_path`]: 414.
    TooLong(LimitExceeded),
}

impl<T> Found<'_, '_, T> {
    /// The problem to answer with; `None` for a route and for OPTIONS.
    pub fn to_problem(&self) -> Option<Problem> {
        Some(match self {
            Found::Route(_) | Found::Options(_) | Found::ServerOptions(_) => return None,
            Found::MethodNotAllowed(allow) => {
                crate::semantics::outcome::MethodNotAllowed { allow: (*allow).clone() }.to_problem()
            }
            Found::NotFound => Problem::not_found(),
            Found::NotImplemented => Problem::not_implemented(),
            Found::BadPath => Problem::bad_request().detail("the path is not valid percent-encoded UTF-8"),
            Found::TooLong(_) => Problem::of(StatusCode::URI_TOO_LONG),
        })
    }
}

/// Why a route cannot be inserted.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteError {
    /// The pattern is none.
    Pattern(PatternError),
    /// The pattern cannot be told from this one.
    Conflict(String),
    /// The pattern has a route for this method already.
    Duplicate(String, Method),
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RouteError::Pattern(error) => error.fmt(f),
            RouteError::Conflict(with) => write!(f, "the pattern cannot be told from {with}"),
            RouteError::Duplicate(pattern, method) => write!(f, "{method} {pattern} is there already"),
        }
    }
}

impl core::error::Error for RouteError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        if let RouteError::Pattern(error) = self { Some(error) } else { None }
    }
}

impl From<PatternError> for RouteError {
    fn from(error: PatternError) -> Self {
        RouteError::Pattern(error)
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table::new()
    }
}

impl<T> Table<T> {
    /// No routes.
    pub fn new() -> Table<T> {
        Table::with_limits(Limits::DEFAULT)
    }

    /// No routes, with other bounds.
    pub fn with_limits(limits: Limits) -> Table<T> {
        Table {
            tree: matchit::Router::new(),
            entries: Vec::new(),
            index: HashMap::new(),
            known: Vec::new(),
            limits,
        }
    }

    /// Adds a route.
    ///
    /// # Errors
    /// [`RouteError`]: the pattern is none, is in conflict with another, or has this method already.
    pub fn insert(&mut self, pattern: &str, method: Method, value: T) -> Result<(), RouteError> {
        let entry = self.entry(pattern)?;
        if entry.methods.iter().any(|(m, _)| *m == method) {
            return Err(RouteError::Duplicate(pattern.to_owned(), method));
        }
        entry.methods.push((method.clone(), value));
        entry.allow = Allow::of(entry.methods.iter().map(|(m, _)| m));
        if !self.known.contains(&method) {
            self.known.push(method);
        }
        Ok(())
    }

    /// Adds a route for every method that has none of its own on this pattern, OPTIONS and unknown ones included: for
    /// a service that decides by itself.
    ///
    /// # Errors
    /// As [`insert`](Table::insert); the method of [`RouteError::Duplicate`] is then `*`.
    pub fn insert_any(&mut self, pattern: &str, value: T) -> Result<(), RouteError> {
        let entry = self.entry(pattern)?;
        if entry.any.is_some() {
            let star = Method::from_bytes(b"*").unwrap_or_default();
            return Err(RouteError::Duplicate(pattern.to_owned(), star));
        }
        entry.any = Some(value);
        Ok(())
    }

    /// What is at `path`, the path of a request target without its query, for `method`.
    pub fn find<'t, 'p>(&'t self, method: &Method, path: &'p str) -> Found<'t, 'p, T> {
        if path.len() > self.limits.max_path {
            return Found::TooLong(LimitExceeded { limit: "max_path", max: self.limits.max_path });
        }
        if path == "*" && *method == Method::OPTIONS {
            return Found::ServerOptions(Allow::of(&self.known));
        }
        let Some(path) = normalise(path) else {
            return Found::BadPath;
        };
        let Some(entry) = self.tree.at(&path).ok().and_then(|found| self.entries.get(*found.value)) else {
            return if self.implements(method) { Found::NotFound } else { Found::NotImplemented };
        };
        let Some(value) = entry.value(method) else {
            return match () {
                () if !self.implements(method) => Found::NotImplemented,
                () if *method == Method::OPTIONS => Found::Options(&entry.allow),
                () => Found::MethodNotAllowed(&entry.allow),
            };
        };
        let params = Params { path, pattern: &entry.pattern };
        if !params.is_utf8() {
            return Found::BadPath;
        }
        Found::Route(Route { value, pattern: &entry.pattern, params, allow: &entry.allow })
    }

    /// The patterns in the order in which they were inserted, each with its methods; one that
    /// [`insert_any`](Table::insert_any) alone made has none.
    pub fn routes(&self) -> impl Iterator<Item = (&Pattern, &Allow)> {
        self.entries.iter().map(|e| (&e.pattern, &e.allow))
    }

    fn entry(&mut self, text: &str) -> Result<&mut Entry<T>, RouteError> {
        let pattern = Pattern::parse(text)?;
        let key = pattern.to_matchit();
        let index = match self.index.get(&key) {
            Some(&index) => index,
            None => {
                let index = self.entries.len();
                self.tree.insert(&key, index).map_err(|error| match error {
                    matchit::InsertError::Conflict { with } => RouteError::Conflict(with),
                    _ => RouteError::Pattern(PatternError::Parameter(text.to_owned())),
                })?;
                self.index.insert(key, index);
                self.entries.push(Entry { pattern, methods: Vec::new(), any: None, allow: Allow::of([]) });
                index
            }
        };
        Ok(&mut self.entries[index])
    }

    fn implements(&self, method: &Method) -> bool {
        MethodSemantics::of(method).is_some() || self.known.contains(method)
    }
}

impl<T> Entry<T> {
    fn value(&self, method: &Method) -> Option<&T> {
        let of = |wanted: &Method| self.methods.iter().find(|(m, _)| m == wanted).map(|(_, value)| value);
        let exact = of(method);
        let own = if exact.is_none() && *method == Method::HEAD { of(&Method::GET) } else { exact };
        own.or(self.any.as_ref())
    }
}

/// The content of an Allow field: the methods of a resource (RFC 9110 §10.2.1), with HEAD beside GET, and OPTIONS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow(HeaderValue);

impl Allow {
    /// The field for these methods, in alphabetical order.
    pub fn of<'a>(methods: impl IntoIterator<Item = &'a Method>) -> Allow {
        let mut names: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        names.sort_unstable();
        names.dedup();
        // A method is a token, so the list is a field value.
        Allow(HeaderValue::try_from(names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("OPTIONS")))
    }

    /// The field value.
    pub fn to_header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// The parameters of a path that matched. They are cut out of the path when they are asked for.
#[derive(Clone, Debug)]
pub struct Params<'t, 'p> {
    path: Cow<'p, str>,
    pattern: &'t Pattern,
}

impl Params<'_, '_> {
    /// The value of a parameter, percent-decoded. It may hold any character, `/` and a lone `..` included: it is a name
    /// and no path.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// The parameters from left to right, percent-decoded.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.raw().map(|(name, raw)| (name, percent_decode_str(raw).decode_utf8_lossy()))
    }

    /// As they stand in the path. It matched, so its segments are those of the pattern one by one.
    fn raw(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut rest = self.path.strip_prefix('/').unwrap_or_default();
        self.pattern.segments.iter().filter_map(move |segment| {
            if let Segment::CatchAll(name) = segment {
                return Some((name.as_str(), rest));
            }
            let (part, tail) = rest.split_once('/').unwrap_or((rest, ""));
            rest = tail;
            if let Segment::Param(name) = segment { Some((name.as_str(), part)) } else { None }
        })
    }

    fn is_utf8(&self) -> bool {
        // Only a path with a `%` was rewritten.
        matches!(self.path, Cow::Borrowed(_))
            || self.raw().all(|(_, raw)| percent_decode_str(raw).decode_utf8().is_ok())
    }
}
