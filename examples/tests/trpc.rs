//! Typed RPC through sockets: what tRPC clients send, and what nobody should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests wait")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{Events, JSON, Reply, TOKEN, create_user, get, raw, send, start};
use serde_json::{Value, json};

/// The query of a call with one input.
fn input(value: &Value) -> String {
    let encoded: String = value.to_string().bytes().map(|b| format!("%{b:02x}")).collect();
    format!("input={encoded}")
}

async fn create(addr: SocketAddr, headers: &[(&str, &str)], body: &Value) -> Reply {
    let mut headers = headers.to_vec();
    headers.push(JSON);
    send(addr, "POST", "/trpc/users.create", &headers, body.to_string()).await
}

/// Asserts the error shape of tRPC, and that nothing else is in it.
#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str, number: i64) -> Value {
    assert_eq!(reply.status.as_u16(), status, "{reply:?}");
    assert_eq!(reply.header("content-type"), "application/json", "{reply:?}");
    let body = reply.json();
    let error = &body["error"];
    assert_eq!((&error["data"]["code"], &error["code"]), (&json!(code), &json!(number)), "{body}");
    assert_eq!(error["data"]["httpStatus"], status, "{body}");
    assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{body}");
    assert!(!body.to_string().contains("rust") && !body.to_string().contains("panicked"), "{body}");
    error.clone()
}

#[tokio::test]
async fn a_user_is_created_and_read_back() {
    let service = start().await;
    let made = create(service.addr(), &[TOKEN], &json!({ "name": "Ada", "email": "ada@example.org" })).await;
    assert_eq!(made.status, 200, "{made:?}");
    let user = made.json()["result"]["data"].clone();
    assert_eq!((&user["name"], &user["email"]), (&json!("Ada"), &json!("ada@example.org")));
    assert!(user["createdAt"].as_str().unwrap().ends_with('Z') && user["id"].is_string());
    let path = format!("/trpc/users.getById?{}", input(&json!({ "id": user["id"] })));
    let read = get(service.addr(), &path).await;
    assert_eq!(read.json(), json!({ "result": { "data": user } }));
    assert_eq!(read.header("vary"), "trpc-accept, accept");
    assert_eq!(service.stats().rpc, 2);
    service.shutdown().await;
}

#[tokio::test]
async fn who_has_no_token_may_not_create_and_learns_nothing_of_the_input() {
    let service = start().await;
    let wrong = ("authorization", "Bearer abc124");
    for headers in [&[][..], &[wrong]] {
        for body in [json!({ "name": "A", "email": "a@example.org" }), json!({ "name": 1 }), json!(7)] {
            let error = refused(&create(service.addr(), headers, &body).await, 401, "UNAUTHORIZED", -32001);
            assert_eq!((error["data"].get("issues"), &error["data"]["path"]), (None, &json!("users.create")));
        }
        let malformed = send(service.addr(), "POST", "/trpc/users.create", &[JSON], "{").await;
        refused(&malformed, 401, "UNAUTHORIZED", -32001);
    }
}

#[tokio::test]
async fn broken_rules_come_all_at_once_as_issues() {
    let service = start().await;
    let reply = create(service.addr(), &[TOKEN], &json!({ "name": " ", "email": "x", "nme": 1 })).await;
    let error = refused(&reply, 400, "BAD_REQUEST", -32600);
    let paths: Vec<&Value> = error["data"]["issues"].as_array().unwrap().iter().map(|i| &i["path"]).collect();
    assert_eq!(paths, [&json!(["name"]), &json!(["email"]), &json!(["nme"])]);
    let reply = create(service.addr(), &[TOKEN], &json!({ "name": 1, "email": null })).await;
    let error = refused(&reply, 400, "BAD_REQUEST", -32600);
    assert_eq!(error["data"]["issues"][0]["message"], "must be a string, not a number");
    create_user(service.addr(), "Ada", "ada@example.org").await;
    let taken = create(service.addr(), &[TOKEN], &json!({ "name": "B", "email": "ada@example.org" })).await;
    refused(&taken, 409, "CONFLICT", -32009);
}

