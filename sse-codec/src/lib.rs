//! sse-codec
