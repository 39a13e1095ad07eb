//! gRPC and gRPC-Web without I/O: framing, status, metadata, deadlines, call machines.
//!
//! Work in progress.
#![forbid(unsafe_code)]

pub mod call;
pub mod client;
mod codec;
mod cx;
mod deadline;
mod error;
pub mod frame;
#[cfg(feature = "hyper")]
pub mod hyper;
mod intercept;
mod limits;
mod link;
mod meta;
pub mod percent;
pub mod proto;
mod serve;
mod service;
mod status;
mod stream;
pub mod timeout;
#[cfg(feature = "tower")]
pub mod tower;

pub use client::{Client, Transport};
pub use codec::{Decode, Encode, Raw};
pub use cx::Cx;
pub use deadline::{Deadline, DeadlinePolicy, HopBudget};
pub use error::{CodecError, FrameError, MetadataError, Rejection};
pub use intercept::{Direction, Intercept, Next};
pub use limits::Limits;
pub use meta::{AsciiKey, BinKey, Metadata};
pub use serve::ServerIo;
pub use service::{Dispatch, Kind, MethodDesc, Routes, Server, Service};
pub use status::{Code, Status};
pub use stream::{Inbound, Outbound};

#[cfg(feature = "prost")]
#[doc(hidden)]
pub use prost;

/// The code that a build script generated for a protobuf package.
///
/// `include_proto!("octavo.users.v1")` is `include!` of `octavo.users.v1.rs` in `OUT_DIR`.
#[macro_export]
macro_rules! include_proto {
    ($package:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $package, ".rs"));
    };
}
