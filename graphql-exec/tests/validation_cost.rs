//! What it costs to validate hostile documents: twice the document is about twice the steps, and where it is not, a limit ends it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use graphql_exec::syntax::Document;
use graphql_exec::validate::{steps, validate};
use graphql_exec::{Limits, Schema};

const SDL: &str = "
type Query { a: T b: T n(x: Int, o: In): Int i: I u: U }
interface I { a: T b: T id: ID }
type T implements I { a: T b: T n(x: Int): Int id: ID }
type S implements I { a: T b: T n: String id: ID }
union U = T | S
input In { x: Int o: In l: [In] }
";

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_document = 64 << 20;
    limits.max_tokens = 10_000_000;
    limits.max_definitions = 1_000_000;
    limits.max_directives = 1_000_000;
    limits.max_directives_per_location = 1_000_000;
    limits.max_merge_steps = 100_000_000;
    limits
}

fn cost(document: &str) -> u64 {
    let schema = Schema::parse(SDL).unwrap();
    let limits = limits();
    let document = Document::parse_with(document, &limits).unwrap_or_else(|error| panic!("{error}"));
    steps(&schema, &document, &limits)
}

/// Twice the size must not cost more than 2.3 times the steps.
#[track_caller]
fn doubles(what: &str, document: impl Fn(usize) -> String) {
    let mut last = cost(&document(64));
    for n in [128, 256, 512, 1_024] {
        let now = cost(&document(n));
        assert!(now * 10 <= last * 23, "{what}: {last} steps at {}, {now} at {n}", n / 2);
        last = now;
    }
}

#[test]
fn repeated_fields_cost_linear_steps() {
    doubles("one field", |n| format!("{{ {} }}", "n ".repeat(n)));
    doubles("with a set each", |n| format!("{{ {} }}", "a { n } ".repeat(n)));
    doubles("with sets in sets", |n| format!("{{ {} }}", "a { a { b { n } } b { n } } ".repeat(n)));
    doubles("under aliases", |n| {
        (0..n).fold("{ ".to_owned(), |text, i| text + &format!("x{i}: a {{ n }} ")) + "}"
    });
    doubles("in conflict", |n| format!("{{ {} }}", "x: n x: a { n } ".repeat(n)));
}

#[test]
fn nested_inline_fragments_cost_linear_steps() {
    let nested = |n: usize| {
        // Nesting is held to 128 by the parser, so many nests stand side by side.
        let nest = format!("{}n{} ", "... on T { n a { n } ".repeat(16), " }".repeat(16));
        format!("{{ a {{ {} }} }}", nest.repeat(n / 16))
    };
    doubles("inline fragments", nested);
    doubles("on two types", |n| {
        format!("{{ i {{ {} }} }}", "... on T { x: n a { n } } ... on S { a { n } } ".repeat(n))
    });
}

#[test]
fn fragments_that_spread_others_twice_cost_linear_steps() {
    doubles("a chain that fans out by two", |n| {
        let mut text = "{ a { ...F0 } } ".to_owned();
        for i in 0..n {
            text += &format!("fragment F{i} on T {{ a {{ ...F{0} }} b {{ ...F{0} }} }} ", i + 1);
        }
        text + &format!("fragment F{n} on T {{ n }}")
    });
    doubles("spread many times over", |n| {
        format!("{{ a {{ {} }} }} fragment F on T {{ a {{ n }} n }}", "...F ".repeat(n))
    });
    doubles("a chain of spreads", |n| {
        let mut text = "{ a { ...F0 } } ".to_owned();
        for i in 0..n {
            text += &format!("fragment F{i} on T {{ n ...F{} }} ", i + 1);
        }
        text + &format!("fragment F{n} on T {{ n }}")
    });
}

#[test]
fn values_arguments_and_directives_cost_linear_steps() {
    doubles("a list", |n| format!("{{ n(o: {{ l: [{}] }}) }}", "{ x: 1 } ".repeat(n)));
    doubles("one argument", |n| format!("{{ n({}) }}", "x: 1 ".repeat(n)));
    doubles("unknown fields of an object", |n| format!("{{ n(o: {{ {} }}) }}", "y: 1 ".repeat(n)));
    doubles("directives", |n| format!("{{ n {} }}", "@skip(if: true) ".repeat(n)));
    doubles("unknown directives", |n| format!("{{ n {} }}", "@x(y: [1]) ".repeat(n)));
}

#[test]
fn variables_and_definitions_cost_linear_steps() {
    doubles("variables", |n| {
        let definitions = (0..n).fold(String::new(), |text, i| text + &format!("$v{i}: Int "));
        let uses = (0..n).fold(String::new(), |text, i| text + &format!("x{i}: n(x: $v{i}) "));
        format!("query ({definitions}) {{ {uses} }}")
    });
    doubles("unused ones", |n| {
        (0..n).fold("query (".to_owned(), |text, i| text + &format!("$v{i}: Int ")) + ") { n }"
    });
    doubles("operations", |n| (0..n).fold(String::new(), |text, i| text + &format!("query Q{i} {{ n }} ")));
    doubles("operations that spread one fragment", |n| {
        (0..n).fold("fragment F on Query { x: n(x: $v) y: n(x: $v) }".to_owned(), |text, i| {
            text + &format!(" query Q{i}($v: Int) {{ ...F }}")
        })
    });
    doubles("a cycle", |n| {
        let fragments = (0..n)
            .fold(String::new(), |text, i| text + &format!("fragment F{i} on T {{ ...F{} }} ", (i + 1) % n));
        format!("{{ a {{ ...F0 }} }} {fragments}")
    });
}

#[test]
fn merging_that_grows_beyond_its_document_ends_at_the_limit() {
    // Words of two letters whose n-th last one is `a`: each way down leads to another collection of fragments.
    let n = 14;
    let mut text = "{ a { ...W0 ...M0 } b { ...W0 } } ".to_owned();
    for i in 0..2 * n {
        let next = i + 1;
        text += &format!("fragment W{i} on T {{ a {{ ...W{next} ...M{next} }} b {{ ...W{next} }} }} ");
        text += &format!("fragment M{i} on T {{ a {{ ...N{next} }} b {{ ...N{next} }} }} ");
        text += &format!("fragment N{i} on T {{ a {{ ...N{next} n }} b {{ ...N{next} }} }} ");
    }
    for name in ["W", "M", "N"] {
        text += &format!("fragment {name}{} on T {{ n }} ", 2 * n);
    }
    let schema = Schema::parse(SDL).unwrap();
    let document = Document::parse(&text).unwrap();
    let mut limits = Limits::default();
    limits.max_merge_steps = 2_000;
    let errors = validate(&schema, &document, &limits).unwrap_err();
    assert_eq!((errors.len(), errors[0].code()), (1, Some("LIMIT_EXCEEDED")), "{errors:?}");
    assert!(errors[0].message().contains("max_merge_steps"), "{errors:?}");
    // And a document of the same length that does not grow stays far below it.
    let plain = format!("{{ a {{ {} }} }}", "n a { n } ".repeat(200));
    let document = Document::parse(&plain).unwrap();
    assert_eq!(validate(&schema, &document, &limits), Ok(()));
}
