//! webhook_verify
fn main() {}
