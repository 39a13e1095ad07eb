//! Names that differ in the `.proto` file and are one in Rust.

use std::collections::BTreeMap;

use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet};

use crate::error::Error;
use crate::name::{field_name, module_path, type_name, variant_name};

/// Finds messages and enums of one scope, fields of one message and values of one enum that would have one name in Rust,
/// and names that would be none.
pub(crate) fn check(set: &FileDescriptorSet) -> Result<(), Error> {
    let mut packages: BTreeMap<Vec<String>, Scope> = BTreeMap::new();
    for file in &set.file {
        let types = packages.entry(module_path(file.package())).or_default();
        let mut walk = Walk { file, path: Vec::new() };
        for part in file.package().split('.') {
            walk.speakable(part)?;
        }
        walk.types(types, MESSAGES_OF_FILE, &file.message_type, ENUMS_OF_FILE, &file.enum_type)?;
        walk.services()?;
    }
    Ok(())
}

/// The names of a scope in Rust, and what has each in the file.
type Scope = BTreeMap<String, String>;

/// Where the walk stands, as `SourceCodeInfo` counts: field numbers and indices in turn.
struct Walk<'f> {
    file: &'f FileDescriptorProto,
    path: Vec<i32>,
}

impl Walk<'_> {
    fn types(
        &mut self,
        scope: &mut Scope,
        messages_at: i32,
        messages: &[DescriptorProto],
        enums_at: i32,
        enums: &[EnumDescriptorProto],
    ) -> Result<(), Error> {
        for (index, message) in messages.iter().enumerate() {
            // The entries of a map are no type of their own.
            if message.options.as_ref().is_some_and(|options| options.map_entry()) {
                continue;
            }
            self.at(messages_at, index, |walk| {
                walk.take(scope, &type_name(message.name()), message.name())?;
                walk.message(message)
            })?;
        }
        for (index, of) in enums.iter().enumerate() {
            self.at(enums_at, index, |walk| {
                walk.take(scope, &type_name(of.name()), of.name())?;
                walk.values(of)
            })?;
        }
        Ok(())
    }

    fn message(&mut self, message: &DescriptorProto) -> Result<(), Error> {
        let mut fields = Scope::new();
        for (index, field) in message.field.iter().enumerate() {
            // The fields of a oneof are variants of its enum.
            if field.oneof_index.is_none() || field.proto3_optional() {
                self.at(FIELDS, index, |walk| {
                    walk.take(&mut fields, &field_name(field.name()), field.name())
                })?;
            }
        }
        for (index, oneof) in message.oneof_decl.iter().enumerate() {
            let mut members = Scope::new();
            let mut real = false;
            for (at, field) in message.field.iter().enumerate() {
                if field.oneof_index.is_some_and(|of| usize::try_from(of) == Ok(index))
                    && !field.proto3_optional()
                {
                    real = true;
                    self.at(FIELDS, at, |walk| {
                        walk.take(&mut members, &type_name(field.name()), field.name())
                    })?;
                }
            }
            if real {
                self.at(ONEOFS, index, |walk| {
                    walk.take(&mut fields, &field_name(oneof.name()), oneof.name())
                })?;
            }
        }
        let mut nested = Scope::new();
        self.types(&mut nested, NESTED_MESSAGES, &message.nested_type, NESTED_ENUMS, &message.enum_type)
    }

    fn values(&mut self, of: &EnumDescriptorProto) -> Result<(), Error> {
        let mut numbers = Vec::with_capacity(of.value.len());
        let mut values = Scope::new();
        for (index, value) in of.value.iter().enumerate() {
            // An alias has no variant.
            if numbers.contains(&value.number()) {
                continue;
            }
            numbers.push(value.number());
            let name = variant_name(of.name(), value.name());
            self.at(VALUES, index, |walk| walk.take(&mut values, &name, value.name()))?;
        }
        Ok(())
    }

    /// What is generated for services finds names that are free, so they need only be names.
    fn services(&mut self) -> Result<(), Error> {
        for (index, service) in self.file.service.iter().enumerate() {
            self.at(SERVICES, index, |walk| {
                walk.speakable(service.name())?;
                for (index, method) in service.method.iter().enumerate() {
                    walk.at(METHODS, index, |walk| walk.speakable(method.name()))?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Rust's style takes the underscores away, and then something has to be left.
    fn speakable(&self, proto_name: &str) -> Result<(), Error> {
        if proto_name.starts_with('_') && proto_name.bytes().all(|b| b == b'_') {
            let place = self.place();
            return Err(Error::Proto(format!(
                "{place}: `{proto_name}` has no letter or digit for a name in Rust"
            )));
        }
        Ok(())
    }

    fn take(&self, scope: &mut Scope, name: &str, proto_name: &str) -> Result<(), Error> {
        self.speakable(proto_name)?;
        match scope.insert(name.to_owned(), proto_name.to_owned()) {
            None => Ok(()),
            Some(other) => Err(Error::Proto(format!(
                "{}: `{other}` and `{proto_name}` both become `{name}` in Rust",
                self.place()
            ))),
        }
    }

    fn at<T>(
        &mut self,
        field: i32,
        index: usize,
        run: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.path.extend([field, i32::try_from(index).unwrap_or(i32::MAX)]);
        let done = run(self);
        self.path.truncate(self.path.len().saturating_sub(2));
        done
    }

    /// `FILE:LINE:COLUMN`, or the file alone where there is no source info.
    fn place(&self) -> String {
        let locations = self.file.source_code_info.as_ref().map(|info| info.location.as_slice());
        let found = locations.unwrap_or_default().iter().find(|location| location.path == self.path);
        match found.map(|location| location.span.as_slice()) {
            Some([line, column, ..]) => {
                format!("{}:{}:{}", self.file.name(), line.saturating_add(1), column.saturating_add(1))
            }
            _ => self.file.name().to_owned(),
        }
    }
}

// The field numbers of descriptor.proto.
const MESSAGES_OF_FILE: i32 = 4;
const ENUMS_OF_FILE: i32 = 5;
const SERVICES: i32 = 6;
const METHODS: i32 = 2;
const FIELDS: i32 = 2;
const NESTED_MESSAGES: i32 = 3;
const NESTED_ENUMS: i32 = 4;
const ONEOFS: i32 = 8;
const VALUES: i32 = 2;
