//! The file: aliases of the named types, then the router as one concrete type.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::print::{Printer, Side, is_identifier, quoted};
use super::{Describe, Input, Output};
use crate::proc::Kind;

/// How TypeScript sees integers of 64 bits and more. JavaScript's numbers are exact up to 2^53 only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BigIntegers {
    /// They are an error: say with `#[schemars(range(…))]` that they stay below 2^53, or send strings.
    #[default]
    Refuse,
    /// `number`: what is larger is rounded by the client, silently.
    Number,
}

/// How the `AppRouter` type is written. The file needs `@trpc/server` 11 for its types, and nothing at run time.
///
/// ```
/// use rpc_typed::{Query, Router, Rpc, Ts, query};
///
/// const LEN: Query<Option<String>, u32> = query("text.len");
/// let app = Router::new()
///     .handle(LEN, Rpc::<()>::new().run(|(), s: Option<String>| async { Ok(s.map_or(0, |s| s.len() as u32)) }))
///     .build()?;
/// let file = app.emit_ts(&Ts::default())?;
/// assert!(file.contains("len: TRPCQueryProcedure<{ input: string | null | void; output: number;"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An integer that JavaScript would round is refused, with the place:
///
/// ```
/// # use rpc_typed::{Query, Router, Rpc, Ts, query};
/// const BIG: Query<(), u64> = query("big");
/// let app = Router::new().handle(BIG, Rpc::<()>::new().run(|(), ()| async { Ok(1) })).build()?;
/// assert_eq!(
///     app.emit_ts(&Ts::default()).unwrap_err().to_string(),
///     "output of `big`: uint64 does not fit a JavaScript number: bound it below 2^53 or send a string"
/// );
/// # Ok::<(), rpc_typed::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ts {
    name: String,
    big_integers: BigIntegers,
}

impl Default for Ts {
    fn default() -> Ts {
        Ts { name: "AppRouter".to_owned(), big_integers: BigIntegers::Refuse }
    }
}

impl Ts {
    /// Names the router's type; `AppRouter` if nothing is said. What is no identifier is left as it was.
    #[must_use]
    pub fn name(mut self, name: &str) -> Ts {
        if is_identifier(name) {
            name.clone_into(&mut self.name);
        }
        self
    }

    /// Says what integers of 64 bits become.
    #[must_use]
    pub fn big_integers(mut self, big_integers: BigIntegers) -> Ts {
        self.big_integers = big_integers;
        self
    }

    pub(crate) fn emit<'a>(
        &self,
        procedures: impl Iterator<Item = (&'a str, Kind, Describe)>,
    ) -> Result<String, TsError> {
        let mut read = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        let mut write = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let described: Vec<_> =
            procedures.map(|(path, kind, describe)| (path, kind, describe(&mut read, &mut write))).collect();
        let names = Names::new(&read.take_definitions(true), &write.take_definitions(true), &self.name);
        let printer = Printer { big_integers: self.big_integers, names: &names };

        let mut tree = Tree::default();
        for (path, kind, types) in &described {
            let place = |side: &str, what: String| TsError { place: format!("{side} of `{path}`"), what };
            let input = match &types.input {
                Input::Nothing => "void".to_owned(),
                Input::Value { schema, optional } => {
                    let ty =
                        printer.print(schema.as_value(), Side::Read, 1).map_err(|e| place("input", e))?.text;
                    if *optional { format!("{ty} | void") } else { ty }
                }
            };
            let output = match &types.output {
                Output::Nothing => "void".to_owned(),
                Output::Value(schema) => {
                    printer.print(schema.as_value(), Side::Write, 1).map_err(|e| place("output", e))?.text
                }
                Output::Events { schema, tracked } => {
                    let ty = printer
                        .print(schema.as_value(), Side::Write, 1)
                        .map_err(|e| place("output", e))?
                        .text;
                    // What a client sees of a tracked event; `TrackedEnvelope` would show it a tuple.
                    let ty = if *tracked { format!("{{ id: string; data: {ty} }}") } else { ty };
                    format!("AsyncIterable<{ty}, void, unknown>")
                }
            };
            let generic = match kind {
                Kind::Query => "TRPCQueryProcedure",
                Kind::Mutation => "TRPCMutationProcedure",
                Kind::Subscription => "TRPCSubscriptionProcedure",
            };
            let leaf = format!(
                "{generic}<{{ input: {input}; output: {output}; meta: unknown; errorShape: ErrorShape }}>"
            );
            tree.insert(path, leaf);
        }

        let mut out = String::from(HEAD);
        for alias in names.aliases() {
            let text = printer
                .print(alias.schema, alias.side, 0)
                .map_err(|what| TsError { place: format!("type `{}`", alias.name), what })?
                .text;
            if let Some(text) = alias.schema.get("description").and_then(Value::as_str) {
                super::print::comment(&mut out, text, 0);
            }
            out.push_str(&format!("export type {} = {text};\n\n", alias.name));
        }
        out.push_str(&format!("export type {} = TRPCBuiltRouter<\n", self.name));
        out.push_str("  { ctx: object; meta: object; errorShape: ErrorShape; transformer: false },\n  ");
        tree.write(&mut out, 1);
        out.push_str("\n>;\n");
        Ok(out)
    }
}

const HEAD: &str = "\
// Written from the Rust definitions of the procedures. Do not edit: write it anew.
import type {
  TRPCBuiltRouter,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
  TRPC_ERROR_CODE_KEY,
  TRPC_ERROR_CODE_NUMBER,
} from '@trpc/server';

/** A place of the input that broke a rule. */
export type Issue = { path: (string | number)[]; message: string };

