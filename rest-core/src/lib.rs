//! rest-core
