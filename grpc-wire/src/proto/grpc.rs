//! The names of gRPC over HTTP/2 (PROTOCOL-HTTP2).

use http::HeaderName;

/// Without a suffix: messages are in the codec that both sides know.
pub const CONTENT_TYPE: &str = "application/grpc";
/// How long the client waits.
pub const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// How compressed messages are compressed.
pub const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// What the sender of this head can decompress.
pub const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
