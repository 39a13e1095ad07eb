//! What to make, and where to put it.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::generate::{Module, generate};
use crate::source;
use crate::write;

/// What to make, and where to put it. [`compile`](crate::compile) is this with nothing changed.
///
/// Paths of the protobuf language name what a setting is for: `.octavo.users.v1.User` one message,
/// `.octavo.users.v1.User.name` one field, `.octavo` a package with all below it, `.` everything.
///
/// ```no_run
/// // In build.rs:
/// fn main() -> Result<(), grpc_wire_build::Error> {
///     grpc_wire_build::Config::new()
///         .bytes(".files.v1.Chunk.content")
///         .type_attribute(".files.v1", "#[derive(serde::Serialize)]")
///         .include_file("protos.rs")
///         .compile(&["proto/files.proto"], &["proto"])
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) server: bool,
    pub(crate) client: bool,
    pub(crate) out_dir: Option<PathBuf>,
    pub(crate) include_file: Option<String>,
    pub(crate) bytes: Vec<String>,
    pub(crate) btree_map: Vec<String>,
    pub(crate) type_attributes: Vec<(String, String)>,
    pub(crate) field_attributes: Vec<(String, String)>,
    pub(crate) extern_paths: Vec<(String, String)>,
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

impl Config {
    /// Messages, and for each service its trait, its server and its client.
    #[must_use]
    pub const fn new() -> Config {
        Config {
            server: true,
            client: true,
            out_dir: None,
            include_file: None,
            bytes: Vec::new(),
            btree_map: Vec::new(),
            type_attributes: Vec::new(),
            field_attributes: Vec::new(),
            extern_paths: Vec::new(),
        }
    }

    /// Whether services get a trait to implement and a server around it. Default true.
    #[must_use]
    pub fn server(mut self, yes: bool) -> Config {
        self.server = yes;
        self
    }

    /// Whether services get a client. Default true.
    #[must_use]
    pub fn client(mut self, yes: bool) -> Config {
        self.client = yes;
        self
    }

    /// The folder that the files are written to. Default: `OUT_DIR`, as cargo sets it for a build script. With another
    /// folder nothing is said to cargo either.
    #[must_use]
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Config {
        self.out_dir = Some(folder.into());
        self
    }

    /// Also writes a file of this name that has all packages as nested modules. It is what a build of several packages
    /// needs, since they name each other's messages by relative paths.
    #[must_use]
    pub fn include_file(mut self, name: impl Into<String>) -> Config {
        self.include_file = Some(name.into());
        self
    }

    /// Makes the `bytes` fields under a path [`bytes::Bytes`](https://docs.rs/bytes), which share the memory of the
    /// message that was received, and not `Vec<u8>`.
    #[must_use]
    pub fn bytes(mut self, path: impl Into<String>) -> Config {
        self.bytes.push(path.into());
        self
    }

    /// Makes the map fields under a path `BTreeMap`, which is ordered, and not `HashMap`.
    #[must_use]
    pub fn btree_map(mut self, path: impl Into<String>) -> Config {
        self.btree_map.push(path.into());
        self
    }

    /// Puts an attribute on the messages and enums under a path.
    #[must_use]
    pub fn type_attribute(mut self, path: impl Into<String>, attribute: impl Into<String>) -> Config {
        self.type_attributes.push((path.into(), attribute.into()));
        self
    }

    /// Puts an attribute on the fields under a path.
    #[must_use]
    pub fn field_attribute(mut self, path: impl Into<String>, attribute: impl Into<String>) -> Config {
        self.field_attributes.push((path.into(), attribute.into()));
        self
    }

    /// Takes the messages under a path from a Rust module that has them already, and makes none.
    #[must_use]
    pub fn extern_path(mut self, path: impl Into<String>, module: impl Into<String>) -> Config {
        self.extern_paths.push((path.into(), module.into()));
        self
    }

    /// Compiles `.proto` files and writes one Rust file for each package, named after it: `octavo.users.v1.rs`.
    ///
    /// `protos` are the files; what they import is found in `includes`, which have to hold the files themselves too. The
    /// well-known types need no file. Cargo is told to build again when one of the files has changed.
    ///
    /// # Errors
    /// [`Error::Proto`] with the place of the mistake, [`Error::NoOutDir`], [`Error::Write`], [`Error::Code`].
    pub fn compile(&self, protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<(), Error> {
        let target = write::Target::of(self)?;
        target.watch(protos.iter().map(AsRef::as_ref));
        let source = source::read(protos, includes)?;
        target.watch(source.files.iter().map(PathBuf::as_path));
        target.write(&generate(self, source.set)?)
    }

    /// The same from a descriptor set, as `protoc --descriptor_set_out --include_imports --include_source_info` or
    /// `buf build` writes it. The imports have to be in it; without source info there are no comments.
    ///
    /// # Errors
    /// [`Error::DescriptorSet`], and as [`compile`](Config::compile).
    pub fn compile_set(&self, set: &[u8]) -> Result<(), Error> {
        let target = write::Target::of(self)?;
        target.write(&generate(self, source::decode(set)?)?)
    }

    /// The code alone, with nothing written and nothing said to cargo; in the order of the packages' names.
    ///
    /// # Errors
    /// As [`compile`](Config::compile), without those of writing.
    pub fn generate(
        &self,
        protos: &[impl AsRef<Path>],
        includes: &[impl AsRef<Path>],
    ) -> Result<Vec<Module>, Error> {
        generate(self, source::read(protos, includes)?.set)
    }

    /// The code alone from a descriptor set.
    ///
    /// # Errors
    /// As [`compile_set`](Config::compile_set), without those of writing.
    pub fn generate_set(&self, set: &[u8]) -> Result<Vec<Module>, Error> {
        generate(self, source::decode(set)?)
    }
}
