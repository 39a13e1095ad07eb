//! Any request in any pieces, driven to its end, against a slow reading of what it asks for: the form of the answer, its status,
//! and for each call whether it was made and with which input.
#![no_main]

use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use rpc_typed::{
    App, Code, Config, Head, Mutation, Query, Router, Rpc, RpcError, Session, Stop, Subscription, Transmit,
    mutation, query, subscription,
};
use serde_json::Value;

const ECHO: Query<Value, Value> = query("echo");
const PUT: Mutation<Value, Value> = mutation("a.put");
const WAIT: Query<(), ()> = query("wait");
const FEED: Subscription<Option<Value>, Value> = subscription("feed");

fn app() -> App<()> {
    struct Once(Option<Value>);
    impl futures_core::Stream for Once {
        type Item = Result<Value, Stop>;
        fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.take().map(Ok))
        }
    }
    let rpc = Rpc::<()>::new();
    Router::new()
        .handle(ECHO, rpc.run(|(), input: Value| async move { Ok(input) }))
        .handle(PUT, rpc.run(|(), input: Value| async move { Ok(input) }))
        .handle(WAIT, rpc.run(|(), ()| std::future::pending::<Result<(), RpcError>>()))
        .handle(
            FEED,
            rpc.stream(
                |(), input: Option<Value>| async move { Ok(Once(Some(input.unwrap_or(Value::Null)))) },
            ),
        )
        .build()
        .unwrap()
}

#[derive(Debug, arbitrary::Arbitrary)]
struct Case<'a> {
    post: bool,
    json: bool,
    lines: bool,
    context: bool,
    paths: Vec<Path<'a>>,
    batch: bool,
    members: Vec<(u8, Member<'a>)>,
    raw: Option<&'a [u8]>,
    cuts: Vec<u8>,
}

#[derive(Debug, arbitrary::Arbitrary)]
enum Path<'a> {
    Echo,
    Put,
    Wait,
    Feed,
    Other(&'a str),
}

#[derive(Debug, arbitrary::Arbitrary)]
enum Member<'a> {
    Number(i32),
    Text(&'a str),
    List(Vec<bool>),
    Null,
}

impl Member<'_> {
    fn json(&self) -> Value {
        match self {
            Member::Number(n) => (*n).into(),
            Member::Text(text) => (*text).into(),
            Member::List(list) => list.clone().into(),
            Member::Null => Value::Null,
        }
    }
}

