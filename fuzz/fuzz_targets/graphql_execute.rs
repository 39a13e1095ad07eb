//! Generated queries over generated resolvers, answered in any order: the engine gives what an interpreter of the specification gives.
#![no_main]

#[path = "../../graphql-exec/tests/oracle/mod.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|input: (u64, &[u8])| {
    let (seed, bytes) = input;
    oracle::compare(bytes, seed);
});
