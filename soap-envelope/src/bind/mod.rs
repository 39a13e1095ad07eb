//! Bindings: how a message rides on a transport.

pub mod http;
