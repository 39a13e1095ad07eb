//! `graphql-exec` executing and parsing, beside `juniper` and `graphql-parser`.
//!
//! Execution: 1,000 items of 7 fields from the text of the query to the bytes of the response, parsing and validation included on
//! both sides. The floor serialises the same structs by `serde_json`. `warm` is ours without parsing and validation, which juniper has not apart.
//! Parsing: a deep query and one of many arguments. The floor is one `memchr` over the text.
#![allow(
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a bench stops by panicking and exports nothing"
)]

use std::{
    hint::black_box,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use graphql_exec::{App, Call, Limits, Request, Response, Root, Schema, Typed, syntax::Document};
use juniper::{EmptyMutation, EmptySubscription, RootNode, graphql_object};
use serde::Serialize;

#[derive(Clone, Serialize)]
struct Item {
    id: i32,
    name: String,
    email: String,
    age: i32,
    score: f64,
    active: bool,
    note: Option<String>,
}

impl Typed for Item {
    const NAME: &'static str = "Item";
}

#[graphql_object]
impl Item {
    fn id(&self) -> i32 {
        self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn email(&self) -> &str {
        &self.email
    }
    fn age(&self) -> i32 {
        self.age
    }
    fn score(&self) -> f64 {
        self.score
    }
    fn active(&self) -> bool {
        self.active
    }
    fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

fn items(count: i32) -> Vec<Item> {
    (0..count)
        .map(|id| Item {
            id,
            name: format!("user number {id}"),
            email: format!("user{id}@example.com"),
            age: 20 + id % 60,
            score: f64::from(id) * 0.5,
            active: id % 3 == 0,
            note: (id % 2 == 0).then(|| "a note with \"quotes\"".to_owned()),
        })
        .collect()
}

struct Items(Arc<Vec<Item>>);

struct Query;

impl juniper::Context for Items {}

#[graphql_object(context = Items)]
impl Query {
    fn items(context: &Items) -> &[Item] {
        &context.0
    }
    fn one() -> i32 {
        1
    }
}

const SDL: &str = "
    type Query { items: [Item!]! one: Int! }
    type Item { id: Int! name: String! email: String! age: Int! score: Float! active: Boolean! note: String }
";
const WIDE: &str = "{ items { id name email age score active note } }";

fn app() -> App<Arc<Items>> {
    App::builder(Schema::parse(SDL).expect("a schema"))
        .field("Query.items", |_: &Root, call: &Call<Arc<Items>>| Arc::clone(&call.context.0))
        .field("Query.one", |_: &Root, _| 1)
        .property("Item.id", |item: &Item| &item.id)
        .property("Item.name", |item: &Item| &item.name)
        .property("Item.email", |item: &Item| &item.email)
        .property("Item.age", |item: &Item| &item.age)
        .property("Item.score", |item: &Item| &item.score)
        .property("Item.active", |item: &Item| &item.active)
        .property("Item.note", |item: &Item| &item.note)
        .build()
        .expect("resolvers")
}

fn now<F: Future<Output = Response> + Unpin>(mut execution: F) -> Vec<u8> {
    match Pin::new(&mut execution).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(response) => response.into_json(),
        Poll::Pending => panic!("nothing here waits"),
    }
}

#[derive(Serialize)]
struct Data<'a> {
    data: Inner<'a>,
}

/// What juniper gives, written without a tree in between.
#[derive(Serialize)]
struct Answer<'a> {
    data: &'a juniper::Value,
}

#[derive(Serialize)]
struct Inner<'a> {
    items: &'a [Item],
}

