//! Whatever a descriptor set holds: code that is Rust, with no name twice, or an error that is not a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use grpc_wire_build::{Config, Error};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, OneofDescriptorProto,
    ServiceDescriptorProto,
};

/// Names of types and methods that Rust, prost or this crate might stumble over.
const NAMES: [&str; 24] = [
    "User",
    "user",
    "UserServer",
    "UserClient",
    "Self",
    "self",
    "Type",
    "type",
    "Result",
    "T",
    "C",
    "Option",
    "String",
    "_",
    "_x",
    "x_",
    "a__b",
    "A1",
    "a1b",
    "gen",
    "New",
    "crate",
    "UserServer_",
    "Send",
];
/// Names of fields: the language itself takes no two that differ by their style alone.
const FIELDS: [&str; 10] = ["self", "type", "gen", "crate", "_y", "z_", "a__b", "Result", "fn", "default"];
const PACKAGES: [&str; 6] = ["", "a", "a.b", "self.type", "A.B", "a.user"];

/// Some names in any order, none twice.
fn some(of: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<String>> {
    let names = prop::sample::subsequence(of, 0..=most).prop_shuffle();
    names.prop_map(|names| names.into_iter().map(str::to_owned).collect())
}

fn full(package: &str, name: &str) -> String {
    if package.is_empty() { format!(".{name}") } else { format!(".{package}.{name}") }
}

/// Fields of any types, some of them in a oneof.
fn fields(package: &str, names: Vec<String>, kinds: &[u8]) -> Vec<FieldDescriptorProto> {
    let field = |(at, name): (usize, String)| {
        let kind = kinds.get(at).copied().unwrap_or_default();
        let (of, type_name) = match kind % 5 {
            0 => (Type::Message, Some(full(package, "M"))),
            1 => (Type::Bytes, None),
            2 => (Type::String, None),
            3 => (Type::Double, None),
            _ => (Type::Sint64, None),
        };
        let repeated = kind & 64 == 64;
        FieldDescriptorProto {
            name: Some(name),
            number: i32::try_from(at + 1).ok(),
            label: Some(if repeated { Label::Repeated } else { Label::Optional }.into()),
            r#type: Some(of.into()),
            type_name,
            oneof_index: (kind > 127 && !repeated).then_some(0),
            ..Default::default()
        }
    };
    names.into_iter().enumerate().map(field).collect()
}

fn enumeration(name: &str, values: i32) -> EnumDescriptorProto {
    // The values of an enum lie beside it, so they have its name in front.
    let value = |number: i32| EnumValueDescriptorProto {
        name: Some(format!("{name}_V{number}")),
        number: Some(number),
        ..Default::default()
    };
    EnumDescriptorProto {
        name: Some(name.to_owned()),
        value: (0..=values).map(value).collect(),
        ..Default::default()
    }
}

/// A file with one message `M`, others, enums inside and outside, and services.
fn file(at: usize, package: &'static str) -> impl Strategy<Value = FileDescriptorProto> {
    let types = (some(&NAMES, 8), some(&FIELDS, 6), vec(any::<u8>(), 6), some(&NAMES, 3), 0..3_i32);
    let methods = (some(&NAMES, 6), any::<[u8; 6]>(), any::<bool>());
    (types, methods).prop_map(move |((names, members, kinds, inside, values), (methods, streams, proto3))| {
        let field = fields(package, members, &kinds);
        let in_oneof = field.iter().any(|field| field.oneof_index.is_some());
        let oneof = OneofDescriptorProto { name: Some("Kind".into()), ..Default::default() };
        let bare = |name: &String| DescriptorProto { name: Some(name.clone()), ..Default::default() };
        let mut file = FileDescriptorProto {
            name: Some(format!("f{at}.proto")),
            package: Some(package.to_owned()),
            syntax: Some(if proto3 { "proto3" } else { "proto2" }.to_owned()),
            message_type: vec![DescriptorProto {
                name: Some("M".into()),
                field,
                nested_type: inside.iter().map(bare).collect(),
                enum_type: vec![enumeration("Of", values)],
                oneof_decl: if in_oneof { vec![oneof] } else { Vec::new() },
                ..Default::default()
            }],
            ..Default::default()
        };
        let method = |(at, name): (usize, &String)| MethodDescriptorProto {
            name: Some(name.clone()),
            input_type: Some(full(package, "M")),
            output_type: Some(full(package, "M")),
            client_streaming: Some(streams[at] & 1 == 1),
            server_streaming: Some(streams[at] & 2 == 2),
            ..Default::default()
        };
        for (n, name) in names.into_iter().enumerate() {
            match n % 3 {
                0 => file.service.push(ServiceDescriptorProto {
                    name: Some(name),
                    method: methods.iter().enumerate().map(method).collect(),
                    ..Default::default()
                }),
                1 => file.message_type.push(bare(&name)),
                _ => file.enum_type.push(enumeration(&name, values)),
            }
        }
        file
    })
}

fn files() -> impl Strategy<Value = Vec<FileDescriptorProto>> {
    let packages = prop::sample::subsequence(&PACKAGES[..], 1..=2);
    packages.prop_flat_map(|packages| {
        packages.into_iter().enumerate().map(|(at, p)| file(at, p)).collect::<Vec<_>>()
    })
}

/// The names that a module of Rust cannot have twice.
fn names(items: &[syn::Item]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for item in items {
        let name = match item {
            syn::Item::Struct(item) => &item.ident,
            syn::Item::Enum(item) => &item.ident,
            syn::Item::Trait(item) => &item.ident,
            syn::Item::Mod(item) => {
                names(item.content.as_ref().map_or(&[], |(_, items)| items))?;
                &item.ident
            }
            _ => continue,
        };
        if !seen.insert(name.to_string()) {
            return Err(name.to_string());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_set_gives_code_or_an_error(file in files()) {
        let set = FileDescriptorSet { file };
        match Config::new().generate_set(&set.encode_to_vec()) {
            Ok(modules) => {
                for module in modules {
                    let code = syn::parse_file(&module.code).expect("it is Rust");
                    if let Err(name) = names(&code.items) {
                        panic!("{name} stands there twice:\n{}", module.code);
                    }
                }
            }
            Err(Error::DescriptorSet(_)) => {}
            Err(Error::Proto(said)) => {
                prop_assert!(said.contains("both become") || said.contains("no letter or digit"), "{said}");
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn any_bytes_give_code_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Config::new().generate_set(&bytes);
    }
}