#[tokio::test]
async fn who_is_not_there_is_not_found() {
    let service = start().await;
    for id in ["4711", "0", "-1", "x", "99999999999999999999", "1 OR 1=1", ""] {
        let reply =
            get(service.addr(), &format!("/trpc/users.getById?{}", input(&json!({ "id": id })))).await;
        let error = refused(&reply, 404, "NOT_FOUND", -32004);
        assert_eq!(error["data"]["path"], "users.getById");
    }
    for path in ["/trpc/users", "/trpc/nope", "/trpc/", "/trpc/users.getById.x", "/trpc/a/b"] {
        refused(&get(service.addr(), path).await, 404, "NOT_FOUND", -32004);
    }
}

#[tokio::test]
async fn posts_come_in_pages() {
    let service = start().await;
    let all = get(service.addr(), "/trpc/posts").await.json()["result"]["data"].clone();
    let all = all.as_array().unwrap();
    assert!(all.len() > 1 && all[0]["authorId"].is_string() && all[0]["createdAt"].is_string(), "{all:?}");
    let page = input(&json!({ "limit": 1, "offset": 1 }));
    let one = get(service.addr(), &format!("/trpc/posts?{page}")).await.json()["result"]["data"].clone();
    assert_eq!(one, json!([all[1]]));
    for wrong in [
        json!({ "limit": 0 }),
        json!({ "limit": 101 }),
        json!({ "offset": -1 }),
        json!({ "limt": 1 }),
        json!([]),
    ] {
        let reply = get(service.addr(), &format!("/trpc/posts?{}", input(&wrong))).await;
        let error = refused(&reply, 400, "BAD_REQUEST", -32600);
        assert!(error["data"]["issues"][0]["message"].is_string(), "{error}");
    }
}

#[tokio::test]
async fn a_batch_answers_each_call() {
    let service = start().await;
    let inputs = input(&json!({ "0": { "id": "42" }, "1": { "id": "4711" }, "2": { "limit": 1 } }));
    let path = format!("/trpc/users.getById,users.getById,posts?batch=1&{inputs}");
    let reply = get(service.addr(), &path).await;
    assert_eq!(reply.status, 207);
    let body = reply.json();
    assert_eq!(body[0]["result"]["data"]["name"], "Alice");
    assert_eq!(body[1]["error"]["data"]["code"], "NOT_FOUND");
    assert_eq!(body[2]["result"]["data"].as_array().unwrap().len(), 1);
    let body = json!({ "0": { "name": "A", "email": "a@example.org" }, "1": { "name": "B", "email": "a@example.org" } });
    let path = "/trpc/users.create,users.create?batch=1";
    let reply = send(service.addr(), "POST", path, &[TOKEN, JSON], body.to_string()).await;
    assert_eq!(reply.status, 207, "{reply:?}");
    let many = format!("/trpc/{}?batch=1", vec!["posts"; 65].join(","));
    refused(&get(service.addr(), &many).await, 400, "BAD_REQUEST", -32600);
}

