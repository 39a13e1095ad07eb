//! From `.proto` files to code: what is in it, and how mistakes are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests write files and read them")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use grpc_wire_build::{Config, Error, Module};

/// A folder of `.proto` files, removed at the end.
struct Protos(PathBuf);

impl Protos {
    fn new(files: &[(&str, &str)]) -> Protos {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{n}", std::process::id()));
        for (name, content) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        Protos(folder)
    }

    fn generate(&self, config: &Config, file: &str) -> Result<Vec<Module>, Error> {
        config.generate(&[self.0.join(file)], &[&self.0])
    }
}

impl Drop for Protos {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The code of the one package of one file.
#[track_caller]
fn code(proto: &str) -> String {
    let protos = Protos::new(&[("a.proto", proto)]);
    let modules = protos.generate(&Config::new(), "a.proto").unwrap();
    assert_eq!(modules.len(), 1);
    modules[0].code.clone()
}

#[track_caller]
fn mistake(files: &[(&str, &str)]) -> String {
    let protos = Protos::new(files);
    let error = protos.generate(&Config::new(), "a.proto").unwrap_err();
    assert!(matches!(error, Error::Proto(_)), "{error}");
    assert_eq!(format!("{error:?}"), error.to_string());
    error.to_string()
}

/// Without the white space that formatting puts in.
fn dense(code: &str) -> String {
    code.split_whitespace().collect()
}

#[track_caller]
fn has(code: &str, part: &str) {
    // A list that is broken into lines ends with a comma.
    let plain = |text: &str| dense(text).replace(",)", ")").replace(",>", ">");
    assert!(plain(code).contains(&plain(part)), "{part} is not in\n{code}");
}

const ALL_KINDS: &str = r#"
    syntax = "proto3";
    package a.b;
    message Q {}
    message R {}
    // What it does.
    service Talk {
      // Says one thing.
      rpc One(Q) returns (R);
      rpc Many(Q) returns (stream R);
      rpc Take(stream Q) returns (R);
      rpc Both(stream Q) returns (stream R);
    }
"#;

#[test]
fn each_kind_of_method_has_its_signature_in_trait_and_client() {
    let code = code(ALL_KINDS);
    has(&code, "pub trait Talk: ::core::marker::Send + ::core::marker::Sync + 'static {");
    let cx = "&self, cx: &::grpc_wire::Cx";
    has(
        &code,
        &format!(
            "fn one({cx}, request: Q) -> impl ::core::future::Future<Output = ::core::result::Result<R, ::grpc_wire::Status>> + ::core::marker::Send;"
        ),
    );
    has(&code, &format!("fn many({cx}, request: Q, tx: ::grpc_wire::Outbound<R>)"));
    has(&code, &format!("fn take({cx}, rx: ::grpc_wire::Inbound<Q>)"));
    has(&code, &format!("fn both({cx}, rx: ::grpc_wire::Inbound<Q>, tx: ::grpc_wire::Outbound<R>)"));
    has(&code, "pub fn one(&self, request: Q) -> ::grpc_wire::client::Unary<C, Q, R>");
    has(&code, "pub fn many(&self, request: Q) -> ::grpc_wire::client::ServerStreaming<C, Q, R>");
    has(&code, "pub fn take(&self) -> ::grpc_wire::client::ClientStreaming<C, Q, R>");
    has(&code, "pub fn both(&self) -> ::grpc_wire::client::BidiStreaming<C, Q, R>");
    has(&code, r#"MethodDesc::new("/a.b.Talk/Both", ::grpc_wire::Kind::Bidi)"#);
    has(&code, r#"pub const NAME: &'static str = "a.b.Talk";"#);
}

#[test]
fn comments_become_docs() {
    let code = code(ALL_KINDS);
    for line in ["/// What it does.\n", "    /// Says one thing.\n", "/// Unary: `/a.b.Talk/One`\n"] {
        assert!(code.contains(line), "{line} is not in\n{code}");
    }
}

#[test]
fn code_in_comments_is_no_doc_test() {
    let code = code(
        "syntax = \"proto3\"; package a;\n// As in\n//\n//     let x = ;\n//\n// ```\n// let y = ;\n// ```\nmessage M {}",
    );
    assert!(code.contains("\n///    let x = ;\n"), "{code}");
    assert!(code.contains("/// ```text\n"), "{code}");
}

#[test]
fn every_item_is_free_of_the_lints_around_it() {
    let code = code(
        "syntax = \"proto3\"; package a; message M { oneof x { int32 y = 1; } message N {} enum E { E_A = 0; } } enum F { F_A = 0; } service S { rpc G(M) returns (M.N); }",
    );
    let items = code.lines().filter(|line| line.starts_with("pub ") || line.starts_with("impl")).count();
    // The attribute is longer than a line, so it stands over several.
    let allowed = code.lines().filter(|line| line.starts_with("#[allow(")).count();
    assert!(items > 6 && items == allowed, "{items} items, {allowed} allowed\n{code}");
    assert!(code.contains("reason = \"generated\""));
}

#[test]
fn names_that_rust_has_taken_are_spelled_otherwise() {
    let code = code(
        "syntax = \"proto3\"; package a; message Self { string type = 1; string self = 2; } service Match { rpc Type(Self) returns (Self); rpc Self(Self) returns (Self); rpc New(Self) returns (Self); rpc Await(stream Self) returns (Self); }",
    );
    has(&code, "pub struct Self_");
    for part in [
        "fn r#type(",
        "fn self_(",
        "fn new_(",
        "fn r#await(",
        "pub trait Match",
        "MethodDesc::new(\"/a.Match/Self\"",
    ] {
        has(&code, part);
    }
}

#[test]
fn what_is_made_for_a_service_gives_way_to_messages() {
    let code = code(
        "syntax = \"proto3\"; package a; message UsersClient {} message UsersServer {} message T {} message C {} message Result {} message Send {} service Users { rpc Get(T) returns (Result); rpc Put(stream C) returns (stream Send); rpc GET(T) returns (T); }",
    );
    for part in ["pub struct UsersClient_<C_>", "pub struct UsersServer_<T_>", "fn get(", "fn get_("] {
        has(&code, part);
    }
}

#[test]
fn packages_name_each_others_messages() {
    let protos = Protos::new(&[
        (
            "a.proto",
            "syntax = \"proto3\"; package x.y; import \"sub/b.proto\"; import \"google/protobuf/empty.proto\"; import \"google/protobuf/timestamp.proto\"; message M { google.protobuf.Timestamp t = 1; } service S { rpc G(x.z.w.N) returns (google.protobuf.Empty); rpc H(z.w.N.Inner) returns (M); }",
        ),
        ("sub/b.proto", "syntax = \"proto3\"; package x.z.w; message N { message Inner {} }"),
    ]);
    let modules = protos.generate(&Config::new(), "a.proto").unwrap();
    let names: Vec<(&str, String)> = modules.iter().map(|m| (m.package.as_str(), m.file_name())).collect();
    assert_eq!(names, [("x.y", "x.y.rs".to_owned()), ("x.z.w", "x.z.w.rs".to_owned())]);
    has(&modules[0].code, "request: super::z::w::N)");
    has(&modules[0].code, "request: super::z::w::n::Inner)");
    has(&modules[0].code, "Result<(), ::grpc_wire::Status>");
    has(&modules[0].code, "::prost_types::Timestamp");
}

#[test]
fn a_file_without_services_has_messages_alone() {
    let code = code("syntax = \"proto3\"; package a; message M { int32 x = 1; }");
    has(&code, "pub struct M");
    assert!(!code.contains("trait"), "{code}");
}

#[test]
fn proto2_and_no_package_are_taken() {
    let protos = Protos::new(&[(
        "a.proto",
        "syntax = \"proto2\"; message M { required int32 x = 1; optional string y = 2 [default = \"z\"]; optional group G = 3 { optional bool b = 1; } } service S { rpc G(M) returns (M); }",
    )]);
    let modules = protos.generate(&Config::new(), "a.proto").unwrap();
    assert_eq!((modules[0].package.as_str(), modules[0].file_name()), ("", "_.rs".to_owned()));
    has(&modules[0].code, "\"/S/G\"");
    has(&modules[0].code, "Option<::grpc_wire::prost::alloc::string::String>");
}

#[test]
fn only_one_side_is_made_when_asked() {
    let protos = Protos::new(&[("a.proto", ALL_KINDS)]);
    let server = &protos.generate(&Config::new().client(false), "a.proto").unwrap()[0].code;
    assert!(server.contains("trait Talk") && !server.contains("TalkClient"));
    let client = &protos.generate(&Config::new().server(false), "a.proto").unwrap()[0].code;
    assert!(
        client.contains("TalkClient") && !client.contains("trait Talk") && !client.contains("TalkServer")
    );
}

#[test]
fn settings_reach_the_messages() {
    let protos = Protos::new(&[(
        "a.proto",
        "syntax = \"proto3\"; package a; message M { bytes b = 1; map<string, bytes> m = 2; Other o = 3; } message Other {}",
    )]);
    let config = Config::new()
        .bytes(".a.M.b")
        .btree_map(".")
        .type_attribute(".a.M", "#[derive(Hash2)]")
        .field_attribute(".a.M.o", "#[special]")
        .extern_path(".a.Other", "::elsewhere::Other");
    let code = &protos.generate(&config, "a.proto").unwrap()[0].code;
    for part in [
        "b: ::grpc_wire::prost::bytes::Bytes",
        "BTreeMap<",
        "#[derive(Hash2)]",
        "#[special]",
        "::elsewhere::Other",
    ] {
        has(code, part);
    }
    assert!(!code.contains("pub struct Other"));
}

#[test]
fn a_mistake_is_told_with_file_line_and_column() {
    for (proto, place, word) in [
        ("syntax = \"proto3\";\nmessage M {\n  Missing x = 1;\n}\n", "a.proto:3:3", "Missing"),
        ("syntax = \"proto3\";\nmessage M {\n  int32 x = 1\n}\n", "a.proto:4:1", "';'"),
        ("syntax = \"proto3\";\nmessage M { int32 x = 1; int32 y = 1; }\n", "a.proto:2:", "1"),
        ("syntax = \"proto3\";\nservice S { rpc G(Q) returns (R); }\n", "a.proto:2:", "Q"),
        ("syntax = \"proto4\";\n", "a.proto:1:", "proto4"),
        ("syntax = \"proto3\";\nimport \"gone.proto\";\n", "a.proto:2:", "gone.proto"),
    ] {
        let told = mistake(&[("a.proto", proto)]);
        assert!(told.contains(place) && told.contains(word), "{told}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    assert!(mistake(&[("b.proto", "")]).contains("a.proto"));
    let protos = Protos::new(&[("a.proto", "")]);
    std::fs::write(protos.0.join("a.proto"), b"syntax = \"proto3\"; // \xff").unwrap();
    let told = protos.generate(&Config::new(), "a.proto").unwrap_err().to_string();
    assert!(told.contains("a.proto") && told.contains("utf-8"), "{told}");
}

#[test]
fn imports_in_a_circle_are_a_mistake() {
    let told = mistake(&[
        ("a.proto", "syntax = \"proto3\"; import \"b.proto\";"),
        ("b.proto", "syntax = \"proto3\"; import \"a.proto\";"),
    ]);
    assert!(told.contains("a.proto") && told.contains("b.proto"), "{told}");
}

#[test]
fn names_that_become_one_in_rust_are_a_mistake() {
    for (proto, place, name) in [
        ("enum E {\n A_B = 0;\n E_C = 1;\n C = 2; }", "a.proto:4:2", "`E_C` and `C` both become `C`"),
        (
            "message foo_bar {}\nmessage FooBar {}",
            "a.proto:2:1",
            "`foo_bar` and `FooBar` both become `FooBar`",
        ),
        (
            "message M { int32 id = 1;\n oneof ID { int32 x = 2; } }",
            "a.proto:2:2",
            "`id` and `ID` both become `id`",
        ),
        ("message M { message Ab {} enum ab { Z = 0; } }", "a.proto:1:", "both become `Ab`"),
    ] {
        let told = mistake(&[("a.proto", &format!("syntax = \"proto3\"; package a; {proto}"))]);
        assert!(told.starts_with(place) && told.contains(name), "{told}");
    }
    let told = mistake(&[(
        "a.proto",
        "syntax = \"proto2\"; message M { oneof o { int32 ab = 1;\n int32 AB = 2; } }",
    )]);
    assert!(told.starts_with("a.proto:2:"), "{told}");
    let told = mistake(&[("a.proto", "syntax = \"proto3\";\nmessage _ {}")]);
    assert!(told.starts_with("a.proto:2:1: `_` has no letter"), "{told}");
    // An alias, and the same names in scopes of their own, are none.
    code(
        "syntax = \"proto3\"; package a; enum E { option allow_alias = true; A_B = 0; AB = 0; } message M { message N {} oneof n { int32 a = 1; } map<int32, N> b = 2; } message O { message N {} }",
    );
}

#[test]
fn an_attribute_that_is_no_rust_is_told_with_its_package() {
    let protos = Protos::new(&[("a.proto", "syntax = \"proto3\"; package a; message M {}")]);
    let error = protos.generate(&Config::new().type_attribute(".", "#[open"), "a.proto").unwrap_err();
    assert!(matches!(&error, Error::Code(package, _) if package == "a"), "{error}");
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let files = [
        ("a.proto", ALL_KINDS),
        ("c.proto", "syntax = \"proto3\"; package c; message M { map<string, int32> m = 1; }"),
    ];
    let generated = || {
        let protos = Protos::new(&files);
        let paths = [protos.0.join("c.proto"), protos.0.join("a.proto")];
        Config::new().generate(&paths, &[&protos.0]).unwrap()
    };
    let first = generated();
    assert_eq!(first.len(), 2);
    for _ in 0..5 {
        assert_eq!(generated(), first);
    }
}

#[test]
fn files_are_written_and_left_alone_when_nothing_has_changed() {
    let protos = Protos::new(&[
        ("a.proto", "syntax = \"proto3\"; package x.y; import \"b.proto\"; message M { x.N n = 1; }"),
        ("b.proto", "syntax = \"proto3\"; package x; message N {}"),
        ("out/.keep", ""),
    ]);
    let out = protos.0.join("out");
    let config = Config::new().out_dir(&out).include_file("all.rs");
    config.compile(&[protos.0.join("a.proto")], &[&protos.0]).unwrap();
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert!(read("x.y.rs").contains("super::N") && read("x.rs").contains("pub struct N"));
    assert_eq!(
        dense(
            &read("all.rs")
                .lines()
                .filter(|l| !l.starts_with("//") && !l.starts_with("#["))
                .collect::<String>()
        ),
        dense("pub mod x { include!(\"x.rs\"); pub mod y { include!(\"x.y.rs\"); } }")
    );
    let stamp = || std::fs::metadata(out.join("x.rs")).unwrap().modified().unwrap();
    let before = stamp();
    config.compile(&[protos.0.join("a.proto")], &[&protos.0]).unwrap();
    assert_eq!(stamp(), before);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let protos = Protos::new(&[("a.proto", "syntax = \"proto3\"; package a; message M {}")]);
    let config = Config::new().out_dir(protos.0.join("nowhere"));
    let error = config.compile(&[protos.0.join("a.proto")], &[&protos.0]).unwrap_err();
    assert!(matches!(&error, Error::Write(path, _) if path.ends_with("nowhere/a.rs")), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

/// `UPDATE_GENERATED=1 cargo test -p grpc-wire-build --test proto_files` writes them.
#[test]
fn the_committed_code_is_what_the_files_give() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/odd");
    let config = Config::new().include_file("all.rs");
    let compile = |out: &Path| {
        config.clone().out_dir(out).compile(&[folder.join("odd.proto")], &[&folder]).unwrap();
    };
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        compile(&folder);
    }
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("odd");
    std::fs::create_dir_all(&fresh).unwrap();
    compile(&fresh);
    for name in ["all.rs", "odd.rs", "odd.self_.v1.rs"] {
        let read = |at: &Path| std::fs::read_to_string(at.join(name)).unwrap();
        assert!(
            read(&fresh) == read(&folder),
            "{name} is old; set UPDATE_GENERATED=1 and run this test again"
        );
    }
}
