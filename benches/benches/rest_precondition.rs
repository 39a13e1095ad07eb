//! Conditions and routes: rest-core beside `headers` and bare `matchit`, on the same requests.
//!
//! `if_none_match`: a GET whose list does not name the current tag, so that all of it is read. The peer decodes
//! If-None-Match and compares; the floors are what the bytes alone cost.
//! `router`: one lookup among 150 routes. The peer finds a route and no more; ours also picks the method and answers 405.
#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]
use criterion::{Criterion, criterion_group, criterion_main};
use headers::HeaderMapExt;
use http::header::IF_NONE_MATCH;
use http::{HeaderMap, HeaderValue, Method};
use rest_core::field::{ETag, HttpDate};
use rest_core::route::{Found, Table};
use rest_core::semantics::{Precondition, Rules, Validators, evaluate};
use std::hint::black_box;

fn if_none_match(c: &mut Criterion) {
    for count in [1_u32, 100] {
        let list: Vec<String> =
            (0..count).map(|n| format!("\"{:032x}\"", 0x1234_5678_9abc_u64 + u64::from(n))).collect();
        let list = list.join(", ");
        let mut request = HeaderMap::new();
        request.insert(IF_NONE_MATCH, HeaderValue::try_from(&list).unwrap());
        let tag = format!("\"{:032x}\"", 0xffff_u32);

        let current = Validators::present().etag(ETag::parse(&tag).unwrap());
        let rules = Rules::at(HttpDate::from_unix(1_790_000_000));
        let theirs: headers::ETag = tag.parse().unwrap();
        assert_eq!(evaluate(&Method::GET, &request, &current, &rules), Precondition::Proceed);
        assert!(request.typed_get::<headers::IfNoneMatch>().unwrap().precondition_passes(&theirs));

        let mut group = c.benchmark_group(format!("if_none_match/{count}"));
        group.bench_function("rest-core", |b| {
            b.iter(|| evaluate(&Method::GET, black_box(&request), black_box(&current), &rules));
        });
        group.bench_function("headers", |b| {
            b.iter(|| {
                let field = black_box(&request).typed_get::<headers::IfNoneMatch>().unwrap();
                field.precondition_passes(black_box(&theirs))
            });
        });
        group.bench_function("floor_memchr_quotes", |b| {
            b.iter(|| memchr::memchr_iter(b'"', black_box(list.as_bytes())).count());
        });
        group.bench_function("floor_memmem_tag", |b| {
            b.iter(|| memchr::memmem::find(black_box(list.as_bytes()), black_box(tag.as_bytes())));
        });
        group.finish();
    }
}

/// 30 collections with five patterns each.
fn patterns() -> Vec<String> {
    let names = ["users", "posts", "orders", "items", "rooms", "events", "files", "teams", "tags", "keys"];
    let mut patterns = Vec::new();
    for version in ["v1", "v2", "admin"] {
        for name in names {
            let base = format!("/{version}/{name}");
            for tail in ["", "/{id}", "/{id}/comments", "/{id}/comments/{comment}", "/search"] {
                patterns.push(format!("{base}{tail}"));
            }
        }
    }
    patterns
}

fn router(c: &mut Criterion) {
    let patterns = patterns();
    assert_eq!(patterns.len(), 150);
    let (mut ours, mut theirs) = (Table::new(), matchit::Router::new());
    for (index, pattern) in patterns.iter().enumerate() {
        ours.insert(pattern, Method::GET, index).unwrap();
        ours.insert(pattern, Method::DELETE, index).unwrap();
        theirs.insert(pattern, index).unwrap();
    }
    let paths = [
        ("static", "/admin/teams/search"),
        ("one_param", "/v2/orders/12345"),
        ("two_params", "/v1/posts/12345/comments/678"),
        ("miss", "/v2/unknown/12345"),
    ];
    for (name, path) in paths {
        let mut group = c.benchmark_group(format!("router_150/{name}"));
        group.bench_function("rest-core", |b| {
            b.iter(|| match ours.find(&Method::GET, black_box(path)) {
                Found::Route(route) => *route.value,
                _ => usize::MAX,
            });
        });
        group.bench_function("matchit", |b| {
            b.iter(|| theirs.at(black_box(path)).map_or(usize::MAX, |found| *found.value));
        });
        group.finish();
    }
    let mut group = c.benchmark_group("router_150/method_not_allowed");
    group.bench_function("rest-core", |b| {
        b.iter(|| {
            matches!(ours.find(&Method::PUT, black_box("/v2/orders/12345")), Found::MethodNotAllowed(_))
        });
    });
    group.finish();
}

criterion_group!(benches, if_none_match, router);
criterion_main!(benches);
