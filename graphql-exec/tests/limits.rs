//! Each bound of `Limits` is met by an error that names it, and what is just within passes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::block_on;
use graphql_exec::{
    App, Call, GraphqlError, Limits, Object, Request, Response, Root, Schema, Typed, Value, plan::Cost,
    syntax::Document,
};

struct Node;

impl Typed for Node {
    const NAME: &'static str = "Node";
}

fn app(set: impl FnOnce(&mut Limits)) -> App<()> {
    let mut limits = Limits::default();
    set(&mut limits);
    let sdl = "
        directive @d repeatable on FIELD | QUERY
        scalar Any
        type Query { node: Node nodes(count: Int! = 2, any: Any): [Node!] }
        type Node { id: Int text: String! node: Node nodes(count: Int! = 2): [Node!] fail: Int }
    ";
    let count = |call: &Call<()>| call.arg::<usize>("count").unwrap();
    App::builder(Schema::parse(sdl).unwrap())
        .field("Query.node", |_: &Root, _| Node)
        .field("Query.nodes", move |_: &Root, call| (0..count(call)).map(|_| Node).collect::<Vec<_>>())
        .field("Node.id", |_: &Node, _| 1)
        .field("Node.text", |_: &Node, _| "twelve bytes")
        .field("Node.node", |_: &Node, _| Node)
        .field("Node.nodes", move |_: &Node, call| (0..count(call)).map(|_| Node).collect::<Vec<_>>())
        .field("Node.fail", |_: &Node, _| Err::<i32, _>(GraphqlError::new("no")))
        .cost("Query.nodes", Cost::new(1).times("count"))
        .cost("Node.nodes", Cost::new(1).times("count"))
        .limits(limits)
        .build()
        .unwrap()
}

fn run(app: &App<()>, query: &str) -> Response {
    block_on(app.execute(&Request::new(query), ()))
}

/// The first error names the limit; the control passes.
#[track_caller]
fn holds(set: impl Fn(&mut Limits), name: &str, over: &str, within: &str) {
    let app = app(set);
    let response = run(&app, over);
    let error = response.errors().first().unwrap_or_else(|| panic!("{over} passed"));
    assert_eq!(error.code(), Some("LIMIT_EXCEEDED"), "{error}");
    assert!(error.message().contains(name), "{error}");
    let response = run(&app, within);
    assert!(response.errors().is_empty(), "{response}");
}

#[test]
fn max_document() {
    holds(|limits| limits.max_document = 12, "max_document", "{ node { id } }", "{node{id }}");
}

#[test]
fn max_tokens() {
    holds(|limits| limits.max_tokens = 6, "max_tokens", "{ node { id id } }", "{ node { id } }");
}

#[test]
fn max_nesting_of_selections() {
    holds(|limits| limits.max_nesting = 3, "max_nesting", "{node{node{node{id}}}}", "{node{node{id}}}");
}

#[test]
fn max_nesting_of_values() {
    holds(
        |limits| limits.max_nesting = 2,
        "max_nesting",
        "{nodes(any:[[[1]]]){id}}",
        "{nodes(any:[[1]]){id}}",
    );
}

#[test]
fn max_type_wrappers() {
    let limits = |wrappers| {
        let mut limits = Limits::default();
        limits.max_type_wrappers = wrappers;
        limits
    };
    let over = "query($a: [[[Int]]]) { nodes(any: [$a]) { id } }";
    let error = Document::parse_with(over, &limits(2)).unwrap_err();
    assert!(error.message().contains("max_type_wrappers"), "{error}");
    assert!(Document::parse_with(over, &limits(3)).is_ok());
}

#[test]
fn max_definitions() {
    let over = "{ node { ...A } } fragment A on Node { ...B } fragment B on Node { id }";
    holds(
        |limits| limits.max_definitions = 2,
        "max_definitions",
        over,
        "{ node { ...A } } fragment A on Node { id }",
    );
}

#[test]
fn max_directives_per_location() {
    let set = |limits: &mut Limits| limits.max_directives_per_location = 2;
    holds(set, "max_directives_per_location", "{ node @d @d @d { id } }", "{ node @d @d { id } }");
}

#[test]
fn max_directives() {
    let over = "{ node @d { id @d } nodes @d { id } }";
    holds(|limits| limits.max_directives = 2, "max_directives", over, "{ node @d { id @d } }");
}

#[test]
fn max_depth_counts_through_fragments() {
    let over = "{ node { ...A } } fragment A on Node { ... { node { id } } }";
    holds(
        |limits| limits.max_depth = 2,
        "max_depth",
        over,
        "{ node { ...A } } fragment A on Node { ... { id } }",
    );
}

#[test]
fn max_aliases_per_set_counts_through_fragments() {
    let over = "{ node { a: id ...F } } fragment F on Node { b: id c: id }";
    let set = |limits: &mut Limits| limits.max_aliases_per_set = 2;
    holds(set, "max_aliases_per_set", over, "{ a: node { b: id ...F } } fragment F on Node { c: id }");
}

#[test]
fn max_aliases() {
    let over = "{ a: node { b: id } c: node { id } }";
    holds(|limits| limits.max_aliases = 2, "max_aliases", over, "{ a: node { b: id } }");
}

#[test]
fn max_root_fields() {
    let over = "{ node { id } ...F } fragment F on Query { nodes { id } __typename }";
    holds(|limits| limits.max_root_fields = 2, "max_root_fields", over, "{ node { id } nodes { id } }");
}

#[test]
fn max_complexity_multiplies_by_arguments() {
    let over = "{ nodes(count: 10) { nodes(count: 10) { id } } }";
    holds(
        |limits| limits.max_complexity = 100,
        "max_complexity",
        over,
        "{ nodes(count: 10) { nodes(count: 5) { id } } }",
    );
}

