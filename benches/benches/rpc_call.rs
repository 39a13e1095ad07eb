//! One request to `rpc-typed` from its head to the bytes of its response, without sockets, beside the `RpcModule` of
//! jsonrpsee, which takes the text of a JSON-RPC request and gives the text of its response.
//!
//! The floor is written by hand: decode the query, parse the typed inputs with `serde_json`, write the same bytes. The peer has
//! no percent-decoding to do, and answers a batch call by call, as its server does too.
#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the exchange is given the time, and a bench has a clock")]
use std::collections::BTreeMap;
use std::hint::black_box;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::{HeaderMap, Method};
use jsonrpsee_core::RpcResult;
use jsonrpsee_core::server::RpcModule;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rpc_typed::{App, Config, Head, Query, Router, Rpc, Session, Transmit, query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize, JsonSchema)]
struct ById {
    id: String,
}

#[derive(Clone, Serialize, JsonSchema)]
struct User {
    id: String,
    name: &'static str,
    email: &'static str,
    age: u32,
}

fn user(id: String) -> User {
    User { id, name: "Ada Lovelace", email: "ada@example.org", age: 36 }
}

const HELLO: Query<String, String> = query("hello");
const GET: Query<ById, User> = query("user.get");

fn app() -> App<()> {
    let rpc = Rpc::<()>::new();
    Router::new()
        .handle(HELLO, rpc.run(|(), name: String| async move { Ok(format!("hello {name}")) }))
        .handle(GET, rpc.run(|(), input: ById| async move { Ok(user(input.id)) }))
        .build()
        .unwrap()
}

/// Drives a request to its end; gives the body.
fn ours(app: &App<()>, config: &Config, path: &str, query: &str, headers: &HeaderMap, now: Instant) -> Bytes {
    let head = Head { method: &Method::GET, path, query: Some(query), headers };
    let mut session = Session::new(app.clone(), config, head, now);
    session.context((), now);
    let mut cx = Context::from_waker(Waker::noop());
    let mut body = Bytes::new();
    while let Poll::Ready(Some(transmit)) = session.poll_transmit(&mut cx, now) {
        if let Transmit::Body(bytes) = transmit {
            body = bytes;
        }
    }
    body
}

#[derive(Serialize)]
struct Envelope<T> {
    result: Data<T>,
}
#[derive(Serialize)]
struct Data<T> {
    data: T,
}

fn envelope<T>(data: T) -> Envelope<T> {
    Envelope { result: Data { data } }
}

fn peer() -> RpcModule<()> {
    let mut module = RpcModule::new(());
    module
        .register_async_method("hello", |params, _, _| async move {
            let (name,): (String,) = params.parse()?;
            RpcResult::Ok(format!("hello {name}"))
        })
        .unwrap();
    module
        .register_async_method("user.get", |params, _, _| async move {
            let input: ById = params.parse()?;
            RpcResult::Ok(user(input.id))
        })
        .unwrap();
    module
}

/// The peer's response, which is there without waiting.
fn theirs(module: &RpcModule<()>, request: &str) -> String {
    let mut call = Box::pin(module.raw_json_request(request, 1));
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(response) = call.as_mut().poll(&mut cx) else { return String::new() };
    response.unwrap().0.get().to_owned()
}

fn rpc(c: &mut Criterion) {
    let (app, module, config, headers, now) =
        (app(), peer(), Config::default(), HeaderMap::new(), Instant::now());

    let query = format!("input={}", utf8_percent_encode("\"world\"", NON_ALPHANUMERIC));
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"hello","params":["world"]}"#;
    let floor = |query: &str| {
        let input = percent_decode_str(query.strip_prefix("input=").unwrap()).collect::<Vec<u8>>();
        let name: String = serde_json::from_slice(&input).unwrap();
        serde_json::to_vec(&envelope(format!("hello {name}"))).unwrap()
    };
    assert_eq!(ours(&app, &config, "hello", &query, &headers, now), floor(&query));
    assert!(theirs(&module, request).contains("hello world"));
    let mut group = c.benchmark_group("rpc_hello");
    group.bench_function("floor", |b| b.iter(|| floor(black_box(&query))));
    group.bench_function("rpc-typed", |b| {
        b.iter(|| ours(&app, &config, black_box("hello"), black_box(&query), &headers, now));
    });
    group.bench_function("jsonrpsee", |b| b.iter(|| theirs(&module, black_box(request))));
    group.finish();

    let ids = || (0..10).map(|n| (n.to_string(), ById { id: format!("user-{n}") }));
    let inputs = serde_json::to_string(&ids().collect::<BTreeMap<_, _>>()).unwrap();
    let query = format!("batch=1&input={}", utf8_percent_encode(&inputs, NON_ALPHANUMERIC));
    let path = ["user.get"; 10].join(",");
    let requests: Vec<String> = ids()
        .map(|(n, input)| {
            let params = serde_json::to_string(&input).unwrap();
            format!(r#"{{"jsonrpc":"2.0","id":{n},"method":"user.get","params":{params}}}"#)
        })
        .collect();
    let floor = |query: &str| {
        let input = percent_decode_str(query.strip_prefix("batch=1&input=").unwrap()).collect::<Vec<u8>>();
        let inputs: BTreeMap<&str, ById> = serde_json::from_slice(&input).unwrap();
        let mut out = vec![b'['];
        for (n, input) in inputs.into_values().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            serde_json::to_writer(&mut out, &envelope(user(input.id))).unwrap();
        }
        out.push(b']');
        out
    };
    assert_eq!(ours(&app, &config, &path, &query, &headers, now), floor(&query));
    let mut group = c.benchmark_group("rpc_batch_10");
    group.bench_function("floor", |b| b.iter(|| floor(black_box(&query))));
    group.bench_function("rpc-typed", |b| {
        b.iter(|| ours(&app, &config, black_box(&path), black_box(&query), &headers, now));
    });
    group.bench_function("jsonrpsee", |b| {
        b.iter(|| requests.iter().map(|request| theirs(&module, black_box(request)).len()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, rpc);
criterion_main!(benches);
