//! What is sent to break a server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "time begins somewhere")]

mod common;

use std::time::Instant;

use common::{Answer, Request, app};
use http::{HeaderMap, Method};
use rpc_typed::{Code, Config, Event, Head, HttpExchange, Outcome, RpcError};

#[test]
fn a_batch_of_commas_is_refused_as_a_whole() {
    let answer = Request::get(&format!("{}?batch=1", ",".repeat(16_000))).send();
    assert!(answer.body.len() < 200, "{} bytes", answer.body.len());
    assert_eq!(answer.status, 400);
    let encoded = Request::get(&format!("{}?batch=1", "%2C".repeat(5_000))).send();
    assert_eq!(
        (encoded.status.as_u16(), encoded.json()["error"]["message"].as_str()),
        (400, Some("Batch call exceeds maximum size"))
    );
}

#[test]
fn an_answer_to_what_is_unknown_is_no_longer_than_a_few_times_the_question() {
    let target = format!("{}?batch=1", vec!["x".repeat(250); 60].join(","));
    let answer = Request::get(&target).send();
    assert!(answer.body.len() < target.len() * 3, "{} to {}", answer.body.len(), target.len());
}

#[test]
fn a_deep_body_is_refused_and_a_deep_batch_is_a_scan() {
    let deep = "[".repeat(1 << 20);
    assert_eq!(Request::post("user.taken", deep.clone()).send().status, 400);
    assert_eq!(Request::post("user.taken,user.taken?batch=1", deep).send().status, 400);
    let inner = format!("{{\"0\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let answer = Request::post("user.taken,nothing?batch=1", inner).send();
    assert_eq!(answer.json()[0]["error"]["code"], -32600);
}

#[test]
fn bytes_that_are_no_utf8_are_a_bad_request() {
    for body in [
        &b"\xff\xfe"[..],
        b"{\"name\":\"\xff\"}",
        b"{\"na\xffme\":1}",
        b"\"\\ud800\"",
        b"{\"name\":\"\xc3\"}",
    ] {
        let answer = Request::post("user.taken", body).send();
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]["code"]),
            (400, &(-32600).into()),
            "{body:?}"
        );
        let answer = Request::post("user.taken?batch=1", body).send();
        assert_eq!(answer.status, 400, "{body:?}");
    }
}

#[test]
fn names_of_javascript_are_names_of_nothing() {
    for path in [
        "__proto__",
        "constructor",
        "toString",
        "hasOwnProperty",
        "user",
        "user.",
        ".user",
        "",
        "user.get.x",
        "HELLO",
    ] {
        assert_eq!(Request::get(path).send().status, 404, "{path}");
    }
    let body = r#"{"__proto__":{"name":"x"},"constructor":1,"length":1,"-0":1,"0.0":1,"00":{"name":"x"}}"#;
    let answer = Request::post("user.taken?batch=1", body).send();
    assert_eq!(answer.json()[0]["error"]["data"]["issues"][0]["message"], "is required");
}

#[test]
fn what_is_echoed_is_escaped() {
    let answer = Request::get("%22%5C%0A%00%3Cscript%3E%E2%80%A8").send();
    assert_eq!(answer.json()["error"]["data"]["path"], "\"\\\n\0<script>\u{2028}");
    assert!(!answer.text().contains('\n') && answer.header("content-type") == "application/json");
}

#[test]
fn many_parameters_and_ids_that_stand_twice_are_read_once() {
    let query: String = (0..1000).map(|n| format!("batch={n}&")).collect();
    assert_eq!(Request::get(&format!("hello?{query}")).send().status, 200);
}

#[test]
fn reports_that_come_late_or_twice_change_nothing() {
    let (method, headers, now) = (Method::GET, HeaderMap::new(), Instant::now());
    let head = Head { method: &method, path: "hello,none", query: Some("batch=1"), headers: &headers };
    let mut exchange = HttpExchange::new(app().procedures(), &Config::default(), head, now);
    exchange.end_of_input(now);
    exchange.receive("x".into(), now);
    assert!(exchange.poll_event().is_none(), "no call before the context is there");
    exchange.context_ready(now);
    exchange.context_ready(now);
    exchange.context_failed(&Code::Forbidden.into(), now);
    let slots: Vec<_> = std::iter::from_fn(|| exchange.poll_event())
        .map(|event| if let Event::Call { slot, .. } = event { slot } else { panic!("{event:?}") })
        .collect();
    assert_eq!(slots.len(), 2);
    let data = |text: &str| Outcome::Data(text.as_bytes().to_vec());
    exchange.complete(slots[0], data("1"), now);
    exchange.complete(slots[0], data("2"), now);
    exchange.complete(slots[1], Outcome::Open, now);
    exchange.complete(slots[1], data("3"), now);
    let sent: Vec<_> = std::iter::from_fn(|| exchange.poll_transmit()).collect();
    assert_eq!(sent.len(), 3, "{sent:?}");
    assert!(format!("{sent:?}").contains("[1,{"), "{sent:?}");
    exchange.handle_timeout(now + common::ms(100_000));
    exchange.finish(rpc_typed::End::Return);
    assert_eq!(exchange.poll_transmit(), None);
}

#[test]
fn a_context_that_fails_fails_each_call_and_hides_no_404() {
    let mut request = Request::get("hello,nope?batch=1");
    request.refused = Some("not you");
    let answer = request.send();
    assert_eq!(answer.status, 207);
    assert_eq!(answer.json()[0]["error"]["message"], "not you");
    assert_eq!(answer.json()[1]["error"]["data"]["code"], "NOT_FOUND");
}

#[test]
fn dropping_a_session_drops_what_runs() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rpc_typed::{Query, Router, Rpc, Session, query};

    struct Live(Arc<AtomicUsize>);
    impl Drop for Live {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    const WAIT: Query<(), ()> = query("wait");
    let live = Arc::new(AtomicUsize::new(0));
    let counted = live.clone();
    let handler = Rpc::<()>::new().run(move |(), ()| {
        counted.fetch_add(1, Ordering::SeqCst);
        let held = Live(counted.clone());
        async move {
            let _held = held;
            std::future::pending::<Result<(), RpcError>>().await
        }
    });
    let app = Router::new().handle(WAIT, handler).build().unwrap();
    let (method, headers, now) = (Method::GET, HeaderMap::new(), Instant::now());
    let head = Head { method: &method, path: "wait,wait,wait", query: Some("batch=1"), headers: &headers };
    let mut session = Session::new(app, &Config::default(), head, now);
    session.context((), now);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(session.poll_transmit(&mut cx, now).is_pending());
    assert_eq!(live.load(Ordering::SeqCst), 3);
    drop(session);
    assert_eq!(live.load(Ordering::SeqCst), 0);
}

#[test]
fn a_deadline_cancels_what_it_fails() {
    let now = Instant::now();
    let mut session = Request::get("hang").session(app(), &Config::default(), now);
    let mut answer = Answer::of(&mut session, now);
    let late = now + common::ms(30_000);
    session.handle_timeout(late);
    answer.go_on(&mut session, late);
    assert_eq!((answer.status.as_u16(), answer.ended), (408, true));
}
