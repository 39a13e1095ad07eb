//! Names of the protobuf language as names of Rust.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost_types::FileDescriptorSet;

/// The Rust names of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceNames {
    pub(crate) service: String,
    pub(crate) server: String,
    pub(crate) client: String,
    /// The type parameter of the server, and that of the client.
    pub(crate) implementation: String,
    pub(crate) transport: String,
}

/// The Rust names of all services, by their full protobuf names.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<String, ServiceNames>);

impl Names {
    /// Messages and enums keep their names, then come the traits, then servers and clients.
    pub(crate) fn of(set: &FileDescriptorSet) -> Names {
        let mut taken: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
        for file in &set.file {
            let types = taken.entry(module_path(file.package())).or_default();
            types.extend(file.message_type.iter().map(|m| type_name(m.name())));
            types.extend(file.enum_type.iter().map(|e| type_name(e.name())));
        }
        let mut names = BTreeMap::new();
        let services: Vec<(&str, &str)> = set
            .file
            .iter()
            .flat_map(|file| file.service.iter().map(|service| (file.package(), service.name())))
            .collect();
        for (package, service) in &services {
            let types = taken.entry(module_path(package)).or_default();
            let service_names = ServiceNames {
                service: free(type_name(service), types),
                server: String::new(),
                client: String::new(),
                implementation: if types.contains("T") { "T_" } else { "T" }.to_owned(),
                transport: if types.contains("C") { "C_" } else { "C" }.to_owned(),
            };
            names.insert(full_name(package, service), service_names);
        }
        for (package, service) in &services {
            let types = taken.entry(module_path(package)).or_default();
            if let Some(names) = names.get_mut(&full_name(package, service)) {
                let plain = type_name(service);
                let plain = plain.trim_start_matches("r#");
                names.server = free(format!("{plain}Server"), types);
                names.client = free(format!("{plain}Client"), types);
            }
        }
        Names(names)
    }

    pub(crate) fn get(&self, full_name: &str) -> Option<&ServiceNames> {
        self.0.get(full_name)
    }
}

/// `octavo.users.v1` and `UserService` to `octavo.users.v1.UserService`.
pub(crate) fn full_name(package: &str, name: &str) -> String {
    if package.is_empty() { name.to_owned() } else { format!("{package}.{name}") }
}

/// The Rust names of the methods of one service, in their order: none twice, and none of `reserved`.
pub(crate) fn methods<'n>(names: impl Iterator<Item = &'n str>, reserved: &[&str]) -> Vec<String> {
    let mut taken: BTreeSet<String> = reserved.iter().map(|&name| name.to_owned()).collect();
    names.map(|name| free(value_name(name), &mut taken)).collect()
}

/// The module path of a package.
pub(crate) fn module_path(package: &str) -> Vec<String> {
    package.split('.').filter(|part| !part.is_empty()).map(value_name).collect()
}

/// The name, with `_` behind it for as long as another has it.
fn free(mut name: String, taken: &mut BTreeSet<String>) -> String {
    while !taken.insert(name.clone()) {
        name = format!("{}_", name.trim_start_matches("r#"));
    }
    name
}

/// In the style of functions and modules.
pub(crate) fn value_name(name: &str) -> String {
    identifier(name.to_snake_case())
}

/// A field, which prost-build spells as a function.
pub(crate) fn field_name(name: &str) -> String {
    value_name(name)
}

/// The variant of an enum's value: without the name of the enum in front, where what is left is a name.
pub(crate) fn variant_name(of: &str, value: &str) -> String {
    let value = type_name(value);
    match value.strip_prefix(type_name(of).as_str()) {
        Some(rest) if rest.starts_with(char::is_uppercase) => identifier(rest.to_owned()),
        _ => value,
    }
}

/// In the style of types.
pub(crate) fn type_name(name: &str) -> String {
    identifier(name.to_upper_camel_case())
}

/// An identifier that Rust takes, as prost-build spells it for messages and fields.
fn identifier(name: String) -> String {
    const RAW: [&str; 47] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
        "else", "enum", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
        "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct",
        "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
        "yield",
    ];
    match name.as_str() {
        "self" | "Self" | "super" | "crate" | "extern" | "_" | "" => format!("{name}_"),
        word if RAW.contains(&word) => format!("r#{word}"),
        word if word.starts_with(|c: char| c.is_ascii_digit()) => format!("_{word}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::{DescriptorProto, FileDescriptorProto, ServiceDescriptorProto};

    #[test]
    fn keywords_and_digits_are_spelled_so_that_rust_takes_them() {
        for (name, expected) in [
            ("GetUser", "get_user"),
            ("Type", "r#type"),
            ("Self", "self_"),
            ("2Fast", "_2fast"),
            ("gen", "r#gen"),
        ] {
            assert_eq!(value_name(name), expected);
        }
        assert_eq!(type_name("user_service"), "UserService");
        assert_eq!(type_name("self"), "Self_");
    }

    #[test]
    fn methods_have_names_of_their_own() {
        let names = ["GetUser", "get_user", "getUser", "New", "Type", "type"];
        assert_eq!(
            methods(names.into_iter(), &["new"]),
            ["get_user", "get_user_", "get_user__", "new_", "r#type", "type_"]
        );
    }

    #[test]
    fn what_is_made_for_a_service_gives_way_to_what_is_in_the_file() {
        let message = |name: &str| DescriptorProto { name: Some(name.into()), ..Default::default() };
        let service = |name: &str| ServiceDescriptorProto { name: Some(name.into()), ..Default::default() };
        let file = FileDescriptorProto {
            package: Some("p".into()),
            message_type: vec![message("users_client"), message("other")],
            service: vec![service("Users"), service("UsersServer"), service("Other")],
            ..Default::default()
        };
        let names = Names::of(&FileDescriptorSet { file: vec![file] });
        let of = |name: &str| {
            let found = names.get(name).unwrap();
            [found.service.as_str(), found.server.as_str(), found.client.as_str()]
        };
        assert_eq!(of("p.Users"), ["Users", "UsersServer_", "UsersClient_"]);
        assert_eq!(of("p.UsersServer"), ["UsersServer", "UsersServerServer", "UsersServerClient"]);
        assert_eq!(of("p.Other"), ["Other_", "OtherServer", "OtherClient"]);
    }
}
