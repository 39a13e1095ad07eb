//! `/graphql` as clients see it: over HTTP, as event streams, over WebSocket, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests open sockets and wait")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{Events, JSON, Reply, Room, TOKEN, create_user, get, post, raw, send, start};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use ws_frame::h2::{Session, Stream};
use ws_frame::handshake::ClientHandshake;
use ws_frame::tokio::{HandshakeError, WebSocket};

const RESPONSE: (&str, &str) = ("accept", "application/graphql-response+json");
const EVENTS: (&str, &str) = ("accept", "text/event-stream");
const PATIENCE: Duration = Duration::from_secs(10);

/// A request with status codes that tell.
async fn ask(addr: SocketAddr, query: &str, variables: Value) -> Reply {
    let body = json!({ "query": query, "variables": variables });
    send(addr, "POST", "/graphql", &[JSON, RESPONSE], body.to_string()).await
}

/// The data of an answer without errors.
async fn data(addr: SocketAddr, query: &str) -> Value {
    let reply = ask(addr, query, json!({})).await;
    let mut value = reply.json();
    assert_eq!((reply.status.as_u16(), value.get("errors")), (200, None), "{value}");
    value["data"].take()
}

/// The errors of a refusal, each of which has a message, and none of which tells of our insides.
#[track_caller]
fn errors(reply: &Reply, status: u16) -> Vec<Value> {
    let value = reply.json();
    assert_eq!(reply.status.as_u16(), status, "{value}");
    let errors = value["errors"].as_array().unwrap_or_else(|| panic!("{value}")).clone();
    for error in &errors {
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{value}");
        assert!(error["extensions"]["code"].is_string(), "{value}");
    }
    let text = String::from_utf8_lossy(&reply.body);
    for inside in ["rusqlite", "sqlite", "serde", "panicked", ".rs", "Option", "None", "unwrap"] {
        assert!(!text.contains(inside), "{inside}: {text}");
    }
    errors
}

fn codes(errors: &[Value]) -> Vec<&str> {
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap()).collect()
}

/// A client of `graphql-transport-ws`.
struct Client<IO = TcpStream> {
    ws: WebSocket<IO>,
}

fn opening(addr: SocketAddr, protocols: &[&str]) -> ClientHandshake {
    let handshake = ws_frame::tokio::request(&format!("ws://{addr}/graphql")).unwrap();
    if protocols.is_empty() { handshake } else { handshake.subprotocols(protocols).unwrap() }
}

impl Client {
    async fn connect(addr: SocketAddr) -> Client {
        Client::connect_as(addr, &["graphql-transport-ws"]).await
    }

    async fn connect_as(addr: SocketAddr, protocols: &[&str]) -> Client {
        let connecting = ws_frame::tokio::connect_with(opening(addr, protocols), ws_frame::Config::default());
        let (ws, _) = timeout(PATIENCE, connecting).await.expect("a handshake in time").unwrap();
        Client { ws }
    }

    /// Acknowledged, with the token or without.
    async fn begin(addr: SocketAddr, token: Option<&str>) -> Client {
        let mut client = Client::connect(addr).await;
        client.init(token).await;
        client
    }
}

