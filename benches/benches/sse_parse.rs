//! sse_parse
fn main() {}
