//! Verifying webhooks beside other libraries and beside the bare cryptography under all of them; at the end, each ratio that the crate
//! aims at beside its target. A miss is printed like a hit: see the crate's README.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench that is set up wrongly should stop, peers read the clock, and a ratio is there to be printed"
)]

mod hmac;
mod ratio;

use criterion::{Criterion, criterion_group};

criterion_group!(benches, hmac::bench);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    // `cargo test --benches` wants to know that it runs, not how fast.
    if !std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        hmac::ratios();
    }
}
