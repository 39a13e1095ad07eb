//! GraphQL September 2025, §3 "Type System" and §4 "Introspection": one test for what each section says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::block_on;
use graphql_exec::{
    App, Call, Coordinate, Request, Root, Schema, Typed, Value, schema::FieldType, syntax::OperationType,
    value::coerce_value,
};

#[track_caller]
fn refuses(sdl: &str, messages: &[&str]) {
    let errors = Schema::parse(sdl).err().unwrap_or_else(|| panic!("{sdl} was accepted"));
    let found: Vec<&str> = errors.iter().map(|error| error.message()).collect();
    assert_eq!(found, messages, "{sdl}");
}

#[track_caller]
fn accepts(sdl: &str) -> Schema {
    Schema::parse(sdl).unwrap_or_else(|errors| panic!("{sdl}: {errors:?}"))
}

const Q: &str = "type Query { a: Int }";

#[test]
fn s3_3_1_a_schema_has_a_query_type_and_its_roots_differ() {
    refuses(
        "type T { a: Int }",
        &["there is no query type: define `type Query`, or name another in `schema`"],
    );
    refuses(
        "schema { query: T mutation: T } type T { a: Int }",
        &["query, mutation and subscription types must differ"],
    );
    refuses(
        "schema { query: I } interface I { a: Int }",
        &["`I` must be an object type, since operations begin there"],
    );
    let schema = accepts("\"About\" schema { query: T } type T { a: Int } type Mutation { a: Int }");
    assert_eq!(schema.ty(schema.root(OperationType::Query).unwrap()).name, "T");
    assert_eq!((schema.root(OperationType::Mutation), schema.description()), (None, Some("About")));
}

#[test]
fn s3_names_are_defined_once_and_not_reserved() {
    refuses(&format!("{Q} type Query {{ b: Int }}"), &["the type `Query` is defined already"]);
    refuses("type Query { a: Int a: Int }", &["the field `a` is defined twice"]);
    refuses("type Query { a(b: Int b: Int): Int }", &["`b` is defined twice"]);
    refuses(&format!("{Q} enum E {{ A A }}"), &["the enum value `A` is defined twice"]);
    refuses("type Query { __a: Int }", &["the name `__a` is reserved for introspection"]);
    refuses("type Query { a: Usr }", &["there is no type `Usr`"]);
}

#[test]
fn s3_6_an_object_has_output_fields_with_input_arguments() {
    refuses(&format!("{Q} type T"), &["`T` needs a field"]);
    refuses(
        &format!("{Q} type T {{ a: I }} input I {{ a: Int }}"),
        &["the field `T.a` needs an output type"],
    );
    refuses("type Query { a(b: Query): Int }", &["the argument `Query.a(b:)` needs an input type"]);
}

#[test]
fn s3_6_1_an_object_implements_all_of_an_interface() {
    let interface = "interface I { a(x: Int): I! }";
    accepts(&format!("{Q} {interface} type T implements I {{ a(x: Int, y: Int): T! }}"));
    refuses(
        &format!("{Q} {interface} type T implements I {{ b: Int }}"),
        &["`T` needs the field `a` of `I`"],
    );
    refuses(
        &format!("{Q} {interface} type T implements I {{ a(x: Int): T }}"),
        &["`T.a` is T, but `I` says I!"],
    );
    refuses(
        &format!("{Q} {interface} type T implements I {{ a: T! }}"),
        &["`T.a` needs the argument `x: Int` of `I`"],
    );
    refuses(
        &format!("{Q} {interface} type T implements I {{ a(x: Int, y: Int!): T! }}"),
        &["`T.a` requires `y`, which `I` lacks"],
    );
    refuses(
        &format!("{Q} type T implements Query {{ a: Int }}"),
        &["`T` implements `Query`, which is no interface"],
    );
    refuses(
        &format!(
            "{Q} interface A {{ a: Int }} interface B implements A {{ a: Int }} type T implements B {{ a: Int }}"
        ),
        &["`T` must implement `A`, since `B` does"],
    );
    refuses(&format!("{Q} interface A implements A {{ a: Int }}"), &["`A` implements itself"]);
}

#[test]
fn s3_8_a_union_has_object_members() {
    refuses(&format!("{Q} union U"), &["the union `U` needs a member"]);
    refuses(&format!("{Q} union U = Int"), &["`Int` cannot be a member of `U`: only object types can"]);
    refuses(&format!("{Q} union U = Query | Query"), &["`Query` is named twice"]);
}

