//! Mutants of recorded valid requests at the doors of calls: GraphQL, gRPC, SOAP and typed RPC answer each of them in
//! their own shape of error, go on serving, and a refused one changes nothing in the database.
//!
//! The start value is printed; set `MUTANT_SEED` to it to see the same mutants again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests open sockets, read the clock for a seed, and tell it"
)]

mod common;

use common::mutants::{Chance, INNER, Subject, WANTED, reached};
use common::{JSON, Reply, TOKEN, grpc, send, soap};
use serde_json::{Value, json};

/// Nothing of the inside is told.
#[track_caller]
fn discreet(text: &str) {
    for inner in INNER {
        assert!(!text.contains(inner), "{text} tells of the inside");
    }
}

/// After each request: what was refused changed nothing, and every 50th is followed by a proof of service.
async fn settle(subject: &mut Subject, sent: u64, refused: bool, what: &dyn std::fmt::Debug) {
    if refused {
        subject.unchanged(what);
    } else {
        subject.accepted();
    }
    if sent.is_multiple_of(50) {
        subject.still_serves(sent).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutants_at_the_graphql_door() {
    let mut chance = Chance::new("GraphQL");
    let mut subject = Subject::start().await;
    let documents = [
        "query Q($n: Int = 3) { users(limit: $n) { id name posts(limit: 2) { title author { id } } } }",
        "mutation M($input: CreateUserInput!) { createUser(input: $input) { ...F } } fragment F on User { id name email }",
        "{ user(id: 42) { id name @include(if: true) } posts { id ... on Post { title } } }",
    ];
    let variables = [
        json!({ "n": 2 }),
        json!({ "input": { "name": "Mutant", "email": "mutant@example.net" } }),
        json!({}),
    ];
    let texts: Vec<&[u8]> = documents.iter().map(|d| d.as_bytes()).collect();
    let (mut sent, mut refused) = (0, 0);
    while reached(&subject, |s| s.graphql) < WANTED {
        let n = chance.below(documents.len());
        let whole = json!({ "query": documents[n], "variables": variables[n] });
        let mut headers = vec![TOKEN, JSON];
        let body = match chance.below(10) {
            // The request is sound and its document is not.
            0..=4 => {
                let damaged = chance.damage(texts[n], &texts);
                json!({ "query": String::from_utf8_lossy(&damaged), "variables": variables[n] })
                    .to_string()
                    .into_bytes()
            }
            // The document is sound and its variables are not.
            5 | 6 => {
                let strange = chance.retype(variables[n].to_string().as_bytes());
                let strange: Value = serde_json::from_slice(&strange).unwrap();
                json!({ "query": documents[n], "variables": strange }).to_string().into_bytes()
            }
            7 => {
                headers[1].1 = *chance.pick(&["text/plain", "application/jsn", "multipart/form-data", ""]);
                whole.to_string().into_bytes()
            }
            _ => chance.mutate(whole.to_string().as_bytes(), &texts),
        };
        sent += 1;
        let reply = send(subject.addr(), "POST", "/graphql", &headers, body.clone()).await;
        let bad = is_graphql_refusal(&reply);
        refused += u64::from(bad);
        settle(&mut subject, sent, bad, &String::from_utf8_lossy(&body)).await;
    }
    eprintln!("GraphQL: {refused} refused");
    assert!(refused > WANTED / 2, "only {refused} mutants were refused: they are too tame");
}

/// A GraphQL response (specification, section 7): data, or errors each with a message.
#[track_caller]
fn is_graphql_refusal(reply: &Reply) -> bool {
    let status = reply.status.as_u16();
    assert!(matches!(status, 200 | 400 | 405 | 406 | 413 | 415 | 422), "{reply:?}");
    let answer = reply.json();
    let Some(errors) = answer.get("errors") else {
        assert!(status == 200 && answer["data"].is_object(), "{reply:?}");
        return false;
    };
    let errors = errors.as_array().expect("errors are a list");
    assert!(!errors.is_empty(), "{answer}");
    for error in errors {
        discreet(error["message"].as_str().expect("a message"));
    }
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutants_at_the_grpc_door() {
    let mut chance = Chance::new("gRPC");
    let mut subject = Subject::start().await;
    let create = grpc::message(&[(1, "Mutant"), (2, "mutant@example.net")]);
    let get = grpc::message(&[(1, "42")]);
    let chat = grpc::message(&[(1, "lobby"), (2, "Mutant"), (3, "hello")]);
    let list = grpc::message(&[]);
    let recorded = [("CreateUsersBulk", &create), ("GetUser", &get), ("Chat", &chat), ("ListUsers", &list)];
    let others: Vec<&[u8]> = recorded.iter().map(|(_, body)| body.as_slice()).collect();
    let (mut sent, mut refused) = (0, 0);
    while reached(&subject, |s| s.grpc) < WANTED {
        let (method, body) = *chance.pick(&recorded);
        let mut headers = vec![TOKEN];
        let mut method = method.to_owned();
        let mut body = body.clone();
        let timeout = chance.damage_text("5S", &others);
        match chance.below(10) {
            0 => {
                let damaged = chance.damage_text(&method, &others);
                method = damaged.replace(|c: char| !c.is_ascii_alphanumeric(), "~");
            }
            1 => headers.push(("grpc-timeout", &timeout)),
            2 => headers.push(("grpc-encoding", *chance.pick(&["snappy", "br", "zstd", "identity"]))),
            3 => headers.push((
                "content-type",
                *chance.pick(&[
                    "application/grpc+json",
                    "application/grpcx",
                    "application/grpc+",
                    "application/grpc-web-text",
                ]),
            )),
            4 => {
                // The frame is sound and the message is not.
                let damaged = chance.damage(&body[5..], &others);
                body = [&[0][..], &u32::try_from(damaged.len()).unwrap().to_be_bytes(), &damaged].concat();
            }
            _ => body = chance.damage(&body, &others),
        }
        sent += 1;
        let call = grpc::open(subject.addr(), &method, &headers, body.clone()).await;
        let bad = if call.http_status == 415 {
            true
        } else {
            assert_eq!(call.http_status, 200, "{method} {headers:?}");
            let (_, code, text) = call.finish().await;
            assert!(
                matches!(code, 0 | 1 | 3..=6 | 8 | 11..=13 | 16),
                "{code} {text}: {method} {headers:?} {body:?}"
            );
            discreet(&text);
            code != 0
        };
        refused += u64::from(bad);
        // A stream may be refused behind a message that was whole, and was said.
        let said = method == "Chat" && first_is_whole(&body);
        settle(&mut subject, sent, bad && !said, &(method, body)).await;
    }
    eprintln!("gRPC: {refused} refused");
    assert!(refused > WANTED / 2, "only {refused} mutants were refused: they are too tame");
}

fn first_is_whole(body: &[u8]) -> bool {
    let Some((head, rest)) = body.split_first_chunk::<5>() else { return false };
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    head[0] == 0 && usize::try_from(length).unwrap() <= rest.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutants_at_the_soap_door() {
    let mut chance = Chance::new("SOAP");
    let mut subject = Subject::start().await;
    let recorded = [soap::create_user("abc123", "Mutant", "mutant@example.net"), soap::get_user("42")];
    let others: Vec<&[u8]> = recorded.iter().map(|text| text.as_bytes()).collect();
    let (mut sent, mut refused) = (0, 0);
    while reached(&subject, |s| s.soap) < WANTED {
        let valid = *chance.pick(&others);
        let mut content_type = "application/soap+xml; charset=utf-8";
        let body = match chance.below(12) {
            0 => {
                content_type =
                    *chance.pick(&["text/xml", "application/xml", "application/soap+xml; charset=utf-16"]);
                valid.to_vec()
            }
            1 => [b"<!DOCTYPE x [<!ENTITY e 'e'>]>", valid].concat(),
            2 => String::from_utf8_lossy(valid).replace("2003/05", "2001/12").into_bytes(),
            3 => vec![b' '; (1 << 20) + 1],
            _ => chance.damage(valid, &others),
        };
        sent += 1;
        let reply =
            send(subject.addr(), "POST", "/soap", &[("content-type", content_type)], body.clone()).await;
        let bad = is_soap_refusal(&reply);
        refused += u64::from(bad);
        settle(&mut subject, sent, bad, &String::from_utf8_lossy(&body)).await;
    }
    eprintln!("SOAP: {refused} refused");
    assert!(refused > WANTED / 2, "only {refused} mutants were refused: they are too tame");
}

/// An envelope, with a fault where the status is not 200 (SOAP 1.2 part 2, section 7.5.2.2). A media type that is none of
/// SOAP's is refused before there is a version to answer in.
#[track_caller]
fn is_soap_refusal(reply: &Reply) -> bool {
    let text = std::str::from_utf8(&reply.body).expect("an envelope is UTF-8");
    discreet(text);
    match reply.status.as_u16() {
        200 => {
            assert!(text.contains("Envelope") && !text.contains("Fault>"), "{text}");
            false
        }
        415 => true,
        400 | 413 | 500 => {
            assert!(text.contains("Envelope") && soap::text(reply, "Fault").is_some(), "{reply:?}");
            let reason = soap::text(reply, "Text").or_else(|| soap::text(reply, "faultstring"));
            assert!(reason.is_some_and(|reason| !reason.is_empty()), "{text}");
            true
        }
        _ => panic!("{reply:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutants_at_the_trpc_door() {
    let mut chance = Chance::new("tRPC");
    let mut subject = Subject::start().await;
    let user: &[u8] = br#"{"name":"Mutant","email":"mutant@example.net"}"#;
    let batch: &[u8] =
        br#"{"0":{"name":"Mutant","email":"m0@example.net"},"1":{"name":"Mutant","email":"m1@example.net"}}"#;
    let id: &[u8] = br#"{"id":"42"}"#;
    let many: &[u8] = br#"{"0":{"id":"42"},"1":{"limit":2}}"#;
    let others = [user, batch, id, many];
    let (mut sent, mut refused) = (0, 0);
    while reached(&subject, |s| s.rpc) < WANTED {
        let (method, mut path, body) = match chance.below(4) {
            0 => ("POST", "/trpc/users.create".to_owned(), chance.mutate(user, &others)),
            1 => {
                ("POST", "/trpc/users.create,users.create?batch=1".to_owned(), chance.mutate(batch, &others))
            }
            2 => (
                "GET",
                format!("/trpc/users.getById?input={}", escaped(&chance.mutate(id, &others))),
                Vec::new(),
            ),
            _ => (
                "GET",
                format!("/trpc/users.getById,posts?batch=1&input={}", escaped(&chance.mutate(many, &others))),
                Vec::new(),
            ),
        };
        let mut headers = vec![TOKEN, JSON];
        match chance.below(8) {
            0 => path = chance.damage_text(&path, &others),
            1 => headers[1].1 = *chance.pick(&["text/plain", "application/jsn", "multipart/form-data"]),
            _ => {}
        }
        // A path that does not begin with the prefix is another door's; one that is too long stops at the transport.
        if path.parse::<http::Uri>().is_err() || !path.starts_with("/trpc/") || path.len() > 8192 {
            continue;
        }
        sent += 1;
        let reply = send(subject.addr(), method, &path, &headers, body.clone()).await;
        let bad = is_trpc_refusal(&reply);
        refused += u64::from(bad);
        // In a batch one call may be refused and another not.
        let all_refused = bad && !String::from_utf8_lossy(&reply.body).contains(r#""result""#);
        settle(&mut subject, sent, all_refused, &(path, String::from_utf8_lossy(&body))).await;
    }
    eprintln!("tRPC: {refused} refused");
    assert!(refused > WANTED / 2, "only {refused} mutants were refused: they are too tame");
}

/// Each byte as a percent escape, as a client may send it.
fn escaped(bytes: &[u8]) -> String {
    bytes.iter().take(2000).map(|b| format!("%{b:02X}")).collect()
}

/// One answer or a list of them, each with a result or with the error shape of tRPC; true where one is an error.
#[track_caller]
fn is_trpc_refusal(reply: &Reply) -> bool {
    let answer = reply.json();
    let answers = answer.as_array().cloned().unwrap_or_else(|| vec![answer]);
    assert!(!answers.is_empty(), "{reply:?}");
    let mut refused = false;
    for answer in answers {
        let Some(error) = answer.get("error") else {
            assert!(answer["result"].is_object(), "{reply:?}");
            continue;
        };
        refused = true;
        discreet(error["message"].as_str().expect("a message"));
        assert!(error["code"].as_i64().is_some_and(|code| code < 0), "{error}");
        let status = error["data"]["httpStatus"].as_u64().expect("a status");
        assert!(error["data"]["code"].is_string() && (400..500).contains(&status), "{error}");
    }
    let status = reply.status.as_u16();
    assert!(if refused { status == 207 || (400..500).contains(&status) } else { status == 200 }, "{reply:?}");
    refused
}