libfuzzer_sys::fuzz_target!(|case: Case<'_>| {
    let paths: Vec<String> = case
        .paths
        .iter()
        .take(70)
        .map(|path| match path {
            Path::Echo => "echo".into(),
            Path::Put => "a.put".into(),
            Path::Wait => "wait".into(),
            Path::Feed => "feed".into(),
            Path::Other(text) => text.chars().filter(|c| c.is_ascii_alphanumeric()).take(20).collect(),
        })
        .collect();
    let target = paths.join(",");
    let body: Vec<u8> = match case.raw {
        Some(raw) => raw.to_vec(),
        None => {
            let members: serde_json::Map<String, Value> =
                case.members.iter().map(|(n, member)| (n.to_string(), member.json())).collect();
            serde_json::to_vec(&members).unwrap()
        }
    };
    let encoded: String = body.iter().map(|b| format!("%{b:02x}")).collect();
    let mut query = if case.batch { "batch=1&".to_owned() } else { "x=1&".to_owned() };
    if !case.post {
        query.push_str("input=");
        query.push_str(&encoded);
    }
    let mut headers = HeaderMap::new();
    if case.json {
        headers.insert("content-type", HeaderValue::from_static("application/json"));
    }
    if case.lines {
        headers.insert("trpc-accept", HeaderValue::from_static("application/jsonl"));
    }
    let method = if case.post { Method::POST } else { Method::GET };
    let (config, now) = (Config::default(), Instant::now());
    let head = Head { method: &method, path: &target, query: Some(&query), headers: &headers };
    let mut session = Session::new(app(), &config, head, now);
    if session.wants_context() {
        match case.context {
            true => session.context((), now),
            false => session.context_failed(&Code::Forbidden.into(), now),
        }
    }
    let mut rest = Bytes::from(body.clone());
    for cut in &case.cuts {
        let piece = rest.split_to(usize::from(*cut).min(rest.len()));
        session.receive(piece, now);
    }
    session.receive(rest, now);
    session.end_of_input(now);

    // To the end, at the latest when the deadline comes.
    let mut cx = Context::from_waker(Waker::noop());
    let (mut heads, mut ends, mut status, mut out) = (0, 0, 0, Vec::new());
    let mut kind = String::new();
    let mut late = false;
    loop {
        match session.poll_transmit(&mut cx, now) {
            Poll::Ready(Some(Transmit::Head(s, fields))) => {
                heads += 1;
                assert!(out.is_empty() && ends == 0);
                status = s.as_u16();
                kind = fields.get("content-type").map_or(String::new(), |v| v.to_str().unwrap().to_owned());
            }
            Poll::Ready(Some(Transmit::Body(bytes))) => {
                assert!(heads == 1 && ends == 0);
                out.extend_from_slice(&bytes);
            }
            Poll::Ready(Some(Transmit::End)) => ends += 1,
            Poll::Ready(None) => break,
            Poll::Pending => {
                assert!(!late, "it hangs beyond its deadline");
                late = true;
                session.handle_timeout(now + Duration::from_secs(31));
            }
        }
    }
    assert_eq!((heads, ends), (1, 1));

    // What it should have been.
    let names: Vec<&str> = if case.batch { target.split(',').collect() } else { vec![&target] };
    let known = |name: &str| match name {
        "echo" | "wait" => Some("query"),
        "a.put" => Some("mutation"),
        "feed" => Some("subscription"),
        _ => None,
    };
    let mut kinds: Vec<&str> = names.iter().filter_map(|name| known(name)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let text = String::from_utf8(out).unwrap();
    let refused = target.len() + query.len() > config.limits.max_url
        || (case.post && !case.json)
        || names.len() > 64
        || names.iter().any(|name| name.len() > 256)
        || kinds.len() > 1
        || (case.lines && !case.batch);
    if refused {
        let body: Value = serde_json::from_str(&text).unwrap();
        assert!(body["error"]["data"]["code"].is_string() && body["error"]["data"].get("path").is_none());
        assert_eq!(body["error"]["data"]["httpStatus"], status);
        return;
    }
    if !case.batch && kinds == ["subscription"] {
        assert_eq!((status, kind.as_str()), (200, "text/event-stream"));
        let named = if case.post || !case.context { "event: serialized-error\n" } else { "data: " };
        assert!(text.starts_with("event: connected\n") && text.contains(named), "{text}");
        return;
    }
    assert_eq!(kind, "application/json");
    let calls: Vec<Value> = if case.lines {
        assert_eq!(status, 200);
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let head = lines.next().unwrap();
        let mut calls: Vec<Value> = (0..names.len()).map(|n| head[n.to_string()][0][0].clone()).collect();
        for line in lines {
            let call = &mut calls[usize::try_from(line[0].as_u64().unwrap()).unwrap()];
            assert_eq!(*call, 0, "each promise is kept once");
            *call = line[2][0][0].clone();
        }
        calls
    } else if case.batch {
        serde_json::from_str(&text).unwrap()
    } else {
        vec![serde_json::from_str(&text).unwrap()]
    };
    assert_eq!(calls.len(), names.len());
    let whole: Option<Value> = serde_json::from_slice(&body).ok();
    let mut statuses = Vec::new();
    for (n, (name, call)) in names.iter().zip(&calls).enumerate() {
        let takes_post = known(name) == Some("mutation");
        let expected = match known(name) {
            None => Err("NOT_FOUND"),
            Some(_) if takes_post != case.post => Err("METHOD_NOT_SUPPORTED"),
            Some("subscription") => Err("BAD_REQUEST"),
            Some(_) if !case.context => Err("FORBIDDEN"),
            Some(_) if *name == "wait" => Err("TIMEOUT"),
            Some(_) => match (&whole, case.batch) {
                (Some(Value::Object(members)), true) => {
                    members.get(&n.to_string()).cloned().ok_or("BAD_REQUEST")
                }
                (Some(value), false) => Ok(value.clone()),
                _ => Err("BAD_REQUEST"),
            },
        };
        match expected {
            Ok(value) => {
                statuses.push(200);
                assert_eq!(call["result"]["data"], value);
            }
            Err(code) => {
                assert_eq!(
                    (&call["error"]["data"]["code"], &call["error"]["data"]["path"]),
                    (&code.into(), &(*name).into())
                );
                statuses.push(u16::try_from(call["error"]["data"]["httpStatus"].as_u64().unwrap()).unwrap());
            }
        }
    }
    statuses.dedup();
    if !case.lines {
        assert_eq!(status, if let [one] = statuses[..] { one } else { 207 });
    }
});
