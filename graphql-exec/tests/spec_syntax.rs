//! GraphQL September 2025, §2 "Language" and the grammar of §3: one test for what each section says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use graphql_exec::{
    Limits,
    syntax::{
        DefinitionKind, Document, Lexer, OperationType, SchemaDocument, SelectionKind, TokenKind, ValueKind,
    },
};

fn kinds(source: &str) -> Vec<TokenKind> {
    let mut lexer = Lexer::new(source, &Limits::default()).unwrap();
    let mut kinds = Vec::new();
    loop {
        match lexer.next_token().unwrap().kind {
            TokenKind::End => return kinds,
            kind => kinds.push(kind),
        }
    }
}

fn accepts(source: &str) {
    if let Err(error) = Document::parse(source) {
        panic!("{source}: {error}");
    }
}

fn refuses(source: &str, message: &str) {
    match Document::parse(source) {
        Ok(_) => panic!("{source} was accepted"),
        Err(error) => {
            assert_eq!(error.to_string(), message, "{source}");
            assert_eq!(error.code(), Some("GRAPHQL_PARSE_FAILED"));
        }
    }
}

/// The meaning of the only argument of the only field.
fn text(value: &str) -> String {
    let source = format!("{{a(b:{value})}}");
    let document = Document::parse(&source).unwrap();
    let (_, field) = document.selections(document.operations()[0].selection_set).next().unwrap();
    let SelectionKind::Field { arguments, .. } = field.kind else { panic!("a field") };
    document.string(document.arguments(arguments)[0].value).into_owned()
}

#[test]
fn s2_1_5_insignificant_commas_separate_nothing() {
    assert_eq!(kinds("a,,,b"), kinds("a b"));
    accepts("{a(b:[1,,2,])c,}");
}

#[test]
fn s2_1_1_a_byte_order_mark_is_white_space_anywhere() {
    accepts("\u{FEFF}{ a\u{FEFF} }");
}

#[test]
fn s2_1_4_comments_run_to_the_end_of_the_line() {
    assert_eq!(kinds("a # } \u{1F600}\rb"), [TokenKind::Name, TokenKind::Name]);
}

#[test]
fn s2_1_8_names_are_ascii() {
    refuses("{ é }", "syntax error: unexpected character `é` (1:3)");
    accepts("{ _ __a A1 }");
}

#[test]
fn s2_3_the_shorthand_is_a_query_without_a_name() {
    let document = Document::parse("{ a }").unwrap();
    assert_eq!((document.operations()[0].kind, document.operations()[0].name), (OperationType::Query, None));
}

#[test]
fn s2_3_each_kind_of_operation_is_read() {
    let document = Document::parse("query A {a} mutation B {b} subscription C {c}").unwrap();
    let kinds: Vec<_> = document.operations().iter().map(|operation| operation.kind.as_str()).collect();
    assert_eq!(kinds, ["query", "mutation", "subscription"]);
}

#[test]
fn s2_3_operations_fragments_and_variables_take_descriptions() {
    let document = Document::parse(
        "\"An operation\" query A(\"A variable\" $a: Int) { a(b: $a) } \"\"\"A fragment\"\"\" fragment F on T { a }",
    )
    .unwrap();
    let described = document.operations()[0].description.unwrap();
    assert_eq!(document.string(described), "An operation");
    let variable = document.variables(document.operations()[0].variables)[0];
    assert_eq!(document.string(variable.description.unwrap()), "A variable");
    assert_eq!(document.string(document.fragments()[0].description.unwrap()), "A fragment");
}

#[test]
fn s2_3_the_shorthand_takes_no_description() {
    refuses("\"x\" { a }", "syntax error: expected an operation or a fragment, found `{` (1:5)");
}

#[test]
fn s2_4_a_selection_set_is_not_empty() {
    refuses("{ }", "syntax error: expected a field, `...` or `}`, found `}` (1:3)");
    refuses("{ a { } }", "syntax error: expected a field, `...` or `}`, found `}` (1:7)");
}

#[test]
fn s2_6_arguments_are_not_empty() {
    refuses("{ a() }", "syntax error: expected a name, found `)` (1:5)");
}

#[test]
fn s2_7_an_alias_is_the_response_name() {
    let document = Document::parse("{ small: pic(size: 64) big: pic }").unwrap();
    let names: Vec<_> = document
        .selections(document.operations()[0].selection_set)
        .map(|(_, selection)| document.text(selection.kind.response_name().unwrap()))
        .collect();
    assert_eq!(names, ["small", "big"]);
}

