//! Partial changes of JSON documents.

pub mod merge;

pub use merge::{MERGE_PATCH_JSON, merge};
