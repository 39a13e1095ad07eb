//! The showcase.
