//! The emitted types: what serde reads and writes, as TypeScript says it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "the types are described and not used")]

mod common;

use std::collections::{BTreeMap, HashMap};

use rpc_typed::{BigIntegers, Mutation, Router, Rpc, RpcError, Ts, mutation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The file of a router whose one procedure takes and gives `T`.
fn emit<T>(ts: &Ts) -> Result<String, String>
where
    T: JsonSchema + Serialize + serde::de::DeserializeOwned + Send + 'static,
{
    let procedure: Mutation<T, T> = mutation("p");
    let echo = Rpc::<()>::new().run(|(), value: T| async move { Ok::<T, RpcError>(value) });
    let app = Router::new().handle(procedure, echo).build().unwrap();
    app.emit_ts(ts).map_err(|error| error.to_string())
}

/// The types of input and output.
fn types<T>() -> (String, String)
where
    T: JsonSchema + Serialize + serde::de::DeserializeOwned + Send + 'static,
{
    let file = emit::<T>(&Ts::default()).unwrap();
    let line = file.lines().find(|line| line.starts_with("    p: ")).unwrap();
    let (_, rest) = line.split_once("{ input: ").unwrap();
    let (input, rest) = rest.split_once("; output: ").unwrap();
    let (output, _) = rest.rsplit_once("; meta: ").unwrap();
    (input.to_owned(), output.to_owned())
}

fn both<T>() -> String
where
    T: JsonSchema + Serialize + serde::de::DeserializeOwned + Send + 'static,
{
    let (input, output) = types::<T>();
    assert_eq!(input, output);
    output
}

/// The alias of a name in the file of `T`, in one line.
fn alias<T>(name: &str) -> String
where
    T: JsonSchema + Serialize + serde::de::DeserializeOwned + Send + 'static,
{
    let file = emit::<T>(&Ts::default()).unwrap();
    let begin = format!("export type {name} = ");
    let at = file.find(&begin).unwrap_or_else(|| panic!("no {name} in\n{file}")) + begin.len();
    let (text, _) = file[at..].split_once(";\n\n").unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn primitives() {
    assert_eq!(both::<bool>(), "boolean");
    assert_eq!(
        (both::<i8>(), both::<u32>(), both::<f64>()),
        ("number".into(), "number".into(), "number".into())
    );
    assert_eq!((both::<String>(), both::<char>()), ("string".into(), "string".into()));
    assert_eq!(both::<serde_json::Value>(), "unknown");
    assert_eq!(types::<()>(), ("void".into(), "void".into()));
}

#[test]
fn an_option_is_nullable_and_as_an_input_may_be_left_out() {
    assert_eq!(types::<Option<u8>>(), ("number | null | void".into(), "number | null".into()));
}

#[test]
fn arrays_tuples_and_maps() {
    assert_eq!(both::<Vec<u8>>(), "number[]");
    assert_eq!(both::<Vec<Option<u8>>>(), "(number | null)[]");
    assert_eq!(both::<(u8, String)>(), "[number, string]");
    assert_eq!(both::<[u8; 2]>(), "number[]");
    assert_eq!(both::<BTreeMap<String, u8>>(), "{ [key: string]: number }");
    assert_eq!(both::<HashMap<u32, Vec<bool>>>(), "{ [key: string]: boolean[] }");
    assert_eq!(both::<Vec<BTreeMap<String, Option<u8>>>>(), "{ [key: string]: number | null }[]");
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Sides {
    /// Always there. */ Even so.
    user_name: String,
    #[serde(default)]
    with_default: u8,
    maybe: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<u8>,
    #[serde(rename = "odd-name")]
    odd: bool,
}

#[test]
fn inputs_are_as_serde_reads_and_outputs_as_it_writes() {
    assert_eq!(types::<Sides>(), ("SidesInput".into(), "Sides".into()));
    assert_eq!(
        alias::<Sides>("SidesInput"),
        "{ maybe?: number | null; \"odd-name\": boolean; skipped?: number | null; \
         /** Always there. *\\/ Even so. */ userName: string; withDefault?: number; }"
    );
    assert_eq!(
        alias::<Sides>("Sides"),
        "{ maybe: number | null; \"odd-name\": boolean; skipped?: number | null; \
         /** Always there. *\\/ Even so. */ userName: string; withDefault: number; }"
    );
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Same {
    id: String,
}

#[test]
fn a_type_that_both_sides_see_alike_has_one_name() {
    assert_eq!(types::<Same>(), ("Same".into(), "Same".into()));
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Outer {
    inner: Sides,
    same: Same,
}

#[test]
fn a_type_differs_where_one_that_it_holds_differs() {
    assert_eq!(types::<Outer>(), ("OuterInput".into(), "Outer".into()));
    assert_eq!(alias::<Outer>("OuterInput"), "{ inner: SidesInput; same: Same; }");
    assert_eq!(alias::<Outer>("Outer"), "{ inner: Sides; same: Same; }");
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    Green,
}
#[derive(Deserialize, Serialize, JsonSchema)]
enum External {
    Unit,
    New(u8),
    Pair(u8, String),
    Named { a: bool },
}
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(tag = "type")]
enum Internal {
    A { x: u8 },
    B { y: String },
}
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A(u8),
    B,
}
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
enum Untagged {
    N(u8),
    S(String),
    L(Vec<Color>),
}

#[test]
fn enums_of_every_representation() {
    assert_eq!(alias::<Color>("Color"), r#""red" | "green""#);
    assert_eq!(
        alias::<External>("External"),
        r#""Unit" | { New: number; } | { Pair: [number, string]; } | { Named: { a: boolean; }; }"#
    );
    assert_eq!(alias::<Internal>("Internal"), r#"{ type: "A"; x: number; } | { type: "B"; y: string; }"#);
    assert_eq!(alias::<Adjacent>("Adjacent"), r#"{ c: number; t: "A"; } | { t: "B"; }"#);
    assert_eq!(alias::<Untagged>("Untagged"), "number | string | Color[]");
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Tree {
    value: u8,
    children: Vec<Tree>,
    parent: Option<Box<Tree>>,
}

#[test]
fn recursive_types_refer_to_themselves() {
    assert_eq!(alias::<Tree>("Tree"), "{ children: Tree[]; parent: Tree | null; value: number; }");
    assert!(alias::<Tree>("TreeInput").contains("children: TreeInput[]; parent?: TreeInput | null;"));
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Flat {
    own: u8,
    #[serde(flatten)]
    same: Same,
    #[serde(flatten)]
    rest: BTreeMap<String, bool>,
}
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Empty {}

#[test]
fn flattened_members_and_empty_objects() {
    assert_eq!(alias::<Flat>("Flat"), "{ id: string; own: number; } & { [key: string]: boolean }");
    assert_eq!(alias::<Empty>("Empty"), "{ [key: string]: never }");
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Wide {
    #[schemars(range(min = 0, max = 9_007_199_254_740_991_i64))]
    safe: i64,
    #[schemars(with = "String")]
    text: u64,
}
#[derive(Deserialize, Serialize, JsonSchema)]
struct TooWide {
    count: Vec<u64>,
}

#[test]
fn integers_of_64_bits_are_refused_unless_they_are_bounded_or_sent_as_text() {
    assert_eq!(alias::<Wide>("Wide"), "{ safe: number; text: string; }");
    assert_eq!(
        emit::<TooWide>(&Ts::default()).unwrap_err(),
        "type `TooWide`: uint64 does not fit a JavaScript number: bound it below 2^53 or send a string"
    );
    for refused in [emit::<i64>(&Ts::default()), emit::<u128>(&Ts::default()), emit::<usize>(&Ts::default())]
    {
        assert!(refused.unwrap_err().starts_with("input of `p`: "));
    }
    let numbers = Ts::default().big_integers(BigIntegers::Number);
    assert!(emit::<TooWide>(&numbers).unwrap().contains("count: number[]"));
}

mod elsewhere {
    #[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
    pub(super) struct Same {
        pub(super) other: u8,
    }
    #[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
    pub(super) struct ErrorShape {
        pub(super) mine: u8,
    }
}

#[test]
fn names_that_meet_are_told_apart() {
    let aliases = emit::<(Same, elsewhere::Same)>(&Ts::default()).unwrap();
    assert!(
        aliases.contains("p: TRPCMutationProcedure<{ input: [Same, Same2]; output: [Same, Same2];"),
        "{aliases}"
    );
    assert_eq!(both::<elsewhere::ErrorShape>(), "ErrorShape2");
}

#[test]
fn the_router_is_nested_and_named_as_asked() {
    let file = common::app().emit_ts(&Ts::default().name("Api").name("no name")).unwrap();
    assert!(file.contains("export type Api = TRPCBuiltRouter<\n  { ctx: object; meta: object; errorShape: ErrorShape; transformer: false },"));
    assert!(file.contains("    user: {\n      create: TRPCMutationProcedure<{ input: Named; output: Made;"));
    assert!(file.contains("count: TRPCSubscriptionProcedure<{ input: CountTo; output: AsyncIterable<{ id: string; data: Number }, void, unknown>;"));
    assert!(file.contains(
        "letters: TRPCSubscriptionProcedure<{ input: void; output: AsyncIterable<string, void, unknown>;"
    ));
    assert!(!file.contains("TrackedEnvelope"), "a client would see a tuple");
    assert!(file.starts_with("//") && file.ends_with(">;\n"));
}
