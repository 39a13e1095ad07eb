//! §6 of the specification written down a second time, depth first and to the letter, and queries to compare it on.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "shared by a test and a fuzz target, which fail by panicking"
)]

use std::{
    collections::HashSet,
    fmt::Write as _,
    hash::{DefaultHasher, Hash, Hasher},
};

use graphql_exec::{
    Limits, Object, ObjectRef, PathSegment, Resolved, Schema, Typed, Value,
    exec::{Engine, ResolveBatch, Step, TaskId},
    plan::{Costs, Plan},
    schema::{FieldId, FieldType, TypeId, TypeKind},
    syntax::{Document, SelectionKind, SelectionSet, ValueKind},
    validate::validate,
};

pub const SDL: &str = "
    type Query { a(n: Int = 2): A as(n: Int = 2): [A!] u: U us(n: Int = 2): [[U]!]! i: I! is: [I] int: Int text: String! }
    type Mutation { a(n: Int = 2): A us(n: Int = 2): [[U]!]! int: Int }
    interface I { int: Int ints: [Int!]! a(n: Int = 2): A is: [I!] }
    type A implements I { int: Int ints: [Int!]! a(n: Int = 2): A is: [I!] text: String! u: U! us: [U!]! }
    type B implements I { int: Int ints: [Int!]! a(n: Int = 2): A is: [I!] flag: Boolean! e: E us: [U!]! }
    union U = A | B
    enum E { X Y }
";

struct Thing<const KIND: usize> {
    id: u64,
}

impl<const KIND: usize> Typed for Thing<KIND> {
    const NAME: &'static str = ["A", "B"][KIND];
}

/// Numbers of the bytes that are given, then of a counter.
pub struct Choices<'a> {
    bytes: &'a [u8],
    after: u64,
}

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8], seed: u64) -> Self {
        Self { bytes, after: seed | 1 }
    }

    fn below(&mut self, most: u64) -> u64 {
        if let Some((first, rest)) = self.bytes.split_first() {
            self.bytes = rest;
            return u64::from(*first) % most;
        }
        // xorshift64
        self.after ^= self.after << 13;
        self.after ^= self.after >> 7;
        self.after ^= self.after << 17;
        (self.after >> 8) % most
    }
}

/// A valid document: what has one response name has one field and one argument.
pub fn document(schema: &Schema, choices: &mut Choices<'_>) -> String {
    let mutation = choices.below(4) == 0;
    let mut text = String::new();
    let mut used = HashSet::new();
    let root = if mutation { "Mutation" } else { "Query" };
    let mut body = String::new();
    selections(schema, choices, root, 0, 5, &mut body, &mut used);
    let head = if mutation { "mutation" } else { "query" };
    let _ = write!(
        text,
        "{head}($t: Boolean = true, $f: Boolean!, $n: Int) {{ __typename {body} v: a(n: $n) @skip(if: $t) @include(if: $f) {{ int }} }}"
    );
    // A fragment spreads none of its own number or a lower one.
    let mut done = HashSet::new();
    while let Some(fragment) = used.iter().find(|&fragment| !done.contains(fragment)).copied() {
        done.insert(fragment);
        let (index, on): (usize, &str) = fragment;
        let mut body = String::new();
        selections(schema, choices, on, index + 1, 2, &mut body, &mut used);
        let _ = write!(text, " fragment F{index}{on} on {on} {{ {body} }}");
    }
    text
}