#[test]
fn max_complexity_reads_variables_and_defaults() {
    let app = app(|limits| limits.max_complexity = 4);
    let mut request = Request::new("query($n: Int!) { nodes(count: $n) { id } }");
    request.variables = Object::from_iter([("n", 4)]);
    assert!(block_on(app.execute(&request, ())).is_request_error());
    request.variables = Object::from_iter([("n", 3)]);
    assert!(!block_on(app.execute(&request, ())).is_request_error());
    assert!(run(&app, "{ nodes { id text __typename } }").is_request_error());
}

#[test]
fn max_selections_of_fragments_that_double() {
    let mut query = "{ node { ...F0 } }".to_owned();
    for index in 0..60 {
        query += &format!(" fragment F{index} on Node {{ ...F{next} ...F{next} }}", next = index + 1);
    }
    query += " fragment F60 on Node { id }";
    let within = "{ node { ...F } } fragment F on Node { id }";
    holds(|_| {}, "max_selections", &query, within);
}

#[test]
fn max_introspection_lists_and_of_type() {
    let over = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }";
    let within = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    holds(|_| {}, "max_introspection_lists", over, within);
    let of_type = |depth: usize| {
        format!(
            "{{ __type(name: \"Node\") {} name {} }}",
            "{ ofType ".repeat(depth) + "{",
            "}".repeat(depth + 1)
        )
    };
    holds(|_| {}, "max_introspection_of_type", &of_type(10), &of_type(9));
}

#[test]
fn max_input_nesting_and_values() {
    let app = app(|limits| (limits.max_input_nesting, limits.max_input_values) = (3, 10));
    let ask = |value: Value| {
        let mut request = Request::new("query($a: Any) { nodes(any: $a) { id } }");
        request.variables = Object::from_iter([("a", value)]);
        block_on(app.execute(&request, ()))
    };
    let nested = |depth: usize| (0..depth).fold(Value::Null, |value, _| Value::List(vec![value]));
    assert!(ask(nested(3)).errors().is_empty());
    assert!(ask(nested(4)).errors()[0].message().contains("max_input_nesting"));
    assert!(ask(Value::List(vec![Value::Null; 10])).errors().is_empty());
    assert!(ask(Value::List(vec![Value::Null; 11])).errors()[0].message().contains("max_input_values"));
}

#[test]
fn max_cells_stops_a_list_while_it_is_made() {
    let app = app(|limits| (limits.max_cells, limits.max_complexity) = (1_000, u64::MAX));
    let response = run(&app, "{ nodes(count: 900000) { id } }");
    assert_eq!(response.data_json(), Some("null"));
    assert!(response.errors()[0].message().contains("max_cells"), "{response}");
    assert!(run(&app, "{ nodes(count: 400) { id } }").errors().is_empty());
}

#[test]
fn max_cells_counts_over_all_fields() {
    let mut limits = Limits::default();
    (limits.max_cells, limits.max_complexity) = (1_000, u64::MAX);
    let app = app(|set| *set = limits);
    let response = run(&app, "{ a: nodes(count: 300) { id } b: nodes(count: 300) { id } }");
    assert!(response.errors()[0].message().contains("max_cells"), "{response}");
}

#[test]
fn max_response() {
    let app = app(|limits| limits.max_response = 1_000);
    let response = run(&app, "{ nodes(count: 100) { text } }");
    assert_eq!(response.json(), br#"{"errors":[{"message":"the request crosses max_response of 1000","extensions":{"code":"LIMIT_EXCEEDED"}}],"data":null}"#);
    assert!(run(&app, "{ nodes(count: 20) { text } }").errors().is_empty());
}

#[test]
fn max_errors_keeps_the_first_and_says_that_there_were_more() {
    let app = app(|limits| limits.max_errors = 3);
    let response = run(&app, "{ nodes(count: 10) { fail } }");
    assert_eq!(response.errors().len(), 4);
    assert_eq!(response.errors()[3].message(), "7 errors more were left out");
}

#[test]
fn max_tasks_lets_the_rest_wait() {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, peak) = (Arc::clone(&running), Arc::clone(&most));
    let mut limits = Limits::default();
    limits.max_tasks = 4;
    let app = App::builder(Schema::parse("type Query { nodes: [Node!]! } type Node { id: Int! }").unwrap())
        .field("Query.nodes", |_: &Root, _: &Call<()>| (0..50).map(|_| Node).collect::<Vec<_>>())
        .field_async("Node.id", move |_: graphql_exec::Parent<Node>, _| {
            let (inside, peak) = (Arc::clone(&inside), Arc::clone(&peak));
            async move {
                peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                common::Turns(3).await;
                inside.fetch_sub(1, Ordering::SeqCst);
                7
            }
        })
        .limits(limits)
        .build()
        .unwrap();
    let response = run(&app, "{ nodes { id } }");
    assert_eq!(response.data_json().unwrap().matches("\"id\":7").count(), 50);
    assert_eq!((running.load(Ordering::SeqCst), most.load(Ordering::SeqCst)), (0, 4));
}

#[test]
fn a_fragment_that_spreads_itself_ends() {
    use graphql_exec::plan::{Costs, Plan};
    // Validation is passed over on purpose: the plan must hold on its own.
    let schema = Schema::parse("type Query { a: Int }").unwrap();
    let document = Document::parse("{ ...A } fragment A on Query { ...B a } fragment B on Query { ...A }")
        .unwrap()
        .into_owned();
    let error = Plan::new(&schema, document, None, &Object::new(), &Limits::default(), &Costs::default())
        .unwrap_err();
    assert!(error[0].message().ends_with("spreads itself"), "{error:?}");
}
