//! The type system: types, fields and directives, built from a schema document and held to the rules of §3.

mod build;
mod introspect;
mod model;
mod print;
mod validate;

pub(crate) use introspect::resolve as resolve_meta;
pub use model::{
    DirectiveDefinition, EnumValue, Field, FieldId, FieldType, InputValue, ScalarParse, Schema, Type, TypeId,
    TypeKind,
};
