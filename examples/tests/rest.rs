//! The REST door, as a client sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests open sockets")]

mod common;

use std::net::SocketAddr;

use bytes::Bytes;
use common::{JSON, TOKEN, create_user, get, post, send, start};
use serde_json::{Value, json};

const MERGE: (&str, &str) = ("content-type", "application/merge-patch+json");

async fn etag(addr: SocketAddr, path: &str) -> String {
    get(addr, path).await.header("etag").to_owned()
}

#[tokio::test]
async fn a_user_is_a_hal_document_with_validators_and_links() {
    let service = start().await;
    let reply = get(service.addr(), "/users/42").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/hal+json"));
    assert!(reply.header("etag").starts_with('"'), "a strong validator");
    assert!(reply.header("last-modified").ends_with(" GMT"));
    assert!(reply.header("cache-control").contains("must-revalidate"));
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    let user = reply.json();
    assert_eq!((&user["id"], &user["name"]), (&json!(42), &json!("Alice")));
    assert!(user["created_at"].as_str().unwrap().ends_with('Z'));
    let links = &user["_links"];
    assert_eq!(links["self"]["href"], "/users/42");
    assert_eq!(links["posts"]["href"], "/users/42/posts");
    assert_eq!(links["orders"]["href"], "/users/42/orders");
    assert_eq!((&links["update"]["href"], &links["update"]["method"]), (&json!("/users/42"), &json!("PUT")));
    assert_eq!(
        (&links["delete"]["href"], &links["delete"]["method"]),
        (&json!("/users/42"), &json!("DELETE"))
    );
}

#[tokio::test]
async fn a_validator_that_matches_is_answered_without_a_body() {
    let service = start().await;
    let first = get(service.addr(), "/users/42").await;
    for headers in [
        [("if-none-match", first.header("etag"))],
        [("if-none-match", "*")],
        [("if-modified-since", first.header("last-modified"))],
    ] {
        let reply = send(service.addr(), "GET", "/users/42", &headers, "").await;
        assert_eq!((reply.status.as_u16(), reply.body.len()), (304, 0), "{headers:?}");
        assert_eq!(reply.header("etag"), first.header("etag"));
    }
    let other = send(service.addr(), "GET", "/users/42", &[("if-none-match", "\"other\"")], "").await;
    assert_eq!(other.status, 200);
    let head = send(service.addr(), "HEAD", "/users/42", &[], "").await;
    assert_eq!((head.status.as_u16(), head.body.len(), head.header("etag")), (200, 0, first.header("etag")));
    assert_eq!(head.header("content-length"), first.body.len().to_string());
}

#[tokio::test]
async fn a_collection_is_paged_by_links() {
    let service = start().await;
    for n in 0..5 {
        create_user(service.addr(), "N", &format!("n{n}@example.net")).await;
    }
    let mut path = "/users?limit=3".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = get(service.addr(), &path).await.json();
        assert_eq!(page["total"], 8);
        let users = page["_embedded"]["users"].as_array().unwrap().clone();
        assert!(users.len() <= 3);
        seen.extend(users.iter().map(|u| u["id"].as_i64().unwrap()));
        match page["_links"]["next"]["href"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => {
                assert!(page["_links"]["prev"]["href"].is_string());
                break;
            }
        }
    }
    assert_eq!(seen, [1, 2, 42, 43, 44, 45, 46, 47]);
    for query in ["limit=0", "limit=101", "limit=x", "offset=-1", "limit=1&limit=2", "limit=%ff"] {
        get(service.addr(), &format!("/users?{query}")).await.problem(400);
    }
}

#[tokio::test]
async fn a_post_creates_and_says_where() {
    let service = start().await;
    let addr = service.addr();
    let reply = post(addr, "/users", &json!({ "name": "Ada", "email": "ada2@example.net" })).await;
    assert_eq!(reply.status, 201);
    let location = reply.header("location").to_owned();
    assert_eq!(location, format!("/users/{}", reply.json()["id"]));
    assert_eq!(reply.header("etag"), etag(addr, &location).await);
    post(addr, "/users", &json!({ "name": "Other", "email": "ADA2@example.net" })).await.problem(409);
}

