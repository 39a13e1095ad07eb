#![no_main]
//! The event source against an arbitrary network and clock: never two connections, every deadline ahead, credentials for one
//! origin alone, the last event id of what was given out.

#[path = "../../sse-codec/tests/model/client.rs"]
mod model;

libfuzzer_sys::fuzz_target!(|data: &[u8]| model::run(data));
