//! The rules of §3 for a schema as a whole.

use std::collections::HashSet;

use super::{
    build::{Broken, Places},
    model::{Field, FieldType, Inner, Type, TypeId, TypeKind},
};
use crate::{
    span::Span,
    syntax::{DefinitionKind, Run, SchemaDocument},
};

pub(super) fn validate(
    inner: &Inner,
    document: &SchemaDocument<'_>,
    places: &Places,
    broken: &mut Broken<'_>,
) {
    let rules = Rules { inner, places };
    rules.roots(broken);
    for place in inner.first_own as usize..inner.types.len() {
        rules.ty(&inner.types[place], places.types[place], broken);
    }
    rules.input_circles(broken);
    for directive in &inner.directives {
        for argument in &directive.arguments {
            if !rules.get(argument.ty.base).kind.is_input() {
                let message =
                    format!("the argument `@{}({}:)` needs an input type", directive.name, argument.name);
                broken.say(Span::default(), message);
            }
        }
    }
    rules.applied(document, broken);
}

struct Rules<'a> {
    inner: &'a Inner,
    places: &'a Places,
}

impl Rules<'_> {
    fn get(&self, id: TypeId) -> &Type {
        &self.inner.types[id.index()]
    }

    fn fields(&self, ty: &Type) -> &[Field] {
        &self.inner.fields[ty.fields.start as usize..ty.fields.end as usize]
    }

    /// §3.3.1
    fn roots(&self, broken: &mut Broken<'_>) {
        let [query, mutation, subscription] = self.inner.roots;
        if query.is_none() {
            broken.say(
                Span::default(),
                "there is no query type: define `type Query`, or name another in `schema`",
            );
        }
        for (root, &span) in [query, mutation, subscription].into_iter().zip(&self.places.roots) {
            if let Some(ty) = root.map(|id| self.get(id)).filter(|ty| ty.kind != TypeKind::Object) {
                broken
                    .say(span, format!("`{}` must be an object type, since operations begin there", ty.name));
            }
        }
        let present: Vec<TypeId> = self.inner.roots.into_iter().flatten().collect();
        if present.iter().collect::<HashSet<_>>().len() < present.len() {
            broken.say(self.places.roots[0], "query, mutation and subscription types must differ");
        }
    }

    fn ty(&self, ty: &Type, span: Span, broken: &mut Broken<'_>) {
        let name = &ty.name;
        reserved(name, span, broken);
        match ty.kind {
            TypeKind::Object | TypeKind::Interface => {
                if ty.fields.is_empty() {
                    broken.say(span, format!("`{name}` needs a field"));
                }
                for (offset, field) in self.fields(ty).iter().enumerate() {
                    self.field(ty, field, self.places.fields[ty.fields.start as usize + offset], broken);
                }
                self.interfaces(ty, span, broken);
            }
            TypeKind::Union => {
                if ty.members.is_empty() {
                    broken.say(span, format!("the union `{name}` needs a member"));
                }
                for &member in &ty.members {
                    let member = self.get(member);
                    if member.kind != TypeKind::Object {
                        broken.say(
                            span,
                            format!(
                                "`{}` cannot be a member of `{name}`: only object types can",
                                member.name
                            ),
                        );
                    }
                }
            }
            TypeKind::Enum if ty.values.is_empty() => {
                broken.say(span, format!("the enum `{name}` needs a value"));
            }
            TypeKind::Enum => ty.values.iter().for_each(|value| reserved(&value.name, span, broken)),
            TypeKind::InputObject => {
                if ty.input_fields.is_empty() {
                    broken.say(span, format!("the input object `{name}` needs a field"));
                }
                for field in &ty.input_fields {
                    reserved(&field.name, span, broken);
                    if !self.get(field.ty.base).kind.is_input() {
                        broken.say(span, format!("the field `{name}.{}` needs an input type", field.name));
                    }
                    // §3.10.1
                    if ty.is_one_of && (field.ty.wrappers.is_non_null() || field.literal.is_some()) {
                        let message =
                            format!("`{name}` is @oneOf, so `{}` can have no default and no `!`", field.name);
                        broken.say(span, message);
                    }
                }
            }
            TypeKind::Scalar => {}
        }
    }

    fn field(&self, ty: &Type, field: &Field, span: Span, broken: &mut Broken<'_>) {
        reserved(&field.name, span, broken);
        if !self.get(field.ty.base).kind.is_output() {
            broken.say(span, format!("the field `{}.{}` needs an output type", ty.name, field.name));
        }
        for argument in &field.arguments {
            reserved(&argument.name, span, broken);
            if !self.get(argument.ty.base).kind.is_input() {
                let message = format!(
                    "the argument `{}.{}({}:)` needs an input type",
                    ty.name, field.name, argument.name
                );
                broken.say(span, message);
            }
        }
    }

    /// `IsValidImplementation` (§3.6.1 and §3.7.1).
    fn interfaces(&self, ty: &Type, span: Span, broken: &mut Broken<'_>) {
        for &id in &ty.interfaces {
            let interface = self.get(id);
            if interface.kind != TypeKind::Interface {
                broken.say(
                    span,
                    format!("`{}` implements `{}`, which is no interface", ty.name, interface.name),
                );
                continue;
            }
            if interface.name == ty.name {
                broken.say(span, format!("`{}` implements itself", ty.name));
                continue;
            }
            for &inherited in &interface.interfaces {
                if !ty.interfaces.contains(&inherited) {
                    let (name, wanted) = (&interface.name, &self.get(inherited).name);
                    broken.say(span, format!("`{}` must implement `{wanted}`, since `{name}` does", ty.name));
                }
            }
            for wanted in self.fields(interface) {
                self.implementation(ty, interface, wanted, span, broken);
            }
        }
    }

    fn implementation(
        &self,
        ty: &Type,
        interface: &Type,
        wanted: &Field,
        span: Span,
        broken: &mut Broken<'_>,
    ) {
        let Some(&found) = ty.lookup.get(&wanted.name) else {
            broken.say(
                span,
                format!("`{}` needs the field `{}` of `{}`", ty.name, wanted.name, interface.name),
            );
            return;
        };
        let span = self.places.fields[found as usize];
        let found = &self.inner.fields[found as usize];
        if !self.is_sub_type(found.ty, wanted.ty) {
            let (one, other) = (self.display(found.ty), self.display(wanted.ty));
            let message =
                format!("`{}.{}` is {one}, but `{}` says {other}", ty.name, found.name, interface.name);
            broken.say(span, message);
        }
        for argument in &wanted.arguments {
            match found.arguments.iter().find(|own| own.name == argument.name) {
                Some(own) if own.ty == argument.ty => {}
                _ => broken.say(
                    span,
                    format!(
                        "`{}.{}` needs the argument `{}: {}` of `{}`",
                        ty.name,
                        found.name,
                        argument.name,
                        self.display(argument.ty),
                        interface.name
                    ),
                ),
            }
        }
        for own in &found.arguments {
            if own.is_required() && !wanted.arguments.iter().any(|argument| argument.name == own.name) {
                let message = format!(
                    "`{}.{}` requires `{}`, which `{}` lacks",
                    ty.name, found.name, own.name, interface.name
                );
                broken.say(span, message);
            }
        }
        if found.deprecated.is_some() && wanted.deprecated.is_none() {
            let message =
                format!("`{}.{}` is deprecated, but not in `{}`", ty.name, found.name, interface.name);
            broken.say(span, message);
        }
    }

    /// `IsValidImplementationFieldType` (§3.6.1), level by level.
    fn is_sub_type(&self, found: FieldType, wanted: FieldType) -> bool {
        let (mut one, mut other) = (found.wrappers, wanted.wrappers);
        loop {
            if other.is_non_null() && !one.is_non_null() {
                return false;
            }
            match (one.item(), other.item()) {
                (Some(inner), Some(wanted)) => (one, other) = (inner, wanted),
                (None, None) => break,
                _ => return false,
            }
        }
        let base = self.get(wanted.base);
        found.base == wanted.base || base.possible.contains(&found.base) || base.members.contains(&found.base)
    }

    fn display(&self, ty: FieldType) -> impl std::fmt::Display + '_ {
        ty.wrappers.display(&self.get(ty.base).name)
    }

    /// §3.10, "Circular References": input objects that require each other could never be given.
    fn input_circles(&self, broken: &mut Broken<'_>) {
        // Three states: not seen, on the way, done.
        let mut state = vec![0_u8; self.inner.types.len()];
        for root in 0..self.inner.types.len() {
            if self.inner.types[root].kind != TypeKind::InputObject || state[root] != 0 {
                continue;
            }
            state[root] = 1;
            let mut way = vec![(root, 0)];
            while let Some((place, next)) = way.last_mut() {
                let Some(field) = self.inner.types[*place].input_fields.get(*next) else {
                    state[*place] = 2;
                    way.pop();
                    continue;
                };
                *next += 1;
                let target = field.ty.base.index();
                let required = field.ty.wrappers.is_non_null() && !field.ty.wrappers.is_list();
                if !required || self.inner.types[target].kind != TypeKind::InputObject {
                    continue;
                }
                match state[target] {
                    0 => {
                        state[target] = 1;
                        way.push((target, 0));
                    }
                    1 => {
                        let name = &self.inner.types[target].name;
                        let message = format!(
                            "`{name}` requires itself through `{}`: it could never be given",
                            field.name
                        );
                        broken.say(self.places.types[target], message);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Directives on definitions: known, where they may stand, with their arguments (§3.13).
    fn applied(&self, document: &SchemaDocument<'_>, broken: &mut Broken<'_>) {
        for definition in document.definitions() {
            let location = match definition.kind {
                DefinitionKind::Schema => "SCHEMA",
                DefinitionKind::Scalar => "SCALAR",
                DefinitionKind::Object => "OBJECT",
                DefinitionKind::Interface => "INTERFACE",
                DefinitionKind::Union => "UNION",
                DefinitionKind::Enum => "ENUM",
                DefinitionKind::InputObject => "INPUT_OBJECT",
                DefinitionKind::Directive => {
                    for &location in document.names(definition.names) {
                        if !LOCATIONS.contains(&document.text(location)) {
                            broken.say(
                                location,
                                format!("`{}` is no place of a directive", document.text(location)),
                            );
                        }
                    }
                    ""
                }
            };
            self.at_place(document, definition.directives, location, broken);
            for field in document.fields(definition.fields) {
                self.at_place(document, field.directives, "FIELD_DEFINITION", broken);
                for argument in document.inputs(field.arguments) {
                    self.at_place(document, argument.directives, "ARGUMENT_DEFINITION", broken);
                }
            }
            let input = if definition.kind == DefinitionKind::Directive {
                "ARGUMENT_DEFINITION"
            } else {
                "INPUT_FIELD_DEFINITION"
            };
            for field in document.inputs(definition.inputs) {
                self.at_place(document, field.directives, input, broken);
            }
            for value in document.enum_values(definition.values) {
                self.at_place(document, value.directives, "ENUM_VALUE", broken);
            }
        }
    }

    fn at_place(&self, document: &SchemaDocument<'_>, run: Run, location: &str, broken: &mut Broken<'_>) {
        let mut seen = HashSet::new();
        for applied in document.directives(run) {
            let name = document.text(applied.name);
            let Some(directive) = self.inner.directives.iter().find(|directive| *directive.name == *name)
            else {
                broken.say(applied.span, format!("there is no directive `@{name}`"));
                continue;
            };
            if !directive.locations.iter().any(|allowed| **allowed == *location) {
                broken.say(applied.span, format!("`@{name}` cannot stand here"));
            }
            if !seen.insert(name) && !directive.repeatable {
                broken.say(applied.span, format!("`@{name}` stands here twice"));
            }
            for argument in document.arguments(applied.arguments) {
                if !directive.arguments.iter().any(|known| *known.name == *document.text(argument.name)) {
                    let message = format!("`@{name}` has no argument `{}`", document.text(argument.name));
                    broken.say(argument.name, message);
                }
            }
            for wanted in directive.arguments.iter().filter(|wanted| wanted.is_required()) {
                let given = document.arguments(applied.arguments);
                if !given.iter().any(|argument| document.text(argument.name) == &*wanted.name) {
                    broken.say(applied.span, format!("`@{name}` needs the argument `{}`", wanted.name));
                }
            }
        }
    }
}

/// §2.1.9: names that begin with two underscores belong to introspection.
fn reserved(name: &str, span: Span, broken: &mut Broken<'_>) {
    if name.starts_with("__") {
        broken.say(span, format!("the name `{name}` is reserved for introspection"));
    }
}

/// `DirectiveLocation` (§3.13).
const LOCATIONS: [&str; 19] = [
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
    "SCHEMA",
    "SCALAR",
    "OBJECT",
    "FIELD_DEFINITION",
    "ARGUMENT_DEFINITION",
    "INTERFACE",
    "UNION",
    "ENUM",
    "ENUM_VALUE",
    "INPUT_OBJECT",
    "INPUT_FIELD_DEFINITION",
];