#[tokio::test]
async fn who_writes_needs_the_token() {
    let service = start().await;
    let body = json!({ "name": "Ada", "email": "x@example.net" }).to_string();
    let without = send(service.addr(), "POST", "/users", &[JSON], body.clone()).await;
    without.problem(401);
    assert_eq!(without.header("www-authenticate"), "Bearer");
    let wrong =
        send(service.addr(), "POST", "/users", &[JSON, ("authorization", "Bearer abc124")], body).await;
    wrong.problem(401);
    assert!(wrong.header("www-authenticate").contains("error=\"invalid_token\""));
    for (method, path) in [
        ("PUT", "/users/42"),
        ("PATCH", "/users/42"),
        ("DELETE", "/users/42"),
        ("POST", "/users/42/posts"),
        ("POST", "/posts/1/comments"),
        ("POST", "/users/42/orders"),
        ("POST", "/users/42/orders/7/items"),
        ("POST", "/webhooks/endpoints"),
        ("DELETE", "/webhooks/endpoints/1"),
        ("POST", "/webhooks/replay"),
    ] {
        send(service.addr(), method, path, &[JSON], "{}").await.problem(401);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_said_with_its_place() {
    let service = start().await;
    let addr = service.addr();
    let reply = post(addr, "/users", &json!({ "name": "", "email": "no", "nmae": 1 })).await;
    let pointers: Vec<Value> =
        reply.problem(422)["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/name", "/email", "/nmae"]);
    let cut = send(addr, "POST", "/users", &[TOKEN, JSON], r#"{"name":"A"#).await;
    assert!(cut.problem(400)["detail"].as_str().unwrap().contains("line 1, column"));
    send(addr, "POST", "/users", &[TOKEN, JSON], &b"{\"name\":\"\xff\"}"[..]).await.problem(400);
    send(addr, "POST", "/users", &[TOKEN], "{}").await.problem(415);
    let text = send(addr, "POST", "/users", &[TOKEN, ("content-type", "text/plain")], "{}").await;
    text.problem(415);
    assert!(text.header("accept").contains("application/json"));
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    send(addr, "POST", "/users", &[TOKEN, JSON], deep).await.problem(400);
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_also_when_its_length_is_not_told() {
    let service = start().await;
    let addr = service.addr();
    let big = Bytes::from(vec![b' '; (1 << 20) + 1]);
    send(addr, "POST", "/users", &[TOKEN, JSON], big.clone()).await.problem(413);
    assert_eq!(chunked(addr, &big).await, 413);
    let fits =
        [vec![b' '; 1 << 19], json!({ "name": "Big", "email": "big@example.net" }).to_string().into_bytes()]
            .concat();
    assert_eq!(chunked(addr, &fits).await, 201);
}

/// Sends a body in chunks and gives the status.
async fn chunked(addr: SocketAddr, body: &[u8]) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(addr).await.unwrap();
    let head = format!(
        "POST /users HTTP/1.1\r\nhost: {addr}\r\nauthorization: Bearer abc123\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    for part in body.chunks(8192) {
        let framed = [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
        if socket.write_all(&framed).await.is_err() {
            break;
        }
    }
    let _ = socket.write_all(b"0\r\n\r\n").await;
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status")
}

#[tokio::test]
async fn a_put_creates_then_replaces_what_the_client_has_seen() {
    let service = start().await;
    let addr = service.addr();
    let put = |headers: Vec<(&'static str, String)>, body: Value| async move {
        let mut all = vec![TOKEN, JSON];
        all.extend(headers.iter().map(|(n, v)| (*n, v.as_str())));
        send(addr, "PUT", "/users/100", &all, body.to_string()).await
    };
    let created = put(vec![], json!({ "name": "Hundred", "email": "h@example.net" })).await;
    assert_eq!(created.status, 201, "{created:?}");
    let first = created.header("etag").to_owned();
    put(vec![], json!({ "name": "H", "email": "h@example.net" })).await.problem(428);
    put(vec![("if-match", "\"stale\"".into())], json!({ "name": "H", "email": "h@example.net" }))
        .await
        .problem(412);
    put(vec![("if-none-match", "*".into())], json!({ "name": "H", "email": "h@example.net" }))
        .await
        .problem(412);
    let replaced =
        put(vec![("if-match", first.clone())], json!({ "name": "H", "email": "h@example.net" })).await;
    assert_eq!((replaced.status.as_u16(), &replaced.json()["name"]), (200, &json!("H")));
    put(vec![("if-match", first)], json!({ "name": "Lost", "email": "h@example.net" })).await.problem(412);
    // What was read may be sent back as it is.
    let mut whole = get(addr, "/users/100").await.json();
    whole["name"] = json!("Whole");
    let tag = etag(addr, "/users/100").await;
    assert_eq!(put(vec![("if-match", tag)], whole).await.status, 200);
    let other = put(
        vec![("if-match", etag(addr, "/users/100").await)],
        json!({ "name": "H", "email": "alice@example.com" }),
    );
    other.await.problem(409);
    // The client's own id must be a number that we would write the same way.
    for path in ["/users/007", "/users/0", "/users/-1", "/users/abc", "/users/99999999999999999999"] {
        let reply = send(addr, "PUT", path, &[TOKEN, JSON], r#"{"name":"A","email":"q@example.net"}"#).await;
        assert!(matches!(reply.status.as_u16(), 400 | 404), "{path} {reply:?}");
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let service = start().await;
    let addr = service.addr();
    let tag = etag(addr, "/users/42").await;
    let patched =
        send(addr, "PATCH", "/users/42", &[TOKEN, MERGE, ("if-match", &tag)], r#"{"name":"Alice B."}"#).await;
    assert_eq!(patched.status, 200, "{patched:?}");
    assert_eq!(
        (&patched.json()["name"], &patched.json()["email"]),
        (&json!("Alice B."), &json!("alice@example.com"))
    );
    assert_ne!(patched.header("etag"), tag);
    let tag = patched.header("etag").to_owned();
    send(addr, "PATCH", "/users/42", &[TOKEN, MERGE], r#"{"name":"X"}"#).await.problem(428);
    send(addr, "PATCH", "/users/42", &[TOKEN, MERGE, ("if-match", &tag)], r#"{"name":null}"#)
        .await
        .problem(422);
    send(addr, "PATCH", "/users/42", &[TOKEN, ("content-type", "text/css"), ("if-match", &tag)], "{}")
        .await
        .problem(415);
    send(addr, "PATCH", "/users/4242", &[TOKEN, MERGE, ("if-match", &tag)], "{}").await.problem(404);
}

#[tokio::test]
async fn of_many_who_change_one_user_each_sees_what_it_replaces() {
    let service = start().await;
    let addr = service.addr();
    let tag = etag(addr, "/users/42").await;
    let race = (0..12).map(|n| {
        let tag = tag.clone();
        async move {
            let body = json!({ "name": format!("Racer {n}") }).to_string();
            send(addr, "PATCH", "/users/42", &[TOKEN, MERGE, ("if-match", &tag)], body).await.status.as_u16()
        }
    });
    let mut statuses = futures_util::future::join_all(race).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[200].as_slice(), &[412; 11]].concat());
}

#[tokio::test]
async fn a_delete_needs_the_validator_and_a_reborn_id_has_another() {
    let service = start().await;
    let addr = service.addr();
    create_user(addr, "Gone", "gone@example.net").await;
    let tag = etag(addr, "/users/43").await;
    send(addr, "DELETE", "/users/43", &[TOKEN], "").await.problem(428);
    let deleted = send(addr, "DELETE", "/users/43", &[TOKEN, ("if-match", &tag)], "").await;
    assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));
    get(addr, "/users/43").await.problem(404);
    send(addr, "DELETE", "/users/43", &[TOKEN], "").await.problem(404);
    let body = r#"{"name":"Gone","email":"gone@example.net"}"#;
    assert_eq!(send(addr, "PUT", "/users/43", &[TOKEN, JSON], body).await.status, 201);
    assert_ne!(etag(addr, "/users/43").await, tag);
    assert_eq!(create_user(addr, "Next", "next@example.net").await, 44);
}

#[tokio::test]
async fn posts_comments_orders_and_items_hang_together() {
    let service = start().await;
    let addr = service.addr();
    let made = post(addr, "/users/42/posts", &json!({ "title": "T", "body": "B" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.header("location").to_owned();
    assert_eq!(get(addr, &path).await.json()["title"], "T");
    assert_eq!(get(addr, "/users/42/posts").await.json()["total"], 3);
    assert_eq!(get(addr, "/posts?limit=1").await.json()["_embedded"]["posts"][0]["title"], "T");
    let comment = post(addr, &format!("{path}/comments"), &json!({ "author": "Ada", "body": "Yes" })).await;
    assert_eq!(comment.status, 201, "{comment:?}");
    assert_eq!(get(addr, &format!("{path}/comments")).await.json()["total"], 1);

    let order = post(
        addr,
        "/users/42/orders",
        &json!({ "items": [{ "product": "Pen", "quantity": 2, "price_cents": 150 }] }),
    )
    .await;
    assert_eq!(order.status, 201, "{order:?}");
    let path = order.header("location").to_owned();
    assert_eq!(get(addr, &path).await.json()["user_id"], 42);
    let item =
        post(addr, &format!("{path}/items"), &json!({ "product": "Ink", "quantity": 1, "price_cents": 900 }))
            .await;
    assert_eq!(item.status, 201, "{item:?}");
    let items = get(addr, &format!("{path}/items")).await.json();
    assert_eq!((&items["total"], &items["_embedded"]["items"][1]["product"]), (&json!(2), &json!("Ink")));
    assert_eq!(get(addr, "/users/42/orders/7/items").await.json()["total"], 2);

    for path in [
        "/users/1/orders/7",
        "/users/42/orders/999",
        "/users/999/orders",
        "/users/999/posts",
        "/posts/999",
        "/posts/999/comments",
        "/users/1/orders/7/items",
    ] {
        get(addr, path).await.problem(404);
    }
    post(addr, "/users/999/posts", &json!({ "title": "T", "body": "B" })).await.problem(404);
    let wrong = post(
        addr,
        "/users/42/orders/7/items",
        &json!({ "product": "Ink", "quantity": 0, "price_cents": 1.5 }),
    )
    .await;
    assert_eq!(wrong.problem(422)["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn rooms_and_notifications_are_lists_too() {
    let service = start().await;
    let rooms = get(service.addr(), "/rooms").await.json();
    assert_eq!(rooms["_embedded"]["rooms"][0]["name"], "lobby");
    let messages = get(service.addr(), "/rooms/lobby/messages").await.json();
    assert_eq!(messages["_embedded"]["messages"][0]["body"], "Yes.");
    get(service.addr(), "/rooms/nowhere/messages").await.problem(404);
    assert_eq!(
        get(service.addr(), "/notifications").await.json()["_embedded"]["notifications"][0]["type"],
        "welcome"
    );
}

#[tokio::test]
async fn methods_are_told_and_others_refused() {
    let service = start().await;
    let addr = service.addr();
    for (path, allow) in [
        ("/users", "GET, HEAD, OPTIONS, POST"),
        ("/users/42", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("/posts", "GET, HEAD, OPTIONS"),
        ("/events", "GET, HEAD, OPTIONS"),
        ("/health", "GET, HEAD, OPTIONS"),
        ("/webhooks/endpoints", "GET, HEAD, OPTIONS, POST"),
        ("/webhooks/inbound/standard", "OPTIONS, POST"),
    ] {
        let options = send(addr, "OPTIONS", path, &[], "").await;
        assert_eq!(options.status, 204, "{path}");
        let mut told: Vec<&str> = options.header("allow").split(", ").collect();
        told.sort_unstable();
        assert_eq!(told.join(", "), allow, "{path}");
        let refused = send(addr, "TRACE", path, &[], "").await;
        refused.problem(405);
        assert_eq!(refused.header("allow"), options.header("allow"));
    }
    assert!(send(addr, "OPTIONS", "/users/42", &[], "").await.header("accept-patch").contains("merge-patch"));
    for path in ["/nothing", "/users/42/", "/users//42", "/users/42/orders/7/items/1", "/USERS"] {
        get(addr, path).await.problem(404);
    }
    assert!(matches!(send(addr, "BREW", "/users", &[], "").await.status.as_u16(), 405 | 501));
}

#[tokio::test]
async fn the_console_is_one_page_that_runs_only_its_own_script() {
    let service = start().await;
    let page = get(service.addr(), "/").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    assert!(page.body.len() < 100_000);
    let again = send(service.addr(), "GET", "/", &[("if-none-match", page.header("etag"))], "").await;
    assert_eq!(again.status, 304);
    assert_eq!(get(service.addr(), "/health").await.json(), json!({ "status": "ok" }));
}

#[tokio::test]
async fn http_2_without_tls_is_spoken_on_the_same_port() {
    let service = start().await;
    let socket = tokio::net::TcpStream::connect(service.addr()).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(socket);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    for n in 0..3 {
        let request = http::Request::get(format!("http://{}/users/42", service.addr()))
            .body(http_body_util::Empty::<Bytes>::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!((response.status().as_u16(), response.version()), (200, http::Version::HTTP_2), "{n}");
    }
}