impl Client<Stream> {
    /// On a stream of an HTTP/2 connection.
    async fn connect_on(session: &Session, addr: SocketAddr, protocols: &[&str]) -> Client<Stream> {
        let handshake = opening(addr, protocols);
        let connecting = session.connect(&handshake, ws_frame::Config::default());
        let (ws, _) = timeout(PATIENCE, connecting).await.expect("a handshake in time").unwrap();
        Client { ws }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Client<IO> {
    async fn init(&mut self, token: Option<&str>) {
        let payload = token.map(|token| json!({ "authorization": format!("Bearer {token}") }));
        self.say(&json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(self.next().await, json!({ "type": "connection_ack" }));
    }

    async fn say(&mut self, message: &Value) {
        self.ws.send(message.to_string()).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(&json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    /// Subscribes, and waits until it listens: the pong to a ping that is sent after it says so.
    async fn listen(&mut self, id: &str, query: &str) {
        self.subscribe(id, query).await;
        self.say(&json!({ "type": "ping" })).await;
        assert_eq!(self.next().await, json!({ "type": "pong" }));
    }

    async fn next(&mut self) -> Value {
        let message = timeout(PATIENCE, self.ws.recv()).await.expect("a message in time");
        let message = message.expect("an open connection").unwrap();
        serde_json::from_str(message.as_text().expect("text")).unwrap()
    }

    async fn closed(&mut self) -> u16 {
        while let Some(Ok(_)) = timeout(PATIENCE, self.ws.recv()).await.expect("an end in time") {}
        self.ws.close_info().expect("it is closed").code.as_u16()
    }
}

#[tokio::test]
async fn users_posts_comments_and_authors_come_in_one_answer() {
    let service = start().await;
    let query =
        "{ users(limit: 3) { id name posts(limit: 1) { title author { id } comments { author body } } } }";
    assert_eq!(
        data(service.addr(), query).await["users"],
        json!([
            { "id": "1", "name": "Ada", "posts": [{ "title": "Notes", "author": { "id": "1" }, "comments": [] }] },
            { "id": "2", "name": "Grace", "posts": [] },
            { "id": "42", "name": "Alice", "posts": [{
                "title": "On caches",
                "author": { "id": "42" },
                "comments": [{ "author": "Ada", "body": "And a validator tells whether it still does." }],
            }] },
        ])
    );
}

#[tokio::test]
async fn variables_fragments_directives_and_aliases() {
    let service = start().await;
    let query = "query Pair($one: ID!, $two: ID = 1, $mail: Boolean!) {
        one: user(id: $one) { ...Face email @include(if: $mail) }
        two: user(id: $two) { ...Face email @skip(if: $mail) createdAt }
    }
    fragment Face on User { __typename id name }";
    let reply = ask(service.addr(), query, json!({ "one": 42, "mail": true })).await;
    let value = reply.json();
    assert_eq!(
        value["data"]["one"],
        json!({ "__typename": "User", "id": "42", "name": "Alice", "email": "alice@example.com" })
    );
    assert_eq!((&value["data"]["two"]["name"], value["data"]["two"].get("email")), (&json!("Ada"), None));
    assert!(value["data"]["two"]["createdAt"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn what_is_not_there_is_null_whatever_the_id_looks_like() {
    let service = start().await;
    for id in ["999", "\"999999999999999999999\"", "\"x\"", "\"\"", "\"-1\"", "\"01\"", "0"] {
        let found =
            data(service.addr(), &format!("{{ user(id: {id}) {{ id }} post(id: {id}) {{ id }} }}")).await;
        assert_eq!(found, json!({ "user": null, "post": null }), "{id}");
    }
}

#[tokio::test]
async fn the_interface_the_union_and_the_enum_are_used() {
    let service = start().await;
    let query = "{
        post: node(kind: POST, id: 1) { __typename id ... on Post { title } ... on User { name } }
        user: node(kind: USER, id: 1) { __typename id ... on Post { title } ... on User { name } }
        nobody: node(kind: USER, id: 99) { id }
        all: search(text: \"NOTES\") { __typename ... on Node { id } }
        users: search(text: \"a\", kinds: [USER], limit: 2) { ... on User { name } ... on Post { title } }
        none: search(text: \"%\", kinds: []) { __typename }
    }";
    assert_eq!(
        data(service.addr(), query).await,
        json!({
            "post": { "__typename": "Post", "id": "1", "title": "Hello" },
            "user": { "__typename": "User", "id": "1", "name": "Ada" },
            "nobody": null,
            "all": [{ "__typename": "Post", "id": "3" }],
            "users": [{ "name": "Ada" }, { "name": "Grace" }],
            "none": [],
        })
    );
}

#[tokio::test]
async fn create_user_needs_the_token_and_obeys_the_rules_of_all_doors() {
    let service = start().await;
    let addr = service.addr();
    let query = "mutation ($input: CreateUserInput!) { createUser(input: $input) { id name email } }";
    let body = |name: &str, email: &str| {
        json!({ "query": query, "variables": { "input": { "name": name, "email": email } } }).to_string()
    };
    for headers in [&[JSON, RESPONSE][..], &[JSON, RESPONSE, ("authorization", "Bearer wrong")]] {
        let refused = send(addr, "POST", "/graphql", headers, body("Ada", "ada2@example.net")).await;
        let errors = errors(&refused, 200);
        assert_eq!(codes(&errors), ["UNAUTHENTICATED"]);
        assert_eq!((&errors[0]["path"], &refused.json()["data"]), (&json!(["createUser"]), &json!(null)));
    }
    let headers = &[JSON, RESPONSE, TOKEN];
    let made = send(addr, "POST", "/graphql", headers, body("Ada", "ada2@example.net")).await.json();
    let user = &made["data"]["createUser"];
    assert_eq!((&user["name"], &user["email"]), (&json!("Ada"), &json!("ada2@example.net")));
    let id = user["id"].as_str().unwrap();
    assert_eq!(get(addr, &format!("/users/{id}")).await.json()["email"], "ada2@example.net");

    let taken = send(addr, "POST", "/graphql", headers, body("Ada", "ADA2@example.net")).await;
    assert_eq!(codes(&errors(&taken, 200)), ["CONFLICT"]);
    let broken = send(addr, "POST", "/graphql", headers, body(" ", "nobody")).await;
    let broken = errors(&broken, 200);
    assert_eq!(codes(&broken), ["BAD_USER_INPUT"]);
    let pointers: Vec<&Value> =
        broken[0]["extensions"]["errors"].as_array().unwrap().iter().map(|e| &e["pointer"]).collect();
    assert_eq!(pointers, ["/name", "/email"]);
}

#[tokio::test]
async fn arguments_out_of_range_are_bad_input_and_name_themselves() {
    let service = start().await;
    for (query, argument) in [
        ("{ users(limit: 0) { id } }", "limit"),
        ("{ users(limit: 101) { id } }", "limit"),
        ("{ posts(offset: -1) { id } }", "offset"),
        ("{ users { posts(limit: 1000) { id } } }", "limit"),
        ("{ search(text: \"a\", limit: -3) { __typename } }", "limit"),
    ] {
        let reply = ask(service.addr(), query, json!({})).await;
        let errors = errors(&reply, 200);
        assert!(codes(&errors).iter().all(|code| *code == "BAD_USER_INPUT"), "{query}: {errors:?}");
        assert!(errors[0]["message"].as_str().unwrap().contains(argument), "{query}: {errors:?}");
    }
}

#[tokio::test]
async fn the_form_of_the_answer_and_its_status_follow_accept() {
    let service = start().await;
    let addr = service.addr();
    let broken = json!({ "query": "{ nope }" }).to_string();
    for (accept, status, content_type) in [
        ("application/graphql-response+json", 400, "application/graphql-response+json; charset=utf-8"),
        ("application/json", 200, "application/json; charset=utf-8"),
        ("*/*", 200, "application/json; charset=utf-8"),
        ("text/event-stream", 200, "text/event-stream"),
    ] {
        let reply = send(addr, "POST", "/graphql", &[JSON, ("accept", accept)], broken.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (status, content_type), "{accept}");
    }
    let read = get(addr, "/graphql?query=%7Busers(limit:1)%7Bname%7D%7D").await;
    assert_eq!(read.json(), json!({ "data": { "users": [{ "name": "Ada" }] } }));
}

#[tokio::test]
async fn what_is_no_request_of_graphql_is_refused_with_what_and_where() {
    let service = start().await;
    let addr = service.addr();
    let deep =
        format!(r#"{{"query":"{{__typename}}","variables":{{"a":{}{}}}}}"#, "[".repeat(200), "]".repeat(200));
    for (headers, body, status, says) in [
        (&[JSON][..], &b""[..], 400, "byte 0"),
        (&[JSON], b"{", 400, "byte 1"),
        (&[JSON], b"{\"query\":\"\xff\xfe\"}", 400, "utf-8 at byte 10"),
        (&[JSON], b"{\"query\":{}}", 400, "query must be a string"),
        (&[JSON], b"{\"variables\":{}}", 400, "query is required"),
        (&[JSON], b"[{\"query\":\"{__typename}\"}]", 400, "lists of requests are off"),
        (&[JSON], b"null", 400, "must be an object"),
        (&[JSON], deep.as_bytes(), 400, "too deeply"),
        (&[], b"{\"query\":\"{__typename}\"}", 415, "content type"),
        (&[("content-type", "text/plain")], b"{\"query\":\"{__typename}\"}", 415, "application/json"),
        (
            &[("content-type", "application/x-www-form-urlencoded")],
            b"query={__typename}",
            415,
            "application/json",
        ),
        (&[JSON, ("accept", "text/html")], b"{\"query\":\"{__typename}\"}", 406, "accept"),
        (&[JSON], b"{\"query\":\"subscription { userCreated { id } }\"}", 406, "text/event-stream"),
    ] {
        let headers: Vec<_> = match headers.iter().any(|(name, _)| *name == "accept") || status == 406 {
            true if headers.len() == 1 => vec![headers[0], ("accept", "application/json")],
            _ => headers.to_vec(),
        };
        let reply = send(addr, "POST", "/graphql", &headers, body.to_vec()).await;
        let errors = errors(&reply, status);
        assert!(errors[0]["message"].as_str().unwrap().contains(says), "{errors:?}");
    }
    let too_big = json!({ "query": "{__typename}", "pad": "x".repeat(1 << 20) }).to_string();
    errors(&send(addr, "POST", "/graphql", &[JSON], too_big).await, 413);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let reply = send(addr, method, "/graphql", &[JSON], "{}").await;
        assert_eq!(errors(&reply, 405).len(), 1);
        assert_eq!(reply.header("allow"), "GET, POST");
    }
    let mutation = get(addr, "/graphql?query=mutation%7B__typename%7D").await;
    assert_eq!((errors(&mutation, 405).len(), mutation.header("allow")), (1, "POST"));
    for query in
        ["", "?query=%zz", "?query=%ff", "?query=a&query=b", "?query=%7B__typename%7D&variables=%5B%5D"]
    {
        errors(&get(addr, &format!("/graphql{query}")).await, 400);
    }
    // A body that ends early.
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {addr}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{\"query\":"
    );
    let answer = raw(addr, head.as_bytes(), Duration::from_millis(300)).await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    get(addr, "/health").await;
}

#[tokio::test]
async fn a_document_that_is_wrong_is_refused_with_all_its_places() {
    let service = start().await;
    let addr = service.addr();
    for (query, places) in [
        ("", &[(1, 1)][..]),
        ("{", &[(1, 2)]),
        ("{ users { id }", &[(1, 15)]),
        ("{ user(id: \"a) { id } }", &[(1, 12)]),
        ("{ nope }", &[(1, 3)]),
        ("{\n  user(id: 1) { nam }\n  users { id }\n  usrs { id }\n}", &[(2, 17), (4, 3)]),
        ("{ user { id } }", &[(1, 3)]),
        ("{ users { posts } }", &[(1, 11)]),
        ("query ($id: ID!) { user(id: $di) { id } }", &[(1, 8), (1, 29)]),
        ("{ ...F } fragment F on Query { ...F }", &[(1, 35)]),
        ("{ user(id: 1) { x: id x: name } }", &[(1, 17)]),
    ] {
        let reply = ask(addr, query, json!({})).await;
        let errors = errors(&reply, 400);
        let found: Vec<(u64, u64)> = errors
            .iter()
            .map(|e| {
                (e["locations"][0]["line"].as_u64().unwrap(), e["locations"][0]["column"].as_u64().unwrap())
            })
            .collect();
        assert_eq!(found, places, "{query}: {errors:?}");
        assert_eq!(reply.json().get("data"), None, "nothing ran");
    }
    for (query, variables) in [
        ("query ($id: ID!) { user(id: $id) { id } }", json!({})),
        ("query ($id: ID!) { user(id: $id) { id } }", json!({ "id": null })),
        ("query ($id: ID!) { user(id: $id) { id } }", json!({ "id": [] })),
        ("query ($n: Int) { users(limit: $n) { id } }", json!({ "n": "1" })),
        ("query ($n: Int) { users(limit: $n) { id } }", json!({ "n": 1e40 })),
        ("query ($k: Kind!) { node(kind: $k, id: 1) { id } }", json!({ "k": "ROOM" })),
        ("mutation ($i: CreateUserInput!) { createUser(input: $i) { id } }", json!({ "i": { "name": "a" } })),
        (
            "mutation ($i: CreateUserInput!) { createUser(input: $i) { id } }",
            json!({ "i": { "name": "a", "email": "b", "x": 1 } }),
        ),
    ] {
        let refused = errors(&ask(addr, query, variables.clone()).await, 400);
        assert_eq!(codes(&refused), ["BAD_USER_INPUT"], "{query} {variables}: {refused:?}");
    }
    let several = json!({ "query": "query A { __typename } query B { __typename }", "operationName": "C" });
    errors(&send(addr, "POST", "/graphql", &[JSON, RESPONSE], several.to_string()).await, 400);
}

#[tokio::test]
async fn documents_made_to_cost_are_refused_before_they_run() {
    let service = start().await;
    let addr = service.addr();
    let deep = format!("{{ posts {{ {} id {} }} }}", "author { posts { ".repeat(20), "} }".repeat(20));
    let aliases = (0..400).fold("{ ".to_owned(), |text, n| text + &format!("a{n}: __typename ")) + "}";
    let mut fan = "{ user(id: 1) { ...F0 } } ".to_owned();
    for n in 0..40 {
        fan += &format!(
            "fragment F{n} on User {{ a{n}: posts {{ author {{ ...F{0} }} }} b{n}: posts {{ author {{ ...F{0} }} }} }} ",
            n + 1
        );
    }
    fan += "fragment F40 on User { id }";
    let brackets = format!("{{ search(text: {}) {{ __typename }} }}", "[".repeat(10_000));
    let braces = "{ a ".repeat(10_000);
    let long = format!("{{ user(id: \"{}\") {{ id }} }}", "x".repeat(300 << 10));
    for (name, query) in [
        ("deep", deep),
        ("aliases", aliases),
        ("fan", fan),
        ("brackets", brackets),
        ("braces", braces),
        ("long", long),
    ] {
        let reply = ask(addr, &query, json!({})).await;
        let refused = errors(&reply, 400);
        assert_eq!(codes(&refused), ["LIMIT_EXCEEDED"], "{name}: {refused:?}");
    }
    // What GraphiQL asks is within all limits.
    let types = data(
        addr,
        "{ __schema { types { name fields { name type { name ofType { name ofType { name } } } } } } }",
    )
    .await;
    assert!(types["__schema"]["types"].as_array().unwrap().len() > 10);
}

#[tokio::test]
async fn a_subscription_is_an_event_stream_by_get_and_by_post() {
    let service = start().await;
    let addr = service.addr();
    let path = "/graphql?query=subscription%7BuserCreated%7Bid%20name%20posts%7Bid%7D%7D%7D";
    let mut events = Events::open(addr, path, &[]).await;
    let id = create_user(addr, "Streamed", "streamed@example.net").await;
    let event = events.next().await.unwrap();
    let result: Value = serde_json::from_str(event.data()).unwrap();
    assert_eq!(event.event(), "next");
    assert_eq!(
        result["data"]["userCreated"],
        json!({ "id": id.to_string(), "name": "Streamed", "posts": [] })
    );
    events.quiet(Duration::from_millis(200)).await;
    // A stop of the service completes it.
    tokio::spawn(service.shutdown());
    assert_eq!(events.next().await.unwrap().event(), "complete");
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn errors_of_a_subscription_come_in_its_stream() {
    let service = start().await;
    let body = json!({ "query": "subscription { userCreated { nope } }" }).to_string();
    let reply = send(service.addr(), "POST", "/graphql", &[JSON, EVENTS], body).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "text/event-stream"));
    let text = String::from_utf8_lossy(&reply.body);
    assert!(text.starts_with("event: next\ndata: {\"errors\":[{"), "{text}");
    assert!(text.ends_with("event: complete\ndata: \n\n"), "{text}");
}

#[tokio::test]
async fn queries_mutations_and_subscriptions_share_one_socket() {
    let service = start().await;
    let mut client = Client::begin(service.addr(), Some("abc123")).await;
    client.listen("s", "subscription { userCreated { name } }").await;
    client.subscribe("q", "{ user(id: 42) { name } }").await;
    assert_eq!(
        client.next().await,
        json!({ "id": "q", "type": "next", "payload": { "data": { "user": { "name": "Alice" } } } })
    );
    assert_eq!(client.next().await, json!({ "id": "q", "type": "complete" }));
    client
        .subscribe(
            "m",
            "mutation { createUser(input: { name: \"Over\", email: \"over@example.net\" }) { name } }",
        )
        .await;
    let mut heard = [client.next().await, client.next().await, client.next().await];
    heard.sort_by_key(|message| {
        message["id"].as_str().unwrap().to_owned() + message["type"].as_str().unwrap()
    });
    assert_eq!(heard[0], json!({ "id": "m", "type": "complete" }));
    assert_eq!(heard[1]["payload"]["data"]["createUser"]["name"], "Over");
    assert_eq!(
        heard[2],
        json!({ "id": "s", "type": "next", "payload": { "data": { "userCreated": { "name": "Over" } } } })
    );
    // Stopped, it hears no more, and its id is free again.
    client.say(&json!({ "id": "s", "type": "complete" })).await;
    client.listen("s", "subscription { messageReceived(roomId: \"lobby\") { from body } }").await;
    create_user(service.addr(), "Unheard", "unheard@example.net").await;
    let mut room = Room::join(service.addr(), "/ws/lobby?token=abc123").await;
    room.say(&json!({ "type": "message", "from": "Ada", "body": "hello" })).await;
    assert_eq!(
        client.next().await["payload"]["data"]["messageReceived"],
        json!({ "from": "Ada", "body": "hello" })
    );
}

/// By extended CONNECT (RFC 8441), several sockets on one connection.
#[tokio::test]
async fn subscriptions_come_over_sockets_of_http2_too() {
    let service = start().await;
    let addr = service.addr();
    let session = Session::open(TcpStream::connect(addr).await.unwrap()).await.unwrap();
    let spoken = ["graphql-transport-ws"];
    let mut listening = Client::connect_on(&session, addr, &spoken).await;
    listening.init(None).await;
    listening.listen("s", "subscription { userCreated { name } }").await;
    let mut writing = Client::connect_on(&session, addr, &spoken).await;
    writing.init(Some("abc123")).await;
    let create = "mutation { createUser(input: { name: \"Over\", email: \"over@example.net\" }) { name } }";
    writing.subscribe("m", create).await;
    assert_eq!(writing.next().await["payload"]["data"]["createUser"]["name"], "Over");
    assert_eq!(writing.next().await, json!({ "id": "m", "type": "complete" }));
    assert_eq!(
        listening.next().await,
        json!({ "id": "s", "type": "next", "payload": { "data": { "userCreated": { "name": "Over" } } } })
    );
    // One that closes leaves the others, and so does one that breaks the rules.
    let mut other = Client::connect_on(&session, addr, &["graphql-ws"]).await;
    assert_eq!(other.closed().await, 4406);
    writing.say(&json!("text")).await;
    assert_eq!(writing.closed().await, 4400);
    create_user(addr, "Heard", "heard@example.net").await;
    assert_eq!(listening.next().await["payload"]["data"]["userCreated"]["name"], "Heard");

    let stopping = tokio::spawn(service.shutdown());
    assert_eq!(listening.closed().await, 1001);
    timeout(Duration::from_secs(5), stopping).await.expect("it ends").unwrap();
}

#[tokio::test]
async fn a_handshake_over_http2_that_is_none_is_a_problem() {
    let service = start().await;
    let addr = service.addr();
    let session = Session::open(TcpStream::connect(addr).await.unwrap()).await.unwrap();
    let foreign = opening(addr, &["graphql-transport-ws"])
        .header(http::header::ORIGIN, "http://evil.example".parse().unwrap())
        .unwrap();
    let refused = session.connect(&foreign, ws_frame::Config::default()).await.unwrap_err();
    let HandshakeError::Response { response, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!((&problem["status"], &problem["detail"]), (&json!(403), &json!("origin not allowed")));
    // The connection is good for the next one.
    Client::connect_on(&session, addr, &["graphql-transport-ws"]).await.init(None).await;
}

#[tokio::test]
async fn over_a_socket_too_who_writes_needs_the_token() {
    let service = start().await;
    let mut client = Client::begin(service.addr(), None).await;
    client
        .subscribe("m", "mutation { createUser(input: { name: \"A\", email: \"a@example.net\" }) { id } }")
        .await;
    let refused = client.next().await;
    assert_eq!(
        (&refused["type"], &refused["payload"]["errors"][0]["extensions"]["code"]),
        (&json!("next"), &json!("UNAUTHENTICATED"))
    );
    for authorization in
        [json!("Bearer wrong"), json!("abc123"), json!("Basic abc123"), json!(7), json!(null)]
    {
        let mut client = Client::connect(service.addr()).await;
        client
            .say(&json!({ "type": "connection_init", "payload": { "authorization": authorization } }))
            .await;
        assert_eq!(client.closed().await, 4403, "{authorization}");
    }
}

#[tokio::test]
async fn what_breaks_the_protocol_closes_with_its_code() {
    let service = start().await;
    let addr = service.addr();
    let init = json!({ "type": "connection_init" });
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": "subscription { userCreated { id } }" } });
    for (code, messages) in [
        (4400, vec![json!("text")]),
        (4400, vec![json!({ "type": "start" })]),
        (4400, vec![init.clone(), json!({ "id": "1", "type": "subscribe", "payload": { "query": 7 } })]),
        (4401, vec![subscribe.clone()]),
        (4409, vec![init.clone(), subscribe.clone(), subscribe.clone()]),
        (4429, vec![init.clone(), init.clone()]),
    ] {
        let mut client = Client::connect(addr).await;
        for message in &messages {
            client.say(message).await;
        }
        assert_eq!(client.closed().await, code, "{messages:?}");
    }
    let mut binary = Client::connect(addr).await;
    binary.ws.send(&b"\x00\xff"[..]).await.unwrap();
    assert_eq!(binary.closed().await, 4400);
    let mut big = Client::connect(addr).await;
    let _ = big.ws.send("x".repeat((256 << 10) + 1)).await;
    assert_eq!(big.closed().await, 1009);
    for protocols in [&["graphql-ws"][..], &[]] {
        assert_eq!(Client::connect_as(addr, protocols).await.closed().await, 4406, "{protocols:?}");
    }
    let mut silent = Client::connect(addr).await;
    assert_eq!(silent.closed().await, 4408);
}

#[tokio::test]
async fn an_operation_that_cannot_run_is_an_error_message_and_the_socket_stays() {
    let service = start().await;
    let mut client = Client::begin(service.addr(), None).await;
    for (id, query) in [
        ("1", "{ nope }"),
        ("2", "{"),
        ("3", "subscription { nope }"),
        ("4", "query ($a: Int!) { users(limit: $a) { id } }"),
    ] {
        client.subscribe(id, query).await;
        let refused = client.next().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!(id)), "{refused}");
        assert!(refused["payload"][0]["message"].is_string(), "{refused}");
    }
    client.subscribe("5", "{ __typename }").await;
    assert_eq!(client.next().await["payload"]["data"]["__typename"], "Query");
}

#[tokio::test]
async fn a_handshake_that_is_none_is_a_problem() {
    let service = start().await;
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")];
    send(service.addr(), "GET", "/graphql", &upgrade, "").await.problem(400);
    let foreign = [
        &upgrade[..],
        &[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("origin", "http://evil.example")],
    ]
    .concat();
    send(service.addr(), "GET", "/graphql", &foreign, "").await.problem(403);
}

#[tokio::test]
async fn a_stop_completes_what_is_open_and_closes_with_1001() {
    let service = start().await;
    let mut client = Client::begin(service.addr(), None).await;
    client.listen("s", "subscription { userCreated { id } }").await;
    let stopping = tokio::spawn(service.shutdown());
    assert_eq!(client.closed().await, 1001);
    timeout(Duration::from_secs(5), stopping).await.expect("it ends").unwrap();
}

#[tokio::test]
async fn the_counter_counts_what_reaches_the_door() {
    let service = start().await;
    let before = service.stats().graphql;
    data(service.addr(), "{ __typename }").await;
    send(service.addr(), "POST", "/graphql", &[JSON], "{").await;
    send(service.addr(), "DELETE", "/graphql", &[], "").await;
    post(service.addr(), "/users", &json!({ "name": "A", "email": "a@example.net" })).await;
    assert_eq!(service.stats().graphql - before, 3);
}
