//! The engine, breadth first, gives what the specification gives, depth first: same data, same errors at the same paths.

#[path = "oracle/mod.rs"]
mod model;

#[test]
fn generated_queries_are_answered_as_by_the_letter_of_the_specification() {
    // A failure prints its seed.
    for seed in 0..1_500_u64 {
        model::compare(&[], seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }
}
