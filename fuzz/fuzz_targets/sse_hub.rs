#![no_main]
//! The hub against plain queues: publish, subscribe, read, leave and trim in any order.

#[path = "../../sse-codec/tests/model/hub.rs"]
mod model;

libfuzzer_sys::fuzz_target!(|data: &[u8]| model::run(data));