#[tokio::test]
async fn bad_requests_get_the_protocols_own_error() {
    let service = start().await;
    let addr = service.addr();
    let text = ("content-type", "text/plain");
    let big = format!("{{\"name\":\"{}\"}}", "x".repeat(1 << 20));
    for (method, path, headers, body, status, code, number) in [
        ("POST", "/trpc/users.create", vec![TOKEN, JSON], "{\"name\":", 400, "BAD_REQUEST", -32600),
        ("POST", "/trpc/users.create", vec![TOKEN, JSON], "", 400, "BAD_REQUEST", -32600),
        ("POST", "/trpc/users.create", vec![TOKEN, text], "{}", 415, "UNSUPPORTED_MEDIA_TYPE", -32015),
        ("POST", "/trpc/users.create", vec![TOKEN], "{}", 415, "UNSUPPORTED_MEDIA_TYPE", -32015),
        ("POST", "/trpc/users.create", vec![TOKEN, JSON], &big, 413, "PAYLOAD_TOO_LARGE", -32013),
        ("POST", "/trpc/posts", vec![TOKEN, JSON], "{}", 405, "METHOD_NOT_SUPPORTED", -32005),
        ("GET", "/trpc/users.create", vec![TOKEN], "", 405, "METHOD_NOT_SUPPORTED", -32005),
        ("PATCH", "/trpc/users.create", vec![TOKEN, JSON], "{}", 405, "METHOD_NOT_SUPPORTED", -32005),
        ("GET", "/trpc/users.getById?input=%7B", vec![], "", 400, "BAD_REQUEST", -32600),
        ("GET", "/trpc/users.getById", vec![], "", 400, "BAD_REQUEST", -32600),
        ("GET", "/trpc/%zz", vec![], "", 400, "BAD_REQUEST", -32600),
        ("GET", "/trpc/%ff", vec![], "", 400, "BAD_REQUEST", -32600),
        ("GET", "/trpc/posts?connectionParams=1", vec![], "", 400, "PARSE_ERROR", -32700),
    ] {
        let reply = send(addr, method, path, &headers, body.to_owned()).await;
        refused(&reply, status, code, number);
    }
    let invalid =
        send(addr, "POST", "/trpc/users.create", &[TOKEN, JSON], b"{\"name\":\"\xff\"}".to_vec()).await;
    refused(&invalid, 400, "BAD_REQUEST", -32600);
    let deep = "[".repeat(100_000);
    refused(
        &send(addr, "POST", "/trpc/users.create", &[TOKEN, JSON], deep).await,
        400,
        "BAD_REQUEST",
        -32600,
    );
    let long = get(addr, &format!("/trpc/posts?input={}", "x".repeat(17_000))).await;
    refused(&long, 413, "PAYLOAD_TOO_LARGE", -32013);
    assert_eq!(send(addr, "HEAD", "/trpc/posts", &[], "").await.status, 204);
    assert_eq!(get(addr, "/trpc/posts").await.status, 200, "the service lives on");
}

#[tokio::test]
async fn a_body_that_breaks_off_makes_no_call() {
    let service = start().await;
    let head = format!(
        "POST /trpc/users.create HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{\"name\":\"A\"",
        TOKEN.1
    );
    raw(service.addr(), head.as_bytes(), Duration::from_millis(300)).await;
    assert_eq!(get(service.addr(), "/users").await.json()["total"], 3);
}

#[tokio::test]
async fn ticks_are_tracked_and_go_on_behind_the_last_one() {
    let service = start().await;
    let path = |count: u32| format!("/trpc/ticks?{}", input(&json!({ "count": count, "everyMs": 10 })));
    let mut stream = Events::open(service.addr(), &path(3), &[]).await;
    let first = stream.next().await.unwrap();
    assert_eq!((first.event(), first.data(), first.id()), ("connected", "{}", ""));
    for n in 1..=3 {
        let tick = stream.next_of("message").await;
        assert_eq!(tick.id(), n.to_string());
        assert_eq!(serde_json::from_str::<Value>(tick.data()).unwrap()["n"], n);
    }
    assert_eq!(stream.next().await.unwrap().event(), "return");
    assert!(stream.next().await.is_none());

    let mut resumed = Events::open(service.addr(), &path(3), &[("last-event-id", "2")]).await;
    assert_eq!(resumed.next_of("message").await.id(), "3");
    assert_eq!(resumed.next().await.unwrap().event(), "return");
}

