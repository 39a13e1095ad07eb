//! `__schema` and `__type` (§4.2).

use super::model::{FieldId, FieldType, InputValue, Schema, TypeId, TypeKind};
use crate::{
    exec::{ObjectRef, Objects, Output, Resolved},
    syntax::OperationType,
    value::Arguments,
};

/// What an object of introspection stands for.
#[derive(Clone, Copy)]
pub(crate) enum Meta {
    Schema,
    /// A named type, or a list or non-null mark around one.
    Type(FieldType),
    Field(FieldId),
    Argument(FieldId, usize),
    InputField(TypeId, usize),
    DirectiveArgument(usize, usize),
    EnumValue(TypeId, usize),
    Directive(usize),
}

impl Meta {
    const fn type_name(self) -> &'static str {
        match self {
            Self::Schema => "__Schema",
            Self::Type(_) => "__Type",
            Self::Field(_) => "__Field",
            Self::Argument(..) | Self::InputField(..) | Self::DirectiveArgument(..) => "__InputValue",
            Self::EnumValue(..) => "__EnumValue",
            Self::Directive(_) => "__Directive",
        }
    }

    fn object(self) -> Resolved {
        Resolved::Object(ObjectRef::internal(self, self.type_name()))
    }
}

fn list(metas: Vec<Meta>) -> Resolved {
    let name = metas.first().map_or("", |meta| meta.type_name());
    Resolved::Objects(Objects::internal(metas, name))
}

const fn named(id: TypeId) -> Meta {
    Meta::Type(FieldType { base: id, wrappers: crate::syntax::Wrappers::NAMED })
}

fn optional(text: Option<&std::sync::Arc<str>>) -> Resolved {
    text.cloned().into_resolved()
}

/// The value of a field of introspection for one parent.
pub(crate) fn resolve(
    schema: &Schema,
    field: FieldId,
    parent: &ObjectRef,
    arguments: &Arguments,
) -> Resolved {
    let name = &*schema.field_def(field).name;
    match (name, parent.get::<Meta>()) {
        ("__schema", _) => Meta::Schema.object(),
        ("__type", _) => {
            let found = arguments.get::<String>("name").ok().and_then(|name| schema.type_id(&name));
            found.map_or(Resolved::Null, |id| named(id).object())
        }
        (_, Some(&meta)) => of(schema, meta, name, arguments),
        _ => Resolved::Null,
    }
}

fn of(schema: &Schema, meta: Meta, name: &str, arguments: &Arguments) -> Resolved {
    let deprecated_too = arguments.get("includeDeprecated").unwrap_or(false);
    let inputs = |inputs: &[InputValue], meta: &dyn Fn(usize) -> Meta| {
        let shown =
            inputs.iter().enumerate().filter(|(_, input)| deprecated_too || input.deprecated.is_none());
        list(shown.map(|(index, _)| meta(index)).collect())
    };
    match meta {
        Meta::Schema => match name {
            "description" => schema.description().map(str::to_owned).into_resolved(),
            "types" => list(schema.type_ids().map(named).collect()),
            "directives" => list((0..schema.directives().len()).map(Meta::Directive).collect()),
            _ => {
                let kind = match name {
                    "queryType" => OperationType::Query,
                    "mutationType" => OperationType::Mutation,
                    _ => OperationType::Subscription,
                };
                schema.root(kind).map_or(Resolved::Null, |id| named(id).object())
            }
        },
        Meta::Type(ty) => of_type(schema, ty, name, deprecated_too),
        Meta::Field(id) => {
            let field = schema.field_def(id);
            match name {
                "args" => inputs(&field.arguments, &|index| Meta::Argument(id, index)),
                "type" => Meta::Type(field.ty).object(),
                _ => common(name, &field.name, field.description.as_ref(), field.deprecated.as_ref()),
            }
        }
        Meta::Argument(id, index) => input(schema.field_def(id).arguments.get(index), name),
        Meta::InputField(id, index) => input(schema.ty(id).input_fields.get(index), name),
        Meta::DirectiveArgument(directive, index) => {
            let directive = schema.directives().get(directive);
            input(directive.and_then(|directive| directive.arguments.get(index)), name)
        }
        Meta::EnumValue(id, index) => schema.ty(id).values.get(index).map_or(Resolved::Null, |value| {
            common(name, &value.name, value.description.as_ref(), value.deprecated.as_ref())
        }),
        Meta::Directive(index) => {
            let Some(directive) = schema.directives().get(index) else { return Resolved::Null };
            match name {
                "isRepeatable" => Resolved::Boolean(directive.repeatable),
                "locations" => Resolved::List(
                    directive.locations.iter().map(|name| Resolved::Text(name.shared())).collect(),
                ),
                "args" => inputs(&directive.arguments, &|argument| Meta::DirectiveArgument(index, argument)),
                _ => common(name, &directive.name, directive.description.as_ref(), None),
            }
        }
    }
}