#[test]
fn s3_10_input_objects_cannot_require_themselves() {
    refuses(
        &format!("{Q} input A {{ b: B! }} input B {{ a: A! }}"),
        &["`A` requires itself through `a`: it could never be given"],
    );
    accepts(&format!("{Q} input A {{ b: B! }} input B {{ a: [A!]! b: B }}"));
}

#[test]
fn s3_10_defaults_cannot_go_in_a_circle() {
    let errors =
        Schema::parse(&format!("{Q} input A {{ b: B = {{}} }} input B {{ a: A = {{}} c: A = {{}} }}"))
            .unwrap_err();
    assert!(errors[0].message().contains("refer to each other in a circle"), "{errors:?}");
}

#[test]
fn s3_10_1_one_of_fields_are_nullable_without_defaults() {
    let message = "`A` is @oneOf, so `b` can have no default and no `!`";
    refuses(&format!("{Q} input A @oneOf {{ b: Int! }}"), &[message]);
    refuses(&format!("{Q} input A @oneOf {{ b: Int = 1 }}"), &[message]);
}

#[test]
fn s3_13_directives_are_known_and_where_they_may_stand() {
    refuses("type Query @x { a: Int }", &["there is no directive `@x`"]);
    refuses("type Query { a: Int @oneOf }", &["`@oneOf` cannot stand here"]);
    refuses("directive @d on OBJECT type Query @d @d { a: Int }", &["`@d` stands here twice"]);
    refuses(
        "directive @d(x: Int!) on OBJECT type Query @d(y: 1) { a: Int }",
        &["`@d` has no argument `y`", "`@d` needs the argument `x`"],
    );
    refuses(&format!("directive @d on NOWHERE {Q}"), &["`NOWHERE` is no place of a directive"]);
    accepts("directive @d repeatable on OBJECT type Query @d @d { a: Int }");
}

#[test]
fn s3_13_3_what_is_required_cannot_be_deprecated() {
    refuses("type Query { a(b: Int! @deprecated): Int }", &["`b` is required, so it cannot be deprecated"]);
    accepts("type Query { a(b: Int! = 1 @deprecated): Int }");
}

