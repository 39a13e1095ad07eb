//! The guide of the Octavo family. Each module is one chapter; its examples are compiled and run as doc tests.
#[doc = include_str!("choosing.md")]
pub mod choosing {}
#[doc = include_str!("architecture.md")]
pub mod architecture {}
#[doc = include_str!("rest-core.md")]
pub mod rest_core {}
#[doc = include_str!("graphql-exec.md")]
pub mod graphql_exec {}
#[doc = include_str!("grpc-wire.md")]
pub mod grpc_wire {}
#[doc = include_str!("soap-envelope.md")]
pub mod soap_envelope {}
#[doc = include_str!("sse-codec.md")]
pub mod sse_codec {}
#[doc = include_str!("webhook-sig.md")]
pub mod webhook_sig {}
#[doc = include_str!("ws-frame.md")]
pub mod ws_frame {}
#[doc = include_str!("rpc-typed.md")]
pub mod rpc_typed {}
#[doc = include_str!("comparison.md")]
pub mod comparison {}
