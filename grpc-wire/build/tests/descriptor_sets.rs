//! From descriptor sets to code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use grpc_wire_build::{Config, Error};
use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto,
    ServiceDescriptorProto,
};

fn file() -> FileDescriptorProto {
    let field = FieldDescriptorProto {
        name: Some("id".into()),
        number: Some(1),
        label: Some(Label::Optional.into()),
        r#type: Some(Type::String.into()),
        ..Default::default()
    };
    let method = MethodDescriptorProto {
        name: Some("Get".into()),
        input_type: Some(".a.M".into()),
        output_type: Some(".a.M".into()),
        server_streaming: Some(true),
        ..Default::default()
    };
    FileDescriptorProto {
        name: Some("a.proto".into()),
        package: Some("a".into()),
        syntax: Some("proto3".into()),
        message_type: vec![DescriptorProto {
            name: Some("M".into()),
            field: vec![field],
            ..Default::default()
        }],
        service: vec![ServiceDescriptorProto {
            name: Some("S".into()),
            method: vec![method],
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn set(file: FileDescriptorProto) -> Vec<u8> {
    FileDescriptorSet { file: vec![file] }.encode_to_vec()
}

#[track_caller]
fn refused(bytes: &[u8]) -> String {
    let error = Config::new().generate_set(bytes).unwrap_err();
    assert!(matches!(error, Error::DescriptorSet(_)), "{error}");
    error.to_string()
}

#[test]
fn a_set_gives_what_its_files_give() {
    let modules = Config::new().generate_set(&set(file())).unwrap();
    assert_eq!(modules.len(), 1);
    let code = &modules[0].code;
    assert!(
        code.contains("pub struct M") && code.contains("pub trait S") && code.contains("/a.S/Get"),
        "{code}"
    );
}

#[test]
fn bytes_that_are_no_set_are_refused() {
    let whole = set(file());
    refused(b"\x0a\xff");
    refused(&whole[..whole.len() - 3]);
}

#[test]
fn an_empty_set_gives_no_code() {
    assert!(Config::new().generate_set(b"").unwrap().is_empty());
}

#[test]
fn a_set_that_does_not_hold_together_is_refused_by_name() {
    let mut unknown_type = file();
    unknown_type.service[0].method[0].input_type = Some(".a.Missing".into());
    assert!(refused(&set(unknown_type)).contains("Missing"));
    let mut no_import = file();
    no_import.dependency.push("b.proto".into());
    assert!(refused(&set(no_import)).contains("b.proto"));
    let mut number = file();
    number.message_type[0].field[0].number = Some(0);
    refused(&set(number));
    let mut twice = file();
    twice.message_type.push(twice.message_type[0].clone());
    assert!(refused(&set(twice)).contains('M'));
}