fn selections(
    schema: &Schema,
    choices: &mut Choices<'_>,
    on: &'static str,
    fragment: usize,
    depth: usize,
    out: &mut String,
    used: &mut HashSet<(usize, &'static str)>,
) {
    let id = schema.type_id(on).unwrap();
    for _ in 0..=choices.below(4) {
        let condition = match choices.below(12) {
            0 => " @include(if: $t)",
            1 => " @skip(if: $f)",
            2 => " @skip(if: $t)",
            3 => " @include(if: false)",
            _ => "",
        };
        let fields = schema.fields(id);
        let others: &[&str] = match on {
            "Query" => &["Query"],
            "Mutation" => &["Mutation"],
            _ => &["A", "B", "I", "U"],
        };
        let kind = choices.below(8);
        if fields.is_empty() && kind > 1 || kind == 0 {
            let other = static_name(others[choices.below(others.len() as u64) as usize]);
            if possible(schema, id, schema.type_id(other).unwrap()) && depth > 0 {
                let _ = write!(out, "... on {other}{condition} {{ ");
                selections(schema, choices, other, fragment, depth - 1, out, used);
                out.push_str("} ");
                continue;
            }
        }
        if kind == 1 && fragment < 4 && depth > 0 {
            let other = static_name(others[choices.below(others.len() as u64) as usize]);
            if possible(schema, id, schema.type_id(other).unwrap()) {
                let index = fragment + choices.below(4 - fragment as u64) as usize;
                used.insert((index, other));
                let _ = write!(out, "...F{index}{other}{condition} ");
                continue;
            }
        }
        if fields.is_empty() || kind == 2 {
            let _ = write!(out, "__typename{condition} ");
            continue;
        }
        let field = &fields[choices.below(fields.len() as u64) as usize];
        let base = schema.ty(field.ty.base);
        if base.kind.is_composite() && depth == 0 {
            let _ = write!(out, "__typename{condition} ");
            continue;
        }
        match (field.arguments.is_empty(), choices.below(4)) {
            (false, 0) => {
                let n = choices.below(4);
                let _ = write!(out, "{name}{n}: {name}(n: {n}){condition} ", name = field.name);
            }
            (false, 1) => {
                let _ = write!(out, "{name}_v: {name}(n: $n){condition} ", name = field.name);
            }
            _ => {
                let _ = write!(out, "{}{condition} ", field.name);
            }
        }
        if base.kind.is_composite() {
            out.push_str("{ ");
            let name = static_name(&base.name);
            selections(schema, choices, name, fragment, depth - 1, out, used);
            out.push_str("} ");
        }
    }
    out.push_str("__typename ");
}

fn static_name(name: &str) -> &'static str {
    ["Query", "Mutation", "A", "B", "I", "U"].into_iter().find(|known| *known == name).unwrap()
}

fn possible(schema: &Schema, one: TypeId, other: TypeId) -> bool {
    schema.possible_types(one).iter().any(|ty| schema.possible_types(other).contains(ty))
}

/// What each resolver gives: a function of the parent, the field and the argument, so that order cannot matter.
struct World<'s> {
    schema: &'s Schema,
    seed: u64,
}

fn mix(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

impl World<'_> {
    fn resolve(&self, field: FieldId, parent: u64, n: &Value) -> Resolved {
        let definition = self.schema.field_def(field);
        self.value(definition.ty, mix((self.seed, &*definition.name, parent, n.to_json())), 0)
    }

    fn value(&self, ty: FieldType, hash: u64, level: u64) -> Resolved {
        match hash % 23 {
            0 => return Resolved::Null,
            1 => return Resolved::Error(graphql_exec::GraphqlError::new(format!("failed {level}"))),
            2 => return Resolved::Boolean(true),
            _ => {}
        }
        if let Some(wrappers) = ty.wrappers.item() {
            let item = FieldType { base: ty.base, wrappers };
            let count = hash / 23 % 4;
            return Resolved::List(
                (0..count).map(|index| self.value(item, mix((hash, index)), level + 1)).collect(),
            );
        }
        let base = self.schema.ty(ty.base);
        match (base.kind, &*base.name) {
            (TypeKind::Scalar, "Int") => Resolved::Int((hash % 1_000) as i64),
            (TypeKind::Scalar, "Boolean") => Resolved::Boolean(hash.is_multiple_of(2)),
            (TypeKind::Scalar, _) => Resolved::Text(format!("text \"{}\"", hash % 100).into()),
            (TypeKind::Enum, _) => Resolved::Text(["X", "Y", "Z"][(hash / 23 % 3) as usize].into()),
            // One in four is of a type that may not fit.
            _ => match (hash / 23 % 4, &*base.name) {
                (0, _) | (_, "A") => Resolved::Object(ObjectRef::of(Thing::<0> { id: hash })),
                _ => Resolved::Object(ObjectRef::of(Thing::<1> { id: hash })),
            },
        }
    }
}

