//! From definitions and extensions to a schema.

use std::{collections::HashMap, sync::Arc};

use super::model::{
    DirectiveDefinition, EnumValue, Field, FieldType, Inner, InputValue, Schema, Type, TypeId, TypeKind,
};
use crate::{
    error::GraphqlError,
    name::Name,
    span::Span,
    syntax::{
        Definition, DefinitionKind, InputValueDefinition, OperationType, Run, SchemaDocument, TypeRef,
        ValueId, Wrappers,
    },
    value::{
        Value,
        coerce::{coerce_value, literal_value},
    },
};

/// What each schema has: scalars, directives and the types of introspection (§3.5, §3.13, §4.2).
const PRELUDE: &str = include_str!("prelude.graphql");

/// The code of the errors of a schema.
const INVALID_SCHEMA: &str = "INVALID_SCHEMA";

/// Where things stand that a rule may find wrong.
#[derive(Default)]
pub(super) struct Places {
    /// For each type.
    pub(super) types: Vec<Span>,
    /// For each field.
    pub(super) fields: Vec<Span>,
    /// For each root, in the order of [`OperationType`].
    pub(super) roots: [Span; 3],
}

/// The rules that are broken.
pub(super) struct Broken<'a> {
    source: &'a str,
    pub(super) errors: Vec<GraphqlError>,
}

impl Broken<'_> {
    pub(super) fn say(&mut self, span: Span, message: impl Into<String>) {
        self.errors.push(GraphqlError::new(message.into()).with_code(INVALID_SCHEMA).at(self.source, span));
    }
}

pub(super) fn build(document: &SchemaDocument<'_>) -> Result<Schema, Vec<GraphqlError>> {
    let prelude = SchemaDocument::parse(PRELUDE).map_err(|error| vec![error])?;
    let mut builder = Builder {
        inner: Inner::default(),
        places: Places::default(),
        broken: Broken { source: document.source(), errors: Vec::new() },
    };
    builder.add(&prelude, true);
    builder.inner.first_own = u32::try_from(builder.inner.types.len()).unwrap_or(u32::MAX);
    builder.add(document, false);
    builder.roots(document);
    builder.meta_fields();
    builder.relations();
    let Builder { inner, places, mut broken } = builder;
    if broken.errors.is_empty() {
        super::validate::validate(&inner, document, &places, &mut broken);
    }
    let mut schema = Schema(Arc::new(inner));
    if broken.errors.is_empty() {
        defaults(&mut schema, &mut broken);
    }
    if broken.errors.is_empty() { Ok(schema) } else { Err(broken.errors) }
}

struct Builder<'a> {
    inner: Inner,
    places: Places,
    broken: Broken<'a>,
}

const fn type_kind(kind: DefinitionKind) -> Option<TypeKind> {
    match kind {
        DefinitionKind::Scalar => Some(TypeKind::Scalar),
        DefinitionKind::Object => Some(TypeKind::Object),
        DefinitionKind::Interface => Some(TypeKind::Interface),
        DefinitionKind::Union => Some(TypeKind::Union),
        DefinitionKind::Enum => Some(TypeKind::Enum),
        DefinitionKind::InputObject => Some(TypeKind::InputObject),
        DefinitionKind::Schema | DefinitionKind::Directive => None,
    }
}