fn execution(c: &mut Criterion) {
    let source = Arc::new(Items(Arc::new(items(1_000))));
    let app = app();
    let root = RootNode::new(Query, EmptyMutation::<Items>::new(), EmptySubscription::<Items>::new());
    let juniper = |query: &str| {
        let (data, errors) = juniper::execute_sync(query, None, &root, &juniper::Variables::new(), &source)
            .expect("a valid query");
        assert!(errors.is_empty());
        serde_json::to_vec(&Answer { data: &data }).expect("json")
    };
    let ours = |query: &str| now(app.execute(&Request::new(query), Arc::clone(&source)));
    let floor = || serde_json::to_vec(&Data { data: Inner { items: &source.0 } }).expect("json");
    let parse = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("json");
    assert_eq!(parse(&ours(WIDE)), parse(&juniper(WIDE)));
    assert_eq!(parse(&ours(WIDE)), parse(&floor()));

    let mut group = c.benchmark_group("graphql_exec");
    group.throughput(Throughput::Bytes(floor().len() as u64));
    group.bench_function("1000x7/floor", |b| b.iter(|| black_box(floor())));
    group.bench_function("1000x7/ours", |b| b.iter(|| black_box(ours(black_box(WIDE)))));
    let prepare = |query: &str| app.prepare(&Request::new(query)).expect("valid");
    let wide = prepare(WIDE);
    group.bench_function("1000x7/warm", |b| {
        b.iter(|| black_box(now(wide.clone().execute(Arc::clone(&source)))));
    });
    group.bench_function("1000x7/juniper", |b| b.iter(|| black_box(juniper(black_box(WIDE)))));
    group.finish();

    let mut group = c.benchmark_group("graphql_exec");
    group.bench_function("one/ours", |b| b.iter(|| black_box(ours(black_box("{ one }")))));
    let one = prepare("{ one }");
    group.bench_function("one/warm", |b| {
        b.iter(|| black_box(now(one.clone().execute(Arc::clone(&source)))));
    });
    group.bench_function("one/juniper", |b| b.iter(|| black_box(juniper(black_box("{ one }")))));
    group.finish();
}

/// A selection twenty levels deep, again and again, up to about 24 KB.
fn deep() -> String {
    let mut text = String::from("query Deep {\n");
    let mut number = 0;
    while text.len() < 24 << 10 {
        for level in 0..20 {
            text += &format!("{}field{level}_{number} {{\n", "  ".repeat(level + 1));
        }
        text += &format!("{}leaf\n", "  ".repeat(21));
        for level in (0..20).rev() {
            text += &format!("{}}}\n", "  ".repeat(level + 1));
        }
        number += 1;
    }
    text + "}\n"
}

/// Fields with arguments of each kind, up to about 211 KB.
fn wide_arguments() -> String {
    let mut text = String::from("query Arguments($a: Int, $b: [String!]!) {\n");
    let mut number = 0;
    while text.len() < 211 << 10 {
        text += &format!(
            "  alias{number}: field(first: {number}, ratio: 1.5, name: \"some text\", on: true, none: null, kind: BIG, a: $a, \
             list: [1, 2, 3], object: {{x: 1, y: {{z: $b}}}}) @include(if: true) {{ id ...F }}\n"
        );
        number += 1;
    }
    text + "}\nfragment F on T { name }\n"
}

fn parsing(c: &mut Criterion) {
    let mut limits = Limits::SCHEMA;
    limits.max_directives = usize::MAX;
    for (name, text) in [("deep_24K", deep()), ("arguments_211K", wide_arguments())] {
        graphql_parser::parse_query::<&str>(&text).expect("the peer reads it");
        let mut group = c.benchmark_group("graphql_parse");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::new(name, "floor"), &text, |b, text| {
            b.iter(|| memchr::memchr_iter(b'\n', black_box(text.as_bytes())).count());
        });
        group.bench_with_input(BenchmarkId::new(name, "ours"), &text, |b, text| {
            b.iter(|| black_box(Document::parse_with(black_box(text), &limits).expect("a document")));
        });
        group.bench_with_input(BenchmarkId::new(name, "graphql-parser"), &text, |b, text| {
            b.iter(|| black_box(graphql_parser::parse_query::<&str>(black_box(text)).expect("a document")));
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(std::time::Duration::from_secs(2)).warm_up_time(std::time::Duration::from_millis(500));
    targets = execution, parsing
}
criterion_main!(benches);