#[tokio::test]
async fn each_created_user_arrives_once_and_what_was_missed_is_told_behind_the_last_id() {
    let service = start().await;
    let mut stream = Events::open(service.addr(), "/trpc/users.created", &[]).await;
    assert_eq!(stream.next().await.unwrap().event(), "connected");
    // The source listens before it says so.
    let first = create_user(service.addr(), "One", "one@example.org").await;
    let told = stream.next_of("message").await;
    let user: Value = serde_json::from_str(told.data()).unwrap();
    assert_eq!((&user["id"], &user["name"]), (&json!(first.to_string()), &json!("One")));
    stream.quiet(Duration::from_millis(100)).await;
    drop(stream);

    let mut missed = Vec::new();
    for n in 0..3 {
        missed.push(create_user(service.addr(), "More", &format!("more{n}@example.org")).await);
    }
    let mut resumed =
        Events::open(service.addr(), "/trpc/users.created", &[("last-event-id", told.id())]).await;
    missed.push(create_user(service.addr(), "Live", "live@example.org").await);
    for id in missed {
        let user: Value = serde_json::from_str(resumed.next_of("message").await.data()).unwrap();
        assert_eq!(user["id"], id.to_string());
    }
    resumed.quiet(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn an_id_that_is_still_to_come_is_no_reason_to_be_silent() {
    let service = start().await;
    let mut stream =
        Events::open(service.addr(), "/trpc/users.created", &[("last-event-id", "999999")]).await;
    assert_eq!(stream.next().await.unwrap().event(), "connected");
    let id = create_user(service.addr(), "One", "one@example.org").await;
    let user: Value = serde_json::from_str(stream.next_of("message").await.data()).unwrap();
    assert_eq!(user["id"], id.to_string());
}

#[tokio::test]
async fn a_subscription_that_is_refused_says_so_in_its_stream() {
    let service = start().await;
    for (path, code) in [
        (format!("/trpc/ticks?{}", input(&json!({ "count": 0 }))), "BAD_REQUEST"),
        (format!("/trpc/ticks?{}", input(&json!("x"))), "BAD_REQUEST"),
        (format!("/trpc/users.created?{}", input(&json!({ "lastEventId": "x" }))), "BAD_REQUEST"),
    ] {
        let mut stream = Events::open(service.addr(), &path, &[]).await;
        assert_eq!(stream.next().await.unwrap().event(), "connected");
        let error = stream.next_of("serialized-error").await;
        assert_eq!(serde_json::from_str::<Value>(error.data()).unwrap()["data"]["code"], code);
        assert!(stream.next().await.is_none());
    }
    let batch = get(service.addr(), "/trpc/ticks,ticks?batch=1").await;
    assert_eq!((batch.status.as_u16(), &batch.json()[1]["error"]["code"]), (400, &json!(-32600)));
}

#[tokio::test]
async fn a_stop_ends_streams_without_a_word_so_that_clients_come_back() {
    let service = start().await;
    let mut created = Events::open(service.addr(), "/trpc/users.created", &[]).await;
    let mut ticks = Events::open(service.addr(), "/trpc/ticks", &[]).await;
    for stream in [&mut created, &mut ticks] {
        assert_eq!(stream.next().await.unwrap().event(), "connected");
    }
    let stopping = tokio::spawn(service.shutdown());
    for stream in [&mut created, &mut ticks] {
        assert!(stream.next().await.is_none(), "no `return`, which would end the subscription for good");
    }
    stopping.await.unwrap();
}

#[test]
fn the_emitted_router_names_every_procedure() {
    let file = showcase::trpc_types().unwrap();
    for part in [
        "export type AppRouter = TRPCBuiltRouter<",
        "getById: TRPCQueryProcedure<{ input: ById; output: User;",
        "create: TRPCMutationProcedure<{ input: NewUser; output: User;",
        "created: TRPCSubscriptionProcedure<{ input: Resume | null | void; output: AsyncIterable<{ id: string; data: User }, void, unknown>;",
        "posts: TRPCQueryProcedure<{ input: Page | null | void; output: Post[];",
    ] {
        assert!(file.contains(part), "{part} is not in\n{file}");
    }
}