#[test]
fn s2_8_a_fragment_cannot_be_named_on() {
    refuses("fragment on on T { a }", "syntax error: expected the name of a fragment, found `on` (1:10)");
    accepts(
        "{ ...on T { a } ... { b } ...on @include(if: true) { c } }".replace("...on @", "... @").as_str(),
    );
}

#[test]
fn s2_9_1_integers_have_no_leading_zeros_and_nothing_right_behind() {
    for good in ["0", "-0", "9", "-12", "123456789012345678901234567890"] {
        accepts(&format!("{{a(b:{good})}}"));
    }
    for bad in ["00", "01", "-", "+1", "1a", "0x1", "1_"] {
        assert!(Document::parse(&format!("{{a(b:{bad})}}")).is_err(), "{bad}");
    }
}

#[test]
fn s2_9_2_floats_have_digits_on_both_sides_and_any_exponent() {
    for good in ["1.5", "-0.0", "1e9", "1e0", "1.5e0", "6.0221413e23", "1E-10", "1e+5"] {
        accepts(&format!("{{a(b:{good})}}"));
    }
    for bad in ["1.", ".5", "1.e5", "1e", "1.2.3", "1.5a", "1e5.5"] {
        assert!(Document::parse(&format!("{{a(b:{bad})}}")).is_err(), "{bad}");
    }
}