fn id_of(object: &ObjectRef) -> u64 {
    match (object.get::<Thing<0>>(), object.get::<Thing<1>>()) {
        (Some(thing), _) => thing.id,
        (_, Some(thing)) => thing.id,
        _ => 0,
    }
}

pub struct Answer {
    pub data: String,
    /// Paths with messages, sorted.
    pub errors: Vec<(String, String)>,
}

fn path_text(path: &[PathSegment]) -> String {
    path.iter().fold(String::new(), |text, segment| match segment {
        PathSegment::Field(name) => text + "." + name,
        PathSegment::Index(index) => text + &format!("[{index}]"),
    })
}

/// Executes by the engine. Some columns are answered at once, others later and in another order.
pub fn by_engine(schema: &Schema, plan: &Plan, seed: u64, choices: &mut Choices<'_>) -> Answer {
    let world = World { schema, seed };
    let mut limits = Limits::default();
    limits.max_errors = usize::MAX;
    let mut engine = Engine::new(schema.clone(), plan.clone(), limits);
    let mut later: Vec<(TaskId, Vec<Resolved>)> = Vec::new();
    let values = |batch: &ResolveBatch<'_>| -> Vec<Resolved> {
        let n = batch.arguments().value("n").cloned().unwrap_or_default();
        batch.parents().iter().map(|parent| world.resolve(batch.field(), id_of(parent), &n)).collect()
    };
    loop {
        match engine.poll() {
            Step::Resolve(batch) => {
                let values = values(&batch);
                match choices.below(3) {
                    0 => later.push((batch.later(), values)),
                    1 => later.push((batch.wait_for_load(), values)),
                    _ => {
                        let mut values = values.into_iter();
                        batch.fill(|_| values.next().unwrap());
                    }
                }
            }
            Step::Load(_) => {}
            Step::Wait => {
                if choices.below(3) == 0 && engine.stalled() {
                    continue;
                }
                let (task, values) = later.swap_remove(choices.below(later.len() as u64) as usize);
                engine.resolved(task, values).unwrap();
            }
            Step::Emit(response) => {
                let mut errors: Vec<_> = response
                    .errors()
                    .iter()
                    .map(|error| (path_text(error.path()), error.message().to_owned()))
                    .collect();
                errors.sort();
                return Answer { data: response.data_json().unwrap().to_owned(), errors };
            }
            step => panic!("{step:?}"),
        }
    }
}

/// The interpreter.
struct Interpreter<'s> {
    world: World<'s>,
    schema: &'s Schema,
    plan: &'s Plan,
    errors: Vec<(String, String)>,
}

/// A null that its type does not allow.
struct Propagates;

pub fn by_the_letter(schema: &Schema, plan: &Plan, seed: u64) -> Answer {
    let mut interpreter = Interpreter { world: World { schema, seed }, schema, plan, errors: Vec::new() };
    let data = interpreter
        .selection_sets(plan.root(), 0, &[plan.operation().selection_set], &mut Vec::new())
        .unwrap_or_else(|Propagates| "null".to_owned());
    interpreter.errors.sort();
    Answer { data, errors: interpreter.errors }
}

