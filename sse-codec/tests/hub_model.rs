//! The hub does what plain queues would do, for any operations.

#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "an `Instant` has to come from somewhere")]

#[path = "model/hub.rs"]
mod model;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn agrees_with_plain_queues(data in proptest::collection::vec(any::<u8>(), 0..600)) {
        model::run(&data);
    }
}