impl Builder<'_> {
    fn add(&mut self, document: &SchemaDocument<'_>, built_in: bool) {
        // Names first, since a type may stand before those that it names.
        let first = self.inner.types.len();
        let mut parts: Vec<Vec<&Definition>> = Vec::new();
        for definition in document.definitions().iter().filter(|definition| !definition.extend) {
            let Some(kind) = type_kind(definition.kind) else { continue };
            let name = Name::trusted(document.text(definition.name));
            let id = TypeId(index(self.inner.types.len()));
            if self.inner.names.contains_key(&name) {
                self.broken.say(definition.name, format!("the type `{name}` is defined already"));
                continue;
            }
            self.inner.names.insert(name.clone(), id);
            self.inner.types.push(Type {
                name,
                kind,
                description: text(document, definition.description),
                interfaces: Vec::new(),
                members: Vec::new(),
                values: Vec::new(),
                input_fields: Vec::new(),
                is_one_of: false,
                specified_by: None,
                fields: 0..0,
                lookup: HashMap::new(),
                possible: Vec::new(),
                parse: None,
            });
            self.places.types.push(definition.name);
            parts.push(vec![definition]);
        }
        for definition in document.definitions().iter().filter(|definition| definition.extend) {
            let Some(kind) = type_kind(definition.kind) else { continue };
            let name = document.text(definition.name);
            match self.inner.names.get(name) {
                Some(id) if id.index() < first => {
                    self.broken
                        .say(definition.name, format!("the built-in type `{name}` cannot be extended"));
                }
                Some(id) if self.inner.types[id.index()].kind != kind => {
                    self.broken.say(definition.name, format!("`{name}` is of another kind"));
                }
                Some(id) => parts[id.index() - first].push(definition),
                None => self.broken.say(definition.name, format!("there is no type `{name}` to extend")),
            }
        }
        for (offset, parts) in parts.iter().enumerate() {
            self.fill(document, first + offset, parts);
        }
        for definition in document.definitions() {
            if definition.kind == DefinitionKind::Directive {
                self.directive(document, definition, built_in);
            }
        }
    }

    /// Fills a type from its definition and its extensions.
    fn fill(&mut self, document: &SchemaDocument<'_>, place: usize, parts: &[&Definition]) {
        let id = TypeId(index(place));
        let start = index(self.inner.fields.len());
        for definition in parts {
            for &name in document.names(definition.names) {
                let Some(found) = self.named(document, name) else { continue };
                let ty = &mut self.inner.types[place];
                let list = if ty.kind == TypeKind::Union { &mut ty.members } else { &mut ty.interfaces };
                if list.contains(&found) {
                    self.broken.say(name, format!("`{}` is named twice", document.text(name)));
                } else {
                    list.push(found);
                }
            }
            for field in document.fields(definition.fields) {
                let name = Name::trusted(document.text(field.name));
                let arguments = self.inputs(document, field.arguments);
                let Some(ty) = self.field_type(document, field.ty) else { continue };
                let deprecated = self.deprecated(document, field.directives);
                let number = index(self.inner.fields.len());
                if self.inner.types[place].lookup.insert(name.clone(), number).is_some() {
                    self.broken.say(field.name, format!("the field `{name}` is defined twice"));
                }
                let description = text(document, field.description);
                self.inner.fields.push(Field { name, description, parent: id, arguments, ty, deprecated });
                self.places.fields.push(field.name);
            }
            for value in document.enum_values(definition.values) {
                let name = Name::trusted(document.text(value.name));
                let description = text(document, value.description);
                let deprecated = self.deprecated(document, value.directives);
                let ty = &mut self.inner.types[place];
                if ty.lookup.insert(name.clone(), index(ty.values.len())).is_some() {
                    self.broken.say(value.name, format!("the enum value `{name}` is defined twice"));
                }
                ty.values.push(EnumValue { name, description, deprecated });
            }
            let inputs = self.inputs(document, definition.inputs);
            let ty = &mut self.inner.types[place];
            for input in inputs {
                ty.lookup.insert(input.name.clone(), index(ty.input_fields.len()));
                ty.input_fields.push(input);
            }
            ty.is_one_of |= directive(document, definition.directives, "oneOf").is_some();
            if let Some(run) = directive(document, definition.directives, "specifiedBy") {
                ty.specified_by = argument(document, run, "url");
            }
        }
        self.inner.types[place].fields = start..index(self.inner.fields.len());
    }

    fn named(&mut self, document: &SchemaDocument<'_>, name: Span) -> Option<TypeId> {
        let found = self.inner.names.get(document.text(name)).copied();
        if found.is_none() {
            self.broken.say(name, format!("there is no type `{}`", document.text(name)));
        }
        found
    }

    fn field_type(&mut self, document: &SchemaDocument<'_>, ty: TypeRef) -> Option<FieldType> {
        Some(FieldType { base: self.named(document, ty.name)?, wrappers: ty.wrappers })
    }

    fn inputs(&mut self, document: &SchemaDocument<'_>, run: Run) -> Vec<InputValue> {
        let mut inputs: Vec<InputValue> = Vec::with_capacity(run.len());
        let mut seen = HashMap::new();
        for input in document.inputs(run) {
            let InputValueDefinition { description, name, ty, default, directives } = *input;
            let Some(ty) = self.field_type(document, ty) else { continue };
            let key = Name::trusted(document.text(name));
            if seen.insert(key.clone(), ()).is_some() {
                self.broken.say(name, format!("`{key}` is defined twice"));
                continue;
            }
            let deprecated = self.deprecated(document, directives);
            if deprecated.is_some() && ty.wrappers.is_non_null() && default.is_none() {
                // §3.13.3
                self.broken.say(name, format!("`{key}` is required, so it cannot be deprecated"));
            }
            let literal = default.map(|id| literal_value(document, id, None));
            let description = text(document, description);
            // Until all types are known the default stands as it was written.
            let default = literal.clone();
            inputs.push(InputValue { name: key, description, ty, default, literal, deprecated });
        }
        inputs
    }

    fn deprecated(&self, document: &SchemaDocument<'_>, run: Run) -> Option<Arc<str>> {
        let arguments = directive(document, run, "deprecated")?;
        Some(argument(document, arguments, "reason").unwrap_or_else(|| "No longer supported".into()))
    }

    fn directive(&mut self, document: &SchemaDocument<'_>, definition: &Definition, built_in: bool) {
        let name = Name::trusted(document.text(definition.name));
        if let Some(known) = self.inner.directives.iter().find(|directive| directive.name == name) {
            // A document may repeat what is built in, as printed ones do.
            if !matches!(&*known.name, "skip" | "include" | "deprecated" | "specifiedBy" | "oneOf") {
                self.broken.say(definition.name, format!("the directive `@{name}` is defined already"));
            }
            return;
        }
        if !built_in && name.starts_with("__") {
            self.broken.say(definition.name, format!("the name `{name}` is reserved for introspection"));
        }
        let arguments = self.inputs(document, definition.inputs);
        let locations =
            document.names(definition.names).iter().map(|&at| Name::trusted(document.text(at))).collect();
        self.inner.directives.push(DirectiveDefinition {
            name,
            description: text(document, definition.description),
            arguments,
            locations,
            repeatable: definition.repeatable,
        });
    }

    /// The root operation types (§3.3.1).
    fn roots(&mut self, document: &SchemaDocument<'_>) {
        let kinds = [OperationType::Query, OperationType::Mutation, OperationType::Subscription];
        let schemas =
            || document.definitions().iter().filter(|definition| definition.kind == DefinitionKind::Schema);
        let mut defined = false;
        for definition in schemas() {
            if !definition.extend && core::mem::replace(&mut defined, true) {
                self.broken.say(definition.name, "the schema is defined already");
            }
            if let Some(description) = text(document, definition.description) {
                self.inner.description = Some(description);
            }
            for root in document.roots(definition.roots) {
                let Some(ty) = self.named(document, root.ty) else { continue };
                let place = kinds.iter().position(|&kind| kind == root.kind).unwrap_or(0);
                if self.inner.roots[place].is_some() {
                    self.broken.say(root.ty, format!("the {} type is defined already", root.kind));
                }
                self.inner.set_root(root.kind, ty);
                self.places.roots[place] = root.ty;
            }
        }
        if !defined {
            // §3.3.2: without a schema definition the roots are the types of these names.
            for (place, name) in ["Query", "Mutation", "Subscription"].into_iter().enumerate() {
                if let (None, Some(&ty)) = (self.inner.roots[place], self.inner.names.get(name))
                    && self.inner.types[ty.index()].kind == TypeKind::Object
                {
                    self.inner.roots[place] = Some(ty);
                    self.places.roots[place] = self.places.types[ty.index()];
                }
            }
        }
    }

    /// `__typename`, `__schema` and `__type` (§4.1).
    fn meta_fields(&mut self) {
        let id = |name: &str| self.inner.names.get(name).copied();
        let parent = self.inner.roots[0].unwrap_or(TypeId(0));
        let (Some(string), Some(schema), Some(ty)) = (id("String"), id("__Schema"), id("__Type")) else {
            return;
        };
        let non_null = |base| FieldType { base, wrappers: Wrappers::NAMED.non_null() };
        let name = InputValue {
            name: Name::trusted("name"),
            description: None,
            ty: non_null(string),
            default: None,
            literal: None,
            deprecated: None,
        };
        let nullable = FieldType { base: ty, wrappers: Wrappers::NAMED };
        let metas = [
            ("__typename", non_null(string), vec![]),
            ("__schema", non_null(schema), vec![]),
            ("__type", nullable, vec![name]),
        ];
        for (place, (name, ty, arguments)) in metas.into_iter().enumerate() {
            self.inner.meta[place] = index(self.inner.fields.len());
            let name = Name::trusted(name);
            self.inner.fields.push(Field {
                name,
                description: None,
                parent,
                arguments,
                ty,
                deprecated: None,
            });
            self.places.fields.push(Span::default());
        }
    }

    /// Who implements what, and which objects can stand for an abstract type.
    fn relations(&mut self) {
        for place in 0..self.inner.types.len() {
            let id = TypeId(index(place));
            match self.inner.types[place].kind {
                TypeKind::Object => {
                    self.inner.types[place].possible = vec![id];
                    for interface in self.inner.types[place].interfaces.clone() {
                        self.inner.types[interface.index()].members.push(id);
                        self.inner.types[interface.index()].possible.push(id);
                    }
                }
                TypeKind::Interface => {
                    for interface in self.inner.types[place].interfaces.clone() {
                        self.inner.types[interface.index()].members.push(id);
                    }
                }
                TypeKind::Union => {
                    let mut possible = self.inner.types[place].members.clone();
                    possible.sort_unstable();
                    self.inner.types[place].possible = possible;
                }
                _ => {}
            }
        }
    }
}

