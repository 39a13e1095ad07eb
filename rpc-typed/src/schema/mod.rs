//! From the Rust types to TypeScript, by the JSON Schema of each side: inputs as they are read, outputs as they are
//! written.

mod print;
mod ts;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

pub use ts::{BigIntegers, Ts, TsError};

use crate::event::Item;
use crate::input::is_optional;

/// The types of one procedure.
pub(crate) struct Types {
    pub(crate) input: Input,
    pub(crate) output: Output,
}

pub(crate) enum Input {
    /// Nothing is taken.
    Nothing,
    /// A value; when `optional`, it may also be left out.
    Value { schema: Schema, optional: bool },
}

pub(crate) enum Output {
    Nothing,
    Value(Schema),
    Events { schema: Schema, tracked: bool },
}

/// Describes a procedure, with a generator for what is read and one for what is written.
pub(crate) type Describe = fn(&mut SchemaGenerator, &mut SchemaGenerator) -> Types;

pub(crate) fn describe_once<I, O>(read: &mut SchemaGenerator, write: &mut SchemaGenerator) -> Types
where
    I: DeserializeOwned + JsonSchema + 'static,
    O: JsonSchema + 'static,
{
    let output = match is_unit::<O>() {
        true => Output::Nothing,
        false => Output::Value(write.subschema_for::<O>()),
    };
    Types { input: input::<I>(read), output }
}

pub(crate) fn describe_many<I, O>(read: &mut SchemaGenerator, write: &mut SchemaGenerator) -> Types
where
    I: DeserializeOwned + JsonSchema + 'static,
    O: Item,
{
    let output = Output::Events { schema: write.subschema_for::<O::Data>(), tracked: O::TRACKED };
    Types { input: input::<I>(read), output }
}

fn input<I: DeserializeOwned + JsonSchema + 'static>(read: &mut SchemaGenerator) -> Input {
    match is_unit::<I>() {
        true => Input::Nothing,
        false => Input::Value { schema: read.subschema_for::<I>(), optional: is_optional::<I>() },
    }
}

fn is_unit<T: 'static>() -> bool {
    std::any::TypeId::of::<T>() == std::any::TypeId::of::<()>()
}
