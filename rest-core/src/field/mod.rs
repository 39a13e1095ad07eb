//! Header fields as types: each parses what the grammar allows and prints the one recommended form.

pub mod cache_control;
pub mod conditional;
pub mod date;
pub mod etag;

pub use cache_control::{CacheControl, DeltaSeconds, FieldScope};
pub use conditional::ETagCondition;
pub use date::HttpDate;
pub use etag::{ETag, ETagRef};
