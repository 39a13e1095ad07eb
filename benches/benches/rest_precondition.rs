//! rest_precondition
fn main() {}