/// Coerces each default value (§3.6.1 and §3.10), those of input objects with the defaults of their fields.
///
/// The defaults that are not yet coerced are as they were written, and coercing a value fills in what it leaves out, so this
/// goes on until nothing changes. Defaults that refer to each other in a circle (§3.10) grow until they are too large.
fn defaults(schema: &mut Schema, broken: &mut Broken<'_>) {
    loop {
        let before = schema.clone();
        let inner = Arc::make_mut(&mut schema.0);
        let mut changed = false;
        let mut coerce = |input: &mut InputValue, owner: &str| {
            let Some(literal) = &input.literal else { return };
            match coerce_value(&before, input.ty, literal) {
                Ok(value) => {
                    // A string is not an enum value where it is written in a document.
                    if holds_strings_for_enums(&before, input.ty, literal) {
                        broken.say(
                            Span::default(),
                            format!("the default of `{owner}.{}` has a string for an enum", input.name),
                        );
                    }
                    if !is_modest(&value, 64, &mut 10_000) {
                        let message = "is too large, or default values refer to each other in a circle";
                        broken.say(
                            Span::default(),
                            format!("the default of `{owner}.{}` {message}", input.name),
                        );
                    } else if input.default.as_ref() != Some(&value) {
                        input.default = Some(value);
                        changed = true;
                    }
                }
                Err(error) => {
                    broken.say(
                        Span::default(),
                        format!("the default of `{owner}.{}` is wrong: {error}", input.name),
                    );
                }
            }
        };
        for ty in &mut inner.types {
            for input in &mut ty.input_fields {
                coerce(input, &ty.name);
            }
        }
        for field in &mut inner.fields {
            for input in &mut field.arguments {
                coerce(input, &field.name);
            }
        }
        for directive in &mut inner.directives {
            for input in &mut directive.arguments {
                coerce(input, &directive.name);
            }
        }
        if !changed || !broken.errors.is_empty() {
            return;
        }
    }
}

