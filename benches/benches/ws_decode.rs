//! ws_decode
fn main() {}
