//! Schemas of any text: never a panic, errors with places in the text, and a schema that was built prints as one that is the same.
#![no_main]

use graphql_exec::{Limits, Schema, syntax::SchemaDocument};

libfuzzer_sys::fuzz_target!(|source: &str| {
    let mut limits = Limits::SCHEMA;
    limits.max_nesting = 32;
    let Ok(document) = SchemaDocument::parse_with(source, &limits) else { return };
    match Schema::build(&document) {
        Ok(schema) => {
            let printed = schema.to_sdl();
            let again = Schema::parse(&printed).unwrap_or_else(|errors| panic!("{printed}\n{errors:?}"));
            assert_eq!(again.to_sdl(), printed);
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            let lines = source.lines().count() as u32 + source.matches('\r').count() as u32 + 1;
            assert!(errors.iter().all(|error| error.locations().iter().all(|place| place.line <= lines)));
        }
    }
});