#[test]
fn s3_defaults_are_of_their_type() {
    refuses(
        "type Query { a(b: Int = \"x\"): Int }",
        &["the default of `a.b` is wrong: expected Int, found \"x\""],
    );
    refuses(
        &format!("{Q} enum E {{ A }} input I {{ e: E = \"A\" }}"),
        &["the default of `I.e` has a string for an enum"],
    );
    let schema =
        accepts("type Query { f(i: I = {}): Int } input I { a: Int = 1 j: J = {} } input J { b: [Int] = 2 }");
    let field = schema.field(schema.root(OperationType::Query).unwrap(), "f").unwrap();
    let default = schema.field_def(field).arguments[0].default.as_ref().unwrap();
    assert_eq!(default.to_json(), r#"{"a":1,"j":{"b":[2]}}"#);
}

#[test]
fn s3_4_3_extensions_add_to_each_kind_of_type() {
    let schema = accepts(
        "type Query { a: Int } extend type Query implements I { b: Int } interface I { b: Int } extend interface I { a: Int }
         union U = Query extend union U = T type T { a: Int } enum E { A } extend enum E { B }
         input N { a: Int } extend input N { b: Int } scalar S extend scalar S @specifiedBy(url: \"u\")
         schema { query: Query } extend schema { mutation: M } type M { a: Int }",
    );
    let id = |name: &str| schema.type_id(name).unwrap();
    assert_eq!(schema.fields(id("Query")).len(), 2);
    assert_eq!(schema.possible_types(id("I")), [id("Query")]);
    assert_eq!(schema.possible_types(id("U")).len(), 2);
    assert!(schema.enum_value(id("E"), "B").is_some() && schema.input_field(id("N"), "b").is_some());
    assert_eq!(schema.ty(id("S")).specified_by.as_deref(), Some("u"));
    assert_eq!(schema.root(OperationType::Mutation), Some(id("M")));
    refuses(&format!("{Q} extend type T {{ a: Int }}"), &["there is no type `T` to extend"]);
    refuses(&format!("{Q} extend enum Query {{ A }}"), &["`Query` is of another kind"]);
}

#[test]
fn s3_14_coordinates_name_parts_of_a_schema() {
    assert_eq!(Coordinate::parse("User"), Some(Coordinate::Type("User")));
    assert_eq!(
        Coordinate::parse("Q.user(id:)"),
        Some(Coordinate::Argument { ty: "Q", field: "user", argument: "id" })
    );
    assert_eq!(Coordinate::parse("@a"), Some(Coordinate::Directive("a")));
    assert_eq!(
        Coordinate::parse("@a(b:)"),
        Some(Coordinate::DirectiveArgument { directive: "a", argument: "b" })
    );
    for bad in ["", "1", "a.", ".a", "a.b.c", "a(b)", "a(b:)", "@", "a b", "a.b(c:", "@a.b"] {
        assert_eq!(Coordinate::parse(bad), None, "{bad}");
    }
}

fn coerce(ty: &str, json: &str) -> Result<String, String> {
    let schema = accepts(&format!(
        "type Query {{ f(a: {ty}): Int }} enum E {{ A B }} input I {{ a: Int! b: String = \"x\" c: [I!] }} input One @oneOf {{ a: Int b: String }} scalar Any"
    ));
    let field = schema.field(schema.root(OperationType::Query).unwrap(), "f").unwrap();
    let ty: FieldType = schema.field_def(field).arguments[0].ty;
    let value: Value = serde_json::from_str(json).unwrap();
    coerce_value(&schema, ty, &value).map(|value| value.to_json()).map_err(|error| error.to_string())
}

#[track_caller]
fn coerces(ty: &str, json: &str, to: &str) {
    assert_eq!(coerce(ty, json).as_deref(), Ok(to), "{json} as {ty}");
}

#[track_caller]
fn fails(ty: &str, json: &str, message: &str) {
    assert_eq!(coerce(ty, json), Err(message.to_owned()), "{json} as {ty}");
}

#[test]
fn s3_5_1_int() {
    coerces("Int", "2147483647", "2147483647");
    coerces("Int", "3.0", "3");
    fails("Int", "2147483648", "2147483648 is not a 32-bit integer");
    fails("Int", "1.5", "expected Int, found 1.5");
    fails("Int", "\"1\"", "expected Int, found \"1\"");
    fails("Int", "true", "expected Int, found true");
}

#[test]
fn s3_5_2_float_takes_integers() {
    coerces("Float", "1", "1.0");
    coerces("Float", "18446744073709551616", "1.8446744073709552e19");
    fails("Float", "\"1\"", "expected Float, found \"1\"");
}

#[test]
fn s3_5_3_to_5_string_boolean_and_id() {
    coerces("String", "\"x\"", "\"x\"");
    fails("String", "1", "expected String, found 1");
    fails("Boolean", "0", "expected Boolean, found 0");
    coerces("ID", "7", "\"7\"");
    coerces("ID", "\"7\"", "\"7\"");
    fails("ID", "1.5", "expected ID, found 1.5");
}

#[test]
fn s3_9_enums_are_texts_in_json() {
    coerces("E", "\"B\"", "\"B\"");
    fails("E", "\"C\"", "`C` is no value of E");
    fails("E", "1", "expected E, found 1");
}

#[test]
fn s3_10_input_objects_fill_in_defaults_and_know_their_fields() {
    coerces("I", r#"{"a": 1}"#, r#"{"a":1,"b":"x"}"#);
    coerces("I", r#"{"b": null, "a": 1}"#, r#"{"a":1,"b":null}"#);
    fails("I", r#"{"b": "y"}"#, "the field `a` is required");
    fails("I", r#"{"a": 1, "z": 1}"#, "I has no field `z`");
    fails("I", r#"{"a": 1, "c": [{"a": 1}, {"a": null}]}"#, "at .c[1].a: expected Int!, found null");
    fails("I", "[]", "expected I, found a list");
}

#[test]
fn s3_10_1_one_of_takes_exactly_one() {
    coerces("One", r#"{"a": 1}"#, r#"{"a":1}"#);
    let message = "exactly one field of One must be given, and not null";
    fails("One", r#"{"a": 1, "b": "x"}"#, message);
    fails("One", r#"{"a": null}"#, message);
    fails("One", "{}", message);
}

#[test]
fn s3_11_the_table_of_list_coercion() {
    coerces("[Int]", "[1, 2, 3]", "[1,2,3]");
    fails("[Int]", "[1, \"b\", true]", "at [1]: expected Int, found \"b\"");
    coerces("[Int]", "1", "[1]");
    coerces("[Int]", "null", "null");
    coerces("[[Int]]", "[[1], [2, 3]]", "[[1],[2,3]]");
    coerces("[[Int]]", "[1, 2, 3]", "[[1],[2],[3]]");
    coerces("[[Int]]", "[1, null]", "[[1],null]");
    coerces("[[Int]]", "1", "[[1]]");
}

#[test]
fn s3_12_the_table_of_non_null_lists() {
    fails("[Int!]", "[1, null]", "at [1]: expected Int!, found null");
    fails("[Int]!", "null", "expected [Int]!, found null");
    coerces("[Int]!", "[null]", "[null]");
}

#[test]
fn s3_5_6_custom_scalars_have_their_own_rules() {
    let schema = accepts("type Query { f(a: Even!): Int } scalar Even");
    let schema = schema
        .with_scalar("Even", |value| match value.as_int() {
            Some(int) if int % 2 == 0 => Ok(value.clone()),
            _ => Err("expected an even number".to_owned()),
        })
        .unwrap();
    assert!(schema.clone().with_scalar("Odd", |value| Ok(value.clone())).is_err());
    let app = App::builder(schema)
        .field("Query.f", |_: &Root, call: &Call<()>| call.arg::<i32>("a"))
        .build()
        .unwrap();
    let ask = |query: &str| block_on(app.execute(&Request::new(query), ())).to_string();
    assert_eq!(ask("{ f(a: 4) }"), r#"{"data":{"f":4}}"#);
    assert!(ask("{ f(a: 3) }").contains("expected an even number"));
}

const INTROSPECTED: &str = r#""About"
schema {
  query: Root
}

"Marks."
directive @mark(
  "How."
  how: [How!] = [LOUD]
  old: Int @deprecated(reason: "unused")
) repeatable on FIELD | OBJECT

type Root implements Named {
  "The name."
  name(length: Int! = 3): String!
  old: [[Item!]]! @deprecated
}

interface Named {
  name(length: Int! = 3): String!
}

union Any = Root | Item

type Item {
  id: ID
}

enum How {
  LOUD
  "Not loud."
  QUIET @deprecated(reason: "be loud")
}

input In @oneOf {
  a: Int
  b: String @deprecated
}

scalar Date @specifiedBy(url: "https://example.com/date")
"#;

struct Item;

impl Typed for Item {
    const NAME: &'static str = "Item";
}

fn introspect(query: &str) -> serde_json::Value {
    let app = App::<()>::builder(accepts(INTROSPECTED))
        .field("Root.name", |_: &Root, _| "x")
        .field("Root.old", |_: &Root, _| vec![vec![Item]])
        .field("Item.id", |_: &Item, _| 1)
        .build()
        .unwrap();
    let response = block_on(app.execute(&Request::new(query), ()));
    assert!(response.errors().is_empty(), "{response}");
    let mut value: serde_json::Value = serde_json::from_slice(response.json()).unwrap();
    value["data"].take()
}

#[test]
fn a_schema_prints_as_the_document_that_it_was_read_from() {
    assert_eq!(accepts(INTROSPECTED).to_sdl(), INTROSPECTED);
}

#[test]
fn s4_1_typename_is_everywhere() {
    assert_eq!(
        introspect("{ __typename old { x: __typename } __schema { __typename } }"),
        serde_json::json!({
            "__typename": "Root", "old": [[{ "x": "Item" }]], "__schema": { "__typename": "__Schema" },
        })
    );
}

#[test]
fn s4_2_type_by_name() {
    assert_eq!(
        introspect(
            "{ a: __type(name: \"Nope\") { name } b: __type(name: \"Date\") { kind name specifiedByURL fields { name } } }"
        ),
        serde_json::json!({
            "a": null, "b": { "kind": "SCALAR", "name": "Date", "specifiedByURL": "https://example.com/date", "fields": null },
        })
    );
}

#[test]
fn s4_2_deprecated_things_show_when_asked_for() {
    let query = "{ __type(name: \"Root\") { plain: fields { name } all: fields(includeDeprecated: true) { name isDeprecated deprecationReason } } }";
    assert_eq!(
        introspect(query)["__type"],
        serde_json::json!({
            "plain": [{ "name": "name" }],
            "all": [
                { "name": "name", "isDeprecated": false, "deprecationReason": null },
                { "name": "old", "isDeprecated": true, "deprecationReason": "No longer supported" },
            ],
        })
    );
    let query = "{ a: __type(name: \"How\") { enumValues { name } } b: __type(name: \"In\") { isOneOf inputFields { name } all: inputFields(includeDeprecated: true) { name } } }";
    assert_eq!(
        introspect(query),
        serde_json::json!({
            "a": { "enumValues": [{ "name": "LOUD" }] },
            "b": { "isOneOf": true, "inputFields": [{ "name": "a" }], "all": [{ "name": "a" }, { "name": "b" }] },
        })
    );
}

#[test]
fn s4_2_wrapped_types_unwrap_level_by_level() {
    let query = "{ __type(name: \"Root\") { fields(includeDeprecated: true) { type { kind name ofType { kind ofType { kind ofType { kind ofType { kind name ofType { kind } } } } } } args { name defaultValue type { kind } } } } }";
    assert_eq!(
        introspect(query)["__type"]["fields"][1]["type"],
        serde_json::json!({
            "kind": "NON_NULL", "name": null, "ofType": { "kind": "LIST", "ofType": { "kind": "LIST", "ofType":
                { "kind": "NON_NULL", "ofType": { "kind": "OBJECT", "name": "Item", "ofType": null } } } },
        })
    );
    assert_eq!(
        introspect(query)["__type"]["fields"][0]["args"],
        serde_json::json!([
            { "name": "length", "defaultValue": "3", "type": { "kind": "NON_NULL" } },
        ])
    );
}

#[test]
fn s4_2_abstract_types_and_directives() {
    let query = "{ __type(name: \"Named\") { possibleTypes { name } interfaces { name } } u: __type(name: \"Any\") { possibleTypes { name } }
        __schema { description queryType { name interfaces { name } } mutationType { name }
        directives { name isRepeatable locations args { name defaultValue } } } }";
    let value = introspect(query);
    assert_eq!(
        value["__type"],
        serde_json::json!({ "possibleTypes": [{ "name": "Root" }], "interfaces": [] })
    );
    assert_eq!(value["u"]["possibleTypes"], serde_json::json!([{ "name": "Root" }, { "name": "Item" }]));
    let schema = &value["__schema"];
    assert_eq!(
        schema["queryType"],
        serde_json::json!({ "name": "Root", "interfaces": [{ "name": "Named" }] })
    );
    assert_eq!(
        (&schema["description"], &schema["mutationType"]),
        (&serde_json::json!("About"), &serde_json::Value::Null)
    );
    let directives = schema["directives"].as_array().unwrap();
    let names: Vec<&str> = directives.iter().map(|directive| directive["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["skip", "include", "deprecated", "specifiedBy", "oneOf", "mark"]);
    assert_eq!(
        directives[5],
        serde_json::json!({
            "name": "mark", "isRepeatable": true, "locations": ["FIELD", "OBJECT"], "args": [{ "name": "how", "defaultValue": "[LOUD]" }],
        })
    );
}

/// What GraphiQL sends, with all its options on.
const STANDARD: &str = "
    query IntrospectionQuery {
      __schema {
        description
        queryType { name kind }
        mutationType { name kind }
        subscriptionType { name kind }
        types { ...FullType }
        directives {
          name description isRepeatable locations
          args(includeDeprecated: true) { ...InputValue }
        }
      }
    }
    fragment FullType on __Type {
      kind name description specifiedByURL isOneOf
      fields(includeDeprecated: true) {
        name description
        args(includeDeprecated: true) { ...InputValue }
        type { ...TypeRef }
        isDeprecated deprecationReason
      }
      inputFields(includeDeprecated: true) { ...InputValue }
      interfaces { ...TypeRef }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { ...TypeRef }
    }
    fragment InputValue on __InputValue {
      name description
      type { ...TypeRef }
      defaultValue isDeprecated deprecationReason
    }
    fragment TypeRef on __Type {
      kind name
      ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
      ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
    }";

#[test]
fn s4_the_standard_introspection_query_passes_the_default_limits() {
    let value = introspect(STANDARD);
    let types = value["__schema"]["types"].as_array().unwrap();
    // The schema's own, the five scalars, the eight types of introspection.
    assert_eq!(types.len(), 7 + 5 + 8);
    assert!(types.iter().all(|ty| ty["kind"].is_string() && ty["name"].is_string()));
    let root = types.iter().find(|ty| ty["name"] == "Root").unwrap();
    assert_eq!(root["fields"][1]["type"]["ofType"]["ofType"]["ofType"]["ofType"]["name"], "Item");
}