/** What a failed call gives. */
export type ErrorShape = {
  message: string;
  code: TRPC_ERROR_CODE_NUMBER;
  data: { code: TRPC_ERROR_CODE_KEY; httpStatus: number; path?: string; stack?: string; issues?: Issue[] };
};

";

/// Names that the file has for itself.
const TAKEN: [&str; 8] = [
    "TRPCBuiltRouter",
    "TRPCMutationProcedure",
    "TRPCQueryProcedure",
    "TRPCSubscriptionProcedure",
    "TRPC_ERROR_CODE_KEY",
    "TRPC_ERROR_CODE_NUMBER",
    "Issue",
    "ErrorShape",
];

/// The named types of both sides. A type that both sides see alike has one alias; of one that they see differently, or of
/// different types that have one name, the input side's ends in `Input`.
pub(super) struct Names {
    aliases: Vec<(String, Side, Value)>,
    read: BTreeMap<String, String>,
    write: BTreeMap<String, String>,
}

pub(super) struct Alias<'a> {
    name: &'a str,
    side: Side,
    schema: &'a Value,
}

impl Names {
    fn new(read: &Map<String, Value>, write: &Map<String, Value>, router: &str) -> Names {
        let mut names = Names { aliases: Vec::new(), read: BTreeMap::new(), write: BTreeMap::new() };
        let mut taken: BTreeSet<String> = TAKEN.iter().map(|name| (*name).to_owned()).collect();
        taken.insert(router.to_owned());
        let mut free = |wish: String| {
            let mut name = wish.clone();
            let mut n = 2;
            while !taken.insert(name.clone()) {
                name = format!("{wish}{n}");
                n += 1;
            }
            name
        };
        let same = alike(read, write);
        for (key, schema) in write {
            let name = free(identifier(key));
            names.write.insert(key.clone(), name.clone());
            if same.contains(key) {
                names.read.insert(key.clone(), name.clone());
            }
            names.aliases.push((name, Side::Write, schema.clone()));
        }
        for (key, schema) in read.iter().filter(|(key, _)| !same.contains(*key)) {
            let wish = identifier(key);
            let wish = if write.contains_key(key) { format!("{wish}Input") } else { wish };
            let name = free(wish);
            names.read.insert(key.clone(), name.clone());
            names.aliases.push((name, Side::Read, schema.clone()));
        }
        names.aliases.sort_by(|a, b| a.0.cmp(&b.0));
        names
    }

    fn aliases(&self) -> impl Iterator<Item = Alias<'_>> {
        self.aliases.iter().map(|(name, side, schema)| Alias { name, side: *side, schema })
    }

    /// The alias of `#/$defs/KEY`.
    pub(super) fn alias(&self, key: &str, side: Side) -> Option<&str> {
        let names = match side {
            Side::Read => &self.read,
            Side::Write => &self.write,
        };
        names.get(key).map(String::as_str)
    }
}

/// The names whose schemas are equal on both sides, and so are those of all they refer to.
fn alike(read: &Map<String, Value>, write: &Map<String, Value>) -> BTreeSet<String> {
    let mut same: BTreeSet<String> = write
        .iter()
        .filter(|(key, schema)| read.get(*key) == Some(schema))
        .map(|(key, _)| key.clone())
        .collect();
    loop {
        let differs = |key: &String| {
            let mut refs = BTreeSet::new();
            if let Some(schema) = write.get(key) {
                collect_refs(schema, &mut refs);
            }
            !refs.is_subset(&same)
        };
        let Some(key) = same.iter().find(|key| differs(key)).cloned() else { return same };
        same.remove(&key);
    }
}

fn collect_refs(schema: &Value, refs: &mut BTreeSet<String>) {
    // Schemas come from types, so they are as deep as the source code; still, none is walked by recursion.
    let mut rest = vec![schema];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(values) => rest.extend(values),
            Value::Object(members) => {
                for (name, value) in members {
                    match (name.as_str(), value) {
                        ("$ref", Value::String(to)) => refs.extend(super::print::ref_key(to)),
                        _ => rest.push(value),
                    }
                }
            }
            _ => {}
        }
    }
}

/// A name that TypeScript takes.
fn identifier(key: &str) -> String {
    let mut name: String = key
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '$' { c } else { '_' })
        .collect();
    if !is_identifier(&name) {
        name.insert(0, '_');
    }
    name
}

/// Paths as nested objects.
#[derive(Default)]
struct Tree(BTreeMap<String, Node>);

enum Node {
    Leaf(String),
    Inner(Tree),
}

impl Tree {
    fn insert(&mut self, path: &str, leaf: String) {
        match path.split_once('.') {
            None => {
                self.0.insert(path.to_owned(), Node::Leaf(leaf));
            }
            Some((first, rest)) => {
                let node = self.0.entry(first.to_owned()).or_insert_with(|| Node::Inner(Tree::default()));
                // A router whose paths overlap is not built.
                if let Node::Inner(tree) = node {
                    tree.insert(rest, leaf);
                }
            }
        }
    }

    fn write(&self, out: &mut String, depth: usize) {
        out.push_str("{\n");
        for (name, node) in &self.0 {
            out.push_str(&"  ".repeat(depth + 1));
            out.push_str(&quoted(name));
            out.push_str(": ");
            match node {
                Node::Leaf(leaf) => out.push_str(leaf),
                Node::Inner(tree) => tree.write(out, depth + 1),
            }
            out.push_str(";\n");
        }
        out.push_str(&"  ".repeat(depth));
        out.push('}');
    }
}

/// A type that TypeScript cannot say truly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TsError {
    place: String,
    what: String,
}

impl fmt::Display for TsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl std::error::Error for TsError {}