/// Whether a default nests at most so deep and has at most so many parts left.
fn is_modest(value: &Value, depth: usize, parts: &mut usize) -> bool {
    let (Some(depth), Some(left)) = (depth.checked_sub(1), parts.checked_sub(1)) else { return false };
    *parts = left;
    match value {
        Value::List(list) => list.iter().all(|value| is_modest(value, depth, parts)),
        Value::Object(object) => object.iter().all(|(_, value)| is_modest(value, depth, parts)),
        _ => true,
    }
}

fn holds_strings_for_enums(schema: &Schema, ty: FieldType, value: &Value) -> bool {
    match value {
        Value::String(_) => schema.ty(ty.base).kind == TypeKind::Enum,
        Value::List(list) => {
            let wrappers = ty.wrappers.item().unwrap_or(ty.wrappers);
            list.iter()
                .any(|value| holds_strings_for_enums(schema, FieldType { base: ty.base, wrappers }, value))
        }
        Value::Object(object) => object.iter().any(|(key, value)| {
            schema
                .input_field(ty.base, key)
                .is_some_and(|field| holds_strings_for_enums(schema, field.ty, value))
        }),
        _ => false,
    }
}

fn text(document: &SchemaDocument<'_>, id: Option<ValueId>) -> Option<Arc<str>> {
    Some(document.string(id?).into())
}

/// The arguments of the directive of that name.
fn directive(document: &SchemaDocument<'_>, run: Run, name: &str) -> Option<Run> {
    let found = document.directives(run).iter().find(|directive| document.text(directive.name) == name)?;
    Some(found.arguments)
}

/// The string that is given as the argument of that name.
fn argument(document: &SchemaDocument<'_>, run: Run, name: &str) -> Option<Arc<str>> {
    let found = document.arguments(run).iter().find(|argument| document.text(argument.name) == name)?;
    match literal_value(document, found.value, None) {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn index(count: usize) -> u32 {
    // A document has at most u32::MAX bytes, so fewer nodes.
    u32::try_from(count).unwrap_or(u32::MAX)
}