fn of_type(schema: &Schema, ty: FieldType, name: &str, deprecated_too: bool) -> Resolved {
    let wrappers = ty.wrappers;
    if wrappers.is_non_null() || wrappers.is_list() {
        let inner =
            if wrappers.is_non_null() { wrappers.nullable() } else { wrappers.item().unwrap_or(wrappers) };
        return match name {
            "kind" => Resolved::Text(if wrappers.is_non_null() { "NON_NULL" } else { "LIST" }.into()),
            "ofType" => Meta::Type(FieldType { base: ty.base, wrappers: inner }).object(),
            _ => Resolved::Null,
        };
    }
    let id = ty.base;
    let ty = schema.ty(id);
    let when = |holds: bool, value: &dyn Fn() -> Resolved| if holds { value() } else { Resolved::Null };
    let has_fields = matches!(ty.kind, TypeKind::Object | TypeKind::Interface);
    match name {
        "kind" => Resolved::Text(ty.kind.as_str().into()),
        "name" => Resolved::Text(ty.name.shared()),
        "description" => optional(ty.description.as_ref()),
        "specifiedByURL" => optional(ty.specified_by.as_ref()),
        "fields" => when(has_fields, &|| {
            let shown = schema
                .field_ids(id)
                .filter(|&id| deprecated_too || schema.field_def(id).deprecated.is_none());
            list(shown.map(Meta::Field).collect())
        }),
        "interfaces" => when(has_fields, &|| list(ty.interfaces.iter().copied().map(named).collect())),
        "possibleTypes" => when(ty.kind.is_abstract(), &|| {
            list(schema.possible_types(id).iter().copied().map(named).collect())
        }),
        "enumValues" => when(ty.kind == TypeKind::Enum, &|| {
            let shown = ty
                .values
                .iter()
                .enumerate()
                .filter(|(_, value)| deprecated_too || value.deprecated.is_none());
            list(shown.map(|(index, _)| Meta::EnumValue(id, index)).collect())
        }),
        "inputFields" => when(ty.kind == TypeKind::InputObject, &|| {
            let shown = ty
                .input_fields
                .iter()
                .enumerate()
                .filter(|(_, field)| deprecated_too || field.deprecated.is_none());
            list(shown.map(|(index, _)| Meta::InputField(id, index)).collect())
        }),
        "isOneOf" => when(ty.kind == TypeKind::InputObject, &|| Resolved::Boolean(ty.is_one_of)),
        _ => Resolved::Null,
    }
}

fn input(input: Option<&InputValue>, name: &str) -> Resolved {
    let Some(input) = input else { return Resolved::Null };
    match name {
        "type" => Meta::Type(input.ty).object(),
        "defaultValue" => input.literal.as_ref().map(super::print::literal).into_resolved(),
        _ => common(name, &input.name, input.description.as_ref(), input.deprecated.as_ref()),
    }
}

/// What most of them have.
fn common(
    field: &str,
    name: &crate::name::Name,
    description: Option<&std::sync::Arc<str>>,
    deprecated: Option<&std::sync::Arc<str>>,
) -> Resolved {
    match field {
        "name" => Resolved::Text(name.shared()),
        "description" => optional(description),
        "isDeprecated" => Resolved::Boolean(deprecated.is_some()),
        "deprecationReason" => optional(deprecated),
        _ => Resolved::Null,
    }
}