#[test]
fn s2_9_4_escapes_mean_their_characters() {
    assert_eq!(text(r#""\"\\\/\b\f\n\r\t""#), "\"\\/\u{8}\u{C}\n\r\t");
    assert_eq!(text(r#""\u{1F600} \uD83D\uDE00 \u00e9""#), "\u{1F600} \u{1F600} é");
}

#[test]
fn s2_9_4_surrogates_come_in_pairs_and_scalars_within_unicode() {
    for bad in [
        r"\uD83D",
        r"\uDE00\uD83D",
        r"\uD83D\n",
        r"\u{110000}",
        r"\u{D800}",
        r"\u{}",
        r"\u12",
        r"\x",
        r"\u{1F600",
    ] {
        assert!(Document::parse(&format!("{{a(b:\"{bad}\")}}")).is_err(), "{bad}");
    }
}

#[test]
fn s2_9_4_a_string_ends_on_its_line() {
    refuses("{a(b:\"x\ny\")}", "syntax error: a string does not end on its line (1:6)");
    refuses("{a(b:\"\"\"x)}", "syntax error: a block string does not end (1:6)");
}

#[test]
fn s2_9_4_the_example_block_string() {
    let block = "\"\"\"\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n  \"\"\"";
    assert_eq!(text(block), "Hello,\n  World!\n\nYours,\n  GraphQL.");
}

#[test]
fn s2_9_4_block_string_value_of_odd_lines() {
    assert_eq!(text("\"\"\"\"\"\""), "");
    assert_eq!(text("\"\"\" x \"\"\""), " x ");
    assert_eq!(text("\"\"\"a\\\"\"\"b\"\"\""), "a\"\"\"b");
    assert_eq!(text("\"\"\"\r\n\t a\r\n\t  b\r\n\"\"\""), "a\n b");
    assert_eq!(text("\"\"\"first\n    second\n  third\"\"\""), "first\n  second\nthird");
    assert_eq!(text("\"\"\"\\n\\u{zz}\"\"\""), "\\n\\u{zz}");
}

#[test]
fn s2_9_7_and_s2_9_8_lists_and_objects_nest() {
    let document = Document::parse("{a(b: {x: [1, [$v, {}]], y: null})}").unwrap();
    let (_, field) = document.selections(document.operations()[0].selection_set).next().unwrap();
    let SelectionKind::Field { arguments, .. } = field.kind else { panic!("a field") };
    let object = document.arguments(arguments)[0].value;
    let fields: Vec<_> = document
        .object_fields(object)
        .map(|(name, id)| (document.text(name), document.value_kind(id)))
        .collect();
    assert_eq!(fields, [("x", ValueKind::List), ("y", ValueKind::Null)]);
    let variables: Vec<_> = document
        .value_tree(object)
        .filter(|&id| document.value_kind(id) == ValueKind::Variable)
        .map(|id| document.variable_name(id))
        .collect();
    assert_eq!(variables, ["v"]);
}

#[test]
fn s2_10_a_default_value_is_constant() {
    refuses("query($a: Int = $b) { a }", "syntax error: a variable cannot stand in a constant value (1:17)");
}

#[test]
fn s2_10_variables_take_directives() {
    let document = Document::parse("query($a: Int = 1 @x(y: 2)) { a }").unwrap();
    let variable = document.variables(document.operations()[0].variables)[0];
    assert_eq!(document.directives(variable.directives).len(), 1);
}

#[test]
fn s2_11_types_wrap_from_the_inside() {
    let document = Document::parse("query($a: [[Int!]]!) { a }").unwrap();
    let ty = document.variables(document.operations()[0].variables)[0].ty;
    assert_eq!(ty.wrappers.display(document.text(ty.name)).to_string(), "[[Int!]]!");
    assert!(ty.wrappers.is_non_null() && ty.wrappers.item().unwrap().item().unwrap().is_non_null());
    refuses("query($a: Int!!) { a }", "syntax error: expected `$`, found `!` (1:15)");
}

#[test]
fn s3_a_type_system_definition_is_not_executable() {
    refuses(
        "{ a } type T { a: Int }",
        "syntax error: expected an operation or a fragment, which alone can be executed, found `type` (1:7)",
    );
}

#[test]
fn s3_each_kind_of_definition_is_read() {
    let document = SchemaDocument::parse(
        "\"S\" schema @d { query: Q } scalar S type T implements & A & B { a(\"x\" b: Int = 1 @d): Int! @d }
         interface I implements A { a: Int } union U = | A | B enum E { \"e\" X @d Y } input N { a: [Int!] = [1] }
         directive @d(a: Int) repeatable on | FIELD | OBJECT
         extend schema @d extend scalar S @d extend type T @d extend union U = C extend enum E { Z } extend input N { b: Int }
         type Empty",
    )
    .unwrap();
    let kinds: Vec<_> =
        document.definitions().iter().map(|definition| (definition.kind, definition.extend)).collect();
    assert_eq!(kinds.len(), 15);
    assert_eq!(
        (kinds[0], kinds[7], kinds[8]),
        ((DefinitionKind::Schema, false), (DefinitionKind::Directive, false), (DefinitionKind::Schema, true),)
    );
}

#[test]
fn s3_9_true_false_and_null_are_no_enum_values() {
    for bad in ["true", "false", "null"] {
        assert!(SchemaDocument::parse(&format!("enum E {{ {bad} }}")).is_err());
    }
}

#[test]
fn s3_4_3_an_extension_adds_something_and_has_no_description() {
    assert!(SchemaDocument::parse("extend type T").is_err());
    assert!(SchemaDocument::parse("\"x\" extend type T { a: Int }").is_err());
}

#[test]
fn an_error_tells_line_and_column_in_characters() {
    let error = Document::parse("{\r\n  a # é\n\r  b(c: \"é\" ?)\n}").unwrap_err();
    assert_eq!((error.locations()[0].line, error.locations()[0].column), (4, 12));
}

#[test]
fn each_prefix_of_a_document_is_refused_or_read_and_never_panics() {
    let source = "query Q($a: [Int!]! = [1] @d) { x: a(b: {c: \"\\u{1F600}\" d: \"\"\"é\"\"\"}) @e { ...F ... on T { b } } } fragment F on T { é }";
    for end in 0..source.len() {
        if source.is_char_boundary(end) {
            let _ = Document::parse(&source[..end]);
            let _ = SchemaDocument::parse(&source[..end]);
        }
    }
}

#[test]
fn nesting_takes_no_stack() {
    let mut limits = Limits::default();
    (limits.max_nesting, limits.max_tokens, limits.max_document) = (usize::MAX, usize::MAX, usize::MAX);
    let depth = 200_000;
    let selections = "{a".repeat(depth) + &"}".repeat(depth);
    assert_eq!(Document::parse_with(&selections, &limits).unwrap().selection_count(), depth);
    let lists = format!("{{a(b:{}{})}}", "[".repeat(depth), "]".repeat(depth));
    assert!(Document::parse_with(&lists, &limits).unwrap_err().message().contains("max_nesting of 500"));
    let cut = "{a".repeat(depth);
    assert!(Document::parse_with(&cut, &limits).is_err());
}

#[test]
fn printing_and_reading_again_gives_the_same_text() {
    let source = "query Q($a: [Int!]! = [1, {b: C}] @d(x: $y)) @e { x: a(b: {c: \"\\\"\\n\", d: $a}, e: 1e9) @e { ...F ... on T { b } ... @x { c } } }
        mutation { a } \"d\" fragment F on T @z { a }".replace("$y", "1");
    let printed = Document::parse(&source).unwrap().to_text();
    assert_eq!(Document::parse(&printed).unwrap().to_text(), printed);
    assert!(
        printed.contains(
            "  x: a(b: {c: \"\\\"\\n\", d: $a}, e: 1e9) @e {\n    ...F\n    ... on T {\n      b\n    }\n"
        ),
        "{printed}"
    );
}
