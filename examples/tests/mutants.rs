//! Mutants of recorded valid requests at the doors of resources and streams: each door answers each of them in its own shape of error, goes on serving, and
//! a refused one changes nothing in the database.
//!
//! The start value is printed; set `MUTANT_SEED` to it to see the same mutants again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests open sockets, read the clock for a seed, and tell it"
)]

mod common;

use bytes::Bytes;
use common::mutants::{Chance, INNER, Subject, WANTED, reached};
use common::{Events, JSON, Reply, Room, TOKEN, close_code, create_user, raw_exchange, send, signed_by};
use serde_json::{Value, json};

/// Checks a refusal by HTTP: a problem document with one of the statuses that belong to bad input.
#[track_caller]
fn is_refusal(reply: &Reply) {
    let status = reply.status.as_u16();
    assert!(
        matches!(status, 400 | 401 | 403 | 404 | 405 | 406 | 409 | 412 | 413 | 414 | 415 | 422 | 426 | 428),
        "{reply:?}"
    );
    let problem = reply.problem(status);
    let text = problem.to_string();
    for inner in INNER {
        assert!(!text.contains(inner), "{text} tells of the inside");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutants_at_the_rest_door() {
    let mut chance = Chance::new("REST");
    let mut subject = Subject::start().await;
    let user = br#"{"name":"Mutant","email":"mutant@example.net"}"#;
    let post = br#"{"title":"A title","body":"A body of some length."}"#;
    let comment = br#"{"author":"Ada","body":"Well said."}"#;
    let order = br#"{"note":"soon","items":[{"product":"Pen","quantity":2,"price_cents":150}]}"#;
    let item = br#"{"product":"Ink","quantity":1,"price_cents":900}"#;
    let recorded: [(&str, &str, &[u8]); 7] = [
        ("POST", "/users", user),
        ("PUT", "/users/500", user),
        ("PATCH", "/users/42", br#"{"name":"Alice M."}"#),
        ("POST", "/users/42/posts", post),
        ("POST", "/posts/1/comments", comment),
        ("POST", "/users/42/orders", order),
        ("POST", "/users/42/orders/7/items", item),
    ];
    let bodies: Vec<&[u8]> = recorded.iter().map(|(_, _, body)| *body).collect();
    let (mut n, mut refused) = (0, 0);
    while reached(&subject, |s| s.rest) < WANTED + n {
        let (method, path, body) = *chance.pick(&recorded);
        let tag = common::get(subject.addr(), "/users/42").await.header("etag").to_owned();
        let mut headers = vec![TOKEN, JSON];
        let (mut path, mut body) = (path.to_owned(), Bytes::from_static(body));
        let mut matching = tag;
        match chance.below(10) {
            0 => path = chance.damage_text(&path, &bodies),
            1 => {
                path = format!(
                    "/users?limit={}&offset={}",
                    chance.damage_text("20", &bodies),
                    chance.damage_text("0", &bodies)
                );
            }
            2 => matching = chance.damage_text(&matching, &bodies),
            3 => {
                headers[1] = (
                    "content-type",
                    *chance.pick(&[
                        "text/plain",
                        "application/jsn",
                        "json",
                        "application/json; charset=utf-16",
                    ]),
                );
            }
            _ => body = chance.mutate(&body, &bodies).into(),
        }
        if method == "PATCH" {
            headers.push(("if-match", &matching));
        }
        if path.parse::<http::Uri>().is_err() || !path.starts_with('/') {
            continue;
        }
        // The look at the ETag and the proof of service below are no mutants.
        n += 1;
        let method = if path.starts_with("/users?") { "GET" } else { method };
        let reply = send(subject.addr(), method, &path, &headers, body.clone()).await;
        if reply.status.is_success() {
            subject.accepted();
        } else {
            refused += 1;
            is_refusal(&reply);
            subject.unchanged(&(method, &path, &body));
        }
        if n % 50 == 0 {
            subject.still_serves(n).await;
            n += 1;
        }
    }
    eprintln!("REST: {refused} refused");
    assert!(refused > WANTED / 2, "only {refused} mutants were refused: they are too tame");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutants_at_the_webhook_door() {
    let mut chance = Chance::new("webhooks");
    let mut subject = Subject::start().await;
    let user = br#"{"type":"user.create","data":{"name":"Mutant","email":"mutant@example.net"}}"#;
    let note = br#"{"type":"invoice.paid","data":{"amount":7,"currency":"EUR"}}"#;
    let bodies: [&[u8]; 2] = [user, note];
    let (mut sent, mut refused) = (0, 0);
    while reached(&subject, |s| s.inbound) < WANTED {
        // No endpoint is registered, so a replay that is valid changes nothing either.
        let replay =
            chance.mutate(br#"{"from":"2026-01-01T00:00:00Z","to":"2026-12-31T23:59:59Z"}"#, &bodies);
        let reply = send(subject.addr(), "POST", "/webhooks/replay", &[TOKEN, JSON], replay.clone()).await;
        if reply.status != 202 {
            is_refusal(&reply);
        }
        subject.unchanged(&replay);
        let scheme = *chance.pick(&["standard", "github", "stripe", "generic"]);
        let body = *chance.pick(&bodies);
        // Half of them are damaged after they were signed, half before: those get past the signature.
        let message = if chance.below(2) == 0 {
            signed_by(scheme, &chance.mutate(body, &bodies))
        } else {
            let mut message = signed_by(scheme, body);
            match chance.below(3) {
                0 => message.body = chance.mutate(body, &bodies).into(),
                1 => {
                    let at = chance.below(message.headers.len());
                    message.headers[at].1 = chance.damage_text(&message.headers[at].1.clone(), &bodies);
                }
                _ => drop(message.headers.remove(chance.below(message.headers.len()))),
            }
            message
        };
        let reply = message.send(subject.addr()).await;
        sent += 1;
        if reply.status.is_success() {
            assert_eq!(reply.status, 202);
            subject.accepted();
        } else {
            refused += 1;
            is_refusal(&reply);
            subject.unchanged(&message);
        }
        if sent % 50 == 0 {
            let valid = json!({ "type": "user.create", "data": { "name": "V", "email": format!("v{sent}@example.net") } });
            assert_eq!(
                signed_by(scheme, valid.to_string().as_bytes()).send(subject.addr()).await.status,
                202
            );
            subject.still_serves(sent).await;
        }
    }
    eprintln!("webhooks: {refused} refused");
    assert!(refused > WANTED / 2, "only {refused} mutants were refused: they are too tame");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutants_at_the_event_stream() {
    let mut chance = Chance::new("the event stream");
    let mut subject = Subject::start().await;
    for n in 0..3 {
        create_user(subject.addr(), "Seed", &format!("seed{n}@example.net")).await;
    }
    subject.accepted();
    let others: [&[u8]; 3] =
        [b"topic=users&last_event_id=3", b"text/event-stream, */*;q=0", b"Last-Event-ID: 1"];
    let (mut sent, mut refused) = (0, 0);
    while reached(&subject, |s| s.sse) < WANTED {
        let mut query = "topic=users&last_event_id=2".to_owned();
        let (mut id, mut accept) = ("2".to_owned(), "text/event-stream".to_owned());
        match chance.below(5) {
            0 => id = chance.damage_text(&id, &others),
            1 => accept = chance.damage_text(&accept, &others),
            2 => query.push_str("&topic=all"),
            _ => query = chance.damage_text(&query, &others),
        }
        let path = format!("/events?{query}");
        if path.parse::<http::Uri>().is_err() {
            continue;
        }
        sent += 1;
        let headers = [("last-event-id", id.as_str()), ("accept", accept.as_str())];
        let reply = common::head_of(subject.addr(), &path, &headers).await;
        if reply.status == 200 {
            assert_eq!(reply.header("content-type"), "text/event-stream");
        } else {
            refused += 1;
            is_refusal(&send(subject.addr(), "GET", &path, &headers, "").await);
        }
        subject.unchanged(&(path, id, accept));
        if sent % 50 == 0 {
            let mut events = Events::open(subject.addr(), "/events?topic=users&last_event_id=2", &[]).await;
            assert_eq!(events.next().await.unwrap().id(), "3");
            subject.still_serves(sent).await;
        }
    }
    eprintln!("the event stream: {refused} refused");
    assert!(refused > WANTED / 4, "only {refused} mutants were refused: they are too tame");
}

/// A text frame as a client sends it, with a mask that changes nothing.
fn text_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match payload.len() {
        n @ 0..126 => frame.push(0x80 | u8::try_from(n).unwrap()),
        n @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(n).unwrap().to_be_bytes());
        }
        n => {
            frame.push(0x80 | 127);
            frame.extend(u64::try_from(n).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutants_at_the_websocket_door() {
    let mut chance = Chance::new("WebSocket");
    let mut subject = Subject::start().await;
    let messages: [&[u8]; 3] = [
        br#"{"type":"message","body":"hello","from":"Mutant"}"#,
        br#"{"type":"create_user","name":"Mutant","email":"mutant@example.net","ref":1}"#,
        br#"{"type":"auth","token":"abc123"}"#,
    ];
    let (mut sent, mut refused, mut silent) = (0, 0, 0);
    while reached(&subject, |s| s.ws_messages) < WANTED {
        let message = *chance.pick(&messages);
        let frame = match chance.below(2) {
            // The frame is sound and its text is not.
            0 => text_frame(&chance.mutate(message, &messages)),
            _ => chance.damage(&text_frame(message), &[&text_frame(messages[0]), &text_frame(messages[1])]),
        };
        sent += 1;
        let frames = raw_exchange(subject.addr(), &frame).await;
        let mut accepted = false;
        let mut answered = false;
        for (opcode, payload) in &frames {
            if *opcode != 1 {
                continue;
            }
            let said: Value = serde_json::from_slice(payload).expect("what the service says is JSON");
            match said["type"].as_str().expect("a type") {
                "error" => {
                    answered = true;
                    assert!(
                        said["status"].is_u64() && said["title"].is_string() && said["detail"].is_string(),
                        "{said}"
                    );
                }
                "joined" => {}
                _ => accepted = true,
            }
        }
        if let Some(code) = close_code(&frames) {
            answered = true;
            assert!(matches!(code, 1000..=1003 | 1007..=1009), "{code} for {frame:?}");
        }
        refused += u64::from(answered && !accepted);
        // What ends in the middle of a frame is no message, and gets no answer; and one that is valid after all may be
        // told to a room that its sender has left.
        silent += u64::from(!answered && !accepted);
        if answered && !accepted {
            subject.unchanged(&frame);
        } else {
            subject.accepted();
        }
        if sent % 50 == 0 {
            let mut room = Room::join(subject.addr(), "/ws/lobby?token=abc123").await;
            room.say(&json!({ "type": "message", "body": format!("valid {sent}") })).await;
            room.next_of("message").await;
            subject.still_serves(sent).await;
        }
    }
    eprintln!("WebSocket: {refused} refused, {silent} cut short");
    assert!(refused > WANTED / 3, "only {refused} mutants were refused: they are too tame");
}
