//! Code from `.proto` files for [grpc-wire](https://docs.rs/grpc-wire), in `build.rs`, without protoc.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), grpc_wire_build::Error> {
//!     grpc_wire_build::compile(&["proto/users.proto"], &["proto"])
//! }
//! ```
//!
//! Each package of the `.proto` files becomes one Rust file in `OUT_DIR`, which `grpc_wire::include_proto!("users.v1")`
//! takes into a module. It has the messages ([prost](https://docs.rs/prost)'s), and for each service
//!
//! - a trait of the service's name with one async method for each rpc: that is what a server implements;
//! - `…Server`, which makes the implementation a service of grpc-wire;
//! - `…Client`, with one method for each rpc.
//!
//! Comments become docs. Everything carries an `allow` for lints, so the code passes whatever the crate around it denies.
//! The same files give the same bytes.
//!
//! Names are put into Rust's style: `GetUser` becomes `get_user`. One that is a keyword is written `r#type`, or with `_`
//! behind it where Rust has no such form (`self_`). One that another item of the package, another method of the service
//! or a function of the client has already gets `_` behind it as well.
//!
//! | module | |
//! |---|---|
//! | [`Config`] | what to make, and where to put it |
//! | [`Module`] | the code of one package |
//! | [`Error`] | why there is none |

mod clash;
mod comment;
mod config;
mod error;
mod generate;
mod name;
mod service;
mod source;
mod write;

use std::path::Path;

pub use config::Config;
pub use error::Error;
pub use generate::Module;

/// Compiles `.proto` files into `OUT_DIR`: messages, traits, servers and clients. For more, see [`Config`].
///
/// `protos` are the files; `includes` the folders in which they and their imports are found.
///
/// # Errors
/// An [`Error`] that says which file is wrong and where.
pub fn compile(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<(), Error> {
    Config::new().compile(protos, includes)
}

/// Compiles a descriptor set into `OUT_DIR` likewise: see [`Config::compile_set`].
///
/// # Errors
/// An [`Error`] that says what is wrong.
pub fn compile_set(set: &[u8]) -> Result<(), Error> {
    Config::new().compile_set(set)
}
