//! Why no code was made.

use core::fmt;
use std::io;
use std::path::PathBuf;

/// Why no code was made. Each is one sentence for the log of a build.
///
/// Its `Debug` form is its `Display` form: that is what cargo shows when `main` of a build script returns the error.
#[non_exhaustive]
pub enum Error {
    /// A `.proto` file cannot be read or breaks a rule of the language: `FILE:LINE:COLUMN: what is wrong` where the
    /// place is known.
    Proto(String),
    /// The bytes are no descriptor set, or it is not complete and consistent in itself.
    DescriptorSet(String),
    /// The code cannot be parsed as Rust, which an attribute or a path given by [`Config`](crate::Config) can cause;
    /// the package, and what the parser says.
    Code(String, String),
    /// `OUT_DIR` is not set: outside a build script, say where to write with
    /// [`Config::out_dir`](crate::Config::out_dir).
    NoOutDir,
    /// A file cannot be written.
    Write(PathBuf, io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Proto(what) => f.write_str(what),
            Error::DescriptorSet(what) => write!(f, "the descriptor set cannot be used: {what}"),
            Error::Code(package, what) => {
                write!(
                    f,
                    "the code for package `{package}` is not Rust; check the attributes and paths: {what}"
                )
            }
            Error::NoOutDir => {
                f.write_str("OUT_DIR is not set; call this from build.rs, or set `Config::out_dir`")
            }
            Error::Write(path, cause) => write!(f, "cannot write {}: {cause}", path.display()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Error::Write(_, cause) => Some(cause),
            _ => None,
        }
    }
}
