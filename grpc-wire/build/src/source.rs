//! From files or bytes to descriptors that are complete and consistent.

use std::path::{Path, PathBuf};

use prost::Message;
use prost_types::FileDescriptorSet;
use protox::Compiler;
use protox::prost_reflect::DescriptorPool;

use crate::error::Error;

/// Descriptors, and the files that they came from.
pub(crate) struct Source {
    pub(crate) set: FileDescriptorSet,
    pub(crate) files: Vec<PathBuf>,
}

/// Compiles `.proto` files.
pub(crate) fn read(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<Source, Error> {
    let mut compiler = Compiler::new(includes).map_err(|e| told(&e))?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(protos).map_err(|e| told(&e))?;
    let files = compiler.files().filter_map(|file| file.path().map(Path::to_owned)).collect();
    Ok(Source { set: compiler.file_descriptor_set(), files })
}

/// Decodes a descriptor set. The pool checks what a compiler would have: names, numbers, types, imports.
pub(crate) fn decode(bytes: &[u8]) -> Result<FileDescriptorSet, Error> {
    let set = FileDescriptorSet::decode(bytes).map_err(|e| Error::DescriptorSet(e.to_string()))?;
    DescriptorPool::from_file_descriptor_set(set.clone())
        .map_err(|e| Error::DescriptorSet(format!("{e:?}")))?;
    Ok(set)
}

fn told(error: &protox::Error) -> Error {
    // The `Debug` form begins with file, line and column where those are known.
    let text = format!("{error:?}");
    Error::Proto(match error.file() {
        Some(file) if !text.contains(file) => format!("{file}: {text}"),
        _ => text,
    })
}