impl Interpreter<'_> {
    /// `ExecuteSelectionSet` (§6.3).
    fn selection_sets(
        &mut self,
        ty: TypeId,
        id: u64,
        sets: &[SelectionSet],
        path: &mut Vec<PathSegment>,
    ) -> Result<String, Propagates> {
        let mut groups: Vec<(String, Vec<graphql_exec::syntax::SelectionId>)> = Vec::new();
        for &set in sets {
            self.collect(ty, set, &mut groups, &mut HashSet::new());
        }
        let document = self.plan.document();
        let mut out = String::from("{");
        let mut propagates = false;
        for (key, selections) in groups {
            let SelectionKind::Field { name, arguments, .. } = document.selection(selections[0]).kind else {
                unreachable!()
            };
            path.push(PathSegment::Field(key.as_str().into()));
            let value = if document.text(name) == "__typename" {
                Ok(format!("\"{}\"", self.schema.ty(ty).name))
            } else {
                let field = self.schema.field(ty, document.text(name)).unwrap();
                // `CoerceArgumentValues` (§6.4.1), of the one argument that there is.
                let given = document.arguments(arguments).first().map(|argument| {
                    match document.value_kind(argument.value) {
                        ValueKind::Variable => {
                            self.plan.variable(document.variable_name(argument.value)).cloned()
                        }
                        _ => Some(Value::Int(document.value_text(argument.value).parse().unwrap())),
                    }
                });
                let default = self
                    .schema
                    .field_def(field)
                    .arguments
                    .first()
                    .and_then(|argument| argument.default.clone());
                let n = given.flatten().or(default).unwrap_or_default();
                let resolved = self.world.resolve(field, id, &n);
                let sets: Vec<SelectionSet> =
                    selections.iter().map(|&id| document.selection_set(id)).collect();
                self.complete(self.schema.field_def(field).ty, resolved, &sets, path)
            };
            path.pop();
            match value {
                Ok(value) => {
                    let _ = write!(out, "{}\"{key}\":{value}", if out.len() > 1 { "," } else { "" });
                }
                Err(Propagates) => propagates = true,
            }
        }
        if propagates { Err(Propagates) } else { Ok(out + "}") }
    }

    /// `CollectFields` (§6.3.2).
    fn collect(
        &self,
        ty: TypeId,
        set: SelectionSet,
        groups: &mut Vec<(String, Vec<graphql_exec::syntax::SelectionId>)>,
        visited: &mut HashSet<String>,
    ) {
        let document = self.plan.document();
        for (id, selection) in document.selections(set) {
            let included = document.directives(selection.directives).iter().all(|directive| {
                let value = document.arguments(directive.arguments)[0].value;
                let condition = match document.value_kind(value) {
                    ValueKind::Variable => {
                        self.plan.variable(document.variable_name(value)) == Some(&Value::Boolean(true))
                    }
                    kind => kind == ValueKind::True,
                };
                condition == (document.text(directive.name) == "include")
            });
            if !included {
                continue;
            }
            let applies = |condition| {
                let condition = self.schema.type_id(document.text(condition)).unwrap();
                self.schema.possible_types(condition).contains(&ty)
            };
            match selection.kind {
                SelectionKind::Field { .. } => {
                    let key = document.text(selection.kind.response_name().unwrap());
                    match groups.iter_mut().find(|(known, _)| known == key) {
                        Some((_, group)) => group.push(id),
                        None => groups.push((key.to_owned(), vec![id])),
                    }
                }
                SelectionKind::Spread { name } => {
                    let name = document.text(name);
                    if !visited.insert(name.to_owned()) {
                        continue;
                    }
                    let fragment = document
                        .fragments()
                        .iter()
                        .find(|fragment| document.text(fragment.name) == name)
                        .unwrap();
                    if applies(fragment.condition) {
                        self.collect(ty, fragment.selection_set, groups, visited);
                    }
                }
                SelectionKind::Inline { condition } => {
                    if condition.is_none_or(applies) {
                        self.collect(ty, document.selection_set(id), groups, visited);
                    }
                }
            }
        }
    }

    fn fail(&mut self, ty: FieldType, path: &[PathSegment], message: &str) -> Result<String, Propagates> {
        self.errors.push((path_text(path), message.to_owned()));
        if ty.wrappers.is_non_null() { Err(Propagates) } else { Ok("null".to_owned()) }
    }

    /// `CompleteValue` (§6.4.3).
    fn complete(
        &mut self,
        ty: FieldType,
        resolved: Resolved,
        sets: &[SelectionSet],
        path: &mut Vec<PathSegment>,
    ) -> Result<String, Propagates> {
        let named = self.schema.ty(ty.base);
        let nullable =
            self.schema.display(FieldType { base: ty.base, wrappers: ty.wrappers.nullable() }).to_string();
        let mismatch = |found: &str| format!("the resolver gave {found} where the schema says {nullable}");
        match resolved {
            Resolved::Error(error) => self.fail(ty, path, error.message()),
            Resolved::Null if ty.wrappers.is_non_null() => {
                self.fail(ty, path, "the field cannot be null, but its resolver gave null")
            }
            Resolved::Null => Ok("null".to_owned()),
            Resolved::List(values) => {
                let item = FieldType { base: ty.base, wrappers: ty.wrappers.item().unwrap() };
                let mut out = Vec::new();
                let mut propagates = false;
                for (index, value) in values.into_iter().enumerate() {
                    path.push(PathSegment::Index(index));
                    match self.complete(item, value, sets, path) {
                        Ok(value) => out.push(value),
                        Err(Propagates) => propagates = true,
                    }
                    path.pop();
                }
                match (propagates, ty.wrappers.is_non_null()) {
                    (true, true) => Err(Propagates),
                    (true, false) => Ok("null".to_owned()),
                    _ => Ok(format!("[{}]", out.join(","))),
                }
            }
            Resolved::Boolean(value) if ty.wrappers.is_list() || &*named.name != "Boolean" => {
                let _ = value;
                self.fail(ty, path, &mismatch("a boolean"))
            }
            Resolved::Boolean(value) => Ok(value.to_string()),
            Resolved::Int(value) => Ok(value.to_string()),
            Resolved::Text(text)
                if named.kind == TypeKind::Enum && self.schema.enum_value(ty.base, &text).is_none() =>
            {
                self.fail(ty, path, &mismatch("a text that is none of its values"))
            }
            Resolved::Text(text) => Ok(format!("\"{}\"", text.replace('"', "\\\""))),
            Resolved::Object(object) => {
                let found = self.schema.type_id(object.type_name()).unwrap();
                if !self.schema.possible_types(ty.base).contains(&found) {
                    let message = format!(
                        "the resolver gave an object of type {} where the schema says {}",
                        object.type_name(),
                        named.name
                    );
                    return self.fail(ty, path, &message);
                }
                match self.selection_sets(found, id_of(&object), sets, path) {
                    Err(Propagates) if !ty.wrappers.is_non_null() => Ok("null".to_owned()),
                    value => value,
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Makes a query and compares both. Says what it was when they differ.
pub fn compare(bytes: &[u8], seed: u64) {
    let schema = Schema::parse(SDL).unwrap();
    let mut choices = Choices::new(bytes, seed);
    let text = document(&schema, &mut choices);
    let mut limits = Limits::default();
    // The generator knows no bounds.
    (limits.max_aliases, limits.max_aliases_per_set, limits.max_complexity) =
        (usize::MAX, usize::MAX, u64::MAX);
    (limits.max_selections, limits.max_root_fields, limits.max_directives) =
        (u64::MAX, usize::MAX, usize::MAX);
    let parsed = Document::parse_with(&text, &limits).unwrap_or_else(|error| panic!("{text}: {error}"));
    validate(&schema, &parsed, &limits).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    // Reading what was printed gives the same document.
    let printed = parsed.to_text();
    assert_eq!(Document::parse_with(&printed, &limits).unwrap().to_text(), printed);
    let mut variables = Object::from_iter([("f", Value::Boolean(false))]);
    match choices.below(3) {
        0 => variables.insert("n", Value::Int(3)),
        1 => variables.insert("n", Value::Null),
        _ => {}
    }
    let plan = Plan::new(&schema, parsed.into_owned(), None, &variables, &limits, &Costs::default())
        .unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    let engine = by_engine(&schema, &plan, seed, &mut choices);
    let letter = by_the_letter(&schema, &plan, seed);
    assert_eq!(engine.data, letter.data, "seed {seed}: {text}");
    assert_eq!(engine.errors, letter.errors, "seed {seed}: {text}");
}
